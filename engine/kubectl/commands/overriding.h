#pragma once
// --overrides and --override-type of run and expose. Source: kubectl pkg/cmd/util/override_options.go.

#include "kubectl/core/session.h"

namespace kubectl {

base::Result<document::Value> overridden(Session& session, const document::Value& object);

} // namespace kubectl
