// Jobs: background lists, waiting, foreground jobs of an interactive shell.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/handoff.h"
#include "shell/shell.h"

#include <algorithm>

namespace shell {
namespace {
struct SignalEntry {
    int number;
    const char* name;
    const char* text;
};
constexpr SignalEntry kSignals[] = {{1, "HUP", "Hangup"},
                                    {2, "INT", "Interrupt"},
                                    {3, "QUIT", "Quit"},
                                    {4, "ILL", "Illegal instruction"},
                                    {5, "TRAP", "Trace/breakpoint trap"},
                                    {6, "ABRT", "Aborted"},
                                    {7, "BUS", "Bus error"},
                                    {8, "FPE", "Floating point exception"},
                                    {9, "KILL", "Killed"},
                                    {10, "USR1", "User defined signal 1"},
                                    {11, "SEGV", "Segmentation fault"},
                                    {12, "USR2", "User defined signal 2"},
                                    {13, "PIPE", "Broken pipe"},
                                    {14, "ALRM", "Alarm clock"},
                                    {15, "TERM", "Terminated"},
                                    {16, "STKFLT", "Stack fault"},
                                    {17, "CHLD", "Child exited"},
                                    {18, "CONT", "Continued"},
                                    {19, "STOP", "Stopped (signal)"},
                                    {20, "TSTP", "Stopped"},
                                    {21, "TTIN", "Stopped (tty input)"},
                                    {22, "TTOU", "Stopped (tty output)"},
                                    {23, "URG", "Urgent I/O condition"},
                                    {24, "XCPU", "CPU time limit exceeded"},
                                    {25, "XFSZ", "File size limit exceeded"},
                                    {26, "VTALRM", "Virtual timer expired"},
                                    {27, "PROF", "Profiling timer expired"},
                                    {28, "WINCH", "Window changed"},
                                    {29, "IO", "I/O possible"},
                                    {30, "PWR", "Power failure"},
                                    {31, "SYS", "Bad system call"}};
} // namespace

int signalNumber(std::string_view text) {
    if (const auto number = base::parseInt(text))
        return *number >= 0 && *number <= 64 ? static_cast<int>(*number) : -1;
    std::string upper = base::toUpper(text);
    if (upper.rfind("SIG", 0) == 0) upper.erase(0, 3);
    if (upper == "EXIT") return 0;
    for (const SignalEntry& entry : kSignals)
        if (upper == entry.name) return entry.number;
    return -1;
}

std::string signalName(int number) {
    for (const SignalEntry& entry : kSignals)
        if (entry.number == number) return entry.name;
    return std::to_string(number);
}

std::string signalText(int number) {
    for (const SignalEntry& entry : kSignals)
        if (entry.number == number) return entry.text;
    return "Unknown signal " + std::to_string(number);
}

std::shared_ptr<Job> Shell::newJob(std::string text, bool background) {
    auto job = std::make_shared<Job>();
    int highest = 0;
    for (const auto& each : jobs) highest = std::max(highest, each->number);
    job->number = highest + 1;
    job->text = std::move(text);
    job->background = background;
    return job;
}

sim::Task<void> Shell::reap(int pid, std::shared_ptr<Job> job, std::size_t index) {
    const int code = co_await process_->wait(pid);
    for (const auto& file : job->files[index]) file->drain();
    job->files[index].clear();
    job->codes[index] = code;
    family->wakeUp.notify();
}

bool Shell::usesOnlyExternal(const Pipeline& pipeline) {
    for (const CommandPtr& command : pipeline.commands) {
        if (command->kind != CommandKind::Simple || command->words.empty()) return false;
        const std::string* first = command->words[0].literal();
        if (first == nullptr || classify(*first, nullptr) != CommandType::File) return false;
    }
    return true;
}

// Starts every stage without waiting. A single command expands in this shell; stages of a pipeline
// and of background jobs in copies of it.
sim::Task<bool> Shell::startSimpleStages(const Pipeline& pipeline, std::shared_ptr<Job> job) {
    std::shared_ptr<sim::Pipe> previous;
    const std::size_t count = pipeline.commands.size();
    bool anyStarted = false;
    for (std::size_t i = 0; i < count; ++i) {
        auto child = co_await forkPatiently();
        if (!child) {
            co_return anyStarted;
        }
        child->subshellLevel = subshellLevel;
        if (job->background && !options.interactive) child->fds[0] = OpenFile::bytes("");
        if (previous) child->fds[0] = OpenFile::readEnd(previous);
        if (i + 1 < count) {
            previous = std::make_shared<sim::Pipe>();
            child->fds[1] = OpenFile::writeEnd(previous);
            if (i < pipeline.withError.size() && pipeline.withError[i])
                child->fds[2] = child->fds[1];
        }
        const CommandPtr command = pipeline.commands[i];
        child->line = command->line;
        Strings words;
        bool ready = co_await child->expandSimple(command, words);
        if (ready && words.empty()) ready = false;
        if (ready) ready = co_await child->redirect(command->redirects);
        std::vector<std::pair<std::string, std::optional<Variable>>> ignored;
        if (ready) ready = co_await child->temporaryAssignments(command, ignored);
        if (ready && options.trace) co_await child->traceWords(words, {});
        if (ready) lastArgument = words.back();
        bool started = false;
        int failure = ready ? 0 : 1;
        if (ready) failure = co_await child->startChild(std::move(words), {}, job, started);
        if (subshellLevel == 0) hashed = child->hashed, hashHits = child->hashHits;
        if (!started) {
            job->pids.push_back(0);
            job->codes.push_back(failure);
            job->files.emplace_back();
            continue;
        }
        anyStarted = true;
        const std::size_t index = job->pids.size() - 1;
        scratchFiles.insert(scratchFiles.end(), child->scratchFiles.begin(),
                            child->scratchFiles.end());
        scope().spawn(reap(job->pids[index], job, index), "reaper");
        const auto output = job->files[index][1];
        if (output->kind() == OpenFile::PipeWrite)
            scope().spawn(watchBroken(process_, output->pipeFor(*process_), job->pids[index]),
                          "sigpipe");
    }
    co_return anyStarted;
}

sim::Task<int> Shell::runForegroundJob(const Pipeline& pipeline) {
    std::string text;
    for (const CommandPtr& command : pipeline.commands)
        text += (text.empty() ? "" : " | ") + command->source;
    auto job = newJob(std::move(text), false);
    co_await startSimpleStages(pipeline, job);
    const int status = co_await waitJob(job, true);
    if (!scratchFiles.empty()) co_await runOutputSubstitutions();
    co_return status;
}

// Waits until the job ends or stops; 128 + SIGINT when Ctrl-C interrupted the waiting.
sim::Task<int> Shell::waitJob(std::shared_ptr<Job> job, bool inForeground) {
    if (inForeground) foreground = job;
    while (!job->done() && !job->stopped) {
        if (!inForeground && (family->interrupted || !pendingSignals_.empty())) {
            if (!pendingSignals_.empty()) {
                const int number = pendingSignals_.front();
                if (!inTrap) co_await runPendingTraps();
                co_return 128 + number;
            }
            co_return 130;
        }
        co_await family->wakeUp.wait();
    }
    if (inForeground) foreground = nullptr;
    if (job->stopped) {
        job->background = true;
        if (std::find(jobs.begin(), jobs.end(), job) == jobs.end()) jobs.push_back(job);
        // The most recently stopped job is the current one.
        std::rotate(std::find(jobs.begin(), jobs.end(), job),
                    std::find(jobs.begin(), jobs.end(), job) + 1, jobs.end());
        co_await err("\n" + jobLine(*job, false) + "\n");
        if (auto terminal = process_->terminal()) terminal->raw = false, terminal->echo = true;
        co_return 128 + ports::kSigTstp;
    }
    if (inForeground) {
        pipeStatus = job->codes;
        const int code = job->code();
        if (auto terminal = process_->terminal(); terminal && options.interactive)
            terminal->raw = false, terminal->echo = true;
        if (family->interrupted) {
            if (code == 130) {
                flow = Flow::Abort;
                lastStatus = 130;
            } else {
                family->interrupted = false;
            }
        }
        if (options.pipeFail)
            for (auto it = job->codes.rbegin(); it != job->codes.rend(); ++it)
                if (*it != 0) co_return *it;
    }
    co_return job->code();
}

void Shell::killJob(Job& job, int number) {
    for (std::size_t i = 0; i < job.pids.size(); ++i) {
        if (job.pids[i] == 0 || (i < job.codes.size() && job.codes[i] >= 0)) continue;
        if (!options.interactive || !process_->kill(-job.pids[i], number).ok())
            (void)process_->kill(job.pids[i], number);
    }
}

sim::Task<bool> Shell::startHandedOver(const AndOr& item, std::shared_ptr<Job> job) {
    auto child = co_await forkPatiently();
    if (!child) {
        co_return false;
    }
    auto single = std::make_shared<List>();
    single->items.push_back(item);
    single->items[0].background = false;
    if (!options.interactive) child->fds[0] = OpenFile::bytes("");
    auto program = process_->programs().find("bash");
    auto* shellProgram = dynamic_cast<ShellProgramBase*>(program.get());
    std::string path = findInPath("bash");
    if (path.empty()) path = findInPath("sh");
    if (shellProgram == nullptr || path.empty()) {
        co_await complain("fork: Resource temporarily unavailable");
        co_return false;
    }
    ports::SpawnOptions spawn;
    spawn.argv = {path};
    const int token = shellProgram->put({child, single});
    spawn.env = childEnvironment();
    spawn.env[kHandoffVariable] = std::to_string(token);
    spawn.cwd = cwd;
    std::vector<std::shared_ptr<OpenFile>> held;
    std::shared_ptr<sim::Pipe>* targets[] = {&spawn.input, &spawn.output, &spawn.error};
    for (int fd = 0; fd < 3; ++fd) {
        const auto found = child->fds.find(fd);
        std::shared_ptr<OpenFile> file =
            found == child->fds.end() ? OpenFile::null() : found->second;
        *targets[fd] = file->pipeFor(*process_);
        held.push_back(std::move(file));
    }
    spawn.detached = options.interactive;
    const auto pid = process_->startChild(std::move(spawn));
    if (!pid.ok()) {
        shellProgram->take(token);
        co_await complain("fork: " + pid.error().message);
        co_return false;
    }
    job->pids.push_back(*pid);
    job->codes.push_back(-1);
    job->files.push_back(std::move(held));
    scope().spawn(reap(*pid, job, 0), "reaper");
    co_return true;
}

sim::Task<int> Shell::startBackground(const AndOr& item) {
    auto job = newJob(item.source, true);
    const Pipeline& first = item.pipelines[0];
    bool started;
    if (item.pipelines.size() == 1 && !first.negated && !first.timed && !first.commands.empty() &&
        usesOnlyExternal(first)) {
        started = co_await startSimpleStages(first, job);
    } else {
        started = co_await startHandedOver(item, job);
    }
    if (!started) {
        if (!job->codes.empty()) lastBackground = 0;
        co_return 0;
    }
    jobs.push_back(job);
    lastBackground = job->pids.back();
    if (options.interactive && subshellLevel == 0)
        co_await err("[" + std::to_string(job->number) + "] " + std::to_string(job->pids.back()) +
                     "\n");
    co_return 0;
}

char Shell::jobMark(const Job& job) const {
    if (!jobs.empty() && jobs.back().get() == &job) return '+';
    if (jobs.size() > 1 && jobs[jobs.size() - 2].get() == &job) return '-';
    return ' ';
}

std::string Shell::jobLine(const Job& job, bool withPids) {
    std::string state = "Running";
    bool ampersand = job.background;
    if (job.done()) {
        ampersand = false;
        state = job.code() == 0 ? "Done" : "Exit " + std::to_string(job.code());
        if (job.signal != 0 ||
            (job.code() > 128 && signalText(job.code() - 128).rfind("Unknown", 0) != 0))
            state = signalText(job.signal != 0 ? job.signal : job.code() - 128);
    } else if (job.stopped) {
        ampersand = false;
        state = "Stopped";
    }
    std::string text = "[" + std::to_string(job.number) + "]" + jobMark(job) + "  ";
    if (withPids && !job.pids.empty())
        text = "[" + std::to_string(job.number) + "]" + jobMark(job) + " " +
               std::to_string(job.pids.front()) + " ";
    state.resize(std::max<std::size_t>(state.size() + 1, 24), ' ');
    return text + state + job.text + (ampersand ? " &" : "");
}

std::shared_ptr<Job> Shell::findJob(const std::string& specification) {
    std::string text = specification;
    if (!text.empty() && text[0] == '%') text.erase(0, 1);
    if (text.empty() || text == "+" || text == "%") return jobs.empty() ? nullptr : jobs.back();
    if (text == "-")
        return jobs.size() > 1 ? jobs[jobs.size() - 2] : jobs.empty() ? nullptr : jobs.back();
    if (const auto number = base::parseInt(text)) {
        for (const auto& job : jobs)
            if (job->number == *number) return job;
        return nullptr;
    }
    const bool anywhere = text[0] == '?';
    for (const auto& job : jobs)
        if (anywhere ? job->text.find(text.substr(1)) != std::string::npos
                     : job->text.rfind(text, 0) == 0)
            return job;
    return nullptr;
}

void Shell::reapNow() {
    std::erase_if(jobs,
                  [](const std::shared_ptr<Job>& job) { return job->done() && job->notified; });
}

sim::Task<void> Shell::notifyJobs() {
    std::string text;
    for (const auto& job : jobs)
        if (job->done() && !job->notified) {
            text += jobLine(*job, false) + "\n";
            job->notified = true;
        }
    reapNow();
    if (!text.empty()) co_await err(std::move(text));
}

} // namespace shell
