// Simple commands: assignments, functions, builtins and programs.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/shell.h"

#include <algorithm>
#include <re2/re2.h>

namespace shell {

// Tracing (set -x).
sim::Task<void> Shell::traceText(std::string text) {
    std::string ps4 = variables.get("PS4").value_or("+ ");
    std::string shown;
    if (ps4.find_first_of("$`\\") != std::string::npos) {
        const bool saved = std::exchange(options.trace, false);
        const Word word = Parser::parseExpansions(ps4, line, false);
        ps4 = co_await expandText(word);
        options.trace = saved;
    }
    if (!ps4.empty() && subshellLevel > 0)
        shown.append(static_cast<std::size_t>(std::min(subshellLevel, 20)) - 0, ps4[0]);
    co_await err(shown + ps4 + text + "\n");
}

sim::Task<void> Shell::traceWords(const Strings& words, std::string assignments) {
    std::string text = std::move(assignments);
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + quoteSingle(word);
    co_await traceText(std::move(text));
}

// Simple commands.
sim::Task<int> Shell::runAssignmentsOnly(CommandPtr command) {
    substitutionStatus = -1;
    if (!command->redirects.empty()) {
        auto saved = fds;
        const bool redirected = co_await redirect(command->redirects);
        fds = std::move(saved);
        if (!redirected) co_return 1;
    }
    for (const Assignment& assignment : command->assignments) {
        const bool done = co_await runAssignment(assignment, false, nullptr);
        const bool fine = co_await expansionsFine();
        if (!fine) co_return lastStatus;
        if (!done) {
            co_await complain(error);
            lastStatus = 1;
            if (flow == Flow::None) flow = Flow::Abort;
            co_return 1;
        }
        if (options.trace && !assignment.isArray)
            co_await traceText(assignment.name + "=" +
                               quoteSingle(variables.text(assignment.name)));
    }
    co_return substitutionStatus >= 0 ? substitutionStatus : 0;
}

sim::Task<bool> Shell::expandSimple(CommandPtr command, Strings& words) {
    bool structured = false;
    for (const Word& word : command->words) structured = structured || word.assignment != nullptr;
    if (!structured) {
        words = co_await expandWords(command->words);
    } else {
        // Assignments as arguments (declare, export) are not split; arrays go to the builtin
        // itself.
        for (const Word& word : command->words) {
            if (word.assignment == nullptr) {
                std::vector<Word> one{word};
                Strings fields = co_await expandWords(one);
                words.insert(words.end(), fields.begin(), fields.end());
            } else {
                const Assignment& assignment = *word.assignment;
                std::string text = assignment.name;
                if (assignment.subscript)
                    text += "[" + co_await expandText(*assignment.subscript) + "]";
                if (assignment.isArray) {
                    text += assignment.append ? "+=(" : "=(";
                } else {
                    const std::string value = co_await expandText(assignment.value);
                    text += (assignment.append ? "+=" : "=") + value;
                }
                words.push_back(std::move(text));
            }
            if (expansionFailed) break;
        }
    }
    const bool fine = co_await expansionsFine();
    co_return fine;
}

sim::Task<int> Shell::runSimple(CommandPtr command) {
    line = command->line;
    if (functionDepth == 0 && !inTrap) currentCommand = command->source;
    if (!traps.empty() && traps.count("DEBUG") > 0 && !inTrap) co_await runTrap("DEBUG");
    if (command->words.empty()) {
        const int status = co_await runAssignmentsOnly(command);
        co_return status;
    }
    Strings words;
    substitutionStatus = -1;
    const bool expanded = co_await expandSimple(command, words);
    if (!expanded) co_return lastStatus;
    if (words.empty()) {
        const int status = co_await runAssignmentsOnly(command);
        co_return substitutionStatus >= 0 ? substitutionStatus : status;
    }
    const int status = co_await runSimpleWords(command, std::move(words));
    if (!scratchFiles.empty() && subshellLevel == 0) co_await runOutputSubstitutions();
    co_return status;
}

sim::Task<bool>
Shell::temporaryAssignments(CommandPtr command,
                            std::vector<std::pair<std::string, std::optional<Variable>>>& saved) {
    for (const Assignment& assignment : command->assignments) {
        const Variable* before = variables.find(assignment.name);
        saved.emplace_back(assignment.name, before ? std::optional(*before) : std::nullopt);
        const bool done = co_await runAssignment(assignment, false, nullptr);
        if (!done) {
            co_await complain(error);
            co_return false;
        }
        variables.make(assignment.name).exported = true;
        if (options.trace)
            co_await traceText(assignment.name + "=" +
                               quoteSingle(variables.text(assignment.name)));
    }
    co_return true;
}

void Shell::restoreVariables(std::vector<std::pair<std::string, std::optional<Variable>>> saved) {
    for (auto it = saved.rbegin(); it != saved.rend(); ++it) {
        if (it->second) {
            variables.make(it->first) = std::move(*it->second);
        } else {
            variables.unset(it->first);
        }
    }
}

sim::Task<int> Shell::runSimpleWords(CommandPtr command, Strings words) {
    if (!words.empty()) lastArgument = words.back();
    std::vector<std::pair<std::string, std::optional<Variable>>> saved;
    std::map<int, std::shared_ptr<OpenFile>> savedFds;
    const bool redirected = !command->redirects.empty();
    if (redirected) savedFds = fds;
    int status = 1;
    bool ready = true;
    if (redirected) ready = co_await redirect(command->redirects);
    if (ready && !command->assignments.empty())
        ready = co_await temporaryAssignments(command, saved);
    bool keepFds = false;
    if (ready) {
        if (options.trace) co_await traceWords(words, {});
        keepFds = words[0] == "exec" && words.size() == 1;
        const auto function = functions.find(words[0]);
        // Array values of declare and friends, which plain words cannot carry.
        if (function != functions.end()) {
            const CommandPtr body = function->second;
            std::string name = words[0];
            words.erase(words.begin());
            status = co_await runFunction(body->function, std::move(name), std::move(words));
        } else if (findBuiltin(words[0]) != nullptr) {
            std::string builtin = words[0];
            status = co_await runBuiltin(std::move(words));
            bool local = builtin == "local" ||
                         ((builtin == "declare" || builtin == "typeset") && variables.depth() > 1);
            for (const Word& word : command->words)
                if (word.assignment && word.assignment->isArray && status == 0) {
                    const bool done = co_await runAssignment(*word.assignment, local, nullptr);
                    if (!done) status = 1;
                }
        } else {
            status = co_await runExternal(std::move(words), {});
        }
    }
    if (!saved.empty()) restoreVariables(std::move(saved));
    if (redirected && (!keepFds || !ready)) fds = std::move(savedFds);
    if (!ready && flow != Flow::None) co_return lastStatus;
    co_return status;
}

sim::Task<int> Shell::runBuiltin(Strings words) {
    const Builtin builtin = findBuiltin(words[0]);
    const int status = co_await builtin(*this, std::move(words));
    co_return status;
}

sim::Task<int> Shell::runWords(Strings words, bool useFunctions, bool useBuiltins) {
    if (words.empty()) co_return 0;
    if (useFunctions) {
        const auto function = functions.find(words[0]);
        if (function != functions.end()) {
            const CommandPtr body = function->second;
            std::string called = words[0];
            words.erase(words.begin());
            const int status =
                co_await runFunction(body->function, std::move(called), std::move(words));
            co_return status;
        }
    }
    int status = 0;
    if (useBuiltins && findBuiltin(words[0]) != nullptr) {
        status = co_await runBuiltin(std::move(words));
    } else {
        status = co_await runExternal(std::move(words), {});
    }
    co_return status;
}

sim::Task<int> Shell::runFunction(CommandPtr body, std::string called, Strings arguments) {
    if (functionDepth >= kMaxFunctionDepth) {
        co_await complain(called + ": maximum function nesting level exceeded (" +
                          std::to_string(kMaxFunctionDepth) + ")");
        flow = Flow::Abort;
        lastStatus = 1;
        co_return 1;
    }
    // Leaves the machine's own stack now and then, however deep the recursion.
    if (++functionDepth % 16 == 0) co_await sim::sleepFor(kernel(), sim::kMicrosecond);
    auto savedPositional = std::exchange(positional, std::move(arguments));
    const int savedLoops = std::exchange(loopDepth, 0);
    calls.push_back({called, line, name});
    variables.enterFunction();
    int status = co_await runCommand(body);
    if (flow == Flow::Return) {
        flow = Flow::None;
        status = lastStatus;
    }
    if (traps.count("RETURN") > 0 && options.funcTrace) co_await runTrap("RETURN");
    variables.leaveFunction();
    calls.pop_back();
    loopDepth = savedLoops;
    positional = std::move(savedPositional);
    --functionDepth;
    co_return status;
}

// External programs.
std::string Shell::findInPath(const std::string& command, bool* notExecutable) {
    std::string candidate;
    for (std::string& folder : base::split(variables.get("PATH").value_or(""), ':')) {
        if (folder.empty()) folder = ".";
        const std::string path = folder + "/" + command;
        const auto stat = files().stat(absolute(path));
        if (!stat.ok() || stat->type == ports::FileType::Directory) continue;
        if (files().access(absolute(path), 1)) return path;
        if (candidate.empty()) candidate = path;
    }
    if (notExecutable != nullptr) *notExecutable = !candidate.empty();
    return candidate;
}

Shell::CommandType Shell::classify(const std::string& command, std::string* path) {
    if (options.has("expand_aliases") && aliases.count(command) > 0) return CommandType::Alias;
    if (isKeyword(command)) return CommandType::Keyword;
    if (functions.count(command) > 0) return CommandType::Function;
    if (findBuiltin(command) != nullptr) return CommandType::Builtin;
    if (command.find('/') != std::string::npos) {
        const auto stat = files().stat(absolute(command));
        if (stat.ok() && stat->type != ports::FileType::Directory &&
            files().access(absolute(command), 1)) {
            if (path != nullptr) *path = command;
            return CommandType::File;
        }
        return CommandType::None;
    }
    bool notExecutable = false;
    const std::string found = findInPath(command, &notExecutable);
    if (found.empty() || notExecutable) return CommandType::None;
    if (path != nullptr) *path = found;
    return CommandType::File;
}

sim::Task<int> Shell::notFound(const std::string& command) {
    if (const auto handler = functions.find("command_not_found_handle");
        handler != functions.end()) {
        const CommandPtr body = handler->second;
        Strings arguments{command};
        const int status =
            co_await runFunction(body->function, "command_not_found_handle", std::move(arguments));
        co_return status;
    }
    std::string problem =
        command + (options.dialect == Dialect::Bash ? ": command not found" : ": not found");
    co_await complain(std::move(problem));
    co_return 127;
}

// Scripts: their interpreter goes before the words. Empty when it can run, else the complaint.
std::string Shell::shebang(const std::string& path, Strings& words) {
    for (int hops = 0; hops < 5; ++hops) {
        const std::string target = hops == 0 ? path : words[0];
        auto head = files().readAt(absolute(target), 0, 256);
        if (!head.ok()) return {};
        if (head->substr(0, 2) == "#!") {
            const std::string rest(
                base::trim(std::string_view(*head).substr(2, head->find('\n') - 2)));
            const std::size_t space = rest.find_first_of(" \t");
            const std::string interpreter = rest.substr(0, space);
            if (!files().exists(absolute(interpreter)))
                return target + ": " + interpreter + ": bad interpreter: No such file or directory";
            words[0] = target;
            if (space != std::string::npos)
                words.insert(words.begin(), std::string(base::trim(rest.substr(space))));
            words.insert(words.begin(), interpreter);
            continue;
        }
        if (!ports::programOf(*head).empty()) return {};
        if (hops > 0) return {};
        if (head->substr(0, 4) == "\x7f"
                                  "ELF" ||
            head->find('\0') != std::string::npos)
            return target + ": cannot execute binary file: Exec format error";
        words[0] = target;
        words.insert(words.begin(), "/bin/sh");
        if (files().exists("/bin/bash")) words[0] = "/bin/bash";
        return {};
    }
    return path + ": Too many levels of symbolic links";
}

sim::Task<int> Shell::startChild(Strings words, std::string path, std::shared_ptr<Job> job,
                                 bool& started) {
    started = false;
    const std::string command = words[0];
    bool hashedPath = false;
    if (path.empty() && command.find('/') != std::string::npos) {
        path = command;
        const auto stat = files().stat(absolute(path));
        if (!stat.ok()) {
            co_await complain(command + ": " + stat.error().message);
            co_return stat.error().code == 13 ? 126 : 127;
        }
        if (stat->type == ports::FileType::Directory) {
            co_await complain(command + ": Is a directory");
            co_return 126;
        }
        if (!files().access(absolute(path), 1)) {
            co_await complain(command + ": Permission denied");
            co_return 126;
        }
    } else if (path.empty()) {
        const auto known = hashed.find(command);
        if (known != hashed.end() && files().exists(absolute(known->second))) {
            path = known->second;
            hashedPath = true;
        } else {
            bool notExecutable = false;
            path = command.empty() ? std::string() : findInPath(command, &notExecutable);
            if (path.empty()) {
                const int status = co_await notFound(command);
                co_return status;
            }
            if (notExecutable) {
                co_await complain(path + ": Permission denied");
                co_return 126;
            }
            if (subshellLevel == 0) hashed[command] = path;
        }
        (void)hashedPath;
        if (subshellLevel == 0) ++hashHits[command];
    }
    const std::string problem = shebang(path, words);
    if (!problem.empty()) {
        co_await complain(problem);
        co_return 126;
    }
    ports::SpawnOptions spawn;
    spawn.argv = std::move(words);
    spawn.env = childEnvironment();
    spawn.env["_"] = path;
    spawn.cwd = cwd;
    std::vector<std::shared_ptr<OpenFile>> held;
    std::shared_ptr<sim::Pipe>* targets[] = {&spawn.input, &spawn.output, &spawn.error};
    for (int fd = 0; fd < 3; ++fd) {
        const auto found = fds.find(fd);
        std::shared_ptr<OpenFile> file = found == fds.end() ? OpenFile::null() : found->second;
        if (fd == 0 && file->kind() == OpenFile::Null) file = OpenFile::bytes("");
        *targets[fd] = file->pipeFor(*process_);
        held.push_back(std::move(file));
    }
    spawn.detached = options.interactive && subshellLevel == 0;
    const auto pid = process_->startChild(std::move(spawn));
    if (!pid.ok()) {
        // A fork takes its time even when nothing comes of it; endless loops must not stop the
        // clock.
        co_await sim::sleepFor(kernel(), sim::kMillisecond);
        co_await complain(command + ": " + pid.error().message);
        co_return pid.error().code == 13 ? 126 : 127;
    }
    started = true;
    job->pids.push_back(*pid);
    job->codes.push_back(-1);
    job->files.push_back(std::move(held));
    co_return 0;
}

sim::Task<void> Shell::watchBroken(ports::Process* process, std::shared_ptr<sim::Pipe> pipe,
                                   int pid) {
    while (!pipe->readClosed()) co_await pipe->broken().wait();
    (void)process->kill(pid, ports::kSigPipe);
}

sim::Task<int> Shell::runExternal(Strings words, std::string path) {
    auto job = std::make_shared<Job>();
    bool started = false;
    const int failure = co_await startChild(std::move(words), std::move(path), job, started);
    if (!started) co_return failure;
    const int pid = job->pids[0];
    if (foreground) foreground->pids.push_back(pid);
    int status = 0;
    {
        sim::Scope watch(kernel());
        const auto output = job->files[0][1];
        if (output->kind() == OpenFile::PipeWrite)
            watch.spawn(watchBroken(process_, output->pipeFor(*process_), pid), "sigpipe");
        status = co_await process_->wait(pid);
    }
    for (const auto& file : job->files[0]) file->drain();
    if (foreground) std::erase(foreground->pids, pid);
    co_return status;
}

} // namespace shell
