// Sources: apiserver pkg/cel/common/schemas.go, pkg/cel/types.go; cel-go common/types.
#include "apiserver/cel/types.h"

#include "base/strings.h"

namespace apiserver::cel {

using document::Value;
using Kind = Type::Kind;

std::string Type::text() const {
    switch (kind) {
    case Kind::Dyn: return "dyn";
    case Kind::Null: return "null";
    case Kind::Bool: return "bool";
    case Kind::Int: return "int";
    case Kind::Uint: return "uint";
    case Kind::Double: return "double";
    case Kind::String: return "string";
    case Kind::Bytes: return "bytes";
    case Kind::Timestamp: return "timestamp";
    case Kind::Duration: return "duration";
    case Kind::List: return "list(" + element->text() + ")";
    case Kind::Map: return "map(" + key->text() + ", " + element->text() + ")";
    case Kind::Optional: return "optional_type(" + element->text() + ")";
    case Kind::TypeType: return element ? "type(" + element->text() + ")" : "type";
    case Kind::Object:
    case Kind::Opaque:
    case Kind::Parameter: return name;
    }
    return "dyn";
}

std::string Type::fullText() const {
    switch (kind) {
    case Kind::Null: return "null_type";
    case Kind::Timestamp: return "google.protobuf.Timestamp";
    case Kind::Duration: return "google.protobuf.Duration";
    case Kind::List: return "list(" + element->fullText() + ")";
    case Kind::Map: return "map(" + key->fullText() + ", " + element->fullText() + ")";
    case Kind::Optional: return "optional_type(" + element->fullText() + ")";
    case Kind::TypeType: return element ? "type(" + element->fullText() + ")" : "type";
    default: return text();
    }
}

namespace {

TypePtr made(Kind kind, TypePtr key, TypePtr element, std::string name = {}) {
    auto type = std::make_shared<Type>();
    type->kind = kind;
    type->key = std::move(key);
    type->element = std::move(element);
    type->name = std::move(name);
    return type;
}

} // namespace

TypePtr simpleType(Kind kind) { return made(kind, nullptr, nullptr); }
TypePtr listType(TypePtr element) { return made(Kind::List, nullptr, std::move(element)); }
TypePtr mapType(TypePtr key, TypePtr element) { return made(Kind::Map, std::move(key), std::move(element)); }
TypePtr optionalType(TypePtr element) { return made(Kind::Optional, nullptr, std::move(element)); }
TypePtr typeType(TypePtr element) { return made(Kind::TypeType, nullptr, std::move(element)); }
TypePtr opaqueType(std::string name) { return made(Kind::Opaque, nullptr, nullptr, std::move(name)); }
TypePtr parameterType(std::string name) { return made(Kind::Parameter, nullptr, nullptr, std::move(name)); }

std::string unescapeField(std::string_view name) {
    std::string out(name);
    if (out.find("__") == std::string::npos) return out;
    static constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
        {"__dash__", "-"}, {"__dot__", "."}, {"__slash__", "/"}, {"__underscores__", "__"}};
    for (const auto& [mark, text] : kMarks) out = base::replaceAll(out, mark, text);
    // Words of the language: __in__, __namespace__.
    if (out == name && out.size() > 4 && out.starts_with("__") && out.ends_with("__")) out = out.substr(2, out.size() - 4);
    return out;
}

namespace {

TypePtr typeOfRef(const api::TypeRef& ref) {
    switch (ref.kind) {
    case api::TypeKind::String: return simpleType(Kind::String);
    case api::TypeKind::Bool: return simpleType(Kind::Bool);
    case api::TypeKind::Int32:
    case api::TypeKind::Int64: return simpleType(Kind::Int);
    case api::TypeKind::Double: return simpleType(Kind::Double);
    case api::TypeKind::Bytes: return simpleType(Kind::Bytes);
    case api::TypeKind::Time:
    case api::TypeKind::MicroTime: return simpleType(Kind::Timestamp);
    case api::TypeKind::Duration: return simpleType(Kind::String);
    case api::TypeKind::Struct: return ref.type == nullptr ? simpleType(Kind::Dyn) : typeOfKind(*ref.type);
    case api::TypeKind::List: return listType(typeOfRef(*ref.element));
    case api::TypeKind::Map: return mapType(simpleType(Kind::String), typeOfRef(*ref.element));
    case api::TypeKind::Quantity:
    case api::TypeKind::IntOrString:
    case api::TypeKind::Any: return simpleType(Kind::Dyn);
    }
    return simpleType(Kind::Dyn);
}

} // namespace

TypePtr typeOfKind(const api::Type& native) {
    auto type = std::make_shared<Type>();
    type->kind = Kind::Object;
    type->name = native.goStructName();
    type->native = &native;
    return type;
}

TypePtr fieldOf(const Type& object, std::string_view name) {
    const std::string plain = unescapeField(name);
    for (const std::string_view key : {name, std::string_view(plain)}) {
        if (const auto place = object.fields.find(key); place != object.fields.end()) return place->second;
        if (object.native != nullptr)
            if (const api::Field* field = object.native->find(key)) return typeOfRef(field->type);
    }
    return nullptr;
}

namespace {

// `name`: types of objects are named by where they are.
TypePtr typeOfPart(const Value& schema, bool root, const std::string& name) {
    if (!schema.isObject()) return nullptr;
    if (schema["x-kubernetes-int-or-string"].asBool()) return simpleType(Kind::Dyn);
    const std::string_view type = schema["type"].asString(), format = schema["format"].asString();
    if (type == "array") {
        const TypePtr item = typeOfPart(schema["items"], false, name + ".@idx");
        return item ? listType(item) : nullptr;
    }
    if (type == "string") {
        if (format == "byte") return simpleType(Kind::Bytes);
        if (format == "duration") return simpleType(Kind::Duration);
        if (format == "date" || format == "date-time") return simpleType(Kind::Timestamp);
        return simpleType(Kind::String);
    }
    if (type == "integer") return simpleType(Kind::Int);
    if (type == "number") return simpleType(Kind::Double);
    if (type == "boolean") return simpleType(Kind::Bool);
    if (type != "object") return schema["x-kubernetes-preserve-unknown-fields"].asBool() ? simpleType(Kind::Dyn) : nullptr;
    if (schema["additionalProperties"].isObject()) {
        const TypePtr item = typeOfPart(schema["additionalProperties"], false, name + ".@elem");
        return item ? mapType(simpleType(Kind::String), item) : nullptr;
    }
    auto object = std::make_shared<Type>();
    object->kind = Kind::Object;
    object->name = name;
    for (const document::Member& property : schema["properties"].members())
        if (TypePtr field = typeOfPart(property.value, false, name + "." + property.key.text())) object->fields.emplace(property.key.text(), std::move(field));
    if (root || schema["x-kubernetes-embedded-resource"].asBool()) {
        auto meta = std::make_shared<Type>();
        meta->kind = Kind::Object;
        meta->name = name + ".metadata";
        for (const char* key : {"name", "generateName"}) meta->fields.emplace(key, simpleType(Kind::String));
        for (const char* key : {"kind", "apiVersion"}) object->fields.insert_or_assign(key, simpleType(Kind::String));
        object->fields.insert_or_assign("metadata", meta);
    }
    return object;
}

} // namespace

TypePtr typeOfSchema(const Value& schema, bool root) { return typeOfPart(schema, root, "selfType"); }

} // namespace apiserver::cel
