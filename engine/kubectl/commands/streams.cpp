#include "kubectl/commands/streams.h"

#include "api/label_selector.h"
#include "api/status.h"
#include "base/go_sort.h"
#include "base/strings.h"
#include "kubectl/core/builder.h"
#include "kubectl/core/waiting.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

struct Pumps {
    int running = 0;
    sim::Signal changed;
};

sim::Task<void> pumpOut(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to, std::shared_ptr<Pumps> pumps) {
    while (true) {
        std::string part = co_await from->read();
        if (part.empty()) break;
        if (to) co_await to->write(std::move(part));
    }
    --pumps->running;
    pumps->changed.notify();
}

sim::Task<void> pumpIn(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to) {
    while (from) {
        std::string part = co_await from->read();
        if (part.empty()) break;
        const bool open = co_await to->write(std::move(part));
        if (!open) co_return;
    }
    to->closeWrite();
}

sim::Task<void> collect(std::shared_ptr<sim::Pipe> from, std::string* into, std::shared_ptr<Pumps> pumps) {
    while (true) {
        std::string part = co_await from->read();
        if (part.empty()) break;
        *into += part;
    }
    --pumps->running;
    pumps->changed.notify();
}

struct RawMode {
    std::shared_ptr<ports::Terminal> terminal;
    bool before = false;
    explicit RawMode(std::shared_ptr<ports::Terminal> t) : terminal(std::move(t)) {
        if (!terminal) return;
        before = terminal->raw;
        terminal->raw = true;
    }
    ~RawMode() {
        if (terminal) terminal->raw = before;
    }
};

ports::Request requestFor(const StreamRequest& wanted) {
    ports::Request request;
    request.method = "POST";
    request.path = wanted.path;
    if (!wanted.container.empty()) request.query.set("container", wanted.container);
    for (const std::string& word : wanted.command) request.query.add("command", word);
    if (wanted.input) request.query.set("stdin", "true");
    if (wanted.output) request.query.set("stdout", "true");
    if (wanted.error && !wanted.tty) request.query.set("stderr", "true");
    if (wanted.tty) request.query.set("tty", "true");
    request.headers.set("Connection", "Upgrade");
    request.headers.set("Upgrade", "SPDY/3.1");
    request.headers.set("X-Stream-Protocol-Version", "v5.channel.k8s.io");
    return request;
}

base::Error refused(const ports::Response& response) {
    base::Error error = client::errorFromResponse(response);
    // Source: client-go remotecommand: the handshake's failure hides the Status unless the server
    // answered with one before the upgrade.
    if (error.reason == "InternalError") return base::makeError(error.message); // through an accepted upgrade
    if (error.code == 500 || error.detail == nullptr)
        return base::makeError("unable to upgrade connection: " + errorText(error));
    return error;
}

Outcome ended(const ports::StreamOffer& offer) {
    if (!offer.failure.empty()) return base::makeError(offer.failure);
    const int code = offer.exitCode.value_or(0);
    if (code != 0) return exitError(code, "command terminated with exit code " + std::to_string(code));
    return 0;
}

} // namespace

sim::Task<Outcome> stream(Session& session, StreamRequest wanted) {
    co_await session.flush();
    auto offer = std::make_shared<ports::StreamOffer>();
    if (wanted.input) offer->input = std::make_shared<sim::Pipe>();
    offer->output = std::make_shared<sim::Pipe>();
    if (wanted.error && !wanted.tty) offer->error = std::make_shared<sim::Pipe>();
    if (wanted.tty) offer->terminal = session.process.terminal();
    ports::Request request = requestFor(wanted);
    request.upgrade = offer;
    auto answer = co_await session.send(std::move(request));
    if (!answer.ok()) co_return answer.error();
    if (!answer.value().upgraded) co_return refused(answer.value());
    RawMode raw(wanted.tty ? session.process.terminal() : nullptr);
    auto pumps = std::make_shared<Pumps>();
    sim::Scope scope(session.kernel());
    pumps->running = 1 + (offer->error ? 1 : 0);
    scope.spawn(pumpOut(offer->output, session.process.output(), pumps), "kubectl-stdout");
    if (offer->error) scope.spawn(pumpOut(offer->error, session.process.error(), pumps), "kubectl-stderr");
    if (wanted.input) scope.spawn(pumpIn(session.process.input(), offer->input), "kubectl-stdin");
    while (!offer->exitCode && offer->failure.empty()) co_await offer->finished.wait();
    while (pumps->running > 0 && !(offer->output->atEnd() && (!offer->error || offer->error->atEnd())))
        co_await pumps->changed.wait();
    co_return ended(*offer);
}

