#pragma once
// Which types may stand for which. Source: cel-go checker/types.go.

#include "apiserver/cel/types.h"

#include <map>
#include <string>
#include <vector>

namespace apiserver::cel {

// What type parameters stand for so far.
class Unifier {
public:
    // Whether one may stand for the other; parameters are bound on success only.
    bool assignable(const TypePtr& a, const TypePtr& b);
    bool assignable(const std::vector<TypePtr>& a, const std::vector<TypePtr>& b);
    // With parameters replaced by what they stand for; those that stand for nothing become dyn if asked.
    TypePtr substitute(const TypePtr& type, bool unknownToDyn) const;
    TypePtr fresh() { return parameterType("_var" + std::to_string(count_++)); }

private:
    using Bindings = std::map<std::string, TypePtr>;
    bool assign(const TypePtr& a, const TypePtr& b);
    bool bind(const TypePtr& type, const TypePtr& parameter, bool& bound);
    bool occurs(const std::string& parameter, const TypePtr& within) const;

    Bindings bindings_;
    int count_ = 0;
};

bool sameType(const TypePtr& a, const TypePtr& b);
TypePtr mostGeneral(const TypePtr& a, const TypePtr& b);
// A copy in which every part goes through `change`.
template <typename Change>
TypePtr rebuilt(const TypePtr& type, Change change) {
    switch (type->kind) {
    case Type::Kind::List: return listType(change(type->element));
    case Type::Kind::Optional: return optionalType(change(type->element));
    case Type::Kind::Map: return mapType(change(type->key), change(type->element));
    case Type::Kind::TypeType: return type->element ? typeType(change(type->element)) : type;
    default: return type;
    }
}

} // namespace apiserver::cel
