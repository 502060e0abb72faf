#include "kubectl/kustomize/merge.h"

#include "api/kinds.h"
#include "base/strings.h"

#include <algorithm>

namespace kubectl::kustomize {

using document::Value;

namespace {

using Keys = std::vector<std::string>;

// The type of what is merged; unknown types merge maps and replace lists.
struct Place {
    const api::TypeRef* type = nullptr;
    const api::Field* field = nullptr; // that it is the value of
};

const api::Field* fieldOf(const api::TypeRef* type, std::string_view name) {
    if (type == nullptr || type->kind != api::TypeKind::Struct || type->type == nullptr) return nullptr;
    return type->type->find(name);
}

enum class Directive { Merge, Replace, Delete };

base::Result<Directive> directiveOf(const Value& value) {
    const Value& mark = value["$patch"];
    if (mark.isNull() || mark.asString() == "merge") return Directive::Merge;
    if (mark.asString() == "replace") return Directive::Replace;
    if (mark.asString() == "delete") return Directive::Delete;
    return base::makeError("unknown patch strategy '" + mark.text() + "'");
}

class Merger {
public:
    // A null result means that the field goes.
    base::Result<Value> merge(const Value& old, const Value& patch, Place place) {
        if (patch.isNull()) return Value();
        if (patch.isObject()) return mergeObjects(old, patch, place);
        if (patch.isArray()) return mergeLists(old, patch, place);
        return patch;
    }

private:
    base::Result<Value> mergeObjects(const Value& old, const Value& patch, Place place) {
        BASE_TRY(const Directive directive, directiveOf(patch));
        const Value plain = patch.has("$patch") ? patch.without("$patch") : patch;
        if (directive == Directive::Delete) return Value();
        if (directive == Directive::Replace) return plain;
        document::ObjectBuilder out(old.isObject() ? old : Value::object());
        for (const document::Member& member : plain.members()) {
            const std::string name = member.key.text();
            if (name == "$retainKeys" || name.starts_with("$setElementOrder/")) continue;
            if (member.value.isNull()) {
                out.erase(name);
                continue;
            }
            Place inner;
            inner.field = fieldOf(place.type, name);
            if (inner.field != nullptr) inner.type = &inner.field->type;
            else if (place.type != nullptr && place.type->kind == api::TypeKind::Map) inner.type = place.type->element.get();
            BASE_TRY(Value merged, merge(old[name], member.value, inner));
            if (merged.isNull()) out.erase(name);
            else out.set(name, std::move(merged));
        }
        return std::move(out).build();
    }

    base::Result<Value> mergeLists(const Value& old, const Value& patch, Place place) {
        const bool merges = place.field != nullptr && place.field->patchStrategy.find("merge") != std::string::npos;
        if (!merges) return patch;
        Keys keys = place.field->listMapKeys;
        if (keys.empty() && !place.field->mergeKey.empty()) keys = {place.field->mergeKey};
        // A directive may stand in an item of its own.
        document::ArrayBuilder plain;
        Directive directive = Directive::Merge;
        for (const Value& item : patch.items()) {
            if (item.isObject() && item.size() == 1 && item.has("$patch")) {
                BASE_TRY(directive, directiveOf(item));
            } else {
                plain.push(item);
            }
        }
        const Value items = std::move(plain).build();
        if (directive == Directive::Delete) return Value();
        if (directive == Directive::Replace) return items;
        if (keys.empty()) return mergeScalars(old, items);
        return mergeByKeys(old, items, keys, place);
    }

    static Value mergeScalars(const Value& old, const Value& patch) {
        std::vector<Value> out(patch.items().begin(), patch.items().end());
        for (const Value& item : old.items())
            if (std::find(out.begin(), out.end(), item) == out.end()) out.push_back(item);
        return Value::array(std::move(out));
    }

    static std::string keyText(const Value& value) {
        if (value.isString()) return value.text();
        if (value.isInt()) return std::to_string(value.asInt());
        return value.isBool() ? (value.asBool() ? "true" : "false") : std::string{};
    }
    // Keys that one side leaves out do not tell items apart.
    static bool sameItem(const Value& a, const Value& b, const Keys& keys) {
        bool common = false;
        for (const std::string& key : keys) {
            const std::string left = keyText(a[key]), right = keyText(b[key]);
            if (left == right) common = common || !left.empty();
            else if (!left.empty() && !right.empty()) return false;
        }
        return common;
    }

    base::Result<Value> mergeByKeys(const Value& old, const Value& patch, const Keys& keys, Place place) {
        Place inner;
        if (place.type != nullptr && place.type->kind == api::TypeKind::List) inner.type = place.type->element.get();
        std::vector<Value> out;
        std::vector<bool> used(old.size(), false);
        for (const Value& item : patch.items()) {
            Value before;
            for (std::size_t i = 0; i < old.size(); ++i) {
                if (used[i] || !sameItem(old[i], item, keys)) continue;
                before = old[i];
                used[i] = true;
                break;
            }
            BASE_TRY(Value merged, merge(before, item, inner));
            if (!merged.isNull() && !(merged.isObject() && merged.size() == 0)) out.push_back(std::move(merged));
        }
        for (std::size_t i = 0; i < old.size(); ++i)
            if (!used[i]) out.push_back(old[i]);
        return Value::array(std::move(out));
    }
};

} // namespace

base::Result<Value> mergePatch(const Value& object, const Value& patch) {
    const auto gv = base::splitLimited(object["apiVersion"].asString(), '/', 2);
    const api::ResourceInfo* info = api::builtinKinds().findByKind(
        gv.size() > 1 ? gv[0] : "", gv.size() > 1 ? gv[1] : gv[0], object["kind"].asString());
    Place root;
    api::TypeRef type;
    if (info != nullptr && info->type != nullptr) {
        type.kind = api::TypeKind::Struct;
        type.type = info->type;
        root.type = &type;
    }
    Merger merger;
    return merger.merge(object, patch, root);
}

} // namespace kubectl::kustomize
