// mount, umount, df, uname, dmesg, lsmod, modprobe, sysctl, swapon, swapoff, nproc, reboot.
#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "tools/system/journal_format.h"
#include "tools/system/tool.h"

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

machine::View* viewOf(ports::Process& process) {
    auto* own = machine::linuxProcess(process);
    return own == nullptr ? nullptr : &own->view();
}

sim::Task<int> mount(ports::Process& process, std::vector<std::string> arguments) {
    machine::View* view = viewOf(process);
    if (view == nullptr) co_return 1;
    const Options options = parseOptions(arguments, "t:types o:options a=all r=read-only -=bind -=rbind");
    if (options.operands.empty()) {
        std::string out;
        for (const auto& m : view->mounts()->mounts()) out += m->source + " on " + m->point + " type " + m->type + " (" + m->options + ")\n";
        co_await process.writeOut(std::move(out));
        co_return 0;
    }
    if (process.uid() != 0) {
        co_await process.writeError("mount: " + options.operands.back() + ": must be superuser to use mount.\n");
        co_return 1;
    }
    const std::string flags = options.value("options");
    const bool readOnly = options.has("read-only") || flags.find("ro") == 0 || flags.find(",ro") != std::string::npos;
    const bool bind = options.has("bind") || options.has("rbind") || flags.find("bind") != std::string::npos;
    const std::string point = process.resolve(options.operands.back());
    base::Status done = base::okStatus();
    if (options.operands.size() < 2) {
        done = base::makeError("can't find in /etc/fstab.");
    } else if (bind) {
        done = view->bind(*view, process.resolve(options.operands[0]), point, readOnly);
    } else if (options.value("types") == "tmpfs") {
        done = view->mount(point, std::make_shared<machine::FileTree>(process.kernel(), "tmpfs", options.operands[0]), "rw,relatime", readOnly);
    } else {
        done = base::makeError("special device " + options.operands[0] + " does not exist.");
    }
    if (done.ok()) co_return 0;
    const std::string text = done.error().code != 0 ? "mount point does not exist." : done.error().message;
    co_await process.writeError("mount: " + options.operands.back() + ": " + text + "\n");
    co_return 32;
}

sim::Task<int> umount(ports::Process& process, std::vector<std::string> arguments) {
    machine::View* view = viewOf(process);
    const Options options = parseOptions(arguments, "l=lazy f=force a=all R=recursive");
    int code = 0;
    for (const auto& operand : options.operands) {
        if (view != nullptr && view->unmount(process.resolve(operand)).ok()) continue;
        const std::string text1 = "umount: " + operand + ": " + (process.files().exists(process.resolve(operand)) ? "not mounted." : "no mount point specified.") + "\n";
        co_await process.writeError(text1);
        code = 32;
    }
    co_return code;
}

struct DiskRow {
    std::string source, point;
    std::int64_t size, used; // KiB
};

DiskRow diskRow(const machine::Mount& m) {
    constexpr std::int64_t kDisk = 264212084, kSystem = 9876543, kMemory = 12342048;
    const bool disk = m.type == "ext4" || m.type == "overlay";
    return {m.source, m.point, disk ? kDisk : kMemory, m.tree->used() / 1024 + (disk ? kSystem : 0)};
}

// One decimal in BusyBox, none in coreutils.
std::string diskSize(std::int64_t kib, bool human, bool busybox) {
    if (!human) return std::to_string(kib);
    const int digits = busybox ? 1 : 0;
    if (busybox && kib == 0) return "0";
    if (kib >= 1048576) return fmt::format("{:.{}f}G", static_cast<double>(kib) / 1048576.0, digits);
    if (kib >= 1024) return fmt::format("{:.{}f}M", static_cast<double>(kib) / 1024.0, digits);
    return fmt::format("{:.{}f}K", static_cast<double>(kib), digits);
}

std::string diskTable(const std::vector<DiskRow>& rows, bool human, bool busybox) {
    const auto size = [&](std::int64_t kib) { return diskSize(kib, human, busybox); };
    std::string out =
        busybox ? fmt::format("{:<20} {:>9} {:>9} Available Use% Mounted on\n", "Filesystem", human ? "Size" : "1K-blocks", "Used")
                : fmt::format("{:<14} {:>9} {:>9} {:>9} {:>4} Mounted on\n", "Filesystem", human ? "Size" : "1K-blocks", "Used",
                              human ? "Avail" : "Available", "Use%");
    for (const DiskRow& row : rows) {
        const std::int64_t percent = (row.used * 100 + row.size - 1) / row.size;
        out += fmt::format("{:<{}} {:>9} {:>9} {:>9} {:>3}% {}\n", row.source, busybox ? 20 : 14, size(row.size), size(row.used),
                           size(row.size - row.used), percent, row.point);
    }
    return out;
}

