#pragma once
// YAML text to values and back, with the behaviour of sigs.k8s.io/yaml: YAML 1.1 booleans for plain
// scalars, merge keys, block style on output, keys sorted.

#include "base/result.h"
#include "document/json.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace document {

struct Position {
    int line = 0; // from 1; 0 = unknown
    int column = 0;
};

struct YamlDocument {
    Value value;
    int line = 1; // where the document begins in the text
    std::vector<std::pair<std::string, Position>> positions; // JSON pointer -> place of its value
    Position positionOf(std::string_view pointer) const;     // nearest known ancestor
};

// One document; empty text is null. Errors: "source:3:14: mapping values are not allowed here".
base::Result<Value> readYaml(std::string_view text, std::string_view source = {},
                             const ReadLimits& limits = {});
// A stream of documents separated by `---`; empty documents are skipped.
base::Result<std::vector<YamlDocument>> readYamlStream(std::string_view text,
                                                       std::string_view source = {},
                                                       const ReadLimits& limits = {});
std::string writeYaml(const Value& value);

} // namespace document
