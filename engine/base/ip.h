#pragma once
// IP addresses and prefixes (RFC 791, RFC 4291, RFC 5952 text form) as plain values.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace base {

// 16 bytes; an IPv4 address is kept in its mapped form ::ffff:a.b.c.d.
class IpAddress {
public:
    IpAddress() = default;
    static IpAddress v4(std::uint32_t hostOrder);
    static std::optional<IpAddress> parse(std::string_view text);

    bool isV4() const;
    bool isUnspecified() const; // 0.0.0.0 or ::
    bool isLoopback() const;
    std::uint32_t v4Bits() const; // host order; 0 for IPv6
    const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
    std::string text() const;
    IpAddress next(std::uint64_t offset = 1) const;

    auto operator<=>(const IpAddress&) const = default;

private:
    std::array<std::uint8_t, 16> bytes_{};
};

// Prefix length counts bits of the family: 0-32 or 0-128.
struct IpPrefix {
    IpAddress address;
    int length = 0;

    static std::optional<IpPrefix> parse(std::string_view text);
    bool contains(const IpAddress& other) const;
    IpAddress network() const; // address with the host bits cleared
    std::string text() const;  // as given, host bits kept
    auto operator<=>(const IpPrefix&) const = default;
};

struct Endpoint {
    IpAddress ip;
    std::uint16_t port = 0;
    std::string text() const; // "1.2.3.4:80", "[::1]:80"
    auto operator<=>(const Endpoint&) const = default;
};

} // namespace base
