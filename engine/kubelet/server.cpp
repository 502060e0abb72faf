#include "kubelet/server.h"

#include "base/strings.h"
#include "document/json.h"
#include "kubelet/configz.h"
#include "kubelet/container_manager.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/status_manager.h"

#include <cerrno>

namespace kubelet {
namespace {

constexpr sim::Duration kAllowedFor = 5 * sim::kMinute, kDeniedFor = 30 * sim::kSecond;

ports::Response json(Value value) {
    ports::Response response;
    response.headers.set("Content-Type", "application/json");
    response.object = std::move(value);
    return response;
}

// The attribute that the authorizer is asked about. Source: server/auth.go.
std::string subresourceOf(std::string_view path) {
    const auto under = [&](std::string_view prefix) { return path == prefix || path.rfind(std::string(prefix) + "/", 0) == 0; };
    if (under("/stats")) return "stats";
    if (under("/metrics")) return "metrics";
    if (under("/logs")) return "log";
    if (under("/checkpoint")) return "checkpoint";
    if (path == "/healthz" || path == "/healthz/ping" || path == "/healthz/log" || path == "/healthz/syncloop") return "healthz";
    if (path == "/pods" || path == "/pods/") return "pods";
    if (path == "/configz") return "configz";
    return "proxy";
}

std::string verbOf(const std::string& method) {
    if (method == "POST") return "create";
    if (method == "PUT") return "update";
    if (method == "PATCH") return "patch";
    if (method == "DELETE") return "delete";
    return "get";
}

} // namespace

class Server::Health final : public ports::HttpHandler {
public:
    sim::Task<ports::Response> handle(ports::Request request) override {
        if (request.path == "/healthz" || request.path == "/healthz/") co_return ports::textResponse(200, "ok");
        co_return ports::textResponse(404, "404 page not found\n");
    }
};

Server::~Server() {
    if (gate_) gate_->close();
    for (const ports::ListenerPtr& listener : {api_, health_})
        if (listener) listener->closeConnections();
}

// A self-signed pair is made where none is configured. Source: server.go, initConfigz and friends.
base::Result<ports::TlsServer> Server::certificates() {
    ports::FileSystem& files = core_.files();
    std::string certFile = core_.config.tlsCertFile, keyFile = core_.config.tlsPrivateKeyFile;
    if (certFile.empty() || keyFile.empty()) {
        certFile = core_.config.certDir + "/kubelet.crt";
        keyFile = core_.config.certDir + "/kubelet.key";
        if (!files.exists(certFile) || !files.exists(keyFile)) {
            sim::Random& random = core_.kernel().random("kubelet/certificate/" + core_.nodeName);
            const std::string stamp = std::to_string(core_.unixNow() / sim::kSecond);
            const pki::KeyPtr authorityKey = pki::makeKey(random), key = pki::makeKey(random);
            pki::SigningProfile profile;
            profile.notBefore = core_.unixNow() - sim::kHour;
            profile.notAfter = profile.notBefore + 365 * 24 * sim::kHour;
            profile.authority = true;
            pki::CertificateRequest request;
            request.subject.commonName = core_.nodeName + "-ca@" + stamp;
            const pki::CertificatePtr authority = pki::signCertificate(request, *authorityKey, profile, nullptr, *authorityKey, random);
            profile.authority = false;
            profile.serverAuth = true;
            request.subject.commonName = core_.nodeName + "@" + stamp;
            request.dnsNames = {core_.nodeName};
            const pki::CertificatePtr leaf = pki::signCertificate(request, *key, profile, authority.get(), *authorityKey, random);
            (void)files.makeDirectories(core_.config.certDir, 0755);
            BASE_CHECK(files.write(certFile, pki::writeCertificatePem(*leaf) + pki::writeCertificatePem(*authority), 0644));
            BASE_CHECK(files.write(keyFile, pki::writeKeyPem(*key), 0600));
        }
    }
    ports::TlsServer tls;
    auto certificate = files.read(certFile);
    if (!certificate.ok())
        return base::makeError("failed to initialize kubelet certificate: open " + certFile + ": no such file or directory");
    BASE_TRY(tls.chain, pki::readCertificatesPem(*certificate));
    BASE_TRY(tls.key, pki::readKeyPem(files.read(keyFile).valueOr("")));
    if (!core_.config.clientCAFile.empty()) {
        auto roots = files.read(core_.config.clientCAFile);
        if (!roots.ok())
            return base::makeError("failed to construct kubelet dependencies: unable to load client CA file " +
                                   core_.config.clientCAFile + ": open " + core_.config.clientCAFile +
                                   ": no such file or directory");
        auto parsed = pki::readCertificatesPem(*roots);
        if (!parsed.ok() || parsed->empty())
            return base::makeError("failed to construct kubelet dependencies: unable to load client CA file " +
                                   core_.config.clientCAFile + ": data does not contain any valid RSA or ECDSA certificates");
        clientRoots_ = *parsed;
        tls.clientRoots = clientRoots_;
    }
    return tls;
}

base::Status Server::start() {
    BASE_TRY(const ports::TlsServer tls, certificates());
    const auto listen = [&](const std::string& address, std::int64_t port, std::shared_ptr<ports::HttpHandler> handler,
                            bool secure) -> base::Result<ports::ListenerPtr> {
        const auto ip = base::IpAddress::parse(address);
        ports::ListenOptions options;
        options.http = std::move(handler);
        if (secure) options.tls = tls;
        options.process = "kubelet";
        options.pid = core_.process.pid();
        return core_.process.network().listen({ip.value_or(base::IpAddress()), static_cast<std::uint16_t>(port)},
                                              std::move(options));
    };
    gate_ = std::make_shared<ports::RequestGate>(
        streams_, [this](ports::Request request) { return handle(std::move(request)); });
    auto made = listen(core_.config.address, core_.config.port, gate_, true);
    if (!made.ok()) {
        core_.log.error("server.go:193", "Failed to listen and serve",
                        {{"err", "listen tcp " + core_.config.address + ":" + std::to_string(core_.config.port) +
                                     ": bind: " + made.error().message}});
        return base::makeError("");
    }
    api_ = std::move(*made);
    core_.log.info("server.go:180", "Starting to listen",
                   {{"address", core_.config.address}, {"#port", std::to_string(core_.config.port)}});
    if (core_.config.healthzPort > 0) {
        healthHandler_ = std::make_shared<Health>();
        auto health = listen(core_.config.healthzBindAddress, core_.config.healthzPort, healthHandler_, false);
        if (health.ok()) health_ = std::move(*health);
        else
            core_.log.error("server.go:884", "Failed to start healthz server",
                            {{"err", "listen tcp " + core_.config.healthzBindAddress + ":" +
                                         std::to_string(core_.config.healthzPort) + ": bind: " + health.error().message}});
    }
    return base::okStatus();
}

sim::Task<base::Result<Server::User>> Server::authenticate(const ports::Request& request) {
    if (!request.clientChain.empty() && !clientRoots_.empty()) {
        const base::Status valid = pki::verify(request.clientChain, clientRoots_, core_.unixNow(), pki::Usage::Client);
        if (valid.ok()) {
            const pki::CertificateInfo info = pki::inspect(*request.clientChain.front());
            co_return User{info.subject.commonName, info.subject.organizations};
        }
    }
    const std::string header(request.headers.get("Authorization"));
    if (core_.config.webhookAuth && header.rfind("Bearer ", 0) == 0 && core_.client != nullptr) {
        const Value review = Value::object({{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "TokenReview"},
                                            {"spec", Value::object({{"token", header.substr(7)}})}});
        const client::Resource resource{"authentication.k8s.io", "v1", "tokenreviews"};
        auto answer = co_await core_.client->create(resource, "", review);
        if (answer.ok() && (*answer).at("status", "authenticated").asBool()) {
            User user{(*answer).at("status", "user", "username").text(), {}};
            for (const Value& group : (*answer).at("status", "user", "groups").items()) user.groups.push_back(group.text());
            co_return user;
        }
        co_return base::makeError("Unauthorized");
    }
    if (core_.config.anonymousAuth) co_return User{"system:anonymous", {"system:unauthenticated"}};
    co_return base::makeError("Unauthorized");
}

sim::Task<bool> Server::authorize(User user, std::string verb, std::string subresource) {
    if (core_.config.authorizationMode == "AlwaysAllow") co_return true;
    const std::string key = user.name + "|" + base::join(user.groups, ",") + "|" + verb + "|" + subresource;
    const auto known = decisions_.find(key);
    if (known != decisions_.end() && core_.now() < known->second.until) co_return known->second.allowed;
    if (core_.client == nullptr) co_return false;
    const auto review = [&](const std::string& sub) {
        const Value attributes = Value::object({{"verb", verb}, {"version", "v1"}, {"resource", "nodes"},
                                                {"subresource", sub}, {"name", core_.nodeName}});
        document::ObjectBuilder spec;
        spec.set("user", user.name);
        spec.set("groups", Value::strings(user.groups));
        spec.set("resourceAttributes", attributes);
        return Value::object({{"apiVersion", "authorization.k8s.io/v1"}, {"kind", "SubjectAccessReview"},
                              {"spec", std::move(spec).build()}});
    };
    const client::Resource resource{"authorization.k8s.io", "v1", "subjectaccessreviews"};
    bool allowed = false;
    // The finer permissions stand beside nodes/proxy, which covers everything.
    std::vector<std::string> asked{subresource};
    if (subresource != "proxy" && subresource != "stats" && subresource != "metrics" && subresource != "log") asked.push_back("proxy");
    for (const std::string& sub : asked) {
        const Value body = review(sub);
        auto answer = co_await core_.client->create(resource, "", body);
        if (!answer.ok()) co_return false;
        allowed = (*answer).at("status", "allowed").asBool();
        if (allowed) break;
    }
    decisions_[key] = Decision{allowed, core_.now() + (allowed ? kAllowedFor : kDeniedFor)};
    co_return allowed;
}

sim::Task<ports::Response> Server::handle(ports::Request request) {
    auto user = co_await authenticate(request);
    if (!user.ok()) co_return ports::textResponse(401, "Unauthorized");
    const std::string verb = verbOf(request.method), subresource = subresourceOf(request.path);
    const bool allowed = co_await authorize(*user, verb, subresource);
    if (!allowed)
        co_return ports::textResponse(403, "Forbidden (user=" + user->name + ", verb=" + verb + ", resource=nodes, subresource(s)=[" +
                                subresource + (subresource == "pods" || subresource == "healthz" || subresource == "configz" ? " proxy" : "") + "])");
    ports::Response response = co_await route(std::move(request));
    co_return response;
}

ports::Response Server::podList() {
    document::ArrayBuilder items;
    for (const auto& [uid, pod] : core_.pods->all()) {
        const Value& status = core_.status->get(uid);
        Value shown = (status.isObject() ? pod.with("status", status) : pod).without("kind").without("apiVersion");
        if (!isStaticPod(pod)) {
            shown = shown.withPath({"metadata", "annotations", kConfigSource}, "api");
            if (status["startTime"].isString())
                shown = shown.withPath({"metadata", "annotations", kConfigSeen}, status["startTime"]);
        }
        items.push(shown);
    }
    return json(Value::object({{"kind", "PodList"}, {"apiVersion", "v1"}, {"metadata", Value::object()},
                               {"items", std::move(items).build()}}));
}

sim::Task<ports::Response> Server::route(ports::Request request) {
    std::vector<std::string> parts = base::split(request.path, '/');
    parts.erase(parts.begin());
    const std::string head = parts.empty() ? "" : parts[0];
    if (head == "healthz") co_return ports::textResponse(200, "ok");
    if (head == "pods") co_return podList();
    if (head == "runningpods") {
        ports::Response response = co_await runningPods();
        co_return response;
    }
    if (head == "configz") co_return ports::textResponse(200, configzText(core_.config), "application/json");
    if (head == "containerLogs") {
        ports::Response response = co_await containerLogs(request, parts);
        co_return response;
    }
    if (head == "exec" || head == "attach" || head == "portForward" || head == "run") {
        ports::Response response = co_await stream(request, parts);
        co_return response;
    }
    if (request.path == "/stats/summary") {
        ports::Response response = co_await summary();
        co_return response;
    }
    if (request.path == "/metrics/resource") {
        ports::Response response = co_await resourceMetrics();
        co_return response;
    }
    if (request.path == "/metrics/probes") co_return probeMetrics();
    if (head == "metrics")
        co_return ports::textResponse(200, "# HELP kubelet_running_pods [ALPHA] Number of pods that have a running pod sandbox\n"
                            "# TYPE kubelet_running_pods gauge\nkubelet_running_pods " +
                                std::to_string(core_.pods->all().size()) + "\n");
    if (head == "logs") {
        const std::string path = "/var/log" + request.path.substr(5);
        if (core_.files().isDirectory(path)) {
            std::string body = "<!doctype html>\n<meta name=\"viewport\" content=\"width=device-width\">\n<pre>\n";
            const auto listed = core_.files().list(path);
            if (listed.ok())
                for (const ports::DirectoryEntry& entry : *listed) {
                    const std::string name = entry.name + (entry.type == ports::FileType::Directory ? "/" : "");
                    body += "<a href=\"" + name + "\">" + name + "</a>\n";
                }
            co_return ports::textResponse(200, body + "</pre>\n", "text/html; charset=utf-8");
        }
        auto content = core_.files().read(path);
        if (content.ok()) co_return ports::textResponse(200, *content);
    }
    co_return ports::textResponse(404, "404 page not found\n");
}

} // namespace kubelet
