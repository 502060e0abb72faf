#pragma once
// A Linux host: files, users, processes, systemd, kernel settings, power.

#include "machine/files/view.h"
#include "machine/journal.h"
#include "machine/process/process.h"
#include "machine/users.h"
#include "ports/program.h"
#include "ports/tty.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

class Systemd;

// net.* and other settings that live in another part of the simulation.
class SysctlProvider {
public:
    virtual ~SysctlProvider() = default;
    virtual std::optional<std::string> read(std::string_view name) const = 0;
    virtual bool write(std::string_view name, std::string_view value) = 0; // false: unknown
    virtual std::vector<std::string> names() const = 0;
};

struct MachineSpec {
    std::string name;
    std::int64_t cpus = 2;
    std::int64_t memoryBytes = 4LL << 30;
    InodePtr base; // frozen
    std::string kernelVersion = "6.1.0-28-amd64";
    std::string osImage = "Debian GNU/Linux 12 (bookworm)";
};

// One login shell on a terminal or with plain pipes.
struct LoginSpec {
    std::string user = "root";
    std::vector<std::string> argv; // empty: the user's login shell
    std::map<std::string, std::string> env; // on top of the login environment
    std::string cwd;                        // empty: home
    std::shared_ptr<sim::Pipe> input, output, error;
    std::shared_ptr<ports::Terminal> terminal;
    std::shared_ptr<ports::Program> program; // instead of the shell's file
};

class Machine final : public ports::Host {
public:
    Machine(sim::Kernel& kernel, const ports::ProgramRegistry& programs, MachineSpec spec,
            ports::NetStack& network, SysctlProvider* sysctls);
    ~Machine() override;
    Machine(const Machine&) = delete;
    Machine& operator=(const Machine&) = delete;

    sim::Kernel& kernel() { return kernel_; }
    const ports::ProgramRegistry& programs() const { return programs_; }
    const MachineSpec& spec() const { return spec_; }
    const std::string& name() const { return spec_.name; } // of the blueprint
    const std::string& hostname() const { return hostname_; }
    void setHostname(std::string name) { hostname_ = std::move(name); }
    ports::NetStack& network() { return network_; }

    const ViewPtr& files() const { return files_; } // as root
    ViewPtr viewFor(const User& user) const;
    ProcessTable& processes() { return *processes_; }
    Systemd& systemd() { return *systemd_; }
    Journal& journal() { return journal_; }
    void logKernel(std::string message, int priority = 6);

    // Power. Switching on starts systemd's default target.
    bool running() const { return running_; }
    void powerOn();
    void powerOff();
    void reboot(sim::Duration after = 20 * sim::kSecond);
    void setPowerHandler(base::Function<void(bool)> handler) { onPower_ = std::move(handler); }
    sim::Time bootedAt() const { return bootedAt_; }
    const std::string& bootId() const { return bootId_; }
    const std::string& machineId() const { return machineId_; }

    // Kernel settings by dotted name ("net.ipv4.ip_forward"); nothing: no such key.
    std::optional<std::string> sysctl(std::string_view name) const;
    bool setSysctl(std::string_view name, std::string_view value);
    std::vector<std::string> sysctlNames() const;
    std::vector<std::string>& modules() { return modules_; }
    std::string& swaps() { return swaps_; } // lines of /proc/swaps below its head

    // A login of a user; its shell's pid. The caller closes the pipes.
    base::Result<int> login(LoginSpec spec, base::Function<void(ProcessEnd)> ended = {});
    std::map<std::string, std::string> loginEnvironment(const User& user) const;

    // A /proc for a pid namespace (empty: the machine's own) with the mounts of a table.
    FileTreePtr makeProc(std::string pidNamespace, std::weak_ptr<MountTable> mounts);
    FileTreePtr makeSys();
    // /dev with the usual devices.
    FileTreePtr makeDevices();

private:
    void mountSystem();

    sim::Kernel& kernel_;
    const ports::ProgramRegistry& programs_;
    MachineSpec spec_;
    ports::NetStack& network_;
    SysctlProvider* sysctlProvider_;
    std::string hostname_, bootId_, machineId_;
    bool running_ = false;
    sim::Time bootedAt_ = 0;
    Journal journal_;
    FileTreePtr disk_;
    ViewPtr files_;
    std::map<std::string, std::string, std::less<>> sysctls_;
    std::vector<std::string> modules_;
    std::string swaps_;
    base::Function<void(bool)> onPower_;
    std::unique_ptr<ProcessTable> processes_;
    std::unique_ptr<Systemd> systemd_;
    sim::EventId rebootEvent_;
};

// The machine behind a process.
Machine& machineOf(ports::Process& process);

} // namespace machine
