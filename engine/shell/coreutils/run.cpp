// env, xargs, timeout, sleep, watch, nohup, nice, echo, printf, test, true, false, date, id and the
// like.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace shell {
namespace {

#define OPTIONS_OR_RETURN(options)                                                                 \
    if (!options.ok()) {                                                                           \
        co_await process.writeError(options.error());                                              \
        co_return 1;                                                                               \
    }

// Starts a command as execvp(3) does; its exit code, or 126/127 with the tool's own complaint.
sim::Task<int> runCommand(ports::Process& process, Strings words,
                          std::map<std::string, std::string> env, std::shared_ptr<sim::Pipe> input,
                          std::string complaint) {
    ports::SpawnOptions spawn;
    spawn.argv = words;
    spawn.env = std::move(env);
    spawn.cwd = process.cwd();
    spawn.input = std::move(input);
    const auto pid = process.startChild(std::move(spawn));
    if (!pid.ok()) {
        const int status = pid.error().code == ENOENT ? 127 : 126;
        co_await complain(process, complaint + pid.error().message);
        co_return status;
    }
    const int status = co_await process.wait(*pid);
    co_return status;
}

sim::Task<int> envMain(ports::Process& process, Strings argv) {
    Options options(argv, "+iu:0C:S:",
                    {{"ignore-environment", 'i'}, {"unset", 'u'}, {"null", '0'}, {"chdir", 'C'}});
    if (!options.ok()) {
        co_await process.writeError(options.error());
        co_return 125;
    }
    auto env = process.env();
    if (options.has('i')) env.clear();
    for (const std::string& name : options.all('u')) env.erase(name);
    std::size_t at = 0;
    if (!options.operands.empty() && options.operands[0] == "-") {
        env.clear();
        ++at;
    }
    for (; at < options.operands.size(); ++at) {
        const std::size_t equals = options.operands[at].find('=');
        if (equals == std::string::npos) break;
        env[options.operands[at].substr(0, equals)] = options.operands[at].substr(equals + 1);
    }
    if (at >= options.operands.size()) {
        std::string text;
        for (const auto& [name, value] : env) text += name + "=" + value + "\n";
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    Strings words(options.operands.begin() + static_cast<std::ptrdiff_t>(at),
                  options.operands.end());
    const std::string complaint = quoted(words[0]) + ": ";
    const int status =
        co_await runCommand(process, std::move(words), std::move(env), nullptr, complaint);
    co_return status;
}

sim::Task<int> printenvMain(ports::Process& process, Strings argv) {
    if (argv.size() == 1) {
        std::string text;
        for (const auto& [name, value] : process.env()) text += name + "=" + value + "\n";
        co_await process.writeOut(std::move(text));
        co_return 0;
    }
    int status = 0;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const auto found = process.env().find(argv[i]);
        if (found == process.env().end())
            status = 1;
        else
            co_await process.writeOut(found->second + "\n");
    }
    co_return status;
}

struct XargsWords {
    Strings words;
    bool unmatched = false;
};
XargsWords splitXargs(const std::string& text, const Options& options) {
    XargsWords out;
    if (options.has('0') || options.has('d')) {
        const std::string mark = options.has('0')              ? std::string(1, '\0')
                                 : options.value('d') == "\\n" ? "\n"
                                                               : options.value('d').substr(0, 1);
        for (std::string& word : base::split(text, mark[0])) out.words.push_back(std::move(word));
        if (!out.words.empty() && out.words.back().empty()) out.words.pop_back();
        return out;
    }
    if (options.has('I')) {
        for (const std::string& line : base::splitLines(text)) {
            const std::string trimmed(base::trim(line));
            if (!trimmed.empty()) out.words.push_back(trimmed);
        }
        return out;
    }
    std::string word;
    bool open = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\'' || c == '"') {
            const std::size_t end = text.find(c, i + 1);
            if (end == std::string::npos ||
                text.substr(i, end - i).find('\n') != std::string::npos) {
                out.unmatched = true;
                return out;
            }
            word += text.substr(i + 1, end - i - 1);
            open = true;
            i = end;
        } else if (c == '\\' && i + 1 < text.size()) {
            word += text[++i];
            open = true;
        } else if (c == ' ' || c == '\t' || c == '\n') {
            if (open) out.words.push_back(std::exchange(word, {}));
            open = false;
        } else {
            word += c;
            open = true;
        }
    }
    if (open) out.words.push_back(word);
    return out;
}

