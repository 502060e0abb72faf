#pragma once
// What a connection speaks, without the connection: bytes in, bytes out. HTTP/1.1 and HTTP/2 implement
// it; server.cpp gives it a socket, tests and fuzzers a string. Time inside is the cluster's; limits on
// real time belong to the owner, who reads them off the phase.

#include "base/function.h"
#include "pki/certificate.h"
#include "ports/http.h"
#include "sim/task.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

constexpr std::size_t kMaxHead = 64 * 1024;
constexpr std::size_t kMaxBody = 3 * 1024 * 1024;     // as the API server's own bound
constexpr std::size_t kMaxBacklog = 8 * 1024 * 1024;  // of a reader that does not read
constexpr std::size_t kHighWater = 256 * 1024;        // producers that can wait do so from here on
constexpr std::size_t kMaxInput = 1024 * 1024;        // input that the program has not read: then we stop reading

// Issues a request inside the simulated world. Status 0: nobody listens there, so nobody answers here.
using Issue = base::Function<sim::Task<ports::Response>(ports::Request)>;

struct Backend {
    sim::Kernel& kernel;
    Issue issue;
    std::uint16_t port = 0; // of the endpoint: part of every Host that is ours
    base::Function<void()> unreachable = {}; // called when a request found nobody
};

// Who is at the other end.
struct Peer {
    std::vector<pki::CertificatePtr> chain;
    base::Endpoint address;
};

enum class Phase {
    Idle, // between requests
    Head, // a request has begun to arrive
    Body,
    Busy, // answers, watches or streams are under way
};

class Protocol {
public:
    virtual ~Protocol() = default;
    virtual void receive(std::string_view bytes) = 0;
    // The peer will send nothing more.
    virtual void receiveEnd() = 0;
    // The endpoint closes: say so, and end what is under way.
    virtual void shutdown() = 0;
    // What to write next, about `limit` bytes at most; empty: nothing for now.
    virtual std::string take(std::size_t limit) = 0;
    // Nothing more will come: close once everything taken is written.
    virtual bool finished() const = 0;
    // The peer is still sending what was refused: read on for a moment so that it sees the answer.
    virtual bool lingers() const { return false; }
    // Do not read for now: what was received has not been consumed.
    virtual bool congested() const { return false; }
    virtual Phase phase() const = 0;
};

// `wake` is called when there may be something to take, or congestion has ended.
using Wake = base::Function<void()>;

std::unique_ptr<Protocol> makeHttp1(Backend& backend, Peer peer, Wake wake);
std::unique_ptr<Protocol> makeHttp2(Backend& backend, Peer peer, Wake wake);

} // namespace gateway
