#include "kubelet/probe_manager.h"

#include "client/event_recorder.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/prober.h"
#include "kubelet/status_builder.h"
#include "kubelet/status_manager.h"

#include <set>

namespace kubelet {
namespace {

constexpr int kMaxRetries = 3;

const char* typeName(ProbeType type) {
    return type == ProbeType::Liveness ? "Liveness" : type == ProbeType::Readiness ? "Readiness" : "Startup";
}

std::string containerIdOf(const Value& item) {
    const std::string id = item["containerID"].text();
    const std::size_t at = id.find("://");
    return at == std::string::npos ? id : id.substr(at + 3);
}

} // namespace

void ProbeManager::addContainer(const Value& pod, const Value& container) {
    const std::string uid = api::uidOf(pod);
    for (const auto& [type, field] : {std::pair<ProbeType, const char*>{ProbeType::Startup, "startupProbe"},
                                      {ProbeType::Readiness, "readinessProbe"},
                                      {ProbeType::Liveness, "livenessProbe"}}) {
        if (!container[field].isObject()) continue;
        const Key key{uid, container["name"].text(), type};
        auto& slot = workers_[key];
        if (slot && !slot->done) continue;
        if (slot && slot->done && type != ProbeType::Readiness && api::isDeleting(pod)) continue;
        slot = std::make_shared<Worker>(core_.kernel());
        slot->type = type;
        slot->uid = uid;
        slot->container = container["name"].text();
        slot->pod = pod;
        slot->containerSpec = container;
        slot->spec = container[field];
        slot->scope.spawn(work(*this, slot), "probe");
    }
}

void ProbeManager::addPod(const Value& pod) {
    for (const Value& container : pod.at("spec", "initContainers").items())
        if (isSidecar(container)) addContainer(pod, container);
    for (const Value& container : pod.at("spec", "containers").items()) addContainer(pod, container);
}

void ProbeManager::updatePod(const Value& pod) {
    const std::string uid = api::uidOf(pod);
    for (auto it = workers_.lower_bound(Key{uid, "", ProbeType::Liveness});
         it != workers_.end() && std::get<0>(it->first) == uid; ++it)
        it->second->pod = pod;
}

void ProbeManager::removePod(std::string_view uid) {
    const std::string key(uid);
    for (auto it = workers_.lower_bound(Key{key, "", ProbeType::Liveness});
         it != workers_.end() && std::get<0>(it->first) == key;) {
        results_.erase({it->second->type, it->second->containerId});
        it->second->done = true;
        it->second->scope.cancel();
        it = workers_.erase(it);
    }
}

void ProbeManager::stopLivenessAndStartup(std::string_view uid) {
    const std::string key(uid);
    for (auto it = workers_.lower_bound(Key{key, "", ProbeType::Liveness});
         it != workers_.end() && std::get<0>(it->first) == key; ++it) {
        if (it->second->type == ProbeType::Readiness) continue;
        it->second->done = true;
        it->second->scope.cancel();
    }
}

bool ProbeManager::hasResult(ProbeType type, std::string_view containerId) const {
    return results_.count({type, std::string(containerId)}) != 0;
}

ProbeResult ProbeManager::result(ProbeType type, std::string_view containerId) const {
    const auto found = results_.find({type, std::string(containerId)});
    return found == results_.end() ? ProbeResult::Unknown : found->second;
}

std::string ProbeManager::metrics() const {
    std::set<std::string> lines;
    for (const auto& [key, worker] : workers_) {
        if (worker->done) continue;
        const std::string labels = "prober_probe_total{container=\"" + worker->container + "\",namespace=\"" +
                                   api::namespaceOf(worker->pod) + "\",pod=\"" + api::nameOf(worker->pod) +
                                   "\",pod_uid=\"" + worker->uid + "\",probe_type=\"" + typeName(worker->type) +
                                   "\",result=\"";
        if (worker->successes != 0) lines.insert(labels + "successful\"} " + std::to_string(worker->successes) + "\n");
        if (worker->failures != 0) lines.insert(labels + "failed\"} " + std::to_string(worker->failures) + "\n");
    }
    std::string out;
    for (const std::string& line : lines) out += line;
    return out;
}

bool ProbeManager::isStarted(const Value& pod, const Value& item) const {
    if (!item["state"]["running"].isObject()) return false;
    const std::string id = containerIdOf(item);
    if (hasResult(ProbeType::Startup, id)) return result(ProbeType::Startup, id) == ProbeResult::Success;
    const auto worker = workers_.find(Key{api::uidOf(pod), item["name"].text(), ProbeType::Startup});
    return worker == workers_.end();
}

Value ProbeManager::withReadiness(const Value& pod, const Value& item) {
    const bool started = isStarted(pod, item);
    Value out = item.with("started", started);
    bool ready = false;
    if (started && item["state"]["running"].isObject()) {
        const std::string id = containerIdOf(item);
        if (result(ProbeType::Readiness, id) == ProbeResult::Success) {
            ready = true;
        } else {
            const auto worker = workers_.find(Key{api::uidOf(pod), item["name"].text(), ProbeType::Readiness});
            ready = worker == workers_.end();
            if (!ready) worker->second->trigger.notify();
            // A container that was ready before this agent started stays ready until its probe says
            // otherwise.
            const Value& before = statusByName(pod.at("status", "containerStatuses"), item["name"].asString());
            if (!ready && !hasResult(ProbeType::Readiness, id) && before["ready"].asBool() &&
                before["containerID"] == item["containerID"])
                ready = true;
        }
    }
    return out.with("ready", ready);
}

Value ProbeManager::updateStatus(const Value& pod, const Value& status) {
    Value out = status;
    for (const char* field : {"containerStatuses", "ephemeralContainerStatuses"}) {
        Value list = status[field];
        for (std::size_t i = 0; i < list.size(); ++i) {
            if (field[0] == 'e') list = list.withItem(i, list[i].with("ready", false));
            else list = list.withItem(i, withReadiness(pod, list[i]));
        }
        if (list.isArray()) out = out.with(field, list);
    }
    Value list = status["initContainerStatuses"];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Value& spec = containerSpec(pod, list[i]["name"].asString());
        if (isSidecar(spec)) {
            list = list.withItem(i, withReadiness(pod, list[i]));
            continue;
        }
        const Value& ended = list[i]["state"]["terminated"];
        const bool ready = ended.isObject() && ended["exitCode"].asInt() == 0;
        list = list.withItem(i, list[i].with("started", isStarted(pod, list[i])).with("ready", ready));
    }
    if (list.isArray()) out = out.with("initContainerStatuses", list);
    return out;
}

