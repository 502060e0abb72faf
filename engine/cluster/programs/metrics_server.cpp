// The program `metrics-server`. Source: kubernetes-sigs/metrics-server cmd/metrics-server/app,
// pkg/server, pkg/scraper.
#include "cluster/programs/metrics_server.h"

#include "base/strings.h"
#include "client/kubeconfig.h"
#include "cluster/programs/component.h"
#include "cluster/programs/control_plane.h"
#include "cluster/programs/flag_set.h"
#include "document/json.h"
#include "runtime/web/static_files.h"

namespace cluster::metrics {

using document::Value;

namespace {

constexpr const char* kTrust = "extension-apiserver-authentication";

client::InformerOptions everything() { return {}; }

std::string addressOf(const Value& node, const std::vector<std::string>& types) {
    for (const std::string& type : types)
        for (const Value& address : node.at("status", "addresses").items())
            if (address["type"].asString() == type) return address["address"].text();
    return {};
}

} // namespace

Server::Server(ports::Process& process, client::Config config, Settings settings)
    : process_(process), settings_(std::move(settings)), log_(process),
      client_(process.kernel(), process.network(), std::move(config)),
      nodes_(client_, client::nodesResource(), everything()), pods_(client_, client::podsResource(), everything()),
      storage_(settings_.resolution), scope_(process.kernel()) {}

sim::Task<base::Status> Server::readTrust() {
    const client::Resource maps = client::configMapsResource();
    const std::string ns = "kube-system", name = kTrust;
    auto found = co_await client_.get(maps, ns, name);
    if (!found.ok()) co_return found.error();
    const Value data = (*found)["data"];
    auto proxies = pki::readCertificatesPem(data["requestheader-client-ca-file"].asString());
    if (proxies.ok()) proxyRoots_ = *proxies;
    auto clients = pki::readCertificatesPem(data["client-ca-file"].asString());
    if (clients.ok()) clientRoots_ = *clients;
    if (const auto names = document::readJson(data["requestheader-allowed-names"].asString()); names.ok())
        for (const Value& item : names->items()) proxyNames_.push_back(item.text());
    co_return base::okStatus();
}

ports::TlsServer Server::withTrust(ports::TlsServer tls) const {
    tls.clientRoots = clientRoots_;
    tls.clientRoots.insert(tls.clientRoots.end(), proxyRoots_.begin(), proxyRoots_.end());
    return tls;
}

void Server::start() {
    nodes_.start(scope_);
    pods_.start(scope_);
    scope_.spawn(scrapeForever(this), "metrics-scrape");
}

sim::Task<base::Result<std::string>> Server::fetch(base::Endpoint kubelet, std::string host) {
    ports::ConnectOptions options;
    options.timeout = settings_.resolution * 9 / 10;
    auto connected = co_await process_.network().connect(kubelet, options);
    if (!connected.ok()) {
        const bool late = connected.error().message == "i/o timeout";
        co_return base::makeError("dial tcp " + kubelet.text() + ": " + (late ? "" : "connect: ") +
                                  connected.error().message);
    }
    const ports::ConnectionPtr connection = *connected;
    ports::TlsClient tls;
    tls.insecureSkipVerify = settings_.insecureKubelets;
    tls.roots = settings_.kubeletRoots.empty() ? client_.config().credentials.roots : settings_.kubeletRoots;
    auto secured = co_await connection->startTls(std::move(tls), std::move(host));
    if (!secured.ok()) co_return secured.error();
    ports::Request request;
    request.path = "/metrics/resource";
    request.headers.set("Authorization", "Bearer " + client_.config().bearerToken);
    auto answer = co_await connection->roundTrip(std::move(request));
    connection->close();
    if (!answer.ok()) co_return answer.error();
    if (answer->status != 200)
        co_return base::makeError("request failed, status: \"" + std::to_string(answer->status) + " " +
                                  runtime::web::reasonOf(answer->status) + "\"");
    co_return std::move(answer->body);
}

sim::Task<void> Server::scrapeNode(Server* self, Value node, std::shared_ptr<Batch> batch, std::shared_ptr<int> open) {
    const std::string name = node.at("metadata", "name").text();
    const std::string host = addressOf(node, self->settings_.addressTypes);
    const auto ip = base::IpAddress::parse(host);
    std::string problem;
    if (!ip) {
        problem = host.empty() ? "unable to extract connection information for node " + base::quoteGo(name) +
                                     ": node " + name + " had no addresses that matched types [" +
                                     base::join(self->settings_.addressTypes, " ") + "]"
                               : "dial tcp: lookup " + host + ": no such host";
    } else {
        std::int64_t port = self->settings_.kubeletPort;
        if (self->settings_.statusPort)
            port = node.at("status", "daemonEndpoints", "kubeletEndpoint", "Port").asInt(port);
        const base::Endpoint at{*ip, static_cast<std::uint16_t>(port)};
        auto text = co_await self->fetch(at, host);
        if (text.ok()) readResourceMetrics(name, *text, self->process_.kernel().unixNow(), *batch);
        else if (text.error().message.starts_with("request failed")) problem = text.error().message;
        else problem = "Get " + base::quoteGo("https://" + at.text() + "/metrics/resource") + ": " + text.error().message;
    }
    if (!problem.empty())
        self->log_.error("scraper.go:149", "Failed to scrape node", {{"err", problem}, {"node", name}});
    if (--*open == 0) self->scraped_.notify();
}

sim::Task<void> Server::scrapeForever(Server* self) {
    co_await self->nodes_.waitForSync();
    co_await self->pods_.waitForSync();
    sim::Kernel& kernel = self->process_.kernel();
    while (true) {
        const sim::Time begun = kernel.now();
        auto batch = std::make_shared<Batch>();
        auto open = std::make_shared<int>(static_cast<int>(self->nodes_.items().size()));
        for (const auto& [key, node] : self->nodes_.items())
            self->scope_.spawn(scrapeNode(self, node, batch, open), "metrics-scrape-node");
        while (*open > 0) co_await self->scraped_.wait();
        self->storage_.store(std::move(*batch));
        self->lastScrape_ = kernel.now();
        co_await sim::sleepUntil(kernel, begun + self->settings_.resolution);
    }
}

} // namespace cluster::metrics

