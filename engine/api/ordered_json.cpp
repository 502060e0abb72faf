// Printing as Go's typed encoder does: fields in struct order, unset structs that Go cannot leave out.
#include "api/changed.h"
#include "api/wire_json.h"
#include "document/json.h"

#include <unordered_map>
#include <utility>
#include <vector>

namespace api {
namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

class Writer {
public:
    std::string out;

    void write(const TypeRef& ref, const Value& value) {
        switch (ref.kind) {
        case TypeKind::Struct:
            if (value.isObject()) return writeStruct(*ref.type, value);
            break;
        case TypeKind::List:
            if (value.isArray()) return writeList(*ref.element, value);
            break;
        case TypeKind::Map:
            if (value.isObject()) return writeMap(*ref.element, value);
            break;
        default: break;
        }
        out += document::writeJson(value, true);
    }
    // An answer of the API server. Custom objects are maps in Go, whose keys are sorted.
    void writeAnswer(const Value& value) {
        const std::string_view kind = value["kind"].asString();
        if (const Type* type = typeOf(value)) return writeStruct(*type, value);
        if (kind.starts_with("API") && isDiscovery(kind)) return writeDiscovery(value, true);
        if (kind.starts_with("NodeMetrics") || kind.starts_with("PodMetrics")) return writeMetrics(value);
        const bool metadata = kind.starts_with("PartialObjectMetadata");
        const Type* item = kind.ends_with("List") ? itemTypeOf(value) : nullptr;
        if (item == nullptr && !metadata && kind != "Table") {
            out += document::writeJson(value, true);
            return;
        }
        out += '{';
        bool first = true;
        for (const char* name : {"kind", "apiVersion", "metadata", "columnDefinitions", "rows", "items"}) {
            if (!value.has(name)) continue;
            key(name, first);
            const Value& member = value[name];
            if (std::string_view(name) == "metadata")
                writeStruct(*builtinKinds().type(value.has("items") || kind == "Table" ? "meta.v1.ListMeta"
                                                                                       : "meta.v1.ObjectMeta"), member);
            else if (std::string_view(name) == "items" && member.isArray()) writeItems(item, member);
            else if (std::string_view(name) == "rows" && member.isArray()) writeRows(member);
            else out += document::writeJson(member, true);
        }
        out += '}';
    }
    // metrics.k8s.io is served by another program; its types are in no table.
    void writeMetrics(const Value& value) {
        out += '{';
        bool first = true;
        for (const char* name : {"kind", "apiVersion", "name", "metadata", "timestamp", "window", "usage", "containers", "items"}) {
            if (!value.has(name)) continue;
            const Value& member = value[name];
            key(name, first);
            if (std::string_view(name) == "metadata") {
                writeStruct(*builtinKinds().type(value.has("items") ? "meta.v1.ListMeta" : "meta.v1.ObjectMeta"), member);
            } else if (member.isArray()) {
                out += '[';
                for (std::size_t i = 0; i < member.size(); ++i) {
                    if (i > 0) out += ',';
                    writeMetrics(member[i]);
                }
                out += ']';
            } else {
                out += document::writeJson(member, true);
            }
        }
        out += '}';
    }
    void writeStruct(const Type& type, const Value& value) {
        out += '{';
        bool first = true;
        std::size_t written = 0;
        for (const Field& field : type.fields) {
            if (!value.has(field.name)) continue;
            ++written;
            key(field.name, first);
            write(field.type, value[std::string_view(field.name)]);
        }
        if (written < value.size()) { // fields that the table does not know
            for (const Member& member : value.members()) {
                if (type.find(member.key.view()) != nullptr) continue;
                key(member.key.view(), first);
                out += document::writeJson(member.value, true);
            }
        }
        out += '}';
    }

private:
    static bool isDiscovery(std::string_view kind) {
        return kind == "APIVersions" || kind == "APIGroup" || kind == "APIGroupList" || kind == "APIResourceList" ||
               kind == "APIGroupDiscoveryList";
    }
    // The types of discovery are in no table; one order of names fits them all.
    void writeDiscovery(const Value& value, bool top) {
        static constexpr const char* kOrder[] = {
            "metadata", "groupVersion", "resource", "subresource", "name", "singularName", "namespaced", "group",
            "version", "kind", "responseKind", "scope", "singularResource", "acceptedTypes", "verbs", "shortNames",
            "categories", "storageVersionHash", "versions", "preferredVersion", "serverAddressByClientCIDRs",
            "clientCIDR", "serverAddress", "groups", "resources", "subresources", "freshness", "items"};
        if (value.isArray()) {
            out += '[';
            for (std::size_t i = 0; i < value.size(); ++i) {
                if (i > 0) out += ',';
                writeDiscovery(value[i], false);
            }
            out += ']';
            return;
        }
        if (!value.isObject()) {
            out += document::writeJson(value, true);
            return;
        }
        out += '{';
        bool first = true;
        const auto put = [&](std::string_view name) {
            if (!value.has(name)) return;
            key(name, first);
            writeDiscovery(value[name], false);
        };
        if (top) put("kind"), put("apiVersion");
        for (const std::string_view name : kOrder)
            if (!top || name != "kind") put(name);
        for (const Member& member : value.members()) {
            bool known = top && member.key.view() == "apiVersion";
            for (const std::string_view name : kOrder) known = known || name == member.key.view();
            if (!known) put(member.key.view());
        }
        out += '}';
    }
    static std::pair<std::string, std::string> groupVersionOf(const Value& value) {
        const std::string text = value["apiVersion"].text();
        const std::size_t slash = text.find('/');
        if (slash == std::string::npos) return {"", text};
        return {text.substr(0, slash), text.substr(slash + 1)};
    }
    static const Type* typeOf(const Value& value) {
        const auto [group, version] = groupVersionOf(value);
        const std::string kind = value["kind"].text();
        if (group.empty() && kind == "Status") return builtinKinds().type("meta.v1.Status");
        const ResourceInfo* info = builtinKinds().findByKind(group, version, kind);
        return info == nullptr ? nullptr : info->type;
    }
    static const Type* itemTypeOf(const Value& value) {
        const auto [group, version] = groupVersionOf(value);
        std::string kind = value["kind"].text();
        kind.resize(kind.size() - 4);
        const ResourceInfo* info = builtinKinds().findByKind(group, version, kind);
        return info == nullptr ? nullptr : info->type;
    }
    void writeItems(const Type* item, const Value& items) {
        out += '[';
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) out += ',';
            if (item == nullptr) writeAnswer(items[i]);
            else writeStruct(*item, items[i]);
        }
        out += ']';
    }
    void writeRows(const Value& rows) {
        out += '[';
        for (std::size_t i = 0; i < rows.size(); ++i) {
            if (i > 0) out += ',';
            out += '{';
            bool first = true;
            for (const char* name : {"cells", "conditions", "object"}) {
                if (!rows[i].has(name)) continue;
                key(name, first);
                if (std::string_view(name) == "object") writeAnswer(rows[i][name]);
                else out += document::writeJson(rows[i][name], true);
            }
            out += '}';
        }
        out += ']';
    }
    void key(std::string_view name, bool& first) {
        if (!first) out += ',';
        first = false;
        out += document::writeJson(Value(name), true);
        out += ':';
    }
    void writeList(const TypeRef& element, const Value& value) {
        out += '[';
        bool first = true;
        for (const Value& item : value.items()) {
            if (!first) out += ',';
            first = false;
            write(element, item);
        }
        out += ']';
    }
    void writeMap(const TypeRef& element, const Value& value) {
        out += '{';
        bool first = true;
        for (const Member& member : value.members()) {
            key(member.key.view(), first);
            write(element, member.value);
        }
        out += '}';
    }
};

