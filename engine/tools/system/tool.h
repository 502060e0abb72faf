#pragma once
// A tool as one function.

#include "machine/machine.h"
#include "tools/system/programs.h"

#include <string>
#include <vector>

namespace tools::system {

using ToolFunction = sim::Task<int> (*)(ports::Process& process, std::vector<std::string> arguments);

class Tool final : public ports::Program {
public:
    explicit Tool(ToolFunction function) : function_(function) {}
    sim::Task<int> run(ports::Process& process) override {
        std::vector<std::string> arguments(process.argv().begin() + 1, process.argv().end());
        return function_(process, std::move(arguments));
    }

private:
    ToolFunction function_;
};

inline NamedProgram tool(const char* name, ToolFunction function) {
    return {name, std::make_shared<Tool>(function)};
}

// True (after an error on stderr) inside a container, where there is no machine to manage.
sim::Task<bool> refusedInContainer(ports::Process& process);
// Options that take an attached or a following value: "-n 5", "-n5", "--lines=5".
struct Options {
    std::vector<std::pair<std::string, std::string>> values; // option as given, its value
    std::vector<std::string> operands;
    std::string unknown; // first unknown option
    bool has(std::string_view name) const;
    std::string value(std::string_view name, std::string_view fallback = {}) const;
    std::vector<std::string> all(std::string_view name) const;
};
// `table`: "n:lines u:unit f=follow" - letter or "-", ":" takes a value or "=" does not, long name. The
// long name is the key in the result.
Options parseOptions(const std::vector<std::string>& arguments, std::string_view table);

std::vector<NamedProgram> serviceTools(); // systemctl, journalctl
std::vector<NamedProgram> processTools(); // ps, kill, pkill, pgrep, top, free, uptime
std::vector<NamedProgram> loginTools();   // ssh, sshd, sudo, su, hostname, hostnamectl
std::vector<NamedProgram> kernelTools();  // mount, umount, df, uname, dmesg, lsmod, modprobe, sysctl, swapoff ...
std::vector<NamedProgram> opensslTools();
std::vector<NamedProgram> etcdTools(); // etcdctl

} // namespace tools::system
