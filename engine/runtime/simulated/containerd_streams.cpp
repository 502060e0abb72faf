// exec, attach and port-forward.

#include "base/strings.h"
#include "runtime/simulated/containerd.h"

namespace runtime {
namespace {

struct Ending {
    bool done = false;
    ProcessEnd end;
    sim::Signal signal;
};

// Collects a stream; beyond the bound the rest is read and dropped.
sim::Task<void> collect(std::shared_ptr<sim::Pipe> from, std::shared_ptr<std::string> into,
                        std::size_t bound) {
    while (true) {
        const std::string bytes = co_await from->read();
        if (bytes.empty()) break;
        if (into->size() < bound) into->append(bytes, 0, bound - into->size());
    }
}

sim::Task<void> pump(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to) {
    while (true) {
        std::string bytes = co_await from->read();
        if (bytes.empty()) break;
        const bool alive = co_await to->write(std::move(bytes));
        if (!alive) break;
    }
    to->closeWrite();
}

// Hands the caller's keyboard to a container without ending its input when the caller leaves.
sim::Task<void> feed(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to, bool once) {
    while (true) {
        std::string bytes = co_await from->read();
        if (bytes.empty()) break;
        const bool alive = co_await to->write(std::move(bytes));
        if (!alive) break;
    }
    if (once) to->closeWrite();
}

// A terminal's keyboard stays when its user has merely nothing more to say; when the user has gone, it
// hangs up.
sim::Task<void> feedKeyboard(std::shared_ptr<ports::StreamOffer> streams, std::shared_ptr<sim::Pipe> keyboard) {
    while (true) {
        std::string bytes = co_await streams->input->read();
        if (bytes.empty()) break;
        co_await keyboard->write(std::move(bytes));
    }
    if (streams->output && streams->output->readClosed()) keyboard->closeWrite();
}

sim::Task<void> showScreen(std::shared_ptr<sim::Pipe> screen, std::shared_ptr<ports::StreamOffer> streams,
                           std::shared_ptr<sim::Pipe> keyboard) {
    while (true) {
        std::string bytes = co_await screen->read();
        if (bytes.empty()) break;
        if (!streams->output) continue;
        const bool alive = co_await streams->output->write(std::move(bytes));
        if (!alive) keyboard->closeWrite();
    }
    if (streams->output) streams->output->closeWrite();
}

sim::Task<void> followSize(std::shared_ptr<ports::Terminal> from, ports::Tty& to) {
    while (true) {
        if (!(to.terminal()->size == from->size)) to.resize(from->size);
        co_await from->resized.wait();
    }
}

std::shared_ptr<sim::Pipe> closedPipe() {
    auto pipe = std::make_shared<sim::Pipe>();
    pipe->closeWrite();
    return pipe;
}

std::shared_ptr<sim::Pipe> sinkPipe() {
    auto pipe = std::make_shared<sim::Pipe>();
    pipe->closeRead();
    return pipe;
}

constexpr sim::Duration kTerminalStart = 50 * sim::kMillisecond;
constexpr std::size_t kExecBound = 16 * 1024 * 1024;

} // namespace

sim::Task<base::Result<int>> Containerd::runExec(ContainerPtr container, std::vector<std::string> command,
                                                 std::shared_ptr<ports::StreamOffer> streams, bool tty) {
    auto owner = sandbox(container->info.sandboxId);
    if (!owner.ok()) co_return std::move(owner).error();
    if (container->info.state != ports::CriContainerState::Running)
        co_return base::makeError("container is in CONTAINER_" +
                                      std::string(container->info.state == ports::CriContainerState::Exited
                                                      ? "EXITED"
                                                      : "CREATED") +
                                      " state",
                                  ports::kCriUnknown);
    ContainerProcessSpec spec = processSpec(*container, **owner);
    spec.argv = command;
    spec.init = false;
    std::unique_ptr<ports::Tty> terminal;
    if (tty) {
        // Making a process takes runc about this long; the client's first window size is there by then.
        co_await sim::sleepFor(host_.kernel(), kTerminalStart);
        spec.env.emplace_back("TERM", "xterm");
        terminal = std::make_unique<ports::Tty>(host_.kernel(), streams->terminal ? streams->terminal->size
                                                                                 : ports::TerminalSize{80, 24});
        spec.input = terminal->input();
        spec.output = spec.error = terminal->output();
        spec.terminal = terminal->terminal();
    } else {
        spec.input = streams->input ? streams->input : closedPipe();
        spec.output = streams->output ? streams->output : sinkPipe();
        spec.error = streams->error ? streams->error : sinkPipe();
    }
    auto ending = std::make_shared<Ending>();
    auto started = host_.start(std::move(spec), [ending](ProcessEnd end) {
        ending->done = true;
        ending->end = end;
        ending->signal.notify();
    });
    if (!started.ok()) {
        if (streams->output) streams->output->closeWrite();
        if (streams->error) streams->error->closeWrite();
        co_return base::makeError("failed to exec in container: failed to start exec \"" + newId() +
                                      "\": OCI runtime exec failed: exec failed: unable to start "
                                      "container process: " +
                                      startFailure(*container, started.error(), command),
                                  ports::kCriUnknown);
    }
    if (!tty) {
        while (!ending->done) co_await ending->signal.wait();
        co_return ending->end.exitCode;
    }
    // A client that goes away takes its terminal along: the process gets a hang-up.
    struct Hangup {
        ContainerHost& host;
        Ending& ending;
        int pid;
        ~Hangup() {
            if (!ending.done) host.signal(pid, ports::kSigHup);
        }
    } hangup{host_, *ending, *started};
    terminal->setFallbackSignal([this, pid = *started](int number) { host_.signal(pid, number); });
    sim::Scope keyboard(host_.kernel()), screen(host_.kernel());
    if (streams->input) keyboard.spawn(feedKeyboard(streams, terminal->keyboard()), "exec-keyboard");
    if (streams->terminal) keyboard.spawn(followSize(streams->terminal, *terminal), "exec-size");
    screen.spawn(showScreen(terminal->screen(), streams, terminal->keyboard()), "exec-screen");
    while (!ending->done) co_await ending->signal.wait();
    // What was written last is still on its way to the screen.
    while (!screen.empty()) co_await sim::sleepFor(host_.kernel(), sim::kMillisecond);
    co_return ending->end.exitCode;
}

sim::Task<base::Status> Containerd::exec(std::string id, std::vector<std::string> command, bool tty,
                                         std::shared_ptr<ports::StreamOffer> streams) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    auto code = co_await runExec(*found, std::move(command), streams, tty);
    if (!code.ok()) {
        streams->failure = code.error().message;
        streams->finished.notify();
        co_return std::move(code).error();
    }
    streams->exitCode = *code;
    streams->finished.notify();
    co_return base::okStatus();
}

