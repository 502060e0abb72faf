// Evaluation of trees. Source: cel-go interpreter, cel-spec langdef.md.
#include "apiserver/cel/functions.h"
#include "apiserver/cel/macros.h"
#include "apiserver/cel/types.h"
#include "base/strings.h"
#include "document/json.h"
#include "sim/time.h"

#include <algorithm>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

namespace {

// JSON that a schema says more about becomes what it stands for.
Datum adopt(Datum datum, const TypePtr& type) {
    if (!type || datum.kind != Kind::Plain) return datum;
    const std::string_view text = datum.value.asString();
    switch (type->kind) {
    case Type::Kind::Double:
        if (datum.value.isInt()) return Datum(Value(datum.value.asDouble()));
        break;
    case Type::Kind::Timestamp:
        if (const auto at = sim::parseRfc3339(text)) return timed(Kind::Timestamp, *at);
        if (const auto day = sim::parseRfc3339(std::string(text) + "T00:00:00Z")) return timed(Kind::Timestamp, *day);
        break;
    case Type::Kind::Duration:
        if (const auto length = sim::parseGoDuration(text); datum.value.isString() && length) return timed(Kind::Duration, *length);
        break;
    case Type::Kind::Bytes:
        if (const auto bytes = base::decodeBase64(text); datum.value.isString() && bytes) return Datum(Kind::Bytes, Value(*bytes));
        break;
    default: break;
    }
    return datum;
}

class Evaluator {
public:
    Evaluator(const Variables& variables, Authority* authority) : variables_(variables), authority_(authority) {}
    std::int64_t cost = 0;

    base::Result<Datum> run(const Node& node) {
        if (++cost > kMostCost) return tooCostly();
        switch (node.kind) {
        case Node::Kind::Literal: return node.literal;
        case Node::Kind::Name: return name(node);
        case Node::Kind::Member: return member(node);
        case Node::Kind::Index: return index(node);
        case Node::Kind::List: return list(node);
        case Node::Kind::Map: return map(node);
        case Node::Kind::Has: return has(node);
        case Node::Kind::Conditional: {
            BASE_TRY(Datum condition, run(*node.arguments[0]));
            if (!condition.value.isBool()) return noOverload();
            return run(*node.arguments[condition.value.asBool() ? 1 : 2]);
        }
        case Node::Kind::Call: return call(node);
        }
        return noOverload();
    }

private:
    static base::Error tooCostly() { return base::makeError("operation cancelled: actual cost limit exceeded"); }
    // What is worked through or made costs a tenth per character and member, so that nothing grows
    // without bound.
    bool affordable(std::size_t size) {
        cost += static_cast<std::int64_t>(std::min<std::size_t>(size, kMostWeight) / 10);
        return cost <= kMostCost;
    }
    bool affordable(const Datum& datum) { return affordable(weightOf(datum, kMostWeight)); }
    base::Result<Datum> made(Datum datum) {
        if (!affordable(datum)) return tooCostly();
        return datum;
    }
    base::Result<Datum> name(const Node& node) {
        for (auto local = locals_.rbegin(); local != locals_.rend(); ++local)
            if (local->first == node.name) return adopt(local->second, node.type);
        const auto place = variables_.find(node.name);
        if (place != variables_.end()) return adopt(place->second, node.type);
        return typeDatum(node);
    }
    static Datum typeDatum(const Node& node) {
        Datum type;
        type.kind = Kind::Type;
        type.type = qualifiedName(node);
        return type;
    }

