#pragma once
// Requests that another process answers: kubelets (log, exec, attach, port-forward), pods and services
// behind the proxy subresources, aggregated API servers, webhooks.

#include "apiserver/core.h"

namespace apiserver {

bool needsConnection(Core& core, const Context& context);
sim::Task<ports::Response> handleConnect(Core& core, Context& context);
sim::Task<base::Result<ports::Response>> perform(Core& core, Errand& errand);

// Where a `spec.service` of an APIService leads: the service's own address, so that its rules decide.
struct ServiceUrl {
    base::Endpoint endpoint;
    std::string host;    // "10.96.0.10:443"
    std::string problem; // why there is none
};
ServiceUrl serviceUrl(Core& core, const document::Value& reference);
sim::Task<base::Result<ports::Response>> callService(Core& core, ServiceUrl url, ports::TlsClient tls,
                                                     ports::Request request, sim::Duration timeout);

} // namespace apiserver
