#pragma once
// Values as Go's fmt prints them with %v; error texts quote documents that way.

#include "document/value.h"

#include <string>

namespace document {

// "map[a:1 b:[x y]]", "<nil>", "text".
std::string formatGo(const Value& value);

} // namespace document