    // A member of a map or object; nothing: it is not there.
    static base::Result<std::optional<Datum>> lookUp(const Datum& object, const Datum& key) {
        using Found = std::optional<Datum>;
        if (object.kind == Kind::Map) {
            for (std::size_t i = 0; i + 1 < object.items->size(); i += 2)
                if (equalData((*object.items)[i], key)) return Found((*object.items)[i + 1]);
            return Found();
        }
        if (object.kind != Kind::Plain || !object.value.isObject() || !key.value.isString()) return Found();
        const std::string text = key.value.text();
        if (object.value.has(text)) return Found(Datum(object.value[text]));
        const std::string plain = unescapeField(text);
        if (plain != text && object.value.has(plain)) return Found(Datum(object.value[plain]));
        return Found();
    }
    static base::Error missing(const Datum& key) {
        const Value plain = plainOf(key);
        return base::makeError("no such key: " + (plain.isString() ? plain.text() : document::writeJson(plain)));
    }
    base::Result<Datum> member(const Node& node) {
        // A declared name may have a dot in it: authorizer.requestResource.
        if (node.arguments[0]->kind == Node::Kind::Name)
            if (const auto whole = variables_.find(node.arguments[0]->name + "." + node.name); whole != variables_.end())
                return whole->second;
        if (node.type && node.type->kind == Type::Kind::TypeType) return typeDatum(node);
        BASE_TRY(Datum object, run(*node.arguments[0]));
        const bool wrapped = object.kind == Kind::Optional;
        if (wrapped) {
            if (object.items->empty()) return object;
            object = Datum(object.items->front());
        }
        const Datum key{Value(node.name)};
        BASE_TRY(auto found, lookUp(object, key));
        if (wrapped || node.optional) {
            const TypePtr inner = node.type && node.type->kind == Type::Kind::Optional ? node.type->element : nullptr;
            return found ? optionalOf(adopt(std::move(*found), inner)) : noneDatum();
        }
        if (!found) return missing(key);
        return adopt(std::move(*found), node.type);
    }
    base::Result<Datum> has(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]->arguments[0]));
        if (object.kind == Kind::Optional) {
            if (object.items->empty()) return Datum(Value(false));
            object = Datum(object.items->front());
        }
        BASE_TRY(auto found, lookUp(object, Datum(Value(node.arguments[0]->name))));
        return Datum(Value(found.has_value()));
    }
    base::Result<Datum> index(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]));
        BASE_TRY(Datum key, run(*node.arguments[1]));
        const bool wrapped = object.kind == Kind::Optional;
        if (wrapped) {
            if (object.items->empty()) return object;
            object = Datum(object.items->front());
        }
        const bool lenient = wrapped || node.optional;
        if (const auto size = sizeOfList(object)) {
            if (!key.value.isNumber()) return base::makeError("unsupported index type '" + typeName(key) + "' in list");
            const double at = key.value.asDouble();
            const bool inside = at >= 0 && at < static_cast<double>(*size);
            if (!inside && lenient) return noneDatum();
            if (!inside) return base::makeError("index out of bounds: " + document::writeJson(key.value));
            const auto place = static_cast<std::size_t>(at);
            Datum item = object.kind == Kind::List ? (*object.items)[place] : Datum(object.value[place]);
            return lenient ? optionalOf(std::move(item)) : adopt(std::move(item), node.type);
        }
        BASE_TRY(auto found, lookUp(object, key));
        if (lenient) return found ? optionalOf(std::move(*found)) : noneDatum();
        if (!found) return missing(key);
        return adopt(std::move(*found), node.type);
    }
    base::Result<Datum> list(const Node& node) {
        Data out;
        for (std::size_t i = 0; i < node.arguments.size(); ++i) {
            BASE_TRY(Datum item, run(*node.arguments[i]));
            if (i < node.optionalItems.size() && node.optionalItems[i]) {
                if (item.kind != Kind::Optional) return noOverload();
                if (item.items->empty()) continue;
                item = Datum(item.items->front());
            }
            out.push_back(std::move(item));
        }
        return made(listOf(std::move(out)));
    }
    base::Result<Datum> mapFrom(Data entries) {
        bool plain = true;
        for (std::size_t i = 0; i + 1 < entries.size(); i += 2)
            plain = plain && entries[i].kind == Kind::Plain && entries[i].value.isString() && entries[i + 1].kind == Kind::Plain;
        Datum out;
        if (plain) {
            document::ObjectBuilder object;
            for (std::size_t i = 0; i + 1 < entries.size(); i += 2) object.set(entries[i].value.text(), entries[i + 1].value);
            return made(Datum(std::move(object).build()));
        }
        out.kind = Kind::Map;
        out.items = std::make_shared<const Data>(std::move(entries));
        return made(std::move(out));
    }
    base::Result<Datum> map(const Node& node) {
        Data out;
        for (std::size_t i = 0; i + 1 < node.arguments.size(); i += 2) {
            BASE_TRY(Datum key, run(*node.arguments[i]));
            BASE_TRY(Datum value, run(*node.arguments[i + 1]));
            if (i / 2 < node.optionalItems.size() && node.optionalItems[i / 2]) {
                if (value.kind != Kind::Optional) return noOverload();
                if (value.items->empty()) continue;
                value = Datum(value.items->front());
            }
            out.push_back(std::move(key));
            out.push_back(std::move(value));
        }
        return mapFrom(std::move(out));
    }

    // && and || decide as soon as one side does, whatever the other side's error.
    base::Result<Datum> logic(const Node& node) {
        const bool decisive = node.name == "_||_";
        auto left = run(*node.arguments[0]);
        if (left.ok() && left->value.isBool() && left->value.asBool() == decisive) return left;
        auto right = run(*node.arguments[1]);
        if (right.ok() && right->value.isBool() && right->value.asBool() == decisive) return right;
        if (!left.ok()) return left;
        if (!right.ok()) return right;
        if (!left->value.isBool() || !right->value.isBool()) return noOverload();
        return Datum(Value(!decisive));
    }

    struct Entry {
        Datum key, value; // of lists: index and item
    };
    static std::optional<std::vector<Entry>> entriesOf(const Datum& range) {
        std::vector<Entry> out;
        if (const auto items = membersOf(range)) {
            for (std::size_t i = 0; i < items->size(); ++i) out.push_back({Datum(Value(static_cast<std::int64_t>(i))), (*items)[i]});
            return out;
        }
        if (range.kind == Kind::Map) {
            for (std::size_t i = 0; i + 1 < range.items->size(); i += 2) out.push_back({(*range.items)[i], (*range.items)[i + 1]});
            return out;
        }
        if (range.kind != Kind::Plain || !range.value.isObject()) return std::nullopt;
        for (const auto& entry : range.value.members()) out.push_back({Datum(Value(entry.key)), Datum(entry.value)});
        return out;
    }
    base::Result<Datum> optionalMacro(const Node& node, const Datum& self) {
        if (self.kind != Kind::Optional) return noOverload();
        if (self.items->empty()) return self;
        locals_.emplace_back(node.arguments[1]->name, self.items->front());
        auto result = run(*node.arguments[2]);
        locals_.pop_back();
        if (!result.ok() || node.name == "optFlatMap") return result;
        return optionalOf(std::move(*result));
    }
    static base::Error notIterable(const Datum& datum) {
        static const std::map<std::string, std::string> kGoNames = {{"int", "types.Int"}, {"uint", "types.Uint"}, {"double", "types.Double"},
            {"bool", "types.Bool"}, {"string", "types.String"}, {"bytes", "types.Bytes"}, {"null_type", "types.Null"},
            {"google.protobuf.Timestamp", "types.Timestamp"}, {"google.protobuf.Duration", "types.Duration"}};
        const auto known = kGoNames.find(typeName(datum));
        if (known == kGoNames.end()) return noOverload();
        return base::makeError("got '" + known->second + "', expected iterable type");
    }
    base::Result<Datum> macro(const Node& node) {
        BASE_TRY(Datum range, run(*node.arguments[0]));
        if (node.name.starts_with("opt")) return optionalMacro(node, range);
        const auto entries = entriesOf(range);
        if (!entries) return notIterable(range);
        if (!affordable(10 * entries->size())) return tooCostly();
        const bool list = sizeOfList(range).has_value(), two = declaresTwo(node);
        const std::size_t names = two ? 2 : 1, first = names + 1;
        const bool building = node.name == "map" || node.name == "sortBy" || node.name.starts_with("transform");
        const bool filtered = building && node.arguments.size() == first + 2;
        Data out;
        std::size_t count = 0;
        std::optional<base::Error> trouble;
        for (const Entry& entry : *entries) {
            if (two) locals_.emplace_back(node.arguments[1]->name, entry.key);
            const Datum& item = two || list ? entry.value : entry.key;
            locals_.emplace_back(node.arguments[names]->name, item);
            auto result = run(*node.arguments[first]);
            const bool dropped = filtered && result.ok() && !result->value.asBool();
            if (filtered && result.ok() && !dropped) result = run(*node.arguments[first + 1]);
            locals_.resize(locals_.size() - names);
            if (!result.ok()) {
                if (node.name != "all" && node.name != "exists") return result;
                trouble = result.error();
                continue;
            }
            if (dropped) continue;
            if (building) {
                if (node.name == "transformMap") out.push_back(entry.key);
                if (node.name == "transformMapEntry") {
                    const auto made = entriesOf(*result);
                    if (!made) return noOverload();
                    for (const Entry& one : *made) out.insert(out.end(), {one.key, one.value});
                    continue;
                }
                out.push_back(std::move(*result));
            } else if (!result->value.isBool()) {
                return noOverload();
            } else if (result->value.asBool()) {
                ++count;
                if (node.name == "filter") out.push_back(item);
                if (node.name == "exists") return Datum(Value(true));
            } else if (node.name == "all") {
                return Datum(Value(false));
            }
        }
        if (trouble) return *trouble;
        if (node.name == "sortBy") return *listFunction("@sortByAssociatedKeys", {range, listOf(std::move(out))}, false);
        if (node.name.starts_with("transformMap")) return mapFrom(std::move(out));
        if (building || node.name == "filter") return made(listOf(std::move(out)));
        if (node.name == "all") return Datum(Value(true));
        if (node.name == "exists") return Datum(Value(false));
        return Datum(Value(count == 1));
    }
    // "optional.of": the receiver is no value.
    bool isNamespace(const Node& node) const {
        static constexpr std::string_view kSpaces[] = {"optional", "sets", "lists", "format", "strings", "ip"};
        if (node.kind != Node::Kind::Name || variables_.contains(node.name)) return false;
        for (const auto& local : locals_)
            if (local.first == node.name) return false;
        return std::find(std::begin(kSpaces), std::end(kSpaces), node.name) != std::end(kSpaces);
    }
    base::Result<Datum> call(const Node& node) {
        if (node.name == "_&&_" || node.name == "_||_") return logic(node);
        if (isMacro(node)) return macro(node);
        const bool spaced = node.method && isNamespace(*node.arguments[0]);
        Data arguments;
        for (std::size_t i = spaced ? 1 : 0; i < node.arguments.size(); ++i) {
            BASE_TRY(Datum datum, run(*node.arguments[i]));
            if (!affordable(datum)) return tooCostly();
            arguments.push_back(std::move(datum));
        }
        if (!affordable(growthOf(node.name, arguments))) return tooCostly();
        if (spaced) return function(node.arguments[0]->name + "." + node.name, arguments, false);
        if (!node.method && (node.name[0] == '_' || node.name[0] == '@') && arguments.size() == 2)
            return binary(node.name, arguments[0], arguments[1]);
        if (node.name == "!_" || node.name == "-_") return unary(node.name, arguments[0]);
        return function(node.name, arguments, node.method);
    }
    base::Result<Datum> function(const std::string& name, const Data& arguments, bool method) const {
        using Family = Answer (*)(const std::string&, const Data&, bool);
        static constexpr Family kFamilies[] = {conversion, textFunction, listFunction, timeFunction, kubernetesFunction, networkFunction};
        for (const Family family : kFamilies)
            if (Answer answer = family(name, arguments, method)) return std::move(*answer);
        if (Answer answer = authorizerFunction(name, arguments, authority_)) return std::move(*answer);
        // The functions of the language itself do not say what they were given.
        for (const char* plain : {"contains", "startsWith", "endsWith", "matches"})
            if (name == plain) return noOverload();
        if (name == "size") return base::makeError("no such overload: size");
        std::vector<std::string> types;
        for (const Datum& argument : arguments) types.push_back(typeName(argument));
        return base::makeError("no such overload: " + name + "(" + base::join(types, ", ") + ")");
    }
    // What a function makes or works through beyond the sizes of its arguments.
    static std::size_t growthOf(const std::string& name, const Data& a) {
        const auto text = [&](std::size_t i) { return i < a.size() ? a[i].value.asString() : std::string_view(); };
        const auto members = [&](std::size_t i) { return i < a.size() ? sizeOfList(a[i]).value_or(0) : 0; };
        if (name == "replace" && text(1).empty()) return (text(0).size() + 1) * text(2).size();
        if (name == "replace") {
            std::size_t places = 0;
            for (std::size_t at = 0; (at = text(0).find(text(1), at)) != std::string_view::npos; at += text(1).size()) ++places;
            return places * text(2).size();
        }
        if ((name == "_==_" || name == "_!=_") && a[0].kind == Kind::Map) return a[0].items->size() * 10;
        if (name == "join") return members(0) * text(1).size();
        if (name == "contains" && members(0) > 0) return members(0) * members(1);
        if (name == "equivalent" || name == "intersects") return 2 * members(0) * members(1);
        if (name == "distinct" || name == "sort") return members(0) * members(0);
        if (name == "matches" || name == "find" || name == "findAll") return text(0).size() * text(1).size() / 4;
        if (name == "range" && !a.empty()) return static_cast<std::size_t>(std::max<std::int64_t>(a[0].value.asInt(), 0)) * std::size_t{10};
        return 0;
    }
    static base::Result<Datum> unary(const std::string& op, const Datum& a) {
        if (op == "!_") return a.value.isBool() ? base::Result<Datum>(Datum(Value(!a.value.asBool()))) : noOverload();
        if (a.kind == Kind::Duration) return times("_-_", timed(Kind::Duration, 0), a);
        if (a.kind != Kind::Plain) return noOverload();
        if (a.value.isInt()) return integers("_-_", Datum(Value(std::int64_t{0})), a);
        return a.value.isDouble() ? base::Result<Datum>(Datum(Value(-a.value.asDouble()))) : noOverload();
    }
    static base::Result<Datum> contains(const Datum& item, const Datum& where) {
        if (const auto items = membersOf(where)) {
            for (const Datum& other : *items)
                if (equalData(other, item)) return Datum(Value(true));
            return Datum(Value(false));
        }
        if (where.kind != Kind::Map && !where.value.isObject()) return noOverload();
        BASE_TRY(auto found, lookUp(where, item));
        return Datum(Value(found.has_value()));
    }
    static base::Result<Datum> binary(const std::string& op, const Datum& a, const Datum& b) {
        if (op == "_==_") return Datum(Value(equalData(a, b)));
        if (op == "_!=_") return Datum(Value(!equalData(a, b)));
        if (op == "@in") return contains(a, b);
        if (op == "_<_" || op == "_<=_" || op == "_>_" || op == "_>=_") {
            const auto order = orderOf(a, b);
            if (!order || a.kind == Kind::Quantity || a.kind == Kind::Semver) return noOverload();
            const bool yes = op == "_<_" ? *order < 0 : op == "_<=_" ? *order <= 0 : op == "_>_" ? *order > 0 : *order >= 0;
            return Datum(Value(yes));
        }
        if (a.kind == Kind::Timestamp || a.kind == Kind::Duration) return times(op, a, b);
        if (op == "_+_") {
            if (const auto x = membersOf(a), y = membersOf(b); x && y) {
                Data out = *x;
                out.insert(out.end(), y->begin(), y->end());
                return listOf(std::move(out));
            }
            if (a.kind == b.kind && a.value.isString() && b.value.isString()) return Datum(a.kind, Value(a.value.text() + b.value.text()));
        }
        if (a.value.isInt() && b.value.isInt() && a.kind == b.kind) return integers(op, a, b);
        if (a.value.isDouble() && b.value.isDouble()) {
            const double x = a.value.asDouble(), y = b.value.asDouble();
            if (op == "_+_") return Datum(Value(x + y));
            if (op == "_-_") return Datum(Value(x - y));
            if (op == "_*_") return Datum(Value(x * y));
            if (op == "_/_") return Datum(Value(x / y));
        }
        return noOverload();
    }
    static base::Result<Datum> integers(const std::string& op, const Datum& a, const Datum& b) {
        const std::int64_t x = a.value.asInt(), y = b.value.asInt();
        std::int64_t out = 0;
        bool overflow = false;
        if (op == "_+_") overflow = __builtin_add_overflow(x, y, &out);
        else if (op == "_-_") overflow = __builtin_sub_overflow(x, y, &out);
        else if (op == "_*_") overflow = __builtin_mul_overflow(x, y, &out);
        else if (y == 0) return base::makeError(op == "_/_" ? "division by zero" : "modulus by zero");
        else if (y == -1) overflow = op == "_/_" && x == INT64_MIN, out = op == "_/_" && !overflow ? -x : 0;
        else out = op == "_/_" ? x / y : x % y;
        if (overflow || (a.kind == Kind::Uint && out < 0))
            return base::makeError(a.kind == Kind::Uint ? "unsigned integer overflow" : "integer overflow");
        return Datum(a.kind, Value(out));
    }
    static base::Result<Datum> times(const std::string& op, const Datum& a, const Datum& b) {
        const bool plus = op == "_+_", instant = a.kind == Kind::Timestamp, other = b.kind == Kind::Timestamp;
        if ((!plus && op != "_-_") || (b.kind != Kind::Duration && !other)) return noOverload();
        if (plus && instant && other) return noOverload();
        if (!plus && !instant && other) return noOverload();
        std::int64_t sum = 0;
        const bool overflow = plus ? __builtin_add_overflow(a.number, b.number, &sum) : __builtin_sub_overflow(a.number, b.number, &sum);
        if (overflow) return base::makeError(instant || other ? "timestamp overflow" : "duration overflow");
        const bool result = plus ? instant || other : instant && !other;
        return timed(result ? Kind::Timestamp : Kind::Duration, sum);
    }

    const Variables& variables_;
    Authority* authority_;
    std::vector<std::pair<std::string, Datum>> locals_;
};

} // namespace

