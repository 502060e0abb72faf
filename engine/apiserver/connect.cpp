#include "apiserver/connect.h"

#include "base/strings.h"

#include <cerrno>

namespace apiserver {

using document::Value;

namespace {

bool isStreaming(const RequestInfo& info) {
    if (!info.group.empty() || info.subresource.empty()) return false;
    if (info.resource == "pods")
        return info.subresource == "log" || info.subresource == "exec" || info.subresource == "attach" ||
               info.subresource == "portforward" || info.subresource == "proxy";
    return (info.resource == "services" || info.resource == "nodes") && info.subresource == "proxy";
}

// The APIService that stands for another server; null when the group is ours.
Value aggregatedService(Core& core, const RequestInfo& info) {
    if (info.group.empty() || core.kinds.versions(info.group).size() > 0) return {};
    const Value service = core.lookup("apiregistration.k8s.io", "apiservices", "",
                                      info.version + "." + info.group);
    return service.at("spec", "service").isObject() ? service : Value();
}

RequestInfo groupOfPath(const Core&, const std::string& path) {
    RequestInfo info;
    const auto parts = base::split(path, '/');
    if (parts.size() >= 4 && parts[1] == "apis") {
        info.group = parts[2];
        info.version = parts[3];
    }
    return info;
}

std::string dialText(const base::Endpoint& to, const base::Error& error) {
    return "dial tcp " + to.text() + ": " + (error.code == ETIMEDOUT ? "" : "connect: ") + error.message;
}

std::string nodeAddress(const Value& node) {
    for (const char* type : {"InternalIP", "Hostname", "ExternalIP"})
        for (const Value& address : node.at("status", "addresses").items())
            if (address["type"].asString() == type) return address["address"].text();
    return {};
}

base::Result<std::string> chooseContainer(const Value& pod, std::string_view asked) {
    const std::string name(metaText(pod, "name"));
    std::vector<std::string> names, initial, ephemeral;
    for (const Value& c : pod.at("spec", "containers").items()) names.push_back(c["name"].text());
    for (const Value& c : pod.at("spec", "initContainers").items()) initial.push_back(c["name"].text());
    for (const Value& c : pod.at("spec", "ephemeralContainers").items()) ephemeral.push_back(c["name"].text());
    if (!asked.empty()) {
        for (const auto* list : {&names, &initial, &ephemeral})
            for (const std::string& known : *list)
                if (known == asked) return known;
        return api::badRequest("container " + std::string(asked) + " is not valid for pod " + name);
    }
    if (names.size() == 1) return names[0];
    if (names.empty()) return api::badRequest("a container name must be specified for pod " + name);
    std::string text = "a container name must be specified for pod " + name + ", choose one of: [" +
                       base::join(names, " ") + "]";
    if (!initial.empty()) text += " or one of the init containers: [" + base::join(initial, " ") + "]";
    return api::badRequest(text);
}

// The kubelet's path for a pod's subresource.
base::Result<std::string> kubeletPath(const Context& context, const Value& pod) {
    const std::string& sub = context.info.subresource;
    const std::string base = "/" + context.info.ns + "/" + context.info.name;
    if (sub == "portforward") return "/portForward" + base;
    BASE_TRY(std::string container, chooseContainer(pod, context.request.query.get("container")));
    if (sub == "log") return "/containerLogs" + base + "/" + container;
    return "/" + sub + base + "/" + container;
}

// Source: pkg/apis/core/validation ValidatePodLogOptions.
base::Status checkLogOptions(const ports::Query& query, const std::string& pod) {
    std::vector<api::StatusCause> causes;
    const auto atLeast = [&](const char* key, std::int64_t least, const char* text) {
        const auto number = base::parseInt(query.get(key));
        if (!query.has(key) || !number || *number >= least) return;
        causes.push_back(
            {"FieldValueInvalid", "Invalid value: " + std::string(query.get(key)) + ": " + text, key});
    };
    const auto forbidden = [&](const char* key, const std::string& text) {
        causes.push_back({"FieldValueForbidden", "Forbidden: " + text, key});
    };
    atLeast("tailLines", 0, "must be greater than or equal to 0");
    atLeast("limitBytes", 1, "must be greater than 0");
    if (!query.get("sinceSeconds").empty() && !query.get("sinceTime").empty())
        forbidden("[]", "at most one of `sinceTime` or `sinceSeconds` may be specified");
    else
        atLeast("sinceSeconds", 1, "must be greater than 0");
    const std::string stream(query.get("stream"));
    if (!stream.empty() && stream != "All" && stream != "Stdout" && stream != "Stderr")
        causes.push_back({"FieldValueNotSupported",
                          "Unsupported value: " + base::quoteGo(stream) +
                              ": supported values: \"All\", \"Stderr\", \"Stdout\"",
                          "stream"});
    if (!stream.empty() && stream != "All" && query.has("tailLines"))
        forbidden("[]", "`tailLines` and specific `stream` are mutually exclusive for now");
    if (causes.empty()) return base::okStatus();
    return api::invalid("", "PodLogOptions", pod, std::move(causes));
}

struct Target {
    base::Endpoint endpoint;
    std::string host, path;
    bool tls = false;
    ports::TlsClient credentials;
    std::string what; // for errors
};

base::Result<Target> kubeletTarget(Core& core, const std::string& nodeName) {
    const Value node = core.lookup("", "nodes", "", nodeName);
    if (node.isNull()) return api::notFound("", "nodes", nodeName);
    Target target;
    target.host = nodeAddress(node);
    const auto ip = base::IpAddress::parse(target.host);
    if (!ip)
        return api::statusError(500, "InternalError",
                                "Internal error occurred: no preferred addresses found; known addresses: []");
    const std::int64_t port = node.at("status", "daemonEndpoints", "kubeletEndpoint", "Port").asInt(10250);
    target.endpoint = {*ip, static_cast<std::uint16_t>(port)};
    target.tls = true;
    target.credentials = core.config.kubeletClient;
    return target;
}

base::Result<Target> podTarget(Core& core, Context& context) {
    if (context.info.subresource == "log")
        BASE_CHECK(checkLogOptions(context.request.query, context.info.name));
    BASE_TRY(store::ChangePtr stored,
             readStored(core, *context.resource, context.info.ns, context.info.name));
    if (!stored) return api::notFound("", "pods", context.info.name);
    const Value& pod = stored->value;
    BASE_TRY(std::string path, kubeletPath(context, pod));
    const std::string node = pod.at("spec", "nodeName").text();
    if (node.empty()) {
        if (context.info.subresource == "log") return Target{};
        return api::badRequest("pod " + context.info.name + " does not have a host assigned");
    }
    BASE_TRY(Target target, kubeletTarget(core, node));
    target.path = std::move(path);
    return target;
}

// "https:web:443" of a proxy path: scheme, name, port.
struct ProxyName {
    std::string scheme, name, port;
};
ProxyName splitProxyName(const std::string& text) {
    const auto parts = base::split(text, ':');
    if (parts.size() == 3) return {parts[0], parts[1], parts[2]};
    if (parts.size() == 2) return {"", parts[0], parts[1]};
    return {"", text, ""};
}

std::string rest(const RequestInfo& info) {
    std::string path;
    for (std::size_t i = 3; i < info.parts.size(); ++i) path += "/" + info.parts[i];
    return path.empty() ? "/" : path;
}

std::optional<std::uint16_t> portNumber(const Value& ports, const std::string& text, const char* field) {
    if (text.empty()) {
        if (ports.size() == 0) return std::nullopt;
        return static_cast<std::uint16_t>(ports[0][field].asInt());
    }
    if (const auto number = base::parseInt(text)) return static_cast<std::uint16_t>(*number);
    for (const Value& port : ports.items())
        if (port["name"].asString() == text) return static_cast<std::uint16_t>(port[field].asInt());
    return std::nullopt;
}

base::Result<Target> podProxyTarget(Core& core, Context& context) {
    const ProxyName asked = splitProxyName(context.info.name);
    const Value pod = core.lookup("", "pods", context.info.ns, asked.name);
    if (pod.isNull()) return api::notFound("", "pods", asked.name);
    const auto ip = base::IpAddress::parse(pod.at("status", "podIP").asString());
    if (!ip) return api::badRequest("address not allowed");
    const auto port = portNumber(pod.at("spec", "containers")[0]["ports"], asked.port, "containerPort");
    Target target;
    target.endpoint = {*ip, port.value_or(80)};
    target.tls = asked.scheme == "https";
    target.credentials.insecureSkipVerify = true;
    target.path = rest(context.info);
    return target;
}

// A service is reached through one of its ready endpoints.
base::Result<Target> serviceTarget(Core& core, const std::string& ns, const std::string& name,
                                   const std::string& portText) {
    const Value service = core.lookup("", "services", ns, name);
    if (service.isNull()) return api::notFound("", "services", name);
    std::string portName;
    bool found = false;
    for (const Value& port : service.at("spec", "ports").items()) {
        const bool match = portText.empty() ? service.at("spec", "ports").size() == 1
                                            : port["name"].asString() == portText ||
                                                  std::to_string(port["port"].asInt()) == portText;
        if (match && !found) portName = port["name"].text();
        found = found || match;
    }
    const base::Error none = api::statusError(
        503, "ServiceUnavailable",
        found ? "no endpoints available for service " + base::quoteGo(name)
              : "no service port " + (base::parseInt(portText) ? portText : base::quoteGo(portText)) +
                    " found for service " + base::quoteGo(name));
    if (!found) return none;
    for (const Value& slice : core.all("discovery.k8s.io", "endpointslices", ns)) {
        if (slice.at("metadata", "labels")["kubernetes.io/service-name"].asString() != name) continue;
        for (const Value& port : slice["ports"].items()) {
            if (port["name"].asString() != portName) continue;
            for (const Value& endpoint : slice["endpoints"].items()) {
                if (!endpoint.at("conditions", "ready").asBool(true)) continue;
                const auto ip = base::IpAddress::parse(endpoint["addresses"][0].asString());
                if (!ip) continue;
                Target target;
                target.endpoint = {*ip, static_cast<std::uint16_t>(port["port"].asInt())};
                target.host = name + "." + ns + ".svc";
                return target;
            }
        }
    }
    return none;
}

base::Result<Target> findTarget(Core& core, Context& context) {
    const RequestInfo& info = context.info;
    if (info.resource == "pods" && info.subresource != "proxy") return podTarget(core, context);
    if (info.resource == "pods") return podProxyTarget(core, context);
    if (info.resource == "nodes") {
        BASE_TRY(Target target, kubeletTarget(core, splitProxyName(info.name).name));
        target.path = rest(info);
        return target;
    }
    const ProxyName asked = splitProxyName(info.name);
    BASE_TRY(Target target, serviceTarget(core, info.ns, asked.name, asked.port));
    target.tls = asked.scheme == "https";
    target.credentials.insecureSkipVerify = true;
    target.path = rest(info);
    return target;
}

sim::Task<base::Result<ports::Response>> send(Core& core, Target target, ports::Request request,
                                              sim::Duration timeout) {
    if (core.config.network == nullptr) co_return base::makeError(dialText(target.endpoint, base::makeError("network is unreachable")));
    ports::ConnectOptions options;
    options.timeout = timeout;
    auto connected = co_await core.config.network->connect(target.endpoint, options);
    if (!connected.ok()) co_return base::makeError(dialText(target.endpoint, connected.error()));
    ports::ConnectionPtr connection = connected.value();
    if (target.tls) {
        const std::string host = target.host.empty() ? target.endpoint.ip.text() : target.host;
        base::Status secured = co_await connection->startTls(target.credentials, host);
        if (!secured.ok()) co_return secured.error();
    }
    co_return co_await connection->roundTrip(std::move(request));
}

// The kubelet's names for the streams of exec and attach. Source: kubelet pkg/cri streaming.
std::string kubeletStreamUrl(const Target& target, const ports::Request& request) {
    std::vector<std::string> parts;
    for (const auto& [key, value] : request.query.list())
        if (key == "command") parts.push_back("command=" + ports::percentEncode(value));
    for (const auto& [asked, given] : {std::pair("stderr", "error=1"), std::pair("stdin", "input=1"),
                                       std::pair("stdout", "output=1"), std::pair("tty", "tty=1")})
        if (request.query.get(asked) == "true") parts.emplace_back(given);
    return "https://" + target.endpoint.text() + request.path + "?" + base::join(parts, "&");
}

base::Error kubeletError(const Context& context, const Target& target, const ports::Request& request,
                         const base::Error& error) {
    std::string url = "https://" + target.endpoint.text() + request.path;
    if (const std::string query = request.query.text(); !query.empty()) url += "?" + query;
    std::string text = error.message;
    if (context.info.subresource == "proxy")
        return api::statusError(503, "ServiceUnavailable", "error trying to reach service: " + text);
    if (context.info.subresource == "log")
        return api::statusError(500, "", "Get " + base::quoteGo(url) + ": " + text);
    if (context.info.subresource == "exec" || context.info.subresource == "attach")
        return api::statusError(500, "InternalError",
                                "Internal error occurred: error sending request: Post " +
                                    base::quoteGo(kubeletStreamUrl(target, request)) + ": " + text);
    return api::statusError(500, "", "error dialing backend: " + text);
}

} // namespace

bool needsConnection(Core& core, const Context& context) {
    const RequestInfo& info = context.info;
    if (!info.isResource) {
        if (!info.path.starts_with("/apis/")) return false;
        return !aggregatedService(core, groupOfPath(core, info.path)).isNull();
    }
    return isStreaming(info) || !aggregatedService(core, info).isNull();
}

ServiceUrl serviceUrl(Core& core, const Value& reference) {
    ServiceUrl url;
    const std::string ns = reference["namespace"].text(), name = reference["name"].text();
    const Value service = core.lookup("", "services", ns, name);
    const auto address = base::IpAddress::parse(service.at("spec", "clusterIP").asString());
    if (service.isNull()) url.problem = "service " + base::quoteGo(name) + " not found";
    else if (!address)
        url.problem = "cannot route to service with ClusterIP " +
                      base::quoteGo(service.at("spec", "clusterIP").asString());
    if (!address) return url;
    url.endpoint = {*address, static_cast<std::uint16_t>(reference["port"].asInt(443))};
    url.host = url.endpoint.text();
    return url;
}

sim::Task<base::Result<ports::Response>> callService(Core& core, ServiceUrl url, ports::TlsClient tls,
                                                     ports::Request request, sim::Duration timeout) {
    Target target;
    target.endpoint = url.endpoint;
    target.tls = true;
    target.host = tls.serverName;
    target.credentials = std::move(tls);
    co_return co_await send(core, target, std::move(request), timeout);
}

namespace {

ports::Response plainError(int status, const std::string& text) {
    ports::Response response = respondText(status, text + "\n");
    response.headers.set("X-Content-Type-Options", "nosniff");
    return response;
}

bool isAvailable(const Value& service) {
    for (const Value& condition : service.at("status", "conditions").items())
        if (condition["type"].asString() == "Available") return condition["status"].asString() == "True";
    return false;
}

// The caller's request in the name of the front proxy. Source: kube-aggregator handler_proxy.go.
sim::Task<ports::Response> handleAggregated(Core& core, Context& context, Value service) {
    if (!isAvailable(service)) co_return plainError(503, "service unavailable");
    const Value reference = service["spec"]["service"];
    const ServiceUrl url = serviceUrl(core, reference);
    if (!url.problem.empty()) co_return plainError(503, "service unavailable");
    ports::TlsClient tls = core.config.proxyClient;
    tls.serverName = reference["name"].text() + "." + reference["namespace"].text() + ".svc";
    tls.insecureSkipVerify = service.at("spec", "insecureSkipTLSVerify").asBool();
    if (const auto pem = base::decodeBase64(service.at("spec", "caBundle").asString()); pem && !pem->empty())
        if (auto roots = pki::readCertificatesPem(*pem); roots.ok()) tls.roots = *roots;
    ports::Request request;
    request.method = context.request.method;
    request.path = context.info.path;
    request.query = context.request.query;
    request.body = context.request.body;
    request.object = context.request.object;
    request.upgrade = context.request.upgrade;
    for (const auto& [name, value] : context.request.headers.list()) {
        const std::string lower = base::toLower(name);
        if (lower == "authorization" || lower.starts_with("impersonate-") || lower.starts_with("x-remote-")) continue;
        request.headers.add(name, value);
    }
    request.headers.set("X-Remote-User", context.user.name);
    for (const std::string& group : context.user.groups) request.headers.add("X-Remote-Group", group);
    for (const auto& [key, values] : context.user.extra)
        for (const std::string& value : values)
            request.headers.add("X-Remote-Extra-" + ports::percentEncode(key), value);
    auto answer = co_await callService(core, url, std::move(tls), std::move(request), sim::kMinute);
    if (!answer.ok()) co_return plainError(503, "error trying to reach service: " + answer.error().message);
    co_return std::move(answer).value();
}

} // namespace

sim::Task<ports::Response> handleConnect(Core& core, Context& context) {
    const Value aggregated =
        aggregatedService(core, context.info.isResource ? context.info : groupOfPath(core, context.info.path));
    if (!aggregated.isNull()) co_return co_await handleAggregated(core, context, aggregated);
    context.resource = core.kinds.find(context.info.group, context.info.version, context.info.resource);
    if (context.resource != nullptr) {
        Admission admission{core,   context, *context.resource, "CONNECT", context.info.subresource,
                            context.info.ns, context.info.name, Value(), Value()};
        base::Status admitted = admitValidating(admission);
        if (!admitted.ok()) co_return respondError(admitted.error());
    }
    base::Result<Target> found = findTarget(core, context);
    if (!found.ok()) co_return respondError(found.error());
    Target target = std::move(found).value();
    if (target.endpoint.port == 0) co_return respondText(200, "", "text/plain"); // logs of a waiting pod
    const std::string& stream = context.info.subresource;
    if (context.info.resource == "pods" && !context.request.upgrade &&
        (stream == "exec" || stream == "attach" || stream == "portforward"))
        co_return respondError(api::badRequest("Upgrade request required"));
    ports::Request request;
    request.method = context.request.method;
    request.path = target.path;
    for (const auto& [key, value] : context.request.query.list())
        if (key != "container" && key != "path") request.query.add(key, value);
    request.headers = context.request.headers;
    request.body = context.request.body;
    request.object = context.request.object;
    request.upgrade = context.request.upgrade;
    ports::Request shown = request;
    base::Result<ports::Response> answer = co_await send(core, target, std::move(request), 30 * sim::kSecond);
    if (!answer.ok()) co_return respondError(kubeletError(context, target, shown, answer.error()));
    ports::Response response = std::move(answer).value();
    // A kubelet's plain text error becomes a Status.
    const bool plain = response.object.isNull() && !response.stream && !response.upgraded;
    if (plain && response.status >= 400 && context.info.subresource == "log") {
        const std::string text(base::trim(response.body));
        if (response.status == 400) co_return respondError(api::badRequest(text));
        if (response.status == 404) co_return respondError(api::statusError(404, "NotFound", text));
        co_return respondError(api::statusError(response.status, "InternalError",
                                                "Internal error occurred: " + text));
    }
    co_return response;
}

sim::Task<base::Result<ports::Response>> perform(Core& core, Errand& errand) {
    Target target;
    if (errand.resolved) {
        target.endpoint = errand.target;
    } else {
        const auto ip = base::IpAddress::parse(errand.host);
        if (!ip) {
            // "name.namespace.svc": a service inside the cluster.
            const auto parts = base::split(errand.host, '.');
            if (parts.size() < 3 || parts[2] != "svc")
                co_return base::makeError("dial tcp: lookup " + errand.host + ": no such host");
            // Webhooks are dialled at the service's own address, so that its rules decide.
            const Value service = core.lookup("", "services", parts[1], parts[0]);
            if (service.isNull())
                co_return base::makeError("service " + base::quoteGo(parts[0]) + " not found");
            const auto address = base::IpAddress::parse(service.at("spec", "clusterIP").asString());
            if (!address)
                co_return base::makeError("cannot route to service with ClusterIP " +
                                          base::quoteGo(service.at("spec", "clusterIP").asString()));
            target.endpoint = {*address, errand.target.port};
        } else {
            target.endpoint = {*ip, errand.target.port};
        }
    }
    target.tls = true;
    target.host = errand.host;
    target.credentials = errand.tls;
    co_return co_await send(core, target, errand.request, errand.timeout);
}

} // namespace apiserver
