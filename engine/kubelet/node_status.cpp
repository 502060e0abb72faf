#include "kubelet/node_status.h"

#include "api/quantity.h"
#include "api/status.h"
#include "base/strings.h"
#include "client/resources.h"
#include "document/patch.h"
#include "kubelet/pod_workers.h"
#include "kubelet/volume_manager.h"

#include <algorithm>

namespace kubelet {
namespace {

constexpr const char* kVersion = "v1.35.4";
constexpr sim::Duration kRuntimePeriod = 5 * sim::kSecond;
constexpr sim::Duration kRuntimeDown = 30 * sim::kSecond;
constexpr sim::Duration kLeaseRenew = 10 * sim::kSecond;
constexpr std::int64_t kDefaultDisk = 264212084LL * 1024;

std::int64_t meminfo(Core& core, std::string_view key) {
    for (const std::string& line : base::splitLines(core.files().read("/proc/meminfo").valueOr(""))) {
        const std::vector<std::string> words = base::splitFields(line);
        if (words.size() >= 2 && words[0] == std::string(key) + ":") return base::parseInt(words[1]).value_or(0) * 1024;
    }
    return 0;
}

std::string osRelease(Core& core) {
    for (const std::string& line : base::splitLines(core.files().read("/etc/os-release").valueOr("")))
        if (line.rfind("PRETTY_NAME=", 0) == 0)
            return base::replaceAll(line.substr(12), "\"", "");
    return "Linux";
}

std::string oneLine(Core& core, const char* path) {
    return std::string(base::trim(core.files().read(path).valueOr("")));
}

// What the eviction thresholds keep back: a quantity, or a share of the capacity.
std::int64_t thresholdBytes(const std::map<std::string, std::string>& map, const char* key, std::int64_t capacity) {
    const auto found = map.find(key);
    if (found == map.end()) return 0;
    const std::string& text = found->second;
    if (!text.empty() && text.back() == '%') {
        // Thresholds are 32-bit floats there.
        const double share = static_cast<float>(base::parseInt(text.substr(0, text.size() - 1)).value_or(0)) / 100.0f;
        return static_cast<std::int64_t>(static_cast<double>(capacity) * share);
    }
    return api::Quantity::of(text).value();
}

std::int64_t reserved(const Config& config, const char* key, bool milli) {
    std::int64_t sum = 0;
    for (const auto* map : {&config.kubeReserved, &config.systemReserved}) {
        const auto found = map->find(key);
        if (found == map->end()) continue;
        const api::Quantity quantity = api::Quantity::of(found->second);
        sum += milli ? quantity.milliValue() : quantity.value();
    }
    return sum;
}

} // namespace

void NodeStatus::readMachine() {
    cpus_ = 0;
    for (const std::string& line : base::splitLines(core_.files().read("/proc/cpuinfo").valueOr("")))
        if (line.rfind("processor", 0) == 0) ++cpus_;
    cpus_ = std::max<std::int64_t>(cpus_, 1);
    memoryBytes_ = meminfo(core_, "MemTotal");
    diskBytes_ = kDefaultDisk;
    const Config& config = core_.config;
    std::int64_t pods = config.maxPods;
    if (config.podsPerCore > 0) pods = std::min(pods, config.podsPerCore * cpus_);
    const auto make = [&](std::string cpu, std::string disk, std::string memory) {
        return Value::object({{"cpu", cpu}, {"ephemeral-storage", disk}, {"hugepages-1Gi", "0"},
                              {"hugepages-2Mi", "0"}, {"memory", memory}, {"pods", std::to_string(pods)}});
    };
    const auto kibi = [](std::int64_t bytes) { return std::to_string(bytes / 1024) + "Ki"; };
    capacity_ = make(std::to_string(cpus_), kibi(diskBytes_), kibi(memoryBytes_));
    const std::int64_t memory = memoryBytes_ - reserved(config, "memory", false) -
                                thresholdBytes(config.evictionHard, "memory.available", memoryBytes_);
    // A threshold in percent is rounded as Go rounds a float32 product.
    const std::int64_t disk = diskBytes_ - reserved(config, "ephemeral-storage", false) -
                              thresholdBytes(config.evictionHard, "nodefs.available", diskBytes_);
    const std::int64_t cpu = cpus_ * 1000 - reserved(config, "cpu", true);
    allocatable_ = make(api::Quantity::fromMilli(cpu).text(), std::to_string(disk), kibi(memory));
}

void NodeStatus::start() {
    // A node is registered before its runtime has been looked at, and therefore not Ready at first.
    if (core_.client != nullptr) {
        core_.scope.spawn(statusLoop(*this), "node-status");
        core_.scope.spawn(leaseLoop(*this), "node-lease");
        core_.scope.spawn(storageLoop(*this), "node-storage");
    }
    core_.scope.spawn(runtimeLoop(*this), "node-runtime");
}

void NodeStatus::setPressure(std::string_view type, bool on) {
    const auto found = pressure_.find(type);
    if (found != pressure_.end() && found->second == on) return;
    pressure_[std::string(type)] = on;
    wake();
}

bool NodeStatus::underPressure(std::string_view type) const {
    const auto found = pressure_.find(type);
    return found != pressure_.end() && found->second;
}

// Source: updateRuntimeUp.
sim::Task<void> NodeStatus::checkRuntime() {
    const std::string before = core_.runtimeError + "|" + core_.networkError;
    auto runtime = core_.runtime();
    base::Result<ports::CriStatus> status = base::makeError("");
    if (runtime.ok()) status = co_await (*runtime)->status();
    else status = std::move(runtime).error();
    if (!status.ok()) {
        const std::string text = ports::criErrorText(status.error());
        core_.log.error("log.go:32", "Status from runtime service failed", {{"err", text}});
        core_.log.error("kubelet.go:3115", "Container runtime sanity check failed", {{"err", text}});
        if (core_.now() - runtimeSeen_ > kRuntimeDown && core_.runtimeError.empty())
            core_.runtimeError = "container runtime is down";
    } else {
        runtimeSeen_ = core_.now();
        core_.runtimeError = status->runtimeReady ? "" : "container runtime not ready: RuntimeReady=false reason:" +
                                                             status->runtimeReason + " message:" + status->runtimeMessage;
        core_.networkError = status->networkReady
                                 ? ""
                                 : "container runtime network not ready: NetworkReady=false reason:" +
                                       status->networkReason + " message:" + status->networkMessage;
        if (!core_.networkError.empty())
            core_.log.error("kubelet.go:3130", "Container runtime network not ready",
                            {{"networkReady", "NetworkReady=false reason:" + status->networkReason + " message:" +
                                                  status->networkMessage}});
        if (containerVersion_.empty()) {
            auto version = co_await (*runtime)->version();
            if (version.ok()) containerVersion_ = version->name + "://" + version->version.substr(0, version->version.find('~'));
        }
    }
    if (before != core_.runtimeError + "|" + core_.networkError) {
        wake();
        core_.workers->runtimeChanged();
    }
}

sim::Task<void> NodeStatus::runtimeLoop(NodeStatus& self) {
    self.runtimeSeen_ = self.core_.now();
    while (true) {
        co_await self.checkRuntime();
        co_await self.runtimeChanged_.waitUntil(self.core_.now() + kRuntimePeriod);
    }
}

std::string NodeStatus::readyProblem() const {
    std::vector<std::string> problems;
    if (!core_.runtimeError.empty()) problems.push_back(core_.runtimeError);
    if (!core_.networkError.empty()) problems.push_back(core_.networkError);
    if (problems.size() == 1) return problems[0];
    return problems.empty() ? std::string() : "[" + base::join(problems, ", ") + "]";
}

Value NodeStatus::condition(const Value& old, const char* type, bool on, const char* reason, std::string message) {
    const Value& before = api::conditionIn(old, type);
    const char* status = on ? "True" : "False";
    const std::string now = core_.nowText();
    const bool same = before["status"].asString() == status;
    if (before.isObject() && !same) {
        const char* name = std::string_view(type) == "Ready" ? (on ? "NodeReady" : "NodeNotReady") : nullptr;
        const std::string event = name != nullptr ? std::string(name)
                                  : std::string_view(type) == "MemoryPressure" ? (on ? "NodeHasInsufficientMemory" : "NodeHasSufficientMemory")
                                  : std::string_view(type) == "DiskPressure" ? (on ? "NodeHasDiskPressure" : "NodeHasNoDiskPressure")
                                                                             : (on ? "NodeHasInsufficientPID" : "NodeHasSufficientPID");
        const Value reference = Value::object({{"kind", "Node"}, {"name", core_.nodeName}, {"uid", core_.nodeName}});
        core_.recorder->record(reference, "Normal", event, "Node " + core_.nodeName + " status is now: " + event);
    }
    return Value::object({{"lastHeartbeatTime", now},
                          {"lastTransitionTime", same ? before["lastTransitionTime"] : Value(now)},
                          {"message", message}, {"reason", reason}, {"status", status}, {"type", type}});
}

Value NodeStatus::conditions(const Value& old) {
    const bool memory = underPressure("MemoryPressure"), disk = underPressure("DiskPressure");
    const Value memoryCondition =
        condition(old, "MemoryPressure", memory, memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
                  memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available");
    const Value diskCondition = condition(old, "DiskPressure", disk, disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                                          disk ? "kubelet has disk pressure" : "kubelet has no disk pressure");
    const Value pidCondition = condition(old, "PIDPressure", false, "KubeletHasSufficientPID", "kubelet has sufficient PID available");
    const std::string problem = readyProblem();
    ready_ = problem.empty();
    const Value readyCondition = condition(old, "Ready", ready_, ready_ ? "KubeletReady" : "KubeletNotReady",
                                           ready_ ? "kubelet is posting ready status" : problem);
    document::ArrayBuilder out;
    for (const Value& item : old.items()) {
        const std::string_view type = item["type"].asString();
        if (type != "MemoryPressure" && type != "DiskPressure" && type != "PIDPressure" && type != "Ready") out.push(item);
    }
    for (const Value* item : {&memoryCondition, &diskCondition, &pidCondition, &readyCondition}) out.push(*item);
    return std::move(out).build();
}

Value NodeStatus::labels() const {
    document::ObjectBuilder out;
    for (const char* prefix : {"beta.kubernetes.io/", "kubernetes.io/"}) {
        out.set(std::string(prefix) + "arch", "amd64");
        out.set(std::string(prefix) + "os", "linux");
    }
    out.set("kubernetes.io/hostname", core_.nodeName);
    for (const auto& [key, value] : core_.config.nodeLabels) out.set(key, value);
    return std::move(out).build();
}

Value NodeStatus::nodeInfo() const {
    const std::string machine = oneLine(core_, "/etc/machine-id");
    return Value::object({{"architecture", "amd64"},
                          {"bootID", oneLine(core_, "/proc/sys/kernel/random/boot_id")},
                          {"containerRuntimeVersion", containerVersion_.empty() ? "containerd://Unknown" : containerVersion_},
                          {"kernelVersion", oneLine(core_, "/proc/sys/kernel/osrelease")},
                          {"kubeProxyVersion", ""},
                          {"kubeletVersion", kVersion},
                          {"machineID", machine},
                          {"operatingSystem", "linux"},
                          {"osImage", osRelease(core_)},
                          {"systemUUID", machine}});
}

// The biggest images first, at most fifty. Source: nodestatus.Images.
sim::Task<Value> NodeStatus::images() {
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return reportedImages_;
    auto listed = co_await (*runtime)->listImages();
    if (!listed.ok()) co_return reportedImages_;
    std::stable_sort(listed->begin(), listed->end(), [](const auto& a, const auto& b) { return a.size > b.size; });
    document::ArrayBuilder out;
    for (const ports::CriImage& image : *listed) {
        if (out.size() >= 50) break;
        std::vector<std::string> names = image.digests;
        names.insert(names.end(), image.tags.begin(), image.tags.end());
        if (names.size() > 5) names.resize(5);
        out.push(Value::object({{"names", Value::strings(names)}, {"sizeBytes", static_cast<std::int64_t>(image.size)}}));
    }
    reportedImages_ = std::move(out).build();
    co_return reportedImages_;
}

sim::Task<Value> NodeStatus::build(Value old) {
    const Value imageList = co_await images();
    Value status = old["status"].isObject() ? old["status"] : Value::object();
    const Value addresses[] = {Value::object({{"address", core_.nodeIP}, {"type", "InternalIP"}}),
                               Value::object({{"address", core_.nodeName}, {"type", "Hostname"}})};
    status = status.with("addresses", Value::array({addresses[0], addresses[1]}))
                 .with("allocatable", allocatable_)
                 .with("capacity", capacity_)
                 .with("conditions", conditions(status["conditions"]))
                 .with("daemonEndpoints", Value::object({{"kubeletEndpoint", Value::object({{"Port", core_.config.port}})}}))
                 .with("nodeInfo", nodeInfo());
    if (imageList.size() > 0) status = status.with("images", imageList);
    co_return status;
}

// Source: tryRegisterWithAPIServer.
sim::Task<bool> NodeStatus::registerNode() {
    const Value status = co_await build(Value());
    document::ObjectBuilder metadata;
    metadata.set("name", core_.nodeName);
    metadata.set("labels", labels());
    metadata.set("annotations",
                 Value::object({{"volumes.kubernetes.io/controller-managed-attach-detach", "true"}}));
    Value spec = Value::object();
    document::ArrayBuilder taints;
    for (const Value& taint : core_.config.registerWithTaints) taints.push(taint);
    if (taints.size() > 0) spec = spec.with("taints", std::move(taints).build());
    const Value node = Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"metadata", std::move(metadata).build()},
                                      {"spec", spec}, {"status", status}});
    core_.log.info("kubelet_node_status.go:74", "Attempting to register node", {{"node", core_.nodeName}});
    auto made = co_await core_.client->create(client::nodesResource(), "", node);
    if (made.ok()) {
        core_.log.info("kubelet_node_status.go:77", "Successfully registered node", {{"node", core_.nodeName}});
        node_ = *made;
        co_return true;
    }
    if (!api::isAlreadyExists(made.error())) {
        const std::string url = made.error().code == 0
                                    ? "Post \"https://" + core_.client->config().host + ":" +
                                          std::to_string(core_.client->config().port) + "/api/v1/nodes\": " : "";
        const std::string text = made.error().message.rfind("Post ", 0) == 0 ? made.error().message : url + made.error().message;
        core_.log.error("kubelet_node_status.go:106", "Unable to register node with API server",
                        {{"err", text}, {"node", core_.nodeName}});
        co_return false;
    }
    auto existing = co_await core_.client->get(client::nodesResource(), "", core_.nodeName);
    if (!existing.ok()) co_return false;
    core_.log.info("kubelet_node_status.go:123", "Node was previously registered", {{"node", core_.nodeName}});
    node_ = *existing;
    // Labels that the agent owns are put right.
    Value wanted = api::labelsOf(node_);
    const Value own = labels();
    for (const document::Member& item : own.members()) wanted = wanted.with(item.key.view(), item.value);
    if (!(wanted == api::labelsOf(node_))) {
        const Value patch = Value::object({{"metadata", Value::object({{"labels", wanted}})}});
        auto patched = co_await core_.client->patch(client::nodesResource(), "", core_.nodeName,
                                                    "application/merge-patch+json", patch);
        if (patched.ok()) node_ = *patched;
    }
    co_return true;
}

