// Values of expressions: equality, order, lists. Source: cel-spec langdef.md.
#include "apiserver/cel/functions.h"

#include "api/quantity.h"
#include "base/strings.h"
#include "document/json.h"
#include "sim/time.h"

#include <algorithm>
#include <charconv>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

base::Error noOverload() { return base::makeError("no such overload"); }

Datum timed(Kind kind, std::int64_t number) {
    Datum out;
    out.kind = kind;
    out.number = number;
    return out;
}

std::string typeName(const Datum& datum) {
    switch (datum.kind) {
    case Kind::Uint: return "uint";
    case Kind::Bytes: return "bytes";
    case Kind::Timestamp: return "google.protobuf.Timestamp";
    case Kind::Duration: return "google.protobuf.Duration";
    case Kind::Type: return "type";
    case Kind::List: return "list";
    case Kind::Map: return "map";
    case Kind::Optional: return "optional_type";
    case Kind::Quantity: return "kubernetes.Quantity";
    case Kind::Url: return "kubernetes.URL";
    case Kind::Ip: return "net.IP";
    case Kind::Cidr: return "net.CIDR";
    case Kind::Semver: return "kubernetes.Semver";
    case Kind::Format: return "kubernetes.NamedFormat";
    case Kind::Authorizer: return "kubernetes.authorization." + datum.type;
    case Kind::Plain: break;
    }
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

std::optional<Data> membersOf(const Datum& list) {
    if (list.kind == Kind::List) return *list.items;
    if (list.kind != Kind::Plain || !list.value.isArray()) return std::nullopt;
    Data out;
    for (const Value& item : list.value.items()) out.emplace_back(item);
    return out;
}

std::optional<std::size_t> sizeOfList(const Datum& list) {
    if (list.kind == Kind::List) return list.items->size();
    if (list.kind != Kind::Plain || !list.value.isArray()) return std::nullopt;
    return list.value.size();
}

namespace {

void weigh(const Value& value, std::size_t most, std::size_t& weight) {
    ++weight;
    if (weight >= most) return;
    if (value.isString()) weight += value.asString().size();
    if (value.isArray())
        for (std::size_t i = 0; i < value.size() && weight < most; ++i) weigh(value[i], most, weight);
    if (!value.isObject()) return;
    for (const document::Member& member : value.members()) {
        if (weight >= most) return;
        weight += member.key.view().size();
        weigh(member.value, most, weight);
    }
}

void weigh(const Datum& datum, std::size_t most, std::size_t& weight) {
    weigh(datum.value, most, weight);
    if (!datum.items) return;
    for (const Datum& item : *datum.items) {
        if (weight >= most) return;
        weigh(item, most, weight);
    }
}

} // namespace

std::size_t weightOf(const Datum& datum, std::size_t most) {
    std::size_t weight = 0;
    weigh(datum, most, weight);
    return std::min(weight, most) - std::min<std::size_t>(weight, 1);
}

base::Result<Datum> integerOf(double number) {
    if (!(number > -9.2233720368547758e18 && number < 9.2233720368547758e18)) return base::makeError("integer overflow");
    return Datum(Value(static_cast<std::int64_t>(number)));
}

Datum listOf(Data items) {
    bool plain = true;
    for (const Datum& item : items) plain = plain && item.kind == Kind::Plain;
    if (plain) {
        document::ArrayBuilder out;
        for (const Datum& item : items) out.push(item.value);
        return Datum(std::move(out).build());
    }
    Datum out;
    out.kind = Kind::List;
    out.items = std::make_shared<const Data>(std::move(items));
    return out;
}

Datum mapOf(const std::vector<std::pair<std::string, Datum>>& members) {
    Datum out;
    out.kind = Kind::Map;
    Data data;
    for (const auto& [key, value] : members) {
        data.emplace_back(Value(key));
        data.push_back(value);
    }
    out.items = std::make_shared<const Data>(std::move(data));
    return out;
}

Datum optionalOf(const std::optional<Datum>& item) {
    Datum out;
    out.kind = Kind::Optional;
    out.items = std::make_shared<const Data>(item ? Data{*item} : Data());
    return out;
}

namespace {

bool isNumber(const Datum& d) { return (d.kind == Kind::Plain && d.value.isNumber()) || d.kind == Kind::Uint; }

// Keys and values in turn, whatever the map is made of.
std::optional<Data> entriesOf(const Datum& map) {
    if (map.kind == Kind::Map) return *map.items;
    if (map.kind != Kind::Plain || !map.value.isObject()) return std::nullopt;
    Data out;
    for (const document::Member& member : map.value.members()) {
        out.emplace_back(Value(member.key));
        out.emplace_back(member.value);
    }
    return out;
}

bool equalMaps(const Data& a, const Data& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i + 1 < a.size(); i += 2) {
        bool found = false;
        for (std::size_t j = 0; j + 1 < b.size() && !found; j += 2) found = equalData(a[i], b[j]) && equalData(a[i + 1], b[j + 1]);
        if (!found) return false;
    }
    return true;
}

bool equalLists(const Data& a, const Data& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (!equalData(a[i], b[i])) return false;
    return true;
}

} // namespace

