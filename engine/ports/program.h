#pragma once
// Programs and the process they run in. Everything executable in the simulated world (ls, kubectl,
// kube-apiserver, nginx) is a `Program`; a file whose content starts with the marker of
// `programFile()` runs the program of that name.

#include "ports/byte_stream.h"
#include "ports/file_system.h"
#include "ports/network.h"
#include "sim/kernel.h"
#include "sim/task.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ports {

class Process;

struct IdleUse { // figures seen on idle clusters made by kubeadm
    std::int64_t microCores = 0;     // of a processor, millionths
    std::int64_t bytes = 2LL << 20;  // resident
};

class Program {
public:
    virtual ~Program() = default;
    // Runs to the end and returns the exit code. The process outlives the task. Cancelling the task
    // (SIGKILL, power off) destroys its frames.
    virtual sim::Task<int> run(Process& process) = 0;
    // What it takes of its machine while nobody asks anything of it.
    virtual IdleUse idleUse() const { return {}; }
};

struct NamedProgram { // for cluster/ to register
    std::string name;
    std::shared_ptr<Program> program;
};

// Name -> program, filled by cluster/ from every module that brings programs.
class ProgramRegistry {
public:
    virtual ~ProgramRegistry() = default;
    virtual std::shared_ptr<Program> find(std::string_view name) const = 0;
    virtual std::vector<std::string> names() const = 0;
};

enum Signal : int { kSigHup = 1, kSigInt = 2, kSigQuit = 3, kSigKill = 9, kSigUsr1 = 10, kSigPipe = 13, kSigTerm = 15, kSigChld = 17, kSigCont = 18, kSigStop = 19, kSigTstp = 20, kSigWinch = 28 };

struct SpawnOptions {
    std::vector<std::string> argv; // argv[0] is looked up in PATH unless it has a slash
    std::map<std::string, std::string> env;
    std::string cwd;
    std::shared_ptr<sim::Pipe> input, output, error; // null: inherited from the parent
    std::shared_ptr<Terminal> terminal;              // null: inherited
    bool detached = false; // own process group
};

// What a program may use. Owned by the host's process table; valid while the program runs.
class Process {
public:
    virtual ~Process() = default;

    virtual sim::Kernel& kernel() = 0;
    virtual FileSystem& files() = 0;
    virtual NetStack& network() = 0;
    virtual const ProgramRegistry& programs() = 0;
    virtual class Host& host() = 0; // the machine, for system tools; containers: the node they run on
    // True inside a container: system tools then see only the container's processes.
    virtual bool inContainer() const = 0;

    virtual int pid() const = 0;
    virtual int parentPid() const = 0;
    virtual std::string hostname() const = 0;
    virtual std::uint32_t uid() const = 0;
    virtual std::uint32_t gid() const = 0;

    virtual const std::vector<std::string>& argv() const = 0;
    virtual std::map<std::string, std::string>& env() = 0;
    // Names in the order in which a container's runtime gave them; names that are not there follow.
    virtual const std::vector<std::string>& envOrder() const = 0;
    virtual std::string& cwd() = 0;
    // Absolute path for a possibly relative one.
    std::string resolve(std::string_view path);

    virtual std::shared_ptr<sim::Pipe> input() = 0;
    virtual std::shared_ptr<sim::Pipe> output() = 0;
    virtual std::shared_ptr<sim::Pipe> error() = 0;
    virtual std::shared_ptr<Terminal> terminal() = 0; // null without a tty
    bool isTerminal(int descriptor); // isatty(3) of 0, 1 or 2

    // Signals that the program asked to handle arrive here; all others act as by default.
    virtual void handleSignal(int number) = 0;
    virtual sim::Channel<int>& signals() = 0;

    // Starts a child with the parent's credentials, root and network, and waits for its end.
    // Exit code 126/127 as a shell reports when it cannot be started (the error goes to its stderr).
    virtual sim::Task<int> runChild(SpawnOptions options) = 0;
    // Starts without waiting; `wait(pid)` collects.
    virtual base::Result<int> startChild(SpawnOptions options) = 0;
    virtual sim::Task<int> wait(int pid) = 0;
    virtual base::Status kill(int pid, int number) = 0;
    // What the program holds in memory beside its code. A container over its limit, or a machine
    // without more, loses processes to the kernel's OOM killer in this instant's events.
    virtual void holdMemory(std::int64_t bytes) = 0;

    // "NAME=value" of every variable, each followed by `end`.
    std::string environmentText(char end);

    sim::Task<void> writeOut(std::string text);
    sim::Task<void> writeError(std::string text);
};

// The machine behind a process; machine::Machine derives from it.
class Host {
public:
    virtual ~Host() = default;
};

// Content of an executable file that runs the named program .
std::string programFile(std::string_view program);
std::string programOf(std::string_view fileContent); // empty when it is not one

} // namespace ports
