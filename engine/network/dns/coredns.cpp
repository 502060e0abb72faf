// CoreDNS as a program. Source: coredns/coremain run.go, core/dnsserver server.go.
#include "network/dns/coredns.h"

#include "base/strings.h"
#include "network/cni/sha512.h"
#include "network/dns/chain.h"
#include "network/fabric/namespace.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace network::dns {
namespace {

constexpr const char* kVersion = "CoreDNS-1.13.1\nlinux/amd64, go1.26.8, \n";

// One running configuration.
class Server : public std::enable_shared_from_this<Server> {
public:
    Server(ports::Process& process, std::vector<Block> blocks) : process_(process), scope_(process.kernel()) {
        for (Block& block : blocks) chains_.push_back(std::make_unique<Chain>(process, std::move(block)));
    }
    ~Server() { stop(); }

    void stop() {
        for (const auto& listener : listeners_) listener->closeConnections();
        listeners_.clear();
        scope_.cancel();
    }

    void startSources() {
        for (auto& chain : chains_) chain->start(scope_);
    }
    bool synced() const {
        return std::all_of(chains_.begin(), chains_.end(), [](const auto& chain) { return chain->synced(); });
    }
    base::Status listen();
    // Lines as printed at start: ".:53".
    std::string banner() const {
        std::vector<std::string> lines;
        for (const auto& chain : chains_)
            for (const ZoneAddress& zone : chain->block().zones) lines.push_back(zone.zone + ":" + std::to_string(zone.port) + "\n");
        std::sort(lines.begin(), lines.end());
        return base::join(lines, "");
    }
    const std::vector<std::unique_ptr<Chain>>& chains() const { return chains_; }
    sim::Task<std::optional<std::string>> answer(int port, ports::Datagram datagram, bool tcp);
    void print(std::string text) const {
        if (const auto pipe = process_.output()) (void)pipe->tryWrite(text);
    }
    ports::Process& process() { return process_; }
    sim::Scope& scope() { return scope_; }
    bool fatal = false;
    sim::Signal ended;

    static sim::Task<void> probeLoop(Server* self, Chain* chain);

private:
    Chain* chainFor(int port, const std::string& name) const {
        Chain* best = nullptr;
        std::size_t length = 0;
        for (const auto& chain : chains_)
            for (const ZoneAddress& zone : chain->block().zones)
                if (zone.port == port && inZone(name, zone.zone) && zone.zone.size() >= length) {
                    best = chain.get();
                    length = zone.zone.size();
                }
        return best;
    }
    void log(const Chain& chain, const Message& question, const ports::Datagram& datagram, bool tcp,
             const Outcome* outcome, std::size_t size, sim::Duration took) const;

    ports::Process& process_;
    std::vector<std::unique_ptr<Chain>> chains_;
    std::vector<ports::ListenerPtr> listeners_;
    sim::Scope scope_;
};

class Datagrams final : public ports::DatagramHandler {
public:
    Datagrams(std::weak_ptr<Server> server, int port) : server_(std::move(server)), port_(port) {}
    sim::Task<std::optional<std::string>> receive(ports::Datagram datagram) override {
        const std::shared_ptr<Server> server = server_.lock();
        if (!server) co_return std::nullopt;
        std::optional<std::string> bytes = co_await server->answer(port_, std::move(datagram), false);
        co_return bytes;
    }

private:
    std::weak_ptr<Server> server_;
    int port_;
};

// DNS over TCP: each message after its length in two bytes.
sim::Task<void> serveStream(std::shared_ptr<Server> server, int port, ports::ConnectionPtr connection) {
    const ports::Duplex pipes = connection->bytes();
    std::string buffer;
    for (;;) {
        while (buffer.size() < 2 || buffer.size() < 2U + (static_cast<unsigned char>(buffer[0]) << 8 | static_cast<unsigned char>(buffer[1]))) {
            std::string more = co_await pipes.input->read();
            if (more.empty()) {
                connection->close();
                co_return;
            }
            buffer += more;
        }
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(buffer[0])) << 8 | static_cast<unsigned char>(buffer[1]);
        ports::Datagram datagram;
        datagram.from = connection->remote();
        datagram.bytes = buffer.substr(2, length);
        buffer.erase(0, 2 + length);
        std::optional<std::string> answer = co_await server->answer(port, std::move(datagram), true);
        if (!answer) continue;
        std::string framed;
        framed += static_cast<char>(answer->size() >> 8);
        framed += static_cast<char>(answer->size() & 0xff);
        framed += *answer;
        co_await pipes.output->write(std::move(framed));
    }
}

