#pragma once
// From what the runtime knows to the status that the API shows. Sources: pkg/kubelet/kubelet_pods.go
// (generateAPIPodStatus and what it calls), pkg/kubelet/status/generate.go.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <string>
#include <string_view>

namespace kubelet {

// `old`: the last status that the agent made, or the API's.
Value buildPodStatus(Core& core, const Value& pod, const RuntimePod& runtime, const Value& old,
                     bool terminal);
// `list`: "containers", "initContainers" or "ephemeralContainers".
Value buildContainerStatuses(Core& core, const Value& pod, const RuntimePod& runtime, const Value& old,
                             const char* list);
std::string podPhase(const Value& pod, const Value& status, bool terminal, bool initialized);
std::string qosClass(const Value& pod);

// Conditions without times; `status` has phase, container statuses and foreign conditions.
Value containersReadyCondition(const Value& pod, const Value& status);
Value readyCondition(const Value& pod, const Value& status);
Value initializedCondition(const Value& pod, const Value& status);

bool ownedCondition(std::string_view type); // written by the agent alone
const Value& statusByName(const Value& statuses, std::string_view name);

} // namespace kubelet
