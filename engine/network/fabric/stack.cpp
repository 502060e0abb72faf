// The socket calls of a namespace.
#include "network/fabric/fabric.h"
#include "network/fabric/flow.h"
#include "network/fabric/namespace.h"
#include "network/fabric/walk.h"

#include <cerrno>
#include <cstring>

namespace network {
namespace {

base::Error socketError(int code) {
    switch (code) {
    case ECONNREFUSED: return base::makeError("connection refused", code);
    case ETIMEDOUT: return base::makeError("i/o timeout", code);
    case EHOSTUNREACH: return base::makeError("no route to host", code);
    case ENETUNREACH: return base::makeError("network is unreachable", code);
    case EPERM: return base::makeError("operation not permitted", code);
    case EADDRINUSE: return base::makeError("address already in use", code);
    case EADDRNOTAVAIL: return base::makeError("cannot assign requested address", code);
    case ENOPROTOOPT: return base::makeError("protocol not available", code);
    case EACCES: return base::makeError("permission denied", code);
    case ENETDOWN: return base::makeError("network is down", code);
    default: return base::makeError("socket error " + std::to_string(code), code);
    }
}

base::IpAddress asV4(const base::IpAddress& address) {
    // The IPv6 loopback is served by the same sockets.
    if (!address.isV4() && address.isLoopback()) return base::IpAddress::v4(0x7f000001);
    if (address.isV4() && address.isUnspecified()) return base::IpAddress::v4(0x7f000001);
    return address;
}

class SocketListener final : public ports::Listener {
public:
    SocketListener(NamespacePtr space, std::shared_ptr<ListenerState> state)
        : space_(std::move(space)), state_(std::move(state)) {}
    ~SocketListener() override {
        state_->open = false;
        if (const auto space = space_.lock()) space->sockets().remove(*state_);
        if (state_->protocol == kUdp) state_->scope.cancel();
    }
    base::Endpoint endpoint() const override { return state_->at; }
    void closeConnections() override {
        const auto flows = std::move(state_->flows);
        state_->flows.clear();
        for (const auto& weak : flows)
            if (const auto flow = weak.lock()) flow->close(Flow::kServer);
        state_->scope.cancel();
    }

private:
    std::weak_ptr<Namespace> space_;
    std::shared_ptr<ListenerState> state_;
};

sim::Task<void> serveDatagram(std::shared_ptr<ListenerState> state, ports::Datagram datagram,
                              std::shared_ptr<std::optional<std::optional<std::string>>> answer,
                              std::shared_ptr<sim::Signal> done) {
    std::shared_ptr<ports::DatagramHandler> handler = state->datagrams;
    std::optional<std::string> bytes = co_await handler->receive(std::move(datagram));
    *answer = std::move(bytes);
    done->notify();
}

} // namespace

base::Result<ports::ListenerPtr> Namespace::listen(base::Endpoint at, ports::ListenOptions options) {
    if (!at.ip.isUnspecified()) at.ip = asV4(at.ip);
    if (!alive_) return socketError(ENETDOWN);
    if (!at.ip.isUnspecified() && !isLocal(at.ip)) return socketError(EADDRNOTAVAIL);
    if (at.port == 0) at.port = ephemeralPort(kTcp);
    if (sockets_->clashes(at, kTcp)) return socketError(EADDRINUSE);
    auto state = std::make_shared<ListenerState>(fabric_.kernel());
    state->at = at;
    state->process = options.process;
    state->pid = options.pid;
    state->options = std::move(options);
    sockets_->add(state);
    return ports::ListenerPtr(std::make_shared<SocketListener>(shared_from_this(), state));
}

base::Result<ports::ListenerPtr> Namespace::listenUdp(base::Endpoint at,
                                                      std::shared_ptr<ports::DatagramHandler> handler,
                                                      std::string process) {
    if (!at.ip.isUnspecified()) at.ip = asV4(at.ip);
    if (!alive_) return socketError(ENETDOWN);
    if (!at.ip.isUnspecified() && !isLocal(at.ip)) return socketError(EADDRNOTAVAIL);
    if (at.port == 0) at.port = ephemeralPort(kUdp);
    if (sockets_->clashes(at, kUdp)) return socketError(EADDRINUSE);
    auto state = std::make_shared<ListenerState>(fabric_.kernel());
    state->at = at;
    state->protocol = kUdp;
    state->datagrams = std::move(handler);
    state->process = std::move(process);
    sockets_->add(state);
    return ports::ListenerPtr(std::make_shared<SocketListener>(shared_from_this(), state));
}

sim::Task<base::Result<ports::ConnectionPtr>> Namespace::connect(base::Endpoint to,
                                                                 ports::ConnectOptions options) {
    const NamespacePtr self = shared_from_this();
    sim::Kernel& kernel = fabric_.kernel();
    to.ip = asV4(to.ip);
    if (!to.ip.isV4()) co_return socketError(ENETUNREACH);
    const sim::Time deadline = kernel.now() + options.timeout;
    // tcp_syn_retries = 6: given up after 127 s.
    const sim::Time kernelLimit = kernel.now() + 127 * sim::kSecond;
    Tuple flow;
    flow.protocol = kTcp;
    flow.destination = to.ip.v4Bits();
    flow.destinationPort = to.port;
    flow.sourcePort = options.sourcePort ? options.sourcePort : ephemeralPort(kTcp);
    const RouteDecision route = this->route(to.ip, options.source.value_or(base::IpAddress()), 0);
    if (route.kind != RouteDecision::Kind::Local && route.kind != RouteDecision::Kind::Forward)
        co_return socketError(route.route ? EHOSTUNREACH : ENETUNREACH);
    flow.source = options.source ? options.source->v4Bits() : route.source.v4Bits();
    sim::Duration backoff = sim::kSecond;
    for (;;) {
        document::ArrayBuilder hops;
        Walk walk(fabric_, fabric_.recording() ? &hops : nullptr);
        const Handshake shake = shakeHands(fabric_, *this, flow, walk);
        if (fabric_.recording()) {
            document::ObjectBuilder kept;
            kept.set("at", kernel.now());
            kept.set("from", name_);
            kept.set("to", to.text());
            kept.set("protocol", "tcp");
            kept.set("result", shake.result == Handshake::Result::Connected ? "connected"
                               : shake.result == Handshake::Result::Refused
                                   ? (shake.detail.empty() ? "refused" : "rejected")
                               : shake.result == Handshake::Result::Lost ? "timeout"
                                                                         : "unreachable");
            kept.set("server", shake.server ? shake.server->name() : std::string());
            kept.set("hops", std::move(hops).build());
            fabric_.keepWalk(std::move(kept).build());
        }
        if (shake.result == Handshake::Result::Connected && shake.server != nullptr) {
            const auto listener = shake.server->sockets().listening(
                shake.seenByServer.destination, shake.seenByServer.destinationPort, kTcp);
            if (listener) {
                auto made = std::make_shared<Flow>(fabric_, *this, flow, *shake.server,
                                                   shake.seenByServer, listener);
                made->roundTripTime = shake.latency;
                std::erase_if(listener->flows, [](const auto& weak) { return weak.expired(); });
                listener->flows.push_back(made);
                sockets_->addFlow(made);
                if (shake.server != this) shake.server->sockets().addFlow(made);
                auto client = std::make_shared<FlowConnection>(made, Flow::kClient);
                co_await sim::sleepFor(kernel, shake.latency);
                if (listener->options.accept && !listener->options.http && !made->closed()) {
                    ports::ConnectionPtr server = std::make_shared<FlowConnection>(made, Flow::kServer);
                    listener->options.accept(std::move(server));
                }
                co_return ports::ConnectionPtr(std::move(client));
            }
        }
        if (shake.result == Handshake::Result::Refused || shake.result == Handshake::Result::Unreachable ||
            shake.result == Handshake::Result::LocalError) {
            const sim::Time answered = kernel.now() + shake.latency;
            co_await sim::sleepUntil(kernel, std::min(answered, deadline));
            co_return socketError(answered <= deadline ? shake.error : ETIMEDOUT);
        }
        const sim::Time next = kernel.now() + backoff;
        backoff *= 2;
        if (next >= deadline) {
            co_await sim::sleepUntil(kernel, deadline);
            co_return socketError(ETIMEDOUT);
        }
        if (next >= kernelLimit) {
            co_await sim::sleepUntil(kernel, kernelLimit);
            co_return base::makeError("connection timed out", ETIMEDOUT);
        }
        co_await sim::sleepUntil(kernel, next);
        if (!alive_) co_return socketError(ENETDOWN);
    }
}

sim::Task<base::Result<ports::Datagram>> Namespace::exchangeUdp(base::Endpoint to, std::string bytes,
                                                                sim::Duration timeout) {
    const NamespacePtr self = shared_from_this();
    sim::Kernel& kernel = fabric_.kernel();
    to.ip = asV4(to.ip);
    if (!to.ip.isV4()) co_return socketError(ENETUNREACH);
    const sim::Time deadline = kernel.now() + timeout;
    Packet packet;
    packet.flow.protocol = kUdp;
    packet.flow.destination = to.ip.v4Bits();
    packet.flow.destinationPort = to.port;
    packet.flow.sourcePort = ephemeralPort(kUdp);
    packet.length = static_cast<std::uint32_t>(28 + bytes.size());
    packet.payload = bytes;
    const RouteDecision route = this->route(to.ip, {}, 0);
    packet.flow.source = route.source.isV4() ? route.source.v4Bits() : 0;
    const Tuple flow = packet.flow;
    Walk walk(fabric_, nullptr);
    const int failed = walk.send(*this, packet);
    if (failed == EHOSTUNREACH && route.kind == RouteDecision::Kind::Forward) {
        co_await sim::sleepUntil(kernel, std::min(deadline, kernel.now() + 3 * sim::kSecond));
        co_return socketError(kernel.now() < deadline ? EHOSTUNREACH : ETIMEDOUT);
    }
    if (failed != 0) co_return socketError(failed);
    for (std::size_t i = 0; i < walk.arrived.size() && i < 16; ++i) {
        const Arrived at = walk.arrived[i];
        if (at.packet.isIcmpError()) {
            if (at.space != this || !at.packet.inner || !(at.packet.inner->flow == flow)) continue;
            const sim::Time when = kernel.now() + at.packet.latency;
            co_await sim::sleepUntil(kernel, std::min(when, deadline));
            co_return socketError(when <= deadline ? icmpErrno(at.packet) : ETIMEDOUT);
        }
        if (at.packet.flow.protocol != kUdp || (at.space == this && at.packet.flow == flow.reversed()))
            continue;
        const auto server = at.space->sockets().listening(at.packet.flow.destination,
                                                          at.packet.flow.destinationPort, kUdp);
        if (!server) {
            Packet error; // the host itself says that nobody listens
            error.flow.protocol = kIcmp;
            error.flow.source = at.packet.flow.destination;
            error.flow.destination = at.packet.flow.source;
            error.icmpType = kUnreachable;
            error.icmpCode = 3;
            error.length = 28 + at.packet.length;
            error.latency = at.packet.latency;
            error.inner = std::make_shared<Packet>(at.packet);
            error.inner->tracked.reset();
            (void)walk.send(*at.space, error);
            continue;
        }
        const NamespacePtr serverSpace = at.space->shared_from_this();
        auto answer = std::make_shared<std::optional<std::optional<std::string>>>();
        auto done = std::make_shared<sim::Signal>();
        ports::Datagram datagram;
        datagram.from = {ipAddress(at.packet.flow.source), at.packet.flow.sourcePort};
        datagram.bytes = bytes;
        co_await sim::sleepFor(kernel, at.packet.latency);
        server->scope.spawn(serveDatagram(server, std::move(datagram), answer, done), "datagram");
        while (!answer->has_value()) {
            const bool woken = co_await done->waitUntil(deadline);
            if (!woken) break;
        }
        if (!answer->has_value() || !(*answer)->has_value()) break;
        Packet reply;
        reply.flow = at.packet.flow.reversed();
        reply.length = static_cast<std::uint32_t>(28 + (**answer)->size());
        Walk back(fabric_, nullptr);
        (void)back.send(*serverSpace, reply);
        for (const Arrived& home : back.arrived)
            if (home.space == this && home.packet.flow == flow.reversed()) {
                co_await sim::sleepFor(kernel, home.packet.latency);
                ports::Datagram out;
                out.from = to;
                out.bytes = std::move(***answer);
                co_return out;
            }
        break;
    }
    co_await sim::sleepUntil(kernel, deadline);
    co_return socketError(ETIMEDOUT);
}

sim::Task<Namespace::Heard> Namespace::probe(base::IpAddress to, std::uint16_t port, int ttl,
                                             sim::Duration timeout, std::uint32_t bytes,
                                             base::IpAddress source) {
    const NamespacePtr self = shared_from_this();
    sim::Kernel& kernel = fabric_.kernel();
    Heard heard;
    to = asV4(to);
    if (!to.isV4()) {
        heard.error = ENETUNREACH;
        co_return heard;
    }
    Packet packet;
    packet.flow.protocol = port == 0 ? kIcmp : kUdp;
    packet.flow.destination = to.v4Bits();
    const std::uint16_t identifier = ephemeralPort(kUdp);
    packet.flow.sourcePort = identifier;
    packet.flow.destinationPort = port == 0 ? identifier : port;
    packet.icmpType = port == 0 ? std::uint8_t{kEchoRequest} : std::uint8_t{0};
    packet.ttl = ttl;
    packet.length = bytes;
    const RouteDecision route = this->route(to, source, 0);
    if (!(source == base::IpAddress())) packet.flow.source = source.v4Bits();
    else packet.flow.source = route.source.isV4() ? route.source.v4Bits() : 0;
    const Tuple flow = packet.flow;
    Walk walk(fabric_, nullptr);
    const int failed = walk.send(*this, packet);
    if (failed == EHOSTUNREACH && route.kind == RouteDecision::Kind::Forward) {
        // The own host reports what its neighbour table found out.
        heard.answered = true;
        heard.type = kUnreachable;
        heard.code = 1;
        heard.from = route.source;
        heard.time = 3 * sim::kSecond;
        co_await sim::sleepFor(kernel, std::min<sim::Duration>(heard.time, timeout));
        co_return heard;
    }
    if (failed != 0) {
        heard.error = failed;
        co_return heard;
    }
    for (std::size_t i = 0; i < walk.arrived.size() && i < 16; ++i) {
        const Arrived at = walk.arrived[i];
        const Packet& got = at.packet;
        if (got.isIcmpError()) {
            if (at.space != this || !got.inner || !(got.inner->flow == flow)) continue;
            heard.answered = true;
            heard.type = got.icmpType;
            heard.code = got.icmpCode;
            heard.from = ipAddress(got.flow.source);
            heard.time = got.latency;
            heard.ttl = got.ttl;
            heard.echo = port != 0 && got.icmpType == kUnreachable && got.icmpCode == 3;
            break;
        }
        if (got.flow.protocol == kIcmp && got.icmpType == kEchoReply && at.space == this) {
            heard.answered = heard.echo = true;
            heard.from = ipAddress(got.flow.source);
            heard.time = got.latency;
            heard.ttl = got.ttl;
            break;
        }
        Packet answer;
        answer.flow = got.flow.reversed();
        answer.latency = got.latency;
        answer.length = got.length;
        if (got.flow.protocol == kIcmp && got.icmpType == kEchoRequest) {
            answer.icmpType = kEchoReply;
            (void)walk.send(*at.space, answer);
        } else if (got.flow.protocol == kUdp &&
                   !at.space->sockets().listening(got.flow.destination, got.flow.destinationPort, kUdp)) {
            answer.flow.protocol = kIcmp;
            answer.flow.sourcePort = answer.flow.destinationPort = 0;
            answer.icmpType = kUnreachable;
            answer.icmpCode = 3;
            answer.inner = std::make_shared<Packet>(got);
            answer.inner->tracked.reset();
            (void)walk.send(*at.space, answer);
        }
    }
    if (heard.answered && heard.time <= timeout) co_await sim::sleepFor(kernel, heard.time);
    else {
        heard.answered = heard.echo = false;
        co_await sim::sleepFor(kernel, timeout);
    }
    co_return heard;
}

sim::Task<base::Result<sim::Duration>> Namespace::ping(base::IpAddress to, int ttl, sim::Duration timeout) {
    Heard heard = co_await probe(to, 0, ttl, timeout);
    if (heard.error != 0) co_return socketError(heard.error);
    if (heard.echo) co_return heard.time;
    if (heard.answered) co_return socketError(EHOSTUNREACH);
    co_return socketError(ETIMEDOUT);
}

} // namespace network
