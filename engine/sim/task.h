#pragma once
// Coroutines on the kernel.
//
// `Task<T>` is lazy: it starts when awaited or spawned. A spawned task is a root and belongs to a
// `Scope`; ending the scope destroys its frames and thereby runs the destructors of everything that
// they hold, timers and queue places included. Resumption always goes through the kernel's queue,
// so the order in which tasks run is part of the fingerprint and never depends on the call stack.
//
// Rules for authors (GCC 12): pass arguments by value, never capture by a lambda that is itself the
// coroutine (the closure dies first), and bind braced lists to a named variable before `co_await`.

#include "base/assert.h"
#include "base/function.h"
#include "sim/kernel.h"

#include <coroutine>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace sim {

class Scope;

// One spawned task. Kept alive by its scope and by events that are about to resume it.
struct Root {
    Kernel* kernel = nullptr;
    std::coroutine_handle<> top;   // outermost frame
    bool running = false;
    bool doomed = false;           // cancelled while running: destroyed when it next suspends
    bool finished = false;
    Scope* scope = nullptr;
};

// Resumes a suspended frame of a root; the only way into coroutine code.
void resumeRoot(const std::shared_ptr<Root>& root, std::coroutine_handle<> frame);

struct PromiseBase {
    std::shared_ptr<Root> root;
    std::coroutine_handle<> continuation;

    std::suspend_always initial_suspend() noexcept { return {}; }
    struct FinalAwaiter {
        bool await_ready() noexcept { return false; }
        template <typename Promise>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) noexcept {
            auto next = self.promise().continuation;
            if (next) return next;
            self.promise().root->finished = true;
            return std::noop_coroutine();
        }
        void await_resume() noexcept {}
    };
    FinalAwaiter final_suspend() noexcept { return {}; }
    void unhandled_exception() { BASE_ASSERT(!"exception escaped from a task"); }
};

template <typename T>
class [[nodiscard]] Task;

template <typename T>
struct Promise : PromiseBase {
    std::optional<T> value;
    Task<T> get_return_object();
    template <typename U>
    void return_value(U&& result) { value.emplace(std::forward<U>(result)); }
};

template <>
struct Promise<void> : PromiseBase {
    Task<void> get_return_object();
    void return_void() {}
};

template <typename T = void>
class [[nodiscard]] Task {
public:
    using promise_type = Promise<T>;
    using Handle = std::coroutine_handle<promise_type>;

    Task() = default;
    explicit Task(Handle handle) : handle_(handle) {}
    Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
    Task& operator=(Task&& other) noexcept {
        if (this != &other) {
            if (handle_) handle_.destroy();
            handle_ = std::exchange(other.handle_, nullptr);
        }
        return *this;
    }
    ~Task() {
        if (handle_) handle_.destroy();
    }
    explicit operator bool() const { return static_cast<bool>(handle_); }

    // Awaiting starts the task and yields its value.
    bool await_ready() const noexcept { return false; }
    template <typename Parent>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Parent> parent) noexcept {
        handle_.promise().root = parent.promise().root;
        handle_.promise().continuation = parent;
        return handle_;
    }
    T await_resume() {
        if constexpr (!std::is_void_v<T>) return std::move(*handle_.promise().value);
    }

    Handle release() { return std::exchange(handle_, nullptr); }

private:
    Handle handle_;
};

template <typename T>
Task<T> Promise<T>::get_return_object() {
    return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> Promise<void>::get_return_object() {
    return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

// Owns spawned tasks. Destroying or cancelling it from inside one of its own tasks is allowed: that
// task ends when it next suspends.
class Scope {
public:
    explicit Scope(Kernel& kernel) : kernel_(kernel) {}
    ~Scope() { cancel(); }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    // Starts at the current time, after the events already queued for it.
    void spawn(Task<void> task, const char* label = "task");
    void cancel();
    bool empty() const { return roots_.empty(); }
    Kernel& kernel() { return kernel_; }

private:
    friend void resumeRoot(const std::shared_ptr<Root>&, std::coroutine_handle<>);
    void forget(const Root* root);
    Kernel& kernel_;
    std::list<std::shared_ptr<Root>> roots_;
};

// A suspended frame waiting for something; schedules its resumption once.
class Waiter {
public:
    Waiter() = default;
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() { disarm(); }

    template <typename P>
    void arm(std::coroutine_handle<P> frame) {
        frame_ = frame;
        root_ = frame.promise().root;
    }
    // Resumes at `at`; a second call before the resumption moves nothing.
    void wakeAt(Time at, const char* label);
    void wake(const char* label) { wakeAt(root_->kernel->now(), label); }
    bool armed() const { return static_cast<bool>(frame_); }
    bool scheduled() const { return static_cast<bool>(event_); }
    void reschedule(Time at, const char* label); // drops a pending resumption first
    void disarm();
    Kernel& kernel() const { return *root_->kernel; }

private:
    std::coroutine_handle<> frame_;
    std::shared_ptr<Root> root_;
    EventId event_;
};

class SleepAwaiter {
public:
    SleepAwaiter(Kernel& kernel, Time until) : kernel_(kernel), until_(until) {}
    bool await_ready() const noexcept { return false; }
    template <typename P>
    void await_suspend(std::coroutine_handle<P> frame) {
        waiter_.arm(frame);
        waiter_.wakeAt(until_ < kernel_.now() ? kernel_.now() : until_, "sleep");
    }
    void await_resume() noexcept {}

private:
    Kernel& kernel_;
    Time until_;
    Waiter waiter_;
};

inline SleepAwaiter sleepFor(Kernel& kernel, Duration delay) { return {kernel, kernel.now() + delay}; }
inline SleepAwaiter sleepUntil(Kernel& kernel, Time at) { return {kernel, at}; }

} // namespace sim
