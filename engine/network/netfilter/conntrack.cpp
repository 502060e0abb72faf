#include "network/netfilter/conntrack.h"

#include "base/hash.h"

namespace network::netfilter {
namespace {

// Source: nf_conntrack_proto_tcp.c, nf_conntrack_proto_udp.c (seconds).
sim::Duration tcpTimeout(TcpState state) {
    switch (state) {
    case TcpState::SynSent: return 120 * sim::kSecond;
    case TcpState::SynReceived: return 60 * sim::kSecond;
    case TcpState::Established: return 432000 * sim::kSecond;
    case TcpState::FinWait: return 120 * sim::kSecond;
    case TcpState::CloseWait: return 60 * sim::kSecond;
    case TcpState::LastAck: return 30 * sim::kSecond;
    case TcpState::TimeWait: return 120 * sim::kSecond;
    case TcpState::Close: return 10 * sim::kSecond;
    case TcpState::None: break;
    }
    return 600 * sim::kSecond;
}

} // namespace

const char* tcpStateName(TcpState state) {
    switch (state) {
    case TcpState::None: return "NONE";
    case TcpState::SynSent: return "SYN_SENT";
    case TcpState::SynReceived: return "SYN_RECV";
    case TcpState::Established: return "ESTABLISHED";
    case TcpState::FinWait: return "FIN_WAIT";
    case TcpState::CloseWait: return "CLOSE_WAIT";
    case TcpState::LastAck: return "LAST_ACK";
    case TcpState::TimeWait: return "TIME_WAIT";
    case TcpState::Close: return "CLOSE";
    }
    return "NONE";
}

std::size_t ConnectionTable::TupleHash::operator()(const Tuple& tuple) const {
    const std::uint64_t addresses = (std::uint64_t{tuple.source} << 32) | tuple.destination;
    const std::uint64_t ports = (std::uint64_t{tuple.sourcePort} << 32) |
                                (std::uint64_t{tuple.destinationPort} << 8) | tuple.protocol;
    return static_cast<std::size_t>(base::combineHash(base::mixHash(addresses), ports));
}

TrackedPtr ConnectionTable::find(const Tuple& tuple, bool& isReply) {
    const auto found = byTuple_.find(tuple);
    if (found == byTuple_.end()) return nullptr;
    TrackedPtr entry = found->second;
    if (entry->expires <= kernel_.now()) {
        remove(entry);
        return nullptr;
    }
    isReply = !(entry->original == tuple);
    return entry;
}

void ConnectionTable::remove(const TrackedPtr& entry) {
    if (!entry->confirmed) return;
    const TrackedPtr keep = entry;
    keep->confirmed = false;
    for (const Tuple& tuple : {keep->original, keep->reply}) {
        const auto found = byTuple_.find(tuple);
        if (found != byTuple_.end() && found->second == keep) byTuple_.erase(found);
    }
    byId_.erase(keep->id);
}

void ConnectionTable::flush() {
    for (auto& [id, entry] : byId_) entry->confirmed = false;
    byId_.clear();
    byTuple_.clear();
}

void ConnectionTable::setPretending(bool on) {
    pretending_ = on;
    if (on) {
        firstPretended_ = nextId_ + 1;
        return;
    }
    std::vector<TrackedPtr> made;
    for (auto it = byId_.lower_bound(firstPretended_); it != byId_.end(); ++it) made.push_back(it->second);
    for (const TrackedPtr& entry : made) remove(entry);
    nextId_ = firstPretended_ - 1;
}

void ConnectionTable::dropExpired() {
    std::vector<TrackedPtr> dead;
    for (const auto& [id, entry] : byId_)
        if (entry->expires <= kernel_.now()) dead.push_back(entry);
    for (const TrackedPtr& entry : dead) remove(entry);
    sweepAt_ = byId_.size() * 2 + 256;
}

std::vector<TrackedPtr> ConnectionTable::entries() const {
    std::vector<TrackedPtr> out;
    for (const auto& [id, entry] : byId_)
        if (entry->expires > kernel_.now()) out.push_back(entry);
    return out;
}

std::size_t ConnectionTable::count(std::uint32_t source, std::uint32_t mask) const {
    std::size_t total = 0;
    for (const auto& [id, entry] : byId_) {
        if (entry->expires <= kernel_.now() || entry->original.protocol != kTcp) continue;
        if (entry->tcp == TcpState::TimeWait || entry->tcp == TcpState::Close) continue;
        if ((entry->original.source & mask) == (source & mask)) ++total;
    }
    return total;
}

void ConnectionTable::advance(Tracked& entry, const Packet& packet) {
    (packet.reply ? entry.packetsReply : entry.packetsOriginal) += 1;
    (packet.reply ? entry.bytesReply : entry.bytesOriginal) += packet.length;
    if (packet.reply && packet.state != TrackState::Related) entry.seenReply = true;
    switch (packet.flow.protocol) {
    case kTcp: {
        if (packet.tcpFlags & kRst) entry.tcp = TcpState::Close;
        else if (packet.tcpFlags & kFin) {
            (packet.reply ? entry.finReply : entry.finOriginal) = true;
            entry.tcp = entry.finReply && entry.finOriginal ? TcpState::LastAck : TcpState::FinWait;
        } else if (packet.tcpFlags & kSyn) {
            entry.tcp = packet.reply ? TcpState::SynReceived : TcpState::SynSent;
        } else if (entry.tcp == TcpState::LastAck) {
            entry.tcp = TcpState::TimeWait;
        } else if (entry.tcp == TcpState::FinWait) {
            entry.tcp = TcpState::CloseWait;
        } else if (entry.tcp == TcpState::SynReceived || entry.tcp == TcpState::None) {
            entry.tcp = TcpState::Established;
        }
        if (entry.tcp == TcpState::Established && entry.seenReply) entry.assured = true;
        entry.expires = kernel_.now() + tcpTimeout(entry.tcp);
        break;
    }
    case kUdp:
        if (!packet.reply && entry.seenReply && entry.packetsOriginal > 1) entry.assured = true;
        entry.expires = kernel_.now() + (entry.assured ? 120 : 30) * sim::kSecond;
        break;
    case kIcmp: entry.expires = kernel_.now() + 30 * sim::kSecond; break;
    default: entry.expires = kernel_.now() + 600 * sim::kSecond; break;
    }
}

void ConnectionTable::track(Packet& packet, bool liberal) {
    if (packet.state == TrackState::Untracked || packet.tracked) return;
    if (packet.isIcmpError()) {
        packet.state = TrackState::Invalid;
        if (!packet.inner) return;
        // The error travels against the packet that it is about.
        bool innerReply = false;
        if (TrackedPtr entry = find(packet.inner->flow.reversed(), innerReply)) {
            packet.tracked = entry;
            packet.reply = innerReply;
            packet.state = TrackState::Related;
        }
        return;
    }
    Tuple flow = packet.flow;
    if (TrackedPtr entry = find(flow, packet.reply)) {
        const bool reopened = packet.flow.protocol == kTcp && packet.tcpFlags == kSyn &&
                              !packet.reply &&
                              (entry->tcp == TcpState::TimeWait || entry->tcp == TcpState::Close);
        if (!reopened) {
            packet.tracked = entry;
            const bool answered = packet.reply || entry->seenReply;
            packet.state = answered ? TrackState::Established : TrackState::New;
            advance(*entry, packet);
            return;
        }
        remove(entry);
    }
    packet.reply = false;
    const bool midStream = packet.flow.protocol == kTcp && !(packet.tcpFlags & kSyn);
    const bool strayReply = (packet.flow.protocol == kTcp &&
                             ((packet.tcpFlags & kRst) ||
                              (packet.tcpFlags & (kSyn | kAck)) == (kSyn | kAck))) ||
                            (packet.flow.protocol == kIcmp && packet.icmpType == kEchoReply);
    // nf_conntrack_tcp_loose is on: a plain ACK in the middle of a stream is picked up.
    if (strayReply || (midStream && !(packet.tcpFlags & kAck))) {
        packet.state = TrackState::Invalid;
        return;
    }
    (void)liberal;
    auto entry = std::make_shared<Tracked>();
    entry->id = ++nextId_;
    entry->original = flow;
    entry->reply = flow.reversed();
    packet.tracked = entry;
    packet.state = TrackState::New;
    advance(*entry, packet);
}

bool ConnectionTable::confirm(Packet& packet) {
    const TrackedPtr& entry = packet.tracked;
    if (!entry || entry->confirmed || packet.state == TrackState::Related) return true;
    bool isReply = false;
    if (find(entry->original, isReply) || find(entry->reply, isReply)) return false;
    entry->confirmed = true;
    byTuple_[entry->original] = entry;
    byTuple_[entry->reply] = entry;
    byId_[entry->id] = entry;
    if (byId_.size() > sweepAt_) dropExpired();
    return true;
}

bool ConnectionTable::taken(const Tuple& reply, const Tracked& mine) const {
    const auto found = byTuple_.find(reply);
    return found != byTuple_.end() && found->second.get() != &mine &&
           found->second->expires > kernel_.now();
}

bool ConnectionTable::bindSource(Tracked& entry, const NatRange& range) {
    Tuple reply = entry.reply;
    const std::uint32_t span = range.high - range.low + 1;
    if (range.networkMask) {
        reply.destination = (range.low & range.networkMask) |
                            (entry.original.source & ~range.networkMask);
    } else {
        const std::uint64_t key = range.persistent
                                      ? entry.original.source
                                      : (std::uint64_t{entry.original.source} << 32) +
                                            entry.original.destination;
        reply.destination =
            range.low + (span > 1 ? static_cast<std::uint32_t>(base::mixHash(key) % span) : 0);
    }
    const bool anyPort = range.portLow == 0;
    std::uint16_t low = range.portLow, high = range.portHigh;
    if (anyPort) {
        const std::uint16_t port = entry.original.sourcePort;
        low = port < 512 ? 1 : port < 1024 ? 600 : 1024;
        high = port < 512 ? 511 : port < 1024 ? 1023 : 65535;
    }
    const bool keeps = !range.random && (anyPort || (entry.original.sourcePort >= low &&
                                                     entry.original.sourcePort <= high));
    if (keeps) reply.destinationPort = entry.original.sourcePort;
    if (entry.original.protocol == kIcmp) reply.sourcePort = reply.destinationPort;
    if (!keeps || taken(reply, entry)) {
        sim::Random& random = kernel_.random(pretending_ ? "network/walk" : "network/nat-port");
        bool found = false;
        for (int attempt = 0; attempt < 128 && !found; ++attempt) {
            reply.destinationPort = static_cast<std::uint16_t>(random.between(low, high));
            if (entry.original.protocol == kIcmp) reply.sourcePort = reply.destinationPort;
            found = !taken(reply, entry);
        }
        if (!found) return false;
    }
    entry.reply = reply;
    entry.sourceNat = reply.destination != entry.original.source ||
                      reply.destinationPort != entry.original.sourcePort;
    return true;
}

bool ConnectionTable::bindDestination(Tracked& entry, const NatRange& range) {
    Tuple reply = entry.reply;
    const std::uint32_t span = range.high - range.low + 1;
    if (range.networkMask) {
        reply.source = (range.low & range.networkMask) |
                       (entry.original.destination & ~range.networkMask);
    } else if (range.low != 0) {
        const std::uint64_t key = (std::uint64_t{entry.original.source} << 32) +
                                  (range.persistent ? 0 : entry.original.sourcePort);
        reply.source =
            range.low + (span > 1 ? static_cast<std::uint32_t>(base::mixHash(key) % span) : 0);
    }
    if (range.portLow != 0) {
        const int ports = range.portHigh - range.portLow + 1;
        const bool inside = entry.original.destinationPort >= range.portLow &&
                            entry.original.destinationPort <= range.portHigh;
        if (!(inside && ports > 1))
            reply.sourcePort = static_cast<std::uint16_t>(
                range.portLow +
                (ports > 1 ? base::mixHash(entry.original.sourcePort) % static_cast<std::uint64_t>(ports)
                           : 0));
    }
    entry.reply = reply;
    entry.destinationNat = reply.source != entry.original.destination ||
                           reply.sourcePort != entry.original.destinationPort;
    // Two flows that become alike are told apart by the source port, as nf_nat does.
    if (taken(reply, entry)) {
        NatRange keep;
        keep.low = keep.high = entry.original.source;
        return bindSource(entry, keep);
    }
    return true;
}

} // namespace network::netfilter