Value fillType(const Type& type, const Value& value, const Value& known);

Value fillRef(const TypeRef& ref, const Value& value, const Value& known) {
    if (ref.kind == TypeKind::Struct && value.isObject()) return fillType(*ref.type, value, known);
    if (ref.kind == TypeKind::List && value.isArray()) {
        std::vector<Value> items; // used once one changes
        for (std::size_t i = 0; i < value.size(); ++i) {
            Value item = fillRef(*ref.element, value[i], known[i]);
            if (items.empty() && item.sameAs(value[i])) continue;
            if (items.empty()) {
                items.reserve(value.size());
                items.assign(value.items().begin(), value.items().begin() + static_cast<std::ptrdiff_t>(i));
            }
            items.push_back(std::move(item));
        }
        return items.empty() ? value : Value::array(std::move(items));
    }
    if (ref.kind == TypeKind::Map && value.isObject() && ref.element->kind == TypeKind::Struct) {
        ObjectBuilder builder;
        for (const Member& member : value.members())
            builder.set(member.key, fillRef(*ref.element, member.value, Value()));
        return std::move(builder).build();
    }
    return value;
}

// The zero that Go prints for a field without `omitempty`; null for what stays away.
Value zeroOf(const Field& field) {
    const bool isStruct = field.type.kind == TypeKind::Struct;
    if (field.pointer) return {};
    if (isStruct && !field.omitZero) return fillType(*field.type.type, Value::object(), Value());
    // A quantity is a struct as well.
    if (field.type.kind == TypeKind::Quantity && !field.omitZero) return Value("0");
    if (field.omitEmpty || field.omitZero) return {};
    switch (field.type.kind) {
    case TypeKind::String: return Value("");
    case TypeKind::Bool: return Value(false);
    case TypeKind::Int32:
    case TypeKind::Int64:
    case TypeKind::Double: return Value(0);
    default: return {};
    }
}

