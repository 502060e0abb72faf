#pragma once
// The network tools, for cluster/ to register: curl, wget, nslookup, dig, host, ping, nc, ip, ss,
// netstat, iptables and its relatives, conntrack, traceroute, getent. Names with a prefix
// ("busybox-wget") are the busybox variants that busybox images hold.

#include "ports/program.h"

#include <vector>

namespace tools::net {

using ports::NamedProgram;
std::vector<NamedProgram> programs();

} // namespace tools::net
