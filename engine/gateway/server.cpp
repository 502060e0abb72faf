#include <utility> // before Asio: Boost 1.74 uses std::exchange without including it

#include "gateway/server.h"

#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "gateway/streams.h"
#include "pki/certificate.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>

#include <chrono>
#include <deque>
#include <random>

namespace gateway {
namespace {
namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using tcp = asio::ip::tcp;
using boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using namespace std::chrono_literals;

constexpr std::size_t kMaxConnections = 256, kMaxHead = 64 * 1024, kMaxBody = 3 * 1024 * 1024, kMaxBacklog = 8 * 1024 * 1024;
constexpr std::chrono::seconds kHeadTime = 10s, kIdleTime = 5min;

// Messages for one client, written in order by its coroutine.
class Outbox : public StreamOutput {
public:
    explicit Outbox(asio::any_io_executor executor) : timer_(std::move(executor), asio::steady_timer::time_point::max()) {}
    void send(std::string message) override {
        if (closed_) return;
        backlog_ += message.size();
        queue_.push_back(std::move(message));
        if (backlog_ > kMaxBacklog) overflown_ = closed_ = true; // a reader this slow is dropped
        timer_.cancel();
    }
    void close() override {
        closed_ = true;
        timer_.cancel();
    }
    bool overflown() const { return overflown_; }
    // The next message; nothing at the end.
    asio::awaitable<std::optional<std::string>> next() {
        while (queue_.empty() && !closed_) {
            error_code ignored;
            co_await timer_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
            timer_.expires_at(asio::steady_timer::time_point::max());
        }
        if (queue_.empty() || overflown_) co_return std::nullopt;
        std::string message = std::move(queue_.front());
        queue_.pop_front();
        backlog_ -= message.size();
        co_return message;
    }

private:
    asio::steady_timer timer_;
    std::deque<std::string> queue_;
    std::size_t backlog_ = 0;
    bool closed_ = false, overflown_ = false;
};

std::string watchLine(const ports::WatchEvent& event) {
    return document::writeJson(document::Value::object({{"type", event.type}, {"object", event.object}})) + "\n";
}

sim::Task<void> pumpWatch(std::shared_ptr<sim::Channel<ports::WatchEvent>> watch, std::shared_ptr<Outbox> out) {
    while (auto event = co_await watch->pop()) out->send(watchLine(*event));
    out->close();
}
sim::Task<void> pumpBytes(std::shared_ptr<sim::Pipe> pipe, std::shared_ptr<Outbox> out) {
    while (true) {
        std::string bytes = co_await pipe->read(64 * 1024);
        if (bytes.empty()) break;
        out->send(std::move(bytes));
    }
    out->close();
}
} // namespace

struct Server::State {
    cluster::Cluster& cluster;
    Options options;
    asio::io_context io{1};
    asio::ssl::context tls{asio::ssl::context::tls_server};
    tcp::acceptor acceptor{io};
    std::string authorityPem, address;
    std::uint16_t port = 0;
    std::size_t connections = 0;
    bool stopping = false;

    State(cluster::Cluster& c, Options o) : cluster(c), options(std::move(o)) {}

