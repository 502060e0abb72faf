#pragma once
// The Deployment controller: keeps one ReplicaSet per template revision and moves replicas between
// them. Source: kubernetes pkg/controller/deployment.

#include "controllers/support/controller.h"
#include "controllers/support/pods.h"

#include <optional>
#include <vector>

namespace controllers {

class DeploymentController : public QueueController {
public:
    explicit DeploymentController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    // One sync's working copy: the deployment as last written and its ReplicaSets.
    struct Rollout {
        Value deployment;
        std::vector<Value> owned;    // every ReplicaSet of the deployment, oldest first
        std::optional<Value> newest; // the one of the current template
        std::vector<Value> old;
        std::vector<Value> all() const;
        void replace(const Value& replicaSet);
    };
    using RolloutPtr = std::shared_ptr<Rollout>;

    void onReplicaSet(const Value& previous, const Value& current);
    void onPod(const Value& previous, const Value& current);
    void enqueueFor(const Value& replicaSet);

    // sync.cpp
    sim::Task<base::Status> syncRevision(RolloutPtr rollout, bool createIfMissing);
    sim::Task<base::Status> adoptRevision(RolloutPtr rollout, Value replicaSet);
    sim::Task<base::Status> createReplicaSet(RolloutPtr rollout, std::int64_t revision);
    sim::Task<base::Status> resolveCollision(RolloutPtr rollout, Value wanted, base::Error error);
    sim::Task<base::Status> syncScale(RolloutPtr rollout);
    sim::Task<base::Status> scaleProportionally(RolloutPtr rollout);
    sim::Task<base::Result<bool>> scaleReplicaSet(RolloutPtr rollout, Value replicaSet,
                                                  std::int64_t size);
    sim::Task<base::Status> cleanup(RolloutPtr rollout);
    sim::Task<base::Status> checkPaused(RolloutPtr rollout);
    sim::Task<base::Result<bool>> isScalingEvent(RolloutPtr rollout);
    sim::Task<base::Status> writeStatus(RolloutPtr rollout, Value status);
    // rolling.cpp, recreate.cpp, rollback.cpp
    sim::Task<base::Status> rollRolling(RolloutPtr rollout);
    sim::Task<base::Result<bool>> reconcileNew(RolloutPtr rollout);
    sim::Task<base::Result<bool>> reconcileOld(RolloutPtr rollout);
    sim::Task<base::Status> rollRecreate(RolloutPtr rollout);
    bool oldPodsRunning(const Rollout& rollout) const;
    sim::Task<base::Status> rollback(RolloutPtr rollout);
    // progress.cpp
    Value calculateStatus(const Rollout& rollout) const;
    Value condition(const char* type, const char* status, const char* reason,
                    std::string message) const;
    sim::Task<base::Status> syncRolloutStatus(RolloutPtr rollout);
    Value progressCondition(const Rollout& rollout, Value status) const;
    void requeueStuck(const Rollout& rollout, const Value& status);

    client::Informer& deployments_;
    client::Informer& replicaSets_;
    client::Informer& pods_;
    OrphanIndex orphans_;
    PodControl podControl_;
};

} // namespace controllers
