#include "controllers/disruption/controller.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"
#include "api/status.h"
#include "controllers/support/discovery.h"
#include "controllers/support/pods.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {
constexpr sim::Duration kDeletionTimeout = 2 * sim::kMinute;
constexpr sim::Duration kStaleCondition = 2 * sim::kMinute;

// The scalable resource of an owner; empty plural when it is not a known one.
client::Resource ownerResource(const Value& owner) {
    const std::string_view kind = owner["kind"].asString(),
                           version = owner["apiVersion"].asString();
    if (version == "apps/v1" && kind == "ReplicaSet") return client::replicaSetsResource();
    if (version == "apps/v1" && kind == "Deployment") return client::deploymentsResource();
    if (version == "apps/v1" && kind == "StatefulSet") return client::statefulSetsResource();
    if (version == "v1" && kind == "ReplicationController")
        return client::replicationControllersResource();
    return {};
}

} // namespace

DisruptionController::DisruptionController(Context context)
    : QueueController(context, "controllermanager", 1),
      budgets_(use(client::podDisruptionBudgetsResource())), pods_(use(client::podsResource())),
      replicaSets_(use(client::replicaSetsResource())) {
    budgets_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) queue_.add(objectKey(current));
    });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
}

void DisruptionController::onPod(const Value& previous, const Value& current) {
    const Value& pod = current.isNull() ? previous : current;
    if (!previous.isNull() && !current.isNull() &&
        api::podReady(previous) == api::podReady(current) &&
        api::isDeleting(previous) == api::isDeleting(current) &&
        api::podFinished(previous) == api::podFinished(current) &&
        api::labelsOf(previous) == api::labelsOf(current) &&
        api::conditionStatus(previous, "DisruptionTarget") ==
            api::conditionStatus(current, "DisruptionTarget"))
        return;
    for (const Value& budget : budgets_.inNamespace(api::namespaceOf(pod))) {
        auto selector = api::LabelSelector::fromObject(budget.at("spec", "selector"));
        if (selector.ok() && selector->matches(api::labelsOf(pod))) queue_.add(objectKey(budget));
    }
    // A disruption that was announced and did not happen is taken back.
    if (!current.isNull() && !api::isDeleting(current) &&
        api::conditionStatus(current, "DisruptionTarget") == "True" && !api::podFinished(current))
        queue_.addAfter("!" + objectKey(current), kStaleCondition);
}

sim::Task<base::Result<std::int64_t>> DisruptionController::expectedScale(std::vector<Value> pods,
                                                                          bool* unmanaged) {
    std::map<std::string, std::int64_t> scales; // owner uid -> replicas
    for (const Value& pod : pods) {
        Value owner = api::controllerOf(pod);
        if (owner.isNull()) {
            *unmanaged = true;
            continue;
        }
        const std::string ns = api::namespaceOf(pod);
        if (owner["kind"].asString() == "ReplicaSet") {
            const Value& set = replicaSets_.get(ns + "/" + owner["name"].text());
            if (!api::controllerOf(set).isNull()) owner = api::controllerOf(set);
        }
        const std::string uid = owner["uid"].text();
        if (scales.contains(uid)) continue;
        client::Resource resource = ownerResource(owner);
        if (resource.plural.empty()) {
            auto served = co_await discover(client_);
            if (!served.ok()) co_return served.error();
            for (const ServedResource& item : *served)
                if (item.apiVersion() == owner["apiVersion"].asString() &&
                    item.kind == owner["kind"].asString())
                    resource = item.resource;
        }
        auto scale = co_await client_.get(resource, ns, owner["name"].text(), "scale");
        if (!scale.ok()) {
            if (api::isNotFound(scale.error()))
                co_return base::makeError(resource.plural +
                                          (resource.group.empty() ? "" : "." + resource.group) +
                                          " does not implement the scale subresource");
            co_return scale.error();
        }
        scales[uid] = scale->at("spec", "replicas").asInt();
    }
    std::int64_t sum = 0;
    for (const auto& [uid, replicas] : scales) sum += replicas;
    co_return sum;
}

sim::Task<base::Status> DisruptionController::clearStale(Value pod) {
    const Value& old = api::conditionOf(pod, "DisruptionTarget");
    if (old["status"].asString() != "True" || api::isDeleting(pod) || api::podFinished(pod))
        co_return base::okStatus();
    const Value cleared = Value::object(
        {{"type", "DisruptionTarget"}, {"status", "False"}, {"lastTransitionTime", now()}});
    const Value list = Value::array({cleared});
    const Value status = Value::object({{"conditions", list}});
    const Value patch = Value::object({{"status", status}});
    auto patched =
        co_await client_.patch(client::podsResource(), api::namespaceOf(pod), api::nameOf(pod),
                               "application/strategic-merge-patch+json", patch, "status");
    if (!patched.ok() && !api::isNotFound(patched.error())) co_return patched.error();
    co_return base::okStatus();
}