// Writes what has changed; heartbeats alone only every few minutes.
sim::Task<void> NodeStatus::refresh() {
    auto current = co_await core_.client->get(client::nodesResource(), "", core_.nodeName);
    if (current.ok()) node_ = *current;
}

sim::Task<bool> NodeStatus::report() {
    auto current = co_await core_.client->get(client::nodesResource(), "", core_.nodeName);
    if (!current.ok()) {
        core_.log.error("kubelet_node_status.go:474", "Error updating node status, will retry",
                        {{"err", "error getting node " + base::quoteGo(core_.nodeName) + ": " + current.error().message}});
        co_return false;
    }
    node_ = *current;
    const Value wanted = co_await build(node_);
    const Value stripped = wanted; // compared without heartbeats
    const auto quiet = [](const Value& status) {
        Value list = status["conditions"];
        for (std::size_t i = 0; i < list.size(); ++i) list = list.withItem(i, list[i].without("lastHeartbeatTime"));
        return status.with("conditions", list);
    };
    const bool due = lastReport_ < 0 || core_.now() - lastReport_ >= core_.config.nodeStatusReportFrequency;
    if (!due && quiet(stripped) == quiet(node_["status"])) co_return true;
    const Value change = document::makeMergePatch(node_["status"], wanted);
    const Value patch = Value::object({{"status", change}});
    auto written = co_await core_.client->patch(client::nodesResource(), "", core_.nodeName,
                                                "application/merge-patch+json", patch, "status");
    if (!written.ok()) {
        core_.log.error("kubelet_node_status.go:474", "Error updating node status, will retry",
                        {{"err", "failed to patch status for node " + base::quoteGo(core_.nodeName) + ": " +
                                     written.error().message}});
        co_return false;
    }
    node_ = *written;
    lastReport_ = core_.now();
    co_return true;
}

