#include "kubelet/status_builder.h"

#include "api/quantity.h"
#include "kubelet/container_manager.h"
#include "kubelet/probe_manager.h"
#include "kubelet/status_manager.h"

#include <algorithm>
#include <map>
#include <set>

namespace kubelet {
namespace {

using document::ArrayBuilder;
using document::ObjectBuilder;

std::string timeText(std::int64_t unixTime) {
    return sim::formatRfc3339(unixTime / sim::kSecond * sim::kSecond);
}

Value terminatedState(const ports::CriContainer& item) {
    ObjectBuilder state;
    state.set("containerID", "containerd://" + item.id);
    state.set("exitCode", item.exitCode);
    state.set("finishedAt", timeText(item.finishedAt));
    state.setUnlessEmpty("message", item.message);
    state.setUnlessEmpty("reason", item.reason);
    state.set("startedAt", timeText(item.startedAt));
    return Value::object({{"terminated", std::move(state).build()}});
}

// Source: convertContainerStatusResources; what a runtime reports of a running container wins.
Value resourcesOf(const Value& spec, const ports::CriContainer& item) {
    Value resources = spec["resources"].isObject() ? spec["resources"] : Value::object();
    if (item.state != ports::CriContainerState::Running) return resources;
    const auto put = [&](const char* list, const char* name, std::int64_t milli, bool memory) {
        const Value& current = resources[list][name];
        if (!current.isString()) return;
        const api::Quantity wanted = api::Quantity::of(current.asString());
        const api::Quantity actual = memory ? api::Quantity::fromValue(milli, wanted.format())
                                            : api::Quantity::fromMilli(milli, wanted.format());
        if (!(actual == wanted)) resources = resources.withPath({list, name}, actual.text());
    };
    const ports::CriResources& actual = item.resources;
    if (actual.memoryLimit > 0) put("limits", "memory", actual.memoryLimit, true);
    if (actual.cpuQuota > 0 && actual.cpuPeriod > 0)
        put("limits", "cpu", actual.cpuQuota * 1000 / actual.cpuPeriod, false);
    if (actual.cpuShares > 2) put("requests", "cpu", (actual.cpuShares * 1000 + 1023) / 1024, false);
    return resources;
}

Value convertStatus(const Value& spec, const ports::CriContainer& item, const Value& old) {
    ObjectBuilder status;
    status.set("name", item.name);
    status.set("restartCount", static_cast<std::int64_t>(item.attempt));
    status.set("image", item.image);
    status.set("imageID", item.imageRef);
    status.set("containerID", "containerd://" + item.id);
    status.set("lastState", Value::object());
    if (old["volumeMounts"].isArray()) status.set("volumeMounts", old["volumeMounts"]);
    switch (item.state) {
    case ports::CriContainerState::Running:
        status.set("state", Value::object({{"running", Value::object({{"startedAt", timeText(item.startedAt)}})}}));
        if (old["started"].isBool()) status.set("started", old["started"]);
        break;
    case ports::CriContainerState::Exited: status.set("state", terminatedState(item)); break;
    default: status.set("state", Value::object({{"waiting", Value::object()}})); break;
    }
    status.set("resources", resourcesOf(spec, item));
    if (spec.at("resources", "requests").size() > 0)
        status.set("allocatedResources", spec.at("resources", "requests"));
    return std::move(status).build();
}

Value volumeMountStatuses(const Value& spec) {
    ArrayBuilder mounts;
    for (const Value& mount : spec["volumeMounts"].items()) {
        ObjectBuilder item;
        item.set("name", mount["name"]);
        item.set("mountPath", mount["mountPath"]);
        if (mount["readOnly"].asBool()) {
            item.set("readOnly", true);
            item.set("recursiveReadOnly", "Disabled");
        }
        mounts.push(std::move(item).build());
    }
    return std::move(mounts).build();
}

Value defaultStatus(const Value& spec, bool hasInit, const Value& old) {
    ObjectBuilder status;
    const char* reason = hasInit ? "PodInitializing" : "ContainerCreating";
    status.set("name", spec["name"]);
    status.set("image", spec["image"]);
    status.set("imageID", "");
    status.set("restartCount", old["restartCount"].asInt());
    status.set("lastState", old["lastState"].isObject() ? old["lastState"] : Value::object());
    status.set("state", Value::object({{"waiting", Value::object({{"reason", reason}})}}));
    if (spec["volumeMounts"].size() > 0) status.set("volumeMounts", volumeMountStatuses(spec));
    return std::move(status).build();
}

Value lostTermination(const char* message) {
    return Value::object({{"terminated", Value::object({{"reason", "ContainerStatusUnknown"},
                                                        {"message", message},
                                                        {"exitCode", 137},
                                                        {"startedAt", Value()},
                                                        {"finishedAt", Value()}})}});
}

// The container ran and the runtime does not know it any more.
Value inferLost(const Value& pod, Value status, const Value& old, bool hasInit) {
    if (!old["state"]["running"].isObject()) return status;
    const std::string_view reason = status["state"]["waiting"]["reason"].asString();
    if (reason != (hasInit ? "PodInitializing" : "ContainerCreating")) return status;
    if (status["lastState"]["terminated"].isObject()) return status;
    status = status.with("lastState", lostTermination("The container could not be located when the pod was "
                                                      "deleted.  The container used to be Running"));
    if (!api::isDeleting(pod)) status = status.with("restartCount", status["restartCount"].asInt() + 1);
    return status;
}

// Restarted by the next sync: shown as waiting with the reason of the last attempt.
Value applyWaiting(Core& core, const Value& pod, const Value& spec, const RuntimePod& runtime, Value status,
                   bool isInit) {
    const ports::CriContainer* latest = runtime.find(spec["name"].asString());
    const bool exited = latest != nullptr && latest->state == ports::CriContainerState::Exited;
    if (isInit && !isSidecar(spec) && exited && latest->exitCode == 0) return status;
    if (api::isDeleting(pod) && !isStaticPod(pod)) return status;
    if (latest != nullptr && latest->state == ports::CriContainerState::Running) return status;
    if (exited && !shouldRestart(pod, spec, latest->exitCode)) return status;
    const StartFailure* failure = core.containers->startFailure(api::uidOf(pod), spec["name"].asString());
    if (failure == nullptr) return status;
    if (status["state"]["terminated"].isObject()) status = status.with("lastState", status["state"]);
    ObjectBuilder waiting;
    waiting.set("reason", failure->reason);
    waiting.setUnlessEmpty("message", failure->message);
    return status.with("state", Value::object({{"waiting", std::move(waiting).build()}}));
}

} // namespace

const Value& statusByName(const Value& statuses, std::string_view name) {
    for (const Value& item : statuses.items())
        if (item["name"].asString() == name) return item;
    static const Value nothing;
    return nothing;
}

bool ownedCondition(std::string_view type) {
    return type == "PodScheduled" || type == "Ready" || type == "Initialized" ||
           type == "ContainersReady" || type == "PodReadyToStartContainers" ||
           type == "PodResizePending" || type == "PodResizeInProgress" ||
           type == "AllContainersRestarting";
}

Value buildContainerStatuses(Core& core, const Value& pod, const RuntimePod& runtime, const Value& old,
                             const char* list) {
    const bool isInit = std::string_view(list) == "initContainers";
    const bool hasInit = pod.at("spec", "initContainers").size() > 0;
    std::vector<Value> statuses;
    for (const Value& spec : pod.at("spec", list).items()) {
        const std::string_view name = spec["name"].asString();
        const Value& before = statusByName(old, name);
        Value status = before["state"]["terminated"].isObject() ? before : defaultStatus(spec, hasInit, before);
        int seen = 0;
        for (const ports::CriContainer& item : runtime.containers) {
            if (item.name != name || seen >= 2) continue;
            const Value made = convertStatus(spec, item, before.isObject() ? before : status);
            status = seen == 0 ? made : status.with("lastState", made["state"]);
            ++seen;
        }
        if (seen == 0 && before.isObject()) status = inferLost(pod, status, before, hasInit);
        if (std::string_view(list) != "ephemeralContainers")
            status = applyWaiting(core, pod, spec, runtime, status, isInit);
        statuses.push_back(status);
    }
    // Init containers keep the order of the spec; the others are sorted by name.
    if (!isInit)
        std::stable_sort(statuses.begin(), statuses.end(), [](const Value& a, const Value& b) {
            return a["name"].asString() < b["name"].asString();
        });
    return Value::array(std::move(statuses));
}

// Source: getPhase.
std::string podPhase(const Value& pod, const Value& status, bool terminal, bool initialized) {
    int pendingInit = 0, pendingSidecars = 0, failedForGood = 0;
    int unknown = 0, running = 0, waiting = 0, stopped = 0, stoppedForGood = 0, succeeded = 0;
    for (const Value& spec : pod.at("spec", "initContainers").items()) {
        const Value& item = statusByName(status["initContainerStatuses"], spec["name"].asString());
        const Value& state = item["state"];
        const Value& last = item["lastState"]["terminated"];
        if (isSidecar(spec)) {
            if (state["running"].isObject()) {
                if (!item["started"].asBool()) ++pendingSidecars;
                ++running;
            } else if (state["waiting"].isObject()) {
                if (!last.isObject()) {
                    ++pendingSidecars;
                    ++waiting;
                }
            } else if (!state["terminated"].isObject()) {
                ++unknown;
            }
            continue;
        }
        const Value& ended = state["terminated"].isObject() ? state["terminated"] : last;
        if (state["running"].isObject() || !ended.isObject()) {
            ++pendingInit;
        } else if (ended["exitCode"].asInt() != 0) {
            if (!shouldRestart(pod, spec, static_cast<int>(ended["exitCode"].asInt()))) ++failedForGood;
        }
    }
    for (const Value& spec : pod.at("spec", "containers").items()) {
        const Value& item = statusByName(status["containerStatuses"], spec["name"].asString());
        const Value& state = item["state"];
        if (state["running"].isObject()) {
            ++running;
        } else if (state["terminated"].isObject() ||
                   (state["waiting"].isObject() && item["lastState"]["terminated"].isObject())) {
            const bool now = state["terminated"].isObject();
            const int code = static_cast<int>(
                (now ? state["terminated"] : item["lastState"]["terminated"])["exitCode"].asInt());
            ++stopped;
            if (!shouldRestart(pod, spec, code)) ++stoppedForGood;
            if (now && code == 0) ++succeeded;
        } else if (state["waiting"].isObject()) {
            ++waiting;
        } else {
            ++unknown;
        }
    }
    if (failedForGood > 0) return "Failed";
    if (pendingInit > 0 || (pendingSidecars > 0 && !initialized) || waiting > 0) return "Pending";
    if (running > 0 && unknown == 0) return "Running";
    if (running == 0 && stopped > 0 && unknown == 0) {
        if (terminal && !isStaticPod(pod)) return stopped == succeeded ? "Succeeded" : "Failed";
        if (stopped != stoppedForGood) return "Running";
        return stopped == succeeded ? "Succeeded" : "Failed";
    }
    return "Pending";
}

// Source: component-helpers pod/qos.
std::string qosClass(const Value& pod) {
    const std::string_view known = pod.at("status", "qosClass").asString();
    if (!known.empty()) return std::string(known);
    bool any = false, guaranteed = true;
    std::map<std::string, api::Quantity, std::less<>> requests, limits;
    const auto visit = [&](const Value& container) {
        std::set<std::string, std::less<>> limited;
        for (const char* name : {"cpu", "memory"}) {
            const Value& request = container.at("resources", "requests", name);
            const Value& limit = container.at("resources", "limits", name);
            if (request.isString() && !api::Quantity::of(request.asString()).isZero()) {
                any = true;
                requests[name] = requests[name] + api::Quantity::of(request.asString());
            }
            if (limit.isString() && !api::Quantity::of(limit.asString()).isZero()) {
                any = true;
                limited.insert(name);
                limits[name] = limits[name] + api::Quantity::of(limit.asString());
            }
        }
        if (limited.size() != 2) guaranteed = false;
    };
    for (const Value& item : pod.at("spec", "initContainers").items()) visit(item);
    for (const Value& item : pod.at("spec", "containers").items()) visit(item);
    if (!any) return "BestEffort";
    for (const auto& [name, request] : requests)
        if (limits.count(name) == 0 || !(limits[name] == request)) guaranteed = false;
    if (limits.size() != requests.size()) guaranteed = false;
    return guaranteed ? "Guaranteed" : "Burstable";
}

Value buildPodStatus(Core& core, const Value& pod, const RuntimePod& runtime, const Value& old,
                     bool terminal) {
    ObjectBuilder building;
    std::vector<std::string> ips = runtime.ips;
    building.set("qosClass", qosClass(pod));
    building.set("observedGeneration", api::generationOf(pod));
    for (const auto& [list, field] : {std::pair<const char*, const char*>{"containers", "containerStatuses"},
                                      {"initContainers", "initContainerStatuses"},
                                      {"ephemeralContainers", "ephemeralContainerStatuses"}}) {
        const Value made = buildContainerStatuses(core, pod, runtime, old[field], list);
        if (made.size() > 0) building.set(field, made);
    }
    Value status = std::move(building).build();
    bool initialized = false;
    for (const ports::CriContainer& item : runtime.containers) {
        ContainerType type = ContainerType::Init;
        if (!containerSpec(pod, item.name, &type).isObject() || type != ContainerType::Regular) continue;
        const bool current = !runtime.sandboxes.empty() && item.sandboxId == runtime.sandboxes.front().id;
        if (current && item.state != ports::CriContainerState::Created) initialized = true;
    }
    std::string phase = podPhase(pod, status, terminal, initialized);
    if (!isTerminalPhase(phase)) {
        if (isTerminalPhase(old["phase"].asString())) phase = old["phase"].text();
        else if (isTerminalPhase(pod.at("status", "phase").asString())) phase = pod.at("status", "phase").text();
    }
    if (phase == old["phase"].asString()) {
        for (const char* key : {"reason", "message"}) {
            const Value& kept = !old[key].isEmpty() ? old[key] : pod["status"][key];
            if (!kept.isEmpty()) status = status.with(key, kept);
        }
    }
    // A pod that runs past its deadline is failed by the agent itself.
    const Value& deadline = pod.at("spec", "activeDeadlineSeconds");
    const std::int64_t started = api::timeOf(!old["startTime"].isNull() ? old["startTime"]
                                                                       : pod.at("status", "startTime"));
    if (deadline.isInt() && started != 0 &&
        core.unixNow() - started >= deadline.asInt() * sim::kSecond) {
        constexpr const char* kReason = "DeadlineExceeded";
        constexpr const char* kMessage = "Pod was active on the node longer than the specified deadline";
        // Said whenever the status is made anew.
        if (core.recorder) core.recorder->normal(pod, kReason, kMessage);
        if (!isTerminalPhase(phase)) {
            phase = "Failed";
            status = status.with("reason", kReason).with("message", kMessage);
        }
    }
    const std::string_view apiPhase = pod.at("status", "phase").asString();
    if (isTerminalPhase(apiPhase)) phase = std::string(apiPhase);
    status = status.with("phase", phase);
    status = core.probes->updateStatus(pod, status);

    ArrayBuilder foreign;
    for (const Value& condition : pod.at("status", "conditions").items())
        if (!ownedCondition(condition["type"].asString())) foreign.push(condition);
    for (const Value& condition : old["conditions"].items()) {
        const std::string_view type = condition["type"].asString();
        const bool resize = type == "PodResizePending" || type == "PodResizeInProgress";
        const bool disruption = type == "DisruptionTarget" &&
                                !api::conditionIn(pod.at("status", "conditions"), type).isObject();
        if ((resize && !terminal) || disruption) foreign.push(condition);
    }
    status = status.with("conditions", std::move(foreign).build());
    const auto generation = api::generationOf(pod);
    const auto condition = [&](const char* type, bool on) {
        return Value::object({{"type", type}, {"status", on ? "True" : "False"}, {"observedGeneration", generation}});
    };
    const bool ready = !sandboxChanged(pod, runtime, nullptr, nullptr);
    const Value made[] = {condition("PodReadyToStartContainers", ready), initializedCondition(pod, status),
                          readyCondition(pod, status), containersReadyCondition(pod, status),
                          condition("PodScheduled", true)};
    ArrayBuilder conditions(status["conditions"]);
    for (const Value& item : made) conditions.push(item);
    status = status.with("conditions", std::move(conditions).build());

    if (core.client != nullptr && !core.nodeIP.empty()) {
        status = status.with("hostIP", core.nodeIP)
                     .with("hostIPs", Value::array({Value::object({{"ip", core.nodeIP}})}));
        if (isHostNetwork(pod) && ips.empty()) ips.push_back(core.nodeIP);
    }
    if (!ips.empty()) {
        ArrayBuilder list;
        for (const std::string& ip : ips) list.push(Value::object({{"ip", ip}}));
        status = status.with("podIP", ips.front()).with("podIPs", std::move(list).build());
    }
    return status;
}

} // namespace kubelet
