#pragma once
// Unit files with their drop-ins. Source: systemd.unit(5), systemd.service(5).

#include "base/result.h"
#include "ports/file_system.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

struct UnitFile {
    std::string name;
    std::string path; // fragment
    std::vector<std::string> dropIns;
    bool loaded = false, masked = false;
    std::string problem; // of a file that does not parse
    // "Service/ExecStart" -> values in order; an empty assignment clears what came before.
    std::map<std::string, std::vector<std::string>, std::less<>> values;

    std::string value(std::string_view key, std::string_view fallback = {}) const; // the last one
    std::vector<std::string> all(std::string_view key) const;
    std::vector<std::string> words(std::string_view key) const; // all values, split at blanks
    std::string description() const;
    bool operator==(const UnitFile&) const = default;
};

// Folders in order of precedence.
extern const std::vector<std::string> kUnitFolders;
// "kubelet" -> "kubelet.service".
std::string unitName(std::string_view given);
UnitFile loadUnit(const ports::FileSystem& files, std::string_view name);
std::vector<std::string> unitNames(const ports::FileSystem& files);
// "enabled", "disabled", "static", "masked", "alias"; empty when there is no such file.
std::string enablement(const ports::FileSystem& files, const UnitFile& unit);
// "10", "1min 30s", "infinity" as a duration in ns; -1 for infinity.
std::int64_t parseTimeSpan(std::string_view text, std::int64_t fallback);
// Splits a command line as systemd does: quotes, ${VAR} in words, $VAR as words of its own.
std::vector<std::string> expandCommand(std::string_view line,
                                       const std::map<std::string, std::string>& env);

} // namespace machine
