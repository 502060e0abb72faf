// jobs, fg, bg, wait, kill, disown, and the directory commands: cd, pwd, pushd, popd, dirs, umask.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <algorithm>

namespace shell {
namespace {

sim::Task<int> jobsBuiltin(Shell& shell, Strings args) {
    bool withPids = false, pidsOnly = false, running = false, stopped = false;
    for (std::size_t i = 1; i < args.size(); ++i) {
        withPids = withPids || args[i] == "-l";
        pidsOnly = pidsOnly || args[i] == "-p";
        running = running || args[i] == "-r";
        stopped = stopped || args[i] == "-s";
    }
    std::string text;
    for (const auto& job : shell.jobs) {
        if ((running && (job->done() || job->stopped)) || (stopped && !job->stopped)) continue;
        text += pidsOnly ? std::to_string(job->pids.front()) + "\n"
                         : shell.jobLine(*job, withPids) + "\n";
        if (job->done()) job->notified = true;
    }
    shell.reapNow();
    co_await shell.out(std::move(text));
    co_return 0;
}

sim::Task<int> fgBuiltin(Shell& shell, Strings args) {
    if (!shell.options.interactive) {
        co_await shell.complain(args[0] + ": no job control");
        co_return 1;
    }
    const auto job = shell.findJob(args.size() > 1 ? args[1] : "%+");
    if (!job || job->done()) {
        {
            std::string hoisted =
                args[0] + ": " + (args.size() > 1 ? args[1] : "current") + ": no such job";
            co_await shell.complain(std::move(hoisted));
        }
        co_return 1;
    }
    const bool wasStopped = std::exchange(job->stopped, false);
    if (args[0] == "bg") {
        job->background = true;
        co_await shell.out("[" + std::to_string(job->number) + "]" + shell.jobMark(*job) + " " +
                           job->text + " &\n");
        if (wasStopped) shell.killJob(*job, ports::kSigCont);
        co_return 0;
    }
    co_await shell.out(job->text + "\n");
    job->background = false;
    if (wasStopped) shell.killJob(*job, ports::kSigCont);
    const int status = co_await shell.waitJob(job, true);
    if (job->done()) std::erase(shell.jobs, job);
    co_return status;
}

sim::Task<int> waitBuiltin(Shell& shell, Strings args) {
    int status = 0;
    bool any = false;
    Strings targets;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-n")
            any = true;
        else if (args[i] != "-f")
            targets.push_back(args[i]);
    }
    if (any) {
        while (true) {
            bool running = false;
            for (const auto& job : shell.jobs) {
                if (job->done() && !job->notified) {
                    job->notified = true;
                    status = job->code();
                    shell.reapNow();
                    co_return status;
                }
                running = running || !job->done();
            }
            if (!running) co_return 127;
            co_await shell.family->wakeUp.wait();
            if (shell.family->interrupted) co_return 130;
        }
    }
    if (targets.empty()) {
        const auto waiting = shell.jobs;
        for (const auto& job : waiting) {
            if (job->stopped) continue;
            const int code = co_await shell.waitJob(job, false);
            if (!job->done()) co_return code;
            if (!shell.options.interactive) job->notified = true;
        }
        shell.reapNow();
        co_return 0;
    }
    for (const std::string& target : targets) {
        std::shared_ptr<Job> job;
        if (target[0] == '%') {
            job = shell.findJob(target);
            if (!job) {
                co_await shell.complain("wait: " + target + ": no such job");
                status = 127;
                continue;
            }
        } else {
            const auto pid = base::parseInt(target);
            if (!pid) {
                co_await shell.complain("wait: `" + target + "': not a pid or valid job spec");
                status = 1;
                continue;
            }
            for (const auto& each : shell.jobs)
                if (std::find(each->pids.begin(), each->pids.end(), static_cast<int>(*pid)) !=
                    each->pids.end())
                    job = each;
            if (!job) {
                co_await shell.complain("wait: pid " + target + " is not a child of this shell");
                status = 127;
                continue;
            }
        }
        status = co_await shell.waitJob(job, false);
        if (job->done() && !shell.options.interactive) job->notified = true;
    }
    co_return status;
}

sim::Task<int> killBuiltin(Shell& shell, Strings args) {
    int number = ports::kSigTerm;
    std::size_t at = 1;
    if (args.size() > 1 && (args[1] == "-l" || args[1] == "-L")) {
        std::string text;
        if (args.size() > 2) {
            auto code = base::parseInt(args[2]);
            text = code ? signalName(static_cast<int>(*code > 128 ? *code - 128 : *code))
                        : std::to_string(signalNumber(args[2]));
            text += "\n";
        } else {
            for (int i = 1; i <= 31; ++i)
                text += (i < 10 ? " " : "") + std::to_string(i) + ") SIG" + signalName(i) +
                        (i % 5 == 0 || i == 31 ? "\n" : "\t");
        }
        co_await shell.out(std::move(text));
        co_return 0;
    }
    if (at < args.size() && args[at].size() > 1 && args[at][0] == '-' && args[at] != "--") {
        std::string name = args[at].substr(1);
        if ((name == "s" || name == "n") && at + 1 < args.size()) name = args[++at];
        number = signalNumber(name);
        if (number < 0) {
            co_await shell.complain("kill: " + name + ": invalid signal specification");
            co_return 1;
        }
        ++at;
    }
    if (at < args.size() && args[at] == "--") ++at;
    if (at >= args.size()) {
        co_await shell.err("kill: usage: kill [-s sigspec | -n signum | -sigspec] pid | jobspec "
                           "... or kill -l [sigspec]\n");
        co_return 2;
    }
    int status = 0;
    for (; at < args.size(); ++at) {
        if (args[at][0] == '%') {
            const auto job = shell.findJob(args[at]);
            if (!job || job->done()) {
                co_await shell.complain("kill: " + args[at] + ": no such job");
                status = 1;
                continue;
            }
            shell.killJob(*job, number);
            if (job->stopped && (number == ports::kSigTerm || number == ports::kSigHup))
                shell.killJob(*job, ports::kSigCont);
            if (number == ports::kSigStop || number == ports::kSigTstp) job->stopped = true;
            if (number == ports::kSigCont) job->stopped = false;
            continue;
        }
        const auto pid = base::parseInt(args[at]);
        if (!pid) {
            co_await shell.complain("kill: " + args[at] + ": arguments must be process or job IDs");
            status = 1;
            continue;
        }
        const auto done = shell.process().kill(static_cast<int>(*pid), number);
        if (!done.ok()) {
            {
                std::string hoisted =
                    "kill: (" + args[at] + ") - " +
                    (done.error().message.empty() || done.error().code == 3 ? "No such process"
                                                                            : done.error().message);
                co_await shell.complain(std::move(hoisted));
            }
            status = 1;
        }
    }
    co_return status;
}

sim::Task<int> disownBuiltin(Shell& shell, Strings args) {
    if (args.size() > 1 && args[1] == "-h") co_return 0;
    const auto job = shell.findJob(args.size() > 1 ? args[1] : "%+");
    if (!job) {
        {
            std::string hoisted =
                "disown: " + (args.size() > 1 ? args[1] : std::string("current")) + ": no such job";
            co_await shell.complain(std::move(hoisted));
        }
        co_return 1;
    }
    std::erase(shell.jobs, job);
    co_return 0;
}

sim::Task<int> suspendBuiltin(Shell& shell, Strings) {
    co_await shell.complain("suspend: cannot suspend: no job control");
    co_return 1;
}

// Directories.
sim::Task<int> changeDirectory(Shell& shell, std::string target, std::string label, bool print,
                               bool physical) {
    std::string path = shell.logicalPath(target);
    if (physical)
        if (auto real = shell.files().realPath(path); real.ok()) path = *real;
    const auto stat = shell.files().stat(path);
    std::string problem;
    if (!stat.ok()) {
        problem = stat.error().message;
    } else if (stat->type != ports::FileType::Directory) {
        problem = "Not a directory";
    } else if (!shell.files().access(path, 1)) {
        problem = "Permission denied";
    }
    if (!problem.empty()) {
        const Dialect dialect = shell.options.dialect;
        if (dialect == Dialect::Ash) { // names the builtin before the line
            const std::string line = shell.options.interactive ? "" : "line " + std::to_string(shell.line) + ": ";
            std::string text = shell.name + ": " + label + ": " + line + "can't cd to " + target + ": " + problem + "\n";
            co_await shell.err(std::move(text));
            co_return 2;
        }
        std::string text = label + ": " + (dialect == Dialect::Bash ? target + ": " + problem : "can't cd to " + target);
        co_await shell.complain(std::move(text));
        co_return dialect == Dialect::Bash ? 1 : 2;
    }
    shell.variables.exportText("OLDPWD", shell.cwd);
    shell.cwd = path;
    shell.variables.exportText("PWD", path);
    if (shell.subshellLevel == 0) shell.process().cwd() = path;
    if (print) co_await shell.out(path + "\n");
    co_return 0;
}

sim::Task<int> cdBuiltin(Shell& shell, Strings args) {
    bool physical = false;
    std::size_t at = 1;
    while (at < args.size() && args[at].size() > 1 && args[at][0] == '-') {
        if (args[at] == "--") {
            ++at;
            break;
        }
        if (args[at].find_first_not_of("LPe@", 1) != std::string::npos) {
            co_await shell.complain("cd: " + args[at].substr(0, 2) + ": invalid option");
            co_await shell.err("cd: usage: cd [-L|[-P [-e]] [-@]] [dir]\n");
            co_return 2;
        }
        physical = args[at].find('P') != std::string::npos;
        ++at;
    }
    if (args.size() > at + 1) {
        co_await shell.complain("cd: too many arguments");
        co_return 1;
    }
    std::string target;
    bool print = false;
    if (at >= args.size()) {
        const auto home = shell.variables.get("HOME");
        if (!home) {
            co_await shell.complain("cd: HOME not set");
            co_return 1;
        }
        target = *home;
    } else if (args[at] == "-") {
        const auto old = shell.variables.get("OLDPWD");
        if (!old) {
            co_await shell.complain("cd: OLDPWD not set");
            co_return 1;
        }
        target = *old;
        print = true;
    } else {
        target = args[at];
        if (target[0] != '/' && target[0] != '.' && shell.variables.get("CDPATH"))
            for (const std::string& folder : base::split(*shell.variables.get("CDPATH"), ':'))
                if (!folder.empty() &&
                    shell.files().isDirectory(shell.logicalPath(folder + "/" + target))) {
                    target = folder + "/" + target;
                    print = true;
                    break;
                }
    }
    if (target.empty()) co_return 0;
    const int status = co_await changeDirectory(shell, std::move(target), "cd", print, physical);
    co_return status;
}

sim::Task<int> pwdBuiltin(Shell& shell, Strings args) {
    std::string path = shell.cwd;
    if (args.size() > 1 && args[1] == "-P")
        if (auto real = shell.files().realPath(path); real.ok()) path = *real;
    co_await shell.out(path + "\n");
    co_return 0;
}

std::string stackText(Shell& shell) {
    const std::string home = shell.variables.get("HOME").value_or("");
    std::string text;
    Strings all{shell.cwd};
    all.insert(all.end(), shell.directoryStack.rbegin(), shell.directoryStack.rend());
    for (std::string path : all) {
        if (!home.empty() && home != "/" && (path == home || path.rfind(home + "/", 0) == 0))
            path = "~" + path.substr(home.size());
        text += (text.empty() ? "" : " ") + path;
    }
    return text + "\n";
}

sim::Task<int> dirsBuiltin(Shell& shell, Strings args) {
    if (args.size() > 1 && args[1] == "-c") {
        shell.directoryStack.clear();
        co_return 0;
    }
    co_await shell.out(stackText(shell));
    co_return 0;
}

sim::Task<int> pushdBuiltin(Shell& shell, Strings args) {
    std::string target;
    if (args.size() < 2) {
        if (shell.directoryStack.empty()) {
            co_await shell.complain("pushd: no other directory");
            co_return 1;
        }
        target = shell.directoryStack.back();
        shell.directoryStack.pop_back();
    } else {
        target = args[1];
    }
    const std::string before = shell.cwd;
    const int status = co_await changeDirectory(shell, target, "pushd", false, false);
    if (status != 0) co_return status;
    if (shell.directoryStack.size() < 1000) shell.directoryStack.push_back(before);
    co_await shell.out(stackText(shell));
    co_return 0;
}

sim::Task<int> popdBuiltin(Shell& shell, Strings) {
    if (shell.directoryStack.empty()) {
        co_await shell.complain("popd: directory stack empty");
        co_return 1;
    }
    const std::string target = shell.directoryStack.back();
    shell.directoryStack.pop_back();
    const int status = co_await changeDirectory(shell, target, "popd", false, false);
    if (status == 0) co_await shell.out(stackText(shell));
    co_return status;
}

std::string symbolicMask(std::uint32_t mask) {
    std::string text;
    for (const auto& [who, shift] : {std::pair{'u', 6}, std::pair{'g', 3}, std::pair{'o', 0}}) {
        const std::uint32_t allowed = ~(mask >> shift) & 7;
        text += (text.empty() ? "" : ",") + std::string(1, who) + "=";
        if (allowed & 4) text += 'r';
        if (allowed & 2) text += 'w';
        if (allowed & 1) text += 'x';
    }
    return text;
}

sim::Task<int> umaskBuiltin(Shell& shell, Strings args) {
    bool symbolic = false;
    std::string value;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-S")
            symbolic = true;
        else if (args[i] != "-p")
            value = args[i];
    }
    if (value.empty()) {
        const std::uint32_t m = shell.umask;
        std::string octal = "0";
        for (int shift = 6; shift >= 0; shift -= 3)
            octal += static_cast<char>('0' + ((m >> shift) & 7));
        {
            std::string hoisted = (symbolic ? symbolicMask(m) : octal) + "\n";
            co_await shell.out(std::move(hoisted));
        }
        co_return 0;
    }
    std::uint32_t mask = 0;
    for (const char c : value) {
        if (c < '0' || c > '7' || mask > 0777) {
            co_await shell.complain("umask: " + value + ": octal number out of range");
            co_return 1;
        }
        mask = mask * 8 + static_cast<std::uint32_t>(c - '0');
    }
    shell.umask = mask & 0777;
    co_return 0;
}

} // namespace

const BuiltinEntry kJobBuiltins[] = {{"jobs", jobsBuiltin},       {"fg", fgBuiltin},
                                     {"bg", fgBuiltin},           {"wait", waitBuiltin},
                                     {"kill", killBuiltin},       {"disown", disownBuiltin},
                                     {"suspend", suspendBuiltin}, {nullptr, nullptr}};
const BuiltinEntry kDirectoryBuiltins[] = {
    {"cd", cdBuiltin},     {"pwd", pwdBuiltin},     {"dirs", dirsBuiltin}, {"pushd", pushdBuiltin},
    {"popd", popdBuiltin}, {"umask", umaskBuiltin}, {nullptr, nullptr}};

} // namespace shell
