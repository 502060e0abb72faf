#pragma once
// The system's own tools, for cluster/ to register: init, sshd, systemctl, journalctl, ps, kill, ssh,
// sudo, su, mount, sysctl, openssl and their kind. They see the machine behind their process.

#include "ports/program.h"

#include <vector>

namespace tools::system {

using ports::NamedProgram;
std::vector<NamedProgram> programs();

} // namespace tools::system
