// Starting, signalling and ending of processes. Sources: execve(2), signal(7), pid_namespaces(7).
#include "machine/process/process.h"

#include "base/strings.h"
#include "machine/machine.h"

#include <cerrno>

namespace machine {
namespace {

constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int kDeepestScript = 4;
constexpr int kSigContinue = 18, kSigUrgent = 23, kSigTtyIn = 21, kSigTtyOut = 22;

bool ignoredByDefault(int number) {
    return number == ports::kSigChld || number == ports::kSigWinch || number == kSigUrgent;
}
bool stopsByDefault(int number) {
    return number == ports::kSigStop || number == ports::kSigTstp || number == kSigTtyIn ||
           number == kSigTtyOut;
}

std::string absolute(const std::string& cwd, std::string_view path) {
    if (path.starts_with('/')) return std::string(path);
    return (cwd == "/" ? "/" : cwd + "/") + std::string(path);
}

} // namespace

ProcessTable::ProcessTable(Machine& machine) : machine_(machine) {}
ProcessTable::~ProcessTable() { killAll(); }

base::Result<ProcessTable::Executable>
ProcessTable::load(View& files, const std::map<std::string, std::string>& env, const std::string& cwd,
                   std::vector<std::string> argv, int depth) const {
    if (argv.empty() || argv.front().empty()) return ports::fileError(ENOENT);
    std::vector<std::string> places;
    std::string name = argv.front();
    if (name.starts_with('-') && name.size() > 1) name.erase(0, 1); // a login shell
    if (name.find('/') != std::string::npos) {
        places.push_back(absolute(cwd, name));
    } else {
        const auto path = env.find("PATH");
        for (const auto& folder : base::split(path == env.end() ? kDefaultPath : path->second, ':'))
            places.push_back(absolute(cwd, folder.empty() ? name : folder + "/" + name));
    }
    int problem = ENOENT;
    for (const auto& place : places) {
        const auto stat = files.stat(place);
        if (!stat.ok()) {
            if (stat.error().code != ENOENT && places.size() == 1) problem = stat.error().code;
            continue;
        }
        if (stat->type != ports::FileType::Regular || !files.access(place, 1)) {
            problem = EACCES;
            continue;
        }
        const auto content = files.content(place);
        const std::string_view text = content ? std::string_view(*content) : std::string_view();
        if (const std::string program = ports::programOf(text.substr(0, 256)); !program.empty()) {
            auto found = machine_.programs().find(program);
            if (!found) return ports::fileError(ENOENT);
            return Executable{std::move(found), std::move(argv)};
        }
        if (!text.starts_with("#!") || depth >= kDeepestScript)
            return base::makeError("Exec format error", ENOEXEC);
        std::string_view line = base::trim(text.substr(2, text.find('\n') - 2));
        std::vector<std::string> script;
        const std::size_t blank = line.find_first_of(" \t");
        script.emplace_back(line.substr(0, blank));
        if (blank != std::string_view::npos) script.emplace_back(base::trim(line.substr(blank)));
        script.push_back(place);
        script.insert(script.end(), argv.begin() + 1, argv.end());
        return load(files, env, cwd, std::move(script), depth + 1);
    }
    return ports::fileError(problem);
}

int ProcessTable::numberIn(const std::string& pidNamespace, int helpers) {
    int& last = namespaceNext_.try_emplace(pidNamespace, 0).first->second;
    const int pid = ++last;
    last += helpers;
    return pid;
}

base::Result<int> ProcessTable::start(ProcessSpec spec, base::Function<void(ProcessEnd)> ended) {
    if (processes_.size() >= kMostProcesses)
        return base::makeError("Resource temporarily unavailable", EAGAIN);
    if (!spec.program) {
        auto loaded = load(*spec.files, spec.env, spec.cwd, spec.argv, 0);
        if (!loaded.ok()) return loaded.error();
        spec.argv = std::move(loaded->argv);
        spec.program = std::move(loaded->program);
    }
    const int hostPid = nextPid_++;
    const int pid = spec.pidNamespace.empty() ? hostPid : numberIn(spec.pidNamespace, spec.helperPids);
    spec.files->setViewer(pid);
    auto process = std::make_shared<LinuxProcess>(machine_, *this, std::move(spec), hostPid, pid);
    process->program_ = std::move(process->spec_.program);
    process->onEnd_ = std::move(ended);
    process->resident_ = process->program_->idleUse().bytes;
    processes_.emplace(hostPid, process);
    process->scope_.spawn(LinuxProcess::body(process), "process");
    return hostPid;
}

LinuxProcessPtr ProcessTable::find(int hostPid) const {
    const auto found = processes_.find(hostPid);
    return found == processes_.end() ? nullptr : found->second;
}

LinuxProcessPtr ProcessTable::findIn(std::string_view pidNamespace, int pid) const {
    if (pidNamespace.empty()) return find(pid);
    for (const auto& [number, process] : processes_)
        if (process->pid_ == pid && process->spec_.pidNamespace == pidNamespace) return process;
    return nullptr;
}

std::vector<LinuxProcessPtr> ProcessTable::all() const {
    std::vector<LinuxProcessPtr> list;
    list.reserve(processes_.size());
    for (const auto& [number, process] : processes_) list.push_back(process);
    return list;
}

std::vector<LinuxProcessPtr> ProcessTable::visibleTo(const LinuxProcess& viewer) const {
    if (viewer.spec_.pidNamespace.empty()) return all();
    std::vector<LinuxProcessPtr> list;
    for (const auto& [number, process] : processes_)
        if (process->spec_.pidNamespace == viewer.spec_.pidNamespace) list.push_back(process);
    return list;
}

void ProcessTable::deliver(LinuxProcess& target, int number, bool fromOutside) {
    if (number == ports::kSigKill) {
        const LinuxProcessPtr self = find(target.hostPid_);
        if (self) finish(self, ProcessEnd{128 + number, number});
        return;
    }
    if (number == kSigContinue) target.stopped_ = false;
    if ((target.handled_ >> number & 1) != 0) {
        target.signals_.push(number);
        return;
    }
    if (ignoredByDefault(number) || number == kSigContinue) return;
    if (stopsByDefault(number)) {
        if (!target.spec_.init) target.stopped_ = true;
        return;
    }
    // The first process of a pid namespace only gets what it handles.
    if (target.spec_.init && target.pid_ == 1) return;
    (void)fromOutside;
    const LinuxProcessPtr self = find(target.hostPid_);
    if (self) finish(self, ProcessEnd{128 + number, number});
}

bool ProcessTable::signal(int hostPid, int number) {
    const auto process = find(hostPid);
    if (!process || process->ended_) return false;
    deliver(*process, number, true);
    return true;
}

void ProcessTable::finish(const LinuxProcessPtr& process, ProcessEnd end) {
    if (process->ended_) return;
    const LinuxProcessPtr self = process;
    self->ended_ = true;
    self->end_ = end;
    if (!self->spec_.containerId.empty()) endedWork_[self->spec_.containerId] += self->cpuTime();
    self->signals_.close();
    if (self->spec_.closeOutput) {
        if (self->spec_.output) self->spec_.output->closeWrite();
        if (self->spec_.error) self->spec_.error->closeWrite();
    }
    // Children of the dead go to init, which collects them at once.
    std::vector<LinuxProcessPtr> orphans, followers;
    for (const auto& [number, other] : processes_) {
        if (other->parent_ == self->hostPid_) orphans.push_back(other);
        const bool inside = self->spec_.pidNamespace.empty()
                                ? !self->spec_.containerId.empty() &&
                                      other->spec_.containerId == self->spec_.containerId
                                : other->spec_.pidNamespace == self->spec_.pidNamespace;
        if (self->spec_.init && self->pid_ == 1 && inside && other != self && !other->ended_)
            followers.push_back(other);
    }
    for (const auto& orphan : orphans) {
        orphan->parent_ = 1;
        if (orphan->ended_) reap(*orphan);
    }
    for (const auto& follower : followers)
        finish(follower, ProcessEnd{128 + ports::kSigKill, ports::kSigKill});
    self->changed_.notify();
    if (self->onEnd_) {
        auto handler = std::make_shared<base::Function<void(ProcessEnd)>>(std::move(self->onEnd_));
        sim::Kernel& kernel = machine_.kernel();
        kernel.schedule(kernel.now(), [handler, end] { (*handler)(end); }, "process end");
    }
    const auto parent = find(self->parent_);
    if (!parent || parent->ended_ || self->parent_ == 1) reap(*self);
    self->scope_.cancel(); // frames and what they hold: sockets, timers
}

void ProcessTable::reap(LinuxProcess& process) {
    if (process.reaped_) return;
    process.reaped_ = true;
    const auto place = processes_.find(process.hostPid_);
    if (place == processes_.end()) return;
    const LinuxProcessPtr keep = place->second;
    processes_.erase(place);
}

void ProcessTable::killContainer(std::string_view containerId) {
    for (const auto& process : all())
        if (!process->ended_ && process->spec_.containerId == containerId)
            finish(process, ProcessEnd{128 + ports::kSigKill, ports::kSigKill});
}

void ProcessTable::setMemoryLimit(const std::string& containerId, std::int64_t bytes) {
    if (bytes > 0) memoryLimits_[containerId] = bytes;
    else memoryLimits_.erase(containerId);
}

void LinuxProcess::holdMemory(std::int64_t bytes) {
    resident_ = program_->idleUse().bytes + bytes;
    table_.checkMemory(*this);
}

// Source: the kernel's memory cgroups; kubelet sets memory.oom.group, so that a whole container goes.
void ProcessTable::checkMemory(const LinuxProcess& grown) {
    std::int64_t container = 0, machine = 0;
    std::vector<LinuxProcessPtr> inside;
    for (const auto& [number, process] : processes_) {
        if (process->ended_) continue;
        machine += process->resident_;
        if (grown.spec_.containerId.empty() || process->spec_.containerId != grown.spec_.containerId) continue;
        container += process->resident_;
        inside.push_back(process);
    }
    const auto limit = memoryLimits_.find(grown.spec_.containerId);
    if (limit != memoryLimits_.end() && container > limit->second) {
        killForMemory(std::move(inside), grown);
    } else if (machine > machine_.spec().memoryBytes) {
        const LinuxProcessPtr self = find(grown.hostPid_);
        killForMemory(inside.empty() ? std::vector<LinuxProcessPtr>{self} : std::move(inside), grown);
    }
}

// Not at once: the process that has grown is running.
void ProcessTable::killForMemory(std::vector<LinuxProcessPtr> victims, const LinuxProcess& grown) {
    sim::Kernel& kernel = machine_.kernel();
    machine_.logKernel(std::string(grown.spec_.containerId.empty() ? "Out of memory" : "Memory cgroup out of memory") +
                           ": Killed process " + std::to_string(grown.hostPid_) + " (" + grown.commandName() +
                           ") anon-rss:" + std::to_string(grown.resident_ / 1024) + "kB");
    kernel.schedule(
        kernel.now(),
        [this, victims = std::move(victims)] {
            for (const LinuxProcessPtr& victim : victims)
                finish(victim, ProcessEnd{128 + ports::kSigKill, ports::kSigKill, true});
        },
        "out of memory");
}

void ProcessTable::killUnit(std::string_view unit, int number) {
    for (const auto& process : all())
        if (!process->ended_ && process->spec_.unit == unit) deliver(*process, number, true);
}

bool ProcessTable::unitEmpty(std::string_view unit) const {
    for (const auto& [number, process] : processes_)
        if (!process->ended_ && process->spec_.unit == unit) return false;
    return true;
}

sim::Duration ProcessTable::cpuTimeOf(std::string_view containerId) const {
    const auto ended = endedWork_.find(containerId);
    sim::Duration total = ended == endedWork_.end() ? 0 : ended->second;
    for (const auto& [number, process] : processes_)
        if (!process->ended_ && process->spec_.containerId == containerId) total += process->cpuTime();
    return total;
}

void ProcessTable::killAll() {
    for (const auto& process : all()) {
        process->onEnd_ = nullptr;
        finish(process, ProcessEnd{128 + ports::kSigKill, ports::kSigKill});
    }
    processes_.clear();
    namespaceNext_.clear();
    endedWork_.clear();
}

} // namespace machine
