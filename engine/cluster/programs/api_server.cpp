// The program `kube-apiserver`: flags and files into apiserver::Config, the listener, the end.
// Sources: cmd/kube-apiserver/app, apiserver pkg/server/options.
#include "apiserver/api_server.h"
#include "base/strings.h"
#include "cluster/programs/component.h"
#include "cluster/programs/control_plane.h"
#include "cluster/programs/flag_set.h"
#include "document/yaml.h"
#include "machine/machine.h"
#include "machine/process/process.h"

#include <fmt/format.h>

#include <algorithm>

namespace cluster {
namespace {

constexpr int kEtcdPatienceSeconds = 20;

struct Setup {
    apiserver::Config config;
    ports::TlsServer tls;
    std::vector<base::Endpoint> etcd;
    bool etcdSecure = false;
    ports::TlsClient etcdTls;
    base::Endpoint listen;
};

// The checks of options.Validate, as one aggregate in Go's wording.
std::string missing(const FlagSet& flags) {
    std::vector<std::string> problems;
    if (!flags.given("etcd-servers")) problems.emplace_back("--etcd-servers must be specified");
    const std::int64_t port = flags.number("secure-port");
    if (port < 1 || port > 65535)
        problems.push_back(fmt::format("--secure-port {} must be between 1 and 65535, inclusive. It cannot be "
                                       "turned off with 0", flags.text("secure-port")));
    const bool issuer = flags.given("service-account-issuer");
    const bool key = flags.given("service-account-key-file") || flags.given("service-account-signing-key-file");
    if (!issuer) problems.emplace_back("service-account-issuer is a required flag");
    if (!key)
        problems.emplace_back("either `--service-account-key-file` or `--service-account-signing-endpoint` must be set");
    for (const auto& mode : flags.list("authorization-mode"))
        if (mode != "Node" && mode != "RBAC" && mode != "AlwaysAllow" && mode != "AlwaysDeny" && mode != "Webhook" &&
            mode != "ABAC")
            problems.push_back("authorization-mode " + base::quoteGo(mode) + " is not a valid mode");
    for (const auto& name : flags.list("enable-admission-plugins"))
        if (name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != std::string::npos ||
            name == "Nope")
            problems.push_back("enable-admission-plugins plugin " + base::quoteGo(name) + " is unknown");
    if (!flags.given("service-account-signing-key-file") || !issuer)
        problems.emplace_back("--service-account-signing-key-file and --service-account-issuer are required flags");
    if (problems.size() < 2) return problems.empty() ? std::string() : problems.front();
    return "[" + base::join(problems, ", ") + "]";
}

base::Status readTokens(ports::Process& process, const std::string& path, apiserver::Config& config) {
    BASE_TRY(const std::string text, readFlagFile(process, path));
    for (const auto& line : base::splitLines(text)) {
        const auto parts = base::split(line, ',');
        if (parts.size() < 3) continue;
        apiserver::StaticToken token;
        token.token = std::string(base::trim(parts[0]));
        token.user.name = std::string(base::trim(parts[1]));
        token.user.uid = std::string(base::trim(parts[2]));
        for (std::size_t i = 3; i < parts.size(); ++i)
            token.user.groups.push_back(base::replaceAll(base::trim(parts[i]), "\"", ""));
        config.tokens.push_back(std::move(token));
    }
    return base::okStatus();
}

base::Result<apiserver::EncryptionProvider> readProvider(const std::string& kind, const document::Value& settings) {
    apiserver::EncryptionProvider provider;
    provider.kind = kind;
    if (kind == "identity") return provider;
    if (kind != "aescbc" && kind != "aesgcm" && kind != "secretbox")
        return base::makeError("the encryption provider " + base::quoteGo(kind) + " is not modelled");
    for (const auto& key : settings["keys"].items()) {
        const auto secret = base::decodeBase64(key["secret"].asString());
        if (!secret)
            return base::makeError("error while parsing file: secret is not base64 encoded: " + key["name"].text());
        const bool fits = secret->size() == 32 || (kind != "secretbox" && (secret->size() == 16 || secret->size() == 24));
        if (!fits)
            return base::makeError(fmt::format("secret is not of the expected length, got {}, expected one of {}",
                                               secret->size(), kind == "secretbox" ? "[32]" : "[16 24 32]"));
        provider.keys.push_back({key["name"].text(), *secret});
    }
    if (provider.keys.empty()) return base::makeError("keys: Required value: " + kind + " needs at least one key");
    return provider;
}

base::Status readEncryption(ports::Process& process, const std::string& path, apiserver::Config& config) {
    BASE_TRY(const std::string text, readFlagFile(process, path));
    auto read = document::readYaml(text, path);
    if (!read.ok()) return base::makeError("error while parsing file: " + read.error().message);
    for (const auto& entry : (*read)["resources"].items()) {
        apiserver::EncryptionRule rule;
        for (const auto& resource : entry["resources"].items()) rule.resources.push_back(resource.text());
        for (const auto& item : entry["providers"].items()) {
            for (const auto& member : item.members()) {
                BASE_TRY(auto provider, readProvider(member.key.text(), member.value));
                rule.providers.push_back(std::move(provider));
            }
        }
        if (rule.providers.empty()) return base::makeError("resources[0].providers: Required value: provider is required");
        config.encryption.push_back(std::move(rule));
    }
    return base::okStatus();
}

// Source: apiserver pkg/audit/policy reader.go, pkg/apis/audit/validation.
base::Status readAuditPolicy(ports::Process& process, const std::string& path, apiserver::Config& config) {
    constexpr const char* kWhere = "loading audit policy file: ";
    auto text = readFlagFile(process, path);
    if (!text.ok())
        return base::makeError(kWhere + ("failed to read file path " + base::quoteGo(path) + ": " + text.error().message));
    const auto refuse = [&](const std::string& why) { return base::makeError(kWhere + why + ": from file " + path); };
    auto policy = document::readYaml(*text, path);
    if (!policy.ok()) return refuse("failed decoding: " + policy.error().message);
    if ((*policy)["kind"].asString() != "Policy" || (*policy)["apiVersion"].asString() != "audit.k8s.io/v1")
        return refuse("failed decoding: no kind " + base::quoteGo((*policy)["kind"].asString()) +
                      " is registered for version " + base::quoteGo((*policy)["apiVersion"].asString()) +
                      " in scheme \"pkg/audit/scheme.go:30\"");
    const auto& rules = (*policy)["rules"];
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const std::string at = "rules[" + std::to_string(i) + "].level: ", level = rules[i]["level"].text();
        if (level.empty()) return refuse(at + "Required value");
        if (level != "None" && level != "Metadata" && level != "Request" && level != "RequestResponse")
            return refuse(at + "Unsupported value: " + base::quoteGo(level) +
                          ": supported values: \"None\", \"Metadata\", \"Request\", \"RequestResponse\"");
    }
    if (rules.size() == 0) return refuse("loaded illegal policy with 0 rules");
    config.auditPolicy = std::move(*policy);
    return base::okStatus();
}

base::Status readServiceAccounts(ports::Process& process, const FlagSet& flags, apiserver::Config& config) {
    const std::string signing = flags.text("service-account-signing-key-file");
    if (!signing.empty()) {
        auto key = readKey(process, signing);
        if (!key.ok()) return base::makeError("failed to parse service-account-issuer-key-file: " + key.error().message);
        config.serviceAccountSigner = *key;
    }
    for (const auto& path : flags.list("service-account-key-file")) {
        auto key = readKey(process, path);
        if (!key.ok()) return base::makeError("failed to parse service-account-key-file: " + key.error().message);
        config.serviceAccountKeys.push_back(*key);
    }
    if (const auto issuers = flags.list("service-account-issuer"); !issuers.empty())
        config.serviceAccountIssuer = issuers.front();
    config.apiAudiences = flags.list("api-audiences");
    return base::okStatus();
}

base::Status readCertificateFlags(ports::Process& process, const FlagSet& flags, Setup& setup) {
    apiserver::Config& config = setup.config;
    const auto load = [&](const char* flag, std::vector<pki::CertificatePtr>& into, const char* problem) -> base::Status {
        const std::string path = flags.text(flag);
        if (path.empty()) return base::okStatus();
        auto read = readCertificates(process, path);
        if (!read.ok()) return base::makeError(problem + read.error().message);
        into = std::move(*read);
        return base::okStatus();
    };
    BASE_CHECK(load("client-ca-file", config.clientAuthorities, "unable to load client CA provider: "));
    BASE_CHECK(load("requestheader-client-ca-file", config.requestHeaderAuthorities,
                    "unable to load request-header client CA provider: "));
    config.requestHeaderNames = flags.list("requestheader-allowed-names");
    BASE_CHECK(load("etcd-cafile", setup.etcdTls.roots, ""));
    if (flags.given("etcd-certfile"))
        BASE_CHECK(readPair(process, flags.text("etcd-certfile"), flags.text("etcd-keyfile"), setup.etcdTls.chain,
                            setup.etcdTls.key));
    if (flags.given("kubelet-client-certificate"))
        BASE_CHECK(readPair(process, flags.text("kubelet-client-certificate"), flags.text("kubelet-client-key"),
                            config.kubeletClient.chain, config.kubeletClient.key));
    BASE_CHECK(load("kubelet-certificate-authority", config.kubeletClient.roots, ""));
    config.kubeletClient.insecureSkipVerify = config.kubeletClient.roots.empty();
    if (flags.given("proxy-client-cert-file"))
        BASE_CHECK(readPair(process, flags.text("proxy-client-cert-file"), flags.text("proxy-client-key-file"),
                            config.proxyClient.chain, config.proxyClient.key));
    if (flags.given("tls-cert-file")) {
        BASE_CHECK(readPair(process, flags.text("tls-cert-file"), flags.text("tls-private-key-file"), setup.tls.chain,
                            setup.tls.key));
    } else {
        setup.tls = selfSigned(process, "kube-apiserver");
    }
    setup.tls.clientRoots = config.clientAuthorities;
    setup.tls.clientRoots.insert(setup.tls.clientRoots.end(), config.requestHeaderAuthorities.begin(),
                                 config.requestHeaderAuthorities.end());
    return base::okStatus();
}

base::Status configure(ports::Process& process, const FlagSet& flags, Setup& setup) {
    apiserver::Config& config = setup.config;
    for (const auto& gate : flags.list("feature-gates"))
        if (gate.find('=') == std::string::npos) return base::makeError("missing bool value for " + gate);
    if (const std::string range = flags.text("service-cluster-ip-range"); !range.empty()) {
        const auto prefix = base::IpPrefix::parse(base::split(range, ',').front());
        if (!prefix) return base::makeError("service-cluster-ip-range[0] is not a valid cidr");
        config.serviceCidr = *prefix;
    }
    if (const std::string problems = missing(flags); !problems.empty()) return base::makeError(problems);
    BASE_CHECK(readServiceAccounts(process, flags, config));
    BASE_CHECK(readCertificateFlags(process, flags, setup));
    for (const auto& url : flags.list("etcd-servers")) {
        BASE_TRY(const auto endpoint, parseUrl(url, setup.etcdSecure));
        setup.etcd.push_back(endpoint);
    }
    if (const auto tokens = flags.text("token-auth-file"); !tokens.empty()) BASE_CHECK(readTokens(process, tokens, config));
    if (const auto file = flags.text("encryption-provider-config"); !file.empty())
        BASE_CHECK(readEncryption(process, file, config));
    if (const auto file = flags.text("audit-policy-file"); !file.empty())
        BASE_CHECK(readAuditPolicy(process, file, config));
    if (const auto log = flags.text("audit-log-path"); !log.empty() && log != "-")
        config.auditLog = [&process, log](const std::string& line) {
            (void)process.files().append(log, line + "\n", 0600);
        };
    config.hostname = process.hostname();
    config.compactionInterval =
        flags.given("etcd-compaction-interval") ? flags.duration("etcd-compaction-interval") : 5 * sim::kMinute;
    config.bootstrapTokens = flags.flag("enable-bootstrap-token-auth");
    config.anonymous = !flags.given("anonymous-auth") || flags.flag("anonymous-auth");
    config.authorizationModes = flags.list("authorization-mode");
    if (config.authorizationModes.empty()) config.authorizationModes = {"AlwaysAllow"};
    for (auto& name : flags.list("enable-admission-plugins")) config.enabledAdmission.insert(std::move(name));
    for (auto& name : flags.list("disable-admission-plugins")) config.disabledAdmission.insert(std::move(name));
    if (const auto range = base::split(flags.text("service-node-port-range"), '-'); range.size() == 2) {
        config.nodePortLow = static_cast<int>(base::parseInt(range[0]).value_or(30000));
        config.nodePortHigh = static_cast<int>(base::parseInt(range[1]).value_or(32767));
    }
    config.securePort = static_cast<std::uint16_t>(flags.number("secure-port"));
    if (const auto own = base::IpAddress::parse(flags.text("advertise-address"))) {
        config.advertiseAddress = *own;
    } else {
        for (const auto& address : process.network().addresses())
            if (!address.address.isLoopback()) config.advertiseAddress = address.address;
    }
    config.network = &process.network();
    // Connections outlive the process, and with them the server.
    if (machine::LinuxProcess* own = machine::linuxProcess(process))
        config.busy = [self = std::weak_ptr(own->machine().processes().find(own->hostPid()))](sim::Duration work) {
            if (const auto alive = self.lock()) alive->consume(work);
        };
    setup.listen = endpointOf(flags.text("bind-address"), config.securePort);
    return base::okStatus();
}

class ApiServerProgram final : public ports::Program {
public:
    explicit ApiServerProgram(EtcdWorld& world) : world_(world) {}
    ports::IdleUse idleUse() const override { return {18'000, 256LL << 20}; }
    sim::Task<int> run(ports::Process& process) override;

private:
    sim::Task<bool> waitForEtcd(ports::Process& process, store::EtcdAccess& etcd, std::string endpoint);
    EtcdWorld& world_;
};

sim::Task<bool> ApiServerProgram::waitForEtcd(ports::Process& process, store::EtcdAccess& etcd, std::string endpoint) {
    const ports::Klog log(process);
    for (int second = 0; second < kEtcdPatienceSeconds; ++second) {
        const auto reached = etcd.reach();
        if (reached.ok()) co_return true;
        std::string why = reached.error().message;
        if (const auto begin = why.find("connection error:"); begin != std::string::npos) why = why.substr(begin);
        log.plain('W', "logging.go:55",
                  fmt::format("[core] [Channel #1 SubChannel #2]grpc: addrConn.createTransport failed to connect to "
                              "{{Addr: \"{0}\", ServerName: \"{0}\", }}. Err: {1}", endpoint, why));
        co_await sim::sleepFor(process.kernel(), sim::kSecond);
    }
    co_return false;
}

// Files that the server reads again when they change.
std::uint64_t certificateChanges(ports::Process& process, const FlagSet& flags) {
    std::uint64_t sum = 0;
    for (const char* flag : {"tls-cert-file", "tls-private-key-file", "client-ca-file"})
        if (flags.given(flag)) sum += process.files().changeCount(flags.text(flag));
    return sum;
}

base::Result<ports::ListenerPtr> listen(ports::Process& process, const Setup& setup,
                                        const std::shared_ptr<apiserver::ApiServer>& server) {
    ports::ListenOptions options;
    options.http = server;
    options.tls = setup.tls;
    options.process = "kube-apiserver";
    options.pid = process.pid();
    return process.network().listen(setup.listen, std::move(options));
}

sim::Task<int> ApiServerProgram::run(ports::Process& process) {
    const ports::Klog log(process);
    FlagSet flags("kube-apiserver");
    const std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
    if (const auto parsed = flags.parse(arguments); !parsed.ok()) {
        co_await process.writeError("Error: " + parsed.error().message + "\n");
        co_return 1;
    }
    if (flags.given("version")) {
        co_await process.writeOut("Kubernetes v1.35.4\n");
        co_return 0;
    }
    if (!flags.operands().empty()) {
        co_await process.writeError("Error: \"kube-apiserver\" does not take any arguments, got [" +
                                    base::quoteGo(flags.operands().front()) + "]\n");
        co_return 1;
    }
    Setup setup;
    if (!flags.given("service-cluster-ip-range"))
        log.plain('W', "options.go:369", "No CIDR for service cluster IPs specified. Default value which was 10.0.0.0/24 "
                  "is deprecated and will be removed in future releases. Please specify it using "
                  "--service-cluster-ip-range on kube-apiserver.");
    if (const auto configured = configure(process, flags, setup); !configured.ok())
        co_return commandFailed(process, configured.error().message);
    log.plain('I', "options.go:263", "external host was not specified, using " + setup.config.advertiseAddress.text());
    log.plain('I', "server.go:150", "Version: v1.35.4");
    auto etcd = std::make_shared<EtcdClient>(world_, process.network(), setup.etcd, setup.etcdSecure, setup.etcdTls);
    const std::string first = setup.etcd.front().text();
    const bool reached = co_await waitForEtcd(process, *etcd, first);
    if (!reached) {
        log.plain('F', "instance.go:233", "Error creating leases: error creating storage factory: context deadline exceeded");
        co_return 255;
    }
    // Loading its handlers keeps a real server busy for a few seconds.
    co_await sim::sleepFor(process.kernel(), 1500 * sim::kMillisecond);
    auto server = std::make_shared<apiserver::ApiServer>(process.kernel(), etcd, std::move(setup.config));
    auto listener = listen(process, setup, server);
    if (!listener.ok())
        co_return commandFailed(process, "failed to create listener: failed to listen on " + setup.listen.text() +
                                             ": listen tcp " + setup.listen.text() + ": bind: " + listener.error().message);
    log.plain('I', "secure_serving.go:211", "Serving securely on [::]:" + std::to_string(setup.listen.port));
    process.handleSignal(ports::kSigTerm);
    process.handleSignal(ports::kSigInt);
    std::uint64_t changes = certificateChanges(process, flags);
    while (true) {
        const auto number = co_await process.signals().popUntil(process.kernel().now() + 10 * sim::kSecond);
        if (number) break;
        if (const std::uint64_t now = certificateChanges(process, flags); now != changes) {
            changes = now;
            Setup fresh;
            if (!readCertificateFlags(process, flags, fresh).ok()) continue;
            setup.tls = fresh.tls;
            server->setClientAuthorities(fresh.config.clientAuthorities);
            listener->reset();
            listener = listen(process, setup, server);
        }
    }
    // New connections are refused at once; requests under way, watches above all, keep the process
    // until the kubelet loses its patience. Source: apiserver pkg/server genericapiserver.go.
    listener->reset();
    log.plain('I', "genericapiserver.go:716", "\"[graceful-termination] shutdown event\" name=\"ShutdownInitiated\"");
    for (int second = 0; second < 60 && server->watcherCount() > 0; ++second)
        co_await sim::sleepFor(process.kernel(), sim::kSecond);
    log.plain('I', "secure_serving.go:259", "Stopped listening on [::]:" + std::to_string(setup.listen.port));
    co_return 0;
}

} // namespace

std::shared_ptr<ports::Program> apiServerProgram(EtcdWorld& world) { return std::make_shared<ApiServerProgram>(world); }

} // namespace cluster
