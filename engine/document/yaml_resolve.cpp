#include "document/yaml_resolve.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <optional>

namespace document {
namespace {

bool isDigit(char c) { return c >= '0' && c <= '9'; }

bool oneOf(std::string_view text, std::initializer_list<std::string_view> words) {
    for (std::string_view word : words)
        if (word == text) return true;
    return false;
}

// Go's strconv.ParseInt(text, 0, 64) and ParseUint without underscores.
std::optional<Value> parseInteger(std::string_view text) {
    bool negative = false;
    if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    int base = 10;
    if (text.size() > 1 && text[0] == '0') {
        const char mark = static_cast<char>(text[1] | 0x20);
        if (mark == 'x') base = 16;
        else if (mark == 'b') base = 2;
        else if (mark == 'o') base = 8;
        if (base != 10) {
            text.remove_prefix(2);
        } else {
            base = 8;
            text.remove_prefix(1);
        }
    }
    if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
    std::uint64_t magnitude = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), magnitude, base);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
    constexpr std::uint64_t kLimit = std::uint64_t{1} << 63;
    if (negative) {
        if (magnitude > kLimit) return std::nullopt;
        return Value(static_cast<std::int64_t>(~magnitude + 1));
    }
    if (magnitude < kLimit) return Value(static_cast<std::int64_t>(magnitude));
    return Value(static_cast<double>(magnitude));
}

// ^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$
bool isYamlFloat(std::string_view text) {
    std::size_t i = 0;
    const auto digits = [&] {
        const std::size_t start = i;
        while (i < text.size() && isDigit(text[i])) ++i;
        return i - start;
    };
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (i < text.size() && text[i] == '.') {
        ++i;
        if (digits() == 0) return false;
    } else {
        if (digits() == 0) return false;
        if (i < text.size() && text[i] == '.') {
            ++i;
            digits();
        }
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == text.size();
}

std::optional<double> parseFloat(std::string_view text) {
    if (!text.empty() && text[0] == '+') text.remove_prefix(1);
    double number = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
    if (result.ec != std::errc() || result.ptr != text.data() + text.size()) return std::nullopt;
    return number;
}

// YYYY-M-D, optionally followed by a time: the formats that go-yaml takes for timestamps.
bool isTimestamp(std::string_view text) {
    std::size_t i = 0;
    const auto number = [&](std::size_t low, std::size_t high, int smallest, int largest) {
        const std::size_t start = i;
        int value = 0;
        while (i < text.size() && isDigit(text[i]) && i - start < high)
            value = value * 10 + (text[i++] - '0');
        return i - start >= low && value >= smallest && value <= largest;
    };
    const auto literal = [&](char c) {
        if (i >= text.size() || text[i] != c) return false;
        ++i;
        return true;
    };
    if (!number(4, 4, 0, 9999) || !literal('-') || !number(1, 2, 1, 12) || !literal('-') ||
        !number(1, 2, 1, 31))
        return false;
    if (i == text.size()) return true;
    const char separator = text[i];
    if (separator != 'T' && separator != 't' && separator != ' ') return false;
    ++i;
    if (!number(1, 2, 0, 23) || !literal(':') || !number(1, 2, 0, 59) || !literal(':') ||
        !number(1, 2, 0, 59))
        return false;
    if (i < text.size() && (text[i] == '.' || text[i] == ',')) {
        ++i;
        const std::size_t start = i;
        while (i < text.size() && isDigit(text[i])) ++i;
        if (i == start) return false;
    }
    if (separator == ' ') return i == text.size();
    if (i < text.size() && text[i] == 'Z') return i + 1 == text.size();
    if (i >= text.size() || (text[i] != '+' && text[i] != '-')) return false;
    ++i;
    return number(2, 2, 0, 24) && literal(':') && number(2, 2, 0, 60) && i == text.size();
}

ResolvedScalar resolveNumber(std::string_view text) {
    if (isTimestamp(text)) return {ScalarTag::Timestamp, Value(text)};
    std::string plain;
    for (char c : text)
        if (c != '_') plain += c;
    if (auto integer = parseInteger(plain)) return {ScalarTag::Int, *integer};
    if (isYamlFloat(plain))
        if (const auto real = parseFloat(plain)) return {ScalarTag::Float, Value(*real)};
    return {ScalarTag::String, Value(text)};
}

} // namespace

