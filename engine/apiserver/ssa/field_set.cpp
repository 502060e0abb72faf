#include "apiserver/ssa/field_set.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <iterator>
#include <unordered_map>

namespace apiserver {

using document::Value;

FieldSet unite(const FieldSet& a, const FieldSet& b) {
    FieldSet out = a;
    out.member = a.member || b.member;
    for (const auto& [key, child] : b.children) {
        const auto place = out.children.find(key);
        if (place == out.children.end()) out.children.emplace(key, child);
        else place->second = unite(place->second, child);
    }
    return out;
}

FieldSet subtract(const FieldSet& a, const FieldSet& b) {
    FieldSet out;
    out.member = a.member && !b.member;
    for (const auto& [key, child] : a.children) {
        const auto place = b.children.find(key);
        FieldSet rest = place == b.children.end() ? child : subtract(child, place->second);
        if (!rest.empty()) out.children.emplace(key, std::move(rest));
    }
    return out;
}

FieldSet intersect(const FieldSet& a, const FieldSet& b) {
    FieldSet out;
    out.member = a.member && b.member;
    for (const auto& [key, child] : a.children) {
        const auto place = b.children.find(key);
        if (place == b.children.end()) continue;
        FieldSet both = intersect(child, place->second);
        if (!both.empty()) out.children.emplace(key, std::move(both));
    }
    return out;
}

Value writeFieldSet(const FieldSet& set) {
    document::ObjectBuilder out;
    // A leaf is {}; a member with fields below names itself with ".".
    if (set.member && !set.children.empty()) out.set(".", Value::object());
    for (const auto& [key, child] : set.children) out.set(key, writeFieldSet(child));
    return std::move(out).build();
}

FieldSet readFieldSet(const Value& fields) {
    FieldSet out;
    if (fields.size() == 0) out.member = true;
    for (const document::Member& member : fields.members()) {
        if (member.key.view() == ".") out.member = true;
        else out.children.emplace(member.key.text(), readFieldSet(member.value));
    }
    return out;
}

namespace {

bool isMember(const Value& fields) { return fields.isObject() && (fields.size() == 0 || fields.has(".")); }

} // namespace

bool intersects(const Value& fields, const FieldSet& set) {
    if (set.member && isMember(fields)) return true;
    for (const auto& [key, child] : set.children)
        if (fields.has(key) && intersects(fields[key], child)) return true;
    return false;
}

Value uniteWritten(const Value& fields, const FieldSet& set) {
    if (!fields.isObject()) return writeFieldSet(set);
    Value out = fields;
    const bool member = isMember(fields) || set.member;
    for (const auto& [key, child] : set.children) {
        const Value& before = fields[key];
        Value after = uniteWritten(before, child);
        if (!before.isObject() || !after.sameAs(before)) out = out.with(key, std::move(after));
    }
    if (member && out.size() > 0 && !out.has(".")) out = out.with(".", Value::object());
    return out;
}

Value subtractWritten(const Value& fields, const FieldSet& set) {
    if (!fields.isObject()) return {};
    Value out = fields;
    const bool member = isMember(fields) && !set.member;
    for (const auto& [key, child] : set.children) {
        if (!fields.has(key)) continue;
        Value rest = subtractWritten(fields[key], child);
        if (rest.isNull()) out = out.without(key);
        else if (!rest.sameAs(fields[key])) out = out.with(key, std::move(rest));
    }
    const std::size_t below = out.size() - (out.has(".") ? 1 : 0);
    if (below == 0) return member ? Value::object() : Value();
    if (!member && out.has(".")) out = out.without(".");
    return out;
}

namespace {

std::string keyText(std::string_view key) {
    if (key.starts_with("f:")) return "." + std::string(key.substr(2));
    if (key.starts_with("v:")) return "[=" + std::string(key.substr(2)) + "]";
    if (key.starts_with("i:")) return "[" + std::string(key.substr(2)) + "]";
    const Value keys = document::readJson(key.substr(2)).valueOr(Value());
    std::vector<std::string> parts;
    for (const document::Member& member : keys.members())
        parts.push_back(member.key.text() + "=" + document::writeJson(member.value));
    return "[" + base::join(parts, ",") + "]";
}

void collect(const FieldSet& set, const std::string& path, std::vector<std::string>& out) {
    if (set.member) out.push_back(path);
    for (const auto& [key, child] : set.children) collect(child, path + keyText(key), out);
}

} // namespace

std::vector<std::string> pathTexts(const FieldSet& set) {
    std::vector<std::string> out;
    collect(set, "", out);
    return out;
}

namespace {

using Shape = FieldSchema::Shape;

// "f:" and a name. Names are shared texts: the last ones are found by their address.
const document::SharedString& fieldKey(std::string_view name) {
    struct Known {
        const char* name = nullptr;
        document::SharedString key = "";
    };
    constexpr std::size_t kKnown = 1024;
    thread_local std::vector<Known> known(kKnown);
    Known& entry = known[(reinterpret_cast<std::uintptr_t>(name.data()) >> 3) % kKnown];
    if (entry.name != name.data() || entry.key.view().substr(2) != name)
        entry = {name.data(), std::string("f:").append(name)};
    return entry.key;
}

// Types that are replaced as a whole wherever they stand (x-kubernetes-map-type on the schema itself).
bool isAtomicType(const api::Type* type) {
    static constexpr std::string_view kNames[] = {
        "MatchResources", "NamedRuleWithOperations", "ParamKind", "ParamRef", "Variable",
        "CrossVersionObjectReference", "ConfigMapKeySelector", "EndpointAddress", "EndpointPort",
        "FileKeySelector", "LocalObjectReference", "NodeSelector", "NodeSelectorTerm",
        "ObjectFieldSelector", "ObjectReference", "ResourceFieldSelector", "ScopeSelector",
        "SecretKeySelector", "SecretReference", "TopologySelectorTerm", "TypedLocalObjectReference",
        "ServiceBackendPort", "RoleRef", "Subject", "LabelSelector", "OwnerReference"};
    if (type == nullptr) return false;
    thread_local std::unordered_map<const api::Type*, bool> known; // built-in types live forever
    const auto [place, unseen] = known.try_emplace(type, false);
    if (!unseen) return place->second;
    const std::string_view name = std::string_view(type->name).substr(type->name.rfind('.') + 1);
    const bool listed = std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
    const bool oldVersion = name == "CrossVersionObjectReference" && type->name.find(".v1.") == std::string::npos;
    return place->second = listed && !oldVersion;
}

Shape shapeOf(const api::TypeRef& type, const api::Field* field) {
    switch (type.kind) {
    case api::TypeKind::Struct:
        if (field != nullptr && field->mapType == "granular") return Shape::Struct;
        if (isAtomicType(type.type)) return Shape::Atomic;
        return field != nullptr && field->mapType == "atomic" ? Shape::Atomic : Shape::Struct;
    case api::TypeKind::Map:
        return field != nullptr && field->mapType == "atomic" ? Shape::Atomic : Shape::Map;
    case api::TypeKind::List:
        if (field == nullptr) return Shape::Atomic;
        if (field->listType == "map") return Shape::List;
        if (field->listType == "set") return Shape::Set;
        // Go types without list markers: the patch strategy says how they merge.
        if (field->listType.empty() && field->patchStrategy.find("merge") != std::string::npos)
            return field->mergeKey.empty() ? Shape::Set : Shape::List;
        return Shape::Atomic;
    case api::TypeKind::Any: return Shape::Atomic;
    default: return Shape::Scalar;
    }
}

FieldSchema fromType(const api::TypeRef& type, const api::Field* field) {
    FieldSchema out;
    out.type = &type;
    out.field = field;
    out.shape = shapeOf(type, field);
    if (out.shape == Shape::List && field != nullptr) {
        out.keys = field->listMapKeys;
        if (out.keys.empty() && !field->mergeKey.empty()) out.keys = {field->mergeKey};
    }
    return out;
}

FieldSchema deduced() {
    FieldSchema out;
    out.deduced = true;
    out.shape = Shape::Map;
    return out;
}

FieldSchema fromCustom(const Value& schema) {
    if (schema.isNull()) return deduced();
    FieldSchema out;
    out.custom = schema;
    const std::string_view type = schema["type"].asString();
    const std::string_view mapType = schema["x-kubernetes-map-type"].asString();
    const std::string_view listType = schema["x-kubernetes-list-type"].asString();
    if (type == "object") {
        out.shape = mapType == "atomic" ? Shape::Atomic
                    : schema.has("properties") ? Shape::Struct
                                               : Shape::Map;
    } else if (type == "array") {
        out.shape = listType == "map" ? Shape::List : listType == "set" ? Shape::Set : Shape::Atomic;
        for (const Value& key : schema["x-kubernetes-list-map-keys"].items()) out.keys.push_back(key.text());
    } else if (type.empty()) {
        return deduced();
    } else {
        out.shape = Shape::Scalar;
    }
    return out;
}

} // namespace

FieldSchema rootSchema(const api::ResourceInfo& resource, const Value& custom) {
    if (resource.type == nullptr) {
        FieldSchema root = fromCustom(custom);
        root.shape = Shape::Struct;
        return root;
    }
    static const api::TypeRef kStruct = [] {
        api::TypeRef ref;
        ref.kind = api::TypeKind::Struct;
        return ref;
    }();
    FieldSchema root;
    root.shape = Shape::Struct;
    // The root has no field of its own; its type is reached through the resource.
    root.type = &kStruct;
    root.custom = Value();
    root.keys.clear();
    root.deduced = false;
    root.rootType = resource.type;
    return root;
}

FieldSchema childSchema(const FieldSchema& parent, std::string_view name) {
    if (parent.rootType != nullptr || (parent.type != nullptr && parent.type->kind == api::TypeKind::Struct)) {
        const api::Type* type = parent.rootType != nullptr ? parent.rootType : parent.type->type;
        const api::Field* field = type == nullptr ? nullptr : type->find(name);
        if (field == nullptr) return deduced();
        return fromType(field->type, field);
    }
    if (parent.type != nullptr && parent.type->element) return fromType(*parent.type->element, nullptr);
    if (!parent.custom.isNull()) {
        if (name == "metadata" && !parent.custom["properties"][name].has("properties")) {
            static const api::ResourceInfo* kAny = api::builtinKinds().find("", "v1", "configmaps");
            if (kAny != nullptr && kAny->type != nullptr)
                if (const api::Field* field = kAny->type->find("metadata")) return fromType(field->type, field);
        }
        const Value& property = parent.custom["properties"][name];
        if (!property.isNull()) return fromCustom(property);
        if (parent.custom["additionalProperties"].isObject())
            return fromCustom(parent.custom["additionalProperties"]);
    }
    return deduced();
}

FieldSchema itemSchema(const FieldSchema& parent) {
    if (parent.type != nullptr && parent.type->element) return fromType(*parent.type->element, nullptr);
    if (!parent.custom.isNull()) return fromCustom(parent.custom["items"]);
    return deduced();
}

std::string itemKey(const FieldSchema& list, const Value& item) {
    if (list.shape == Shape::Set) return "v:" + document::writeJson(item);
    std::string text = "k:{";
    const auto add = [&text](const std::string& key, const Value& value) {
        text.append(text.back() == '{' ? "\"" : ",\"").append(key).append("\":").append(document::writeJson(value));
    };
    std::vector<std::string> sorted;
    if (!std::is_sorted(list.keys.begin(), list.keys.end())) {
        sorted = list.keys;
        std::sort(sorted.begin(), sorted.end());
    }
    for (const std::string& key : sorted.empty() ? list.keys : sorted) {
        if (item.has(key)) add(key, item[key]);
        else if (key == "protocol") add(key, "TCP"); // the only defaulted merge key
    }
    return text + "}";
}

namespace {

Shape shapeAt(const FieldSchema& schema, const Value& value) {
    if (!schema.deduced) {
        const bool fits = (schema.shape != Shape::Struct && schema.shape != Shape::Map) || value.isObject();
        const bool list = (schema.shape != Shape::Set && schema.shape != Shape::List) || value.isArray();
        return fits && list ? schema.shape : Shape::Scalar;
    }
    if (value.isObject()) return Shape::Map;
    return Shape::Atomic;
}

void addFields(const FieldSchema& schema, const Value& value, FieldSet& set) {
    const Shape shape = shapeAt(schema, value);
    if (shape == Shape::Scalar || shape == Shape::Atomic || value.size() == 0) {
        set.member = true;
        return;
    }
    if (shape == Shape::Struct || shape == Shape::Map) {
        for (const document::Member& member : value.members()) {
            std::string key = "f:";
            key += member.key.view();
            FieldSet& child = set.children[std::move(key)];
            addFields(childSchema(schema, member.key.view()), member.value, child);
            if (shape == Shape::Map) child.member = true;
        }
        return;
    }
    const FieldSchema item = itemSchema(schema);
    for (const Value& entry : value.items()) {
        FieldSet& child = set.children[itemKey(schema, entry)];
        child.member = true;
        if (shape == Shape::List) addFields(item, entry, child);
    }
}

// Is the place there in an empty typed object? Structs that are no pointers and lists without
// omitempty are; everything below something absent is not.
bool presentInZero(const FieldSchema& child) {
    if (child.field == nullptr) return false;
    const api::TypeKind kind = child.field->type.kind;
    if (kind == api::TypeKind::Struct) return !child.field->pointer;
    // Times are structs as well, shown as null.
    if (kind == api::TypeKind::Time || kind == api::TypeKind::MicroTime)
        return !child.field->pointer && !child.field->omitZero;
    return !child.field->omitEmpty && !child.field->pointer;
}

void addNew(const FieldSchema& schema, const Value& value, FieldSet& set, bool present) {
    const Shape shape = shapeAt(schema, value);
    if (present && value.isEmpty()) return; // as in the empty object
    if (!present) set.member = true;
    if (shape == Shape::Scalar || shape == Shape::Atomic || value.size() == 0) {
        set.member = true;
        return;
    }
    if (shape == Shape::Struct || shape == Shape::Map) {
        for (const document::Member& member : value.members()) {
            std::string key = "f:";
            key += member.key.view();
            const FieldSchema child = childSchema(schema, member.key.view());
            FieldSet below;
            addNew(child, member.value, below, present && presentInZero(child));
            if (!below.empty()) set.children.emplace(std::move(key), std::move(below));
        }
        return;
    }
    const FieldSchema item = itemSchema(schema);
    std::map<std::string, int> seen;
    for (const Value& entry : value.items()) ++seen[itemKey(schema, entry)];
    for (const Value& entry : value.items()) {
        FieldSet& child = set.children[itemKey(schema, entry)];
        child.member = true;
        // Of several items with the same key only the place is owned.
        if (seen[itemKey(schema, entry)] > 1) continue;
        if (shape == Shape::List) addNew(item, entry, child, false);
    }
}

// addNew in written form, without the set between: null for nothing.
Value writeNew(const FieldSchema& schema, const Value& value, bool member, bool present) {
    const Shape shape = shapeAt(schema, value);
    if (present && value.isEmpty()) return member ? Value::object() : Value(); // as in the empty object
    member = member || !present;
    if (shape == Shape::Scalar || shape == Shape::Atomic || value.size() == 0) return Value::object();
    document::ObjectBuilder out;
    if (shape == Shape::Struct || shape == Shape::Map) {
        for (const document::Member& below : value.members()) {
            const FieldSchema child = childSchema(schema, below.key.view());
            Value written = writeNew(child, below.value, false, present && presentInZero(child));
            if (!written.isNull()) out.set(fieldKey(below.key.view()), std::move(written));
        }
    } else {
        const FieldSchema item = itemSchema(schema);
        std::vector<std::string> keys;
        for (const Value& entry : value.items()) keys.push_back(itemKey(schema, entry));
        std::vector<std::string_view> sorted(keys.begin(), keys.end());
        std::sort(sorted.begin(), sorted.end());
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), keys[i]);
            const bool below = shape == Shape::List && last - first == 1; // as in addNew
            out.set(keys[i], below ? writeNew(item, value[i], true, false) : Value::object());
        }
    }
    if (out.empty()) return member ? Value::object() : Value();
    if (member) out.set(".", Value::object());
    return std::move(out).build();
}

