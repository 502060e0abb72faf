#pragma once
// Programs that this module brings (kube-proxy, coredns, nginx ...), for cluster/ to register.

#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace network {

struct NamedProgram {
    std::string name;
    std::shared_ptr<ports::Program> program;
};
std::vector<NamedProgram> programs();

} // namespace network