// /health, /ready, /metrics.
class Page final : public ports::HttpHandler {
public:
    Page(std::weak_ptr<Server> server, std::string path) : server_(std::move(server)), path_(std::move(path)) {}
    sim::Task<ports::Response> handle(ports::Request request) override {
        ports::Response response;
        const std::shared_ptr<Server> server = server_.lock();
        response.headers.set("Content-Type", "text/plain; charset=utf-8");
        if (!server || request.path != path_) {
            response.status = 404;
            response.headers.set("X-Content-Type-Options", "nosniff");
            response.body = "404 page not found\n";
        } else if (path_ == "/metrics") {
            response.body = "# HELP coredns_build_info A metric with a constant '1' value labeled by version, revision, and goversion from which CoreDNS was built.\n"
                            "# TYPE coredns_build_info gauge\ncoredns_build_info{goversion=\"go1.26.8\",revision=\"\",version=\"1.13.1\"} 1\n";
        } else if (path_ == "/ready" && !server->synced()) {
            response.status = 503;
            response.body = "kubernetes";
            server->print("[INFO] plugin/ready: Plugins not ready: \"kubernetes\"\n");
        } else {
            response.body = "OK";
        }
        co_return response;
    }

private:
    std::weak_ptr<Server> server_;
    std::string path_;
};

base::Status Server::listen() {
    ports::NetStack& network = process_.network();
    std::vector<int> ports;
    for (const auto& chain : chains_)
        for (const ZoneAddress& zone : chain->block().zones)
            if (std::find(ports.begin(), ports.end(), zone.port) == ports.end()) ports.push_back(zone.port);
    const std::weak_ptr<Server> self = weak_from_this();
    for (int port : ports) {
        if (port < 1024 && process_.uid() != 0 && !process_.inContainer())
            return base::makeError("Listen: listen tcp :" + std::to_string(port) + ": bind: permission denied");
        const base::Endpoint at{base::IpAddress::v4(0), static_cast<std::uint16_t>(port)};
        auto udp = network.listenUdp(at, std::make_shared<Datagrams>(self, port), "coredns");
        if (!udp.ok())
            return base::makeError("listen udp :" + std::to_string(port) + ": bind: " + udp.error().message);
        listeners_.push_back(*udp);
        ports::ListenOptions options;
        options.process = "coredns";
        options.pid = process_.pid();
        options.accept = [self, port](ports::ConnectionPtr connection) {
            if (const auto server = self.lock())
                server->scope().spawn(serveStream(server, port, std::move(connection)), "dns-tcp");
        };
        auto tcp = network.listen(at, std::move(options));
        if (!tcp.ok())
            return base::makeError("Listen: listen tcp :" + std::to_string(port) + ": bind: " + tcp.error().message);
        listeners_.push_back(*tcp);
    }
    for (const auto& chain : chains_) {
        const Block& block = chain->block();
        const std::pair<std::optional<base::Endpoint>, const char*> pages[] = {
            {block.health, "/health"}, {block.ready, "/ready"}, {block.metrics, "/metrics"}};
        for (const auto& [at, path] : pages) {
            if (!at || at->port == 0) continue;
            ports::ListenOptions options;
            options.http = std::make_shared<Page>(self, path);
            options.process = "coredns";
            options.pid = process_.pid();
            auto made = network.listen(*at, std::move(options));
            if (made.ok()) listeners_.push_back(*made);
            else print("[ERROR] plugin" + std::string(path) + ": listen tcp " + at->text() + ": bind: " + made.error().message + "\n");
        }
        if (block.loop) scope_.spawn(probeLoop(this, chain.get()), "loop-probe");
    }
    return base::okStatus();
}

