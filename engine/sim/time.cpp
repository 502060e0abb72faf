#include "sim/time.h"

#include <array>
#include <cstdio>

namespace sim {
namespace {
// Days since 1970-01-01 of a proleptic Gregorian date and back (H. Hinnant's civil calendar algorithm).
std::int64_t daysFromCivil(std::int64_t year, int month, int day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const auto yearOfEra = year - era * 400;
    const auto dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719468;
}
constexpr std::int64_t kDay = 86'400;

std::int64_t floorDivide(std::int64_t a, std::int64_t b) {
    return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}
} // namespace

std::int64_t unixTime(int year, int month, int day, int hour, int minute, int second) {
    return (daysFromCivil(year, month, day) * kDay + hour * 3600 + minute * 60 + second) * kSecond;
}

CivilTime civilTime(std::int64_t unixNanoseconds) {
    const std::int64_t seconds = floorDivide(unixNanoseconds, kSecond);
    const std::int64_t days = floorDivide(seconds, kDay);
    const auto inDay = static_cast<int>(seconds - days * kDay);
    const std::int64_t shifted = days + 719468;
    const std::int64_t era = floorDivide(shifted, 146097);
    const std::int64_t dayOfEra = shifted - era * 146097;
    const std::int64_t yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const std::int64_t dayOfYear =
        dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const std::int64_t monthIndex = (5 * dayOfYear + 2) / 153;
    CivilTime civil{};
    civil.day = static_cast<int>(dayOfYear - (153 * monthIndex + 2) / 5 + 1);
    civil.month = static_cast<int>(monthIndex < 10 ? monthIndex + 3 : monthIndex - 9);
    civil.year = static_cast<int>(yearOfEra + era * 400 + (civil.month <= 2 ? 1 : 0));
    civil.hour = inDay / 3600;
    civil.minute = inDay / 60 % 60;
    civil.second = inDay % 60;
    civil.nanosecond = static_cast<int>(unixNanoseconds - seconds * kSecond);
    civil.weekday = static_cast<int>(((days + 4) % 7 + 7) % 7);
    civil.yearDay = static_cast<int>(days - daysFromCivil(civil.year, 1, 1));
    return civil;
}

std::string formatRfc3339(std::int64_t unixNanoseconds) {
    const CivilTime t = civilTime(unixNanoseconds);
    if (t.year >= 0 && t.year <= 9999) {
        std::string text = "0000-00-00T00:00:00Z";
        const auto put = [&text](std::size_t end, int value) { // digits up to a place
            for (; value > 0; value /= 10) text[--end] = static_cast<char>('0' + value % 10);
        };
        put(4, t.year);
        put(7, t.month);
        put(10, t.day);
        put(13, t.hour);
        put(16, t.minute);
        put(19, t.second);
        return text;
    }
    std::array<char, 80> out{};
    std::snprintf(out.data(), out.size(), "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day,
                  t.hour, t.minute, t.second);
    return out.data();
}

std::string formatRfc3339Micro(std::int64_t unixNanoseconds) {
    std::string text = formatRfc3339(unixNanoseconds);
    std::array<char, 16> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%06dZ",
                  civilTime(unixNanoseconds).nanosecond / 1000);
    text.pop_back();
    return text + fraction.data();
}

namespace {

// Times as the world itself writes them: 2026-03-02T09:00:00Z.
std::optional<std::int64_t> parsePlain(std::string_view text) {
    constexpr std::string_view kForm = "0000-00-00T00:00:00Z";
    if (text.size() != kForm.size()) return std::nullopt;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool digit = text[i] >= '0' && text[i] <= '9';
        if (kForm[i] == '0' ? !digit : text[i] != kForm[i]) return std::nullopt;
    }
    const auto number = [text](std::size_t at, std::size_t length) {
        int value = 0;
        for (const char c : text.substr(at, length)) value = value * 10 + (c - '0');
        return value;
    };
    const int month = number(5, 2), day = number(8, 2), hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return std::nullopt;
    return unixTime(number(0, 4), month, day, hour, minute, second);
}

} // namespace