// Go prints null for unset lists, maps and pointers without `omitempty`.
bool printsNull(const Field& field) {
    // A time is a struct there: `omitempty` never leaves it out, unset it prints as null.
    const bool time = field.type.kind == TypeKind::Time || field.type.kind == TypeKind::MicroTime;
    if (time && !field.pointer && !field.omitZero) return true;
    if (field.omitEmpty || field.omitZero) return false;
    if (field.pointer) return true;
    switch (field.type.kind) {
    case TypeKind::List:
    case TypeKind::Map:
    case TypeKind::Bytes:
    case TypeKind::Time:
    case TypeKind::MicroTime: return true;
    default: return false;
    }
}

// What filling a type can change at all, found once per type.
struct FillPlan {
    std::vector<std::pair<const Field*, Value>> zeros; // set where absent
    std::vector<bool> looksInto;                       // by field, where present
    bool made = false;
    bool active = true; // in progress: recursive types are looked into
};

const FillPlan& fillPlan(const Type& type);

bool canFill(const TypeRef& ref) {
    const TypeRef* at = &ref;
    while (at->kind == TypeKind::List || at->kind == TypeKind::Map) at = at->element.get();
    return at->kind == TypeKind::Struct && fillPlan(*at->type).active;
}

const FillPlan& fillPlan(const Type& type) {
    thread_local std::unordered_map<const Type*, FillPlan> plans;
    FillPlan& plan = plans[&type];
    if (plan.made) return plan;
    plan.made = true;
    plan.looksInto.resize(type.fields.size());
    bool active = false;
    for (std::size_t i = 0; i < type.fields.size(); ++i) {
        const Field& field = type.fields[i];
        if (field.name == "kind" || field.name == "apiVersion") continue;
        Value zero = zeroOf(field);
        if (!zero.isNull() || printsNull(field)) plan.zeros.emplace_back(&field, std::move(zero));
        plan.looksInto[i] = canFill(field.type);
        active = active || plan.looksInto[i];
    }
    plan.active = active || !plan.zeros.empty();
    return plan;
}

Value fillType(const Type& type, const Value& value, const Value& known) {
    const FillPlan& plan = fillPlan(type);
    if (!plan.active || value.sameAs(known)) return value;
    std::vector<std::pair<std::string_view, Value>> changes;
    for (const auto& [field, zero] : plan.zeros)
        if (!value.has(field->name)) changes.emplace_back(field->name, zero);
    for (const Member& member : value.members()) {
        if (!member.value.isObject() && !member.value.isArray()) continue; // nothing to look into
        const Field* field = type.find(member.key.view());
        if (field == nullptr || !plan.looksInto[static_cast<std::size_t>(field - type.fields.data())]) continue;
        Value filled = fillRef(field->type, member.value, known[member.key.view()]);
        if (!filled.sameAs(member.value)) changes.emplace_back(field->name, std::move(filled));
    }
    if (changes.empty()) return value;
    ObjectBuilder builder(value);
    for (auto& [name, change] : changes) builder.set(name, std::move(change));
    return std::move(builder).build();
}

} // namespace

std::string writeOrderedJson(const ResourceInfo& resource, const Value& object) {
    if (resource.type == nullptr) return document::writeJson(object, true);
    Writer writer;
    writer.writeStruct(*resource.type, object);
    return std::move(writer.out);
}

std::string writeAnswerJson(const Value& answer) {
    Writer writer;
    writer.writeAnswer(answer);
    return std::move(writer.out);
}

std::string indentJson(std::string_view text) {
    std::string out;
    std::size_t depth = 0;
    bool quoted = false;
    const auto breakLine = [&] { out.append("\n").append(depth * 2, ' '); };
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            out += c;
            if (c == '\\' && i + 1 < text.size()) out += text[++i];
            else if (c == '"') quoted = false;
            continue;
        }
        const bool empty = i + 1 < text.size() && (text[i + 1] == '}' || text[i + 1] == ']');
        if (c == '{' || c == '[') {
            out += c;
            if (empty) {
                out += text[++i];
                continue;
            }
            ++depth;
            breakLine();
        } else if (c == '}' || c == ']') {
            --depth;
            breakLine();
            out += c;
        } else {
            out += c;
            if (c == ',') breakLine();
            if (c == ':') out += ' ';
            quoted = c == '"';
        }
    }
    return out;
}

Value fillRequired(const ResourceInfo& resource, const Value& object) {
    return fillRequired(resource, object, Value());
}

Value fillRequired(const ResourceInfo& resource, const Value& object, const Value& known) {
    if (resource.type == nullptr || !object.isObject()) return object;
    return fillType(*resource.type, object, known);
}

} // namespace api
