#pragma once
// EndpointSlices of Services with a selector. Source: k8s.io/endpointslice reconciler,
// pkg/controller/endpointslice.

#include "controllers/endpointslice/service_pods.h"

namespace controllers {

class EndpointSliceController : public QueueController {
public:
    explicit EndpointSliceController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Plan {
        std::vector<Value> create, update, remove;
    };
    // Endpoints that share a list of ports.
    struct Group {
        Value ports;
        std::vector<Value> endpoints;
    };
    std::vector<Value> ownSlices(const Value& service) const;
    Value endpointOf(const Value& pod, const Value& service, bool ipv6) const;
    std::vector<Group> desired(const Value& service, const std::vector<Value>& pods, bool ipv6,
                               bool& nodeMissing) const;
    void planFamily(const Value& service, const std::vector<Value>& pods, bool ipv6,
                    bool& nodeMissing, std::vector<Value> existing, Plan& plan) const;
    void planGroup(const Value& service, Group group, std::vector<Value> existing,
                   const Value& addressType, Plan& plan) const;
    Value freshSlice(const Value& service, const Value& addressType, Value ports,
                     Value endpoints) const;
    Value labelsFor(const Value& service) const;
    sim::Task<base::Status> apply(Value service, Plan plan, std::int64_t trigger);

    client::Informer& services_;
    client::Informer& pods_;
    client::Informer& nodes_;
    client::Informer& slices_;
    TriggerTimes triggers_;
};

} // namespace controllers
