#include "controllers/cronjob/schedule.h"

#include "base/strings.h"

#include <array>

namespace controllers::cron {
namespace {

enum class Summer { None, Europe, America };
struct Zone {
    std::string_view name;
    int minutes; // of standard time
    Summer summer;
};

// The zones in common use; rules as they stand today. Source: IANA time zone database.
constexpr Zone kZones[] = {{"UTC", 0, Summer::None},
                           {"Etc/UTC", 0, Summer::None},
                           {"GMT", 0, Summer::None},
                           {"Etc/GMT", 0, Summer::None},
                           {"Europe/London", 0, Summer::Europe},
                           {"Europe/Dublin", 0, Summer::Europe},
                           {"Europe/Lisbon", 0, Summer::Europe},
                           {"Atlantic/Canary", 0, Summer::Europe},
                           {"Europe/Madrid", 60, Summer::Europe},
                           {"Europe/Paris", 60, Summer::Europe},
                           {"Europe/Berlin", 60, Summer::Europe},
                           {"Europe/Rome", 60, Summer::Europe},
                           {"Europe/Vienna", 60, Summer::Europe},
                           {"Europe/Zurich", 60, Summer::Europe},
                           {"Europe/Amsterdam", 60, Summer::Europe},
                           {"Europe/Brussels", 60, Summer::Europe},
                           {"Europe/Copenhagen", 60, Summer::Europe},
                           {"Europe/Stockholm", 60, Summer::Europe},
                           {"Europe/Oslo", 60, Summer::Europe},
                           {"Europe/Prague", 60, Summer::Europe},
                           {"Europe/Warsaw", 60, Summer::Europe},
                           {"Europe/Budapest", 60, Summer::Europe},
                           {"CET", 60, Summer::Europe},
                           {"Europe/Athens", 120, Summer::Europe},
                           {"Europe/Helsinki", 120, Summer::Europe},
                           {"Europe/Kiev", 120, Summer::Europe},
                           {"Europe/Kyiv", 120, Summer::Europe},
                           {"Europe/Bucharest", 120, Summer::Europe},
                           {"Europe/Istanbul", 180, Summer::None},
                           {"Europe/Moscow", 180, Summer::None},
                           {"Africa/Cairo", 120, Summer::None},
                           {"Africa/Johannesburg", 120, Summer::None},
                           {"Africa/Lagos", 60, Summer::None},
                           {"Africa/Nairobi", 180, Summer::None},
                           {"Asia/Dubai", 240, Summer::None},
                           {"Asia/Karachi", 300, Summer::None},
                           {"Asia/Kolkata", 330, Summer::None},
                           {"Asia/Calcutta", 330, Summer::None},
                           {"Asia/Dhaka", 360, Summer::None},
                           {"Asia/Bangkok", 420, Summer::None},
                           {"Asia/Jakarta", 420, Summer::None},
                           {"Asia/Shanghai", 480, Summer::None},
                           {"Asia/Hong_Kong", 480, Summer::None},
                           {"Asia/Singapore", 480, Summer::None},
                           {"Asia/Taipei", 480, Summer::None},
                           {"Asia/Manila", 480, Summer::None},
                           {"Australia/Perth", 480, Summer::None},
                           {"Asia/Tokyo", 540, Summer::None},
                           {"Asia/Seoul", 540, Summer::None},
                           {"Australia/Brisbane", 600, Summer::None},
                           {"America/Sao_Paulo", -180, Summer::None},
                           {"America/Argentina/Buenos_Aires", -180, Summer::None},
                           {"America/Halifax", -240, Summer::America},
                           {"America/Caracas", -240, Summer::None},
                           {"America/Bogota", -300, Summer::None},
                           {"America/Lima", -300, Summer::None},
                           {"America/New_York", -300, Summer::America},
                           {"US/Eastern", -300, Summer::America},
                           {"America/Toronto", -300, Summer::America},
                           {"EST", -300, Summer::None},
                           {"America/Chicago", -360, Summer::America},
                           {"US/Central", -360, Summer::America},
                           {"America/Mexico_City", -360, Summer::None},
                           {"America/Denver", -420, Summer::America},
                           {"US/Mountain", -420, Summer::America},
                           {"America/Phoenix", -420, Summer::None},
                           {"America/Los_Angeles", -480, Summer::America},
                           {"US/Pacific", -480, Summer::America},
                           {"America/Vancouver", -480, Summer::America},
                           {"America/Anchorage", -540, Summer::America},
                           {"Pacific/Honolulu", -600, Summer::None}};

// Day of month of the n-th Sunday (n = -1: the last).
int sunday(int year, int month, int n) {
    static constexpr std::array<int, 13> lengths{0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const int first = (7 - sim::civilTime(sim::unixTime(year, month, 1, 0, 0, 0)).weekday) % 7 + 1;
    if (n > 0) return first + (n - 1) * 7;
    int day = first;
    while (day + 7 <= lengths[static_cast<std::size_t>(month)]) day += 7;
    return day;
}

bool summerTime(const Zone& zone, std::int64_t unixNow) {
    if (zone.summer == Summer::None) return false;
    const int year = sim::civilTime(unixNow).year;
    if (zone.summer == Summer::Europe)
        return unixNow >= sim::unixTime(year, 3, sunday(year, 3, -1), 1, 0, 0) &&
               unixNow < sim::unixTime(year, 10, sunday(year, 10, -1), 1, 0, 0);
    const std::int64_t shift = zone.minutes * sim::kMinute;
    return unixNow >= sim::unixTime(year, 3, sunday(year, 3, 2), 2, 0, 0) - shift &&
           unixNow < sim::unixTime(year, 11, sunday(year, 11, 1), 1, 0, 0) - shift;
}

std::optional<int> number(std::string_view text, const std::vector<std::string_view>& names,
                          int base) {
    if (const auto value = base::parseInt(text)) return static_cast<int>(*value);
    const std::string lower = base::toLower(text);
    for (std::size_t i = 0; i < names.size(); ++i)
        if (lower == names[i]) return static_cast<int>(i) + base;
    return std::nullopt;
}

struct FieldSpec {
    int low, high;
    std::vector<std::string_view> names;
    int nameBase;
};

base::Result<std::uint64_t> parseField(const std::string& text, const FieldSpec& spec, bool& star) {
    std::uint64_t bits = 0;
    for (const std::string& part : base::split(text, ',')) {
        const auto pieces = base::split(part, '/');
        if (pieces.size() > 2) return base::makeError("too many slashes: " + part);
        const auto range = base::split(pieces[0], '-');
        int first = 0, last = 0, step = 1;
        if (range[0] == "*" || range[0] == "?") {
            first = spec.low;
            last = spec.high;
            if (pieces.size() == 1) star = true;
        } else {
            const auto begin = number(range[0], spec.names, spec.nameBase);
            if (!begin)
                return base::makeError("failed to parse int from " + range[0] +
                                       ": strconv.Atoi: parsing " + base::quoteGo(range[0]) +
                                       ": invalid syntax");
            first = last = *begin;
            if (range.size() == 2) {
                const auto end = number(range[1], spec.names, spec.nameBase);
                if (!end)
                    return base::makeError("failed to parse int from " + range[1] +
                                           ": strconv.Atoi: parsing " + base::quoteGo(range[1]) +
                                           ": invalid syntax");
                last = *end;
            } else if (range.size() > 2) {
                return base::makeError("too many hyphens: " + part);
            } else if (pieces.size() == 2) {
                last = spec.high;
            }
        }
        if (pieces.size() == 2) {
            const auto value = base::parseInt(pieces[1]);
            if (!value)
                return base::makeError("failed to parse int from " + pieces[1] +
                                       ": strconv.Atoi: parsing " + base::quoteGo(pieces[1]) +
                                       ": invalid syntax");
            step = static_cast<int>(*value);
        }
        const std::string shown = part;
        if (first < spec.low)
            return base::makeError("beginning of range (" + std::to_string(first) +
                                   ") below minimum (" + std::to_string(spec.low) + "): " + shown);
        if (last > spec.high)
            return base::makeError("end of range (" + std::to_string(last) + ") above maximum (" +
                                   std::to_string(spec.high) + "): " + shown);
        if (first > last)
            return base::makeError("beginning of range (" + std::to_string(first) +
                                   ") beyond end of range (" + std::to_string(last) +
                                   "): " + shown);
        if (step <= 0)
            return base::makeError("step of range should be a positive number: " + shown);
        for (int i = first; i <= last; i += step) bits |= std::uint64_t{1} << i;
    }
    return bits;
}

} // namespace

std::optional<std::int64_t> zoneOffset(std::string_view zone, std::int64_t unixNow) {
    if (zone.empty() || zone == "Local") return 0;
    for (const Zone& entry : kZones)
        if (entry.name == zone)
            return (entry.minutes + (summerTime(entry, unixNow) ? 60 : 0)) * sim::kMinute;
    return std::nullopt;
}

base::Result<Schedule> Schedule::parse(std::string_view text) {
    std::string_view spec = base::trim(text);
    if (spec.empty()) return base::makeError("empty spec string");
    Schedule out;
    if (spec.starts_with("@every ")) {
        const auto every = sim::parseGoDuration(spec.substr(7));
        if (!every) return base::makeError("failed to parse duration " + std::string(spec));
        out.every_ = std::max(sim::kSecond, *every / sim::kSecond * sim::kSecond);
        return out;
    }
    if (spec[0] == '@') {
        if (spec == "@yearly" || spec == "@annually")
            spec = "0 0 1 1 *";
        else if (spec == "@monthly")
            spec = "0 0 1 * *";
        else if (spec == "@weekly")
            spec = "0 0 * * 0";
        else if (spec == "@daily" || spec == "@midnight")
            spec = "0 0 * * *";
        else if (spec == "@hourly")
            spec = "0 * * * *";
        else
            return base::makeError("unrecognized descriptor: " + std::string(spec));
    }
    const std::vector<std::string> fields = base::splitFields(spec);
    if (fields.size() != 5) {
        std::string shown = "[" + base::join(fields, " ") + "]";
        return base::makeError("expected exactly 5 fields, found " + std::to_string(fields.size()) +
                               ": " + shown);
    }
    bool ignored = false;
    BASE_TRY(out.minutes_, parseField(fields[0], {0, 59, {}, 0}, ignored));
    BASE_TRY(out.hours_, parseField(fields[1], {0, 23, {}, 0}, ignored));
    BASE_TRY(out.days_, parseField(fields[2], {1, 31, {}, 0}, out.anyDay_));
    BASE_TRY(out.months_, parseField(fields[3],
                                     {1,
                                      12,
                                      {"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug",
                                       "sep", "oct", "nov", "dec"},
                                      1},
                                     ignored));
    BASE_TRY(out.weekdays_,
             parseField(fields[4], {0, 6, {"sun", "mon", "tue", "wed", "thu", "fri", "sat"}, 0},
                        out.anyWeekday_));
    return out;
}

std::int64_t Schedule::next(std::int64_t after, std::string_view zone) const {
    if (every_ > 0) return after / sim::kSecond * sim::kSecond + every_;
    const std::int64_t limit = after + 5 * 366 * 24 * sim::kHour;
    const auto has = [](std::uint64_t bits, int value) { return (bits >> value & 1) != 0; };
    std::int64_t at = (after / sim::kMinute + 1) * sim::kMinute;
    while (at < limit) {
        const std::int64_t offset = zoneOffset(zone, at).value_or(0);
        const sim::CivilTime local = sim::civilTime(at + offset);
        // Days and weekdays are alternatives unless one of them is a star.
        const bool day = has(days_, local.day), weekday = has(weekdays_, local.weekday);
        const bool dayFits = anyDay_ || anyWeekday_ ? day && weekday : day || weekday;
        if (!has(months_, local.month) || !dayFits) {
            at += (24 * 60 - local.hour * 60 - local.minute) * sim::kMinute;
            continue;
        }
        if (!has(hours_, local.hour)) {
            at += (60 - local.minute) * sim::kMinute;
            continue;
        }
        if (has(minutes_, local.minute)) return at;
        at += sim::kMinute;
    }
    return 0;
}

} // namespace controllers::cron
