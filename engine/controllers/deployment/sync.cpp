#include "api/objects/meta.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/deployment/controller.h"
#include "controllers/deployment/util.h"
#include "controllers/support/template_hash.h"

#include <algorithm>
#include <cmath>

namespace controllers {

using document::Value;
using namespace deployment;

namespace {

std::int64_t intAnnotation(const Value& object, const char* key) {
    return base::parseInt(api::annotationOf(object, key)).value_or(-1);
}

std::string replicaSetName(const std::string& deployment, const std::string& hash) {
    constexpr std::size_t kMaxName = 253;
    return deployment.substr(0, kMaxName - 1 - hash.size()) + "-" + hash;
}

} // namespace

// Finds the ReplicaSet of the current template and brings its revision up to date.
sim::Task<base::Status> DeploymentController::syncRevision(RolloutPtr rollout,
                                                           bool createIfMissing) {
    rollout->newest.reset();
    rollout->old.clear();
    for (const Value& set : rollout->owned) {
        if (!rollout->newest &&
            equalIgnoreHash(set.at("spec", "template"), rollout->deployment.at("spec", "template")))
            rollout->newest = set;
        else
            rollout->old.push_back(set);
    }
    std::int64_t newest = 0;
    for (const Value& set : rollout->old) newest = std::max(newest, revisionOf(set));
    if (!rollout->newest) {
        if (!createIfMissing) co_return base::okStatus();
        co_return co_await createReplicaSet(rollout, newest + 1);
    }
    const Value& set = *rollout->newest;
    Value updated = withRevisionAnnotations(rollout->deployment, set, newest + 1, true);
    const std::int64_t wanted = rollout->deployment.at("spec", "minReadySeconds").asInt();
    if (set.at("spec", "minReadySeconds").asInt() != wanted)
        updated = updated.withPath({"spec", "minReadySeconds"}, wanted);
    if (!(updated == set)) {
        auto written = co_await client_.update(client::replicaSetsResource(),
                                               api::namespaceOf(updated), updated);
        if (!written.ok()) co_return written.error();
        rollout->replace(*written);
        co_return base::okStatus();
    }
    co_return co_await adoptRevision(rollout, set);
}

// The deployment takes over the revision number of its current ReplicaSet.
sim::Task<base::Status> DeploymentController::adoptRevision(RolloutPtr rollout, Value replicaSet) {
    Value changed = rollout->deployment;
    const std::string revision(api::annotationOf(replicaSet, kRevision));
    bool needsUpdate = false;
    if (api::annotationOf(changed, kRevision) != revision) {
        changed = changed.withPath({"metadata", "annotations", kRevision}, revision);
        needsUpdate = true;
    }
    if (hasProgressDeadline(changed) && api::conditionOf(changed, "Progressing").isNull()) {
        Value found = condition("Progressing", "True", "FoundNewReplicaSet",
                                "Found new replica set " + base::quoteGo(api::nameOf(replicaSet)));
        changed =
            changed.with("status", withDeploymentCondition(changed["status"], std::move(found)));
        needsUpdate = true;
    }
    if (!needsUpdate) co_return base::okStatus();
    auto written = co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed),
                                           changed, "status");
    if (!written.ok()) co_return written.error();
    rollout->deployment = *written;
    co_return base::okStatus();
}

