#pragma once
// DNS messages (RFC 1035) as values and as the bytes that travel in datagrams.

#include "base/ip.h"
#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network::dns {

enum class RecordType : std::uint16_t {
    A = 1, NS = 2, CNAME = 5, SOA = 6, PTR = 12, HINFO = 13, MX = 15, TXT = 16, AAAA = 28, SRV = 33,
    OPT = 41, ANY = 255
};
std::string typeName(RecordType type); // "A", "TYPE64"
bool parseType(std::string_view text, RecordType& type);

enum class ResponseCode : std::uint8_t {
    NoError = 0, FormErr = 1, ServFail = 2, NXDomain = 3, NotImp = 4, Refused = 5
};
std::string codeName(ResponseCode code); // "NXDOMAIN"

struct Record {
    std::string name; // fully qualified with the final dot
    RecordType type = RecordType::A;
    std::uint32_t ttl = 0;
    std::string data; // as in a zone file: "10.0.0.1", "0 100 53 host.", "ns. mail. 1 2 3 4 5"
    std::uint16_t recordClass = 1;
};

struct Question {
    std::string name;
    RecordType type = RecordType::A;
    std::uint16_t recordClass = 1;
};

struct Message {
    std::uint16_t id = 0;
    bool response = false, authoritative = false, truncated = false;
    bool recursionDesired = true, recursionAvailable = false;
    int opcode = 0;
    ResponseCode code = ResponseCode::NoError;
    std::vector<Question> questions;
    std::vector<Record> answers, authority, additional;
    bool edns = false;
    std::uint16_t udpSize = 1232;
    std::string cookie; // EDNS option 10, raw
};

std::string encode(const Message& message);
base::Result<Message> decode(std::string_view bytes);

std::string fullyQualified(std::string_view name); // lower case kept as given, final dot added
// "4.3.2.1.in-addr.arpa." for 1.2.3.4.
std::string reverseName(const base::IpAddress& address);
std::optional<base::IpAddress> parseReverseName(std::string_view name);

} // namespace network::dns
