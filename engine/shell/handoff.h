#pragma once
// A list in the background runs in a process of its own: a new process of the shell program, which
// finds here the copy of the shell that it takes over, named by a variable of its environment.

#include "shell/shell.h"

#include <map>
#include <memory>

namespace shell {

struct Handoff {
    std::shared_ptr<Shell> shell;
    ListPtr list;
};

class ShellProgramBase : public ports::Program {
public:
    int put(Handoff handoff) {
        waiting_[++last_] = std::move(handoff);
        return last_;
    }
    Handoff take(int token) {
        auto found = waiting_.find(token);
        if (found == waiting_.end()) return {};
        Handoff handoff = std::move(found->second);
        waiting_.erase(found);
        return handoff;
    }

private:
    int last_ = 0;
    std::map<int, Handoff> waiting_;
};

inline constexpr const char* kHandoffVariable = "_SHELL_HANDOFF";

} // namespace shell
