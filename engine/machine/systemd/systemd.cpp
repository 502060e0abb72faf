#include "machine/systemd/systemd.h"

#include "base/strings.h"

#include <algorithm>
#include <cerrno>
#include <set>

namespace machine {
namespace {

constexpr sim::Duration kDefaultStop = 90 * sim::kSecond;

const char* const kSignalNames[] = {"0",    "HUP",  "INT",  "QUIT", "ILL",  "TRAP", "ABRT", "BUS",
                                    "FPE",  "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM"};

std::string endText(const ProcessEnd& end) {
    if (end.signal > 0 && end.signal <= 15)
        return "code=killed, status=" + std::to_string(end.signal) + "/" + kSignalNames[end.signal];
    const char* name = end.code == 0 ? "SUCCESS" : end.code == 1 ? "FAILURE" : end.code == 2 ? "INVALIDARGUMENT" : "n/a";
    if (end.code == 203) name = "EXEC";
    return "code=exited, status=" + std::to_string(end.code) + "/" + name;
}

base::Error notFound(std::string_view verb, std::string_view name) {
    return base::makeError("Failed to " + std::string(verb) + " " + std::string(name) + ": Unit " +
                               std::string(name) + " not found.", 5);
}

} // namespace

Systemd::Systemd(Machine& machine) : machine_(machine) {}
Systemd::~Systemd() = default;

Unit& Systemd::entry(std::string_view name) {
    auto& slot = units_[std::string(name)];
    if (!slot) {
        slot = std::make_unique<Unit>();
        slot->name = std::string(name);
        slot->file = loadUnit(*machine_.files(), name);
    }
    return *slot;
}

Unit* Systemd::find(std::string_view name) {
    const auto found = units_.find(name);
    if (found != units_.end() && (found->second->file.loaded || found->second->file.masked ||
                                  found->second->state != ActiveState::Inactive))
        return found->second.get();
    // A unit that nobody has used yet is read from disk when it is first named.
    UnitFile file = loadUnit(*machine_.files(), name);
    if (!file.loaded && !file.masked) return nullptr;
    Unit& unit = entry(name);
    unit.file = std::move(file);
    return &unit;
}

std::vector<Unit*> Systemd::units() {
    std::vector<Unit*> list;
    for (const auto& [name, unit] : units_) list.push_back(unit.get());
    return list;
}

std::string Systemd::stateText(ActiveState state) const {
    switch (state) {
    case ActiveState::Inactive: return "inactive";
    case ActiveState::Activating: return "activating";
    case ActiveState::Active: return "active";
    case ActiveState::Deactivating: return "deactivating";
    case ActiveState::Failed: return "failed";
    }
    return "inactive";
}

bool Systemd::needsReload(const Unit& unit) const {
    return !(loadUnit(*machine_.files(), unit.name) == unit.file);
}

void Systemd::daemonReload() {
    for (const auto& [name, unit] : units_) unit->file = loadUnit(*machine_.files(), name);
}

void Systemd::setState(Unit& unit, ActiveState state, std::string sub) {
    const std::int64_t now = machine_.kernel().unixNow();
    if (state == ActiveState::Active && unit.state != ActiveState::Active) unit.activeSince = now;
    if (state != unit.state) unit.stateSince = now;
    unit.state = state;
    unit.sub = std::move(sub);
    unit.changed.notify();
}

void Systemd::log(const Unit& unit, std::string message, int priority) {
    JournalLine line;
    line.unit = unit.name;
    line.identifier = "systemd";
    line.pid = 1;
    line.priority = priority;
    line.message = std::move(message);
    machine_.journal().append(std::move(line));
}

base::Result<std::map<std::string, std::string>> Systemd::environment(const Unit& unit) {
    std::map<std::string, std::string> env{
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"LANG", "C.UTF-8"}};
    const auto assign = [&](std::string_view text) {
        for (const auto& word : expandCommand(text, {})) {
            const std::size_t equals = word.find('=');
            if (equals != std::string::npos) env[word.substr(0, equals)] = word.substr(equals + 1);
        }
    };
    for (const auto& line : unit.file.all("Service/Environment")) assign(line);
    for (std::string path : unit.file.all("Service/EnvironmentFile")) {
        const bool optional = path.starts_with('-');
        if (optional) path.erase(0, 1);
        const auto text = machine_.files()->read(path);
        if (!text.ok() && !optional)
            return base::makeError(unit.name + ": Failed to load environment files: " + text.error().message);
        if (!text.ok()) continue;
        for (const auto& line : base::splitLines(*text)) {
            const std::string_view trimmed = base::trim(line);
            if (!trimmed.empty() && trimmed[0] != '#') assign("\"" + base::replaceAll(trimmed, "\"", "") + "\"");
        }
    }
    return env;
}

