#pragma once
// How many pods of a PodDisruptionBudget may go right now. Source: pkg/controller/disruption.

#include "controllers/support/controller.h"

namespace controllers {

class DisruptionController : public QueueController {
public:
    explicit DisruptionController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    using Value = document::Value;
    // Pods that the owners of these pods want; pods without a scalable owner go to `unmanaged`.
    sim::Task<base::Result<std::int64_t>> expectedScale(std::vector<Value> pods, bool* unmanaged);
    sim::Task<void> failSafe(document::Value budget, std::string why);
    sim::Task<base::Status> clearStale(Value pod);
    void onPod(const Value& previous, const Value& current);

    client::Informer& budgets_;
    client::Informer& pods_;
    client::Informer& replicaSets_;
};

} // namespace controllers
