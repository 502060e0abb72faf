#include "shell/programs.h"

#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"
#include "shell/shell_program.h"

#include <algorithm>

namespace shell {

std::vector<NamedProgram> shellPrograms(CompletionProviders providers) {
    std::vector<NamedProgram> programs;
    const auto shared = std::make_shared<CompletionProviders>(std::move(providers));
    programs.push_back({"bash", makeShellProgram(shared, Dialect::Bash)});
    const auto dash = makeShellProgram(shared, Dialect::Dash);
    for (const char* name : {"sh", "dash"}) programs.push_back({name, dash});
    programs.push_back({"ash", makeShellProgram(shared, Dialect::Ash)});
    addCoreutils(programs);
    std::sort(programs.begin(), programs.end(),
              [](const NamedProgram& a, const NamedProgram& b) { return a.name < b.name; });
    return programs;
}

bool isBuiltin(std::string_view name) { return findBuiltin(name) != nullptr; }
std::vector<std::string> builtinNames() { return allBuiltins(); }

// Of BusyBox 1.36 as Debian and the official image build it, as far as they exist here.
std::vector<std::string> busyboxApplets() {
    return {
        "[",       "ash",      "awk",       "base64", "basename", "cat",     "chgrp",    "chmod",
        "chown",   "clear",    "cmp",       "comm",   "cp",       "cut",     "date",     "diff",
        "dirname", "du",       "echo",      "egrep",  "env",      "expr",    "false",    "fgrep",
        "find",    "fold",     "grep",      "groups", "head",     "hexdump", "id",       "install",
        "less",    "ln",       "ls",        "md5sum", "mkdir",    "mktemp",  "more",     "mv",
        "nice",    "nl",       "nohup",     "nproc",  "od",       "paste",   "printenv", "printf",
        "pwd",     "readlink", "realpath",  "reset",  "rev",      "rm",      "rmdir",    "sed",
        "seq",     "sh",       "sha256sum", "shuf",   "sleep",    "sort",    "stat",     "strings",
        "stty",    "sync",     "tac",       "tail",   "tee",      "test",    "timeout",  "touch",
        "tr",      "true",     "truncate",  "tty",    "uniq",     "vi",      "watch",    "wc",
        "which",   "whoami",   "xargs",     "xxd",    "yes"};
}

} // namespace shell