    base::Status prepareTls();
    base::Status bind();
    asio::awaitable<void> accept();
    asio::awaitable<void> session(tcp::socket socket);
    asio::awaitable<void> serve(Stream& stream);
    std::optional<ports::Response> refuse(const http::request<http::string_body>& message) const;
    ports::Request convert(const http::request<http::string_body>& message, Stream& stream) const;
    asio::awaitable<ports::Response> ask(ports::Request request, sim::Scope& scope);
    asio::awaitable<bool> answer(Stream& stream, ports::Response response, unsigned version, bool keepAlive, sim::Scope& scope);
    asio::awaitable<void> upgradeWebSocket(Stream& stream, http::request<http::string_body> message, ports::Request request);
    asio::awaitable<void> upgradeSpdy(Stream& stream, ports::Request request);
    void drive();
};

// The endpoint has an authority of its own with wide dates: real clients check against the real clock,
// while the cluster's certificates follow the virtual one.
base::Status Server::State::prepareTls() {
    std::random_device entropy;
    sim::Random random((static_cast<std::uint64_t>(entropy()) << 32) ^ entropy());
    pki::SigningProfile profile;
    profile.notBefore = sim::unixTime(2020, 1, 1, 0, 0, 0);
    profile.notAfter = sim::unixTime(2050, 1, 1, 0, 0, 0);
    profile.authority = true;
    const auto authorityKey = pki::makeKey(random);
    const auto authority = pki::signCertificate({{"timonel-endpoint", {}}, {}, {}}, *authorityKey, profile, nullptr, *authorityKey, random);
    profile.authority = false;
    profile.serverAuth = true;
    pki::CertificateRequest request;
    request.subject.commonName = "localhost";
    request.dnsNames = {"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
    request.addresses = {*base::IpAddress::parse("127.0.0.1"), *base::IpAddress::parse("::1")};
    const auto key = pki::makeKey(random);
    const auto certificate = pki::signCertificate(request, *key, profile, authority.get(), *authorityKey, random);
    authorityPem = pki::writeCertificatePem(*authority);
    const std::string chain = pki::writeCertificatePem(*certificate), keyPem = pki::writeKeyPem(*key);
    error_code failure;
    tls.use_certificate_chain(asio::buffer(chain), failure);
    if (!failure) tls.use_private_key(asio::buffer(keyPem), asio::ssl::context::pem, failure);
    if (failure) return base::makeError("preparing TLS: " + failure.message());
    tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    // Whoever presents a certificate is judged by the API server, as the certificate's authority is its own.
    tls.set_verify_mode(asio::ssl::verify_peer);
    tls.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    SSL_CTX_set_alpn_select_cb(
        tls.native_handle(),
        [](SSL*, const unsigned char** out, unsigned char* length, const unsigned char* in, unsigned int inLength, void*) -> int {
            static const unsigned char kHttp11[] = "\x08http/1.1";
            unsigned char* chosen = nullptr;
            if (SSL_select_next_proto(&chosen, length, kHttp11, sizeof kHttp11 - 1, in, inLength) != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_NOACK;
            *out = chosen;
            return SSL_TLSEXT_ERR_OK;
        },
        nullptr);
    return base::okStatus();
}

base::Status Server::State::bind() {
    const auto colon = options.listen.rfind(':');
    const std::string host = options.listen.substr(0, colon == std::string::npos ? 0 : colon);
    const auto wanted = base::parseInt(std::string_view(options.listen).substr(colon + 1));
    error_code failure;
    const auto ip = asio::ip::make_address(host == "localhost" ? "127.0.0.1" : base::replaceAll(base::replaceAll(host, "[", ""), "]", ""), failure);
    if (failure || !wanted || *wanted < 0 || *wanted > 65535) return base::makeError("--listen takes ADDRESS:PORT, for example 127.0.0.1:0; got \"" + options.listen + "\"");
    if (!ip.is_loopback()) return base::makeError("--listen takes a loopback address only (127.0.0.1 or [::1])");
    const tcp::endpoint endpoint(ip, static_cast<std::uint16_t>(*wanted));
    acceptor.open(endpoint.protocol(), failure);
    if (!failure) acceptor.set_option(tcp::acceptor::reuse_address(true), failure);
    if (!failure) acceptor.bind(endpoint, failure);
    if (!failure) acceptor.listen(128, failure);
    if (failure) return base::makeError("listening on " + options.listen + ": " + failure.message());
    port = acceptor.local_endpoint().port();
    address = (ip.is_v6() ? "[" + ip.to_string() + "]" : ip.to_string()) + ":" + std::to_string(port);
    return base::okStatus();
}

asio::awaitable<void> Server::State::accept() {
    while (!stopping) {
        error_code failure;
        tcp::socket socket(io);
        co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, failure));
        if (failure || connections >= kMaxConnections) continue; // the socket closes with its object
        socket.set_option(tcp::no_delay(true), failure);
        asio::co_spawn(io, session(std::move(socket)), asio::detached);
    }
}

asio::awaitable<void> Server::State::session(tcp::socket socket) {
    struct Count {
        std::size_t& number;
        explicit Count(std::size_t& n) : number(n) { ++number; }
        ~Count() { --number; }
    } count(connections);
    Stream stream(beast::tcp_stream(std::move(socket)), tls);
    beast::get_lowest_layer(stream).expires_after(kHeadTime);
    error_code failure;
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, failure));
    if (failure) co_return;
    co_await serve(stream);
    beast::get_lowest_layer(stream).close();
}

