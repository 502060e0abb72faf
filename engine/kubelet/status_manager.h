#pragma once
// Remembers the status of every pod and writes it to the API server; removes pods from the API when
// they are finished. Source: pkg/kubelet/status/status_manager.go.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <set>
#include <string>

namespace kubelet {

class StatusManager {
public:
    explicit StatusManager(Core& core) : core_(core) {}
    void start();

    // Null when the agent has made none yet.
    const Value& get(std::string_view uid) const;
    void set(const Value& pod, const Value& status) { update(pod, status, false, false); }
    void setReadiness(const Value& pod, std::string_view containerId, bool ready);
    void setStarted(const Value& pod, std::string_view containerId, bool started);
    // Adds, replaces or (null condition) removes a resize condition; true when something changed.
    bool setCondition(const Value& pod, std::string_view type, Value condition);
    // The pod needs no more updates: containers without an end get one, a terminal phase is set, and a
    // deleted pod leaves the API.
    void terminate(const Value& pod);
    // A copy in the API that differs (someone else wrote status) is written again.
    void reconcile(const Value& pod);
    void forget(std::string_view uid);
    void wake() { signal_.notify(); }

private:
    struct Entry {
        Value status;
        std::uint64_t version = 0, written = 0;
        bool finished = false;
        std::string ns, name;
    };

    void update(const Value& pod, Value status, bool force, bool finished);
    Value changedContainer(const Value& status, std::string_view containerId, const char* key, bool value,
                           bool& changed) const;
    static sim::Task<void> loop(StatusManager& self);
    static sim::Task<void> periodic(StatusManager& self);
    sim::Task<bool> sync(std::string uid);
    Value merged(const Value& pod, const Value& status) const;

    Core& core_;
    std::map<std::string, Entry, std::less<>> entries_;
    std::set<std::string> dirty_;
    sim::Signal signal_;
};

} // namespace kubelet