sim::Task<int> xargsMain(ports::Process& process, Strings argv) {
    Options options(argv, "+0n:I:i::L:P:rtd:s:a:x",
                    {{"null", '0'},
                     {"max-args", 'n'},
                     {"replace", 'I'},
                     {"max-lines", 'L'},
                     {"max-procs", 'P'},
                     {"no-run-if-empty", 'r'},
                     {"verbose", 't'},
                     {"delimiter", 'd'}});
    OPTIONS_OR_RETURN(options)
    const auto text = co_await readWhole(process, options.value('a', "-"));
    if (!text.ok()) {
        co_await complain(process, "Cannot open input file " + quoted(options.value('a')) + ": " +
                                       text.error().message);
        co_return 1;
    }
    Strings command = options.operands.empty() ? Strings{"echo"} : options.operands;
    XargsWords input = splitXargs(*text, options);
    if (input.unmatched) {
        co_await complain(process, "unmatched single quote; by default quotes are special to xargs "
                                   "unless you use the -0 option");
        co_return 1;
    }
    if (input.words.empty() && options.has('r')) co_return 0;
    const bool replace = options.has('I');
    std::size_t most = static_cast<std::size_t>(std::max<std::int64_t>(
        1, base::parseInt(options.value('n', options.has('L') ? options.value('L') : "5000"))
               .value_or(5000)));
    if (replace) most = 1;
    int result = 0;
    std::size_t at = 0;
    do {
        Strings words = command;
        if (replace) {
            if (input.words.empty()) break;
            for (std::string& word : words)
                word = base::replaceAll(word, options.value('I'), input.words[at]);
            ++at;
        } else {
            for (std::size_t i = 0; i < most && at < input.words.size(); ++i)
                words.push_back(input.words[at++]);
        }
        if (options.has('t')) co_await process.writeError(base::join(words, " ") + "\n");
        auto empty = std::make_shared<sim::Pipe>();
        empty->closeWrite();
        const std::string complaint = words[0] + ": ";
        auto env = process.env();
        const int status =
            co_await runCommand(process, std::move(words), std::move(env), empty, complaint);
        if (status == 126 || status == 127) co_return status;
        if (status == 255) {
            co_await complain(process, command[0] + ": exited with status 255; aborting");
            co_return 124;
        }
        if (status > 128) co_return 125;
        if (status != 0) result = 123;
    } while (at < input.words.size());
    co_return result;
}

sim::Task<int> sleepMain(ports::Process& process, Strings argv) {
    if (argv.size() < 2) {
        co_await process.writeError(
            "sleep: missing operand\nTry 'sleep --help' for more information.\n");
        co_return 1;
    }
    sim::Duration total = 0;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const auto part = parseSleep(argv[i]);
        if (!part) {
            co_await process.writeError("sleep: invalid time interval " + quoted(argv[i]) +
                                        "\nTry 'sleep --help' for more information.\n");
            co_return 1;
        }
        total += *part;
    }
    co_await sim::sleepFor(process.kernel(), total);
    co_return 0;
}

struct TimeoutWait {
    static sim::Task<void> body(ports::Process* process, int pid, int* code,
                                std::shared_ptr<sim::Signal> done) {
        *code = co_await process->wait(pid);
        done->notify();
    }
    // What timeout itself is sent goes to the command's group.
    static sim::Task<void> forward(ports::Process* process, int pid) {
        while (true) {
            const auto number = co_await process->signals().pop();
            if (!number) co_return;
            (void)process->kill(-pid, *number);
        }
    }
};

