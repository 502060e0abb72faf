#pragma once
// The program `kubelet`, for cluster/ to register.

#include "ports/cri.h"
#include "ports/program.h"

#include <vector>

namespace kubelet {

using ports::NamedProgram;
// `runtimes` outlives the programs.
std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes);

} // namespace kubelet
