#pragma once
// Expressions are compiled when the object that holds them is written.

#include "api/kinds.h"
#include "api/status.h"

#include <vector>

namespace apiserver {

std::vector<api::StatusCause> expressionProblems(const api::ResourceInfo& resource,
                                                 const document::Value& object);

} // namespace apiserver
