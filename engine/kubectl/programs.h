#pragma once
// The kubectl program, for cluster/ to register.

#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace kubectl {

struct NamedProgram {
    std::string name;
    std::shared_ptr<ports::Program> program;
};
std::vector<NamedProgram> programs();

} // namespace kubectl
