#pragma once
// What the scheduler knows of nodes and pods, parsed once. Source: kubernetes
// pkg/scheduler/framework.

#include "api/label_selector.h"
#include "api/objects/resources.h"
#include "document/value.h"
#include "sim/time.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace scheduler {

struct AffinityTerm {
    api::LabelSelector selector, namespaceSelector;
    std::set<std::string> namespaces;
    bool selectsNamespaces = false;
    std::string topologyKey;
    std::int64_t weight = 0; // of preferred terms
    // `namespaceLabels`: labels of the other pod's namespace.
    bool matches(const document::Value& pod, const document::Value& namespaceLabels) const;
};

struct HostPort {
    std::string ip, protocol;
    std::int64_t port = 0;
    auto operator<=>(const HostPort&) const = default;
};

struct PodInfo {
    explicit PodInfo(document::Value value);
    document::Value pod;
    std::string key, uid;
    std::int64_t priority = 0;
    api::ResourceAmounts request, nonZero;
    std::vector<HostPort> ports;
    std::vector<AffinityTerm> requiredAffinity, requiredAntiAffinity, preferredAffinity,
        preferredAntiAffinity;
};
using PodPtr = std::shared_ptr<const PodInfo>;

bool portsConflict(const std::vector<HostPort>& wanted, const std::set<HostPort>& used);

struct NodeInfo {
    document::Value node;
    std::string name;
    api::ResourceAmounts allocatable, requested, nonZero;
    std::int64_t allowedPods = 0;
    std::vector<PodPtr> pods;
    std::map<std::string, std::int64_t> images; // normalized name -> bytes
    void setNode(document::Value value);
    void addPod(PodPtr pod);
    bool removePod(std::string_view uid);
    std::set<HostPort> usedPorts() const;
    std::string label(std::string_view key) const;
    bool hasLabel(std::string_view key) const;
};

// All nodes as they are at the start of a cycle, by name.
using Snapshot = std::vector<std::shared_ptr<const NodeInfo>>;

enum class Code { Success, Unschedulable, Unresolvable, Error, Skip };
struct Status {
    Code code = Code::Success;
    std::vector<std::string> reasons;
    std::string plugin;
    bool ok() const { return code == Code::Success || code == Code::Skip; }
    bool rejected() const { return code == Code::Unschedulable || code == Code::Unresolvable; }
    static Status unschedulable(std::string reason) {
        return {Code::Unschedulable, {std::move(reason)}, {}};
    }
    static Status unresolvable(std::string reason) {
        return {Code::Unresolvable, {std::move(reason)}, {}};
    }
    static Status error(std::string reason) { return {Code::Error, {std::move(reason)}, {}}; }
};

// Where the plugins read everything that is neither a node nor a scheduled pod.
enum class Kind {
    PersistentVolume,
    PersistentVolumeClaim,
    StorageClass,
    CsiNode,
    Namespace,
    Service,
    ReplicaSet,
    ReplicationController,
    StatefulSet,
    PodDisruptionBudget,
    Pod
};
class Lister {
public:
    virtual ~Lister() = default;
    virtual const document::Value& get(Kind kind, std::string_view key) const = 0;
    // All objects, or those of a namespace.
    virtual std::vector<const document::Value*> list(Kind kind, std::string_view ns = {}) const = 0;
};

} // namespace scheduler
