#pragma once
// One shell: its state and the interpreter. A subshell is a copy of it that runs in the same
// process; lists in the background run in a process of their own that takes over such a copy.

#include "ports/program.h"
#include "shell/arithmetic.h"
#include "shell/ast.h"
#include "shell/completion.h"
#include "shell/open_file.h"
#include "shell/parser.h"
#include "shell/variables.h"
#include "sim/task.h"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

class Shell;
using Strings = std::vector<std::string>;

// What all shells that descend from one another share: limits and interruption.
struct Family {
    int liveShells = 0;
    std::uint64_t steps = 0;
    bool interrupted = false;
    bool terminating = false;
    sim::Signal wakeUp; // interruption or a child that changed
};

// Whose words the shell speaks: `sh` is dash on Debian and ash in BusyBox. The grammar is bash's in all
// of them. Source: dash(1), BusyBox shell/ash.c messages.
enum class Dialect : std::uint8_t { Bash, Dash, Ash };

struct ShellOptions {
    Dialect dialect = Dialect::Bash;
    bool errExit = false, noUnset = false, trace = false, pipeFail = false, noExec = false;
    bool noGlob = false, noClobber = false, verbose = false, allExport = false, notify = false;
    bool monitor = false, interactive = false, login = false, commandString = false;
    bool posix = false, physical = false, errTrace = false, funcTrace = false;
    bool viMode = false, ignoreEof = false, history = false, braceExpand = true, hashAll = true;
    bool emacsMode = false, interactiveComments = true, histExpand = false;
    std::set<std::string> shopt; // those that are on
    bool has(const char* name) const { return shopt.count(name) > 0; }
};

enum class Flow : std::uint8_t { None, Break, Continue, Return, Exit, Abort };

struct Job {
    int number = 0;
    std::vector<int> pids;
    std::vector<int> codes; // -1 while running
    std::string text;
    bool stopped = false, background = false, notified = false, silent = false;
    int signal = 0; // that ended it, when this shell knows
    std::vector<std::vector<std::shared_ptr<OpenFile>>> files; // held open for each process
    bool done() const {
        for (const int code : codes)
            if (code < 0) return false;
        return true;
    }
    int code() const { return codes.empty() ? 0 : codes.back(); }
};

struct CallFrame {
    std::string name; // function, "source" or "main"
    int line = 0;     // of the call
    std::string source;
};

class Shell : public std::enable_shared_from_this<Shell> {
public:
    Shell(ports::Process& process, std::shared_ptr<Family> family);
    ~Shell();
    Shell(const Shell&) = delete;
    Shell& operator=(const Shell&) = delete;

    // Imports the environment and the standard streams.
    void begin();
    std::shared_ptr<Shell> fork();                     // a subshell in this process
    sim::Task<std::shared_ptr<Shell>> forkPatiently(); // complains and retries as bash does
    void adopt(ports::Process& process);               // this copy goes on in another process

    // Running text. `context` is what precedes ": line N:" in syntax errors ("bash: -c").
    sim::Task<int> runText(std::string text, std::string context, bool wholeText);
    sim::Task<int> runFile(std::string path, Strings arguments, bool& found);
    sim::Task<int> runList(ListPtr list);
    sim::Task<int> runTrap(std::string name);
    sim::Task<void> finish(); // EXIT trap
    sim::Task<int> runFunction(CommandPtr body, std::string name, Strings arguments);
    // A command from its expanded words, as `command` and `exec` need it.
    sim::Task<int> runWords(Strings words, bool functions, bool builtins);
    sim::Task<int> runExternal(Strings words, std::string path);
    sim::Task<int> runBuiltin(Strings words);

    // Output through descriptors.
    sim::Task<bool> writeTo(int descriptor, std::string text);
    sim::Task<void> out(std::string text);
    sim::Task<void> err(std::string text);
    // "bash: line 1: " + message + newline on descriptor 2.
    sim::Task<void> complain(std::string message);
    std::string prefix() const;
    // "f: No such file or directory" in the dialect's words, for a redirection.
    std::string cannotOpen(const std::string& target, bool create, const base::Error& error) const;
    // One byte or line of input from a descriptor; nothing at the end.
    std::shared_ptr<sim::Pipe> inputPipe(int descriptor);
    sim::Task<std::string> readSome(int descriptor, std::size_t limit, sim::Time deadline,
                                    bool& timedOut);

