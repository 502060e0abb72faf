// /openapi/v3 and /openapi/v2. Source: kube-openapi pkg/handler3, pkg/builder3.
#include "apiserver/core.h"
#include "apiserver/crd/schema.h"
#include "base/hash.h"
#include "base/strings.h"

#include <set>

namespace apiserver {

using document::Value;

namespace {

std::string schemaName(const std::string& type) {
    // "core.v1.PodSpec" -> "io.k8s.api.core.v1.PodSpec".
    if (type.starts_with("machinery.")) return "io.k8s.apimachinery.pkg." + type.substr(10);
    return "io.k8s.api." + type;
}

Value schemaOfRef(const api::TypeRef& ref, std::set<const api::Type*>& used);

Value scalar(const char* type, const char* format = nullptr) {
    Value out = Value::object({{"type", type}});
    return format == nullptr ? out : out.with("format", format);
}

Value schemaOfRef(const api::TypeRef& ref, std::set<const api::Type*>& used) {
    using Kind = api::TypeKind;
    switch (ref.kind) {
    case Kind::Bool: return scalar("boolean");
    case Kind::Int32: return scalar("integer", "int32");
    case Kind::Int64: return scalar("integer", "int64");
    case Kind::Double: return scalar("number", "double");
    case Kind::Bytes: return scalar("string", "byte");
    case Kind::Time:
    case Kind::MicroTime: return scalar("string", "date-time");
    case Kind::IntOrString:
        return Value::object({{"oneOf", Value::array({scalar("integer"), scalar("string")})},
                              {"format", "int-or-string"}});
    case Kind::Quantity:
        return Value::object({{"oneOf", Value::array({scalar("string"), scalar("number")})}});
    case Kind::List:
        return Value::object({{"type", "array"},
                              {"items", ref.element ? schemaOfRef(*ref.element, used) : Value::object()}});
    case Kind::Map:
        return Value::object({{"type", "object"},
                              {"additionalProperties", ref.element ? schemaOfRef(*ref.element, used) : Value::object()}});
    case Kind::Struct:
        if (ref.type == nullptr) return scalar("object");
        used.insert(ref.type);
        return Value::object({{"$ref", "#/components/schemas/" + schemaName(ref.type->name)}});
    case Kind::Any: return scalar("object");
    default: return scalar("string");
    }
}

Value schemaOfType(const api::Type& type, std::set<const api::Type*>& used) {
    document::ObjectBuilder properties;
    document::ArrayBuilder required;
    for (const api::Field& field : type.fields) {
        Value schema = schemaOfRef(field.type, used);
        document::ObjectBuilder extended(schema);
        if (!field.listType.empty()) extended.set("x-kubernetes-list-type", field.listType);
        if (!field.listMapKeys.empty()) extended.set("x-kubernetes-list-map-keys", Value::strings(field.listMapKeys));
        if (!field.patchStrategy.empty()) extended.set("x-kubernetes-patch-strategy", field.patchStrategy);
        if (!field.mergeKey.empty()) extended.set("x-kubernetes-patch-merge-key", field.mergeKey);
        if (!field.mapType.empty()) extended.set("x-kubernetes-map-type", field.mapType);
        properties.set(field.name, std::move(extended).build());
        if (field.required) required.push(field.name);
    }
    document::ObjectBuilder out;
    out.set("type", "object").set("properties", std::move(properties).build());
    if (required.size() > 0) out.set("required", std::move(required).build());
    return std::move(out).build();
}

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

Value documentOf(Core& core, const std::string& group, const std::string& version) {
    document::ObjectBuilder schemas, paths;
    std::set<const api::Type*> used, done;
    for (const api::ResourceInfo* info : core.kinds.all()) {
        if (info->group != group || info->version != version) continue;
        addPaths(paths, *info);
        if (info->type != nullptr) {
            const Value schema = schemaOfType(*info->type, used);
            schemas.set(schemaName(info->type->name), schema.with("x-kubernetes-group-version-kind", gvk(*info)));
            done.insert(info->type);
            continue;
        }
        Value schema = schemaOfVersion(core, *info);
        if (schema.isNull()) schema = scalar("object");
        auto parts = base::split(info->group, '.');
        std::string name;
        for (auto part = parts.rbegin(); part != parts.rend(); ++part) name += *part + ".";
        schemas.set(name + info->version + "." + info->kind, schema.with("x-kubernetes-group-version-kind", gvk(*info)));
    }
    // Types reached from others, in rounds; the order of names is that of the object's keys.
    for (bool more = true; more;) {
        more = false;
        const std::set<const api::Type*> round = used;
        for (const api::Type* type : round) {
            if (!done.insert(type).second) continue;
            schemas.set(schemaName(type->name), schemaOfType(*type, used));
            more = true;
        }
    }
    return Value::object({{"openapi", "3.0.0"},
                          {"info", Value::object({{"title", "Kubernetes"}, {"version", core.config.gitVersion}})},
                          {"paths", std::move(paths).build()},
                          {"components", Value::object({{"schemas", std::move(schemas).build()}})}});
}

} // namespace

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
        return respondJson(200, Value::object({{"paths", std::move(paths).build()}}));
    }
    const auto parts = base::split(path.substr(1), '/');
    if (parts.size() < 4 || parts[0] != "openapi" || parts[1] != "v3") return {};
    if (parts[2] == "api" && parts.size() == 4) return respondJson(200, documentOf(core, "", parts[3]));
    if (parts[2] == "apis" && parts.size() == 5) return respondJson(200, documentOf(core, parts[3], parts[4]));
    return {};
}

} // namespace apiserver