// Objects made from one template share its specification and what is owned of it.
Value writeSpecification(const FieldSchema& schema, const Value& spec, bool present) {
    struct Last {
        const api::Field* field = nullptr;
        Value spec, written;
    };
    thread_local Last last;
    if (schema.field == nullptr || !spec.isObject()) return writeNew(schema, spec, false, present);
    if (last.field != schema.field || !last.spec.sameAs(spec)) last = {schema.field, spec, writeNew(schema, spec, false, present)};
    return last.written;
}

constexpr std::string_view kUnownedMetadata[] = {
    "name", "namespace", "creationTimestamp", "selfLink", "uid", "clusterName", "generation",
    "managedFields", "resourceVersion", "deletionTimestamp", "deletionGracePeriodSeconds"};

bool isOwned(const document::Member& member) {
    return std::find(std::begin(kUnownedMetadata), std::end(kUnownedMetadata), member.key.view()) == std::end(kUnownedMetadata);
}

Value ownedMetadata(const Value& metadata) {
    document::ObjectBuilder out;
    for (const document::Member& member : metadata.members())
        if (isOwned(member)) out.set(member.key, member.value);
    return std::move(out).build();
}

bool ownsTheSame(const Value& metadata, const Value& owned) {
    auto rest = owned.members();
    for (const document::Member& member : metadata.members()) {
        if (!isOwned(member)) continue;
        if (rest.empty() || rest.front().key.view() != member.key.view() || !rest.front().value.sameAs(member.value)) return false;
        rest = rest.subspan(1);
    }
    return rest.empty();
}

