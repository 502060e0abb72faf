#pragma once
// What travels: one IPv4 packet, with the marks that the kernel keeps beside it. Addresses are in
// host order. IPv6 is not modelled on the wire.

#include "base/ip.h"
#include "network/forward.h"
#include "sim/time.h"

#include <cstdint>
#include <memory>
#include <string>

namespace network {

namespace netfilter {
struct Tracked;
}

enum : std::uint8_t { kIcmp = 1, kTcp = 6, kUdp = 17, kSctp = 132 };
enum : std::uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };
enum : std::uint8_t { kEchoReply = 0, kUnreachable = 3, kEchoRequest = 8, kTimeExceeded = 11 };

// For ICMP echo both ports hold the identifier.
struct Tuple {
    std::uint32_t source = 0, destination = 0;
    std::uint16_t sourcePort = 0, destinationPort = 0;
    std::uint8_t protocol = 0;
    Tuple reversed() const { return {destination, source, destinationPort, sourcePort, protocol}; }
    bool operator==(const Tuple&) const = default;
    auto operator<=>(const Tuple&) const = default;
};

enum class TrackState : std::uint8_t { None, New, Established, Related, Untracked, Invalid };

struct Packet {
    Tuple flow;
    std::uint8_t icmpType = 0, icmpCode = 0, tcpFlags = 0;
    int ttl = 64;
    std::uint32_t length = 60;
    std::uint32_t mark = 0;
    std::uint32_t owner = 0;     // uid of the sending socket; only at home
    std::string payload;         // of datagrams
    std::string sourceMac;       // of the last hop
    std::uint32_t nextHop = 0;   // set by routing
    sim::Duration latency = 0;   // so far
    std::shared_ptr<Packet> inner; // of an ICMP error: the packet it is about
    // In the present namespace:
    Device* in = nullptr;
    Device* out = nullptr;
    Device* physicalIn = nullptr;  // bridge ports
    Device* physicalOut = nullptr;
    std::shared_ptr<netfilter::Tracked> tracked;
    TrackState state = TrackState::None;
    bool reply = false;

    bool isIcmpError() const {
        return flow.protocol == kIcmp && (icmpType == kUnreachable || icmpType == kTimeExceeded);
    }
    void leaveHost() { // what is not on the wire is lost
        in = out = physicalIn = physicalOut = nullptr;
        tracked.reset();
        state = TrackState::None;
        reply = false;
        mark = 0;
    }
};

std::string ipText(std::uint32_t address);
inline base::IpAddress ipAddress(std::uint32_t address) { return base::IpAddress::v4(address); }
std::string protocolName(std::uint8_t protocol); // "tcp", or the number

} // namespace network
