// What every API server makes by itself when it starts: system namespaces, the RBAC bootstrap policy,
// priority classes, flow control, the default service range, the kubernetes service. Existing
// objects are left alone (RBAC roles get missing rules back). Source: kubernetes
// pkg/controlplane/controller, pkg/registry/rbac/rest, pkg/registry/flowcontrol/rest.
#include "apiserver/core.h"
#include "base/assets.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

Value withOperation(const Value& object, const std::string& manager, std::string_view operation) {
    document::ArrayBuilder records;
    for (const Value& record : object.at("metadata", "managedFields").items()) {
        if (record["manager"].asString() != manager) {
            records.push(record);
            continue;
        }
        // Who applies items of a list does not own the list.
        Value applied = record.with("operation", operation);
        const Value& conditions = applied.at("fieldsV1", "f:status", "f:conditions");
        if (conditions.isObject())
            applied = applied.withPath({"fieldsV1", "f:status"},
                                       Value::object({{"f:conditions", conditions.without(".")}}));
        records.push(applied);
    }
    return withMeta(object, "managedFields", std::move(records).build());
}

// The server's own controller first said that the range is ready; the range's controller repeats it.
Value withDefaultRangeOwner(Value object) {
    const Value leaf = Value::object();
    const Value item = Value::object({{".", leaf}, {"f:status", leaf}, {"f:type", leaf}});
    const Value conditions = Value::object({{"k:{\"type\":\"Ready\"}", item}});
    document::ArrayBuilder records;
    for (const Value& record : object.at("metadata", "managedFields").items()) {
        if (record["manager"].asString() == "service-cidr-controller")
            records.push(record.with("manager", "kubernetes-service-cidr-controller")
                             .withPath({"fieldsV1", "f:status", "f:conditions"}, conditions));
        records.push(record);
    }
    return withMeta(object, "managedFields", std::move(records).build());
}

// The records of who owns which fields, as the server's own clients and the controllers that follow
// them leave them.
Value withOwners(Core& core, const api::ResourceInfo& resource, const Value& object) {
    const bool flow = resource.group == "flowcontrol.apiserver.k8s.io";
    const bool range = resource.kind == "ServiceCIDR";
    Context writer;
    writer.fieldManager = flow ? "api-priority-and-fairness-config-producer-v1" : "kube-apiserver";
    const Value status = object["status"];
    Value base = object.without("status");
    const Value finalizers = range ? base.at("metadata", "finalizers") : Value();
    if (range) base = withoutMeta(base, "finalizers");
    const Value rules = base.has("aggregationRule") ? base["rules"] : Value();
    if (!rules.isNull()) base = base.with("rules", Value());
    Value made = trackUpdate(core, writer, resource, Value(), base, "");
    if (!rules.isNull()) {
        writer.fieldManager = "clusterrole-aggregation-controller";
        made = trackUpdate(core, writer, resource, made, made.with("rules", rules), "");
        made = withOperation(made, writer.fieldManager, "Apply");
    }
    if (!finalizers.isNull()) {
        writer.fieldManager = "kube-controller-manager";
        made = trackUpdate(core, writer, resource, made, withMeta(made, "finalizers", finalizers), "");
    }
    if (status.isNull()) return made;
    if ((!flow && !range) || status.size() == 0) return made.with("status", status);
    writer.fieldManager = flow ? "api-priority-and-fairness-config-consumer-v1" : "service-cidr-controller";
    made = trackUpdate(core, writer, resource, made, made.with("status", status), "status");
    made = withOperation(made, writer.fieldManager, "Apply");
    return range ? withDefaultRangeOwner(std::move(made)) : made;
}

