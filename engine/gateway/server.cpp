#include <utility> // before Asio: Boost 1.74 uses std::exchange without including it

#include "base/strings.h"
#include "gateway/identity.h"
#include "gateway/protocol.h"
#include "gateway/server.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <chrono>
#include <list>
#include <random>

namespace gateway {
namespace {
namespace asio = boost::asio;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Stream = asio::ssl::stream<tcp::socket>;
using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr std::size_t kMaxConnections = 256, kWritePiece = 64 * 1024;
constexpr Clock::duration kHandshakeTime = 10s, kHeadTime = 10s, kBodyTime = 60s, kIdleTime = 5min, kStallTime = 5min, kLingerTime = 4s;
// How far a request may run ahead of the clock, in one go and altogether.
constexpr sim::Duration kStep = 2 * sim::kMillisecond, kAhead = 50 * sim::kMillisecond;

// Wakes one coroutine; a wake that comes before the wait is kept.
class Bell {
public:
    explicit Bell(asio::io_context& io) : timer_(io, Clock::time_point::max()) {}
    void ring() {
        rung_ = true;
        timer_.cancel();
    }
    asio::awaitable<void> wait() {
        if (!rung_) {
            error_code ignored;
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
        rung_ = false;
    }

private:
    asio::steady_timer timer_;
    bool rung_ = false;
};

std::vector<pki::CertificatePtr> clientChain(Stream& stream) {
    std::vector<pki::CertificatePtr> chain;
    BIO* memory = BIO_new(BIO_s_mem());
    if (X509* leaf = SSL_get1_peer_certificate(stream.native_handle())) {
        PEM_write_bio_X509(memory, leaf);
        X509_free(leaf);
    }
    STACK_OF(X509)* others = SSL_get_peer_cert_chain(stream.native_handle()); // without the leaf
    for (int i = 0; others != nullptr && i < sk_X509_num(others) && i < 10; ++i) PEM_write_bio_X509(memory, sk_X509_value(others, i));
    char* bytes = nullptr;
    const long length = BIO_get_mem_data(memory, &bytes);
    if (length > 0)
        if (auto read = pki::readCertificatesPem(std::string_view(bytes, static_cast<std::size_t>(length))); read.ok()) chain = std::move(*read);
    BIO_free(memory);
    return chain;
}

bool speaksHttp2(Stream& stream) {
    const unsigned char* name = nullptr;
    unsigned int length = 0;
    SSL_get0_alpn_selected(stream.native_handle(), &name, &length);
    return std::string_view(reinterpret_cast<const char*>(name), length) == "h2";
}

int chooseProtocol(SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned int inLength, void*) {
    static const unsigned char kOurs[] = "\x02h2\x08http/1.1";
    unsigned char* chosen = nullptr;
    if (SSL_select_next_proto(&chosen, length, kOurs, sizeof kOurs - 1, in, inLength) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

// One client: a reader and a writer around a protocol.
struct Connection {
    Connection(asio::io_context& io, tcp::socket socket, asio::ssl::context& tls) : stream(std::move(socket), tls), output(io), input(io), readerEnd(io) {}
    // Closing the socket ends what waits for it.
    void cut() {
        error_code ignored;
        stream.next_layer().close(ignored);
        closed = true;
        output.ring();
        input.ring();
    }
    void wake() {
        output.ring();
        input.ring();
    }
    void touch() {
        const Phase now = protocol->phase();
        if (std::exchange(phase, now) != now || now == Phase::Idle) since = Clock::now();
    }
    Clock::duration limit() const {
        if (lingering) return kLingerTime;
        if (!protocol) return kHandshakeTime;
        return phase == Phase::Head ? kHeadTime : phase == Phase::Body ? kBodyTime : phase == Phase::Idle ? kIdleTime : Clock::duration::max();
    }
    bool expired(Clock::time_point now) const { return (limit() != Clock::duration::max() && now - since > limit()) || (writing && now - writeSince > kStallTime); }
    // Whom to drop first when there are too many: those who have asked for nothing.
    bool idle() const { return !protocol || phase == Phase::Head || phase == Phase::Idle; }

    Stream stream;
    std::unique_ptr<Protocol> protocol;
    Bell output, input, readerEnd;
    Phase phase = Phase::Idle;
    Clock::time_point since = Clock::now(), writeSince;
    std::uint64_t received = 0; // bytes
    bool writing = false, lingering = false, closed = false, reading = false, ending = false;
};
} // namespace

struct Server::State {
    cluster::Cluster& cluster;
    Options options;
    Backend backend;
    std::list<Connection*> connections; // oldest first
    asio::ssl::context tls{asio::ssl::context::tls_server};
    asio::io_context io{1};
    tcp::acceptor acceptor{io};
    std::string authorityPem, address;
    std::atomic<bool> stopping = false;
    bool doorClosed = false;
    Clock::time_point clockStart = Clock::now(); // real and virtual time run together from here
    sim::Time virtualStart = 0;

    State(cluster::Cluster& c, Options o)
        : cluster(c), options(std::move(o)), backend{c.kernel(), [&c](ports::Request request) { return c.serve(std::move(request)); }, 0, [this] { closeDoor(); }} {}

    base::Status prepareTls();
    base::Status bind();
    asio::awaitable<void> accept();
    asio::awaitable<void> sweep();
    asio::awaitable<void> session(tcp::socket socket);
    asio::awaitable<bool> handshake(Connection& connection);
    asio::awaitable<void> read(Connection& connection);
    asio::awaitable<void> write(Connection& connection);
    asio::awaitable<void> finish(Connection& connection);
    void makeRoom();
    base::Status listen(const tcp::endpoint& endpoint);
    void closeDoor();
    asio::awaitable<void> reopenDoor();
    sim::Time due() const;
    void drive();
    void catchUp();
};

base::Status Server::State::prepareTls() {
    std::random_device entropy;
    sim::Random random((static_cast<std::uint64_t>(entropy()) << 32) ^ entropy());
    const Identity identity = makeIdentity(random);
    authorityPem = identity.authorityPem;
    error_code failure;
    tls.use_certificate_chain(asio::buffer(identity.certificatePem), failure);
    if (!failure) tls.use_private_key(asio::buffer(identity.keyPem), asio::ssl::context::pem, failure);
    if (failure) return base::makeError("preparing TLS: " + failure.message());
    SSL_CTX* context = tls.native_handle();
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    // Whoever presents a certificate is judged by the API server, as the certificate's authority is its own.
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    SSL_CTX_set_alpn_select_cb(context, chooseProtocol, nullptr);
    return base::okStatus();
}

base::Status Server::State::bind() {
    const auto colon = options.listen.rfind(':');
    const std::string host = options.listen.substr(0, colon == std::string::npos ? 0 : colon);
    const auto wanted = base::parseInt(std::string_view(options.listen).substr(colon + 1));
    error_code failure;
    const auto ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : base::replaceAll(base::replaceAll(host, "[", ""), "]", ""), failure);
    if (failure || !wanted || *wanted < 0 || *wanted > 65535) return base::makeError("--listen takes ADDRESS:PORT, for example 127.0.0.1:0; got \"" + options.listen + "\"");
    if (ip != asio::ip::make_address("127.0.0.1") && ip != asio::ip::make_address("::1")) return base::makeError("--listen takes a loopback address only (127.0.0.1 or [::1])");
    const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(*wanted));
    BASE_CHECK(listen(endpoint));
    backend.port = acceptor.local_endpoint().port();
    address = (ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string()) + ":" + std::to_string(backend.port);
    return base::okStatus();
}

base::Status Server::State::listen(const tcp::endpoint& endpoint) {
    error_code failure;
    acceptor.open(endpoint.protocol(), failure);
    if (!failure) acceptor.set_option(tcp::acceptor::reuse_address(true), failure);
    if (!failure) acceptor.bind(endpoint, failure);
    if (!failure) acceptor.listen(128, failure);
    if (!failure) return base::okStatus();
    error_code ignored;
    acceptor.close(ignored);
    return base::makeError("listening on " + options.listen + ": " + failure.message());
}

// While nobody listens at the simulated endpoint nobody listens here, so that clients are refused by the
// real kernel as they would be by the simulated one.
void Server::State::closeDoor() {
    if (doorClosed || stopping) return;
    doorClosed = true;
    asio::co_spawn(io, reopenDoor(), asio::detached);
}

asio::awaitable<void> Server::State::reopenDoor() {
    error_code ignored;
    const tcp::endpoint endpoint = acceptor.local_endpoint(ignored);
    acceptor.close(ignored);
    asio::steady_timer timer(io);
    sim::Scope scope(cluster.kernel());
    struct Probe {
        static sim::Task<void> run(cluster::Cluster& cluster, std::shared_ptr<int> status) {
            ports::Request request;
            request.path = "/livez";
            sim::Task<ports::Response> asked = cluster.serve(std::move(request));
            const ports::Response response = co_await asked;
            *status = response.status == cluster::Cluster::kNotConnected ? 0 : 1;
        }
    };
    for (auto status = std::make_shared<int>(0); *status != 1 && !stopping;) {
        *status = -1; // under way
        scope.spawn(Probe::run(cluster, status), "gateway probe");
        while (*status == -1 && !stopping) {
            timer.expires_after(200ms);
            co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        }
    }
    while (!stopping && !listen(endpoint).ok()) {
        timer.expires_after(200ms);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    doorClosed = false;
    if (!stopping) asio::co_spawn(io, accept(), asio::detached);
}

asio::awaitable<void> Server::State::accept() {
    while (!stopping) {
        error_code failure;
        tcp::socket socket(io);
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, failure));
        if (failure == asio::error::operation_aborted || doorClosed) co_return;
        if (failure) { // out of descriptors: wait for one
            asio::steady_timer pause(io, 50ms);
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, failure));
            continue;
        }
        if (connections.size() >= kMaxConnections) makeRoom();
        if (connections.size() >= 2 * kMaxConnections) continue; // the socket closes with its object
        socket.set_option(tcp::no_delay(true), failure);
        asio::co_spawn(io, session(std::move(socket)), asio::detached);
    }
}

