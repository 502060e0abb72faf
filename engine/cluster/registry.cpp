#include "cluster/registry.h"

namespace cluster {
namespace {

// Programs that Debian keeps for the administrator.
bool systemFolder(std::string_view name) {
    static const std::set<std::string_view> kNames = {
        "iptables", "iptables-save", "iptables-restore", "ip6tables", "ip6tables-save", "sshd", "sysctl",
        "modprobe", "lsmod", "conntrack", "ipset", "nft", "reboot", "poweroff", "shutdown", "halt",
        "swapon", "swapoff", "init", "useradd", "usermod", "groupadd", "chroot", "bridge", "ethtool"};
    return kNames.count(name) > 0;
}

} // namespace

void Registry::add(const std::string& name, std::shared_ptr<ports::Program> program, std::string_view folder) {
    programs_[name] = std::move(program);
    // "busybox-wget" and the like are what BusyBox images hold.
    if (folder.empty() || name.starts_with("busybox")) return;
    std::string place(folder);
    if (place == "/usr/bin" && systemFolder(name)) place = "/usr/sbin";
    installed_[place + "/" + name] = name;
}

std::shared_ptr<ports::Program> Registry::find(std::string_view name) const {
    const auto found = programs_.find(name);
    return found == programs_.end() ? nullptr : found->second;
}

std::vector<std::string> Registry::names() const {
    std::vector<std::string> list;
    for (const auto& [name, program] : programs_) list.push_back(name);
    return list;
}

} // namespace cluster
