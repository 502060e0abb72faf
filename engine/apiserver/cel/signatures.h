#pragma once
// The functions of expressions and what they take.

#include "apiserver/cel/types.h"

#include <map>
#include <string>
#include <vector>

namespace apiserver::cel {

struct Overload {
    std::vector<TypePtr> parameters; // the receiver of a method comes first
    TypePtr result;
};
// By name; names of methods start with a dot.
using Overloads = std::map<std::string, std::vector<Overload>, std::less<>>;
const Overloads& overloads();

} // namespace apiserver::cel
