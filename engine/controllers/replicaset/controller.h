#pragma once
// ReplicaSets and ReplicationControllers: as many pods as asked for.
// Source: kubernetes pkg/controller/replicaset, pkg/controller/replication (an adapter over the
// former).

#include "controllers/support/controller.h"
#include "controllers/support/expectations.h"
#include "controllers/support/pods.h"

namespace controllers {

class ReplicaSetController : public QueueController {
public:
    static std::unique_ptr<ReplicaSetController> forReplicaSets(Context context);
    static std::unique_ptr<ReplicaSetController> forReplicationControllers(Context context);

protected:
    ReplicaSetController(Context context, std::string component, OwnerKind kind);
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    api::LabelSelector selectorOf(const Value& set) const;
    bool terminatingCounted() const { return kind_.kind == std::string_view("ReplicaSet"); }
    const Value& ownerOf(const Value& pod) const;
    void onPod(const Value& previous, const Value& current);
    void onPodUpdate(const Value& previous, const Value& current);
    sim::Task<base::Status> manage(Value set, std::vector<Value> active);
    sim::Task<base::Status> scaleUp(Value set, int count);
    sim::Task<base::Status> scaleDown(Value set, std::vector<Value> active, int count);
    static sim::Task<base::Status> createOne(ReplicaSetController* self, Value set, Value pod);
    static sim::Task<base::Status> removeOne(ReplicaSetController* self, Value set, Value pod);
    Value calculateStatus(const Value& set, const std::vector<Value>& active,
                          std::size_t terminating, const base::Status& managed) const;
    sim::Task<base::Result<Value>> writeStatus(Value set, Value status);

    OwnerKind kind_;
    client::Informer& sets_;
    client::Informer& pods_;
    OrphanIndex orphans_;
    Expectations expectations_;
    PodControl podControl_;
};

} // namespace controllers
