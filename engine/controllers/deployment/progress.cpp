#include "api/objects/meta.h"
#include "base/strings.h"
#include "controllers/deployment/controller.h"
#include "controllers/deployment/util.h"

#include <algorithm>

namespace controllers {

using document::Value;
using namespace deployment;

namespace {

// Null when a ReplicaSet that has been synced does not say; a fresh one counts as zero.
Value terminatingCount(const std::vector<Value>& sets) {
    std::int64_t sum = 0;
    for (const Value& set : sets) {
        const Value& count = set.at("status", "terminatingReplicas");
        if (count.isNull() && statusCount(set, "observedGeneration") != 0) return Value();
        sum += count.asInt();
    }
    return sum;
}

// Sees progress when more updated, ready or available replicas or fewer old ones are there than
// before.
bool progressing(const Value& before, const Value& after) {
    const auto old = [](const Value& s) {
        return s["replicas"].asInt() - s["updatedReplicas"].asInt();
    };
    return after["updatedReplicas"].asInt() > before["updatedReplicas"].asInt() ||
           old(after) < old(before) ||
           after["readyReplicas"].asInt() > before["readyReplicas"].asInt() ||
           after["availableReplicas"].asInt() > before["availableReplicas"].asInt();
}

} // namespace

Value DeploymentController::condition(const char* type, const char* status, const char* reason,
                                      std::string message) const {
    const std::string stamp = now();
    return Value::object({{"type", type},
                          {"status", status},
                          {"lastUpdateTime", stamp},
                          {"lastTransitionTime", stamp},
                          {"reason", reason},
                          {"message", message}});
}

Value DeploymentController::calculateStatus(const Rollout& rollout) const {
    const Value& deployment = rollout.deployment;
    const std::vector<Value> all = rollout.all();
    const std::int64_t available = sumStatus(all, "availableReplicas");
    document::ObjectBuilder out;
    out.setUnlessEmpty("observedGeneration", api::generationOf(deployment));
    out.setUnlessEmpty("replicas", sumStatus(all, "replicas"));
    out.setUnlessEmpty("updatedReplicas",
                       rollout.newest ? statusCount(*rollout.newest, "replicas") : 0);
    out.setUnlessEmpty("readyReplicas", sumStatus(all, "readyReplicas"));
    out.setUnlessEmpty("availableReplicas", available);
    out.setUnlessEmpty("unavailableReplicas",
                       std::max<std::int64_t>(0, sumReplicas(all) - available));
    const Value terminating = terminatingCount(all);
    if (!terminating.isNull()) out.set("terminatingReplicas", terminating);
    const Value& collisions = deployment.at("status", "collisionCount");
    if (!collisions.isNull()) out.set("collisionCount", collisions);
    out.setUnlessEmpty("conditions", deployment.at("status", "conditions"));
    Value status = std::move(out).build();
    const bool enough = available >= replicasOf(deployment) - maxUnavailable(deployment);
    Value availability = enough ? condition("Available", "True", "MinimumReplicasAvailable",
                                            "Deployment has minimum availability.")
                                : condition("Available", "False", "MinimumReplicasUnavailable",
                                            "Deployment does not have minimum availability.");
    return withDeploymentCondition(status, std::move(availability));
}

Value DeploymentController::progressCondition(const Rollout& rollout, Value status) const {
    const Value& deployment = rollout.deployment;
    const Value current = api::conditionOf(deployment, "Progressing");
    const std::string subject = rollout.newest
                                    ? "ReplicaSet " + base::quoteGo(api::nameOf(*rollout.newest))
                                    : "Deployment " + base::quoteGo(api::nameOf(deployment));
    const bool wasComplete = status["replicas"].asInt() == status["updatedReplicas"].asInt() &&
                             current["reason"].asString() == "NewReplicaSetAvailable";
    if (wasComplete) return status;
    if (complete(deployment, status))
        return withDeploymentCondition(status,
                                       condition("Progressing", "True", "NewReplicaSetAvailable",
                                                 subject + " has successfully progressed."));
    if (progressing(deployment["status"], status)) {
        Value next =
            condition("Progressing", "True", "ReplicaSetUpdated", subject + " is progressing.");
        if (current["status"].asString() == "True")
            next = next.with("lastTransitionTime", current["lastTransitionTime"]);
        Value without =
            status.with("conditions", api::withoutCondition(status["conditions"], "Progressing"));
        return withDeploymentCondition(without, std::move(next));
    }
    const Value standing = api::conditionIn(status["conditions"], "Progressing");
    const std::string_view reason = standing["reason"].asString();
    if (standing.isNull() || reason == "NewReplicaSetAvailable") return status;
    const std::int64_t deadline =
        deployment.at("spec", "progressDeadlineSeconds").asInt() * sim::kSecond;
    const bool timedOut = reason == "ProgressDeadlineExceeded" ||
                          api::timeOf(standing["lastUpdateTime"]) + deadline < kernel_.unixNow();
    if (!timedOut) return status;
    return withDeploymentCondition(status,
                                   condition("Progressing", "False", "ProgressDeadlineExceeded",
                                             subject + " has timed out progressing."));
}

sim::Task<base::Status> DeploymentController::syncRolloutStatus(RolloutPtr rollout) {
    Value status = calculateStatus(*rollout);
    if (hasProgressDeadline(rollout->deployment))
        status = progressCondition(*rollout, status);
    else
        status =
            status.with("conditions", api::withoutCondition(status["conditions"], "Progressing"));
    Value failure;
    if (rollout->newest) failure = api::conditionOf(*rollout->newest, "ReplicaFailure");
    for (const Value& set : rollout->all())
        if (failure.isNull()) failure = api::conditionOf(set, "ReplicaFailure");
    if (failure.isNull()) {
        status = status.with("conditions",
                             api::withoutCondition(status["conditions"], "ReplicaFailure"));
    } else {
        Value copy = Value::object({{"type", "ReplicaFailure"},
                                    {"status", failure["status"]},
                                    {"lastUpdateTime", failure["lastTransitionTime"]},
                                    {"lastTransitionTime", failure["lastTransitionTime"]},
                                    {"reason", failure["reason"]},
                                    {"message", failure["message"]}});
        status = withDeploymentCondition(status, std::move(copy));
    }
    if (status == rollout->deployment["status"]) {
        requeueStuck(*rollout, status);
        co_return base::okStatus();
    }
    co_return co_await writeStatus(rollout, std::move(status));
}

sim::Task<base::Status> DeploymentController::writeStatus(RolloutPtr rollout, Value status) {
    if (status == rollout->deployment["status"]) co_return base::okStatus();
    const Value changed = rollout->deployment.with("status", std::move(status));
    auto written = co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed),
                                           changed, "status");
    if (!written.ok()) co_return written.error();
    rollout->deployment = *written;
    co_return base::okStatus();
}

// Comes back when the progress deadline would pass.
void DeploymentController::requeueStuck(const Rollout& rollout, const Value& status) {
    const Value& deployment = rollout.deployment;
    const Value& current = api::conditionOf(deployment, "Progressing");
    if (!hasProgressDeadline(deployment) || current.isNull() || complete(deployment, status) ||
        current["reason"].asString() == "ProgressDeadlineExceeded")
        return;
    const sim::Duration after =
        api::timeOf(current["lastUpdateTime"]) +
        deployment.at("spec", "progressDeadlineSeconds").asInt() * sim::kSecond - kernel_.unixNow();
    if (after < sim::kSecond)
        queue_.addRateLimited(api::keyOf(deployment));
    else
        queue_.addAfter(api::keyOf(deployment), after + sim::kSecond);
}

} // namespace controllers
