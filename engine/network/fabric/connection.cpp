#include "network/fabric/flow.h"

#include "network/fabric/fabric.h"

#include <cerrno>

namespace network {
namespace {

constexpr sim::Duration kLossProbe = sim::kSecond;
// An HTTP/2 client pings a silent connection after 30 s and waits 15 s. Source: k8s
// apimachinery util/net http.go (HTTP2_READ_IDLE_TIMEOUT_SECONDS, HTTP2_PING_TIMEOUT_SECONDS).
constexpr sim::Duration kLossLimit = 45 * sim::kSecond;

base::Error brokenError() { return base::makeError("EOF", ECONNRESET, "eof"); }

// Cancels what the client no longer waits for.
struct ExchangeGuard {
    std::shared_ptr<Exchange> exchange;
    ~ExchangeGuard() {
        if (exchange) exchange->scope.cancel();
    }
};

sim::Task<void> serve(std::shared_ptr<Exchange> exchange, ports::Request request) {
    std::shared_ptr<ports::HttpHandler> handler = exchange->handler;
    ports::Response response = co_await handler->handle(std::move(request));
    exchange->response.emplace(std::move(response));
    exchange->done.notify();
}

// Waits until segments pass again; an error when the connection is lost.
sim::Task<base::Status> reach(std::shared_ptr<Flow> flow, std::uint32_t bytes) {
    bool reset = false;
    if (flow->exchangeSegments(reset, bytes)) co_return base::okStatus();
    sim::Kernel& kernel = flow->fabric.kernel();
    const sim::Time limit = kernel.now() + kLossLimit;
    while (!reset && !flow->closed() && kernel.now() < limit) {
        co_await sim::sleepFor(kernel, kLossProbe);
        if (flow->exchangeSegments(reset, bytes)) co_return base::okStatus();
    }
    const bool wasOpen = !flow->closed();
    flow->close(Flow::kClient);
    if (reset) co_return base::makeError("connection reset by peer", ECONNRESET);
    if (!wasOpen) co_return brokenError();
    co_return base::makeError("http2: client connection lost", ETIMEDOUT);
}

// Something still runs over the connection though its client has let go of the handle: the streams of
// an exec or a log that goes on.
bool busy(const Flow& flow) {
    for (const auto& weak : flow.offers)
        if (const auto offer = weak.lock(); offer && !offer->exitCode && offer->failure.empty()) return true;
    for (const auto& weak : flow.streams)
        if (const auto stream = weak.lock(); stream && !stream->writeClosed() && !stream->readClosed()) return true;
    return false;
}

sim::Task<void> closeWhenIdle(std::shared_ptr<Flow> flow) {
    while (!flow->closed() && busy(*flow)) {
        bool waited = false;
        for (const auto& weak : flow->offers)
            if (const auto offer = weak.lock(); offer && !offer->exitCode && offer->failure.empty()) {
                co_await offer->finished.wait();
                waited = true;
                break;
            }
        if (waited) continue;
        for (const auto& weak : flow->streams)
            if (const auto stream = weak.lock(); stream && !stream->writeClosed()) {
                co_await stream->readable().wait();
                break;
            }
    }
    flow->close(Flow::kClient);
}

std::uint32_t sizeOf(const ports::Request& request) {
    return static_cast<std::uint32_t>(200 + std::min<std::size_t>(request.body.size(), 1200));
}

} // namespace

FlowConnection::~FlowConnection() {
    // Dropping the client's end closes the connection; the server's handle may be dropped freely.
    if (side_ != Flow::kClient || flow_->closed()) return;
    if (flow_->open() && busy(*flow_)) flow_->listener->scope.spawn(closeWhenIdle(flow_), "linger");
    else flow_->close(Flow::kClient);
}

base::Endpoint FlowConnection::local() const {
    const Tuple& tuple = flow_->tuples[side_];
    return side_ == Flow::kClient ? base::Endpoint{ipAddress(tuple.source), tuple.sourcePort}
                                  : base::Endpoint{ipAddress(tuple.destination), tuple.destinationPort};
}

base::Endpoint FlowConnection::remote() const {
    const Tuple& tuple = flow_->tuples[side_];
    return side_ == Flow::kServer ? base::Endpoint{ipAddress(tuple.source), tuple.sourcePort}
                                  : base::Endpoint{ipAddress(tuple.destination), tuple.destinationPort};
}

bool FlowConnection::servesHttp() const {
    return side_ == Flow::kClient && flow_->listener->options.http != nullptr;
}

ports::Duplex FlowConnection::bytes() {
    if (side_ == Flow::kServer) return {flow_->toServer, flow_->toClient};
    if (servesHttp() && !flow_->adapterStarted) {
        flow_->adapterStarted = true;
        flow_->listener->scope.spawn(serveHttpBytes(flow_), "http-bytes");
    }
    return {flow_->toClient, flow_->toServer};
}

sim::Task<base::Result<ports::Response>> FlowConnection::roundTrip(ports::Request request) {
    const std::shared_ptr<Flow> flow = flow_;
    if (!flow->open() && flow->closed()) co_return brokenError();
    sim::Kernel& kernel = flow->fabric.kernel();
    base::Status path = co_await reach(flow, sizeOf(request));
    if (!path.ok()) co_return path.error();
    if (!servesHttp()) {
        const ports::Duplex duplex = bytes();
        co_return co_await requestOverBytes(duplex, std::move(request));
    }
    const std::shared_ptr<ListenerState> listener = flow->listener;
    if (listener->options.tls && !flow->tls) {
        ports::Response refused;
        refused.status = 400;
        refused.body = "Client sent an HTTP request to an HTTPS server.\n";
        co_return refused;
    }
    const Tuple seen = flow->tuples[Flow::kServer];
    request.peer = {ipAddress(seen.source), seen.sourcePort};
    request.clientChain = flow->clientChain;
    request.tls = flow->tls;
    request.serverName = flow->serverName;
    auto exchange = std::make_shared<Exchange>(kernel);
    exchange->handler = listener->options.http;
    std::erase_if(flow->exchanges, [](const auto& weak) { return weak.expired(); });
    flow->exchanges.push_back(exchange);
    if (request.upgrade) {
        std::erase_if(flow->offers, [](const auto& weak) { return weak.expired(); });
        flow->offers.push_back(request.upgrade);
    }
    ExchangeGuard guard{exchange};
    const sim::Duration delay = flow->roundTripTime;
    exchange->scope.spawn(serve(exchange, std::move(request)), "request");
    while (!exchange->response && !exchange->broken) co_await exchange->done.wait();
    if (exchange->broken) co_return brokenError();
    ports::Response response = std::move(*exchange->response);
    if (response.watch) {
        std::erase_if(flow->watches, [](const auto& weak) { return weak.expired(); });
        flow->watches.push_back(response.watch);
    }
    if (response.stream) {
        std::erase_if(flow->streams, [](const auto& weak) { return weak.expired(); });
        flow->streams.push_back(response.stream);
    }
    co_await sim::sleepFor(kernel, delay);
    co_return response;
}

sim::Task<base::Status> FlowConnection::startTls(ports::TlsClient client, std::string host) {
    const std::shared_ptr<Flow> flow = flow_;
    sim::Kernel& kernel = flow->fabric.kernel();
    base::Status path = co_await reach(flow, 569);
    if (!path.ok()) co_return path.error();
    co_await sim::sleepFor(kernel, flow->roundTripTime);
    const auto& options = flow->listener->options;
    if (!options.tls) {
        if (options.http)
            co_return base::makeError("http: server gave HTTP response to HTTPS client", EPROTO, "tls-plain");
        co_return base::makeError("tls: first record does not look like a TLS handshake", EPROTO, "tls-plain");
    }
    const ports::TlsServer& server = *options.tls;
    flow->serverName = client.serverName.empty() ? host : client.serverName;
    if (!client.insecureSkipVerify) {
        base::Status verified = pki::verify(server.chain, client.roots, kernel.unixNow(), pki::Usage::Server,
                                            flow->serverName);
        if (!verified.ok())
            co_return base::makeError("tls: failed to verify certificate: " + verified.error().message,
                                      EPROTO, "tls-verify");
    }
    if (!server.clientRoots.empty() || server.requireClient) {
        if (server.requireClient && client.chain.empty())
            co_return base::makeError("remote error: tls: certificate required", EPROTO, "tls-alert");
        if (server.requireClient) {
            // Source: Go crypto/tls processCertsFromClient: which alert says what.
            base::Status known = pki::verify(client.chain, server.clientRoots, kernel.unixNow(), pki::Usage::Client);
            if (!known.ok()) {
                const std::string& why = known.error().message;
                const char* alert = why.find("unknown authority") != std::string::npos ? "unknown certificate authority"
                                    : why.find("expired") != std::string::npos         ? "expired certificate"
                                                                                       : "bad certificate";
                co_return base::makeError(std::string("remote error: tls: ") + alert, EPROTO, "tls-alert");
            }
        }
        flow->clientChain = client.chain;
    }
    flow->tls = true;
    co_return base::okStatus();
}

} // namespace network
