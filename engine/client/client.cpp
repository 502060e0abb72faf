#include "client/client.h"

#include "api/status.h"
#include "base/strings.h"
#include "document/json.h"

#include <cerrno>

namespace client {

using document::Value;

std::string Resource::path(std::string_view ns, std::string_view name,
                           std::string_view subresource) const {
    std::string out = group.empty() ? "/api/" + version : "/apis/" + group + "/" + version;
    if (!ns.empty()) out.append("/namespaces/").append(ns);
    out.append("/").append(plural);
    if (!name.empty()) out.append("/").append(name);
    if (!subresource.empty()) out.append("/").append(subresource);
    return out;
}

struct Client::State {
    State(sim::Kernel& k, ports::NetStack& n, Config c)
        : kernel(k), network(n), config(std::move(c)), scope(k) {}

    using Watches = std::vector<std::weak_ptr<sim::Channel<ports::WatchEvent>>>;
    // A connection with the watches that end when it ends.
    struct Link {
        ports::ConnectionPtr connection;
        Watches watches;
        ~Link() {
            for (const auto& weak : watches)
                if (auto channel = weak.lock()) channel->close();
        }
    };

    sim::Kernel& kernel;
    ports::NetStack& network;
    Config config;
    std::shared_ptr<Link> link;
    bool dialling = false;
    sim::Signal dialled;
    sim::Scope scope;