sim::Task<int> timeoutMain(ports::Process& process, Strings argv) {
    Options options(argv, "+s:k:fvp",
                    {{"signal", 's'},
                     {"kill-after", 'k'},
                     {"foreground", 'f'},
                     {"preserve-status", 'p'},
                     {"verbose", 'v'}});
    if (!options.ok()) {
        co_await process.writeError(options.error());
        co_return 125;
    }
    if (options.operands.size() < 2) {
        co_await process.writeError(
            "timeout: missing operand\nTry 'timeout --help' for more information.\n");
        co_return 125;
    }
    const auto limit = parseSleep(options.operands[0]);
    if (!limit) {
        co_await process.writeError("timeout: invalid time interval " +
                                    quoted(options.operands[0]) +
                                    "\nTry 'timeout --help' for more information.\n");
        co_return 125;
    }
    const int number = options.has('s') ? signalNumber(options.value('s')) : ports::kSigTerm;
    ports::SpawnOptions spawn;
    spawn.argv.assign(options.operands.begin() + 1, options.operands.end());
    spawn.env = process.env();
    spawn.cwd = process.cwd();
    spawn.detached = true;
    for (const int each : {ports::kSigInt, ports::kSigTerm, ports::kSigHup, ports::kSigQuit})
        process.handleSignal(each);
    const auto pid = process.startChild(std::move(spawn));
    if (!pid.ok()) {
        co_await complain(process, "failed to run command " + quoted(options.operands[1]) + ": " +
                                       pid.error().message);
        co_return pid.error().code == ENOENT ? 127 : 126;
    }
    int code = -1;
    auto done = std::make_shared<sim::Signal>();
    sim::Scope scope(process.kernel());
    scope.spawn(TimeoutWait::body(&process, *pid, &code, done), "timeout");
    scope.spawn(TimeoutWait::forward(&process, *pid), "timeout signals");
    const sim::Time deadline = *limit == 0 ? sim::kForever : process.kernel().now() + *limit;
    while (code < 0 && process.kernel().now() < deadline) co_await done->waitUntil(deadline);
    if (code >= 0) co_return code;
    if (!process.kill(-*pid, number).ok()) (void)process.kill(*pid, number);
    if (options.has('k')) {
        const sim::Time last = process.kernel().now() + parseSleep(options.value('k')).value_or(0);
        while (code < 0 && process.kernel().now() < last) co_await done->waitUntil(last);
        if (code < 0) (void)process.kill(-*pid, ports::kSigKill);
    }
    while (code < 0) co_await done->wait();
    if (isBusybox(process)) co_return code;
    co_return options.has('p') || number == ports::kSigKill ? code : 124;
}

sim::Task<int> watchMain(ports::Process& process, Strings argv) {
    Options options(argv, "+n:dtegbcx",
                    {{"interval", 'n'},
                     {"differences", 'd'},
                     {"no-title", 't'},
                     {"errexit", 'e'},
                     {"chgexit", 'g'},
                     {"color", 'c'},
                     {"exec", 'x'}});
    OPTIONS_OR_RETURN(options)
    if (options.operands.empty()) {
        co_await process.writeError("Usage:\n watch [options] command\n");
        co_return 1;
    }
    const sim::Duration interval = std::max(
        parseSleep(options.value('n', "2")).value_or(2 * sim::kSecond), 100 * sim::kMillisecond);
    const std::string command = base::join(options.operands, " ");
    const auto tty = process.terminal();
    while (true) {
        ports::SpawnOptions spawn;
        spawn.argv = {"sh", "-c", command};
        spawn.env = process.env();
        spawn.cwd = process.cwd();
        auto output = std::make_shared<sim::Pipe>(4u << 20);
        spawn.output = spawn.error = output;
        const int status = co_await process.runChild(std::move(spawn));
        const std::string text = output->tryRead();
        const ports::TerminalSize size = tty ? tty->size : ports::TerminalSize{};
        char every[64];
        std::snprintf(every, sizeof every, "Every %.1fs: ", sim::toSeconds(interval));
        std::string left = every + command;
        const std::string right = process.hostname() + ": " +
                                  strftimeUtc("%a %b %e %H:%M:%S %Y", process.kernel().unixNow());
        const auto width = static_cast<std::size_t>(size.columns);
        if (left.size() + right.size() + 1 > width)
            left.resize(width > right.size() + 4 ? width - right.size() - 4 : 0), left += "...";
        std::string screen = "\x1b[H\x1b[2J";
        int rows = size.rows;
        if (!options.has('t')) {
            screen +=
                left +
                std::string(width > left.size() + right.size() ? width - left.size() - right.size()
                                                               : 1,
                            ' ') +
                right + "\r\n\r\n";
            rows -= 2;
        }
        for (const std::string& line : base::splitLines(text)) {
            if (rows-- <= 0) break;
            screen += line.substr(0, width) + (rows > 0 ? "\r\n" : "");
        }
        co_await process.writeOut(std::move(screen));
        if (options.has('e') && status != 0) co_return status;
        if (auto pipe = process.output(); pipe && pipe->readClosed()) co_return 141;
        co_await sim::sleepFor(process.kernel(), interval);
    }
}

