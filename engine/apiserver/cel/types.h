#pragma once
// Types of expressions, and where they come from: structural schemas and the tables of kinds.

#include "api/kinds.h"
#include "apiserver/cel/cel.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace apiserver::cel {

struct Type {
    enum class Kind : std::uint8_t {
        Dyn, Null, Bool, Int, Uint, Double, String, Bytes, Timestamp, Duration, List, Map, Object, Opaque, Optional, TypeType, Parameter
    } kind = Kind::Dyn;
    std::string name;                // Object, Opaque, Parameter
    TypePtr key, element;            // Map; List, Map, Optional, TypeType
    std::map<std::string, TypePtr, std::less<>> fields; // Object
    const api::Type* native = nullptr;                  // Object of a built-in kind: its fields
    std::string text() const;        // as messages show it: "list(int)"
    std::string fullText() const;    // with the names of protocol buffers: "google.protobuf.Timestamp"
};

TypePtr simpleType(Type::Kind kind);
TypePtr listType(TypePtr element);
TypePtr mapType(TypePtr key, TypePtr element);
TypePtr optionalType(TypePtr element);
TypePtr typeType(TypePtr element);
TypePtr opaqueType(std::string name);
TypePtr parameterType(std::string name);
// Null: there is no such field.
TypePtr fieldOf(const Type& object, std::string_view name);

// Null when the schema says too little. `root`: apiVersion, kind and metadata are there too.
TypePtr typeOfSchema(const document::Value& schema, bool root);
TypePtr typeOfKind(const api::Type& type);

struct Problem {
    std::size_t offset = 0;
    std::string text;
};
// Finds the type of every node and what cannot be right; types of nodes are kept in the tree.
std::vector<Problem> checkTypes(Node& root, const Environment& environment);

// A field's name as expressions must write it: "a-b" is "a__dash__b". Source: pkg/cel/escaping.go.
std::string unescapeField(std::string_view name);

} // namespace apiserver::cel
