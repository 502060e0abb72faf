#pragma once
// Gives every node a pod range of the cluster's. Source: pkg/controller/nodeipam (range allocator).

#include "controllers/support/controller.h"

#include <set>

namespace controllers {

class NodeIpamController : public QueueController {
public:
    explicit NodeIpamController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    // The lowest free range of one cluster range; empty when none is left.
    std::string allocate(const base::IpPrefix& cluster);
    client::Informer& nodes_;
    std::map<std::string, std::set<std::string>> used_; // node -> ranges
};

// The annotation that tells kubelets how long to cache secrets. Source: pkg/controller/ttl.
class NodeTtlController : public QueueController {
public:
    explicit NodeTtlController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& nodes_;
};

} // namespace controllers
