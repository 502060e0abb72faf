// Source: k8s.io/kubectl pkg/cmd/proxy, pkg/proxy.
#include "api/patterns.h"
#include "base/ip.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"

#include <re2/re2.h>

namespace kubectl {

namespace {

using Patterns = std::vector<std::unique_ptr<RE2>>;

base::Result<Patterns> patternsOf(Session& session, const std::string& text) {
    Patterns out;
    for (const std::string& part : base::split(text, ',')) {
        if (const std::string problem = api::patternProblem(part); !problem.empty())
            return exitError(255, klogLine(session, 'F', "proxy_server.go:83", "Error compiling re: error parsing regexp: " + problem));
        out.push_back(std::make_unique<RE2>(part, RE2::Quiet));
    }
    return out;
}
bool anyFits(const Patterns& patterns, const std::string& text) {
    for (const auto& pattern : patterns)
        if (RE2::PartialMatch(text, *pattern)) return true;
    return false;
}

struct Filter {
    Patterns acceptPaths, rejectPaths, acceptHosts, rejectMethods;
    bool off = false;

    bool accepts(const std::string& method, const std::string& path, const std::string& host) const {
        if (off) return true;
        return !anyFits(rejectPaths, path) && !anyFits(rejectMethods, method) && anyFits(acceptPaths, path) &&
               anyFits(acceptHosts, host);
    }
};

std::string hostOnly(const std::string& host) {
    const auto colon = host.rfind(':');
    return colon == std::string::npos ? host : host.substr(0, colon);
}

std::string contentTypeOf(const std::string& path) {
    struct Known {
        const char* ending;
        const char* type;
    };
    static constexpr Known kKnown[] = {{".html", "text/html; charset=utf-8"}, {".css", "text/css; charset=utf-8"},
                                       {".js", "text/javascript; charset=utf-8"}, {".json", "application/json"},
                                       {".svg", "image/svg+xml"}, {".png", "image/png"}};
    for (const Known& known : kKnown)
        if (path.ends_with(known.ending)) return known.type;
    return "text/plain; charset=utf-8";
}

class Proxy : public ports::HttpHandler {
public:
    Proxy(Session& session, Filter filter) : s_(session), filter_(std::move(filter)) {
        folder_ = session.flags.text("www");
        staticPrefix_ = withSlash(session.flags.text("www-prefix"));
        apiPrefix_ = withSlash(session.flags.text("api-prefix"));
    }

    sim::Task<ports::Response> handle(ports::Request request) override {
        const std::string host = hostOnly(std::string(request.headers.get("Host")));
        if (!filter_.accepts(request.method, request.path, host)) co_return ports::textResponse(403, "Forbidden\n");
        if (!folder_.empty() && request.path.starts_with(staticPrefix_)) co_return file(request.path.substr(staticPrefix_.size()));
        if (!request.path.starts_with(apiPrefix_)) co_return ports::textResponse(404, "404 page not found\n");
        request.path = "/" + request.path.substr(apiPrefix_.size());
        ports::Request inner;
        inner.method = request.method;
        inner.path = request.path;
        inner.query = request.query;
        inner.body = request.body;
        inner.object = request.object;
        inner.upgrade = request.upgrade;
        for (const auto& [name, value] : request.headers.list())
            if (base::toLower(name) != "host" && base::toLower(name) != "authorization") inner.headers.add(name, value);
        auto response = co_await s_.send(std::move(inner));
        if (!response.ok()) co_return ports::textResponse(502, errorText(response.error()) + "\n");
        co_return std::move(response).value();
    }

private:
    static std::string withSlash(std::string text) { return text.ends_with('/') ? text : text + "/"; }
    ports::Response file(const std::string& name) {
        if (name.find("..") != std::string::npos) return ports::textResponse(400, "invalid URL path\n");
        std::string path = s_.process.resolve(folder_ + "/" + name);
        if (s_.process.files().isDirectory(path)) path += path.ends_with('/') ? "index.html" : "/index.html";
        auto text = s_.process.files().read(path);
        if (!text.ok()) return ports::textResponse(404, "404 page not found\n");
        ports::Response out;
        out.headers.set("Content-Type", contentTypeOf(path));
        out.body = text.value();
        return out;
    }

    Session& s_;
    Filter filter_;
    std::string folder_, staticPrefix_, apiPrefix_;
};

base::Result<Filter> filterOf(Session& session) {
    Filter out;
    out.off = session.flags.on("disable-filter");
    if (out.off) {
        session.err(klogLine(session, 'W', "proxy.go:175",
                             "Request filter disabled, your proxy is vulnerable to XSRF attacks, please be cautious"));
        return out;
    }
    BASE_TRY(out.acceptPaths, patternsOf(session, session.flags.text("accept-paths")));
    BASE_TRY(out.rejectPaths, patternsOf(session, session.flags.text("reject-paths")));
    BASE_TRY(out.acceptHosts, patternsOf(session, session.flags.text("accept-hosts")));
    BASE_TRY(out.rejectMethods, patternsOf(session, session.flags.text("reject-methods")));
    return out;
}

} // namespace

sim::Task<Outcome> runProxy(Session& session) {
    const Flags& flags = session.flags;
    if (auto settings = session.settings(); !settings.ok()) co_return settings.error();
    auto filter = filterOf(session);
    if (!filter.ok()) co_return filter.error();
    if (!flags.text("unix-socket").empty() && flags.number("port") != 8001)
        co_return base::makeError("cannot set --unix-socket and --port at the same time");
    if (!flags.text("unix-socket").empty())
        co_return base::makeError("this lab does not model unix sockets for 'kubectl proxy'");
    const std::string folder = flags.text("www");
    if (!folder.empty() && !session.process.files().exists(session.process.resolve(folder)))
        session.err(klogLine(session, 'W', "proxy.go:196", "Failed to stat static file directory " + folder + ": stat " + folder +
                                                               ": no such file or directory"));
    const auto address = base::IpAddress::parse(flags.text("address"));
    const std::int64_t port = flags.number("port");
    if (!address) co_return base::makeError("listen tcp: lookup " + flags.text("address") + ": no such host");
    if (port < 0 || port > 65535) co_return base::makeError("listen tcp: address " + std::to_string(port) + ": invalid port");
    ports::ListenOptions options;
    options.http = std::make_shared<Proxy>(session, std::move(filter).value());
    options.process = "kubectl";
    options.pid = session.process.pid();
    const base::Endpoint at{*address, static_cast<std::uint16_t>(port)};
    auto listener = session.process.network().listen(at, std::move(options));
    if (!listener.ok())
        co_return base::makeError("listen tcp " + address->text() + ":" + std::to_string(port) + ": bind: " + listener.error().message);
    session.out("Starting to serve on " + address->text() + ":" + std::to_string(listener.value()->endpoint().port) + "\n");
    co_await session.flush();
    sim::Signal never;
    while (true) co_await never.wait();
}

} // namespace kubectl
