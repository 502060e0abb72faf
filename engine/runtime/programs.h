#pragma once
// Programs that this module brings, for cluster/ to register: `containerd` (the daemon of a machine),
// `pause` (the first process of every sandbox), the web servers `nginx` and `busybox-httpd`.

#include "ports/program.h"

#include <vector>

namespace runtime {

class Runtimes;

using ports::NamedProgram;
// `runtimes` outlives the programs.
std::vector<NamedProgram> programs(Runtimes& runtimes);

} // namespace runtime
