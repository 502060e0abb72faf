// systemctl. Source: systemctl(1), systemd 252 as Debian 12 has it.
#include "base/strings.h"
#include "machine/systemd/systemd.h"
#include "tools/system/journal_format.h"
#include "tools/system/tool.h"

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

using machine::ActiveState;
using machine::Systemd;
using machine::Unit;

std::string sinceText(sim::Kernel& kernel, std::int64_t at) {
    return longTime(at) + "; " + agoText(kernel.unixNow() - at) + " ago";
}

std::string endText(const Unit& unit) {
    const auto& end = unit.lastEnd;
    if (end.signal > 0) return fmt::format("code=killed, signal={}", end.signal == 9 ? "KILL" : end.signal == 15 ? "TERM" : end.signal == 2 ? "INT" : "HUP");
    const char* name = end.code == 0 ? "/SUCCESS" : end.code == 1 ? "/FAILURE" : end.code == 203 ? "/EXEC" : "";
    return fmt::format("code=exited, status={}{}", end.code, name);
}

std::string activeLine(sim::Kernel& kernel, Systemd& systemd, const Unit& unit) {
    std::string text = systemd.stateText(unit.state) + " (" + unit.sub + ")";
    if (unit.result != "success" && unit.state != ActiveState::Active) text += " (Result: " + unit.result + ")";
    if (unit.stateSince != 0) text += " since " + sinceText(kernel, unit.stateSince);
    return text;
}

std::string dropIns(const Unit& unit) {
    std::string out, folder;
    for (std::size_t i = 0; i < unit.file.dropIns.size(); ++i) {
        const auto& path = unit.file.dropIns[i];
        const std::size_t slash = path.rfind('/');
        const std::string own = path.substr(0, slash);
        if (own != folder) out += (folder.empty() ? "    Drop-In: " : "             ") + own + "\n";
        folder = own;
        const bool last = i + 1 == unit.file.dropIns.size() || !unit.file.dropIns[i + 1].starts_with(own + "/");
        out += std::string("             ") + (last ? "└─" : "├─") + path.substr(slash + 1) + "\n";
    }
    return out;
}

std::string statusText(machine::Machine& m, Unit& unit, std::size_t lines, bool full) {
    Systemd& systemd = m.systemd();
    const char* dot = unit.state == ActiveState::Failed ? "×" : unit.state == ActiveState::Inactive ? "○" : "●";
    std::string out = fmt::format("{} {} - {}\n", dot, unit.name, unit.file.description());
    const std::string enabled = machine::enablement(*m.files(), unit.file);
    out += unit.file.masked ? fmt::format("     Loaded: masked (Reason: Unit {} is masked.)\n", unit.name)
                            : fmt::format("     Loaded: loaded ({}; {}{})\n", unit.file.path, enabled,
                                          enabled == "static" ? "" : "; preset: enabled");
    out += dropIns(unit);
    out += "     Active: " + activeLine(m.kernel(), systemd, unit) + "\n";
    if (unit.state != ActiveState::Active && unit.activeSince != 0 && unit.endedAt > unit.activeSince)
        out += "   Duration: " + spanText(unit.endedAt - unit.activeSince) + "\n";
    bool first = true;
    for (const auto& page : unit.file.words("Unit/Documentation")) {
        out += (first ? "       Docs: " : "             ") + page + "\n";
        first = false;
    }
    if (unit.state != ActiveState::Active && unit.everEnded)
        out += fmt::format("    Process: {} ExecStart={} ({})\n", unit.lastPid, unit.file.value("Service/ExecStart"), endText(unit));
    const auto process = unit.mainPid != 0 ? m.processes().find(unit.mainPid) : nullptr;
    if (process) out += fmt::format("   Main PID: {} ({})\n", unit.mainPid, process->commandName());
    else if (unit.everEnded) out += fmt::format("   Main PID: {} ({})\n", unit.lastPid, endText(unit));
    if (process) {
        const double seconds = sim::toSeconds(m.kernel().now() - process->startedAt());
        out += fmt::format("      Tasks: 12 (limit: 4915)\n     Memory: {:.1f}M\n        CPU: {:.3f}s\n",
                           static_cast<double>(process->resident()) / 1048576.0, 0.2 + seconds * 0.01);
        std::string command = base::join(process->argv(), " ");
        if (!full && command.size() > 120) command = command.substr(0, 117) + "...";
        out += fmt::format("     CGroup: /system.slice/{}\n             └─{} {}\n", unit.name, unit.mainPid, command);
    }
    std::vector<const machine::JournalLine*> tail;
    const auto& all = m.journal().lines();
    for (auto line = all.rbegin(); line != all.rend() && tail.size() < lines; ++line)
        if (line->unit == unit.name) tail.push_back(&*line);
    if (!tail.empty()) out += "\n";
    for (auto line = tail.rbegin(); line != tail.rend(); ++line) out += journalText(m, **line, "short") + "\n";
    return out;
}

