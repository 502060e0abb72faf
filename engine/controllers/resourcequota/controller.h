#pragma once
// The `used` side of ResourceQuotas, counted anew whenever something that they count changes.
// Source: pkg/controller/resourcequota, pkg/quota/v1/evaluator/core.

#include "api/quantity.h"
#include "controllers/support/controller.h"

namespace controllers {

class ResourceQuotaController : public QueueController {
public:
    explicit ResourceQuotaController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    using Usage = std::map<std::string, api::Quantity>;
    void watchCounted(const client::Resource& resource);
    void enqueue(std::string_view ns);
    Usage measure(const std::string& ns, const Value& quota);
    void addPods(const std::string& ns, const Value& quota, Usage& usage);

    client::Informer& quotas_;
    client::Informer& pods_;
    client::Informer& services_;
    client::Informer& claims_;
    std::map<std::string, client::Informer*> counted_; // "configmaps" -> its informer
};

} // namespace controllers