void Server::log(const Chain& chain, const Message& question, const ports::Datagram& datagram, bool tcp,
                 const Outcome* outcome, std::size_t size, sim::Duration took) const {
    const Question& asked = question.questions[0];
    if (chain.block().log) {
        std::string flags = "qr";
        if (outcome->message.authoritative) flags += ",aa";
        if (outcome->message.truncated) flags += ",tc";
        if (outcome->message.recursionDesired) flags += ",rd";
        if (outcome->message.recursionAvailable) flags += ",ra";
        const bool failed = !outcome->error.empty();
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.9fs", sim::toSeconds(took));
        print("[INFO] " + datagram.from.text() + " - " + std::to_string(question.id) + " \"" + typeName(asked.type) +
              " IN " + asked.name + " " + (tcp ? "tcp " : "udp ") + std::to_string(datagram.bytes.size()) + " false " +
              std::to_string(tcp ? 65535 : question.edns ? question.udpSize : 512) + "\" " +
              (failed ? "- - 0 " : codeName(outcome->message.code) + " " + flags + " " + std::to_string(size) + " ") + seconds + "\n");
    }
    if (chain.block().errors && !outcome->error.empty())
        print("[ERROR] plugin/errors: 2 " + asked.name + " " + typeName(asked.type) + ": " + outcome->error + "\n");
}

sim::Task<std::optional<std::string>> Server::answer(int port, ports::Datagram datagram, bool tcp) {
    base::Result<Message> question = decode(datagram.bytes);
    if (!question.ok() || question->questions.empty() || question->response) co_return std::nullopt;
    const std::string name = base::toLower(question->questions[0].name);
    Chain* chain = chainFor(port, name);
    Outcome outcome;
    const sim::Time begun = process_.kernel().now();
    if (chain == nullptr) {
        outcome.message.code = ResponseCode::Refused;
    } else {
        outcome = co_await chain->resolve(*question);
        if (chain->loopSeen > 2 && !fatal) {
            fatal = true;
            print("[FATAL] plugin/loop: Loop (" + datagram.from.text() + " -> :" + std::to_string(port) +
                  ") detected for zone \".\", see https://coredns.io/plugins/loop#troubleshooting. Query: \"HINFO " +
                  chain->loopName + "\"\n");
            ended.notify();
        }
    }
    if (chain == nullptr || !outcome.error.empty()) {
        const ResponseCode code = chain == nullptr ? ResponseCode::Refused : ResponseCode::ServFail;
        Message failed;
        failed.questions = question->questions;
        failed.code = code;
        outcome.message = std::move(failed);
    }
    outcome.message.id = question->id;
    outcome.message.response = true;
    outcome.message.recursionDesired = question->recursionDesired;
    outcome.message.edns = question->edns;
    outcome.message.cookie = question->cookie;
    outcome.message.questions = question->questions;
    std::string bytes = encode(outcome.message);
    const std::size_t limit = tcp ? 65535 : question->edns ? question->udpSize : 512;
    if (bytes.size() > limit) {
        outcome.message.truncated = true;
        while (bytes.size() > limit && !outcome.message.additional.empty()) {
            outcome.message.additional.pop_back();
            bytes = encode(outcome.message);
        }
        while (bytes.size() > limit && !outcome.message.answers.empty()) {
            outcome.message.answers.pop_back();
            bytes = encode(outcome.message);
        }
    }
    if (chain != nullptr) log(*chain, *question, datagram, tcp, &outcome, bytes.size(), process_.kernel().now() - begun);
    co_return bytes;
}

