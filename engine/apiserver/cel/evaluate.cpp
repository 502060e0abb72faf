#include "api/quantity.h"
#include "apiserver/cel/cel.h"
#include "apiserver/cel/node.h"
#include "base/strings.h"
#include "document/json.h"
#include "sim/time.h"

#include <algorithm>
#include <charconv>
#include <re2/re2.h>

namespace apiserver::cel {

using document::Value;

namespace {

constexpr std::int64_t kMostSteps = 1'000'000;

Datum plain(Value value) {
    Datum out;
    out.value = std::move(value);
    return out;
}

Datum timed(Datum::Kind kind, std::int64_t number) {
    Datum out;
    out.kind = kind;
    out.number = number;
    return out;
}

base::Error noOverload() { return base::makeError("no such overload"); }
base::Error tooCostly() { return base::makeError("operation cancelled: actual cost limit exceeded"); }

// An integer, or CEL's error for a double that is none.
base::Result<Datum> integerOf(double number) {
    if (!(number > -9.2233720368547758e18 && number < 9.2233720368547758e18)) return base::makeError("integer overflow");
    return plain(static_cast<std::int64_t>(number));
}

std::string typeName(const Datum& datum) {
    if (datum.kind == Datum::Kind::Timestamp) return "google.protobuf.Timestamp";
    if (datum.kind == Datum::Kind::Duration) return "google.protobuf.Duration";
    if (datum.kind == Datum::Kind::Type) return "type";
    switch (datum.value.kind()) {
    case document::ValueKind::Null: return "null_type";
    case document::ValueKind::Bool: return "bool";
    case document::ValueKind::Int: return "int";
    case document::ValueKind::Double: return "double";
    case document::ValueKind::String: return "string";
    case document::ValueKind::Array: return "list";
    case document::ValueKind::Object: return "map";
    }
    return "";
}

bool equal(const Datum& a, const Datum& b) {
    if (a.kind != b.kind) return false;
    if (a.kind == Datum::Kind::Type) return a.type == b.type;
    if (a.kind != Datum::Kind::Plain) return a.number == b.number;
    return a.value == b.value;
}

class Evaluator {
public:
    explicit Evaluator(const Variables& variables) : variables_(variables) {}

