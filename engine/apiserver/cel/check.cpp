// Overload resolution and the types of trees. Source: cel-go checker and cel/validator.go.
#include "api/patterns.h"
#include "apiserver/cel/format.h"
#include "apiserver/cel/macros.h"
#include "apiserver/cel/node.h"
#include "apiserver/cel/signatures.h"
#include "apiserver/cel/unify.h"
#include "base/strings.h"
#include "sim/time.h"

namespace apiserver::cel {

namespace {

using Kind = Type::Kind;

class Checker {
public:
    explicit Checker(const Environment& environment) : environment_(environment) {}
    std::vector<Problem> problems;

    TypePtr check(Node& node) {
        node.type = unifier_.substitute(typeOf(node), false);
        return node.type;
    }
    // Parameters that stand for nothing are dynamic in the end.
    void settle(Node& node) {
        if (node.type) node.type = unifier_.substitute(node.type, true);
        for (const NodePtr& argument : node.arguments) settle(*argument);
    }

private:
    static TypePtr dyn() { return simpleType(Kind::Dyn); }
    static TypePtr boolean() { return simpleType(Kind::Bool); }
    TypePtr problem(std::size_t offset, std::string text) {
        problems.push_back({offset, std::move(text)});
        return dyn();
    }
    std::string shown(const TypePtr& type) const { return unifier_.substitute(type, true)->text(); }
    void unexpected(std::size_t offset, const TypePtr& wanted, const TypePtr& found) {
        problem(offset, "expected type '" + shown(wanted) + "' but found '" + shown(found) + "'");
    }

