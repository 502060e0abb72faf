#pragma once
// JSON as the API server puts it on the wire.

#include "document/value.h"

#include <string>
#include <string_view>

namespace api {

// An object, list, Table or Status with members in the order of Go's types.
std::string writeAnswerJson(const document::Value& answer);
// Go's encoding/json Indent with two spaces.
std::string indentJson(std::string_view compact);

} // namespace api
