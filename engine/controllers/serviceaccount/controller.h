#pragma once
// The default ServiceAccount, the root CA and legacy token Secrets of every namespace.
// Source: pkg/controller/serviceaccount, pkg/controller/certificates/rootcacertpublisher.

#include "controllers/support/controller.h"

namespace controllers {

// Keeps a ServiceAccount named "default" in every active namespace.
class ServiceAccountController : public QueueController {
public:
    explicit ServiceAccountController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& namespaces_;
    client::Informer& accounts_;
};

// Keeps the ConfigMap kube-root-ca.crt in every active namespace.
class RootCaPublisher : public QueueController {
public:
    explicit RootCaPublisher(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& namespaces_;
    client::Informer& configMaps_;
};

// Fills Secrets of type kubernetes.io/service-account-token and removes those of deleted accounts.
class TokensController : public QueueController {
public:
    explicit TokensController(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& accounts_;
    client::Informer& secrets_;
};

} // namespace controllers
