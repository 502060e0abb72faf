#include "shell/programs.h"

#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"
#include "shell/shell_program.h"

#include <algorithm>

namespace shell {

std::vector<NamedProgram> shellPrograms(CompletionProviders providers) {
    std::vector<NamedProgram> programs;
    const auto bash = makeShellProgram(std::make_shared<CompletionProviders>(std::move(providers)));
    for (const char* name : {"bash", "sh", "dash", "ash"}) programs.push_back({name, bash});
    addCoreutils(programs);
    std::sort(programs.begin(), programs.end(), [](const NamedProgram& a, const NamedProgram& b) { return a.name < b.name; });
    return programs;
}

bool isBuiltin(std::string_view name) { return findBuiltin(name) != nullptr; }
std::vector<std::string> builtinNames() { return allBuiltins(); }

} // namespace shell
