#pragma once
// How journalctl and systemctl print entries and times.

#include "machine/machine.h"

#include <string>
#include <string_view>
#include <vector>

namespace tools::system {

std::string shortTime(std::int64_t unixNow);   // "Nov 24 02:18:03"
std::string longTime(std::int64_t unixNow);    // "Tue 2026-11-24 02:18:03 UTC"
std::string agoText(std::int64_t nanoseconds); // "5min", "1h 3min"
std::string spanText(std::int64_t nanoseconds);
// `format`: short, short-iso, short-precise, cat, json.
std::string journalText(machine::Machine& machine, const machine::JournalLine& line, std::string_view format);
sim::Task<int> journalctl(ports::Process& process, std::vector<std::string> arguments);

} // namespace tools::system
