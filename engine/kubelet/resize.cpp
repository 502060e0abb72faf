#include "kubelet/resize.h"

#include "api/quantity.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubelet/admission.h"
#include "kubelet/container_config.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/status_builder.h"
#include "kubelet/status_manager.h"

namespace kubelet {
namespace {

Value withResources(const Value& pod, const std::map<std::string, Value>& resources) {
    Value list = pod.at("spec", "containers");
    for (std::size_t i = 0; i < list.size(); ++i) {
        const auto found = resources.find(list[i]["name"].text());
        if (found == resources.end()) continue;
        list = list.withItem(i, found->second.isNull() ? list[i].without("resources") : list[i].with("resources", found->second));
    }
    return pod.withPath({"spec", "containers"}, list);
}

} // namespace

std::string Resizer::message(const Value& pod, std::int64_t generation, const std::string& error) const {
    std::string text = "{\"containers\":[";
    bool first = true;
    for (const Value& container : pod.at("spec", "containers").items()) {
        if (!first) text += ",";
        first = false;
        Value resources = container["resources"].isObject() ? container["resources"] : Value::object();
        text += "{\"name\":" + document::writeJson(container["name"]) + ",\"resources\":" + document::writeJson(resources) + "}";
    }
    text += "],\"generation\":" + std::to_string(generation);
    if (!error.empty()) text += ",\"error\":" + document::writeJson(Value(error));
    return text + "}";
}

void Resizer::refuse(const Value& pod, const char* reason, const std::string& error) {
    const Value condition = Value::object({{"type", "PodResizePending"}, {"status", "True"}, {"reason", reason}, {"message", error},
                                           {"lastProbeTime", core_.nowText()}, {"observedGeneration", api::generationOf(pod)}});
    if (!core_.status->setCondition(pod, "PodResizePending", condition)) return;
    core_.recorder->warning(pod, std::string("Resize") + reason,
                            std::string("Pod resize ") + reason + ": " + message(pod, api::generationOf(pod), error));
}

Value Resizer::granted(const Value& pod) {
    if (isStaticPod(pod)) return pod;
    const std::string uid = api::uidOf(pod);
    const bool known = entries_.count(uid) != 0;
    Entry& entry = entries_[uid];
    std::map<std::string, Value> wished;
    for (const Value& container : pod.at("spec", "containers").items()) wished[container["name"].text()] = container["resources"];
    if (!known) {
        entry.resources = std::move(wished);
        entry.generation = api::generationOf(pod);
        return pod;
    }
    if (entry.resources == wished) {
        (void)core_.status->setCondition(pod, "PodResizePending", Value());
        return pod;
    }
    const Value& allocatable = core_.node->allocatable();
    for (const char* name : {"cpu", "memory"}) {
        const api::Quantity quantity = api::Quantity::of(allocatable[name].asString());
        const std::int64_t capacity = std::string_view(name) == "cpu" ? quantity.milliValue() : quantity.value();
        const std::int64_t asked = podRequest(pod, name);
        if (asked > capacity) {
            refuse(pod, "Infeasible", std::string("Node didn't have enough capacity: ") + name + ", requested: " +
                                          std::to_string(asked) + ", capacity: " + std::to_string(capacity));
            return withResources(pod, entry.resources);
        }
        std::int64_t used = 0;
        for (const auto& [other, item] : core_.pods->all())
            if (other != uid && !isTerminalPhase(item.at("status", "phase").asString())) used += podRequest(item, name);
        if (asked > capacity - used) {
            refuse(pod, "Deferred", std::string("Node didn't have enough resource: ") + name + ", requested: " +
                                        std::to_string(asked) + ", used: " + std::to_string(used) + ", capacity: " +
                                        std::to_string(capacity));
            return withResources(pod, entry.resources);
        }
    }
    entry.resources = std::move(wished);
    entry.generation = api::generationOf(pod);
    entry.running = true;
    (void)core_.status->setCondition(pod, "PodResizePending", Value());
    const Value progress = Value::object({{"type", "PodResizeInProgress"}, {"status", "True"},
                                          {"lastProbeTime", core_.nowText()}, {"observedGeneration", entry.generation}});
    (void)core_.status->setCondition(pod, "PodResizeInProgress", progress);
    core_.recorder->normal(pod, "ResizeStarted", "Pod resize started: " + message(pod, entry.generation, ""));
    return pod;
}

void Resizer::observe(const Value& pod, const RuntimePod& runtime) {
    const auto found = entries_.find(api::uidOf(pod));
    if (found == entries_.end() || !found->second.running) return;
    for (const Value& container : pod.at("spec", "containers").items()) {
        const ports::CriContainer* item = runtime.find(container["name"].asString());
        if (item == nullptr || item->state != ports::CriContainerState::Running) return;
        const ports::CriResources wanted = containerResources(core_, pod, container);
        if (wanted.cpuShares != item->resources.cpuShares || wanted.cpuQuota != item->resources.cpuQuota ||
            wanted.memoryLimit != item->resources.memoryLimit)
            return;
    }
    found->second.running = false;
    (void)core_.status->setCondition(pod, "PodResizeInProgress", Value());
    core_.recorder->normal(pod, "ResizeCompleted", "Pod resize completed: " + message(pod, found->second.generation, ""));
}

void Resizer::forget(std::string_view uid) {
    const auto found = entries_.find(uid);
    if (found != entries_.end()) entries_.erase(found);
}

} // namespace kubelet
