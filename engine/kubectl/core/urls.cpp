#include "kubectl/core/urls.h"

#include "base/strings.h"
#include "network/dns/resolver.h"

namespace kubectl {

namespace {

struct Url {
    bool tls = false;
    std::string host, hostPort, path = "/";
    std::uint16_t port = 80;
    ports::Query query;
};

base::Result<Url> parseUrl(const std::string& text) {
    Url out;
    out.tls = text.starts_with("https://");
    out.port = out.tls ? 443 : 80;
    std::string rest = text.substr(out.tls ? 8 : 7);
    const auto slash = rest.find('/');
    out.hostPort = rest.substr(0, slash);
    if (slash != std::string::npos) out.path = rest.substr(slash);
    if (const auto question = out.path.find('?'); question != std::string::npos) {
        out.query = ports::Query::parse(out.path.substr(question + 1));
        out.path.resize(question);
    }
    out.path = ports::percentDecode(out.path);
    out.host = out.hostPort;
    if (const auto colon = out.host.rfind(':'); colon != std::string::npos) {
        const auto port = base::parseInt(out.host.substr(colon + 1));
        if (!port || *port < 1 || *port > 65535)
            return base::makeError("parse " + base::quoteGo(text) + ": invalid port \":" + out.host.substr(colon + 1) + "\" after host");
        out.port = static_cast<std::uint16_t>(*port);
        out.host.resize(colon);
    }
    return out;
}

sim::Task<base::Result<base::IpAddress>> addressOf(Session& session, std::string host) {
    if (const auto literal = base::IpAddress::parse(host)) co_return *literal;
    ports::Process& process = session.process;
    auto found = co_await network::dns::resolve(process.kernel(), process.files(), process.network(), host);
    if (found.ok() && !found.value().empty()) co_return found.value().front();
    const auto config = network::dns::resolverConfig(process.files());
    const int code = found.ok() ? network::dns::kNotFound : found.error().code;
    co_return base::makeError(network::dns::goLookupError(config, host, code));
}

std::string statusText(int status) {
    switch (status) {
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    default: return "";
    }
}


sim::Task<base::Result<ports::Response>> fetchOnce(Session& session, std::string text, Url url) {
    auto address = co_await addressOf(session, url.host);
    if (!address.ok()) co_return urlError("Get", text, url.hostPort, "dial tcp: " + address.error().message);
    const base::Endpoint to{address.value(), url.port};
    ports::ConnectOptions options;
    auto connection = co_await session.process.network().connect(to, options);
    if (!connection.ok()) {
        const std::string verb = connection.error().message == "i/o timeout" ? "" : "connect: ";
        co_return urlError("Get", text, url.hostPort, "dial tcp " + to.text() + ": " + verb + connection.error().message);
    }
    if (url.tls) {
        ports::TlsClient credentials;
        base::Status secure = co_await connection.value()->startTls(std::move(credentials), url.host);
        if (!secure.ok()) co_return urlError("Get", text, url.hostPort, secure.error().message);
    }
    ports::Request request;
    request.path = url.path;
    request.query = url.query;
    request.headers.set("Host", url.hostPort);
    request.headers.set("User-Agent", "Go-http-client/1.1");
    auto answer = co_await connection.value()->roundTrip(std::move(request));
    if (!answer.ok()) co_return urlError("Get", text, url.hostPort, answer.error().message);
    co_return answer;
}

} // namespace

sim::Task<base::Result<std::string>> readUrl(Session& session, std::string text) {
    auto url = parseUrl(text);
    if (!url.ok()) co_return base::makeError("the URL passed to filename " + base::quoteGo(text) + " is not valid: " + url.error().message);
    base::Error last;
    for (int attempt = 0; attempt < 3; ++attempt) {
        if (attempt > 0) co_await sim::sleepFor(session.kernel(), sim::kSecond);
        auto answer = co_await fetchOnce(session, text, url.value());
        if (!answer.ok()) {
            last = answer.error();
            continue;
        }
        const int status = answer.value().status;
        if (status == 200) co_return answer.value().body;
        const std::string line = std::to_string(status) + " " + statusText(status);
        last = base::makeError("unable to read URL " + base::quoteGo(text) + ", server reported " + line + ", status code=" +
                               std::to_string(status));
        if (status < 500 || status > 599) break;
    }
    co_return last;
}

} // namespace kubectl
