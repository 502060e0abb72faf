#include "api/protobuf.h"

#include "api/quantity.h"
#include "api/times.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <vector>

namespace api {
namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

constexpr std::string_view kMagic("k8s\0", 4);
constexpr int kMaxDepth = 200;
using Chain = std::vector<int>; // numbers of the embedded messages around a field, outermost first

Chain around(const Field& field) {
    Chain chain;
    for (int rest = field.embeddedIn; rest != 0; rest >>= 8) chain.push_back(rest & 0xFF);
    return chain;
}

// Whether the field lies in a message embedded in `outer`; then that message's number.
int nextOf(const Chain& chain, const Chain& outer) {
    if (chain.size() <= outer.size() || !std::equal(outer.begin(), outer.end(), chain.begin())) return 0;
    return chain[outer.size()];
}

base::Error broken(const char* what) { return base::makeError(std::string("proto: ") + what); }

struct Raw {
    int number = 0, wire = 0;
    std::uint64_t varint = 0;
    std::string_view bytes;
};

// One field after the other; wire types 0, 1, 2 and 5.
class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}
    bool done() const { return rest_.empty(); }

    base::Result<Raw> next() {
        BASE_TRY(const std::uint64_t tag, varint());
        Raw raw;
        raw.number = static_cast<int>(tag >> 3);
        raw.wire = static_cast<int>(tag & 7);
        if (raw.number <= 0) return broken("illegal tag");
        std::uint64_t length = 0;
        switch (raw.wire) {
        case 0: {
            BASE_TRY(raw.varint, varint());
            return raw;
        }
        case 1: length = 8; break;
        case 5: length = 4; break;
        case 2: {
            BASE_TRY(length, varint());
            break;
        }
        default: return broken("illegal wireType");
        }
        if (length > rest_.size()) return base::makeError("unexpected EOF");
        raw.bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return raw;
    }

private:
    base::Result<std::uint64_t> varint() {
        std::uint64_t value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            if (rest_.empty()) return base::makeError("unexpected EOF");
            const auto byte = static_cast<unsigned char>(rest_[0]);
            rest_.remove_prefix(1);
            value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
            if ((byte & 0x80) == 0) return value;
        }
        return broken("integer overflow");
    }
    std::string_view rest_;
};

// The simple messages (times, quantities) have few fields, each once.
base::Result<std::map<int, Raw>> fieldsOf(std::string_view bytes) {
    std::map<int, Raw> out;
    for (Reader reader(bytes); !reader.done();) {
        BASE_TRY(const Raw raw, reader.next());
        out[raw.number] = raw;
    }
    return out;
}

std::int64_t toSigned(std::uint64_t value) { return static_cast<std::int64_t>(value); }

class Decoder {
public:
    base::Result<Value> message(const Type& type, std::string_view bytes) {
        if (++depth_ > kMaxDepth) return broken("message is nested too deeply");
        Found found;
        BASE_CHECK(collect(type, bytes, {}, found));
        ObjectBuilder out;
        for (const Field& field : type.fields) {
            const auto item = found.find(&field);
            if (item == found.end()) continue;
            BASE_TRY(Value value, fieldValue(field, item->second));
            // Go writes every plain field; zero means that there is none.
            const bool plain = field.omitEmpty && !field.pointer && field.type.kind != TypeKind::Struct;
            if (!value.isNull() && !(plain && value.isEmpty())) out.set(field.name, std::move(value));
        }
        --depth_;
        return std::move(out).build();
    }

private:
    using Found = std::map<const Field*, std::vector<Raw>>;

    base::Status collect(const Type& type, std::string_view bytes, const Chain& chain, Found& found) {
        for (Reader reader(bytes); !reader.done();) {
            BASE_TRY(const Raw raw, reader.next());
            bool inside = false;
            for (const Field& field : type.fields) {
                const Chain own = around(field);
                if (field.protoNumber == raw.number && own == chain) found[&field].push_back(raw);
                inside = inside || nextOf(own, chain) == raw.number;
            }
            if (!inside || raw.wire != 2) continue;
            Chain deeper = chain;
            deeper.push_back(raw.number);
            BASE_CHECK(collect(type, raw.bytes, deeper, found));
        }
        return base::okStatus();
    }