ResolvedScalar resolveScalar(std::string_view text) {
    if (oneOf(text, {"", "~", "null", "Null", "NULL"})) return {ScalarTag::Null, Value()};
    const char first = text[0];
    switch (first) {
    case 'y': case 'Y': case 't': case 'T':
        if (oneOf(text, {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE"}))
            return {ScalarTag::Bool, Value(true)};
        break;
    case 'n': case 'N': case 'f': case 'F':
        if (oneOf(text, {"n", "N", "no", "No", "NO", "false", "False", "FALSE"}))
            return {ScalarTag::Bool, Value(false)};
        break;
    case 'o': case 'O':
        if (oneOf(text, {"on", "On", "ON"})) return {ScalarTag::Bool, Value(true)};
        if (oneOf(text, {"off", "Off", "OFF"})) return {ScalarTag::Bool, Value(false)};
        break;
    case '<':
        if (text == "<<") return {ScalarTag::Merge, Value(text)};
        break;
    case '.':
        if (oneOf(text, {".nan", ".NaN", ".NAN"}))
            return {ScalarTag::Float, Value(std::numeric_limits<double>::quiet_NaN())};
        if (oneOf(text, {".inf", ".Inf", ".INF"}))
            return {ScalarTag::Float, Value(std::numeric_limits<double>::infinity())};
        if (const auto real = parseFloat(text)) return {ScalarTag::Float, Value(*real)};
        break;
    case '+': case '-':
        if (oneOf(text.substr(1), {".inf", ".Inf", ".INF"})) {
            const double infinity = std::numeric_limits<double>::infinity();
            return {ScalarTag::Float, Value(first == '-' ? -infinity : infinity)};
        }
        return resolveNumber(text);
    default:
        if (isDigit(first)) return resolveNumber(text);
    }
    return {ScalarTag::String, Value(text)};
}

// ^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$
bool looksLikeBase60(std::string_view text) {
    std::size_t i = 0;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (i >= text.size() || !isDigit(text[i])) return false;
    while (i < text.size() && (isDigit(text[i]) || text[i] == '_')) ++i;
    int groups = 0;
    while (i < text.size() && text[i] == ':') {
        const std::size_t start = ++i;
        while (i < text.size() && isDigit(text[i])) ++i;
        const std::size_t length = i - start;
        if (length == 0 || length > 2 || (length == 2 && text[start] > '5')) return false;
        ++groups;
    }
    if (groups == 0) return false;
    if (i < text.size() && text[i] == '.') {
        ++i;
        while (i < text.size() && (isDigit(text[i]) || text[i] == '_')) ++i;
    }
    return i == text.size();
}

std::string formatFloatGeneral(double number, int bits) {
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number > 0 ? ".inf" : "-.inf";
    std::array<char, 64> buffer{};
    char* const end = buffer.data() + buffer.size();
    const auto scientific =
        bits == 32 ? std::to_chars(buffer.data(), end, static_cast<float>(number),
                                   std::chars_format::scientific)
                   : std::to_chars(buffer.data(), end, number, std::chars_format::scientific);
    const std::string text(buffer.data(), scientific.ptr);
    const std::size_t mark = text.find('e');
    const int exponent = std::atoi(text.c_str() + mark + 1);
    // %e below 1e-4 and from 1e6 on: the shortest form decides with precision 6.
    if (exponent < -4 || exponent >= 6) return text;
    std::array<char, 400> wide{};
    char* const wideEnd = wide.data() + wide.size();
    const auto fixed =
        bits == 32 ? std::to_chars(wide.data(), wideEnd, static_cast<float>(number),
                                   std::chars_format::fixed)
                   : std::to_chars(wide.data(), wideEnd, number, std::chars_format::fixed);
    return std::string(wide.data(), fixed.ptr);
}

} // namespace document