sim::Task<void> Systemd::copyOutput(Machine& machine, std::shared_ptr<sim::Pipe> pipe, std::string unit,
                                    std::string identifier, int pid) {
    std::string partial;
    const auto emit = [&](std::string message) {
        JournalLine line;
        line.unit = unit;
        line.identifier = identifier;
        line.pid = pid;
        line.message = std::move(message);
        machine.journal().append(std::move(line));
    };
    while (true) {
        const std::string bytes = co_await pipe->read();
        if (bytes.empty()) break;
        partial += bytes;
        std::size_t begin = 0;
        for (std::size_t end = partial.find('\n'); end != std::string::npos; end = partial.find('\n', begin)) {
            emit(partial.substr(begin, end - begin));
            begin = end + 1;
        }
        partial.erase(0, begin);
    }
    if (!partial.empty()) emit(partial);
}

base::Result<int> Systemd::spawn(Unit& unit, const std::string& command, bool main) {
    auto env = environment(unit);
    if (!env.ok()) return env.error();
    std::string line = command;
    while (!line.empty() && std::string_view("-@:+!").find(line[0]) != std::string_view::npos) line.erase(0, 1);
    ProcessSpec spec;
    spec.argv = expandCommand(line, *env);
    unit.lastCommand = base::join(spec.argv, " ");
    User user{"root", "/root", "/bin/bash", 0, 0, {}};
    if (const std::string name = unit.file.value("Service/User"); !name.empty()) {
        const auto found = findUser(*machine_.files(), name);
        if (!found) return base::makeError("Failed to determine user credentials: No such process", ESRCH);
        user = *found;
    }
    spec.env = std::move(*env);
    spec.cwd = unit.file.value("Service/WorkingDirectory", "/");
    spec.files = machine_.viewFor(user);
    spec.network = &machine_.network();
    spec.unit = unit.name;
    spec.input = std::make_shared<sim::Pipe>();
    spec.input->closeWrite();
    spec.output = spec.error = std::make_shared<sim::Pipe>();
    spec.closeOutput = true;
    const auto pipe = spec.output;
    const std::string first = spec.argv.empty() ? std::string() : spec.argv.front();
    std::string identifier = unit.file.value("Service/SyslogIdentifier", first.substr(first.rfind('/') + 1));
    base::Function<void(ProcessEnd)> ended;
    if (main)
        ended = [this, name = unit.name, generation = unit.generation](ProcessEnd end) {
            mainEnded(name, generation, end);
        };
    auto started = machine_.processes().start(std::move(spec), std::move(ended));
    if (!started.ok()) return started.error();
    scope_->spawn(copyOutput(machine_, pipe, unit.name, std::move(identifier), *started), "journal");
    return *started;
}

sim::Task<int> Systemd::runStep(Unit& unit, std::string command) {
    const auto started = spawn(unit, command, false);
    if (!started.ok()) co_return 203;
    const LinuxProcessPtr process = machine_.processes().find(*started);
    while (process && !process->ended()) co_await sim::sleepFor(machine_.kernel(), sim::kMillisecond);
    const int code = process ? process->end().code : 0;
    co_return command.starts_with('-') ? 0 : code;
}

