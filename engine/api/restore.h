#pragma once
// Why a patched document is no object of its kind, in the words of the conversion from unstructured
// content. Source: apimachinery pkg/runtime/converter.go.

#include "api/kinds.h"

#include <string>

namespace api {

// The first problem in the order of Go's fields; empty when there is none of this sort.
std::string restoreProblem(const Type& type, const document::Value& object);

} // namespace api
