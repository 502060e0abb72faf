// Source: k8s.io/kubectl pkg/cmd/portforward, client-go tools/portforward.
#include "base/ip.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/streams.h"
#include "kubectl/core/builder.h"
#include "network/dns/resolver.h"

#include <set>

namespace kubectl {

using document::Value;

namespace {

struct PortPair {
    std::uint16_t local = 0, remote = 0;
};

std::pair<std::string, std::string> splitPort(const std::string& port) {
    const auto parts = base::split(port, ':');
    return parts.size() == 2 ? std::make_pair(parts[0], parts[1]) : std::make_pair(parts[0], parts[0]);
}

base::Result<std::int64_t> servicePort(const Value& service, const std::string& text) {
    if (const auto number = base::parseInt(text)) return *number;
    for (const Value& port : service.at("spec", "ports").items())
        if (port["name"].asString() == text) return port["port"].asInt();
    return base::makeError("Service '" + service.at("metadata", "name").text() + "' does not have a named port '" + text + "'");
}
base::Result<std::int64_t> podPort(const Value& pod, const std::string& text) {
    if (const auto number = base::parseInt(text)) return *number;
    for (const char* list : {"containers", "initContainers"})
        for (const Value& container : pod["spec"][list].items())
            for (const Value& port : container["ports"].items())
                if (port["name"].asString() == text) return port["containerPort"].asInt();
    return base::makeError("Pod '" + pod.at("metadata", "name").text() + "' does not have a named port '" + text + "'");
}
base::Result<std::int64_t> behindService(const Value& service, const Value& pod, std::int64_t number) {
    for (const Value& port : service.at("spec", "ports").items()) {
        if (port["port"].asInt() != number) continue;
        if (service.at("spec", "clusterIP").asString() == "None") return number;
        const Value& target = port["targetPort"];
        if (target.isString()) return podPort(pod, target.text());
        return target.asInt() == 0 ? number : target.asInt();
    }
    return base::makeError("Service " + service.at("metadata", "name").text() + " does not have a service port " +
                           std::to_string(number));
}

base::Status refuseUdp(const std::set<std::int64_t>& udp, std::int64_t number, const std::string& text) {
    if (udp.contains(number)) return base::makeError("UDP protocol is not supported for " + text);
    return base::okStatus();
}
std::set<std::int64_t> onlyUdp(const Value& object) {
    std::set<std::int64_t> udp, tcp;
    const auto note = [&](const Value& port, const char* field) {
        (port["protocol"].asString() == "UDP" ? udp : tcp).insert(port[field].asInt());
    };
    if (object["kind"].asString() == "Service")
        for (const Value& port : object.at("spec", "ports").items()) note(port, "port");
    else
        for (const Value& container : object.at("spec", "containers").items())
            for (const Value& port : container["ports"].items()) note(port, "containerPort");
    for (const std::int64_t number : tcp) udp.erase(number);
    return udp;
}

// "8080:80" in numbers, with a service's ports turned into its pod's.
base::Result<std::vector<std::string>> translated(const std::vector<std::string>& ports, const Value& object, const Value& pod) {
    const bool service = object["kind"].asString() == "Service";
    const std::set<std::int64_t> udp = onlyUdp(service ? object : pod);
    std::vector<std::string> out;
    for (const std::string& port : ports) {
        auto [local, remote] = splitPort(port);
        if (service) {
            BASE_TRY(const std::int64_t number, servicePort(object, remote));
            BASE_CHECK(refuseUdp(udp, number, remote));
            if (local == remote) local = std::to_string(number);
            BASE_TRY(const std::int64_t target, behindService(object, pod, number));
            const std::string text = std::to_string(target);
            out.push_back(local != text ? local + ":" + text : text);
            continue;
        }
        if (remote.empty()) return base::makeError("remote port cannot be empty");
        BASE_TRY(const std::int64_t number, podPort(pod, remote));
        BASE_CHECK(refuseUdp(udp, number, remote));
        out.push_back(local != remote ? local + ":" + std::to_string(number) : std::to_string(number));
    }
    return out;
}

base::Result<std::uint16_t> portNumber(const std::string& text, const char* which) {
    const auto number = base::parseInt(text);
    const std::string quoted = base::quoteGo(text);
    const auto failure = [&](const char* why) {
        return base::makeError(std::string("error parsing ") + which + " port '" + text + "': strconv.ParseUint: parsing " +
                               quoted + ": " + why);
    };
    if (!number || *number < 0 || text[0] == '+') return failure("invalid syntax");
    if (*number > 65535) return failure("value out of range");
    return static_cast<std::uint16_t>(*number);
}
base::Result<std::vector<PortPair>> parsePorts(const std::vector<std::string>& ports) {
    std::vector<PortPair> out;
    for (const std::string& port : ports) {
        const auto parts = base::split(port, ':');
        if (parts.size() > 2) return base::makeError("invalid port format '" + port + "'");
        PortPair pair;
        const std::string local = parts[0].empty() ? "0" : parts[0], remote = parts.back();
        BASE_TRY(pair.local, portNumber(local, "local"));
        BASE_TRY(pair.remote, portNumber(remote, "remote"));
        if (pair.remote == 0) return base::makeError("remote port must be > 0");
        out.push_back(pair);
    }
    return out;
}

// What the tasks of one forward share with the command that waits for their end.
struct Forward {
    Session* session = nullptr;
    std::string path;
    std::string failure; // ends the command
    sim::Signal changed;
    std::unique_ptr<sim::Scope> scope;
};

sim::Task<void> pump(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to) {
    while (from && to) {
        std::string part = co_await from->read();
        if (part.empty()) break;
        const bool open = co_await to->write(std::move(part));
        if (!open) co_return;
    }
    if (to) to->closeWrite();
}

sim::Task<void> serve(std::shared_ptr<Forward> forward, ports::ConnectionPtr connection, PortPair pair) {
    Session& session = *forward->session;
    session.out("Handling connection for " + std::to_string(pair.local) + "\n");
    co_await session.flush();
    auto offer = std::make_shared<ports::StreamOffer>();
    offer->input = std::make_shared<sim::Pipe>();
    offer->output = std::make_shared<sim::Pipe>();
    ports::Request request;
    request.method = "POST";
    request.path = forward->path;
    request.query.set("ports", std::to_string(pair.remote));
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "SPDY/3.1");
    request.upgrade = offer;
    auto answer = co_await session.send(std::move(request));
    const ports::Duplex bytes = connection->bytes();
    if (answer.ok() && answer.value().upgraded) {
        forward->scope->spawn(pump(bytes.input, offer->input), "port-forward-in");
        co_await pump(offer->output, bytes.output);
        while (!offer->exitCode && offer->failure.empty()) co_await offer->finished.wait();
    } else {
        offer->failure = answer.ok() ? "error upgrading connection" : errorText(answer.error());
    }
    connection->close();
    if (offer->failure.empty()) co_return;
    const std::string ports = std::to_string(pair.local) + " -> " + std::to_string(pair.remote);
    session.err(klogLine(session, 'E', "portforward.go:424",
                         "\"Unhandled Error\" err=" + base::quoteGo("an error occurred forwarding " + ports + ": " + offer->failure)));
    // The stream that has failed takes the whole connection with it.
    forward->failure = "lost connection to pod";
    forward->changed.notify();
}

struct Addresses {
    std::vector<base::IpAddress> list;
    bool localhost = false;
};
sim::Task<base::Result<Addresses>> addressesOf(Session& session) {
    Addresses out;
    for (const std::string& text : session.flags.list("address")) {
        if (text == "localhost") {
            out.localhost = true;
            out.list.push_back(*base::IpAddress::parse("127.0.0.1"));
            continue;
        }
        const auto address = base::IpAddress::parse(text);
        if (!address) co_return base::makeError(text + " is not a valid IP");
        out.list.push_back(*address);
    }
    co_return out;
}

base::Result<std::vector<ports::ListenerPtr>> listenAll(const std::shared_ptr<Forward>& forward, const Addresses& addresses,
                                                        std::vector<PortPair>& pairs) {
    Session& session = *forward->session;
    std::vector<ports::ListenerPtr> out;
    for (PortPair& pair : pairs) {
        std::vector<std::string> problems;
        bool open = false;
        for (const base::IpAddress& address : addresses.list) {
            ports::ListenOptions options;
            options.process = "kubectl";
            options.pid = session.process.pid();
            auto actual = std::make_shared<PortPair>(pair);
            options.accept = [forward, actual](ports::ConnectionPtr connection) {
                forward->scope->spawn(serve(forward, std::move(connection), *actual), "port-forward");
            };
            auto listener = session.process.network().listen({address, pair.local}, std::move(options));
            if (!listener.ok()) {
                problems.push_back("unable to create listener: Error listen tcp4 " + address.text() + ":" + std::to_string(pair.local) +
                                   ": bind: " + listener.error().message);
                continue;
            }
            pair.local = listener.value()->endpoint().port;
            actual->local = pair.local;
            open = true;
            out.push_back(listener.value());
            const std::string arrow = ":" + std::to_string(pair.local) + " -> " + std::to_string(pair.remote) + "\n";
            session.out("Forwarding from " + address.text() + arrow);
            // The loopback of the other family follows the first.
            if (addresses.localhost && address.text() == "127.0.0.1") session.out("Forwarding from [::1]" + arrow);
        }
        if (open) continue;
        // Without the second family the message names both.
        if (addresses.localhost)
            problems.push_back("unable to create listener: Error listen tcp6 [::1]:" + std::to_string(pair.local) +
                               ": bind: address already in use");
        session.err("Unable to listen on port " + std::to_string(pair.local) +
                    ": Listeners failed to create with the following errors: [" + base::join(problems, " ") + "]\n");
    }
    if (!out.empty()) return out;
    std::vector<std::string> all;
    for (const PortPair& pair : pairs) all.push_back("{" + std::to_string(pair.local) + " " + std::to_string(pair.remote) + "}");
    return base::makeError("unable to listen on any of the requested ports: [" + base::join(all, " ") + "]");
}

} // namespace

