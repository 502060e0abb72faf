// Statistics. Sources: pkg/kubelet/server/stats, metrics/collectors/resource_metrics.go.

#include "base/strings.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/server.h"

#include <map>

namespace kubelet {
namespace {

constexpr std::uint64_t kSystemMemory = 900ULL << 20; // the host's own programs
constexpr std::uint64_t kSystemCores = 45'000'000;

Value usage(const std::string& now, std::uint64_t cores, std::uint64_t total) {
    return Value::object({{"time", now}, {"usageNanoCores", static_cast<std::int64_t>(cores)},
                          {"usageCoreNanoSeconds", static_cast<std::int64_t>(total)}});
}

Value memory(const std::string& now, std::uint64_t bytes) {
    return Value::object({{"time", now}, {"usageBytes", static_cast<std::int64_t>(bytes)},
                          {"workingSetBytes", static_cast<std::int64_t>(bytes)},
                          {"rssBytes", static_cast<std::int64_t>(bytes)}, {"pageFaults", 0}, {"majorPageFaults", 0}});
}

std::string number(double value) {
    std::string text = std::to_string(value);
    while (text.find('.') != std::string::npos && (text.back() == '0' || text.back() == '.')) {
        const bool dot = text.back() == '.';
        text.pop_back();
        if (dot) break;
    }
    return text;
}

struct PodUsage {
    std::uint64_t cores = 0, total = 0, memory = 0;
    std::vector<ports::CriStats> containers;
};

sim::Task<base::Result<std::map<std::string, PodUsage>>> collect(Core& core) {
    auto runtime = core.runtime();
    if (!runtime.ok()) co_return std::move(runtime).error();
    const ports::CriFilter filter;
    auto stats = co_await (*runtime)->listStats(filter);
    if (!stats.ok()) co_return std::move(stats).error();
    auto sandboxes = co_await (*runtime)->listSandboxes(filter);
    if (!sandboxes.ok()) co_return std::move(sandboxes).error();
    std::map<std::string, std::string> owner;
    for (const ports::CriSandbox& item : *sandboxes) owner[item.id] = item.uid;
    std::map<std::string, PodUsage> out;
    for (const ports::CriStats& item : *stats) {
        PodUsage& pod = out[owner[item.sandboxId]];
        pod.cores += item.cpuNanoCores;
        pod.total += item.cpuNanoseconds;
        pod.memory += item.memoryWorkingSet;
        pod.containers.push_back(item);
    }
    co_return out;
}

} // namespace

sim::Task<ports::Response> Server::summary() {
    auto usages = co_await collect(core_);
    ports::Response response;
    response.headers.set("Content-Type", "application/json");
    if (!usages.ok()) {
        response.status = 500;
        response.body = ports::criErrorText(usages.error());
        co_return response;
    }
    const std::string now = core_.nowText();
    std::uint64_t cores = kSystemCores, total = 0, bytes = kSystemMemory;
    document::ArrayBuilder pods;
    for (const auto& [uid, pod] : *usages) {
        cores += pod.cores;
        total += pod.total;
        bytes += pod.memory;
        const Value& object = core_.pods->byUid(uid);
        if (!object.isObject()) continue;
        document::ArrayBuilder containers;
        for (const ports::CriStats& item : pod.containers)
            containers.push(Value::object({{"name", item.name}, {"startTime", now}, {"cpu", usage(now, item.cpuNanoCores, item.cpuNanoseconds)},
                                           {"memory", memory(now, item.memoryWorkingSet)}}));
        const Value reference = Value::object({{"name", api::nameOf(object)}, {"namespace", api::namespaceOf(object)}, {"uid", uid}});
        pods.push(Value::object({{"podRef", reference}, {"startTime", object.at("status", "startTime")},
                                 {"containers", std::move(containers).build()}, {"cpu", usage(now, pod.cores, pod.total)},
                                 {"memory", memory(now, pod.memory)}}));
    }
    Value nodeMemory = memory(now, bytes);
    nodeMemory = nodeMemory.with("availableBytes", core_.node->memoryCapacity() - static_cast<std::int64_t>(bytes));
    const Value node = Value::object({{"nodeName", core_.nodeName}, {"systemContainers", Value::array()},
                                      {"startTime", now}, {"cpu", usage(now, cores, total)}, {"memory", nodeMemory}});
    response.object = Value::object({{"node", node}, {"pods", std::move(pods).build()}});
    co_return response;
}

sim::Task<ports::Response> Server::resourceMetrics() {
    auto usages = co_await collect(core_);
    ports::Response response;
    response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    if (!usages.ok()) {
        response.status = 500;
        co_return response;
    }
    std::string cpuLines, memoryLines;
    double cpu = 0;
    std::uint64_t bytes = kSystemMemory;
    const std::string stamp = std::to_string(core_.unixNow() / sim::kMillisecond);
    for (const auto& [uid, pod] : *usages) {
        const Value& object = core_.pods->byUid(uid);
        cpu += static_cast<double>(pod.total) / 1e9;
        bytes += pod.memory;
        if (!object.isObject()) continue;
        for (const ports::CriStats& item : pod.containers) {
            const std::string labels = "{container=\"" + item.name + "\",namespace=\"" + api::namespaceOf(object) +
                                       "\",pod=\"" + api::nameOf(object) + "\"} ";
            cpuLines += "container_cpu_usage_seconds_total" + labels + number(static_cast<double>(item.cpuNanoseconds) / 1e9) + " " + stamp + "\n";
            memoryLines += "container_memory_working_set_bytes" + labels + std::to_string(item.memoryWorkingSet) + " " + stamp + "\n";
        }
    }
    response.body = "# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds\n"
                    "# TYPE container_cpu_usage_seconds_total counter\n" + cpuLines +
                    "# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes\n"
                    "# TYPE container_memory_working_set_bytes gauge\n" + memoryLines +
                    "# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds\n"
                    "# TYPE node_cpu_usage_seconds_total counter\nnode_cpu_usage_seconds_total " + number(cpu) + " " + stamp + "\n" +
                    "# HELP node_memory_working_set_bytes [STABLE] Current working set of the node in bytes\n"
                    "# TYPE node_memory_working_set_bytes gauge\nnode_memory_working_set_bytes " + std::to_string(bytes) + " " + stamp + "\n";
    co_return response;
}

} // namespace kubelet
