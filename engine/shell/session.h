#pragma once
// A shell that is not interactive and keeps its state from one command to the next: what
// `timonel batch`, packs and checks talk to.

#include "ports/program.h"

#include <deque>
#include <memory>
#include <string>

namespace shell {

// One command on its way. `output` and `error` are complete once `done`.
struct SessionCommand {
    std::string text;
    std::string output, error;
    int exitCode = 0;
    bool done = false;
    sim::Signal finished;
};

// Run this as a process (root's login shell on a host); it serves commands until `end()`. Errors
// print as from `bash -c TEXT`; input is /dev/null; variables, functions and the working directory
// stay. `exit` ends the command, not the session.
class SessionProgram : public ports::Program {
public:
    SessionProgram();
    ~SessionProgram() override;
    sim::Task<int> run(ports::Process& process) override;

    std::shared_ptr<SessionCommand> submit(std::string text);
    // Gives up the command that runs: its processes get SIGKILL and it ends with this code.
    void cancelCurrent(int exitCode = 124);
    void end();
    const std::string& workingDirectory() const { return cwd_; }

private:
    struct Running;
    std::deque<std::shared_ptr<SessionCommand>> queue_;
    sim::Signal arrived_;
    sim::Signal cancelled_;
    std::shared_ptr<SessionCommand> current_;
    bool ended_ = false;
    int cancelCode_ = 0;
    std::string cwd_ = "/root";
};

} // namespace shell
