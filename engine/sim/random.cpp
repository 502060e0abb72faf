#include "sim/random.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/strings.h"

#include <bit>

namespace sim {

// xoshiro256** (Blackman, Vigna), seeded by splitmix64.
Random::Random(std::uint64_t seed) {
    for (auto& word : state_) {
        seed += 0x9e3779b97f4a7c15ULL;
        word = base::mixHash(seed);
    }
}

std::uint64_t Random::next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t shifted = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
    BASE_ASSERT(bound > 0);
    const std::uint64_t threshold = -bound % bound;
    while (true)
        if (const std::uint64_t draw = next(); draw >= threshold) return draw % bound;
}

std::int64_t Random::between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(below(static_cast<std::uint64_t>(high - low) + 1));
}

double Random::unit() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
bool Random::chance(double probability) { return unit() < probability; }

std::string Random::bytes(std::size_t count) {
    std::string out(count, '\0');
    for (char& byte : out) byte = static_cast<char>(next());
    return out;
}

std::string Random::uuid() {
    std::string raw = bytes(16);
    raw[6] = static_cast<char>((raw[6] & 0x0f) | 0x40);
    raw[8] = static_cast<char>((raw[8] & 0x3f) | 0x80);
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out = "00000000-0000-0000-0000-000000000000";
    std::size_t at = 0;
    for (const char byte : raw) {
        if (out[at] == '-') ++at;
        out[at++] = kDigits[static_cast<unsigned char>(byte) >> 4];
        out[at++] = kDigits[static_cast<unsigned char>(byte) & 15];
    }
    return out;
}

std::string Random::suffix(std::size_t length) {
    static constexpr std::string_view kAlphabet = "bcdfghjklmnpqrstvwxz2456789";
    std::string out(length, ' ');
    for (char& c : out) c = kAlphabet[below(kAlphabet.size())];
    return out;
}

} // namespace sim
