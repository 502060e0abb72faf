#pragma once
// Environment of a container: service variables, envFrom, env with references and $(NAME) expansion.
// Source: pkg/kubelet/kubelet_pods.go (makeEnvironmentVariables), third_party/forked/golang/expansion.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <string>
#include <utility>
#include <vector>

namespace kubelet {

using EnvList = std::vector<std::pair<std::string, std::string>>;

sim::Task<base::Result<EnvList>> makeEnvironment(Core& core, Value pod, Value container, std::string podIP);

std::string expandVariables(std::string_view text, const EnvList& env);
// fieldRef as text: metadata.labels['x'], spec.nodeName, status.podIP ...
base::Result<std::string> fieldValue(Core& core, const Value& pod, std::string_view path, const std::string& podIP);
base::Result<std::string> resourceFieldValue(Core& core, const Value& pod, const Value& reference,
                                             const Value& container);

} // namespace kubelet
