#include "shell/shell.h"

#include "base/strings.h"
#include "machine/process/process.h"
#include "shell/builtins/builtins.h"
#include "shell/pattern.h"

#include <algorithm>
#include <cstdio>

namespace shell {

Shell::Shell(ports::Process& process, std::shared_ptr<Family> shared)
    : family(std::move(shared)), process_(&process) {
    ++family->liveShells;
    options.shopt = {"checkwinsize",
                     "cmdhist",
                     "complete_fullquote",
                     "extquote",
                     "extglob",
                     "force_fignore",
                     "globasciiranges",
                     "globskipdots",
                     "hostcomplete",
                     "interactive_comments",
                     "patsub_replacement",
                     "progcomp",
                     "promptvars",
                     "sourcepath"};
    startedAt = process.kernel().now();
}

Shell::~Shell() { --family->liveShells; }

sim::Scope& Shell::scope() {
    if (!scope_) scope_ = std::make_unique<sim::Scope>(process_->kernel());
    return *scope_;
}

void Shell::begin() {
    fds[0] = OpenFile::inherited(process_->input());
    fds[1] = OpenFile::inherited(process_->output());
    fds[2] = OpenFile::inherited(process_->error());
    cwd = process_->cwd().empty() ? "/" : process_->cwd();
    loadVariables();
}

void Shell::loadVariables() {
    for (const auto& [key, value] : process_->env())
        if (isName(key)) variables.exportText(key, value);
    variables.exportText("PWD", cwd);
    const auto level = base::parseInt(variables.text("SHLVL")).value_or(0);
    variables.exportText("SHLVL", std::to_string(level + 1));
    if (!variables.find("PATH"))
        variables.setText("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    variables.setText("IFS", " \t\n");
    variables.setText("OPTIND", "1");
    variables.setText("PS4", "+ ");
    variables.setText("HOSTNAME", process_->hostname());
    variables.setText("HOSTTYPE", "x86_64");
    variables.setText("MACHTYPE", "x86_64-pc-linux-gnu");
    variables.setText("OSTYPE", "linux-gnu");
    variables.setText("BASH", "/usr/bin/bash");
    variables.setText("BASH_VERSION", "5.2.15(1)-release");
    Variable& version = variables.make("BASH_VERSINFO");
    version.isIndexed = version.isSet = version.readOnly = true;
    version.indexed = {{0, "5"}, {1, "2"},       {2, "15"},
                       {3, "1"}, {4, "release"}, {5, "x86_64-pc-linux-gnu"}};
    for (const auto& [key, value] :
         {std::pair{"UID", process_->uid()}, std::pair{"EUID", process_->uid()},
          std::pair{"PPID", static_cast<std::uint32_t>(process_->parentPid())}}) {
        Variable& variable = variables.make(key);
        variable.value = std::to_string(value);
        variable.isSet = variable.readOnly = variable.integer = true;
        variable.exported = false;
    }
}

std::shared_ptr<Shell> Shell::fork() {
    if (family->liveShells >= kMaxLiveShells) return nullptr;
    auto child = std::make_shared<Shell>(*process_, family);
    child->variables = variables;
    child->functions = functions;
    child->aliases = aliases;
    child->hashed = hashed;
    if (const auto found = traps.find("ERR"); found != traps.end() && options.errTrace)
        child->traps["ERR"] = found->second;
    for (const auto& [signal, action] : traps)
        if (action.empty()) child->traps[signal] = action; // ignored stays ignored
    child->options = options;
    child->options.monitor = false;
    child->name = name;
    child->positional = positional;
    child->cwd = cwd;
    child->directoryStack = directoryStack;
    child->fds = fds;
    child->calls = calls;
    child->line = line;
    child->lastStatus = lastStatus;
    child->lastBackground = lastBackground;
    child->pipeStatus = pipeStatus;
    child->loopDepth = 0;
    child->functionDepth = functionDepth;
    child->sourceDepth = sourceDepth;
    child->subshellLevel = subshellLevel + 1;
    child->conditionDepth = conditionDepth;
    child->umask = umask;
    child->startedAt = startedAt;
    child->secondsOffset = secondsOffset;
    child->lastArgument = lastArgument;
    child->currentCommand = currentCommand;
    child->providers = providers;
    child->textContext_ = textContext_;
    child->foreground = foreground;
    return child;
}

// Source: bash jobs.c make_child: retries after 1, 2, 4, 8 and 16 seconds.
sim::Task<std::shared_ptr<Shell>> Shell::forkPatiently() {
    auto child = fork();
    for (sim::Duration pause = sim::kSecond; !child && pause <= 16 * sim::kSecond; pause *= 2) {
        co_await complain("fork: retry: Resource temporarily unavailable");
        co_await sim::sleepFor(kernel(), pause);
        if (family->interrupted) co_return nullptr;
        child = fork();
    }
    if (!child) co_await complain("fork: Resource temporarily unavailable");
    co_return child;
}

void Shell::adopt(ports::Process& process) {
    process_ = &process;
    scope_.reset();
    listening_ = false;
    foreground = nullptr;
    process.cwd() = cwd;
}

// Errors.
std::string Shell::prefix() const {
    const bool script = !options.interactive && !options.commandString;
    if (options.dialect == Dialect::Dash) return name + ": " + std::to_string(line) + ": ";
    if (options.dialect == Dialect::Ash) return name + ": " + (script ? "line " + std::to_string(line) + ": " : "");
    if (options.interactive && subshellLevel == 0 && sourceDepth == 0) return name + ": ";
    return name + ": line " + std::to_string(line) + ": ";
}

std::string Shell::cannotOpen(const std::string& target, bool create, const base::Error& error) const {
    const bool missing = error.message == "No such file or directory";
    if (options.dialect == Dialect::Bash) return target + ": " + error.message;
    if (options.dialect == Dialect::Dash) {
        const std::string why = !missing ? error.message : create ? "Directory nonexistent" : "No such file";
        return (create ? "cannot create " : "cannot open ") + target + ": " + why;
    }
    const std::string why = !missing ? error.message : create ? "nonexistent directory" : "no such file";
    return (create ? "can't create " : "can't open ") + target + ": " + why;
}

sim::Task<bool> Shell::writeTo(int descriptor, std::string text) {
    const auto found = fds.find(descriptor);
    if (found == fds.end() || !found->second) co_return false;
    const auto file = found->second;
    const bool written = co_await file->write(std::move(text));
    co_return written;
}

sim::Task<void> Shell::out(std::string text) {
    if (text.empty()) co_return;
    const bool written = co_await writeTo(1, std::move(text));
    if (!written && subshellLevel > 0) requestExit(141); // SIGPIPE
}

sim::Task<void> Shell::err(std::string text) { co_await writeTo(2, std::move(text)); }

sim::Task<void> Shell::complain(std::string message) {
    std::string text = prefix() + std::move(message) + "\n";
    co_await writeTo(2, std::move(text));
}

void Shell::expansionError(std::string message, int status, bool exits) {
    if (expansionFailed) return;
    expansionFailed = true;
    expansionMessage = std::move(message);
    expansionStatus = status;
    expansionExits = exits;
}

sim::Task<bool> Shell::expansionsFine() {
    if (!expansionFailed) co_return true;
    expansionFailed = false;
    std::string message = std::exchange(expansionMessage, {});
    if (!message.empty()) co_await complain(std::move(message));
    lastStatus = expansionStatus;
    if (flow == Flow::None)
        flow = expansionExits && !options.interactive ? Flow::Exit : Flow::Abort;
    co_return false;
}

void Shell::requestExit(int status) {
    lastStatus = status & 0xFF;
    flow = Flow::Exit;
}

// A simple command costs about five microseconds of virtual time, charged in lots, so that a loop
// without end lets the rest of the world go on.
sim::Task<bool> Shell::step() {
    constexpr int kLot = 64;
    if (++family->steps % kLot == 0) {
        machine::consume(*process_, kLot * 5 * sim::kMicrosecond);
        co_await sim::sleepFor(kernel(), kLot * 5 * sim::kMicrosecond);
    }
    if (family->interrupted && flow == Flow::None) {
        flow = Flow::Abort;
        lastStatus = 130;
    }
    if (listening_)
        while (auto number = process_->signals().tryPop()) pendingSignals_.push_back(*number);
    if (!pendingSignals_.empty() && !inTrap) co_await runPendingTraps();
    co_return unwinding();
}

sim::Task<void> Shell::runPendingTraps() {
    while (!pendingSignals_.empty()) {
        const int number = pendingSignals_.front();
        pendingSignals_.erase(pendingSignals_.begin());
        std::string trap = signalName(number);
        if (traps.count(trap) > 0) co_await runTrap(std::move(trap));
    }
}

void Shell::handleSignalTrap(int number) {
    if (!handled_.insert(number).second) return;
    process_->handleSignal(number);
    if (listening_) return;
    listening_ = true;
    scope().spawn(listenForSignals(), "shell signals");
}

sim::Task<void> Shell::listenForSignals() {
    while (true) {
        auto number = co_await process_->signals().pop();
        if (!number) co_return;
        pendingSignals_.push_back(*number);
        family->wakeUp.notify();
    }
}

sim::Task<int> Shell::runTrap(std::string trap) {
    const auto found = traps.find(trap);
    if (found == traps.end() || found->second.empty() || inTrap) co_return lastStatus;
    const std::string action = found->second;
    const int saved = lastStatus;
    const Flow savedFlow = std::exchange(flow, Flow::None);
    inTrap = true;
    co_await runText(action, name + ": trap", true);
    inTrap = false;
    if (flow == Flow::Exit) co_return lastStatus;
    flow = savedFlow;
    lastStatus = saved;
    co_return saved;
}

sim::Task<void> Shell::finish() {
    if (listening_) {
        while (auto number = process_->signals().tryPop()) pendingSignals_.push_back(*number);
        const int status = lastStatus;
        const Flow left = std::exchange(flow, Flow::None);
        if (!pendingSignals_.empty() && !inTrap) co_await runPendingTraps();
        if (flow != Flow::Exit) {
            lastStatus = status;
            flow = left;
        }
    }
    if (traps.count("EXIT") == 0) co_return;
    const int status = lastStatus;
    const std::string action = traps["EXIT"];
    traps.erase("EXIT");
    flow = Flow::None;
    inTrap = true;
    co_await runText(action, name + ": trap", true);
    inTrap = false;
    if (flow != Flow::Exit) lastStatus = status;
    flow = Flow::Exit;
}

// Texts.
sim::Task<void> Shell::syntaxError(const ParseError& error, std::string context) {
    std::string text;
    if (options.interactive && sourceDepth == 0 && context == name) {
        text = name + ": " + error.message + "\n";
    } else {
        const std::string start = context + ": line " + std::to_string(error.line) + ": ";
        text = start + error.message + "\n";
        if (!error.context.empty()) text += start + "`" + error.context + "'\n";
    }
    co_await err(std::move(text));
}

sim::Task<int> Shell::runText(std::string text, std::string context, bool wholeText) {
    ParserOptions parserOptions;
    parserOptions.extglob = true;
    if (options.has("expand_aliases")) parserOptions.aliases = &aliases;
    Parser parser(std::move(text), parserOptions);
    const std::string savedContext = std::exchange(textContext_, context);
    int status = 0;
    while (true) {
        ListPtr list;
        const ParseStatus parsed = parser.next(list);
        for (const ParseError& warning : parser.warnings())
            co_await err(name + ": line " + std::to_string(warning.line) + ": " + warning.message +
                         "\n");
        if (parsed == ParseStatus::End) break;
        if (parsed != ParseStatus::Ok) {
            co_await syntaxError(parser.error(), context);
            status = lastStatus = 2;
            break;
        }
        status = co_await runList(list);
        if (flow == Flow::Abort && !wholeText && !family->interrupted) {
            flow = Flow::None;
            continue;
        }
        if (unwinding()) break;
    }
    textContext_ = savedContext;
    co_return status;
}

sim::Task<int> Shell::runFile(std::string path, Strings arguments, bool& found) {
    (void)arguments;
    auto content = files().read(absolute(path));
    found = content.ok();
    if (!found) co_return 1;
    const int status = co_await runText(std::move(*content), path, false);
    co_return status;
}

// Lists.
sim::Task<int> Shell::runList(ListPtr list) {
    for (const AndOr& item : list->items) {
        if (item.background) {
            lastStatus = co_await startBackground(item);
        } else {
            lastStatus = co_await runAndOr(item);
        }
        if (unwinding()) break;
    }
    co_return lastStatus;
}

sim::Task<int> Shell::runAndOr(const AndOr& item) {
    for (std::size_t i = 0; i < item.pipelines.size(); ++i) {
        if (i > 0) {
            const bool run = item.isAnd[i - 1] ? lastStatus == 0 : lastStatus != 0;
            if (!run) continue;
        }
        const Pipeline& pipeline = item.pipelines[i];
        const bool checked = i + 1 < item.pipelines.size() || pipeline.negated;
        if (checked) ++conditionDepth;
        lastStatus = co_await runPipeline(pipeline);
        if (checked) --conditionDepth;
        if (!checked && !unwinding()) co_await afterCommand(lastStatus);
        if (unwinding()) break;
    }
    co_return lastStatus;
}

// errexit and the ERR trap.
sim::Task<void> Shell::afterCommand(int status) {
    if (status == 0 || conditionDepth > 0) co_return;
    if (traps.count("ERR") > 0 && !inTrap) co_await runTrap("ERR");
    if (options.errExit && !unwinding()) requestExit(status);
}

sim::Task<int> Shell::runTimed(const Pipeline& pipeline) {
    const sim::Time start = kernel().now();
    Pipeline untimed = pipeline;
    untimed.timed = false;
    int status = 0;
    if (!untimed.commands.empty()) status = co_await runPipeline(untimed);
    const std::int64_t elapsed = (kernel().now() - start) / sim::kMillisecond;
    char buffer[160];
    if (pipeline.posixTime) {
        std::snprintf(buffer, sizeof buffer, "real %lld.%02lld\nuser 0.00\nsys 0.00\n",
                      static_cast<long long>(elapsed / 1000),
                      static_cast<long long>(elapsed % 1000 / 10));
    } else {
        std::snprintf(
            buffer, sizeof buffer, "\nreal\t%lldm%lld.%03llds\nuser\t0m0.000s\nsys\t0m0.000s\n",
            static_cast<long long>(elapsed / 60000), static_cast<long long>(elapsed / 1000 % 60),
            static_cast<long long>(elapsed % 1000));
    }
    co_await err(buffer);
    co_return status;
}

sim::Task<int> Shell::runPipeline(const Pipeline& pipeline) {
    if (pipeline.timed) {
        const int status = co_await runTimed(pipeline);
        co_return status;
    }
    int status = 0;
    if (pipeline.commands.empty()) {
        status = 0;
    } else if (options.interactive && subshellLevel == 0 && usesOnlyExternal(pipeline)) {
        status = co_await runForegroundJob(pipeline);
    } else if (pipeline.commands.size() == 1) {
        status = co_await runCommand(pipeline.commands[0]);
        const CommandKind kind = pipeline.commands[0]->kind;
        if (kind == CommandKind::Simple || kind == CommandKind::Subshell ||
            kind == CommandKind::Condition || kind == CommandKind::Arithmetic)
            pipeStatus = {status};
    } else {
        status = co_await runStages(pipeline);
    }
    if (pipeline.negated && !unwinding()) status = status == 0 ? 1 : 0;
    co_return status;
}

sim::Task<void> Shell::stageTask(std::shared_ptr<Shell> shell, CommandPtr command, int* status,
                                 int* left, std::shared_ptr<sim::Signal> done) {
    int result = co_await shell->runCommand(command);
    if (shell->flow == Flow::Exit || shell->flow == Flow::Abort) result = shell->lastStatus;
    shell->lastStatus = result;
    co_await shell->finish();
    *status = shell->lastStatus;
    shell->fds.clear();
    shell.reset();
    --*left;
    done->notify();
}

sim::Task<int> Shell::runStages(const Pipeline& pipeline) {
    const std::size_t count = pipeline.commands.size();
    std::vector<int> statuses(count, 0);
    int left = static_cast<int>(count);
    auto done = std::make_shared<sim::Signal>();
    sim::Scope stages(kernel());
    std::shared_ptr<sim::Pipe> previous;
    for (std::size_t i = 0; i < count; ++i) {
        auto child = co_await forkPatiently();
        if (!child) {
            stages.cancel();
            co_return 254;
        }
        if (previous) child->fds[0] = OpenFile::readEnd(previous);
        if (i + 1 < count) {
            previous = std::make_shared<sim::Pipe>();
            child->fds[1] = OpenFile::writeEnd(previous);
            if (i < pipeline.withError.size() && pipeline.withError[i])
                child->fds[2] = child->fds[1];
        }
        stages.spawn(stageTask(std::move(child), pipeline.commands[i], &statuses[i], &left, done),
                     "pipeline");
    }
    while (left > 0) co_await done->wait();
    pipeStatus = statuses;
    int status = statuses.back();
    if (options.pipeFail)
        for (const int each : statuses)
            if (each != 0) status = each;
    co_return status;
}

sim::Task<void> Shell::captureTask(std::shared_ptr<Shell> shell, ListPtr list, int* status) {
    int result = co_await shell->runList(list);
    if (shell->flow == Flow::Exit || shell->flow == Flow::Abort) result = shell->lastStatus;
    shell->lastStatus = result;
    co_await shell->finish();
    *status = shell->lastStatus;
    shell->fds.clear();
}

sim::Task<std::string> Shell::captureOutput(ListPtr list) {
    auto child = co_await forkPatiently();
    if (!child) {
        co_return std::string();
    }
    // $(< file)
    if (list->items.size() == 1 && list->items[0].pipelines.size() == 1 &&
        list->items[0].pipelines[0].commands.size() == 1) {
        const Command& only = *list->items[0].pipelines[0].commands[0];
        if (only.kind == CommandKind::Simple && only.words.empty() && only.assignments.empty() &&
            only.redirects.size() == 1 && only.redirects[0].kind == Redirect::In) {
            const std::string target = co_await expandText(only.redirects[0].target);
            auto content = files().read(absolute(target));
            substitutionStatus = content.ok() ? 0 : 1;
            if (!content.ok()) {
                co_await complain(target + ": " + content.error().message);
                co_return std::string();
            }
            while (!content->empty() && content->back() == '\n') content->pop_back();
            co_return std::move(*content);
        }
    }
    auto pipe = std::make_shared<sim::Pipe>();
    child->fds[1] = OpenFile::writeEnd(pipe);
    child->options.errExit = options.errExit && options.posix;
    int status = 0;
    std::string output;
    {
        sim::Scope run(kernel());
        run.spawn(captureTask(child, list, &status), "substitution");
        child.reset();
        while (true) {
            std::string piece = co_await pipe->read();
            if (piece.empty()) break;
            output += piece;
            if (output.size() > kMaxCapture) break;
        }
    }
    pipe->closeRead();
    substitutionStatus = lastStatus = status;
    output.erase(std::remove(output.begin(), output.end(), '\0'), output.end());
    while (!output.empty() && output.back() == '\n') output.pop_back();
    co_return output;
}

// <( ) and >( ): the command's output is complete before the reader starts, and the reader of >( )
// starts when the writer has ended; both see an ordinary file.
sim::Task<std::string> Shell::processSubstitution(ListPtr list, bool input) {
    const std::string path =
        "/dev/fd/" + std::to_string(63 - static_cast<int>(scratchFiles.size() % 50));
    (void)files().makeDirectories("/dev/fd");
    (void)files().removeFile(path);
    if (!input) {
        (void)files().write(path, "");
        outputSubstitutions.emplace_back(path, list);
        scratchFiles.push_back(path);
        co_return path;
    }
    const int saved = lastStatus;
    auto child = co_await forkPatiently();
    if (!child) co_return path;
    (void)files().write(path, "");
    scratchFiles.push_back(path);
    child->fds[1] = OpenFile::appendTo(*process_, path);
    child->scratchFiles = scratchFiles;
    int status = 0;
    co_await captureTask(child, list, &status);
    lastStatus = saved;
    co_return path;
}

sim::Task<void> Shell::runOutputSubstitutions() {
    auto pending = std::move(outputSubstitutions);
    outputSubstitutions.clear();
    for (auto& [path, list] : pending) {
        auto child = co_await forkPatiently();
        auto content = files().read(path);
        if (!child || !content.ok()) continue;
        child->fds[0] = OpenFile::bytes(std::move(*content));
        int status = 0;
        co_await captureTask(child, list, &status);
    }
    for (const std::string& path : std::exchange(scratchFiles, {})) (void)files().removeFile(path);
}

} // namespace shell
