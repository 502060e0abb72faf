#include "controllers/namespace/controller.h"

#include "api/objects/pod.h"
#include "api/status.h"
#include "base/strings.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

// Deletions wait a little, so that every API server has seen the namespace go.
constexpr sim::Duration kGracePeriod = 5 * sim::kSecond;
constexpr std::int64_t kFinalizerEstimate = 15;

std::string groupResource(const client::Resource& resource) {
    return resource.plural + "." + resource.group;
}

std::string listText(const std::map<std::string, std::int64_t>& counts, const char* verb) {
    std::vector<std::string> parts;
    for (const auto& [name, count] : counts)
        if (count > 0)
            parts.push_back(name + " " + verb + " " + std::to_string(count) +
                            " resource instances");
    std::sort(parts.begin(), parts.end());
    return base::join(parts, ", ");
}

struct ConditionText {
    const char *type, *okReason, *okMessage;
};
constexpr ConditionText kConditions[] = {
    {"NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered",
     "All resources successfully discovered"},
    {"NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions",
     "All legacy kube types successfully parsed"},
    {"NamespaceDeletionContentFailure", "ContentDeleted",
     "All content successfully deleted, may be waiting on finalization"},
    {"NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"},
    {"NamespaceFinalizersRemaining", "ContentHasNoFinalizers",
     "All content-preserving finalizers finished"}};

} // namespace

NamespaceController::NamespaceController(Context context)
    : QueueController(context, "namespace-controller", 10),
      namespaces_(use(client::namespacesResource())) {
    namespaces_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() && api::isDeleting(current))
            queue_.addAfter(api::nameOf(current), kGracePeriod);
    });
}

sim::Task<base::Status> NamespaceController::sync(std::string key) {
    auto found = co_await client_.get(client::namespacesResource(), "", key);
    if (!found.ok()) {
        if (api::isNotFound(found.error())) co_return base::okStatus();
        co_return found.error();
    }
    Value ns = *found;
    if (!api::isDeleting(ns)) co_return base::okStatus();
    if (ns.at("status", "phase").asString() != "Terminating") {
        Value terminating = ns.withPath({"status", "phase"}, "Terminating");
        auto updated = co_await client_.update(client::namespacesResource(), "",
                                               std::move(terminating), "status");
        if (!updated.ok()) co_return updated.error();
        ns = *updated;
    }
    bool held = false;
    for (const Value& finalizer : ns.at("spec", "finalizers").items())
        held = held || finalizer.asString() == "kubernetes";
    if (!held) co_return base::okStatus();
    auto progress = std::make_shared<Progress>();
    auto done = co_await deleteContent(ns, progress.get());
    if (!done.ok()) co_return done.error();
    if (!*done) {
        if (progress->estimate > 0) {
            queue_.addAfter(key, (progress->estimate / 2 + 1) * sim::kSecond);
            co_return base::okStatus();
        }
        co_return base::makeError("unexpected items still remain in namespace: " + key);
    }
    auto fresh = co_await client_.get(client::namespacesResource(), "", key);
    if (!fresh.ok()) co_return base::okStatus();
    document::ArrayBuilder finalizers;
    for (const Value& finalizer : fresh->at("spec", "finalizers").items())
        if (finalizer.asString() != "kubernetes") finalizers.push(finalizer);
    Value released = fresh->withPath({"spec", "finalizers"}, std::move(finalizers).build());
    auto finalized =
        co_await client_.update(client::namespacesResource(), "", std::move(released), "finalize");
    if (!finalized.ok() && !api::isNotFound(finalized.error())) co_return finalized.error();
    co_return base::okStatus();
}

sim::Task<base::Status> NamespaceController::removeAll(client::Resource resource, std::string ns) {
    ports::Request request;
    request.method = "DELETE";
    request.path = resource.path(ns);
    request.headers.set("Content-Type", "application/json");
    request.object = Value::object(
        {{"kind", "DeleteOptions"}, {"apiVersion", "v1"}, {"propagationPolicy", "Background"}});
    auto answer = co_await client_.raw(std::move(request));
    if (!answer.ok()) co_return answer.error();
    if (answer->status == 404 || answer->status == 405) co_return base::okStatus();
    if (answer->status >= 300) co_return client::errorFromResponse(*answer);
    co_return base::okStatus();
}

