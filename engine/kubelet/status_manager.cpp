#include "kubelet/status_manager.h"

#include "api/status.h"
#include "client/resources.h"
#include "document/patch.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/status_builder.h"

#include <algorithm>

namespace kubelet {
namespace {

constexpr sim::Duration kSyncPeriod = 10 * sim::kSecond;

Value withTransitionTimes(Core& core, const Value& status, const Value& old) {
    document::ArrayBuilder conditions;
    for (const Value& item : status["conditions"].items()) {
        const std::string_view type = item["type"].asString();
        if (!ownedCondition(type) && type != "DisruptionTarget") {
            conditions.push(item);
            continue;
        }
        const Value& before = api::conditionIn(old["conditions"], type);
        const bool same = before.isObject() && before["status"] == item["status"];
        Value stamped = item.with("lastTransitionTime", same && before["lastTransitionTime"].isString()
                                                            ? before["lastTransitionTime"]
                                                            : Value(core.nowText()));
        // Only conditions of a resize say when they were looked at.
        const bool resize = type == "PodResizePending" || type == "PodResizeInProgress";
        if (!resize || !stamped["lastProbeTime"].isString()) stamped = stamped.with("lastProbeTime", Value());
        conditions.push(stamped);
    }
    return status.with("conditions", std::move(conditions).build());
}

Value endedUnknown() {
    return Value::object(
        {{"terminated", Value::object({{"exitCode", 137},
                                       {"finishedAt", Value()},
                                       {"message", "The container could not be located when the pod was terminated"},
                                       {"reason", "ContainerStatusUnknown"},
                                       {"startedAt", Value()}})}});
}

// Source: hasPodInitialized.
bool hasInitialized(const Value& pod, const Value& status) {
    const Value& specs = pod.at("spec", "initContainers");
    if (specs.size() == 0) return true;
    for (const Value& item : status["containerStatuses"].items())
        if (item["lastState"]["terminated"].isObject() || !item["state"]["waiting"].isObject()) return true;
    const Value& statuses = status["initContainerStatuses"];
    if (statuses.size() == 0) return false;
    const Value& last = statuses[statuses.size() - 1];
    if (isSidecar(specs[specs.size() - 1])) return last["state"]["running"].isObject() && last["started"].asBool();
    for (const char* key : {"lastState", "state"}) {
        const Value& ended = last[key]["terminated"];
        if (ended.isObject() && ended["exitCode"].asInt() == 0) return true;
    }
    return false;
}

} // namespace

void StatusManager::start() {
    if (core_.client == nullptr) return;
    core_.scope.spawn(loop(*this), "status-manager");
}

const Value& StatusManager::get(std::string_view uid) const {
    static const Value nothing;
    const auto found = entries_.find(uid);
    return found == entries_.end() ? nothing : found->second.status;
}

void StatusManager::update(const Value& pod, Value status, bool force, bool finished) {
    const std::string uid = api::uidOf(pod);
    const auto cached = entries_.find(uid);
    const Value& mirror = core_.pods->mirrorOf(pod);
    const Value old = cached != entries_.end() ? cached->second.status
                      : isStaticPod(pod) && mirror.isObject() ? mirror["status"]
                                                              : pod["status"];
    status = withTransitionTimes(core_, status, old);
    if (old["startTime"].isString()) status = status.with("startTime", old["startTime"]);
    else if (!status["startTime"].isString()) status = status.with("startTime", core_.nowText());
    if (old["observedGeneration"].asInt() > status["observedGeneration"].asInt())
        status = status.with("observedGeneration", old["observedGeneration"]);
    if (status["observedGeneration"].asInt() == 0) status = status.without("observedGeneration");
    if (cached != entries_.end() && cached->second.status == status && !force) return;
    Entry& entry = entries_[uid];
    entry.status = std::move(status);
    ++entry.version;
    entry.finished = entry.finished || finished;
    entry.ns = api::namespaceOf(pod);
    entry.name = api::nameOf(pod);
    dirty_.insert(uid);
    signal_.notify();
}

Value StatusManager::changedContainer(const Value& status, std::string_view containerId, const char* key,
                                      bool value, bool& changed) const {
    Value out = status;
    for (const char* field : {"containerStatuses", "initContainerStatuses"}) {
        const Value& list = status[field];
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (list[i]["containerID"].asString() != "containerd://" + std::string(containerId)) continue;
            if (list[i][key].isBool() && list[i][key].asBool() == value) return out;
            changed = true;
            return out.with(field, list.withItem(i, list[i].with(key, value)));
        }
    }
    return out;
}

