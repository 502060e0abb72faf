// exec and attach. Source: k8s.io/kubectl pkg/cmd/exec/exec.go, pkg/cmd/attach/attach.go.
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/commands/streams.h"
#include "kubectl/core/builder.h"

namespace kubectl {

using document::Value;

namespace {

std::string podPath(const Value& pod) {
    return "/api/v1/namespaces/" + pod.at("metadata", "namespace").text() + "/pods/" + pod.at("metadata", "name").text();
}

bool finished(const Value& pod) {
    const std::string_view phase = pod.at("status", "phase").asString();
    return phase == "Succeeded" || phase == "Failed";
}

bool useTerminal(Session& session) {
    // A terminal without input is none.
    if (!session.flags.on("tty") || !session.flags.on("stdin")) return false;
    if (session.process.terminal()) return true;
    if (!session.flags.on("quiet"))
        session.err("Unable to use a TTY - input is not a terminal or the right kind of file\n");
    return false;
}

} // namespace

sim::Task<Outcome> runExec(Session& session) {
    const auto before = session.line.argsBeforeDash();
    const auto files = session.flags.list("filename");
    std::vector<std::string> words = session.line.argsAfterDash();
    if (before.empty() && files.empty()) co_return base::makeError("pod, type/name or --filename must be specified");
    if (before.size() > (files.empty() ? 1u : 0u) && session.line.argsAtDash < 0)
        co_return session.usage("exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead");
    if (session.flags.duration("pod-running-timeout") <= 0) co_return session.usage("--pod-running-timeout must be higher than zero");
    if (words.empty()) co_return base::makeError("you must specify at least one command for the container");
    const std::string target = files.empty() ? before[0] : "";
    base::Result<Value> pod = Value();
    if (!files.empty()) {
        BuildOptions options = buildOptions(session);
        options.args.clear();
        options.latest = true;
        auto built = co_await build(session, std::move(options));
        if (!built.ok()) co_return built.error();
        if (auto errors = built.value().errors(); !errors.empty()) co_return aggregate(std::move(errors));
        const auto infos = built.value().infos();
        if (infos.size() != 1) co_return base::makeError("cannot exec into multiple objects at a time");
        pod = infos[0].object;
    } else {
        pod = co_await attachablePod(session, target, session.flags.duration("pod-running-timeout"));
    }
    if (!pod.ok()) co_return pod.error();
    if (finished(pod.value()))
        co_return base::makeError("cannot exec into a container in a completed pod; current phase is " + pod.value().at("status", "phase").text());
    std::string container = session.flags.text("container");
    if (container.empty()) {
        auto chosen = defaultContainer(session, pod.value(), "", session.flags.on("quiet"), true);
        if (!chosen.ok()) co_return chosen.error();
        container = chosen.value();
    }
    StreamRequest wanted;
    wanted.path = podPath(pod.value()) + "/exec";
    wanted.container = container;
    wanted.command = words;
    wanted.input = session.flags.on("stdin");
    wanted.tty = useTerminal(session);
    co_return co_await stream(session, std::move(wanted));
}

sim::Task<Outcome> runAttach(Session& session) {
    if (session.args.empty()) co_return base::makeError("at least 1 argument is required for attach");
    if (session.args.size() > 2)
        co_return session.usage("expected POD, TYPE/NAME, or TYPE NAME, (at most 2 arguments) saw " +
                                std::to_string(session.args.size()) + ": [" + base::join(session.args, " ") + "]");
    if (session.flags.duration("pod-running-timeout") <= 0) co_return session.usage("--pod-running-timeout must be higher than zero");
    const std::string target = session.args.size() == 2 ? session.args[0] + "/" + session.args[1] : session.args[0];
    auto pod = co_await attachablePod(session, target, session.flags.duration("pod-running-timeout"));
    if (!pod.ok()) co_return pod.error();
    if (finished(pod.value()))
        co_return base::makeError("cannot attach a container in a completed pod; current phase is " + pod.value().at("status", "phase").text());
    auto container = defaultContainer(session, pod.value(), session.flags.text("container"), session.flags.on("quiet"), true);
    if (!container.ok()) co_return base::makeError("cannot attach to the container: " + errorText(container.error()));
    StreamRequest wanted;
    wanted.path = podPath(pod.value()) + "/attach";
    wanted.container = container.value();
    wanted.input = session.flags.on("stdin");
    wanted.tty = useTerminal(session);
    if (!session.flags.on("quiet"))
        session.err("All commands and output from this session will be recorded in container logs, including credentials and sensitive information passed through the command prompt.\n"
                    "If you don't see a command prompt, try pressing enter.\n");
    co_return co_await stream(session, std::move(wanted));
}

} // namespace kubectl
