#pragma once
// Cron schedules of five fields and the @-descriptors. Source: robfig/cron v3, which CronJob uses.

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace api {

struct CronSchedule {
    std::uint64_t minutes = 0, hours = 0, days = 0, months = 0, weekdays = 0; // bit n: value n
    bool anyDay = false, anyWeekday = false; // the field was * or ?
    std::int64_t everyNanoseconds = 0;       // @every
    // The first activation after a moment (Unix nanoseconds, UTC); none within five years.
    std::optional<std::int64_t> next(std::int64_t after) const;
};

base::Result<CronSchedule> parseCron(std::string_view text);

} // namespace api
