#pragma once
// What apply --prune would delete. Source: k8s.io/kubectl pkg/util/prune, pkg/cmd/apply/prune.go.

#include "kubectl/core/builder.h"

#include <set>

namespace kubectl {

struct Prunable {
    Mapping mapping;
    std::string ns;
    document::Value object;
};
// Whether --prune-allowlist names kinds that the server has.
sim::Task<base::Status> checkAllowlist(Session& session);
// Objects of the allowed kinds that were applied once and are not among `uids`.
sim::Task<base::Result<std::vector<Prunable>>> prunable(Session& session, std::set<std::string> namespaces,
                                                        std::set<std::string> uids);
// Once, when no allow list is given.
void warnOfPruning(Session& session);

} // namespace kubectl
