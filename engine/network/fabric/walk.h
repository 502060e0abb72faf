#pragma once
// Walks packets through namespaces, hook by hook, at one instant. A walk ends with packets that
// arrived at sockets (or at the kernel of a namespace), and with those that its course provoked:
// ICMP errors and resets, which are walked as well.

#include "document/value.h"
#include "network/fabric/namespace.h"
#include "network/fabric/packet.h"
#include "network/netfilter/rule_set.h"

#include <vector>

namespace network {

struct Arrived {
    Namespace* space;
    Packet packet;
};

class Walk final : public netfilter::Recorder {
public:
    // `hops` may be null; `pretend` leaves counters and timers of rules alone.
    Walk(Fabric& fabric, document::ArrayBuilder* hops, bool pretend = false);

    // 0, or the errno that the sender's socket sees at once: EPERM, ENETUNREACH, EHOSTUNREACH.
    int send(Namespace& from, Packet packet);

    std::vector<Arrived> arrived;
    std::vector<netfilter::Counter*> touched;
    // False when a rule answered by chance or by memory: the walk says nothing about the next packet.
    bool repeatable = true;

    void rule(netfilter::Table table, const netfilter::Chain& chain, const netfilter::Rule* rule,
              const std::string& verdict) override;

private:
    using Verdict = netfilter::Verdict;
    using Hook = netfilter::Hook;

    Verdict hooks(Namespace& space, Hook hook, Packet& packet);
    Verdict natStage(Namespace& space, Hook hook, Packet& packet, netfilter::Situation& situation);
    bool passed(Namespace& space, Packet& packet, Verdict verdict);
    int transmit(Namespace& space, Packet packet, Device& out, bool ours);
    void onBridge(Device& bridge, Device& port, Packet packet, Device& target);
    void bridged(Device& bridge, Packet packet, Device& target);
    void receive(Namespace& space, Packet packet, Device& in);
    void routeInput(Namespace& space, Packet packet);
    void forward(Namespace& space, Packet packet);
    void deliver(Namespace& space, Packet packet);
    void answerError(Namespace& space, const Packet& about, std::uint8_t type, std::uint8_t code);
    void answerReset(Namespace& space, const Packet& about);
    void note(const Namespace& space, const Device* device, const char* step, std::string what,
              const char* verdict, const Packet& packet);

    Fabric& fabric_;
    document::ArrayBuilder* hops_;
    bool pretend_;
    int depth_ = 0;
    const Packet* current_ = nullptr; // while rules run, for the recorder
    const Namespace* place_ = nullptr;
};

// {protocol, source, destination, sourcePort, destinationPort, mark ...} as the window shows it.
document::Value describePacket(const Packet& packet);
document::Value pretendWalk(Fabric& fabric, Namespace& from, base::Endpoint to, std::string_view protocol);

// The three-way handshake of one connection attempt.
struct Handshake {
    enum class Result : std::uint8_t { Connected, Refused, Unreachable, Lost, LocalError } result = Result::Lost;
    int error = 0;             // errno
    std::string detail;        // ICMP error name
    Namespace* server = nullptr;
    Tuple seenByServer;        // source = peer as the server sees it
    sim::Duration latency = 0; // there and back
    Packet icmp;               // what refused it, if an ICMP error did
};
Handshake shakeHands(Fabric& fabric, Namespace& from, Tuple flow, Walk& walk, std::uint32_t owner = 0);
// errno and name of an ICMP error, as a connected socket gets them.
int icmpErrno(const Packet& error);
std::string icmpName(std::uint8_t type, std::uint8_t code);

} // namespace network
