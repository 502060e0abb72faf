#pragma once
// The older Endpoints objects, one per Service with a selector. Source: pkg/controller/endpoint.

#include "controllers/endpointslice/service_pods.h"

namespace controllers {

class EndpointsController : public QueueController {
public:
    explicit EndpointsController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& services_;
    client::Informer& pods_;
    client::Informer& endpoints_;
    TriggerTimes triggers_;
};

// Copies hand-made Endpoints of services without selector into EndpointSlices.
// Source: pkg/controller/endpointslicemirroring.
class EndpointSliceMirroringController : public QueueController {
public:
    explicit EndpointSliceMirroringController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    bool wanted(const document::Value& endpoints) const;
    std::vector<document::Value> desired(const document::Value& endpoints) const;
    client::Informer& services_;
    client::Informer& endpoints_;
    client::Informer& slices_;
};

} // namespace controllers