sim::Task<Outcome> runPortForward(Session& session) {
    if (session.args.size() < 2)
        co_return session.usage("TYPE/NAME and list of ports are required for port-forward");
    if (session.flags.duration("pod-running-timeout") <= 0) co_return session.usage("--pod-running-timeout must be higher than zero");
    const std::vector<std::string> wanted(session.args.begin() + 1, session.args.end());
    BuildOptions options;
    const std::string target = session.args[0];
    options.args = {target.find('/') == std::string::npos ? "pods/" + target : target};
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    if (auto errors = built.value().errors(); !errors.empty()) co_return aggregate(std::move(errors));
    const Value object = built.value().infos().at(0).object;
    auto pod = co_await attachablePod(session, target, session.flags.duration("pod-running-timeout"));
    if (!pod.ok()) co_return pod.error();
    auto texts = translated(wanted, object, pod.value());
    if (!texts.ok()) co_return texts.error();
    const std::string phase = pod.value().at("status", "phase").text();
    if (phase != "Running")
        co_return base::makeError("unable to forward port because pod is not running. Current status=" + phase);
    auto pairs = parsePorts(texts.value());
    if (!pairs.ok()) co_return pairs.error();
    auto addresses = co_await addressesOf(session);
    if (!addresses.ok()) co_return addresses.error();
    auto forward = std::make_shared<Forward>();
    forward->session = &session;
    forward->path = "/api/v1/namespaces/" + pod.value().at("metadata", "namespace").text() + "/pods/" +
                    pod.value().at("metadata", "name").text() + "/portforward";
    forward->scope = std::make_unique<sim::Scope>(session.kernel());
    auto listeners = listenAll(forward, addresses.value(), pairs.value());
    if (!listeners.ok()) co_return listeners.error();
    session.process.handleSignal(ports::kSigInt);
    co_await session.flush();
    struct Interrupt {
        static sim::Task<void> wait(std::shared_ptr<Forward> shared, bool* interrupted) {
            co_await shared->session->process.signals().pop();
            *interrupted = true;
            shared->changed.notify();
        }
    };
    bool interrupted = false;
    forward->scope->spawn(Interrupt::wait(forward, &interrupted), "port-forward-signal");
    while (!interrupted && forward->failure.empty()) co_await forward->changed.wait();
    const std::string failure = forward->failure;
    listeners.value().clear();
    forward->scope.reset();
    if (!failure.empty()) co_return base::makeError(failure);
    co_return 0;
}

} // namespace kubectl
