#pragma once
// Durations for people. Source: apimachinery pkg/util/duration.

#include <cstdint>
#include <string>

namespace kubectl {

std::string humanDuration(std::int64_t nanoseconds);      // "5m3s", "2d"
std::string rfc1123(std::int64_t unixNanoseconds);        // "Mon, 02 Mar 2026 09:00:00 +0000"

} // namespace kubectl
