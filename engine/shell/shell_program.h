#pragma once
// The programs `bash`, `dash` and BusyBox's `ash`; `sh` is one of the latter.

#include "shell/handoff.h"

#include <memory>

namespace shell {

std::shared_ptr<ports::Program> makeShellProgram(std::shared_ptr<CompletionProviders> providers,
                                                 Dialect dialect);
// Reads and runs commands from a terminal until `exit` or the end of input.
sim::Task<int> runInteractive(std::shared_ptr<Shell> shell);

} // namespace shell
