#pragma once
// Watches the health of nodes: conditions turn Unknown when a kubelet falls silent, taints follow
// the conditions, and pods are told that their node is not ready. Source:
// pkg/controller/nodelifecycle.

#include "controllers/support/controller.h"

#include <set>

namespace controllers {

class NodeLifecycleController : public QueueController {
public:
    explicit NodeLifecycleController(Context context);

protected:
    // Keys are node names: brings the NoSchedule taints in line with the conditions.
    sim::Task<base::Status> sync(std::string key) override;
    void ready(sim::Scope& scope) override;

private:
    using Value = document::Value;
    enum class Zone { Normal, Partial, Full };
    struct Health {
        sim::Time probed = 0; // when the kubelet was last heard of
        Value conditions;
        Value renewTime;
        std::string readyStatus; // as last judged
        bool judged = false;
    };
    static sim::Task<void> monitor(NodeLifecycleController* self);
    sim::Task<void> judge(std::string name);
    sim::Task<base::Result<Value>> expire(Value node, bool neverReported);
    sim::Task<void> markPodsNotReady(std::string node);
    sim::Task<void> taintEvictions();
    sim::Task<base::Status> swapTaints(Value node, std::vector<Value> add,
                                       std::vector<std::string> drop, std::string effect);
    void nodeEvent(const Value& node, const char* reason, std::string message);
    bool disrupted(Zone& zone) const;

    client::Informer& nodes_;
    client::Informer& pods_;
    client::Informer& leases_;
    std::map<std::string, Health> health_;
    sim::Time nextEviction_ = 0;
};

// Deletes pods that do not tolerate a NoExecute taint, at once or after tolerationSeconds.
// Source: pkg/controller/tainteviction.
class TaintEvictionController : public QueueController {
public:
    explicit TaintEvictionController(Context context);

protected:
    // Keys: "ns/pod" to examine a pod, "!ns/pod" when its time has come.
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Eviction {
        sim::Time created = 0, due = 0;
        std::string uid;
    };
    void examine(const Value& pod);
    void cancel(const std::string& key);
    sim::Task<base::Status> evict(std::string key);
    void event(const std::string& key, const char* what);

    client::Informer& nodes_;
    client::Informer& pods_;
    std::map<std::string, std::set<std::string>> byNode_; // pods per node
    std::map<std::string, Eviction> evictions_;
};

} // namespace controllers
