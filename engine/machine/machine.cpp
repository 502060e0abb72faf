#include "machine/machine.h"

#include "base/strings.h"
#include "machine/systemd/systemd.h"

#include <algorithm>

namespace machine {

Machine::Machine(sim::Kernel& kernel, const ports::ProgramRegistry& programs, MachineSpec spec,
                 ports::NetStack& network, SysctlProvider* sysctls)
    : kernel_(kernel), programs_(programs), spec_(std::move(spec)), network_(network),
      sysctlProvider_(sysctls), hostname_(spec_.name), journal_(kernel),
      disk_(std::make_shared<FileTree>(kernel, "ext4", "/dev/vda1", spec_.base)) {
    machineId_ = base::encodeHex(kernel.random("machine/id/" + spec_.name).bytes(16));
    files_ = std::make_shared<View>(std::make_shared<MountTable>(disk_));
    processes_ = std::make_unique<ProcessTable>(*this);
    systemd_ = std::make_unique<Systemd>(*this);
    modules_ = {"overlay", "br_netfilter", "ip_tables", "iptable_nat", "iptable_filter", "nf_nat",
                "nf_conntrack", "xt_conntrack", "xt_MASQUERADE", "xt_comment", "xt_mark",
                "xt_statistic", "veth", "bridge", "vxlan"};
    sysctls_ = {{"kernel.hostname", ""}, {"kernel.osrelease", spec_.kernelVersion},
                {"kernel.ostype", "Linux"}, {"kernel.panic", "10"}, {"kernel.panic_on_oops", "1"},
                {"kernel.pid_max", "4194304"}, {"kernel.keys.root_maxkeys", "1000000"},
                {"kernel.keys.root_maxbytes", "25000000"}, {"kernel.msgmax", "8192"},
                {"kernel.shmmax", "18446744073692774399"}, {"kernel.sem", "32000\t1024000000\t500\t32000"},
                {"vm.overcommit_memory", "1"}, {"vm.panic_on_oom", "0"}, {"vm.swappiness", "60"},
                {"vm.max_map_count", "65530"}, {"fs.file-max", "9223372036854775807"},
                {"fs.inotify.max_user_instances", "128"}, {"fs.inotify.max_user_watches", "65536"}};
    (void)files_->write("/etc/machine-id", machineId_ + "\n", 0444);
    (void)files_->write("/etc/hostname", spec_.name + "\n", 0644);
}

Machine::~Machine() {
    onPower_ = nullptr;
    powerOff();
}

ViewPtr Machine::viewFor(const User& user) const {
    return std::make_shared<View>(files_->mounts(), Credentials{user.uid, user.gid, user.groups});
}

void Machine::logKernel(std::string message, int priority) {
    JournalLine line;
    line.identifier = "kernel";
    line.priority = priority;
    line.message = std::move(message);
    journal_.append(std::move(line));
}

void Machine::mountSystem() {
    for (const char* folder : {"/proc", "/sys", "/dev", "/run", "/tmp", "/var", "/root", "/mnt", "/run/lock"})
        (void)files_->makeDirectories(folder, 0755);
    (void)files_->chmod("/tmp", 01777);
    (void)files_->mount("/proc", makeProc({}, files_->mounts()), "rw,nosuid,nodev,noexec,relatime");
    (void)files_->mount("/sys", makeSys(), "rw,nosuid,nodev,noexec,relatime");
    (void)files_->mount("/dev", makeDevices(), "rw,nosuid,relatime,size=2007268k,mode=755");
    (void)files_->mount("/run", std::make_shared<FileTree>(kernel_, "tmpfs", "tmpfs"),
                        "rw,nosuid,nodev,noexec,relatime,mode=755");
    (void)files_->makeDirectories("/run/lock", 01777);
    (void)files_->makeDirectories("/run/systemd/resolve", 0755);
    if (const auto resolv = files_->read("/etc/resolv.conf"); resolv.ok())
        (void)files_->write("/run/systemd/resolve/resolv.conf", *resolv, 0644);
}

void Machine::powerOn() {
    if (running_) return;
    running_ = true;
    bootedAt_ = kernel_.now();
    bootId_ = kernel_.random("machine/boot/" + spec_.name).uuid();
    if (const auto name = files_->read("/etc/hostname"); name.ok() && !base::trim(*name).empty())
        hostname_ = std::string(base::trim(*name));
    journal_.beginBoot(base::replaceAll(bootId_, "-", ""));
    mountSystem();
    logKernel("Linux version " + spec_.kernelVersion);
    if (onPower_) onPower_(true);
    // The number of the first process is systemd's.
    ProcessSpec init;
    init.argv = {"/sbin/init"};
    init.files = std::make_shared<View>(files_->mounts());
    init.network = &network_;
    init.parent = 0;
    init.input = init.output = init.error = std::make_shared<sim::Pipe>();
    (void)processes_->start(std::move(init));
    systemd_->boot();
}

void Machine::powerOff() {
    if (!running_) return;
    running_ = false;
    systemd_->shutDown();
    processes_->killAll();
    // Everything that was mounted is gone with the kernel that held it.
    files_ = std::make_shared<View>(std::make_shared<MountTable>(disk_));
    if (onPower_) onPower_(false);
}

void Machine::reboot(sim::Duration after) {
    powerOff();
    kernel_.cancel(rebootEvent_);
    rebootEvent_ = kernel_.scheduleAfter(after, [this] { powerOn(); }, "machine boots");
}

std::optional<std::string> Machine::sysctl(std::string_view name) const {
    if (name == "kernel.hostname") return hostname_;
    if (name == "kernel.random.boot_id") return bootId_;
    if (sysctlProvider_ != nullptr)
        if (auto value = sysctlProvider_->read(name)) return value;
    const auto found = sysctls_.find(name);
    if (found == sysctls_.end()) return std::nullopt;
    return found->second;
}

bool Machine::setSysctl(std::string_view name, std::string_view value) {
    if (name == "kernel.hostname") {
        hostname_ = std::string(base::trim(value));
        return true;
    }
    if (sysctlProvider_ != nullptr && sysctlProvider_->write(name, base::trim(value))) return true;
    const auto found = sysctls_.find(name);
    if (found == sysctls_.end()) return false;
    found->second = std::string(base::trim(value));
    return true;
}

std::vector<std::string> Machine::sysctlNames() const {
    std::vector<std::string> names{"kernel.random.boot_id"};
    for (const auto& [name, value] : sysctls_) names.push_back(name);
    if (sysctlProvider_ != nullptr)
        for (auto& name : sysctlProvider_->names()) names.push_back(std::move(name));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

std::map<std::string, std::string> Machine::loginEnvironment(const User& user) const {
    const char* path = user.uid == 0 ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
                                     : "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";
    return {{"HOME", user.home}, {"USER", user.name}, {"LOGNAME", user.name}, {"SHELL", user.shell},
            {"PATH", path}, {"LANG", "C.UTF-8"}, {"PWD", user.home}};
}

base::Result<int> Machine::login(LoginSpec login, base::Function<void(ProcessEnd)> ended) {
    if (!running_) return base::makeError("Connection refused");
    const auto user = findUser(*files_, login.user);
    if (!user) return base::makeError("user " + login.user + " does not exist");
    ProcessSpec spec;
    spec.env = loginEnvironment(*user);
    if (login.terminal) spec.env["TERM"] = "xterm-256color";
    for (auto& [key, value] : login.env) spec.env[key] = value;
    spec.argv = std::move(login.argv);
    if (spec.argv.empty()) spec.argv = {"-" + user->shell.substr(user->shell.rfind('/') + 1)};
    spec.cwd = login.cwd.empty() ? user->home : login.cwd;
    if (!files_->isDirectory(spec.cwd)) spec.cwd = "/";
    spec.env["PWD"] = spec.cwd;
    spec.files = viewFor(*user);
    spec.network = &network_;
    spec.input = login.input;
    spec.output = login.output;
    spec.error = login.error ? login.error : login.output;
    spec.terminal = login.terminal;
    spec.program = std::move(login.program);
    spec.unit = "session.scope";
    return processes_->start(std::move(spec), std::move(ended));
}

Machine& machineOf(ports::Process& process) { return static_cast<Machine&>(process.host()); }

} // namespace machine
