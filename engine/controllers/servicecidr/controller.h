#pragma once
// Says that a range of service addresses is ready, and keeps it while addresses of it are in use.
// Source: pkg/controller/servicecidrs.

#include "controllers/support/controller.h"

namespace controllers {

class ServiceCidrController : public QueueController {
public:
    explicit ServiceCidrController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    bool mayGo(const document::Value& range) const;
    sim::Task<base::Status> say(document::Value range, std::string status, std::string reason, std::string message);

    client::Informer& ranges_;
    client::Informer& addresses_;
};

} // namespace controllers
