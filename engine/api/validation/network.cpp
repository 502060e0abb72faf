// Ingress, IngressClass, NetworkPolicy, EndpointSlice, IPAddress, ServiceCIDR. Source:
// pkg/apis/networking/validation, pkg/apis/discovery/validation.
#include "api/validation/rules.h"

#include "base/ip.h"
#include "base/strings.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

void policyPort(Errors& errors, const Value& port, const Path& path) {
    const Value& protocol = port["protocol"];
    if (!protocol.isNull() && !contains({"TCP", "UDP", "SCTP"}, protocol.asString()))
        errors.notSupported(path.child("protocol"), protocol, {"TCP", "UDP", "SCTP"});
    const Value& number = port["port"];
    const Value& end = port["endPort"];
    if (number.isNull()) {
        if (!end.isNull())
            errors.invalid(path.child("endPort"), end, "may not be specified when `port` is not specified");
    } else if (number.isString()) {
        if (!end.isNull())
            errors.invalid(path.child("endPort"), end, "may not be specified when `port` is non-numeric");
        errors.invalidEach(path.child("port"), number, checkPortName(number.asString()));
    } else {
        errors.invalidEach(path.child("port"), number, checkPortNumber(number.asInt()));
        if (end.isNull()) return;
        if (end.asInt() < number.asInt())
            errors.invalid(path.child("endPort"), number, "must be greater than or equal to `port`");
        errors.invalidEach(path.child("endPort"), end, checkPortNumber(end.asInt()));
    }
}

void ipBlock(Errors& errors, const Value& block, const Path& path) {
    if (block["cidr"].isEmpty()) {
        errors.required(path.child("cidr"));
        return;
    }
    validateLegacyCidr(errors, block["cidr"], path.child("cidr"));
    const auto range = base::IpPrefix::parse(block["cidr"].asString());
    if (!range) return;
    for (std::size_t i = 0; i < block["except"].size(); ++i) {
        const Value& text = block["except"][i];
        const Path at = path.child("except").index(i);
        validateLegacyCidr(errors, text, at);
        const auto except = base::IpPrefix::parse(text.asString());
        if (!except) continue;
        if (!range->contains(except->address) || range->length >= except->length)
            errors.invalid(at, text, "must be a strict subset of `cidr`");
    }
}

void policyPeer(Errors& errors, const Value& peer, const Path& path) {
    int count = 0;
    for (const char* field : {"podSelector", "namespaceSelector"}) {
        if (peer[field].isNull()) continue;
        ++count;
        validateLabelSelector(errors, peer[field], path.child(field));
    }
    if (!peer["ipBlock"].isNull()) {
        ++count;
        ipBlock(errors, peer["ipBlock"], path.child("ipBlock"));
    }
    if (count == 0) errors.required(path, "must specify a peer");
    else if (count > 1 && !peer["ipBlock"].isNull())
        errors.forbidden(path, "may not specify both ipBlock and another peer");
}

void policySpec(Errors& errors, const Value& spec) {
    validateLabelSelector(errors, spec["podSelector"], kSpec.child("podSelector"));
    for (const auto& [direction, peers] : {std::pair<const char*, const char*>{"ingress", "from"}, {"egress", "to"}}) {
        for (std::size_t r = 0; r < spec[direction].size(); ++r) {
            const Value& rule = spec[direction][r];
            const Path at = kSpec.child(direction).index(r);
            for (std::size_t i = 0; i < rule["ports"].size(); ++i)
                policyPort(errors, rule["ports"][i], at.child("ports").index(i));
            for (std::size_t i = 0; i < rule[peers].size(); ++i)
                policyPeer(errors, rule[peers][i], at.child(peers).index(i));
        }
    }
    const Value& types = spec["policyTypes"];
    const Path path = kSpec.child("policyTypes");
    if (types.size() > 2) errors.invalid(path, types, "may not specify more than two policyTypes");
    for (std::size_t i = 0; i < types.size() && types.size() <= 2; ++i)
        if (!contains({"Ingress", "Egress"}, types[i].asString()))
            errors.notSupported(path.index(i), types[i], {"Ingress", "Egress"});
}
void networkPolicy(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    policySpec(errors, object["spec"]);
}
void networkPolicyUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    policySpec(errors, object["spec"]);
}

