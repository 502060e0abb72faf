#pragma once
// Which calls are macros: they declare names for their last arguments. Source: cel-go parser/macro.go,
// ext/comprehensions.go, ext/lists.go, cel/library.go.

#include "apiserver/cel/node.h"
#include "base/result.h"

#include <algorithm>
#include <string>

namespace apiserver::cel {

// Two declared names: of lists index and item, of maps key and value.
inline bool declaresTwo(const Node& node) {
    if (node.name.starts_with("transform")) return true;
    return node.arguments.size() == 4 && (node.name == "all" || node.name.starts_with("exists"));
}

inline bool isMacro(const Node& node) {
    if (node.kind != Node::Kind::Call || !node.method) return false;
    const auto oneOf = [&](std::initializer_list<std::string_view> names) {
        return std::find(names.begin(), names.end(), node.name) != names.end();
    };
    const std::size_t given = node.arguments.size() - 1;
    if (given == 2) return oneOf({"all", "exists", "exists_one", "existsOne", "map", "filter", "optMap", "optFlatMap", "sortBy"});
    if (given == 3)
        return oneOf({"all", "exists", "exists_one", "existsOne", "map", "transformList", "transformMap", "transformMapEntry"});
    return given == 4 && oneOf({"transformList", "transformMap", "transformMapEntry"});
}

// "a.b.c" of names and members alone; empty otherwise.
inline std::string qualifiedName(const Node& node) {
    if (node.kind == Node::Kind::Name) return node.name;
    if (node.kind != Node::Kind::Member || node.optional) return {};
    const std::string object = qualifiedName(*node.arguments[0]);
    return object.empty() ? object : object + "." + node.name;
}

// The error of a literal or a pattern that can never be right.
base::Status foldConstants(const Node& node);

} // namespace apiserver::cel
