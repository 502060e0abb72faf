#pragma once
// The network as a program sees it: the sockets of its network namespace. The fabric (network/)
// implements it and walks every packet; nothing here knows how.

#include "base/ip.h"
#include "base/result.h"
#include "pki/certificate.h"
#include "ports/http.h"
#include "sim/task.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace ports {

// What a client brings to a TLS handshake. Chains are leaf first.
struct TlsClient {
    std::vector<pki::CertificatePtr> roots;   // trusted authorities
    bool insecureSkipVerify = false;
    std::string serverName;                   // SNI and the name to verify; empty: the dialled host
    std::vector<pki::CertificatePtr> chain;   // client certificate, may be empty
    pki::KeyPtr key;
};

struct TlsServer {
    std::vector<pki::CertificatePtr> chain;
    pki::KeyPtr key;
    std::vector<pki::CertificatePtr> clientRoots; // empty: no client certificate asked for
    bool requireClient = false;
};

// One established connection, from either side.
class Connection {
public:
    virtual ~Connection() = default;
    virtual base::Endpoint local() const = 0;
    virtual base::Endpoint remote() const = 0;
    virtual bool open() const = 0;
    virtual sim::Signal& closed() = 0; // notified when either side ends it or its process dies
    virtual void close() = 0;
    // Raw bytes.
    virtual Duplex bytes() = 0;
    // Whole HTTP messages, if the peer's program serves HTTP. After TLS the handler sees the client's
    // chain. Errors: connection reset, EOF.
    virtual sim::Task<base::Result<Response>> roundTrip(Request request) = 0;
    virtual bool servesHttp() const = 0;
    // Verifies the peer at the current virtual date; the error text is Go's ("tls: failed to verify
    // certificate: x509: ..."). `host` is what was dialled.
    virtual sim::Task<base::Status> startTls(TlsClient client, std::string host) = 0;
};
using ConnectionPtr = std::shared_ptr<Connection>;

struct ConnectOptions {
    sim::Duration timeout = 30 * sim::kSecond;
    std::optional<base::IpAddress> source; // curl --interface
    std::uint16_t sourcePort = 0;          // nc -p; 0: any
};

// Errors of connect carry errno in `code` and the C library's text in `message`: ECONNREFUSED
// "connection refused", ETIMEDOUT "i/o timeout", EHOSTUNREACH "no route to host", ENETUNREACH, EPERM.
class Listener {
public:
    virtual ~Listener() = default; // destroying it closes the port and resets nothing else
    virtual base::Endpoint endpoint() const = 0;
    virtual void closeConnections() = 0; // what the end of the process does
};
using ListenerPtr = std::shared_ptr<Listener>;

struct ListenOptions {
    std::shared_ptr<HttpHandler> http;              // serves HTTP, or:
    base::Function<void(ConnectionPtr)> accept;     // serves bytes
    std::optional<TlsServer> tls;
    std::string process; // name for ss -p, e.g. "nginx"
    int pid = 0;
};

struct Datagram {
    base::Endpoint from;
    std::string bytes;
};

class DatagramHandler {
public:
    virtual ~DatagramHandler() = default;
    // The answer, if any.
    virtual sim::Task<std::optional<std::string>> receive(Datagram datagram) = 0;
};

class NetStack {
public:
    virtual ~NetStack() = default;
    virtual sim::Task<base::Result<ConnectionPtr>> connect(base::Endpoint to,
                                                           ConnectOptions options) = 0;
    // Port 0 picks a free one. EADDRINUSE "address already in use".
    virtual base::Result<ListenerPtr> listen(base::Endpoint at, ListenOptions options) = 0;
    virtual base::Result<ListenerPtr> listenUdp(base::Endpoint at,
                                                std::shared_ptr<DatagramHandler> handler,
                                                std::string process) = 0;
    // Sends and waits for one answer; ETIMEDOUT, ECONNREFUSED (ICMP), EPERM.
    virtual sim::Task<base::Result<Datagram>> exchangeUdp(base::Endpoint to, std::string bytes,
                                                          sim::Duration timeout) = 0;
    // ICMP echo: round-trip time.
    virtual sim::Task<base::Result<sim::Duration>> ping(base::IpAddress to, int ttl,
                                                        sim::Duration timeout) = 0;
    virtual std::vector<base::IpPrefix> addresses() const = 0;
};

} // namespace ports