sim::Task<base::Status> Systemd::launch(Unit& unit) {
    const std::string kind = unit.file.value("Service/Type", "simple");
    const bool oneshot = kind == "oneshot";
    const std::string label = unit.name + " - " + unit.file.description();
    ++unit.generation;
    unit.stopRequested = false;
    unit.result = "success";
    if (!unit.name.ends_with(".service")) {
        setState(unit, ActiveState::Active, "active");
        log(unit, "Reached target " + label + ".");
        co_return base::okStatus();
    }
    setState(unit, ActiveState::Activating, oneshot ? "start" : "start-pre");
    log(unit, oneshot || kind == "notify" ? "Starting " + label + "..." : "Starting " + label + "...");
    const auto fail = [&](std::string result) {
        unit.result = std::move(result);
        log(unit, unit.name + ": Failed with result '" + unit.result + "'.", 4);
        log(unit, "Failed to start " + label + ".", 3);
        setState(unit, ActiveState::Failed, "failed");
        return base::makeError("Job for " + unit.name +
                               " failed because the control process exited with error code.\nSee \"systemctl "
                               "status " + unit.name + "\" and \"journalctl -xeu " + unit.name + "\" for details.", 1);
    };
    const std::vector<std::string> preparations = unit.file.all("Service/ExecStartPre");
    for (const auto& command : preparations) {
        const int code = co_await runStep(unit, command);
        if (code != 0) co_return fail("exit-code");
    }
    const std::vector<std::string> commands = unit.file.all("Service/ExecStart");
    if (oneshot) {
        for (const auto& command : commands) {
            const int code = co_await runStep(unit, command);
            if (code != 0) co_return fail("exit-code");
        }
        const bool remain = unit.file.value("Service/RemainAfterExit") == "yes" ||
                            unit.file.value("Service/RemainAfterExit") == "true";
        setState(unit, remain ? ActiveState::Active : ActiveState::Inactive, remain ? "exited" : "dead");
        log(unit, "Finished " + label + ".");
        co_return base::okStatus();
    }
    if (commands.empty()) co_return fail("resources");
    const auto started = spawn(unit, commands.front(), true);
    if (!started.ok()) {
        log(unit, unit.name + ": Failed to locate executable " + base::splitFields(unit.lastCommand + " ").front() +
                      ": " + started.error().message, 3);
        const std::uint64_t generation = unit.generation;
        const std::string name = unit.name;
        unit.mainPid = 0;
        log(unit, "Started " + label + ".");
        setState(unit, ActiveState::Active, "running");
        machine_.kernel().schedule(machine_.kernel().now(), [this, name, generation] {
            mainEnded(name, generation, ProcessEnd{203, 0});
        }, "unit exec failed");
        co_return base::okStatus();
    }
    unit.mainPid = unit.lastPid = *started;
    unit.startedAt = machine_.kernel().unixNow();
    setState(unit, ActiveState::Active, "running");
    log(unit, "Started " + label + ".");
    co_return base::okStatus();
}