sim::Task<int> printStatus(ports::Process& process, Options options) {
    auto& m = machine::machineOf(process);
    const auto lines = static_cast<std::size_t>(base::parseInt(options.value("lines", "10")).value_or(10));
    int code = 0;
    for (std::size_t i = 0; i < options.operands.size(); ++i) {
        const std::string name = machine::unitName(options.operands[i]);
        Unit* unit = m.systemd().find(name);
        if (unit == nullptr) {
            co_await process.writeError("Unit " + name + " could not be found.\n");
            code = 4;
            continue;
        }
        if (i > 0) co_await process.writeOut("\n");
        if (!unit->file.masked && m.systemd().needsReload(*unit))
            co_await process.writeError("Warning: The unit file, source configuration file or drop-ins of " + name +
                                        " changed on disk. Run 'systemctl daemon-reload' to reload units.\n");
        co_await process.writeOut(statusText(m, *unit, lines, options.has("full") || options.has("no-pager")));
        if (unit->state == ActiveState::Inactive || unit->state == ActiveState::Failed) code = 3;
        else if (unit->state == ActiveState::Activating) code = 3;
    }
    co_return code;
}

sim::Task<int> listUnits(ports::Process& process, Options options) {
    auto& m = machine::machineOf(process);
    std::string out = fmt::format("  {:<28} {:<6} {:<8} {:<12} {}\n", "UNIT", "LOAD", "ACTIVE", "SUB", "DESCRIPTION");
    std::size_t count = 0;
    for (const auto& name : machine::unitNames(*m.files())) {
        Unit* unit = m.systemd().find(name);
        if (unit == nullptr) continue;
        const std::string state = m.systemd().stateText(unit->state);
        const std::string wanted = options.value("state");
        const std::string type = options.value("type");
        if (!type.empty() && !name.ends_with("." + type)) continue;
        if (!wanted.empty() ? state != wanted && unit->sub != wanted : !options.has("all") && unit->state == ActiveState::Inactive) continue;
        if (options.has("failed") && unit->state != ActiveState::Failed) continue;
        out += fmt::format("{} {:<28} {:<6} {:<8} {:<12} {}\n", unit->state == ActiveState::Failed ? "●" : " ", name,
                           "loaded", state, unit->sub, unit->file.description());
        ++count;
    }
    out += fmt::format("\nLOAD   = Reflects whether the unit definition was properly loaded.\nACTIVE = The high-level unit "
                       "activation state, i.e. generalization of SUB.\nSUB    = The low-level unit activation state, values "
                       "depend on unit type.\n{} loaded units listed.\n", count);
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> listFiles(ports::Process& process) {
    auto& m = machine::machineOf(process);
    std::string out = fmt::format("{:<28} {:<9} {}\n", "UNIT FILE", "STATE", "PRESET");
    std::size_t count = 0;
    for (const auto& name : machine::unitNames(*m.files())) {
        const std::string state = machine::enablement(*m.files(), machine::loadUnit(*m.files(), name));
        out += fmt::format("{:<28} {:<9} {}\n", name, state, state == "static" ? "-" : "enabled");
        ++count;
    }
    co_await process.writeOut(out + fmt::format("\n{} unit files listed.\n", count));
    co_return 0;
}

sim::Task<int> catUnits(ports::Process& process, Options options) {
    auto& m = machine::machineOf(process);
    for (const auto& operand : options.operands) {
        const auto file = machine::loadUnit(*m.files(), machine::unitName(operand));
        if (!file.loaded) {
            co_await process.writeError("No files found for " + machine::unitName(operand) + ".\n");
            co_return 1;
        }
        std::vector<std::string> paths{file.path};
        paths.insert(paths.end(), file.dropIns.begin(), file.dropIns.end());
        std::string out;
        for (const auto& path : paths) {
            const auto text = m.files()->read(path);
            out += (out.empty() ? "# " : "\n# ") + path + "\n" + (text.ok() ? *text : "");
        }
        co_await process.writeOut(std::move(out));
    }
    co_return 0;
}

sim::Task<int> showUnit(ports::Process& process, Options options) {
    auto& m = machine::machineOf(process);
    const std::string name = options.operands.empty() ? "-.slice" : machine::unitName(options.operands.front());
    Unit* unit = m.systemd().find(name);
    std::vector<std::pair<std::string, std::string>> fields;
    const auto add = [&](const char* key, std::string value) { fields.emplace_back(key, std::move(value)); };
    add("Type", unit != nullptr ? unit->file.value("Service/Type", "simple") : "");
    add("Restart", unit != nullptr ? unit->file.value("Service/Restart", "no") : "");
    add("MainPID", std::to_string(unit != nullptr ? unit->mainPid : 0));
    add("NRestarts", std::to_string(unit != nullptr ? unit->restarts : 0));
    add("Result", unit != nullptr ? unit->result : "success");
    add("ExecMainStatus", std::to_string(unit != nullptr ? unit->lastEnd.code : 0));
    add("Id", name);
    add("Description", unit != nullptr ? unit->file.description() : name);
    add("LoadState", unit == nullptr ? "not-found" : unit->file.masked ? "masked" : "loaded");
    add("ActiveState", unit != nullptr ? m.systemd().stateText(unit->state) : "inactive");
    add("SubState", unit != nullptr ? unit->sub : "dead");
    add("FragmentPath", unit != nullptr ? unit->file.path : "");
    add("DropInPaths", unit != nullptr ? base::join(unit->file.dropIns, " ") : "");
    add("UnitFileState", unit != nullptr ? machine::enablement(*m.files(), unit->file) : "");
    std::vector<std::string> wanted;
    for (const auto& use : options.all("property"))
        for (auto& key : base::split(use, ',')) wanted.push_back(std::move(key));
    std::string out;
    for (const auto& [key, value] : fields) {
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), key) == wanted.end()) continue;
        out += options.has("value") ? value + "\n" : key + "=" + value + "\n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<base::Status> change(Systemd& systemd, std::string verb, std::string name) {
    if (verb == "start") co_return co_await systemd.start(name);
    if (verb == "stop") co_return co_await systemd.stop(name);
    if (verb == "reload") co_return co_await systemd.reload(name);
    if (verb == "try-restart") {
        Unit* unit = systemd.find(name);
        if (unit == nullptr || unit->state != ActiveState::Active) co_return base::okStatus();
    }
    co_return co_await systemd.restart(name);
}

