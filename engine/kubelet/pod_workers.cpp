#include "kubelet/pod_workers.h"

#include "api/status.h"
#include "client/resources.h"
#include "kubelet/container_manager.h"
#include "kubelet/image_manager.h"
#include "kubelet/node_status.h"
#include "kubelet/object_cache.h"
#include "kubelet/pod_manager.h"
#include "kubelet/probe_manager.h"
#include "kubelet/status_builder.h"
#include "kubelet/status_manager.h"
#include "kubelet/volume_manager.h"

#include <algorithm>

namespace kubelet {
namespace {

constexpr sim::Duration kRelistPeriod = sim::kSecond;
constexpr sim::Duration kErrorBackoff = 10 * sim::kSecond;
constexpr sim::Duration kTransientBackoff = sim::kSecond;
constexpr const char* kNetworkNotReady = "network is not ready";

} // namespace

void PodWorkers::update(const Value& pod) {
    const std::string uid = api::uidOf(pod);
    auto found = workers_.find(uid);
    if (found == workers_.end()) {
        auto worker = std::make_shared<Worker>(core_.kernel());
        worker->uid = uid;
        worker->fullName = podFullName(pod);
        worker->isStatic = isStaticPod(pod);
        worker->pod = pod;
        if (isTerminalPhase(pod.at("status", "phase").asString())) worker->phase = Phase::Terminating;
        found = workers_.emplace(uid, worker).first;
        worker->scope.spawn(run(*this, worker), "pod-worker");
    }
    Worker& worker = *found->second;
    worker.pod = resizer_.granted(pod);
    core_.probes->updatePod(pod);
    if (worker.finished) return;
    if (api::isDeleting(pod)) {
        requestStop(worker, std::nullopt);
        // The object changed: its status is written again even while containers end.
        if (worker.phase == Phase::Terminating && worker.stopping) return;
    }
    worker.dirty = true;
    worker.signal.notify();
}

void PodWorkers::requestStop(Worker& worker, std::optional<std::int64_t> grace) {
    if (grace) worker.grace = grace;
    if (worker.phase != Phase::Sync) return;
    worker.stopping = true;
    worker.dirty = true;
    worker.signal.notify();
}

void PodWorkers::remove(std::string_view uid) {
    const auto found = workers_.find(uid);
    if (found == workers_.end()) return;
    Worker& worker = *found->second;
    worker.gone = true;
    if (worker.finished) {
        finish(worker);
        return;
    }
    requestStop(worker, std::nullopt);
}

void PodWorkers::evict(std::string_view uid, std::string reason, std::string message, std::optional<std::int64_t> grace,
                       Value condition) {
    const auto found = workers_.find(uid);
    if (found == workers_.end() || found->second->finished) return;
    Worker& worker = *found->second;
    worker.reason = std::move(reason);
    worker.message = std::move(message);
    worker.condition = std::move(condition);
    requestStop(worker, grace);
}

void PodWorkers::reject(const Value& pod, std::string reason, std::string message) {
    core_.recorder->warning(pod, reason, message);
    document::ObjectBuilder status;
    status.set("phase", "Failed");
    status.set("reason", reason);
    status.set("message", "Pod was rejected: " + message);
    status.set("qosClass", qosClass(pod));
    status.set("observedGeneration", api::generationOf(pod));
    if (pod.at("status", "conditions").size() > 0) status.set("conditions", pod.at("status", "conditions"));
    core_.status->set(pod, std::move(status).build());
}

void PodWorkers::adoptOrphan(const Value& pod) {
    update(pod);
    remove(api::uidOf(pod));
}

void PodWorkers::wake(std::string_view uid) {
    const auto found = workers_.find(uid);
    if (found == workers_.end()) return;
    found->second->dirty = true;
    found->second->signal.notify();
}

void PodWorkers::runtimeEvent(std::string_view uid) {
    const bool first = pendingEvents_.empty();
    pendingEvents_[std::string(uid)] = true;
    if (first) core_.scope.spawn(tick(*this), "pleg");
}

// The runtime is looked at once a second; between looks nothing is noticed. Only a look that will see
// something is scheduled.
sim::Task<void> PodWorkers::tick(PodWorkers& self) {
    const sim::Time next = self.lookAfter(self.core_.now());
    co_await sim::sleepUntil(self.core_.kernel(), next);
    const auto pending = std::move(self.pendingEvents_);
    self.pendingEvents_.clear();
    for (const auto& [uid, yes] : pending) self.wake(uid);
}

sim::Time PodWorkers::lookAfter(sim::Time time) const {
    return time + kRelistPeriod - (time - core_.startedAt) % kRelistPeriod;
}

void PodWorkers::runtimeChanged() {
    for (auto& [uid, worker] : workers_) wake(uid);
}

void PodWorkers::nodeRegistered() {
    for (auto& [uid, worker] : workers_)
        if (worker->isStatic) wake(uid);
}

bool PodWorkers::couldHaveRunningContainers(std::string_view uid) const {
    const auto found = workers_.find(uid);
    if (found == workers_.end()) return false;
    return found->second->phase != Phase::Terminated && !found->second->finished;
}

bool PodWorkers::terminationRequested(std::string_view uid) const {
    const auto found = workers_.find(uid);
    return found != workers_.end() && (found->second->stopping || found->second->phase != Phase::Sync);
}

bool PodWorkers::finished(std::string_view uid) const {
    const auto found = workers_.find(uid);
    return found == workers_.end() || found->second->finished;
}

// Two static pods of one name never run at the same time: the new one waits for the old one's end.
bool PodWorkers::mayStart(const Worker& worker) const {
    if (!worker.isStatic) return true;
    for (const auto& [uid, other] : workers_)
        if (other.get() != &worker && other->fullName == worker.fullName && other->started && !other->finished)
            return false;
    return true;
}

void PodWorkers::finish(Worker& worker) {
    worker.finished = true;
    struct Cleanup {
        static sim::Task<void> run(PodWorkers& self, WorkerPtr gone) {
            co_await self.core_.containers->removeAll(gone->uid, gone->pod);
            self.core_.images->forget(gone->uid);
            self.core_.probes->removePod(gone->uid);
            self.core_.status->forget(gone->uid);
            self.resizer_.forget(gone->uid);
            const auto found = self.workers_.find(gone->uid);
            if (found != self.workers_.end() && found->second == gone) self.workers_.erase(found);
            self.core_.pods->remove(gone->pod);
        }
    };
    for (auto& [uid, other] : workers_)
        if (other.get() != &worker && other->fullName == worker.fullName) wake(uid);
    if (!worker.gone) return;
    const auto found = workers_.find(worker.uid);
    if (found != workers_.end()) core_.scope.spawn(Cleanup::run(*this, found->second), "pod-cleanup");
}

sim::Time PodWorkers::deadlineOf(const Value& pod) const {
    const Value& deadline = pod.at("spec", "activeDeadlineSeconds");
    const Value& started = core_.status->get(api::uidOf(pod))["startTime"];
    if (!deadline.isInt() || !started.isString()) return sim::kForever;
    const std::int64_t end = api::timeOf(started) + deadline.asInt() * sim::kSecond;
    return end - (core_.process.kernel().unixNow() - core_.process.kernel().now());
}

void PodWorkers::requeue(Worker& worker, const std::string& error, sim::Time backoffEnd) {
    sim::Duration delay;
    if (error.empty()) {
        delay = core_.jitter(core_.config.syncFrequency, 0.5);
    } else if (error.find(kNetworkNotReady) != std::string::npos) {
        delay = core_.jitter(kTransientBackoff, 0.5);
    } else {
        sim::Duration wait = backoffEnd != 0 ? backoffEnd - core_.now() : kErrorBackoff;
        wait = std::clamp<sim::Duration>(wait, 0, core_.config.syncFrequency);
        delay = core_.jitter(wait, 0.5);
    }
    worker.due = core_.now() + delay;
    if (worker.phase == Phase::Sync) worker.due = std::min(worker.due, deadlineOf(worker.pod));
    // What has become due is picked up once a second.
    worker.due = lookAfter(std::max(worker.due, core_.now()));
}

sim::Task<void> PodWorkers::run(PodWorkers& self, WorkerPtr worker) {
    Core& core = self.core_;
    while (!worker->finished) {
        while (!worker->dirty && core.now() < worker->due) co_await worker->signal.waitUntil(worker->due);
        if (!self.mayStart(*worker) && worker->phase == Phase::Sync && !worker->stopping) {
            worker->dirty = false;
            worker->due = core.now() + kTransientBackoff;
            continue;
        }
        worker->dirty = false;
        worker->due = sim::kForever;
        worker->started = true;
        // A step sees what a look at the runtime saw after the step before it; what that look finds
        // changed asks for one more. Source: podWorkerLoop, podCache.GetNewerThan.
        if (worker->steppedAt != 0) {
            const sim::Time look = self.lookAfter(worker->steppedAt);
            if (core.now() < look) co_await sim::sleepUntil(core.kernel(), look);
        }
        if (worker->stopping && worker->phase == Phase::Sync) worker->phase = Phase::Terminating;
        worker->stepDone = false;
        worker->step.spawn(runStep(self, worker), "pod-sync");
        while (!worker->stepDone) {
            co_await worker->signal.wait();
            // Waiting for volumes gives way to the end of the pod; starting containers does not.
            if (worker->stopping && worker->phase == Phase::Sync && worker->interruptible) {
                worker->step.cancel();
                worker->interruptible = false;
                break;
            }
        }
        worker->steppedAt = core.now();
    }
    self.finish(*worker);
}

sim::Task<void> PodWorkers::runStep(PodWorkers& self, WorkerPtr worker) {
    switch (worker->phase) {
    case Phase::Sync: co_await self.syncStep(worker); break;
    case Phase::Terminating: co_await self.terminatingStep(worker); break;
    case Phase::Terminated: co_await self.terminatedStep(worker); break;
    }
    worker->stepDone = true;
    worker->signal.notify();
}

std::int64_t PodWorkers::effectiveGrace(const Worker& worker) const {
    std::int64_t grace = terminationGrace(worker.pod);
    const Value& deletion = worker.pod.at("metadata", "deletionGracePeriodSeconds");
    if (deletion.isInt()) grace = deletion.asInt();
    if (worker.grace && *worker.grace < grace) grace = *worker.grace;
    return std::max<std::int64_t>(grace, 1);
}

Value PodWorkers::statusOf(const Worker& worker, const RuntimePod& runtime, bool terminal) const {
    const Value& known = core_.status->get(worker.uid);
    Value status = buildPodStatus(core_, worker.pod, runtime, known.isObject() ? known : worker.pod["status"], terminal);
    if (worker.reason.empty()) return status;
    status = status.with("phase", "Failed").with("reason", worker.reason).with("message", worker.message);
    if (worker.condition.isObject())
        status = status.with("conditions", api::withCondition(status["conditions"], worker.condition));
    return status;
}

sim::Task<void> PodWorkers::syncStep(WorkerPtr worker) {
    auto runtime = co_await core_.containers->status(worker->uid);
    if (!runtime.ok()) {
        const std::string text = ports::criErrorText(runtime.error());
        core_.log.error("pod_workers.go:1324", "Error syncing pod, skipping",
                        {{"err", text}, {"pod", api::keyOf(worker->pod)}, {"podUID", worker->uid}});
        requeue(*worker, text, 0);
        co_return;
    }
    bool terminal = false;
    sim::Time backoffEnd = 0;
    const std::string error = co_await syncPod(worker, *runtime, terminal, backoffEnd);
    if (!error.empty())
        core_.log.error("pod_workers.go:1324", "Error syncing pod, skipping",
                        {{"err", error}, {"pod", api::keyOf(worker->pod)}, {"podUID", worker->uid}});
    if (terminal) {
        worker->phase = Phase::Terminating;
        worker->dirty = true;
    } else {
        requeue(*worker, error, backoffEnd);
    }
    // Of each container the last end is kept. Source: cleanUpContainersInPod.
    co_await core_.containers->removeDead(*runtime);
}

sim::Task<void> PodWorkers::checkPullSecrets(Value pod) {
    std::vector<std::string> missing;
    for (const Value& reference : pod.at("spec", "imagePullSecrets").items()) {
        const std::string name = reference["name"].text();
        if (name.empty() || core_.client == nullptr) continue;
        auto secret = co_await core_.objects->get(client::secretsResource(), api::namespaceOf(pod), name);
        if (!secret.ok()) missing.push_back(name);
    }
    if (missing.empty()) co_return;
    std::string names = missing[0];
    for (std::size_t i = 1; i < missing.size(); ++i) names += ", " + missing[i];
    core_.recorder->warning(pod, "FailedToRetrieveImagePullSecret",
                            "Unable to retrieve some image pull secrets (" + names +
                                "); attempting to pull the image may not succeed.");
}

sim::Task<std::string> PodWorkers::syncPod(WorkerPtr worker, RuntimePod runtime, bool& terminal,
                                           sim::Time& backoffEnd) {
    const Value pod = worker->pod;
    resizer_.observe(pod, runtime);
    const Value status = statusOf(*worker, runtime, false);
    core_.status->set(pod, status);
    if (isTerminalPhase(status["phase"].asString())) {
        terminal = true;
        co_return std::string();
    }
    if (runtime.ips.empty() && status["podIP"].isString()) runtime.ips = {status["podIP"].text()};
    if (!core_.networkError.empty() && !isHostNetwork(pod)) {
        const std::string text = std::string(kNetworkNotReady) + ": " + core_.networkError;
        core_.recorder->warning(pod, "NetworkNotReady", text);
        co_return text;
    }
    if (worker->isStatic) co_await reconcileMirror(pod);
    (void)core_.files().makeDirectories(core_.podDirectory(worker->uid) + "/volumes", 0750);
    (void)core_.files().makeDirectories(core_.podDirectory(worker->uid) + "/plugins", 0750);
    worker->interruptible = true;
    auto mounted = co_await core_.volumes->waitForMount(pod);
    worker->interruptible = false;
    if (!mounted.ok()) {
        if (mounted.error().code == 0)
            core_.recorder->warning(pod, "FailedMount", "Unable to attach or mount volumes: " + mounted.error().message);
        co_return mounted.error().message;
    }
    co_await checkPullSecrets(pod);
    core_.probes->addPod(pod);
    const SyncOutcome outcome = co_await core_.containers->sync(pod, runtime);
    backoffEnd = outcome.backoffEnd;
    // Changed containers are looked at again at once.
    if (outcome.updated) runtimeEvent(worker->uid);
    co_return outcome.error;
}

sim::Task<void> PodWorkers::terminatingStep(WorkerPtr worker) {
    auto runtime = co_await core_.containers->status(worker->uid);
    if (!runtime.ok()) {
        requeue(*worker, ports::criErrorText(runtime.error()), 0);
        co_return;
    }
    core_.status->set(worker->pod, statusOf(*worker, *runtime, false));
    co_await core_.containers->removeDead(*runtime);
    core_.probes->stopLivenessAndStartup(worker->uid);
    const std::int64_t grace = effectiveGrace(*worker);
    auto killed = co_await core_.containers->killPod(worker->pod, *runtime, grace);
    if (!killed.ok()) {
        core_.recorder->warning(worker->pod, "FailedKillPod", "error killing pod: " + killed.error().message);
        requeue(*worker, killed.error().message, 0);
        co_return;
    }
    core_.probes->removePod(worker->uid);
    auto stopped = co_await core_.containers->status(worker->uid);
    // Of an evicted pod nothing is kept. Source: ShouldPodContentBeRemoved.
    if (stopped.ok() && worker->reason == "Evicted") {
        co_await core_.containers->removeDead(*stopped, 0);
        stopped = co_await core_.containers->status(worker->uid);
    }
    if (!stopped.ok()) {
        requeue(*worker, ports::criErrorText(stopped.error()), 0);
        co_return;
    }
    worker->phase = Phase::Terminated;
    worker->dirty = true;
    core_.status->set(worker->pod, statusOf(*worker, *stopped, true));
}

sim::Task<void> PodWorkers::terminatedStep(WorkerPtr worker) {
    auto runtime = co_await core_.containers->status(worker->uid);
    if (runtime.ok()) core_.status->set(worker->pod, statusOf(*worker, *runtime, true));
    co_await core_.volumes->unmount(worker->pod);
    worker->finished = true;
    core_.status->terminate(worker->pod);
}

// Source: tryReconcileMirrorPods. The API shows static pods as copies that it cannot change.
sim::Task<void> PodWorkers::reconcileMirror(Value pod) {
    if (core_.client == nullptr || core_.node->node().isNull()) co_return;
    const Value mirror = core_.pods->mirrorOf(pod);
    if (mirror.isObject()) {
        const bool same = api::annotationOf(mirror, kConfigHash) == api::annotationOf(pod, kConfigHash);
        if (same && !api::isDeleting(mirror)) co_return;
        client::DeleteOptions options;
        options.gracePeriodSeconds = 0;
        options.uid = api::uidOf(mirror);
        auto removed = co_await core_.client->remove(client::podsResource(), api::namespaceOf(mirror), api::nameOf(mirror), options);
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return;
        core_.pods->remove(mirror);
    }
    Value copy = pod.with("metadata", pod["metadata"].without("uid").without("creationTimestamp").without("generation"));
    copy = copy.withPath({"metadata", "annotations", kConfigMirror}, api::annotationsOf(pod)[kConfigHash]);
    const Value owner = Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", core_.nodeName},
                                       {"uid", api::uidOf(core_.node->node())}, {"controller", true}});
    copy = copy.withPath({"metadata", "ownerReferences"}, Value::array({owner})).without("status");
    core_.log.info("kubelet.go:3328", "Creating a mirror pod for static pod", {{"pod", api::keyOf(pod)}});
    auto made = co_await core_.client->create(client::podsResource(), api::namespaceOf(pod), copy);
    if (made.ok()) {
        core_.pods->put(*made);
        core_.status->reconcile(*made);
        co_return;
    }
    if (!api::isAlreadyExists(made.error()))
        core_.log.error("kubelet.go:3333", "Failed creating a mirror pod",
                        {{"err", made.error().message}, {"pod", api::keyOf(pod)}});
}

} // namespace kubelet
