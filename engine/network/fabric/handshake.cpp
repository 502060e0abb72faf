// What two TCP ends do with arriving segments, and the walk for the window.
#include "network/fabric/walk.h"

#include "network/fabric/fabric.h"
#include "network/fabric/sockets.h"
#include "network/netfilter/conntrack.h"

#include <cerrno>

namespace network {

std::string icmpName(std::uint8_t type, std::uint8_t code) {
    if (type == kEchoRequest) return "echo-request";
    if (type == kEchoReply) return "echo-reply";
    if (type == kTimeExceeded) return "time-exceeded";
    if (type != kUnreachable) return "type-" + std::to_string(type);
    switch (code) {
    case 0: return "net-unreachable";
    case 1: return "host-unreachable";
    case 2: return "proto-unreachable";
    case 3: return "port-unreachable";
    case 9: return "net-prohibited";
    case 10: return "host-prohibited";
    case 13: return "admin-prohibited";
    default: return "code-" + std::to_string(code);
    }
}

// Source: Linux net/ipv4/icmp.c icmp_err_convert.
int icmpErrno(const Packet& error) {
    if (error.icmpType == kTimeExceeded) return EHOSTUNREACH;
    switch (error.icmpCode) {
    case 0: return ENETUNREACH;
    case 2: return ENOPROTOOPT;
    case 3: return ECONNREFUSED;
    case 9: return ENETUNREACH;
    default: return EHOSTUNREACH;
    }
}

Handshake shakeHands(Fabric& fabric, Namespace& from, Tuple flow, Walk& walk, std::uint32_t owner) {
    (void)fabric;
    Handshake shake;
    Packet syn;
    syn.flow = flow;
    syn.tcpFlags = kSyn;
    syn.length = 60;
    syn.owner = owner;
    const int failed = walk.send(from, syn);
    if (failed != 0 && failed != EPERM) {
        shake.result = Handshake::Result::LocalError;
        shake.error = failed;
        if (failed == EHOSTUNREACH) shake.latency = 3 * sim::kSecond;
        return shake;
    }
    for (std::size_t i = 0; i < walk.arrived.size() && i < 64; ++i) {
        const Arrived at = walk.arrived[i];
        const Packet& packet = at.packet;
        if (packet.isIcmpError()) {
            if (at.space != &from || !packet.inner || !(packet.inner->flow == flow)) continue;
            shake.result = icmpErrno(packet) == ECONNREFUSED ? Handshake::Result::Refused
                                                             : Handshake::Result::Unreachable;
            shake.error = icmpErrno(packet);
            shake.detail = icmpName(packet.icmpType, packet.icmpCode);
            shake.latency = packet.latency;
            shake.icmp = packet;
            return shake;
        }
        if (packet.flow.protocol != kTcp) continue;
        if (at.space == &from && packet.flow == flow.reversed()) {
            shake.latency = packet.latency;
            if (packet.tcpFlags & kRst) {
                shake.result = Handshake::Result::Refused;
                shake.error = ECONNREFUSED;
                return shake;
            }
            shake.result = Handshake::Result::Connected;
            Packet ack;
            ack.flow = flow;
            ack.tcpFlags = kAck;
            ack.length = 52;
            (void)walk.send(from, ack);
            return shake;
        }
        if (packet.tcpFlags != kSyn) continue;
        Packet answer;
        answer.flow = packet.flow.reversed();
        answer.latency = packet.latency;
        if (at.space->sockets().listening(packet.flow.destination, packet.flow.destinationPort, kTcp)) {
            answer.tcpFlags = kSyn | kAck;
            answer.length = 60;
            shake.server = at.space;
            shake.seenByServer = packet.flow;
        } else {
            answer.tcpFlags = kRst | kAck;
            answer.length = 40;
        }
        (void)walk.send(*at.space, answer);
    }
    return shake;
}

document::Value pretendWalk(Fabric& fabric, Namespace& from, base::Endpoint to, std::string_view protocol) {
    document::ArrayBuilder hops;
    const auto before = [&] {
        std::vector<std::size_t> sizes;
        for (const NamespacePtr& space : fabric.namespaces()) space->conntrack().setPretending(true);
        return sizes;
    }();
    (void)before;
    Walk walk(fabric, &hops, true);
    Tuple flow;
    flow.protocol = protocol == "udp" ? kUdp : protocol == "icmp" ? kIcmp : kTcp;
    flow.destination = to.ip.v4Bits();
    flow.destinationPort = to.port;
    flow.sourcePort = 61001;
    const RouteDecision route = from.route(to.ip, {}, 0);
    flow.source = route.source.isV4() ? route.source.v4Bits() : 0;
    document::ObjectBuilder out;
    std::string result = "timeout", server, detail;
    if (route.kind != RouteDecision::Kind::Local && route.kind != RouteDecision::Kind::Forward) {
        result = "unreachable";
    } else if (flow.protocol == kTcp) {
        const Handshake shake = shakeHands(fabric, from, flow, walk);
        if (shake.result == Handshake::Result::Connected) {
            result = "connected";
            server = shake.server ? shake.server->name() : "";
            out.set("seenSource", ipText(shake.seenByServer.source));
            out.set("serverAddress",
                    ipText(shake.seenByServer.destination) + ":" + std::to_string(shake.seenByServer.destinationPort));
        } else if (shake.result == Handshake::Result::Refused) {
            result = shake.detail.empty() ? "refused" : "rejected";
        } else if (shake.result != Handshake::Result::Lost) {
            result = "unreachable";
        }
        detail = shake.detail;
    } else {
        Packet packet;
        packet.flow = flow;
        packet.icmpType = kEchoRequest;
        packet.length = flow.protocol == kIcmp ? 84 : 29;
        if (walk.send(from, packet) != 0) result = "rejected";
        for (const Arrived& at : walk.arrived) {
            if (at.packet.isIcmpError()) {
                if (at.space == &from) {
                    result = "rejected";
                    detail = icmpName(at.packet.icmpType, at.packet.icmpCode);
                }
                continue;
            }
            const bool served = flow.protocol == kIcmp ||
                                at.space->sockets().listening(at.packet.flow.destination,
                                                              at.packet.flow.destinationPort, kUdp);
            result = served ? "connected" : "refused";
            server = at.space->name();
        }
    }
    for (const NamespacePtr& space : fabric.namespaces()) space->conntrack().setPretending(false);
    out.set("result", result);
    out.set("server", server);
    out.setUnlessEmpty("detail", detail);
    out.set("from", from.name());
    out.set("to", to.text());
    out.set("protocol", protocol);
    out.set("hops", std::move(hops).build());
    return std::move(out).build();
}

} // namespace network
