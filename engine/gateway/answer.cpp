#include "gateway/answer.h"

#include "api/protobuf.h"
#include "api/wire_json.h"
#include "gateway/guard.h"
#include "gateway/gzip.h"

namespace gateway {
namespace {
// Source: kube-apiserver --request-timeout.
constexpr sim::Duration kRequestTime = 60 * sim::kSecond;
// Source: apiserver pkg/endpoints/handlers/responsewriters, defaultGzipThresholdBytes.
constexpr std::size_t kGzipFrom = 128 * 1024;

std::string watchLine(const ports::WatchEvent& event, bool protobuf) {
    if (protobuf) return api::encodeWatchFrame(event.type, event.object).valueOr(std::string());
    return "{\"type\":\"" + event.type + "\",\"object\":" + api::writeAnswerJson(event.object) + "}\n";
}
} // namespace

Answer::Answer(Backend& backend, ports::Request request, Wake wake)
    : backend_(backend), wake_(std::move(wake)), acceptEncoding_(request.headers.get("Accept-Encoding")), headOnly_(request.method == "HEAD"), scope_(backend.kernel) {
    scope_.spawn(run(*this, std::move(request)), "gateway request");
}

Answer::Answer(Backend& backend, ports::Response response, std::string_view acceptEncoding, Wake wake)
    : backend_(backend), wake_(std::move(wake)), acceptEncoding_(acceptEncoding), scope_(backend.kernel) {
    accept(std::move(response));
}

Answer::~Answer() {
    scope_.cancel();
    if (watch_) watch_->close();
    if (stream_) stream_->closeRead();
}

sim::Task<void> Answer::run(Answer& self, ports::Request request) {
    sim::Kernel& kernel = self.backend_.kernel;
    const sim::Time deadline = isLongRunning(request) ? sim::kForever : kernel.now() + kRequestTime;
    sim::Task<ports::Response> asked = self.backend_.issue(std::move(request));
    std::optional<ports::Response> response = co_await sim::withDeadline(kernel, std::move(asked), deadline);
    if (!response) response = refusal(504, "Timeout", "Timeout: request did not complete within the allotted timeout");
    self.accept(std::move(*response));
    if (self.silent() && self.backend_.unreachable) self.backend_.unreachable();
    self.wake_();
}

void Answer::accept(ports::Response response) {
    if (!response.headers.has("Content-Type") && (!response.object.isNull() || response.watch)) response.headers.set("Content-Type", "application/json");
    if (!response.headers.has("Cache-Control")) response.headers.set("Cache-Control", "no-cache, private");
    response.headers.set("Date", httpDate(backend_.kernel.unixNow()));
    protobuf_ = response.contentType().starts_with("application/vnd.kubernetes.protobuf");
    if (response.watch) scope_.spawn(pumpWatch(*this, watch_ = std::move(response.watch)), "gateway watch");
    else if (response.stream) scope_.spawn(pumpBytes(*this, stream_ = std::move(response.stream)), "gateway stream");
    else if (!response.upgraded) acceptWhole(response);
    head_ = std::move(response);
}

void Answer::acceptWhole(ports::Response& response) {
    std::string body = response.object.isNull() ? std::move(response.body) : api::writeAnswerJson(response.object) + "\n";
    if (body.size() > kGzipFrom && acceptsGzip(acceptEncoding_) && !response.headers.has("Content-Encoding")) {
        body = gzip(body);
        response.headers.set("Content-Encoding", "gzip");
        response.headers.add("Vary", "Accept-Encoding");
    }
    length_ = body.size();
    if (!headOnly_) body_.append(std::move(body));
    ended_ = true;
}

void Answer::end() {
    ended_ = true;
    wake_();
}

sim::Task<void> Answer::pumpWatch(Answer& self, std::shared_ptr<sim::Channel<ports::WatchEvent>> watch) {
    while (auto event = co_await watch->pop()) {
        self.body_.append(watchLine(*event, self.protobuf_));
        if (self.body_.size() > kMaxBacklog) {
            self.overflown_ = true;
            watch->close();
            self.body_.clear();
            break;
        }
        self.wake_();
    }
    self.end();
}

sim::Task<void> Answer::pumpBytes(Answer& self, std::shared_ptr<sim::Pipe> pipe) {
    while (true) {
        while (self.body_.size() > kHighWater) co_await self.drained_.wait();
        std::string bytes = co_await pipe->read(64 * 1024);
        if (bytes.empty()) break;
        self.body_.append(std::move(bytes));
        self.wake_();
    }
    self.end();
}

std::string Answer::take(std::size_t limit) {
    const bool waited = body_.size() > kHighWater;
    std::string bytes = body_.take(limit);
    if (waited && body_.size() <= kHighWater) drained_.notify();
    return bytes;
}

} // namespace gateway
