#include "gateway/streams.h"

#include "base/strings.h"
#include "document/json.h"
#include "gateway/stream_parts.h"

namespace gateway {
using document::Value;

namespace {
bool endsIn(const ports::Request& request, std::string_view name) {
    const auto slash = request.path.rfind('/');
    return slash != std::string::npos && std::string_view(request.path).substr(slash + 1) == name;
}
bool on(const ports::Request& request, std::string_view name) {
    const auto value = request.query.get(name);
    return value == "true" || value == "1";
}
} // namespace

bool isForward(const ports::Request& request) { return endsIn(request, "portforward"); }
bool isRemoteCommand(const ports::Request& request) { return endsIn(request, "exec") || endsIn(request, "attach"); }

std::shared_ptr<ports::StreamOffer> makeOffer(const ports::Request& request) {
    auto offer = std::make_shared<ports::StreamOffer>();
    if (on(request, "stdin")) offer->input = std::make_shared<sim::Pipe>();
    if (on(request, "stdout")) offer->output = std::make_shared<sim::Pipe>();
    if (on(request, "tty")) offer->terminal = std::make_shared<ports::Terminal>();
    else if (on(request, "stderr")) offer->error = std::make_shared<sim::Pipe>();
    return offer;
}

std::optional<StreamPlan> planWebSocket(const ports::Request& request) {
    std::vector<std::string> offered;
    for (const std::string& line : request.headers.all("Sec-WebSocket-Protocol"))
        for (const std::string& name : base::split(line, ',')) offered.emplace_back(base::trim(name));
    if (offered.empty()) offered.emplace_back(); // the first protocol had no name
    const bool forward = isForward(request);
    for (const std::string& name : offered) {
        StreamPlan plan;
        plan.protocol = name;
        plan.forward = forward;
        plan.base64 = name.find("base64.") != std::string::npos;
        if (forward) {
            if (name == "SPDY/3.1+portforward.k8s.io") plan.carrier = StreamPlan::Spdy;
            else if (name == "v4.channel.k8s.io" || name == "v4.base64.channel.k8s.io") plan.carrier = StreamPlan::ForwardChannels;
            else continue;
            return plan;
        }
        if (name == "v5.channel.k8s.io") plan.version = 5;
        else if (name == "v4.channel.k8s.io" || name == "v4.base64.channel.k8s.io") plan.version = 4;
        else if (name.empty() || name == "channel.k8s.io" || name == "base64.channel.k8s.io") plan.version = 1;
        else continue;
        return plan;
    }
    return std::nullopt;
}

std::optional<StreamPlan> planSpdy(const ports::Request& request) {
    StreamPlan plan;
    plan.carrier = StreamPlan::Spdy;
    plan.forward = isForward(request);
    plan.version = 1;
    std::vector<std::string> offered;
    for (const std::string& line : request.headers.all("X-Stream-Protocol-Version"))
        for (const std::string& name : base::split(line, ',')) offered.emplace_back(base::trim(name));
    if (offered.empty()) return plan; // clients of Kubernetes 1.0
    for (const std::string& name : offered) {
        plan.protocol = name;
        if (plan.forward && name == "portforward.k8s.io") return plan;
        if (plan.forward) continue;
        for (const int version : {4, 3, 2})
            if (name == "v" + std::to_string(version) + ".channel.k8s.io") plan.version = version;
        if (plan.version > 1 || name == "channel.k8s.io") return plan;
    }
    return std::nullopt;
}

std::unique_ptr<StreamSession> makeSession(Backend& backend, StreamPlan plan, ports::Request request, StreamOutput& output) {
    if (plan.carrier == StreamPlan::ForwardChannels) return makeForwardChannels(backend, std::move(request), plan.base64, output);
    if (plan.carrier == StreamPlan::Channels) return makeChannelSession(backend, std::move(plan), output);
    if (plan.forward) return makeSpdyForward(backend, std::move(request), output);
    return makeSpdyCommand(backend, std::move(plan), output);
}

std::string exitStatus(const ports::StreamOffer& offer, int version) {
    const int code = offer.exitCode.value_or(0);
    const std::string codeText = "command terminated with non-zero exit code: exit status " + std::to_string(code);
    if (version < 4) return !offer.failure.empty() ? offer.failure : code != 0 ? codeText : std::string();
    if (!offer.failure.empty())
        return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Failure"}, {"message", offer.failure}, {"reason", "InternalError"}, {"code", 500}}));
    if (code == 0) return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Success"}}));
    const Value cause = Value::object({{"reason", "ExitCode"}, {"message", std::to_string(code)}});
    return document::writeJson(Value::object({{"metadata", Value::object()}, {"status", "Failure"}, {"message", codeText}, {"reason", "NonZeroExitCode"},
                                              {"details", Value::object({{"causes", Value::array({cause})}})}}));
}

void resizeTerminal(ports::StreamOffer& offer, std::string_view json) {
    const auto size = document::readJson(json);
    if (!size.ok() || !offer.terminal) return;
    const auto clamp = [](std::int64_t n) { return static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(n, 1), 1000)); };
    offer.terminal->size = {clamp((*size)["Width"].asInt(80)), clamp((*size)["Height"].asInt(24))};
    offer.terminal->resized.notify();
}

std::string refusalText(const ports::Response& response) {
    if (response.object["message"].isString()) return response.object["message"].text();
    const std::string_view text = base::trim(response.body);
    return text.empty() ? "the server refused the request: " + std::to_string(response.status) : std::string(text);
}

void abandon(ports::StreamOffer& offer) {
    if (offer.output) offer.output->closeRead();
    if (offer.error) offer.error->closeRead();
    if (offer.input) offer.input->closeWrite();
}

sim::Task<void> waitForEnd(std::shared_ptr<ports::StreamOffer> offer) {
    while (!offer->exitCode && offer->failure.empty()) co_await offer->finished.wait();
}

void InputFeed::push(std::string_view bytes) {
    if (!pipe_ || bytes.empty()) return;
    backlog_ += bytes.size();
    queue_.push(std::string(bytes));
    start();
}

void InputFeed::end() {
    queue_.close();
    start();
}

void InputFeed::start() {
    if (!std::exchange(started_, true)) scope_.spawn(pump(*this), "gateway input");
}

// A program that has ended reads nothing more; the rest is dropped so that the client's writes end.
sim::Task<void> InputFeed::pump(InputFeed& self) {
    bool reading = true;
    while (auto bytes = co_await self.queue_.pop()) {
        const std::size_t size = bytes->size();
        if (reading && self.pipe_) {
            std::string taken = std::move(*bytes);
            reading = co_await self.pipe_->write(std::move(taken));
        }
        self.backlog_ -= size;
        if (self.backlog_ <= kMaxInput && self.backlog_ + size > kMaxInput) self.output_.inputTaken();
    }
    if (self.pipe_) self.pipe_->closeWrite();
}

} // namespace gateway