sim::Task<base::Result<Captured>> capture(Session& session, StreamRequest wanted, std::string input) {
    auto offer = std::make_shared<ports::StreamOffer>();
    wanted.input = !input.empty();
    if (wanted.input) offer->input = std::make_shared<sim::Pipe>(input.size() + 1);
    offer->output = std::make_shared<sim::Pipe>();
    offer->error = std::make_shared<sim::Pipe>();
    ports::Request request = requestFor(wanted);
    request.upgrade = offer;
    auto answer = co_await session.send(std::move(request));
    if (!answer.ok()) co_return answer.error();
    if (!answer.value().upgraded) co_return refused(answer.value());
    Captured out;
    auto pumps = std::make_shared<Pumps>();
    sim::Scope scope(session.kernel());
    pumps->running = 2;
    scope.spawn(collect(offer->output, &out.output, pumps), "kubectl-stdout");
    scope.spawn(collect(offer->error, &out.error, pumps), "kubectl-stderr");
    if (wanted.input) {
        co_await offer->input->write(std::move(input));
        offer->input->closeWrite();
    }
    while (!offer->exitCode && offer->failure.empty()) co_await offer->finished.wait();
    while (pumps->running > 0 && !(offer->output->atEnd() && offer->error->atEnd())) co_await pumps->changed.wait();
    if (!offer->failure.empty()) co_return base::makeError(offer->failure);
    out.code = offer->exitCode.value_or(0);
    co_return out;
}

base::Result<std::string> defaultContainer(Session& session, const Value& pod, const std::string& given, bool quiet,
                                           bool) {
    const std::string name = pod.at("metadata", "name").text();
    const Value& spec = pod["spec"];
    const auto has = [&](std::string_view wanted) {
        for (const char* list : {"containers", "initContainers", "ephemeralContainers"})
            for (const Value& container : spec[list].items())
                if (container["name"].asString() == wanted) return true;
        return false;
    };
    if (!given.empty()) {
        if (!has(given)) return base::makeError("container " + given + " not found in pod " + name);
        return given;
    }
    if (spec["containers"].size() == 0)
        return base::makeError("pod " + pod.at("metadata", "namespace").text() + "/" + name + " does not have any containers");
    const std::string marked = pod.at("metadata", "annotations")["kubectl.kubernetes.io/default-container"].text();
    if (!marked.empty() && has(marked)) return marked;
    const std::string first = spec["containers"][0]["name"].text();
    if (!quiet && (spec["containers"].size() > 1 || spec["initContainers"].size() > 0 || spec["ephemeralContainers"].size() > 0)) {
        std::vector<std::string> names;
        for (const Value& container : spec["containers"].items()) names.push_back(container["name"].text());
        for (const Value& container : spec["ephemeralContainers"].items()) names.push_back(container["name"].text() + " (ephem)");
        for (const Value& container : spec["initContainers"].items()) names.push_back(container["name"].text() + " (init)");
        session.err("Defaulted container " + base::quoteGo(first) + " out of: " + base::join(names, ", ") + "\n");
    }
    return first;
}

