// true, false, echo, printf, test, id and what tells of the terminal and the machine.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>

namespace shell {
namespace {

sim::Task<int> trueMain(ports::Process&, Strings) { co_return 0; }

sim::Task<int> falseMain(ports::Process&, Strings) { co_return 1; }

sim::Task<int> echoMain(ports::Process& process, Strings argv) {
    bool newline = true, escapes = false, stop = false;
    std::size_t at = 1;
    for (; at < argv.size(); ++at) {
        if (argv[at].size() < 2 || argv[at][0] != '-' ||
            argv[at].find_first_not_of("neE", 1) != std::string::npos)
            break;
        newline = newline && argv[at].find('n') == std::string::npos;
        escapes = escapes || argv[at].find('e') != std::string::npos;
    }
    std::string text;
    for (std::size_t i = at; i < argv.size() && !stop; ++i)
        text += (i > at ? " " : "") + (escapes ? echoEscapes(argv[i], stop) : argv[i]);
    if (newline && !stop) text += "\n";
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> printfMain(ports::Process& process, Strings argv) {
    argv.erase(argv.begin());
    if (argv.empty()) {
        co_await process.writeError(
            "printf: missing operand\nTry 'printf --help' for more information.\n");
        co_return 1;
    }
    std::vector<std::string> complaints;
    int status = 0;
    std::string text = formatPrintf(argv, complaints, status, process.kernel().unixNow());
    for (const std::string& each : complaints)
        co_await process.writeError("printf: " + each + "\n");
    co_await process.writeOut(std::move(text));
    co_return status;
}

sim::Task<int> testMain(ports::Process& process, Strings argv) {
    auto shell = std::make_shared<Shell>(process, std::make_shared<Family>());
    shell->begin();
    shell->name = lastComponent(argv[0]);
    const int status = co_await shell->runBuiltin(std::move(argv));
    co_return status;
}

// Supplementary groups, as the kernel tells them; coreutils name the group of the process first.
std::vector<std::uint32_t> groupsOf(ports::Process& process) {
    std::vector<std::uint32_t> out;
    const std::string status =
        process.files().read("/proc/" + std::to_string(process.pid()) + "/status").valueOr("");
    for (const std::string& line : base::splitLines(status)) {
        if (!line.starts_with("Groups:")) continue;
        for (const std::string& field : base::splitFields(line.substr(7)))
            out.push_back(static_cast<std::uint32_t>(base::parseInt(field).value_or(0)));
    }
    const auto own = std::find(out.begin(), out.end(), process.gid());
    if (own == out.end()) out.insert(out.begin(), process.gid());
    else if (!isBusybox(process)) std::rotate(out.begin(), own, own + 1);
    return out;
}

std::string namedGroup(ports::Process& process, std::uint32_t gid) {
    const std::string number = std::to_string(gid), name = groupName(process, gid);
    return name == number ? number : number + "(" + name + ")";
}

sim::Task<int> idMain(ports::Process& process, Strings argv) {
    Options options(argv, "ugGnr",
                    {{"user", 'u'}, {"group", 'g'}, {"groups", 'G'}, {"name", 'n'}, {"real", 'r'}});
    OPTIONS_OR_RETURN(options, 1)
    std::uint32_t uid = process.uid(), gid = process.gid();
    if (!options.operands.empty()) {
        const auto found = userId(process, options.operands[0]);
        if (!found) {
            co_await complain(process, quoted(options.operands[0]) + ": no such user");
            co_return 1;
        }
        uid = gid = *found;
    }
    const std::string user = userName(process, uid), group = groupName(process, gid);
    const std::vector<std::uint32_t> groups =
        options.operands.empty() ? groupsOf(process) : std::vector<std::uint32_t>{gid};
    std::string text;
    if (options.has('u')) {
        text = options.has('n') ? user : std::to_string(uid);
    } else if (options.has('g')) {
        text = options.has('n') ? group : std::to_string(gid);
    } else if (options.has('G')) {
        for (const std::uint32_t each : groups)
            text += (text.empty() ? "" : " ") + (options.has('n') ? groupName(process, each) : std::to_string(each));
    } else {
        const bool named = user != std::to_string(uid);
        text = "uid=" + std::to_string(uid) + (named ? "(" + user + ")" : "") + " gid=" +
               namedGroup(process, gid) + " groups=";
        for (std::size_t i = 0; i < groups.size(); ++i)
            text += (i > 0 ? "," : "") + namedGroup(process, groups[i]);
    }
    co_await process.writeOut(text + "\n");
    co_return 0;
}

sim::Task<int> whoamiMain(ports::Process& process, Strings) {
    const std::string name = userName(process, process.uid());
    if (name == std::to_string(process.uid())) {
        co_await process.writeError("whoami: cannot find name for user ID " + name + "\n");
        co_return 1;
    }
    co_await process.writeOut(name + "\n");
    co_return 0;
}

sim::Task<int> groupsMain(ports::Process& process, Strings) {
    co_await process.writeOut(groupName(process, process.gid()) + "\n");
    co_return 0;
}

sim::Task<int> ttyMain(ports::Process& process, Strings) {
    const bool tty = process.isTerminal(0);
    std::string text = "not a tty\n";
    if (tty) text = "/dev/pts/0\n";
    co_await process.writeOut(std::move(text));
    co_return tty ? 0 : 1;
}

sim::Task<int> sttyMain(ports::Process& process, Strings argv) {
    const auto tty = process.terminal();
    if (!process.isTerminal(0) || !tty) {
        co_await complain(process, "'standard input': Inappropriate ioctl for device");
        co_return 1;
    }
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (argv[i] == "-echo")
            tty->echo = false;
        else if (argv[i] == "echo")
            tty->echo = true;
        else if (argv[i] == "raw")
            tty->raw = true;
        else if (argv[i] == "-raw" || argv[i] == "sane" || argv[i] == "cooked")
            tty->raw = false, tty->echo = true;
        else if (argv[i] == "size")
            co_await process.writeOut(std::to_string(tty->size.rows) + " " +
                                      std::to_string(tty->size.columns) + "\n");
        else if (argv[i] == "-a")
            co_await process.writeOut("speed 38400 baud; rows " + std::to_string(tty->size.rows) +
                                      "; columns " + std::to_string(tty->size.columns) +
                                      "; line = 0;\n");
    }
    if (argv.size() == 1) co_await process.writeOut("speed 38400 baud; line = 0;\n");
    co_return 0;
}

sim::Task<int> clearMain(ports::Process& process, Strings) {
    co_await process.writeOut("\x1b[H\x1b[2J\x1b[3J");
    co_return 0;
}

sim::Task<int> tputMain(ports::Process& process, Strings argv) {
    const auto tty = process.terminal();
    const ports::TerminalSize size = tty ? tty->size : ports::TerminalSize{};
    const std::string what = argv.size() > 1 ? argv[1] : "",
                      value = argv.size() > 2 ? argv[2] : "0";
    std::string text;
    if (what == "cols")
        text = std::to_string(size.columns) + "\n";
    else if (what == "lines")
        text = std::to_string(size.rows) + "\n";
    else if (what == "colors")
        text = "256\n";
    else if (what == "clear")
        text = "\x1b[H\x1b[2J";
    else if (what == "bold")
        text = "\x1b[1m";
    else if (what == "sgr0" || what == "reset")
        text = "\x1b(B\x1b[m";
    else if (what == "setaf")
        text = "\x1b[3" + value + "m";
    else if (what == "setab")
        text = "\x1b[4" + value + "m";
    else if (what == "smul")
        text = "\x1b[4m";
    else if (what == "rmul")
        text = "\x1b[24m";
    else {
        co_await process.writeError("tput: unknown terminfo capability '" + what + "'\n");
        co_return 4;
    }
    co_await process.writeOut(std::move(text));
    co_return 0;
}

sim::Task<int> nprocMain(ports::Process& process, Strings) {
    std::size_t count = 0;
    if (const auto info = process.files().read("/proc/cpuinfo"); info.ok())
        for (const std::string& line : base::splitLines(*info))
            count += line.rfind("processor", 0) == 0;
    co_await process.writeOut(std::to_string(std::max<std::size_t>(count, 1)) + "\n");
    co_return 0;
}

sim::Task<int> whichMain(ports::Process& process, Strings argv) {
    int status = argv.size() > 1 ? 0 : 1;
    const auto path = process.env().find("PATH");
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (argv[i] == "-a" || argv[i] == "-s") continue;
        bool found = false;
        Strings folders =
            argv[i].find('/') != std::string::npos
                ? Strings{""}
                : base::split(path == process.env().end() ? "/usr/bin:/bin" : path->second, ':');
        for (const std::string& folder : folders) {
            const std::string place = folder.empty() ? argv[i] : folder + "/" + argv[i];
            const auto stat = process.files().stat(process.resolve(place));
            if (!stat.ok() || stat->type == ports::FileType::Directory ||
                !process.files().access(process.resolve(place), 1))
                continue;
            co_await process.writeOut(place + "\n");
            found = true;
            break;
        }
        if (!found) status = 1;
    }
    co_return status;
}

sim::Task<int> manMain(ports::Process& process, Strings argv) {
    if (argv.size() < 2) {
        co_await process.writeError("What manual page do you want?\nFor example, try 'man man'.\n");
        co_return 1;
    }
    co_await process.writeError("No manual entry for " + argv.back() + "\n");
    co_return 16;
}

} // namespace

const CoreutilEntry kSystemTools[] = {
    {"true", trueMain},     {"false", falseMain}, {"echo", echoMain},   {"printf", printfMain},
    {"test", testMain},     {"[", testMain},      {"id", idMain},       {"whoami", whoamiMain},
    {"groups", groupsMain}, {"tty", ttyMain},     {"stty", sttyMain},   {"clear", clearMain},
    {"reset", clearMain},   {"tput", tputMain},   {"nproc", nprocMain}, {"which", whichMain},
    {"man", manMain},       {nullptr, nullptr}};

} // namespace shell
