#include "base/ip.h"

#include "base/strings.h"

#include <arpa/inet.h>

namespace base {

IpAddress IpAddress::v4(std::uint32_t hostOrder) {
    IpAddress address;
    address.bytes_[10] = address.bytes_[11] = 0xff;
    for (int i = 0; i < 4; ++i)
        address.bytes_[static_cast<std::size_t>(12 + i)] =
            static_cast<std::uint8_t>(hostOrder >> (24 - 8 * i));
    return address;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
    if (text.size() > 45) return std::nullopt;
    const std::string copy(text);
    in_addr four{};
    if (inet_pton(AF_INET, copy.c_str(), &four) == 1) return v4(ntohl(four.s_addr));
    IpAddress address;
    if (inet_pton(AF_INET6, copy.c_str(), address.bytes_.data()) == 1) return address;
    return std::nullopt;
}

bool IpAddress::isV4() const {
    for (std::size_t i = 0; i < 10; ++i)
        if (bytes_[i] != 0) return false;
    return bytes_[10] == 0xff && bytes_[11] == 0xff;
}

bool IpAddress::isUnspecified() const {
    if (isV4()) return v4Bits() == 0;
    return bytes_ == std::array<std::uint8_t, 16>{};
}

bool IpAddress::isLoopback() const {
    if (isV4()) return bytes_[12] == 127;
    std::array<std::uint8_t, 16> one{};
    one[15] = 1;
    return bytes_ == one;
}

std::uint32_t IpAddress::v4Bits() const {
    if (!isV4()) return 0;
    return static_cast<std::uint32_t>(bytes_[12]) << 24 |
           static_cast<std::uint32_t>(bytes_[13]) << 16 |
           static_cast<std::uint32_t>(bytes_[14]) << 8 | bytes_[15];
}

std::string IpAddress::text() const {
    std::array<char, INET6_ADDRSTRLEN> out{};
    if (isV4()) return inet_ntop(AF_INET, bytes_.data() + 12, out.data(), out.size());
    return inet_ntop(AF_INET6, bytes_.data(), out.data(), out.size());
}

IpAddress IpAddress::next(std::uint64_t offset) const {
    IpAddress result = *this;
    const std::size_t first = isV4() ? 12 : 0;
    for (std::size_t i = 16; i-- > first && offset != 0;) {
        offset += result.bytes_[i];
        result.bytes_[i] = static_cast<std::uint8_t>(offset);
        offset >>= 8;
    }
    return result;
}

std::optional<IpPrefix> IpPrefix::parse(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto address = IpAddress::parse(text.substr(0, slash));
    const auto length = parseInt(text.substr(slash + 1));
    if (!address || !length || *length < 0 || *length > (address->isV4() ? 32 : 128))
        return std::nullopt;
    return IpPrefix{*address, static_cast<int>(*length)};
}

IpAddress IpPrefix::network() const {
    if (address.isV4()) {
        const std::uint32_t mask = length == 0 ? 0 : ~std::uint32_t{0} << (32 - length);
        return IpAddress::v4(address.v4Bits() & mask);
    }
    std::string bytes(reinterpret_cast<const char*>(address.bytes().data()), 16);
    for (int bit = length; bit < 128; ++bit)
        bytes[static_cast<std::size_t>(bit / 8)] &= static_cast<char>(~(0x80 >> bit % 8));
    std::array<char, INET6_ADDRSTRLEN> out{};
    return *IpAddress::parse(inet_ntop(AF_INET6, bytes.data(), out.data(), out.size()));
}

bool IpPrefix::contains(const IpAddress& other) const {
    if (other.isV4() != address.isV4()) return false;
    return IpPrefix{other, length}.network() == network();
}

std::string IpPrefix::text() const { return address.text() + "/" + std::to_string(length); }

std::string Endpoint::text() const {
    const std::string host = ip.isV4() ? ip.text() : "[" + ip.text() + "]";
    return host + ":" + std::to_string(port);
}

} // namespace base
