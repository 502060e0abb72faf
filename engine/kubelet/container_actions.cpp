// Which containers to start, kill and change. Source: kuberuntime_manager.go, computePodActions.

#include "kubelet/container_config.h"
#include "kubelet/container_manager.h"
#include "kubelet/probe_manager.h"

#include <algorithm>

namespace kubelet {
namespace {

bool succeeded(const RuntimePod& runtime, const Value& container) {
    const ports::CriContainer* item = runtime.find(container["name"].asString());
    return item != nullptr && item->state == ports::CriContainerState::Exited && item->exitCode == 0;
}

bool definitionChanged(const Value& spec, const ports::CriContainer& item) {
    const auto hash = item.annotations.find("io.kubernetes.container.hash");
    return hash != item.annotations.end() && hash->second != containerHash(spec);
}

bool exitedBadly(const ports::CriContainer& item) {
    return item.state == ports::CriContainerState::Exited && item.exitCode != 0;
}

} // namespace

// Regular containers must not start before every init container has done its part; the newest one
// that has a status tells how far the pod has come.
bool ContainerManager::computeInit(const Value& pod, const RuntimePod& runtime, Actions& actions) const {
    const auto specs = pod.at("spec", "initContainers").items();
    if (specs.empty()) return true;
    bool initialized = false;
    for (const Value& spec : pod.at("spec", "containers").items()) {
        const ports::CriContainer* item = runtime.find(spec["name"].asString());
        if (item != nullptr && (item->state == ports::CriContainerState::Created ||
                                item->state == ports::CriContainerState::Running))
            initialized = true;
    }
    bool previously = initialized;
    std::vector<std::size_t> starts;
    const std::size_t last = specs.size() - 1;
    for (std::size_t i = specs.size(); i-- > 0;) {
        const Value& spec = specs[i];
        const bool sidecar = isSidecar(spec);
        const ports::CriContainer* item = runtime.find(spec["name"].asString());
        if (item == nullptr) {
            if (previously && sidecar) starts.push_back(i);
            continue;
        }
        if (previously && !sidecar) continue;
        const auto done = [&] {
            if (i == last) initialized = true;
            else if (!previously) starts.push_back(i + 1);
        };
        if (item->state == ports::CriContainerState::Created) {
            starts.push_back(i);
        } else if (item->state == ports::CriContainerState::Running && sidecar) {
            const ProbeResult startup = core_.probes->result(ProbeType::Startup, item->id);
            bool ready = true;
            if (spec["startupProbe"].isObject()) {
                ready = startup == ProbeResult::Success;
                if (startup == ProbeResult::Failure) {
                    actions.kill.push_back({item->id, item->name, "Init container " + item->name + " failed startup probe",
                                            "StartupProbe"});
                    starts.push_back(i);
                }
            }
            if (ready) {
                done();
                if (definitionChanged(spec, *item)) {
                    actions.kill.push_back({item->id, item->name, "Init container " + item->name + " definition changed", ""});
                    starts.push_back(i);
                } else if (spec["livenessProbe"].isObject() &&
                           core_.probes->result(ProbeType::Liveness, item->id) == ProbeResult::Failure) {
                    actions.kill.push_back({item->id, item->name, "Init container " + item->name + " failed liveness probe",
                                            "LivenessProbe"});
                    starts.push_back(i);
                }
            }
        } else if (item->state == ports::CriContainerState::Exited) {
            if (sidecar) {
                starts.push_back(i);
            } else if (exitedBadly(*item)) {
                if (!shouldRestart(pod, spec, item->exitCode)) {
                    actions.killPod = true;
                    return false;
                }
                starts.push_back(i);
            } else {
                done();
            }
        }
        previously = true;
    }
    if (!previously) starts.push_back(0);
    for (auto it = starts.rbegin(); it != starts.rend(); ++it) actions.init.push_back(specs[*it]);
    return initialized;
}

// False: the container has to be restarted for the new resources.
bool ContainerManager::computeResize(const Value& pod, const Value& spec, const ports::CriContainer& item,
                                     Actions& actions) const {
    const ports::CriResources wanted = containerResources(core_, pod, spec);
    const bool cpu = wanted.cpuShares != item.resources.cpuShares || wanted.cpuQuota != item.resources.cpuQuota;
    const bool memory = wanted.memoryLimit != item.resources.memoryLimit;
    if (!cpu && !memory) return true;
    for (const Value& policy : spec["resizePolicy"].items()) {
        const bool touched = policy["resourceName"].asString() == "cpu" ? cpu : memory;
        if (touched && policy["restartPolicy"].asString() == "RestartContainer") {
            actions.kill.push_back({item.id, item.name, "Container " + item.name + " resize requires restart", ""});
            actions.regular.push_back(spec);
            return false;
        }
    }
    actions.update.emplace_back(item.id, wanted);
    return true;
}

void ContainerManager::computeRegular(const Value& pod, const RuntimePod& runtime, Actions& actions) const {
    int keep = 0;
    for (const Value& spec : pod.at("spec", "containers").items()) {
        const ports::CriContainer* item = runtime.find(spec["name"].asString());
        if (item == nullptr || item->state != ports::CriContainerState::Running) {
            const bool again = item == nullptr || item->state == ports::CriContainerState::Created ||
                               shouldRestart(pod, spec, item->exitCode);
            if (again) actions.regular.push_back(spec);
            continue;
        }
        std::string message, reason;
        bool restart = pod.at("spec", "restartPolicy").asString("Always") != "Never";
        if (spec["restartPolicy"].isString()) restart = spec["restartPolicy"].asString() != "Never";
        if (definitionChanged(spec, *item)) {
            message = "Container " + item->name + " definition changed";
            restart = true;
        } else if (core_.probes->result(ProbeType::Liveness, item->id) == ProbeResult::Failure) {
            message = "Container " + item->name + " failed liveness probe";
            reason = "LivenessProbe";
        } else if (core_.probes->result(ProbeType::Startup, item->id) == ProbeResult::Failure) {
            message = "Container " + item->name + " failed startup probe";
            reason = "StartupProbe";
        } else {
            if (computeResize(pod, spec, *item, actions)) ++keep;
            continue;
        }
        if (restart) {
            message += ", will be restarted";
            actions.regular.push_back(spec);
        }
        actions.kill.push_back({item->id, item->name, message, reason});
    }
    if (keep == 0 && actions.regular.empty()) {
        actions.killPod = true;
        actions.init.clear();
    }
}

ContainerManager::Actions ContainerManager::compute(const Value& pod, const RuntimePod& runtime) const {
    Actions actions;
    actions.createSandbox = sandboxChanged(pod, runtime, &actions.attempt, &actions.sandboxId);
    actions.killPod = actions.createSandbox;
    const std::string_view policy = pod.at("spec", "restartPolicy").asString("Always");
    if (actions.createSandbox) {
        if (policy == "Never" && actions.attempt != 0 && !runtime.containers.empty()) {
            actions.createSandbox = false;
            return actions;
        }
        std::vector<Value> starts;
        for (const Value& spec : pod.at("spec", "containers").items())
            if (policy != "OnFailure" || !succeeded(runtime, spec)) starts.push_back(spec);
        if (starts.empty()) {
            for (const Value& spec : pod.at("spec", "containers").items())
                if (runtime.find(spec["name"].asString()) != nullptr) {
                    actions.createSandbox = false;
                    return actions;
                }
        }
        if (pod.at("spec", "initContainers").size() > 0) actions.init.push_back(pod.at("spec", "initContainers")[0]);
        else actions.regular = std::move(starts);
        return actions;
    }
    for (const Value& spec : pod.at("spec", "ephemeralContainers").items())
        if (runtime.find(spec["name"].asString()) == nullptr) actions.ephemeral.push_back(spec);
    const bool initialized = computeInit(pod, runtime, actions);
    if (!actions.killPod && initialized) computeRegular(pod, runtime, actions);
    return actions;
}

} // namespace kubelet