// Half-open and idle connections give way, the oldest first; those with work under way do not.
void Server::State::makeRoom() {
    for (Connection* connection : connections)
        if (!connection->closed && connection->idle()) return connection->cut();
}

asio::awaitable<void> Server::State::sweep() {
    asio::steady_timer timer(io);
    while (!stopping) {
        error_code ignored;
        timer.expires_after(500ms);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        const auto now = Clock::now();
        for (Connection* connection : connections)
            if (!connection->closed && connection->expired(now)) connection->cut();
    }
}

asio::awaitable<bool> Server::State::handshake(Connection& connection) {
    error_code failure;
    co_await connection.stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, failure));
    if (!failure) co_return true;
    if (failure.category() == asio::error::get_ssl_category() && ERR_GET_REASON(static_cast<unsigned long>(failure.value())) == SSL_R_HTTP_REQUEST) {
        static constexpr std::string_view kText = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
        co_await asio::async_write(connection.stream.next_layer(), asio::buffer(kText.data(), kText.size()), asio::redirect_error(asio::use_awaitable, failure));
    }
    co_return false;
}

asio::awaitable<void> Server::State::session(tcp::socket socket) {
    Connection connection(io, std::move(socket), tls);
    struct Registered {
        std::list<Connection*>& list;
        std::list<Connection*>::iterator at;
        ~Registered() { list.erase(at); }
    } registered{connections, connections.insert(connections.end(), &connection)};
    error_code failure;
    const auto remote = connection.stream.next_layer().remote_endpoint(failure);
    if (failure || !co_await handshake(connection) || connection.closed) co_return;
    Peer peer;
    peer.chain = clientChain(connection.stream);
    if (const auto ip = base::IpAddress::parse(remote.address().to_string())) peer.address = {*ip, remote.port()};
    const bool http2 = speaksHttp2(connection.stream);
    Connection* self = &connection;
    connection.protocol = (http2 ? makeHttp2 : makeHttp1)(backend, std::move(peer), [self] { self->wake(); });
    connection.since = Clock::now();
    connection.phase = connection.protocol->phase();
    connection.reading = true;
    asio::co_spawn(io, read(connection), [self](std::exception_ptr) {
        self->reading = false;
        self->readerEnd.ring();
    });
    co_await write(connection);
    co_await finish(connection);
    connection.cut();
    while (connection.reading || connection.ending) co_await connection.readerEnd.wait();
}

