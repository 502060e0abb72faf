#pragma once
// Server-side apply takes over what client-side apply owned: fields of the old manager would otherwise
// stay though the configuration drops them. Source: pkg/cmd/apply/apply.go, client-go util/csaupgrade.

#include "kubectl/core/builder.h"
#include "kubectl/core/session.h"

namespace kubectl {

// Keeps the last-applied annotation under a manager of its own, unless it is or was never there.
sim::Task<base::Result<document::Value>> keepLastApplied(Session& session, Info info, document::Value live, ports::Query query);
// Gives the fields of client-side managers to `manager`; null when there are none.
sim::Task<base::Result<document::Value>> takeOverFields(Session& session, Info info, document::Value live, std::string manager,
                                                        ports::Query query);

} // namespace kubectl
