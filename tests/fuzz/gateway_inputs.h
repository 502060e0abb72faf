#pragma once
// What the fuzz targets of the gateway do with one input; test_gateway runs the same over the corpus.

#include "gateway/protocol.h"
#include "gateway/spdy.h"
#include "gateway/websocket.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

// Answers everything at once, and notes whether a request slipped past the guard.
struct Echo {
    sim::Kernel kernel{1};
    gateway::Backend backend{kernel, [](ports::Request request) { return answer(std::move(request)); }, 6443};
    static sim::Task<ports::Response> answer(ports::Request request) {
        if (request.path.empty() || request.path[0] != '/') std::abort();
        if (request.body.size() > gateway::kMaxBody) std::abort();
        ports::Response response;
        response.body = request.method + " " + request.path + "\n" + request.body;
        co_return response;
    }
};

// Feeds a connection in pieces of `step` bytes and reads what it answers.
inline std::string converse(gateway::Protocol& protocol, sim::Kernel& kernel, std::string_view bytes, std::size_t step) {
    std::string answer;
    const auto drain = [&] {
        for (int round = 0; round < 1000; ++round) {
            kernel.runUntilIdle(10'000);
            std::string piece = protocol.take(64 * 1024);
            if (piece.empty()) break;
            answer += piece;
        }
    };
    drain();
    for (std::size_t at = 0; at < bytes.size() && !protocol.finished(); at += step) {
        protocol.receive(bytes.substr(at, step));
        drain();
    }
    return answer;
}

// However a connection's bytes are cut, the answers are the same; only a head that is not complete may
// be refused sooner.
inline void httpHead(std::string_view bytes) {
    Echo whole, pieces;
    auto first = gateway::makeHttp1(whole.backend, {}, [] {});
    auto second = gateway::makeHttp1(pieces.backend, {}, [] {});
    const std::string a = converse(*first, whole.kernel, bytes, bytes.size() + 1), b = converse(*second, pieces.kernel, bytes, 7);
    if (a.compare(0, b.size(), b) != 0 && b.compare(0, a.size(), a) != 0) std::abort();
    first->receiveEnd();
    second->receiveEnd();
}

inline void http2(std::string_view bytes) {
    Echo echo;
    auto connection = gateway::makeHttp2(echo.backend, {}, [] {});
    (void)converse(*connection, echo.kernel, bytes, 64);
    connection->receiveEnd();
}

inline void webSocket(std::string_view bytes) {
    constexpr std::size_t kMost = 4096;
    gateway::WebSocketReader whole(kMost), pieces(kMost);
    auto all = whole.feed(bytes);
    std::size_t count = 0;
    bool failed = false;
    for (std::size_t at = 0; at < bytes.size() && !failed; at += 3) {
        auto some = pieces.feed(bytes.substr(at, 3));
        failed = !some.ok();
        if (failed) break;
        count += some->size();
        for (const auto& message : *some)
            if (message.data.size() > kMost) std::abort();
    }
    if (failed != !all.ok() || (all.ok() && all->size() != count)) std::abort();
}

inline void spdy(std::string_view bytes) {
    gateway::SpdyCodec whole, pieces;
    auto all = whole.feed(bytes);
    std::size_t count = 0;
    bool failed = false;
    for (std::size_t at = 0; at < bytes.size() && !failed; at += 5) {
        auto some = pieces.feed(bytes.substr(at, 5));
        failed = !some.ok();
        if (!failed) count += some->size();
    }
    if (failed != !all.ok() || (all.ok() && all->size() != count)) std::abort();
}

} // namespace fuzz
