#include "tools/net/support.h"

#include "network/netfilter/extension.h"
#include "tools/net/programs.h"

#include <cerrno>
#include <cstdio>

namespace tools::net {
namespace {

class FunctionProgram final : public ports::Program {
public:
    explicit FunctionProgram(Main main) : main_(main) {}
    sim::Task<int> run(ports::Process& process) override { return main_(process); }

private:
    Main main_;
};

} // namespace

std::shared_ptr<ports::Program> program(Main main) { return std::make_shared<FunctionProgram>(main); }

std::string errnoText(int number) {
    switch (number) {
    case EPERM: return "Operation not permitted";
    case ENOENT: return "No such file or directory";
    case ESRCH: return "No such process";
    case EEXIST: return "File exists";
    case EACCES: return "Permission denied";
    case EINVAL: return "Invalid argument";
    case ENOPROTOOPT: return "Protocol not available";
    case EADDRINUSE: return "Address already in use";
    case EADDRNOTAVAIL: return "Cannot assign requested address";
    case ENETDOWN: return "Network is down";
    case ENETUNREACH: return "Network is unreachable";
    case ECONNRESET: return "Connection reset by peer";
    case ETIMEDOUT: return "Connection timed out";
    case ECONNREFUSED: return "Connection refused";
    case EHOSTUNREACH: return "No route to host";
    case EINPROGRESS: return "Operation now in progress";
    default: return "Unknown error " + std::to_string(number);
    }
}

std::string decimal(double number, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, number);
    return text;
}
std::string padRight(std::string text, std::size_t width) {
    if (text.size() < width) text.append(width - text.size(), ' ');
    return text;
}
std::string padLeft(std::string text, std::size_t width) {
    if (text.size() < width) text.insert(0, width - text.size(), ' ');
    return text;
}
std::string baseName(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? path : path.substr(slash + 1));
}
std::string serviceName(std::uint16_t port) {
    const std::string name = network::netfilter::serviceName(port, false);
    return name == std::to_string(port) ? std::string() : name;
}
std::optional<std::uint16_t> servicePort(std::string_view name) { return network::netfilter::servicePort(name); }

std::vector<NamedProgram> programs() {
    const std::pair<const char*, Main> list[] = {
        {"iptables", iptablesMain}, {"iptables-nft", iptablesMain}, {"iptables-save", iptablesSaveMain},
        {"iptables-nft-save", iptablesSaveMain}, {"iptables-restore", iptablesRestoreMain},
        {"iptables-nft-restore", iptablesRestoreMain}, {"ip6tables", iptablesMain},
        {"ip6tables-save", iptablesSaveMain}, {"ip6tables-restore", iptablesRestoreMain},
        {"conntrack", conntrackMain}, {"curl", curlMain}, {"wget", wgetMain}, {"busybox-wget", busyboxWgetMain},
        {"nslookup", nslookupMain}, {"busybox-nslookup", busyboxNslookupMain}, {"dig", digMain}, {"host", hostMain},
        {"getent", getentMain}, {"ping", pingMain}, {"ping4", pingMain}, {"busybox-ping", busyboxPingMain},
        {"traceroute", tracerouteMain}, {"busybox-traceroute", tracerouteMain}, {"arping", arpingMain},
        {"busybox-arping", arpingMain}, {"nc", ncMain}, {"netcat", ncMain}, {"busybox-nc", busyboxNcMain},
        {"telnet", telnetMain}, {"busybox-telnet", telnetMain}, {"ip", ipMain}, {"busybox-ip", busyboxIpMain},
        {"bridge", bridgeMain}, {"route", routeMain}, {"busybox-route", routeMain}, {"arp", arpMain},
        {"busybox-arp", arpMain}, {"ifconfig", ifconfigMain}, {"busybox-ifconfig", ifconfigMain}, {"ss", ssMain},
        {"netstat", netstatMain}, {"busybox-netstat", netstatMain}};
    std::vector<NamedProgram> out;
    for (const auto& [name, main] : list) out.push_back({name, program(main)});
    return out;
}

} // namespace tools::net
