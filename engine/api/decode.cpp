// Typed decoding without types: fields are checked, cased, normalized and cleaned of zero values as a
// round trip through Go's structs would do. Source: sigs.k8s.io/json, apimachinery serializer/json.
#include "api/changed.h"
#include "api/quantity.h"
#include "api/times.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>

namespace api {
namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

std::string kindWord(const Value& value) {
    switch (value.kind()) {
    case document::ValueKind::Bool: return "bool";
    case document::ValueKind::Int:
    case document::ValueKind::Double: return "number";
    case document::ValueKind::String: return "string";
    case document::ValueKind::Array: return "array";
    case document::ValueKind::Object: return "object";
    default: return "null";
    }
}

// A number that a Go integer cannot hold is named with its literal.
std::string numbered(const Value& value) {
    if (value.isInt()) return "number " + std::to_string(value.asInt());
    if (value.isDouble()) return "number " + document::formatNumber(value.asDouble());
    return kindWord(value);
}

class Decoder {
public:
    std::vector<FieldProblem> unknown;

    base::Result<Value> decodeStruct(const Type& type, const Value& value, const Value& known) {
        struct_.push_back(&type);
        auto result = decodeFields(type, value, known);
        struct_.pop_back();
        return result;
    }

private:
    static std::string joined(const std::vector<std::string_view>& parts) {
        std::string out;
        for (const std::string_view part : parts) out.append(out.empty() ? "" : ".").append(part);
        return out;
    }
    base::Error mismatch(const Value& value, const TypeRef& ref) const {
        const bool intended = ref.kind == TypeKind::Int32 || ref.kind == TypeKind::Int64;
        return mismatch(intended ? numbered(value) : kindWord(value), ref.goText());
    }
    base::Error mismatch(const std::string& found, const std::string& wanted) const {
        std::string place;
        if (!struct_.empty() && !goPath_.empty())
            place = "Go struct field " + std::string(struct_.back()->goStructName()) + "." +
                    joined(goPath_);
        else
            place = "Go value";
        return base::makeError("json: cannot unmarshal " + found + " into " + place + " of type " +
                               wanted);
    }

    // A step of the path to the value at hand; the text is made when a message needs it.
    struct Step {
        std::string_view name; // empty: an item
        std::size_t index = 0;
    };
    std::string path() const {
        std::string out;
        for (const Step& step : path_) {
            if (step.name.data() == nullptr) out += "[" + std::to_string(step.index) + "]";
            else out.append(out.empty() ? "" : ".").append(step.name);
        }
        return out;
    }

    base::Result<Value> decodeFields(const Type& type, const Value& value, const Value& known) {
        ObjectBuilder builder; // used once something changes; before, members stay as they are
        bool changed = false;
        const auto change = [&](const Member* upTo) {
            if (changed) return;
            changed = true;
            for (const Member* kept = value.members().data(); kept != upTo; ++kept)
                builder.set(kept->key, kept->value);
        };
        for (const Member& member : value.members()) {
            const std::string_view name = member.key.view();
            const Field* field = type.find(name);
            path_.push_back({name});
            if (field == nullptr) {
                const std::string place = path();
                unknown.push_back({place, "unknown field " + base::quoteGo(place)});
                change(&member);
            } else if (const Value& same = known[name]; member.value.isNull() || !member.value.sameAs(same)) {
                const std::size_t depth = goPath_.size();
                for (const std::string& embedded : field->embeddedNames)
                    goPath_.push_back(embedded);
                goPath_.emplace_back(name);
                auto decoded = decode(field->type, member.value, same);
                goPath_.resize(depth);
                if (!decoded.ok()) return std::move(decoded).error();
                const bool kept = keeps(*field, member.value, *decoded);
                if (!kept || !decoded->sameAs(member.value)) change(&member);
                if (kept && changed) builder.set(member.key, std::move(decoded).value());
            } else if (changed) {
                builder.set(member.key, member.value);
            }
            path_.pop_back();
        }
        return changed ? std::move(builder).build() : value;
    }

