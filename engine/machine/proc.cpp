// /proc, /sys and /dev. Source: proc(5).
#include "base/function.h"
#include "base/strings.h"
#include "machine/machine.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>

namespace machine {
namespace {

using Reader = base::Function<std::string()>;

class TextNode final : public LiveNode {
public:
    explicit TextNode(Reader reader) : reader_(std::move(reader)) {}
    std::string read() const override { return reader_(); }

private:
    Reader reader_;
};

InodePtr text(Reader reader) { return liveFile(std::make_shared<TextNode>(std::move(reader))); }

// One process' folder.
class ProcessNode final : public LiveNode {
public:
    explicit ProcessNode(LinuxProcessPtr process) : process_(std::move(process)) {}
    InodePtr child(std::string_view name, int) const override {
        const auto process = process_;
        if (name == "cmdline")
            return text([process] {
                std::string out;
                for (const auto& word : process->argv()) out += word + std::string(1, '\0');
                return out;
            });
        if (name == "comm") return text([process] { return process->commandName() + "\n"; });
        if (name == "environ")
            return text([process] { return process->environmentText('\0'); });
        if (name == "status") return text([process] { return status(*process); });
        if (name == "mounts") return text([process] { return process->view().mounts()->text(); });
        if (name == "cgroup")
            return text([process] {
                return process->inContainer() ? std::string("0::/\n")
                                              : "0::/system.slice/" + process->spec().unit + "\n";
            });
        if (name == "oom_score_adj") return text([] { return std::string("0\n"); });
        if (name == "cwd") return liveLink(process->cwd());
        if (name == "root") return liveLink("/");
        if (name == "exe")
            return liveLink(process->argv().empty() ? "/" : process->argv().front());
        return nullptr;
    }
    std::vector<ports::DirectoryEntry> entries() const override {
        using ports::FileType;
        return {{"cgroup", FileType::Regular}, {"cmdline", FileType::Regular},
                {"comm", FileType::Regular}, {"cwd", FileType::Symlink},
                {"environ", FileType::Regular}, {"exe", FileType::Symlink},
                {"mounts", FileType::Regular}, {"oom_score_adj", FileType::Regular},
                {"root", FileType::Symlink}, {"status", FileType::Regular}};
    }

private:
    static std::string status(LinuxProcess& process) {
        return fmt::format("Name:\t{}\nUmask:\t{:04o}\nState:\t{}\nTgid:\t{}\nPid:\t{}\nPPid:\t{}\n"
                           "Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nGroups:\t{} \nVmRSS:\t{:8} kB\n"
                           "Threads:\t1\n{}",
                           process.commandName(), process.view().umask(),
                           process.ended() ? "Z (zombie)" : process.stopped() ? "T (stopped)" : "S (sleeping)",
                           process.pid(), process.pid(), process.parentPid(), process.uid(), process.uid(),
                           process.uid(), process.uid(), process.gid(), process.gid(), process.gid(),
                           process.gid(), groups(process), process.resident() / 1024, privileges(process));
    }
    // The kernel keeps them in order.
    static std::string groups(LinuxProcess& process) {
        std::vector<std::uint32_t> list = process.view().credentials().groups;
        std::sort(list.begin(), list.end());
        return fmt::format("{}", fmt::join(list, " "));
    }
    // Of others than root exec(2) takes all but the bounding set.
    static std::string privileges(LinuxProcess& process) {
        const Credentials& credentials = process.view().credentials();
        const std::uint64_t bounding = credentials.capabilities;
        const std::uint64_t held = process.uid() == 0 ? bounding : 0;
        return fmt::format("CapInh:\t{:016x}\nCapPrm:\t{:016x}\nCapEff:\t{:016x}\nCapBnd:\t{:016x}\n"
                           "CapAmb:\t{:016x}\nNoNewPrivs:\t{}\nSeccomp:\t0\n",
                           0, held, held, bounding, 0, credentials.noNewPrivileges ? 1 : 0);
    }
    LinuxProcessPtr process_;
};

// A folder of kernel settings: /proc/sys and what is below it.
class SysctlNode final : public LiveNode {
public:
    SysctlNode(Machine& machine, std::string prefix) : machine_(machine), prefix_(std::move(prefix)) {}
    std::string read() const override { return machine_.sysctl(prefix_).value_or("") + "\n"; }
    base::Status write(std::string_view bytes) override {
        return machine_.setSysctl(prefix_, bytes) ? base::okStatus() : base::Status(ports::fileError(EINVAL));
    }
    InodePtr child(std::string_view name, int) const override {
        // A dot inside a path component is a slash in the dotted name.
        const std::string full = (prefix_.empty() ? "" : prefix_ + ".") + base::replaceAll(name, ".", "/");
        const auto node = std::make_shared<SysctlNode>(machine_, full);
        if (machine_.sysctl(full)) return liveFile(node, 0644);
        for (const auto& known : machine_.sysctlNames())
            if (known.starts_with(full + ".")) return liveDirectory(node);
        return nullptr;
    }
    std::vector<ports::DirectoryEntry> entries() const override {
        std::vector<ports::DirectoryEntry> out;
        for (const auto& known : machine_.sysctlNames()) {
            if (!prefix_.empty() && !known.starts_with(prefix_ + ".")) continue;
            const std::string rest = known.substr(prefix_.empty() ? 0 : prefix_.size() + 1);
            const std::size_t dot = rest.find('.');
            const auto type = dot == std::string::npos ? ports::FileType::Regular : ports::FileType::Directory;
            const std::string name = rest.substr(0, dot);
            if (out.empty() || out.back().name != name) out.push_back({name, type});
        }
        return out;
    }

private:
    Machine& machine_;
    std::string prefix_;
};

std::string meminfo(const Machine& machine) {
    const std::int64_t total = machine.spec().memoryBytes / 1024;
    return fmt::format("MemTotal:       {:8} kB\nMemFree:        {:8} kB\nMemAvailable:   {:8} kB\n"
                       "Buffers:        {:8} kB\nCached:         {:8} kB\nSwapTotal:      {:8} kB\n"
                       "SwapFree:       {:8} kB\n",
                       total, total * 3 / 5, total * 4 / 5, total / 50, total / 5, 0, 0);
}

std::string cpuinfo(const Machine& machine) {
    std::string out;
    for (std::int64_t i = 0; i < machine.spec().cpus; ++i)
        out += fmt::format("processor\t: {}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel name\t: "
                           "Virtual CPU\ncpu MHz\t\t: 2500.000\ncpu cores\t: {}\n\n", i, machine.spec().cpus);
    return out;
}

class ProcNode final : public LiveNode {
public:
    ProcNode(Machine& machine, std::string pidNamespace, std::weak_ptr<MountTable> mounts)
        : machine_(machine), namespace_(std::move(pidNamespace)), mounts_(std::move(mounts)) {}
    InodePtr child(std::string_view name, int viewer) const override {
        Machine& m = machine_;
        if (const auto pid = base::parseInt(name)) {
            const auto process = m.processes().findIn(namespace_, static_cast<int>(*pid));
            return process ? liveDirectory(std::make_shared<ProcessNode>(process)) : nullptr;
        }
        if (name == "self") return liveLink(std::to_string(viewer));
        if (name == "sys") return liveDirectory(std::make_shared<SysctlNode>(m, ""));
        if (name == "mounts")
            return text([mounts = mounts_] {
                const auto table = mounts.lock();
                return table ? table->text() : std::string();
            });
        if (name == "uptime")
            return text([&m] {
                const double up = sim::toSeconds(m.kernel().now() - m.bootedAt());
                return fmt::format("{:.2f} {:.2f}\n", up, up * static_cast<double>(m.spec().cpus) * 0.9);
            });
        if (name == "loadavg")
            return text([&m] {
                return fmt::format("0.15 0.12 0.10 1/{} {}\n", m.processes().all().size(), m.processes().lastPid());
            });
        if (name == "version")
            return text([&m] {
                return "Linux version " + m.spec().kernelVersion +
                       " (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP "
                       "PREEMPT_DYNAMIC Debian 6.1.123-1 (2025-01-02)\n";
            });
        if (name == "meminfo") return text([&m] { return meminfo(m); });
        if (name == "cpuinfo") return text([&m] { return cpuinfo(m); });
        if (name == "cmdline") return text([] { return std::string("BOOT_IMAGE=/boot/vmlinuz root=/dev/vda1 ro quiet\n"); });
        if (name == "filesystems") return text([] { return std::string("nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\n\text4\nnodev\toverlay\n"); });
        if (name == "swaps")
            return text([&m] { return "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n" + m.swaps(); });
        if (name == "modules")
            return text([&m] {
                std::string out;
                for (const auto& module : m.modules()) out += module + " 16384 0 - Live 0x0000000000000000\n";
                return out;
            });
        return nullptr;
    }
    std::vector<ports::DirectoryEntry> entries() const override {
        std::vector<ports::DirectoryEntry> out;
        for (const auto& process : machine_.processes().all())
            if (namespace_.empty() || process->spec().pidNamespace == namespace_)
                out.push_back({std::to_string(process->pid()), ports::FileType::Directory});
        for (const char* name : {"cmdline", "cpuinfo", "filesystems", "loadavg", "meminfo", "modules", "mounts"})
            out.push_back({name, ports::FileType::Regular});
        out.push_back({"self", ports::FileType::Symlink});
        out.push_back({"swaps", ports::FileType::Regular});
        out.push_back({"sys", ports::FileType::Directory});
        out.push_back({"uptime", ports::FileType::Regular});
        out.push_back({"version", ports::FileType::Regular});
        return out;
    }

private:
    Machine& machine_;
    std::string namespace_;
    std::weak_ptr<MountTable> mounts_;
};

class RandomNode final : public LiveNode {
public:
    RandomNode(Machine& machine, bool zero) : machine_(machine), zero_(zero) {}
    // An endless device: a reader gets one block.
    std::string read() const override {
        if (zero_) return std::string(65536, '\0');
        return machine_.kernel().random("machine/urandom").bytes(65536);
    }
    base::Status write(std::string_view) override { return base::okStatus(); }

private:
    Machine& machine_;
    bool zero_;
};

void put(const InodePtr& folder, const std::string& name, const InodePtr& inode) {
    inode->parent = folder.get();
    folder->children[name] = inode;
}

} // namespace

FileTreePtr Machine::makeProc(std::string pidNamespace, std::weak_ptr<MountTable> mounts) {
    auto tree = std::make_shared<FileTree>(kernel_, "proc", "proc");
    tree->root()->mode = 0555;
    tree->root()->live = std::make_shared<ProcNode>(*this, std::move(pidNamespace), std::move(mounts));
    return tree;
}

FileTreePtr Machine::makeSys() {
    auto tree = std::make_shared<FileTree>(kernel_, "sysfs", "sysfs");
    const auto folder = [&](const InodePtr& parent, const char* name) {
        auto inode = tree->make(ports::FileType::Directory, 0555, 0, 0);
        put(parent, name, inode);
        return inode;
    };
    for (const char* name : {"block", "bus", "dev", "devices", "firmware", "kernel", "module", "power"})
        folder(tree->root(), name);
    const auto net = folder(folder(tree->root(), "class"), "net");
    folder(net, "eth0");
    folder(net, "lo");
    const auto cgroup = folder(folder(tree->root(), "fs"), "cgroup");
    put(cgroup, "cgroup.controllers", text([] { return std::string("cpuset cpu io memory hugetlb pids rdma misc\n"); }));
    folder(cgroup, "kubepods.slice");
    folder(cgroup, "system.slice");
    return tree;
}

FileTreePtr Machine::makeDevices() {
    auto tree = std::make_shared<FileTree>(kernel_, "devtmpfs", "udev");
    const auto device = [&](const char* name, std::shared_ptr<LiveNode> node) {
        auto inode = tree->make(ports::FileType::CharDevice, 0666, 0, 0);
        inode->live = std::move(node);
        put(tree->root(), name, inode);
    };
    device("null", nullptr);
    device("tty", nullptr);
    device("zero", std::make_shared<RandomNode>(*this, true));
    device("random", std::make_shared<RandomNode>(*this, false));
    device("urandom", std::make_shared<RandomNode>(*this, false));
    device("full", nullptr);
    device("kmsg", nullptr);
    for (const auto& [name, target] : {std::pair{"stdin", "/proc/self/fd/0"}, {"stdout", "/proc/self/fd/1"},
                                       {"stderr", "/proc/self/fd/2"}, {"fd", "/proc/self/fd"}}) {
        auto link = tree->make(ports::FileType::Symlink, 0777, 0, 0);
        link->target = target;
        put(tree->root(), name, link);
    }
    for (const char* name : {"shm", "pts", "mqueue"}) {
        auto folder = tree->make(ports::FileType::Directory, std::string_view(name) == "shm" ? 01777 : 0755, 0, 0);
        put(tree->root(), name, folder);
    }
    auto disk = tree->make(ports::FileType::BlockDevice, 0660, 0, 6);
    put(tree->root(), "vda1", disk);
    return tree;
}

} // namespace machine
