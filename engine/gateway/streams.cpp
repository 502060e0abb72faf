#include "gateway/streams.h"

#include "base/strings.h"
#include "document/json.h"

namespace gateway {
namespace {
using document::Value;

constexpr std::size_t kMaxBacklog = 8 * 1024 * 1024; // input that the program has not read

// The Status that ends an exec: success, or the exit code as a cause.
std::string exitStatus(const ports::StreamOffer& offer) {
    if (!offer.failure.empty())
        return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Failure"}, {"message", offer.failure}, {"reason", "InternalError"}, {"code", 500}}));
    const int code = offer.exitCode.value_or(0);
    if (code == 0) return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Success"}}));
    const Value cause = Value::object({{"reason", "ExitCode"}, {"message", std::to_string(code)}});
    return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Failure"}, {"reason", "NonZeroExitCode"},
                                              {"message", "command terminated with non-zero exit code: exit status " + std::to_string(code)},
                                              {"details", Value::object({{"causes", Value::array({cause})}})}}));
}

// Bytes for a pipe whose reader may be slow: kept in order, bounded.
class InputFeed {
public:
    InputFeed(sim::Kernel& kernel, std::shared_ptr<sim::Pipe> pipe) : pipe_(std::move(pipe)), scope_(kernel) {}
    bool push(std::string_view bytes) {
        if (!pipe_ || backlog_ + bytes.size() > kMaxBacklog) return false;
        backlog_ += bytes.size();
        queue_.push(std::string(bytes));
        start();
        return true;
    }
    void end() {
        queue_.close();
        start();
    }

private:
    void start() {
        if (!std::exchange(started_, true)) scope_.spawn(pump(*this), "gateway input");
    }
    static sim::Task<void> pump(InputFeed& self) {
        while (auto bytes = co_await self.queue_.pop()) {
            self.backlog_ -= bytes->size();
            if (self.pipe_ && !co_await self.pipe_->write(std::move(*bytes))) co_return;
        }
        if (self.pipe_) self.pipe_->closeWrite();
    }
    sim::Channel<std::string> queue_;
    std::shared_ptr<sim::Pipe> pipe_;
    std::size_t backlog_ = 0;
    bool started_ = false;
    sim::Scope scope_; // last: its tasks use the members above
};

std::shared_ptr<ports::StreamOffer> makeOffer(const ports::Request& request) {
    const auto wants = [&](std::string_view name) {
        const auto value = request.query.get(name);
        return value == "true" || value == "1";
    };
    auto offer = std::make_shared<ports::StreamOffer>();
    if (wants("stdin")) offer->input = std::make_shared<sim::Pipe>();
    offer->output = std::make_shared<sim::Pipe>();
    if (wants("tty")) offer->terminal = std::make_shared<ports::Terminal>();
    else offer->error = std::make_shared<sim::Pipe>();
    return offer;
}

void resizeTerminal(ports::StreamOffer& offer, std::string_view json) {
    const auto size = document::readJson(json);
    if (!size.ok() || !offer.terminal) return;
    const auto clamp = [](std::int64_t n) { return static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(n, 1), 1000)); };
    offer.terminal->size = {clamp((*size)["Width"].asInt(80)), clamp((*size)["Height"].asInt(24))};
    offer.terminal->resized.notify();
}

std::string refusal(const ports::Response& response) {
    const std::string message = response.object["message"].text();
    return message.empty() ? "the server refused the request: " + std::to_string(response.status) : message;
}

class ChannelSession : public StreamSession {
public:
    ChannelSession(sim::Kernel& kernel, ports::Request request, bool version5, std::shared_ptr<StreamOutput> output, std::shared_ptr<Issue> issue)
        : version5_(version5), output_(std::move(output)), issue_(std::move(issue)), offer_(makeOffer(request)), input_(kernel, offer_->input), scope_(kernel) {
        request.upgrade = offer_;
        scope_.spawn(run(*this, std::move(request)), "gateway exec");
    }

