#pragma once
// Syntax of sed scripts. Source: POSIX sed, GNU sed manual.

#include "shell/coreutils/regex.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace shell::sed {

struct Address {
    enum Kind { None, Line, Last, Pattern, Step, Plus, Multiple, Zero } kind = None;
    std::int64_t first = 0, second = 0;
    std::shared_ptr<Regex> regex; // null: the last one used
};

struct Command {
    Address from, to;
    bool negated = false;
    char name = 0;
    std::string text;   // a i c, label, file name, y's first set
    std::string second; // s: replacement; y's second set
    std::shared_ptr<Regex> regex;
    bool global = false, print = false, evaluate = false, emptyRegex = false;
    int number = 0;
    std::string writeTo;
    std::size_t jump = 0; // of { b t T
    bool active = false;  // inside its range
    std::int64_t rangeEnd = 0;
};

struct Script {
    std::vector<Command> commands;
    std::string error; // "-e expression #1, char 3: unknown command: `k'"; empty: well formed
};

Script parseScript(const std::string& text, bool extended);

} // namespace shell::sed
