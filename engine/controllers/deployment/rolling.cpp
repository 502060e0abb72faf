#include "api/objects/meta.h"
#include "controllers/deployment/controller.h"
#include "controllers/deployment/util.h"

#include <algorithm>

namespace controllers {

using document::Value;
using namespace deployment;

sim::Task<base::Status> DeploymentController::rollRolling(RolloutPtr rollout) {
    BASE_CO_CHECK(co_await syncRevision(rollout, true));
    auto scaledUp = co_await reconcileNew(rollout);
    if (!scaledUp.ok()) co_return scaledUp.error();
    if (*scaledUp) co_return co_await syncRolloutStatus(rollout);
    auto scaledDown = co_await reconcileOld(rollout);
    if (!scaledDown.ok()) co_return scaledDown.error();
    if (*scaledDown) co_return co_await syncRolloutStatus(rollout);
    if (complete(rollout->deployment, rollout->deployment["status"]))
        BASE_CO_CHECK(co_await cleanup(rollout));
    co_return co_await syncRolloutStatus(rollout);
}

sim::Task<base::Result<bool>> DeploymentController::reconcileNew(RolloutPtr rollout) {
    if (!rollout->newest) co_return false;
    const std::int64_t size = replicasOf(*rollout->newest),
                       desired = replicasOf(rollout->deployment);
    if (size == desired) co_return false;
    const std::int64_t next =
        size > desired ? desired : newReplicas(rollout->deployment, rollout->all(), size);
    if (next == size) co_return false;
    co_return co_await scaleReplicaSet(rollout, *rollout->newest, next);
}

// First unhealthy old replicas go, then as many healthy ones as availability allows.
sim::Task<base::Result<bool>> DeploymentController::reconcileOld(RolloutPtr rollout) {
    std::vector<Value> old = active(rollout->old);
    if (sumReplicas(old) == 0 || !rollout->newest) co_return false;
    const std::int64_t minAvailable =
        replicasOf(rollout->deployment) - maxUnavailable(rollout->deployment);
    const std::int64_t newUnavailable =
        replicasOf(*rollout->newest) - statusCount(*rollout->newest, "availableReplicas");
    const std::int64_t maxDown = sumReplicas(rollout->all()) - minAvailable - newUnavailable;
    if (maxDown <= 0) co_return false;
    std::sort(old.begin(), old.end(), olderFirst);
    std::int64_t cleaned = 0;
    for (Value& set : old) {
        if (cleaned >= maxDown) break;
        const std::int64_t unhealthy = replicasOf(set) - statusCount(set, "availableReplicas");
        if (replicasOf(set) == 0 || unhealthy == 0) continue;
        const std::int64_t count = std::min(maxDown - cleaned, unhealthy);
        auto scaled = co_await scaleReplicaSet(rollout, set, replicasOf(set) - count);
        if (!scaled.ok()) co_return false;
        for (const Value& current : rollout->old)
            if (api::uidView(current) == api::uidView(set)) {
                set = current;
                break;
            }
        cleaned += count;
    }
    std::vector<Value> all = old;
    all.push_back(*rollout->newest);
    const std::int64_t spare = sumStatus(all, "availableReplicas") - minAvailable;
    std::int64_t down = 0;
    for (const Value& set : old) {
        if (down >= spare) break;
        if (replicasOf(set) == 0) continue;
        const std::int64_t count = std::min(replicasOf(set), spare - down);
        auto scaled = co_await scaleReplicaSet(rollout, set, replicasOf(set) - count);
        if (!scaled.ok()) co_return false;
        down += count;
    }
    co_return cleaned + down > 0;
}

} // namespace controllers
