#pragma once
// Patches on values: RFC 6902 (JSON patch), RFC 7386 (merge patch) and the strategic merge patch of
// Kubernetes (merge keys come from the caller's schema).

#include "base/function.h"
#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace document {

base::Result<Value> applyJsonPatch(const Value& target, const Value& patch);
Value applyMergePatch(const Value& target, const Value& patch);
Value makeMergePatch(const Value& from, const Value& to);

// What strategic merge needs to know of a field. Source: apimachinery pkg/util/strategicpatch.
struct MergeRule {
    bool merge = false;      // patchStrategy contains "merge"
    bool retainKeys = false; // patchStrategy contains "retainKeys"
    std::string mergeKey;    // empty with merge: a list of scalars, merged as a set
};
class MergeSchema {
public:
    virtual ~MergeSchema() = default;
    // `path` is the chain of field names from the root, list items elided.
    virtual MergeRule ruleOf(const std::vector<std::string>& path) const = 0;
};
base::Result<Value> applyStrategicPatch(const Value& target, const Value& patch,
                                        const MergeSchema& schema);
// The three-way patch of `kubectl apply`: original = last applied, modified = manifest, current = live.
base::Result<Value> makeThreeWayStrategicPatch(const Value& original, const Value& modified,
                                               const Value& current, const MergeSchema& schema);
base::Result<Value> makeTwoWayStrategicPatch(const Value& from, const Value& to,
                                             const MergeSchema& schema);
Value makeThreeWayMergePatch(const Value& original, const Value& modified, const Value& current);

} // namespace document
