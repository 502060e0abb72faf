#include "kubectl/core/session.h"

#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"
#include "kubectl/core/verbosity.h"
#include "network/dns/resolver.h"
#include "pki/certificate.h"

#include <algorithm>
#include <fmt/format.h>

namespace kubectl {

using document::Value;

namespace {

constexpr const char* kUserAgent = "kubectl/v1.35.4 (linux/amd64) kubernetes/0123456";

// Resolves through the process' files and network, with Go's error text.
class ProcessResolver : public client::Resolver {
public:
    explicit ProcessResolver(ports::Process& process) : process_(process) {}
    sim::Task<base::Result<base::IpAddress>> resolve(std::string host) override {
        auto found = co_await network::dns::resolve(process_.kernel(), process_.files(),
                                                    process_.network(), host);
        if (found.ok() && !found.value().empty()) co_return found.value().front();
        const auto config = network::dns::resolverConfig(process_.files());
        co_return base::makeError(network::dns::goLookupError(
            config, host, found.ok() ? network::dns::kNotFound : found.error().code));
    }

private:
    ports::Process& process_;
};

// Where the server found nothing to answer with a Status, the client says what it asked for.
// Source: apimachinery api/errors NewGenericServerResponse.
base::Error answerError(const std::string& method, const std::string& path, const ports::Response& response) {
    base::Error error = client::errorFromResponse(response);
    const bool known = response.status == 404 || response.status == 503;
    if (!known || !response.object.isNull() || response.body.starts_with("{")) return error;
    auto parts = base::split(path.substr(1), '/');
    const bool grouped = parts[0] == "apis";
    const std::string group = grouped && parts.size() > 1 ? "." + parts[1] : "";
    parts.erase(parts.begin(), parts.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(parts.size(), grouped ? 3 : 2)));
    if (parts.size() > 2 && parts[0] == "namespaces") parts.erase(parts.begin(), parts.begin() + 2);
    if (parts.empty()) return error;
    const std::string asked = base::toLower(method) + " " + parts[0] + group + (parts.size() > 1 ? " " + parts[1] : "");
    const std::string reason = response.status == 404 ? "NotFound" : "ServiceUnavailable";
    return api::statusError(response.status, reason, error.message + " (" + asked + ")");
}

} // namespace

std::string klogLine(Session& session, char level, std::string_view place, std::string_view text) {
    const sim::CivilTime t = sim::civilTime(session.kernel().unixNow());
    return fmt::format("{}{:02}{:02} {:02}:{:02}:{:02}.{:06} {:7} {}] {}\n", level, t.month, t.day,
                       t.hour, t.minute, t.second, t.nanosecond / 1000, session.process.pid(), place,
                       text);
}

Session::Session(ports::Process& p, CommandLine given)
    : process(p), line(std::move(given)), flags(line.flags), args(line.args) {}
Session::~Session() = default;

void Session::out(std::string text) {
    if (!text.empty()) pending_.emplace_back(false, std::move(text));
}
void Session::err(std::string text) {
    if (!text.empty()) pending_.emplace_back(true, std::move(text));
}
void Session::warn(std::string_view text) {
    if (std::find(warned_.begin(), warned_.end(), text) != warned_.end()) return;
    warned_.emplace_back(text);
    err("Warning: " + std::string(text) + "\n");
}

void Session::errOnce(std::string text) {
    if (std::find(warned_.begin(), warned_.end(), text) != warned_.end()) return;
    warned_.push_back(text);
    err(std::move(text));
}

sim::Task<void> Session::flush() {
    std::vector<std::pair<bool, std::string>> chunks = std::exchange(pending_, {});
    for (auto& [toError, text] : chunks) {
        if (toError) co_await process.writeError(std::move(text));
        else co_await process.writeOut(std::move(text));
    }
}

sim::Task<base::Result<std::string>> Session::readInput() {
    if (inputRead_) co_return std::string{};
    inputRead_ = true;
    co_await flush();
    std::string all;
    auto pipe = process.input();
    while (pipe != nullptr) {
        std::string part = co_await pipe->read();
        if (part.empty()) break;
        all += part;
        if (all.size() > 16u * 1024 * 1024) co_return base::makeError("standard input is too large");
    }
    co_return all;
}

