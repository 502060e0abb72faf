// ps, kill, pkill, pgrep, top, free, uptime. Source: procps(1) of Debian 12.
#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "tools/system/tool.h"

#include <re2/re2.h>

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

using machine::LinuxProcessPtr;

std::vector<LinuxProcessPtr> visible(ports::Process& process) {
    auto* own = machine::linuxProcess(process);
    return own == nullptr ? std::vector<LinuxProcessPtr>{} : own->machine().processes().visibleTo(*own);
}

std::string userName(ports::Process& process, std::uint32_t uid) {
    const auto user = machine::findUser(process.files(), uid);
    return user ? user->name : std::to_string(uid);
}

std::string commandLine(machine::LinuxProcess& process) {
    if (process.ended()) return "[" + process.commandName() + "] <defunct>";
    return base::join(process.argv(), " ");
}

bool isAsh(std::string_view command) { return command == "sh" || command == "ash"; }

std::string clockTime(sim::Duration span) {
    const auto s = span / sim::kSecond;
    return fmt::format("{:02}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
}

std::string startText(ports::Process& process, sim::Time at) {
    const auto t = sim::civilTime(process.kernel().unixNow() - process.kernel().now() + at);
    return fmt::format("{:02}:{:02}", t.hour, t.minute);
}

std::string row(ports::Process& viewer, machine::LinuxProcess& p, const std::string& style) {
    const char state = p.ended() ? 'Z' : p.stopped() ? 'T' : 'S';
    const sim::Duration cpu = p.cpuTime();
    const std::string tty = p.terminal() ? "pts/0" : "?";
    if (style == "full")
        return fmt::format("{:<8} {:>7} {:>7}  0 {} {:<8} {} {}\n", userName(viewer, p.uid()), p.pid(), p.parentPid(),
                           startText(viewer, p.startedAt()), tty, clockTime(cpu), commandLine(p));
    if (style == "user")
        return fmt::format("{:<8} {:>7}  0.1  0.2 {:>6} {:>5} {:<8} {}s   {}   {}:{:02} {}\n", userName(viewer, p.uid()), p.pid(),
                           p.resident() / 256, p.resident() / 1024, tty, state, startText(viewer, p.startedAt()),
                           cpu / sim::kMinute, cpu / sim::kSecond % 60, commandLine(p));
    return fmt::format("{:>7} {:<8} {} {}\n", p.pid(), tty, clockTime(cpu), p.commandName());
}

// BusyBox: every process of the namespace, without terminals. Its shell runs the applet in a copy of
// itself, which keeps the shell's command line: {ps} sh -c ...
std::string busyboxProcesses(ports::Process& process) {
    std::string out = "PID   USER     COMMAND\n";
    auto* own = machine::linuxProcess(process);
    const auto list = visible(process);
    for (const LinuxProcessPtr& p : list) {
        std::string command = commandLine(*p);
        if (p.get() == own)
            for (const LinuxProcessPtr& parent : list)
                if (parent->pid() == p->parentPid() && isAsh(parent->commandName()))
                    command = "{" + p->commandName() + "} " + commandLine(*parent);
        out += fmt::format("{:>5} {:<8} {}\n", p->pid(), userName(process, p->uid()), command);
    }
    return out;
}

sim::Task<int> ps(ports::Process& process, std::vector<std::string> arguments) {
    if (shell::isBusybox(process) && std::find(arguments.begin(), arguments.end(), "-o") == arguments.end()) {
        co_await process.writeOut(busyboxProcesses(process));
        co_return 0;
    }
    bool everyone = false;
    std::string style = "short", name;
    std::vector<std::string> columns;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "-o" || word == "--format") {
            if (i + 1 < arguments.size()) columns = base::split(arguments[++i], ',');
            continue;
        }
        if (word == "-C" && i + 1 < arguments.size()) {
            name = arguments[++i];
            everyone = true;
            continue;
        }
        if (word == "-p" && i + 1 < arguments.size()) {
            name = "pid:" + arguments[++i];
            everyone = true;
            continue;
        }
        const bool dash = word.starts_with('-');
        for (const char c : word.substr(dash ? 1 : 0)) {
            if (c == 'e' || c == 'A' || c == 'a' || c == 'x') everyone = true;
            if (c == 'f' && dash) style = "full";
            if (c == 'u' && !dash) style = "user";
            if (c == 'u' && dash) style = "user";
        }
    }
    std::string out;
    if (!columns.empty()) {
        for (const auto& column : columns) {
            const std::string key = column.substr(0, column.find('='));
            out += fmt::format("{:>7} ", base::toUpper(key == "cmd" || key == "args" ? "CMD" : key == "comm" ? "COMMAND" : key));
        }
        out.back() = '\n';
    } else if (style == "full") {
        out = "UID          PID    PPID  C STIME TTY          TIME CMD\n";
    } else if (style == "user") {
        out = "USER         PID %CPU %MEM    VSZ   RSS TTY      STAT START   TIME COMMAND\n";
    } else {
        out = "    PID TTY          TIME CMD\n";
    }
    auto* own = machine::linuxProcess(process);
    for (const auto& p : visible(process)) {
        const bool mine = own != nullptr && p->terminal() == own->terminal() && p->group() == own->group();
        const bool ancestor = own != nullptr && own->parentPid() == p->pid();
        if (!everyone && !mine && !ancestor) continue;
        if (name.starts_with("pid:") && std::to_string(p->pid()) != name.substr(4)) continue;
        if (!name.empty() && !name.starts_with("pid:") && p->commandName() != name) continue;
        if (columns.empty()) {
            out += row(process, *p, style);
            continue;
        }
        std::string line;
        for (const auto& column : columns) {
            const std::string key = column.substr(0, column.find('='));
            std::string value = "-";
            if (key == "pid") value = std::to_string(p->pid());
            else if (key == "ppid") value = std::to_string(p->parentPid());
            else if (key == "user" || key == "uname") value = userName(process, p->uid());
            else if (key == "uid") value = std::to_string(p->uid());
            else if (key == "comm") value = p->commandName();
            else if (key == "cmd" || key == "args" || key == "command") value = commandLine(*p);
            else if (key == "stat" || key == "state") value = p->ended() ? "Z" : "S";
            else if (key == "rss") value = std::to_string(p->resident() / 1024);
            line += fmt::format("{:>7} ", value);
        }
        out += std::string(base::trimRight(line)) + "\n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

int signalNumber(std::string text) {
    if (text.starts_with("SIG")) text.erase(0, 3);
    if (const auto number = base::parseInt(text)) return static_cast<int>(*number);
    static constexpr std::pair<const char*, int> kNames[] = {{"HUP", 1}, {"INT", 2}, {"QUIT", 3}, {"KILL", 9}, {"USR1", 10},
                                                              {"USR2", 12}, {"TERM", 15}, {"CONT", 18}, {"STOP", 19}, {"TSTP", 20}};
    for (const auto& [name, number] : kNames)
        if (text == name) return number;
    return -1;
}

sim::Task<int> kill(ports::Process& process, std::vector<std::string> arguments) {
    int number = ports::kSigTerm;
    std::size_t at = 0;
    if (!arguments.empty() && arguments[0] == "-l") {
        co_await process.writeOut("HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM\n");
        co_return 0;
    }
    if (!arguments.empty() && arguments[0] == "-s" && arguments.size() > 1) {
        number = signalNumber(arguments[1]);
        at = 2;
    } else if (!arguments.empty() && arguments[0].starts_with('-') && arguments[0] != "--") {
        number = signalNumber(arguments[0].substr(1));
        at = 1;
    }
    if (at < arguments.size() && arguments[at] == "--") ++at;
    if (number < 0) {
        co_await process.writeError("kill: unknown signal\n");
        co_return 1;
    }
    if (at >= arguments.size()) {
        co_await process.writeError("kill: not enough arguments\n");
        co_return 1;
    }
    int code = 0;
    for (; at < arguments.size(); ++at) {
        const auto pid = base::parseInt(arguments[at]);
        const auto sent = pid ? process.kill(static_cast<int>(*pid), number) : base::Status(base::makeError("bad argument"));
        if (sent.ok()) continue;
        co_await process.writeError(pid ? "kill: (" + arguments[at] + ") - " + sent.error().message + "\n"
                                        : "kill: failed to parse argument: '" + arguments[at] + "'\n");
        code = 1;
    }
    co_return code;
}

sim::Task<int> match(ports::Process& process, std::vector<std::string> arguments, bool send) {
    int number = ports::kSigTerm;
    if (send && !arguments.empty() && arguments[0].starts_with('-') && signalNumber(arguments[0].substr(1)) > 0) {
        number = signalNumber(arguments[0].substr(1));
        arguments.erase(arguments.begin());
    }
    const Options options = parseOptions(arguments, "f=full x=exact l=list-name a=list-full u:euid n=newest o=oldest -:signal");
    if (options.has("signal")) number = signalNumber(options.value("signal"));
    if (options.operands.empty()) {
        const std::string text1 = std::string(send ? "pkill" : "pgrep") + ": no matching criteria specified\n";
        co_await process.writeError(text1);
        co_return 2;
    }
    const RE2 pattern(options.operands.front(), RE2::Quiet);
    std::string out;
    bool any = false;
    for (const auto& p : visible(process)) {
        if (p->pid() == process.pid() || p->ended()) continue;
        const std::string text = options.has("full") ? base::join(p->argv(), " ") : p->commandName();
        if (!(options.has("exact") ? RE2::FullMatch(text, pattern) : RE2::PartialMatch(text, pattern))) continue;
        any = true;
        if (send) (void)process.kill(p->pid(), number);
        else if (options.has("list-full")) out += std::to_string(p->pid()) + " " + base::join(p->argv(), " ") + "\n";
        else if (options.has("list-name")) out += std::to_string(p->pid()) + " " + p->commandName() + "\n";
        else out += std::to_string(p->pid()) + "\n";
    }
    co_await process.writeOut(std::move(out));
    co_return any ? 0 : 1;
}
sim::Task<int> pkill(ports::Process& process, std::vector<std::string> arguments) { co_return co_await match(process, std::move(arguments), true); }
sim::Task<int> pgrep(ports::Process& process, std::vector<std::string> arguments) { co_return co_await match(process, std::move(arguments), false); }

std::string uptimeLine(ports::Process& process) {
    auto& m = machine::machineOf(process);
    const auto now = sim::civilTime(process.kernel().unixNow());
    const auto up = (process.kernel().now() - m.bootedAt()) / sim::kMinute;
    const std::string span = up >= 60 ? fmt::format("{:2}:{:02}", up / 60, up % 60) : fmt::format("{} min", up);
    return fmt::format(" {:02}:{:02}:{:02} up {},  1 user,  load average: 0.15, 0.12, 0.10\n", now.hour, now.minute, now.second, span);
}
sim::Task<int> uptime(ports::Process& process, std::vector<std::string>) {
    co_await process.writeOut(uptimeLine(process));
    co_return 0;
}

std::string topPage(ports::Process& process) {
    const auto list = visible(process);
    const auto total = static_cast<double>(machine::machineOf(process).spec().memoryBytes) / 1048576.0;
    std::string out = "top -" + uptimeLine(process);
    out += fmt::format("Tasks: {:3} total,   1 running, {:3} sleeping,   0 stopped,   0 zombie\n", list.size(), list.size() - 1);
    out += "%Cpu(s):  1.2 us,  0.8 sy,  0.0 ni, 97.9 id,  0.0 wa,  0.0 hi,  0.1 si,  0.0 st\n";
    out += fmt::format("MiB Mem : {:8.1f} total, {:8.1f} free, {:8.1f} used, {:8.1f} buff/cache\n", total, total * 0.6, total * 0.2, total * 0.2);
    out += "MiB Swap:      0.0 total,      0.0 free,      0.0 used.\n\n";
    out += "    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND\n";
    for (const auto& p : list)
        out += fmt::format("{:>7} {:<8}  20   0 {:>7} {:>6} {:>6} S   0.3   0.2   0:00.50 {}\n", p->pid(), userName(process, p->uid()),
                           p->resident() / 256, p->resident() / 1024, p->resident() / 2048, p->commandName());
    return out;
}

sim::Task<int> top(ports::Process& process, std::vector<std::string> arguments) {
    const Options options = parseOptions(arguments, "b=batch n:iterations d:delay p:pid u:user");
    const auto rounds = base::parseInt(options.value("iterations", options.has("batch") ? "1" : "0")).value_or(0);
    const auto terminal = process.terminal();
    if (!terminal || options.has("batch")) {
        for (std::int64_t i = 0; i < std::max<std::int64_t>(rounds, 1); ++i) co_await process.writeOut(topPage(process));
        co_return 0;
    }
    terminal->raw = true;
    const std::string text2 = "\x1b[?1049h";
    co_await process.writeOut(text2);
    while (true) {
        const std::string page = base::replaceAll(topPage(process), "\n", "\x1b[K\r\n");
        co_await process.writeOut("\x1b[H" + page + "\x1b[J");
        const bool woken = co_await process.input()->readable().waitUntil(process.kernel().now() + 3 * sim::kSecond);
        const std::string keys = woken ? process.input()->tryRead() : std::string();
        if (keys.find('q') != std::string::npos || keys.find('\x03') != std::string::npos || process.input()->atEnd()) break;
    }
    terminal->raw = false;
    const std::string text3 = "\x1b[?1049l";
    co_await process.writeOut(text3);
    co_return 0;
}

sim::Task<int> freeMemory(ports::Process& process, std::vector<std::string> arguments) {
    std::int64_t unit = 1024;
    bool human = false;
    for (const auto& word : arguments) {
        if (word == "-m") unit = 1048576;
        if (word == "-g") unit = 1073741824;
        if (word == "-b") unit = 1;
        if (word == "-h") human = true;
    }
    const std::int64_t total = machine::machineOf(process).spec().memoryBytes;
    const auto show = [&](std::int64_t bytes) {
        if (!human) return std::to_string(bytes / unit);
        return bytes >= 1073741824 ? fmt::format("{:.1f}Gi", static_cast<double>(bytes) / 1073741824.0) : fmt::format("{}Mi", bytes / 1048576);
    };
    std::string out = fmt::format("{:15}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n", "", "total", "used", "free", "shared", "buff/cache", "available");
    out += fmt::format("{:15}{:>12}{:>12}{:>12}{:>12}{:>12}{:>12}\n", "Mem:", show(total), show(total / 5), show(total * 3 / 5), show(total / 500), show(total / 5), show(total * 4 / 5));
    out += fmt::format("{:15}{:>12}{:>12}{:>12}\n", "Swap:", human ? "0B" : "0", human ? "0B" : "0", human ? "0B" : "0");
    co_await process.writeOut(std::move(out));
    co_return 0;
}

} // namespace

std::vector<NamedProgram> processTools() {
    return {tool("ps", ps), tool("kill", kill), tool("pkill", pkill), tool("pgrep", pgrep), tool("top", top), tool("uptime", uptime), tool("free", freeMemory)};
}

} // namespace tools::system