// Conversions of literals are made, and patterns are read, when a program is. Source: cel-go
// interpreter/decorators.go.
base::Status foldConstants(const Node& node) {
    static constexpr std::string_view kConversions[] = {"bool", "bytes", "double", "duration", "int", "string", "timestamp", "uint"};
    static constexpr std::string_view kPatterns[] = {"matches", "find", "findAll"};
    const auto literal = [&](std::size_t i) { return i < node.arguments.size() && node.arguments[i]->kind == Node::Kind::Literal; };
    if (node.kind == Node::Kind::Call) {
        Answer made;
        const bool converts = std::find(std::begin(kConversions), std::end(kConversions), node.name) != std::end(kConversions);
        const bool pattern = std::find(std::begin(kPatterns), std::end(kPatterns), node.name) != std::end(kPatterns);
        if (converts && !node.method && node.arguments.size() == 1 && literal(0)) made = conversion(node.name, {node.arguments[0]->literal}, false);
        if (pattern && literal(1)) made = textFunction(node.name, {Datum(Value("")), node.arguments[1]->literal}, true);
        if (made && !made->ok()) {
            std::string_view why = made->error().message;
            if (why.starts_with("Illegal regex: ")) why.remove_prefix(15);
            return base::makeError("program instantiation failed: " + std::string(why));
        }
    }
    for (const NodePtr& argument : node.arguments) BASE_CHECK(foldConstants(*argument));
    return base::okStatus();
}

base::Result<Datum> Program::run(const Variables& variables, Authority* authority, std::int64_t& cost) const {
    Evaluator evaluator(variables, authority);
    auto result = evaluator.run(*root_);
    cost += evaluator.cost;
    return result;
}

base::Result<Value> Program::evaluate(const Variables& variables) const {
    std::int64_t cost = 0;
    BASE_TRY(Datum result, run(variables, nullptr, cost));
    return plainOf(result);
}

} // namespace apiserver::cel