namespace {

bool namesInput(std::string_view path) {
    return path == "/dev/stdin" || path == "/dev/fd/0" || path == "/proc/self/fd/0";
}

} // namespace

sim::Task<base::Status> Session::readNamedInput() {
    bool named = false;
    for (const char* flag : {"filename", "from-file", "from-env-file", "patch-file", "cert", "key", "custom"})
        for (const std::string& file : flags.list(flag)) // "key=/dev/stdin", too
            named = named || namesInput(std::string_view(file).substr(file.rfind('=') + 1));
    if (!named) co_return base::okStatus();
    auto text = co_await readInput();
    if (!text.ok()) co_return text.error();
    namedInput_ = std::move(text).value();
    co_return base::okStatus();
}

base::Result<ports::FileStat> Session::stat(const std::string& path) {
    if (!namedInput_ || !namesInput(path)) return process.files().stat(process.resolve(path));
    ports::FileStat out;
    out.type = ports::FileType::Fifo;
    return out;
}

base::Result<std::string> Session::readFile(const std::string& path) {
    if (namedInput_ && namesInput(path)) return std::exchange(*namedInput_, {});
    const std::string full = process.resolve(path);
    if (process.files().isDirectory(full)) return base::makeError("read " + path + ": is a directory");
    auto text = process.files().read(full);
    if (!text.ok()) {
        base::Error error = text.error();
        if (!error.message.empty() && error.message[0] >= 'A' && error.message[0] <= 'Z')
            error.message[0] = static_cast<char>(error.message[0] + 32);
        error.message = "open " + path + ": " + error.message;
        return error;
    }
    return text;
}

base::Result<Kubeconfig> Session::kubeconfig() {
    std::string warning;
    auto loaded = KubeconfigPaths(process, flags).load(&warning);
    if (!warning.empty()) err(warning);
    return loaded;
}

base::Result<std::string> Session::ns() {
    if (settings_) return settings_->ns;
    BASE_TRY(const Kubeconfig config, kubeconfig());
    return namespaceOf(process, flags, config);
}
bool Session::nsGiven() const {
    return flags.changed("namespace") && !flags.text("namespace").empty();
}

base::Result<ClientSettings> Session::settings() {
    if (settings_) return *settings_;
    BASE_TRY(const Kubeconfig config, kubeconfig());
    BASE_TRY(ClientSettings made, clientSettings(process, flags, config));
    const std::string timeout = flags.text("request-timeout");
    if (!base::parseInt(timeout) && !sim::parseGoDuration(timeout))
        return base::makeError("Invalid timeout value. Timeout must be a single integer in seconds, or an "
                               "integer followed by a corresponding time unit (e.g. 1s | 2m | 3h)");
    settings_ = made;
    return made;
}

// Source: client-go tools/clientcmd promptedCredentials.
sim::Task<base::Status> Session::askForUser() {
    out("Please enter Username: ");
    co_await flush();
    auto pipe = process.input();
    std::string text;
    while (pipe != nullptr && text.find('\n') == std::string::npos) {
        std::string part = co_await pipe->read();
        if (part.empty()) break;
        text += part;
    }
    if (text.find('\n') == std::string::npos) co_return base::makeError("EOF");
    const auto lines = base::split(text, '\n');
    settings_->username = lines[0];
    out("Please enter Password: ");
    co_await flush();
    if (lines.size() > 1) settings_->password = lines[1];
    out("\n");
    settings_->mustAsk = false;
    co_return base::okStatus();
}

