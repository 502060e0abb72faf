#include "scheduler/plugins/plugins.h"

namespace scheduler {

std::vector<std::unique_ptr<Plugin>> defaultPlugins(const Env& env) {
    std::vector<std::unique_ptr<Plugin>> out;
    out.push_back(makeSchedulingGates());
    out.push_back(makeNodeUnschedulable());
    out.push_back(makeNodeName());
    out.push_back(makeTaintToleration());
    out.push_back(makeNodeAffinity());
    out.push_back(makeNodePorts());
    out.push_back(makeNodeResourcesFit());
    out.push_back(makeVolumeRestrictions(env));
    out.push_back(makeNodeVolumeLimits(env));
    out.push_back(makeVolumeBinding(env));
    out.push_back(makeVolumeZone(env));
    out.push_back(makePodTopologySpread(env));
    out.push_back(makeInterPodAffinity(env));
    out.push_back(makeBalancedAllocation());
    out.push_back(makeImageLocality());
    return out;
}

} // namespace scheduler