    void receive(std::string_view message) override {
        if (message.empty()) return;
        const auto channel = static_cast<unsigned char>(message[0]);
        message.remove_prefix(1);
        if (channel == 0 && !input_.push(message)) output_->close();
        if (channel == 4) resizeTerminal(*offer_, message);
        if (channel == 255 && version5_ && !message.empty() && message[0] == 0) input_.end();
    }

private:
    static sim::Task<void> run(ChannelSession& self, ports::Request request) {
        ports::Response response = co_await (*self.issue_)(std::move(request));
        if (!response.upgraded) {
            self.offer_->failure = refusal(response);
        } else {
            sim::Scope readers(self.scope_.kernel());
            int open = 0;
            sim::Signal ended;
            const auto follow = [&](std::shared_ptr<sim::Pipe> pipe, char channel) {
                if (!pipe) return;
                ++open;
                readers.spawn(forward(self, std::move(pipe), channel, open, ended), "gateway output");
            };
            follow(self.offer_->output, 1);
            follow(self.offer_->error, 2);
            while (open > 0) co_await ended.wait();
            while (!self.offer_->exitCode && self.offer_->failure.empty())
                if (!co_await self.offer_->finished.waitUntil(self.scope_.kernel().now() + 10 * sim::kSecond)) break;
        }
        self.output_->send(std::string(1, '\x03') + exitStatus(*self.offer_));
        self.output_->close();
    }
    static sim::Task<void> forward(ChannelSession& self, std::shared_ptr<sim::Pipe> pipe, char channel, int& open, sim::Signal& ended) {
        while (true) {
            std::string bytes = co_await pipe->read(32 * 1024);
            if (bytes.empty()) break;
            self.output_->send(std::string(1, channel) + bytes);
        }
        --open;
        ended.notify();
    }

    bool version5_;
    std::shared_ptr<StreamOutput> output_;
    std::shared_ptr<Issue> issue_;
    std::shared_ptr<ports::StreamOffer> offer_;
    InputFeed input_;
    sim::Scope scope_;
};

class SpdySession : public StreamSession {
public:
    SpdySession(sim::Kernel& kernel, ports::Request request, bool portForward, std::shared_ptr<StreamOutput> output, std::shared_ptr<Issue> issue)
        : kernel_(kernel), request_(std::move(request)), portForward_(portForward), output_(std::move(output)), issue_(std::move(issue)), scope_(kernel) {
        if (!portForward_) {
            offer_ = makeOffer(request_);
            expected_ = 2 + (offer_->input ? 1U : 0U) + (offer_->error ? 1U : 0U) + (offer_->terminal ? 1U : 0U); // error and stdout always
        }
    }

    void receive(std::string_view message) override {
        auto frames = codec_.feed(message);
        if (!frames.ok()) return output_->close();
        for (const SpdyFrame& frame : *frames) handle(frame);
    }

private:
    struct Stream {
        std::string type, requestId, port;
        std::unique_ptr<InputFeed> input;
    };

    void handle(const SpdyFrame& frame) {
        switch (frame.kind) {
        case SpdyFrame::SynStream: return open(frame);
        case SpdyFrame::Ping: return output_->send(SpdyCodec::ping(frame.data));
        case SpdyFrame::Data: {
            const auto found = streams_.find(frame.stream);
            if (found == streams_.end()) return;
            if (found->second.type == "resize") resizeTerminal(*offer_, frame.data);
            else if (found->second.input && !frame.data.empty() && !found->second.input->push(frame.data)) output_->send(SpdyCodec::reset(frame.stream));
            if (frame.finish && found->second.input) found->second.input->end();
            return;
        }
        case SpdyFrame::Reset: streams_.erase(frame.stream); return;
        case SpdyFrame::GoAway: return output_->close();
        default: return;
        }
    }

    void open(const SpdyFrame& frame) {
        constexpr std::size_t kMaxStreams = 1024;
        if (streams_.size() >= kMaxStreams) return output_->send(SpdyCodec::reset(frame.stream));
        const auto header = [&](const char* name) {
            const auto found = frame.headers.find(name);
            return found == frame.headers.end() ? std::string() : found->second;
        };
        Stream& stream = streams_[frame.stream];
        stream.type = header("streamtype");
        stream.requestId = header("requestid");
        stream.port = header("port");
        output_->send(codec_.synReply(frame.stream, {}));
        if (portForward_) {
            if (stream.type == "data") forwardPort(frame.stream, stream);
        } else {
            if (stream.type == "stdin" && offer_->input) stream.input = std::make_unique<InputFeed>(kernel_, offer_->input);
            ids_[stream.type] = frame.stream;
            if (ids_.size() == expected_) scope_.spawn(runExec(*this), "gateway exec");
        }
    }