sim::Task<base::Result<ports::CriExecResult>>
Containerd::execSync(std::string id, std::vector<std::string> command, sim::Duration timeout) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    const ContainerPtr target = *found;
    auto owner = sandbox(target->info.sandboxId);
    if (!owner.ok()) co_return std::move(owner).error();
    if (target->info.state != ports::CriContainerState::Running)
        co_return base::makeError("failed to exec in container: container is in CONTAINER_EXITED state",
                                  ports::kCriUnknown);
    ContainerProcessSpec spec = processSpec(*target, **owner);
    spec.argv = command;
    spec.init = false;
    spec.input = closedPipe();
    spec.output = std::make_shared<sim::Pipe>();
    spec.error = std::make_shared<sim::Pipe>();
    sim::Scope scope(host_.kernel());
    auto output = std::make_shared<std::string>();
    auto error = std::make_shared<std::string>();
    scope.spawn(collect(spec.output, output, kExecBound), "exec-output");
    scope.spawn(collect(spec.error, error, kExecBound), "exec-output");
    auto ending = std::make_shared<Ending>();
    auto started = host_.start(std::move(spec), [ending](ProcessEnd end) {
        ending->done = true;
        ending->end = end;
        ending->signal.notify();
    });
    if (!started.ok())
        co_return base::makeError("failed to exec in container: failed to start exec \"" + newId() +
                                      "\": OCI runtime exec failed: exec failed: unable to start "
                                      "container process: " +
                                      startFailure(*target, started.error(), command),
                                  ports::kCriUnknown);
    const sim::Time deadline = timeout > 0 ? host_.kernel().now() + timeout : sim::kForever;
    while (!ending->done && host_.kernel().now() < deadline) co_await ending->signal.waitUntil(deadline);
    if (!ending->done) {
        host_.signal(*started, ports::kSigKill);
        co_return base::makeError("failed to exec in container: timeout " +
                                      sim::formatGoDuration(timeout) + " exceeded: context deadline exceeded",
                                  ports::kCriDeadlineExceeded);
    }
    // The collectors see the end of the pipes in events of their own.
    while (!scope.empty()) co_await sim::sleepFor(host_.kernel(), sim::kMillisecond);
    co_return ports::CriExecResult{*output, *error, ending->end.exitCode};
}

