#pragma once
// One factory per plugin; each plugin lives in a file of its own.

#include "scheduler/framework.h"

namespace scheduler {

using PluginPtr = std::unique_ptr<Plugin>;

PluginPtr makeSchedulingGates();
PluginPtr makeNodeUnschedulable();
PluginPtr makeNodeName();
PluginPtr makeTaintToleration();
PluginPtr makeNodeAffinity();
PluginPtr makeNodePorts();
PluginPtr makeNodeResourcesFit();
PluginPtr makeBalancedAllocation();
PluginPtr makeVolumeRestrictions(const Env& env);
PluginPtr makeNodeVolumeLimits(const Env& env);
PluginPtr makeVolumeBinding(const Env& env);
PluginPtr makeVolumeZone(const Env& env);
PluginPtr makePodTopologySpread(const Env& env);
PluginPtr makeInterPodAffinity(const Env& env);
PluginPtr makeImageLocality();

} // namespace scheduler
