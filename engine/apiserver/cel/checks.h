#pragma once
// Expressions are compiled when the object that holds them is written.

#include "api/kinds.h"
#include "api/status.h"
#include "apiserver/cel/cel.h"

#include <vector>

namespace apiserver {

std::vector<api::StatusCause> expressionProblems(const api::ResourceInfo& resource,
                                                 const document::Value& object);

// What match conditions may name: the request and its objects, of any type.
cel::Environment requestEnvironment(bool params, bool authorizer);
// What the validations of a ValidatingAdmissionPolicy may name.
cel::Environment policyEnvironment(const document::Value& policy);
// The same with the types of one kind that a policy is for; types may be null.
cel::Environment typedEnvironment(const document::Value& policy, const cel::TypePtr& object, const cel::TypePtr& params);

} // namespace apiserver
