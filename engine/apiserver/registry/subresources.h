#pragma once
// Subresources and virtual resources, a function each.

#include "apiserver/core.h"

namespace apiserver {

Outcome handleBinding(Core& core, Context& context);
Outcome handleEviction(Core& core, Context& context);
Outcome handleTokenRequest(Core& core, Context& context);
// What pods/ephemeralcontainers and pods/resize let through of a wanted pod.
document::Value restrictPodUpdate(const Context& context, const document::Value& current,
                                  const document::Value& wanted);

} // namespace apiserver