sim::Task<int> nohupMain(ports::Process& process, Strings argv) {
    if (argv.size() < 2) {
        co_await process.writeError(
            "nohup: missing operand\nTry 'nohup --help' for more information.\n");
        co_return 125;
    }
    Strings words(argv.begin() + 1, argv.end());
    if (lastComponent(argv[0]) != "nohup")
        while (words.size() > 1 && words[0][0] == '-')
            words.erase(words.begin(), words.begin() + (words[0] == "-n" ? 2 : 1));
    process.handleSignal(ports::kSigHup);
    const std::string complaint = "failed to run command " + quoted(words[0]) + ": ";
    auto env = process.env();
    const int status =
        co_await runCommand(process, std::move(words), std::move(env), nullptr, complaint);
    co_return status;
}

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

sim::Task<int> idMain(ports::Process& process, Strings argv) {
    Options options(argv, "ugGnr",
                    {{"user", 'u'}, {"group", 'g'}, {"groups", 'G'}, {"name", 'n'}, {"real", 'r'}});
    OPTIONS_OR_RETURN(options)
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
    std::string text;
    if (options.has('u'))
        text = options.has('n') ? user : std::to_string(uid);
    else if (options.has('g') || options.has('G'))
        text = options.has('n') ? group : std::to_string(gid);
    else {
        const bool named = user != std::to_string(uid), groupNamed = group != std::to_string(gid);
        const std::string g = std::to_string(gid) + (groupNamed ? "(" + group + ")" : "");
        text = "uid=" + std::to_string(uid) + (named ? "(" + user + ")" : "") + " gid=" + g +
               " groups=" + g;
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

sim::Task<int> dateMain(ports::Process& process, Strings argv) {
    Options options(argv, "ud:r:R I::s:",
                    {{"utc", 'u'},
                     {"universal", 'u'},
                     {"date", 'd'},
                     {"reference", 'r'},
                     {"rfc-email", 'R'},
                     {"iso-8601", 'I'},
                     {"set", 's'}});
    OPTIONS_OR_RETURN(options)
    std::int64_t when = process.kernel().unixNow();
    if (options.has('d')) {
        const auto parsed = parseDate(options.value('d'), when);
        if (!parsed) {
            co_await complain(process, "invalid date " + quoted(options.value('d')));
            co_return 1;
        }
        when = *parsed;
    }
    if (options.has('s')) {
        co_await complain(process, "cannot set date: Operation not permitted");
        co_return 1;
    }
    if (options.has('r')) {
        const auto stat = process.files().stat(process.resolve(options.value('r')));
        if (!stat.ok()) {
            co_await complain(process, options.value('r') + ": " + stat.error().message);
            co_return 1;
        }
        when = stat->modified;
    }
    std::string format =
        isBusybox(process) ? "%a %b %e %H:%M:%S UTC %Y" : "%a %b %e %H:%M:%S UTC %Y";
    if (options.has('R')) format = "%a, %d %b %Y %H:%M:%S +0000";
    if (options.has('I')) {
        const std::string how = options.value('I');
        format = how.empty() || how == "date" ? "%Y-%m-%d"
                 : how[0] == 'h'              ? "%Y-%m-%dT%H+00:00"
                 : how[0] == 'm'              ? "%Y-%m-%dT%H:%M+00:00"
                 : how[0] == 'n'              ? "%Y-%m-%dT%H:%M:%S,%N+00:00"
                                              : "%Y-%m-%dT%H:%M:%S+00:00";
    }
    if (!options.operands.empty()) {
        if (options.operands[0][0] != '+') {
            co_await complain(process, "invalid date " + quoted(options.operands[0]));
            co_return 1;
        }
        format = options.operands[0].substr(1);
    }
    co_await process.writeOut(strftimeUtc(format, when) + "\n");
    co_return 0;
}

} // namespace

std::string strftimeUtc(const std::string& pattern, std::int64_t when) {
    static constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
    static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                              "May",       "June",     "July",     "August",
                                              "September", "October",  "November", "December"};
    const sim::CivilTime t = sim::civilTime(when);
    std::string out;
    auto number = [&](int value, int width, char fill) {
        std::string text = std::to_string(value);
        if (static_cast<int>(text.size()) < width && fill != '-')
            text.insert(0, static_cast<std::size_t>(width) - text.size(), fill);
        return text;
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 >= pattern.size()) {
            out += pattern[i];
            continue;
        }
        char c = pattern[++i], fill = '0';
        bool upper = false;
        int width = 0, colons = 0;
        while ((c == '-' || c == '_' || c == '0' || c == '^') && i + 1 < pattern.size()) {
            if (c == '^')
                upper = true;
            else
                fill = c == '_' ? ' ' : c;
            c = pattern[++i];
        }
        while (c >= '0' && c <= '9' && i + 1 < pattern.size())
            width = std::min(width * 10 + (c - '0'), 100), c = pattern[++i];
        while (c == ':' && i + 1 < pattern.size()) ++colons, c = pattern[++i];
        std::string piece;
        const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
        switch (c) {
        case 'Y': piece = std::to_string(t.year); break;
        case 'C': piece = number(t.year / 100, 2, fill); break;
        case 'y': piece = number(t.year % 100, 2, fill); break;
        case 'm': piece = number(t.month, 2, fill); break;
        case 'd': piece = number(t.day, 2, fill); break;
        case 'e': piece = number(t.day, 2, fill == '0' ? ' ' : fill); break;
        case 'H': piece = number(t.hour, 2, fill); break;
        case 'k': piece = number(t.hour, 2, ' '); break;
        case 'I': piece = number(hour12, 2, fill); break;
        case 'l': piece = number(hour12, 2, ' '); break;
        case 'M': piece = number(t.minute, 2, fill); break;
        case 'S': piece = number(t.second, 2, fill); break;
        case 'N': {
            piece = number(t.nanosecond, 9, '0');
            if (width > 0 && width < 9) piece.resize(static_cast<std::size_t>(width));
            break;
        }
        case 's': piece = std::to_string(when / sim::kSecond); break;
        case 'j': piece = number(t.yearDay + 1, 3, fill); break;
        case 'u': piece = std::to_string(t.weekday == 0 ? 7 : t.weekday); break;
        case 'w': piece = std::to_string(t.weekday); break;
        case 'a': piece = std::string(kDays[t.weekday]).substr(0, 3); break;
        case 'A': piece = kDays[t.weekday]; break;
        case 'b':
        case 'h': piece = std::string(kMonths[t.month - 1]).substr(0, 3); break;
        case 'B': piece = kMonths[t.month - 1]; break;
        case 'p': piece = t.hour < 12 ? "AM" : "PM"; break;
        case 'P': piece = t.hour < 12 ? "am" : "pm"; break;
        case 'F': piece = strftimeUtc("%Y-%m-%d", when); break;
        case 'T': piece = strftimeUtc("%H:%M:%S", when); break;
        case 'X': piece = strftimeUtc("%H:%M:%S", when); break;
        case 'R': piece = strftimeUtc("%H:%M", when); break;
        case 'r': piece = strftimeUtc("%I:%M:%S %p", when); break;
        case 'D':
        case 'x': piece = strftimeUtc("%m/%d/%y", when); break;
        case 'c': piece = strftimeUtc("%a %b %e %H:%M:%S %Y", when); break;
        case 'z': piece = colons > 0 ? "+00:00" : "+0000"; break;
        case 'Z': piece = "UTC"; break;
        case 'n': piece = "\n"; break;
        case 't': piece = "\t"; break;
        case '%': piece = "%"; break;
        default: piece = std::string("%") + c; break;
        }
        out += upper ? base::toUpper(piece) : piece;
    }
    return out;
}

