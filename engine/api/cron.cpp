#include "api/cron.h"

#include "base/strings.h"
#include "sim/time.h"

#include <algorithm>
#include <array>

namespace api {
namespace {

struct Bounds {
    std::int64_t low, high;
    const char* names; // three letters each, in order from `low`
};
constexpr Bounds kMinutes{0, 59, ""}, kHours{0, 23, ""}, kDays{1, 31, ""},
    kMonths{1, 12, "janfebmaraprmayjunjulaugsepoctnovdec"}, kWeekdays{0, 6, "sunmontuewedthufrisat"};

base::Result<std::int64_t> parseNumber(const std::string& text) {
    const auto number = base::parseInt(text);
    if (!number)
        return base::makeError("failed to parse int from " + text + ": strconv.Atoi: parsing " +
                               base::quoteGo(text) + ": invalid syntax");
    if (*number < 0)
        return base::makeError("negative number (" + std::to_string(*number) + ") not allowed: " + text);
    return *number;
}
base::Result<std::int64_t> parseNumberOrName(const std::string& text, const Bounds& bounds) {
    const std::string_view names = bounds.names;
    if (text.size() == 3)
        for (std::size_t i = 0; i + 3 <= names.size(); i += 3)
            if (names.substr(i, 3) == base::toLower(text))
                return bounds.low + static_cast<std::int64_t>(i / 3);
    return parseNumber(text);
}

base::Result<std::uint64_t> parseRange(const std::string& text, const Bounds& bounds, bool& any) {
    const auto steps = base::split(text, '/');
    const auto ends = base::split(steps[0], '-');
    std::int64_t start = bounds.low, end = bounds.high, step = 1;
    const bool star = ends[0] == "*" || ends[0] == "?";
    if (!star) {
        BASE_TRY(start, parseNumberOrName(ends[0], bounds));
        end = start;
        if (ends.size() == 2) {
            BASE_TRY(end, parseNumberOrName(ends[1], bounds));
        } else if (ends.size() > 2) {
            return base::makeError("too many hyphens: " + text);
        }
    }
    if (steps.size() == 2) {
        BASE_TRY(step, parseNumber(steps[1]));
        if (ends.size() == 1) end = bounds.high;
    } else if (steps.size() > 2) {
        return base::makeError("too many slashes: " + text);
    }
    const auto n = [](std::int64_t number) { return "(" + std::to_string(number) + ")"; };
    if (start < bounds.low)
        return base::makeError("beginning of range " + n(start) + " below minimum " + n(bounds.low) + ": " + text);
    if (end > bounds.high)
        return base::makeError("end of range " + n(end) + " above maximum " + n(bounds.high) + ": " + text);
    if (start > end)
        return base::makeError("beginning of range " + n(start) + " beyond end of range " + n(end) + ": " + text);
    if (step == 0) return base::makeError("step of range should be a positive number: " + text);
    any = any || (star && step == 1);
    std::uint64_t bits = 0;
    step = std::min(step, bounds.high + 1);
    for (std::int64_t i = start; i <= end; i += step) bits |= std::uint64_t{1} << i;
    return bits;
}

base::Result<std::uint64_t> parseField(const std::string& text, const Bounds& bounds, bool& any) {
    std::uint64_t bits = 0;
    for (const std::string& part : base::split(text, ',')) {
        if (part.empty()) continue;
        BASE_TRY(const std::uint64_t range, parseRange(part, bounds, any));
        bits |= range;
    }
    return bits;
}

base::Result<CronSchedule> parseEvery(std::string_view text) {
    const std::string duration(text.substr(7));
    const auto every = sim::parseGoDuration(duration);
    if (!every)
        return base::makeError("failed to parse duration " + std::string(text) + ": time: invalid duration " +
                               base::quoteGo(duration));
    CronSchedule schedule;
    // Whole seconds, at least one.
    schedule.everyNanoseconds = std::max(*every - *every % sim::kSecond, sim::kSecond);
    return schedule;
}

base::Result<CronSchedule> parseDescriptor(std::string_view text) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames{{
        {"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
        {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"}, {"@midnight", "0 0 * * *"},
        {"@hourly", "0 * * * *"},
    }};
    for (const auto& [name, fields] : kNames)
        if (name == text) return parseCron(fields);
    if (text.substr(0, 7) == "@every ") return parseEvery(text);
    return base::makeError("unrecognized descriptor: " + std::string(text));
}

struct Civil {
    std::int64_t year;
    int month, day;
};
Civil civilOf(std::int64_t days) {
    days += 719468;
    const std::int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    const std::int64_t doe = days - era * 146097;
    const std::int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    const std::int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    const std::int64_t mp = (5 * doy + 2) / 153;
    const int month = static_cast<int>(mp < 10 ? mp + 3 : mp - 9);
    return {yoe + era * 400 + (month <= 2 ? 1 : 0), month, static_cast<int>(doy - (153 * mp + 2) / 5 + 1)};
}

} // namespace

base::Result<CronSchedule> parseCron(std::string_view text) {
    if (text.empty()) return base::makeError("empty spec string");
    if (text.substr(0, 3) == "TZ=" || text.substr(0, 8) == "CRON_TZ=") {
        const std::size_t space = text.find(' ');
        text = space == std::string_view::npos ? std::string_view() : base::trim(text.substr(space));
    }
    if (!text.empty() && text[0] == '@') return parseDescriptor(text);
    const auto fields = base::splitFields(text);
    if (fields.size() != 5)
        return base::makeError("expected exactly 5 fields, found " + std::to_string(fields.size()) + ": [" +
                               base::join(fields, " ") + "]");
    CronSchedule schedule;
    bool any = false;
    BASE_TRY(schedule.minutes, parseField(fields[0], kMinutes, any));
    BASE_TRY(schedule.hours, parseField(fields[1], kHours, any));
    BASE_TRY(schedule.days, parseField(fields[2], kDays, schedule.anyDay));
    BASE_TRY(schedule.months, parseField(fields[3], kMonths, any));
    BASE_TRY(schedule.weekdays, parseField(fields[4], kWeekdays, schedule.anyWeekday));
    return schedule;
}

std::optional<std::int64_t> CronSchedule::next(std::int64_t after) const {
    constexpr std::int64_t kSecond = 1'000'000'000;
    if (everyNanoseconds > 0) {
        std::int64_t next = 0;
        if (__builtin_add_overflow(after - after % kSecond, everyNanoseconds, &next)) return std::nullopt;
        return next;
    }
    const auto has = [](std::uint64_t bits, std::int64_t value) { return ((bits >> value) & 1) != 0; };
    std::int64_t minute = after / (60 * kSecond) + 1;
    const std::int64_t firstDay = minute / 1440;
    for (std::int64_t day = firstDay; day < firstDay + 5 * 366; ++day) {
        const Civil date = civilOf(day);
        const bool dayFits = has(days, date.day), weekdayFits = has(weekdays, ((day % 7) + 7 + 4) % 7);
        const bool fits = anyDay || anyWeekday ? dayFits && weekdayFits : dayFits || weekdayFits;
        const std::int64_t from = day == firstDay ? minute % 1440 : 0;
        if (!has(months, date.month) || !fits) continue;
        for (std::int64_t m = from; m < 1440; ++m)
            if (has(hours, m / 60) && has(minutes, m % 60)) return (day * 1440 + m) * 60 * kSecond;
    }
    return std::nullopt;
}

} // namespace api