    // What Go would print again: `omitempty` leaves out zero values unless a pointer holds them; a
    // null is no value.
    static bool keeps(const Field& field, const Value& given, const Value& decoded) {
        if (given.isNull()) return field.type.kind == TypeKind::Any && false;
        if (decoded.isNull()) return false;
        if (field.type.kind == TypeKind::Struct || field.type.kind == TypeKind::Any) return true;
        const bool collection = decoded.isArray() || decoded.isObject();
        // An empty list of policies or capacity differs from none until it is refused.
        if (collection && (field.name == "policies" || field.name == "capacity")) return true;
        if (collection) return !(field.omitEmpty && decoded.size() == 0);
        if (field.pointer || !field.omitEmpty) return true;
        if (field.type.kind == TypeKind::Quantity || field.type.kind == TypeKind::IntOrString)
            return true;
        return !decoded.isEmpty();
    }

    base::Result<Value> decode(const TypeRef& ref, const Value& value, const Value& known) {
        if (value.isNull()) return Value();
        switch (ref.kind) {
        case TypeKind::String:
            if (!value.isString()) return mismatch(value, ref);
            return value;
        case TypeKind::Bool:
            if (!value.isBool()) return mismatch(value, ref);
            return value;
        case TypeKind::Int32:
        case TypeKind::Int64: return decodeInteger(ref, value);
        case TypeKind::Double:
            if (!value.isNumber()) return mismatch(value, ref);
            return value;
        case TypeKind::Bytes: return decodeBytes(ref, value);
        case TypeKind::Time:
        case TypeKind::MicroTime: return decodeTime(ref, value);
        case TypeKind::Quantity: return decodeQuantity(value);
        case TypeKind::IntOrString:
            if (value.isString()) return value;
            if (value.isInt() && value.asInt() <= 2147483647 && value.asInt() >= -2147483648LL)
                return value;
            return mismatch(numbered(value), "int32");
        case TypeKind::Duration:
        case TypeKind::Any: return value;
        case TypeKind::Struct:
            if (!value.isObject()) return mismatch(value, ref);
            return decodeStruct(*ref.type, value, known);
        case TypeKind::List: return decodeList(ref, value, known);
        case TypeKind::Map: return decodeMap(ref, value);
        }
        return value;
    }