// DNS rebinding: a web page can reach a loopback port, but not with our name as Host and no Origin.
std::optional<ports::Response> Server::State::refuse(const http::request<http::string_body>& message) const {
    const std::string_view host(message[http::field::host].data(), message[http::field::host].size());
    const auto colon = host.rfind(':');
    const std::string_view name = host.substr(0, colon != std::string_view::npos && host.back() != ']' ? colon : host.size());
    const bool ours = name == "127.0.0.1" || name == "localhost" || name == "[::1]";
    if (ours && message.find(http::field::origin) == message.end()) return std::nullopt;
    ports::Response response;
    response.status = ours ? 403 : 421;
    response.headers.set("Content-Type", "application/json");
    response.object = document::Value::object({{"kind", "Status"}, {"apiVersion", "v1"}, {"metadata", document::Value::object()}, {"status", "Failure"},
                                               {"message", ours ? "requests of web pages are not served" : "this endpoint serves 127.0.0.1, localhost and ::1 only"},
                                               {"reason", "Forbidden"}, {"code", response.status}});
    return response;
}

ports::Request Server::State::convert(const http::request<http::string_body>& message, Stream& stream) const {
    ports::Request request;
    request.method = std::string(message.method_string());
    const std::string target(message.target());
    const auto mark = target.find('?');
    request.path = ports::percentDecode(std::string_view(target).substr(0, mark));
    if (mark != std::string::npos) request.query = ports::Query::parse(std::string_view(target).substr(mark + 1));
    for (const auto& field : message) request.headers.add(std::string(field.name_string()), std::string(field.value()));
    request.body = message.body();
    request.tls = true;
    request.serverName = "localhost";
    if (X509* leaf = SSL_get1_peer_certificate(stream.native_handle())) {
        BIO* memory = BIO_new(BIO_s_mem());
        PEM_write_bio_X509(memory, leaf);
        char* bytes = nullptr;
        const long length = BIO_get_mem_data(memory, &bytes);
        if (auto chain = pki::readCertificatesPem(std::string_view(bytes, static_cast<std::size_t>(length))); chain.ok()) request.clientChain = std::move(*chain);
        BIO_free(memory);
        X509_free(leaf);
    }
    return request;
}

