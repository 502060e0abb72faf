#include "shell/shell_program.h"

#include "base/strings.h"
#include "shell/session.h"

namespace shell {
namespace {

struct Invocation {
    bool commandGiven = false, login = false, interactive = false, fromInput = false, noRc = false,
         noProfile = false;
    std::string command;
    Strings rest;
    std::string bad;
};

Invocation readInvocation(const Strings& argv, ShellOptions& options) {
    Invocation out;
    out.login = !argv.empty() && !argv[0].empty() && argv[0][0] == '-';
    std::size_t at = 1;
    for (; at < argv.size(); ++at) {
        const std::string& word = argv[at];
        if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) break;
        if (word == "--") {
            ++at;
            break;
        }
        if (word == "--login")
            out.login = true;
        else if (word == "--norc")
            out.noRc = true;
        else if (word == "--noprofile")
            out.noProfile = true;
        else if (word == "--posix")
            options.posix = true;
        else if (word == "--rcfile" || word == "--init-file")
            ++at;
        else if (word == "--version" || word == "--help")
            out.bad = word;
        else if (word.rfind("--", 0) == 0)
            out.bad = word;
        else {
            bool takesOption = false;
            for (const char c : word.substr(1)) {
                switch (c) {
                case 'c': out.commandGiven = true; break;
                case 'l': out.login = true; break;
                case 'i': out.interactive = true; break;
                case 's': out.fromInput = true; break;
                case 'e': options.errExit = word[0] == '-'; break;
                case 'u': options.noUnset = word[0] == '-'; break;
                case 'x': options.trace = word[0] == '-'; break;
                case 'v': options.verbose = word[0] == '-'; break;
                case 'n': options.noExec = word[0] == '-'; break;
                case 'f': options.noGlob = word[0] == '-'; break;
                case 'o': takesOption = true; break;
                case 'O': takesOption = true; break;
                default: break;
                }
            }
            if (takesOption && at + 1 < argv.size()) {
                ++at;
                if (argv[at] == "pipefail")
                    options.pipeFail = true;
                else if (argv[at] == "errexit")
                    options.errExit = true;
                else if (argv[at] == "nounset")
                    options.noUnset = true;
                else if (argv[at] == "xtrace")
                    options.trace = true;
                else
                    options.shopt.insert(argv[at]);
            }
        }
    }
    if (out.commandGiven && at < argv.size())
        out.command = argv[at++];
    else if (out.commandGiven)
        out.bad = "-c";
    out.rest.assign(argv.begin() + static_cast<std::ptrdiff_t>(std::min(at, argv.size())),
                    argv.end());
    return out;
}

class BashProgram : public ShellProgramBase {
public:
    BashProgram(std::shared_ptr<CompletionProviders> providers, Dialect dialect)
        : providers_(std::move(providers)), dialect_(dialect) {}

    ports::IdleUse idleUse() const override { return {0, dialect_ == Dialect::Bash ? 3840LL << 10 : 1LL << 20}; }
    sim::Task<int> run(ports::Process& process) override {
        if (const auto token = process.env().find(kHandoffVariable); token != process.env().end()) {
            Handoff handoff = take(static_cast<int>(base::parseInt(token->second).value_or(0)));
            if (handoff.shell) {
                const int status = co_await runHandedOver(process, std::move(handoff));
                co_return status;
            }
        }
        auto shell = std::make_shared<Shell>(process, std::make_shared<Family>());
        shell->providers = providers_;
        shell->options.dialect = dialect_;
        Invocation invocation = readInvocation(process.argv(), shell->options);
        const std::string self = process.argv().empty() ? "bash" : process.argv()[0];
        if (!invocation.bad.empty()) {
            const int status = co_await refuse(process, invocation.bad, self);
            co_return status;
        }
        shell->begin();
        shell->name = self;
        const bool onTerminal =
            process.isTerminal(0) && (process.isTerminal(2) || process.isTerminal(1));
        shell->options.login = invocation.login;
        shell->options.interactive =
            invocation.interactive ||
            (!invocation.commandGiven && (invocation.rest.empty() || invocation.fromInput) &&
             onTerminal);
        if (shell->options.interactive) {
            shell->options.shopt.insert("expand_aliases");
            shell->options.monitor = shell->options.history = shell->options.histExpand = true;
            shell->options.emacsMode = true;
        }
        if (invocation.login && !invocation.noProfile)
            co_await readStartup(*shell);
        else if (shell->options.interactive && !invocation.noRc)
            co_await sourceIfThere(*shell, shell->variables.text("HOME") + "/.bashrc");
        const int status = co_await runMain(shell, std::move(invocation), self);
        co_return status;
    }

private:
    static sim::Task<int> runHandedOver(ports::Process& process, Handoff handoff) {
        handoff.shell->adopt(process);
        co_await handoff.shell->runList(handoff.list);
        co_await handoff.shell->finish();
        const int status = handoff.shell->lastStatus;
        handoff.shell->fds.clear();
        co_return status;
    }