namespace {

// Best first: assigned, running, ready, few restarts, old. Source: kubectl pkg/util/podutils.
int rank(const Value& pod) {
    int score = 0;
    if (!pod.at("spec", "nodeName").asString().empty()) score += 8;
    const std::string_view phase = pod.at("status", "phase").asString();
    score += phase == "Running" ? 4 : phase == "Pending" ? 0 : 2;
    for (const Value& condition : pod.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready" && condition["status"].asString() == "True") score += 1;
    return score;
}

} // namespace

std::string podSelectorText(const Value& object) {
    const std::string_view kind = object["kind"].asString();
    const Value& selector = object.at("spec", "selector");
    if (kind == "Service" || kind == "ReplicationController") {
        std::vector<std::string> parts;
        for (const document::Member& member : selector.members()) parts.push_back(member.key.text() + "=" + member.value.text());
        return base::join(parts, ",");
    }
    auto parsed = api::LabelSelector::fromObject(selector);
    return parsed.ok() && !selector.isNull() ? parsed.value().text() : std::string{};
}

sim::Task<base::Result<std::vector<Value>>> podsOf(Session& session, Value object) {
    const std::string selector = podSelectorText(object);
    if (selector.empty() && object["kind"].asString() == "Service")
        co_return base::makeError("invalid service '" + object.at("metadata", "name").text() + "': Service is defined without a selector");
    if (selector.empty()) co_return base::makeError("selector for *v1." + object["kind"].text() + " not implemented");
    ports::Query query;
    query.set("labelSelector", selector);
    auto list = co_await session.get("/api/v1/namespaces/" + object.at("metadata", "namespace").text() + "/pods", query);
    if (!list.ok()) co_return list.error();
    std::vector<Value> pods(list.value()["items"].items().begin(), list.value()["items"].items().end());
    base::goSort(pods, [](const Value& a, const Value& b) {
        if (rank(a) != rank(b)) return rank(a) > rank(b);
        return a.at("metadata", "creationTimestamp").asString() < b.at("metadata", "creationTimestamp").asString();
    });
    for (Value& pod : pods) pod = pod.with("kind", "Pod").with("apiVersion", "v1");
    co_return pods;
}

sim::Task<base::Result<Value>> attachablePod(Session& session, std::string argument, sim::Duration timeout) {
    BuildOptions options;
    options.args = {argument.find('/') == std::string::npos ? "pods/" + argument : argument};
    auto built = co_await build(session, std::move(options));
    if (!built.ok()) co_return built.error();
    if (auto errors = built.value().errors(); !errors.empty()) co_return aggregate(std::move(errors));
    const auto infos = built.value().infos();
    if (infos.empty()) co_return base::makeError("pod name or resource type/name must be specified");
    const Value object = infos[0].object;
    if (object["kind"].asString() == "Pod") co_return object;
    const sim::Time deadline = session.kernel().now() + timeout;
    while (true) {
        auto pods = co_await podsOf(session, object);
        if (!pods.ok())
            co_return base::makeError("cannot attach to *v1." + object["kind"].text() + ": " + errorText(pods.error()));
        if (!pods.value().empty()) co_return pods.value().front();
        if (session.kernel().now() >= deadline) co_return base::makeError("timed out waiting for the condition");
        co_await session.flush();
        co_await sim::sleepFor(session.kernel(), sim::kSecond);
    }
}

sim::Task<Outcome> attachToPod(Session& session, Value pod, bool input, bool tty, bool quiet, sim::Duration timeout) {
    Info info;
    info.mapping.version = "v1";
    info.mapping.plural = "pods";
    info.mapping.kind = "Pod";
    info.ns = pod.at("metadata", "namespace").text();
    info.name = pod.at("metadata", "name").text();
    Value last = pod;
    ObjectTest started([&last](const Value& object) -> base::Result<bool> {
        last = object;
        const std::string_view phase = object.at("status", "phase").asString();
        return phase == "Running" || phase == "Succeeded" || phase == "Failed";
    });
    auto followed = co_await followObject(session, info, started, session.kernel().now() + timeout, false, "");
    if (!followed.ok() && followed.error().message.starts_with("timed out")) co_return base::makeError("timed out waiting for the condition");
    if (!followed.ok()) co_return followed.error();
    auto container = defaultContainer(session, last, "", quiet, true);
    if (!container.ok()) co_return container.error();
    const std::string path = info.path();
    if (last.at("status", "phase").asString() == "Running") {
        StreamRequest wanted;
        wanted.path = path + "/attach";
        wanted.container = container.value();
        wanted.input = input;
        if (tty && !session.process.terminal())
            session.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
        wanted.tty = tty && session.process.terminal() != nullptr;
        if (!quiet && input && session.process.terminal())
            session.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n"
                        "If you don't see a command prompt, try pressing enter.\n");
        auto attached = co_await stream(session, std::move(wanted));
        if (attached.ok()) co_return attached;
        if (dynamic_cast<const ExitDetail*>(attached.error().detail.get()) != nullptr) co_return 0;
        if (!quiet) session.err("warning: couldn't attach to pod/" + info.name + ", falling back to streaming logs: " + errorText(attached.error()) + "\n");
    }
    // The container has ended already: what it said is in its log.
    ports::Request request;
    request.path = path + "/log";
    request.query.set("container", container.value());
    auto answer = co_await session.send(std::move(request));
    if (!answer.ok()) co_return answer.error();
    if (answer.value().status != 200) co_return client::errorFromResponse(answer.value());
    session.out(answer.value().body);
    if (auto pipe = answer.value().stream)
        for (std::string part = co_await pipe->read(); !part.empty(); part = co_await pipe->read()) session.out(std::move(part));
    co_return 0;
}

} // namespace kubectl
