#pragma once
// What --profile of `kubectl debug` does to a pod. Source: k8s.io/kubectl pkg/cmd/debug/profiles.go.

#include "document/value.h"
#include "kubectl/cli/flags.h"

#include <string>

namespace kubectl {

enum class DebugTarget { Ephemeral, Copy, Node };

bool knownProfile(const std::string& profile);
document::Value withProfile(const std::string& profile, const document::Value& pod, const std::string& container,
                            DebugTarget target, const Flags& flags);
// Changes the container of that name, wherever it stands.
using ContainerChange = document::Value (*)(const document::Value& container);

} // namespace kubectl
