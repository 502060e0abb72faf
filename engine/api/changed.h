#pragma once
// The steps that an object takes on its way in, for one that was made by changing another: `known` came
// out of the same step before, and parts that the two share are not looked at again. Null: nothing known.

#include "api/kinds.h"

namespace api {

base::Result<DecodeResult> decodeObject(const ResourceInfo& resource, const document::Value& object,
                                        const document::Value& known);
document::Value applyDefaults(const ResourceInfo& resource, const document::Value& object,
                              const document::Value& known);
document::Value fillRequired(const ResourceInfo& resource, const document::Value& object,
                             const document::Value& known);

} // namespace api
