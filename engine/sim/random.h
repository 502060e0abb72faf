#pragma once
// Seeded chance. Streams are named: a draw in one component never shifts another's.

#include <cstdint>
#include <string>
#include <string_view>

namespace sim {

class Random {
public:
    explicit Random(std::uint64_t seed);
    std::uint64_t next();
    std::uint64_t below(std::uint64_t bound);                      // [0, bound), bound > 0
    std::int64_t between(std::int64_t low, std::int64_t high);     // inclusive
    double unit();                                                 // [0, 1)
    bool chance(double probability);
    std::string bytes(std::size_t count);
    std::string uuid();                                            // RFC 4122 version 4
    std::string suffix(std::size_t length);                        // apimachinery util/rand alphabet

private:
    std::uint64_t state_[4];
};

} // namespace sim