sim::Task<void> NodeStatus::statusLoop(NodeStatus& self) {
    Core& core = self.core_;
    sim::Duration retry = 100 * sim::kMillisecond;
    while (core.config.registerNode && !self.registered_) {
        self.registered_ = co_await self.registerNode();
        if (self.registered_) break;
        co_await sim::sleepFor(core.kernel(), retry);
        retry = std::min<sim::Duration>(retry * 2, 7 * sim::kSecond);
    }
    self.registered_ = true;
    self.registeredSignal_.notify();
    core.workers->nodeRegistered();
    const Value reference = Value::object({{"kind", "Node"}, {"name", core.nodeName}, {"uid", core.nodeName}});
    for (const char* reason : {"NodeHasSufficientMemory", "NodeHasNoDiskPressure", "NodeHasSufficientPID"})
        core.recorder->record(reference, "Normal", reason, "Node " + core.nodeName + " status is now: " + reason);
    while (true) {
        bool done = false;
        for (int attempt = 0; attempt < 5 && !done; ++attempt) done = co_await self.report();
        if (!done)
            core.log.error("kubelet_node_status.go:461", "Unable to update node status", {{"err", "update node status exceeds retry count"}});
        co_await self.changed_.waitUntil(core.now() + core.jitter(core.config.nodeStatusUpdateFrequency, 0.04));
    }
}