// Source: results.Manager.Set and what the sync loop does with its updates.
void ProbeManager::setResult(Worker& worker, ProbeResult result) {
    const std::pair<ProbeType, std::string> key{worker.type, worker.containerId};
    const auto found = results_.find(key);
    if (found != results_.end() && found->second == result) return;
    results_[key] = result;
    const Value& pod = core_.pods->byUid(worker.uid);
    if (!pod.isObject()) return;
    if (worker.type == ProbeType::Readiness)
        core_.status->setReadiness(pod, worker.containerId, result == ProbeResult::Success);
    if (worker.type == ProbeType::Startup)
        core_.status->setStarted(pod, worker.containerId, result == ProbeResult::Success);
    if (worker.type != ProbeType::Liveness || result == ProbeResult::Failure) core_.workers->wake(worker.uid);
}

sim::Task<void> ProbeManager::work(ProbeManager& self, std::shared_ptr<Worker> worker) {
    const sim::Duration period = worker->spec["periodSeconds"].asInt(10) * sim::kSecond;
    // After a restart of the agent the probes do not all begin at once.
    if (self.core_.now() - self.core_.startedAt < period)
        co_await sim::sleepFor(self.core_.kernel(),
                               period / 1000 * static_cast<sim::Duration>(
                                                   self.core_.kernel().random("kubelet/probe").below(1000)));
    sim::Time next = self.core_.now();
    while (true) {
        const bool goOn = co_await self.probeOnce(worker);
        if (!goOn) break;
        next += period;
        if (next <= self.core_.now()) next = self.core_.now() + period;
        const bool triggered = co_await worker->trigger.waitUntil(next);
        if (triggered) next -= period; // the ticker goes on as it was
    }
    worker->done = true;
}

