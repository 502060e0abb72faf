#pragma once
// Brings a pod's sandbox and containers to what the spec wants. Source: pkg/kubelet/kuberuntime.

#include "kubelet/backoff.h"
#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kubelet {

struct StartFailure {
    std::string reason, message; // what a waiting container shows
};

struct SyncOutcome {
    std::string error;            // empty: nothing failed
    sim::Time backoffEnd = 0;     // every failure is a back-off that ends then
    bool updated = false;         // resources of a running container were changed
};

class ContainerManager {
public:
    explicit ContainerManager(Core& core)
        : core_(core), backoff_(10 * sim::kSecond, core.config.maxContainerRestartPeriod) {}

    sim::Task<base::Result<RuntimePod>> status(std::string uid);
    sim::Task<SyncOutcome> sync(Value pod, RuntimePod runtime);
    // Containers, then sandboxes. `grace` replaces the pod's own period.
    sim::Task<base::Status> killPod(Value pod, RuntimePod runtime, std::optional<std::int64_t> grace);
    // Keeps the last ended containers of each name.
    // All but the newest `kept` per name. What `logs --previous` asks for while a dead one is being
    // shown is gone already. Source: kubelet pod_container_deletor.go, MaxPerPodContainer.
    sim::Task<void> removeDead(RuntimePod runtime, int kept = 1);
    // Nothing of the pod stays: containers, sandboxes, logs.
    sim::Task<void> removeAll(std::string uid, Value pod);
    const StartFailure* startFailure(std::string_view uid, std::string_view container) const;
    void forget(std::string_view uid);

private:
    struct Kill {
        std::string id, name, message, reason;
    };
    struct Actions {
        bool killPod = false, createSandbox = false;
        std::string sandboxId;
        std::uint32_t attempt = 0;
        std::vector<Value> ephemeral, init, regular; // to start, in order
        std::vector<Kill> kill;
        std::vector<std::pair<std::string, ports::CriResources>> update;
    };
    struct Order; // who has ended while a pod is killed

    Actions compute(const Value& pod, const RuntimePod& runtime) const;
    bool computeInit(const Value& pod, const RuntimePod& runtime, Actions& actions) const;
    void computeRegular(const Value& pod, const RuntimePod& runtime, Actions& actions) const;
    bool computeResize(const Value& pod, const Value& spec, const ports::CriContainer& item, Actions& actions) const;
    sim::Task<base::Result<std::string>> makeSandbox(Value pod, std::uint32_t attempt);
    sim::Task<bool> start(Value pod, Value container, RuntimePod runtime, std::string sandboxId, std::string podIP,
                          std::uint32_t attempt, SyncOutcome& outcome);
    // The waiting reason in the error's `reason`.
    sim::Task<base::Status> startContainer(Value pod, Value container, RuntimePod runtime, std::string sandboxId,
                                           std::string podIP, std::uint32_t sandboxAttempt);
    sim::Task<base::Status> killContainer(Value pod, Kill kill, std::optional<std::int64_t> grace, Order* order);
    static sim::Task<void> killOne(ContainerManager& self, Value pod, Kill kill, std::optional<std::int64_t> grace,
                                   Order& order);
    sim::Task<std::int64_t> preStop(Value pod, Value container, std::string id, std::int64_t grace);
    void event(const Value& pod, std::string_view container, const char* type, const char* reason,
               std::string message);
    void fillMessage(ports::CriContainer& item) const;
    std::string backoffKey(const Value& pod, const Value& container) const;
    void noteFailure(const Value& pod, const Value& container, SyncOutcome& outcome, const base::Error& error);
    std::uint32_t restartCount(const Value& pod, const Value& container, const RuntimePod& runtime);

    Core& core_;
    Backoff backoff_;
    std::map<std::pair<std::string, std::string>, StartFailure> failures_;
    std::map<std::string, std::vector<std::string>> lastIps_;
};

} // namespace kubelet