    // Variables.
    std::optional<std::string> parameter(const std::string& name);
    void refreshArray(const std::string& name);
    // False (with `error` set) when readonly.
    bool assign(const std::string& name, std::string value, bool append = false);
    bool assignElement(const std::string& name, const std::string& subscript, std::string value,
                       bool append);
    bool assignScalarTo(Variable& variable, std::string value, bool append);
    sim::Task<bool> runAssignment(const Assignment& assignment, bool local, Variable* into);
    std::int64_t arithmetic(std::string_view text, bool& ok, std::string& error);
    std::optional<std::string> specialVariable(const std::string& name);
    std::map<std::string, std::string> childEnvironment() const;

    // Expansion.
    sim::Task<Strings> expandWords(const std::vector<Word>& words);
    sim::Task<std::string> expandText(const Word& word);    // no splitting, no globbing
    sim::Task<std::string> expandPattern(const Word& word); // quoted characters escaped
    sim::Task<std::string> captureOutput(ListPtr list);
    sim::Task<std::string> processSubstitution(ListPtr list, bool input);
    void expansionError(std::string message, int status, bool exits);

    // Commands and paths.
    enum class CommandType { None, Alias, Keyword, Function, Builtin, File };
    CommandType classify(const std::string& name, std::string* path);
    std::string findInPath(const std::string& name, bool* notExecutable = nullptr);
    std::string absolute(std::string_view path) const;    // "." and ".." kept
    std::string logicalPath(std::string_view path) const; // "." and ".." resolved as text
    ports::FileSystem& files() { return process_->files(); }
    sim::Kernel& kernel() { return process_->kernel(); }
    ports::Process& process() { return *process_; }

    // Jobs.
    std::shared_ptr<Job> findJob(const std::string& specification);
    sim::Task<int> waitJob(std::shared_ptr<Job> job, bool foreground);
    void killJob(Job& job, int signal);
    void reapNow(); // forgets finished jobs after telling about them
    sim::Task<void> notifyJobs();
    std::string jobLine(const Job& job, bool withPids);
    sim::Task<int> startBackground(const AndOr& item);
    char jobMark(const Job& job) const;

    // Loop budget: yields to the kernel every so many steps. True when the shell must unwind.
    sim::Task<bool> step();
    bool unwinding() const { return flow != Flow::None; }
    void requestExit(int status);
    // Redirections for the length of a command; false when one failed.
    sim::Task<bool> redirect(const std::vector<Redirect>& redirects);

