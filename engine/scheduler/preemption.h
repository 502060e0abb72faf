#pragma once
// Finds the node on which the fewest and least important pods must go for a pod to fit.
// Source: kubernetes pkg/scheduler/framework/preemption, plugins/defaultpreemption.

#include "scheduler/framework.h"

namespace scheduler {

struct PreemptionResult {
    std::string node;            // empty: nothing helps
    std::vector<PodPtr> victims; // most important first
    std::string message;         // why not, without the prefix "preemption: "
};

PreemptionResult findPreemption(const Framework& framework, const PodInfo& pod, const Snapshot& all,
                                const Diagnosis& diagnosis);

} // namespace scheduler