    base::Result<Value> fieldValue(const Field& field, const std::vector<Raw>& raws) {
        if (field.type.kind == TypeKind::List) return listValue(*field.type.element, raws);
        if (field.type.kind != TypeKind::Map) return single(field.type, raws.back());
        ObjectBuilder map;
        for (const Raw& raw : raws) {
            BASE_TRY(auto entry, fieldsOf(raw.bytes));
            const TypeRef& element = *field.type.element;
            Raw value = entry.contains(2) ? entry[2] : Raw{};
            if (element.kind == TypeKind::List) {
                // Lists as values of maps are messages of their own: ExtraValue{items = 1}.
                std::vector<Raw> items;
                for (Reader reader(value.bytes); !reader.done();) {
                    BASE_TRY(Raw item, reader.next());
                    if (item.number == 1) items.push_back(item);
                }
                BASE_TRY(Value list, listValue(*element.element, items));
                map.set(std::string(entry[1].bytes), std::move(list));
                continue;
            }
            BASE_TRY(Value decoded, single(element, value));
            map.set(std::string(entry[1].bytes), std::move(decoded));
        }
        return std::move(map).build();
    }

    base::Result<Value> listValue(const TypeRef& element, const std::vector<Raw>& raws) {
        std::vector<Value> items;
        for (const Raw& raw : raws) {
            BASE_TRY(Value item, single(element, raw));
            items.push_back(std::move(item));
        }
        return Value::array(std::move(items));
    }

    base::Result<Value> single(const TypeRef& ref, const Raw& raw) {
        switch (ref.kind) {
        case TypeKind::String: return Value(std::string(raw.bytes));
        case TypeKind::Bool: return Value(raw.varint != 0);
        case TypeKind::Int32: return Value(static_cast<std::int64_t>(static_cast<std::int32_t>(raw.varint)));
        case TypeKind::Int64: return Value(toSigned(raw.varint));
        case TypeKind::Double: {
            double number = 0;
            if (raw.bytes.size() == 8) std::memcpy(&number, raw.bytes.data(), 8);
            return Value(number);
        }
        case TypeKind::Bytes: return Value(base::encodeBase64(raw.bytes));
        case TypeKind::Struct: return message(*ref.type, raw.bytes);
        case TypeKind::List:
        case TypeKind::Map: return broken("a list within a list");
        default: return special(ref.kind, raw.bytes);
        }
    }

