#pragma once
// Each file of matches answers for its own names; null for others.

#include "network/netfilter/extension.h"

namespace network::netfilter {

std::unique_ptr<Match> makePortMatch(std::string_view name);
std::unique_ptr<Match> makeStateMatch(std::string_view name);
std::unique_ptr<Match> makeRateMatch(std::string_view name);
std::unique_ptr<Match> makePlaceMatch(std::string_view name);

// "! --option" or "--option".
inline std::string optionText(bool inverted, std::string_view option) {
    return std::string(inverted ? "! " : "") + std::string(option);
}

struct MarkValue {
    std::uint32_t value = 0, mask = 0xffffffff;
    std::string text() const {
        return hexText(value) + (mask == 0xffffffff ? "" : "/" + hexText(mask));
    }
};
// "0x4000/0x4000"; nothing when it is no number.
std::optional<MarkValue> readMark(std::string_view text);

} // namespace network::netfilter