// Of metadata they share the labels, the owners and so on, though not their names. Null: nothing is owned.
Value writeMetadata(const FieldSchema& schema, const Value& metadata) {
    struct Last {
        const api::Field* field = nullptr;
        Value owned, written;
    };
    thread_local Last last;
    if (schema.field != nullptr && last.field == schema.field && ownsTheSame(metadata, last.owned)) return last.written;
    const Value owned = ownedMetadata(metadata);
    last = {schema.field, owned, owned.size() == 0 ? Value() : writeNew(schema, owned, false, true)};
    return last.written;
}

} // namespace

void stripUnowned(FieldSet& set) {
    set.children.erase("f:apiVersion");
    set.children.erase("f:kind");
    const auto metadata = set.children.find("f:metadata");
    if (metadata == set.children.end()) return;
    for (const std::string_view name : kUnownedMetadata)
        metadata->second.children.erase("f:" + std::string(name));
    metadata->second.member = false;
    if (metadata->second.empty()) set.children.erase(metadata);
}

FieldSet fieldsOf(const FieldSchema& schema, const Value& object) {
    FieldSet set;
    addFields(schema, object, set);
    stripUnowned(set);
    return set;
}

Value addedFields(const FieldSchema& schema, const Value& object) {
    document::ObjectBuilder out;
    for (const document::Member& member : object.members()) {
        const std::string_view name = member.key.view();
        if (name == "apiVersion" || name == "kind") continue;
        const FieldSchema child = childSchema(schema, name);
        Value written = name == "metadata" ? writeMetadata(child, member.value)
                        : name == "spec"   ? writeSpecification(child, member.value, presentInZero(child))
                                           : writeNew(child, member.value, false, presentInZero(child));
        if (!written.isNull()) out.set(fieldKey(name), std::move(written));
    }
    return std::move(out).build();
}

