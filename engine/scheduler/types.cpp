#include "scheduler/types.h"

#include "api/objects/pod.h"
#include "api/quantity.h"

#include <algorithm>

namespace scheduler {

using document::Value;

bool AffinityTerm::matches(const Value& pod, const Value& namespaceLabels) const {
    const bool named = namespaces.contains(api::namespaceOf(pod));
    if (!named && !(selectsNamespaces && namespaceSelector.matches(namespaceLabels))) return false;
    return selector.matches(api::labelsOf(pod));
}

namespace {

AffinityTerm readTerm(const Value& term, const Value& pod, std::int64_t weight) {
    AffinityTerm out;
    auto selector = api::LabelSelector::fromObject(term["labelSelector"]);
    out.selector = selector.ok() ? std::move(*selector) : api::LabelSelector::nothing();
    // matchLabelKeys and mismatchLabelKeys narrow the selector to the pod's own values.
    using Op = api::Requirement::Op;
    for (const auto& [list, op] :
         {std::pair{"matchLabelKeys", Op::In}, std::pair{"mismatchLabelKeys", Op::NotIn}})
        for (const Value& key : term[list].items())
            if (api::labelsOf(pod).has(key.asString()))
                out.selector.add(
                    {key.text(), op, {std::string(api::labelOf(pod, key.asString()))}});
    for (const Value& ns : term["namespaces"].items()) out.namespaces.insert(ns.text());
    const Value& namespaceSelector = term["namespaceSelector"];
    if (!namespaceSelector.isNull()) {
        out.selectsNamespaces = true;
        auto parsed = api::LabelSelector::fromObject(namespaceSelector);
        out.namespaceSelector = parsed.ok() ? std::move(*parsed) : api::LabelSelector::nothing();
    }
    if (out.namespaces.empty() && namespaceSelector.isNull())
        out.namespaces.insert(api::namespaceOf(pod));
    out.topologyKey = term["topologyKey"].text();
    out.weight = weight;
    return out;
}

void readTerms(const Value& affinity, const Value& pod, std::vector<AffinityTerm>& required,
               std::vector<AffinityTerm>& preferred) {
    for (const Value& term : affinity["requiredDuringSchedulingIgnoredDuringExecution"].items())
        required.push_back(readTerm(term, pod, 0));
    for (const Value& item : affinity["preferredDuringSchedulingIgnoredDuringExecution"].items())
        preferred.push_back(readTerm(item["podAffinityTerm"], pod, item["weight"].asInt()));
}

} // namespace

PodInfo::PodInfo(Value value)
    : pod(std::move(value)), key(api::keyOf(pod)), uid(api::uidOf(pod)),
      priority(api::podPriority(pod)), request(api::podRequests(pod)),
      nonZero(api::podRequests(pod, true)) {
    for (const char* list : {"containers", "initContainers"})
        for (const Value& container : pod.at("spec", list).items()) {
            if (list == std::string_view("initContainers") &&
                container["restartPolicy"].asString() != "Always")
                continue;
            for (const Value& port : container["ports"].items()) {
                const std::int64_t number = port["hostPort"].asInt();
                if (number > 0)
                    ports.push_back(
                        {port["hostIP"].asString().empty() ? "0.0.0.0" : port["hostIP"].text(),
                         std::string(port["protocol"].asString("TCP")), number});
            }
        }
    readTerms(pod.at("spec", "affinity", "podAffinity"), pod, requiredAffinity, preferredAffinity);
    readTerms(pod.at("spec", "affinity", "podAntiAffinity"), pod, requiredAntiAffinity,
              preferredAntiAffinity);
}

bool portsConflict(const std::vector<HostPort>& wanted, const std::set<HostPort>& used) {
    for (const HostPort& port : wanted)
        for (const HostPort& other : used)
            if (port.port == other.port && port.protocol == other.protocol &&
                (port.ip == other.ip || port.ip == "0.0.0.0" || other.ip == "0.0.0.0"))
                return true;
    return false;
}

void NodeInfo::setNode(Value value) {
    node = std::move(value);
    name = api::nameOf(node);
    allocatable = {};
    const Value& list = node.at("status", "allocatable");
    allocatable.add(list);
    allowedPods = list["pods"].isString() ? api::Quantity::of(list["pods"].asString()).value()
                                          : list["pods"].asInt();
    images.clear();
    for (const Value& image : node.at("status", "images").items())
        for (const Value& imageName : image["names"].items())
            images[imageName.text()] = image["sizeBytes"].asInt();
}

void NodeInfo::addPod(PodPtr pod) {
    requested.add(pod->request);
    nonZero.add(pod->nonZero);
    pods.push_back(std::move(pod));
}

bool NodeInfo::removePod(std::string_view uid) {
    for (auto place = pods.begin(); place != pods.end(); ++place) {
        if ((*place)->uid != uid) continue;
        requested.subtract((*place)->request);
        nonZero.subtract((*place)->nonZero);
        pods.erase(place);
        return true;
    }
    return false;
}

std::set<HostPort> NodeInfo::usedPorts() const {
    std::set<HostPort> out;
    for (const PodPtr& pod : pods) out.insert(pod->ports.begin(), pod->ports.end());
    return out;
}

std::string NodeInfo::label(std::string_view key) const {
    return std::string(api::labelOf(node, key));
}
bool NodeInfo::hasLabel(std::string_view key) const { return api::labelsOf(node).has(key); }

} // namespace scheduler
