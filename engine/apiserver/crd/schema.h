#pragma once
// Structural schemas of custom resources: lookup, pruning, defaulting, validation. Source:
// apiextensions-apiserver pkg/apiserver/schema.

#include "apiserver/core.h"

namespace apiserver {

// openAPIV3Schema of the served version; null when there is none.
document::Value schemaOfVersion(Core& core, const api::ResourceInfo& resource);
// Drops what the schema does not know; each dropped path goes to `unknown`.
document::Value prune(const document::Value& schema, const document::Value& value,
                      const std::string& path, std::vector<std::string>& unknown, bool root);
document::Value applySchemaDefaults(const document::Value& schema, const document::Value& value);
void validateSchema(const document::Value& schema, const document::Value& value,
                    const std::string& path, std::vector<api::StatusCause>& causes);

// Defaults of a CustomResourceDefinition that its own schemas refuse.
std::vector<api::StatusCause> defaultProblems(const document::Value& definition);

} // namespace apiserver
