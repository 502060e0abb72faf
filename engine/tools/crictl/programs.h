#pragma once
// crictl and ctr, for cluster/ to register.

#include "ports/cri.h"
#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace tools::crictl {

struct NamedProgram {
    std::string name;
    std::shared_ptr<ports::Program> program;
};
// `runtimes` outlives the programs.
std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes);

} // namespace tools::crictl