// Asks itself for a random name; a forwarder that leads back here hears it again.
// Source: coredns plugin/loop setup.go: a second after each failure, for half a minute. A forwarder that is not
// answered fails the question, too; so what was heard counts for that question only.
sim::Task<void> Server::probeLoop(Server* self, Chain* chain) {
    sim::Kernel& kernel = self->process_.kernel();
    sim::Random& random = kernel.random("coredns/loop");
    // Drawn one after the other: the order inside one expression is the compiler's.
    const std::string first = std::to_string(random.next() >> 1), second = std::to_string(random.next() >> 1);
    chain->loopName = first + "." + second + ".";
    const ZoneAddress zone = chain->block().zones.front();
    const base::Endpoint me{base::IpAddress::v4(0x7f000001), static_cast<std::uint16_t>(zone.port)};
    const sim::Time deadline = kernel.now() + 30 * sim::kSecond;
    while (kernel.now() < deadline && !self->fatal) {
        auto answer = co_await ask(kernel, self->process_.network(), me, chain->loopName, RecordType::HINFO, 2 * sim::kSecond);
        if (answer.ok()) break;
        chain->loopSeen = 0;
        co_await sim::sleepFor(kernel, 1 * sim::kSecond);
    }
    chain->loopName.clear();
}

struct Arguments {
    std::string conf = "Corefile";
    int port = 53;
    bool version = false, plugins = false;
    std::string problem;
};

Arguments readArguments(const std::vector<std::string>& argv) {
    Arguments out;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        std::string word = argv[i];
        if (word.rfind("--", 0) == 0) word = word.substr(1);
        std::string value;
        bool hasValue = false;
        if (const auto equals = word.find('='); equals != std::string::npos) {
            value = word.substr(equals + 1);
            word = word.substr(0, equals);
            hasValue = true;
        }
        const auto take = [&] {
            if (!hasValue && i + 1 < argv.size()) value = argv[++i];
            return value;
        };
        if (word == "-conf") out.conf = take();
        else if (word == "-dns.port" || word == "-p") out.port = static_cast<int>(base::parseInt(take()).value_or(53));
        else if (word == "-version") out.version = true;
        else if (word == "-plugins") out.plugins = true;
        else if (word == "-quiet") continue;
        else if (word == "-pidfile") (void)take();
        else out.problem = "flag provided but not defined: " + word;
    }
    return out;
}