sim::Task<base::Status> Containerd::attach(std::string id, std::shared_ptr<ports::StreamOffer> streams) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    const ContainerPtr target = *found;
    if (target->info.state != ports::CriContainerState::Running)
        co_return base::makeError("container is in CONTAINER_EXITED state", ports::kCriUnknown);
    target->log->attach({streams->output, streams->error});
    sim::Scope scope(host_.kernel());
    if (streams->input && target->config.input)
        scope.spawn(feed(streams->input, target->input, target->config.inputOnce && !target->tty), "attach-input");
    if (streams->terminal && target->tty) scope.spawn(followSize(streams->terminal, *target->tty), "attach-size");
    const auto gone = [&] { return streams->output && streams->output->readClosed(); };
    constexpr sim::Duration kLook = 5 * sim::kSecond; // at whether the client is still there
    while (target->info.state == ports::CriContainerState::Running && !gone())
        co_await target->changed.waitUntil(host_.kernel().now() + kLook);
    if (gone()) co_return base::okStatus();
    while (!target->log->drained()) co_await target->log->changed().wait();
    if (streams->output) streams->output->closeWrite();
    if (streams->error) streams->error->closeWrite();
    streams->exitCode = 0;
    streams->finished.notify();
    co_return base::okStatus();
}

sim::Task<base::Status> Containerd::portForward(std::string sandboxId, std::uint16_t port,
                                                std::shared_ptr<ports::StreamOffer> streams) {
    BASE_CO_CHECK(available());
    auto found = sandbox(sandboxId);
    if (!found.ok()) co_return std::move(found).error();
    const SandboxPtr target = *found;
    if (target->info.state != ports::CriSandboxState::Ready)
        co_return base::makeError("sandbox container \"" + sandboxId + "\" is not running",
                                  ports::kCriUnknown);
    ports::NetStack& stack = target->network ? target->network->stack() : host_.network();
    const auto local = base::IpAddress::parse("127.0.0.1");
    const base::Endpoint to{*local, port};
    ports::ConnectOptions options;
    auto connection = co_await stack.connect(to, options);
    if (!connection.ok()) {
        std::string text = "failed to execute portforward in network namespace \"" +
                           (target->network ? "/var/run/netns/cni-" + sandboxId.substr(0, 8) +
                                                  "-" + sandboxId.substr(8, 4) + "-" +
                                                  sandboxId.substr(12, 4) + "-" + sandboxId.substr(16, 4) +
                                                  "-" + sandboxId.substr(20, 12)
                                            : std::string("host")) +
                           "\": failed to connect to localhost:" + std::to_string(port) +
                           " inside namespace \"" + sandboxId + "\", IPv4: dial tcp4 127.0.0.1:" +
                           std::to_string(port) + ": connect: " + connection.error().message +
                           " IPv6 dial tcp6: address localhost: no suitable address found ";
        streams->failure = text;
        streams->finished.notify();
        co_return base::makeError(text, ports::kCriUnknown);
    }
    const ports::Duplex bytes = (*connection)->bytes();
    sim::Scope scope(host_.kernel());
    if (streams->input && bytes.output) scope.spawn(pump(streams->input, bytes.output), "port-forward");
    if (streams->output && bytes.input) co_await pump(bytes.input, streams->output);
    (*connection)->close();
    streams->exitCode = 0;
    streams->finished.notify();
    co_return base::okStatus();
}

} // namespace runtime
