// kube-proxy as a program. Source: cmd/kube-proxy/app server.go, pkg/proxy/iptables/proxier.go,
// pkg/proxy/runner, pkg/proxy/healthcheck.
#include "network/proxy/kube_proxy.h"

#include "api/objects/meta.h"
#include "base/strings.h"
#include "client/event_recorder.h"
#include "client/informer.h"
#include "client/kubeconfig.h"
#include "client/resources.h"
#include "document/json.h"
#include "network/netfilter/conntrack.h"
#include "network/netfilter/rule_set.h"
#include "network/proxy/chains.h"
#include "network/proxy/rules.h"
#include "ports/klog.h"

#include <cerrno>

namespace network::proxy {
namespace {

using document::Value;
constexpr const char* kCanary = "KUBE-PROXY-CANARY";
constexpr const char* kCanaryTables[] = {"mangle", "nat", "filter"};

// One running proxy.
class Proxy {
public:
    Proxy(ports::Process& process, Namespace& host, Config config, client::Config credentials)
        : process_(process), host_(host), config_(std::move(config)), log_(process),
          client_(process.kernel(), process.network(), std::move(credentials)), nodes_(client_, client::nodesResource(), nodeOptions()),
          services_(client_, client::servicesResource(), {{}, "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name", {}}),
          slices_(client_, client::endpointSlicesResource(), {{}, "!service.kubernetes.io/headless,!service.kubernetes.io/service-proxy-name", {}}),
          events_(client_, "kube-proxy", process.hostname(), client::EventRecorder::Api::Events), scope_(process.kernel()) {}
    ~Proxy() {
        for (const auto& [port, listener] : healthListeners_) listener->closeConnections();
        for (const auto& listener : servers_) listener->closeConnections();
    }

    sim::Task<int> run();

    const Config& config() const { return config_; }
    sim::Kernel& kernel() { return process_.kernel(); }
    bool eligible() const {
        if (node_.isNull()) return true;
        if (api::isDeleting(node_)) return false;
        for (const Value& taint : node_.at("spec", "taints").items())
            if (taint["key"].asString() == "ToBeDeletedByClusterAutoscaler") return false;
        return true;
    }
    sim::Time lastUpdate() const { return lastUpdate_; }
    sim::Time lastQueued() const { return lastQueued_; }
    int localEndpoints(const std::string& service) const {
        const auto found = local_.find(service);
        return found == local_.end() ? 0 : found->second;
    }

private:
    client::InformerOptions nodeOptions() const {
        client::InformerOptions options;
        options.fieldSelector = "metadata.name=" + nodeName();
        return options;
    }
    std::string nodeName() const {
        return base::toLower(config_.hostnameOverride.empty() ? process_.hostname() : config_.hostnameOverride);
    }
    void request() {
        if (lastQueued_ == 0 || lastQueued_ <= lastUpdate_) lastQueued_ = kernel().now();
        wanted_ = true;
        wake_.notify();
    }
    sim::Task<void> waitForNode();
    static sim::Task<void> keepSyncing(Proxy* self);
    static sim::Task<void> watchCanaries(Proxy* self);
    static sim::Task<void> serve(Proxy* self, std::string address, bool healthz);
    bool sync();
    void syncHealthChecks(const ServiceMap& services);
    void cleanStaleUdp(const ServiceMap& services, const EndpointMap& endpoints);
    void setUpSysctls();

