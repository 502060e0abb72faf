#include "kubelet/prober.h"

#include "base/strings.h"

#include <cerrno>

namespace kubelet {
namespace {

using Kind = ProbeOutcome::Kind;

ProbeOutcome outcome(Kind kind, std::string text = {}) { return {kind, std::move(text)}; }

sim::Task<ProbeOutcome> execProbe(Core& core, Value exec, std::string containerId, sim::Duration timeout) {
    std::vector<std::string> command;
    for (const Value& word : exec["command"].items()) command.push_back(word.text());
    auto runtime = core.runtime();
    if (!runtime.ok()) co_return outcome(Kind::Error, ports::criErrorText(runtime.error()));
    const std::string words = base::join(command, " ");
    auto result = co_await (*runtime)->execSync(containerId, command, timeout);
    if (!result.ok()) {
        if (result.error().code == ports::kCriDeadlineExceeded)
            co_return outcome(Kind::Failure, "command timed out: " + base::quoteGo(words) + " timed out after " +
                                                 sim::formatGoDuration(timeout));
        co_return outcome(Kind::Error, ports::criErrorText(result.error()));
    }
    // Output beyond 10 kB is cut.
    const std::string text = (result->output + result->error).substr(0, 10 * 1024);
    co_return outcome(result->exitCode == 0 ? Kind::Success : Kind::Failure, text);
}

// Go's text of a failed dial inside an HTTP request.
std::string dialText(const base::Endpoint& to, const base::Error& error, bool http) {
    if (error.code == ETIMEDOUT)
        return http ? "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                    : "dial tcp " + to.text() + ": i/o timeout";
    return "dial tcp " + to.text() + ": connect: " + error.message;
}

struct HttpTarget {
    std::string host, path, scheme;
    base::Endpoint endpoint;
    std::string url() const { return scheme + "://" + endpoint.text() + path; }
};

sim::Task<base::Result<ports::Response>> fetch(Core& core, HttpTarget target, Value headers) {
    ports::ConnectOptions options;
    auto connection = co_await core.process.network().connect(target.endpoint, options);
    if (!connection.ok()) co_return base::makeError(dialText(target.endpoint, connection.error(), true));
    struct Closer {
        ports::ConnectionPtr connection;
        ~Closer() { connection->close(); }
    } closer{*connection};
    if (target.scheme == "https") {
        ports::TlsClient tls;
        tls.insecureSkipVerify = true;
        auto secured = co_await (*connection)->startTls(tls, target.endpoint.ip.text());
        if (!secured.ok()) co_return std::move(secured).error();
    }
    ports::Request request;
    const std::size_t question = target.path.find('?');
    request.path = target.path.substr(0, question);
    if (question != std::string::npos) request.query = ports::Query::parse(target.path.substr(question + 1));
    request.headers.set("Host", target.endpoint.text());
    request.headers.set("User-Agent", "kube-probe/1.35");
    request.headers.set("Accept", "*/*");
    request.headers.set("Connection", "close");
    for (const Value& header : headers.items())
        request.headers.set(header["name"].asString(), header["value"].text());
    auto response = co_await (*connection)->roundTrip(request);
    co_return response;
}

base::Result<HttpTarget> httpTarget(const Value& get, const Value& container, const std::string& podIP) {
    BASE_TRY(const std::uint16_t port, resolvePort(get["port"], container));
    HttpTarget target;
    target.host = get["host"].asString().empty() ? podIP : get["host"].text();
    target.scheme = base::toLower(get["scheme"].asString("HTTP"));
    target.path = get["path"].text();
    if (target.path.empty() || target.path.front() != '/') target.path = "/" + target.path;
    auto address = base::IpAddress::parse(target.host == "localhost" ? "127.0.0.1" : target.host);
    if (!address) return base::makeError("dial tcp: lookup " + target.host + ": no such host");
    target.endpoint = base::Endpoint{*address, port};
    return target;
}

sim::Task<ProbeOutcome> httpProbe(Core& core, Value get, Value container, std::string podIP,
                                  sim::Duration timeout) {
    auto target = httpTarget(get, container, podIP);
    if (!target.ok()) co_return outcome(Kind::Error, target.error().message);
    const std::string prefix = "Get " + base::quoteGo(target->url()) + ": ";
    auto fetched = co_await sim::withDeadline(core.kernel(), fetch(core, *target, get["httpHeaders"]),
                                              core.now() + timeout);
    if (!fetched)
        co_return outcome(Kind::Failure, prefix + "context deadline exceeded (Client.Timeout exceeded while "
                                                  "awaiting headers)");
    if (!fetched->ok()) co_return outcome(Kind::Failure, prefix + fetched->error().message);
    const int status = (*fetched)->status;
    if (status >= 200 && status < 400) co_return outcome(Kind::Success);
    co_return outcome(Kind::Failure, "HTTP probe failed with statuscode: " + std::to_string(status));
}

sim::Task<base::Status> dial(Core& core, base::Endpoint to) {
    ports::ConnectOptions options;
    auto connection = co_await core.process.network().connect(to, options);
    if (!connection.ok()) co_return base::makeError(dialText(to, connection.error(), false), connection.error().code);
    (*connection)->close();
    co_return base::okStatus();
}

sim::Task<ProbeOutcome> tcpProbe(Core& core, Value socket, Value container, std::string podIP,
                                 sim::Duration timeout) {
    auto port = resolvePort(socket["port"], container);
    if (!port.ok()) co_return outcome(Kind::Error, port.error().message);
    const std::string host = socket["host"].asString().empty() ? podIP : socket["host"].text();
    const auto address = base::IpAddress::parse(host);
    if (!address) co_return outcome(Kind::Failure, "dial tcp: lookup " + host + ": no such host");
    const base::Endpoint to{*address, *port};
    auto done = co_await sim::withDeadline(core.kernel(), dial(core, to), core.now() + timeout);
    if (!done) co_return outcome(Kind::Failure, "dial tcp " + to.text() + ": i/o timeout");
    if (!done->ok()) co_return outcome(Kind::Failure, done->error().message);
    co_return outcome(Kind::Success);
}

// The simulated programs speak no gRPC on raw sockets: a listener that serves HTTP answers the health
// path, anything else is no health server.
sim::Task<ProbeOutcome> grpcProbe(Core& core, Value grpc, Value container, std::string podIP,
                                  sim::Duration timeout) {
    HttpTarget target;
    target.host = podIP;
    target.scheme = "http";
    target.path = "/grpc.health.v1.Health/Check";
    const auto address = base::IpAddress::parse(podIP);
    if (!address) co_return outcome(Kind::Error, "no address");
    target.endpoint = base::Endpoint{*address, static_cast<std::uint16_t>(grpc["port"].asInt())};
    (void)container;
    const sim::Time deadline = core.now() + timeout;
    auto fetched = co_await sim::withDeadline(core.kernel(), fetch(core, target, Value()), deadline);
    if (fetched && fetched->ok() && (*fetched)->status == 200 &&
        (*fetched)->headers.get("Content-Type").rfind("application/grpc", 0) == 0)
        co_return outcome(Kind::Success);
    // The client keeps dialling until its time is over.
    if (core.now() < deadline) co_await sim::sleepUntil(core.kernel(), deadline);
    co_return outcome(Kind::Failure, "timeout: failed to connect service " + base::quoteGo(target.endpoint.text()) +
                                         " within " + sim::formatGoDuration(timeout) +
                                         ": context deadline exceeded");
}

} // namespace

base::Result<std::uint16_t> resolvePort(const Value& port, const Value& container) {
    std::int64_t number = 0;
    if (port.isInt()) {
        number = port.asInt();
    } else {
        const std::string_view name = port.asString();
        for (const Value& item : container["ports"].items())
            if (item["name"].asString() == name) number = item["containerPort"].asInt();
        if (number == 0) {
            const auto parsed = base::parseInt(name);
            if (!parsed)
                return base::makeError("strconv.Atoi: parsing " + base::quoteGo(name) + ": invalid syntax");
            number = *parsed;
        }
    }
    if (number <= 0 || number > 65535) return base::makeError("invalid port number: " + std::to_string(number));
    return static_cast<std::uint16_t>(number);
}

sim::Task<ProbeOutcome> runProbe(Core& core, Value pod, Value status, Value container, Value handler,
                                 std::string containerId, sim::Duration timeout) {
    const std::string podIP = status["podIP"].text();
    (void)pod;
    if (handler["exec"].isObject()) {
        ProbeOutcome result = co_await execProbe(core, handler["exec"], containerId, timeout);
        co_return result;
    }
    if (handler["httpGet"].isObject()) {
        ProbeOutcome result = co_await httpProbe(core, handler["httpGet"], container, podIP, timeout);
        co_return result;
    }
    if (handler["tcpSocket"].isObject()) {
        ProbeOutcome result = co_await tcpProbe(core, handler["tcpSocket"], container, podIP, timeout);
        co_return result;
    }
    if (handler["grpc"].isObject()) {
        ProbeOutcome result = co_await grpcProbe(core, handler["grpc"], container, podIP, timeout);
        co_return result;
    }
    co_return outcome(Kind::Error, "missing probe handler for " + podFullName(pod) + ":" + container["name"].text());
}

sim::Task<HookOutcome> runHook(Core& core, Value pod, std::string podIP, Value container, Value handler,
                               std::string containerId) {
    HookOutcome result;
    if (handler["exec"].isObject()) {
        std::vector<std::string> command;
        for (const Value& word : handler["exec"]["command"].items()) command.push_back(word.text());
        auto runtime = core.runtime();
        if (!runtime.ok()) co_return HookOutcome{false, ports::criErrorText(runtime.error())};
        auto done = co_await (*runtime)->execSync(containerId, command, 0);
        const std::string prefix = "Exec lifecycle hook ([" + base::join(command, " ") + "]) for Container " +
                                   base::quoteGo(container["name"].asString()) + " in Pod " +
                                   base::quoteGo(podLogText(pod)) + " failed - error: ";
        if (!done.ok()) co_return HookOutcome{false, prefix + ports::criErrorText(done.error()) + ", message: \"\""};
        if (done->exitCode != 0)
            co_return HookOutcome{false, prefix + "command '" + base::join(command, " ") + "' exited with " +
                                             std::to_string(done->exitCode) + ": " + done->error + ", message: " +
                                             base::quoteGo(done->output + done->error)};
        co_return result;
    }
    if (handler["sleep"].isObject()) {
        co_await sim::sleepFor(core.kernel(), handler["sleep"]["seconds"].asInt() * sim::kSecond);
        co_return result;
    }
    if (handler["httpGet"].isObject()) {
        auto target = httpTarget(handler["httpGet"], container, podIP);
        if (!target.ok()) co_return HookOutcome{false, target.error().message};
        auto fetched = co_await fetch(core, *target, handler["httpGet"]["httpHeaders"]);
        const std::string prefix = "HTTP lifecycle hook (" + handler["httpGet"]["path"].text() + ") for Container " +
                                   base::quoteGo(container["name"].asString()) + " in Pod " +
                                   base::quoteGo(podLogText(pod)) + " failed - error: ";
        if (!fetched.ok())
            co_return HookOutcome{false, prefix + "Get " + base::quoteGo(target->url()) + ": " +
                                             fetched.error().message + ", message: \"\""};
        if ((*fetched).status >= 400)
            co_return HookOutcome{false, prefix + "HTTP lifecycle hook failed with status " +
                                             std::to_string((*fetched).status) + ", message: \"\""};
    }
    co_return result;
}

} // namespace kubelet
