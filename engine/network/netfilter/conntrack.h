#pragma once
// Connection tracking and the NAT bindings of one namespace. Source: Linux nf_conntrack, nf_nat;
// time-outs are nf_conntrack's defaults.

#include "network/fabric/packet.h"
#include "sim/kernel.h"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace network::netfilter {

enum class TcpState : std::uint8_t {
    None, SynSent, SynReceived, Established, FinWait, CloseWait, LastAck, TimeWait, Close
};

struct Tracked {
    std::uint64_t id = 0;
    Tuple original, reply;
    TcpState tcp = TcpState::None;
    bool confirmed = false, seenReply = false, assured = false;
    bool sourceNat = false, destinationNat = false;
    bool sourceDone = false, destinationDone = false; // bindings were looked up
    std::uint32_t mark = 0;
    sim::Time expires = 0;
    // FINs seen from either side, to know when the last acknowledgement closes the connection.
    bool finOriginal = false, finReply = false;
    std::uint64_t packetsOriginal = 0, packetsReply = 0, bytesOriginal = 0, bytesReply = 0;
};
using TrackedPtr = std::shared_ptr<Tracked>;

class ConnectionTable {
public:
    explicit ConnectionTable(sim::Kernel& kernel) : kernel_(kernel) {}

    // Finds or makes the entry of a packet and sets its state; what the kernel does at PREROUTING and
    // OUTPUT.
    void track(Packet& packet, bool liberal);
    // Makes a new entry findable; false when another one took its place meanwhile.
    bool confirm(Packet& packet);
    // Alive entries in order of creation.
    std::vector<TrackedPtr> entries() const;
    std::size_t size() const { return byId_.size(); }
    TrackedPtr find(const Tuple& tuple, bool& isReply);
    void remove(const TrackedPtr& entry);
    void flush();
    // While pretending, ports come from a stream of their own; what was made meanwhile is forgotten
    // at the end.
    void setPretending(bool on);
    std::size_t count(std::uint32_t source, std::uint32_t mask) const; // for connlimit

    // NAT: gives the entry a new source (destination) for its original direction. Ports 0..0 keep the
    // port where possible.
    struct NatRange {
        std::uint32_t low = 0, high = 0;
        std::uint16_t portLow = 0, portHigh = 0;
        bool random = false, persistent = false;
        std::uint32_t networkMask = 0; // NETMAP: keep these host bits of the old address
    };
    bool bindSource(Tracked& entry, const NatRange& range);
    bool bindDestination(Tracked& entry, const NatRange& range);

private:
    struct TupleHash {
        std::size_t operator()(const Tuple& tuple) const;
    };
    bool taken(const Tuple& reply, const Tracked& mine) const;
    void advance(Tracked& entry, const Packet& packet);
    void dropExpired();

    sim::Kernel& kernel_;
    bool pretending_ = false;
    std::uint64_t firstPretended_ = 0;
    std::uint64_t nextId_ = 0;
    std::map<std::uint64_t, TrackedPtr> byId_;
    std::unordered_map<Tuple, TrackedPtr, TupleHash> byTuple_; // both directions; never iterated
    std::size_t sweepAt_ = 256;
};

const char* tcpStateName(TcpState state);

} // namespace network::netfilter
