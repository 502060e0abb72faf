#include "api/validation/pod.h"

#include "base/ip.h"
#include "base/strings.h"

namespace api::validation {
namespace {

// ParseIPSloppy accepts leading zeros in IPv4; one form is enough to judge by.
std::optional<base::IpAddress> parseSloppy(std::string_view text) {
    if (auto exact = base::IpAddress::parse(text)) return exact;
    std::vector<std::string> parts = base::split(text, '.');
    if (parts.size() != 4) return std::nullopt;
    for (std::string& part : parts) {
        std::size_t zeros = 0;
        while (zeros + 1 < part.size() && part[zeros] == '0') ++zeros;
        part.erase(0, zeros);
    }
    return base::IpAddress::parse(base::join(parts, "."));
}

std::uint32_t topBits(const base::IpAddress& ip, std::size_t byte) { return ip.bytes()[byte]; }

} // namespace

void validateLegacyIp(Errors& errors, const Value& ip, const Path& path) {
    if (parseSloppy(ip.asString())) return;
    errors.invalid(path, ip.asString(), "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
}

void validateLegacyCidr(Errors& errors, const Value& cidr, const Path& path) {
    if (base::IpPrefix::parse(cidr.asString())) return;
    errors.invalid(path, cidr.asString(),
                   "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)");
}

void validateEndpointIp(Errors& errors, const Value& ip, const Path& path) {
    const std::string text = ip.text();
    const auto parsed = parseSloppy(text);
    if (!parsed) {
        errors.invalid(path, text, "must be a valid IP address");
        return;
    }
    if (parsed->isUnspecified()) errors.invalid(path, text, "may not be unspecified (" + text + ")");
    if (parsed->isLoopback())
        errors.invalid(path, text, "may not be in the loopback range (127.0.0.0/8, ::1/128)");
    const bool v4 = parsed->isV4();
    const std::uint32_t bits = v4 ? parsed->v4Bits() : 0;
    if (v4 ? (bits >> 16) == 0xa9fe
           : topBits(*parsed, 0) == 0xfe && (topBits(*parsed, 1) & 0xc0) == 0x80)
        errors.invalid(path, text, "may not be in the link-local range (169.254.0.0/16, fe80::/10)");
    if (v4 ? (bits >> 8) == 0xe00000
           : topBits(*parsed, 0) == 0xff && (topBits(*parsed, 1) & 0x0f) == 0x02)
        errors.invalid(path, text,
                       "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)");
}

} // namespace api::validation