    void forwardPort(std::uint32_t id, Stream& stream) {
        auto offer = std::make_shared<ports::StreamOffer>();
        offer->input = std::make_shared<sim::Pipe>();
        offer->output = std::make_shared<sim::Pipe>();
        stream.input = std::make_unique<InputFeed>(kernel_, offer->input);
        std::uint32_t errorStream = 0;
        for (const auto& [other, each] : streams_)
            if (each.type == "error" && each.requestId == stream.requestId) errorStream = other;
        ports::Request request = request_;
        request.query.set("ports", stream.port);
        request.upgrade = offer;
        scope_.spawn(runPort(*this, std::move(request), offer, id, errorStream), "gateway port");
    }

    static sim::Task<void> runPort(SpdySession& self, ports::Request request, std::shared_ptr<ports::StreamOffer> offer, std::uint32_t data, std::uint32_t error) {
        ports::Response response = co_await (*self.issue_)(std::move(request));
        std::string failure = response.upgraded ? std::string() : refusal(response);
        while (failure.empty()) {
            std::string bytes = co_await offer->output->read(32 * 1024);
            if (bytes.empty()) break;
            self.output_->send(SpdyCodec::data(data, bytes, false));
        }
        if (failure.empty()) failure = offer->failure;
        self.output_->send(SpdyCodec::data(data, {}, true));
        if (error != 0) self.output_->send(SpdyCodec::data(error, failure, true));
        self.streams_.erase(data);
        self.streams_.erase(error);
    }

    static sim::Task<void> runExec(SpdySession& self) {
        ports::Request request = self.request_;
        request.upgrade = self.offer_;
        ports::Response response = co_await (*self.issue_)(std::move(request));
        if (!response.upgraded) {
            self.offer_->failure = refusal(response);
        } else {
            sim::Scope readers(self.kernel_);
            int open = 0;
            sim::Signal ended;
            const auto follow = [&](std::shared_ptr<sim::Pipe> pipe, const char* type) {
                if (!pipe || self.ids_.count(type) == 0) return;
                ++open;
                readers.spawn(forward(self, std::move(pipe), self.ids_[type], open, ended), "gateway output");
            };
            follow(self.offer_->output, "stdout");
            follow(self.offer_->error, "stderr");
            while (open > 0) co_await ended.wait();
            while (!self.offer_->exitCode && self.offer_->failure.empty())
                if (!co_await self.offer_->finished.waitUntil(self.kernel_.now() + 10 * sim::kSecond)) break;
        }
        self.output_->send(SpdyCodec::data(self.ids_["error"], exitStatus(*self.offer_), true));
        self.output_->close();
    }

    static sim::Task<void> forward(SpdySession& self, std::shared_ptr<sim::Pipe> pipe, std::uint32_t id, int& open, sim::Signal& ended) {
        while (true) {
            std::string bytes = co_await pipe->read(32 * 1024);
            if (bytes.empty()) break;
            self.output_->send(SpdyCodec::data(id, bytes, false));
        }
        self.output_->send(SpdyCodec::data(id, {}, true));
        --open;
        ended.notify();
    }

    sim::Kernel& kernel_;
    ports::Request request_;
    bool portForward_;
    std::shared_ptr<StreamOutput> output_;
    std::shared_ptr<Issue> issue_;
    SpdyCodec codec_;
    std::shared_ptr<ports::StreamOffer> offer_;
    std::size_t expected_ = 0;
    std::map<std::uint32_t, Stream> streams_;
    std::map<std::string, std::uint32_t> ids_;
    sim::Scope scope_;
};
} // namespace

std::unique_ptr<StreamSession> makeChannelSession(sim::Kernel& kernel, ports::Request request, bool version5, std::shared_ptr<StreamOutput> output,
                                                  std::shared_ptr<Issue> issue) {
    return std::make_unique<ChannelSession>(kernel, std::move(request), version5, std::move(output), std::move(issue));
}

std::unique_ptr<StreamSession> makeSpdySession(sim::Kernel& kernel, ports::Request request, bool portForward, std::shared_ptr<StreamOutput> output,
                                               std::shared_ptr<Issue> issue) {
    return std::make_unique<SpdySession>(kernel, std::move(request), portForward, std::move(output), std::move(issue));
}

} // namespace gateway