sim::Task<base::Status> Session::connect() {
    if (client_) co_return base::okStatus();
    if (auto loaded = settings(); !loaded.ok()) co_return loaded.error();
    if (verbosity(*this) >= 6) {
        const KubeconfigPaths paths(process, flags);
        for (const std::string& file : paths.files()) logConfigLoaded(*this, file);
    }
    if (settings_->mustAsk) BASE_CO_CHECK(co_await askForUser());
    client::Config config;
    config.host = settings_->host;
    config.port = static_cast<std::uint16_t>(settings_->port);
    config.tls = settings_->scheme == "https";
    config.resolver = std::make_shared<ProcessResolver>(process);
    config.bearerToken = settings_->token;
    config.userAgent = kUserAgent;
    config.impersonateUser = settings_->asUser;
    config.impersonateGroups = settings_->asGroups;
    config.impersonateUid = settings_->asUid;
    config.credentials.insecureSkipVerify = settings_->insecure;
    config.credentials.serverName = settings_->tlsServerName;
    if (!settings_->authorityPem.empty()) {
        auto roots = pki::readCertificatesPem(settings_->authorityPem);
        if (!roots.ok())
            co_return base::makeError("unable to load root certificates: unable to parse bytes as "
                                      "PEM block");
        config.credentials.roots = roots.value();
    }
    if (config.tls && !settings_->certificatePem.empty()) {
        auto chain = pki::readCertificatesPem(settings_->certificatePem);
        auto key = pki::readKeyPem(settings_->keyPem);
        if (!chain.ok())
            co_return base::makeError("tls: failed to find any PEM data in certificate input");
        if (!key.ok()) co_return base::makeError("tls: failed to find any PEM data in key input");
        if (!pki::matches(*chain.value().front(), *key.value()))
            co_return base::makeError("tls: private key does not match public key");
        config.credentials.chain = chain.value();
        config.credentials.key = key.value();
    }
    client_ = std::make_unique<client::Client>(kernel(), process.network(), std::move(config));
    co_return base::okStatus();
}

void Session::printWarnings(const ports::Response& response) {
    for (const std::string& header : response.headers.all("Warning")) {
        const auto open = header.find('"');
        if (open == std::string::npos) continue;
        std::string text;
        for (std::size_t i = open + 1; i < header.size() && header[i] != '"'; ++i) {
            if (header[i] == '\\' && i + 1 < header.size()) ++i;
            text += header[i];
        }
        warn(text);
    }
}

sim::Time Session::requestDeadline() {
    const std::string text = flags.text("request-timeout");
    if (const auto seconds = base::parseInt(text); seconds && *seconds > 0) return kernel().now() + *seconds * sim::kSecond;
    const auto duration = sim::parseGoDuration(text);
    return duration && *duration > 0 ? kernel().now() + *duration : sim::kForever;
}

sim::Task<base::Result<ports::Response>> Session::send(ports::Request request) {
    BASE_CO_CHECK(co_await connect());
    const std::string query = request.query.text();
    const std::string url = settings_->scheme + "://" + settings_->hostPort + request.path +
                            (query.empty() ? "" : "?" + query);
    const std::string method = request.method;
    if (!settings_->username.empty() && !request.headers.has("Authorization"))
        request.headers.set("Authorization",
                            "Basic " + base::encodeBase64(settings_->username + ":" + settings_->password));
    for (const std::string& extra : flags.list("as-user-extra"))
        if (const auto parts = base::splitLimited(extra, '=', 2); parts.size() == 2)
            request.headers.add("Impersonate-Extra-" + parts[0], parts[1]);
    if (!settings_->basePath.empty()) request.path = settings_->basePath + request.path;
    LoggedRequest logged;
    const bool logs = verbosity(*this) >= 6;
    if (logs) {
        logged.method = method;
        logged.url = url;
        logged.headers = request.headers;
        logged.headers.set("User-Agent", kUserAgent);
        logged.body = request.object.isNull() ? request.body : document::writeJson(request.object, true);
        logged.begun = kernel().now();
        logRequest(*this, logged);
    }
    base::Result<ports::Response> answer = ports::Response();
    if (const sim::Time deadline = requestDeadline(); deadline == sim::kForever) {
        answer = co_await client_->raw(std::move(request));
    } else {
        auto timed = co_await sim::withDeadline(kernel(), client_->raw(std::move(request)), deadline);
        if (!timed) client_->disconnect();
        if (timed) answer = std::move(*timed);
        else answer = base::makeError("net/http: request canceled (Client.Timeout exceeded while awaiting headers)");
    }
    if (logs) logResponse(*this, logged, answer.ok() ? &answer.value() : nullptr);
    if (!answer.ok())
        co_return urlError(method, url, settings_->hostPort, answer.error().message);
    printWarnings(answer.value());
    if (logs) co_await flush();
    co_return answer;
}

sim::Task<base::Result<Value>> Session::call(std::string method, std::string path,
                                             CallOptions options) {
    ports::Request request;
    request.method = method;
    request.path = path;
    request.query = std::move(options.query);
    request.headers.set("Accept", options.accept);
    if (!options.body.isNull() || !options.text.empty())
        request.headers.set("Content-Type", options.contentType);
    request.object = std::move(options.body);
    request.body = std::move(options.text);
    auto answer = co_await send(std::move(request));
    if (!answer.ok()) co_return answer.error();
    const ports::Response& response = answer.value();
    if (response.status < 200 || response.status > 299) co_return answerError(method, path, response);
    if (!response.object.isNull() || response.body.empty()) co_return response.object;
    co_return document::readJson(response.body);
}

