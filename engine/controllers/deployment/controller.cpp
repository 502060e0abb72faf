#include "controllers/deployment/controller.h"

#include "api/objects/pod.h"
#include "controllers/deployment/util.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {
const OwnerKind kDeployment{"apps/v1", "Deployment", client::deploymentsResource()};
} // namespace

std::vector<Value> DeploymentController::Rollout::all() const {
    std::vector<Value> out = old;
    if (newest) out.push_back(*newest);
    return out;
}

void DeploymentController::Rollout::replace(const Value& replicaSet) {
    if (newest && api::uidView(*newest) == api::uidView(replicaSet)) newest = replicaSet;
    for (std::vector<Value>* list : {&old, &owned})
        for (Value& item : *list)
            if (api::uidView(item) == api::uidView(replicaSet)) item = replicaSet;
}

DeploymentController::DeploymentController(Context context)
    : QueueController(context, "deployment-controller"),
      deployments_(use(client::deploymentsResource())),
      replicaSets_(use(client::replicaSetsResource())), pods_(use(client::podsResource())),
      orphans_(replicaSets_), podControl_(client_, recorder_) {
    deployments_.onChange([this](const Value& previous, const Value& current) {
        queue_.add(objectKey(current.isNull() ? previous : current));
    });
    replicaSets_.onChange(
        [this](const Value& previous, const Value& current) { onReplicaSet(previous, current); });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
}

void DeploymentController::enqueueFor(const Value& replicaSet) {
    const Value& owner = api::controllerOf(replicaSet);
    const std::string ns = api::namespaceOf(replicaSet);
    if (!owner.isNull()) {
        const std::string key = ns + "/" + owner["name"].text();
        if (owner["kind"].asString() == "Deployment" &&
            api::uidView(deployments_.get(key)) == owner["uid"].asString())
            queue_.add(key);
        return;
    }
    for (const Value& deployment : deployments_.inNamespace(ns)) {
        auto selector = api::LabelSelector::fromObject(deployment.at("spec", "selector"));
        if (selector.ok() && !selector->everything() &&
            selector->matches(api::labelsOf(replicaSet)))
            queue_.add(objectKey(deployment));
    }
}

void DeploymentController::onReplicaSet(const Value& previous, const Value& current) {
    if (!previous.isNull() && !current.isNull() &&
        api::resourceVersionOf(previous) == api::resourceVersionOf(current))
        return;
    if (!previous.isNull() && !current.isNull() &&
        api::controllerOf(previous) != api::controllerOf(current) &&
        !api::controllerOf(previous).isNull())
        enqueueFor(previous);
    enqueueFor(current.isNull() ? previous : current);
}

// A Recreate deployment goes on when the last old pod is gone.
void DeploymentController::onPod(const Value& previous, const Value& current) {
    if (!current.isNull()) return;
    const Value& owner = api::controllerOf(previous);
    if (owner["kind"].asString() != "ReplicaSet") return;
    const Value& set = replicaSets_.get(api::namespaceOf(previous) + "/" + owner["name"].text());
    const Value& top = api::controllerOf(set);
    const std::string key = api::namespaceOf(previous) + "/" + top["name"].text();
    const Value& deployment = deployments_.get(key);
    if (deployment.isNull() || deployment::isRolling(deployment)) return;
    for (const Value& item : replicaSets_.ownedBy(api::uidView(deployment)))
        if (!pods_.ownedBy(api::uidView(item)).empty()) return;
    queue_.add(key);
}

sim::Task<base::Status> DeploymentController::sync(std::string key) {
    const Value deployment = deployments_.get(key);
    if (deployment.isNull()) co_return base::okStatus();
    auto selector = api::LabelSelector::fromObject(deployment.at("spec", "selector"));
    if (!selector.ok()) co_return selector.error();
    auto rollout = std::make_shared<Rollout>();
    rollout->deployment = deployment;
    if (selector->everything()) {
        recorder_.warning(
            deployment, "SelectingAll",
            "This deployment is selecting all pods. A non-empty selector is required.");
        co_return base::okStatus();
    }
    std::vector<Value> candidates = replicaSets_.ownedBy(api::uidView(deployment));
    for (Value& orphan : orphans_.inNamespace(api::namespaceOf(deployment)))
        candidates.push_back(std::move(orphan));
    auto owned = co_await claim(client_, deployment, kDeployment, client::replicaSetsResource(),
                                *selector, std::move(candidates));
    if (!owned.ok()) co_return owned.error();
    rollout->owned = std::move(*owned);
    std::sort(rollout->owned.begin(), rollout->owned.end(), deployment::olderFirst);

    if (api::isDeleting(deployment)) {
        BASE_CO_CHECK(co_await syncRevision(rollout, false));
        Value status = calculateStatus(*rollout);
        co_return co_await writeStatus(rollout, std::move(status));
    }
    BASE_CO_CHECK(co_await checkPaused(rollout));
    if (deployment.at("spec", "paused").asBool()) co_return co_await syncScale(rollout);
    if (api::annotationsOf(deployment).has(deployment::kRollbackTo))
        co_return co_await rollback(rollout);
    auto scaling = co_await isScalingEvent(rollout);
    if (!scaling.ok()) co_return scaling.error();
    if (*scaling) co_return co_await syncScale(rollout);
    if (deployment::isRolling(deployment)) co_return co_await rollRolling(rollout);
    co_return co_await rollRecreate(rollout);
}

} // namespace controllers
