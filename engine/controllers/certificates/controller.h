#pragma once
// Approves, signs and cleans up certificate signing requests. Source: pkg/controller/certificates.

#include "controllers/support/controller.h"

namespace controllers {

// Approves client certificates of kubelets that may ask for them.
class CsrApprovingController : public QueueController {
public:
    explicit CsrApprovingController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    sim::Task<base::Result<bool>> allowed(document::Value request, std::string subresource);
    client::Informer& requests_;
};

// Signs approved requests of the built-in signers with the cluster's authority.
class CsrSigningController : public QueueController {
public:
    explicit CsrSigningController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& requests_;
};

// Removes old requests: pending after a day, approved, denied and issued after an hour.
class CsrCleanerController : public QueueController {
public:
    explicit CsrCleanerController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& requests_;
};

} // namespace controllers