sim::Task<base::Status> DeploymentController::createReplicaSet(RolloutPtr rollout,
                                                               std::int64_t revision) {
    const Value deployment = rollout->deployment;
    const Value podTemplate = deployment.at("spec", "template");
    const std::string hash = templateHash(podTemplate, deployment.at("status", "collisionCount"));
    const Value hashed = podTemplate.withPath({"metadata", "labels", kHashLabel}, hash);
    const std::string name = replicaSetName(api::nameOf(deployment), hash);
    const std::int64_t size = newReplicas(deployment, rollout->old, 0);
    document::ObjectBuilder spec;
    spec.set("replicas", size)
        .setUnlessEmpty("minReadySeconds", deployment.at("spec", "minReadySeconds"));
    spec.set("selector",
             deployment.at("spec", "selector").withPath({"matchLabels", kHashLabel}, hash));
    spec.set("template", hashed);
    Value set = Value::object(
        {{"apiVersion", "apps/v1"},
         {"kind", "ReplicaSet"},
         {"metadata",
          Value::object({{"name", name},
                         {"namespace", deployment.at("metadata", "namespace")},
                         {"labels", hashed.at("metadata", "labels")},
                         {"ownerReferences", Value::array({api::controllerReference(
                                                 deployment, "apps/v1", "Deployment")})}})},
         {"spec", std::move(spec).build()}});
    set = withRevisionAnnotations(deployment, set, revision, false);
    auto created =
        co_await client_.create(client::replicaSetsResource(), api::namespaceOf(deployment), set);
    bool existed = false;
    if (!created.ok() && api::isAlreadyExists(created.error())) {
        existed = true;
        const Value found = replicaSets_.get(api::keyOf(set));
        if (!api::isControlledBy(found, deployment) ||
            !equalIgnoreHash(found.at("spec", "template"), podTemplate))
            co_return co_await resolveCollision(rollout, set, created.error());
        created = found;
    } else if (!created.ok()) {
        if (hasStatusCause(created.error(), "NamespaceTerminating")) co_return created.error();
        const std::string message = "Failed to create new replica set " + base::quoteGo(name) +
                                    ": " + created.error().message;
        if (hasProgressDeadline(deployment)) {
            Value failed = condition("Progressing", "False", "ReplicaSetCreateError", message);
            Value changed = deployment.with(
                "status", withDeploymentCondition(deployment["status"], std::move(failed)));
            auto ignored = co_await client_.update(client::deploymentsResource(),
                                                   api::namespaceOf(changed), changed, "status");
            (void)ignored;
        }
        recorder_.warning(deployment, "ReplicaSetCreateError", message);
        co_return created.error();
    }
    if (!existed && size > 0)
        recorder_.normal(deployment, "ScalingReplicaSet",
                         "Scaled up replica set " + name + " from 0 to " + std::to_string(size));
    rollout->newest = *created;
    Value changed =
        deployment.withPath({"metadata", "annotations", kRevision}, std::to_string(revision));
    if (!existed && hasProgressDeadline(deployment)) {
        Value fresh = condition("Progressing", "True", "NewReplicaSetCreated",
                                "Created new replica set " + base::quoteGo(name));
        changed =
            changed.with("status", withDeploymentCondition(changed["status"], std::move(fresh)));
    }
    if (changed == deployment) co_return base::okStatus();
    auto written = co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed),
                                           changed, "status");
    if (!written.ok()) co_return written.error();
    rollout->deployment = *written;
    co_return base::okStatus();
}

// Another ReplicaSet has the name already: count the collision, so that the next try hashes
// differently.
sim::Task<base::Status> DeploymentController::resolveCollision(RolloutPtr rollout, Value wanted,
                                                               base::Error error) {
    (void)wanted;
    const std::int64_t count = rollout->deployment.at("status", "collisionCount").asInt() + 1;
    Value changed = rollout->deployment.withPath({"status", "collisionCount"}, count);
    auto written = co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed),
                                           changed, "status");
    if (written.ok()) rollout->deployment = *written;
    co_return error;
}

sim::Task<base::Status> DeploymentController::checkPaused(RolloutPtr rollout) {
    const Value& deployment = rollout->deployment;
    if (!hasProgressDeadline(deployment)) co_return base::okStatus();
    const std::string reason = api::conditionOf(deployment, "Progressing")["reason"].text();
    if (reason == "ProgressDeadlineExceeded") co_return base::okStatus();
    const bool paused = deployment.at("spec", "paused").asBool();
    if (paused == (reason == "DeploymentPaused")) co_return base::okStatus();
    Value next =
        paused ? condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused")
               : condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed");
    Value changed =
        deployment.with("status", withDeploymentCondition(deployment["status"], std::move(next)));
    auto written = co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed),
                                           changed, "status");
    if (!written.ok()) co_return written.error();
    rollout->deployment = *written;
    co_return base::okStatus();
}

sim::Task<base::Result<bool>> DeploymentController::isScalingEvent(RolloutPtr rollout) {
    BASE_CO_CHECK(co_await syncRevision(rollout, false));
    for (const Value& set : active(rollout->all())) {
        const std::int64_t desired = intAnnotation(set, kDesiredReplicas);
        if (desired >= 0 && desired != replicasOf(rollout->deployment)) co_return true;
    }
    co_return false;
}

// Scaling, and everything that is done for a paused deployment.
sim::Task<base::Status> DeploymentController::syncScale(RolloutPtr rollout) {
    BASE_CO_CHECK(co_await syncRevision(rollout, false));
    BASE_CO_CHECK(co_await scaleProportionally(rollout));
    if (rollout->deployment.at("spec", "paused").asBool()) BASE_CO_CHECK(co_await cleanup(rollout));
    Value status = calculateStatus(*rollout);
    co_return co_await writeStatus(rollout, std::move(status));
}

