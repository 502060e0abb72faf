#pragma once
// --record: the command line as the object's change cause. Source: cli-runtime genericclioptions record_flags.go.

#include "kubectl/core/session.h"

namespace kubectl {

// The object as it is, unless --record is on.
document::Value recorded(Session& session, const document::Value& object);
bool recording(const Session& session);

} // namespace kubectl
