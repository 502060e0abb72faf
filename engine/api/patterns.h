#pragma once
// Regular expressions that users write.

#include <string>
#include <string_view>

namespace api {

// Why Go's regexp.Compile would refuse a pattern, in its words without "error parsing regexp: ";
// empty: it would not.
std::string patternProblem(std::string_view pattern);

} // namespace api