void StatusManager::setReadiness(const Value& pod, std::string_view containerId, bool ready) {
    const auto found = entries_.find(api::uidOf(pod));
    if (found == entries_.end()) return;
    bool changed = false;
    Value status = changedContainer(found->second.status, containerId, "ready", ready, changed);
    if (!changed) return;
    Value conditions = status["conditions"];
    conditions = api::withCondition(conditions, readyCondition(pod, status));
    conditions = api::withCondition(conditions, containersReadyCondition(pod, status));
    update(pod, status.with("conditions", conditions), false, false);
}

void StatusManager::setStarted(const Value& pod, std::string_view containerId, bool started) {
    const auto found = entries_.find(api::uidOf(pod));
    if (found == entries_.end()) return;
    bool changed = false;
    const Value status = changedContainer(found->second.status, containerId, "started", started, changed);
    if (changed) update(pod, status, false, false);
}

bool StatusManager::setCondition(const Value& pod, std::string_view type, Value condition) {
    const auto found = entries_.find(api::uidOf(pod));
    const Value old = found != entries_.end() ? found->second.status : pod["status"];
    const Value& before = api::conditionIn(old["conditions"], type);
    if (condition.isNull() && !before.isObject()) return false;
    if (before.isObject() && before["status"] == condition["status"] && before["reason"] == condition["reason"] &&
        before["message"] == condition["message"])
        return false;
    const Value conditions = condition.isNull() ? api::withoutCondition(old["conditions"], type)
                                                : api::withCondition(old["conditions"], condition);
    update(pod, old.with("conditions", conditions), false, false);
    return true;
}

void StatusManager::terminate(const Value& pod) {
    const Value& known = get(api::uidOf(pod));
    Value status = known.isObject() ? known : pod["status"];
    // Once a pod has been initialized, a container without an end counts as failed.
    const bool initialized = hasInitialized(pod, status);
    const auto end = [&](const char* field, std::size_t count) {
        Value list = status[field];
        for (std::size_t i = 0; i < count; ++i)
            if (!list[i]["state"]["terminated"].isObject())
                list = list.withItem(i, list[i].with("state", endedUnknown()));
        if (list.isArray()) status = status.with(field, list);
    };
    if (initialized) end("containerStatuses", status["containerStatuses"].size());
    // All but the last init containers that never ran.
    std::size_t ran = status["initContainerStatuses"].size();
    while (ran > 0) {
        const Value& item = status["initContainerStatuses"][ran - 1];
        if (item["state"]["terminated"].isObject() || item["state"]["running"].isObject() ||
            item["lastState"]["terminated"].isObject())
            break;
        --ran;
    }
    end("initContainerStatuses", ran);
    if (!isStaticPod(pod) && !isTerminalPhase(status["phase"].asString())) status = status.with("phase", "Failed");
    update(pod, status, true, true);
}

void StatusManager::reconcile(const Value& pod) {
    const std::string uid = agentUid(pod);
    const auto found = entries_.find(uid);
    if (found == entries_.end()) return;
    const Value& mine = found->second.status;
    const Value& theirs = pod["status"];
    for (const char* key : {"phase", "podIP", "hostIP", "containerStatuses"})
        if (!(mine[key] == theirs[key])) {
            dirty_.insert(uid);
            signal_.notify();
            return;
        }
}

void StatusManager::forget(std::string_view uid) {
    const auto found = entries_.find(uid);
    if (found != entries_.end()) entries_.erase(found);
    dirty_.erase(std::string(uid));
}

// One writer, in the order of the map; what fails is tried again at the next period.
sim::Task<void> StatusManager::loop(StatusManager& self) {
    while (true) {
        while (self.dirty_.empty()) co_await self.signal_.wait();
        std::set<std::string> batch;
        batch.swap(self.dirty_);
        std::set<std::string> failed;
        for (const std::string& uid : batch) {
            const bool done = co_await self.sync(uid);
            if (!done) failed.insert(uid);
        }
        if (failed.empty()) continue;
        co_await self.signal_.waitUntil(self.core_.now() + kSyncPeriod);
        self.dirty_.insert(failed.begin(), failed.end());
    }
}

