#pragma once
// Syntax trees of expressions.

#include "document/value.h"

#include <memory>
#include <string>
#include <vector>

namespace apiserver::cel {

struct Node {
    enum class Kind : std::uint8_t { Literal, Name, Member, Index, Call, List, Map, Conditional, Has } kind = Kind::Literal;
    document::Value literal;
    std::string name;                        // of a name, member, function or operator
    std::vector<std::shared_ptr<Node>> arguments; // the receiver of a method comes first
    bool method = false;
    std::size_t offset = 0;
};
using NodePtr = std::shared_ptr<Node>;

} // namespace apiserver::cel
