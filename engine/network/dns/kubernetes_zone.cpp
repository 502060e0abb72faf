#include "network/dns/kubernetes_zone.h"

#include "base/strings.h"

#include <algorithm>

namespace network::dns {
namespace {

using document::Value;

std::string dashed(const std::string& ip) { return base::replaceAll(base::replaceAll(ip, ".", "-"), ":", "-"); }

bool samePort(const std::string& asked, const Value& port, const std::string& protocol) {
    if (asked.empty()) return true;
    return base::toLower(port["name"].asString()) == asked &&
           base::toLower(port["protocol"].asString("TCP")) == protocol;
}

} // namespace

bool inZone(std::string_view name, std::string_view zone) {
    if (zone == "." || name == zone) return true;
    return name.size() > zone.size() && name.substr(name.size() - zone.size()) == zone &&
           name[name.size() - zone.size() - 1] == '.';
}

std::string KubernetesZone::zoneOf(std::string_view name) const {
    std::string best;
    for (const std::string& zone : settings_.zones)
        if (inZone(name, zone) && zone.size() > best.size()) best = zone;
    return best;
}

Record KubernetesZone::startOfAuthority(const std::string& zone, std::int64_t unixSeconds) const {
    const std::string ttl = std::to_string(settings_.ttl);
    return {zone, RecordType::SOA, settings_.ttl,
            "ns.dns." + zone + " hostmaster." + zone + " " + std::to_string(unixSeconds) + " 7200 1800 86400 " + ttl, 1};
}

std::string KubernetesZone::endpointName(const Value& endpoint, const std::string& address) const {
    if (!endpoint["hostname"].text().empty()) return endpoint["hostname"].text();
    if (settings_.endpointPodNames && !endpoint.at("targetRef", "name").text().empty())
        return endpoint.at("targetRef", "name").text();
    return dashed(address);
}

// labels: [..., service, namespace], the nearest to the zone last.
std::vector<KubernetesZone::Target> KubernetesZone::serviceTargets(const std::vector<std::string>& labels,
                                                                   const std::string& zone, bool& known) const {
    std::vector<Target> out;
    const std::string& ns = labels.back();
    known = false;
    if (!settings_.namespaces.empty() && !settings_.namespaces.count(ns)) return out;
    if (labels.size() == 1) { // only the namespace: an empty name
        known = view_.hasNamespace(ns);
        return out;
    }
    if (labels.size() > 4) return out;
    const std::string& name = labels[labels.size() - 2];
    std::string endpointLabel, portName, protocol;
    if (labels.size() == 3) endpointLabel = labels[0];
    if (labels.size() == 4) {
        if (labels[0][0] != '_' || labels[1][0] != '_') return out;
        portName = labels[0].substr(1);
        protocol = labels[1].substr(1);
    }
    const Value service = view_.service(ns, name);
    if (service.isNull()) return out;
    const std::string base = name + "." + ns + ".svc." + zone;
    if (service.at("spec", "type").asString() == "ExternalName") {
        if (!endpointLabel.empty() || !portName.empty()) return out;
        known = true;
        out.push_back({service.at("spec", "externalName").text(), base, 0});
        return out;
    }
    const bool headless = service.at("spec", "clusterIP").asString() == "None";
    if (headless || !endpointLabel.empty()) {
        for (const Value& slice : view_.slicesOf(ns, name))
            for (const Value& endpoint : slice["endpoints"].items()) {
                if (!endpoint.at("conditions", "ready").asBool(true)) continue;
                for (const Value& address : endpoint["addresses"].items()) {
                    const std::string own = endpointName(endpoint, address.text());
                    if (!endpointLabel.empty() && endpointLabel != own) continue;
                    for (const Value& port : slice["ports"].items()) {
                        if (!samePort(portName, port, protocol)) continue;
                        out.push_back({address.text(), own + "." + base, static_cast<int>(port["port"].asInt())});
                    }
                    if (slice["ports"].size() == 0 && portName.empty())
                        out.push_back({address.text(), own + "." + base, 0});
                }
            }
        known = !out.empty();
        return out;
    }
    for (const Value& port : service.at("spec", "ports").items()) {
        if (!samePort(portName, port, protocol)) continue;
        for (const Value& ip : service.at("spec", "clusterIPs").items())
            out.push_back({ip.text(), base, static_cast<int>(port["port"].asInt())});
        if (service.at("spec", "clusterIPs").size() == 0)
            out.push_back({service.at("spec", "clusterIP").text(), base, static_cast<int>(port["port"].asInt())});
    }
    known = !out.empty();
    return out;
}

std::vector<KubernetesZone::Target> KubernetesZone::podTargets(const std::vector<std::string>& labels,
                                                               const std::string& zone, bool& known) const {
    std::vector<Target> out;
    known = false;
    const std::string& ns = labels.back();
    if (settings_.pods == PodMode::Disabled) return out;
    if (!settings_.namespaces.empty() && !settings_.namespaces.count(ns)) return out;
    if (labels.size() == 1) {
        known = view_.hasNamespace(ns);
        return out;
    }
    if (labels.size() != 2 || !view_.hasNamespace(ns)) return out;
    const std::string ip = base::replaceAll(labels[0], "-", ".");
    const auto address = base::IpAddress::parse(ip);
    if (!address || !address->isV4()) return out;
    if (settings_.pods == PodMode::Verified && !view_.podWithAddress(ns, ip)) return out;
    known = true;
    out.push_back({ip, labels[0] + "." + ns + ".pod." + zone, 0});
    return out;
}

ZoneAnswer KubernetesZone::reverse(const Question& question) const {
    ZoneAnswer out;
    const auto address = parseReverseName(question.name);
    if (!address || question.type != RecordType::PTR) return out;
    std::string zone = "cluster.local.";
    for (const std::string& known : settings_.zones)
        if (known.find("arpa.") == std::string::npos) {
            zone = known;
            break;
        }
    const std::string ip = address->text();
    const auto add = [&](const std::string& target) {
        out.found = true;
        out.answers.push_back({question.name, RecordType::PTR, settings_.ttl, target, 1});
    };
    for (const Value& service : view_.services()) {
        const std::string ns = service.at("metadata", "namespace").text();
        if (!settings_.namespaces.empty() && !settings_.namespaces.count(ns)) continue;
        if (service.at("spec", "clusterIP").asString() == ip)
            add(service.at("metadata", "name").text() + "." + ns + ".svc." + zone);
    }
    if (out.found) return out;
    for (const Value& slice : view_.slices()) {
        const std::string ns = slice.at("metadata", "namespace").text();
        const std::string service = slice.at("metadata", "labels")["kubernetes.io/service-name"].text();
        if (service.empty() || (!settings_.namespaces.empty() && !settings_.namespaces.count(ns))) continue;
        for (const Value& endpoint : slice["endpoints"].items())
            for (const Value& own : endpoint["addresses"].items())
                if (own.asString() == ip && endpoint.at("conditions", "ready").asBool(true))
                    add(endpointName(endpoint, ip) + "." + service + "." + ns + ".svc." + zone);
    }
    return out;
}

ZoneAnswer KubernetesZone::answer(const std::string& zone, const Question& question) const {
    if (zone.find("arpa.") != std::string::npos) return reverse(question);
    ZoneAnswer out;
    const std::string name = base::toLower(question.name);
    const std::string relative = name.size() > zone.size() ? name.substr(0, name.size() - zone.size() - 1) : "";
    if (relative.empty()) {
        out.found = true;
        if (question.type == RecordType::NS) out.answers.push_back({zone, RecordType::NS, settings_.ttl, "ns.dns." + zone, 1});
        return out;
    }
    std::vector<std::string> labels = base::split(relative, '.');
    if (relative == "dns-version" && question.type == RecordType::TXT) {
        out.found = true;
        out.answers.push_back({question.name, RecordType::TXT, settings_.ttl, "\"1.1.0\"", 1});
        return out;
    }
    const std::string kind = labels.back();
    labels.pop_back();
    if (kind != "svc" && kind != "pod") return out;
    if (labels.empty()) { // "svc.cluster.local"
        out.found = true;
        return out;
    }
    for (const std::string& label : labels)
        if (label.empty()) return out;
    const std::vector<Target> targets =
        kind == "svc" ? serviceTargets(labels, zone, out.found) : podTargets(labels, zone, out.found);
    std::set<std::string> seen;
    for (const Target& target : targets) {
        const auto address = base::IpAddress::parse(target.host);
        if (!address) { // an external name
            if (question.type == RecordType::A || question.type == RecordType::AAAA || question.type == RecordType::CNAME) {
                out.alias = fullyQualified(target.host);
                out.answers.push_back({question.name, RecordType::CNAME, settings_.ttl, out.alias, 1});
            }
            return out;
        }
        const RecordType type = address->isV4() ? RecordType::A : RecordType::AAAA;
        if (question.type == type && seen.insert(target.host).second)
            out.answers.push_back({question.name, type, settings_.ttl, target.host, 1});
        if (question.type == RecordType::SRV) {
            const std::string line = std::to_string(target.port) + " " + target.name;
            if (seen.insert(line).second)
                out.answers.push_back({question.name, RecordType::SRV, settings_.ttl, line, 1});
            if (seen.insert(target.name + target.host).second)
                out.additional.push_back({target.name, type, settings_.ttl, target.host, 1});
        }
    }
    if (question.type == RecordType::SRV && !out.answers.empty()) {
        const auto weight = std::max<std::size_t>(1, 100 / out.answers.size());
        for (Record& record : out.answers) record.data = "0 " + std::to_string(weight) + " " + record.data;
    }
    return out;
}

} // namespace network::dns