void ensure(Core& core, const Value& object) {
    const std::string apiVersion = object["apiVersion"].text();
    const auto slash = apiVersion.find('/');
    const std::string group = slash == std::string::npos ? "" : apiVersion.substr(0, slash);
    const std::string version = slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1);
    const api::ResourceInfo* resource = core.kinds.findByKind(group, version, object["kind"].asString());
    if (resource == nullptr) return;
    auto stored = readStored(core, *resource, metaText(object, "namespace"), metaText(object, "name"));
    if (!stored.ok() || stored.value()) return;
    document::ObjectBuilder meta(object["metadata"]);
    meta.set("uid", core.kernel.random("apiserver/uid").uuid());
    meta.set("creationTimestamp", core.now());
    Value made = object.with("metadata", std::move(meta).build());
    made = api::fillRequired(*resource, api::applyDefaults(*resource, made));
    if (strategyOf(*resource).generation) made = withMeta(made, "generation", 1);
    made = withOwners(core, *resource, made);
    (void)writeStored(core, *resource, made, 0);
}

// Where the API server itself is to be found: a service and its endpoints.
void ensureOwnService(Core& core) {
    const std::string ip = core.config.serviceCidr.network().next(1).text();
    const Value labels = Value::object({{"component", "apiserver"}, {"provider", "kubernetes"}});
    const Value port = Value::object({{"name", "https"},
                                      {"port", 443},
                                      {"protocol", "TCP"},
                                      {"targetPort", static_cast<int>(core.config.securePort)}});
    ensure(core, Value::object(
                     {{"apiVersion", "v1"},
                      {"kind", "Service"},
                      {"metadata", Value::object({{"name", "kubernetes"}, {"namespace", "default"}, {"labels", labels}})},
                      {"spec", Value::object({{"clusterIP", ip},
                                              {"clusterIPs", Value::array({Value(ip)})},
                                              {"internalTrafficPolicy", "Cluster"},
                                              {"ipFamilies", Value::array({"IPv4"})},
                                              {"ipFamilyPolicy", "SingleStack"},
                                              {"ports", Value::array({port})},
                                              {"sessionAffinity", "None"},
                                              {"type", "ClusterIP"}})},
                      {"status", Value::object({{"loadBalancer", Value::object()}})}}));
    const Value parent = Value::object(
        {{"group", ""}, {"resource", "services"}, {"namespace", "default"}, {"name", "kubernetes"}});
    ensure(core, Value::object({{"apiVersion", "networking.k8s.io/v1"},
                                {"kind", "IPAddress"},
                                {"metadata", Value::object({{"name", ip},
                                                            {"labels", Value::object({{"ipaddress.kubernetes.io/ip-family", "IPv4"},
                                                                                      {"ipaddress.kubernetes.io/managed-by", "ipallocator.k8s.io"}})}})},
                                {"spec", Value::object({{"parentRef", parent}})}}));
}

// What other API servers need to trust this one's front proxy, and since when old tokens are watched.
// Source: pkg/controlplane/controller (clusterauthenticationtrust, legacytokentracking).
void ensureOwnConfigMaps(Core& core) {
    const auto pem = [](const std::vector<pki::CertificatePtr>& list) {
        std::string text;
        for (const pki::CertificatePtr& item : list) text += pki::writeCertificatePem(*item);
        return text;
    };
    const auto put = [&](const char* name, Value data) {
        ensure(core, Value::object({{"apiVersion", "v1"},
                                    {"kind", "ConfigMap"},
                                    {"metadata", Value::object({{"name", name}, {"namespace", "kube-system"}})},
                                    {"data", std::move(data)}}));
    };
    const Config& config = core.config;
    document::ObjectBuilder trust;
    if (!config.clientAuthorities.empty()) trust.set("client-ca-file", pem(config.clientAuthorities));
    if (!config.requestHeaderAuthorities.empty()) {
        std::string names = "[";
        for (const std::string& name : config.requestHeaderNames)
            names += (names.size() > 1 ? "," : "") + base::quoteGo(name);
        trust.set("requestheader-allowed-names", names + "]");
        trust.set("requestheader-client-ca-file", pem(config.requestHeaderAuthorities));
        trust.set("requestheader-extra-headers-prefix", "[\"X-Remote-Extra-\"]");
        trust.set("requestheader-group-headers", "[\"X-Remote-Group\"]");
        trust.set("requestheader-username-headers", "[\"X-Remote-User\"]");
    }
    put("kube-apiserver-legacy-service-account-token-tracking",
        Value::object({{"since", core.now().substr(0, 10)}}));
    if (!trust.empty()) put("extension-apiserver-authentication", std::move(trust).build());
}

