// Lists, sets, optional values, times, conversions. Sources: apiserver pkg/cel/library lists.go;
// cel-go ext/sets.go, cel/library.go (optional types), common/types.
#include "apiserver/cel/functions.h"
#include "api/quantity.h"
#include "base/strings.h"
#include "document/json.h"
#include "sim/time.h"

#include <charconv>
#include <algorithm>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

namespace {

bool holds(const Data& list, const Datum& item) {
    for (const Datum& other : list)
        if (equalData(other, item)) return true;
    return false;
}

bool holdsAll(const Data& list, const Data& items) {
    for (const Datum& item : items)
        if (!holds(list, item)) return false;
    return true;
}

base::Result<Datum> sum(const Data& list) {
    Datum total(Value(std::int64_t{0}));
    if (!list.empty()) total.kind = list[0].kind;
    for (const Datum& item : list) {
        if (item.kind == Kind::Duration) {
            if (__builtin_add_overflow(total.number, item.number, &total.number)) return base::makeError("duration overflow");
        } else if (!item.value.isNumber()) return noOverload();
        else if (item.value.isInt() && total.value.isInt()) {
            std::int64_t next = 0;
            if (__builtin_add_overflow(total.value.asInt(), item.value.asInt(), &next)) return base::makeError("integer overflow");
            total.value = Value(next);
        } else total.value = Value(total.value.asDouble() + item.value.asDouble());
    }
    return total;
}

Answer optionalFunction(const std::string& name, const Data& a, bool method) {
    if (name == "optional.none" && a.empty()) return noneDatum();
    if (name == "optional.of" && a.size() == 1) return optionalOf(a[0]);
    if (name == "optional.ofNonZeroValue" && a.size() == 1) {
        const Value& v = a[0].value;
        const bool zero = a[0].kind == Kind::Plain &&
                          (v.isNull() || (v.isBool() && !v.asBool()) || (v.isNumber() && v.asDouble() == 0) ||
                           (!v.isBool() && !v.isNumber() && v.size() == 0 && v.asString().empty()));
        return zero ? noneDatum() : optionalOf(a[0]);
    }
    if (!method || a.empty() || a[0].kind != Kind::Optional) return std::nullopt;
    const bool filled = !a[0].items->empty();
    if (name == "hasValue") return Datum(Value(filled));
    if (name == "value") {
        if (!filled) return base::Result<Datum>(base::makeError("optional.none() dereference"));
        return a[0].items->front();
    }
    if (name == "or" && a.size() == 2) return filled ? a[0] : a[1];
    if (name == "orValue" && a.size() == 2) return filled ? a[0].items->front() : a[1];
    return std::nullopt;
}

// "UTC", "+02:00"; names of zones need a database that is not here.
std::optional<sim::Duration> zoneOffset(std::string_view zone) {
    if (zone == "UTC" || zone.empty()) return 0;
    const bool minus = zone[0] == '-';
    const auto parts = base::split(zone.substr(minus || zone[0] == '+' ? 1 : 0), ':');
    if (parts.size() != 2) return std::nullopt;
    const auto hours = base::parseInt(parts[0]), minutes = base::parseInt(parts[1]);
    if (!hours || !minutes || *hours < 0 || *hours > 23 || *minutes < 0 || *minutes > 59) return std::nullopt;
    const sim::Duration offset = *hours * sim::kHour + *minutes * sim::kMinute;
    return minus ? -offset : offset;
}

base::Result<Datum> toInt(const Datum& a, bool isUnsigned) {
    const Value& v = a.value;
    const Kind kind = isUnsigned ? Kind::Uint : Kind::Plain;
    const char* target = isUnsigned ? "uint" : "int";
    if (a.kind == Kind::Timestamp) return Datum(Value(a.number / sim::kSecond));
    if (a.kind == Kind::Duration) return Datum(Value(a.number));
    if (v.isInt()) {
        if (isUnsigned && v.asInt() < 0) return base::makeError("unsigned integer overflow");
        return Datum(kind, v);
    }
    if (v.isDouble()) {
        BASE_TRY(const Datum whole, integerOf(v.asDouble()));
        if (isUnsigned && whole.value.asInt() < 0) return base::makeError("unsigned integer overflow");
        return Datum(kind, whole.value);
    }
    if (const auto number = base::parseInt(v.asString()); v.isString() && number) return Datum(kind, Value(*number));
    if (!v.isString()) return base::makeError(std::string("no such overload: ") + target + "(" + typeName(a) + ")");
    return base::makeError(std::string("type conversion error from '") + typeName(a) + "' to '" + target + "'");
}

base::Result<Datum> toText(const Datum& a) {
    if (a.kind == Kind::Plain && a.value.isString()) return a;
    if (a.kind == Kind::Duration) return Datum(plainOf(a));
    if (a.kind == Kind::Plain && a.value.isDouble()) return Datum(Value(shownDouble(a.value.asDouble())));
    if (a.kind == Kind::Bytes || a.kind == Kind::Ip || a.kind == Kind::Cidr || a.kind == Kind::Url) return Datum(Value(a.value.text()));
    if (a.kind == Kind::Timestamp || a.kind == Kind::Type) return Datum(plainOf(a));
    if (a.value.isObject() || a.value.isArray() || a.value.isNull()) return base::makeError("no such overload: string(" + typeName(a) + ")");
    return Datum(Value(document::writeJson(a.value)));
}

base::Result<Datum> slice(const Data& list, std::int64_t from, std::int64_t to) {
    const std::string asked = "cannot slice(" + std::to_string(from) + ", " + std::to_string(to) + "), ";
    if (from < 0 || to < 0) return base::makeError(asked + "negative indexes not supported");
    if (from > to) return base::makeError(asked + "start index must be less than or equal to end index");
    if (to > static_cast<std::int64_t>(list.size())) return base::makeError(asked + "list is length " + std::to_string(list.size()));
    return listOf(Data(list.begin() + from, list.begin() + to));
}

void flatten(const Data& list, std::int64_t depth, Data& out) {
    for (const Datum& item : list) {
        const auto inner = depth > 0 ? membersOf(item) : std::nullopt;
        if (inner) flatten(*inner, depth - 1, out);
        else out.push_back(item);
    }
}

base::Result<Datum> sorted(const Data& list, const Data& keys) {
    if (list.size() != keys.size()) return noOverload();
    std::vector<std::size_t> places(list.size());
    for (std::size_t i = 0; i < places.size(); ++i) {
        places[i] = i;
        if (!orderOf(keys[0], keys[0])) return base::makeError("list elements must be comparable");
        if (!orderOf(keys[0], keys[i])) return base::makeError("list elements must have the same type");
    }
    std::stable_sort(places.begin(), places.end(), [&](std::size_t x, std::size_t y) { return orderOf(keys[x], keys[y]).value_or(0) < 0; });
    Data out;
    for (const std::size_t place : places) out.push_back(list[place]);
    return listOf(std::move(out));
}

base::Result<Datum> unwrapped(const Data& list) {
    Data out;
    for (const Datum& item : list) {
        if (item.kind != Kind::Optional) return noOverload();
        out.insert(out.end(), item.items->begin(), item.items->end());
    }
    return listOf(std::move(out));
}

// Source: cel-go ext/lists.go.
Answer newListFunction(const std::string& name, const Data& list, const Data& a) {
    if (name == "slice" && a.size() == 3) return slice(list, a[1].value.asInt(), a[2].value.asInt());
    if (name == "sort" && a.size() == 1) return sorted(list, list);
    if (name == "reverse" && a.size() == 1) return listOf(Data(list.rbegin(), list.rend()));
    if (name == "flatten") {
        const std::int64_t depth = a.size() > 1 ? a[1].value.asInt() : 1;
        if (depth < 0) return base::Result<Datum>(base::makeError("level must be non-negative"));
        Data out;
        flatten(list, depth, out);
        return listOf(std::move(out));
    }
    if ((name == "first" || name == "last") && a.size() == 1)
        return list.empty() ? noneDatum() : optionalOf(name == "first" ? list.front() : list.back());
    if (name == "unwrapOpt" && a.size() == 1) return unwrapped(list);
    if (name != "distinct" || a.size() != 1) return std::nullopt;
    Data out;
    for (const Datum& item : list)
        if (!holds(out, item)) out.push_back(item);
    return listOf(std::move(out));
}

} // namespace

