// Source: pkg/apis/core/validation validateService.
#include "api/validation/rules.h"

#include "base/ip.h"
#include "base/strings.h"

namespace api::validation {
namespace {

const Path kSpec("spec");

bool isHeadless(const Value& service) {
    const Value& ips = service["spec"]["clusterIPs"];
    return ips.size() == 1 && ips[0].asString() == "None";
}
bool isExternal(const Value& service) { return service["spec"]["type"].asString() == "ExternalName"; }
bool isLoadBalancer(const Value& service) { return service["spec"]["type"].asString() == "LoadBalancer"; }
bool needsHealthCheck(const Value& service) {
    return isLoadBalancer(service) && service["spec"]["externalTrafficPolicy"].asString() == "Local";
}

void servicePort(Errors& errors, const Value& port, bool requireName, std::set<std::string>& names,
                 const Path& path) {
    const std::string name = port["name"].text();
    if (name.empty()) {
        if (requireName) errors.required(path.child("name"));
    } else {
        validateDnsLabelName(errors, name, path.child("name"));
        if (!names.insert(name).second) errors.duplicate(path.child("name"), name);
    }
    errors.invalidEach(path.child("port"), port["port"].asInt(), checkPortNumber(port["port"].asInt()));
    validateOneOf(errors, port["protocol"], path.child("protocol"), {"SCTP", "TCP", "UDP"});
    validatePortNumberOrName(errors, port["targetPort"], path.child("targetPort"));
    if (!port["appProtocol"].isNull())
        validateQualifiedName(errors, port["appProtocol"].asString(), path.child("appProtocol"));
}

void typeRules(Errors& errors, const Value& service) {
    const Value& spec = service["spec"];
    const std::string type = spec["type"].text();
    if ((type == "LoadBalancer" || type == "NodePort") && isHeadless(service))
        errors.invalid(kSpec.child("clusterIPs").index(0), "None",
                       "may not be set to 'None' for " + type + " services");
    if (type != "ExternalName") return;
    for (const char* field : {"clusterIPs", "ipFamilies"})
        if (spec[field].size() > 0)
            errors.forbidden(kSpec.child(field), "may not be set for ExternalName services");
    if (!spec["ipFamilyPolicy"].isNull())
        errors.forbidden(kSpec.child("ipFamilyPolicy"), "may not be set for ExternalName services");
    std::string name = spec["externalName"].text();
    if (!name.empty() && name.back() == '.') name.pop_back();
    if (name.empty()) errors.required(kSpec.child("externalName"));
    else validateDnsSubdomainName(errors, name, kSpec.child("externalName"));
}

void affinityRules(Errors& errors, const Value& spec) {
    const std::string affinity = spec["sessionAffinity"].text();
    validateOneOf(errors, spec["sessionAffinity"], kSpec.child("sessionAffinity"), {"ClientIP", "None"});
    const Value& config = spec["sessionAffinityConfig"];
    const Path path = kSpec.child("sessionAffinityConfig");
    if (affinity == "None") {
        if (!config.isNull()) errors.forbidden(path, "must not be set when session affinity is None");
        return;
    }
    if (affinity != "ClientIP") return;
    constexpr std::string_view kText = "when session affinity type is ClientIP";
    const Value& timeout = config["clientIP"]["timeoutSeconds"];
    if (config.isNull()) errors.required(path, kText);
    else if (config["clientIP"].isNull()) errors.required(path.child("clientIP"), kText);
    else if (timeout.isNull()) errors.required(path.child("clientIP", "timeoutSeconds"), kText);
    else if (timeout.asInt() <= 0 || timeout.asInt() > 86400)
        errors.invalid(path.child("clientIP", "timeoutSeconds"), timeout, "must be greater than 0 and less than 86400");
}

void ipFamilies(Errors& errors, const Value& spec) {
    std::set<std::string> seen;
    const Value& families = spec["ipFamilies"];
    for (std::size_t i = 0; i < families.size(); ++i) {
        const Path at = kSpec.child("ipFamilies").index(i);
        if (!contains({"IPv4", "IPv6"}, families[i].asString()))
            errors.notSupported(at, families[i], {"IPv4", "IPv6"});
        if (!seen.insert(families[i].text()).second) errors.duplicate(at, families[i]);
    }
    const Value& policy = spec["ipFamilyPolicy"];
    if (!policy.isNull() && !contains({"PreferDualStack", "RequireDualStack", "SingleStack"}, policy.asString()))
        errors.notSupported(kSpec.child("ipFamilyPolicy"), policy,
                            {"PreferDualStack", "RequireDualStack", "SingleStack"});
}

void clusterIps(Errors& errors, const Value& service) {
    if (isExternal(service)) return;
    const Value& spec = service["spec"];
    const Value& ips = spec["clusterIPs"];
    const Path path = kSpec.child("clusterIPs");
    if (!spec["clusterIP"].isEmpty()) {
        if (ips.size() == 0) errors.required(path);
        else if (!(ips[0] == spec["clusterIP"]))
            errors.invalid(path, ips, "first value must match `clusterIP`");
    } else if (ips.size() != 0) {
        errors.invalid(path, ips, "must be empty when `clusterIP` is not specified");
    }
    ipFamilies(errors, spec);
    bool invalid = false;
    for (std::size_t i = 0; i < ips.size(); ++i) {
        if (i == 0 && ips[i].asString() == "None") {
            if (ips.size() > 1) {
                invalid = true;
                errors.invalid(path, ips, "'None' must be the first and only value");
            }
            continue;
        }
        const std::size_t before = errors.size();
        validateLegacyIp(errors, ips[i], path.index(i));
        invalid = invalid || errors.size() > before;
    }
    if (ips.size() > 2) errors.invalid(path, ips, "may only hold up to 2 values");
    if (invalid) return;
    const auto isV6 = [](const Value& ip) {
        const auto parsed = base::IpAddress::parse(ip.asString());
        return parsed && !parsed->isV4();
    };
    if (ips.size() > 1 && isV6(ips[0]) == isV6(ips[1]))
        errors.invalid(path, ips, "may specify no more than one IP for each IP family");
    if (isHeadless(service)) return;
    for (std::size_t i = 0; i < ips.size() && i < spec["ipFamilies"].size(); ++i) {
        const std::string family = spec["ipFamilies"][i].text();
        if ((family == "IPv4" && isV6(ips[i])) || (family == "IPv6" && !isV6(ips[i])))
            errors.invalid(path.index(i), ips[i],
                           "expected an " + family + " value as indicated by `ipFamilies[" + std::to_string(i) + "]`");
    }
}

void portRules(Errors& errors, const Value& spec) {
    const Value& ports = spec["ports"];
    const Path path = kSpec.child("ports");
    if (spec["type"].asString() == "ClusterIP")
        for (std::size_t i = 0; i < ports.size(); ++i)
            if (ports[i]["nodePort"].asInt() != 0)
                errors.forbidden(path.index(i).child("nodePort"), "may not be used when `type` is 'ClusterIP'");
    std::set<std::string> nodePorts, seen;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::int64_t number = ports[i]["nodePort"].asInt();
        if (number != 0 && !nodePorts.insert(ports[i]["protocol"].text() + "/" + std::to_string(number)).second)
            errors.duplicate(path.index(i).child("nodePort"), number);
    }
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const std::int64_t number = ports[i]["port"].asInt();
        const std::string protocol = ports[i]["protocol"].text();
        if (seen.insert(protocol + "/" + std::to_string(number)).second) continue;
        // The key of upstream's map is a whole port with only two fields set.
        const Value key = Value::object({{"protocol", protocol}, {"port", number}});
        errors.duplicateText(path.index(i), internalJson("ServicePort", key));
    }
}

