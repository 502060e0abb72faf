// Shells on hosts: interactive ones on a pseudo terminal, and those that keep state between commands.
#include "cluster/state.h"

namespace cluster {

std::shared_ptr<Session> Cluster::openSession(std::string_view host, ports::TerminalSize size) {
    Node* node = state_->find(host);
    auto session = std::make_shared<Session>();
    session->hostName = std::string(host);
    Login login;
    login.tty = std::make_unique<ports::Tty>(state_->kernel, size);
    session->keyboard = login.tty->keyboard();
    session->screen = login.tty->screen();
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
        login.pid = *started;
        machine::ProcessTable* table = &node->machine().processes();
        login.tty->setFallbackSignal([table, pid = *started](int number) { table->signal(pid, number); });
    }
    state_->record("open", std::string(host), std::to_string(size.columns) + "x" + std::to_string(size.rows));
    state_->logins.push_back(std::move(login));
    return session;
}

void Cluster::type(Session& session, std::string bytes) {
    state_->record("keys", session.hostName, bytes);
    const sim::CauseId cause = state_->kernel.trace().record(state_->kernel.now(), "input", "keys", session.hostName);
    const sim::CauseScope scope(state_->kernel.trace(), cause);
    session.keyboard->tryWrite(bytes);
}

void Cluster::resize(Session& session, ports::TerminalSize size) {
    state_->record("resize", session.hostName, std::to_string(size.columns) + "x" + std::to_string(size.rows));
    if (!session.terminal) return;
    session.terminal->size = size;
    session.terminal->resized.notify();
}

CommandResult Cluster::run(std::string_view shell, std::string_view host, std::string command, sim::Duration limit) {
    CommandResult result;
    Node* node = state_->find(host);
    if (node == nullptr || !node->machine().running()) {
        result.exitCode = 255;
        result.error = "ssh: connect to host " + std::string(host) + " port 22: Connection refused\n";
        return result;
    }
    state_->record("run", std::string(host), command);
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
    const sim::CauseId cause = kernel.trace().record(kernel.now(), "command", command, std::string(host));
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
