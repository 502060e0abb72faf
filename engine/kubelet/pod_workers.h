#pragma once
// One worker per pod drives it through its life: sync, terminating, terminated. Sources:
// pkg/kubelet/pod_workers.go, kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod).

#include "base/function.h"
#include "kubelet/core.h"
#include "kubelet/pod_view.h"
#include "kubelet/resize.h"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace kubelet {

class PodWorkers {
public:
    explicit PodWorkers(Core& core) : core_(core), resizer_(core) {}
    // Loops hold their own entry; without this they would outlive the agent that they refer to.
    ~PodWorkers() {
        for (auto& [uid, worker] : workers_) {
            worker->step.cancel();
            worker->scope.cancel();
        }
    }

    // The pod as its source has it now; deletion is read from the object.
    void update(const Value& pod);
    // The pod is gone from its source; what runs is ended.
    void remove(std::string_view uid);
    // Ends the pod for a reason of the node (eviction, shutdown). The status keeps the reason.
    void evict(std::string_view uid, std::string reason, std::string message, std::optional<std::int64_t> grace,
               Value condition = {});
    // A pod that the node does not take: its status says so and nothing is started.
    void reject(const Value& pod, std::string reason, std::string message);
    // Containers of this machine that belong to no pod any more.
    void adoptOrphan(const Value& pod);

    void wake(std::string_view uid);      // sync soon
    void runtimeEvent(std::string_view uid); // seen at the next look at the runtime
    void runtimeChanged();
    void nodeRegistered();

    bool couldHaveRunningContainers(std::string_view uid) const;
    bool terminationRequested(std::string_view uid) const;
    bool finished(std::string_view uid) const;
    bool known(std::string_view uid) const { return workers_.find(uid) != workers_.end(); }
    std::string startedStaticPod(std::string_view fullName) const;

private:
    enum class Phase : std::uint8_t { Sync, Terminating, Terminated };
    struct Worker {
        explicit Worker(sim::Kernel& kernel) : step(kernel), scope(kernel) {}
        Value pod;
        std::string uid, fullName;
        Phase phase = Phase::Sync;
        bool interruptible = false;
        bool isStatic = false, gone = false, finished = false, stopping = false, started = false;
        bool dirty = true;
        sim::Time due = 0, steppedAt = 0;
        std::optional<std::int64_t> grace;
        // What an eviction wrote over the status.
        std::string reason, message;
        Value condition;
        sim::Signal signal;
        bool stepDone = false;
        sim::Scope step;  // the running sync; cut off when termination is asked for
        sim::Scope scope; // the worker's loop
    };
    using WorkerPtr = std::shared_ptr<Worker>;

    static sim::Task<void> run(PodWorkers& self, WorkerPtr worker);
    static sim::Task<void> runStep(PodWorkers& self, WorkerPtr worker);
    static sim::Task<void> tick(PodWorkers& self);
    sim::Task<void> syncStep(WorkerPtr worker);
    sim::Task<std::string> syncPod(WorkerPtr worker, RuntimePod runtime, bool& terminal, sim::Time& backoffEnd);
    sim::Task<void> terminatingStep(WorkerPtr worker);
    sim::Task<void> terminatedStep(WorkerPtr worker);
    void requeue(Worker& worker, const std::string& error, sim::Time backoffEnd);
    void requestStop(Worker& worker, std::optional<std::int64_t> grace);
    void finish(Worker& worker);
    std::int64_t effectiveGrace(const Worker& worker) const;
    bool mayStart(const Worker& worker) const;
    sim::Task<void> reconcileMirror(Value pod);
    sim::Task<void> checkPullSecrets(Value pod);
    Value statusOf(const Worker& worker, const RuntimePod& runtime, bool terminal) const;
    sim::Time deadlineOf(const Value& pod) const;
    sim::Time lookAfter(sim::Time time) const; // when the runtime is looked at next

    Core& core_;
    Resizer resizer_;
    std::map<std::string, WorkerPtr, std::less<>> workers_;
    std::map<std::string, bool, std::less<>> pendingEvents_;
};

} // namespace kubelet
