#pragma once
// x-kubernetes-validations of structural schemas.

#include "api/status.h"
#include "document/value.h"

#include <string>
#include <vector>

namespace apiserver {

bool hasValidationRules(const document::Value& schema);
void validateRules(const document::Value& schema, const document::Value& value,
                   const document::Value& old, const std::string& path,
                   std::vector<api::StatusCause>& causes);

} // namespace apiserver