    base::Result<Value> decodeInteger(const TypeRef& ref, const Value& value) {
        if (!value.isInt()) return mismatch(value, ref);
        const std::int64_t number = value.asInt();
        if (ref.kind == TypeKind::Int32 && (number > 2147483647 || number < -2147483648LL))
            return mismatch(value, ref);
        return value;
    }
    base::Result<Value> decodeBytes(const TypeRef& ref, const Value& value) {
        if (!value.isString()) return mismatch(value, ref);
        const std::string_view text = value.asString();
        // Go's decoder skips line breaks and names the offset of the first bad byte.
        std::size_t digits = 0;
        bool padded = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '\n' || c == '\r') continue;
            const bool digit = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                               (c >= '0' && c <= '9') || c == '+' || c == '/';
            const bool padding = c == '=' && digits % 4 >= 2;
            if ((digit && !padded) || padding) {
                padded = padded || padding;
                ++digits;
                continue;
            }
            return base::makeError("illegal base64 data at input byte " + std::to_string(i));
        }
        if (digits % 4 != 0) {
            const std::size_t at = text.size() - (padded ? 0 : digits % 4);
            return base::makeError("illegal base64 data at input byte " + std::to_string(at));
        }
        return value;
    }
    base::Result<Value> decodeTime(const TypeRef& ref, const Value& value) {
        if (!value.isString()) return mismatch(kindWord(value), "string");
        auto normalized = normalizeTime(value.asString(), ref.kind == TypeKind::MicroTime);
        if (!normalized.ok()) return std::move(normalized).error();
        return Value(*normalized);
    }
    static base::Result<Value> decodeQuantity(const Value& value) {
        if (!value.isString() && !value.isNumber())
            return base::makeError("quantities must match the regular expression "
                                   "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        const std::string text = value.isString() ? value.text()
                                 : value.isInt()  ? std::to_string(value.asInt())
                                                  : document::formatNumber(value.asDouble());
        BASE_TRY(const Quantity quantity, Quantity::read(text));
        std::string canonical = quantity.text();
        if (value.isString() && canonical == value.asString()) return value;
        return Value(canonical);
    }
    base::Result<Value> decodeList(const TypeRef& ref, const Value& value, const Value& known) {
        if (!value.isArray()) return mismatch(value, ref);
        std::vector<Value> items;
        items.reserve(value.size());
        bool changed = false;
        for (std::size_t i = 0; i < value.size(); ++i) {
            path_.push_back({{}, i});
            BASE_TRY(Value item, decode(*ref.element, value[i], known[i]));
            path_.pop_back();
            if (item.isNull()) item = zero(*ref.element);
            changed = changed || !item.sameAs(value[i]);
            items.push_back(std::move(item));
        }
        return changed ? Value::array(std::move(items)) : value;
    }
    static Value zero(const TypeRef& ref) {
        switch (ref.kind) {
        case TypeKind::String: return Value("");
        case TypeKind::Struct: return Value::object();
        case TypeKind::Int32:
        case TypeKind::Int64: return Value(0);
        case TypeKind::Bool: return Value(false);
        case TypeKind::Quantity: return Value("0");
        default: return Value();
        }
    }
    base::Result<Value> decodeMap(const TypeRef& ref, const Value& value) {
        if (!value.isObject()) return mismatch(value, ref);
        const auto members = value.members();
        const bool texts = ref.element->kind == TypeKind::String;
        if (texts && std::all_of(members.begin(), members.end(), [](const Member& m) { return m.value.isString(); }))
            return value; // labels and their like
        ObjectBuilder builder;
        bool changed = false;
        const bool resources = ref.goName == "v1.ResourceList";
        for (const Member& member : value.members()) {
            path_.push_back({member.key.view()});
            auto item = decode(*ref.element, member.value, Value());
            path_.pop_back();
            if (!item.ok()) return std::move(item).error();
            // Source: pkg/apis/core/v1 SetDefaults_ResourceList: nothing smaller than a thousandth.
            if (resources && item->isString()) {
                const Quantity given = Quantity::of(item->asString());
                const Quantity rounded = given.roundedUpToMilli();
                if (!(rounded == given)) *item = Value(rounded.text());
            }
            if (item->isNull()) *item = zero(*ref.element);
            changed = changed || !item->sameAs(member.value);
            builder.set(member.key, std::move(*item));
        }
        return changed ? std::move(builder).build() : value;
    }

    std::vector<Step> path_;                // with indices, for unknown fields
    std::vector<std::string_view> goPath_;  // without, for Go's type errors
    std::vector<const Type*> struct_;
};

} // namespace

namespace {

base::Result<DecodeResult> decodeChanged(const Type& type, const Value& object, const Value& known) {
    if (!object.isObject())
        return base::makeError("json: cannot unmarshal " + kindWord(object) +
                               " into Go value of type " + [&] {
                                   TypeRef ref;
                                   ref.kind = TypeKind::Struct;
                                   ref.type = &type;
                                   return ref.goText();
                               }());
    Decoder decoder;
    BASE_TRY(Value decoded, decoder.decodeStruct(type, object, known));
    DecodeResult result;
    result.object = std::move(decoded);
    result.unknown = std::move(decoder.unknown);
    return result;
}

} // namespace

base::Result<DecodeResult> decodeType(const Type& type, const Value& object) {
    return decodeChanged(type, object, Value());
}

base::Result<DecodeResult> decodeObject(const ResourceInfo& resource, const Value& object) {
    return decodeObject(resource, object, Value());
}

base::Result<DecodeResult> decodeObject(const ResourceInfo& resource, const Value& object, const Value& known) {
    if (resource.type != nullptr) return decodeChanged(*resource.type, object, known);
    DecodeResult result;
    result.object = object;
    return result;
}

} // namespace api
