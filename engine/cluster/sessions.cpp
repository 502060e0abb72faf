// Shells on hosts: interactive ones on a pseudo terminal, and those that keep state between commands.
#include "cluster/state.h"

namespace cluster {
namespace {

constexpr std::size_t kBurst = 32 * 1024;         // what the far end reads at once
constexpr sim::Duration kBreath = 5 * sim::kMillisecond; // between full bursts
constexpr std::size_t kUnread = 4 * 1024 * 1024;  // bytes kept for a driver that does not read

// The far end of a terminal line. It reads at a pace of virtual time, so that back pressure on a
// program that writes without end is part of the world and not of the machine that shows it.
sim::Task<void> drain(sim::Kernel* kernel, std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to) {
    while (true) {
        const std::string bytes = co_await from->read(kBurst);
        if (bytes.empty()) break;
        if (to->buffered() + bytes.size() > kUnread) to->tryRead(to->buffered() + bytes.size() - kUnread);
        to->tryWrite(bytes);
        if (bytes.size() >= kBurst) co_await sim::sleepFor(*kernel, kBreath);
    }
    to->closeWrite();
}

std::string sizeText(ports::TerminalSize size) { return std::to_string(size.columns) + "x" + std::to_string(size.rows); }

} // namespace

std::shared_ptr<Session> Cluster::openSession(std::string_view host, ports::TerminalSize size) {
    state_->record("open", std::string(host), sizeText(size));
    Node* node = state_->find(host);
    auto session = std::make_shared<Session>();
    session->number = ++state_->sessionCount;
    session->hostName = std::string(host);
    Login login;
    login.tty = std::make_unique<ports::Tty>(state_->kernel, size);
    session->keyboard = login.tty->keyboard();
    session->screen = std::make_shared<sim::Pipe>(kUnread);
    session->terminal = login.tty->terminal();
    login.session = session;
    const auto fail = [&](const std::string& text) {
        session->alive = false;
        session->screen->tryWrite(text + "\r\n");
        session->screen->closeWrite();
    };
    if (node == nullptr || !node->machine().running()) {
        fail("ssh: connect to host " + std::string(host) + " port 22: Connection refused");
        state_->logins.push_back(std::move(login));
        return session;
    }
    machine::LoginSpec spec;
    spec.input = login.tty->input();
    spec.output = spec.error = login.tty->output();
    spec.terminal = login.tty->terminal();
    const std::weak_ptr<Session> weak = session;
    ports::Tty* tty = login.tty.get();
    auto started = node->machine().login(std::move(spec), [weak, tty](machine::ProcessEnd) {
        if (const auto ended = weak.lock()) {
            ended->alive = false;
            tty->close();
            ended->ended.notify();
        }
    });
    if (!started.ok()) {
        fail(started.error().message);
    } else {
        state_->scope.spawn(drain(&state_->kernel, login.tty->screen(), session->screen), "screen");
        login.pid = *started;
        machine::ProcessTable* table = &node->machine().processes();
        login.tty->setFallbackSignal([table, pid = *started](int number) { table->signal(pid, number); });
    }
    state_->logins.push_back(std::move(login));
    return session;
}

void Cluster::type(Session& session, std::string bytes) {
    state_->record("keys", std::to_string(session.number), bytes);
    const sim::CauseId cause = state_->kernel.trace().record(state_->kernel.now(), "input", "keys", session.hostName);
    const sim::CauseScope scope(state_->kernel.trace(), cause);
    session.keyboard->tryWrite(bytes);
}

void Cluster::resize(Session& session, ports::TerminalSize size) {
    state_->record("resize", std::to_string(session.number), sizeText(size));
    if (!session.terminal) return;
    session.terminal->size = size;
    session.terminal->resized.notify();
}

void Cluster::closeSession(Session& session) {
    state_->record("close", std::to_string(session.number), {});
    session.keyboard->closeWrite();
}

CommandResult Cluster::run(std::string_view shell, std::string_view host, std::string command, sim::Duration limit) {
    CommandResult result;
    state_->record("run", std::string(host), std::string(shell) + "\n" + std::to_string(limit) + "\n" + command);
    Node* node = state_->find(host);
    if (node == nullptr || !node->machine().running()) {
        result.exitCode = 255;
        result.error = "ssh: connect to host " + std::string(host) + " port 22: Connection refused\n";
        return result;
    }
    sim::Kernel& kernel = state_->kernel;
    BatchShell& entry = state_->shells[std::string(host) + "/" + std::string(shell)];
    const auto process = entry.pid == 0 ? nullptr : node->machine().processes().find(entry.pid);
    if (!process || process->ended()) {
        entry.program = std::make_shared<shell::SessionProgram>();
        machine::LoginSpec spec;
        spec.argv = {"-bash"};
        spec.program = entry.program;
        spec.input = std::make_shared<sim::Pipe>();
        spec.input->closeWrite();
        spec.output = spec.error = std::make_shared<sim::Pipe>();
        const auto started = node->machine().login(std::move(spec));
        if (!started.ok()) {
            result.exitCode = 255;
            result.error = started.error().message + "\n";
            return result;
        }
        entry.pid = *started;
    }
    // Only what a learner does is a command; the lab's own shells must not look like it.
    const char* kind = shell == "grader" ? "check" : shell == "setup" ? "setup" : "command";
    const sim::CauseId cause = kernel.trace().record(kernel.now(), kind, command, std::string(host));
    std::shared_ptr<shell::SessionCommand> submitted;
    {
        const sim::CauseScope scope(kernel.trace(), cause);
        submitted = entry.program->submit(std::move(command));
    }
    kernel.runWhile([submitted] { return !submitted->done; }, kernel.now() + limit);
    if (!submitted->done) {
        entry.program->cancelCurrent(124);
        kernel.runWhile([submitted] { return !submitted->done; }, kernel.now() + sim::kSecond);
        submitted->exitCode = 124;
    }
    result.output = submitted->output;
    result.error = submitted->error;
    result.exitCode = submitted->exitCode;
    return result;
}

} // namespace cluster
