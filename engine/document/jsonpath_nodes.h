#pragma once
// The syntax tree of a JSONPath template and its parser.

#include "document/jsonpath.h"

namespace document {

struct JsonPath::Node {
    enum class Kind { List, Text, Field, Slice, Filter, Constant, Wildcard, Recursive, Union, Identifier };
    struct Param {
        bool known = false, derived = false;
        std::int64_t value = 0;
    };
    Kind kind = Kind::List;
    std::string text;   // text, field name, identifier, filter operator
    Value constant;
    Param params[3];
    std::vector<std::unique_ptr<Node>> left, right; // list items; sides of a filter
};

base::Result<std::vector<std::unique_ptr<JsonPath::Node>>> parseJsonPathNodes(std::string_view text);

} // namespace document
