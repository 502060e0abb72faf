#pragma once
// Fills ClusterRoles that collect the rules of others. Source:
// pkg/controller/clusterroleaggregation.

#include "controllers/support/controller.h"

namespace controllers {

class ClusterRoleAggregationController : public QueueController {
public:
    explicit ClusterRoleAggregationController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& roles_;
};

} // namespace controllers