    TypePtr typeOf(Node& node) {
        switch (node.kind) {
        case Node::Kind::Literal: return literal(node.literal);
        case Node::Kind::Name: return name(node);
        case Node::Kind::Member: return member(node);
        case Node::Kind::Index: return index(node);
        case Node::Kind::List: return list(node);
        case Node::Kind::Map: return map(node);
        case Node::Kind::Has: check(*node.arguments[0]); return boolean();
        case Node::Kind::Conditional: return resolve(node, "_?_:_", checked(node, 0), false);
        case Node::Kind::Call: return call(node);
        }
        return dyn();
    }
    static TypePtr literal(const Datum& datum) {
        if (datum.kind == Datum::Kind::Uint) return simpleType(Kind::Uint);
        if (datum.kind == Datum::Kind::Bytes) return simpleType(Kind::Bytes);
        if (datum.value.isBool()) return boolean();
        if (datum.value.isInt()) return simpleType(Kind::Int);
        if (datum.value.isDouble()) return simpleType(Kind::Double);
        return simpleType(datum.value.isString() ? Kind::String : Kind::Null);
    }
    // Names of types, as `type(x) == int` has one.
    static TypePtr typeNamed(const std::string& name) {
        static const std::map<std::string, Kind, std::less<>> kTypes = {
            {"int", Kind::Int}, {"uint", Kind::Uint}, {"double", Kind::Double}, {"bool", Kind::Bool}, {"string", Kind::String},
            {"bytes", Kind::Bytes}, {"null_type", Kind::Null}, {"google.protobuf.Timestamp", Kind::Timestamp},
            {"google.protobuf.Duration", Kind::Duration}};
        if (const auto known = kTypes.find(name); known != kTypes.end()) return typeType(simpleType(known->second));
        if (name == "list") return typeType(listType(dyn()));
        if (name == "map") return typeType(mapType(dyn(), dyn()));
        if (name == "type") return typeType(typeType(dyn()));
        if (name == "optional_type") return typeType(optionalType(dyn()));
        return nullptr;
    }
    TypePtr declared(const std::string& name) const {
        if (const auto known = environment_.types.find(name); known != environment_.types.end()) return known->second;
        for (const std::string& one : environment_.names)
            if (one == name) return dyn();
        return typeNamed(name);
    }
    TypePtr name(const Node& node) {
        for (auto local = locals_.rbegin(); local != locals_.rend(); ++local)
            if (local->first == node.name) return local->second;
        if (TypePtr known = declared(node.name)) return known;
        return problem(node.offset, "undeclared reference to '" + node.name + "' (in container '')");
    }
    TypePtr member(Node& node) {
        if (const std::string full = qualifiedName(node); !full.empty())
            if (TypePtr whole = declared(full)) return whole;
        TypePtr object = check(*node.arguments[0]);
        const bool wrapped = object->kind == Kind::Optional;
        if (wrapped) object = object->element;
        TypePtr found = select(node, object);
        return wrapped || node.optional ? optionalType(found) : found;
    }
    TypePtr select(const Node& node, const TypePtr& object) {
        if (object->kind == Kind::Parameter) unifier_.assignable(dyn(), object);
        if (object->kind == Kind::Dyn || object->kind == Kind::Parameter) return dyn();
        if (object->kind == Kind::Map) return object->element;
        if (object->kind == Kind::Object) {
            if (TypePtr field = fieldOf(*object, node.name)) return field;
            return problem(node.offset, "undefined field '" + node.name + "'");
        }
        return problem(node.offset, "type '" + shown(object) + "' does not support field selection");
    }
    TypePtr index(Node& node) {
        return resolve(node, node.optional ? "_[?_]" : "_[_]", checked(node, 0), false);
    }
    TypePtr unwrapped(const Node& item, const TypePtr& type) {
        if (type->kind == Kind::Optional) return type->element;
        if (type->kind != Kind::Dyn) unexpected(item.offset, optionalType(type), type);
        return type;
    }
    void join(TypePtr& known, const TypePtr& next) {
        if (!known) known = next;
        else if (unifier_.assignable(known, next)) known = mostGeneral(known, next);
        else known = dyn(); // told of later
    }
    static bool isOptional(const Node& node, std::size_t i) { return i < node.optionalItems.size() && node.optionalItems[i]; }
    TypePtr list(Node& node) {
        TypePtr element;
        for (std::size_t i = 0; i < node.arguments.size(); ++i) {
            TypePtr item = check(*node.arguments[i]);
            if (isOptional(node, i)) item = unwrapped(*node.arguments[i], item);
            join(element, item);
        }
        return listType(element ? element : unifier_.fresh());
    }
    TypePtr map(Node& node) {
        TypePtr key, element;
        for (std::size_t i = 0; i + 1 < node.arguments.size(); i += 2) {
            join(key, check(*node.arguments[i]));
            TypePtr item = check(*node.arguments[i + 1]);
            if (isOptional(node, i / 2)) item = unwrapped(*node.arguments[i + 1], item);
            join(element, item);
        }
        return mapType(key ? key : unifier_.fresh(), element ? element : unifier_.fresh());
    }
    std::vector<TypePtr> checked(Node& node, std::size_t from) {
        std::vector<TypePtr> types;
        for (std::size_t i = from; i < node.arguments.size(); ++i) types.push_back(check(*node.arguments[i]));
        return types;
    }
    void wantBool(const Node& node, const TypePtr& type) {
        if (!unifier_.assignable(type, boolean())) unexpected(node.offset, boolean(), type);
    }
    TypePtr call(Node& node) {
        if (isMacro(node)) return macro(node);
        // A member call on a name that is a namespace of functions: optional.of(x).
        const std::string space = node.method ? qualifiedName(*node.arguments[0]) : std::string();
        const std::string full = space + "." + node.name;
        if (!space.empty() && overloads().contains(full)) return resolve(node, full, checked(node, 1), false);
        const std::vector<TypePtr> given = checked(node, 0);
        if (node.name == "_&&_" || node.name == "_||_") {
            for (std::size_t i = 0; i < given.size(); ++i) wantBool(*node.arguments[i], given[i]);
            return boolean();
        }
        return resolve(node, node.method ? "." + node.name : node.name, given, node.method);
    }
    // Every call has parameters of its own.
    TypePtr instance(const TypePtr& type, std::map<std::string, TypePtr>& own) {
        if (type->kind != Kind::Parameter) return rebuilt(type, [&](const TypePtr& part) { return instance(part, own); });
        TypePtr& mine = own[type->name];
        if (!mine) mine = unifier_.fresh();
        return mine;
    }
    TypePtr resolve(const Node& node, const std::string& key, const std::vector<TypePtr>& given, bool method) {
        const auto known = overloads().find(key);
        const std::string bare = method ? key.substr(1) : key;
        if (known == overloads().end()) {
            if (overloads().contains(method ? bare : "." + bare)) return mismatch(node, bare, given, method);
            return problem(node.offset, "undeclared reference to '" + bare + "' (in container '')");
        }
        TypePtr result;
        for (const Overload& overload : known->second) {
            std::map<std::string, TypePtr> own;
            std::vector<TypePtr> wanted;
            for (const TypePtr& parameter : overload.parameters) wanted.push_back(instance(parameter, own));
            if (!unifier_.assignable(given, wanted)) continue;
            const TypePtr made = unifier_.substitute(instance(overload.result, own), false);
            // Several overloads fit what is only known when it runs.
            result = !result || sameType(result, made) ? made : dyn();
        }
        return result ? result : mismatch(node, bare, given, method);
    }
    TypePtr mismatch(const Node& node, const std::string& name, const std::vector<TypePtr>& given, bool method) {
        std::string text;
        for (std::size_t i = method ? 1 : 0; i < given.size(); ++i) text += (text.empty() ? "" : ", ") + shown(given[i]);
        text = "(" + text + ")";
        if (method) text = shown(given[0]) + "." + text;
        return problem(node.offset, "found no matching overload for '" + name + "' applied to '" + text + "'");
    }

