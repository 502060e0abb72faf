#include "apiserver/cel/unify.h"

namespace apiserver::cel {

using Kind = Type::Kind;

namespace {

bool nullable(Kind kind) {
    return kind == Kind::Object || kind == Kind::Opaque || kind == Kind::Optional || kind == Kind::Timestamp ||
           kind == Kind::Duration || kind == Kind::Null;
}

bool sameObject(const TypePtr& a, const TypePtr& b) {
    return a == b || (a->native != nullptr && a->native == b->native);
}

bool open(const TypePtr& type) { return type->kind == Kind::Dyn || type->kind == Kind::Parameter; }

bool atMostAsSpecific(const TypePtr& a, const TypePtr& b) {
    if (open(a)) return true;
    if (open(b) || a->kind != b->kind) return false;
    if (a->kind == Kind::List || a->kind == Kind::Optional) return atMostAsSpecific(a->element, b->element);
    if (a->kind == Kind::Map) return atMostAsSpecific(a->key, b->key) && atMostAsSpecific(a->element, b->element);
    return a->kind == Kind::TypeType || sameType(a, b);
}

} // namespace

bool sameType(const TypePtr& a, const TypePtr& b) {
    if (a == b) return true;
    if (!a || !b || a->kind != b->kind) return false;
    if (a->kind == Kind::Object) return sameObject(a, b);
    if (a->kind == Kind::Opaque || a->kind == Kind::Parameter) return a->name == b->name;
    if (a->kind == Kind::Map && !sameType(a->key, b->key)) return false;
    return (!a->element && !b->element) || sameType(a->element, b->element);
}

TypePtr mostGeneral(const TypePtr& a, const TypePtr& b) { return atMostAsSpecific(a, b) ? a : b; }

bool Unifier::occurs(const std::string& parameter, const TypePtr& within) const {
    if (within->kind == Kind::Parameter) {
        if (within->name == parameter) return true;
        const auto bound = bindings_.find(within->name);
        return bound != bindings_.end() && occurs(parameter, bound->second);
    }
    return (within->key && occurs(parameter, within->key)) || (within->element && occurs(parameter, within->element));
}

// `bound`: the parameter stands for something already.
bool Unifier::bind(const TypePtr& type, const TypePtr& parameter, bool& bound) {
    bound = true;
    if (sameType(type, parameter)) return true;
    const auto known = bindings_.find(parameter->name);
    if (known == bindings_.end()) {
        bound = false;
        if (occurs(parameter->name, type)) return false;
        bindings_[parameter->name] = type;
        return true;
    }
    const TypePtr old = known->second;
    if (sameType(type, old)) return true;
    if (!assign(type, old)) return false;
    const TypePtr general = mostGeneral(type, old);
    if (!occurs(parameter->name, general)) bindings_[parameter->name] = general;
    return true;
}

bool Unifier::assign(const TypePtr& a, const TypePtr& b) {
    bool bound = false;
    if (b->kind == Kind::Parameter) {
        if (bind(a, b, bound)) return true;
        if (bound) return false;
    }
    if (a->kind == Kind::Parameter) return bind(b, a, bound);
    if (a->kind == Kind::Dyn || b->kind == Kind::Dyn) return true;
    if (a->kind == Kind::Null) return nullable(b->kind);
    if (b->kind == Kind::Null) return nullable(a->kind);
    if (a->kind != b->kind) return false;
    if (a->kind == Kind::List || a->kind == Kind::Optional) return assign(a->element, b->element);
    if (a->kind == Kind::Map) return assign(a->key, b->key) && assign(a->element, b->element);
    if (a->kind == Kind::Opaque) return a->name == b->name;
    return a->kind != Kind::Object || sameObject(a, b);
}

bool Unifier::assignable(const TypePtr& a, const TypePtr& b) {
    return assignable(std::vector<TypePtr>{a}, std::vector<TypePtr>{b});
}

bool Unifier::assignable(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b) {
    const Bindings before = bindings_;
    bool fits = a.size() == b.size();
    for (std::size_t i = 0; i < a.size() && fits; ++i) fits = assign(a[i], b[i]);
    if (!fits) bindings_ = before;
    return fits;
}

TypePtr Unifier::substitute(const TypePtr& type, bool unknownToDyn) const {
    if (type->kind == Kind::Parameter) {
        const auto bound = bindings_.find(type->name);
        if (bound != bindings_.end()) return substitute(bound->second, unknownToDyn);
        return unknownToDyn ? simpleType(Kind::Dyn) : type;
    }
    return rebuilt(type, [&](const TypePtr& part) { return substitute(part, unknownToDyn); });
}

} // namespace apiserver::cel
