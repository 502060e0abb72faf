#pragma once
// Requests that another process answers: kubelets (log, exec, attach, port-forward), pods and services
// behind the proxy subresources, aggregated API servers, webhooks.

#include "apiserver/core.h"

namespace apiserver {

bool needsConnection(Core& core, const Context& context);
sim::Task<ports::Response> handleConnect(Core& core, Context& context);
sim::Task<base::Result<ports::Response>> perform(Core& core, Errand& errand);

} // namespace apiserver
