#include "kubelet/pod_view.h"

#include "api/objects/pod.h"
#include "base/hash.h"
#include "base/strings.h"

namespace kubelet {

bool isMirrorPod(const Value& pod) { return api::annotationsOf(pod).has(kConfigMirror); }

bool isStaticPod(const Value& pod) {
    const std::string_view source = api::annotationOf(pod, kConfigSource);
    return !source.empty() && source != "api";
}

std::string agentUid(const Value& pod) {
    if (isMirrorPod(pod)) return std::string(api::annotationOf(pod, kConfigMirror));
    return api::uidOf(pod);
}

std::string podFullName(const Value& pod) { return api::nameOf(pod) + "_" + api::namespaceOf(pod); }
std::string podLogText(const Value& pod) { return podFullName(pod) + "(" + api::uidOf(pod) + ")"; }
bool isTerminalPhase(std::string_view phase) { return phase == "Succeeded" || phase == "Failed"; }

std::int64_t terminationGrace(const Value& pod) {
    return pod.at("spec", "terminationGracePeriodSeconds").asInt(30);
}

bool isSidecar(const Value& container) { return container["restartPolicy"].asString() == "Always"; }

bool hasSidecars(const Value& pod) {
    for (const Value& item : pod.at("spec", "initContainers").items())
        if (isSidecar(item)) return true;
    return false;
}

const Value& containerSpec(const Value& pod, std::string_view name, ContainerType* type) {
    static const Value nothing;
    const auto search = [&](const char* list, ContainerType found) -> const Value* {
        for (const Value& item : pod.at("spec", list).items()) {
            if (item["name"].asString() != name) continue;
            if (type != nullptr) *type = found;
            return &item;
        }
        return nullptr;
    };
    if (const Value* item = search("containers", ContainerType::Regular)) return *item;
    if (const Value* item = search("initContainers", ContainerType::Init)) return *item;
    if (const Value* item = search("ephemeralContainers", ContainerType::Ephemeral)) return *item;
    return nothing;
}

std::string containerFieldPath(const Value& pod, std::string_view name) {
    ContainerType type = ContainerType::Regular;
    (void)containerSpec(pod, name, &type);
    const char* list = type == ContainerType::Init        ? "spec.initContainers{"
                       : type == ContainerType::Ephemeral ? "spec.ephemeralContainers{"
                                                          : "spec.containers{";
    return list + std::string(name) + "}";
}

std::string containerHash(const Value& container) {
    const std::uint64_t hash = base::combineHash(base::hashBytes(container["name"].asString()),
                                                 base::hashBytes(container["image"].asString()));
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>((hash >> shift) & 0xff);
    return base::encodeHex(bytes);
}

bool shouldRestart(const Value& pod, const Value& container, int exitCode) {
    std::string_view policy = pod.at("spec", "restartPolicy").asString("Always");
    if (container["restartPolicy"].isString()) policy = container["restartPolicy"].asString();
    for (const Value& rule : container["restartPolicyRules"].items()) {
        bool listed = false;
        for (const Value& code : rule.at("exitCodes", "values").items())
            if (code.asInt() == exitCode) listed = true;
        const bool matches = rule.at("exitCodes", "operator").asString() == "In" ? listed : !listed;
        if (matches && rule["action"].asString() == "Restart") return true;
    }
    if (policy == "Always") return true;
    return policy == "OnFailure" && exitCode != 0;
}

const ports::CriContainer* RuntimePod::find(std::string_view name) const {
    for (const ports::CriContainer& item : containers)
        if (item.name == name) return &item;
    return nullptr;
}

const ports::CriContainer* RuntimePod::byId(std::string_view id) const {
    for (const ports::CriContainer& item : containers)
        if (item.id == id) return &item;
    return nullptr;
}

bool RuntimePod::running() const {
    for (const ports::CriContainer& item : containers)
        if (item.state == ports::CriContainerState::Running) return true;
    for (const ports::CriSandbox& item : sandboxes)
        if (item.state == ports::CriSandboxState::Ready) return true;
    return false;
}

// Source: kuberuntime/util, PodSandboxChanged.
bool sandboxChanged(const Value& pod, const RuntimePod& runtime, std::uint32_t* attempt,
                    std::string* previous) {
    std::uint32_t number = 0;
    std::string id;
    bool changed = false;
    if (runtime.sandboxes.empty()) {
        changed = true;
    } else {
        std::size_t ready = 0;
        for (const ports::CriSandbox& item : runtime.sandboxes)
            if (item.state == ports::CriSandboxState::Ready) ++ready;
        const ports::CriSandbox& newest = runtime.sandboxes.front();
        const bool onHost = newest.network == ports::CriNamespace::Node;
        id = newest.id;
        number = newest.attempt + 1;
        if (ready > 1 || newest.state != ports::CriSandboxState::Ready) {
            changed = true;
        } else if (onHost != isHostNetwork(pod)) {
            changed = true;
            id.clear();
        } else if (!onHost && newest.ips.empty()) {
            changed = true;
        } else {
            number = newest.attempt;
        }
    }
    if (attempt != nullptr) *attempt = number;
    if (previous != nullptr) *previous = id;
    return changed;
}

} // namespace kubelet