namespace cluster {
namespace {

class MetricsServerProgram final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {3'000, 21LL << 20}; }
    sim::Task<int> run(ports::Process& process) override;

private:
    static base::Status configure(ports::Process& process, const FlagSet& flags, metrics::Settings& settings);
};

base::Status MetricsServerProgram::configure(ports::Process& process, const FlagSet& flags, metrics::Settings& settings) {
    settings.resolution = flags.duration("metric-resolution");
    if (settings.resolution < 10 * sim::kSecond)
        return base::makeError("metric-resolution should be a time duration at least 10s, but value " +
                               sim::formatGoDuration(settings.resolution) + " provided");
    settings.addressTypes = flags.list("kubelet-preferred-address-types");
    settings.insecureKubelets = flags.flag("kubelet-insecure-tls");
    settings.statusPort = flags.flag("kubelet-use-node-status-port");
    settings.kubeletPort = static_cast<std::uint16_t>(flags.number("kubelet-port"));
    if (const auto path = flags.text("kubelet-certificate-authority"); !path.empty()) {
        if (settings.insecureKubelets)
            return base::makeError("cannot use both --kubelet-certificate-authority and --kubelet-insecure-tls");
        BASE_TRY(settings.kubeletRoots, readCertificates(process, path));
    }
    return base::okStatus();
}

// A Go program that panics: the text and exit code 2.
int panic(ports::Process& process, const std::string& text) {
    if (const auto pipe = process.error())
        (void)pipe->tryWrite("panic: " + text + "\n\ngoroutine 1 [running]:\nmain.main()\n\t/go/src/sigs.k8s.io/"
                             "metrics-server/cmd/metrics-server/metrics-server.go:37 +0x9c\n");
    return 2;
}

sim::Task<int> MetricsServerProgram::run(ports::Process& process) {
    const ports::Klog log(process);
    FlagSet flags("metrics-server");
    const std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
    if (const auto parsed = flags.parse(arguments); !parsed.ok()) {
        co_await process.writeError("Error: " + parsed.error().message + "\n");
        co_return 1;
    }
    if (flags.flag("version")) {
        co_await process.writeOut("v0.8.0\n");
        co_return 0;
    }
    metrics::Settings settings;
    if (const auto read = configure(process, flags, settings); !read.ok())
        co_return panic(process, read.error().message);
    auto config = flags.given("kubeconfig") ? client::loadKubeconfig(process.files(), flags.text("kubeconfig"))
                                            : client::inClusterConfig(process.files(), process.env());
    if (!config.ok()) co_return panic(process, "unable to construct lister client config: " + config.error().message);
    config->userAgent = "metrics-server/v0.8.0 (linux/amd64) kubernetes/v0.8.0";
    const std::string folder = process.resolve(flags.text("cert-dir"));
    ports::TlsServer tls = selfSigned(process, "metrics-server");
    if (!flags.given("tls-cert-file")) {
        const auto made = process.files().makeDirectories(folder, 0755);
        const auto written = process.files().write(folder + "/apiserver.crt", pki::writeCertificatePem(*tls.chain.front()), 0644);
        if (!made.ok() || !written.ok())
            co_return panic(process, "error creating self-signed certificates: mkdir " + flags.text("cert-dir") + ": " +
                                         base::toLower((made.ok() ? written : made).error().message));
        log.plain('I', "serving.go:380", "Generated self-signed cert (" + folder + "/apiserver.crt, " + folder + "/apiserver.key)");
    } else if (auto read = readPair(process, flags.text("tls-cert-file"), flags.text("tls-private-key-file"), tls.chain, tls.key);
               !read.ok()) {
        co_return panic(process, read.error().message);
    }
    auto server = std::make_shared<metrics::Server>(process, *config, settings);
    const auto trusted = co_await server->readTrust();
    if (!trusted.ok()) {
        const bool forbidden = trusted.error().code == 403;
        if (forbidden)
            log.plain('W', "authentication.go:397",
                      "Unable to get configmap/extension-apiserver-authentication in kube-system.  Usually fixed by 'kubectl "
                      "create rolebinding -n kube-system ROLEBINDING_NAME --role=extension-apiserver-authentication-reader "
                      "--serviceaccount=YOUR_NS:YOUR_SA'");
        co_return panic(process, "unable to load configmap based request-header-client-ca-file: " + trusted.error().message);
    }
    ports::ListenOptions listening;
    listening.http = server->handler();
    listening.tls = server->withTrust(tls);
    listening.process = "metrics-server";
    listening.pid = process.pid();
    const auto at = endpointOf(flags.text("bind-address"), flags.number("secure-port"));
    auto listener = process.network().listen(at, std::move(listening));
    if (!listener.ok())
        co_return panic(process, "failed to create listener: failed to listen on " + at.text() + ": listen tcp " + at.text() +
                                     ": bind: " + listener.error().message);
    log.plain('I', "secure_serving.go:211", "Serving securely on [::]:" + std::to_string(at.port));
    server->start();
    (void)co_await waitForEnd(process);
    (*listener)->closeConnections();
    co_return 0;
}

} // namespace

std::shared_ptr<ports::Program> metricsServerProgram() { return std::make_shared<MetricsServerProgram>(); }

} // namespace cluster