void loadBalancerRules(Errors& errors, const Value& service) {
    const Value& spec = service["spec"];
    const bool balancer = isLoadBalancer(service);
    const Value& ranges = spec["loadBalancerSourceRanges"];
    if (ranges.size() > 0) {
        const Path path = kSpec.child("LoadBalancerSourceRanges");
        if (!balancer) errors.forbidden(path, "may only be used when `type` is 'LoadBalancer'");
        for (std::size_t i = 0; i < ranges.size(); ++i)
            validateLegacyCidr(errors, Value(base::trim(ranges[i].asString())), path.index(i));
    }
    if (!spec["allocateLoadBalancerNodePorts"].isNull() && !balancer)
        errors.forbidden(kSpec.child("allocateLoadBalancerNodePorts"), "may only be used when `type` is 'LoadBalancer'");
    if (balancer && spec["allocateLoadBalancerNodePorts"].isNull())
        errors.required(Path("allocateLoadBalancerNodePorts"));
    const Value& loadBalancerClass = spec["loadBalancerClass"];
    if (loadBalancerClass.isNull()) return;
    if (balancer) validateQualifiedName(errors, loadBalancerClass.asString(), kSpec.child("loadBalancerClass"));
    else errors.forbidden(kSpec.child("loadBalancerClass"), "may only be used when `type` is 'LoadBalancer'");
}

void trafficRules(Errors& errors, const Value& service) {
    const Value& spec = service["spec"];
    const std::string type = spec["type"].text();
    const bool accessible = type == "LoadBalancer" || type == "NodePort" ||
                            (type == "ClusterIP" && spec["externalIPs"].size() > 0);
    const Value& policy = spec["externalTrafficPolicy"];
    if (!accessible) {
        if (!policy.isEmpty())
            errors.invalid(kSpec.child("externalTrafficPolicy"), policy,
                           "may only be set for externally-accessible services");
    } else {
        validateOneOf(errors, policy, kSpec.child("externalTrafficPolicy"), {"Cluster", "Local"});
    }
    const std::int64_t check = spec["healthCheckNodePort"].asInt();
    const Path path = kSpec.child("healthCheckNodePort");
    if (!needsHealthCheck(service)) {
        if (check != 0)
            errors.invalid(path, check,
                           "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'");
    } else if (check != 0) { // none is allocated later
        errors.invalidEach(path, check, checkPortNumber(check));
    }
    const Value& internal = spec["internalTrafficPolicy"];
    if (internal.isNull()) {
        if (contains({"NodePort", "LoadBalancer", "ClusterIP"}, type))
            errors.required(kSpec.child("internalTrafficPolicy"));
    } else if (!contains({"Cluster", "Local"}, internal.asString())) {
        errors.notSupported(kSpec.child("internalTrafficPolicy"), internal, {"Cluster", "Local"});
    }
    const Value& distribution = spec["trafficDistribution"];
    if (!distribution.isNull() &&
        !contains({"PreferClose", "PreferSameZone", "PreferSameNode"}, distribution.asString()))
        errors.notSupported(kSpec.child("trafficDistribution"), distribution,
                            {"PreferClose", "PreferSameZone", "PreferSameNode"});
}

