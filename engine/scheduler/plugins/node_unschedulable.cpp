#include "api/objects/pod.h"
#include "scheduler/plugins/plugins.h"

namespace scheduler {
namespace {

using document::Value;

bool tolerated(const Value& pod) {
    static const Value taint =
        Value::object({{"key", "node.kubernetes.io/unschedulable"}, {"effect", "NoSchedule"}});
    return api::tolerates(pod.at("spec", "tolerations"), taint);
}

class NodeUnschedulable : public Plugin {
public:
    const char* name() const override { return "NodeUnschedulable"; }
    bool filters() const override { return true; }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        if (!node.node.at("spec", "unschedulable").asBool() || tolerated(pod.pod)) return {};
        return Status::unresolvable("node(s) were unschedulable");
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        if (event.event == Event::PodUpdate) return tolerated(pod.pod);
        return (event.event == Event::NodeAdd || event.event == Event::NodeUnschedulable) &&
               !event.current.at("spec", "unschedulable").asBool();
    }
};

class NodeName : public Plugin {
public:
    const char* name() const override { return "NodeName"; }
    bool filters() const override { return true; }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        const std::string_view wanted = api::podNode(pod.pod);
        if (wanted.empty() || wanted == node.name) return {};
        return Status::unresolvable("node(s) didn't match the requested node name");
    }
    bool wakes(const PodInfo&, const EventInfo& event) override {
        return event.event == Event::NodeAdd;
    }
};

} // namespace

PluginPtr makeNodeUnschedulable() { return std::make_unique<NodeUnschedulable>(); }
PluginPtr makeNodeName() { return std::make_unique<NodeName>(); }

} // namespace scheduler
