#pragma once
// The text of a kustomization.yaml to a checked value. Source: kustomize api/types.

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace kubectl::kustomize {

// Unknown fields and wrong types are errors with Go's texts ("invalid Kustomization: json: ...").
base::Result<document::Value> readKustomization(std::string_view text);
// What to say on stderr about fields that are on their way out.
std::vector<std::string> deprecations(const document::Value& kustomization);
// Old fields moved to the new ones; kind and apiVersion filled.
document::Value modernized(const document::Value& kustomization);
// Empty, wrong kind, wrong version.
base::Status checkKustomization(const document::Value& kustomization, const std::string& root);

} // namespace kubectl::kustomize
