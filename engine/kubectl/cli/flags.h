#pragma once
// Command lines as cobra and pflag read them: finding the command, parsing flags, error texts.

#include "base/result.h"
#include "kubectl/cli/command_table.h"

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

// The flags of one invocation; a flag not given reads as its default.
class Flags {
public:
    explicit Flags(const CommandSpec& command) : command_(&command) {}

    bool changed(std::string_view name) const { return values_.contains(name); }
    std::string text(std::string_view name) const;
    bool on(std::string_view name) const;
    std::int64_t number(std::string_view name) const;
    std::int64_t duration(std::string_view name) const; // nanoseconds
    std::vector<std::string> list(std::string_view name) const;
    // Given, and not one of the command's own flags of the same name.
    bool globalChanged(std::string_view name) const;
    bool known(std::string_view name) const { return command_->findFlag(name) != nullptr; }
    // As if it had been given; the value must be valid.
    void set(std::string_view name, std::string value);
    // Checks the value by the flag's type first.
    base::Status give(const FlagSpec& flag, const std::string& value);

private:
    const CommandSpec* command_;
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct CommandLine {
    const CommandSpec* command = nullptr;
    Flags flags;
    std::vector<std::string> args;
    int argsAtDash = -1; // number of arguments before "--"; -1 without it
    bool help = false;
    std::string notice; // for stderr: deprecated flags
    explicit CommandLine(const CommandSpec& c) : command(&c), flags(c) {}

    std::vector<std::string> argsBeforeDash() const;
    std::vector<std::string> argsAfterDash() const;
};

// Errors are what kubectl prints after "error: ".
base::Result<CommandLine> parseCommandLine(const std::vector<std::string>& args);
// The command that the words name and what is left; flags are skipped.
const CommandSpec* findByWords(std::vector<std::string>& args);
std::string suggestions(std::string_view typed);

// Go's time.ParseDuration error texts; also pflag's duration flags.
base::Result<std::int64_t> parseDurationFlag(std::string_view text);
base::Result<std::int64_t> parseIntFlag(std::string_view text, int bits);
base::Result<bool> parseBoolFlag(std::string_view text);
// One record of comma-separated values with quotes (encoding/csv).
std::vector<std::string> splitCsv(std::string_view text);

} // namespace kubectl