// Several API servers share the endpoints; each adds its address. Source: pkg/controlplane/reconcilers.
void reconcileOwnEndpoints(Core& core) {
    const api::ResourceInfo* endpoints = core.kinds.find("", "v1", "endpoints");
    const api::ResourceInfo* slices = core.kinds.find("discovery.k8s.io", "v1", "endpointslices");
    if (endpoints == nullptr || slices == nullptr) return;
    const std::string own = core.config.advertiseAddress.text();
    const std::int64_t number = core.config.securePort;
    std::vector<std::string> addresses;
    const Value known = core.lookup("", "endpoints", "default", "kubernetes");
    for (const Value& address : known["subsets"][0]["addresses"].items()) addresses.push_back(address["ip"].text());
    bool listed = false;
    for (const std::string& address : addresses) listed = listed || address == own;
    if (!listed) addresses.push_back(own);
    document::ArrayBuilder ips, items;
    for (const std::string& address : addresses) {
        ips.push(Value::object({{"ip", address}}));
        items.push(Value::object({{"addresses", Value::array({Value(address)})},
                                  {"conditions", Value::object({{"ready", true}})}}));
    }
    const Value port = Value::object({{"name", "https"}, {"port", number}, {"protocol", "TCP"}});
    const auto put = [&](const api::ResourceInfo& resource, Value object) {
        auto stored = readStored(core, resource, "default", "kubernetes");
        if (!stored.ok()) return;
        if (!stored.value()) return ensure(core, object);
        Value next = stored.value()->value;
        for (const char* key : {"subsets", "endpoints", "ports"})
            if (object.has(key)) next = next.with(key, object[key]);
        if (!(next == stored.value()->value)) (void)writeStored(core, resource, next, stored.value()->revision);
    };
    put(*endpoints,
        Value::object({{"apiVersion", "v1"},
                       {"kind", "Endpoints"},
                       {"metadata", Value::object({{"name", "kubernetes"},
                                                   {"namespace", "default"},
                                                   {"labels", Value::object({{"endpointslice.kubernetes.io/skip-mirror", "true"}})}})},
                       {"subsets", Value::array({Value::object({{"addresses", std::move(ips).build()},
                                                                {"ports", Value::array({port})}})})}}));
    put(*slices,
        Value::object({{"apiVersion", "discovery.k8s.io/v1"},
                       {"kind", "EndpointSlice"},
                       {"metadata", Value::object({{"name", "kubernetes"},
                                                   {"namespace", "default"},
                                                   {"generation", 1},
                                                   {"labels", Value::object({{"kubernetes.io/service-name", "kubernetes"}})}})},
                       {"addressType", "IPv4"},
                       {"endpoints", std::move(items).build()},
                       {"ports", Value::array({port})}}));
}

} // namespace

void makeBootstrapObjects(Core& core) {
    if (!core.etcd->reach().ok()) return;
    for (const std::string& path : base::assetPaths("bootstrap/apiserver/")) {
        auto list = document::readJson(base::asset(path), path);
        if (!list.ok()) continue;
        for (const Value& object : list.value()["items"].items()) ensure(core, object);
    }
    ensureOwnService(core);
    ensureOwnConfigMaps(core);
    reconcileOwnEndpoints(core);
    core.bootstrapped = true;
}

} // namespace apiserver
