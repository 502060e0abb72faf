#include "scheduler/queue.h"

#include "api/objects/pod.h"

#include <algorithm>

namespace scheduler {

using document::Value;

bool SchedulingQueue::ByPriority::operator()(const QueuedPod& a, const QueuedPod& b) const {
    if (a.pod->priority != b.pod->priority) return a.pod->priority > b.pod->priority;
    if (a.queuedAt != b.queuedAt) return a.queuedAt < b.queuedAt;
    return a.order < b.order;
}

SchedulingQueue::SchedulingQueue(sim::Kernel& kernel, const Framework& framework)
    : kernel_(kernel), framework_(framework) {}

void SchedulingQueue::activate(QueuedPod item) {
    item.order = ++order_;
    active_.insert(std::move(item));
    available_.notify();
}

void SchedulingQueue::add(Value pod) {
    remove(api::uidView(pod));
    QueuedPod item;
    item.pod = std::make_shared<PodInfo>(std::move(pod));
    item.queuedAt = kernel_.now();
    item.cause = kernel_.trace().current();
    const Status gate = framework_.preEnqueue(item.pod->pod);
    if (gate.ok()) {
        activate(std::move(item));
        return;
    }
    Parked parked;
    item.plugins.insert(gate.plugin);
    const std::string uid = item.pod->uid;
    parked.item = std::move(item);
    parked.gated = true;
    parked.since = kernel_.now();
    unschedulable_[uid] = std::move(parked);
}

void SchedulingQueue::update(const Value& previous, const Value& current) {
    const std::string uid = api::uidOf(current);
    auto fresh = std::make_shared<PodInfo>(current);
    for (auto place = active_.begin(); place != active_.end(); ++place) {
        if (place->pod->uid != uid) continue;
        QueuedPod item = *place;
        active_.erase(place);
        item.pod = fresh;
        active_.insert(std::move(item));
        return;
    }
    if (const auto place = backoff_.find(uid); place != backoff_.end()) {
        place->second.item.pod = fresh;
        return;
    }
    const auto place = unschedulable_.find(uid);
    if (place == unschedulable_.end()) {
        // Not known: either being scheduled right now, or new to this scheduler.
        return;
    }
    place->second.item.pod = fresh;
    const auto relevant = [](const Value& pod) {
        return pod.without("status")
            .withoutPath({"metadata", "resourceVersion"})
            .withoutPath({"metadata", "managedFields"})
            .withoutPath({"metadata", "generation"});
    };
    if (relevant(previous) == relevant(current)) return;
    Parked parked = place->second;
    if (parked.gated) {
        const Status gate = framework_.preEnqueue(current);
        if (!gate.ok()) return;
        unschedulable_.erase(place);
        parked.item.cause = kernel_.trace().current();
        parked.item.queuedAt = kernel_.now();
        activate(std::move(parked.item));
        return;
    }
    if (!framework_.wakes(parked.item.plugins, *fresh,
                          EventInfo{Event::PodUpdate, previous, current}))
        return;
    unschedulable_.erase(place);
    parked.item.cause = kernel_.trace().current();
    requeue(std::move(parked));
}

void SchedulingQueue::remove(std::string_view uid) {
    for (auto place = active_.begin(); place != active_.end(); ++place)
        if (place->pod->uid == uid) {
            active_.erase(place);
            break;
        }
    if (const auto place = backoff_.find(uid); place != backoff_.end()) backoff_.erase(place);
    if (const auto place = unschedulable_.find(uid); place != unschedulable_.end())
        unschedulable_.erase(place);
}

bool SchedulingQueue::waiting(std::string_view uid) const {
    return backoff_.contains(uid) || unschedulable_.contains(uid) ||
           std::any_of(active_.begin(), active_.end(),
                       [&](const QueuedPod& item) { return item.pod->uid == uid; });
}

sim::Duration SchedulingQueue::backoffOf(const QueuedPod& item) const {
    const int count = std::max(item.rejections, item.errors);
    sim::Duration delay = kInitialBackoff;
    for (int i = 1; i < count && delay < kMaxBackoff; ++i) delay *= 2;
    return std::min(delay, kMaxBackoff);
}

// An idle scheduler does not wait for the end of a back-off unless the last attempt ended in an
// error.
sim::Task<QueuedPod> SchedulingQueue::pop() {
    for (;;) {
        if (!active_.empty()) {
            QueuedPod item = *active_.begin();
            active_.erase(active_.begin());
            ++item.attempts;
            kernel_.trace().setCurrent(item.cause);
            co_return item;
        }
        auto best = backoff_.end();
        for (auto place = backoff_.begin(); place != backoff_.end(); ++place)
            if (!place->second.error &&
                (best == backoff_.end() || place->second.until < best->second.until))
                best = place;
        if (best != backoff_.end()) {
            QueuedPod item = best->second.item;
            backoff_.erase(best);
            ++item.attempts;
            kernel_.trace().setCurrent(item.cause);
            co_return item;
        }
        co_await available_.wait();
    }
}

void SchedulingQueue::putBack(QueuedPod item, bool error) {
    Parked parked;
    if (error) {
        ++item.errors;
    } else {
        ++item.rejections;
        item.errors = 0;
    }
    item.queuedAt = kernel_.now();
    parked.since = kernel_.now();
    parked.until = kernel_.now() + backoffOf(item);
    parked.error = error;
    const std::string uid = item.pod->uid;
    parked.item = std::move(item);
    if (error)
        backoff_[uid] = std::move(parked);
    else
        unschedulable_[uid] = std::move(parked);
    armTimers();
}

void SchedulingQueue::requeue(Parked parked) {
    if (parked.until <= kernel_.now()) {
        activate(std::move(parked.item));
        return;
    }
    const std::string uid = parked.item.pod->uid;
    backoff_[uid] = std::move(parked);
    available_.notify();
    armTimers();
}

void SchedulingQueue::move(const EventInfo& event) {
    std::vector<std::string> moved;
    for (const auto& [uid, parked] : unschedulable_) {
        if (parked.gated) continue;
        if (parked.item.plugins.empty() ||
            framework_.wakes(parked.item.plugins, *parked.item.pod, event))
            moved.push_back(uid);
    }
    for (const std::string& uid : moved) {
        Parked parked = std::move(unschedulable_.find(uid)->second);
        unschedulable_.erase(uid);
        parked.item.cause = kernel_.trace().current();
        requeue(std::move(parked));
    }
}

// One timer for the soonest of all ends; nothing runs while nothing waits.
void SchedulingQueue::armTimers() {
    sim::Time next = sim::kForever;
    for (const auto& [uid, parked] : backoff_) next = std::min(next, parked.until);
    for (const auto& [uid, parked] : unschedulable_) {
        if (parked.gated) continue;
        // The real queue looks every 30 seconds for pods that wait for more than five minutes.
        const sim::Time due = parked.since + kMaxUnschedulable;
        next = std::min(next, (due / kFlushPeriod + 1) * kFlushPeriod);
    }
    if (next == timerAt_) return;
    kernel_.cancel(timer_);
    timerAt_ = next;
    if (next == sim::kForever) return;
    timer_ = kernel_.schedule(
        next,
        [this, alive = std::weak_ptr<bool>(alive_)] {
            if (!alive.expired()) onTimer();
        },
        "scheduling-queue");
}

void SchedulingQueue::onTimer() {
    timerAt_ = sim::kForever;
    const sim::Time now = kernel_.now();
    std::vector<std::string> due;
    for (const auto& [uid, parked] : backoff_)
        if (parked.until <= now) due.push_back(uid);
    for (const std::string& uid : due) {
        QueuedPod item = std::move(backoff_.find(uid)->second.item);
        backoff_.erase(uid);
        activate(std::move(item));
    }
    due.clear();
    for (const auto& [uid, parked] : unschedulable_)
        if (!parked.gated && now - parked.since > kMaxUnschedulable) due.push_back(uid);
    for (const std::string& uid : due) {
        QueuedPod item = std::move(unschedulable_.find(uid)->second.item);
        unschedulable_.erase(uid);
        activate(std::move(item));
    }
    armTimers();
}

} // namespace scheduler
