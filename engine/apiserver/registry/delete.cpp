// delete and deletecollection. Source: apiserver pkg/registry/rest/delete.go,
// pkg/registry/generic/registry/store.go, pkg/endpoints/handlers/delete.go.
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

constexpr std::string_view kOrphan = "orphan";
constexpr std::string_view kForeground = "foregroundDeletion";

base::Status checkPreconditions(const api::ResourceInfo& resource, const Value& object,
                                const DeleteRequest& request) {
    const std::string_view name = metaText(object, "name");
    if (!request.uid.empty() && request.uid != metaText(object, "uid"))
        return api::conflict(resource.group, resource.kind, name,
                             "the UID in the precondition (" + request.uid +
                                 ") does not match the UID in record (" +
                                 std::string(metaText(object, "uid")) +
                                 "). The object might have been deleted and then recreated");
    if (!request.resourceVersion.empty() &&
        request.resourceVersion != metaText(object, "resourceVersion"))
        return api::conflict(resource.group, resource.kind, name,
                             "the ResourceVersion in the precondition (" + request.resourceVersion +
                                 ") does not match the ResourceVersion in record (" +
                                 std::string(metaText(object, "resourceVersion")) +
                                 "). The object might have been modified");
    return base::okStatus();
}

// Source: pkg/registry/core/pod strategy CheckGracefulDelete.
std::int64_t gracePeriod(const Strategy& strategy, const Value& object, const DeleteRequest& request) {
    if (!strategy.graceful) return 0;
    std::int64_t period = 30;
    const Value& own = object.at("spec", "terminationGracePeriodSeconds");
    if (request.graceSeconds) period = *request.graceSeconds;
    else if (own.isInt()) period = own.asInt();
    const std::string_view phase = object.at("status", "phase").asString();
    if (object.at("spec", "nodeName").isEmpty() || phase == "Failed" || phase == "Succeeded") period = 0;
    return period < 0 ? 1 : period;
}

bool hasItem(const Value& list, std::string_view text) {
    const auto items = list.items();
    return std::any_of(items.begin(), items.end(),
                       [&](const Value& item) { return item.asString() == text; });
}

// The finalizers that make the garbage collector act first.
Value collectorFinalizers(const Strategy& strategy, const Value& object, const DeleteRequest& request) {
    const Value& current = object.at("metadata", "finalizers");
    bool orphan = strategy.orphanByDefault;
    bool foreground = false;
    if (request.orphanDependents) {
        orphan = *request.orphanDependents;
    } else if (!request.propagation.empty()) {
        orphan = request.propagation == "Orphan";
        foreground = request.propagation == "Foreground";
    } else {
        orphan = hasItem(current, kOrphan) || (strategy.orphanByDefault && !hasItem(current, kForeground));
        foreground = !orphan && hasItem(current, kForeground);
    }
    document::ArrayBuilder out;
    for (const Value& item : current.items())
        if (item.asString() != kOrphan && item.asString() != kForeground) out.push(item);
    if (orphan) out.push(kOrphan);
    if (foreground) out.push(kForeground);
    return std::move(out).build();
}

Value withFinalizers(const Value& object, const Value& finalizers) {
    if (finalizers.size() == 0) return withoutMeta(object, "finalizers");
    return withMeta(object, "finalizers", finalizers);
}

Value markDeleted(Core& core, Value object, std::int64_t grace) {
    document::ObjectBuilder meta(object["metadata"]);
    if (metaText(object, "deletionTimestamp").empty()) {
        const std::int64_t generation = object.at("metadata", "generation").asInt();
        if (generation > 0) meta.set("generation", generation + 1);
    }
    meta.set("deletionTimestamp", sim::formatRfc3339(core.kernel.unixNow() + grace * sim::kSecond));
    meta.set("deletionGracePeriodSeconds", grace);
    return object.with("metadata", std::move(meta).build());
}

// A deletion under way that is to end earlier. Source: apiserver pkg/registry/rest BeforeDelete.
Value shortened(Core& core, const Value& object, std::int64_t grace) {
    const std::int64_t left = object.at("metadata", "deletionGracePeriodSeconds").asInt();
    const auto end = sim::parseRfc3339(metaText(object, "deletionTimestamp"));
    const sim::Time now = core.kernel.unixNow();
    sim::Time wanted = end.value_or(now) + (grace - left) * sim::kSecond;
    if (wanted < now) {
        wanted = now;
        if (grace != 0) grace = 1;
    }
    document::ObjectBuilder meta(object["metadata"]);
    meta.set("deletionTimestamp", sim::formatRfc3339(wanted)).set("deletionGracePeriodSeconds", grace);
    return object.with("metadata", std::move(meta).build());
}

