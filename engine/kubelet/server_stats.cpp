// Statistics. Sources: pkg/kubelet/server/stats, metrics/collectors/resource_metrics.go.

#include "base/strings.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/server.h"

#include <map>

namespace kubelet {
namespace {

constexpr std::uint64_t kSystemMemory = 900ULL << 20; // the host's own programs
constexpr std::uint64_t kSystemCores = 45'000'000; // of a second's 10^9 ns

Value usage(const std::string& now, std::uint64_t cores, std::uint64_t total) {
    return Value::object({{"time", now}, {"usageNanoCores", static_cast<std::int64_t>(cores)},
                          {"usageCoreNanoSeconds", static_cast<std::int64_t>(total)}});
}

Value memory(const std::string& now, std::uint64_t bytes) {
    return Value::object({{"time", now}, {"usageBytes", static_cast<std::int64_t>(bytes)},
                          {"workingSetBytes", static_cast<std::int64_t>(bytes)},
                          {"rssBytes", static_cast<std::int64_t>(bytes)}, {"pageFaults", 0}, {"majorPageFaults", 0}});
}

// Nanoseconds as seconds with all their places.
std::string seconds(std::uint64_t nanoseconds) {
    std::string places = std::to_string(nanoseconds % 1'000'000'000 + 1'000'000'000).substr(1);
    while (!places.empty() && places.back() == '0') places.pop_back();
    return std::to_string(nanoseconds / 1'000'000'000) + (places.empty() ? "" : "." + places);
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

// The counter of the whole node never falls, whichever containers have gone.
std::uint64_t Server::nodeCpuTime(const std::vector<ports::CriStats>& stats) {
    std::map<std::string, std::uint64_t> now;
    std::uint64_t total = 0;
    for (const ports::CriStats& item : stats) total += now[item.containerId] = item.cpuNanoseconds;
    for (const auto& [id, work] : meters_)
        if (now.count(id) == 0) pastWork_ += work;
    meters_ = std::move(now);
    const auto up = static_cast<std::uint64_t>(core_.kernel().now());
    return total + pastWork_ + up / 1'000'000'000 * kSystemCores;
}

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
    std::uint64_t cores = kSystemCores, bytes = kSystemMemory;
    std::vector<ports::CriStats> all;
    document::ArrayBuilder pods;
    for (const auto& [uid, pod] : *usages) {
        cores += pod.cores;
        all.insert(all.end(), pod.containers.begin(), pod.containers.end());
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
                                      {"startTime", now}, {"cpu", usage(now, cores, nodeCpuTime(all))}, {"memory", nodeMemory}});
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
    std::string cpuLines, memoryLines, startLines, podCpuLines, podMemoryLines;
    std::vector<ports::CriStats> all;
    std::uint64_t bytes = kSystemMemory;
    const std::string stamp = " " + std::to_string(core_.unixNow() / sim::kMillisecond) + "\n";
    for (const auto& [uid, pod] : *usages) {
        const Value& object = core_.pods->byUid(uid);
        all.insert(all.end(), pod.containers.begin(), pod.containers.end());
        bytes += pod.memory;
        if (!object.isObject()) continue;
        const std::string owner = "namespace=\"" + api::namespaceOf(object) + "\",pod=\"" + api::nameOf(object) + "\"} ";
        for (const ports::CriStats& item : pod.containers) {
            const std::string labels = "{container=\"" + item.name + "\"," + owner;
            cpuLines += "container_cpu_usage_seconds_total" + labels + seconds(item.cpuNanoseconds) + stamp;
            memoryLines += "container_memory_working_set_bytes" + labels + std::to_string(item.memoryWorkingSet) + stamp;
            startLines += "container_start_time_seconds" + labels +
                          seconds(static_cast<std::uint64_t>(item.startedAt)) + "\n";
        }
        podCpuLines += "pod_cpu_usage_seconds_total{" + owner + seconds(pod.total) + stamp;
        podMemoryLines += "pod_memory_working_set_bytes{" + owner + std::to_string(pod.memory) + stamp;
    }
    const auto family = [&](const char* name, const char* help, const char* type, const std::string& lines) {
        if (lines.empty()) return;
        response.body += std::string("# HELP ") + name + " [STABLE] " + help + "\n# TYPE " + name + " " + type + "\n" + lines;
    };
    family("container_cpu_usage_seconds_total", "Cumulative cpu time consumed by the container in core-seconds", "counter", cpuLines);
    family("container_memory_working_set_bytes", "Current working set of the container in bytes", "gauge", memoryLines);
    family("container_start_time_seconds", "Start time of the container since unix epoch in seconds", "gauge", startLines);
    family("node_cpu_usage_seconds_total", "Cumulative cpu time consumed by the node in core-seconds", "counter",
           "node_cpu_usage_seconds_total " + seconds(nodeCpuTime(all)) + stamp);
    family("node_memory_working_set_bytes", "Current working set of the node in bytes", "gauge",
           "node_memory_working_set_bytes " + std::to_string(bytes) + stamp);
    family("pod_cpu_usage_seconds_total", "Cumulative cpu time consumed by the pod in core-seconds", "counter", podCpuLines);
    family("pod_memory_working_set_bytes", "Current working set of the pod in bytes", "gauge", podMemoryLines);
    family("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise", "gauge",
           "resource_scrape_error 0\n");
    co_return response;
}

} // namespace kubelet