class CoreDns final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {2'000, 15LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        const Arguments arguments = readArguments(process.argv());
        if (!arguments.problem.empty()) {
            {
            std::string outgoing = arguments.problem + "\nUsage of coredns:\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 2;
        }
        if (arguments.version) {
            co_await process.writeOut(kVersion);
            co_return 0;
        }
        if (arguments.plugins) {
            std::string text;
            for (const std::string& name : pluginNames()) text += name + "\n";
            co_await process.writeOut(std::move(text));
            co_return 0;
        }
        co_await process.writeOut("maxprocs: Leaving GOMAXPROCS=2: CPU quota undefined\n");
        std::string hash;
        base::Result<std::vector<Block>> blocks = load(process, arguments, hash);
        if (!blocks.ok()) {
            {
            std::string outgoing = blocks.error().message + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        process.handleSignal(ports::kSigTerm);
        process.handleSignal(ports::kSigInt);
        auto server = std::make_shared<Server>(process, std::move(*blocks));
        base::Status ready = co_await begin(process, server, hash);
        if (!ready.ok()) {
            {
            std::string outgoing = ready.error().message + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        co_await process.writeOut(kVersion);
        sim::Scope watcher(process.kernel());
        sim::Signal stop;
        int code = 0;
        watcher.spawn(waitSignal(process, &stop, &code), "signals");
        sim::Time nextLook = process.kernel().now() + reloadPeriod(*server);
        for (;;) {
            const sim::Duration period = reloadPeriod(*server);
            const sim::Time wake = period > 0 ? nextLook : process.kernel().now() + 2 * sim::kSecond;
            const bool woken = co_await stop.waitUntil(wake);
            if (woken) break;
            if (server->fatal) co_return 1;
            if (period == 0) continue;
            nextLook = process.kernel().now() + period;
            std::string newHash;
            base::Result<std::vector<Block>> changed = load(process, arguments, newHash);
            if (newHash.empty() || newHash == hash) continue;
            server->print("[INFO] Reloading\n");
            if (!changed.ok()) {
                server->print("[ERROR] Restart failed: " + changed.error().message + "\n[ERROR] plugin/reload: Corefile changed but reload failed: " +
                              changed.error().message + "\n");
                hash = newHash;
                continue;
            }
            hash = newHash;
            server->stop();
            auto fresh = std::make_shared<Server>(process, std::move(*changed));
            base::Status again = co_await begin(process, fresh, hash);
            if (!again.ok()) server->print("[ERROR] Restart failed: " + again.error().message + "\n");
            server = fresh;
            server->print("[INFO] Reloading complete\n");
        }
        co_await process.writeOut("[INFO] SIGTERM: Shutting down servers then terminating\n");
        sim::Duration lameduck = 0;
        for (const auto& chain : server->chains()) lameduck = std::max(lameduck, chain->block().lameduck);
        if (lameduck > 0) co_await sim::sleepFor(process.kernel(), lameduck);
        co_return 0;
    }

private:
    static sim::Duration reloadPeriod(const Server& server) {
        for (const auto& chain : server.chains())
            if (chain->block().reload) return chain->block().reloadEvery;
        return 0;
    }

    static sim::Task<void> waitSignal(ports::Process& process, sim::Signal* stop, int* code) {
        std::optional<int> number = co_await process.signals().pop();
        *code = number.value_or(0);
        stop->notify();
    }

    static base::Result<std::vector<Block>> load(ports::Process& process, const Arguments& arguments, std::string& hash) {
        const auto text = process.files().read(process.resolve(arguments.conf));
        if (!text.ok())
            return base::makeError("loading Caddyfile via flag: open " + arguments.conf + ": no such file or directory");
        hash = base::encodeHex(cni::sha512(*text));
        const auto slash = arguments.conf.rfind('/');
        (void)slash;
        BASE_TRY(const std::vector<ServerBlock> parsed, parseCorefile(*text, arguments.conf));
        return setUp(parsed, arguments.conf, arguments.port, process);
    }

    // Waits at most five seconds for the API, then opens the ports.
    static sim::Task<base::Status> begin(ports::Process& process, std::shared_ptr<Server> server, std::string hash) {
        sim::Kernel& kernel = process.kernel();
        for (const auto& chain : server->chains())
            for (const std::string& warning : chain->block().warnings) server->print(warning + "\n");
        server->startSources();
        const sim::Time begun = kernel.now();
        sim::Time nextLine = begun + 500 * sim::kMillisecond;
        while (!server->synced()) {
            if (kernel.now() >= begun + 5 * sim::kSecond) {
                server->print("[WARNING] plugin/kubernetes: starting server with unsynced Kubernetes API\n");
                break;
            }
            if (kernel.now() >= nextLine) {
                server->print("[INFO] plugin/kubernetes: waiting for Kubernetes API before starting server\n");
                nextLine += 500 * sim::kMillisecond;
            }
            co_await sim::sleepFor(kernel, 100 * sim::kMillisecond);
        }
        base::Status opened = server->listen();
        if (!opened.ok()) co_return opened;
        server->print(server->banner());
        if (reloadPeriod(*server) > 0)
            server->print("[INFO] plugin/reload: Running configuration SHA512 = " + hash + "\n");
        co_return base::okStatus();
    }
};

} // namespace

std::shared_ptr<ports::Program> coreDnsProgram() { return std::make_shared<CoreDns>(); }

} // namespace network::dns
