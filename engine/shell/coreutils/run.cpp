// Programs that run others: env, xargs, timeout, sleep, watch, nohup, nice.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace shell {
namespace {

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
        process.env() = std::move(env);
        std::string text = process.environmentText('\n');
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
        std::string text = process.environmentText('\n');
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
    OPTIONS_OR_RETURN(options, 1)
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
    OPTIONS_OR_RETURN(options, 1)
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

} // namespace

const CoreutilEntry kRunTools[] = {
    {"env", envMain},     {"printenv", printenvMain}, {"xargs", xargsMain},
    {"sleep", sleepMain}, {"timeout", timeoutMain},   {"watch", watchMain},
    {"nohup", nohupMain}, {"nice", nohupMain},        {nullptr, nullptr}};

} // namespace shell
