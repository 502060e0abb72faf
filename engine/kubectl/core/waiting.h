#pragma once
// Waiting for objects to change or go. Source: k8s.io/kubectl pkg/cmd/wait.

#include "base/function.h"
#include "kubectl/core/builder.h"

#include <string>

namespace kubectl {

// True when the wait is over; an error ends it.
using ObjectTest = base::Function<base::Result<bool>(const document::Value& object)>;

// Follows one object until `done` holds. A missing object is an error unless `missingIsDone`.
sim::Task<base::Result<bool>> followObject(Session& session, Info info, ObjectTest& done, sim::Time deadline,
                                           bool missingIsDone, std::string uid);
base::Error waitTimeout(const Info& info); // "timed out waiting for the condition on pods/web"

} // namespace kubectl
