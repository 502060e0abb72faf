#pragma once
// The Common Expression Language as the API server uses it: rules of custom resources, admission
// policies, match conditions. Sources: cel-spec langdef.md; apiserver pkg/cel.
//
// Evaluation is bounded; what is not supported is a compile error that says so.

#include "base/result.h"
#include "document/value.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace apiserver::cel {

struct Node;

// A value of an expression. Timestamps and durations are nanoseconds.
struct Datum {
    enum class Kind : std::uint8_t { Plain, Timestamp, Duration, Type } kind = Kind::Plain;
    document::Value value;
    std::int64_t number = 0;
    std::string type;
};

using Variables = std::map<std::string, document::Value, std::less<>>;

class Program {
public:
    // Names that may be used besides the language's own. The error is cel-go's:
    // "ERROR: <input>:1:1: undeclared reference to 'foo' (in container '')".
    static base::Result<Program> compile(std::string_view text, const std::vector<std::string>& names);
    base::Result<document::Value> evaluate(const Variables& variables) const;
    // "bool", "int", "string"... as far as it can be told without running; "dyn" otherwise.
    std::string resultType() const;
    bool uses(std::string_view name) const;

private:
    std::shared_ptr<const Node> root_;
};

} // namespace apiserver::cel
