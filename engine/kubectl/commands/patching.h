#pragma once
// Patches that the client makes.

#include "kubectl/core/mapper.h"

namespace kubectl {

// The patch from what was applied last and what is live to what is wanted; sets the content type
// (strategic for built-in kinds, merge for others).
base::Result<document::Value> threeWayPatch(const Mapping& mapping, const document::Value& original,
                                            const document::Value& modified, const document::Value& current,
                                            std::string& contentType);
document::Value withoutNulls(const document::Value& value);

} // namespace kubectl
