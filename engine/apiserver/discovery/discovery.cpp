// /api, /apis and below. Source: apiserver pkg/endpoints/discovery and discovery/aggregated.
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>
#include <map>

namespace apiserver {

using document::Value;

namespace {

Value strings(const std::vector<std::string>& list) { return Value::strings(list); }

std::string groupVersion(const std::string& group, const std::string& version) {
    return group.empty() ? version : group + "/" + version;
}

Value aggregatedSubresource(const api::Subresource& sub) {
    return Value::object({{"subresource", sub.name},
                          {"responseKind", Value::object({{"group", sub.group},
                                                          {"version", sub.version},
                                                          {"kind", sub.kind}})},
                          {"verbs", strings(sub.verbs)}});
}

Value aggregatedResource(const api::ResourceInfo& info) {
    document::ObjectBuilder out;
    out.set("resource", info.plural);
    out.set("responseKind",
            Value::object({{"group", info.custom ? info.group : ""},
                           {"version", info.custom ? info.version : ""},
                           {"kind", info.kind}}));
    out.set("scope", info.namespaced ? "Namespaced" : "Cluster");
    out.set("singularResource", info.singular);
    out.set("verbs", strings(info.verbs));
    out.setUnlessEmpty("shortNames", strings(info.shortNames));
    out.setUnlessEmpty("categories", strings(info.categories));
    document::ArrayBuilder subs;
    for (const api::Subresource& sub : info.subresources) {
        Value item = aggregatedSubresource(sub);
        // Empty means "as the parent" for built-in kinds of the parent's own version.
        if (!info.custom && sub.group == info.group && sub.version == info.version)
            item = item.with("responseKind", Value::object({{"group", ""}, {"version", ""}, {"kind", sub.kind}}));
        subs.push(item);
    }
    if (subs.size() > 0) out.set("subresources", std::move(subs).build());
    return std::move(out).build();
}

Value aggregatedGroup(Core& core, const std::string& group) {
    document::ArrayBuilder versions;
    for (const std::string& version : core.kinds.versions(group)) {
        document::ArrayBuilder resources;
        for (const api::ResourceInfo* info : core.kinds.all())
            if (info->group == group && info->version == version) resources.push(aggregatedResource(*info));
        versions.push(Value::object({{"version", version},
                                     {"resources", std::move(resources).build()},
                                     {"freshness", "Current"}}));
    }
    Value meta = Value::object();
    if (!group.empty()) meta = meta.with("name", group);
    return Value::object({{"metadata", meta}, {"versions", std::move(versions).build()}});
}

// Groups of other API servers with their versions. Source: kube-aggregator handler_apis.go.
std::map<std::string, std::vector<Value>> foreignGroups(Core& core) {
    std::map<std::string, std::vector<Value>> groups;
    for (const Value& service : core.all("apiregistration.k8s.io", "apiservices")) {
        const std::string group = service.at("spec", "group").text();
        if (!service.at("spec", "service").isObject() || !core.kinds.versions(group).empty()) continue;
        const auto known = core.foreignDiscovery.find(metaText(service, "name"));
        groups[group].push_back(known != core.foreignDiscovery.end()
                                    ? known->second
                                    : Value::object({{"version", service.at("spec", "version")},
                                                     {"resources", Value::array(std::vector<Value>{})},
                                                     {"freshness", "Stale"}}));
    }
    return groups;
}

std::vector<std::string> versionNames(const std::vector<Value>& versions) {
    std::vector<std::string> names;
    for (const Value& version : versions) names.push_back(version["version"].text());
    return names;
}

Value groupEntry(const std::string& group, const std::vector<std::string>& versions) {
    document::ArrayBuilder list;
    for (const std::string& version : versions)
        list.push(Value::object({{"groupVersion", groupVersion(group, version)}, {"version", version}}));
    return Value::object({{"name", group},
                          {"versions", std::move(list).build()},
                          {"preferredVersion",
                           Value::object({{"groupVersion", groupVersion(group, versions.front())},
                                          {"version", versions.front()}})}});
}

// Source: apiserver pkg/endpoints/discovery/storageversionhash.go.
std::string storageHash(Core& core, const api::ResourceInfo& info) {
    const api::ResourceInfo& stored = storedAs(core, info);
    // Two kinds are still kept in the version before the one they are served in.
    const bool earlier = stored.kind == "CustomResourceDefinition" || stored.kind == "VolumeAttributesClass";
    const std::string version = earlier ? "v1beta1" : stored.version;
    return base::encodeBase64(
        pki::sha256(stored.group + "/" + version + "/" + stored.kind).substr(0, 8));
}

Value resourceList(Core& core, const std::string& group, const std::string& version) {
    document::ArrayBuilder list;
    for (const api::ResourceInfo* info : core.kinds.all()) {
        if (info->group != group || info->version != version) continue;
        document::ObjectBuilder item;
        item.set("name", info->plural).set("singularName", info->singular);
        item.set("namespaced", info->namespaced).set("kind", info->kind).set("verbs", strings(info->verbs));
        item.setUnlessEmpty("shortNames", strings(info->shortNames));
        item.setUnlessEmpty("categories", strings(info->categories));
        if (info->hasVerb("list") && info->hasVerb("create")) item.set("storageVersionHash", storageHash(core, *info));
        list.push(std::move(item).build());
        for (const api::Subresource& sub : info->subresources) {
            document::ObjectBuilder entry;
            entry.set("name", info->plural + "/" + sub.name).set("singularName", "");
            entry.set("namespaced", info->namespaced);
            if (sub.group != info->group || sub.version != info->version)
                entry.setUnlessEmpty("group", sub.group).setUnlessEmpty("version", sub.version);
            entry.set("kind", sub.kind).set("verbs", strings(sub.verbs));
            list.push(std::move(entry).build());
        }
    }
    document::ObjectBuilder out;
    out.set("kind", "APIResourceList");
    if (!group.empty()) out.set("apiVersion", "v1");
    out.set("groupVersion", groupVersion(group, version)).set("resources", std::move(list).build());
    return std::move(out).build();
}

enum class Wanted { Plain, Aggregated, Nothing };

// Of the forms of discovery that a client names, the first that is served.
Wanted wantedForm(const ports::Request& request) {
    const std::string_view accept = request.headers.get("Accept");
    if (accept.empty()) return Wanted::Plain;
    for (const std::string& part : base::split(accept, ',')) {
        const bool wild = part.find("*/*") != std::string::npos || part.find("application/*") != std::string::npos;
        const bool known = part.find("application/json") != std::string::npos ||
                           part.find("application/yaml") != std::string::npos ||
                           part.find("application/vnd.kubernetes.protobuf") != std::string::npos;
        if (!wild && !known) continue;
        if (part.find("as=") == std::string::npos) return Wanted::Plain;
        bool v2 = false;
        for (const std::string& piece : base::split(part, ';')) v2 = v2 || base::trim(piece) == "v=v2";
        if (v2 && part.find("as=APIGroupDiscoveryList") != std::string::npos) return Wanted::Aggregated;
    }
    return Wanted::Nothing;
}

// A client that has this very document is told so.
ports::Response aggregated(const ports::Request& request, Value items) {
    ports::Response response = respondJson(200, Value::object({{"kind", "APIGroupDiscoveryList"},
                                                              {"apiVersion", "apidiscovery.k8s.io/v2"},
                                                              {"metadata", Value::object()},
                                                              {"items", std::move(items)}}));
    const std::uint64_t hash = response.object.hash();
    const std::string bytes(reinterpret_cast<const char*>(&hash), sizeof hash);
    const std::string half = pki::sha256(bytes);
    const std::string tag = "\"" + base::toUpper(base::encodeHex(half + pki::sha256(half))) + "\"";
    response.headers.set("Content-Type",
                         "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList");
    response.headers.set("Cache-Control", "public");
    response.headers.set("Etag", tag);
    response.headers.set("Vary", "Accept");
    if (request.headers.get("If-None-Match") != tag) return response;
    ports::Response same;
    same.status = 304;
    for (const char* name : {"Cache-Control", "Etag", "Vary"})
        same.headers.set(name, std::string(response.headers.get(name)));
    return same;
}

ports::Response serveRoot(Core& core, const Context& context, bool legacy) {
    const Wanted wanted = wantedForm(context.request);
    if (wanted == Wanted::Nothing)
        return respondError(api::statusError(406, "NotAcceptable",
                                             "only the following media types are accepted: application/json, "
                                             "application/yaml, application/vnd.kubernetes.protobuf"));
    if (wanted == Wanted::Aggregated) {
        document::ArrayBuilder items;
        for (const std::string& group : core.kinds.groups())
            if (group.empty() == legacy) items.push(aggregatedGroup(core, group));
        if (!legacy)
            for (const auto& [group, versions] : foreignGroups(core))
                items.push(Value::object({{"metadata", Value::object({{"name", group}})}, {"versions", Value::array(versions)}}));
        return aggregated(context.request, std::move(items).build());
    }
    if (legacy) {
        const std::string address =
            base::Endpoint{core.config.advertiseAddress, core.config.securePort}.text();
        return respondJson(
            200, Value::object({{"kind", "APIVersions"},
                                {"versions", Value::array({"v1"})},
                                {"serverAddressByClientCIDRs",
                                 Value::array({Value::object({{"clientCIDR", "0.0.0.0/0"},
                                                              {"serverAddress", address}})})}}));
    }
    document::ArrayBuilder groups;
    for (const std::string& group : core.kinds.groups())
        if (!group.empty()) groups.push(groupEntry(group, core.kinds.versions(group)));
    for (const auto& [group, versions] : foreignGroups(core)) groups.push(groupEntry(group, versionNames(versions)));
    return respondJson(200, Value::object({{"kind", "APIGroupList"},
                                           {"apiVersion", "v1"},
                                           {"groups", std::move(groups).build()}}));
}

Value rootPaths(Core& core) {
    std::vector<std::string> paths = {"/.well-known/openid-configuration", "/api", "/api/v1", "/apis", "/apis/",
                                      "/metrics", "/metrics/slis", "/openapi/v2", "/openapi/v3", "/openapi/v3/",
                                      "/openid/v1/jwks", "/version"};
    for (const std::string& group : core.kinds.groups()) {
        if (group.empty()) continue;
        paths.push_back("/apis/" + group);
        for (const std::string& version : core.kinds.versions(group))
            paths.push_back("/apis/" + group + "/" + version);
    }
    for (const char* root : {"healthz", "livez", "readyz"}) {
        paths.push_back("/" + std::string(root));
        for (const std::string& check : healthChecks(root)) paths.push_back("/" + std::string(root) + "/" + check);
    }
    std::sort(paths.begin(), paths.end());
    return Value::object({{"paths", Value::strings(paths)}});
}

} // namespace

std::optional<ports::Response> serveDiscovery(Core& core, Context& context) {
    std::string path = context.info.path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path == "/") return respondJson(200, rootPaths(core));
    if (path == "/api") return serveRoot(core, context, true);
    if (path == "/apis") return serveRoot(core, context, false);
    const auto parts = base::split(path.substr(1), '/');
    if (parts.size() == 2 && parts[0] == "api") {
        if (parts[1] == "v1") return respondJson(200, resourceList(core, "", "v1"));
        return respondError(noSuchResource());
    }
    if (parts[0] != "apis" || parts.size() < 2 || parts.size() > 3) return {};
    std::vector<std::string> versions = core.kinds.versions(parts[1]);
    if (versions.empty() && parts.size() == 2)
        if (const auto foreign = foreignGroups(core); foreign.count(parts[1]) > 0)
            versions = versionNames(foreign.at(parts[1]));
    if (versions.empty()) return {};
    if (parts.size() == 2)
        return respondJson(200, groupEntry(parts[1], versions).with("kind", "APIGroup").with("apiVersion", "v1"));
    for (const std::string& version : versions)
        if (version == parts[2]) return respondJson(200, resourceList(core, parts[1], version));
    return respondError(noSuchResource());
}

} // namespace apiserver