    static sim::Task<void> endWithConnection(State* state, std::shared_ptr<Link> link) {
        while (link->connection->open()) co_await link->connection->closed().wait();
        for (const auto& weak : link->watches)
            if (auto channel = weak.lock()) channel->close();
        link->watches.clear();
        if (state->link == link) state->link = nullptr;
    }
};

namespace {

// Marks a dial in progress; a cancelled dial lets the next waiter try.
struct DialGuard {
    bool& flag;
    sim::Signal& signal;
    DialGuard(bool& f, sim::Signal& s) : flag(f), signal(s) { flag = true; }
    ~DialGuard() {
        flag = false;
        signal.notify();
    }
};

base::Error dialError(const std::string& target, const base::Error& cause) {
    const bool timeout = cause.code == ETIMEDOUT;
    return base::makeError("dial tcp " + target + ": " + (timeout ? "" : "connect: ") + cause.message,
                           0, "Transport");
}

base::Error transport(base::Error error) {
    error.code = 0;
    if (error.reason.empty()) error.reason = "Transport";
    return error;
}

} // namespace

Client::Client(sim::Kernel& kernel, ports::NetStack& network, Config config)
    : state_(std::make_unique<State>(kernel, network, std::move(config))) {}
Client::~Client() { disconnect(); }
const Config& Client::config() const { return state_->config; }
void Client::setBearerToken(std::string token) { state_->config.bearerToken = std::move(token); }
sim::Kernel& Client::kernel() { return state_->kernel; }

void Client::disconnect() {
    if (auto link = std::exchange(state_->link, nullptr)) link->connection->close();
}

sim::Task<base::Result<ports::ConnectionPtr>> Client::connection() {
    State& state = *state_;
    while (state.dialling) co_await state.dialled.wait();
    if (state.link && state.link->connection->open()) co_return state.link->connection;
    state.link = nullptr;
    DialGuard guard(state.dialling, state.dialled);

    base::Endpoint to;
    to.port = state.config.port;
    if (auto ip = base::IpAddress::parse(state.config.host)) {
        to.ip = *ip;
    } else if (state.config.resolver) {
        auto found = co_await state.config.resolver->resolve(state.config.host);
        if (!found.ok())
            co_return transport(base::makeError("dial tcp: " + found.error().message));
        to.ip = found.value();
    } else {
        co_return transport(
            base::makeError("dial tcp: lookup " + state.config.host + ": no such host"));
    }
    ports::ConnectOptions options;
    options.timeout = state.config.connectTimeout;
    auto made = co_await state.network.connect(to, options);
    if (!made.ok()) co_return dialError(to.text(), made.error());
    ports::ConnectionPtr connection = made.value();
    if (state.config.tls) {
        base::Status secured =
            co_await connection->startTls(state.config.credentials, state.config.host);
        if (!secured.ok()) {
            connection->close();
            co_return transport(secured.error());
        }
    }
    state.link = std::make_shared<State::Link>();
    state.link->connection = connection;
    state.scope.spawn(State::endWithConnection(&state, state.link), "client-connection");
    co_return connection;
}

sim::Task<base::Result<ports::Response>> Client::raw(ports::Request request) {
    const Config& config = state_->config;
    if (!request.headers.has("User-Agent")) request.headers.set("User-Agent", config.userAgent);
    if (!config.bearerToken.empty() && !request.headers.has("Authorization"))
        request.headers.set("Authorization", "Bearer " + config.bearerToken);
    if (!config.impersonateUser.empty()) {
        request.headers.set("Impersonate-User", config.impersonateUser);
        for (const std::string& group : config.impersonateGroups)
            request.headers.add("Impersonate-Group", group);
        if (!config.impersonateUid.empty())
            request.headers.set("Impersonate-Uid", config.impersonateUid);
    }
    if (!request.headers.has("Accept")) request.headers.set("Accept", "application/json, */*");
    auto connected = co_await connection();
    if (!connected.ok()) co_return connected.error();
    auto link = state_->link;
    auto answer = co_await connected.value()->roundTrip(std::move(request));
    if (!answer.ok()) {
        // A connection on which a message was lost is not used again.
        if (link && state_->link == link && !link->connection->open()) state_->link = nullptr;
        co_return transport(answer.error());
    }
    if (answer.value().watch && link) {
        std::erase_if(link->watches, [](const auto& weak) { return weak.expired(); });
        link->watches.push_back(answer.value().watch);
    }
    co_return answer;
}

sim::Task<base::Result<Value>> Client::call(ports::Request request) {
    auto answer = co_await raw(std::move(request));
    if (!answer.ok()) co_return answer.error();
    const ports::Response& response = answer.value();
    if (response.status < 200 || response.status > 299) co_return errorFromResponse(response);
    if (!response.object.isNull() || response.body.empty()) co_return response.object;
    co_return document::readJson(response.body);
}

namespace {

void addWriteOptions(ports::Request& request, const WriteOptions& options) {
    if (options.dryRun) request.query.set("dryRun", "All");
    if (!options.fieldManager.empty()) request.query.set("fieldManager", options.fieldManager);
    if (!options.fieldValidation.empty())
        request.query.set("fieldValidation", options.fieldValidation);
    if (options.force) request.query.set("force", "true");
}

void addListOptions(ports::Request& request, const ListOptions& options) {
    if (!options.labelSelector.empty()) request.query.set("labelSelector", options.labelSelector);
    if (!options.fieldSelector.empty()) request.query.set("fieldSelector", options.fieldSelector);
    if (options.limit > 0) request.query.set("limit", std::to_string(options.limit));
    if (!options.continueToken.empty()) request.query.set("continue", options.continueToken);
    if (!options.resourceVersion.empty())
        request.query.set("resourceVersion", options.resourceVersion);
}

ports::Request makeRequest(std::string method, std::string path) {
    ports::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    return request;
}

} // namespace

sim::Task<base::Result<Value>> Client::get(Resource resource, std::string ns, std::string name,
                                           std::string subresource) {
    co_return co_await call(makeRequest("GET", resource.path(ns, name, subresource)));
}

sim::Task<base::Result<Value>> Client::list(Resource resource, std::string ns, ListOptions options) {
    ports::Request request = makeRequest("GET", resource.path(ns));
    addListOptions(request, options);
    co_return co_await call(std::move(request));
}

sim::Task<base::Result<Value>> Client::create(Resource resource, std::string ns, Value object,
                                              std::string subresource, std::string name,
                                              WriteOptions options) {
    ports::Request request = makeRequest("POST", resource.path(ns, name, subresource));
    request.headers.set("Content-Type", "application/json");
    request.object = std::move(object);
    addWriteOptions(request, options);
    co_return co_await call(std::move(request));
}

sim::Task<base::Result<Value>> Client::update(Resource resource, std::string ns, Value object,
                                              std::string subresource, WriteOptions options) {
    const std::string name = object.at("metadata", "name").text();
    ports::Request request = makeRequest("PUT", resource.path(ns, name, subresource));
    request.headers.set("Content-Type", "application/json");
    request.object = std::move(object);
    addWriteOptions(request, options);
    co_return co_await call(std::move(request));
}

sim::Task<base::Result<Value>> Client::patch(Resource resource, std::string ns, std::string name,
                                             std::string type, Value patch, std::string subresource,
                                             WriteOptions options) {
    ports::Request request = makeRequest("PATCH", resource.path(ns, name, subresource));
    request.headers.set("Content-Type", std::move(type));
    request.object = std::move(patch);
    addWriteOptions(request, options);
    co_return co_await call(std::move(request));
}

sim::Task<base::Result<Value>> Client::remove(Resource resource, std::string ns, std::string name,
                                              DeleteOptions options) {
    ports::Request request = makeRequest("DELETE", resource.path(ns, name));
    document::ObjectBuilder body;
    body.set("kind", "DeleteOptions").set("apiVersion", "v1");
    if (options.gracePeriodSeconds >= 0) body.set("gracePeriodSeconds", options.gracePeriodSeconds);
    if (!options.propagationPolicy.empty()) body.set("propagationPolicy", options.propagationPolicy);
    document::ObjectBuilder preconditions;
    if (!options.uid.empty()) preconditions.set("uid", options.uid);
    if (!options.resourceVersion.empty())
        preconditions.set("resourceVersion", options.resourceVersion);
    if (!preconditions.empty()) body.set("preconditions", std::move(preconditions).build());
    if (options.dryRun) body.set("dryRun", Value::array({"All"}));
    request.headers.set("Content-Type", "application/json");
    request.object = std::move(body).build();
    co_return co_await call(std::move(request));
}

sim::Task<base::Result<std::shared_ptr<sim::Channel<ports::WatchEvent>>>>
Client::watch(Resource resource, std::string ns, std::string resourceVersion, ListOptions options) {
    ports::Request request = makeRequest("GET", resource.path(ns));
    options.resourceVersion = std::move(resourceVersion);
    addListOptions(request, options);
    request.query.set("watch", "true");
    request.query.set("allowWatchBookmarks", "true");
    // Source: client-go tools/cache reflector: a watch ends by itself after 5 to 10 minutes.
    const std::int64_t seconds = state_->kernel.random("client/watch-timeout").between(300, 599);
    request.query.set("timeoutSeconds", std::to_string(seconds));
    auto answer = co_await raw(std::move(request));
    if (!answer.ok()) co_return answer.error();
    ports::Response& response = answer.value();
    if (response.status != 200) co_return errorFromResponse(response);
    if (!response.watch) co_return base::makeError("the server did not answer with a watch");
    co_return response.watch;
}

base::Error errorFromResponse(const ports::Response& response) {
    Value body = response.object;
    if (body.isNull() && !response.body.empty()) {
        auto parsed = document::readJson(response.body);
        if (parsed.ok()) body = parsed.value();
    }
    if (body["kind"].asString() == "Status") return api::errorFromStatus(body);
    // Source: apimachinery api/errors NewGenericServerResponse.
    switch (response.status) {
    case 400:
        return api::statusError(400, "BadRequest", "the server rejected our request for an unknown reason");
    case 401:
        return api::statusError(401, "Unauthorized",
                                "the server has asked for the client to provide credentials");
    case 403: {
        std::string text(base::trim(response.body));
        return api::statusError(403, "Forbidden", text.empty() ? "forbidden" : std::move(text));
    }
    case 404:
        return api::statusError(404, "NotFound", "the server could not find the requested resource");
    case 405:
        return api::statusError(405, "MethodNotAllowed",
                                "the server does not allow this method on the requested resource");
    case 406: return api::statusError(406, "NotAcceptable", "the server was unable to respond with a content type that the client supports");
    case 415: return api::statusError(415, "UnsupportedMediaType", "the server was unable to respond with a content type that the client supports");
    case 422: return api::statusError(422, "Invalid", "the server rejected our request due to an error in our request");
    case 429: return api::statusError(429, "TooManyRequests", "the server has received too many requests and has asked us to try again later");
    case 503: return api::statusError(503, "ServiceUnavailable", "the server is currently unable to handle the request");
    case 504: return api::statusError(504, "Timeout", "the server was unable to return a response in the time allotted, but may still be processing the request");
    default:
        return api::statusError(response.status, response.status >= 500 ? "InternalError" : "Unknown",
                                "an error on the server (" + base::quoteGo(base::trim(response.body)) +
                                    ") has prevented the request from succeeding");
    }
}

} // namespace client
