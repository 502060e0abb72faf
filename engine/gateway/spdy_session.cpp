// SPDY streams: of exec and attach one per standard stream, of port-forward two per connection.

#include "gateway/spdy.h"
#include "gateway/stream_parts.h"

#include <map>

namespace gateway {
namespace {

constexpr std::size_t kPiece = 32 * 1024;
constexpr std::size_t kMaxStreams = 2048; // twice the parallel connections of a port-forward
// Source: kubelet, DefaultStreamCreationTimeout.
constexpr sim::Duration kStreamCreation = 30 * sim::kSecond;

sim::Task<void> forward(StreamOutput& output, std::shared_ptr<sim::Pipe> pipe, std::uint32_t id) {
    while (true) {
        while (output.full()) co_await output.drained().wait();
        const std::string bytes = co_await pipe->read(kPiece);
        if (bytes.empty()) break;
        output.send(SpdyCodec::data(id, bytes, false));
    }
    output.send(SpdyCodec::data(id, {}, true));
}

// Frames in, frames out; what streams mean is the derived class's.
class SpdySession : public StreamSession {
public:
    explicit SpdySession(StreamOutput& output) : output_(output) {}
    void receive(std::string_view message) override {
        auto frames = codec_.feed(message);
        if (!frames.ok()) return output_.close();
        for (const SpdyFrame& frame : *frames) handle(frame);
    }

protected:
    virtual bool open(std::uint32_t id, const std::map<std::string, std::string>& headers) = 0; // false: refused
    virtual void data(std::uint32_t id, std::string_view bytes) = 0;
    virtual void finish(std::uint32_t id) = 0;
    virtual void reset(std::uint32_t id) = 0;
    StreamOutput& output_;

private:
    void handle(const SpdyFrame& frame) {
        switch (frame.kind) {
        case SpdyFrame::SynStream:
            // Data before the reply is dropped by the client, so the reply goes first.
            output_.send(codec_.synReply(frame.stream, {}));
            if (!open(frame.stream, frame.headers)) output_.send(SpdyCodec::reset(frame.stream));
            else if (frame.finish) finish(frame.stream);
            return;
        case SpdyFrame::Ping: return output_.send(SpdyCodec::ping(frame.data));
        case SpdyFrame::Data:
            data(frame.stream, frame.data);
            if (frame.finish) finish(frame.stream);
            return;
        case SpdyFrame::Reset: return reset(frame.stream);
        case SpdyFrame::GoAway: return output_.close();
        default: return;
        }
    }
    SpdyCodec codec_;
};

std::string headerOf(const std::map<std::string, std::string>& headers, const char* name) {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

// exec and attach.
class SpdyCommand : public SpdySession {
public:
    SpdyCommand(Backend& backend, StreamPlan plan, StreamOutput& output)
        : SpdySession(output), plan_(std::move(plan)), input_(backend.kernel, plan_.offer->input, output), scope_(backend.kernel) {
        const ports::StreamOffer& offer = *plan_.offer;
        wanted_ = {"error"};
        if (offer.input) wanted_.emplace_back("stdin");
        if (offer.output) wanted_.emplace_back("stdout");
        if (offer.error) wanted_.emplace_back("stderr");
        if (offer.terminal && plan_.version >= 3) wanted_.emplace_back("resize");
        scope_.spawn(expire(*this), "gateway exec streams");
    }
    ~SpdyCommand() override {
        scope_.cancel();
        abandon(*plan_.offer);
    }
    bool congested() const override { return input_.congested(); }

private:
    bool open(std::uint32_t id, const std::map<std::string, std::string>& headers) override {
        const std::string type = headerOf(headers, "streamtype");
        bool known = false;
        for (const std::string& each : wanted_) known = known || each == type;
        if (!known || ids_.count(type) > 0) return false;
        ids_[type] = id;
        if (ids_.size() == wanted_.size()) scope_.spawn(run(*this), "gateway exec");
        return true;
    }
    bool is(const char* type, std::uint32_t id) const {
        const auto found = ids_.find(type);
        return found != ids_.end() && found->second == id;
    }
    void data(std::uint32_t id, std::string_view bytes) override {
        if (is("stdin", id)) input_.push(bytes);
        if (is("resize", id)) resizeTerminal(*plan_.offer, bytes);
    }
    void finish(std::uint32_t id) override {
        if (is("stdin", id)) input_.end();
    }
    void reset(std::uint32_t id) override { finish(id); }

    static sim::Task<void> expire(SpdyCommand& self) {
        co_await sim::sleepFor(self.scope_.kernel(), kStreamCreation);
        if (self.ids_.size() < self.wanted_.size()) self.output_.close();
    }

    static sim::Task<void> run(SpdyCommand& self) {
        sim::Kernel& kernel = self.scope_.kernel();
        const auto offer = self.plan_.offer;
        sim::Scope errors(kernel);
        if (offer->error) errors.spawn(forward(self.output_, offer->error, self.ids_["stderr"]), "gateway error output");
        if (offer->output) co_await forward(self.output_, offer->output, self.ids_["stdout"]);
        co_await waitForEnd(offer);
        while (!errors.empty()) co_await sim::sleepFor(kernel, sim::kMillisecond);
        self.output_.send(SpdyCodec::data(self.ids_["error"], exitStatus(*offer, self.plan_.version), true));
        self.output_.close();
    }

    StreamPlan plan_;
    InputFeed input_;
    std::vector<std::string> wanted_;
    std::map<std::string, std::uint32_t> ids_;
    sim::Scope scope_;
};

// port-forward: an error stream and a data stream with the same request id for each connection.
class SpdyForward : public SpdySession {
public:
    SpdyForward(Backend& backend, ports::Request request, StreamOutput& output) : SpdySession(output), backend_(backend), request_(std::move(request)) {}
    ~SpdyForward() override {
        for (auto& [id, port] : ports_) end(*port);
    }
    bool congested() const override {
        for (const auto& [id, port] : ports_)
            if (port->input.congested()) return true;
        return false;
    }

private:
    struct Port { // one forwarded connection
        std::uint32_t data, error;
        std::shared_ptr<ports::StreamOffer> offer;
        InputFeed input;
        bool ended = false;
        sim::Scope scope;
        Port(sim::Kernel& kernel, std::uint32_t d, std::uint32_t e, std::shared_ptr<ports::StreamOffer> o, StreamOutput& output)
            : data(d), error(e), offer(std::move(o)), input(kernel, offer->input, output), scope(kernel) {}
    };

    static void end(Port& port) {
        port.scope.cancel();
        abandon(*port.offer);
    }

    bool open(std::uint32_t id, const std::map<std::string, std::string>& headers) override {
        sweep();
        if (ports_.size() + errors_.size() >= kMaxStreams) return false;
        const std::string request = headerOf(headers, "requestid"), type = headerOf(headers, "streamtype");
        if (type == "error") return errors_.emplace(request, id).second;
        const auto error = errors_.find(request);
        if (type != "data" || error == errors_.end()) return false;
        auto offer = std::make_shared<ports::StreamOffer>();
        offer->input = std::make_shared<sim::Pipe>();
        offer->output = std::make_shared<sim::Pipe>();
        auto port = std::make_unique<Port>(backend_.kernel, id, error->second, offer, output_);
        errors_.erase(error);
        ports::Request one = request_;
        one.query.set("ports", headerOf(headers, "port"));
        one.upgrade = offer;
        Port& started = *port;
        ports_[id] = std::move(port);
        started.scope.spawn(run(*this, started, std::move(one)), "gateway port");
        return true;
    }
    void data(std::uint32_t id, std::string_view bytes) override {
        if (const auto port = ports_.find(id); port != ports_.end()) port->second->input.push(bytes);
    }
    void finish(std::uint32_t id) override {
        if (const auto port = ports_.find(id); port != ports_.end()) port->second->input.end();
    }
    void reset(std::uint32_t id) override {
        const auto port = ports_.find(id);
        if (port == ports_.end()) return;
        end(*port->second);
        ports_.erase(port);
    }
    // Connections end in a task of their own, so they are removed later.
    void sweep() {
        std::erase_if(ports_, [](const auto& entry) { return entry.second->ended; });
    }

    static sim::Task<void> run(SpdyForward& self, Port& port, ports::Request request) {
        sim::Task<ports::Response> asked = self.backend_.issue(std::move(request));
        const ports::Response response = co_await asked;
        std::string failure = response.upgraded ? std::string() : refusalText(response);
        if (response.upgraded) co_await forward(self.output_, port.offer->output, port.data);
        else self.output_.send(SpdyCodec::data(port.data, {}, true));
        if (failure.empty()) failure = port.offer->failure;
        self.output_.send(SpdyCodec::data(port.error, failure, true));
        port.offer->input->closeRead(); // nobody reads what the client still sends
        port.ended = true;
    }

    Backend& backend_;
    ports::Request request_;
    std::map<std::string, std::uint32_t> errors_; // error streams whose data stream has not come yet
    std::map<std::uint32_t, std::unique_ptr<Port>> ports_; // by data stream
};
} // namespace

std::unique_ptr<StreamSession> makeSpdyCommand(Backend& backend, StreamPlan plan, StreamOutput& output) {
    return std::make_unique<SpdyCommand>(backend, std::move(plan), output);
}
std::unique_ptr<StreamSession> makeSpdyForward(Backend& backend, ports::Request request, StreamOutput& output) {
    return std::make_unique<SpdyForward>(backend, std::move(request), output);
}

} // namespace gateway
