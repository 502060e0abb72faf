#pragma once
// The rate-limited, de-duplicating queue between an informer and a controller's worker.
// Source: client-go util/workqueue (exponential 5 ms .. 1000 s per item; an item being processed is
// queued again only when done). A key carries the cause that queued it first.

#include "sim/channel.h"

#include <map>
#include <set>
#include <string>

namespace client {

class WorkQueue {
public:
    explicit WorkQueue(sim::Kernel& kernel) : kernel_(kernel), scope_(kernel) {}

    void add(std::string key);
    // Of several pending delays of one key the earliest wins.
    void addAfter(std::string key, sim::Duration delay);
    void addRateLimited(std::string key);
    void forget(std::string_view key);
    int failures(std::string_view key) const;

    // The next key; its cause becomes current. Call `done` when processed.
    sim::Task<std::string> take();
    void done(const std::string& key);
    std::size_t size() const { return order_.size(); }

    static constexpr sim::Duration kBaseDelay = 5 * sim::kMillisecond;
    static constexpr sim::Duration kMaxDelay = 1000 * sim::kSecond;

private:
    static sim::Task<void> addLater(WorkQueue* queue, std::string key, sim::Time at);

    sim::Kernel& kernel_;
    sim::Scope scope_;
    std::deque<std::string> order_;
    std::map<std::string, sim::CauseId, std::less<>> dirty_;
    std::set<std::string, std::less<>> processing_;
    std::map<std::string, int, std::less<>> failures_;
    std::map<std::string, sim::Time, std::less<>> waiting_;
    sim::Signal available_;
};

} // namespace client