    static sim::Task<int> refuse(ports::Process& process, std::string option, std::string self) {
        if (option == "--version") {
            co_await process.writeOut(
                "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\n"
                "Copyright (C) 2022 Free Software Foundation, Inc.\n"
                "License GPLv3+: GNU GPL version 3 or later <http://gnu.org/licenses/gpl.html>\n\n"
                "This is free software; you are free to change and redistribute it.\n"
                "There is NO WARRANTY, to the extent permitted by law.\n");
            co_return 0;
        }
        if (option == "-c") {
            co_await process.writeError(self + ": -c: option requires an argument\n");
            co_return 2;
        }
        co_await process.writeError(self + ": " + option + ": invalid option\nUsage:\t" + self +
                                    " [GNU long option] [option] ...\n\t" + self +
                                    " [GNU long option] [option] script-file ...\n");
        co_return option == "--help" ? 0 : 2;
    }

    static sim::Task<void> sourceIfThere(Shell& shell, std::string path) {
        if (!shell.files().exists(path)) co_return;
        Strings words{"source", path};
        co_await shell.runBuiltin(std::move(words));
        if (shell.flow == Flow::Abort) shell.flow = Flow::None;
    }

    static sim::Task<void> readStartup(Shell& shell) {
        co_await sourceIfThere(shell, "/etc/profile");
        if (shell.unwinding()) co_return;
        const std::string home = shell.variables.text("HOME");
        static constexpr const char* kProfiles[] = {"/.bash_profile", "/.bash_login", "/.profile"};
        for (const char* name : kProfiles)
            if (shell.files().exists(home + name)) {
                co_await sourceIfThere(shell, home + name);
                co_return;
            }
        if (shell.options.interactive) co_await sourceIfThere(shell, home + "/.bashrc");
    }

    static sim::Task<int> runMain(std::shared_ptr<Shell> shell, Invocation invocation,
                                  std::string self) {
        if (invocation.commandGiven) {
            shell->options.commandString = true;
            if (!invocation.rest.empty()) {
                shell->name = invocation.rest[0];
                shell->positional.assign(invocation.rest.begin() + 1, invocation.rest.end());
            }
            co_await shell->runText(invocation.command, shell->name + ": -c", true);
        } else if (!invocation.rest.empty() && !invocation.fromInput) {
            const std::string path = invocation.rest[0];
            shell->positional.assign(invocation.rest.begin() + 1, invocation.rest.end());
            const bool there =
                shell->files().exists(shell->absolute(path)) || path.find('/') != std::string::npos;
            const std::string found = there ? path : shell->findInPath(path);
            auto content = shell->files().read(shell->absolute(found.empty() ? path : found));
            if (!content.ok()) {
                if (shell->files().isDirectory(shell->absolute(path))) {
                    co_await shell->err(path + ": " + path + ": Is a directory\n");
                    co_return 126;
                }
                co_await shell->err(self + ": " + path + ": " + content.error().message + "\n");
                co_return 127;
            }
            if (content->find('\0') < 80) {
                co_await shell->err(path + ": " + path + ": cannot execute binary file\n");
                co_return 126;
            }
            shell->name = path;
            co_await shell->runText(std::move(*content), path, false);
        } else if (shell->options.interactive && shell->process().terminal()) {
            const int status = co_await runInteractive(shell);
            co_return status;
        } else {
            shell->positional = invocation.rest;
            co_await runInput(shell, self);
        }
        co_await shell->finish();
        co_return shell->lastStatus;
    }

    // Commands from a pipe, a line at a time: what a command reads is not lost.
    static sim::Task<void> runInput(std::shared_ptr<Shell> shell, std::string self) {
        std::string pending;
        int firstLine = 1;
        while (!shell->unwinding()) {
            std::string line;
            bool ended = false, timedOut = false;
            while (true) {
                const std::string piece = co_await shell->readSome(0, 1, sim::kForever, timedOut);
                ended = piece.empty();
                if (ended) break;
                line += piece;
                if (piece == "\n") break;
            }
            pending += line;
            if (pending.empty() && ended) break;
            ParserOptions options;
            options.firstLine = firstLine;
            Parser probe(pending, options);
            ListPtr list;
            ParseStatus status;
            while ((status = probe.next(list)) == ParseStatus::Ok) {
            }
            if (status == ParseStatus::Incomplete && !ended) continue;
            if (!probe.warnings().empty() && !ended) continue; // an open here-document
            const std::string text = std::exchange(pending, {});
            co_await shell->runText(text, self, false);
            for (const char c : text) firstLine += c == '\n';
            if (ended) break;
        }
    }