Answer listFunction(const std::string& name, const Data& a, bool method) {
    if (Answer made = optionalFunction(name, a, method)) return made;
    if (name == "lists.range" && a.size() == 1 && a[0].value.isInt()) {
        document::ArrayBuilder out;
        for (std::int64_t i = 0; i < a[0].value.asInt(); ++i) out.push(Value(i));
        return Datum(std::move(out).build());
    }
    if (name == "@sortByAssociatedKeys") {
        const auto items = membersOf(a[0]), keys = membersOf(a[1]);
        return items && keys ? sorted(*items, *keys) : noOverload();
    }
    if (name.starts_with("sets.") && a.size() == 2) {
        const auto x = membersOf(a[0]), y = membersOf(a[1]);
        if (!x || !y) return std::nullopt;
        if (name == "sets.contains") return Datum(Value(holdsAll(*x, *y)));
        if (name == "sets.equivalent") return Datum(Value(holdsAll(*x, *y) && holdsAll(*y, *x)));
        bool common = false;
        for (const Datum& item : *y) common = common || holds(*x, item);
        return Datum(Value(common));
    }
    if (a.empty() || (!method && name != "optional.unwrap")) return std::nullopt;
    const auto list = membersOf(a[0]);
    if (!list) return std::nullopt;
    if (name == "optional.unwrap") return unwrapped(*list);
    if (name == "join" && (a.size() == 1 || a[1].value.isString())) {
        std::vector<std::string> parts;
        for (const Datum& item : *list) {
            if (item.kind != Kind::Plain || !item.value.isString())
                return std::nullopt;
            parts.push_back(item.value.text());
        }
        return Datum(Value(base::join(parts, a.size() > 1 ? a[1].value.asString() : std::string_view())));
    }
    if (name == "sum") return sum(*list);
    if (name == "min" || name == "max" || name == "isSorted") {
        if (list->empty() && name != "isSorted") return base::Result<Datum>(base::makeError(name + " called on empty list"));
        Datum best = list->empty() ? Datum() : list->front();
        for (std::size_t i = 1; i < list->size(); ++i) {
            const auto order = orderOf((*list)[i], name == "isSorted" ? (*list)[i - 1] : best);
            if (!order) return base::Result<Datum>(noOverload());
            if (name == "isSorted" && *order < 0) return Datum(Value(false));
            if ((name == "min" && *order < 0) || (name == "max" && *order > 0)) best = (*list)[i];
        }
        return name == "isSorted" ? Datum(Value(true)) : best;
    }
    if ((name == "indexOf" || name == "lastIndexOf") && a.size() == 2) {
        std::int64_t found = -1;
        for (std::size_t i = 0; i < list->size(); ++i)
            if (equalData((*list)[i], a[1]) && (found < 0 || name == "lastIndexOf")) found = static_cast<std::int64_t>(i);
        return Datum(Value(found));
    }
    return newListFunction(name, *list, a);
}