    TypePtr macro(Node& node) {
        const TypePtr range = check(*node.arguments[0]);
        if (node.name.starts_with("opt")) return optionalMacro(node, range);
        TypePtr element = dyn(), key = dyn();
        if (range->kind == Kind::List) key = simpleType(Kind::Int), element = range->element;
        else if (range->kind == Kind::Map) key = range->key, element = range->element;
        else if (range->kind == Kind::Parameter) unifier_.assignable(dyn(), range);
        else if (range->kind != Kind::Dyn)
            problem(node.arguments[0]->offset, "expression of type '" + shown(range) +
                                                   "' cannot be range of a comprehension (must be list, map, or dynamic)");
        const std::size_t names = declaresTwo(node) ? 2 : 1;
        const TypePtr one = range->kind == Kind::Map ? key : element;
        if (names == 2) locals_.emplace_back(node.arguments[1]->name, key);
        locals_.emplace_back(node.arguments[names]->name, names == 2 ? element : one);
        const std::vector<TypePtr> bodies = checked(node, names + 1);
        locals_.resize(locals_.size() - names);
        return macroResult(node, one, key, bodies);
    }
    TypePtr optionalMacro(Node& node, const TypePtr& range) {
        resolve(node, ".hasValue", {range}, true);
        const TypePtr element = resolve(node, ".value", {range}, true);
        locals_.emplace_back(node.arguments[1]->name, element);
        const TypePtr body = check(*node.arguments[2]);
        locals_.pop_back();
        if (node.name == "optMap") return optionalType(body);
        return resolve(node, "_?_:_", {boolean(), body, optionalType(unifier_.fresh())}, false);
    }
    TypePtr macroResult(const Node& node, const TypePtr& one, const TypePtr& key, const std::vector<TypePtr>& bodies) {
        if (node.name == "all" || node.name == "exists") {
            wantBool(*node.arguments.back(), bodies.back());
            return boolean();
        }
        if (node.name == "sortBy") return resolve(node, "@sortByAssociatedKeys", {node.arguments[0]->type, listType(bodies[0])}, false);
        const TypePtr& body = bodies.back();
        TypePtr made = listType(body);
        if (node.name == "exists_one" || node.name == "existsOne") made = simpleType(Kind::Int);
        if (node.name == "filter") made = listType(one);
        if (node.name == "transformMap") made = mapType(key, body);
        if (node.name == "transformMapEntry") {
            const TypePtr whole = mapType(dyn(), dyn());
            made = unifier_.assignable(whole, body) ? body : mismatch(node, "cel.@mapInsert", {whole, body}, false);
        }
        const bool tested = bodies.size() == 2 || node.name.starts_with("exists") || node.name == "filter";
        if (tested && !unifier_.assignable(bodies.front(), boolean())) mismatch(node, "_?_:_", {bodies.front(), made, made}, false);
        return node.name.starts_with("exists") ? boolean() : made;
    }

    const Environment& environment_;
    Unifier unifier_;
    std::vector<std::pair<std::string, TypePtr>> locals_;
};

// What literals may not be, once all types are right.
void checkLiterals(const Node& node, bool formatted, std::vector<Problem>& problems) {
    const bool one = node.kind == Node::Kind::Call && node.arguments.size() == (node.method ? 2 : 1);
    const Node* given = one ? node.arguments.back().get() : nullptr;
    if (given != nullptr && given->kind == Node::Kind::Literal && given->literal.value.isString()) {
        const std::string text = given->literal.value.text();
        if ((node.name == "duration" && !node.method && !sim::parseGoDuration(text)) ||
            (node.name == "timestamp" && !node.method && !sim::parseRfc3339(text)) ||
            (node.name == "matches" && node.method && !api::patternProblem(text).empty()))
            problems.push_back({given->offset, "invalid " + node.name + " argument"});
    }
    const bool map = node.kind == Node::Kind::Map;
    if ((node.kind == Node::Kind::List || map) && !formatted) {
        for (std::size_t i = map ? 2 : 1; i < node.arguments.size(); ++i) {
            const auto inner = [&](std::size_t place) {
                const TypePtr type = node.arguments[place]->type;
                const std::size_t item = map ? place / 2 : place;
                const bool wrapped = (!map || place % 2 == 1) && item < node.optionalItems.size() && node.optionalItems[item];
                return wrapped && type->kind == Kind::Optional ? type->element : type;
            };
            const TypePtr first = inner(map ? i % 2 : 0), found = inner(i);
            if (sameType(first, found)) continue;
            problems.push_back({node.arguments[i]->offset, "expected type '" + first->text() + "' but found '" + found->text() + "'"});
            if (!map) break;
        }
    }
    if (given != nullptr && given->kind == Node::Kind::Literal && given->literal.value.isInt() && node.name == "duration" && !node.method)
        problems.push_back({given->offset, "invalid duration argument"});
    const bool formats = node.kind == Node::Kind::Call && node.method && node.name == "format" && node.arguments.size() == 2;
    if (formats) checkFormat(node, problems);
    formatted = formatted || formats;
    for (const NodePtr& argument : node.arguments) checkLiterals(*argument, formatted, problems);
}

} // namespace

std::vector<Problem> checkTypes(Node& root, const Environment& environment) {
    Checker checker(environment);
    checker.check(root);
    checker.settle(root);
    if (checker.problems.empty()) checkLiterals(root, false, checker.problems);
    return std::move(checker.problems);
}

} // namespace apiserver::cel