asio::awaitable<ports::Response> Server::State::ask(ports::Request request, sim::Scope& scope) {
    struct Shared {
        asio::steady_timer timer;
        ports::Response response;
        bool done = false;
    };
    auto shared = std::make_shared<Shared>(Shared{asio::steady_timer(io, asio::steady_timer::time_point::max()), {}, false});
    struct Run {
        static sim::Task<void> body(cluster::Cluster& cluster, ports::Request request, std::shared_ptr<Shared> out) {
            out->response = co_await cluster.serve(std::move(request));
            out->done = true;
            out->timer.cancel();
        }
    };
    scope.spawn(Run::body(cluster, std::move(request), shared), "gateway request");
    drive();
    while (!shared->done) {
        error_code ignored;
        co_await shared->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return std::move(shared->response);
}

asio::awaitable<bool> Server::State::answer(Stream& stream, ports::Response response, unsigned version, bool keepAlive, sim::Scope& scope) {
    error_code failure;
    const auto fill = [&](auto& message) {
        for (const auto& [name, value] : response.headers.list()) message.set(name, value);
        message.set("Cache-Control", response.headers.has("Cache-Control") ? std::string(response.headers.get("Cache-Control")) : "no-cache, private");
        if (!response.headers.has("Content-Type")) message.set(http::field::content_type, "application/json");
        message.keep_alive(keepAlive);
    };
    beast::get_lowest_layer(stream).expires_after(kIdleTime);
    if (!response.watch && !response.stream) {
        http::response<http::string_body> message{static_cast<http::status>(response.status), version};
        message.body() = !response.object.isNull() ? document::writeJson(response.object) + "\n" : response.body;
        fill(message);
        message.prepare_payload();
        co_await http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, failure));
        co_return !failure && keepAlive;
    }
    auto out = std::make_shared<Outbox>(io.get_executor());
    if (response.watch) scope.spawn(pumpWatch(response.watch, out), "gateway watch");
    else scope.spawn(pumpBytes(response.stream, out), "gateway stream");
    http::response<http::empty_body> head{static_cast<http::status>(response.status), version};
    fill(head);
    head.chunked(true);
    http::response_serializer<http::empty_body> serializer{head};
    co_await http::async_write_header(stream, serializer, asio::redirect_error(asio::use_awaitable, failure));
    // The client says nothing more on this connection; when it goes away, reading fails and ends the watch.
    struct Watcher {
        static asio::awaitable<void> body(Stream& from, std::shared_ptr<Outbox> box, std::shared_ptr<bool> alive) {
            char byte;
            error_code gone;
            co_await from.async_read_some(asio::buffer(&byte, 1), asio::redirect_error(asio::use_awaitable, gone));
            if (*alive) box->close();
        }
    };
    auto alive = std::make_shared<bool>(true);
    beast::get_lowest_layer(stream).expires_never();
    asio::steady_timer watcherEnded(io, asio::steady_timer::time_point::max());
    bool ended = false;
    asio::co_spawn(io, Watcher::body(stream, out, alive), [&](std::exception_ptr) { ended = true; watcherEnded.cancel(); });
    while (!failure) {
        auto chunk = co_await out->next();
        if (!chunk) break;
        co_await asio::async_write(stream, http::make_chunk(asio::buffer(*chunk)), asio::redirect_error(asio::use_awaitable, failure));
    }
    if (!failure && !out->overflown()) co_await asio::async_write(stream, http::make_chunk_last(), asio::redirect_error(asio::use_awaitable, failure));
    *alive = false;
    beast::get_lowest_layer(stream).close(); // also ends the watcher, which refers to this frame
    while (!ended) {
        error_code ignored;
        co_await watcherEnded.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_return false;
}

asio::awaitable<void> Server::State::serve(Stream& stream) {
    beast::flat_buffer buffer(kMaxHead + kMaxBody);
    while (!stopping) {
        http::request_parser<http::string_body> parser;
        parser.header_limit(kMaxHead);
        parser.body_limit(kMaxBody);
        error_code failure;
        beast::get_lowest_layer(stream).expires_after(buffer.size() > 0 ? kHeadTime : kIdleTime);
        co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, failure));
        sim::Scope scope(cluster.kernel());
        if (failure == http::error::body_limit || failure == http::error::header_limit) {
            ports::Response large;
            large.status = failure == http::error::body_limit ? 413 : 431;
            large.object = api::statusOf(api::statusError(large.status, "RequestEntityTooLarge", "Request entity too large: limit is 3145728"));
            (void)co_await answer(stream, std::move(large), 11, false, scope);
        }
        if (failure) co_return;
        auto message = parser.release();
        beast::get_lowest_layer(stream).expires_never();
        if (auto refused = refuse(message)) {
            if (!co_await answer(stream, std::move(*refused), message.version(), false, scope)) co_return;
        }
        ports::Request request = convert(message, stream);
        const std::string upgrade = base::toLower(std::string(message[http::field::upgrade]));
        if (upgrade == "websocket") co_return co_await upgradeWebSocket(stream, std::move(message), std::move(request));
        if (upgrade.rfind("spdy/3.1", 0) == 0) co_return co_await upgradeSpdy(stream, std::move(request));
        const bool head = message.method() == http::verb::head;
        ports::Response response = co_await ask(std::move(request), scope);
        if (head) {
            response.object = {};
            response.body.clear();
        }
        if (!co_await answer(stream, std::move(response), message.version(), message.keep_alive(), scope)) co_return;
    }
}