Answer timeFunction(const std::string& name, const Data& a, bool method) {
    if (!method || a.empty() || (a[0].kind != Kind::Timestamp && a[0].kind != Kind::Duration)) return std::nullopt;
    const bool duration = a[0].kind == Kind::Duration;
    std::int64_t at = a[0].number;
    if (!duration && a.size() == 2) {
        const auto offset = zoneOffset(a[1].value.asString());
        if (!offset) return base::Result<Datum>(base::makeError("unknown time zone " + a[1].value.text()));
        if (__builtin_add_overflow(at, *offset, &at)) return base::Result<Datum>(base::makeError("timestamp overflow"));
    }
    const sim::CivilTime civil = sim::civilTime(at);
    const auto number = [](std::int64_t n) { return Datum(Value(n)); };
    if (name == "getMilliseconds") return number(duration ? at / sim::kMillisecond : civil.nanosecond / 1'000'000);
    if (name == "getSeconds") return number(duration ? at / sim::kSecond : civil.second);
    if (name == "getMinutes") return number(duration ? at / sim::kMinute : civil.minute);
    if (name == "getHours") return number(duration ? at / sim::kHour : civil.hour);
    if (duration) return std::nullopt;
    if (name == "getFullYear") return number(civil.year);
    if (name == "getMonth") return number(civil.month - 1);
    if (name == "getDate") return number(civil.day);
    if (name == "getDayOfMonth") return number(civil.day - 1);
    if (name == "getDayOfWeek") return number(civil.weekday);
    if (name == "getDayOfYear")
        return number((at - sim::unixTime(civil.year, 1, 1, 0, 0, 0)) / (24 * sim::kHour));
    return std::nullopt;
}