Value StatusManager::merged(const Value& pod, const Value& status) const {
    const Value& old = pod["status"];
    const bool running = core_.workers->couldHaveRunningContainers(agentUid(pod));
    const bool ending = !isTerminalPhase(old["phase"].asString()) && isTerminalPhase(status["phase"].asString());
    document::ArrayBuilder conditions;
    for (const Value& item : old["conditions"].items())
        if (!ownedCondition(item["type"].asString()) && item["type"].asString() != "DisruptionTarget")
            conditions.push(item);
    for (const Value& item : status["conditions"].items()) {
        if (ownedCondition(item["type"].asString())) conditions.push(item);
    }
    const Value& theirs = api::conditionIn(old["conditions"], "DisruptionTarget");
    const Value& mine = api::conditionIn(status["conditions"], "DisruptionTarget");
    if (mine.isObject() && ending && !running) conditions.push(mine.with("lastTransitionTime", core_.nowText()));
    else if (theirs.isObject()) conditions.push(theirs);
    Value out = status.with("conditions", std::move(conditions).build());
    if (ending && running) {
        out = out.with("phase", old["phase"]).without("reason").without("message");
        if (!old["reason"].isEmpty()) out = out.with("reason", old["reason"]);
        if (!old["message"].isEmpty()) out = out.with("message", old["message"]);
    }
    if (isTerminalPhase(out["phase"].asString())) {
        for (const char* type : {"ContainersReady", "Ready"}) {
            const Value& item = api::conditionIn(out["conditions"], type);
            if (item["status"].asString() != "True") continue;
            const Value made = type == std::string_view("Ready") ? readyCondition(pod, out)
                                                                 : containersReadyCondition(pod, out);
            out = out.with("conditions",
                           api::withCondition(out["conditions"], made.with("lastTransitionTime", core_.nowText())
                                                                     .with("lastProbeTime", Value())));
        }
    }
    // Parts of the status that others own.
    for (const char* key : {"nominatedNodeName", "resourceClaimStatuses", "extendedResourceClaimStatus"})
        if (!old[key].isNull()) out = out.with(key, old[key]);
    return out;
}

sim::Task<bool> StatusManager::sync(std::string uid) {
    auto found = entries_.find(uid);
    if (found == entries_.end()) co_return true;
    const std::string ns = found->second.ns, name = found->second.name;
    auto pod = co_await core_.client->get(client::podsResource(), ns, name);
    if (!pod.ok()) {
        if (api::isNotFound(pod.error())) co_return true;
        core_.log.error("status_manager.go:1018", "Failed to get status for pod",
                        {{"err", pod.error().message}, {"podUID", uid}, {"pod", ns + "/" + name}});
        co_return false;
    }
    found = entries_.find(uid);
    if (found == entries_.end()) co_return true;
    if (agentUid(*pod) != uid) {
        forget(uid); // deleted and made again
        co_return true;
    }
    const std::uint64_t version = found->second.version;
    const bool finished = found->second.finished;
    const Value wanted = merged(*pod, found->second.status);
    if (!(wanted == (*pod)["status"])) {
        const Value change = document::makeMergePatch((*pod)["status"], wanted);
        const Value patch = Value::object(
            {{"metadata", Value::object({{"uid", (*pod)["metadata"]["uid"]}})}, {"status", change}});
        auto written = co_await core_.client->patch(client::podsResource(), ns, name,
                                                    "application/merge-patch+json", patch, "status");
        if (!written.ok()) {
            if (api::isNotFound(written.error())) co_return true;
            core_.log.error("status_manager.go:1041", "Failed to update status for pod",
                            {{"pod", ns + "/" + name}, {"err", written.error().message}});
            co_return false;
        }
        pod = std::move(written);
    }
    found = entries_.find(uid);
    if (found == entries_.end()) co_return true;
    found->second.written = version;
    // A deleted pod leaves the API when nothing of it is left here.
    if (!api::isDeleting(*pod) || isMirrorPod(*pod) || !finished) co_return true;
    client::DeleteOptions options;
    options.gracePeriodSeconds = 0;
    options.uid = api::uidOf(*pod);
    auto removed = co_await core_.client->remove(client::podsResource(), ns, name, options);
    if (!removed.ok() && !api::isNotFound(removed.error()) && !api::isConflict(removed.error())) co_return false;
    forget(uid);
    co_return true;
}

} // namespace kubelet
