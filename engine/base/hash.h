#pragma once
// 64-bit hashing that gives the same number on every machine, compiler and build type.

#include <cstdint>
#include <string_view>

namespace base {

constexpr std::uint64_t mixHash(std::uint64_t value) {
    value ^= value >> 30;
    value *= 0xbf58476d1ce4e5b9ULL;
    value ^= value >> 27;
    value *= 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

constexpr std::uint64_t combineHash(std::uint64_t seed, std::uint64_t value) {
    return mixHash(seed ^ (value + 0x9e3779b97f4a7c15ULL + (seed << 6) + (seed >> 2)));
}

// FNV-1a, then mixed.
constexpr std::uint64_t hashBytes(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (char byte : bytes) {
        hash ^= static_cast<unsigned char>(byte);
        hash *= 0x100000001b3ULL;
    }
    return mixHash(hash);
}

} // namespace base