namespace {

void compareItems(const FieldSchema& schema, const Value& before, const Value& after,
                  FieldDifference& out);

// What addFields would add for a value that only one side has.
void only(const FieldSchema& schema, const Value& value, FieldSet& set) {
    addNew(schema, value, set, false);
}

void compareAt(const FieldSchema& schema, const Value& before, const Value& after, FieldDifference& out) {
    if (before.sameAs(after) || before == after) return;
    const Shape shape = shapeAt(schema, after);
    const bool leaf = shape == Shape::Scalar || shape == Shape::Atomic || before.kind() != after.kind() ||
                      before.size() == 0 || after.size() == 0;
    if (leaf) {
        // An empty value is a leaf of its own; what stood there before is gone with its fields.
        if (before.size() > 0 && shape != Shape::Scalar && shape != Shape::Atomic) {
            only(schema, before, out.removed);
            out.removed.member = false;
        }
        if (after.size() > 0 && before.kind() == after.kind()) addNew(schema, after, out.changed, true);
        else only(schema, after, out.changed);
        return;
    }
    compareItems(schema, before, after, out);
}

// The key is only made when there is something to enter under it.
template <typename MakeKey>
void merge(FieldDifference& out, MakeKey makeKey, FieldDifference&& below) {
    if (below.changed.empty() && below.removed.empty()) return;
    const std::string key = makeKey();
    if (!below.changed.empty()) out.changed.children.emplace(key, std::move(below.changed));
    if (!below.removed.empty()) out.removed.children.emplace(key, std::move(below.removed));
}

void compareMembers(const FieldSchema& schema, const Value& before, const Value& after,
                    FieldDifference& out) {
    for (const document::Member& member : after.members()) {
        const std::string_view name = member.key.view();
        const Value& old = before[name];
        if (old.sameAs(member.value) && (!old.isNull() || before.has(name))) continue;
        FieldDifference below;
        if (old.isNull() && !before.has(name)) only(childSchema(schema, name), member.value, below.changed);
        else compareAt(childSchema(schema, name), old, member.value, below);
        merge(out, [name] { return std::string("f:").append(name); }, std::move(below));
    }
    for (const document::Member& member : before.members()) {
        const std::string_view name = member.key.view();
        if (after.has(name)) continue;
        FieldDifference below;
        only(childSchema(schema, name), member.value, below.removed);
        merge(out, [name] { return std::string("f:").append(name); }, std::move(below));
    }
}

void compareItems(const FieldSchema& schema, const Value& before, const Value& after,
                  FieldDifference& out) {
    if (after.isObject()) {
        compareMembers(schema, before, after, out);
        return;
    }
    const FieldSchema item = itemSchema(schema);
    std::map<std::string, Value> old, fresh;
    for (const Value& entry : before.items()) old[itemKey(schema, entry)] = entry;
    for (const Value& entry : after.items()) fresh[itemKey(schema, entry)] = entry;
    const bool set = schema.shape == Shape::Set;
    for (const auto& [key, entry] : fresh) {
        FieldDifference below;
        const auto place = old.find(key);
        if (place == old.end()) {
            below.changed.member = true;
            if (!set) only(item, entry, below.changed);
        } else if (!set) {
            compareAt(item, place->second, entry, below);
        }
        merge(out, [&key] { return key; }, std::move(below));
    }
    for (const auto& [key, entry] : old) {
        if (fresh.contains(key)) continue;
        FieldDifference below;
        below.removed.member = true;
        if (!set) only(item, entry, below.removed);
        merge(out, [&key] { return key; }, std::move(below));
    }
}

} // namespace

FieldDifference compareFields(const FieldSchema& schema, const Value& before, const Value& after) {
    FieldDifference out;
    compareMembers(schema, before, after, out);
    stripUnowned(out.changed);
    stripUnowned(out.removed);
    return out;
}

} // namespace apiserver