asio::awaitable<void> Server::State::read(Connection& connection) {
    char bytes[16 * 1024];
    while (!connection.closed) {
        while (!connection.closed && connection.protocol->congested()) co_await connection.input.wait();
        error_code gone;
        const std::size_t n = co_await connection.stream.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, gone));
        if (gone) break;
        connection.received += n;
        connection.protocol->receive(std::string_view(bytes, n));
        drive();
        connection.touch();
        connection.output.ring();
    }
    connection.protocol->receiveEnd();
}

asio::awaitable<void> Server::State::write(Connection& connection) {
    error_code failure;
    while (!connection.closed && !failure) {
        const std::string bytes = connection.protocol->take(kWritePiece);
        connection.touch();
        if (bytes.empty()) {
            if (connection.protocol->finished()) break;
            co_await connection.output.wait();
            continue;
        }
        connection.writing = true;
        connection.writeSince = Clock::now();
        co_await asio::async_write(connection.stream, asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, failure));
        connection.writing = false;
        drive(); // producers that waited for the reader go on
    }
}

// Says goodbye in TLS and TCP. A client that is still sending gets a moment first to read the answer,
// which a reset would take away.
asio::awaitable<void> Server::State::finish(Connection& connection) {
    connection.lingering = true;
    connection.since = Clock::now();
    error_code failure;
    asio::steady_timer turn(io);
    std::uint64_t seen = 0;
    constexpr int kTurns = 40, kQuietTurns = 5;
    for (int i = 0, quiet = 0; connection.protocol->lingers() && connection.reading && !connection.closed && i < kTurns && quiet < kQuietTurns; ++i) {
        turn.expires_after(50ms);
        co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, failure));
        quiet = std::exchange(seen, connection.received) == connection.received ? quiet + 1 : 0;
    }
    if (connection.closed) co_return;
    Connection* self = &connection;
    connection.ending = true;
    connection.stream.async_shutdown([self](const error_code&) {
        self->ending = false;
        self->readerEnd.ring();
    });
    // The alert is on its way after one turn; the client's own is not waited for.
    turn.expires_after(1ms);
    co_await turn.async_wait(asio::redirect_error(asio::use_awaitable, failure));
    if (!connection.closed) connection.stream.next_layer().shutdown(tcp::socket::shutdown_send, failure);
}

