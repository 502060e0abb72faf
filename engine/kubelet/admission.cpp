#include "kubelet/admission.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"
#include "api/quantity.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/status_manager.h"

#include <algorithm>
#include <set>
#include <tuple>

namespace kubelet {
namespace {

std::int64_t amount(const Value& container, std::string_view resource) {
    const api::Quantity quantity = api::Quantity::of(container.at("resources", "requests", resource).asString());
    return resource == "cpu" ? quantity.milliValue() : quantity.value();
}

bool active(Core& core, const Value& pod) {
    const std::string uid = api::uidOf(pod);
    if (isTerminalPhase(core.status->get(uid)["phase"].asString()) && !core.workers->couldHaveRunningContainers(uid))
        return false;
    if (isTerminalPhase(pod.at("status", "phase").asString())) return false;
    return !(core.workers->known(uid) && core.workers->finished(uid));
}

bool termMatches(Core& core, const Value& term, const Value& labels) {
    for (const Value& item : term["matchExpressions"].items())
        if (!api::nodeRequirement(item).matches(labels)) return false;
    for (const Value& item : term["matchFields"].items()) {
        const Value fields = Value::object({{"metadata.name", core.nodeName}});
        if (!api::nodeRequirement(item).matches(fields)) return false;
    }
    return term["matchExpressions"].size() + term["matchFields"].size() > 0;
}

bool affinityMatches(Core& core, const Value& pod, const Value& labels) {
    for (const document::Member& item : pod.at("spec", "nodeSelector").members())
        if (!(labels[item.key.view()] == item.value)) return false;
    const Value& terms = pod.at("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution",
                                "nodeSelectorTerms");
    if (!terms.isArray()) return true;
    const auto items = terms.items();
    return std::any_of(items.begin(), items.end(), [&](const Value& term) { return termMatches(core, term, labels); });
}

using HostPort = std::tuple<std::string, std::int64_t>;

std::set<HostPort> hostPorts(const Value& pod) {
    std::set<HostPort> out;
    for (const Value& container : pod.at("spec", "containers").items())
        for (const Value& port : container["ports"].items())
            if (port["hostPort"].asInt() != 0)
                out.emplace(port["protocol"].asString("TCP"), port["hostPort"].asInt());
    return out;
}

} // namespace

std::int64_t podRequest(const Value& pod, std::string_view resource) {
    std::int64_t sum = 0, sidecars = 0, peak = 0;
    for (const Value& container : pod.at("spec", "containers").items()) sum += amount(container, resource);
    for (const Value& container : pod.at("spec", "initContainers").items()) {
        const std::int64_t own = amount(container, resource);
        if (isSidecar(container)) sidecars += own;
        peak = std::max(peak, isSidecar(container) ? sidecars : sidecars + own);
    }
    const api::Quantity overhead = api::Quantity::of(pod.at("spec", "overhead", resource).asString());
    return std::max(sum + sidecars, peak) + (resource == "cpu" ? overhead.milliValue() : overhead.value());
}

std::optional<Rejection> admit(Core& core, const Value& pod) {
    if (isStaticPod(pod)) return std::nullopt;
    const std::string own = api::uidOf(pod);
    std::vector<const Value*> others;
    for (const auto& [uid, other] : core.pods->all())
        if (uid != own && active(core, other)) others.push_back(&other);
    const Value& allocatable = core.node->allocatable();
    const std::int64_t limit = api::Quantity::of(allocatable["pods"].asString()).value();
    const auto lacking = [](const char* name, std::int64_t asked, std::int64_t used, std::int64_t capacity) {
        return Rejection{std::string("OutOf") + name, std::string("Node didn't have enough resource: ") + name +
                                                          ", requested: " + std::to_string(asked) + ", used: " +
                                                          std::to_string(used) + ", capacity: " + std::to_string(capacity)};
    };
    if (static_cast<std::int64_t>(others.size()) + 1 > limit)
        return lacking("pods", 1, static_cast<std::int64_t>(others.size()), limit);
    for (const char* name : {"cpu", "memory", "ephemeral-storage"}) {
        const std::int64_t asked = podRequest(pod, name);
        if (asked == 0) continue;
        std::int64_t used = 0;
        for (const Value* other : others) used += podRequest(*other, name);
        const api::Quantity quantity = api::Quantity::of(allocatable[name].asString());
        const std::int64_t capacity = std::string_view(name) == "cpu" ? quantity.milliValue() : quantity.value();
        if (asked > capacity - used) return lacking(name, asked, used, capacity);
    }
    const Value& node = core.node->node();
    if (node.isObject() && !affinityMatches(core, pod, api::labelsOf(node)))
        return Rejection{"NodeAffinity", "Predicate NodeAffinity failed: node(s) didn't match Pod's node affinity/selector"};
    const std::set<HostPort> wanted = hostPorts(pod);
    if (!wanted.empty())
        for (const Value* other : others)
            for (const HostPort& port : hostPorts(*other))
                if (wanted.count(port) != 0)
                    return Rejection{"NodePorts", "Predicate NodePorts failed: node(s) didn't have free ports for the requested pod ports"};
    for (const Value& taint : node.at("spec", "taints").items())
        if (taint["effect"].asString() == "NoExecute" && !api::tolerates(pod.at("spec", "tolerations"), taint))
            return Rejection{"TaintToleration", "Predicate TaintToleration failed: node(s) had taints that the pod didn't tolerate"};
    return std::nullopt;
}

} // namespace kubelet
