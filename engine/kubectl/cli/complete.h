#pragma once
// What may follow on a command line: commands, flags, kinds, live objects. Source: cobra
// completions.go; k8s.io/kubectl pkg/util/completion.

#include "ports/program.h"
#include "shell/completion.h"
#include "sim/task.h"

#include <string>
#include <vector>

namespace kubectl {

// The hidden command "__complete": one candidate a line, then ":" and what the shell should do.
sim::Task<int> runComplete(ports::Process& process, std::vector<std::string> words, bool descriptions);

// For the line editor of the simulated bash.
shell::CompletionProviders completionProviders();

} // namespace kubectl