// The node as storage drivers find it. Source: pkg/volume/csi/nodeinfomanager.
sim::Task<void> NodeStatus::storageLoop(NodeStatus& self) {
    Core& core = self.core_;
    while (!self.registered_ || self.node_.isNull()) co_await self.registeredSignal_.wait();
    constexpr const char* kMigrated =
        "kubernetes.io/aws-ebs,kubernetes.io/azure-disk,kubernetes.io/azure-file,kubernetes.io/cinder,"
        "kubernetes.io/gce-pd,kubernetes.io/portworx-volume,kubernetes.io/vsphere-volume";
    const Value owner = Value::object({{"apiVersion", "v1"},
                                       {"kind", "Node"},
                                       {"name", core.nodeName},
                                       {"uid", api::uidOf(self.node_)}});
    const Value annotations = Value::object({{"storage.alpha.kubernetes.io/migrated-plugins", kMigrated}});
    const Value metadata = Value::object({{"name", core.nodeName},
                                          {"annotations", annotations},
                                          {"ownerReferences", Value::array({owner})}});
    const Value object = Value::object({{"apiVersion", "storage.k8s.io/v1"},
                                        {"kind", "CSINode"},
                                        {"metadata", metadata},
                                        {"spec", Value::object({{"drivers", Value()}})}});
    while (true) {
        auto made = co_await core.client->create(client::csiNodesResource(), "", object);
        if (made.ok() || api::isAlreadyExists(made.error())) co_return;
        co_await sim::sleepFor(core.kernel(), 500 * sim::kMillisecond);
    }
}

