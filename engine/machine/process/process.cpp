#include "machine/process/process.h"

#include "machine/machine.h"

#include <cerrno>

namespace machine {

LinuxProcess::LinuxProcess(Machine& machine, ProcessTable& table, ProcessSpec spec, int hostPid, int pid)
    : machine_(machine), table_(table), spec_(std::move(spec)), hostPid_(hostPid), pid_(pid),
      parent_(spec_.parent), group_(spec_.group == 0 ? hostPid : spec_.group),
      startedAt_(machine.kernel().now()), scope_(machine.kernel()) {}

LinuxProcess::~LinuxProcess() = default;

sim::Kernel& LinuxProcess::kernel() { return machine_.kernel(); }
const ports::ProgramRegistry& LinuxProcess::programs() { return machine_.programs(); }
ports::Host& LinuxProcess::host() { return machine_; }

int LinuxProcess::parentPid() const {
    const auto parent = table_.find(parent_);
    if (!parent || parent->spec_.pidNamespace != spec_.pidNamespace) return spec_.init ? 0 : 1;
    return parent->pid_;
}

std::string LinuxProcess::hostname() const {
    return spec_.hostname.empty() ? machine_.hostname() : spec_.hostname;
}

std::string LinuxProcess::commandName() const {
    const std::string& path = spec_.argv.empty() ? spec_.cwd : spec_.argv.front();
    std::string name = path.substr(path.rfind('/') + 1);
    if (name.starts_with('-')) name.erase(0, 1);
    return name.substr(0, 15);
}

sim::Duration LinuxProcess::cpuTime() const {
    const sim::Duration alive = machine_.kernel().now() - startedAt_;
    return worked_ + alive / 1'000'000 * program_->idleUse().microCores;
}

ProcessSpec LinuxProcess::childSpec(ports::SpawnOptions options, ViewPtr files) const {
    ProcessSpec spec;
    spec.argv = std::move(options.argv);
    spec.env = std::move(options.env);
    spec.envOrder = spec_.envOrder;
    spec.cwd = options.cwd.empty() ? spec_.cwd : std::move(options.cwd);
    spec.files = std::move(files);
    spec.network = spec_.network;
    spec.networkOwner = spec_.networkOwner;
    spec.hostname = spec_.hostname;
    spec.input = options.input ? options.input : spec_.input;
    spec.output = options.output ? options.output : spec_.output;
    spec.error = options.error ? options.error : spec_.error;
    spec.terminal = options.terminal ? options.terminal : spec_.terminal;
    spec.parent = hostPid_;
    spec.group = options.detached ? 0 : group_;
    spec.pidNamespace = spec_.pidNamespace;
    spec.containerId = spec_.containerId;
    spec.unit = spec_.unit;
    return spec;
}

base::Result<int> LinuxProcess::startAs(ports::SpawnOptions options, ViewPtr files) {
    auto started = table_.start(childSpec(std::move(options), std::move(files)));
    if (!started.ok()) return started.error();
    const auto child = table_.find(*started);
    return child ? child->pid_ : *started;
}

base::Result<int> LinuxProcess::startChild(ports::SpawnOptions options) {
    auto files = std::make_shared<View>(spec_.files->mounts(), spec_.files->credentials());
    files->setUmask(spec_.files->umask());
    return startAs(std::move(options), std::move(files));
}

sim::Task<int> LinuxProcess::runChild(ports::SpawnOptions options) {
    const std::string name = options.argv.empty() ? std::string() : options.argv.front();
    const auto errors = options.error ? options.error : spec_.error;
    const auto started = startChild(std::move(options));
    if (!started.ok()) {
        const bool missing = started.error().code == ENOENT;
        std::string text = "bash: " + name + ": ";
        text += missing && name.find('/') == std::string::npos ? "command not found"
                                                               : started.error().message;
        text += "\n";
        if (errors) co_await errors->write(std::move(text));
        co_return missing ? 127 : 126;
    }
    co_return co_await wait(*started);
}

sim::Task<int> LinuxProcess::wait(int pid) {
    const LinuxProcessPtr child = table_.findIn(spec_.pidNamespace, pid);
    if (!child || child->parent_ != hostPid_) co_return 127;
    while (!child->ended_) co_await child->changed_.wait();
    table_.reap(*child);
    co_return child->end_.code;
}

base::Status LinuxProcess::kill(int pid, int number) {
    if (number < 0 || number > 64) return ports::fileError(EINVAL);
    std::vector<LinuxProcessPtr> targets;
    const int group = pid == 0 ? group_ : -pid;
    for (const auto& process : table_.visibleTo(*this)) {
        if (pid > 0 && process->pid_ == pid) targets.push_back(process);
        if (pid == -1 && process->hostPid_ != hostPid_ && process->pid_ != 1) targets.push_back(process);
        if (pid != -1 && pid <= 0) {
            const auto leader = table_.findIn(spec_.pidNamespace, group);
            const int hostGroup = pid == 0 || !leader ? group : leader->hostPid_;
            if (process->group_ == hostGroup) targets.push_back(process);
        }
    }
    if (targets.empty()) return base::makeError("No such process", ESRCH);
    bool allowed = false;
    for (const auto& target : targets) {
        if (uid() != 0 && uid() != target->uid()) continue;
        allowed = true;
        if (number != 0 && !target->ended_)
            table_.deliver(*target, number, target->spec_.pidNamespace != spec_.pidNamespace);
    }
    return allowed ? base::okStatus() : ports::fileError(EPERM);
}

sim::Task<void> LinuxProcess::body(std::shared_ptr<LinuxProcess> self) {
    // What fork, exec and the loader take.
    co_await sim::sleepFor(self->kernel(), sim::kMillisecond);
    self->consume(sim::kMillisecond);
    ProcessEnd end;
    end.code = co_await self->program_->run(*self) & 0xff;
    self->table_.finish(self, end);
}

LinuxProcess* linuxProcess(ports::Process& process) { return dynamic_cast<LinuxProcess*>(&process); }

void consume(ports::Process& process, sim::Duration work) {
    if (LinuxProcess* own = linuxProcess(process)) own->consume(work);
}

} // namespace machine
