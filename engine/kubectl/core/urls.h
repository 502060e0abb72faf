#pragma once
// Manifests from web servers. Source: cli-runtime pkg/resource/visitor.go, readHttpWithRetries.

#include "kubectl/core/session.h"

namespace kubectl {

sim::Task<base::Result<std::string>> readUrl(Session& session, std::string url);

} // namespace kubectl