// Nothing may be evicted while nobody can tell how many pods there should be.
sim::Task<void> DisruptionController::failSafe(Value budget, std::string why) {
    const Value& old = api::conditionOf(budget, "DisruptionAllowed");
    Value condition = Value::object(
        {{"type", "DisruptionAllowed"},
         {"status", "False"},
         {"lastTransitionTime", old["status"].asString() == "False" ? old["lastTransitionTime"] : Value(now())},
         {"reason", "SyncFailed"},
         {"message", why}});
    // It is about the generation that was last counted, if any was.
    const Value& counted = budget.at("status", "observedGeneration");
    if (counted.asInt() > 0) condition = condition.with("observedGeneration", counted);
    Value status = budget["status"].isObject() ? budget["status"] : Value::object();
    status = status.with("disruptionsAllowed", 0).with("conditions", api::withCondition(status["conditions"], condition));
    for (const char* count : {"currentHealthy", "desiredHealthy", "expectedPods"})
        if (!status.has(count)) status = status.with(count, 0);
    if (status == budget["status"]) co_return;
    const std::string ns = api::namespaceOf(budget);
    auto written = co_await client_.update(client::podDisruptionBudgetsResource(), ns, budget.with("status", status), "status");
    if (written.ok()) budgets_.put(*written);
}

sim::Task<base::Status> DisruptionController::sync(std::string key) {
    if (key[0] == '!') {
        const Value pod = pods_.get(std::string_view(key).substr(1));
        if (pod.isNull()) co_return base::okStatus();
        co_return co_await clearStale(pod);
    }
    const Value budget = budgets_.get(key);
    if (budget.isNull()) co_return base::okStatus();
    auto selector = api::LabelSelector::fromObject(budget.at("spec", "selector"));
    if (!selector.ok()) co_return base::okStatus();
    std::vector<Value> pods;
    for (const Value& pod : pods_.inNamespace(api::namespaceOf(budget)))
        if (selector->matches(api::labelsOf(pod)) && !api::podFinished(pod)) pods.push_back(pod);
    if (pods.empty()) recorder_.normal(budget, "NoPods", "No matching pods found");
    const Value& maxUnavailable = budget.at("spec", "maxUnavailable");
    const Value& minAvailable = budget.at("spec", "minAvailable");
    std::int64_t expected = static_cast<std::int64_t>(pods.size()), desired = 0;
    bool unmanaged = false;
    if (!maxUnavailable.isNull() || minAvailable.isString()) {
        auto scale = co_await expectedScale(pods, &unmanaged);
        if (!scale.ok()) {
            recorder_.warning(budget, "CalculateExpectedPodCountFailed",
                              "Failed to calculate the number of expected pods: " +
                                  scale.error().message);
            co_await failSafe(budget, scale.error().message);
            co_return scale.error();
        }
        expected = *scale;
        desired =
            maxUnavailable.isNull()
                ? scaledValue(minAvailable, expected, true)
                : std::max<std::int64_t>(0, expected - scaledValue(maxUnavailable, expected, true));
    } else {
        desired = minAvailable.asInt();
    }
    if (unmanaged)
        recorder_.warning(budget, "UnmanagedPods",
                          "Pods selected by this PodDisruptionBudget (selector: "
                          "&LabelSelector{MatchLabels:map[string]string{},"
                          "MatchExpressions:[]LabelSelectorRequirement{},}) were found to be "
                          "unmanaged. As a result, the status of the "
                          "PDB cannot be calculated correctly, which may result in undefined "
                          "behavior. To account for these pods please "
                          "set \".spec.minAvailable\" field of the PDB to an integer value.");
    // Evictions that were granted and whose pods are still there.
    document::ObjectBuilder disrupted;
    std::int64_t healthy = 0, recheck = 0;
    for (const Value& pod : pods) {
        if (api::isDeleting(pod)) continue;
        const Value& since = budget.at("status", "disruptedPods")[api::nameOf(pod)];
        const std::int64_t due = api::timeOf(since) + kDeletionTimeout;
        if (since.isString() && due > kernel_.unixNow()) {
            disrupted.set(api::nameOf(pod), since);
            if (recheck == 0 || due < recheck) recheck = due;
            continue;
        }
        if (since.isString())
            recorder_.warning(pod, "NotDeleted",
                              "Pod was expected by PDB " + api::namespaceOf(budget) + "/" +
                                  api::namespaceOf(budget) + " to be deleted but it wasn't");
        if (api::podReady(pod)) ++healthy;
    }
    const std::int64_t allowed = expected <= 0 ? 0 : std::max<std::int64_t>(0, healthy - desired);
    const Value& old = api::conditionOf(budget, "DisruptionAllowed");
    const char* state = allowed > 0 ? "True" : "False";
    const Value condition = Value::object(
        {{"type", "DisruptionAllowed"},
         {"status", state},
         {"observedGeneration", api::generationOf(budget)},
         {"lastTransitionTime",
          old["status"].asString() == state ? old["lastTransitionTime"] : Value(now())},
         {"reason", allowed > 0 ? "SufficientPods" : "InsufficientPods"},
         {"message", ""}});
    document::ObjectBuilder out;
    out.setUnlessEmpty("observedGeneration", api::generationOf(budget));
    if (!disrupted.empty()) out.set("disruptedPods", std::move(disrupted).build());
    out.set("disruptionsAllowed", allowed)
        .set("currentHealthy", healthy)
        .set("desiredHealthy", desired);
    out.set("expectedPods", expected);
    out.set("conditions", api::withCondition(budget.at("status", "conditions"), condition));
    const Value status = std::move(out).build();
    if (recheck != 0) queue_.addAfter(key, recheck - kernel_.unixNow());
    if (status == budget["status"]) co_return base::okStatus();
    Value changed = budget.with("status", status);
    auto written = co_await client_.update(client::podDisruptionBudgetsResource(),
                                           api::namespaceOf(budget), std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    budgets_.put(*written);
    co_return base::okStatus();
}

} // namespace controllers
