// Defaulting: the table of assets/kinds/defaults.tsv per type, and a hook per type for what depends on
// other fields (defaults_core.cpp, defaults_groups.cpp). Source: pkg/apis/*/v*/defaults.go.
#include "api/changed.h"
#include "api/defaults_hooks.h"

#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace api {
namespace {

using document::Member;
using document::ObjectBuilder;
using document::Value;

struct Plan {
    const TypeHook* hook = nullptr;
    bool made = false;
    bool active = false; // this type or one below has something to set
    // By field: whether what is there has to be looked into.
    std::vector<bool> looksInto;
    // Non-pointer structs exist in Go even when absent in JSON: they are defaulted too.
    std::vector<const Field*> always;
};

class Planner {
public:
    const Plan& planOf(const Type& type) {
        Plan& plan = plans_[&type];
        if (plan.made) return plan;
        plan.made = true; // in progress: recursive types see an inactive plan
        plan.hook = findTypeHook(type.name);
        bool active = plan.hook != nullptr || !type.defaults.empty();
        plan.looksInto.resize(type.fields.size());
        for (std::size_t i = 0; i < type.fields.size(); ++i) {
            const Field& field = type.fields[i];
            const TypeRef* ref = &field.type;
            while (ref->kind == TypeKind::List || ref->kind == TypeKind::Map) ref = ref->element.get();
            if (ref->kind != TypeKind::Struct || !planOf(*ref->type).active) continue;
            plan.looksInto[i] = active = true;
            if (field.type.kind == TypeKind::Struct && !field.pointer) plan.always.push_back(&field);
        }
        plan.active = active;
        return plan;
    }

private:
    std::unordered_map<const Type*, Plan> plans_;
};

Planner& planner() {
    thread_local Planner instance;
    return instance;
}

Value defaultStruct(const Type& type, const Value& given, const Value& known);

Value defaultRef(const TypeRef& ref, const Value& value, const Value& known) {
    if (ref.kind == TypeKind::Struct && value.isObject()) return defaultStruct(*ref.type, value, known);
    if (ref.kind == TypeKind::List && value.isArray()) {
        std::vector<Value> items;
        items.reserve(value.size());
        bool changed = false;
        for (std::size_t i = 0; i < value.size(); ++i) {
            items.push_back(defaultRef(*ref.element, value[i], known[i]));
            changed = changed || !items.back().sameAs(value[i]);
        }
        return changed ? Value::array(std::move(items)) : value;
    }
    if (ref.kind == TypeKind::Map && value.isObject()) {
        ObjectBuilder builder;
        for (const Member& member : value.members())
            builder.set(member.key, defaultRef(*ref.element, member.value, Value()));
        return std::move(builder).build();
    }
    return value;
}

Value defaultStruct(const Type& type, const Value& given, const Value& known) {
    const Plan& plan = planner().planOf(type);
    if (!plan.active || given.sameAs(known)) return given;
    Value value = plan.hook != nullptr ? plan.hook->apply(given) : given;
    if (value == given) value = given; // rebuilt as it was: its parts stay those that are known
    std::vector<std::pair<std::string_view, Value>> changes;
    for (const FieldDefault& rule : type.defaults) {
        const Field& field = type.fields[rule.field];
        const Value& present = value[std::string_view(field.name)];
        const bool unset = field.pointer ? present.isNull() : present.isEmpty();
        if (unset) changes.emplace_back(field.name, rule.value);
    }
    for (const Member& member : value.members()) {
        if (!member.value.isObject() && !member.value.isArray()) continue; // nothing to look into
        const Field* field = type.find(member.key.view());
        if (field == nullptr || !plan.looksInto[static_cast<std::size_t>(field - type.fields.data())]) continue;
        Value child = defaultRef(field->type, member.value, known[member.key.view()]);
        if (!child.sameAs(member.value)) changes.emplace_back(field->name, std::move(child));
    }
    for (const Field* field : plan.always) {
        if (!value[std::string_view(field->name)].isNull()) continue;
        Value child = defaultRef(field->type, Value::object(), Value());
        if (child.size() > 0) changes.emplace_back(field->name, std::move(child));
    }
    if (changes.empty()) return value;
    ObjectBuilder builder(value);
    for (auto& [name, change] : changes) builder.set(name, std::move(change));
    return std::move(builder).build();
}

} // namespace

Value applyDefaults(const ResourceInfo& resource, const Value& object) {
    return applyDefaults(resource, object, Value());
}

Value applyDefaults(const ResourceInfo& resource, const Value& object, const Value& known) {
    if (resource.type == nullptr || !object.isObject()) return object;
    return defaultStruct(*resource.type, object, known);
}

} // namespace api