bool equalData(const Datum& a, const Datum& b) {
    if (isNumber(a) && isNumber(b)) return orderOf(a, b) == 0;
    if (const auto x = membersOf(a), y = membersOf(b); x && y) return equalLists(*x, *y);
    if (a.kind == Kind::Map || b.kind == Kind::Map) {
        const auto x = entriesOf(a), y = entriesOf(b);
        return x && y && equalMaps(*x, *y);
    }
    if (a.kind != b.kind) return false;
    switch (a.kind) {
    case Kind::Type: return a.type == b.type;
    case Kind::Timestamp:
    case Kind::Duration: return a.number == b.number;
    case Kind::Optional: return equalLists(*a.items, *b.items);
    case Kind::Quantity:
    case Kind::Semver: return orderOf(a, b) == 0;
    default: return a.value == b.value;
    }
}

std::optional<int> orderOf(const Datum& a, const Datum& b) {
    const auto sign = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    if (isNumber(a) && isNumber(b)) {
        if (a.value.isInt() && b.value.isInt()) return sign(a.value.asInt(), b.value.asInt());
        return sign(a.value.asDouble(), b.value.asDouble());
    }
    if (a.kind != b.kind) return std::nullopt;
    if (a.kind == Kind::Timestamp || a.kind == Kind::Duration) return sign(a.number, b.number);
    if (a.kind == Kind::Bytes) return sign(a.value.asString(), b.value.asString());
    if (a.kind == Kind::Quantity) return sign(api::Quantity::of(a.value.asString()), api::Quantity::of(b.value.asString()));
    if (a.kind == Kind::Semver) {
        const Answer order = kubernetesFunction("compareTo", {a, b}, true);
        return static_cast<int>(order->value().value.asInt());
    }
    if (a.kind != Kind::Plain) return std::nullopt;
    if (a.value.isString() && b.value.isString()) return sign(a.value.asString(), b.value.asString());
    if (a.value.isBool() && b.value.isBool()) return sign(a.value.asBool(), b.value.asBool());
    return std::nullopt;
}

std::string shownDouble(double number) {
    char text[64];
    const auto shortest = std::to_chars(text, text + sizeof text, number, std::chars_format::scientific);
    const std::string whole(text, shortest.ptr);
    const auto mark = whole.find('e');
    if (mark == std::string::npos) return number != number ? "NaN" : number < 0 ? "-Inf" : "+Inf";
    const std::int64_t exponent = base::parseInt(std::string_view(whole).substr(mark + 1)).value_or(0);
    if (exponent < -4 || exponent >= 6) return whole;
    const auto fixed = std::to_chars(text, text + sizeof text, number, std::chars_format::fixed);
    return {text, fixed.ptr};
}

namespace {

// Digits behind the point without trailing zeroes; with the point when there are any.
std::string fraction(std::int64_t nanoseconds) {
    if (nanoseconds == 0) return {};
    std::string digits = std::to_string(nanoseconds);
    digits.insert(0, 9 - digits.size(), '0');
    return "." + digits.substr(0, digits.find_last_not_of('0') + 1);
}

std::string shownTime(std::int64_t at) {
    std::string text = sim::formatRfc3339(at);
    return text.insert(text.size() - 1, fraction(sim::civilTime(at).nanosecond));
}

std::string shownSeconds(std::int64_t length) {
    const std::int64_t seconds = length / sim::kSecond, rest = length % sim::kSecond;
    const std::string sign = seconds == 0 && rest < 0 ? "-" : "";
    return sign + std::to_string(seconds) + fraction(rest < 0 ? -rest : rest) + "s";
}

std::string keyOf(const Value& key) { return key.isString() ? key.text() : document::writeJson(key); }

} // namespace

Value plainOf(const Datum& datum) {
    switch (datum.kind) {
    case Kind::Timestamp: return Value(shownTime(datum.number));
    case Kind::Duration: return Value(shownSeconds(datum.number));
    case Kind::Type: return Value(datum.type);
    case Kind::Bytes: return Value(base::encodeBase64(datum.value.asString()));
    case Kind::List: {
        document::ArrayBuilder out;
        for (const Datum& item : *datum.items) out.push(plainOf(item));
        return std::move(out).build();
    }
    case Kind::Map: {
        document::ObjectBuilder out;
        for (std::size_t i = 0; i + 1 < datum.items->size(); i += 2)
            out.set(keyOf(plainOf((*datum.items)[i])), plainOf((*datum.items)[i + 1]));
        return std::move(out).build();
    }
    case Kind::Optional: return datum.items->empty() ? Value() : plainOf(datum.items->front());
    default: return datum.value;
    }
}

} // namespace apiserver::cel
