#include "kubectl/printers/human.h"

#include "sim/time.h"

#include <fmt/format.h>

namespace kubectl {

std::string humanDuration(std::int64_t nanoseconds) {
    const std::int64_t seconds = nanoseconds / sim::kSecond;
    if (seconds < -1) return "<invalid>";
    if (seconds < 0) return "0s";
    if (seconds < 120) return fmt::format("{}s", seconds);
    const std::int64_t minutes = seconds / 60;
    if (minutes < 10) {
        const std::int64_t rest = seconds % 60;
        return rest == 0 ? fmt::format("{}m", minutes) : fmt::format("{}m{}s", minutes, rest);
    }
    if (minutes < 180) return fmt::format("{}m", minutes);
    const std::int64_t hours = minutes / 60;
    if (hours < 8) {
        const std::int64_t rest = minutes % 60;
        return rest == 0 ? fmt::format("{}h", hours) : fmt::format("{}h{}m", hours, rest);
    }
    if (hours < 48) return fmt::format("{}h", hours);
    const std::int64_t days = hours / 24;
    if (hours < 24 * 8) {
        const std::int64_t rest = hours % 24;
        return rest == 0 ? fmt::format("{}d", days) : fmt::format("{}d{}h", days, rest);
    }
    if (hours < 24 * 365 * 2) return fmt::format("{}d", days);
    if (hours < 24 * 365 * 8) {
        const std::int64_t rest = days % 365;
        return rest == 0 ? fmt::format("{}y", days / 365) : fmt::format("{}y{}d", days / 365, rest);
    }
    return fmt::format("{}y", days / 365);
}

std::string rfc1123(std::int64_t unixNanoseconds) {
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNanoseconds);
    return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} +0000", kDays[t.weekday], t.day,
                       kMonths[t.month - 1], t.year, t.hour, t.minute, t.second);
}

} // namespace kubectl
