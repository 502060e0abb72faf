#pragma once
// What the agent asks of the runtime for a pod. Sources: kuberuntime_sandbox.go, kuberuntime_container.go
// (generate*Config), kubelet_pods.go (mounts, hosts file), network/dns.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <string>

namespace kubelet {

std::string podLogDirectory(const Value& pod);
std::string podHostname(const Value& pod);
ports::CriSandboxConfig sandboxConfig(Core& core, const Value& pod, std::uint32_t attempt);
// Errors are what the user reads in `CreateContainerConfigError`.
sim::Task<base::Result<ports::CriContainerConfig>> containerConfig(Core& core, Value pod, Value container,
                                                                   std::uint32_t attempt, std::string podIP,
                                                                   std::string imageRef,
                                                                   std::string targetContainer);
ports::CriResources containerResources(Core& core, const Value& pod, const Value& container);

} // namespace kubelet