sim::Task<int> df(ports::Process& process, std::vector<std::string> arguments) {
    const Options options = parseOptions(arguments, "h=human-readable T=print-type i=inodes k=kibi a=all m=mega H=si t:type x:exclude-type");
    const bool busybox = shell::isBusybox(process);
    machine::View* view = viewOf(process);
    std::vector<std::shared_ptr<machine::Mount>> mounts;
    if (view != nullptr) mounts = view->mounts()->mounts();
    std::vector<DiskRow> rows;
    int code = 0;
    if (options.operands.empty()) {
        for (const auto& m : mounts)
            if (m->type != "proc" && m->type != "sysfs") rows.push_back(diskRow(*m));
    }
    for (const auto& operand : options.operands) {
        const std::string path = process.resolve(operand);
        if (!process.files().exists(path)) {
            const std::string said = busybox ? ": can't find mount point\n" : ": No such file or directory\n";
            co_await process.writeError("df: " + operand + said);
            code = 1;
            continue;
        }
        // The mount nearest to the path holds it.
        const machine::Mount* home = nullptr;
        for (const auto& m : mounts) {
            const bool inside = m->point == "/" || path == m->point || path.starts_with(m->point + "/");
            if (inside && (home == nullptr || m->point.size() >= home->point.size())) home = m.get();
        }
        if (home != nullptr) rows.push_back(diskRow(*home));
    }
    if (!rows.empty()) co_await process.writeOut(diskTable(rows, options.has("human-readable") || options.has("si"), busybox));
    co_return code;
}

sim::Task<int> uname(ports::Process& process, std::vector<std::string> arguments) {
    const Options options = parseOptions(arguments, "a=all s=kernel-name n=nodename r=kernel-release v=kernel-version m=machine o=operating-system p=processor i=hardware-platform");
    const auto& spec = machine::machineOf(process).spec();
    const std::pair<const char*, std::string> fields[] = {{"kernel-name", "Linux"}, {"nodename", process.hostname()}, {"kernel-release", spec.kernelVersion},
                                                          {"kernel-version", "#1 SMP PREEMPT_DYNAMIC Debian"}, {"machine", "x86_64"}, {"operating-system", "GNU/Linux"}};
    std::string out;
    for (const auto& [name, value] : fields) {
        const bool wanted = options.has("all") || options.has(name) || (options.values.empty() && std::string_view(name) == "kernel-name");
        if (wanted) out += (out.empty() ? "" : " ") + value;
    }
    co_await process.writeOut(out + "\n");
    co_return 0;
}