sim::Task<ProbeResult> ProbeManager::execute(std::shared_ptr<Worker> worker, Value status, bool& errored) {
    const sim::Duration timeout = worker->spec["timeoutSeconds"].asInt(1) * sim::kSecond;
    // Commands run in the name of the pod's syncs: they are called off with them when the pod is to end.
    // Source: prober_manager.go AddPod, pod_workers.go startPodSync.
    const bool calledOff = worker->spec["exec"].isObject() && core_.workers->terminationRequested(worker->uid);
    ProbeOutcome outcome{ProbeOutcome::Kind::Error, "rpc error: code = Canceled desc = context canceled"};
    for (int attempt = 0; attempt < kMaxRetries && !calledOff; ++attempt) {
        outcome = co_await runProbe(core_, worker->pod, status, worker->containerSpec, worker->spec,
                                    worker->containerId, timeout);
        if (outcome.kind != ProbeOutcome::Kind::Error) break;
    }
    const Value reference = client::objectReference(worker->pod, containerFieldPath(worker->pod, worker->container));
    errored = outcome.kind == ProbeOutcome::Kind::Error;
    if (errored) {
        core_.log.error("prober.go:104", std::string("Probe errored"),
                        {{"err", outcome.text}, {"probeType", typeName(worker->type)},
                         {"pod", api::keyOf(worker->pod)}, {"podUID", worker->uid}, {"containerName", worker->container}});
        core_.recorder->record(reference, "Warning", "Unhealthy",
                               std::string(typeName(worker->type)) +
                                   " probe errored and resulted in unknown state: " + outcome.text);
        co_return ProbeResult::Failure;
    }
    if (outcome.kind == ProbeOutcome::Kind::Success) co_return ProbeResult::Success;
    core_.log.info("prober.go:120", "Probe failed",
                   {{"probeType", typeName(worker->type)}, {"pod", api::keyOf(worker->pod)},
                    {"podUID", worker->uid}, {"containerName", worker->container},
                    {"probeResult", "failure"}, {"output", outcome.text}});
    core_.recorder->record(reference, "Warning", "Unhealthy",
                           std::string(typeName(worker->type)) + " probe failed: " + outcome.text);
    co_return ProbeResult::Failure;
}

sim::Task<bool> ProbeManager::probeOnce(std::shared_ptr<Worker> worker) {
    const Value status = core_.status->get(worker->uid);
    if (!status.isObject()) co_return true;
    if (isTerminalPhase(status["phase"].asString())) co_return false;
    const Value* item = &statusByName(status["containerStatuses"], worker->container);
    if (!item->isObject() || containerIdOf(*item).empty())
        item = &statusByName(status["initContainerStatuses"], worker->container);
    if (!item->isObject() || containerIdOf(*item).empty()) co_return true;
    const std::string id = containerIdOf(*item);
    if (worker->containerId != id) {
        results_.erase({worker->type, worker->containerId});
        worker->containerId = id;
        // A container that ran before this agent keeps what it had.
        const std::int64_t started = api::timeOf((*item)["state"]["running"]["startedAt"]);
        const bool before = started != 0 &&
                            started < core_.unixNow() - (core_.now() - core_.startedAt) - 10 * sim::kSecond;
        const bool sidecarStarted = worker->type == ProbeType::Startup && (*item)["started"].asBool() &&
                                    isSidecar(worker->containerSpec);
        if (sidecarStarted) setResult(*worker, ProbeResult::Success);
        else if (!before)
            setResult(*worker, worker->type == ProbeType::Liveness    ? ProbeResult::Success
                               : worker->type == ProbeType::Readiness ? ProbeResult::Failure
                                                                      : ProbeResult::Unknown);
        worker->onHold = false;
    }
    if (worker->onHold) co_return true;
    if (!(*item)["state"]["running"].isObject()) {
        setResult(*worker, ProbeResult::Failure);
        const Value& ended = (*item)["state"]["terminated"];
        if (!ended.isObject()) co_return true;
        co_return shouldRestart(worker->pod, worker->containerSpec, static_cast<int>(ended["exitCode"].asInt()));
    }
    const Value& latest = core_.pods->byUid(worker->uid);
    if (api::isDeleting(latest) && worker->type != ProbeType::Readiness) {
        setResult(*worker, ProbeResult::Success);
        co_return false;
    }
    const std::int64_t startedAt = api::timeOf((*item)["state"]["running"]["startedAt"]);
    if ((core_.unixNow() - startedAt) / sim::kSecond < worker->spec["initialDelaySeconds"].asInt()) co_return true;
    const bool started = (*item)["started"].asBool();
    if (started == (worker->type == ProbeType::Startup)) co_return true;
    bool errored = false;
    const ProbeResult result = co_await execute(worker, status, errored);
    if (errored) co_return true;
    ++(result == ProbeResult::Success ? worker->successes : worker->failures);
    if (worker->last == result) {
        ++worker->run;
    } else {
        worker->last = result;
        worker->run = 1;
    }
    const std::int64_t needed = result == ProbeResult::Failure ? worker->spec["failureThreshold"].asInt(3)
                                                               : worker->spec["successThreshold"].asInt(1);
    if (worker->run < needed) co_return true;
    setResult(*worker, result);
    if ((worker->type == ProbeType::Liveness && result == ProbeResult::Failure) ||
        worker->type == ProbeType::Startup) {
        worker->onHold = true;
        worker->run = 0;
    }
    co_return true;
}

} // namespace kubelet
