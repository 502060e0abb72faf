#pragma once
// Pods with stable names and claims, made and replaced in order. Source:
// pkg/controller/statefulset.

#include "controllers/support/controller.h"
#include "controllers/support/history.h"
#include "controllers/support/pods.h"

namespace controllers {

class StatefulSetController : public QueueController {
public:
    explicit StatefulSetController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    // One sync's picture. Slots that have no pod yet hold the pod to be made (without uid).
    struct Picture {
        Value set;
        std::vector<Value> revisions;
        Value current, update; // ControllerRevisions
        std::int64_t collisions = 0;
        std::vector<Value> replicas, condemned;
    };
    using PicturePtr = std::shared_ptr<Picture>;
    void onPod(const Value& previous, const Value& current);
    Value newPod(const Picture& picture, std::int64_t ordinal) const;
    sim::Task<base::Status> run(PicturePtr picture);
    sim::Task<base::Result<bool>> processReplica(PicturePtr picture, std::size_t index);
    sim::Task<base::Result<bool>> processCondemned(PicturePtr picture, std::size_t index,
                                                   std::string firstUnhealthy);
    sim::Task<base::Status> rollUpdate(PicturePtr picture);
    sim::Task<base::Status> createPod(Value set, Value pod);
    sim::Task<base::Status> deletePod(Value set, Value pod);
    sim::Task<base::Status> createClaims(Value set, Value pod);
    sim::Task<base::Status> keepClaims(Value set, Value pod);
    void podEvent(const Value& set, const Value& pod, const char* verb, const base::Status& result);
    sim::Task<base::Status> writeStatus(PicturePtr picture);
    bool available(const Value& set, const Value& pod) const;

    client::Informer& sets_;
    client::Informer& pods_;
    client::Informer& claims_;
    OrphanIndex orphans_;
    History history_;
};

} // namespace controllers
