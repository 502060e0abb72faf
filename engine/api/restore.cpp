#include "api/restore.h"

#include "base/strings.h"

#include <cmath>

namespace api {
namespace {

using document::Value;

const char* goKind(const Value& value) {
    switch (value.kind()) {
    case document::ValueKind::Bool: return "bool";
    case document::ValueKind::Int: return "int64";
    case document::ValueKind::Double: return "float64";
    case document::ValueKind::String: return "string";
    case document::ValueKind::Array: return "slice";
    case document::ValueKind::Object: return "map";
    default: return "invalid";
    }
}

// Go converts between kinds of numbers, and integers to text only in name.
std::string scalarProblem(const TypeRef& ref, const Value& value) {
    const bool text = ref.kind == TypeKind::String, flag = ref.kind == TypeKind::Bool;
    const bool integer = ref.kind == TypeKind::Int32 || ref.kind == TypeKind::Int64;
    const char* kind = text ? "string" : flag ? "bool" : ref.kind == TypeKind::Int32 ? "int32"
                       : integer ? "int64" : "float64";
    if ((text && value.isString()) || (flag && value.isBool())) return {};
    if (value.isInt() && !text && !flag) return {};
    if (value.isDouble() && !text && !flag &&
        (!integer || value.asDouble() == std::trunc(value.asDouble())))
        return {};
    const bool convertible = (text && value.isInt()) || (integer && value.isDouble());
    if (convertible)
        return std::string("cannot convert ") + goKind(value) + " to " + ref.goText();
    return std::string("unrecognized type: ") + kind;
}

std::string problemOf(const TypeRef& ref, const Value& value) {
    if (value.isNull()) return {};
    switch (ref.kind) {
    case TypeKind::String:
    case TypeKind::Bool:
    case TypeKind::Int32:
    case TypeKind::Int64:
    case TypeKind::Double: return scalarProblem(ref, value);
    case TypeKind::Bytes:
        return value.isString() || value.isArray()
                   ? std::string()
                   : std::string("cannot restore slice from ") + goKind(value);
    case TypeKind::List:
        if (!value.isArray()) return std::string("cannot restore slice from ") + goKind(value);
        for (const Value& item : value.items())
            if (std::string problem = problemOf(*ref.element, item); !problem.empty()) return problem;
        return {};
    case TypeKind::Map:
        if (!value.isObject()) return std::string("cannot restore map from ") + goKind(value);
        for (const document::Member& member : value.members())
            if (std::string problem = problemOf(*ref.element, member.value); !problem.empty())
                return problem;
        return {};
    case TypeKind::Struct: return restoreProblem(*ref.type, value);
    default: return {}; // these read their own JSON
    }
}

} // namespace

std::string restoreProblem(const Type& type, const Value& object) {
    if (!object.isObject()) return std::string("cannot restore struct from: ") + goKind(object);
    for (const Field& field : type.fields)
        if (std::string problem = problemOf(field.type, object[field.name]); !problem.empty())
            return problem;
    return {};
}

} // namespace api
