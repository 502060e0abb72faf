#pragma once
// RFC 3339 times as API objects carry them.

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace api {

// Checked and brought to UTC: "2026-01-02T03:04:05Z", or with six digits of a second for a MicroTime.
// Errors carry Go's time.Parse texts.
base::Result<std::string> normalizeTime(std::string_view text, bool micro);
// Nanoseconds since the Unix epoch.
std::optional<std::int64_t> parseTime(std::string_view text);
std::string formatTime(std::int64_t unixNanoseconds, bool micro = false);

} // namespace api
