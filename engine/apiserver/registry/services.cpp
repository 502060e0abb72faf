// Cluster addresses and node ports. Source: kubernetes pkg/registry/core/service/storage/alloc.go,
// pkg/registry/core/service/ipallocator and portallocator.
#include "apiserver/registry/strategies.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <set>

namespace apiserver {

using document::Value;

namespace {

base::Error invalidService(const Value& object, std::string field, std::string text) {
    return api::invalid("", "Service", metaText(object, "name"),
                        {{"FieldValueInvalid", "Invalid value: " + std::move(text), std::move(field)}});
}

bool needsAddress(const Value& object) {
    return object.at("spec", "type").asString() != "ExternalName";
}

bool needsNodePorts(const Value& object) {
    const std::string_view type = object.at("spec", "type").asString();
    if (type == "NodePort") return true;
    return type == "LoadBalancer" &&
           object.at("spec", "allocateLoadBalancerNodePorts").asBool(true);
}

void recordAddress(Core& core, const Value& service, const std::string& ip) {
    const api::ResourceInfo* addresses = core.kinds.find("networking.k8s.io", "v1", "ipaddresses");
    if (addresses == nullptr) return;
    const Value labels = Value::object({{"ipaddress.kubernetes.io/ip-family", "IPv4"},
                                        {"ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"}});
    const Value parent = Value::object({{"group", ""},
                                        {"resource", "services"},
                                        {"namespace", service["metadata"]["namespace"]},
                                        {"name", service["metadata"]["name"]}});
    const Value meta = Value::object({{"name", ip},
                                      {"uid", core.kernel.random("apiserver/uid").uuid()},
                                      {"creationTimestamp", core.now()},
                                      {"labels", labels}});
    (void)writeStored(core, *addresses,
                      Value::object({{"kind", "IPAddress"},
                                     {"apiVersion", "networking.k8s.io/v1"},
                                     {"metadata", meta},
                                     {"spec", Value::object({{"parentRef", parent}})}}),
                      0);
}

bool taken(Core& core, const std::string& ip) {
    return !core.lookup("networking.k8s.io", "ipaddresses", "", ip).isNull();
}

// Addresses come at random from the part of the range above the first 1/16 (at most 256, at least 16
// addresses), which is left to those who choose their own.
base::Result<std::string> pickAddress(Core& core, const Value& object) {
    const base::IpPrefix& range = core.config.serviceCidr;
    const int bits = 32 - range.length;
    const std::uint64_t size = (std::uint64_t{1} << std::min(bits, 24));
    const std::uint64_t reserved = std::min<std::uint64_t>(std::max<std::uint64_t>(16, size / 16), 256);
    const std::uint64_t low = size > reserved + 2 ? reserved : 1;
    sim::Random& random = core.kernel.random("apiserver/cluster-ip");
    const std::uint64_t span = size - low - 1;
    const std::uint64_t start = random.below(span);
    for (std::uint64_t i = 0; i < span; ++i) {
        const std::string ip = range.network().next(low + (start + i) % span).text();
        if (!taken(core, ip)) return ip;
    }
    return invalidService(object, "spec.clusterIPs",
                          "[]: failed to allocate a serviceIP: range is full");
}

// The cluster has addresses of one family. Source: pkg/registry/core/service/storage/alloc.go,
// initIPFamilyFields.
std::vector<api::StatusCause> familyProblems(const Core& core, const Value& spec) {
    std::vector<api::StatusCause> out;
    // Headless services without a selector have no addresses of their own.
    if (spec["clusterIP"].asString() == "None" && spec["selector"].size() == 0) return out;
    if (spec["ipFamilyPolicy"].asString() == "RequireDualStack")
        out.push_back({"FieldValueInvalid", "Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services",
                       "spec.ipFamilyPolicy"});
    for (std::size_t i = 0; i < spec["ipFamilies"].size(); ++i)
        if (spec["ipFamilies"][i].asString() == "IPv6" && core.config.serviceCidr.address.isV4())
            out.push_back({"FieldValueInvalid", "Invalid value: \"IPv6\": not configured on this cluster",
                           "spec.ipFamilies[" + std::to_string(i) + "]"});
    return out;
}

base::Result<Value> allocateAddress(Core& core, Context& context, Value object, const Value& old) {
    const Value& spec = object["spec"];
    if (!needsAddress(object)) return object;
    if (auto problems = familyProblems(core, spec); !problems.empty())
        return api::invalid("", "Service", metaText(object, "name"), std::move(problems));
    std::string ip = spec["clusterIP"].text();
    if (ip.empty() && spec["clusterIPs"].size() > 0) ip = spec["clusterIPs"][0].text();
    const std::string before = old.at("spec", "clusterIP").text();
    const bool kept = !before.empty() && before == ip && needsAddress(old);
    if (ip.empty()) {
        BASE_TRY(ip, pickAddress(core, object));
        if (!context.dryRun) recordAddress(core, object, ip);
    } else if (ip != "None" && !kept) {
        const auto address = base::IpAddress::parse(ip);
        const std::string list = "[\"" + ip + "\"]: failed to allocate IP " + ip + ": ";
        if (address && !core.config.serviceCidr.contains(*address))
            return invalidService(object, "spec.clusterIPs",
                                  list + (context.dryRun
                                              ? "the provided IP (" + ip +
                                                    ") is not in the valid range. The range of valid IPs is " +
                                                    core.config.serviceCidr.text()
                                              : std::string("the provided network does not match the current "
                                                            "range")));
        if (taken(core, ip))
            return invalidService(object, "spec.clusterIPs", list + "provided IP is already allocated");
        if (!context.dryRun) recordAddress(core, object, ip);
    }
    document::ObjectBuilder out(spec);
    out.set("clusterIP", ip).set("clusterIPs", Value::array({Value(ip)}));
    const bool headlessWithoutSelector = ip == "None" && spec["selector"].size() == 0;
    if (!spec.has("ipFamilyPolicy"))
        out.set("ipFamilyPolicy", headlessWithoutSelector ? "RequireDualStack" : "SingleStack");
    if (!spec.has("ipFamilies")) {
        if (headlessWithoutSelector) out.set("ipFamilies", Value::array({"IPv4", "IPv6"}));
        else out.set("ipFamilies", Value::array({"IPv4"}));
    }
    return object.with("spec", std::move(out).build());
}

std::set<std::int64_t> usedPorts(Core& core, const Value& except) {
    std::set<std::int64_t> used;
    for (const Value& service : core.all("", "services")) {
        if (service["metadata"]["uid"] == except["metadata"]["uid"]) continue;
        for (const Value& port : service.at("spec", "ports").items())
            if (port["nodePort"].asInt() != 0) used.insert(port["nodePort"].asInt());
        if (service.at("spec", "healthCheckNodePort").asInt() != 0)
            used.insert(service.at("spec", "healthCheckNodePort").asInt());
    }
    return used;
}

// Random ports come from above the first 86 of the default range, see portallocator's band.
std::int64_t pickPort(Core& core, const std::set<std::int64_t>& used) {
    const std::int64_t low = core.config.nodePortLow, high = core.config.nodePortHigh;
    const std::int64_t size = high - low + 1;
    const std::int64_t band = std::min<std::int64_t>(std::max<std::int64_t>(16, size / 32), 128);
    const std::int64_t from = size > band ? low + band : low;
    const std::int64_t start = core.kernel.random("apiserver/node-port").between(from, high);
    for (std::int64_t port = start; port <= high; ++port)
        if (!used.contains(port)) return port;
    for (std::int64_t port = low; port < start; ++port)
        if (!used.contains(port)) return port;
    return 0;
}

base::Status checkPort(Core& core, const Value& object, std::size_t index, std::int64_t port,
                       const std::set<std::int64_t>& used, const std::set<std::int64_t>& before) {
    const std::string field = "spec.ports[" + std::to_string(index) + "].nodePort";
    if (before.contains(port)) return base::okStatus();
    if (port < core.config.nodePortLow || port > core.config.nodePortHigh)
        return invalidService(object, field,
                              std::to_string(port) + ": provided port is not in the valid range. The "
                              "range of valid ports is " +
                                  std::to_string(core.config.nodePortLow) + "-" +
                                  std::to_string(core.config.nodePortHigh));
    if (used.contains(port))
        return invalidService(object, field,
                              std::to_string(port) + ": provided port is already allocated");
    return base::okStatus();
}

base::Result<Value> allocatePorts(Core& core, const Context& context, Value object, const Value& old) {
    if (!needsNodePorts(object)) return object;
    std::set<std::int64_t> used = usedPorts(core, object);
    std::set<std::int64_t> before;
    for (const Value& port : old.at("spec", "ports").items()) before.insert(port["nodePort"].asInt());
    std::map<std::int64_t, std::set<std::string>> own; // one node port may serve TCP and UDP
    document::ArrayBuilder ports;
    std::size_t index = 0;
    std::map<std::int64_t, std::int64_t> byPort;
    for (const Value& port : object.at("spec", "ports").items()) {
        std::int64_t number = port["nodePort"].asInt();
        if (number != 0) {
            // A dry run allocates nothing and finds nothing taken.
            if (!context.dryRun) BASE_CHECK(checkPort(core, object, index, number, used, before));
        } else {
            const auto shared = byPort.find(port["port"].asInt());
            if (shared != byPort.end() && !own[shared->second].contains(port["protocol"].text()))
                number = shared->second;
            else number = pickPort(core, used);
            if (number == 0)
                return api::statusError(500, "InternalError",
                                        "Internal error occurred: failed to allocate a nodePort: range is full");
        }
        used.insert(number);
        own[number].insert(port["protocol"].text());
        byPort.emplace(port["port"].asInt(), number);
        ports.push(port.with("nodePort", number));
        ++index;
    }
    if (ports.size() > 0) object = object.withPath({"spec", "ports"}, std::move(ports).build());
    const bool health = object.at("spec", "type").asString() == "LoadBalancer" &&
                        object.at("spec", "externalTrafficPolicy").asString() == "Local";
    if (health && object.at("spec", "healthCheckNodePort").asInt() == 0)
        object = object.withPath({"spec", "healthCheckNodePort"}, pickPort(core, used));
    return object;
}

} // namespace

// The old single field and the list say the same. Source: NormalizeClusterIPs.
Value prepareServiceCreate(Core&, Context&, Value object) {
    const Value& spec = object["spec"];
    if (!spec["clusterIP"].isEmpty() && spec["clusterIPs"].size() == 0)
        object = object.withPath({"spec", "clusterIPs"}, Value::array({spec["clusterIP"]}));
    return object.with("status", Value::object({{"loadBalancer", Value::object()}}));
}

// Fields that follow the type when the writer left them as they were.
Value prepareServiceUpdate(Core&, Context&, Value object, const Value& old) {
    const std::string_view type = object.at("spec", "type").asString();
    const std::string_view oldType = old.at("spec", "type").asString();
    document::ObjectBuilder spec(object["spec"]);
    const auto same = [&](const char* key) { return object["spec"][key] == old["spec"][key]; };
    if (type != "ExternalName" && oldType != "ExternalName") {
        for (const char* key : {"clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"})
            if (!object["spec"].has(key) && old["spec"].has(key)) spec.set(key, old["spec"][key]);
        const bool changed = object["spec"].has("clusterIP") &&
                             !object["spec"]["clusterIP"].isEmpty() && !same("clusterIP");
        if (changed && (!object["spec"].has("clusterIPs") || same("clusterIPs")))
            spec.set("clusterIPs", Value::array({object["spec"]["clusterIP"]}));
    }
    if (type == "ExternalName" && oldType != "ExternalName") {
        if (same("clusterIP")) spec.erase("clusterIP");
        if (same("clusterIPs")) spec.erase("clusterIPs");
        if (same("ipFamilies")) spec.erase("ipFamilies");
        if (same("ipFamilyPolicy")) spec.erase("ipFamilyPolicy");
        if (same("internalTrafficPolicy")) spec.erase("internalTrafficPolicy");
    }
    const bool hadNodePorts = oldType == "NodePort" || oldType == "LoadBalancer";
    const bool hasNodePorts = type == "NodePort" || type == "LoadBalancer";
    Value built = std::move(spec).build();
    if (hadNodePorts && !hasNodePorts) {
        document::ArrayBuilder ports;
        for (const Value& port : built["ports"].items()) ports.push(port.without("nodePort"));
        if (ports.size() > 0) built = built.with("ports", std::move(ports).build());
        if (same("externalTrafficPolicy")) built = built.without("externalTrafficPolicy");
        built = built.without("healthCheckNodePort");
    } else if (hadNodePorts && hasNodePorts) {
        // Ports given without a number keep the one they had.
        std::map<std::pair<std::int64_t, std::string>, Value> before;
        for (const Value& port : old.at("spec", "ports").items())
            before[{port["port"].asInt(), port["protocol"].text()}] = port["nodePort"];
        document::ArrayBuilder ports;
        for (const Value& port : built["ports"].items()) {
            const auto place = before.find({port["port"].asInt(), port["protocol"].text()});
            const bool missing = port["nodePort"].asInt() == 0 && place != before.end();
            ports.push(missing && !place->second.isNull() ? port.with("nodePort", place->second) : port);
        }
        built = built.with("ports", std::move(ports).build());
    }
    if (oldType == "LoadBalancer" && type != "LoadBalancer")
        built = built.without("allocateLoadBalancerNodePorts").without("loadBalancerClass");
    return object.with("spec", built);
}

base::Result<Value> allocateService(Core& core, Context& context, Value object, const Value& old) {
    BASE_TRY(object, allocatePorts(core, context, std::move(object), old));
    const std::string before = old.at("spec", "clusterIP").text();
    BASE_TRY(object, allocateAddress(core, context, std::move(object), old));
    if (!context.dryRun && !before.empty() && before != object.at("spec", "clusterIP").asString())
        releaseService(core, old);
    if (old.isNull() && !object["status"].has("loadBalancer"))
        object = object.withPath({"status", "loadBalancer"}, Value::object());
    return object;
}

void releaseService(Core& core, const Value& object) {
    const api::ResourceInfo* addresses = core.kinds.find("networking.k8s.io", "v1", "ipaddresses");
    const std::string ip = object.at("spec", "clusterIP").text();
    if (addresses == nullptr || ip.empty() || ip == "None") return;
    auto stored = readStored(core, *addresses, "", ip);
    if (stored.ok() && stored.value())
        (void)removeStored(core, *addresses, stored.value()->value, stored.value()->revision);
}

} // namespace apiserver
