#include "network/fabric/walk.h"

#include "network/fabric/fabric.h"
#include "network/netfilter/conntrack.h"

#include <algorithm>
#include <cerrno>

namespace network {
namespace {

constexpr sim::Duration kHopLatency = 25 * sim::kMicrosecond;
constexpr sim::Duration kNeighbourFailure = 3 * sim::kSecond; // three unanswered ARP requests
constexpr int kMaxDepth = 64;

std::uint8_t rejectCode(netfilter::Verdict verdict) {
    switch (verdict) {
    case netfilter::Verdict::RejectNet: return 0;
    case netfilter::Verdict::RejectHost: return 1;
    case netfilter::Verdict::RejectProtocol: return 2;
    case netfilter::Verdict::RejectNetProhibited: return 9;
    case netfilter::Verdict::RejectHostProhibited: return 10;
    case netfilter::Verdict::RejectAdmin: return 13;
    default: return 3;
    }
}

void translate(Packet& packet, bool destinationSide) {
    const netfilter::Tracked& entry = *packet.tracked;
    Tuple& flow = packet.flow;
    if (packet.isIcmpError()) {
        // Source: nf_nat_icmp_reply_translation: the quoted packet is put back, too.
        const bool bound = packet.reply != destinationSide ? entry.destinationNat : entry.sourceNat;
        if (!bound || !packet.inner) return;
        const Tuple& other = packet.reply ? entry.original : entry.reply;
        auto inner = std::make_shared<Packet>(*packet.inner);
        if (destinationSide) {
            inner->flow.source = other.source;
            inner->flow.sourcePort = other.sourcePort;
            flow.destination = other.source;
        } else {
            inner->flow.destination = other.destination;
            inner->flow.destinationPort = other.destinationPort;
            flow.source = other.destination;
        }
        packet.inner = std::move(inner);
        return;
    }
    if (!packet.reply) {
        if (destinationSide && entry.destinationNat) {
            flow.destination = entry.reply.source;
            flow.destinationPort = entry.reply.sourcePort;
        } else if (!destinationSide && entry.sourceNat) {
            flow.source = entry.reply.destination;
            flow.sourcePort = entry.reply.destinationPort;
        }
    } else if (destinationSide && entry.sourceNat) {
        flow.destination = entry.original.source;
        flow.destinationPort = entry.original.sourcePort;
    } else if (!destinationSide && entry.destinationNat) {
        flow.source = entry.original.destination;
        flow.sourcePort = entry.original.destinationPort;
    }
}

} // namespace

Walk::Walk(Fabric& fabric, document::ArrayBuilder* hops, bool pretend)
    : fabric_(fabric), hops_(hops), pretend_(pretend) {}

document::Value describePacket(const Packet& packet) {
    using document::Value;
    document::ObjectBuilder out;
    out.set("protocol", protocolName(packet.flow.protocol));
    out.set("source", ipText(packet.flow.source));
    out.set("destination", ipText(packet.flow.destination));
    if (packet.flow.protocol == kTcp || packet.flow.protocol == kUdp) {
        out.set("sourcePort", static_cast<int>(packet.flow.sourcePort));
        out.set("destinationPort", static_cast<int>(packet.flow.destinationPort));
    } else if (packet.flow.protocol == kIcmp) {
        out.set("icmp", icmpName(packet.icmpType, packet.icmpCode));
    }
    if (packet.flow.protocol == kTcp) {
        std::string flags;
        if (packet.tcpFlags & kSyn) flags += "SYN ";
        if (packet.tcpFlags & kAck) flags += "ACK ";
        if (packet.tcpFlags & kFin) flags += "FIN ";
        if (packet.tcpFlags & kRst) flags += "RST ";
        if (!flags.empty()) flags.pop_back();
        out.set("flags", flags);
    }
    if (packet.mark) out.set("mark", netfilter::hexText(packet.mark));
    return std::move(out).build();
}

void Walk::note(const Namespace& space, const Device* device, const char* step, std::string what,
                const char* verdict, const Packet& packet) {
    if (!hops_) return;
    document::ObjectBuilder hop;
    hop.set("where", space.name());
    hop.set("device", device ? device->name : std::string());
    hop.set("chain", step);
    hop.set("rule", what);
    hop.set("verdict", verdict);
    const document::Value described = describePacket(packet);
    hop.set("before", described);
    hop.set("after", described);
    hops_->push(std::move(hop).build());
}

void Walk::rule(netfilter::Table table, const netfilter::Chain& chain, const netfilter::Rule* rule,
                const std::string& verdict) {
    if (!hops_ || !current_ || !place_) return;
    document::ObjectBuilder hop;
    hop.set("where", place_->name());
    const Device* device = current_->in ? current_->in : current_->out;
    hop.set("device", device ? device->name : std::string());
    hop.set("table", netfilter::tableName(table));
    hop.set("chain", chain.name);
    hop.set("rule", rule ? "-A " + chain.name + " " + rule->text() : "-P " + chain.name + " " + verdict);
    hop.set("verdict", verdict);
    const document::Value described = describePacket(*current_);
    hop.set("before", described);
    hop.set("after", described);
    hops_->push(std::move(hop).build());
}

netfilter::Verdict Walk::natStage(Namespace& space, Hook hook, Packet& packet,
                                  netfilter::Situation& situation) {
    if (!packet.tracked || packet.state == TrackState::Invalid || packet.state == TrackState::Untracked)
        return Verdict::Accept;
    const bool destinationSide = hook == Hook::Prerouting || hook == Hook::Output;
    netfilter::Tracked& entry = *packet.tracked;
    if (!packet.isIcmpError() && (packet.state == TrackState::New || packet.state == TrackState::Related)) {
        bool& done = destinationSide ? entry.destinationDone : entry.sourceDone;
        if (!done && !entry.confirmed) {
            const Verdict verdict =
                space.rules().run(netfilter::Table::Nat, packet, situation, hops_ ? this : nullptr, &touched);
            if (verdict != Verdict::Accept) return verdict;
            if (!done && !destinationSide) {
                // No rule: the flow still needs a tuple of its own.
                netfilter::ConnectionTable::NatRange keep;
                keep.low = keep.high = entry.original.source;
                if (!entry.sourceNat && !space.conntrack().bindSource(entry, keep)) return Verdict::Drop;
            }
            done = true;
        }
    }
    const Tuple before = packet.flow;
    document::Value described = hops_ ? describePacket(packet) : document::Value();
    translate(packet, destinationSide);
    if (hops_ && !(before == packet.flow)) {
        document::ObjectBuilder hop;
        hop.set("where", space.name());
        hop.set("device", packet.in ? packet.in->name : packet.out ? packet.out->name : std::string());
        hop.set("chain", netfilter::hookName(hook));
        hop.set("table", "conntrack");
        hop.set("rule", destinationSide ? "destination address translated" : "source address translated");
        hop.set("verdict", destinationSide ? "DNAT" : "SNAT");
        hop.set("before", described);
        hop.set("after", describePacket(packet));
        hops_->push(std::move(hop).build());
    }
    return Verdict::Accept;
}

netfilter::Verdict Walk::hooks(Namespace& space, Hook hook, Packet& packet) {
    netfilter::RuleSet& rules = space.rules();
    if (rules.empty()) return Verdict::Accept; // no table, no tracking: as a fresh namespace
    using netfilter::Table;
    netfilter::Situation situation{Table::Filter, hook, space, rules, fabric_.kernel(), pretend_, false};
    current_ = &packet;
    place_ = &space;
    netfilter::Recorder* recorder = hops_ ? this : nullptr;
    const auto run = [&](Table table) { return rules.run(table, packet, situation, recorder, &touched); };
    Verdict verdict = Verdict::Accept;
    const auto step = [&](Verdict next) {
        verdict = next;
        return verdict == Verdict::Accept;
    };
    const bool entering = hook == Hook::Prerouting || hook == Hook::Output;
    const bool leaving = hook == Hook::Input || hook == Hook::Postrouting;
    bool ok = true;
    if (entering) {
        ok = step(run(Table::Raw));
        if (ok) space.conntrack().track(packet, space.switches().tcpLiberal);
    }
    ok = ok && step(run(Table::Mangle));
    if (ok && entering) ok = step(natStage(space, hook, packet, situation));
    if (ok && hook != Hook::Prerouting && hook != Hook::Postrouting) {
        ok = step(run(Table::Filter));
        if (ok) ok = step(run(Table::Security));
    }
    if (ok && leaving) ok = step(natStage(space, hook, packet, situation));
    if (ok && leaving && !space.conntrack().confirm(packet)) verdict = Verdict::Drop;
    if (situation.volatileRule) repeatable = false;
    current_ = nullptr;
    return verdict;
}

bool Walk::passed(Namespace& space, Packet& packet, Verdict verdict) {
    if (verdict == Verdict::Accept) return true;
    if (verdict == Verdict::RejectReset) answerReset(space, packet);
    else if (netfilter::isReject(verdict)) answerError(space, packet, kUnreachable, rejectCode(verdict));
    return false;
}

int Walk::send(Namespace& from, Packet packet) {
    if (++depth_ > kMaxDepth) return 0;
    struct Leave {
        int& depth;
        ~Leave() { --depth; }
    } leave{depth_};
    if (!from.alive()) return ENETDOWN;
    const auto lookup = [&] {
        return from.route(ipAddress(packet.flow.destination),
                          packet.flow.source ? ipAddress(packet.flow.source) : base::IpAddress(),
                          packet.mark);
    };
    RouteDecision route = lookup();
    if (route.kind == RouteDecision::Kind::Unreachable) return route.route ? EHOSTUNREACH : ENETUNREACH;
    if (route.kind == RouteDecision::Kind::Prohibit) return EACCES;
    if (route.kind == RouteDecision::Kind::Blackhole) return EINVAL;
    if (packet.flow.source == 0) packet.flow.source = route.source.v4Bits();
    packet.in = nullptr;
    packet.out = route.device;
    packet.nextHop = route.nextHop.v4Bits();
    note(from, packet.out, "route",
         route.kind == RouteDecision::Kind::Local ? "local"
         : route.route && route.route->via       ? "via " + route.nextHop.text()
                                                 : "on link",
         "OUTPUT", packet);
    const std::uint32_t destination = packet.flow.destination, mark = packet.mark;
    const Verdict verdict = hooks(from, Hook::Output, packet);
    if (!passed(from, packet, verdict)) return EPERM;
    if (packet.flow.destination != destination || packet.mark != mark) {
        route = lookup(); // ip_route_me_harder
        if (route.kind != RouteDecision::Kind::Local && route.kind != RouteDecision::Kind::Forward)
            return EHOSTUNREACH;
        packet.out = route.device;
        packet.nextHop = route.nextHop.v4Bits();
    }
    if (!passed(from, packet, hooks(from, Hook::Postrouting, packet))) return EPERM;
    if (packet.out == nullptr) return ENETUNREACH;
    return transmit(from, std::move(packet), *packet.out, true);
}

int Walk::transmit(Namespace& space, Packet packet, Device& out, bool ours) {
    if (!out.up) return ENETDOWN;
    out.counters.sentPackets += !pretend_;
    out.counters.sentBytes += pretend_ ? 0 : packet.length;
    if (out.kind == DeviceKind::Loopback) {
        packet.out = nullptr;
        packet.latency += kHopLatency;
        packet.sourceMac = "00:00:00:00:00:00";
        receive(space, std::move(packet), out);
        return 0;
    }
    Device* target = fabric_.neighbour(out, ipAddress(packet.nextHop));
    space.rememberNeighbour(ipAddress(packet.nextHop), out, target ? target->mac : std::string());
    if (target == nullptr) {
        note(space, &out, "neighbour", "nobody answers for " + ipText(packet.nextHop), "FAILED", packet);
        packet.latency += kNeighbourFailure;
        if (!ours) {
            answerError(space, packet, kUnreachable, 1);
            return 0;
        }
        return EHOSTUNREACH;
    }
    const std::string mac = out.mac;
    packet.latency += kHopLatency;
    Device* near = out.kind == DeviceKind::Veth ? out.peer : nullptr;
    packet.leaveHost();
    packet.sourceMac = mac;
    if (near != nullptr && near->master != nullptr) onBridge(*near->master, *near, std::move(packet), *target);
    else receive(*target->home, std::move(packet), *target);
    return 0;
}

// A frame enters a bridge by a port. Source: br_netfilter.
void Walk::onBridge(Device& bridge, Device& port, Packet packet, Device& target) {
    Namespace& space = *bridge.home;
    if (!space.alive()) return;
    packet.in = &bridge;
    packet.physicalIn = &port;
    port.counters.receivedPackets += !pretend_;
    port.counters.receivedBytes += pretend_ ? 0 : packet.length;
    if (!space.switches().bridgeCallsIptables) {
        if (&target == &bridge) receive(space, std::move(packet), bridge);
        else bridged(bridge, std::move(packet), target);
        return;
    }
    const std::uint32_t destination = packet.flow.destination;
    note(space, &port, "bridge", "frame enters " + bridge.name, "PREROUTING", packet);
    if (!passed(space, packet, hooks(space, Hook::Prerouting, packet))) return;
    if (packet.flow.destination == destination) {
        if (&target == &bridge) routeInput(space, std::move(packet));
        else bridged(bridge, std::move(packet), target);
        return;
    }
    // Translated: frames for the same bridge are bridged on, others go up to the router.
    const RouteDecision route = space.route(ipAddress(packet.flow.destination),
                                            ipAddress(packet.flow.source), packet.mark);
    if (route.kind == RouteDecision::Kind::Forward && route.device == &bridge) {
        packet.nextHop = route.nextHop.v4Bits();
        Device* next = fabric_.neighbour(bridge, route.nextHop);
        if (next == nullptr) {
            packet.latency += kNeighbourFailure;
            return;
        }
        bridged(bridge, std::move(packet), *next);
        return;
    }
    routeInput(space, std::move(packet));
}

void Walk::bridged(Device& bridge, Packet packet, Device& target) {
    Namespace& space = *bridge.home;
    Device* out = nullptr;
    for (Device* port : bridge.ports)
        if (port->peer == &target) out = port;
    if (out == nullptr) return;
    if (out == packet.physicalIn && !out->hairpin) {
        note(space, out, "bridge", "the port has no hairpin mode", "DROP", packet);
        return;
    }
    if (space.switches().bridgeCallsIptables) {
        packet.out = &bridge;
        packet.physicalOut = out;
        packet.nextHop = packet.flow.destination;
        if (!passed(space, packet, hooks(space, Hook::Forward, packet))) return;
        if (!passed(space, packet, hooks(space, Hook::Postrouting, packet))) return;
    }
    const std::string mac = packet.sourceMac;
    packet.latency += kHopLatency;
    packet.leaveHost();
    packet.sourceMac = mac;
    receive(*target.home, std::move(packet), target);
}

void Walk::receive(Namespace& space, Packet packet, Device& in) {
    if (++depth_ > kMaxDepth) return;
    struct Leave {
        int& depth;
        ~Leave() { --depth; }
    } leave{depth_};
    if (!space.alive() || !in.up) return;
    in.counters.receivedPackets += !pretend_;
    in.counters.receivedBytes += pretend_ ? 0 : packet.length;
    packet.in = &in;
    packet.out = nullptr;
    if (!passed(space, packet, hooks(space, Hook::Prerouting, packet))) return;
    routeInput(space, std::move(packet));
}

void Walk::routeInput(Namespace& space, Packet packet) {
    const bool loopback = packet.in != nullptr && packet.in->kind == DeviceKind::Loopback;
    const bool martian = (packet.flow.destination >> 24) == 127 || (packet.flow.source >> 24) == 127;
    if (martian && !loopback && !space.switches().routeLocalnet) {
        note(space, packet.in, "route", "loopback address from outside", "DROP", packet);
        return;
    }
    const base::IpAddress to = ipAddress(packet.flow.destination);
    if (space.isLocal(to) || space.isBroadcast(to)) {
        if (!passed(space, packet, hooks(space, Hook::Input, packet))) return;
        deliver(space, std::move(packet));
        return;
    }
    forward(space, std::move(packet));
}

void Walk::forward(Namespace& space, Packet packet) {
    if (!space.switches().forward) {
        note(space, packet.in, "route", "net.ipv4.ip_forward is 0", "DROP", packet);
        return;
    }
    const RouteDecision route = space.route(ipAddress(packet.flow.destination),
                                            ipAddress(packet.flow.source), packet.mark);
    switch (route.kind) {
    case RouteDecision::Kind::Forward: break;
    case RouteDecision::Kind::Blackhole: return;
    case RouteDecision::Kind::Prohibit: return answerError(space, packet, kUnreachable, 13);
    default:
        note(space, packet.in, "route", "no route", "DROP", packet);
        return answerError(space, packet, kUnreachable, route.route ? 1 : 0);
    }
    if (packet.ttl <= 1) return answerError(space, packet, kTimeExceeded, 0);
    --packet.ttl;
    packet.out = route.device;
    packet.nextHop = route.nextHop.v4Bits();
    note(space, packet.out, "route",
         route.route->via ? "via " + route.nextHop.text() : std::string("on link"), "FORWARD", packet);
    if (!passed(space, packet, hooks(space, Hook::Forward, packet))) return;
    packet.physicalIn = nullptr;
    if (!passed(space, packet, hooks(space, Hook::Postrouting, packet))) return;
    (void)transmit(space, std::move(packet), *packet.out, false);
}

void Walk::deliver(Namespace& space, Packet packet) {
    note(space, packet.in, "deliver", "local", "DELIVERED", packet);
    arrived.push_back({&space, std::move(packet)});
}

// Source: icmp_send: the error belongs to the connection that it is about.
void Walk::answerError(Namespace& space, const Packet& about, std::uint8_t type, std::uint8_t code) {
    if (about.isIcmpError()) return;
    if (space.isBroadcast(ipAddress(about.flow.destination))) return;
    Packet error;
    error.flow.protocol = kIcmp;
    error.flow.destination = about.flow.source;
    if (space.isLocal(ipAddress(about.flow.destination))) error.flow.source = about.flow.destination;
    error.icmpType = type;
    error.icmpCode = code;
    error.length = 28 + std::min<std::uint32_t>(about.length, 548);
    error.latency = about.latency;
    error.ttl = 64;
    error.inner = std::make_shared<Packet>(about);
    error.inner->tracked.reset();
    error.inner->inner.reset();
    if (about.tracked) {
        error.tracked = about.tracked;
        error.reply = !about.reply;
        error.state = TrackState::Related;
    }
    (void)send(space, std::move(error));
}

void Walk::answerReset(Namespace& space, const Packet& about) {
    if (about.flow.protocol != kTcp || (about.tcpFlags & kRst)) return;
    Packet reset;
    reset.flow = about.flow.reversed();
    reset.tcpFlags = kRst | kAck;
    reset.length = 40;
    reset.latency = about.latency;
    if (about.tracked) {
        reset.tracked = about.tracked;
        reset.reply = !about.reply;
        reset.state = TrackState::Related;
    }
    (void)send(space, std::move(reset));
}

} // namespace network
