#pragma once

#include <string>

namespace kubectl {

// What -f makes of a file's bytes: UTF-16 with a byte order mark becomes UTF-8, marks go, bytes that are
// no UTF-8 become U+FFFD. Source: cli-runtime visitor.go FileVisitor, x/text encoding/unicode BOMOverride.
std::string decodeText(std::string bytes);

} // namespace kubectl
