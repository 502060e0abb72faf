// patch. Source: apiserver pkg/endpoints/handlers/patch.go.
#include "api/changed.h"
#include "api/restore.h"
#include "apiserver/registry/settled.h"
#include "apiserver/registry/subresources.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/patch.h"

namespace apiserver {

using document::Value;

namespace {

enum class PatchKind { Json, Merge, Strategic, Apply };

base::Result<PatchKind> patchKind(const Context& context) {
    std::string_view type = context.request.headers.get("Content-Type");
    type = base::trim(type.substr(0, type.find(';')));
    if (type == "application/json-patch+json") return PatchKind::Json;
    if (type == "application/merge-patch+json") return PatchKind::Merge;
    if (type == "application/strategic-merge-patch+json" && !context.resource->custom)
        return PatchKind::Strategic;
    if (type == "application/apply-patch+yaml") return PatchKind::Apply;
    // Routes of built-in kinds list what they take: the router itself refuses the rest.
    if (!context.resource->custom)
        return withEmptyDetails(
            api::statusError(415, "UnsupportedMediaType", "415: Unsupported Media Type"));
    return api::statusError(415, "UnsupportedMediaType",
                            "the body of the request was in an unknown format - accepted media types "
                            "include: application/json-patch+json, application/merge-patch+json, "
                            "application/apply-patch+yaml");
}

// Go's %v of unstructured data, as some errors show it.
std::string goPrint(const Value& value) {
    switch (value.kind()) {
    case document::ValueKind::Null: return "<nil>";
    case document::ValueKind::String: return value.text();
    case document::ValueKind::Array: {
        std::vector<std::string> parts;
        for (const Value& item : value.items()) parts.push_back(goPrint(item));
        return "[" + base::join(parts, " ") + "]";
    }
    case document::ValueKind::Object: {
        std::vector<std::string> parts;
        for (const auto& member : value.members())
            parts.push_back(member.key.text() + ":" + goPrint(member.value));
        return "map[" + base::join(parts, " ") + "]";
    }
    default: return document::writeJson(value);
    }
}

base::Error invalidPatch(const std::string& shown, const std::string& why) {
    const std::string text = "Invalid value: " + base::quoteGo(shown) + ": " + why;
    base::Error error = api::statusError(422, "Invalid", " \"\" is invalid: patch: " + text, "", "", "",
                                         {{"FieldValueInvalid", text, "patch"}});
    return error;
}

base::Result<Value> applyPatch(const Context& context, PatchKind kind, const Value& current,
                               const Value& patch) {
    if (kind == PatchKind::Json) {
        auto result = document::applyJsonPatch(current, patch);
        if (result.ok()) return result;
        return withEmptyDetails(api::statusError(
            422, "Invalid", "the server rejected our request due to an error in our request"));
    }
    if (kind == PatchKind::Merge) return document::applyMergePatch(current, patch);
    const auto schema = api::mergeSchema(*context.resource);
    auto result = document::applyStrategicPatch(current, patch, *schema);
    if (result.ok()) return result;
    return api::statusError(500, "", result.error().message);
}

// The patched document as a typed object again.
base::Result<Value> recheck(Core& core, Context& context, PatchKind kind, const Value& current,
                            const Value& patched, const Value& patch) {
    const api::ResourceInfo& resource = *context.resource;
    if (resource.custom) return customDecode(core, context, resource, patched);
    const auto shown = [&] {
        return kind == PatchKind::Strategic ? goPrint(patch) : document::writeJson(patched);
    };
    const bool sameKind = patched["kind"].asString() == resource.kind &&
                          patched["apiVersion"].asString() == resource.apiVersion();
    // A strategic patch changes a typed object, which is of the kind that it is.
    if (!sameKind && kind == PatchKind::Strategic)
        return recheck(core, context, kind, current,
                       patched.with("kind", resource.kind).with("apiVersion", resource.apiVersion()), patch);
    if (!sameKind) {
        return invalidPatch(shown(), "converting (" + std::string(patched["apiVersion"].asString()) +
                                         "." + patched["kind"].text() + ") to (" + resource.group +
                                         "." + resource.kind + "): unknown conversion");
    }
    auto decoded = api::decodeObject(resource, patched, settled(core, resource, current));
    if (!decoded.ok()) {
        // A strategic patch is converted from unstructured content, not decoded from text.
        const bool restored = kind == PatchKind::Strategic && resource.type != nullptr;
        const std::string problem = restored ? api::restoreProblem(*resource.type, patched) : std::string();
        return invalidPatch(shown(), problem.empty() ? decoded.error().message : problem);
    }
    auto& result = decoded.value();
    if (result.unknown.empty() || context.fieldValidation == "Ignore") return result.object;
    if (context.fieldValidation == "Strict") {
        std::vector<std::string> texts;
        for (const auto& problem : result.unknown) texts.push_back(problem.message);
        return invalidPatch(shown(), "strict decoding error: " + base::join(texts, ", "));
    }
    for (const auto& problem : result.unknown) context.warn(problem.message);
    return result.object;
}

base::Result<Value> readPatch(const Context& context, PatchKind kind) {
    auto raw = rawBody(context.request);
    const std::string prefix = kind == PatchKind::Strategic ? "" : "error decoding patch: ";
    if (!raw.ok()) {
        if (kind == PatchKind::Apply)
            return api::badRequest("error decoding YAML: " + raw.error().message);
        return api::badRequest(prefix + raw.error().message);
    }
    const Value& patch = raw.value();
    const char* have = patch.isArray() ? "array" : patch.isObject() ? "object" : patch.isString() ? "string" : "number";
    if (kind == PatchKind::Json && !patch.isArray())
        return api::badRequest(std::string("error decoding patch: json: cannot unmarshal ") + have +
                               " into Go value of type []handlers.jsonPatchOp");
    if (kind != PatchKind::Json && !patch.isObject())
        return api::badRequest(prefix + "json: cannot unmarshal " + have +
                               " into Go value of type map[string]interface {}");
    return raw;
}

base::Status checkName(const Context& context, const Value& object) {
    const std::string_view given = metaText(object, "name");
    if (!given.empty() && given != context.info.name)
        return api::badRequest("the name of the object (" + std::string(given) +
                               ") does not match the name on the URL (" + context.info.name + ")");
    const std::string_view ns = metaText(object, "namespace");
    if (!ns.empty() && ns != context.info.ns)
        return api::badRequest(
            "the namespace of the provided object does not match the namespace sent on the request");
    return base::okStatus();
}

base::Status checkUid(const Context& context, const Value& object, const Value& current) {
    const std::string_view uid = metaText(object, "uid");
    if (current.isNull() || uid.empty() || uid == metaText(current, "uid")) return base::okStatus();
    // Upstream's strategies check metadata twice.
    const api::StatusCause cause{"FieldValueInvalid",
                                 "Invalid value: " + base::quoteGo(uid) + ": field is immutable",
                                 "metadata.uid"};
    return api::invalid(context.resource->group, context.resource->kind, context.info.name, {cause, cause});
}

base::Result<Value> prepareApply(const Context& context, const Value& patch) {
    const api::ResourceInfo& resource = *context.resource;
    if (patch["kind"].asString() != resource.kind || patch["apiVersion"].asString() != resource.apiVersion()) {
        const std::string have = patch["apiVersion"].text();
        const auto slash = have.find('/');
        const std::string group = slash == std::string::npos ? "" : have.substr(0, slash);
        const std::string version = slash == std::string::npos ? have : have.substr(slash + 1);
        return api::badRequest("invalid object type: " + group + "/" + version + ", Kind=" + patch["kind"].text());
    }
    if (patch["metadata"].has("managedFields") && !patch["metadata"]["managedFields"].isNull())
        return api::badRequest("metadata.managedFields must be nil");
    BASE_CHECK(checkName(context, patch));
    Value object = patch;
    if (metaText(object, "name").empty()) object = withMeta(object, "name", context.info.name);
    return object;
}

} // namespace

Outcome handlePatch(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    BASE_TRY(PatchKind kind, patchKind(context));
    if (kind == PatchKind::Apply && context.fieldManager.empty())
        return invalidOptions("PatchOptions", {{"FieldValueRequired",
                                                "Required value: is required for apply patch",
                                                "fieldManager"}});
    if (kind != PatchKind::Apply && context.request.query.has("force"))
        return invalidOptions("PatchOptions", {{"FieldValueForbidden",
                                                "Forbidden: may not be specified for non-apply patch",
                                                "force"}});
    BASE_TRY(Value patch, readPatch(context, kind));
    UpdateOptions options;
    options.subresource = context.info.subresource;
    options.createIfMissing = kind == PatchKind::Apply && options.subresource.empty();
    Change change;
    if (kind == PatchKind::Apply) {
        BASE_TRY(patch, prepareApply(context, patch));
        change = [&core, &context, &patch](const Value& current) {
            return applyConfiguration(core, context, *context.resource, current, patch,
                                      context.info.subresource);
        };
    } else {
        change = [&](const Value& current) -> base::Result<Value> {
            BASE_TRY(Value patched, applyPatch(context, kind, current, patch));
            BASE_TRY(Value object, recheck(core, context, kind, current, patched, patch));
            BASE_CHECK(checkName(context, object));
            BASE_CHECK(checkUid(context, object, current));
            if (!context.podPart.empty()) return restrictPodUpdate(context, current, object);
            return object;
        };
    }
    BASE_TRY(UpdateResult result, updateObject(core, context, context.info.name, change, options));
    if (context.errand) return ports::Response{};
    (void)resource;
    return respondObject(core, context, result.created ? 201 : 200, result.object);
}

} // namespace apiserver