    // State that builtins use directly.
    Variables variables;
    std::map<std::string, CommandPtr, std::less<>> functions;
    std::map<std::string, std::string, std::less<>> aliases;
    std::map<std::string, std::string> hashed; // command -> path
    std::map<std::string, int> hashHits;
    std::map<std::string, std::string>
        traps; // by name without SIG; "EXIT", "ERR", "DEBUG", "RETURN"
    ShellOptions options;
    std::string name = "bash"; // $0
    Strings positional;
    std::string cwd;
    std::vector<std::string> directoryStack;
    std::map<int, std::shared_ptr<OpenFile>> fds;
    std::vector<std::shared_ptr<Job>> jobs;
    std::vector<CallFrame> calls;
    Strings history;
    int historyBase = 1;
    std::map<std::string, Strings> completions; // complete -W words etc., accepted and listed
    int line = 0;
    int lastStatus = 0;
    int lastBackground = 0;
    std::vector<int> pipeStatus{0};
    Flow flow = Flow::None;
    int flowCount = 0; // loops left to break out of
    int loopDepth = 0;
    int functionDepth = 0, sourceDepth = 0, subshellLevel = 0;
    int conditionDepth = 0; // errexit is off inside conditions
    bool inTrap = false;
    std::uint32_t umask = 022;
    sim::Time startedAt = 0;
    std::int64_t secondsOffset = 0;
    std::uint64_t substitutions = 0; // names of process substitutions
    std::string lastArgument;
    std::string currentCommand;
    std::string error; // set by assign()
    bool expansionFailed = false, expansionExits = false;
    std::string expansionMessage;
    int expansionStatus = 1;
    sim::Task<bool> expansionsFine(); // reports what went wrong, if anything
    int substitutionStatus = -1; // of the last command substitution in the command that is expanded
    int optPosition = 0;         // inside a getopts cluster
    std::shared_ptr<Family> family;
    std::shared_ptr<CompletionProviders> providers;
    std::vector<std::string> scratchFiles;                            // removed after the command
    std::vector<std::pair<std::string, ListPtr>> outputSubstitutions; // >(...)
    int functionLine = 0;
    bool stdinClaimed = false;

private:
    friend class Expander;
    sim::Task<int> runAndOr(const AndOr& item);
    sim::Task<int> runPipeline(const Pipeline& pipeline);
    sim::Task<int> runStages(const Pipeline& pipeline);
    sim::Task<int> runCommand(CommandPtr command);
    sim::Task<int> runCompound(CommandPtr command);
    sim::Task<int> runSimple(CommandPtr command);
    sim::Task<int> runSimpleWords(CommandPtr command, Strings words);
    sim::Task<bool> expandSimple(CommandPtr command, Strings& words);
    sim::Task<bool>
    temporaryAssignments(CommandPtr command,
                         std::vector<std::pair<std::string, std::optional<Variable>>>& saved);
    void restoreVariables(std::vector<std::pair<std::string, std::optional<Variable>>> saved);
    sim::Task<int> runAssignmentsOnly(CommandPtr command);
    sim::Task<int> runSubshell(CommandPtr command);
    sim::Task<int> runIf(CommandPtr command);
    sim::Task<int> runWhile(CommandPtr command);
    sim::Task<int> runFor(CommandPtr command);
    sim::Task<int> runArithFor(CommandPtr command);
    sim::Task<int> runCase(CommandPtr command);
    sim::Task<int> runSelect(CommandPtr command);
    sim::Task<int> runArithmetic(const Word& expression, bool& ok, std::string label);
    sim::Task<bool> runCondition(const Condition& condition, bool& failed, std::string& traced);
    sim::Task<bool> conditionBinary(const Condition& condition, bool& failed, std::string& traced);
    sim::Task<bool> loopContinues();
    bool loopBreaks();
    sim::Task<bool> redirectOne(const Redirect& redirect);
    sim::Task<bool> redirectFile(const Redirect& redirect, std::string target, int fd);
    sim::Task<bool> redirectDup(const Redirect& redirect, std::string target, int fd);
    sim::Task<void> traceWords(const Strings& words, std::string assignments);
    sim::Task<void> traceText(std::string text);
    sim::Task<void> afterCommand(int status);
    sim::Task<void> runPendingTraps();
    sim::Task<int> startChild(Strings words, std::string path, std::shared_ptr<Job> job,
                              bool& started);
    sim::Task<int> notFound(const std::string& command);
    sim::Task<void> listenForSignals();
    sim::Task<void> reap(int pid, std::shared_ptr<Job> job, std::size_t index);
    static sim::Task<void> stageTask(std::shared_ptr<Shell> shell, CommandPtr command, int* status,
                                     int* left, std::shared_ptr<sim::Signal> done);
    sim::Task<bool> startSimpleStages(const Pipeline& pipeline, std::shared_ptr<Job> job);
    sim::Task<bool> startHandedOver(const AndOr& item, std::shared_ptr<Job> job);
    sim::Task<void> runOutputSubstitutions();
    sim::Task<int> runTimed(const Pipeline& pipeline);
    sim::Task<int> runForegroundJob(const Pipeline& pipeline);
    static sim::Task<void> watchBroken(ports::Process* process, std::shared_ptr<sim::Pipe> pipe,
                                       int pid);
    static sim::Task<void> captureTask(std::shared_ptr<Shell> shell, ListPtr list, int* status);
    std::string shebang(const std::string& path, Strings& words);
    bool usesOnlyExternal(const Pipeline& pipeline);
    void loadVariables();
    sim::Task<void> syntaxError(const ParseError& error, std::string context);
    std::shared_ptr<Job> newJob(std::string text, bool background);

    ports::Process* process_;
    std::unique_ptr<sim::Scope> scope_; // reapers, pumps, signal listener
    std::vector<int> pendingSignals_;
    std::set<int> handled_;
    bool listening_ = false;
    std::string textContext_;

public:
    void handleSignalTrap(int number); // asks the process for it
    const std::vector<int>& pendingSignals() const { return pendingSignals_; }
    void setForeground(std::shared_ptr<Job> job) { foreground = std::move(job); }
    std::shared_ptr<Job> foreground;
    sim::Scope& scope();
};

int signalNumber(std::string_view name); // "INT", "SIGINT", "2"; -1
std::string signalName(int number);      // "INT"
std::string signalText(int number);      // "Terminated"

// Limits that a learner cannot meet in earnest.
inline constexpr int kMaxLiveShells = 400;
inline constexpr int kMaxFunctionDepth = 500;
inline constexpr std::size_t kMaxCapture = 64u << 20;

} // namespace shell