sim::Task<int> changeUnits(ports::Process& process, std::string verb, Options options) {
    auto& systemd = machine::machineOf(process).systemd();
    if (options.operands.empty()) {
        co_await process.writeError("Too few arguments.\n");
        co_return 1;
    }
    int code = 0;
    for (const auto& operand : options.operands) {
        const std::string name = machine::unitName(operand);
        Unit* unit = systemd.find(name);
        if (unit != nullptr && !unit->file.masked && systemd.needsReload(*unit))
            co_await process.writeError("Warning: The unit file, source configuration file or drop-ins of " + name +
                                        " changed on disk. Run 'systemctl daemon-reload' to reload units.\n");
        const auto changed = co_await change(systemd, verb, name);
        if (!changed.ok()) {
            co_await process.writeError(changed.error().message + "\n");
            code = changed.error().code == 0 ? 1 : changed.error().code;
        }
    }
    co_return code;
}

sim::Task<int> enableUnits(ports::Process& process, std::string verb, Options options) {
    auto& systemd = machine::machineOf(process).systemd();
    for (const auto& operand : options.operands) {
        const std::string name = machine::unitName(operand);
        const auto done = verb == "enable"    ? systemd.enable(name)
                          : verb == "disable" ? systemd.disable(name)
                          : verb == "mask"    ? systemd.mask(name)
                                              : systemd.unmask(name);
        if (!done.ok()) {
            co_await process.writeError(done.error().message + "\n");
            co_return 1;
        }
        co_await process.writeError(*done);
        if (!options.has("now")) continue;
        const std::string next = verb == "enable" ? "start" : "stop";
        const auto changed = co_await change(systemd, next, name);
        if (!changed.ok()) {
            co_await process.writeError(changed.error().message + "\n");
            co_return 1;
        }
    }
    co_return 0;
}

