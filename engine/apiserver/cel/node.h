#pragma once
// Syntax trees of expressions.

#include "apiserver/cel/cel.h"

#include <memory>
#include <string>
#include <vector>

namespace apiserver::cel {

struct Node {
    enum class Kind : std::uint8_t { Literal, Name, Member, Index, Call, List, Map, Conditional, Has } kind = Kind::Literal;
    Datum literal;
    std::string name;                        // of a name, member, function or operator
    std::vector<std::shared_ptr<Node>> arguments; // the receiver of a method comes first
    bool method = false;
    bool optional = false;                   // a.?b, a[?b]
    std::vector<bool> optionalItems;         // [?x], {?k: v}
    std::size_t offset = 0;
    TypePtr type;                            // what the check found; null before it
};
using NodePtr = std::shared_ptr<Node>;

} // namespace apiserver::cel
