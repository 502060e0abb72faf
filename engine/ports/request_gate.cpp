#include "ports/request_gate.h"

#include <optional>

namespace ports {

struct RequestGate::Pending {
    std::optional<Response> response;
    sim::Signal done;
};

sim::Task<Response> RequestGate::handle(Request request) {
    if (scope_ == nullptr) co_return textResponse(503, "");
    auto pending = std::make_shared<Pending>();
    waiting_.push_back(pending);
    scope_->spawn(run(this, std::move(request), pending), "request");
    co_await pending->done.wait();
    if (!pending->response) co_return textResponse(503, "");
    co_return std::move(*pending->response);
}

sim::Task<void> RequestGate::run(RequestGate* self, Request request, std::shared_ptr<Pending> pending) {
    pending->response = co_await self->answer_(std::move(request));
    pending->done.notify();
    std::erase_if(self->waiting_, [](const auto& item) { return item.expired(); });
}

void RequestGate::close() {
    scope_ = nullptr;
    for (const std::weak_ptr<Pending>& item : waiting_)
        if (const auto pending = item.lock()) pending->done.notify();
}

} // namespace ports
