#pragma once
// Removes pods that nobody will finish: on nodes that are gone, terminating without a node, too
// many finished ones, out-of-service nodes. Source: pkg/controller/podgc.

#include "controllers/support/controller.h"

namespace controllers {

class PodGcController : public QueueController {
public:
    explicit PodGcController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;
    void ready(sim::Scope& scope) override;

private:
    static sim::Task<void> sweep(PodGcController* self);
    sim::Task<void> collect();
    sim::Task<base::Status> remove(document::Value pod, bool orphaned);

    client::Informer& pods_;
    client::Informer& nodes_;
    std::map<std::string, sim::Time> missing_; // node -> since when it is not there
};

} // namespace controllers
