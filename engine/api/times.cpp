#include "api/times.h"

#include "base/strings.h"

#include <cstdio>

namespace api {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

std::int64_t daysFromCivil(std::int64_t year, int month, int day) {
    year -= month <= 2 ? 1 : 0;
    const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
    const std::int64_t yearOfEra = year - era * 400;
    const std::int64_t dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const std::int64_t dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
    return era * 146097 + dayOfEra - 719468;
}

int daysInMonth(std::int64_t year, int month) {
    static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : kDays[month - 1];
}

struct Reader {
    std::string_view text;
    std::size_t at = 0;

    bool digits(std::size_t count, int& out) {
        if (at + count > text.size()) return false;
        out = 0;
        for (std::size_t i = 0; i < count; ++i) {
            const char c = text[at + i];
            if (c < '0' || c > '9') return false;
            out = out * 10 + (c - '0');
        }
        at += count;
        return true;
    }
    bool literal(char c) {
        if (at >= text.size() || text[at] != c) return false;
        ++at;
        return true;
    }
};

struct Failure {
    std::string_view element; // of the layout
    std::size_t at = 0;
    std::string range;        // "month": out of range
    bool extra = false;
};

std::optional<std::int64_t> read(std::string_view text, Failure& failure) {
    Reader in{text};
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    const auto fail = [&](std::string_view element) {
        failure.element = element;
        failure.at = in.at;
        return std::nullopt;
    };
    if (!in.digits(4, year)) return fail("2006");
    if (!in.literal('-')) return fail("-");
    if (!in.digits(2, month)) return fail("01");
    if (month < 1 || month > 12) return failure.range = "month", std::nullopt;
    if (!in.literal('-')) return fail("-");
    if (!in.digits(2, day)) return fail("02");
    if (!in.literal('T')) return fail("T");
    if (!in.digits(2, hour)) return fail("15");
    if (hour > 23) return failure.range = "hour", std::nullopt;
    if (!in.literal(':')) return fail(":");
    if (!in.digits(2, minute)) return fail("04");
    if (minute > 59) return failure.range = "minute", std::nullopt;
    if (!in.literal(':')) return fail(":");
    if (!in.digits(2, second)) return fail("05");
    if (second > 59) return failure.range = "second", std::nullopt;
    std::int64_t nanoseconds = 0;
    if (in.at < text.size() && (text[in.at] == '.' || text[in.at] == ',')) {
        ++in.at;
        std::int64_t unit = kSecond / 10;
        for (; in.at < text.size() && text[in.at] >= '0' && text[in.at] <= '9'; ++in.at) {
            nanoseconds += unit * (text[in.at] - '0');
            unit /= 10;
        }
    }
    std::int64_t offset = 0;
    if (!in.literal('Z')) {
        const std::size_t start = in.at;
        const bool minus = in.at < text.size() && text[in.at] == '-';
        int zoneHour = 0, zoneMinute = 0;
        if ((!in.literal('+') && !in.literal('-')) || !in.digits(2, zoneHour) || !in.literal(':') ||
            !in.digits(2, zoneMinute)) {
            in.at = start;
            return fail("Z07:00");
        }
        offset = (zoneHour * 3600 + zoneMinute * 60) * (minus ? -1 : 1);
    }
    if (in.at < text.size()) {
        failure.extra = true;
        failure.at = in.at;
        return std::nullopt;
    }
    if (day < 1 || day > daysInMonth(year, month)) return failure.range = "day", std::nullopt;
    const std::int64_t days = daysFromCivil(year, month, day);
    const std::int64_t seconds = days * 86400 + hour * 3600 + minute * 60 + second - offset;
    constexpr std::int64_t kLimit = 9'200'000'000;
    if (seconds > kLimit || seconds < -kLimit) return seconds > 0 ? kLimit * kSecond : -kLimit * kSecond;
    return seconds * kSecond + nanoseconds;
}

} // namespace

std::optional<std::int64_t> parseTime(std::string_view text) {
    Failure failure;
    return read(text, failure);
}

std::string formatTime(std::int64_t unixNanoseconds, bool micro) {
    std::int64_t seconds = unixNanoseconds / kSecond;
    std::int64_t rest = unixNanoseconds % kSecond;
    if (rest < 0) {
        rest += kSecond;
        --seconds;
    }
    std::int64_t days = seconds / 86400;
    std::int64_t clock = seconds % 86400;
    if (clock < 0) {
        clock += 86400;
        --days;
    }
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t dayOfEra = days - era * 146097;
    const std::int64_t yearOfEra =
        (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146096) / 365;
    const std::int64_t dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
    const std::int64_t shifted = (5 * dayOfYear + 2) / 153;
    const int day = static_cast<int>(dayOfYear - (153 * shifted + 2) / 5 + 1);
    const int month = static_cast<int>(shifted < 10 ? shifted + 3 : shifted - 9);
    const std::int64_t year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
    char buffer[64];
    int length = std::snprintf(buffer, sizeof buffer, "%04d-%02d-%02dT%02d:%02d:%02d",
                               static_cast<int>(year), month, day, static_cast<int>(clock / 3600),
                               static_cast<int>(clock / 60 % 60), static_cast<int>(clock % 60));
    std::string text(buffer, static_cast<std::size_t>(length));
    if (micro) {
        length = std::snprintf(buffer, sizeof buffer, ".%06d", static_cast<int>(rest / 1000));
        text.append(buffer, static_cast<std::size_t>(length));
    }
    return text + "Z";
}

base::Result<std::string> normalizeTime(std::string_view text, bool micro) {
    Failure failure;
    if (const auto time = read(text, failure)) return formatTime(*time, micro);
    const std::string layout =
        micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
    std::string message = "parsing time " + base::quoteGo(text);
    if (!failure.range.empty()) return base::makeError(message + ": " + failure.range + " out of range");
    if (failure.extra)
        return base::makeError(message + ": extra text: " + base::quoteGo(text.substr(failure.at)));
    return base::makeError(message + " as \"" + layout + "\": cannot parse " +
                           base::quoteGo(text.substr(failure.at)) + " as \"" +
                           std::string(failure.element) + "\"");
}

} // namespace api
