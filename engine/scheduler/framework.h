#pragma once
// The plugin interface and the framework that runs the plugins. Every extension point of the real
// framework that the default plugins use is here. Source: kubernetes pkg/scheduler/framework.

#include "client/client.h"
#include "scheduler/types.h"
#include "sim/kernel.h"
#include "sim/task.h"

#include <memory>
#include <optional>

namespace scheduler {

struct StateData {
    virtual ~StateData() = default;
};
// What plugins remember during one cycle, by plugin name.
class CycleState {
public:
    void put(std::string_view plugin, std::shared_ptr<StateData> data) {
        data_[std::string(plugin)] = std::move(data);
    }
    template <typename T> T* get(std::string_view plugin) const {
        const auto place = data_.find(plugin);
        return place == data_.end() ? nullptr : static_cast<T*>(place->second.get());
    }
    std::set<std::string, std::less<>> skipFilter, skipScore;

private:
    std::map<std::string, std::shared_ptr<StateData>, std::less<>> data_;
};

// What happened in the cluster, for deciding which waiting pods to look at again.
enum class Event {
    NodeAdd,
    NodeAllocatable,
    NodeLabels,
    NodeTaints,
    NodeUnschedulable,
    NodeDelete,
    AssignedPodAdd,
    AssignedPodUpdate,
    AssignedPodDelete,
    PodUpdate,
    Claim,
    Volume,
    StorageClass,
    CsiNode,
    Unknown
};
struct EventInfo {
    Event event = Event::Unknown;
    document::Value previous, current; // the object that changed
};

struct Env {
    sim::Kernel& kernel;
    const Lister& lister;
    client::Client* client = nullptr; // null: nothing is written (trial scheduling, tests)
};

using NodeNames = std::optional<std::set<std::string>>;

class Plugin {
public:
    virtual ~Plugin() = default;
    virtual const char* name() const = 0;
    virtual std::int64_t weight() const { return 0; } // above 0: takes part in scoring

    virtual Status preEnqueue(const document::Value&) { return {}; }
    // May restrict the nodes; Skip leaves out this plugin's filter.
    virtual Status preFilter(CycleState&, const PodInfo&, const Snapshot&, NodeNames&) {
        return {};
    }
    virtual bool filters() const { return false; }
    virtual Status filter(const CycleState&, const PodInfo&, const NodeInfo&) { return {}; }
    virtual Status preScore(CycleState&, const PodInfo&, const Snapshot& feasible,
                            const Snapshot& all);
    virtual std::int64_t score(const CycleState&, const PodInfo&, const NodeInfo&) { return 0; }
    virtual void normalize(const CycleState&, const PodInfo&, const Snapshot&,
                           std::vector<std::int64_t>&) {}
    virtual Status reserve(CycleState&, const PodInfo&, const NodeInfo&) { return {}; }
    virtual void unreserve(CycleState&, const PodInfo&, const NodeInfo&) {}
    virtual sim::Task<Status> preBind(std::shared_ptr<CycleState>, PodPtr, std::string node);
    // Whether the event may make a pod schedulable that this plugin has rejected.
    virtual bool wakes(const PodInfo&, const EventInfo&) { return false; }
};

inline constexpr std::int64_t kMaxNodeScore = 100;
// Scales scores to 0..100; `reverse` turns the order round. Source: plugins/helper
// DefaultNormalizeScore.
void defaultNormalize(std::vector<std::int64_t>& scores, bool reverse);

struct Diagnosis {
    std::map<std::string, Status> nodes; // those with a status of their own
    Status absent;                       // of all others
    std::set<std::string> plugins;       // that rejected
    std::string preFilter, postFilter;
};
// "0/3 nodes are available: 1 Insufficient cpu, ... ." Source: framework FitError.
std::string fitError(const Diagnosis& diagnosis, std::size_t nodes);

class Framework {
public:
    Framework(Env env, std::vector<std::unique_ptr<Plugin>> plugins);

    Status preEnqueue(const document::Value& pod) const;
    // The nodes that pass; `diagnosis` tells why the others did not. `nominated` gives pods that
    // will come to a node and must be counted.
    Snapshot findFeasible(CycleState& state, const PodInfo& pod, const Snapshot& all,
                          const std::map<std::string, std::vector<PodPtr>>& nominated,
                          Diagnosis& diagnosis) const;
    // All filters on one node with the state of `preFilter`.
    Status runFilters(const CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
    Status runPreFilters(CycleState& state, const PodInfo& pod, const Snapshot& all,
                         NodeNames& names) const;
    // The best node; ties are broken by the seeded stream.
    std::string selectHost(CycleState& state, const PodInfo& pod, const Snapshot& feasible,
                           const Snapshot& all) const;
    // Weighted total per feasible node, and per plugin for explanations.
    struct NodeScore {
        std::string node;
        std::int64_t total = 0;
        std::map<std::string, std::int64_t> byPlugin;
    };
    std::vector<NodeScore> scores(CycleState& state, const PodInfo& pod, const Snapshot& feasible,
                                  const Snapshot& all) const;
    Status reserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
    void unreserve(CycleState& state, const PodInfo& pod, const NodeInfo& node) const;
    sim::Task<Status> preBind(std::shared_ptr<CycleState> state, PodPtr pod,
                              std::string node) const;
    bool wakes(const std::set<std::string>& plugins, const PodInfo& pod,
               const EventInfo& event) const;
    const Env& env() const { return env_; }

private:
    Env env_;
    std::vector<std::unique_ptr<Plugin>> plugins_;
};

// The default profile in its order. Source: apis/config/v1 default_plugins.go.
std::vector<std::unique_ptr<Plugin>> defaultPlugins(const Env& env);

} // namespace scheduler
