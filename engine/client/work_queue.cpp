#include "client/work_queue.h"

namespace client {

void WorkQueue::add(std::string key) {
    if (!dirty_.try_emplace(key, kernel_.trace().current()).second) return;
    if (processing_.contains(key)) return; // `done` queues it again
    order_.push_back(std::move(key));
    available_.notify();
}

void WorkQueue::addAfter(std::string key, sim::Duration delay) {
    if (delay <= 0) {
        add(std::move(key));
        return;
    }
    const sim::Time at = kernel_.now() + delay;
    auto [place, fresh] = waiting_.try_emplace(key, at);
    if (!fresh) {
        if (place->second <= at) return;
        place->second = at;
    }
    scope_.spawn(addLater(this, std::move(key), at), "workqueue-delay");
}

sim::Task<void> WorkQueue::addLater(WorkQueue* queue, std::string key, sim::Time at) {
    co_await sim::sleepUntil(queue->kernel_, at);
    const auto place = queue->waiting_.find(key);
    if (place == queue->waiting_.end() || place->second != at) co_return; // an earlier one replaced it
    queue->waiting_.erase(place);
    queue->add(std::move(key));
}

void WorkQueue::addRateLimited(std::string key) {
    int& failures = failures_[key];
    sim::Duration delay = kMaxDelay;
    if (failures < 18) delay = std::min(kMaxDelay, kBaseDelay << failures);
    ++failures;
    addAfter(std::move(key), delay);
}

void WorkQueue::forget(std::string_view key) {
    const auto place = failures_.find(key);
    if (place != failures_.end()) failures_.erase(place);
}

int WorkQueue::failures(std::string_view key) const {
    const auto place = failures_.find(key);
    return place == failures_.end() ? 0 : place->second;
}

sim::Task<std::string> WorkQueue::take() {
    while (order_.empty()) co_await available_.wait();
    std::string key = std::move(order_.front());
    order_.pop_front();
    const auto place = dirty_.find(key);
    kernel_.trace().setCurrent(place->second);
    dirty_.erase(place);
    processing_.insert(key);
    co_return key;
}

void WorkQueue::done(const std::string& key) {
    processing_.erase(key);
    if (!dirty_.contains(key)) return;
    order_.push_back(key);
    available_.notify();
}

} // namespace client