    static base::Result<Value> special(TypeKind kind, std::string_view bytes) {
        BASE_TRY(auto fields, fieldsOf(bytes));
        switch (kind) {
        case TypeKind::Time:
        case TypeKind::MicroTime: {
            if (fields.empty()) return Value();
            const std::int64_t seconds = toSigned(fields[1].varint);
            constexpr std::int64_t kMost = 9'000'000'000;
            if (seconds > kMost || seconds < -kMost) return broken("a time out of range");
            const auto nanos = static_cast<std::int32_t>(fields[2].varint);
            return Value(formatTime(seconds * 1'000'000'000 + nanos, kind == TypeKind::MicroTime));
        }
        case TypeKind::Quantity: return Value(std::string(fields[1].bytes));
        case TypeKind::IntOrString:
            if (fields[1].varint == 1) return Value(std::string(fields[3].bytes));
            return Value(static_cast<std::int64_t>(static_cast<std::int32_t>(fields[2].varint)));
        case TypeKind::Duration:
            return Value(std::to_string(toSigned(fields[1].varint) / 1'000'000'000) + "s");
        default: {
            // RawExtension, FieldsV1, JSON: text within one field.
            auto json = document::readJson(fields[1].bytes);
            return json.ok() ? std::move(json).value() : Value(std::string(fields[1].bytes));
        }
        }
    }

    int depth_ = 0;
};

class Writer {
public:
    std::string out;

    void varint(int number, std::uint64_t value) {
        raw(static_cast<std::uint64_t>(number) << 3);
        raw(value);
    }
    void bytes(int number, std::string_view text) {
        raw((static_cast<std::uint64_t>(number) << 3) | 2);
        raw(text.size());
        out += text;
    }
    void fixed64(int number, double value) {
        raw((static_cast<std::uint64_t>(number) << 3) | 1);
        char buffer[8];
        std::memcpy(buffer, &value, 8);
        out.append(buffer, 8);
    }

private:
    void raw(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7F) | 0x80);
        out += static_cast<char>(value);
    }
};

class Encoder {
public:
    static std::string message(const Type& type, const Value& object) { return level(type, object, {}); }

private:
    // The fields directly in the message that `chain` names, and the messages embedded there.
    static std::string level(const Type& type, const Value& object, const Chain& chain) {
        std::map<int, std::string> parts; // by field number, as Go writes them
        for (const Field& field : type.fields) {
            const Chain own = around(field);
            const int inner = nextOf(own, chain);
            if (own == chain) {
                if (field.protoNumber == 0) continue;
                Writer writer;
                if (const Value& value = object[field.name]; !value.isNull())
                    put(writer, field.protoNumber, field.type, value);
                else if (!field.pointer) putZero(writer, field.protoNumber, field.type);
                if (!writer.out.empty()) parts[field.protoNumber] = std::move(writer.out);
            } else if (inner != 0 && !parts.contains(inner)) {
                Chain deeper = chain;
                deeper.push_back(inner);
                Writer writer;
                writer.bytes(deeper.back(), level(type, object, deeper));
                parts[deeper.back()] = std::move(writer.out);
            }
        }
        std::string out;
        for (const auto& [number, part] : parts) out += part;
        return out;
    }

    static void put(Writer& writer, int number, const TypeRef& ref, const Value& value) {
        switch (ref.kind) {
        case TypeKind::String: return writer.bytes(number, value.asString());
        case TypeKind::Bool: return writer.varint(number, value.asBool() ? 1 : 0);
        case TypeKind::Int32:
        case TypeKind::Int64: return writer.varint(number, static_cast<std::uint64_t>(value.asInt()));
        case TypeKind::Double: return writer.fixed64(number, value.asDouble());
        case TypeKind::Bytes:
            return writer.bytes(number, base::decodeBase64(value.asString()).value_or(std::string()));
        case TypeKind::Struct: return writer.bytes(number, message(*ref.type, value));
        case TypeKind::List:
            for (const Value& item : value.items()) put(writer, number, *ref.element, item);
            return;
        case TypeKind::Map:
            for (const Member& member : value.members()) {
                Writer entry;
                entry.bytes(1, member.key.view());
                if (ref.element->kind == TypeKind::List) {
                    Writer list;
                    put(list, 1, *ref.element, member.value);
                    entry.bytes(2, list.out);
                } else {
                    put(entry, 2, *ref.element, member.value);
                }
                writer.bytes(number, entry.out);
            }
            return;
        default: return writer.bytes(number, special(ref.kind, value));
        }
    }

    // Go writes every plain field, also when it says nothing.
    static void putZero(Writer& writer, int number, const TypeRef& ref) {
        switch (ref.kind) {
        case TypeKind::Bytes:
        case TypeKind::List:
        case TypeKind::Map: return;
        case TypeKind::Time:
        case TypeKind::MicroTime:
        case TypeKind::Any: return writer.bytes(number, "");
        case TypeKind::Struct: return writer.bytes(number, message(*ref.type, Value()));
        case TypeKind::Quantity: return put(writer, number, ref, Value("0"));
        default: return put(writer, number, ref, Value(0));
        }
    }

    static std::string special(TypeKind kind, const Value& value) {
        Writer writer;
        if (kind == TypeKind::Time || kind == TypeKind::MicroTime) {
            const std::int64_t nanos = parseTime(value.asString()).value_or(0);
            std::int64_t seconds = nanos / 1'000'000'000, rest = nanos % 1'000'000'000;
            if (rest < 0) {
                rest += 1'000'000'000;
                --seconds;
            }
            writer.varint(1, static_cast<std::uint64_t>(seconds));
            writer.varint(2, static_cast<std::uint64_t>(rest));
        } else if (kind == TypeKind::Quantity) {
            writer.bytes(1, value.isString() ? value.text() : std::to_string(value.asInt()));
        } else if (kind == TypeKind::IntOrString) {
            writer.varint(1, value.isString() ? 1 : 0);
            writer.varint(2, static_cast<std::uint64_t>(value.asInt()));
            writer.bytes(3, value.asString());
        } else if (kind == TypeKind::Duration) {
            const auto seconds = base::parseInt(value.text().substr(0, value.text().find('s')));
            writer.varint(1, static_cast<std::uint64_t>(seconds.value_or(0)) * 1'000'000'000);
        } else {
            writer.bytes(1, document::writeJson(value));
        }
        return std::move(writer.out);
    }
};

const Type* typeOf(std::string_view apiVersion, std::string_view kind) {
    if (apiVersion == "meta.k8s.io/v1") apiVersion = "v1";
    const std::size_t slash = apiVersion.find('/');
    const std::string_view group = slash == std::string_view::npos ? "" : apiVersion.substr(0, slash);
    const std::string_view version =
        slash == std::string_view::npos ? apiVersion : apiVersion.substr(slash + 1);
    if (const ResourceInfo* info = builtinKinds().findByKind(group, version, kind)) return info->type;
    // Bodies of subresources are no resources: TokenRequest, Eviction, Scale.
    std::string name(group.empty() ? "core" : group.substr(0, group.find('.')));
    name.append(".").append(version).append(".").append(kind);
    if (const Type* body = builtinKinds().type(name)) return body;
    // Status, DeleteOptions and their like belong to every group.
    return builtinKinds().type("meta.v1." + std::string(kind));
}

// PodList and its like have no table: metadata is field 1, items field 2.
const Type* itemType(std::string_view apiVersion, std::string_view kind) {
    if (!kind.ends_with("List") || typeOf(apiVersion, kind) != nullptr) return nullptr;
    return typeOf(apiVersion, kind.substr(0, kind.size() - 4));
}

Value withKind(const Value& object, std::string_view apiVersion, std::string_view kind) {
    ObjectBuilder out;
    out.set("kind", std::string(kind)).set("apiVersion", std::string(apiVersion));
    for (const Member& member : object.members()) out.set(member.key, member.value);
    return std::move(out).build();
}

} // namespace

base::Result<Value> decodeProtobuf(std::string_view bytes) {
    if (!bytes.starts_with(kMagic))
        return base::makeError("provided data does not appear to be a protobuf message, expected prefix "
                               "[107 56 115 0]");
    BASE_TRY(auto envelope, fieldsOf(bytes.substr(kMagic.size())));
    BASE_TRY(auto meta, fieldsOf(envelope[1].bytes));
    const std::string_view apiVersion = meta[1].bytes, kind = meta[2].bytes;
    const std::string_view body = envelope[2].bytes;
    Decoder decoder;
    if (const Type* type = typeOf(apiVersion, kind)) {
        BASE_TRY(Value object, decoder.message(*type, body));
        return withKind(object, apiVersion, kind);
    }
    const Type* item = itemType(apiVersion, kind);
    if (item == nullptr)
        return base::makeError("no kind " + base::quoteGo(kind) + " is registered for version " +
                               base::quoteGo(apiVersion));
    Value metadata = Value::object();
    std::vector<Value> items;
    for (Reader reader(body); !reader.done();) {
        BASE_TRY(const Raw raw, reader.next());
        if (raw.number == 1) {
            BASE_TRY(metadata, decoder.message(*builtinKinds().type("meta.v1.ListMeta"), raw.bytes));
        } else if (raw.number == 2) {
            BASE_TRY(Value object, decoder.message(*item, raw.bytes));
            items.push_back(std::move(object));
        }
    }
    return withKind(Value::object({{"metadata", metadata}, {"items", Value::array(std::move(items))}}),
                    apiVersion, kind);
}

namespace {

std::string metadataOf(const Value& object, const char* type) {
    return Encoder::message(*builtinKinds().type(type), object["metadata"]);
}

// Messages whose types have no table: discovery and metadata only. Source: apimachinery
// meta/v1/generated.proto, k8s.io/api apidiscovery/v2/generated.proto.
std::string groupVersionKind(const Value& kind) {
    Writer out;
    out.bytes(1, kind["group"].asString());
    out.bytes(2, kind["version"].asString());
    out.bytes(3, kind["kind"].asString());
    return std::move(out.out);
}
void strings(Writer& out, int number, const Value& list) {
    for (const Value& item : list.items()) out.bytes(number, item.asString());
}

std::string discoveredResource(const Value& resource) {
    Writer out;
    out.bytes(1, resource["resource"].asString());
    out.bytes(2, groupVersionKind(resource["responseKind"]));
    out.bytes(3, resource["scope"].asString());
    out.bytes(4, resource["singularResource"].asString());
    strings(out, 5, resource["verbs"]);
    strings(out, 6, resource["shortNames"]);
    strings(out, 7, resource["categories"]);
    for (const Value& sub : resource["subresources"].items()) {
        Writer inner;
        inner.bytes(1, sub["subresource"].asString());
        inner.bytes(2, groupVersionKind(sub["responseKind"]));
        strings(inner, 4, sub["verbs"]);
        out.bytes(8, inner.out);
    }
    return std::move(out.out);
}

std::string discoveredGroups(const Value& list) {
    Writer out;
    out.bytes(1, metadataOf(list, "meta.v1.ListMeta"));
    for (const Value& group : list["items"].items()) {
        Writer entry;
        entry.bytes(1, metadataOf(group, "meta.v1.ObjectMeta"));
        for (const Value& version : group["versions"].items()) {
            Writer inner;
            inner.bytes(1, version["version"].asString());
            for (const Value& resource : version["resources"].items()) inner.bytes(2, discoveredResource(resource));
            inner.bytes(3, version["freshness"].asString());
            entry.bytes(2, inner.out);
        }
        out.bytes(2, entry.out);
    }
    return std::move(out.out);
}

std::string groupVersion(const Value& version) {
    Writer out;
    out.bytes(1, version["groupVersion"].asString());
    out.bytes(2, version["version"].asString());
    return std::move(out.out);
}
void serverAddresses(Writer& out, int number, const Value& list) {
    for (const Value& address : list.items()) {
        Writer inner;
        inner.bytes(1, address["clientCIDR"].asString());
        inner.bytes(2, address["serverAddress"].asString());
        out.bytes(number, inner.out);
    }
}
std::string apiGroup(const Value& group) {
    Writer out;
    out.bytes(1, group["name"].asString());
    for (const Value& version : group["versions"].items()) out.bytes(2, groupVersion(version));
    out.bytes(3, groupVersion(group["preferredVersion"]));
    serverAddresses(out, 4, group["serverAddressByClientCIDRs"]);
    return std::move(out.out);
}
std::string apiResources(const Value& list) {
    Writer out;
    out.bytes(1, list["groupVersion"].asString());
    for (const Value& resource : list["resources"].items()) {
        Writer inner;
        inner.bytes(1, resource["name"].asString());
        inner.varint(2, resource["namespaced"].asBool() ? 1 : 0);
        inner.bytes(3, resource["kind"].asString());
        Writer verbs;
        strings(verbs, 1, resource["verbs"]);
        inner.bytes(4, verbs.out);
        strings(inner, 5, resource["shortNames"]);
        inner.bytes(6, resource["singularName"].asString());
        strings(inner, 7, resource["categories"]);
        inner.bytes(8, resource["group"].asString());
        inner.bytes(9, resource["version"].asString());
        inner.bytes(10, resource["storageVersionHash"].asString());
        out.bytes(2, inner.out);
    }
    return std::move(out.out);
}

std::optional<std::string> untabledMessage(const std::string& kind, const Value& object) {
    Writer out;
    if (kind == "PartialObjectMetadata") {
        out.bytes(1, metadataOf(object, "meta.v1.ObjectMeta"));
    } else if (kind == "PartialObjectMetadataList") {
        out.bytes(1, metadataOf(object, "meta.v1.ListMeta"));
        for (const Value& item : object["items"].items()) {
            Writer inner;
            inner.bytes(1, metadataOf(item, "meta.v1.ObjectMeta"));
            out.bytes(2, inner.out);
        }
    } else if (kind == "APIVersions") {
        strings(out, 1, object["versions"]);
        serverAddresses(out, 2, object["serverAddressByClientCIDRs"]);
    } else if (kind == "APIGroupList") {
        for (const Value& group : object["groups"].items()) out.bytes(1, apiGroup(group));
    } else if (kind == "APIGroup") {
        return apiGroup(object);
    } else if (kind == "APIResourceList") {
        return apiResources(object);
    } else if (kind == "APIGroupDiscoveryList") {
        return discoveredGroups(object);
    } else {
        return {};
    }
    return std::move(out.out);
}

} // namespace

base::Result<std::string> encodeProtobuf(const Value& object) {
    const std::string apiVersion = object["apiVersion"].text(), kind = object["kind"].text();
    std::string body;
    if (const Type* type = typeOf(apiVersion, kind)) {
        body = Encoder::message(*type, object);
    } else if (const Type* item = itemType(apiVersion, kind)) {
        Writer list;
        list.bytes(1, metadataOf(object, "meta.v1.ListMeta"));
        for (const Value& entry : object["items"].items()) list.bytes(2, Encoder::message(*item, entry));
        body = std::move(list.out);
    } else if (auto other = untabledMessage(kind, object)) {
        body = std::move(*other);
    } else {
        return base::makeError("no kind " + base::quoteGo(kind) + " is registered for version " +
                               base::quoteGo(apiVersion));
    }
    Writer meta, envelope;
    meta.bytes(1, apiVersion);
    meta.bytes(2, kind);
    envelope.bytes(1, meta.out);
    envelope.bytes(2, body);
    envelope.bytes(3, "");
    envelope.bytes(4, "");
    return std::string(kMagic) + envelope.out;
}

base::Result<std::string> encodeWatchFrame(std::string_view type, const Value& object) {
    BASE_TRY(const std::string inner, encodeProtobuf(object));
    Writer raw, event;
    raw.bytes(1, inner);
    event.bytes(1, type);
    event.bytes(2, raw.out);
    std::string frame;
    for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>((event.out.size() >> shift) & 0xFF);
    return frame + event.out;
}

} // namespace api
