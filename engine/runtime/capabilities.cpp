#include "runtime/capabilities.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace runtime {
namespace {

// By number. Source: capabilities(7).
constexpr std::array<std::string_view, 41> kNames = {
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID",
    "SETPCAP", "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW",
    "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT",
    "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD",
    "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"};
constexpr std::uint64_t kAll = (1ULL << kNames.size()) - 1;
constexpr std::array<std::string_view, 14> kDefault = {
    "CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID",
    "SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"};

std::uint64_t bit(std::string_view name) {
    if (name.starts_with("CAP_")) name.remove_prefix(4);
    const auto* found = std::find(kNames.begin(), kNames.end(), name);
    return found == kNames.end() ? 0 : 1ULL << (found - kNames.begin());
}

bool hasAll(const std::vector<std::string>& names) {
    return std::any_of(names.begin(), names.end(),
                       [](const std::string& name) { return base::toUpper(name) == "ALL"; });
}

} // namespace

std::uint64_t capabilityMask(const ports::CriSecurity& security) {
    if (security.privileged) return kAll;
    std::uint64_t mask = 0;
    for (const std::string_view name : kDefault) mask |= bit(name);
    if (hasAll(security.addCapabilities)) mask = kAll;
    if (hasAll(security.dropCapabilities)) mask = 0;
    for (const std::string& name : security.addCapabilities) mask |= bit(base::toUpper(name));
    for (const std::string& name : security.dropCapabilities) mask &= ~bit(base::toUpper(name));
    return mask;
}

} // namespace runtime