std::optional<std::int64_t> parseRfc3339(std::string_view text) {
    if (const auto plain = parsePlain(text)) return plain;
    const std::string copy(text.substr(0, 64));
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
    if (std::sscanf(copy.c_str(), "%4d-%2d-%2d%*1[Tt ]%2d:%2d:%2d%n", &year, &month, &day, &hour,
                    &minute, &second, &used) != 6 ||
        used == 0)
        return std::nullopt;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return std::nullopt;
    std::int64_t fraction = 0;
    std::size_t at = static_cast<std::size_t>(used);
    if (at < copy.size() && copy[at] == '.') {
        std::int64_t scale = kSecond / 10;
        for (++at; at < copy.size() && copy[at] >= '0' && copy[at] <= '9'; ++at, scale /= 10)
            fraction += (copy[at] - '0') * scale;
    }
    std::int64_t offset = 0;
    if (at < copy.size() && (copy[at] == 'Z' || copy[at] == 'z')) {
        ++at;
    } else {
        char sign = 0;
        int hours = 0, minutes = 0, length = 0;
        if (std::sscanf(copy.c_str() + at, "%c%2d:%2d%n", &sign, &hours, &minutes, &length) != 3 ||
            (sign != '+' && sign != '-'))
            return std::nullopt;
        offset = (hours * 3600 + minutes * 60) * (sign == '+' ? kSecond : -kSecond);
        at += static_cast<std::size_t>(length);
    }
    if (at != text.size()) return std::nullopt;
    return unixTime(year, month, day, hour, minute, second) + fraction - offset;
}

std::string formatGoDuration(Duration d) {
    if (d == 0) return "0s";
    const std::string sign = d < 0 ? "-" : "";
    const auto rest = static_cast<std::uint64_t>(d < 0 ? -d : d);
    const auto decimal = [](std::uint64_t value, std::uint64_t unit) {
        std::string text = std::to_string(value / unit);
        if (value % unit == 0) return text;
        std::string fraction = std::to_string(unit + value % unit).substr(1);
        while (fraction.back() == '0') fraction.pop_back();
        return text + "." + fraction;
    };
    if (rest < 1'000) return sign + std::to_string(rest) + "ns";
    if (rest < 1'000'000) return sign + decimal(rest, 1'000) + "\u00b5s";
    if (rest < 1'000'000'000) return sign + decimal(rest, 1'000'000) + "ms";
    const std::uint64_t minutes = rest / 60'000'000'000ULL;
    std::string text = decimal(rest % 60'000'000'000ULL, 1'000'000'000) + "s";
    if (minutes > 0) text = std::to_string(minutes % 60) + "m" + text;
    if (minutes >= 60) text = std::to_string(minutes / 60) + "h" + text;
    return sign + text;
}

std::optional<Duration> parseGoDuration(std::string_view text) {
    bool negative = false;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        negative = text[0] == '-';
        text.remove_prefix(1);
    }
    if (text == "0") return 0;
    if (text.empty()) return std::nullopt;
    double total = 0;
    while (!text.empty()) {
        std::size_t at = 0;
        double number = 0, scale = 1;
        bool digits = false, point = false;
        for (; at < text.size() && (text[at] == '.' || (text[at] >= '0' && text[at] <= '9')); ++at) {
            if (text[at] == '.') {
                if (point) return std::nullopt;
                point = true;
                continue;
            }
            digits = true;
            if (point) number += (text[at] - '0') * (scale /= 10);
            else number = number * 10 + (text[at] - '0');
        }
        if (!digits) return std::nullopt;
        text.remove_prefix(at);
        std::size_t unit = 0;
        while (unit < text.size() && text[unit] != '.' && (text[unit] < '0' || text[unit] > '9'))
            ++unit;
        const std::string_view name = text.substr(0, unit);
        if (name == "ns") total += number;
        else if (name == "us" || name == "\u00b5s" || name == "\u03bcs") total += number * 1e3;
        else if (name == "ms") total += number * 1e6;
        else if (name == "s") total += number * 1e9;
        else if (name == "m") total += number * 60e9;
        else if (name == "h") total += number * 3600e9;
        else return std::nullopt;
        text.remove_prefix(unit);
    }
    if (total > 9.2e18) return std::nullopt;
    return static_cast<Duration>(negative ? -total - 0.5 : total + 0.5);
}

} // namespace sim
