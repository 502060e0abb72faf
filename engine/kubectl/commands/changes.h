#pragma once
// What the verbs that change live objects share.

#include "kubectl/core/builder.h"
#include "kubectl/printers/printer.h"

namespace kubectl {

// Prints by -o, or "kind/name operation (dry run)".
base::Status printResult(Session& session, const document::Value& object, const std::string& operation, DryRun mode,
                         bool typed = false);
// A PATCH of the object; `contentType` without parameters.
sim::Task<base::Result<document::Value>> patchObject(Session& session, Info info, document::Value patch,
                                                     std::string contentType, DryRun mode, std::string subresource = {});
inline constexpr const char* kMergePatch = "application/merge-patch+json";
inline constexpr const char* kStrategicPatch = "application/strategic-merge-patch+json";
inline constexpr const char* kJsonPatch = "application/json-patch+json";

// The strategic patch between two states of a built-in kind, a merge patch for others.
base::Result<document::Value> changePatch(const Mapping& mapping, const document::Value& before,
                                          const document::Value& after, std::string& contentType);

// Splits "pod web a=b c-" at the first change. `what` names it in the error.
struct ResourcesAndChanges {
    std::vector<std::string> resources, changes;
};
base::Result<ResourcesAndChanges> splitChanges(const std::vector<std::string>& args, std::string_view what);

// Label values and qualified names; the texts of apimachinery validation, joined; empty when valid.
std::string labelValueProblem(std::string_view value, std::string_view separator = ";");
std::string qualifiedNameProblem(std::string_view name, std::string_view separator = ";");

} // namespace kubectl
