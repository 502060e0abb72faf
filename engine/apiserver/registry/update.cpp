// update. Source: apiserver pkg/endpoints/handlers/update.go, pkg/registry/rest/update.go and
// pkg/registry/generic/registry/store.go.
#include "api/changed.h"
#include "api/validation.h"
#include "apiserver/cel/checks.h"
#include "apiserver/core.h"
#include "apiserver/crd/schema.h"
#include "apiserver/registry/settled.h"
#include "base/strings.h"

#include <algorithm>
#include <initializer_list>
#include <span>

namespace apiserver {

using document::Value;

namespace {

base::Error modified(const api::ResourceInfo& resource, std::string_view name) {
    return api::conflict(resource.group, resource.plural, name,
                         "the object has been modified; please apply your changes to the latest version "
                         "and try again");
}

base::Status checkVersion(const Strategy& strategy, const api::ResourceInfo& resource,
                          const Value& object, const Value& current) {
    const std::string_view given = metaText(object, "resourceVersion");
    const std::string_view name = metaText(current, "name");
    if (given.empty() || given == "0") {
        if (!strategy.unconditionalUpdate)
            return api::invalid(resource.group, resource.kind, name,
                                {{"FieldValueInvalid",
                                  "Invalid value: 0: must be specified for an update",
                                  "metadata.resourceVersion"}});
        return base::okStatus();
    }
    if (!base::parseInt(given))
        return api::statusError(500, "",
                                "strconv.ParseUint: parsing " + base::quoteGo(given) + ": invalid syntax");
    if (given != metaText(current, "resourceVersion")) return modified(resource, name);
    return base::okStatus();
}

base::Status checkUid(Core& core, const api::ResourceInfo& resource, const Value& object,
                      const Value& current) {
    const std::string_view given = metaText(object, "uid");
    if (given.empty() || given == metaText(current, "uid")) return base::okStatus();
    const std::string key = keyOf(core, storedAs(core, resource), metaText(current, "namespace"),
                                  metaText(current, "name"));
    return api::conflict(resource.group, resource.plural, metaText(current, "name"),
                         "StorageError: invalid object, Code: 4, Key: " + key +
                             ", ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in "
                             "precondition: " +
                             std::string(given) + ", UID in object meta: " +
                             std::string(metaText(current, "uid")));
}

// What a client cannot change.
Value keepSystemFields(const api::ResourceInfo& resource, const Value& object, const Value& current) {
    Value meta = object["metadata"];
    const Value& old = current["metadata"];
    // A client seldom touches any of them.
    const auto keep = [&](std::string_view key) {
        const Value& given = meta[key];
        if (given.sameAs(old[key]) && (!given.isNull() || meta.has(key) == old.has(key))) return;
        meta = old.has(key) ? meta.with(key, old[key]) : meta.without(key);
    };
    for (const char* key : {"uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                            "generation", "generateName", "selfLink", "resourceVersion"})
        keep(key);
    if (resource.namespaced) keep("namespace");
    return meta.sameAs(object["metadata"]) ? object : object.with("metadata", std::move(meta));
}

// Are two objects equal but for some members?
bool sameExcept(const Value& a, const Value& b, std::initializer_list<std::string_view> ignored) {
    const auto skip = [ignored](std::span<const document::Member> list, std::size_t at) {
        while (at < list.size() && std::find(ignored.begin(), ignored.end(), list[at].key.view()) != ignored.end()) ++at;
        return at;
    };
    const auto left = a.members(), right = b.members();
    std::size_t i = skip(left, 0), j = skip(right, 0);
    for (; i < left.size() && j < right.size(); i = skip(left, i + 1), j = skip(right, j + 1))
        if (left[i].key.view() != right[j].key.view() || !(left[i].value == right[j].value)) return false;
    return i == left.size() && j == right.size();
}

bool specChanged(const Value& object, const Value& current) {
    return !sameExcept(object, current, {"metadata", "status"});
}

Value prepare(Core& core, Context& context, const Strategy& strategy, Value object,
              const Value& current, const std::string& subresource) {
    const api::ResourceInfo& resource = *context.resource;
    const bool hasStatus = resource.findSubresource("status") != nullptr;
    if (subresource == "status") {
        // Only the status counts, and the metadata that a status writer may set.
        document::ObjectBuilder out(current);
        if (object.has("status")) out.set("status", object["status"]);
        else out.erase("status");
        out.set("metadata", object["metadata"]);
        object = std::move(out).build();
        if (strategy.prepareStatus != nullptr)
            object = strategy.prepareStatus(core, context, object, current);
        return object;
    }
    if (subresource.empty() && hasStatus) {
        if (current.has("status")) object = object.with("status", current["status"]);
        else object = object.without("status");
    }
    if (subresource.empty() && strategy.prepareUpdate != nullptr)
        object = strategy.prepareUpdate(core, context, object, current);
    const bool deleting = !metaText(current, "deletionTimestamp").empty();
    // A binding is no change of what the user asked for.
    bool bump = strategy.generation && subresource != "binding" && specChanged(object, current);
    if (strategy.generationOnAnnotations &&
        !(object.at("metadata", "annotations") == current.at("metadata", "annotations")))
        bump = true;
    if (bump && !(resource.custom && deleting))
        object = withMeta(object, "generation", current.at("metadata", "generation").asInt() + 1);
    return object;
}

bool nothingHolds(const Value& object) {
    return !metaText(object, "deletionTimestamp").empty() &&
           object.at("metadata", "deletionGracePeriodSeconds").asInt() == 0 &&
           object.at("metadata", "finalizers").size() == 0 &&
           // A namespace also has finalizers in its spec, which stand for its content.
           !(object["kind"].asString() == "Namespace" && object.at("spec", "finalizers").size() != 0);
}

bool sameButTracking(const Value& a, const Value& b) {
    return sameExcept(a, b, {"metadata"}) &&
           sameExcept(a["metadata"], b["metadata"], {"managedFields", "resourceVersion"});
}

base::Result<Value> validate(Core& core, Context& context, Value object, const Value& current,
                             const std::string& subresource) {
    const api::ResourceInfo& resource = *context.resource;
    if (resource.custom) return customValidate(core, context, resource, object, current);
    auto causes = subresource.empty() ? api::validateUpdate(resource, object, current)
                                      : api::validateSubresource(resource, subresource, object, current);
    if (subresource.empty())
        for (api::StatusCause& cause : expressionProblems(resource, object)) causes.push_back(std::move(cause));
    if (subresource.empty() && causes.empty() && resource.plural == "customresourcedefinitions")
        causes = defaultProblems(object);
    if (!causes.empty())
        return api::invalid(resource.group, resource.kind, metaText(current, "name"), std::move(causes));
    if (subresource.empty())
        for (std::string& warning : api::warningsFor(resource, object, current))
            context.warn(std::move(warning));
    return object;
}

// Whether both name the same owners of the same fields, at whatever time.
bool sameManagers(const Value& a, const Value& b) {
    const Value &left = a.at("metadata", "managedFields"), &right = b.at("metadata", "managedFields");
    if (left.size() != right.size()) return false;
    for (std::size_t i = 0; i < left.size(); ++i)
        if (!sameExcept(left[i], right[i], {"time"})) return false;
    return true;
}

} // namespace

base::Result<UpdateResult> updateObject(Core& core, Context& context, std::string_view name,
                                        const Change& change, const UpdateOptions& options) {
    const api::ResourceInfo& resource = *context.resource;
    const Strategy& strategy = strategyOf(resource);
    BASE_TRY(store::ChangePtr stored,
             readStored(core, storedAs(core, resource), context.info.ns, name));
    if (!stored) {
        if (!options.createIfMissing) return api::notFound(resource.group, resource.plural, name);
        BASE_TRY(Value object, change(Value()));
        BASE_TRY(Value created, createObject(core, context, withoutMeta(object, "resourceVersion")));
        return UpdateResult{created, true};
    }
    const Value current = convertTo(resource, stored->value);
    BASE_TRY(Value object, change(current));
    const Value known = settled(core, resource, current);
    if (!resource.custom) object = api::fillRequired(resource, api::applyDefaults(resource, object, known), known);
    object = normalize(resource, std::move(object), false);
    BASE_CHECK(checkUid(core, resource, object, current));
    BASE_CHECK(checkVersion(strategy, resource, object, current));
    object = keepSystemFields(resource, object, current);
    if (!context.fieldsTracked)
        object = trackUpdate(core, context, resource, current, object, options.subresource);
    Admission admission{core,   context, resource, "UPDATE", options.subresource, context.info.ns,
                        std::string(name), object, current};
    if (options.admission) {
        BASE_CHECK(admitMutating(admission));
        object = admission.object;
    }
    object = prepare(core, context, strategy, object, current, options.subresource);
    BASE_TRY(object, validate(core, context, object, current, options.subresource));
    admission.object = object;
    if (options.admission) BASE_CHECK(admitValidating(admission));
    if (context.errand) return UpdateResult{};
    if (strategy.allocate != nullptr && options.subresource.empty()) {
        BASE_TRY(object, strategy.allocate(core, context, object, current));
    }
    if (!resource.custom) object = api::fillRequired(resource, object, known);
    if (context.dryRun) return UpdateResult{object, false};
    if (nothingHolds(object)) {
        BASE_CHECK(removeStored(core, storedAs(core, resource), current, stored->revision));
        if (strategy.release != nullptr) strategy.release(core, current);
        return UpdateResult{object, false};
    }
    // A write that changes nothing is no write, unless the value was encrypted by another key.
    if (sameButTracking(object, current) &&
        !storedStale(core, storedAs(core, resource), context.info.ns, name)) {
        if (sameManagers(object, current)) return UpdateResult{current, false};
    }
    BASE_TRY(Value written, writeStored(core, resource, object, stored->revision));
    if (strategy.afterWrite != nullptr) strategy.afterWrite(core, written, current);
    return UpdateResult{written, false};
}

Outcome handleUpdate(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    BASE_TRY(Value object, decodeBody(core, context, resource));
    const std::string name = context.info.name;
    const std::string_view given = metaText(object, "name");
    if (given.empty())
        return api::badRequest("the name of the object (" + name +
                               " based on URL) was undeterminable: name must be provided");
    if (given != name)
        return api::badRequest("the name of the object (" + std::string(given) +
                               ") does not match the name on the URL (" + name + ")");
    const std::string_view ns = metaText(object, "namespace");
    if (resource.namespaced && !ns.empty() && ns != context.info.ns)
        return api::badRequest(
            "the namespace of the provided object does not match the namespace sent on the request");
    if (resource.namespaced && ns.empty()) object = withMeta(object, "namespace", context.info.ns);
    UpdateOptions options;
    options.subresource = context.info.subresource;
    options.createIfMissing = strategyOf(resource).createOnUpdate && options.subresource.empty();
    const Change change = [&](const Value&) -> base::Result<Value> { return object; };
    BASE_TRY(UpdateResult result, updateObject(core, context, name, change, options));
    if (context.errand) return ports::Response{};
    return respondObject(core, context, result.created ? 201 : 200, result.object);
}

} // namespace apiserver
