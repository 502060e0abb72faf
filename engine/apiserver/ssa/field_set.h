#pragma once
// Sets of fields as managedFields keep them, and how an object's type says what a field is. Source:
// sigs.k8s.io/structured-merge-diff fieldpath and typed; apimachinery util/managedfields.

#include "api/kinds.h"
#include "document/value.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace apiserver {

// A node of the set: whether the path itself is in it, and what is below. Keys are those of FieldsV1:
// "f:name", "k:{\"name\":\"c\"}", "v:\"x\"".
struct FieldSet {
    bool member = false;
    std::map<std::string, FieldSet, std::less<>> children;

    bool empty() const { return !member && children.empty(); }
    bool operator==(const FieldSet&) const = default;
};

FieldSet unite(const FieldSet& a, const FieldSet& b);
FieldSet subtract(const FieldSet& a, const FieldSet& b);
FieldSet intersect(const FieldSet& a, const FieldSet& b);
document::Value writeFieldSet(const FieldSet& set);
FieldSet readFieldSet(const document::Value& fields);
// The same operations on the written form, which is shared as far as it stays as it was. Null: empty.
bool intersects(const document::Value& fields, const FieldSet& set);
document::Value uniteWritten(const document::Value& fields, const FieldSet& set);
document::Value subtractWritten(const document::Value& fields, const FieldSet& set);
// Leaf paths as messages show them: .spec.containers[name="c"].image
std::vector<std::string> pathTexts(const FieldSet& set);

// What a place in an object is.
struct FieldSchema {
    enum class Shape : std::uint8_t { Scalar, Atomic, Struct, Map, Set, List } shape = Shape::Atomic;
    const api::TypeRef* type = nullptr;   // built-in kinds
    const api::Field* field = nullptr;
    const api::Type* rootType = nullptr;  // of the object itself
    document::Value custom;               // OpenAPI schema of a custom resource
    std::vector<std::string> keys;        // of an associative list
    bool deduced = false;                 // no schema: maps granular, lists atomic
};
FieldSchema rootSchema(const api::ResourceInfo& resource, const document::Value& custom);
FieldSchema childSchema(const FieldSchema& parent, std::string_view name); // of a struct or map
FieldSchema itemSchema(const FieldSchema& parent);                         // of a list
std::string itemKey(const FieldSchema& list, const document::Value& item);

// All fields of a configuration, without those that nobody owns (apiVersion, kind, name, uid...).
FieldSet fieldsOf(const FieldSchema& schema, const document::Value& object);
// The same as what a new object adds, in written form: places that were not there before count
// themselves, too. Empty: nothing.
document::Value addedFields(const FieldSchema& schema, const document::Value& object);
// Fields that differ: added, changed and removed.
struct FieldDifference {
    FieldSet changed, removed;
};
FieldDifference compareFields(const FieldSchema& schema, const document::Value& before,
                              const document::Value& after);
void stripUnowned(FieldSet& set);

} // namespace apiserver
