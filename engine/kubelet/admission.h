#pragma once
// Whether the node takes a pod. Source: pkg/kubelet/lifecycle/predicate.go.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <optional>
#include <string>

namespace kubelet {

struct Rejection {
    std::string reason, message;
};
std::optional<Rejection> admit(Core& core, const Value& pod);

// A pod's demand: cpu in milli, all others in units. Source: component-helpers resource.PodRequests.
std::int64_t podRequest(const Value& pod, std::string_view resource);

} // namespace kubelet
