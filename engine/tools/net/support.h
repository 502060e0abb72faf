#pragma once
// What the network tools share.

#include "base/ip.h"
#include "base/result.h"
#include "network/dns/resolver.h"
#include "network/fabric/namespace.h"
#include "ports/program.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tools::net {

// The namespace a tool works on; null (with a message written) when the stack is not the lab's.
inline network::Namespace* spaceOf(ports::Process& process) { return network::namespaceOf(process.network()); }

inline sim::Task<base::Result<network::dns::Resolved>> lookup(ports::Process& process, std::string name) {
    return network::dns::lookup(process.kernel(), process.files(), process.network(), std::move(name));
}

// strerror(3).
std::string errnoText(int number);

// A program made of one function.
using Main = sim::Task<int> (*)(ports::Process& process);
std::shared_ptr<ports::Program> program(Main main);

// True for a process that may change the network: root on a host (containers lack CAP_NET_ADMIN).
inline bool mayAdminister(ports::Process& process) { return process.uid() == 0 && !process.inContainer(); }

std::string decimal(double number, int digits); // "%.3f"
std::string padRight(std::string text, std::size_t width);
std::string padLeft(std::string text, std::size_t width);
std::string baseName(std::string_view path);
std::string serviceName(std::uint16_t port); // empty when unknown
std::optional<std::uint16_t> servicePort(std::string_view name);

// The programs of each file.
sim::Task<int> iptablesMain(ports::Process& process);
sim::Task<int> iptablesSaveMain(ports::Process& process);
sim::Task<int> iptablesRestoreMain(ports::Process& process);
sim::Task<int> conntrackMain(ports::Process& process);
sim::Task<int> curlMain(ports::Process& process);
sim::Task<int> wgetMain(ports::Process& process);
sim::Task<int> busyboxWgetMain(ports::Process& process);
sim::Task<int> nslookupMain(ports::Process& process);
sim::Task<int> busyboxNslookupMain(ports::Process& process);
sim::Task<int> digMain(ports::Process& process);
sim::Task<int> hostMain(ports::Process& process);
sim::Task<int> getentMain(ports::Process& process);
sim::Task<int> pingMain(ports::Process& process);
sim::Task<int> busyboxPingMain(ports::Process& process);
sim::Task<int> tracerouteMain(ports::Process& process);
sim::Task<int> arpingMain(ports::Process& process);
sim::Task<int> ncMain(ports::Process& process);
sim::Task<int> busyboxNcMain(ports::Process& process);
sim::Task<int> telnetMain(ports::Process& process);
sim::Task<int> ipMain(ports::Process& process);
sim::Task<int> busyboxIpMain(ports::Process& process);
sim::Task<int> bridgeMain(ports::Process& process);
sim::Task<int> routeMain(ports::Process& process);
sim::Task<int> arpMain(ports::Process& process);
sim::Task<int> ifconfigMain(ports::Process& process);
sim::Task<int> ssMain(ports::Process& process);
sim::Task<int> netstatMain(ports::Process& process);

} // namespace tools::net
