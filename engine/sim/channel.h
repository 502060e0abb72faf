#pragma once
// Ways for tasks to meet: `Channel<T>` (a queue with an end), `Signal` (wakes everybody who waits),
// and `withDeadline`.

#include "sim/task.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace sim {
namespace detail {

// An ordered list of waiters, intrusive so that a destroyed frame leaves it by itself.
struct WaitNode {
    WaitNode* previous = nullptr;
    WaitNode* next = nullptr;
    bool timedOut = false;
    bool woken = false;
    Waiter waiter;
    void unlink() {
        if (previous != nullptr) previous->next = next;
        if (next != nullptr) next->previous = previous;
        previous = next = nullptr;
    }
    ~WaitNode() { unlink(); }
};

class WaitList {
public:
    WaitList() = default;
    WaitList(const WaitList&) = delete;
    WaitList& operator=(const WaitList&) = delete;
    ~WaitList() {
        while (head_.next != nullptr) head_.next->unlink();
    }
    void add(WaitNode& node) {
        WaitNode* last = &head_;
        while (last->next != nullptr) last = last->next;
        last->next = &node;
        node.previous = last;
    }
    bool empty() const { return head_.next == nullptr; }
    // The first waiter leaves the list and runs at the current time.
    bool wakeOne(const char* label) {
        WaitNode* node = head_.next;
        if (node == nullptr) return false;
        node->unlink();
        node->woken = true;
        node->waiter.reschedule(node->waiter.kernel().now(), label);
        return true;
    }
    void wakeAll(const char* label) {
        while (wakeOne(label)) {}
    }

private:
    WaitNode head_;
};

} // namespace detail

// A level-free broadcast: wakes those who wait now. Check the condition again after waking.
class Signal {
public:
    void notify() { waiters_.wakeAll("signal"); }

    class Awaiter {
    public:
        Awaiter(Signal& signal, Time deadline) : signal_(signal), deadline_(deadline) {}
        bool await_ready() const noexcept { return false; }
        template <typename P>
        void await_suspend(std::coroutine_handle<P> frame) {
            node_.waiter.arm(frame);
            signal_.waiters_.add(node_);
            if (deadline_ != kForever) node_.waiter.wakeAt(deadline_, "timeout");
        }
        // False when the deadline came first.
        bool await_resume() {
            node_.unlink();
            return node_.woken;
        }

    private:
        Signal& signal_;
        Time deadline_;
        detail::WaitNode node_;
    };
    Awaiter wait() { return Awaiter(*this, kForever); }
    Awaiter waitUntil(Time deadline) { return Awaiter(*this, deadline); }

private:
    detail::WaitList waiters_;
};

// An unbounded first-in first-out queue unless `capacity` is given; then the oldest item is dropped
// and counted (a watch that cannot keep up asks `dropped()`).
template <typename T>
class Channel {
public:
    explicit Channel(std::size_t capacity = SIZE_MAX) : capacity_(capacity) {}

    bool push(T item) {
        if (closed_) return false;
        if (items_.size() >= capacity_) {
            items_.pop_front();
            ++dropped_;
        }
        items_.push_back(std::move(item));
        waiters_.wakeOne("channel");
        return true;
    }
    // Items already pushed can still be popped.
    void close() {
        closed_ = true;
        waiters_.wakeAll("channel");
    }
    bool closed() const { return closed_; }
    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size(); }
    std::size_t dropped() const { return dropped_; }
    std::optional<T> tryPop() {
        if (items_.empty()) return std::nullopt;
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        return item;
    }
    const std::deque<T>& peekAll() const { return items_; }

    class Awaiter {
    public:
        Awaiter(Channel& channel, Time deadline) : channel_(channel), deadline_(deadline) {}
        bool await_ready() const noexcept { return !channel_.items_.empty() || channel_.closed_; }
        template <typename P>
        void await_suspend(std::coroutine_handle<P> frame) {
            node_.waiter.arm(frame);
            channel_.waiters_.add(node_);
            if (deadline_ != kForever) node_.waiter.wakeAt(deadline_, "timeout");
        }
        // Nothing when the channel is closed and drained, or the deadline came first.
        std::optional<T> await_resume() {
            node_.unlink();
            auto item = channel_.tryPop();
            // Somebody else may have been woken for an item that is still there.
            if (!channel_.items_.empty()) channel_.waiters_.wakeOne("channel");
            return item;
        }

    private:
        Channel& channel_;
        Time deadline_;
        detail::WaitNode node_;
    };
    Awaiter pop() { return Awaiter(*this, kForever); }
    Awaiter popUntil(Time deadline) { return Awaiter(*this, deadline); }

private:
    std::size_t capacity_;
    std::deque<T> items_;
    bool closed_ = false;
    std::size_t dropped_ = 0;
    detail::WaitList waiters_;
};

// Runs the task at most until the deadline; nothing when it was cut off (its frames are destroyed).
template <typename T>
Task<std::optional<T>> withDeadline(Kernel& kernel, Task<T> task, Time deadline) {
    struct Shared {
        std::optional<T> value;
        Signal done;
    };
    auto shared = std::make_shared<Shared>();
    Scope scope(kernel);
    struct Run {
        static Task<void> body(Task<T> inner, std::shared_ptr<Shared> out) {
            out->value.emplace(co_await inner);
            out->done.notify();
        }
    };
    scope.spawn(Run::body(std::move(task), shared), "deadline");
    co_await shared->done.waitUntil(deadline);
    co_return std::move(shared->value);
}

} // namespace sim