void serviceRules(Errors& errors, const Value& service) {
    const Value& spec = service["spec"];
    const Value& ports = spec["ports"];
    if (ports.size() == 0 && !isHeadless(service) && !isExternal(service)) errors.required(kSpec.child("ports"));
    typeRules(errors, service);
    std::set<std::string> names;
    for (std::size_t i = 0; i < ports.size(); ++i)
        servicePort(errors, ports[i], ports.size() > 1, names, kSpec.child("ports").index(i));
    validateLabels(errors, spec["selector"], kSpec.child("selector"));
    affinityRules(errors, spec);
    clusterIps(errors, service);
    const Value& externalIps = spec["externalIPs"];
    for (std::size_t i = 0; i < externalIps.size(); ++i) {
        const std::size_t before = errors.size();
        validateLegacyIp(errors, externalIps[i], kSpec.child("externalIPs").index(i));
        if (errors.size() == before)
            validateEndpointIp(errors, externalIps[i], kSpec.child("externalIPs").index(i));
    }
    validateOneOf(errors, spec["type"], kSpec.child("type"),
                  {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort"});
    portRules(errors, spec);
    loadBalancerRules(errors, service);
    trafficRules(errors, service);
}

// Primary addresses and families stay; only a second one may come and go.
void keepsPrimary(Errors& errors, const Value& now, const Value& before, const char* field, const Value& service) {
    const Path path = kSpec.child(field);
    const bool families = std::string_view(field) == "ipFamilies";
    const Value& shownOnChange = families && now.size() != before.size() ? service["spec"]["clusterIPs"] : now;
    if (now.size() == before.size()) {
        for (std::size_t i = 0; i < before.size(); ++i)
            if (!(now[i] == before[i]))
                errors.invalid(path.index(families ? 0 : i), now, "may not change once set");
        return;
    }
    if (before.size() > now.size()) {
        const Value& unset = service["spec"]["clusterIPs"];
        if (unset.size() == 0)
            errors.invalid(path.index(0), now,
                           families ? "primary ipFamily can not be unset" : "primary clusterIP can not be unset");
        if (now.size() > 0 && !(now[0] == before[0]))
            errors.invalid(path.index(0), shownOnChange, "may not change once set");
        if (now.size() == 1 && service["spec"]["ipFamilyPolicy"].asString() != "SingleStack")
            errors.invalid(kSpec.child("ipFamilyPolicy"), service["spec"]["ipFamilyPolicy"],
                           std::string("must be set to 'SingleStack' when releasing the secondary ") +
                               (families ? "ipFamily" : "clusterIP"));
        return;
    }
    if (before.size() > 0 && !(now[0] == before[0]))
        errors.invalid(path.index(0), shownOnChange, "may not change once set");
}

} // namespace

void validateService(Errors& errors, const Value& service) {
    validateObjectMeta(errors, service["metadata"], true, nameIsDns1035Label, Path("metadata"));
    serviceRules(errors, service);
}

void validateServiceUpdate(Errors& errors, const Value& service, const Value& old) {
    validateObjectMetaUpdate(errors, service["metadata"], old["metadata"], Path("metadata"));
    if (!isExternal(service) && !isExternal(old)) {
        const bool headless = isHeadless(service), wasHeadless = isHeadless(old);
        if (!(headless && wasHeadless))
            keepsPrimary(errors, service["spec"]["clusterIPs"], old["spec"]["clusterIPs"], "clusterIPs", service);
        if (headless == wasHeadless && !headless)
            keepsPrimary(errors, service["spec"]["ipFamilies"], old["spec"]["ipFamilies"], "ipFamilies", service);
    }
    if (isLoadBalancer(old) && isLoadBalancer(service) &&
        !(old["spec"]["loadBalancerClass"] == service["spec"]["loadBalancerClass"]))
        errors.invalid(kSpec.child("loadBalancerClass"), service["spec"]["loadBalancerClass"],
                       "may not change once set");
    if (needsHealthCheck(old) && needsHealthCheck(service) &&
        old["spec"]["healthCheckNodePort"].asInt() != service["spec"]["healthCheckNodePort"].asInt())
        errors.forbidden(kSpec.child("healthCheckNodePort"), "field is immutable");
    serviceRules(errors, service);
}

} // namespace api::validation
