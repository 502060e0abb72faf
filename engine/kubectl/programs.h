#pragma once
// The kubectl program, for cluster/ to register.

#include "ports/program.h"

#include <vector>

namespace kubectl {

using ports::NamedProgram;
std::vector<NamedProgram> programs();

} // namespace kubectl
