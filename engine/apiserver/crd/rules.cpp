#include "apiserver/crd/rules.h"

namespace apiserver {

using document::Value;

bool hasValidationRules(const Value& schema) {
    if (schema["x-kubernetes-validations"].size() > 0) return true;
    for (const document::Member& property : schema["properties"].members())
        if (hasValidationRules(property.value)) return true;
    if (schema["items"].isObject() && hasValidationRules(schema["items"])) return true;
    return schema["additionalProperties"].isObject() && hasValidationRules(schema["additionalProperties"]);
}

void validateRules(const Value&, const Value&, const Value&, const std::string&,
                   std::vector<api::StatusCause>&) {}

} // namespace apiserver
