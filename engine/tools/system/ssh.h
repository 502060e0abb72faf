#pragma once
// ssh and sshd between the machines of a cluster. The wire is our own: frames of a letter, a length
// and bytes; what a user sees is OpenSSH's.

#include "ports/program.h"

#include <string>
#include <vector>

namespace tools::system {

sim::Task<int> ssh(ports::Process& process, std::vector<std::string> arguments);
sim::Task<int> sshd(ports::Process& process, std::vector<std::string> arguments);

} // namespace tools::system
