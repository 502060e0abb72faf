#include "apiserver/cel/format.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <cstdio>
#include <optional>

namespace apiserver::cel {

using document::Value;
using Kind = Datum::Kind;

namespace {

constexpr int kUsualPrecision = 6;

std::string decimals(const char* pattern, int precision, double number) {
    char text[512];
    std::snprintf(text, sizeof text, pattern, precision, number);
    return text;
}

// A value inside a list or a map is shown as a literal.
std::string nested(const Datum& datum);

std::string shown(const Datum& datum) {
    if (datum.kind == Kind::Type) return datum.type;
    if (datum.kind == Kind::Bytes) return datum.value.text();
    if (const auto list = membersOf(datum)) {
        std::vector<std::string> parts;
        for (const Datum& item : *list) parts.push_back(nested(item));
        return "[" + base::join(parts, ", ") + "]";
    }
    std::vector<std::string> parts;
    if (datum.kind == Kind::Map) {
        for (std::size_t i = 0; i + 1 < datum.items->size(); i += 2)
            parts.push_back(nested((*datum.items)[i]) + ":" + nested((*datum.items)[i + 1]));
    } else if (datum.value.isObject()) {
        for (const document::Member& member : datum.value.members())
            parts.push_back(base::quoteGo(member.key.view()) + ":" + nested(Datum(member.value)));
    } else {
        if (datum.kind == Kind::Plain && datum.value.isDouble()) return shownDouble(datum.value.asDouble());
        const Value plain = plainOf(datum);
        return plain.isString() ? plain.text() : document::writeJson(plain);
    }
    std::sort(parts.begin(), parts.end());
    return "{" + base::join(parts, ", ") + "}";
}

std::string nested(const Datum& datum) {
    if (datum.kind == Kind::Timestamp) return "timestamp(" + base::quoteGo(shown(datum)) + ")";
    if (datum.kind == Kind::Duration) return "duration(" + base::quoteGo(shown(datum)) + ")";
    if (datum.kind == Kind::Bytes) return "b" + base::quoteGo(datum.value.asString());
    if (datum.kind != Kind::Plain) return shown(datum);
    if (datum.value.isString()) return base::quoteGo(datum.value.asString());
    return datum.value.isDouble() ? decimals("%.*f", kUsualPrecision, datum.value.asDouble()) : shown(datum);
}

std::string inBase(std::int64_t number, unsigned base, bool upper) {
    const char* digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    auto left = number < 0 ? 0 - static_cast<std::uint64_t>(number) : static_cast<std::uint64_t>(number);
    std::string out;
    do out.insert(out.begin(), digits[left % base]);
    while ((left /= base) > 0);
    return number < 0 ? "-" + out : out;
}

// "1.5×10⁰³", as the locale of the server has it.
std::string scientific(double number) {
    const std::string text = decimals("%.*e", kUsualPrecision, number);
    const auto mark = text.find('e');
    if (mark == std::string::npos) return text;
    static constexpr const char* kRaised[] = {"⁰", "¹", "²", "³", "⁴", "⁵", "⁶", "⁷", "⁸", "⁹"};
    std::string out = text.substr(0, mark) + "×10";
    for (const char c : text.substr(mark + 1)) {
        if (c == '-') out += "⁻";
        else if (c >= '0' && c <= '9') out += kRaised[c - '0'];
    }
    return out;
}

// What a verb cannot show, by the name of a type; null: it can.
const char* refusal(char verb, std::string_view type) {
    const auto is = [&](std::initializer_list<std::string_view> types) { return std::find(types.begin(), types.end(), type) != types.end(); };
    const bool whole = is({"int", "uint"});
    switch (verb) {
    case 's':
        return is({"string", "bool", "bytes", "int", "uint", "double", "map", "list", "type", "null_type", "google.protobuf.Duration",
                   "google.protobuf.Timestamp"})
                   ? nullptr
                   : "string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, durations, and timestamps";
    case 'd': return whole ? nullptr : "decimal clause can only be used on integers";
    case 'f': return is({"double"}) ? nullptr : "fixed-point clause can only be used on doubles";
    case 'e': return is({"double"}) ? nullptr : "scientific clause can only be used on doubles";
    case 'b': return whole || is({"bool"}) ? nullptr : "only integers and bools can be formatted as binary";
    case 'o': return whole ? nullptr : "octal clause can only be used on integers";
    case 'x':
    case 'X':
        return whole || is({"string", "bytes"}) ? nullptr : "only integers, byte buffers, and strings can be formatted as hex";
    default: return nullptr;
    }
}

base::Error refused(const char* what, const std::string& type) {
    return base::makeError("error during formatting: " + std::string(what) + ", was given " + type);
}

base::Result<std::string> clause(char verb, int precision, const Datum& a) {
    if (const char* what = refusal(verb, typeName(a))) return refused(what, typeName(a));
    switch (verb) {
    case 's':
    case 'd': return shown(a);
    case 'f': return decimals("%.*f", precision < 0 ? kUsualPrecision : precision, a.value.asDouble());
    case 'e': return scientific(a.value.asDouble());
    case 'b':
        if (a.value.isBool()) return std::string(a.value.asBool() ? "1" : "0");
        return inBase(a.value.asInt(), 2, false);
    case 'o': return inBase(a.value.asInt(), 8, false);
    default:
        if (!a.value.isString()) return inBase(a.value.asInt(), 16, verb == 'X');
        return verb == 'X' ? base::toUpper(base::encodeHex(a.value.asString())) : base::encodeHex(a.value.asString());
    }
}

struct Piece {
    std::string text; // as it is
    char verb = 0;    // or of an argument
    int precision = -1;
};

base::Result<std::vector<Piece>> pieces(const std::string& pattern) {
    std::vector<Piece> out(1);
    const auto unreadable = [](const std::string& why) { return base::makeError("could not parse formatting clause: " + why); };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%') {
            out.back().text += pattern[i];
            continue;
        }
        if (++i >= pattern.size()) return base::makeError("unexpected end of string");
        if (pattern[i] == '%') {
            out.back().text += '%';
            continue;
        }
        Piece piece;
        if (pattern[i] == '.') {
            piece.precision = 0;
            const std::size_t start = ++i;
            while (i < pattern.size() && pattern[i] >= '0' && pattern[i] <= '9') piece.precision = std::min(piece.precision * 10 + pattern[i++] - '0', 100);
            const std::string trouble = "error while parsing precision: ";
            if (i >= pattern.size()) return unreadable(trouble + "could not find end of precision specifier");
            if (i == start) return unreadable(trouble + "error while converting precision to integer: strconv.Atoi: parsing \"\": invalid syntax");
        }
        piece.verb = pattern[i];
        if (std::string_view("sdfebxXo").find(piece.verb) == std::string_view::npos)
            return unreadable("unrecognized formatting clause \"" + std::string(1, piece.verb) + "\"");
        out.push_back(piece);
        out.emplace_back();
    }
    return out;
}

} // namespace

