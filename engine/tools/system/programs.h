#pragma once
// The system's own tools, for cluster/ to register: init, sshd, systemctl, journalctl, ps, kill, ssh,
// sudo, su, mount, sysctl, openssl and their kind. They see the machine behind their process.

#include "ports/program.h"

#include <memory>
#include <string>
#include <vector>

namespace tools::system {

struct NamedProgram {
    std::string name;
    std::shared_ptr<ports::Program> program;
};
std::vector<NamedProgram> programs();

} // namespace tools::system
