#include "api/objects/pod.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/deployment/controller.h"
#include "controllers/deployment/util.h"

namespace controllers {

using document::Value;
using namespace deployment;

bool DeploymentController::oldPodsRunning(const Rollout& rollout) const {
    if (sumStatus(rollout.old, "replicas") > 0) return true;
    for (const Value& set : rollout.owned) {
        if (rollout.newest && api::uidView(*rollout.newest) == api::uidView(set)) continue;
        for (const Value& pod : pods_.ownedBy(api::uidView(set)))
            if (!api::podFinished(pod)) return true;
    }
    return false;
}

sim::Task<base::Status> DeploymentController::rollRecreate(RolloutPtr rollout) {
    BASE_CO_CHECK(co_await syncRevision(rollout, false));
    bool scaledDown = false;
    for (const Value& set : active(rollout->old)) {
        auto scaled = co_await scaleReplicaSet(rollout, set, 0);
        if (!scaled.ok()) co_return scaled.error();
        scaledDown = scaledDown || *scaled;
    }
    if (scaledDown || oldPodsRunning(*rollout)) co_return co_await syncRolloutStatus(rollout);
    if (!rollout->newest) BASE_CO_CHECK(co_await syncRevision(rollout, true));
    if (!rollout->newest) co_return base::okStatus();
    const std::int64_t desired = replicasOf(rollout->deployment);
    if (replicasOf(*rollout->newest) != desired) {
        auto scaled = co_await scaleReplicaSet(rollout, *rollout->newest, desired);
        if (!scaled.ok()) co_return scaled.error();
    }
    if (complete(rollout->deployment, rollout->deployment["status"]))
        BASE_CO_CHECK(co_await cleanup(rollout));
    co_return co_await syncRolloutStatus(rollout);
}

// The annotation that extensions/v1beta1 rollbacks left behind.
sim::Task<base::Status> DeploymentController::rollback(RolloutPtr rollout) {
    BASE_CO_CHECK(co_await syncRevision(rollout, true));
    const Value deployment = rollout->deployment;
    std::int64_t target = base::parseInt(api::annotationOf(deployment, kRollbackTo)).value_or(0);
    std::int64_t most = 0, second = 0;
    for (const Value& set : rollout->all()) {
        const std::int64_t revision = revisionOf(set);
        if (revision >= most) {
            second = most;
            most = revision;
        } else if (revision > second) {
            second = revision;
        }
    }
    if (target == 0) target = second;
    Value changed = deployment.withoutPath({"metadata", "annotations", kRollbackTo});
    if (target == 0)
        recorder_.warning(deployment, "DeploymentRollbackRevisionNotFound",
                          "Unable to find last revision.");
    bool found = false;
    for (const Value& set : rollout->all()) {
        if (target == 0 || revisionOf(set) != target) continue;
        found = true;
        if (equalIgnoreHash(set.at("spec", "template"), deployment.at("spec", "template"))) {
            recorder_.warning(
                deployment, "DeploymentRollbackTemplateUnchanged",
                "The rollback revision contains the same template as current deployment " +
                    base::quoteGo(api::nameOf(deployment)));
            break;
        }
        changed = changed.withPath(
            {"spec", "template"},
            set.at("spec", "template").withoutPath({"metadata", "labels", kHashLabel}));
        recorder_.normal(deployment, "DeploymentRollback",
                         "Rolled back deployment " + base::quoteGo(api::nameOf(deployment)) +
                             " to revision " + std::to_string(target));
        break;
    }
    if (!found && target != 0)
        recorder_.warning(deployment, "DeploymentRollbackRevisionNotFound",
                          "Unable to find the revision to rollback to.");
    auto written =
        co_await client_.update(client::deploymentsResource(), api::namespaceOf(changed), changed);
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
