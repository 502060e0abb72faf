#pragma once
// The node's registration, status, health of the runtime and its lease. Sources: kubelet_node_status.go,
// nodestatus/setters.go, component-helpers lease controller, kubelet.go (updateRuntimeUp).

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <string>

namespace kubelet {

class NodeStatus {
public:
    explicit NodeStatus(Core& core) : core_(core) {}

    // Reads the machine; before anything else runs.
    void readMachine();
    void start();

    const Value& capacity() const { return capacity_; }
    const Value& allocatable() const { return allocatable_; }
    std::int64_t memoryCapacity() const { return memoryBytes_; }
    std::int64_t cpus() const { return cpus_; }
    const Value& node() const { return node_; } // as last seen; null before registration
    // Reads the node anew from the API server.
    sim::Task<void> refresh();
    bool ready() const { return ready_; }
    void setPressure(std::string_view type, bool on);
    bool underPressure(std::string_view type) const;
    // Node conditions and images are reported soon.
    void wake() { changed_.notify(); }
    // The agent looks at the runtime again at once.
    void kickRuntime() { runtimeChanged_.notify(); }

private:
    static sim::Task<void> statusLoop(NodeStatus& self);
    static sim::Task<void> leaseLoop(NodeStatus& self);
    static sim::Task<void> storageLoop(NodeStatus& self);
    static sim::Task<void> runtimeLoop(NodeStatus& self);
    sim::Task<bool> registerNode();
    sim::Task<bool> report();
    sim::Task<void> checkRuntime();
    sim::Task<Value> build(Value old);
    Value labels() const;
    Value conditions(const Value& old);
    Value condition(const Value& old, const char* type, bool on, const char* reason, std::string message);
    std::string readyProblem() const;
    Value nodeInfo() const;
    sim::Task<Value> images();

    Core& core_;
    Value capacity_, allocatable_, node_;
    std::int64_t memoryBytes_ = 0, cpus_ = 1, diskBytes_ = 0;
    std::string containerVersion_;
    bool registered_ = false, ready_ = false;
    sim::Time lastReport_ = -1, runtimeSeen_ = 0;
    std::map<std::string, bool, std::less<>> pressure_;
    std::string leaseName_;
    Value lease_;
    sim::Signal changed_, runtimeChanged_, registeredSignal_;
    Value reportedImages_;
};

} // namespace kubelet