sim::Task<base::Status> Systemd::start(std::string name) {
    Unit* unit = find(name);
    if (unit == nullptr) co_return notFound("start", name);
    if (unit->file.masked)
        co_return base::makeError("Failed to start " + name + ": Unit " + name + " is masked.", 1);
    if (unit->state == ActiveState::Active) co_return base::okStatus();
    if (unit->state == ActiveState::Deactivating)
        while (unit->state == ActiveState::Deactivating) co_await unit->changed.wait();
    if (unit->state == ActiveState::Activating && unit->sub != "auto-restart") co_return base::okStatus();
    for (const char* key : {"Unit/Requires", "Unit/Wants"}) {
        const std::vector<std::string> needed = unit->file.words(key);
        for (const auto& other : needed) {
            Unit* wanted = find(other);
            if (wanted == nullptr || wanted->state != ActiveState::Inactive) continue;
            setState(*unit, unit->state, unit->sub);
            const std::string otherName = other;
            (void)co_await start(otherName);
        }
    }
    const sim::Duration window = parseTimeSpan(
        unit->file.value("Unit/StartLimitIntervalSec", unit->file.value("Unit/StartLimitInterval",
                         unit->file.value("Service/StartLimitInterval"))), 10 * sim::kSecond);
    const auto burst = base::parseInt(unit->file.value("Unit/StartLimitBurst", "5")).value_or(5);
    const sim::Time now = machine_.kernel().now();
    std::erase_if(unit->starts, [&](sim::Time at) { return at + window < now; });
    if (window > 0 && static_cast<std::int64_t>(unit->starts.size()) >= burst) {
        log(*unit, unit->name + ": Start request repeated too quickly.", 4);
        unit->result = "start-limit-hit";
        log(*unit, unit->name + ": Failed with result 'start-limit-hit'.", 4);
        setState(*unit, ActiveState::Failed, "failed");
        co_return base::makeError("Job for " + name + " failed.\nSee \"systemctl status " + name +
                                  "\" and \"journalctl -xeu " + name + "\" for details.", 1);
    }
    unit->starts.push_back(now);
    co_return co_await launch(*unit);
}

void Systemd::mainEnded(const std::string& name, std::uint64_t generation, ProcessEnd end) {
    const auto found = units_.find(name);
    if (found == units_.end() || found->second->generation != generation) return;
    Unit& unit = *found->second;
    unit.mainPid = 0;
    unit.lastEnd = end;
    unit.everEnded = true;
    unit.endedAt = machine_.kernel().unixNow();
    const bool clean = end.code == 0 || end.signal == ports::kSigTerm || end.signal == ports::kSigInt ||
                       end.signal == ports::kSigHup || end.signal == ports::kSigPipe;
    if (!(end.code == 0 && unit.stopRequested) && end.code != 0)
        log(unit, unit.name + ": Main process exited, " + endText(end), clean ? 6 : 5);
    unit.result = clean ? "success" : end.signal != 0 ? "signal" : "exit-code";
    if (unit.stopRequested) {
        setState(unit, ActiveState::Deactivating, "final-sigterm");
        return; // stop() goes on
    }
    if (!clean) log(unit, unit.name + ": Failed with result '" + unit.result + "'.", 4);
    else log(unit, unit.name + ": Deactivated successfully.");
    const std::string policy = unit.file.value("Service/Restart", "no");
    const bool again = policy == "always" || (!clean && policy == "on-failure") ||
                       (clean && policy == "on-success") || (end.signal != 0 && policy == "on-abnormal");
    if (!again) {
        setState(unit, clean ? ActiveState::Inactive : ActiveState::Failed, clean ? "dead" : "failed");
        return;
    }
    setState(unit, ActiveState::Activating, "auto-restart");
    scope_->spawn(restartLater(name, generation), "unit restart");
}

sim::Task<void> Systemd::restartLater(std::string name, std::uint64_t generation) {
    Unit& unit = entry(name);
    const sim::Duration delay = parseTimeSpan(unit.file.value("Service/RestartSec"), 100 * sim::kMillisecond);
    co_await sim::sleepFor(machine_.kernel(), delay);
    if (unit.generation != generation || unit.sub != "auto-restart") co_return;
    ++unit.restarts;
    log(unit, unit.name + ": Scheduled restart job, restart counter is at " + std::to_string(unit.restarts) + ".");
    log(unit, "Stopped " + unit.name + " - " + unit.file.description() + ".");
    (void)co_await start(name);
}

