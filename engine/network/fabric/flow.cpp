#include "network/fabric/flow.h"

#include "network/fabric/fabric.h"

#include <cerrno>

namespace network {

Flow::Flow(Fabric& f, Namespace& client, Tuple clientTuple, Namespace& server, Tuple serverTuple,
           std::shared_ptr<ListenerState> l)
    : fabric(f), listener(std::move(l)), toServer(std::make_shared<sim::Pipe>()),
      toClient(std::make_shared<sim::Pipe>()) {
    spaces[kClient] = client.weak_from_this();
    spaces[kServer] = server.weak_from_this();
    tuples[kClient] = clientTuple;
    tuples[kServer] = serverTuple;
}

bool Flow::exchangeSegments(bool& reset, std::uint32_t bytes) {
    reset = false;
    if (open() && generation_ == fabric.generation()) {
        for (netfilter::Counter* counter : counters_) counter->add(bytes);
        return true;
    }
    const auto client = spaces[kClient].lock();
    if (!client || !client->alive()) return false;
    Walk walk(fabric, nullptr);
    Packet data;
    data.flow = tuples[kClient];
    data.tcpFlags = kPsh | kAck;
    data.length = bytes;
    (void)walk.send(*client, data);
    const auto server = spaces[kServer].lock();
    for (std::size_t i = 0; i < walk.arrived.size() && i < 16; ++i) {
        const Arrived at = walk.arrived[i];
        if (at.packet.isIcmpError()) continue;
        if (at.space == client.get() && at.packet.flow == tuples[kClient].reversed()) {
            if (at.packet.tcpFlags & kRst) {
                reset = true;
                return false;
            }
            generation_ = walk.repeatable ? fabric.generation() : 0;
            counters_ = std::move(walk.touched);
            return open();
        }
        if (at.packet.tcpFlags & kRst) continue;
        Packet answer;
        answer.flow = at.packet.flow.reversed();
        answer.latency = at.packet.latency;
        answer.length = 52;
        const bool ours = server && at.space == server.get() && at.packet.flow == tuples[kServer] &&
                          open_ && !gone_[kServer];
        answer.tcpFlags = ours ? kAck : kRst;
        (void)walk.send(*at.space, answer);
    }
    return false;
}

void Flow::endStreams() {
    for (const auto& weak : exchanges)
        if (const auto exchange = weak.lock()) {
            exchange->broken = true;
            exchange->scope.cancel();
            exchange->done.notify();
        }
    exchanges.clear();
    for (const auto& weak : watches)
        if (const auto watch = weak.lock()) watch->close();
    watches.clear();
    for (const auto& weak : streams)
        if (const auto stream = weak.lock()) stream->closeWrite();
    streams.clear();
    for (const auto& weak : offers)
        if (const auto offer = weak.lock(); offer && !offer->exitCode) {
            if (offer->failure.empty()) offer->failure = "connection closed";
            for (const auto& pipe : {offer->input, offer->output, offer->error})
                if (pipe) pipe->closeWrite();
            offer->finished.notify();
        }
    offers.clear();
    toServer->closeWrite();
    toClient->closeWrite();
}

void Flow::close(Side by) {
    if (!open_) return;
    const auto keep = shared_from_this();
    open_ = false;
    // FIN, its answer and the last acknowledgement.
    const auto client = spaces[kClient].lock();
    const auto server = spaces[kServer].lock();
    if (client && server && client->alive() && server->alive() && !gone_[0] && !gone_[1]) {
        Walk walk(fabric, nullptr);
        const auto segment = [&](bool fromClient, std::uint8_t flags) {
            Packet packet;
            packet.flow = fromClient ? tuples[kClient] : tuples[kServer].reversed();
            packet.tcpFlags = flags;
            packet.length = 52;
            (void)walk.send(fromClient ? *client : *server, packet);
        };
        segment(by == kClient, kFin | kAck);
        segment(by != kClient, kFin | kAck);
        segment(by == kClient, kAck);
    }
    endStreams();
    closedSignal[0].notify();
    closedSignal[1].notify();
}

void Flow::abandon(Side gone) {
    if (gone_[gone]) return;
    gone_[gone] = true;
    if (gone == kServer) {
        // Whoever waits for an answer goes on waiting for segments that never come.
        for (const auto& weak : exchanges)
            if (const auto exchange = weak.lock()) exchange->scope.cancel();
    }
    closedSignal[gone].notify();
}

} // namespace network
