#include "network/fabric/sockets.h"

#include "network/fabric/flow.h"

namespace network {

std::shared_ptr<ListenerState> SocketTable::listening(std::uint32_t address, std::uint16_t port,
                                                      std::uint8_t protocol) const {
    std::shared_ptr<ListenerState> wildcard;
    const auto [begin, end] = listeners_.equal_range({protocol, port});
    for (auto it = begin; it != end; ++it) {
        if (it->second->at.ip == ipAddress(address)) return it->second;
        if (it->second->at.ip.isUnspecified()) wildcard = it->second;
    }
    return wildcard;
}

bool SocketTable::portTaken(std::uint8_t protocol, std::uint16_t port) const {
    return listeners_.count({protocol, port}) != 0;
}

bool SocketTable::clashes(const base::Endpoint& at, std::uint8_t protocol) const {
    const auto [begin, end] = listeners_.equal_range({protocol, at.port});
    for (auto it = begin; it != end; ++it)
        if (it->second->at.ip == at.ip || it->second->at.ip.isUnspecified() || at.ip.isUnspecified())
            return true;
    return false;
}

void SocketTable::add(std::shared_ptr<ListenerState> state) {
    const auto key = std::make_pair(state->protocol, state->at.port);
    listeners_.emplace(key, std::move(state));
}

void SocketTable::remove(const ListenerState& state) {
    const auto [begin, end] = listeners_.equal_range({state.protocol, state.at.port});
    for (auto it = begin; it != end; ++it)
        if (it->second.get() == &state) {
            listeners_.erase(it);
            return;
        }
}

void SocketTable::addFlow(const std::shared_ptr<Flow>& flow) {
    std::erase_if(flows_, [](const auto& weak) {
        const auto have = weak.lock();
        return !have || have->closed();
    });
    flows_.push_back(flow);
}

void SocketTable::abandonAll() {
    const auto flows = std::move(flows_);
    flows_.clear();
    for (const auto& weak : flows)
        if (const auto flow = weak.lock()) {
            for (int side : {0, 1}) {
                const auto space = flow->spaces[side].lock();
                if (!space || !space->alive()) flow->abandon(static_cast<Flow::Side>(side));
            }
        }
    // What is being served may hold other sockets of this namespace, which leave the table as it ends.
    const auto listeners = std::move(listeners_);
    listeners_.clear();
    for (const auto& [key, state] : listeners) {
        state->open = false;
        state->scope.cancel();
    }
}

std::vector<SocketRow> SocketTable::rows() const {
    std::vector<SocketRow> out;
    for (const auto& [key, state] : listeners_) {
        SocketRow row;
        row.protocol = state->protocol == kUdp ? "udp" : "tcp";
        row.state = state->protocol == kUdp ? "UNCONN" : "LISTEN";
        row.local = state->at;
        row.process = state->process;
        row.pid = state->pid;
        out.push_back(std::move(row));
    }
    for (const auto& weak : flows_) {
        const auto flow = weak.lock();
        if (!flow || flow->closed()) continue;
        for (int side : {0, 1}) {
            const auto space = flow->spaces[side].lock();
            if (!space || &space->sockets() != this) continue;
            const Tuple& tuple = flow->tuples[side];
            SocketRow row;
            row.protocol = "tcp";
            row.state = "ESTAB";
            const base::Endpoint from{ipAddress(tuple.source), tuple.sourcePort};
            const base::Endpoint to{ipAddress(tuple.destination), tuple.destinationPort};
            row.local = side == Flow::kClient ? from : to;
            row.remote = side == Flow::kClient ? to : from;
            if (side == Flow::kServer && flow->listener) {
                row.process = flow->listener->process;
                row.pid = flow->listener->pid;
            }
            out.push_back(std::move(row));
        }
    }
    return out;
}

} // namespace network