Answer conversion(const std::string& name, const Data& a, bool method) {
    if (name == "size" && a.size() == 1) {
        if (const auto list = membersOf(a[0])) return Datum(Value(static_cast<std::int64_t>(list->size())));
        if (a[0].kind == Kind::Map) return Datum(Value(static_cast<std::int64_t>(a[0].items->size() / 2)));
        if (a[0].value.isObject()) return Datum(Value(static_cast<std::int64_t>(a[0].value.size())));
        if (!a[0].value.isString()) return std::nullopt;
        std::int64_t count = 0;
        for (const char c : a[0].value.asString())
            count += a[0].kind == Kind::Bytes || (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
        return Datum(Value(count));
    }
    if (method || a.size() != 1) return std::nullopt;
    const Value& v = a[0].value;
    const auto refuse = [&](const char* to) {
        if (!v.isString())
            return base::Result<Datum>(base::makeError("no such overload: " + name + "(" + typeName(a[0]) + ")"));
        return base::Result<Datum>(base::makeError("type conversion error from '" + typeName(a[0]) + "' to '" + to + "'"));
    };
    if (name == "dyn") return a[0];
    if (name == "type") {
        Datum type;
        type.kind = Kind::Type;
        type.type = typeName(a[0]);
        return type;
    }
    if (name == "string") return toText(a[0]);
    if (name == "int") return toInt(a[0], false);
    if (name == "uint") return toInt(a[0], true);
    if (name == "bytes" && v.isString()) return Datum(Kind::Bytes, v);
    if (name == "double") {
        if (v.isNumber()) return Datum(Value(v.asDouble()));
        double out = 0;
        const std::string text = v.text();
        const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
        if (text.empty() || read.ec != std::errc() || read.ptr != text.data() + text.size()) return refuse("double");
        return Datum(Value(out));
    }
    if (name == "bool") {
        if (v.isBool()) return a[0];
        for (const char* yes : {"1", "t", "T", "true", "TRUE", "True"})
            if (v.asString() == yes) return Datum(Value(true));
        for (const char* no : {"0", "f", "F", "false", "FALSE", "False"})
            if (v.asString() == no) return Datum(Value(false));
        return refuse("bool");
    }
    if (name == "duration") {
        if (a[0].kind == Kind::Duration) return a[0];
        if (const auto d = sim::parseGoDuration(v.asString())) return timed(Kind::Duration, *d);
        return refuse("google.protobuf.Duration");
    }
    if (name == "timestamp") {
        if (a[0].kind == Kind::Timestamp) return a[0];
        std::int64_t at = 0;
        if (v.isInt() && __builtin_mul_overflow(v.asInt(), sim::kSecond, &at))
            return base::Result<Datum>(base::makeError("timestamp overflow"));
        if (v.isInt()) return timed(Kind::Timestamp, at);
        if (const auto t = sim::parseRfc3339(v.asString())) return timed(Kind::Timestamp, *t);
        return refuse("google.protobuf.Timestamp");
    }
    return std::nullopt;
}

} // namespace apiserver::cel
