// The program `etcd`: flags, certificates, listeners. Source: etcd server/etcdmain, server/embed.
#include "base/strings.h"
#include "cluster/programs/component.h"
#include "cluster/programs/etcd.h"
#include "cluster/programs/flag_set.h"
#include "document/json.h"

namespace cluster {

namespace {

using document::Value;

// zap's JSON lines on standard error.
void say(ports::Process& process, const char* level, const char* caller, const std::string& message,
         const std::vector<std::pair<std::string, Value>>& fields = {}) {
    std::string line = std::string("{\"level\":\"") + level + "\",\"ts\":\"" +
                       sim::formatRfc3339Micro(process.kernel().unixNow()) + "\",\"caller\":\"" + caller +
                       "\",\"msg\":" + document::writeJson(Value(message));
    for (const auto& [key, value] : fields) line += ",\"" + key + "\":" + document::writeJson(value);
    line += "}\n";
    if (const auto pipe = process.error()) pipe->tryWrite(line);
}

struct Urls {
    std::vector<base::Endpoint> endpoints;
    std::vector<std::string> texts;
    bool secure = false;
};

base::Status readUrls(const FlagSet& flags, const char* name, const char* fallback, Urls& urls) {
    urls.texts = flags.given(name) ? flags.list(name) : std::vector<std::string>{fallback};
    for (const auto& url : urls.texts) {
        BASE_TRY(const auto endpoint, parseUrl(url, urls.secure));
        urls.endpoints.push_back(endpoint);
    }
    return base::okStatus();
}

class EtcdProgram final : public ports::Program {
public:
    explicit EtcdProgram(EtcdWorld& world) : world_(world) {}
    ports::IdleUse idleUse() const override { return {16'000, 60LL << 20}; }
    sim::Task<int> run(ports::Process& process) override;

private:
    base::Status serve(ports::Process& process, const FlagSet& flags, std::shared_ptr<EtcdMember> member,
                       std::vector<ports::ListenerPtr>& listeners);
    EtcdWorld& world_;
};

// Leaves the world however the process ends.
struct Membership {
    EtcdWorld& world;
    std::shared_ptr<EtcdMember> member;
    bool joined = false;
    ~Membership() {
        if (joined) world.leave(*member);
    }
};

base::Status listen(ports::Process& process, const base::Endpoint& at, std::shared_ptr<ports::HttpHandler> http,
                    std::optional<ports::TlsServer> tls, std::vector<ports::ListenerPtr>& listeners) {
    ports::ListenOptions options;
    options.http = std::move(http);
    options.tls = std::move(tls);
    options.process = "etcd";
    options.pid = process.pid();
    auto listener = process.network().listen(at, std::move(options));
    if (!listener.ok())
        return base::makeError("listen tcp " + at.text() + ": bind: " + listener.error().message);
    listeners.push_back(std::move(*listener));
    return base::okStatus();
}

base::Status EtcdProgram::serve(ports::Process& process, const FlagSet& flags, std::shared_ptr<EtcdMember> member,
                                std::vector<ports::ListenerPtr>& listeners) {
    Urls clients, peers, metrics;
    BASE_CHECK(readUrls(flags, "listen-client-urls", "http://localhost:2379", clients));
    BASE_CHECK(readUrls(flags, "listen-peer-urls", "http://localhost:2380", peers));
    ports::TlsServer peerTls;
    if (peers.secure) {
        BASE_CHECK(readPair(process, flags.text("peer-cert-file"), flags.text("peer-key-file"), peerTls.chain, peerTls.key));
        if (const auto ca = flags.text("peer-trusted-ca-file"); !ca.empty()) {
            BASE_TRY(peerTls.clientRoots, readCertificates(process, ca));
        }
    }
    for (const auto& endpoint : peers.endpoints)
        BASE_CHECK(listen(process, endpoint, std::make_shared<HealthServer>(),
                          peers.secure ? std::optional(peerTls) : std::nullopt, listeners));
    BASE_TRY(member->store, world_.open(process.files(), member->dataDir));
    member->secure = clients.secure;
    if (clients.secure) {
        BASE_CHECK(readPair(process, flags.text("cert-file"), flags.text("key-file"), member->tls.chain, member->tls.key));
        if (const auto ca = flags.text("trusted-ca-file"); !ca.empty()) {
            BASE_TRY(member->tls.clientRoots, readCertificates(process, ca));
            member->tls.requireClient = flags.flag("client-cert-auth");
        }
    }
    const auto handler = etcdHandler(member);
    for (const auto& endpoint : clients.endpoints)
        BASE_CHECK(listen(process, endpoint, handler, clients.secure ? std::optional(member->tls) : std::nullopt, listeners));
    member->endpoints = clients.endpoints;
    member->clientUrls = flags.given("advertise-client-urls") ? flags.list("advertise-client-urls") : clients.texts;
    member->peerUrls = flags.given("initial-advertise-peer-urls") ? flags.list("initial-advertise-peer-urls") : peers.texts;
    if (flags.given("listen-metrics-urls")) {
        BASE_CHECK(readUrls(flags, "listen-metrics-urls", "", metrics));
        for (const auto& endpoint : metrics.endpoints)
            BASE_CHECK(listen(process, endpoint, std::make_shared<HealthServer>(), std::nullopt, listeners));
    }
    return base::okStatus();
}

sim::Task<int> EtcdProgram::run(ports::Process& process) {
    std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
    for (const auto& word : arguments)
        if (word == "--version") {
            co_await process.writeOut("etcd Version: 3.6.16\nGit SHA: Not provided (use ./build instead of go build)\n"
                                      "Go Version: go1.26.8\nGo OS/Arch: linux/amd64\n");
            co_return 0;
        }
    FlagSet flags("etcd");
    if (const auto parsed = flags.parse(arguments); !parsed.ok()) {
        std::string text = parsed.error().message;
        if (text.starts_with("unknown flag: -")) text = "flag provided but not defined: " + text.substr(15);
        say(process, "warn", "etcdmain/etcd.go:66", "failed to verify flags", {{"error", Value(text)}});
        co_return 1;
    }
    say(process, "info", "etcdmain/etcd.go:64", "Running: ", {{"args", Value::strings(process.argv())}});
    if (flags.given("listen-client-urls") && !flags.given("advertise-client-urls")) {
        const Value why("--advertise-client-urls is required when --listen-client-urls is set explicitly");
        say(process, "warn", "etcdmain/etcd.go:66", "failed to verify flags", {{"error", why}});
        co_return 1;
    }
    auto member = std::make_shared<EtcdMember>();
    member->network = &process.network();
    member->name = flags.given("name") ? flags.text("name") : "default";
    member->dataDir = process.resolve(flags.given("data-dir") ? flags.text("data-dir") : member->name + ".etcd");
    const std::string digest = pki::sha256(member->name + flags.text("initial-cluster"));
    member->memberId = base::encodeHex(digest.substr(0, 8));
    say(process, "info", "etcdmain/etcd.go:124", "Initialize and start etcd server",
        {{"data-dir", Value(member->dataDir)}, {"dir-type", Value(process.files().exists(member->dataDir + "/member") ? "member" : "empty")}});
    Membership membership{world_, member};
    std::vector<ports::ListenerPtr> listeners;
    // Opening the database and electing itself takes a moment.
    co_await sim::sleepFor(process.kernel(), 300 * sim::kMillisecond);
    if (const auto served = serve(process, flags, member, listeners); !served.ok()) {
        say(process, "fatal", "etcdmain/etcd.go:198", "discovery failed", {{"error", Value(served.error().message)}});
        co_return 1;
    }
    world_.join(member);
    membership.joined = true;
    say(process, "info", "embed/serve.go:139", "ready to serve client requests");
    const int number = co_await waitForEnd(process);
    say(process, "info", "osutil/interrupt_unix.go:65", "received signal; shutting down",
        {{"signal", Value(number == ports::kSigTerm ? "terminated" : "interrupt")}});
    say(process, "info", "embed/etcd.go:426", "closed etcd server", {{"name", Value(member->name)}, {"data-dir", Value(member->dataDir)}});
    for (const auto& listener : listeners) listener->closeConnections();
    co_return 0;
}

} // namespace

std::shared_ptr<ports::Program> etcdProgram(EtcdWorld& world) { return std::make_shared<EtcdProgram>(world); }

} // namespace cluster
