// create. Source: apiserver pkg/endpoints/handlers/create.go, pkg/registry/rest/create.go.
#include "api/changed.h"
#include "api/validation.h"
#include "apiserver/cel/checks.h"
#include "apiserver/core.h"
#include "apiserver/crd/schema.h"
#include "apiserver/registry/template_memo.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

base::Status checkNamespace(const Context& context, Value& object) {
    const api::ResourceInfo& resource = *context.resource;
    const std::string_view given = metaText(object, "namespace");
    if (!resource.namespaced) {
        if (!given.empty()) object = withoutMeta(object, "namespace");
        return base::okStatus();
    }
    if (given.empty()) object = withMeta(object, "namespace", context.info.ns);
    else if (given != context.info.ns)
        return api::badRequest(
            "the namespace of the provided object does not match the namespace sent on the request");
    return base::okStatus();
}

// Source: apiserver pkg/storage/names: 5 characters after at most 58 of the base.
std::string generateName(Core& core, Context& context, std::string_view base) {
    constexpr std::size_t kLongest = 58;
    if (context.generatedName.empty())
        context.generatedName = core.kernel.random("apiserver/names").suffix(5);
    return std::string(base.substr(0, kLongest)) + context.generatedName;
}

// Source: apiextensions-apiserver pkg/apiserver customresource_handler.go.
base::Status checkNotTerminating(Core& core, const Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    const Value definition = core.lookup("apiextensions.k8s.io", "customresourcedefinitions", "",
                                         resource.plural + "." + resource.group);
    if (metaText(definition, "deletionTimestamp").empty()) return base::okStatus();
    return api::statusError(405, "MethodNotAllowed",
                            "create not allowed while custom resource definition is terminating", resource.group,
                            resource.plural);
}

Value withSystemFields(Core& core, Context& context, const Value& object) {
    if (context.generatedUid.empty())
        context.generatedUid = core.kernel.random("apiserver/uid").uuid();
    document::ObjectBuilder meta(object["metadata"]);
    meta.erase("deletionTimestamp").erase("deletionGracePeriodSeconds").erase("selfLink");
    meta.erase("resourceVersion");
    meta.set("uid", context.generatedUid).set("creationTimestamp", core.now());
    return object.with("metadata", std::move(meta).build());
}

// Defaults and what Go prints though unset.
Value complete(const api::ResourceInfo& resource, const Value& object) {
    TemplateMemo* memo = TemplateMemo::of(resource);
    if (memo == nullptr) return api::fillRequired(resource, api::applyDefaults(resource, object));
    const Value known = memo->knownFilled();
    const Value done = api::fillRequired(resource, api::applyDefaults(resource, memo->filled(object), known), known);
    memo->keepFilled(object, done);
    return done;
}

} // namespace

// What conversion to the internal types does. Source: pkg/apis/core/v1/conversion.go,
// pkg/apis/apps/v1/conversion.go.
Value normalize(const api::ResourceInfo& resource, Value object, bool creating) {
    if (resource.group.empty() && resource.plural == "secrets" && object.has("stringData")) {
        document::ObjectBuilder data(object["data"]);
        for (const document::Member& member : object["stringData"].members())
            data.set(member.key, base::encodeBase64(member.value.asString()));
        if (!data.empty()) object = object.with("data", std::move(data).build());
        return object.without("stringData");
    }
    if (creating && resource.group == "apps" && resource.plural == "daemonsets")
        return object.withPath({"metadata", "annotations", "deprecated.daemonset.template.generation"}, "1");
    return object;
}

base::Result<Value> createObject(Core& core, Context& context, Value object) {
    const api::ResourceInfo& resource = *context.resource;
    const Strategy& strategy = strategyOf(resource);
    BASE_CHECK(checkNamespace(context, object));
    if (resource.custom) BASE_CHECK(checkNotTerminating(core, context));
    const bool versioned = !metaText(object, "resourceVersion").empty();
    object = object.has("metadata") ? object : object.with("metadata", Value::object());
    if (!resource.custom) object = complete(resource, object);
    const Value filled = object;
    object = normalize(resource, std::move(object), true);
    object = withSystemFields(core, context, object);
    if (!context.fieldsTracked)
        object = trackUpdate(core, context, resource, Value(), object, context.info.subresource);

    Admission admission{core, context, resource, "CREATE", "", context.info.ns,
                        std::string(metaText(object, "name")), object, Value()};
    BASE_CHECK(admitMutating(admission));
    object = admission.object;
    const std::string generate(metaText(object, "generateName"));
    if (metaText(object, "name").empty() && !generate.empty())
        object = withMeta(object, "name", generateName(core, context, generate));
    admission.name = metaText(object, "name");

    if (resource.findSubresource("status") != nullptr && strategy.prepareCreate == nullptr)
        object = object.without("status");
    if (strategy.generation) object = withMeta(object, "generation", 1);
    if (strategy.prepareCreate != nullptr) object = strategy.prepareCreate(core, context, object);
    if (resource.custom) {
        BASE_TRY(object, customValidate(core, context, resource, object, Value()));
    } else {
        auto causes = api::validateCreate(resource, object);
        for (api::StatusCause& cause : expressionProblems(resource, object)) causes.push_back(std::move(cause));
        if (causes.empty() && resource.plural == "customresourcedefinitions") causes = defaultProblems(object);
        if (!causes.empty())
            return api::invalid(resource.group, resource.kind, metaText(object, "name"),
                                std::move(causes));
        for (std::string& warning : api::warningsFor(resource, object, Value()))
            context.warn(std::move(warning));
    }
    const std::string_view name = metaText(object, "name");
    BASE_TRY(store::ChangePtr existing,
             readStored(core, storedAs(core, resource), metaText(object, "namespace"), name));
    admission.object = object;
    BASE_CHECK(admitValidating(admission));
    if (context.errand) return Value();
    // Allocation comes before storage finds the name taken. Source: registry/generic Store.Create.
    if (strategy.allocate != nullptr) {
        BASE_TRY(object, strategy.allocate(core, context, object, Value()));
    }
    if (existing) {
        // Two writers met, or a generated name did.
        if (strategy.allocate != nullptr && strategy.release != nullptr && !context.dryRun)
            strategy.release(core, object);
        base::Error error = api::alreadyExists(resource.group, resource.plural, name);
        if (metaText(existing->value, "deletionTimestamp").empty()) return error;
        error = api::statusError(409, "AlreadyExists", "object is being deleted: " + error.message,
                                 resource.group, resource.plural, std::string(name));
        return error;
    }
    if (!resource.custom) object = api::fillRequired(resource, object, filled);
    if (context.dryRun) return object;
    if (versioned)
        return api::statusError(500, "", "resourceVersion should not be set on objects to be created");
    BASE_TRY(Value written, writeStored(core, resource, object, 0));
    if (strategy.afterWrite != nullptr) strategy.afterWrite(core, written, Value());
    return written;
}

Outcome handleCreate(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    warnDeprecated(core, context);
    BASE_TRY(Value object, decodeBody(core, context, resource));
    BASE_TRY(Value created, createObject(core, context, std::move(object)));
    if (context.errand) return ports::Response{};
    return respondObject(core, context, 201, created);
}

} // namespace apiserver
