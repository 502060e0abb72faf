#include "api/objects/pod.h"
#include "scheduler/plugins/plugins.h"

namespace scheduler {
namespace {

using document::Value;

bool passes(const PodInfo& pod, const Value& node) {
    for (const Value& taint : node.at("spec", "taints").items()) {
        const std::string_view effect = taint["effect"].asString();
        if (effect != "NoSchedule" && effect != "NoExecute") continue;
        if (!api::tolerates(pod.pod.at("spec", "tolerations"), taint)) return false;
    }
    return true;
}

class TaintToleration : public Plugin {
public:
    const char* name() const override { return "TaintToleration"; }
    std::int64_t weight() const override { return 3; }
    bool filters() const override { return true; }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        if (passes(pod, node.node)) return {};
        return Status::unresolvable("node(s) had untolerated taint(s)");
    }
    // Counts the PreferNoSchedule taints that are not tolerated; fewer is better.
    std::int64_t score(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        std::int64_t count = 0;
        for (const Value& taint : node.node.at("spec", "taints").items())
            if (taint["effect"].asString() == "PreferNoSchedule" &&
                !api::tolerates(pod.pod.at("spec", "tolerations"), taint))
                ++count;
        return count;
    }
    void normalize(const CycleState&, const PodInfo&, const Snapshot&,
                   std::vector<std::int64_t>& scores) override {
        defaultNormalize(scores, true);
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        if (event.event == Event::PodUpdate) return true;
        if (event.event != Event::NodeAdd && event.event != Event::NodeTaints) return false;
        const bool before = !event.previous.isNull() && passes(pod, event.previous);
        return !before && passes(pod, event.current);
    }
};

} // namespace

PluginPtr makeTaintToleration() { return std::make_unique<TaintToleration>(); }

} // namespace scheduler
