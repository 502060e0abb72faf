#pragma once
// One established TCP connection, shared by its two ends.

#include "network/fabric/sockets.h"
#include "network/fabric/walk.h"
#include "ports/network.h"

#include <list>
#include <memory>
#include <vector>

namespace network {

// A request being served; cancelled when either side goes away.
struct Exchange {
    explicit Exchange(sim::Kernel& kernel) : scope(kernel) {}
    std::optional<ports::Response> response;
    bool broken = false;
    sim::Signal done;
    std::shared_ptr<ports::HttpHandler> handler;
    sim::Scope scope;
};

class Flow : public std::enable_shared_from_this<Flow> {
public:
    enum Side { kClient = 0, kServer = 1 };
    Flow(Fabric& fabric, Namespace& client, Tuple clientTuple, Namespace& server, Tuple serverTuple,
         std::shared_ptr<ListenerState> listener);

    // Sends a segment each way. False: it got lost; `reset` when the far end knows no such connection.
    bool exchangeSegments(bool& reset, std::uint32_t bytes);
    // `by`: the side that closes; kServer also when its process ends.
    void close(Side by);
    void abandon(Side gone); // without a word
    bool open() const { return open_ && !gone_[0] && !gone_[1]; }
    bool closed() const { return !open_; }

    Fabric& fabric;
    std::weak_ptr<Namespace> spaces[2];
    Tuple tuples[2]; // as the client (the server) sees the client's segments
    std::shared_ptr<ListenerState> listener;
    sim::Signal closedSignal[2];
    std::shared_ptr<sim::Pipe> toServer, toClient;
    bool tls = false;
    bool adapterStarted = false;
    std::string serverName;
    std::vector<pki::CertificatePtr> clientChain;
    sim::Duration roundTripTime = 200 * sim::kMicrosecond;
    std::list<std::weak_ptr<Exchange>> exchanges;
    std::list<std::weak_ptr<sim::Channel<ports::WatchEvent>>> watches;
    std::list<std::weak_ptr<sim::Pipe>> streams;
    std::list<std::weak_ptr<ports::StreamOffer>> offers;

private:
    void endStreams();
    bool open_ = true;
    bool gone_[2] = {false, false};
    std::uint64_t generation_ = 0; // of the fabric when the path was last walked
    std::vector<netfilter::Counter*> counters_;
};

class FlowConnection final : public ports::Connection {
public:
    FlowConnection(std::shared_ptr<Flow> flow, Flow::Side side) : flow_(std::move(flow)), side_(side) {}
    ~FlowConnection() override;
    base::Endpoint local() const override;
    base::Endpoint remote() const override;
    bool open() const override { return flow_->open(); }
    sim::Signal& closed() override { return flow_->closedSignal[side_]; }
    void close() override { flow_->close(side_); }
    ports::Duplex bytes() override;
    sim::Task<base::Result<ports::Response>> roundTrip(ports::Request request) override;
    bool servesHttp() const override;
    sim::Task<base::Status> startTls(ports::TlsClient client, std::string host) override;

private:
    std::shared_ptr<Flow> flow_;
    Flow::Side side_;
};

// HTTP/1.1 as bytes, for clients and servers that speak bytes.
sim::Task<void> serveHttpBytes(std::shared_ptr<Flow> flow);
sim::Task<base::Result<ports::Response>> requestOverBytes(ports::Duplex bytes, ports::Request request);
std::string responseHead(const ports::Response& response, std::string_view version,
                         std::optional<std::size_t> length);
std::string reasonPhrase(int status);

} // namespace network
