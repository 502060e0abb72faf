#pragma once
// Signs the cluster-info ConfigMap with every bootstrap token, and removes tokens that have
// expired. Source: pkg/controller/bootstrap.

#include "controllers/support/controller.h"

namespace controllers {

class BootstrapSigner : public QueueController {
public:
    explicit BootstrapSigner(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& secrets_;
    client::Informer& configMaps_;
};

class TokenCleaner : public QueueController {
public:
    explicit TokenCleaner(Context context);

protected:
    sim::Task<base::Status> sync(std::string key) override;

private:
    client::Informer& secrets_;
};

} // namespace controllers
