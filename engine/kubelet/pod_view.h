#pragma once
// Readers of pods as the agent needs them, and what the runtime knows of a pod.

#include "api/objects/meta.h"
#include "document/value.h"
#include "ports/cri.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kubelet {

using document::Value;

inline constexpr const char* kConfigSource = "kubernetes.io/config.source";
inline constexpr const char* kConfigMirror = "kubernetes.io/config.mirror";
inline constexpr const char* kConfigHash = "kubernetes.io/config.hash";
inline constexpr const char* kConfigSeen = "kubernetes.io/config.seen";

enum class ContainerType : std::uint8_t { Regular, Init, Ephemeral };

bool isStaticPod(const Value& pod);
bool isMirrorPod(const Value& pod);
// For a mirror pod the uid of its static pod, else the pod's own.
std::string agentUid(const Value& pod);
inline bool isHostNetwork(const Value& pod) { return pod.at("spec", "hostNetwork").asBool(); }
std::string podFullName(const Value& pod); // name_namespace
std::string podLogText(const Value& pod);  // name_namespace(uid), as in messages
bool isTerminalPhase(std::string_view phase);
std::int64_t terminationGrace(const Value& pod);
bool isSidecar(const Value& container); // init container with restartPolicy Always
bool hasSidecars(const Value& pod);

// A container's spec by name, with its kind; null when there is none.
const Value& containerSpec(const Value& pod, std::string_view name, ContainerType* type = nullptr);
// Index paths as in event references: "spec.containers{name}".
std::string containerFieldPath(const Value& pod, std::string_view name);
// Changes when the container must be replaced. Source: kuberuntime, pickFieldsToHash.
std::string containerHash(const Value& container);
// Whether a container that ended with this code runs again, by its own and the pod's policy.
bool shouldRestart(const Value& pod, const Value& container, int exitCode);

// Source: kubelet container.PodStatus.
struct RuntimePod {
    std::vector<ports::CriSandbox> sandboxes;     // newest first
    std::vector<ports::CriContainer> containers;  // newest first; messages filled in
    std::vector<std::string> ips;

    const ports::CriContainer* find(std::string_view name) const; // the newest of that name
    const ports::CriContainer* byId(std::string_view id) const;
    bool running() const; // any container or sandbox
};

// True when a new sandbox is needed; `attempt` is its number, `previous` the old one's id.
bool sandboxChanged(const Value& pod, const RuntimePod& runtime, std::uint32_t* attempt,
                    std::string* previous);

} // namespace kubelet
