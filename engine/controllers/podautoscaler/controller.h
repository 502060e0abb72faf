#pragma once
// Scales a target after the resource metrics of its pods. Source: pkg/controller/podautoscaler.

#include "controllers/support/controller.h"

#include <deque>

namespace controllers {

class HorizontalPodAutoscalerController : public QueueController {
public:
    explicit HorizontalPodAutoscalerController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    struct Proposal {
        std::int64_t replicas = 0;
        Value metricStatus;
        std::string name; // "cpu resource utilization (percentage of request)"
    };
    struct Run {
        Value hpa, status, scale;
        client::Resource target;
        std::int64_t current = 0;
        std::string selector;
    };
    using RunPtr = std::shared_ptr<Run>;
    void setCondition(Run& run, const char* type, const char* status, std::string reason,
                      std::string message) const;
    sim::Task<base::Status> reconcile(RunPtr run);
    sim::Task<base::Result<Proposal>> proposeFor(RunPtr run, Value metric);
    sim::Task<base::Result<Proposal>> proposeResource(RunPtr run, Value metric, bool container);
    std::int64_t limitAndStabilize(Run& run, std::int64_t wanted, const std::string& key);
    sim::Task<base::Status> rescale(RunPtr run, std::int64_t replicas, std::string reason);

    client::Informer& autoscalers_;
    client::Informer& pods_;
    struct Past {
        sim::Time at;
        std::int64_t replicas;
    };
    std::map<std::string, std::deque<Past>> recommendations_;
};

} // namespace controllers