sim::Task<void> NodeStatus::leaseLoop(NodeStatus& self) {
    Core& core = self.core_;
    while (!self.registered_) co_await self.registeredSignal_.wait();
    sim::Duration retry = 200 * sim::kMillisecond;
    while (true) {
        base::Result<Value> result = base::makeError("");
        const std::string now = sim::formatRfc3339Micro(core.unixNow());
        if (self.lease_.isNull()) {
            result = co_await core.client->get(client::leasesResource(), "kube-node-lease", core.nodeName);
            if (!result.ok() && api::isNotFound(result.error())) {
                const Value owner = Value::object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", core.nodeName},
                                                   {"uid", api::uidOf(self.node_)}});
                const Value metadata = Value::object({{"name", core.nodeName}, {"namespace", "kube-node-lease"},
                                                      {"ownerReferences", Value::array({owner})}});
                const Value spec = Value::object({{"holderIdentity", core.nodeName},
                                                  {"leaseDurationSeconds", core.config.nodeLeaseDurationSeconds},
                                                  {"renewTime", now}});
                const Value lease = Value::object({{"apiVersion", "coordination.k8s.io/v1"}, {"kind", "Lease"},
                                                   {"metadata", metadata}, {"spec", spec}});
                result = co_await core.client->create(client::leasesResource(), "kube-node-lease", lease);
            }
            if (!result.ok()) {
                core.log.error("controller.go:201", "Failed to ensure lease exists, will retry",
                               {{"err", result.error().message}, {"interval", sim::formatGoDuration(retry)}});
                co_await sim::sleepFor(core.kernel(), retry);
                retry = std::min<sim::Duration>(retry * 2, 7 * sim::kSecond);
                continue;
            }
            self.lease_ = *result;
        }
        Value spec = self.lease_["spec"].with("renewTime", now).with("holderIdentity", core.nodeName);
        const Value wanted = self.lease_.with("spec", spec);
        for (int attempt = 0; attempt < 5; ++attempt) {
            result = co_await core.client->update(client::leasesResource(), "kube-node-lease", wanted);
            if (result.ok()) break;
            core.log.error("controller.go:251", "Failed to update lease", {{"err", result.error().message}});
            if (result.error().code != 0) break; // a conflict or a refusal: read it again
        }
        if (result.ok()) {
            self.lease_ = *result;
            retry = 200 * sim::kMillisecond;
        } else {
            self.lease_ = Value();
        }
        co_await sim::sleepFor(core.kernel(), core.jitter(kLeaseRenew, 0.04));
    }
}

} // namespace kubelet
