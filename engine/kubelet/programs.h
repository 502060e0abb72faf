#pragma once
// The program `kubelet`, for cluster/ to register.

#include "ports/cri.h"
#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace kubelet {

struct NamedProgram {
    std::string name;
    std::shared_ptr<ports::Program> program;
};
// `runtimes` outlives the programs.
std::vector<NamedProgram> programs(ports::RuntimeEndpoints& runtimes);

} // namespace kubelet
