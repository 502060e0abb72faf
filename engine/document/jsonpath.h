#pragma once
// The JSONPath dialect of kubectl: templates such as {range .items[*]}{.metadata.name}{"\n"}{end}.
// Source: client-go util/jsonpath (grammar, evaluation, error texts).

#include "base/result.h"
#include "document/value.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace document {

class JsonPath {
public:
    static base::Result<JsonPath> parse(std::string_view text);
    JsonPath(JsonPath&&) noexcept;
    JsonPath& operator=(JsonPath&&) noexcept;
    ~JsonPath();

    // A missing key is an error unless allowed ("x is not found").
    void allowMissingKeys(bool allow) { allowMissing_ = allow; }
    // The values of each node of the template, in order.
    base::Result<std::vector<std::vector<Value>>> find(const Value& data) const;
    // As printed; `asJson`: each node's values as an indented JSON list.
    base::Result<std::string> print(const Value& data, bool asJson = false) const;

    struct Node;

private:
    JsonPath();
    std::vector<std::unique_ptr<Node>> nodes_;
    bool allowMissing_ = false;
};

// Accepts "x.y", ".x.y" and "{.x.y}" and makes the last form of it.
// Source: k8s.io/kubectl pkg/cmd/get/customcolumn.go RelaxedJSONPathExpression.
base::Result<std::string> relaxedJsonPath(std::string_view text);

// Go's %v and %#v of a value decoded from JSON.
std::string formatGoValue(const Value& value);
std::string formatGoSyntax(const Value& value);

} // namespace document