base::Result<Datum> formatted(const std::string& pattern, const Data& given) {
    BASE_TRY(const std::vector<Piece> parts, pieces(pattern));
    std::string out;
    std::size_t next = 0;
    for (const Piece& piece : parts) {
        out += piece.text;
        if (piece.verb == 0) continue;
        if (next >= given.size()) return base::makeError("index " + std::to_string(next) + " out of range");
        BASE_TRY(const std::string text, clause(piece.verb, piece.precision, given[next++]));
        out += text;
    }
    return Datum(Value(out));
}

void checkFormat(const Node& call, std::vector<Problem>& problems) {
    const Node &pattern = *call.arguments[0], &list = *call.arguments[1];
    if (pattern.kind != Node::Kind::Literal || list.kind != Node::Kind::List) return;
    auto parts = pieces(pattern.literal.value.text());
    if (!parts.ok()) return problems.push_back({call.offset, parts.error().message});
    std::size_t next = 0;
    for (const Piece& piece : *parts) {
        if (piece.verb == 0) continue;
        if (next >= list.arguments.size()) return problems.push_back({call.offset, "index " + std::to_string(next) + " out of range"});
        const Node& item = *list.arguments[next++];
        std::string type = item.type->fullText();
        type = type.substr(0, type.find('('));
        const char* what = type == "dyn" ? nullptr : refusal(piece.verb, type);
        if (what != nullptr) problems.push_back({item.offset, refused(what, type).message});
    }
    if (next < list.arguments.size())
        problems.push_back({call.offset, "too many arguments supplied to string.format (expected " + std::to_string(next) + ", got " +
                                             std::to_string(list.arguments.size()) + ")"});
}

} // namespace apiserver::cel
