#include "scheduler/plugins/plugins.h"

#include <algorithm>
#include <cmath>

namespace scheduler {
namespace {

struct Shortage {
    std::string reason;
    bool unresolvable = false; // asks for more than the whole node has
};

std::vector<Shortage> shortages(const PodInfo& pod, const NodeInfo& node) {
    std::vector<Shortage> out;
    const auto check = [&out](const std::string& name, std::int64_t wanted, std::int64_t used,
                              std::int64_t whole) {
        if (wanted > 0 && wanted > whole - used)
            out.push_back({"Insufficient " + name, wanted > whole});
    };
    if (static_cast<std::int64_t>(node.pods.size()) + 1 > node.allowedPods)
        out.push_back({"Too many pods", false});
    check("cpu", pod.request.milliCpu, node.requested.milliCpu, node.allocatable.milliCpu);
    check("memory", pod.request.memory, node.requested.memory, node.allocatable.memory);
    check("ephemeral-storage", pod.request.ephemeralStorage, node.requested.ephemeralStorage,
          node.allocatable.ephemeralStorage);
    for (const auto& scalar : pod.request.scalars) {
        const std::string& name = scalar.first;
        const auto find = [&name](const std::map<std::string, std::int64_t>& map) {
            const auto place = map.find(name);
            return place == map.end() ? std::int64_t{0} : place->second;
        };
        check(name, scalar.second, find(node.requested.scalars), find(node.allocatable.scalars));
    }
    return out;
}

std::int64_t leastRequested(std::int64_t requested, std::int64_t capacity) {
    if (capacity == 0 || requested > capacity) return 0;
    return (capacity - requested) * kMaxNodeScore / capacity;
}

class NodeResourcesFit : public Plugin {
public:
    const char* name() const override { return "NodeResourcesFit"; }
    std::int64_t weight() const override { return 1; }
    bool filters() const override { return true; }
    Status filter(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        Status out;
        for (Shortage& shortage : shortages(pod, node)) {
            out.reasons.push_back(std::move(shortage.reason));
            if (shortage.unresolvable || out.code == Code::Unresolvable)
                out.code = Code::Unresolvable;
            else
                out.code = Code::Unschedulable;
        }
        return out;
    }
    // LeastAllocated over cpu and memory with equal weights.
    std::int64_t score(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        std::int64_t sum = 0, count = 0;
        if (node.allocatable.milliCpu > 0) {
            sum += leastRequested(node.nonZero.milliCpu + pod.nonZero.milliCpu,
                                  node.allocatable.milliCpu);
            ++count;
        }
        if (node.allocatable.memory > 0) {
            sum +=
                leastRequested(node.nonZero.memory + pod.nonZero.memory, node.allocatable.memory);
            ++count;
        }
        return count == 0 ? 0 : sum / count;
    }
    bool wakes(const PodInfo& pod, const EventInfo& event) override {
        switch (event.event) {
        case Event::AssignedPodDelete:
        case Event::AssignedPodUpdate:
        case Event::PodUpdate: return true;
        case Event::NodeAdd:
        case Event::NodeAllocatable: {
            NodeInfo node;
            node.setNode(event.current);
            return shortages(pod, node).empty();
        }
        default: return false;
        }
    }
};

// Prefers nodes whose cpu and memory would be used to the same degree.
class BalancedAllocation : public Plugin {
public:
    const char* name() const override { return "NodeResourcesBalancedAllocation"; }
    std::int64_t weight() const override { return 1; }
    Status preScore(CycleState&, const PodInfo& pod, const Snapshot&, const Snapshot&) override {
        return pod.request == api::ResourceAmounts{} ? Status{Code::Skip, {}, {}} : Status{};
    }
    std::int64_t score(const CycleState&, const PodInfo& pod, const NodeInfo& node) override {
        const auto fraction = [](std::int64_t requested, std::int64_t capacity) {
            return capacity == 0 ? 1.0
                                 : std::min(1.0, static_cast<double>(requested) /
                                                     static_cast<double>(capacity));
        };
        const double cpu =
            fraction(node.requested.milliCpu + pod.request.milliCpu, node.allocatable.milliCpu);
        const double memory =
            fraction(node.requested.memory + pod.request.memory, node.allocatable.memory);
        return static_cast<std::int64_t>((1 - std::fabs(cpu - memory) / 2) * kMaxNodeScore);
    }
};

} // namespace

PluginPtr makeNodeResourcesFit() { return std::make_unique<NodeResourcesFit>(); }
PluginPtr makeBalancedAllocation() { return std::make_unique<BalancedAllocation>(); }

} // namespace scheduler