sim::Task<int> dmesg(ports::Process& process, std::vector<std::string>) {
    auto& m = machine::machineOf(process);
    std::string out;
    for (const auto& line : m.journal().lines())
        if (line.identifier == "kernel") out += fmt::format("[{:12.6f}] {}\n", sim::toSeconds(line.monotonic), line.message);
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> lsmod(ports::Process& process, std::vector<std::string>) {
    std::string out = "Module                  Size  Used by\n";
    for (const auto& name : machine::machineOf(process).modules()) out += fmt::format("{:<19} {:>8}  0\n", name, 16384);
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> modprobe(ports::Process& process, std::vector<std::string> arguments) {
    static const std::vector<std::string> kKnown = {"overlay", "br_netfilter", "ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "nf_conntrack", "nf_tables", "vxlan", "ip_tables", "iptable_nat", "iptable_filter", "dummy", "veth", "bridge", "nbd", "wireguard", "tun"};
    const Options options = parseOptions(arguments, "r=remove a=all q=quiet v=verbose");
    auto& modules = machine::machineOf(process).modules();
    for (const auto& name : options.operands) {
        if (std::find(kKnown.begin(), kKnown.end(), name) == kKnown.end()) {
            co_await process.writeError("modprobe: FATAL: Module " + name + " not found in directory /lib/modules/" + machine::machineOf(process).spec().kernelVersion + "\n");
            co_return 1;
        }
        std::erase(modules, name);
        if (!options.has("remove")) modules.insert(modules.begin(), name);
    }
    co_return 0;
}

sim::Task<int> sysctl(ports::Process& process, std::vector<std::string> arguments) {
    auto& m = machine::machineOf(process);
    const Options options = parseOptions(arguments, "a=all n=values w=write p=load q=quiet e=ignore -=system");
    std::vector<std::string> wanted = options.operands;
    if (options.has("all")) wanted = m.sysctlNames();
    if (options.has("load") || options.has("system")) {
        std::vector<std::string> files = options.operands;
        if (options.has("system")) {
            const auto list = process.files().list("/etc/sysctl.d");
            if (list.ok())
                for (const auto& entry : *list) files.push_back("/etc/sysctl.d/" + entry.name);
        }
        if (files.empty()) files.emplace_back("/etc/sysctl.conf");
        wanted.clear();
        for (const auto& file : files) {
            const auto text = process.files().read(process.resolve(file));
            if (options.has("system")) co_await process.writeOut("* Applying " + file + " ...\n");
            if (!text.ok()) continue;
            for (const auto& line : base::splitLines(*text))
                if (const auto trimmed = base::trim(line); !trimmed.empty() && trimmed[0] != '#' && trimmed[0] != ';') wanted.emplace_back(trimmed);
        }
    }
    int code = 0;
    for (const auto& word : wanted) {
        const std::size_t equals = word.find('=');
        const std::string name = base::replaceAll(base::trim(word.substr(0, equals)), "/", ".");
        const bool known = m.sysctl(name).has_value();
        if (!known) {
            co_await process.writeError("sysctl: cannot stat /proc/sys/" + base::replaceAll(name, ".", "/") + ": No such file or directory\n");
            code = 1;
            continue;
        }
        if (equals != std::string::npos) {
            if (process.uid() != 0 || process.inContainer()) {
                co_await process.writeError("sysctl: permission denied on key \"" + name + "\"\n");
                code = 1;
                continue;
            }
            m.setSysctl(name, base::trim(word.substr(equals + 1)));
        }
        const std::string value = m.sysctl(name).value_or("");
        const std::string text2 = options.has("values") ? value + "\n" : name + " = " + value + "\n";
        if (!options.has("quiet")) co_await process.writeOut(text2);
    }
    co_return code;
}

sim::Task<int> swapoff(ports::Process& process, std::vector<std::string>) {
    machine::machineOf(process).swaps().clear();
    co_return 0;
}
sim::Task<int> swapon(ports::Process& process, std::vector<std::string> arguments) {
    auto& swaps = machine::machineOf(process).swaps();
    if (arguments.empty() || arguments[0] == "--show" || arguments[0] == "-s") {
        if (!swaps.empty()) co_await process.writeOut("NAME TYPE SIZE USED PRIO\n" + swaps);
        co_return 0;
    }
    if (arguments[0] == "-a") co_return 0;
    if (!process.files().exists(process.resolve(arguments[0]))) {
        co_await process.writeError("swapon: cannot open " + arguments[0] + ": No such file or directory\n");
        co_return 255;
    }
    swaps += arguments[0] + "\tfile\t\t2097148\t\t0\t\t-2\n";
    co_return 0;
}

sim::Task<int> nproc(ports::Process& process, std::vector<std::string>) {
    co_await process.writeOut(std::to_string(machine::machineOf(process).spec().cpus) + "\n");
    co_return 0;
}

sim::Task<int> power(ports::Process& process, bool again) {
    if (co_await refusedInContainer(process)) co_return 1;
    if (process.uid() != 0) {
        co_await process.writeError("Call to Reboot failed: Interactive authentication required.\n");
        co_return 1;
    }
    machine::Machine* m = &machine::machineOf(process);
    m->kernel().scheduleAfter(500 * sim::kMillisecond, [m, again] { again ? m->reboot() : m->powerOff(); }, "power");
    co_return 0;
}
sim::Task<int> reboot(ports::Process& process, std::vector<std::string>) { co_return co_await power(process, true); }
sim::Task<int> poweroff(ports::Process& process, std::vector<std::string>) { co_return co_await power(process, false); }
sim::Task<int> shutdown(ports::Process& process, std::vector<std::string> arguments) {
    const bool again = std::find(arguments.begin(), arguments.end(), "-r") != arguments.end();
    co_return co_await power(process, again);
}

} // namespace

std::vector<NamedProgram> kernelTools() {
    return {tool("mount", mount), tool("umount", umount), tool("df", df), tool("uname", uname), tool("dmesg", dmesg), tool("lsmod", lsmod),
            tool("modprobe", modprobe), tool("sysctl", sysctl), tool("swapoff", swapoff), tool("swapon", swapon), tool("nproc", nproc),
            tool("reboot", reboot), tool("poweroff", poweroff), tool("shutdown", shutdown)};
}

} // namespace tools::system
