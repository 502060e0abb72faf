#pragma once
// Internal to document/: merging one strategic patch into an object or into another patch.

#include "document/patch.h"

namespace document::strategic {

struct MergeOptions {
    bool mergeParallelList = true;    // false: keep list directives, the result is a patch
    bool ignoreUnmatchedNulls = true; // false: keep nulls, the result is a patch
};

base::Result<Value> mergeMaps(const Value& original, const Value& patch, const MergeSchema& schema,
                              const MergeOptions& options);

} // namespace document::strategic