void typedReference(Errors& errors, const Value& reference, const Path& path) {
    if (!reference["apiGroup"].isNull())
        validateDnsSubdomainName(errors, reference["apiGroup"].asString(), path.child("apiGroup"));
    for (const char* field : {"kind", "name"}) {
        if (reference[field].isEmpty()) errors.required(path.child(field));
        else errors.invalidEach(path.child(field), reference[field], checkPathSegment(reference[field].asString()));
    }
}

void backendRules(Errors& errors, const Value& backend, const Path& path) {
    const Value& service = backend["service"];
    const Value& resource = backend["resource"];
    if (!service.isNull() && !resource.isNull()) {
        errors.invalid(path, "", "cannot set both resource and service backends");
    } else if (!resource.isNull()) {
        typedReference(errors, resource, path.child("resource"));
    } else if (!service.isNull()) {
        const Path name = path.child("service", "name");
        if (service["name"].isEmpty()) errors.required(name);
        else errors.invalidEach(name, service["name"], checkDns1035Label(service["name"].asString()));
        const Value& port = service["port"];
        const bool named = !port["name"].isEmpty(), numbered = port["number"].asInt() != 0;
        if (named && numbered) errors.invalid(path, "", "cannot set both port name & port number");
        else if (named)
            errors.invalidEach(path.child("service", "port", "name"), port["name"], checkPortName(port["name"].asString()));
        else if (numbered)
            errors.invalidEach(path.child("service", "port", "number"), port["number"],
                               checkPortNumber(port["number"].asInt()));
        else errors.required(path, "port name or number is required");
    } else {
        errors.invalid(path, "", "resource or service backend is required");
    }
}

void ingressPath(Errors& errors, const Value& rule, const Path& path) {
    const Value& type = rule["pathType"];
    const Value& text = rule["path"];
    const std::string_view shown = text.asString();
    const bool absolute = shown.substr(0, 1) == "/";
    if (type.isNull()) {
        errors.required(path.child("pathType"), "pathType must be specified");
        return;
    }
    if (contains({"Exact", "Prefix"}, type.asString())) {
        if (!absolute) errors.invalid(path.child("path"), shown, "must be an absolute path");
        for (std::string_view bad : {"//", "/./", "/../", "%2f", "%2F"})
            if (shown.find(bad) != std::string_view::npos)
                errors.invalid(path.child("path"), shown, "must not contain '" + std::string(bad) + "'");
        for (std::string_view bad : {"/..", "/."})
            if (shown.size() >= bad.size() && shown.substr(shown.size() - bad.size()) == bad)
                errors.invalid(path.child("path"), shown, "cannot end with '" + std::string(bad) + "'");
    } else if (type.asString() == "ImplementationSpecific") {
        if (!shown.empty() && !absolute) errors.invalid(path.child("path"), shown, "must be an absolute path");
    } else {
        errors.notSupported(path.child("pathType"), type, {"Exact", "ImplementationSpecific", "Prefix"});
    }
    backendRules(errors, rule["backend"], path.child("backend"));
}

void hostName(Errors& errors, const Value& host, const Path& path) {
    if (host.asString().find('*') != std::string_view::npos)
        errors.invalidEach(path, host, checkWildcardDns1123Subdomain(host.asString()));
    else errors.invalidEach(path, host, checkDns1123Subdomain(host.asString()));
}

void ingressSpec(Errors& errors, const Value& spec) {
    const Value& rules = spec["rules"];
    if (rules.size() == 0 && spec["defaultBackend"].isNull())
        errors.invalidText(kSpec, rules.isNull() ? "null" : "[]", "either `defaultBackend` or `rules` must be specified");
    if (!spec["defaultBackend"].isNull()) backendRules(errors, spec["defaultBackend"], kSpec.child("defaultBackend"));
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Path at = kSpec.child("rules").index(i);
        const Value& host = rules[i]["host"];
        if (!host.isEmpty()) {
            if (base::IpAddress::parse(host.asString()))
                errors.invalid(at.child("host"), host, "must be a DNS name, not an IP address");
            hostName(errors, host, at.child("host"));
        }
        const Value& http = rules[i]["http"];
        if (http.isNull()) continue;
        if (http["paths"].size() == 0) errors.required(at.child("http", "paths"));
        for (std::size_t p = 0; p < http["paths"].size(); ++p)
            ingressPath(errors, http["paths"][p], at.child("http", "paths").index(p));
    }
    for (std::size_t t = 0; t < spec["tls"].size(); ++t) {
        const Value& tls = spec["tls"][t];
        const Path at = kSpec.child("tls").index(t);
        for (std::size_t h = 0; h < tls["hosts"].size(); ++h)
            hostName(errors, tls["hosts"][h], at.child("hosts").index(h));
        if (!tls["secretName"].isEmpty())
            validateDnsSubdomainName(errors, tls["secretName"].asString(), at.child("secretName"));
    }
    if (!spec["ingressClassName"].isNull())
        validateDnsSubdomainName(errors, spec["ingressClassName"].asString(), kSpec.child("ingressClassName"));
}
void ingress(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    ingressSpec(errors, object["spec"]);
    constexpr const char* kAnnotation = "kubernetes.io/ingress.class";
    const Value& annotation = object["metadata"]["annotations"][kAnnotation];
    const Value& name = object["spec"]["ingressClassName"];
    if (!annotation.isNull() && !name.isNull() && !(annotation == name))
        errors.invalid(Path("annotations").child(kAnnotation), annotation,
                       "must match `ingressClassName` when both are specified");
}
void ingressUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    ingressSpec(errors, object["spec"]);
}

void ingressClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& spec = object["spec"];
    if (spec["controller"].asString().size() > 250) errors.tooLong(kSpec.child("controller"), 250);
    validateDomainPrefixedPath(errors, spec["controller"].asString(), kSpec.child("controller"));
    const Value& parameters = spec["parameters"];
    if (parameters.isNull()) return;
    const Path path = kSpec.child("parameters");
    typedReference(errors, parameters, path);
    const Value& scope = parameters["scope"];
    const Value& space = parameters["namespace"];
    if (scope.isNull()) errors.required(path.child("scope"));
    if (!contains({"Cluster", "Namespace"}, scope.asString())) {
        errors.notSupported(path.child("scope"), scope.asString(), {"Cluster", "Namespace"});
    } else if (scope.asString() == "Namespace") {
        if (space.isNull()) errors.required(path.child("namespace"), "`parameters.scope` is set to 'Namespace'");
        else validateDnsLabelName(errors, space.asString(), path.child("namespace"));
    } else if (!space.isNull()) {
        errors.forbidden(path.child("namespace"), "`parameters.scope` is set to 'Cluster'");
    }
}
void ingressClassUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["spec"]["controller"], old["spec"]["controller"], kSpec.child("controller"));
    ingressClass(errors, object);
}

void sliceAddress(Errors& errors, const Value& address, const std::string& type, const Path& list, std::size_t i) {
    const Path at = list.index(i);
    if (type == "FQDN") {
        std::string name = address.text();
        if (name.empty()) {
            errors.required(at);
            return;
        }
        if (name.back() == '.') name.pop_back();
        if (const Problems problems = checkDns1123Subdomain(name); !problems.empty())
            errors.invalid(at, name, base::join(problems, ","));
        else if (name.find('.') == std::string::npos)
            errors.invalid(at, name, "should be a domain with at least two segments separated by dots");
        return;
    }
    if (type != "IPv4" && type != "IPv6") return;
    const std::size_t before = errors.size();
    validateLegacyIp(errors, address, at);
    if (errors.size() > before) return;
    const auto ip = base::IpAddress::parse(address.asString());
    if (ip && ip->isV4() != (type == "IPv4")) errors.invalid(list, address, "must be an " + type + " address");
    validateEndpointIp(errors, address, at);
}

void hints(Errors& errors, const Value& list, const Path& path, bool zones) {
    if (list.size() > 8) errors.tooMany(path, static_cast<std::int64_t>(list.size()), 8);
    std::set<std::string> names;
    for (std::size_t i = 0; i < list.size() && list.size() <= 8; ++i) {
        const Path at = path.index(i).child("name");
        const std::string name = list[i]["name"].text();
        if (!names.insert(name).second) errors.duplicate(at, name);
        errors.invalidEach(at, name, zones ? checkLabelValue(name) : checkDns1123Subdomain(name));
    }
}

void slicePorts(Errors& errors, const Value& ports) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < ports.size(); ++i) {
        const Path at = Path("ports").index(i);
        const std::string name = ports[i]["name"].text();
        if (!name.empty()) validateDnsLabelName(errors, name, at.child("name"));
        if (!names.insert(name).second) errors.duplicate(at.child("name"), name);
        validateOneOf(errors, ports[i]["protocol"], at.child("protocol"), {"SCTP", "TCP", "UDP"});
        if (!ports[i]["appProtocol"].isNull())
            validateQualifiedName(errors, ports[i]["appProtocol"].asString(), at.child("appProtocol"));
    }
}