// Source: pkg/registry/core/namespace/storage Delete.
base::Result<DeleteResult> deleteNamespace(Core& core, const api::ResourceInfo& resource,
                                           const Value& object, std::int64_t revision, bool dryRun) {
    DeleteResult result;
    if (metaText(object, "deletionTimestamp").empty()) {
        Value next = markDeleted(core, object, 0).withPath({"status", "phase"}, "Terminating");
        next = withoutMeta(next, "deletionGracePeriodSeconds");
        result.object = next;
        if (!dryRun) {
            BASE_TRY(result.object, writeStored(core, resource, next, revision));
        }
        return result;
    }
    result.object = object;
    if (object.at("spec", "finalizers").size() != 0) return result;
    if (object.at("metadata", "finalizers").size() != 0) return result;
    result.gone = true;
    if (!dryRun) BASE_CHECK(removeStored(core, resource, object, revision));
    return result;
}

base::Result<DeleteResult> keepUntilReleased(Core& core, const api::ResourceInfo& resource,
                                             const Value& object, Value next, std::int64_t revision,
                                             bool dryRun) {
    DeleteResult result;
    result.object = next;
    if (dryRun || next == object) return result;
    BASE_TRY(result.object, writeStored(core, resource, next, revision));
    return result;
}

} // namespace

base::Result<DeleteResult> deleteObject(Core& core, Context& context, std::string_view ns,
                                        std::string_view name, const DeleteRequest& request) {
    const api::ResourceInfo& resource = *context.resource;
    const Strategy& strategy = strategyOf(resource);
    BASE_TRY(store::ChangePtr stored, readStored(core, storedAs(core, resource), ns, name));
    if (!stored) return api::notFound(resource.group, resource.plural, name);
    const Value object = convertTo(resource, stored->value);
    BASE_CHECK(checkPreconditions(resource, object, request));
    Admission admission{core,   context, resource, "DELETE", "", std::string(ns), std::string(name),
                        Value(), object};
    BASE_CHECK(admitMutating(admission));
    BASE_CHECK(admitValidating(admission));
    if (context.errand) return DeleteResult{};
    if (resource.plural == "customresourcedefinitions" && metaText(object, "deletionTimestamp").empty()) {
        const Value next = definitionMarked(core, markDeleted(core, object, 0));
        BASE_TRY(DeleteResult result,
                 keepUntilReleased(core, resource, object, next, stored->revision, request.dryRun));
        if (!request.dryRun) cleanUpDefinition(core, std::string(name));
        return result;
    }
    if (resource.group.empty() && resource.plural == "namespaces")
        return deleteNamespace(core, resource, object, stored->revision, request.dryRun);

    const bool deleting = !metaText(object, "deletionTimestamp").empty();
    Value next = withFinalizers(object, collectorFinalizers(strategy, object, request));
    const bool held = next.at("metadata", "finalizers").size() != 0;
    const std::int64_t left = object.at("metadata", "deletionGracePeriodSeconds").asInt();
    std::int64_t revision = stored->revision;
    Value last = object;
    if (strategy.graceful && (!deleting || left != 0)) {
        // Only a shorter period changes a deletion that is under way, and only when asked for.
        const std::int64_t grace = deleting ? request.graceSeconds.value_or(left)
                                            : gracePeriod(strategy, object, request);
        if (!deleting) next = markDeleted(core, next, grace);
        else if (grace < left) next = shortened(core, next, grace);
        else next = object;
        const bool now = !held && (!deleting || grace < left) && grace == 0;
        BASE_TRY(DeleteResult kept,
                 keepUntilReleased(core, resource, object, next, stored->revision, request.dryRun));
        if (!now) return kept;
        // The shortest period is seen by watchers before the object goes.
        last = kept.object;
        if (!request.dryRun) revision = base::parseInt(metaText(last, "resourceVersion")).value_or(revision);
    } else if (held) {
        const bool again = deleting && left == 0;
        if (!again) next = markDeleted(core, next, 0);
        return keepUntilReleased(core, resource, object, next, stored->revision, request.dryRun);
    }
    DeleteResult result;
    result.gone = result.immediate = true;
    result.object = last;
    if (request.dryRun) return result;
    BASE_CHECK(removeStored(core, storedAs(core, resource), last, revision));
    if (strategy.release != nullptr) strategy.release(core, last);
    BASE_TRY(store::Store* store, core.store());
    result.object = withMeta(result.object, "resourceVersion", std::to_string(store->revision()));
    return result;
}