namespace {
bool forwards(const ports::Request& request) { return request.path.size() > 12 && request.path.rfind("/portforward") == request.path.size() - 12; }
std::string header(const ports::Request& request, const char* name) { return std::string(request.headers.get(name)); }
} // namespace

asio::awaitable<void> Server::State::upgradeWebSocket(Stream& stream, http::request<http::string_body> message, ports::Request request) {
    static const std::vector<std::string> kKnown{"v5.channel.k8s.io", "v4.channel.k8s.io", "SPDY/3.1+portforward.k8s.io"};
    std::string chosen;
    for (const std::string& offered : base::split(header(request, "Sec-WebSocket-Protocol"), ','))
        for (const std::string& known : kKnown)
            if (chosen.empty() && base::trim(offered) == known) chosen = known;
    beast::websocket::stream<Stream&> socket(stream);
    socket.read_message_max(SpdyCodec::kMaxFrame + 16);
    socket.set_option(beast::websocket::stream_base::decorator([chosen](beast::websocket::response_type& response) {
        if (!chosen.empty()) response.set(http::field::sec_websocket_protocol, chosen);
    }));
    error_code failure;
    co_await socket.async_accept(message, asio::redirect_error(asio::use_awaitable, failure));
    if (failure) co_return;
    socket.binary(true);
    auto out = std::make_shared<Outbox>(io.get_executor());
    sim::Scope scope(cluster.kernel());
    auto issue = std::make_shared<Issue>([this](ports::Request r) { return cluster.serve(std::move(r)); });
    request.method = "POST"; // what the API server's subresource expects; WebSocket handshakes are GETs
    auto session = chosen == kKnown[2] ? makeSpdySession(cluster.kernel(), std::move(request), true, out, issue)
                                       : makeChannelSession(cluster.kernel(), std::move(request), chosen != kKnown[1], out, issue);
    bool readerEnded = false;
    asio::steady_timer ended(io, asio::steady_timer::time_point::max());
    struct Reader {
        static asio::awaitable<void> body(State& self, beast::websocket::stream<Stream&>& from, StreamSession& to, std::shared_ptr<Outbox> box) {
            beast::flat_buffer buffer;
            while (true) {
                error_code gone;
                co_await from.async_read(buffer, asio::redirect_error(asio::use_awaitable, gone));
                if (gone) break;
                const auto data = buffer.data();
                to.receive(std::string_view(static_cast<const char*>(data.data()), data.size()));
                buffer.consume(buffer.size());
                self.drive();
            }
            box->close();
        }
    };
    asio::co_spawn(io, Reader::body(*this, socket, *session, out), [&](std::exception_ptr) { readerEnded = true; ended.cancel(); });
    drive();
    while (!failure) {
        auto next = co_await out->next();
        if (!next) break;
        co_await socket.async_write(asio::buffer(*next), asio::redirect_error(asio::use_awaitable, failure));
    }
    if (!readerEnded && !failure) co_await socket.async_close(beast::websocket::close_code::normal, asio::redirect_error(asio::use_awaitable, failure));
    beast::get_lowest_layer(stream).close();
    while (!readerEnded) {
        error_code ignored;
        co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

asio::awaitable<void> Server::State::upgradeSpdy(Stream& stream, ports::Request request) {
    const bool forward = forwards(request);
    http::response<http::empty_body> head{http::status::switching_protocols, 11};
    head.set(http::field::connection, "Upgrade");
    head.set(http::field::upgrade, "SPDY/3.1");
    if (const std::string versions = header(request, "X-Stream-Protocol-Version"); !versions.empty() || forward)
        head.set("X-Stream-Protocol-Version", forward ? "portforward.k8s.io" : "v4.channel.k8s.io");
    error_code failure;
    co_await http::async_write(stream, head, asio::redirect_error(asio::use_awaitable, failure));
    if (failure) co_return;
    auto out = std::make_shared<Outbox>(io.get_executor());
    auto issue = std::make_shared<Issue>([this](ports::Request r) { return cluster.serve(std::move(r)); });
    auto session = makeSpdySession(cluster.kernel(), std::move(request), forward, out, issue);
    bool readerEnded = false;
    asio::steady_timer ended(io, asio::steady_timer::time_point::max());
    struct Reader {
        static asio::awaitable<void> body(State& self, Stream& from, StreamSession& to, std::shared_ptr<Outbox> box) {
            char bytes[16 * 1024];
            while (true) {
                error_code gone;
                const std::size_t n = co_await from.async_read_some(asio::buffer(bytes), asio::redirect_error(asio::use_awaitable, gone));
                if (gone) break;
                to.receive(std::string_view(bytes, n));
                self.drive();
            }
            box->close();
        }
    };
    asio::co_spawn(io, Reader::body(*this, stream, *session, out), [&](std::exception_ptr) { readerEnded = true; ended.cancel(); });
    while (!failure) {
        auto next = co_await out->next();
        if (!next) break;
        co_await asio::async_write(stream, asio::buffer(*next), asio::redirect_error(asio::use_awaitable, failure));
    }
    beast::get_lowest_layer(stream).close();
    while (!readerEnded) {
        error_code ignored;
        co_await ended.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    }
}

// Runs what is due now; requests that need no virtual time are answered within the same call.
void Server::State::drive() {
    sim::Kernel& kernel = cluster.kernel();
    constexpr std::size_t kMaxEvents = 100'000;
    for (std::size_t i = 0; i < kMaxEvents && kernel.nextEventTime() <= kernel.now() + 2 * sim::kMillisecond; ++i) kernel.step();
}

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::~Server() = default;

base::Result<std::unique_ptr<Server>> Server::create(cluster::Cluster& cluster, const Options& options) {
    auto state = std::make_unique<State>(cluster, options);
    BASE_CHECK(state->prepareTls());
    BASE_CHECK(state->bind());
    asio::co_spawn(state->io, state->accept(), asio::detached);
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
    sim::Kernel& kernel = state_->cluster.kernel();
    auto last = std::chrono::steady_clock::now();
    while (!state_->stopping) {
        state_->io.restart();
        state_->io.run_for(5ms);
        const auto now = std::chrono::steady_clock::now();
        const double elapsed = std::min(0.25, std::chrono::duration<double>(now - last).count());
        last = now;
        const sim::Time target = kernel.now() + sim::fromSeconds(elapsed * state_->options.pace);
        const auto budget = now + 50ms; // sockets are looked at between slices even when the engine is behind
        while (kernel.nextEventTime() <= target && std::chrono::steady_clock::now() < budget)
            for (int i = 0; i < 256 && kernel.nextEventTime() <= target; ++i) kernel.step();
        if (kernel.nextEventTime() > target) kernel.runUntil(target);
        state_->io.poll();
    }
}

void Server::stop() { state_->stopping = true; }

} // namespace gateway
