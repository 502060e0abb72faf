#pragma once
// The kinds of the API as data: resources with their verbs, types with their fields, defaults and
// merge rules. Built-in kinds come from assets/kinds/ (generated); CustomResourceDefinitions register
// in the same tables at run time, per cluster.

#include "base/result.h"
#include "document/patch.h"
#include "document/value.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace api {

struct Type;

enum class TypeKind : std::uint8_t {
    String, Bool, Int32, Int64, Double, Bytes, Time, MicroTime, Quantity, IntOrString, Duration,
    Struct, List, Map, Any // Any: RawExtension, JSON, FieldsV1: kept as it is
};

struct TypeRef {
    TypeKind kind = TypeKind::Any;
    const Type* type = nullptr;                // Struct
    std::shared_ptr<const TypeRef> element;    // List, Map
    std::string goName;                        // of a named Go type: "v1.Protocol"; else empty
    std::string goText() const;                // as Go prints it: "[]v1.Container", "int32"
};

struct Field {
    std::string name;
    TypeRef type;
    bool pointer = false;   // absent differs from zero
    bool omitEmpty = false;
    bool required = false;  // by OpenAPI
    int protoNumber = 0;
    std::string patchStrategy; // "merge", "retainKeys", "merge,retainKeys"
    std::string mergeKey;
    std::string listType;      // atomic, set, map
    std::vector<std::string> listMapKeys;
    std::string mapType;       // atomic, granular
    bool omitZero = false;
    // Inline in JSON, a message of its own on the wire: the number of that message, else 0.
    int embeddedIn = 0;
    std::vector<std::string> embeddedNames; // Go's names of those structs, outermost first
};

// What defaulting sets when the field is unset.
struct FieldDefault {
    std::size_t field; // index in Type::fields
    document::Value value;
};

struct Type {
    std::string name;          // "core.v1.PodSpec"
    std::vector<Field> fields; // Go struct order; inline structs already folded in
    std::vector<FieldDefault> defaults;
    bool atomic = false;       // server-side apply owns it as one (x-kubernetes-map-type)
    const Field* find(std::string_view name) const;
    std::string_view goStructName() const; // "PodSpec"
};

struct Column {
    std::string name, type, format;
    int priority = 0;
    std::string jsonPath; // custom resources
};

struct Subresource {
    std::string name;               // "status", "scale", "log"
    std::string group, version, kind; // of its body
    std::vector<std::string> verbs;
};

struct ResourceInfo {
    std::string group, version, plural, kind, singular;
    std::vector<std::string> shortNames, categories, verbs;
    bool namespaced = true;
    std::vector<Subresource> subresources;
    std::vector<Column> columns;
    const Type* type = nullptr; // null for custom resources without a schema
    bool custom = false;
    std::string apiVersion() const; // "v1", "apps/v1"
    bool hasVerb(std::string_view verb) const;
    const Subresource* findSubresource(std::string_view name) const;
};

// The registry of one API server (built-ins shared, custom resources its own).
class Kinds {
public:
    Kinds();  // the built-in kinds
    ~Kinds();
    Kinds(const Kinds&) = delete;
    Kinds& operator=(const Kinds&) = delete;

    const ResourceInfo* find(std::string_view group, std::string_view version,
                             std::string_view plural) const;
    const ResourceInfo* findByKind(std::string_view group, std::string_view version,
                                   std::string_view kind) const;
    // Preferred version of a group's resource.
    const ResourceInfo* findPreferred(std::string_view group, std::string_view plural) const;
    std::vector<const ResourceInfo*> all() const; // discovery order
    std::vector<std::string> groups() const;      // discovery order, "" first
    std::vector<std::string> versions(std::string_view group) const; // preferred first
    const Type* type(std::string_view name) const; // "core.v1.PodSpec"
    std::uint64_t generation() const;              // grows when custom resources change

    void addCustom(ResourceInfo info);
    void removeCustom(std::string_view group, std::string_view plural);

private:
    struct State;
    std::unique_ptr<State> state_;
};

// Built-in tables shared by every cluster and client; immutable.
const Kinds& builtinKinds();

// Adds what the real defaulting functions add. `object` has apiVersion and kind.
document::Value applyDefaults(const ResourceInfo& resource, const document::Value& object);

// Field checking against the type tables. Source: apimachinery runtime/serializer/json strict decoding.
struct FieldProblem {
    std::string path;    // "spec.containers[0].imagee"
    std::string message; // `unknown field "spec.containers[0].imagee"`
};
struct DecodeResult {
    document::Value object;             // unknown fields dropped, field names case-corrected
    std::vector<FieldProblem> unknown;  // unknown or duplicate fields
};
// Errors: a wrong type, with Go's json text ("json: cannot unmarshal string into Go struct field
// DeploymentSpec.spec.replicas of type int32").
base::Result<DecodeResult> decodeObject(const ResourceInfo& resource, const document::Value& object);
base::Result<DecodeResult> decodeType(const Type& type, const document::Value& object);

// Merge keys of a kind for strategic merge.
std::unique_ptr<document::MergeSchema> mergeSchema(const ResourceInfo& resource);

// The JSON text that Go's typed encoder prints: struct order, required empties kept ("status":{}).
std::string writeOrderedJson(const ResourceInfo& resource, const document::Value& object);
// Adds what a typed Go object would print though unset ("status": {}, "resources": {}, "strategy": {}).
document::Value fillRequired(const ResourceInfo& resource, const document::Value& object);

} // namespace api
