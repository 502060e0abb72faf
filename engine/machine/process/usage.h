#pragma once
// What programs take of a machine while nobody asks anything of them.

#include <cstdint>
#include <string_view>

namespace machine {

struct ProgramUsage {
    std::int64_t idleRate = 0; // millionths of a processor
    std::int64_t resident = 0; // bytes
};
ProgramUsage usualUsage(std::string_view command);

} // namespace machine