sim::Task<base::Status> Systemd::stop(std::string name) {
    Unit* unit = find(name);
    if (unit == nullptr)
        co_return base::makeError("Failed to stop " + name + ": Unit " + name + " not loaded.", 5);
    const std::string label = name + " - " + unit->file.description();
    if (unit->state == ActiveState::Inactive || unit->state == ActiveState::Failed) co_return base::okStatus();
    if (unit->state == ActiveState::Deactivating) {
        while (unit->state == ActiveState::Deactivating) co_await unit->changed.wait();
        co_return base::okStatus();
    }
    unit->stopRequested = true;
    if (unit->mainPid == 0) {
        setState(*unit, ActiveState::Inactive, "dead");
        log(*unit, "Stopped " + label + ".");
        co_return base::okStatus();
    }
    log(*unit, "Stopping " + label + "...");
    setState(*unit, ActiveState::Deactivating, "stop-sigterm");
    const bool group = unit->file.value("Service/KillMode", "control-group") != "process";
    const std::vector<std::string> commands = unit->file.all("Service/ExecStop");
    for (const auto& command : commands) (void)co_await runStep(*unit, command);
    if (unit->mainPid != 0) machine_.processes().signal(unit->mainPid, ports::kSigTerm);
    if (group) machine_.processes().killUnit(name, ports::kSigTerm);
    const sim::Duration patience = parseTimeSpan(unit->file.value("Service/TimeoutStopSec"), kDefaultStop);
    const sim::Time deadline = patience < 0 ? sim::kForever : machine_.kernel().now() + patience;
    while (unit->mainPid != 0) {
        if (co_await unit->changed.waitUntil(deadline)) continue;
        log(*unit, name + ": State 'stop-sigterm' timed out. Killing.", 4);
        const int pid = unit->mainPid;
        log(*unit, name + ": Killing process " + std::to_string(pid) + " with signal SIGKILL.", 5);
        machine_.processes().signal(pid, ports::kSigKill);
        unit->result = "timeout";
        while (unit->mainPid != 0) co_await unit->changed.wait();
    }
    if (group) machine_.processes().killUnit(name, ports::kSigKill);
    const bool failed = unit->result == "exit-code" || unit->result == "timeout";
    if (failed) log(*unit, name + ": Failed with result '" + unit->result + "'.", 4);
    else log(*unit, name + ": Deactivated successfully.");
    setState(*unit, failed ? ActiveState::Failed : ActiveState::Inactive, failed ? "failed" : "dead");
    log(*unit, "Stopped " + label + ".");
    co_return base::okStatus();
}

sim::Task<base::Status> Systemd::restart(std::string name) {
    if (find(name) == nullptr) co_return notFound("restart", name);
    (void)co_await stop(name);
    entry(name).starts.clear();
    co_return co_await start(name);
}

sim::Task<base::Status> Systemd::reload(std::string name) {
    Unit* unit = find(name);
    if (unit == nullptr) co_return notFound("reload", name);
    const std::string command = unit->file.value("Service/ExecReload");
    if (command.empty())
        co_return base::makeError("Failed to reload " + name + ": Job type reload is not applicable for unit " + name + ".", 1);
    if (unit->mainPid != 0 && command.find("HUP") != std::string::npos)
        machine_.processes().signal(unit->mainPid, ports::kSigHup);
    else (void)co_await runStep(*unit, command);
    co_return base::okStatus();
}

void Systemd::resetFailed(std::string_view name) {
    for (const auto& [key, unit] : units_) {
        if (!name.empty() && key != name) continue;
        unit->starts.clear();
        unit->restarts = 0;
        if (unit->state == ActiveState::Failed) setState(*unit, ActiveState::Inactive, "dead");
    }
}

base::Status Systemd::kill(std::string_view name, int signal) {
    Unit* unit = find(name);
    if (unit == nullptr || unit->mainPid == 0)
        return base::makeError("Failed to kill unit " + std::string(name) + ": No main process to kill", 1);
    machine_.processes().signal(unit->mainPid, signal);
    return base::okStatus();
}

