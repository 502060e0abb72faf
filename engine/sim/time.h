#pragma once
// Virtual time: signed 64-bit nanoseconds. A `Time` counts from the cluster's epoch, a `Duration` is a
// difference of two.

#include <cstdint>
#include <string>
#include <string_view>
#include <optional>

namespace sim {

using Time = std::int64_t;
using Duration = std::int64_t;

constexpr Duration kNanosecond = 1;
constexpr Duration kMicrosecond = 1'000;
constexpr Duration kMillisecond = 1'000'000;
constexpr Duration kSecond = 1'000'000'000;
constexpr Duration kMinute = 60 * kSecond;
constexpr Duration kHour = 60 * kMinute;
constexpr Time kForever = INT64_MAX;

namespace literals {
constexpr Duration operator""_ns(unsigned long long n) { return static_cast<Duration>(n); }
constexpr Duration operator""_us(unsigned long long n) { return static_cast<Duration>(n) * kMicrosecond; }
constexpr Duration operator""_ms(unsigned long long n) { return static_cast<Duration>(n) * kMillisecond; }
constexpr Duration operator""_s(unsigned long long n) { return static_cast<Duration>(n) * kSecond; }
constexpr Duration operator""_min(unsigned long long n) { return static_cast<Duration>(n) * kMinute; }
constexpr Duration operator""_h(unsigned long long n) { return static_cast<Duration>(n) * kHour; }
} // namespace literals

constexpr double toSeconds(Duration d) { return static_cast<double>(d) / kSecond; }
constexpr Duration fromSeconds(double s) { return static_cast<Duration>(s * kSecond); }

// Unix time in nanoseconds <-> RFC 3339 in UTC.
std::string formatRfc3339(std::int64_t unixNanoseconds);      // 2026-01-02T03:04:05Z
std::string formatRfc3339Micro(std::int64_t unixNanoseconds); // 2026-01-02T03:04:05.123456Z
std::optional<std::int64_t> parseRfc3339(std::string_view text);
struct CivilTime {
    int year, month, day, hour, minute, second, nanosecond, weekday, yearDay; // weekday 0 = Sunday
};
CivilTime civilTime(std::int64_t unixNanoseconds);
std::int64_t unixTime(int year, int month, int day, int hour, int minute, int second); // ns, UTC

// Go's time.Duration text ("1m30s", "1.5s", "300ms") both ways.
std::string formatGoDuration(Duration d);
std::optional<Duration> parseGoDuration(std::string_view text);

} // namespace sim
