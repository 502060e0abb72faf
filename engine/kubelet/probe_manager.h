#pragma once
// Liveness, readiness and startup probes. Source: pkg/kubelet/prober.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <memory>
#include <string>
#include <tuple>

namespace kubelet {

enum class ProbeType : std::uint8_t { Liveness, Readiness, Startup };
enum class ProbeResult : std::uint8_t { Unknown, Success, Failure };

class ProbeManager {
public:
    explicit ProbeManager(Core& core) : core_(core) {}
    // Loops hold their own entry; without this they would outlive the agent that they refer to.
    ~ProbeManager() {
        for (auto& [key, worker] : workers_) worker->scope.cancel();
    }

    void addPod(const Value& pod);
    void updatePod(const Value& pod); // the latest object, for workers that run
    void removePod(std::string_view uid);
    void stopLivenessAndStartup(std::string_view uid);
    // Fills `started` and `ready` of the container statuses.
    Value updateStatus(const Value& pod, const Value& status);
    // Nothing until the probe has given a result for this container.
    ProbeResult result(ProbeType type, std::string_view containerId) const;
    bool hasResult(ProbeType type, std::string_view containerId) const;
    std::string metrics() const; // lines of prober_probe_total

private:
    struct Worker {
        Worker(sim::Kernel& kernel) : scope(kernel) {}
        ProbeType type;
        std::string uid, container;
        Value pod, spec, containerSpec;
        std::string containerId;
        ProbeResult last = ProbeResult::Unknown;
        int run = 0;
        std::uint64_t successes = 0, failures = 0;
        bool onHold = false;
        bool done = false;
        sim::Signal trigger;
        sim::Scope scope;
    };
    using Key = std::tuple<std::string, std::string, ProbeType>;

    static sim::Task<void> work(ProbeManager& self, std::shared_ptr<Worker> worker);
    // False when the worker is no longer needed.
    sim::Task<bool> probeOnce(std::shared_ptr<Worker> worker);
    sim::Task<ProbeResult> execute(std::shared_ptr<Worker> worker, Value status, bool& errored);
    void setResult(Worker& worker, ProbeResult result);
    bool isStarted(const Value& pod, const Value& item) const;
    Value withReadiness(const Value& pod, const Value& item);
    void addContainer(const Value& pod, const Value& container);

    Core& core_;
    std::map<Key, std::shared_ptr<Worker>> workers_;
    std::map<std::pair<ProbeType, std::string>, ProbeResult> results_;
};

} // namespace kubelet