// Where virtual time should be by the real clock.
sim::Time Server::State::due() const {
    const double elapsed = std::chrono::duration<double>(Clock::now() - clockStart).count();
    return virtualStart + sim::fromSeconds(elapsed * options.pace);
}

// Runs what is due now and a little more, so that requests that need next to no virtual time are
// answered within the same call.
void Server::State::drive() {
    sim::Kernel& kernel = cluster.kernel();
    const sim::Time ready = due(), limit = std::max(ready, std::min(kernel.now() + kStep, ready + kAhead));
    constexpr int kMaxEvents = 20'000;
    for (int i = 0; i < kMaxEvents && kernel.nextEventTime() <= limit; ++i) kernel.step();
}

void Server::State::catchUp() {
    sim::Kernel& kernel = cluster.kernel();
    // After a pause of the machine, or when the engine cannot keep pace, the clocks start anew.
    const sim::Time target = due(), lag = sim::fromSeconds(0.25 * std::max(1.0, options.pace));
    if (target > kernel.now() + lag) {
        clockStart = Clock::now();
        virtualStart = kernel.now();
        return;
    }
    const auto budget = Clock::now() + 50ms; // sockets are looked at between slices
    while (kernel.nextEventTime() <= target && Clock::now() < budget)
        for (int i = 0; i < 256 && kernel.nextEventTime() <= target; ++i) kernel.step();
    if (kernel.now() < target && kernel.nextEventTime() > target) kernel.runUntil(target);
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::create(cluster::Cluster& cluster, const Options& options) {
    auto state = std::make_unique<State>(cluster, options);
    BASE_CHECK(state->prepareTls());
    BASE_CHECK(state->bind());
    asio::co_spawn(state->io, state->accept(), asio::detached);
    asio::co_spawn(state->io, state->sweep(), asio::detached);
    return std::unique_ptr<Server>(new Server(std::move(state)));
}

std::string Server::address() const { return state_->address; }

std::string Server::kubeconfig() const {
    // The administrator's file as kubeadm wrote it, with the endpoint and its authority put in.
    std::string out;
    for (const std::string& line : base::splitLines(state_->cluster.adminKubeconfig())) {
        const std::string_view trimmed = base::trim(line);
        const std::string indent = line.substr(0, line.find_first_not_of(' ') == std::string::npos ? 0 : line.find_first_not_of(' '));
        if (trimmed.rfind("server:", 0) == 0) out += indent + "server: https://" + state_->address + "\n";
        else if (trimmed.rfind("certificate-authority-data:", 0) == 0) out += indent + "certificate-authority-data: " + base::encodeBase64(state_->authorityPem) + "\n";
        else out += line + "\n";
    }
    return out;
}

void Server::run() {
    State& state = *state_;
    state.clockStart = Clock::now();
    state.virtualStart = state.cluster.kernel().now();
    while (!state.stopping) {
        state.io.run_for(2ms);
        state.catchUp();
        state.io.poll();
    }
    error_code ignored;
    state.acceptor.close(ignored);
    for (Connection* connection : state.connections)
        if (connection->protocol) connection->protocol->shutdown();
    const auto limit = Clock::now() + 300ms;
    while (!state.connections.empty() && Clock::now() < limit) {
        state.io.run_for(2ms);
        state.catchUp();
    }
}

void Server::stop() { state_->stopping = true; }

} // namespace gateway