sim::Task<base::Result<Value>> Session::get(std::string path, ports::Query query) {
    CallOptions options;
    options.query = std::move(query);
    co_return co_await call("GET", std::move(path), std::move(options));
}

sim::Task<base::Status> Session::discover(Mapper& into) {
    static constexpr const char* kAggregated =
        "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;"
        "g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json";
    for (const char* root : {"/api", "/apis"}) {
        CallOptions options;
        options.accept = kAggregated;
        options.query.set("timeout", "32s");
        auto answer = co_await call("GET", root, std::move(options));
        if (!answer.ok()) co_return answer.error();
        into.add(answer.value());
    }
    saveDiscovery(into);
    co_return base::okStatus();
}

// The discovery cache on disk: what lets a command get as far as its own request when the server
// cannot be reached, and still name a kind that is gone.
std::string Session::cachePath() const {
    std::string folder = flags.text("cache-dir");
    const auto home = process.env().find("HOME");
    folder = base::replaceAll(folder, "$HOME", home == process.env().end() ? "" : home->second);
    std::string host = settings_->hostPort;
    for (char& c : host)
        if (!std::isalnum(static_cast<unsigned char>(c)) && c != '.' && c != '-') c = '_';
    return folder + "/discovery/" + host;
}

void Session::saveDiscovery(const Mapper& mapper) {
    const std::string folder = cachePath();
    if (!process.files().makeDirectories(folder, 0750).ok()) return;
    const base::Status written = process.files().write(folder + "/resources.tsv", mapper.text(), 0660);
    static_cast<void>(written.ok());
}

// Source: client-go discovery/cached/disk; kubectl keeps what it read for six hours.
bool Session::loadDiscovery(Mapper& into) {
    const std::string file = cachePath() + "/resources.tsv";
    const auto known = process.files().stat(file);
    if (!known.ok() || kernel().unixNow() - known->modified > 6 * 3600 * sim::kSecond) return false;
    auto text = process.files().read(file);
    return text.ok() && into.readText(text.value());
}

sim::Task<base::Result<const Mapper*>> Session::mapper() {
    if (!mappers_.empty()) co_return static_cast<const Mapper*>(mappers_.back().get());
    if (auto loaded = settings(); !loaded.ok()) co_return loaded.error();
    auto cached = std::make_unique<Mapper>();
    if (!loadDiscovery(*cached)) co_return co_await refreshMapper();
    mappers_.push_back(std::move(cached));
    co_return static_cast<const Mapper*>(mappers_.back().get());
}

sim::Task<base::Result<const Mapper*>> Session::refreshMapper() {
    if (mapperFresh_) co_return static_cast<const Mapper*>(mappers_.back().get());
    // Source: client-go discovery/cached/memory: each of the callers that need the mapper logs its
    // own failure before the command gives up.
    base::Error last;
    for (int attempt = 0; attempt < 5; ++attempt) {
        auto made = std::make_unique<Mapper>();
        base::Status found = co_await discover(*made);
        if (found.ok()) {
            mapperFresh_ = true;
            mappers_.push_back(std::move(made));
            co_return static_cast<const Mapper*>(mappers_.back().get());
        }
        last = found.error();
        if (!isUrlError(last) && last.code == 0) break;
        err(klogLine(*this, 'E', "memcache.go:265",
                     "\"Unhandled Error\" err=" +
                         base::quoteGo("couldn't get current server API group list: " +
                                       errorText(last))));
    }
    co_return last;
}

// Source: client-go restmapper DeferredDiscoveryRESTMapper: a miss drops what was cached.
sim::Task<base::Result<const Mapper*>> Session::mapperFor(std::vector<std::string> resources) {
    auto known = co_await mapper();
    if (!known.ok()) co_return known.error();
    for (const std::string& name : resources)
        if (known.value()->find(name) == nullptr && known.value()->category(name).empty())
            co_return co_await refreshMapper();
    co_return known.value();
}

} // namespace kubectl
