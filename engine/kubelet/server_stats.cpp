// Statistics. Sources: pkg/kubelet/server/stats, metrics/collectors/resource_metrics.go.

#include "api/wire_json.h"
#include "base/strings.h"
#include "document/yaml_resolve.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/probe_manager.h"
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

std::string number(std::uint64_t value) { return document::formatFloatGeneral(static_cast<double>(value)); }

std::string seconds(std::uint64_t nanoseconds) {
    return document::formatFloatGeneral(static_cast<double>(nanoseconds) / 1e9);
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
    std::string cpuLines, memoryLines, startLines, swapLines, limitLines, podCpuLines, podMemoryLines, podSwapLines;
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
            memoryLines += "container_memory_working_set_bytes" + labels + number(item.memoryWorkingSet) + stamp;
            startLines += "container_start_time_seconds" + labels +
                          seconds(static_cast<std::uint64_t>(item.startedAt)) + "\n";
            limitLines += "container_swap_limit_bytes" + labels + "0" + stamp;
            swapLines += "container_swap_usage_bytes" + labels + "0" + stamp;
        }
        podCpuLines += "pod_cpu_usage_seconds_total{" + owner + seconds(pod.total) + stamp;
        podMemoryLines += "pod_memory_working_set_bytes{" + owner + number(pod.memory) + stamp;
        podSwapLines += "pod_swap_usage_bytes{" + owner + "0" + stamp;
    }
    const auto family = [&](const char* name, const char* help, const char* type, const std::string& lines,
                            const char* stability = "STABLE") {
        if (lines.empty()) return;
        response.body += std::string("# HELP ") + name + " [" + stability + "] " + help + "\n# TYPE " + name + " " + type + "\n" + lines;
    };
    family("container_cpu_usage_seconds_total", "Cumulative cpu time consumed by the container in core-seconds", "counter", cpuLines);
    family("container_memory_working_set_bytes", "Current working set of the container in bytes", "gauge", memoryLines);
    family("container_start_time_seconds", "Start time of the container since unix epoch in seconds", "gauge", startLines);
    family("container_swap_limit_bytes",
           "Current amount of the container swap limit in bytes. Reported only on non-windows systems", "gauge", limitLines, "ALPHA");
    family("container_swap_usage_bytes",
           "Current amount of the container swap usage in bytes. Reported only on non-windows systems", "gauge", swapLines, "ALPHA");
    family("node_cpu_usage_seconds_total", "Cumulative cpu time consumed by the node in core-seconds", "counter",
           "node_cpu_usage_seconds_total " + seconds(nodeCpuTime(all)) + stamp);
    family("node_memory_working_set_bytes", "Current working set of the node in bytes", "gauge",
           "node_memory_working_set_bytes " + number(bytes) + stamp);
    family("node_swap_usage_bytes", "Current swap usage of the node in bytes. Reported only on non-windows systems", "gauge",
           "node_swap_usage_bytes 0" + stamp, "ALPHA");
    family("pod_cpu_usage_seconds_total", "Cumulative cpu time consumed by the pod in core-seconds", "counter", podCpuLines);
    family("pod_memory_working_set_bytes", "Current working set of the pod in bytes", "gauge", podMemoryLines);
    family("pod_swap_usage_bytes", "Current amount of the pod swap usage in bytes. Reported only on non-windows systems", "gauge",
           podSwapLines, "ALPHA");
    family("resource_scrape_error", "1 if there was an error while getting container metrics, 0 otherwise", "gauge",
           "resource_scrape_error 0\n");
    co_return response;
}

ports::Response Server::probeMetrics() {
    const std::string totals = core_.probes->metrics();
    std::string text;
    if (!totals.empty())
        text = "# HELP prober_probe_total [BETA] Cumulative number of a liveness, readiness or startup probe for a container by "
               "result.\n# TYPE prober_probe_total counter\n" + totals;
    const auto started = static_cast<std::uint64_t>(core_.unixNow() - (core_.now() - core_.startedAt));
    text += "# HELP process_start_time_seconds [ALPHA] Start time of the process since unix epoch in seconds.\n"
            "# TYPE process_start_time_seconds gauge\nprocess_start_time_seconds " + seconds(started) + "\n";
    return ports::textResponse(200, text, "text/plain; version=0.0.4; charset=utf-8");
}

// What the runtime knows of pods that run, as far as it goes. Source: kubecontainer.Pod ToAPIPod.
sim::Task<ports::Response> Server::runningPods() {
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return ports::textResponse(500, ports::criErrorText(runtime.error()));
    const ports::CriFilter filter;
    auto sandboxes = co_await (*runtime)->listSandboxes(filter);
    if (!sandboxes.ok()) co_return ports::textResponse(500, ports::criErrorText(sandboxes.error()));
    auto containers = co_await (*runtime)->listContainers(filter);
    if (!containers.ok()) co_return ports::textResponse(500, ports::criErrorText(containers.error()));
    const auto listed = [](document::ArrayBuilder& items) { return items.size() == 0 ? Value() : std::move(items).build(); };
    document::ArrayBuilder pods;
    for (const ports::CriSandbox& pod : *sandboxes) {
        if (pod.state != ports::CriSandboxState::Ready) continue;
        document::ArrayBuilder inside;
        for (const ports::CriContainer& item : *containers)
            if (item.sandboxId == pod.id && item.state == ports::CriContainerState::Running)
                inside.push(Value::object({{"name", item.name}, {"image", item.imageId}, {"resources", Value::object()}}));
        const Value metadata = Value::object({{"name", pod.name}, {"namespace", pod.ns}, {"uid", pod.uid}});
        const Value spec = Value::object({{"containers", listed(inside)}});
        pods.push(Value::object({{"metadata", metadata}, {"spec", spec}, {"status", Value::object()}}));
    }
    const Value list = Value::object({{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", Value::object()}, {"items", listed(pods)}});
    co_return ports::textResponse(200, api::writeAnswerJson(list) + "\n", "application/json");
}

} // namespace kubelet
