#pragma once
// Processes of a machine, those of its containers included.

#include "machine/files/view.h"
#include "ports/program.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

class Machine;
class ProcessTable;

// What a new process gets.
struct ProcessSpec {
    std::vector<std::string> argv;
    std::map<std::string, std::string> env;
    std::vector<std::string> envOrder; // see ports::Process
    std::string cwd = "/";
    ViewPtr files; // brings the credentials
    ports::NetStack* network = nullptr;
    std::shared_ptr<void> networkOwner; // kept while the process lives
    std::string hostname;               // empty: the machine's
    std::shared_ptr<sim::Pipe> input, output, error;
    std::shared_ptr<ports::Terminal> terminal;
    int parent = 1;
    int group = 0;            // 0: its own
    std::string pidNamespace; // empty: the machine's
    // Numbers of that namespace that the runtime's own helpers used up while they made the process.
    int helperPids = 0;
    std::string containerId; // empty: not in a container
    std::string unit;         // systemd unit that it belongs to
    bool init = false;        // first process of a container
    bool closeOutput = false; // close output and error at the end
    std::shared_ptr<ports::Program> program; // given: argv[0] is a name only, no file is run
};

struct ProcessEnd {
    int code = 0; // 128 + n after signal n
    int signal = 0;
    bool outOfMemory = false; // by the kernel's OOM killer
};

class LinuxProcess final : public ports::Process {
public:
    LinuxProcess(Machine& machine, ProcessTable& table, ProcessSpec spec, int hostPid, int pid);
    ~LinuxProcess() override;

    sim::Kernel& kernel() override;
    ports::FileSystem& files() override { return *spec_.files; }
    ports::NetStack& network() override { return *spec_.network; }
    const ports::ProgramRegistry& programs() override;
    ports::Host& host() override;
    bool inContainer() const override { return !spec_.containerId.empty(); }
    int pid() const override { return pid_; }
    int parentPid() const override;
    std::string hostname() const override;
    std::uint32_t uid() const override { return spec_.files->credentials().uid; }
    std::uint32_t gid() const override { return spec_.files->credentials().gid; }
    const std::vector<std::string>& argv() const override { return spec_.argv; }
    std::map<std::string, std::string>& env() override { return spec_.env; }
    const std::vector<std::string>& envOrder() const override { return spec_.envOrder; }
    std::string& cwd() override { return spec_.cwd; }
    std::shared_ptr<sim::Pipe> input() override { return spec_.input; }
    std::shared_ptr<sim::Pipe> output() override { return spec_.output; }
    std::shared_ptr<sim::Pipe> error() override { return spec_.error; }
    std::shared_ptr<ports::Terminal> terminal() override { return spec_.terminal; }
    void handleSignal(int number) override { handled_ |= 1ULL << number; }
    sim::Channel<int>& signals() override { return signals_; }
    sim::Task<int> runChild(ports::SpawnOptions options) override;
    base::Result<int> startChild(ports::SpawnOptions options) override;
    sim::Task<int> wait(int pid) override;
    base::Status kill(int pid, int number) override;
    void holdMemory(std::int64_t bytes) override;

    // For the system's tools.
    Machine& machine() { return machine_; }
    const ProcessSpec& spec() const { return spec_; }
    View& view() { return *spec_.files; }
    int hostPid() const { return hostPid_; }
    int group() const { return group_; }
    bool ended() const { return ended_; }
    const ProcessEnd& end() const { return end_; }
    bool stopped() const { return stopped_; }
    sim::Time startedAt() const { return startedAt_; }
    std::string commandName() const; // as in /proc/PID/comm
    std::int64_t resident() const { return resident_; }
    void setResident(std::int64_t bytes) { resident_ = bytes; }
    // Time on a processor: what work was charged, and what a daemon does by itself while it lives.
    void consume(sim::Duration work) { worked_ += work; }
    sim::Duration cpuTime() const;
    // Starts a child with other credentials or another tree (su, sudo, ssh).
    base::Result<int> startAs(ports::SpawnOptions options, ViewPtr files);

private:
    friend class ProcessTable;
    static sim::Task<void> body(std::shared_ptr<LinuxProcess> self);
    ProcessSpec childSpec(ports::SpawnOptions options, ViewPtr files) const;

    Machine& machine_;
    ProcessTable& table_;
    ProcessSpec spec_;
    int hostPid_, pid_, parent_, group_;
    sim::Time startedAt_ = 0;
    std::shared_ptr<ports::Program> program_;
    std::uint64_t handled_ = 0;
    sim::Channel<int> signals_;
    bool ended_ = false, stopped_ = false, reaped_ = false;
    ProcessEnd end_;
    std::int64_t resident_ = 4 << 20;
    sim::Duration worked_ = 0;
    sim::Signal changed_;
    base::Function<void(ProcessEnd)> onEnd_;
    sim::Scope scope_; // last, so that it ends first
};
using LinuxProcessPtr = std::shared_ptr<LinuxProcess>;

// The machine's own process behind a port, or null in tests that bring another one.
LinuxProcess* linuxProcess(ports::Process& process);
// Charges a process with work; nothing happens for another kind of process.
void consume(ports::Process& process, sim::Duration work);

class ProcessTable {
public:
    explicit ProcessTable(Machine& machine);
    ~ProcessTable();

    // Finds the program as exec(2) and the shell's PATH search do. Errors: errno in `code` (ENOENT,
    // EACCES, ENOEXEC, EAGAIN). `ended` is called once, in an event of its own.
    base::Result<int> start(ProcessSpec spec, base::Function<void(ProcessEnd)> ended = {});
    LinuxProcessPtr find(int hostPid) const;
    LinuxProcessPtr findIn(std::string_view pidNamespace, int pid) const;
    // Not yet reaped, by pid.
    std::vector<LinuxProcessPtr> all() const;
    // What a process sees: all of the machine, or those of its pid namespace.
    std::vector<LinuxProcessPtr> visibleTo(const LinuxProcess& viewer) const;

    // From outside any container; false when there is no such process.
    bool signal(int hostPid, int number);
    void killContainer(std::string_view containerId);
    void setMemoryLimit(const std::string& containerId, std::int64_t bytes); // 0: none
    void killUnit(std::string_view unit, int number);
    void killAll(); // power off
    bool unitEmpty(std::string_view unit) const;
    int lastPid() const { return nextPid_ - 1; }
    // Of a container's processes, those that have ended included.
    sim::Duration cpuTimeOf(std::string_view containerId) const;

    static constexpr std::size_t kMostProcesses = 2048;

private:
    friend class LinuxProcess;
    struct Executable {
        std::shared_ptr<ports::Program> program;
        std::vector<std::string> argv;
    };
    base::Result<Executable> load(View& files, const std::map<std::string, std::string>& env,
                                  const std::string& cwd, std::vector<std::string> argv,
                                  int depth) const;
    void deliver(LinuxProcess& target, int number, bool fromOutside);
    void finish(const LinuxProcessPtr& process, ProcessEnd end);
    void reap(LinuxProcess& process);
    void checkMemory(const LinuxProcess& grown);
    void killForMemory(std::vector<LinuxProcessPtr> victims, const LinuxProcess& grown);
    int numberIn(const std::string& pidNamespace, int helpers);

    Machine& machine_;
    std::map<int, LinuxProcessPtr> processes_;
    std::map<std::string, int, std::less<>> namespaceNext_;
    std::map<std::string, std::int64_t, std::less<>> memoryLimits_; // of containers
    std::map<std::string, sim::Duration, std::less<>> endedWork_; // by container
    int nextPid_ = 1;
};

} // namespace machine
