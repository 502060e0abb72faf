#pragma once
// Patches of a pod's status as the control plane writes them.

#include "document/value.h"

namespace api {

// The status part of a strategic merge patch that sets one condition. A new one comes last, as in
// the patches that upstream computes from the whole status. Source: pkg/util/pod PatchPodStatus.
document::Value conditionPatch(const document::Value& pod, const document::Value& condition);

} // namespace api
