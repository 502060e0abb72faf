// /openapi/v3 and /openapi/v2. Source: kube-openapi pkg/handler3, pkg/builder3.
#include "apiserver/openapi/openapi.h"

#include "apiserver/crd/schema.h"
#include "apiserver/openapi/schemas.h"
#include "base/hash.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

Value scalar(const char* type) { return Value::object({{"type", type}}); }

Value gvk(const api::ResourceInfo& info) {
    return Value::array({Value::object({{"group", info.group}, {"version", info.version}, {"kind", info.kind}})});
}

void addPaths(document::ObjectBuilder& paths, const api::ResourceInfo& info) {
    const std::string root = (info.group.empty() ? "/api/v1" : "/apis/" + info.apiVersion()) +
                             (info.namespaced ? "/namespaces/{namespace}/" : "/") + info.plural;
    const Value kind = gvk(info)[0];
    const auto operation = [&](const char* action) {
        return Value::object({{"x-kubernetes-action", action}, {"x-kubernetes-group-version-kind", kind},
                              {"parameters", Value::array({Value::object({{"name", "fieldValidation"}, {"in", "query"},
                                                                          {"schema", scalar("string")}})})}});
    };
    document::ObjectBuilder collection, item;
    if (info.hasVerb("list")) collection.set("get", operation("list"));
    if (info.hasVerb("create")) collection.set("post", operation("post"));
    if (info.hasVerb("deletecollection")) collection.set("delete", operation("deletecollection"));
    if (info.hasVerb("get")) item.set("get", operation("get"));
    if (info.hasVerb("update")) item.set("put", operation("put"));
    if (info.hasVerb("patch")) item.set("patch", operation("patch"));
    if (info.hasVerb("delete")) item.set("delete", operation("delete"));
    paths.set(root, std::move(collection).build());
    if (!item.empty()) paths.set(root + "/{name}", std::move(item).build());
}

// The schema of a custom resource with what every object has.
Value customSchema(Core& core, const api::ResourceInfo& info) {
    Value schema = schemaOfVersion(core, info);
    if (schema.isNull()) schema = scalar("object");
    document::ObjectBuilder properties(schema["properties"].isObject() ? schema["properties"] : Value::object());
    for (const char* field : {"apiVersion", "kind"})
        properties.set(field, withDescription(scalar("string"), "io.k8s.api.core.v1.Pod." + std::string(field)));
    const Value reference = Value::object({{"$ref", "#/components/schemas/" + std::string(kObjectMeta)}});
    properties.set("metadata", withDescription(Value::object({{"allOf", Value::array({reference})}, {"default", Value::object()}}),
                                               "io.k8s.api.core.v1.Pod.metadata"));
    return schema.with("properties", std::move(properties).build()).with("x-kubernetes-group-version-kind", gvk(info));
}

Value documentOf(Core& core, const std::string& group, const std::string& version) {
    document::ObjectBuilder paths;
    SchemaCollector schemas;
    for (const api::ResourceInfo* info : core.kinds.all()) {
        if (info->group != group || info->version != version) continue;
        addPaths(paths, *info);
        if (!info->custom) continue;
        auto parts = base::split(info->group, '.');
        std::string name;
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) name += *part + ".";
        schemas.put(name + info->version + "." + info->kind, customSchema(core, *info));
    }
    schemas.addKindsOf(group, version);
    return Value::object({{"openapi", "3.0.0"},
                          {"info", Value::object({{"title", "Kubernetes"}, {"version", core.config.gitVersion}})},
                          {"paths", std::move(paths).build()},
                          {"components", Value::object({{"schemas", std::move(schemas).build()}})}});
}

} // namespace

Value openApiDocument(Core& core, const std::string& group, const std::string& version) { return documentOf(core, group, version); }

std::optional<ports::Response> serveOpenApi(Core& core, Context& context) {
    std::string path = context.info.path;
    while (path.size() > 1 && path.ends_with('/')) path.pop_back();
    if (path == "/openapi/v3") {
        document::ObjectBuilder paths;
        const auto add = [&](const std::string& name) {
            const std::string hash = base::toUpper(base::encodeHex(std::to_string(
                base::hashBytes(name + std::to_string(core.kinds.generation())))));
            paths.set(name, Value::object({{"serverRelativeURL", "/openapi/v3/" + name + "?hash=" + hash}}));
        };
        add("api/v1");
        for (const std::string& group : core.kinds.groups())
            if (!group.empty())
                for (const std::string& version : core.kinds.versions(group)) add("apis/" + group + "/" + version);
        for (const char* name : {".well-known/openid-configuration", "api", "apis", "openid/v1/jwks", "version"}) add(name);
        for (const std::string& group : core.kinds.groups())
            if (!group.empty()) add("apis/" + group);
        return respondText(200, document::writeJson(Value::object({{"paths", std::move(paths).build()}})));
    }
    if (path == "/openapi/v2") return serveOpenApiV2(core, context);
    const auto parts = base::split(path.substr(1), '/');
    if (parts.size() < 4 || parts[0] != "openapi" || parts[1] != "v3") return {};
    if (parts[2] == "api" && parts.size() == 4) return respondJson(200, documentOf(core, "", parts[3]));
    if (parts[2] == "apis" && parts.size() == 5) return respondJson(200, documentOf(core, parts[3], parts[4]));
    ports::Response nothing;
    nothing.status = 404;
    return nothing;
}

} // namespace apiserver