    ports::Process& process_;
    Namespace& host_;
    Config config_;
    ports::Klog log_;
    client::Client client_;
    client::Informer nodes_, services_, slices_;
    client::EventRecorder events_;
    Value node_;
    std::string nodeIp_;
    sim::Signal wake_;
    bool wanted_ = false, fullSync_ = true;
    sim::Time lastRun_ = -1, lastUpdate_ = 0, lastQueued_ = 0;
    EndpointMap lastEndpoints_;
    std::map<std::string, int> local_;
    std::map<int, ports::ListenerPtr> healthListeners_;
    std::map<int, std::string> healthServices_;
    std::vector<ports::ListenerPtr> servers_;
    sim::Scope scope_;
};

// /healthz, /livez on 10256; /healthz, /proxyMode, /metrics, /configz on 10249.
class StatusPage final : public ports::HttpHandler {
public:
    StatusPage(Proxy& proxy, bool healthz) : proxy_(proxy), healthz_(healthz) {}
    sim::Task<ports::Response> handle(ports::Request request) override {
        ports::Response response;
        response.headers.set("X-Content-Type-Options", "nosniff");
        const bool live = request.path == "/livez";
        if (healthz_ && (request.path == "/healthz" || live)) {
            fillHealth(response, live);
        } else if (!healthz_ && request.path == "/healthz") {
            response.headers.set("Content-Type", "text/plain; charset=utf-8");
            response.body = "ok";
        } else if (!healthz_ && request.path == "/proxyMode") {
            response.headers.set("Content-Type", "text/plain; charset=utf-8");
            response.body = proxy_.config().mode;
        } else if (!healthz_ && request.path == "/metrics") {
            response.headers.set("Content-Type", "text/plain; version=0.0.4; charset=utf-8; escaping=underscores");
            response.body = "# HELP kubeproxy_sync_proxy_rules_last_timestamp_seconds [ALPHA] The last time proxy rules were successfully synced\n"
                            "# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge\n"
                            "kubeproxy_sync_proxy_rules_last_timestamp_seconds{ip_family=\"IPv4\"} " +
                            std::to_string((proxy_.kernel().unixNow() - proxy_.kernel().now() + proxy_.lastUpdate()) / sim::kSecond) + "\n";
        } else {
            response.status = 404;
            response.headers.set("Content-Type", "text/plain; charset=utf-8");
            response.body = "404 page not found\n";
        }
        co_return response;
    }

private:
    void fillHealth(ports::Response& response, bool live) {
        sim::Kernel& kernel = proxy_.kernel();
        const std::int64_t epoch = kernel.unixNow() - kernel.now();
        // Unhealthy when a change waits for more than two sync periods.
        const bool stale = proxy_.lastQueued() > proxy_.lastUpdate() &&
                           kernel.now() - proxy_.lastQueued() > 2 * proxy_.config().syncPeriod;
        const bool eligible = proxy_.eligible();
        const auto stamp = [&](sim::Time at) {
            std::string text = sim::formatRfc3339Micro(epoch + at);
            text.insert(text.size() - 1, "000");
            return text;
        };
        const bool ok = !stale && (live || eligible);
        const std::string now = stamp(kernel.now()), updated = stamp(proxy_.lastUpdate());
        const std::string healthy = stale ? "false" : "true";
        response.status = ok ? 200 : 503;
        response.headers.set("Content-Type", "application/json");
        response.body = "{\"lastUpdated\":\"" + (ok ? now : updated) + "\",\"currentTime\":\"" + now + "\"," +
                        (live ? "" : std::string("\"nodeEligible\":") + (eligible ? "true" : "false") + ",") +
                        "\"healthy\":" + healthy + ",\"status\":{\"IPv4\":{\"lastUpdated\":\"" + updated +
                        "\",\"healthy\":" + healthy + "},\"IPv6\":{\"lastUpdated\":\"" + updated + "\",\"healthy\":true}}}";
    }
    Proxy& proxy_;
    bool healthz_;
};

// One health check node port. Source: pkg/proxy/healthcheck/service_health.go.
class ServiceHealthPage final : public ports::HttpHandler {
public:
    ServiceHealthPage(Proxy& proxy, std::string service) : proxy_(proxy), service_(std::move(service)) {}
    sim::Task<ports::Response> handle(ports::Request) override {
        const int count = proxy_.localEndpoints(service_);
        const auto slash = service_.find('/');
        ports::Response response;
        response.status = count > 0 ? 200 : 503;
        response.headers.set("Content-Type", "application/json");
        response.headers.set("X-Content-Type-Options", "nosniff");
        response.headers.set("X-Load-Balancing-Endpoint-Weight", std::to_string(count));
        response.body = "{\n\t\"service\": {\n\t\t\"namespace\": \"" + service_.substr(0, slash) +
                        "\",\n\t\t\"name\": \"" + service_.substr(slash + 1) +
                        "\"\n\t},\n\t\"localEndpoints\": " + std::to_string(count) +
                        ",\n\t\"serviceProxyHealthy\": true\n}";
        co_return response;
    }

private:
    Proxy& proxy_;
    std::string service_;
};

std::optional<base::Endpoint> readEndpoint(const std::string& text) {
    const auto colon = text.rfind(':');
    if (colon == std::string::npos) return std::nullopt;
    const auto ip = base::IpAddress::parse(text.substr(0, colon));
    const auto port = base::parseInt(text.substr(colon + 1));
    if (!ip || !port) return std::nullopt;
    return base::Endpoint{*ip, static_cast<std::uint16_t>(*port)};
}

sim::Task<void> Proxy::serve(Proxy* self, std::string address, bool healthz) {
    const auto at = readEndpoint(address);
    if (!at) co_return;
    for (;;) {
        ports::ListenOptions options;
        options.http = std::make_shared<StatusPage>(*self, healthz);
        options.process = "kube-proxy";
        options.pid = self->process_.pid();
        auto made = self->host_.listen(*at, std::move(options));
        if (made.ok()) {
            self->servers_.push_back(*made);
            co_return;
        }
        if (healthz)
            self->log_.error("server.go:445", "Healthz server failed",
                             {{"err", "failed to start proxy healthz on " + address + ": listen tcp " + address + ": bind: " + made.error().message}});
        else
            self->log_.error("server.go:499", "starting metrics server failed",
                             {{"err", "listen tcp " + address + ": bind: " + made.error().message}, {"logger", "UnhandledError"}});
        co_await sim::sleepFor(self->kernel(), 5 * sim::kSecond);
    }
}

// The node's addresses are asked for during 30 s; without them loopback stands in.
sim::Task<void> Proxy::waitForNode() {
    log_.info("shared_informer.go:370", "Waiting for caches to sync");
    const sim::Time deadline = kernel().now() + 30 * sim::kSecond;
    nodes_.start(scope_);
    while (!nodes_.synced()) co_await sim::sleepFor(kernel(), 100 * sim::kMillisecond);
    log_.info("shared_informer.go:377", "Caches are synced");
    while (kernel().now() < deadline) {
        node_ = nodes_.get(nodeName());
        for (const Value& address : node_.at("status", "addresses").items())
            if (nodeIp_.empty() && address["type"].asString() == "InternalIP") nodeIp_ = address["address"].text();
        if (!nodeIp_.empty()) break;
        co_await sim::sleepFor(kernel(), sim::kSecond);
    }
    if (nodeIp_.empty()) {
        log_.error("server.go:223", "Failed to retrieve node IPs; falling back to loopback",
                   {{"err", "node " + base::quoteGo(nodeName()) + " not found"}});
        nodeIp_ = "127.0.0.1";
    } else {
        log_.info("server.go:218", "Successfully retrieved NodeIPs", {{"#NodeIPs", "[\"" + nodeIp_ + "\"]"}});
    }
}

void Proxy::setUpSysctls() {
    if (config_.localhostPorts()) {
        log_.info("proxier.go:242",
                  "Setting route_localnet=1 to allow node-ports on localhost; to change this either disable "
                  "iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses "
                  "(--nodeport-addresses) to filter loopback addresses",
                  {{"ipFamily", "IPv4"}});
        host_.setSysctl("net.ipv4.conf.all.route_localnet", "1");
    }
    if (config_.tcpLiberal) host_.setSysctl("net.netfilter.nf_conntrack_tcp_be_liberal", "1");
}

sim::Task<int> Proxy::run() {
    co_await waitForNode();
    if (config_.nodePortAddresses.empty())
        log_.error("server.go:255", "Kube-proxy configuration may be incomplete or incorrect",
                   {{"err", "nodePortAddresses is unset; NodePort connections will be accepted on all local IPs. Consider using `--nodeport-addresses primary`"}});
    log_.info("server.go:264", "kube-proxy running in dual-stack mode", {{"primary ipFamily", "IPv4"}});
    if (config_.mode != "iptables") {
        log_.error("server.go:134", "Error running ProxyServer",
                   {{"err", "proxy mode " + config_.mode + " is not modelled in this lab"}});
        co_return 1;
    }
    log_.info("server_linux.go:136", "Using iptables Proxier");
    setUpSysctls();
    log_.info("server.go:529", "Version info", {{"version", "v1.35.4"}});
    log_.info("server.go:531", "Golang settings", {{"GOGC", ""}, {"GOMAXPROCS", ""}, {"GOTRACEBACK", ""}});
    scope_.spawn(serve(this, config_.healthzAddress, true), "healthz");
    scope_.spawn(serve(this, config_.metricsAddress, false), "metrics");
    nodes_.onChange([this](const Value&, const Value& current) {
        node_ = current;
        fullSync_ = true;
        request();
    });
    services_.onChange([this](const Value&, const Value&) { request(); });
    slices_.onChange([this](const Value&, const Value&) { request(); });
    const std::pair<const char*, const char*> controllers[] = {
        {"config.go:200", "service config"}, {"config.go:106", "endpoint slice config"},
        {"config.go:403", "serviceCIDR config"}, {"config.go:309", "node config"}};
    for (const auto& [place, name] : controllers) {
        log_.info(place, std::string("Starting ") + name + " controller");
        log_.info("shared_informer.go:349", "Waiting for caches to sync", {{"controller", name}});
    }
    services_.start(scope_);
    slices_.start(scope_);
    scope_.spawn(watchCanaries(this), "canary");
    while (!services_.synced() || !slices_.synced()) co_await sim::sleepFor(kernel(), 100 * sim::kMillisecond);
    for (const auto& [place, name] : controllers)
        log_.info("shared_informer.go:356", "Caches are synced", {{"controller", name}});
    const Value reference = Value::object({{"kind", "Node"}, {"name", nodeName()}, {"apiVersion", "v1"}});
    events_.recordAction(reference, Value(), "Normal", "Starting", "StartKubeProxy", "");
    request();
    scope_.spawn(keepSyncing(this), "sync");
    // A proxy ends by a signal only.
    process_.handleSignal(ports::kSigTerm);
    (void)co_await process_.signals().pop();
    co_return 0;
}

// At once when the last run is older than the minimum period, else when it has passed; also once an hour.
sim::Task<void> Proxy::keepSyncing(Proxy* self) {
    sim::Kernel& kernel = self->kernel();
    for (;;) {
        while (!self->wanted_) {
            const bool woken = co_await self->wake_.waitUntil(kernel.now() + sim::kHour);
            if (!woken) self->fullSync_ = self->wanted_ = true;
        }
        if (self->lastRun_ >= 0 && kernel.now() < self->lastRun_ + self->config_.minSyncPeriod)
            co_await sim::sleepUntil(kernel, self->lastRun_ + self->config_.minSyncPeriod);
        self->wanted_ = false;
        self->lastRun_ = kernel.now();
        const bool done = self->sync();
        if (!done) {
            self->log_.info("proxier.go:774", "Sync failed", {{"ipFamily", "IPv4"}, {"retryingTime", sim::formatGoDuration(self->config_.syncPeriod)}});
            co_await self->wake_.waitUntil(kernel.now() + self->config_.syncPeriod);
            self->fullSync_ = self->wanted_ = true;
        }
    }
}

bool Proxy::sync() {
    ServiceMap services;
    for (const auto& [key, service] : services_.items()) addService(services, service);
    std::vector<Value> slices;
    for (const auto& [key, slice] : slices_.items()) slices.push_back(slice);
    const EndpointMap endpoints = endpointsOf(slices, nodeName());
    if (config_.verbosity >= 2)
        log_.info("proxier.go:763", "Syncing iptables rules", {{"ipFamily", "IPv4"}, {"#fullSync", fullSync_ ? "true" : "false"}});
    if (fullSync_ && !ensureJumps(host_).ok()) return false;
    RuleInput input;
    input.config = &config_;
    input.node.name = nodeName();
    input.node.ip = nodeIp_;
    input.node.zone = api::labelOf(node_, "topology.kubernetes.io/zone");
    for (const Value& cidr : node_.at("spec", "podCIDRs").items()) input.node.podCIDRs.push_back(cidr.text());
    for (const base::IpPrefix& own : host_.addresses()) input.node.localAddresses.push_back(own.address);
    input.services = &services;
    input.endpoints = &endpoints;
    for (const netfilter::Chain* chain : host_.rules().chains(netfilter::Table::Nat))
        if (!chain->hook) input.existingNatChains.push_back(chain->name);
    const RuleText text = makeRules(input);
    if (config_.verbosity >= 2)
        log_.info("proxier.go:1484", "Reloading service iptables data",
                  {{"ipFamily", "IPv4"}, {"#numServices", std::to_string(services.size())},
                   {"#numEndpoints", std::to_string(text.endpoints)}, {"#numFilterChains", std::to_string(text.filterChains)},
                   {"#numFilterRules", std::to_string(text.filterRules)}, {"#numNATChains", std::to_string(text.natChains)},
                   {"#numNATRules", std::to_string(text.natRules)}});
    netfilter::RestoreOptions options;
    options.noFlush = options.counters = true;
    const base::Status restored = netfilter::restoreTables(host_.rules(), text.restore, options);
    if (!restored.ok()) {
        log_.error("proxier.go:1504", "Failed to execute iptables-restore",
                   {{"err", "exit status 1: " + restored.error().message}, {"ipFamily", "IPv4"}});
        return false;
    }
    fullSync_ = false;
    lastUpdate_ = kernel().now();
    local_ = localReadyEndpoints(services, endpoints);
    syncHealthChecks(services);
    cleanStaleUdp(services, endpoints);
    return true;
}

void Proxy::syncHealthChecks(const ServiceMap& services) {
    std::map<int, std::string> wanted;
    for (const auto& [key, service] : services)
        if (service.healthCheckNodePort != 0) wanted[service.healthCheckNodePort] = service.ns + "/" + service.name;
    for (auto it = healthListeners_.begin(); it != healthListeners_.end();) {
        const auto still = wanted.find(it->first);
        if (still != wanted.end() && still->second == healthServices_[it->first]) {
            ++it;
            continue;
        }
        it->second->closeConnections();
        healthServices_.erase(it->first);
        it = healthListeners_.erase(it);
    }
    for (const auto& [port, service] : wanted) {
        if (healthListeners_.count(port)) continue;
        ports::ListenOptions options;
        options.http = std::make_shared<ServiceHealthPage>(*this, service);
        options.process = "kube-proxy";
        options.pid = process_.pid();
        auto made = host_.listen({base::IpAddress::v4(0), static_cast<std::uint16_t>(port)}, std::move(options));
        if (!made.ok()) {
            log_.error("service_health.go:145", "Failed to start healthcheck",
                       {{"err", "listen tcp :" + std::to_string(port) + ": bind: " + made.error().message}, {"service", service}});
            continue;
        }
        healthListeners_[port] = *made;
        healthServices_[port] = service;
    }
}

// Entries of UDP services that lead to an endpoint which is gone. They are looked at when some UDP
// endpoint appears or vanishes. Source: pkg/proxy/conntrack/cleanup.go.
void Proxy::cleanStaleUdp(const ServiceMap& services, const EndpointMap& endpoints) {
    bool changed = false;
    const auto isUdp = [](const ServiceKey& key) { return key.protocol == "udp"; };
    for (const auto& [key, list] : endpoints) {
        if (!isUdp(key)) continue;
        const auto before = lastEndpoints_.find(key);
        changed |= before == lastEndpoints_.end() || before->second.size() != list.size();
        if (before == lastEndpoints_.end()) continue;
        for (std::size_t i = 0; i < list.size() && i < before->second.size(); ++i)
            changed |= list[i].text() != before->second[i].text();
    }
    lastEndpoints_ = endpoints;
    if (!changed) return;
    std::map<std::pair<std::uint32_t, int>, std::set<std::string>> byAddress;
    std::map<int, std::set<std::string>> byNodePort;
    for (const auto& [key, service] : services) {
        const auto found = endpoints.find(key);
        if (!isUdp(key) || found == endpoints.end() || found->second.empty()) continue;
        std::set<std::string> good;
        for (const EndpointEntry& endpoint : found->second)
            if (endpoint.serving) good.insert(endpoint.text());
        std::vector<std::string> addresses = {service.clusterIP};
        addresses.insert(addresses.end(), service.externalIPs.begin(), service.externalIPs.end());
        addresses.insert(addresses.end(), service.loadBalancerIPs.begin(), service.loadBalancerIPs.end());
        for (const std::string& address : addresses)
            if (const auto ip = base::IpAddress::parse(address)) byAddress[{ip->v4Bits(), service.port}] = good;
        if (service.nodePort) byNodePort[service.nodePort] = good;
    }
    for (const auto& entry : host_.conntrack().entries()) {
        if (entry->original.protocol != kUdp) continue;
        const std::string target = ipText(entry->reply.source) + ":" + std::to_string(entry->reply.sourcePort);
        const auto service = byAddress.find({entry->original.destination, entry->original.destinationPort});
        const auto nodePort = byNodePort.find(entry->original.destinationPort);
        const std::set<std::string>* good = service != byAddress.end() ? &service->second
                                            : nodePort != byNodePort.end() &&
                                                      host_.isLocal(ipAddress(entry->original.destination))
                                                ? &nodePort->second
                                                : nullptr;
        if (good != nullptr && !good->count(target)) host_.conntrack().remove(entry);
    }
}

// Source: pkg/util/iptables Monitor: the vanished canary of the first table means a flush.
sim::Task<void> Proxy::watchCanaries(Proxy* self) {
    sim::Kernel& kernel = self->kernel();
    const sim::Duration interval = self->config_.syncPeriod;
    for (;;) {
        for (const char* table : kCanaryTables) (void)ensureChain(self->host_, table, kCanary);
        do co_await sim::sleepFor(kernel, interval);
        while (chainExists(self->host_, kCanaryTables[0], kCanary));
        const sim::Time deadline = kernel.now() + 5 * sim::kSecond;
        while (kernel.now() < deadline && (chainExists(self->host_, "nat", kCanary) || chainExists(self->host_, "filter", kCanary)))
            co_await sim::sleepFor(kernel, 100 * sim::kMillisecond);
        self->fullSync_ = true;
        self->request();
    }
}

class KubeProxy final : public ports::Program {
public:
    ports::IdleUse idleUse() const override { return {1'000, 22LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        ports::Klog log(process);
        base::Result<Options> options = readOptions(process.argv(), process.files(), process.cwd());
        if (!options.ok()) {
            const base::Error& error = options.error();
            if (error.reason == "failed") {
                log.error("run.go:72", "command failed", {{"err", error.message}});
            } else {
                std::string text = error.reason == "usage" ? "Usage:\n  kube-proxy [flags]\n\n" : "";
                text += "Error: " + error.message + "\n";
                co_await process.writeError(std::move(text));
            }
            co_return 1;
        }
        if (options->version) {
            co_await process.writeOut("Kubernetes v1.35.4\n");
            co_return 0;
        }
        if (options->help) {
            co_await process.writeOut("The Kubernetes network proxy runs on each node.\n\nUsage:\n  kube-proxy [flags]\n");
            co_return 0;
        }
        Namespace* host = namespaceOf(process.network());
        if (host == nullptr) co_return 1;
        if (options->cleanup) {
            removeProxyRules(*host);
            co_return 0;
        }
        const Config& config = options->config;
        for (const std::string& note : options->notes)
            log.info("options.go:498", "Using lenient decoding as strict decoding failed", {{"err", note}});
        if (!config.modeGiven) log.info("server_linux.go:53", "Using iptables proxy");
        base::Status valid = validate(config);
        if (!valid.ok()) {
            log.error("run.go:72", "command failed", {{"err", valid.error().message}});
            co_return 1;
        }
        base::Result<client::Config> credentials = base::makeError("");
        if (config.kubeconfig.empty()) {
            log.info("server.go:410", "Neither kubeconfig file nor master URL was specified, falling back to in-cluster config");
            credentials = client::inClusterConfig(process.files(), process.env());
        } else {
            credentials = client::loadKubeconfig(process.files(), process.resolve(config.kubeconfig));
        }
        if (!credentials.ok()) {
            log.error("server.go:134", "Error running ProxyServer", {{"err", credentials.error().message}});
            log.error("run.go:72", "command failed", {{"err", credentials.error().message}});
            co_return 1;
        }
        credentials->userAgent = "kube-proxy/v1.35.4 (linux/amd64) kubernetes";
        Proxy proxy(process, *host, config, *credentials);
        const int code = co_await proxy.run();
        co_return code;
    }
};

} // namespace

std::shared_ptr<ports::Program> kubeProxyProgram() { return std::make_shared<KubeProxy>(); }

} // namespace network::proxy
