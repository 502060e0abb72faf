#pragma once
// Cron expressions and the time zones that they may be read in. Source: robfig/cron standard
// parser.

#include "base/result.h"
#include "sim/time.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace controllers::cron {

// Offset from UTC at an instant; nothing when the zone is not known. Empty and "Local" mean UTC.
std::optional<std::int64_t> zoneOffset(std::string_view zone, std::int64_t unixNow);

class Schedule {
public:
    // Five fields, "@hourly" and so on, or "@every 1h"; the error text is the parser's.
    static base::Result<Schedule> parse(std::string_view text);
    // The first time after `after` (Unix ns) in the zone; 0 when there is none within five years.
    std::int64_t next(std::int64_t after, std::string_view zone) const;

private:
    std::uint64_t minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;
    bool anyDay_ = false, anyWeekday_ = false;
    sim::Duration every_ = 0;
};

} // namespace controllers::cron
