#pragma once
// The programs of this module: bash and sh, the core utilities, the text tools and the editors.

#include "ports/program.h"
#include "shell/completion.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

using ports::NamedProgram;

// Everything this module brings, sorted by name. The providers complete arguments of programs of
// other modules ("kubectl") in interactive shells.
std::vector<NamedProgram> shellPrograms(CompletionProviders providers = {});

// Commands that bash runs itself ("cd"); some exist as programs too ("echo").
bool isBuiltin(std::string_view name);
std::vector<std::string> builtinNames();

// Names of the BusyBox applets among the programs, for images that have BusyBox only.
std::vector<std::string> busyboxApplets();

} // namespace shell
