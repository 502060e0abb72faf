#pragma once
// A failed run as a value in the trace, for whoever explains errors to a learner. Nothing that kubectl
// prints depends on it.

#include "base/result.h"
#include "ports/program.h"

namespace kubectl {

// Kind "failure"; the text is JSON: {argv, cwd, code, text, statuses: [Status, ...]}.
void recordFailure(ports::Process& process, const base::Error& error, const std::string& text, int code);

} // namespace kubectl
