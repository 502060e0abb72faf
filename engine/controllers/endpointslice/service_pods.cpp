#include "controllers/endpointslice/service_pods.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"

namespace controllers {

using document::Value;

std::vector<std::string> servicesSelecting(const client::Informer& services, const Value& pod) {
    std::vector<std::string> out;
    const Value& labels = api::labelsOf(pod);
    for (const Value& service : services.inNamespace(api::namespaceOf(pod))) {
        const Value& selector = service.at("spec", "selector");
        if (!selector.isEmpty() && api::LabelSelector::fromMap(selector).matches(labels))
            out.push_back(api::keyOf(service));
    }
    return out;
}

bool endpointChanged(const Value& previous, const Value& current) {
    return !(api::labelsOf(previous) == api::labelsOf(current)) ||
           !(previous.at("status", "podIPs") == current.at("status", "podIPs")) ||
           api::podReady(previous) != api::podReady(current) ||
           api::podFinished(previous) != api::podFinished(current) ||
           api::isDeleting(previous) != api::isDeleting(current) ||
           api::podNode(previous) != api::podNode(current) ||
           !(previous.at("spec", "hostname") == current.at("spec", "hostname")) ||
           !(previous.at("spec", "subdomain") == current.at("spec", "subdomain"));
}

bool belongsInEndpoints(const Value& pod, bool includeTerminating) {
    if (api::podFinished(pod)) return false;
    if (pod.at("status", "podIP").asString().empty() && pod.at("status", "podIPs").size() == 0)
        return false;
    return includeTerminating || !api::isDeleting(pod);
}

bool isHeadless(const Value& service) {
    const std::string_view ip = service.at("spec", "clusterIP").asString();
    return ip == "None" || ip.empty();
}

std::optional<std::int64_t> targetPort(const Value& pod, const Value& servicePort) {
    const Value& target = servicePort["targetPort"];
    if (target.isInt() && target.asInt() != 0) return target.asInt();
    if (!target.isString()) return servicePort["port"].asInt();
    std::string_view protocol = servicePort["protocol"].asString("TCP");
    const auto search = [&](const Value& containers,
                            bool sidecarsOnly) -> std::optional<std::int64_t> {
        for (const Value& container : containers.items()) {
            if (sidecarsOnly && container["restartPolicy"].asString() != "Always") continue;
            for (const Value& port : container["ports"].items())
                if (port["name"] == target && port["protocol"].asString("TCP") == protocol)
                    return port["containerPort"].asInt();
        }
        return std::nullopt;
    };
    if (auto found = search(pod.at("spec", "containers"), false)) return found;
    return search(pod.at("spec", "initContainers"), true);
}

bool hasHostname(const Value& pod, const Value& service) {
    return !pod.at("spec", "hostname").asString().empty() &&
           pod.at("spec", "subdomain").asString() == service.at("metadata", "name").asString();
}

std::int64_t TriggerTimes::next(const Value& service, const std::vector<Value>& pods) {
    Entry& entry = entries_[api::keyOf(service)];
    std::int64_t earliest = 0;
    const auto consider = [&earliest](std::int64_t at, std::int64_t before) {
        if (at > before && (earliest == 0 || at < earliest)) earliest = at;
    };
    std::map<std::string, std::int64_t> seen;
    for (const Value& pod : pods) {
        const std::int64_t at = api::timeOf(api::conditionOf(pod, "Ready")["lastTransitionTime"]);
        if (at == 0) continue;
        const std::string name = api::nameOf(pod);
        const auto place = entry.pods.find(name);
        consider(at, place == entry.pods.end() ? 0 : place->second);
        seen[name] = at;
    }
    const std::int64_t created = api::creationTimeOf(service);
    consider(created, entry.service);
    entry.service = created;
    entry.pods = std::move(seen);
    return earliest;
}

void TriggerTimes::forget(std::string_view key) {
    const auto place = entries_.find(key);
    if (place != entries_.end()) entries_.erase(place);
}

} // namespace controllers