    std::shared_ptr<CompletionProviders> providers_;
    Dialect dialect_;
};

} // namespace

std::shared_ptr<ports::Program> makeShellProgram(std::shared_ptr<CompletionProviders> providers,
                                                 Dialect dialect) {
    return std::make_shared<BashProgram>(std::move(providers), dialect);
}

// Sessions.
SessionProgram::SessionProgram() = default;
SessionProgram::~SessionProgram() = default;

std::shared_ptr<SessionCommand> SessionProgram::submit(std::string text) {
    auto command = std::make_shared<SessionCommand>();
    command->text = std::move(text);
    queue_.push_back(command);
    arrived_.notify();
    return command;
}

void SessionProgram::cancelCurrent(int exitCode) {
    cancelCode_ = exitCode;
    cancelled_.notify();
}

void SessionProgram::end() {
    ended_ = true;
    arrived_.notify();
    cancelled_.notify();
}

struct SessionProgram::Running {
    static constexpr std::size_t kMaxOutput = 64u << 20;
    static sim::Task<void> collect(std::shared_ptr<sim::Pipe> pipe,
                                   std::shared_ptr<SessionCommand> command, bool error) {
        std::string& target = error ? command->error : command->output;
        while (true) {
            const std::string piece = co_await pipe->read();
            if (piece.empty()) co_return;
            target += piece;
            if (target.size() > kMaxOutput) pipe->closeRead();
        }
    }
    static sim::Task<void> execute(std::shared_ptr<Shell> shell, std::string text, bool* done,
                                   std::shared_ptr<sim::Signal> finished) {
        co_await shell->runText(std::move(text), shell->name + ": -c", true);
        co_await shell->finish();
        *done = true;
        finished->notify();
    }
};

sim::Task<int> SessionProgram::run(ports::Process& process) {
    auto shell = std::make_shared<Shell>(process, std::make_shared<Family>());
    shell->begin();
    shell->name = "bash";
    shell->options.commandString = true;
    while (!ended_) {
        if (queue_.empty()) {
            co_await arrived_.wait();
            continue;
        }
        current_ = queue_.front();
        queue_.pop_front();
        auto output = std::make_shared<sim::Pipe>(), error = std::make_shared<sim::Pipe>();
        sim::Scope collectors(process.kernel());
        collectors.spawn(Running::collect(output, current_, false), "session output");
        collectors.spawn(Running::collect(error, current_, true), "session error");
        shell->fds = {{0, OpenFile::bytes("")},
                      {1, OpenFile::inherited(output)},
                      {2, OpenFile::inherited(error)}};
        bool done = false;
        cancelCode_ = -1;
        shell->foreground = std::make_shared<Job>();
        {
            sim::Scope running(process.kernel());
            auto finished = std::make_shared<sim::Signal>();
            struct Relay {
                static sim::Task<void> body(std::shared_ptr<sim::Signal> from, sim::Signal* to) {
                    co_await from->wait();
                    to->notify();
                }
            };
            running.spawn(Relay::body(finished, &cancelled_), "session relay");
            running.spawn(Running::execute(shell, current_->text, &done, finished),
                          "session command");
            while (!done && cancelCode_ < 0 && !ended_) co_await cancelled_.wait();
        }
        if (!done) {
            // The rest of the command is gone; its processes go too.
            for (const auto& job : shell->jobs) shell->killJob(*job, ports::kSigKill);
            shell->killJob(*shell->foreground, ports::kSigKill);
            shell->lastStatus = cancelCode_ < 0 ? 1 : cancelCode_;
            shell->family->liveShells = 1;
            shell->functionDepth = shell->loopDepth = shell->conditionDepth = shell->sourceDepth =
                0;
        }
        // What was written before the end reaches the collectors first.
        while (output->buffered() + error->buffered() > 0)
            co_await sim::sleepFor(process.kernel(), 0);
        shell->flow = Flow::None;
        shell->traps.clear();
        shell->options.errExit = shell->options.noUnset = shell->options.trace = false;
        cwd_ = shell->cwd;
        current_->exitCode = shell->lastStatus;
        current_->done = true;
        current_->finished.notify();
        current_.reset();
    }
    co_return 0;
}

} // namespace shell
