#pragma once
// Pods that wait for a node: ready ones by priority, those backing off, and those that nothing has
// changed for. Source: kubernetes pkg/scheduler/backend/queue.

#include "scheduler/framework.h"
#include "sim/channel.h"

namespace scheduler {

struct QueuedPod {
    PodPtr pod;
    sim::Time queuedAt = 0;
    std::uint64_t order = 0;
    int attempts = 0, rejections = 0, errors = 0;
    std::set<std::string> plugins; // that rejected it last
    sim::CauseId cause = 0;
};

class SchedulingQueue {
public:
    SchedulingQueue(sim::Kernel& kernel, const Framework& framework);

    void add(document::Value pod);
    // A change of a waiting pod; only changes beyond its status can make it schedulable.
    void update(const document::Value& previous, const document::Value& current);
    void remove(std::string_view uid);
    sim::Task<QueuedPod> pop();
    // Back after a failed attempt. `error`: not a rejection, tried again after the back-off.
    void putBack(QueuedPod item, bool error);
    // Looks again at the pods that the event may help.
    void move(const EventInfo& event);
    // Moves everything (a pod was told to look again whatever happened).
    bool waiting(std::string_view uid) const;
    std::size_t size() const { return active_.size() + backoff_.size() + unschedulable_.size(); }

    static constexpr sim::Duration kInitialBackoff = sim::kSecond, kMaxBackoff = 10 * sim::kSecond;
    static constexpr sim::Duration kMaxUnschedulable = 5 * sim::kMinute,
                                   kFlushPeriod = 30 * sim::kSecond;

private:
    struct ByPriority {
        bool operator()(const QueuedPod& a, const QueuedPod& b) const;
    };
    struct Parked {
        QueuedPod item;
        sim::Time until = 0; // end of the back-off
        sim::Time since = 0;
        bool gated = false;
        bool error = false;
    };
    sim::Duration backoffOf(const QueuedPod& item) const;
    void activate(QueuedPod item);
    void requeue(Parked parked);
    void armTimers();
    void onTimer();

    sim::Kernel& kernel_;
    const Framework& framework_;
    std::set<QueuedPod, ByPriority> active_;
    std::map<std::string, Parked, std::less<>> backoff_, unschedulable_; // by uid
    std::uint64_t order_ = 0;
    sim::Signal available_;
    sim::EventId timer_;
    sim::Time timerAt_ = sim::kForever;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

} // namespace scheduler