sim::Task<int> question(ports::Process& process, std::string verb, Options options) {
    auto& m = machine::machineOf(process);
    int code = verb == "is-enabled" ? 0 : verb == "is-failed" ? 1 : 3;
    for (const auto& operand : options.operands) {
        const std::string name = machine::unitName(operand);
        Unit* unit = m.systemd().find(name);
        std::string text;
        if (verb == "is-enabled") {
            text = machine::enablement(*m.files(), machine::loadUnit(*m.files(), name));
            if (text.empty()) {
                co_await process.writeError("Failed to get unit file state for " + name + ": No such file or directory\n");
                code = 1;
                continue;
            }
            if (text == "disabled" || text == "masked") code = 1;
        } else {
            text = unit == nullptr ? "inactive" : m.systemd().stateText(unit->state);
            if (verb == "is-active" && text == "active") code = 0;
            if (verb == "is-failed" && text == "failed") code = 0;
        }
        if (!options.has("quiet")) co_await process.writeOut(text + "\n");
    }
    co_return code;
}

sim::Task<int> systemctl(ports::Process& process, std::vector<std::string> arguments) {
    if (co_await refusedInContainer(process)) co_return 1;
    Options options = parseOptions(arguments, "n:lines l=full t:type a=all q=quiet p:property s:signal f=force "
                                              "-=now -=no-pager -=value -:state -=failed -=no-block -:output "
                                              "-=system -=runtime -=no-legend -=plain -:kill-who");
    if (!options.unknown.empty()) {
        co_await process.writeError("systemctl: unrecognized option '" + options.unknown + "'\n");
        co_return 1;
    }
    std::string verb = "list-units";
    if (!options.operands.empty()) {
        verb = options.operands.front();
        options.operands.erase(options.operands.begin());
    }
    auto& m = machine::machineOf(process);
    const bool reading = verb == "status" || verb.starts_with("list-") || verb == "cat" || verb == "show" || verb.starts_with("is-");
    if (!reading && process.uid() != 0) {
        co_await process.writeError("Failed to " + verb + " unit: Access denied\n");
        co_return 4;
    }
    if (verb == "status" && !options.operands.empty()) co_return co_await printStatus(process, options);
    if (verb == "list-units" || verb == "status") co_return co_await listUnits(process, options);
    if (verb == "list-unit-files") co_return co_await listFiles(process);
    if (verb == "cat") co_return co_await catUnits(process, options);
    if (verb == "show") co_return co_await showUnit(process, options);
    if (verb == "is-active" || verb == "is-enabled" || verb == "is-failed") co_return co_await question(process, verb, options);
    if (verb == "start" || verb == "stop" || verb == "restart" || verb == "reload" || verb == "try-restart" ||
        verb == "reload-or-restart")
        co_return co_await changeUnits(process, verb, options);
    if (verb == "enable" || verb == "disable" || verb == "mask" || verb == "unmask")
        co_return co_await enableUnits(process, verb, options);
    if (verb == "daemon-reload" || verb == "daemon-reexec") {
        m.systemd().daemonReload();
        co_return 0;
    }
    if (verb == "reset-failed") {
        m.systemd().resetFailed(options.operands.empty() ? "" : machine::unitName(options.operands.front()));
        co_return 0;
    }
    if (verb == "kill") {
        for (const auto& operand : options.operands) {
            const auto number = base::parseInt(options.value("signal", "15")).value_or(options.value("signal").ends_with("KILL") ? 9 : 15);
            const auto killed = m.systemd().kill(machine::unitName(operand), static_cast<int>(number));
            if (!killed.ok()) {
                co_await process.writeError(killed.error().message + "\n");
                co_return 1;
            }
        }
        co_return 0;
    }
    if (verb == "reboot" || verb == "poweroff" || verb == "halt") {
        machine::Machine* machine = &m;
        const bool again = verb == "reboot";
        m.kernel().scheduleAfter(500 * sim::kMillisecond, [machine, again] { again ? machine->reboot() : machine->powerOff(); }, "power");
        co_return 0;
    }
    if (verb == "get-default") {
        co_await process.writeOut("graphical.target\n");
        co_return 0;
    }
    if (verb == "is-system-running") {
        co_await process.writeOut("running\n");
        co_return 0;
    }
    co_await process.writeError("Unknown command verb " + verb + ".\n");
    co_return 1;
}

} // namespace

std::vector<NamedProgram> serviceTools() { return {tool("systemctl", systemctl), tool("journalctl", journalctl)}; }

} // namespace tools::system