sim::Task<base::Status> DeploymentController::scaleProportionally(RolloutPtr rollout) {
    const Value deployment = rollout->deployment;
    const std::int64_t desired = replicasOf(deployment);
    std::vector<Value> all = active(rollout->all());
    if (all.size() <= 1) {
        std::optional<Value> target;
        if (all.size() == 1)
            target = all[0];
        else if (rollout->newest)
            target = rollout->newest;
        else if (!rollout->old.empty())
            target = rollout->old.back();
        if (!target || replicasOf(*target) == desired) co_return base::okStatus();
        auto scaled = co_await scaleReplicaSet(rollout, *target, desired);
        if (!scaled.ok()) co_return scaled.error();
        co_return base::okStatus();
    }
    if (rollout->newest && replicasOf(*rollout->newest) == desired &&
        intAnnotation(*rollout->newest, kDesiredReplicas) == desired &&
        statusCount(*rollout->newest, "availableReplicas") == desired) {
        for (const Value& set : active(rollout->old)) {
            auto scaled = co_await scaleReplicaSet(rollout, set, 0);
            if (!scaled.ok()) co_return scaled.error();
        }
        co_return base::okStatus();
    }
    if (!isRolling(deployment)) co_return base::okStatus();
    const std::int64_t allowed = desired > 0 ? desired + maxSurge(deployment) : 0;
    const std::int64_t toAdd = allowed - sumReplicas(all);
    std::sort(all.begin(), all.end(), [toAdd](const Value& a, const Value& b) {
        if (replicasOf(a) != replicasOf(b)) return replicasOf(a) > replicasOf(b);
        return toAdd > 0 ? olderFirst(b, a) : olderFirst(a, b);
    });
    std::vector<std::int64_t> sizes;
    std::int64_t added = 0;
    for (const Value& set : all) {
        std::int64_t share = 0;
        if (toAdd != 0 && toAdd != added) {
            std::int64_t before = intAnnotation(set, kMaxReplicas);
            if (before <= 0) before = statusCount(deployment, "replicas");
            if (desired == 0)
                share = -replicasOf(set);
            else if (before > 0)
                share = std::llround(static_cast<double>(replicasOf(set) *
                                                         (desired + maxSurge(deployment))) /
                                     static_cast<double>(before)) -
                        replicasOf(set);
            share = toAdd > 0 ? std::min(share, toAdd - added) : std::max(share, toAdd - added);
        }
        sizes.push_back(replicasOf(set) + share);
        added += share;
    }
    if (toAdd != 0) sizes[0] = std::max<std::int64_t>(0, sizes[0] + toAdd - added);
    for (std::size_t i = 0; i < all.size(); ++i) {
        auto scaled = co_await scaleReplicaSet(rollout, all[i], sizes[i]);
        if (!scaled.ok()) co_return scaled.error();
    }
    co_return base::okStatus();
}

// True when the size changed; the rollout's copy is replaced by what the server answered.
sim::Task<base::Result<bool>>
DeploymentController::scaleReplicaSet(RolloutPtr rollout, Value replicaSet, std::int64_t size) {
    const std::int64_t before = replicasOf(replicaSet);
    const Value changed = withReplicasAnnotations(rollout->deployment, replicaSet)
                              .withPath({"spec", "replicas"}, size);
    if (changed == replicaSet) co_return false;
    auto written =
        co_await client_.update(client::replicaSetsResource(), api::namespaceOf(changed), changed);
    if (!written.ok()) co_return written.error();
    rollout->replace(*written);
    if (before == size) co_return false;
    recorder_.normal(rollout->deployment, "ScalingReplicaSet",
                     std::string("Scaled ") + (before < size ? "up" : "down") + " replica set " +
                         api::nameOf(replicaSet) + " from " + std::to_string(before) + " to " +
                         std::to_string(size));
    co_return true;
}

// Deletes the oldest empty ReplicaSets beyond the history limit.
sim::Task<base::Status> DeploymentController::cleanup(RolloutPtr rollout) {
    const Value& limit = rollout->deployment.at("spec", "revisionHistoryLimit");
    if (!limit.isInt() || limit.asInt() == INT32_MAX) co_return base::okStatus();
    std::vector<Value> sets;
    for (const Value& set : rollout->old)
        if (!api::isDeleting(set)) sets.push_back(set);
    const std::int64_t surplus = static_cast<std::int64_t>(sets.size()) - limit.asInt();
    if (surplus <= 0) co_return base::okStatus();
    std::stable_sort(sets.begin(), sets.end(),
                     [](const Value& a, const Value& b) { return revisionOf(a) < revisionOf(b); });
    sets.resize(static_cast<std::size_t>(surplus));
    for (const Value& set : sets) {
        if (statusCount(set, "replicas") != 0 || replicasOf(set) != 0 ||
            api::generationOf(set) > statusCount(set, "observedGeneration"))
            continue;
        auto removed = co_await client_.remove(client::replicaSetsResource(), api::namespaceOf(set),
                                               api::nameOf(set));
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    }
    co_return base::okStatus();
}

} // namespace controllers
