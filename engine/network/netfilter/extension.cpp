#include "network/netfilter/extension.h"

#include "base/strings.h"

#include <array>
#include <cstdio>

namespace network::netfilter {
namespace {

struct Service {
    const char* name;
    std::uint16_t port;
};
constexpr Service kServices[] = {
    {"ftp-data", 20}, {"ftp", 21}, {"ssh", 22}, {"telnet", 23}, {"smtp", 25}, {"domain", 53},
    {"bootps", 67}, {"bootpc", 68}, {"tftp", 69}, {"http", 80}, {"kerberos", 88}, {"pop3", 110},
    {"sunrpc", 111}, {"ntp", 123}, {"imap2", 143}, {"snmp", 161}, {"bgp", 179}, {"ldap", 389},
    {"https", 443}, {"submission", 587}, {"ldaps", 636}, {"imaps", 993}, {"pop3s", 995},
    {"openvpn", 1194}, {"nfs", 2049}, {"mysql", 3306}, {"postgresql", 5432}, {"mdns", 5353},
    {"amqp", 5672}, {"redis", 6379}, {"http-alt", 8080}, {"git", 9418}, {"zabbix-agent", 10050}};

struct ProtocolEntry {
    const char* name;
    std::uint8_t number;
};
constexpr ProtocolEntry kProtocols[] = {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"sctp", 132},
                                        {"udplite", 136}, {"esp", 50}, {"ah", 51}, {"igmp", 2},
                                        {"gre", 47}, {"ipip", 94}, {"all", 0}};

} // namespace

const char* tableName(Table table) {
    constexpr const char* kNames[] = {"mangle", "security", "raw", "filter", "nat"};
    return kNames[static_cast<int>(table)];
}
const char* hookName(Hook hook) {
    constexpr const char* kNames[] = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};
    return kNames[static_cast<int>(hook)];
}

base::Error usageError(std::string message) { return base::makeError(std::move(message), 2, "usage"); }

base::Result<std::string> Arguments::value(std::string_view option) {
    if (done()) return usageError("option \"" + std::string(option) + "\" requires an argument");
    return words[next++];
}

std::optional<std::uint16_t> servicePort(std::string_view text) {
    if (const auto number = parseNumber(text))
        return *number <= 65535 ? std::optional<std::uint16_t>(static_cast<std::uint16_t>(*number))
                                : std::nullopt;
    for (const Service& service : kServices)
        if (text == service.name) return service.port;
    return std::nullopt;
}

std::string serviceName(std::uint16_t port, bool numeric) {
    if (!numeric)
        for (const Service& service : kServices)
            if (service.port == port) return service.name;
    return std::to_string(port);
}

std::optional<std::uint8_t> protocolNumber(std::string_view text) {
    if (const auto number = parseNumber(text))
        return *number <= 255 ? std::optional<std::uint8_t>(static_cast<std::uint8_t>(*number))
                              : std::nullopt;
    const std::string lower = base::toLower(text);
    for (const ProtocolEntry& entry : kProtocols)
        if (lower == entry.name) return entry.number;
    return std::nullopt;
}

std::optional<std::uint64_t> parseNumber(std::string_view text) {
    int radix = 10;
    if (text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        radix = 16;
        text.remove_prefix(2);
    } else if (text.size() > 1 && text[0] == '0') {
        radix = 8;
    }
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::uint64_t number = 0;
    for (char c : text) {
        int digit = -1;
        if (c >= '0' && c <= '9') digit = c - '0';
        else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
        else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit < 0 || digit >= radix) return std::nullopt;
        number = number * static_cast<std::uint64_t>(radix) + static_cast<std::uint64_t>(digit);
    }
    return number;
}

std::string hexText(std::uint64_t number) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
    return text;
}

// Source: xtables_save_string: quotes when a character is not in the plain set.
std::string quoteArgument(std::string_view text, bool always) {
    bool plain = !always && !text.empty();
    for (char c : text)
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-'))
            plain = false;
    if (plain) return std::string(text);
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\' || c == '\'') out += '\\';
        out += c;
    }
    return out + "\"";
}

} // namespace network::netfilter

namespace network {

std::string ipText(std::uint32_t address) { return base::IpAddress::v4(address).text(); }

std::string protocolName(std::uint8_t protocol) {
    switch (protocol) {
    case 0: return "all";
    case kIcmp: return "icmp";
    case kTcp: return "tcp";
    case kUdp: return "udp";
    case kSctp: return "sctp";
    case 2: return "igmp";
    case 47: return "gre";
    case 50: return "esp";
    case 51: return "ah";
    case 136: return "udplite";
    default: return std::to_string(protocol);
    }
}

} // namespace network
