#include "scheduler/plugins/plugins.h"

namespace scheduler {
namespace {

class NodePorts : public Plugin {
public:
    const char* name() const override { return "NodePorts"; }
    bool filters() const override { return true; }
    Status preFilter(CycleState&, const PodInfo& pod, const Snapshot&, NodeNames&) override {
        return pod.ports.empty() ? Status{Code::Skip, {}, {}} : Status{};
    }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        if (!portsConflict(pod.ports, node.usedPorts())) return {};
        return Status::unschedulable("node(s) didn't have free ports for the requested pod ports");
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        if (event.event == Event::NodeAdd) return true;
        if (event.event != Event::AssignedPodDelete) return false;
        const PodInfo gone(event.previous);
        return portsConflict(pod.ports, {gone.ports.begin(), gone.ports.end()});
    }
};

} // namespace

PluginPtr makeNodePorts() { return std::make_unique<NodePorts>(); }

} // namespace scheduler
