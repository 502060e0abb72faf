#pragma once
// Schemas of CustomResourceDefinitions. Internal to api/.

#include "api/validation/rules.h"

namespace api::validation {

void validateDefinitionSchema(Errors& errors, const Value& schema, const Path& path);
// The schema that a path of names leads to; null and a reason when there is none.
const Value* schemaAt(const Value& schema, std::string_view text, std::string& problem);

} // namespace api::validation