// "@123", RFC 3339, "YYYY-MM-DD[ HH:MM[:SS]]", "now", "yesterday", "+1 day", "2 hours ago".
std::optional<std::int64_t> parseDate(std::string_view text, std::int64_t now) {
    std::string rest(base::trim(text));
    if (rest.empty()) return now;
    if (rest[0] == '@') {
        const auto seconds = base::parseInt(rest.substr(1));
        if (!seconds) return std::nullopt;
        return *seconds * sim::kSecond;
    }
    if (const auto exact = sim::parseRfc3339(rest)) return exact;
    std::int64_t when = now;
    bool any = false;
    auto words = base::splitFields(rest);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string word = base::toLower(words[i]);
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        if (word == "now" || word == "utc" || word == "z" || word == "gmt")
            any = true;
        else if (word == "today")
            any = true;
        else if (word == "tomorrow" || word == "yesterday")
            when += (word == "tomorrow" ? 24 : -24) * sim::kHour, any = true;
        else if (std::sscanf(word.c_str(), "%4d-%2d-%2dt%2d:%2d:%2d", &year, &month, &day, &hour,
                             &minute, &second) >= 5 ||
                 std::sscanf(word.c_str(), "%4d-%2d-%2d", &year, &month, &day) == 3) {
            if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
            when = sim::unixTime(year, month, day, hour, minute, second);
            any = true;
        } else if (std::sscanf(word.c_str(), "%2d:%2d:%2d", &hour, &minute, &second) >= 2) {
            const sim::CivilTime t = sim::civilTime(when);
            when = sim::unixTime(t.year, t.month, t.day, hour, minute, second);
            any = true;
        } else {
            std::int64_t count = 1;
            if (word == "next" || word == "last") {
                count = word == "next" ? 1 : -1;
            } else if (const auto number = base::parseInt(word)) {
                count = *number;
            } else {
                return std::nullopt;
            }
            if (++i >= words.size()) return std::nullopt;
            std::string unit = base::toLower(words[i]);
            if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
            if (i + 1 < words.size() && base::toLower(words[i + 1]) == "ago") {
                count = -count;
                ++i;
            }
            if (unit == "sec" || unit == "second")
                when += count * sim::kSecond;
            else if (unit == "min" || unit == "minute")
                when += count * sim::kMinute;
            else if (unit == "hour")
                when += count * sim::kHour;
            else if (unit == "day")
                when += count * 24 * sim::kHour;
            else if (unit == "week")
                when += count * 7 * 24 * sim::kHour;
            else if (unit == "month" || unit == "year") {
                const sim::CivilTime t = sim::civilTime(when);
                std::int64_t months = t.year * 12 + t.month - 1 + count * (unit == "year" ? 12 : 1);
                when =
                    sim::unixTime(static_cast<int>(months / 12), static_cast<int>(months % 12) + 1,
                                  t.day, t.hour, t.minute, t.second);
            } else
                return std::nullopt;
            any = true;
        }
    }
    if (!any) return std::nullopt;
    return when;
}

const CoreutilEntry kRunTools[] = {
    {"env", envMain},     {"printenv", printenvMain}, {"xargs", xargsMain},
    {"sleep", sleepMain}, {"timeout", timeoutMain},   {"watch", watchMain},
    {"nohup", nohupMain}, {"nice", nohupMain},        {nullptr, nullptr}};
const CoreutilEntry kSystemTools[] = {
    {"true", trueMain},     {"false", falseMain}, {"echo", echoMain},   {"printf", printfMain},
    {"test", testMain},     {"[", testMain},      {"id", idMain},       {"whoami", whoamiMain},
    {"groups", groupsMain}, {"tty", ttyMain},     {"stty", sttyMain},   {"clear", clearMain},
    {"reset", clearMain},   {"tput", tputMain},   {"nproc", nprocMain}, {"which", whichMain},
    {"man", manMain},       {"date", dateMain},   {nullptr, nullptr}};

} // namespace shell
