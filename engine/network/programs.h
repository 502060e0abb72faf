#pragma once
// Programs that this module brings (kube-proxy, coredns), for cluster/ to register.

#include "ports/program.h"

#include <vector>

namespace network {

using ports::NamedProgram;
std::vector<NamedProgram> programs();

} // namespace network