void sliceEndpoints(Errors& errors, const Value& object) {
    const std::string type = object["addressType"].text();
    const Value& endpoints = object["endpoints"];
    if (endpoints.size() > 1000) {
        errors.tooMany(Path("endpoints"), static_cast<std::int64_t>(endpoints.size()), 1000);
        return;
    }
    for (std::size_t i = 0; i < endpoints.size(); ++i) {
        const Value& endpoint = endpoints[i];
        const Path at = Path("endpoints").index(i);
        const Value& addresses = endpoint["addresses"];
        if (addresses.size() == 0) errors.required(at.child("addresses"), "must contain at least 1 address");
        else if (addresses.size() > 100)
            errors.tooMany(at.child("addresses"), static_cast<std::int64_t>(addresses.size()), 100);
        for (std::size_t a = 0; a < addresses.size(); ++a)
            sliceAddress(errors, addresses[a], type, at.child("addresses"), a);
        if (!endpoint["nodeName"].isNull())
            validateDnsSubdomainName(errors, endpoint["nodeName"].asString(), at.child("nodeName"));
        if (!endpoint["hostname"].isNull())
            validateDnsLabelName(errors, endpoint["hostname"].asString(), at.child("hostname"));
        hints(errors, endpoint["hints"]["forZones"], at.child("hints", "forZones"), true);
        hints(errors, endpoint["hints"]["forNodes"], at.child("hints", "forNodes"), false);
    }
}
void sliceHead(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validateOneOf(errors, object["addressType"], Path("addressType"), {"FQDN", "IPv4", "IPv6"});
    slicePorts(errors, object["ports"]);
}
void endpointSlice(Errors& errors, const Value& object) {
    sliceHead(errors, object);
    sliceEndpoints(errors, object);
}
void endpointSliceUpdate(Errors& errors, const Value& object, const Value& old) {
    sliceHead(errors, object);
    if (!(object["endpoints"] == old["endpoints"])) sliceEndpoints(errors, object);
    validateImmutable(errors, object["addressType"], old["addressType"], Path("addressType"));
}

void serviceCidr(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& cidrs = object["spec"]["cidrs"];
    const Path path = kSpec.child("cidrs");
    if (cidrs.size() == 0) errors.required(path, "at least one CIDR required");
    if (cidrs.size() > 2) errors.invalid(path, object["spec"], "may only hold up to 2 values");
    for (std::size_t i = 0; i < cidrs.size(); ++i) validateLegacyCidr(errors, cidrs[i], path.index(i));
}
void serviceCidrUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    const Value& now = object["spec"]["cidrs"];
    const Value& before = old["spec"]["cidrs"];
    if (now.size() != before.size()) {
        errors.invalid(kSpec.child("cidrs"), now, "field is immutable");
        return;
    }
    for (std::size_t i = 0; i < now.size(); ++i)
        if (!(now[i] == before[i])) errors.invalid(kSpec.child("cidrs").index(i), now[i], "field is immutable");
}

Problems nameIsIp(std::string_view name) {
    if (base::IpAddress::parse(name)) return {};
    return {"must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"};
}
void ipAddress(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsIp, kMeta);
    const Value& parent = object["spec"]["parentRef"];
    const Path path = kSpec.child("parentRef");
    if (parent.isNull()) {
        errors.required(path);
        return;
    }
    if (!parent["group"].isEmpty()) validateDnsSubdomainName(errors, parent["group"].asString(), path.child("group"));
    for (const char* field : {"resource", "name"}) {
        if (parent[field].isEmpty()) errors.required(path.child(field));
        else errors.invalidEach(path.child(field), parent[field], checkPathSegment(parent[field].asString()));
    }
}
void ipAddressUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["spec"]["parentRef"], old["spec"]["parentRef"], kSpec.child("parentRef"));
}

} // namespace

std::span<const KindRules> networkRules() {
    static constexpr KindRules kRules[] = {
        {"networking.k8s.io", "NetworkPolicy", networkPolicy, networkPolicyUpdate, nullptr},
        {"networking.k8s.io", "Ingress", ingress, ingressUpdate, validateIngressStatus},
        {"networking.k8s.io", "IngressClass", ingressClass, ingressClassUpdate, nullptr},
        {"networking.k8s.io", "ServiceCIDR", serviceCidr, serviceCidrUpdate, metaUpdate},
        {"networking.k8s.io", "IPAddress", ipAddress, ipAddressUpdate, nullptr},
        {"discovery.k8s.io", "EndpointSlice", endpointSlice, endpointSliceUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation
