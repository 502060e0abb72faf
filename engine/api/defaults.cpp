// Defaulting: the table of assets/kinds/defaults.tsv per type, and a hook per type for what depends on
// other fields (defaults_core.cpp, defaults_groups.cpp). Source: pkg/apis/*/v*/defaults.go.
#include "api/defaults_hooks.h"
#include "api/kinds.h"

#include <map>

namespace api {
namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

struct Plan {
    const TypeHook* hook = nullptr;
    bool active = false; // this type or one below has something to set
    // Non-pointer structs exist in Go even when absent in JSON: they are defaulted too.
    std::vector<const Field*> children;
};

class Planner {
public:
    const Plan& planOf(const Type& type) {
        if (const auto found = plans_.find(&type); found != plans_.end()) return found->second;
        Plan& plan = plans_[&type]; // in progress: recursive types see an inactive plan
        plan.hook = findTypeHook(type.name);
        plan.active = plan.hook != nullptr || !type.defaults.empty();
        for (const Field& field : type.fields) {
            const TypeRef* ref = &field.type;
            while (ref->kind == TypeKind::List || ref->kind == TypeKind::Map) ref = ref->element.get();
            if (ref->kind != TypeKind::Struct || !planOf(*ref->type).active) continue;
            plan.children.push_back(&field);
            plan.active = true;
        }
        return plan;
    }

private:
    std::map<const Type*, Plan> plans_;
};

Planner& planner() {
    thread_local Planner instance;
    return instance;
}

Value defaultStruct(const Type& type, const Value& given);

Value defaultRef(const TypeRef& ref, const Value& value) {
    if (ref.kind == TypeKind::Struct && value.isObject()) return defaultStruct(*ref.type, value);
    if (ref.kind == TypeKind::List && value.isArray()) {
        std::vector<Value> items;
        items.reserve(value.size());
        bool changed = false;
        for (const Value& item : value.items()) {
            items.push_back(defaultRef(*ref.element, item));
            changed = changed || !items.back().sameAs(item);
        }
        return changed ? Value::array(std::move(items)) : value;
    }
    if (ref.kind == TypeKind::Map && value.isObject()) {
        ObjectBuilder builder;
        for (const Member& member : value.members())
            builder.set(member.key, defaultRef(*ref.element, member.value));
        return std::move(builder).build();
    }
    return value;
}

Value defaultStruct(const Type& type, const Value& given) {
    const Plan& plan = planner().planOf(type);
    if (!plan.active) return given;
    Value value = plan.hook != nullptr ? plan.hook->apply(given) : given;
    ObjectBuilder builder(value);
    bool changed = false;
    for (const FieldDefault& rule : type.defaults) {
        const Field& field = type.fields[rule.field];
        const Value& present = value[std::string_view(field.name)];
        const bool unset = field.pointer ? present.isNull() : present.isEmpty();
        if (!unset) continue;
        builder.set(field.name, rule.value);
        changed = true;
    }
    for (const Field* field : plan.children) {
        const Value& present = value[std::string_view(field->name)];
        const bool exists = field->type.kind == TypeKind::Struct && !field->pointer;
        if (present.isNull() && !exists) continue;
        Value child = defaultRef(field->type, present.isNull() ? Value::object() : present);
        if (child.sameAs(present) || (present.isNull() && child.size() == 0)) continue;
        builder.set(field->name, std::move(child));
        changed = true;
    }
    return changed ? std::move(builder).build() : value;
}

} // namespace

Value applyDefaults(const ResourceInfo& resource, const Value& object) {
    if (resource.type == nullptr || !object.isObject()) return object;
    return defaultStruct(*resource.type, object);
}

} // namespace api
