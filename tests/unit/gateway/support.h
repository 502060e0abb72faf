#pragma once
// A backend without a cluster, and a client's end of a connection in memory.

#include "gateway/protocol.h"

#include <deque>
#include <string>
#include <vector>

namespace gateway_test {

struct World {
    sim::Kernel kernel{1};
    std::deque<ports::Response> answers; // given in order; then 404
    std::vector<ports::Request> asked;
    bool silent = false; // never answers
    gateway::Backend backend{kernel, [this](ports::Request request) { return issue(*this, std::move(request)); }, 6443};

    static sim::Task<ports::Response> issue(World& self, ports::Request request) {
        self.asked.push_back(std::move(request));
        if (self.silent) co_await sim::sleepFor(self.kernel, 3600 * sim::kSecond);
        ports::Response response;
        response.status = 404;
        if (!self.answers.empty()) {
            response = std::move(self.answers.front());
            self.answers.pop_front();
        }
        co_return response;
    }
};

// Lets the world and the connection talk until neither has anything to do; what the client gets.
inline std::string settle(World& world, gateway::Protocol& protocol) {
    std::string out;
    for (int round = 0; round < 10'000; ++round) {
        world.kernel.runUntil(world.kernel.now() + 5 * sim::kMillisecond);
        std::string piece = protocol.take(64 * 1024);
        if (piece.empty()) break;
        out += piece;
    }
    return out;
}

inline std::string say(World& world, gateway::Protocol& protocol, std::string_view bytes) {
    protocol.receive(bytes);
    return settle(world, protocol);
}

} // namespace gateway_test