    base::Result<Datum> run(const Node& node) {
        if (++steps_ > kMostSteps) return tooCostly();
        switch (node.kind) {
        case Node::Kind::Literal: return plain(node.literal);
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
    // What is made costs as well, so that no text or list grows without bound.
    bool affordable(std::size_t size) {
        steps_ += static_cast<std::int64_t>(std::min<std::size_t>(size, kMostSteps * 10) / 10);
        return steps_ <= kMostSteps;
    }
    base::Result<Datum> name(const Node& node) {
        for (auto local = locals_.rbegin(); local != locals_.rend(); ++local)
            if (local->first == node.name) return plain(local->second);
        const auto place = variables_.find(node.name);
        if (place != variables_.end()) return plain(place->second);
        Datum type;
        type.kind = Datum::Kind::Type;
        type.type = node.name;
        return type;
    }
    base::Result<Datum> member(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]));
        if (!object.value.isObject()) return noOverload();
        if (!object.value.has(node.name)) return base::makeError("no such key: " + node.name);
        return plain(object.value[node.name]);
    }
    base::Result<Datum> has(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]->arguments[0]));
        if (!object.value.isObject()) return noOverload();
        return plain(object.value.has(node.arguments[0]->name));
    }
    base::Result<Datum> index(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]));
        BASE_TRY(Datum key, run(*node.arguments[1]));
        if (object.value.isArray() && key.value.isInt()) {
            const std::int64_t at = key.value.asInt();
            if (at < 0 || at >= static_cast<std::int64_t>(object.value.size()))
                return base::makeError("index out of bounds: " + std::to_string(at));
            return plain(object.value[static_cast<std::size_t>(at)]);
        }
        if (object.value.isObject() && key.value.isString()) {
            if (!object.value.has(key.value.asString()))
                return base::makeError("no such key: " + key.value.text());
            return plain(object.value[key.value.asString()]);
        }
        return noOverload();
    }
    base::Result<Datum> list(const Node& node) {
        document::ArrayBuilder out;
        for (const NodePtr& argument : node.arguments) {
            BASE_TRY(Datum item, run(*argument));
            out.push(item.value);
        }
        return plain(std::move(out).build());
    }
    base::Result<Datum> map(const Node& node) {
        document::ObjectBuilder out;
        for (std::size_t i = 0; i + 1 < node.arguments.size(); i += 2) {
            BASE_TRY(Datum key, run(*node.arguments[i]));
            BASE_TRY(Datum value, run(*node.arguments[i + 1]));
            out.set(key.value.isString() ? key.value.text() : document::writeJson(key.value), value.value);
        }
        return plain(std::move(out).build());
    }

    // && and || decide as soon as one side does, whatever the other side's error.
    base::Result<Datum> logic(const Node& node) {
        const bool decisive = node.name == "||";
        auto left = run(*node.arguments[0]);
        if (left.ok() && left.value().value.isBool() && left.value().value.asBool() == decisive) return left;
        auto right = run(*node.arguments[1]);
        if (right.ok() && right.value().value.isBool() && right.value().value.asBool() == decisive) return right;
        if (!left.ok()) return left;
        if (!right.ok()) return right;
        if (!left.value().value.isBool() || !right.value().value.isBool()) return noOverload();
        return plain(!decisive);
    }
    base::Result<Datum> macro(const Node& node) {
        BASE_TRY(Datum object, run(*node.arguments[0]));
        if (node.arguments.size() < 3 || node.arguments[1]->kind != Node::Kind::Name) return noOverload();
        std::vector<Value> items;
        if (object.value.isArray()) items.assign(object.value.items().begin(), object.value.items().end());
        else if (object.value.isObject())
            for (const auto& entry : object.value.members()) items.emplace_back(entry.key);
        else return noOverload();
        const bool mapping = node.name == "map";
        const bool filtered = mapping && node.arguments.size() == 4;
        document::ArrayBuilder out;
        std::size_t count = 0;
        std::optional<base::Error> trouble;
        for (const Value& item : items) {
            locals_.emplace_back(node.arguments[1]->name, item);
            auto result = run(*node.arguments[2]);
            if (result.ok() && filtered && result.value().value.asBool()) {
                result = run(*node.arguments[3]);
            } else if (result.ok() && filtered) {
                locals_.pop_back();
                continue;
            }
            locals_.pop_back();
            if (!result.ok()) {
                if (node.name != "all" && node.name != "exists") return result;
                trouble = result.error();
                continue;
            }
            const bool yes = result.value().value.asBool();
            if (mapping) out.push(result.value().value);
            else if (yes) {
                ++count;
                if (node.name == "filter") out.push(item);
                if (node.name == "exists") return plain(true);
            } else if (node.name == "all") {
                return plain(false);
            }
        }
        if (trouble) return *trouble;
        if (mapping || node.name == "filter") return plain(std::move(out).build());
        if (node.name == "all") return plain(true);
        if (node.name == "exists") return plain(false);
        return plain(count == 1);
    }

    base::Result<Datum> call(const Node& node) {
        if (node.name == "&&" || node.name == "||") return logic(node);
        if (node.method && (node.name == "all" || node.name == "exists" || node.name == "exists_one" ||
                            node.name == "map" || node.name == "filter"))
            return macro(node);
        std::vector<Datum> arguments;
        for (const NodePtr& argument : node.arguments) {
            BASE_TRY(Datum datum, run(*argument));
            arguments.push_back(std::move(datum));
        }
        if (node.method) return method(node.name, arguments);
        if (arguments.size() == 2) return binary(node.name, arguments[0], arguments[1]);
        if (arguments.size() == 1) return convert(node.name, arguments[0]);
        return noOverload();
    }

    base::Result<Datum> binary(const std::string& op, const Datum& a, const Datum& b) {
        if (op == "==") return plain(equal(a, b));
        if (op == "!=") return plain(!equal(a, b));
        if (op == "in") {
            if (b.value.isObject()) return plain(a.value.isString() && b.value.has(a.value.asString()));
            for (const Value& item : b.value.items())
                if (item == a.value) return plain(true);
            return b.value.isArray() ? base::Result<Datum>(plain(false)) : noOverload();
        }
        if (op == "<" || op == "<=" || op == ">" || op == ">=") return compare(op, a, b);
        if (a.kind != Datum::Kind::Plain || b.kind != Datum::Kind::Plain) return timeArithmetic(op, a, b);
        if (op == "+" && a.value.isString() && b.value.isString()) {
            if (!affordable(a.value.asString().size() + b.value.asString().size())) return tooCostly();
            return plain(Value(a.value.text() + b.value.text()));
        }
        if (op == "+" && a.value.isArray() && b.value.isArray()) {
            if (!affordable(10 * (a.value.size() + b.value.size()))) return tooCostly();
            document::ArrayBuilder out(a.value);
            for (const Value& item : b.value.items()) out.push(item);
            return plain(std::move(out).build());
        }
        if (a.value.isInt() && b.value.isInt()) return integers(op, a.value.asInt(), b.value.asInt());
        if (a.value.isDouble() && b.value.isDouble()) {
            const double x = a.value.asDouble(), y = b.value.asDouble();
            if (op == "+") return plain(x + y);
            if (op == "-") return plain(x - y);
            if (op == "*") return plain(x * y);
            if (op == "/") return plain(x / y);
        }
        return noOverload();
    }
    static base::Result<Datum> integers(const std::string& op, std::int64_t x, std::int64_t y) {
        std::int64_t out = 0;
        bool overflow = false;
        if (op == "+") overflow = __builtin_add_overflow(x, y, &out);
        else if (op == "-") overflow = __builtin_sub_overflow(x, y, &out);
        else if (op == "*") overflow = __builtin_mul_overflow(x, y, &out);
        else if (y == 0) return base::makeError(op == "/" ? "division by zero" : "modulus by zero");
        else if (y == -1) overflow = op == "/" && x == INT64_MIN, out = op == "/" && !overflow ? -x : 0;
        else out = op == "/" ? x / y : x % y;
        if (overflow) return base::makeError("integer overflow");
        return plain(out);
    }
    static base::Result<Datum> timeArithmetic(const std::string& op, const Datum& a, const Datum& b) {
        using Kind = Datum::Kind;
        const bool moments = a.kind == Kind::Timestamp && b.kind == Kind::Timestamp;
        const bool shifted = a.kind == Kind::Timestamp && b.kind == Kind::Duration;
        const bool spans = a.kind == Kind::Duration && b.kind == Kind::Duration;
        std::int64_t out = 0;
        bool overflow = false;
        if (op == "+" && (shifted || spans)) overflow = __builtin_add_overflow(a.number, b.number, &out);
        else if (op == "-" && (moments || shifted || spans)) overflow = __builtin_sub_overflow(a.number, b.number, &out);
        else return noOverload();
        if (overflow) return base::makeError(shifted ? "timestamp overflow" : "duration overflow");
        return timed(shifted ? Kind::Timestamp : Kind::Duration, out);
    }
    static base::Result<Datum> compare(const std::string& op, const Datum& a, const Datum& b) {
        int order = 0;
        const auto sign = [](auto x, auto y) { return x < y ? -1 : y < x ? 1 : 0; };
        if (a.kind != Datum::Kind::Plain) {
            if (a.kind != b.kind) return noOverload();
            order = sign(a.number, b.number);
        } else if (a.value.isInt() && b.value.isInt()) {
            order = sign(a.value.asInt(), b.value.asInt());
        } else if (a.value.isNumber() && b.value.isNumber()) {
            order = sign(a.value.asDouble(), b.value.asDouble());
        } else if (a.value.isString() && b.value.isString()) {
            order = sign(a.value.asString(), b.value.asString());
        } else if (a.value.isBool() && b.value.isBool()) {
            order = sign(a.value.asBool(), b.value.asBool());
        } else {
            return noOverload();
        }
        if (op == "<") return plain(order < 0);
        if (op == "<=") return plain(order <= 0);
        if (op == ">") return plain(order > 0);
        return plain(order >= 0);
    }

    static base::Result<Datum> convert(const std::string& function, const Datum& a) {
        const Value& v = a.value;
        if (function == "!_") return v.isBool() ? base::Result<Datum>(plain(!v.asBool())) : noOverload();
        if (function == "-_") {
            if (v.isInt()) return integers("-", 0, v.asInt());
            return v.isDouble() ? base::Result<Datum>(plain(-v.asDouble())) : noOverload();
        }
        if (function == "size") return size(v);
        if (function == "dyn") return a;
        if (function == "type") {
            Datum type;
            type.kind = Datum::Kind::Type;
            type.type = typeName(a);
            return type;
        }
        if (function == "string") {
            if (a.kind == Datum::Kind::Timestamp) return plain(sim::formatRfc3339(a.number));
            if (a.kind == Datum::Kind::Duration) return plain(sim::formatGoDuration(a.number));
            if (v.isString()) return a;
            return plain(document::writeJson(v));
        }
        if (function == "int" || function == "uint") {
            if (v.isInt()) return a;
            if (v.isDouble()) return integerOf(v.asDouble());
            if (a.kind == Datum::Kind::Timestamp) return plain(a.number / sim::kSecond);
            if (const auto number = base::parseInt(v.asString()); v.isString() && number) return plain(*number);
            return base::makeError("type conversion error from 'string' to 'int'");
        }
        if (function == "double") {
            if (v.isNumber()) return plain(v.asDouble());
            double out = 0;
            const std::string text = v.text();
            if (std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc()) return plain(out);
            return base::makeError("type conversion error from 'string' to 'double'");
        }
        if (function == "bool") return plain(v.isBool() ? v.asBool() : v.asString() == "true");
        if (function == "duration") {
            if (const auto d = sim::parseGoDuration(v.asString())) return timed(Datum::Kind::Duration, *d);
            return base::makeError("type conversion error from 'string' to 'google.protobuf.Duration'");
        }
        if (function == "timestamp") {
            if (const auto t = sim::parseRfc3339(v.asString())) return timed(Datum::Kind::Timestamp, *t);
            return base::makeError("type conversion error from 'string' to 'google.protobuf.Timestamp'");
        }
        if (function == "isQuantity") return plain(api::Quantity::parse(v.asString()).has_value());
        if (function == "quantity") {
            if (const auto q = api::Quantity::parse(v.asString())) return plain(q->asDouble());
            return base::makeError("quantities must match the regular expression "
                                   "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        }
        return noOverload();
    }
    static base::Result<Datum> size(const Value& v) {
        if (v.isArray() || v.isObject()) return plain(static_cast<std::int64_t>(v.size()));
        if (!v.isString()) return noOverload();
        std::int64_t count = 0;
        for (char c : v.asString()) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
        return plain(count);
    }

    base::Result<Datum> method(const std::string& name, const std::vector<Datum>& a) {
        const Value& self = a[0].value;
        if (name == "size") return size(self);
        if (a[0].kind == Datum::Kind::Timestamp || a[0].kind == Datum::Kind::Duration) return timeMethod(name, a[0]);
        if (self.isString()) return textMethod(name, self.text(), a);
        if (self.isArray()) return listMethod(name, self, a);
        if (self.isNumber()) return numberMethod(name, self, a);
        return noOverload();
    }
    static base::Result<Datum> timeMethod(const std::string& name, const Datum& self) {
        const bool duration = self.kind == Datum::Kind::Duration;
        const sim::CivilTime civil = sim::civilTime(self.number);
        if (name == "getSeconds") return plain(duration ? self.number / sim::kSecond : civil.second);
        if (name == "getMinutes") return plain(duration ? self.number / sim::kMinute : civil.minute);
        if (name == "getHours") return plain(duration ? self.number / sim::kHour : civil.hour);
        if (name == "getFullYear") return plain(civil.year);
        if (name == "getMonth") return plain(civil.month - 1);
        if (name == "getDate") return plain(civil.day);
        if (name == "getDayOfWeek") return plain(civil.weekday);
        return noOverload();
    }
    base::Result<Datum> textMethod(const std::string& name, const std::string& self, const std::vector<Datum>& a) {
        const std::string other = a.size() > 1 ? a[1].value.text() : "";
        if (name == "startsWith") return plain(self.starts_with(other));
        if (name == "endsWith") return plain(self.ends_with(other));
        if (name == "contains") return plain(self.find(other) != std::string::npos);
        if (name == "matches") {
            re2::RE2::Options options;
            options.set_log_errors(false);
            const re2::RE2 pattern(other, options);
            if (!pattern.ok()) return base::makeError("error parsing regexp: " + pattern.error());
            return plain(re2::RE2::PartialMatch(self, pattern));
        }
        if (name == "lowerAscii") return plain(base::toLower(self));
        if (name == "upperAscii") return plain(base::toUpper(self));
        if (name == "trim") return plain(base::trim(self));
        if (name == "indexOf" || name == "lastIndexOf") {
            const auto at = name == "indexOf" ? self.find(other) : self.rfind(other);
            return plain(at == std::string::npos ? std::int64_t{-1} : static_cast<std::int64_t>(at));
        }
        if (name == "replace" && a.size() == 3) {
            std::size_t places = 0;
            for (std::size_t at = 0; !other.empty() && (at = self.find(other, at)) != std::string::npos; at += other.size()) ++places;
            if (!affordable(self.size() + places * a[2].value.asString().size())) return tooCostly();
            return plain(base::replaceAll(self, other, a[2].value.text()));
        }
        if (name == "split" && a.size() == 2) {
            document::ArrayBuilder out;
            std::size_t from = 0;
            for (std::size_t at; !other.empty() && (at = self.find(other, from)) != std::string::npos; from = at + other.size())
                out.push(Value(self.substr(from, at - from)));
            out.push(Value(self.substr(from)));
            return plain(std::move(out).build());
        }
        if (name == "substring" || name == "charAt") {
            const std::int64_t from = a.size() > 1 ? a[1].value.asInt() : 0;
            const auto size = static_cast<std::int64_t>(self.size());
            const std::int64_t to = name == "charAt" ? std::min(from, size) + 1 : a.size() > 2 ? a[2].value.asInt() : size;
            if (from < 0 || to < from || to > static_cast<std::int64_t>(self.size()))
                return base::makeError("index out of range: " + std::to_string(from));
            return plain(Value(self.substr(static_cast<std::size_t>(from), static_cast<std::size_t>(to - from))));
        }
        return noOverload();
    }
    base::Result<Datum> listMethod(const std::string& name, const Value& self, const std::vector<Datum>& a) {
        if (name == "join") {
            std::vector<std::string> parts;
            std::size_t size = 0;
            const std::string_view between = a.size() > 1 ? a[1].value.asString() : std::string_view();
            for (const Value& item : self.items()) size += item.asString().size() + between.size();
            if (!affordable(size)) return tooCostly();
            for (const Value& item : self.items()) parts.push_back(item.text());
            return plain(base::join(parts, between));
        }
        if (name == "sum") {
            Datum sum = plain(std::int64_t{0});
            for (const Value& item : self.items()) {
                BASE_TRY(sum, integers("+", sum.value.asInt(), item.asInt()));
            }
            return sum;
        }
        if (name == "min" || name == "max" || name == "isSorted") {
            if (self.size() == 0 && name != "isSorted") return base::makeError(name + " called on empty list");
            Value best = self[0];
            for (std::size_t i = 1; i < self.size(); ++i) {
                BASE_TRY(Datum less, compare("<", plain(self[i]), plain(name == "isSorted" ? self[i - 1] : best)));
                if (name == "isSorted" && less.value.asBool()) return plain(false);
                if (less.value.asBool() == (name == "min")) best = self[i];
            }
            return name == "isSorted" ? plain(true) : plain(best);
        }
        if (name == "indexOf" && a.size() == 2) {
            for (std::size_t i = 0; i < self.size(); ++i)
                if (self[i] == a[1].value) return plain(static_cast<std::int64_t>(i));
            return plain(std::int64_t{-1});
        }
        return noOverload();
    }
    // Quantities are numbers here.
    static base::Result<Datum> numberMethod(const std::string& name, const Value& self, const std::vector<Datum>& a) {
        const double x = self.asDouble();
        const double y = a.size() > 1 ? a[1].value.asDouble() : 0;
        if (name == "isGreaterThan") return plain(x > y);
        if (name == "isLessThan") return plain(x < y);
        if (name == "compareTo") return plain(std::int64_t{x < y ? -1 : x > y ? 1 : 0});
        if (name == "asInteger") return integerOf(x);
        if (name == "add") return plain(x + y);
        if (name == "sub") return plain(x - y);
        return noOverload();
    }

    const Variables& variables_;
    std::vector<std::pair<std::string, Value>> locals_;
    std::int64_t steps_ = 0;
};

} // namespace

base::Result<Value> Program::evaluate(const Variables& variables) const {
    Evaluator evaluator(variables);
    BASE_TRY(Datum result, evaluator.run(*root_));
    if (result.kind == Datum::Kind::Timestamp) return Value(sim::formatRfc3339(result.number));
    if (result.kind == Datum::Kind::Duration) return Value(sim::formatGoDuration(result.number));
    return result.value;
}

} // namespace apiserver::cel
