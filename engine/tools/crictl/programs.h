#pragma once
// crictl and ctr, for cluster/ to register.

#include "ports/cri.h"
#include "ports/program.h"

#include <vector>

namespace tools::crictl {

using ports::NamedProgram;
// `runtimes` outlives the programs.
std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes);

} // namespace tools::crictl