namespace {

base::Result<DeleteRequest> parseOptions(const Context& context) {
    DeleteRequest request;
    request.dryRun = context.dryRun;
    Value options;
    if (!context.request.object.isNull() || !context.request.body.empty()) {
        auto raw = rawBody(context.request);
        if (!raw.ok())
            return api::badRequest("couldn't get version/kind; json parse error: " + raw.error().message);
        options = raw.value();
        const std::string_view kind = options["kind"].asString();
        if (!kind.empty() && kind != "DeleteOptions")
            return api::badRequest("no kind \"" + std::string(kind) +
                                   "\" is registered for version \"v1\" in scheme "
                                   "\"pkg/runtime/scheme.go:111\"");
    }
    const ports::Query& query = context.request.query;
    if (options.isNull()) {
        options = Value::object();
        if (const auto grace = base::parseInt(query.get("gracePeriodSeconds")))
            options = options.with("gracePeriodSeconds", *grace);
        if (query.has("propagationPolicy"))
            options = options.with("propagationPolicy", query.get("propagationPolicy"));
        if (query.has("orphanDependents"))
            options = options.with("orphanDependents", query.get("orphanDependents") == "true");
    }
    if (options["gracePeriodSeconds"].isInt())
        request.graceSeconds = std::max<std::int64_t>(options["gracePeriodSeconds"].asInt(),
                                                      options["gracePeriodSeconds"].asInt() < 0 ? 1 : 0);
    request.propagation = options["propagationPolicy"].text();
    if (options["orphanDependents"].isBool()) request.orphanDependents = options["orphanDependents"].asBool();
    request.uid = options.at("preconditions", "uid").text();
    request.resourceVersion = options.at("preconditions", "resourceVersion").text();
    if (options["dryRun"].size() > 0) request.dryRun = true;
    if (request.orphanDependents && !request.propagation.empty())
        return invalidOptions("DeleteOptions",
                              {{"FieldValueInvalid",
                                "Invalid value: " + base::quoteGo(request.propagation) +
                                    ": orphanDependents and deletionPropagation cannot be both set",
                                "propagationPolicy"}});
    const std::string& policy = request.propagation;
    if (!policy.empty() && policy != "Foreground" && policy != "Background" && policy != "Orphan")
        return invalidOptions("DeleteOptions",
                              {{"FieldValueNotSupported",
                                "Unsupported value: " + base::quoteGo(policy) +
                                    ": supported values: \"Foreground\", \"Background\", \"Orphan\", "
                                    "\"nil\"",
                                "propagationPolicy"}});
    return request;
}

void warnOrphan(Context& context, const DeleteRequest& request) {
    if (context.resource->plural != "jobs" || context.resource->group != "batch") return;
    if (!request.propagation.empty() || request.orphanDependents) return;
    context.warn("child pods are preserved by default when jobs are deleted; set "
                 "propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress "
                 "this warning");
}

} // namespace

Outcome handleDelete(Core& core, Context& context) {
    const api::ResourceInfo& resource = *context.resource;
    BASE_TRY(DeleteRequest request, parseOptions(context));
    warnOrphan(context, request);
    const std::string name = context.info.name;
    BASE_TRY(DeleteResult result, deleteObject(core, context, context.info.ns, name, request));
    if (context.errand) return ports::Response{};
    const bool showObject = !result.gone || strategyOf(resource).returnDeleted;
    if (showObject) return respondObject(core, context, 200, result.object);
    return respondJson(200, api::successStatus(resource.group, resource.plural, name,
                                               metaText(result.object, "uid")));
}

Outcome handleDeleteCollection(Core& core, Context& context) {
    BASE_TRY(DeleteRequest request, parseOptions(context));
    warnOrphan(context, request);
    Context listing = context;
    listing.info.verb = "list";
    listing.request.object = Value();
    listing.request.body.clear();
    listing.request.headers = {};
    BASE_TRY(ports::Response listed, handleList(core, listing));
    const Value list = listed.object;
    for (const Value& item : list["items"].items()) {
        auto done = deleteObject(core, context, metaText(item, "namespace"), metaText(item, "name"), request);
        if (context.errand) return ports::Response{};
        if (!done.ok() && done.error().code != 404) return done.error();
    }
    return respondObject(core, context, 200, list);
}

} // namespace apiserver