// Deletes all objects of a resource and counts what is left.
sim::Task<base::Status> NamespaceController::empty(client::Resource resource, std::string ns,
                                                   Progress* progress) {
    auto before = co_await client_.list(resource, ns);
    if (!before.ok()) {
        const int code = before.error().code;
        if (code == 404 || code == 405) co_return base::okStatus();
        co_return before.error();
    }
    if (before->at("items").size() == 0) co_return base::okStatus();
    BASE_CO_CHECK(co_await removeAll(resource, ns));
    auto after = co_await client_.list(resource, ns);
    if (!after.ok()) co_return after.error();
    const Value& items = after->at("items");
    if (items.size() == 0) co_return base::okStatus();
    progress->remaining[groupResource(resource)] = static_cast<std::int64_t>(items.size());
    std::int64_t estimate = 0;
    bool held = false;
    for (const Value& item : items.items()) {
        for (const Value& finalizer : item.at("metadata", "finalizers").items()) {
            ++progress->finalizers[finalizer.text()];
            held = true;
        }
        if (resource.plural == "pods" && resource.group.empty() && !api::podFinished(item))
            estimate =
                std::max(estimate, item.at("metadata", "deletionGracePeriodSeconds").asInt());
    }
    if (estimate == 0 && held) estimate = kFinalizerEstimate;
    progress->estimate = std::max(progress->estimate, estimate);
    if (estimate == 0)
        progress->errors.push_back("unexpected items still remain in namespace: " + ns +
                                   " for gvr: " + resource.group + "/" + resource.version +
                                   ", Resource=" + resource.plural);
    co_return base::okStatus();
}

// True when nothing is left.
sim::Task<base::Result<bool>> NamespaceController::deleteContent(Value ns, Progress* progress) {
    const std::string name = api::nameOf(ns);
    auto served = co_await discover(client_);
    if (!served.ok()) progress->discoveryError = served.error().message;
    auto pods = co_await empty(client::podsResource(), name, progress);
    if (!pods.ok()) progress->errors.push_back(pods.error().message);
    const bool podsLeft = !progress->remaining.empty();
    if (!podsLeft && served.ok()) {
        for (const ServedResource& item : *served) {
            if (!item.namespaced || !item.preferred || !item.can("delete") || !item.can("list"))
                continue;
            if (item.resource.plural == "pods" && item.resource.group.empty()) continue;
            // The same objects are served as core events.
            if (item.resource.plural == "events" && item.resource.group == "events.k8s.io")
                continue;
            auto emptied = co_await empty(item.resource, name, progress);
            if (!emptied.ok()) progress->errors.push_back(emptied.error().message);
        }
    }
    // While pods are left, the conditions do not speak of what remains yet.
    Progress shown = *progress;
    if (podsLeft) {
        shown.remaining.clear();
        shown.finalizers.clear();
    }
    auto written = co_await writeConditions(ns, &shown);
    if (!written.ok() && !api::isConflict(written.error()) && !api::isNotFound(written.error()))
        co_return written.error();
    co_return progress->remaining.empty() && progress->errors.empty() &&
        progress->discoveryError.empty();
}

Value NamespaceController::conditions(const Value& ns, const Progress& progress) const {
    Value list = ns.at("status", "conditions");
    for (const ConditionText& text : kConditions) {
        const std::string_view type = text.type;
        std::string reason = text.okReason, message = text.okMessage;
        const char* status = "False";
        const auto set = [&](const char* why, std::string what) {
            status = "True";
            reason = why;
            message = std::move(what);
        };
        if (type == "NamespaceDeletionDiscoveryFailure" && !progress.discoveryError.empty())
            set("DiscoveryFailed", progress.discoveryError);
        if (type == "NamespaceDeletionContentFailure" && !progress.errors.empty())
            set("ContentDeletionFailed", "Failed to delete all resource types, " +
                                             std::to_string(progress.errors.size()) +
                                             " remaining: " + base::join(progress.errors, ", "));
        if (type == "NamespaceContentRemaining" && !progress.remaining.empty())
            set("SomeResourcesRemain",
                "Some resources are remaining: " + listText(progress.remaining, "has"));
        if (type == "NamespaceFinalizersRemaining" && !progress.finalizers.empty())
            set("SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: " +
                                            listText(progress.finalizers, "in"));
        const Value& old = api::conditionIn(list, type);
        const Value stamp =
            old["status"].asString() == status ? old["lastTransitionTime"] : Value(now());
        list = api::withCondition(list, Value::object({{"type", type},
                                                       {"status", status},
                                                       {"lastTransitionTime", stamp},
                                                       {"reason", reason},
                                                       {"message", message}}));
    }
    return list;
}

sim::Task<base::Status> NamespaceController::writeConditions(Value ns, const Progress* progress) {
    const Value next = conditions(ns, *progress);
    if (next == ns.at("status", "conditions")) co_return base::okStatus();
    Value changed = ns.withPath({"status", "conditions"}, next);
    auto updated =
        co_await client_.update(client::namespacesResource(), "", std::move(changed), "status");
    if (!updated.ok()) co_return updated.error();
    co_return base::okStatus();
}

} // namespace controllers