base::Result<std::string> Systemd::enable(std::string_view name) {
    const UnitFile file = loadUnit(*machine_.files(), name);
    const std::string text(name);
    if (file.masked)
        return base::makeError("Failed to enable unit: Unit file " + kUnitFolders[0] + "/" + text + " is masked.", 1);
    if (!file.loaded) return base::makeError("Failed to enable unit: Unit file " + text + " does not exist.", 1);
    std::string out;
    for (const auto& target : file.words("Install/WantedBy")) {
        const std::string folder = kUnitFolders[0] + "/" + target + ".wants";
        BASE_CHECK(machine_.files()->makeDirectories(folder, 0755));
        const std::string link = folder + "/" + text;
        if (machine_.files()->lstat(link).ok()) continue;
        BASE_CHECK(machine_.files()->symlink(file.path, link));
        out += "Created symlink " + link + " \u2192 " + file.path + ".\n";
    }
    daemonReload();
    return out;
}

base::Result<std::string> Systemd::disable(std::string_view name) {
    const UnitFile file = loadUnit(*machine_.files(), name);
    const std::string text(name);
    if (!file.loaded && !file.masked)
        return base::makeError("Failed to disable unit: Unit file " + text + " does not exist.", 1);
    std::string out;
    for (const auto& target : file.words("Install/WantedBy")) {
        const std::string link = kUnitFolders[0] + "/" + target + ".wants/" + text;
        if (machine_.files()->removeFile(link).ok()) out += "Removed \"" + link + "\".\n";
    }
    daemonReload();
    return out;
}

base::Result<std::string> Systemd::mask(std::string_view name) {
    const std::string link = kUnitFolders[0] + "/" + std::string(name);
    if (machine_.files()->lstat(link).ok())
        return base::makeError("Failed to mask unit: File " + link + " already exists.", 1);
    BASE_CHECK(machine_.files()->symlink("/dev/null", link));
    daemonReload();
    return "Created symlink " + link + " \u2192 /dev/null.\n";
}

base::Result<std::string> Systemd::unmask(std::string_view name) {
    const std::string link = kUnitFolders[0] + "/" + std::string(name);
    const auto stat = machine_.files()->lstat(link);
    if (!stat.ok() || stat->target != "/dev/null") return std::string();
    BASE_CHECK(machine_.files()->removeFile(link));
    daemonReload();
    return "Removed \"" + link + "\".\n";
}

// What multi-user.target wants, those that another one must wait for first.
std::vector<std::string> Systemd::bootOrder() {
    std::set<std::string> wanted;
    for (const auto& folder : kUnitFolders) {
        const auto entries = machine_.files()->list(folder + "/multi-user.target.wants");
        if (!entries.ok()) continue;
        for (const auto& item : *entries) wanted.insert(item.name);
    }
    std::vector<std::string> order;
    while (!wanted.empty()) {
        std::string next = *wanted.begin();
        for (const auto& name : wanted) {
            const auto after = loadUnit(*machine_.files(), name).words("Unit/After");
            const bool waits = std::any_of(after.begin(), after.end(), [&](const std::string& other) {
                return other != name && wanted.count(other) > 0;
            });
            if (waits) continue;
            next = name;
            break;
        }
        wanted.erase(next);
        order.push_back(next);
    }
    return order;
}

sim::Task<void> Systemd::bootAll() {
    const std::vector<std::string> order = bootOrder();
    for (const auto& name : order) {
        const std::string unit = name;
        (void)co_await start(unit);
    }
    bootPending_ = 0;
}

void Systemd::boot() {
    scope_ = std::make_unique<sim::Scope>(machine_.kernel());
    bootPending_ = 1;
    scope_->spawn(bootAll(), "systemd boot");
}

void Systemd::shutDown() {
    if (scope_) scope_->cancel();
    for (const auto& [name, unit] : units_) ++unit->generation;
    units_.clear();
}

} // namespace machine
