// Subresources with code of their own. Source: kubernetes pkg/registry/*/storage.
#include "apiserver/registry/subresources.h"

#include "api/label_selector.h"
#include "apiserver/registry/strategies.h"
#include "base/strings.h"
#include "document/patch.h"

namespace apiserver {

using document::Value;

namespace {

base::Result<Value> typedBody(Core& core, Context& context, std::string_view kind,
                              std::string_view version) {
    auto raw = rawBody(context.request);
    if (!raw.ok()) return api::badRequest(raw.error().message);
    const Value& body = raw.value();
    const std::string have = body["kind"].text();
    if (!have.empty() && have != kind) {
        std::string given = body["apiVersion"].text();
        given = given.substr(given.find('/') == std::string::npos ? 0 : given.find('/') + 1);
        std::string group(version.substr(0, version.find('/')));
        return api::badRequest(have + " in version \"" + given + "\" cannot be handled as a " +
                               std::string(kind) + ": converting (" + given + "." + have + ") to (" +
                               group + "." + std::string(kind) + "): unknown conversion");
    }
    (void)core;
    return body;
}

Value selectorText(const Value& object) {
    const Value& selector = object.at("spec", "selector");
    if (selector.isNull()) return {};
    if (selector.has("matchLabels") || selector.has("matchExpressions")) {
        auto parsed = api::LabelSelector::fromObject(selector);
        if (parsed.ok()) return Value(parsed.value().text());
    }
    return Value(api::LabelSelector::fromMap(selector).text());
}

// Source: apiextensions-apiserver customresource scale: paths come from the definition.
struct ScalePaths {
    std::string spec = ".spec.replicas", status = ".status.replicas", selector;
};

ScalePaths scalePaths(Core& core, const api::ResourceInfo& resource) {
    ScalePaths paths;
    if (!resource.custom) return paths;
    const Value crd = core.lookup("apiextensions.k8s.io", "customresourcedefinitions", "",
                                  resource.plural + "." + resource.group);
    for (const Value& version : crd.at("spec", "versions").items()) {
        if (version["name"].asString() != resource.version) continue;
        const Value& scale = version.at("subresources", "scale");
        paths.spec = scale["specReplicasPath"].text();
        paths.status = scale["statusReplicasPath"].text();
        paths.selector = scale["labelSelectorPath"].text();
    }
    return paths;
}

std::vector<std::string> pathParts(std::string_view path) {
    if (path.starts_with('.')) path.remove_prefix(1);
    return base::split(path, '.');
}

Value atPath(const Value& object, std::string_view path) {
    Value at = object;
    for (const std::string& part : pathParts(path)) at = at[part];
    return at;
}

Value withPath(const Value& object, std::string_view path, Value value) {
    const auto parts = pathParts(path);
    std::vector<std::string_view> views(parts.begin(), parts.end());
    return object.withPath(std::span<const std::string_view>(views), std::move(value));
}

Value scaleOf(Core& core, const api::ResourceInfo& resource, const Value& object) {
    const ScalePaths paths = scalePaths(core, resource);
    document::ObjectBuilder meta;
    for (const char* key : {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"})
        if (object["metadata"].has(key)) meta.set(key, object["metadata"][key]);
    document::ObjectBuilder spec, status;
    const std::int64_t replicas = atPath(object, paths.spec).asInt();
    if (replicas != 0) spec.set("replicas", replicas);
    status.set("replicas", atPath(object, paths.status).asInt());
    const Value selector = resource.custom
                               ? (paths.selector.empty() ? Value() : atPath(object, paths.selector))
                               : selectorText(object);
    if (!selector.isEmpty()) status.set("selector", selector);
    return Value::object({{"kind", "Scale"},
                          {"apiVersion", "autoscaling/v1"},
                          {"metadata", std::move(meta).build()},
                          {"spec", std::move(spec).build()},
                          {"status", std::move(status).build()}});
}

Outcome respondAs(Core& core, Context& context, int code, const Value& object) {
    const api::ResourceInfo* resource = std::exchange(context.resource, nullptr);
    ports::Response response = respondObject(core, context, code, object);
    context.resource = resource;
    return response;
}

// Scale is no resource of its own, but has a table. Source: pkg/printers/internalversion printScale.
const api::ResourceInfo& scaleResource() {
    static const api::ResourceInfo kScale = [] {
        api::ResourceInfo info;
        info.group = "autoscaling";
        info.version = "v1";
        info.plural = "scales";
        info.kind = "Scale";
        info.type = api::builtinKinds().type("autoscaling.v1.Scale");
        info.columns = {{"Name", "string", "name", 0, ""},
                        {"Desired", "integer", "", 0, ""},
                        {"Available", "integer", "", 0, ""},
                        {"Age", "string", "", 0, ""}};
        return info;
    }();
    return kScale;
}

Outcome respondScale(Core& core, Context& context, const Value& object) {
    const api::ResourceInfo* resource = context.resource;
    const Value scale = scaleOf(core, *resource, object);
    if (resource->custom) return respondAs(core, context, 200, scale);
    context.resource = &scaleResource();
    ports::Response response = respondObject(core, context, 200, scale);
    context.resource = resource;
    return response;
}

base::Result<Value> applyScale(Core& core, Context& context, const Value& scale, const Value& current) {
    const api::ResourceInfo& resource = *context.resource;
    const Value replicas = scale.at("spec", "replicas");
    if (!replicas.isNull() && !replicas.isInt())
        return api::badRequest("Scale in version \"v1\" cannot be handled as a Scale: json: cannot "
                               "unmarshal string into Go struct field ScaleSpec.spec.replicas of type int32");
    if (replicas.asInt() < 0)
        return api::invalid("autoscaling", "Scale", context.info.name,
                            {{"FieldValueInvalid",
                              "Invalid value: " + std::to_string(replicas.asInt()) +
                                  ": must be greater than or equal to 0",
                              "spec.replicas"}});
    Value next = withPath(current, scalePaths(core, resource).spec, replicas.asInt());
    const Value& version = scale["metadata"]["resourceVersion"];
    return withMeta(next, "resourceVersion", version.isString() ? version : Value(""));
}

Outcome handleScale(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    if (context.info.verb == "get") {
        BASE_TRY(store::ChangePtr stored,
                 readStored(core, storedAs(core, resource), context.info.ns, context.info.name));
        if (!stored) return api::notFound(resource.group, resource.plural, context.info.name);
        return respondScale(core, context, convertTo(resource, stored->value));
    }
    const bool patch = context.info.verb == "patch";
    Value body;
    if (patch) {
        BASE_TRY(body, rawBody(context.request));
    } else {
        BASE_TRY(body, typedBody(core, context, "Scale", "autoscaling/v1"));
    }
    const Change change = [&](const Value& current) -> base::Result<Value> {
        Value scale = body;
        if (patch && body.isArray()) {
            auto patched = document::applyJsonPatch(scaleOf(core, resource, current), body);
            if (!patched.ok())
                return api::statusError(422, "Invalid",
                                        "the server rejected our request due to an error in our request");
            scale = patched.value();
        } else if (patch) {
            scale = document::applyMergePatch(scaleOf(core, resource, current), body);
        }
        return applyScale(core, context, scale, current);
    };
    UpdateOptions options;
    options.subresource = "scale";
    BASE_TRY(UpdateResult result, updateObject(core, context, context.info.name, change, options));
    if (context.errand) return ports::Response{};
    return respondScale(core, context, result.object);
}

// Source: pkg/registry/core/pod/strategy EphemeralContainersStrategy and ResizeStrategy.
Value keepOnly(const Value& current, const Value& wanted, bool ephemeral) {
    if (ephemeral) {
        if (!wanted["spec"].has("ephemeralContainers")) return current;
        return current.withPath({"spec", "ephemeralContainers"}, wanted["spec"]["ephemeralContainers"]);
    }
    Value out = current;
    for (const char* list : {"containers", "initContainers"}) {
        document::ArrayBuilder containers;
        for (const Value& container : current["spec"][list].items()) {
            Value next = container;
            for (const Value& other : wanted["spec"][list].items())
                if (other["name"] == container["name"]) {
                    next = next.with("resources", other["resources"]);
                    if (other.has("resizePolicy")) next = next.with("resizePolicy", other["resizePolicy"]);
                }
            containers.push(next);
        }
        if (containers.size() > 0) out = out.withPath({"spec", list}, std::move(containers).build());
    }
    return out;
}

Outcome handlePodPart(Core& core, Context& context, bool ephemeral) {
    if (context.info.verb == "get") return handleGet(core, context);
    if (context.info.verb == "patch") {
        context.podPart = ephemeral ? "ephemeralcontainers" : "resize";
        return handlePatch(core, context);
    }
    BASE_TRY(Value body, decodeBody(core, context, *context.resource));
    const Change change = [&](const Value& current) -> base::Result<Value> {
        return restrictPodUpdate(context, current, body);
    };
    UpdateOptions options;
    options.subresource = context.info.subresource;
    BASE_TRY(UpdateResult result, updateObject(core, context, context.info.name, change, options));
    return respondObject(core, context, 200, result.object);
}

// Source: pkg/registry/certificates/certificates/strategy: approval changes conditions only.
Outcome handleApproval(Core& core, Context& context) {
    if (context.info.verb == "get") return handleGet(core, context);
    if (context.info.verb == "patch") return handlePatch(core, context);
    BASE_TRY(Value body, decodeBody(core, context, *context.resource));
    const Change change = [&](const Value& current) -> base::Result<Value> {
        Value given = body.at("status", "conditions");
        if (!given.isArray()) given = Value::array();
        Value next = current.withPath({"status", "conditions"}, given);
        next = updateSigningStatus(core, context, next, current);
        return withMeta(next, "resourceVersion", body["metadata"]["resourceVersion"].isString()
                                                     ? body["metadata"]["resourceVersion"]
                                                     : Value(""));
    };
    UpdateOptions options;
    options.subresource = "approval";
    BASE_TRY(UpdateResult result, updateObject(core, context, context.info.name, change, options));
    return respondObject(core, context, 200, result.object);
}

// Source: pkg/registry/core/namespace/storage FinalizeREST.
Outcome handleFinalize(Core& core, Context& context) {
    BASE_TRY(Value body, decodeBody(core, context, *context.resource));
    const Change change = [&](const Value& current) -> base::Result<Value> {
        const Value& finalizers = body.at("spec", "finalizers");
        Value next = finalizers.size() == 0
                         ? current.with("spec", current["spec"].without("finalizers"))
                         : current.withPath({"spec", "finalizers"}, finalizers);
        return withMeta(next, "resourceVersion", body["metadata"]["resourceVersion"].isString()
                                                     ? body["metadata"]["resourceVersion"]
                                                     : Value(""));
    };
    UpdateOptions options;
    options.subresource = "finalize";
    BASE_TRY(UpdateResult result, updateObject(core, context, context.info.name, change, options));
    return respondObject(core, context, 200, result.object);
}

} // namespace

Value restrictPodUpdate(const Context& context, const Value& current, const Value& wanted) {
    const bool ephemeral = context.info.subresource == "ephemeralcontainers";
    Value next = keepOnly(current, wanted, ephemeral);
    const Value& version = wanted["metadata"]["resourceVersion"];
    return withMeta(next, "resourceVersion", version.isString() ? version : Value(""));
}

std::optional<Outcome> handleSubresource(Core& core, Context& context) {
    const std::string& name = context.info.subresource;
    const std::string& plural = context.info.resource;
    if (name == "scale") return handleScale(core, context);
    if (plural == "pods" && context.info.group.empty()) {
        if (name == "binding") return handleBinding(core, context);
        if (name == "eviction") return handleEviction(core, context);
        if (name == "ephemeralcontainers") return handlePodPart(core, context, true);
        if (name == "resize") return handlePodPart(core, context, false);
    }
    if (plural == "serviceaccounts" && name == "token") return handleTokenRequest(core, context);
    if (plural == "certificatesigningrequests" && name == "approval") return handleApproval(core, context);
    if (plural == "namespaces" && name == "finalize") return handleFinalize(core, context);
    return {};
}

} // namespace apiserver
