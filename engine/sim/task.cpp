#include "sim/task.h"

namespace sim {

void resumeRoot(const std::shared_ptr<Root>& root, std::coroutine_handle<> frame) {
    BASE_ASSERT(!root->running);
    root->running = true;
    frame.resume();
    root->running = false;
    if (!root->finished && !root->doomed) return;
    const auto top = std::exchange(root->top, nullptr);
    if (Scope* scope = std::exchange(root->scope, nullptr)) scope->forget(root.get());
    if (top) top.destroy();
}

void Scope::spawn(Task<void> task, const char* label) {
    auto root = std::make_shared<Root>();
    auto handle = task.release();
    root->kernel = &kernel_;
    root->top = handle;
    root->scope = this;
    handle.promise().root = root;
    roots_.push_back(root);
    const std::weak_ptr<Root> weak = root;
    kernel_.schedule(
        kernel_.now(),
        [weak] {
            if (auto alive = weak.lock(); alive && alive->top && !alive->doomed)
                resumeRoot(alive, alive->top);
        },
        label);
}

void Scope::cancel() {
    while (!roots_.empty()) {
        const std::shared_ptr<Root> root = std::move(roots_.front());
        roots_.pop_front();
        root->scope = nullptr;
        root->doomed = true;
        if (root->running) continue; // resumeRoot destroys it
        if (const auto top = std::exchange(root->top, nullptr)) top.destroy();
    }
}

void Scope::forget(const Root* root) {
    roots_.remove_if([&](const std::shared_ptr<Root>& other) { return other.get() == root; });
}

void Waiter::wakeAt(Time at, const char* label) {
    if (event_ || !frame_) return;
    event_ = root_->kernel->schedule(
        at,
        [this] {
            event_ = {};
            const auto frame = std::exchange(frame_, nullptr);
            const auto root = std::move(root_);
            resumeRoot(root, frame);
        },
        label);
}

void Waiter::reschedule(Time at, const char* label) {
    if (root_ && event_) root_->kernel->cancel(event_);
    wakeAt(at, label);
}

void Waiter::disarm() {
    if (root_ && event_) root_->kernel->cancel(event_);
    frame_ = nullptr;
    root_.reset();
}

} // namespace sim
