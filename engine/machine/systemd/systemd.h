#pragma once
// The service manager. Units are files; see systemd/unit.h. Sources: systemd.service(5),
// systemd(1), core/service.c for the order of states and the texts in the journal.

#include "machine/machine.h"
#include "machine/systemd/unit.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace machine {

enum class ActiveState : std::uint8_t { Inactive, Activating, Active, Deactivating, Failed };

struct Unit {
    std::string name;
    UnitFile file; // as last loaded
    ActiveState state = ActiveState::Inactive;
    std::string sub = "dead"; // running, exited, auto-restart, start-pre, stop-sigterm, failed ...
    std::string result = "success";
    int mainPid = 0; // 0: none
    int lastPid = 0;
    ProcessEnd lastEnd;
    std::string lastCommand;
    bool everEnded = false;
    std::int64_t stateSince = 0, activeSince = 0, startedAt = 0, endedAt = 0; // Unix ns; 0: never
    int restarts = 0;
    bool stopRequested = false;
    std::vector<sim::Time> starts; // for the rate limit
    std::uint64_t generation = 0;  // of the running attempt
    sim::Signal changed;
};

class Systemd {
public:
    explicit Systemd(Machine& machine);
    ~Systemd();

    void boot();     // starts what the default target wants
    void shutDown(); // power off: forgets all states
    void daemonReload();
    bool needsReload(const Unit& unit) const;

    // Names are full ("kubelet.service"). Errors are systemctl's texts.
    sim::Task<base::Status> start(std::string name);
    sim::Task<base::Status> stop(std::string name);
    sim::Task<base::Status> restart(std::string name);
    sim::Task<base::Status> reload(std::string name);
    void resetFailed(std::string_view name);
    base::Status kill(std::string_view name, int signal);
    // What systemctl prints on success.
    base::Result<std::string> enable(std::string_view name);
    base::Result<std::string> disable(std::string_view name);
    base::Result<std::string> mask(std::string_view name);
    base::Result<std::string> unmask(std::string_view name);

    Unit* find(std::string_view name); // loads it when there is a file
    std::vector<Unit*> units();        // loaded ones, by name
    std::string stateText(ActiveState state) const;
    // Not all jobs of the boot are done.
    bool booting() const { return bootPending_ > 0; }

private:
    Unit& entry(std::string_view name);
    void setState(Unit& unit, ActiveState state, std::string sub);
    void log(const Unit& unit, std::string message, int priority = 6);
    base::Result<std::map<std::string, std::string>> environment(const Unit& unit);
    sim::Task<base::Status> launch(Unit& unit);
    sim::Task<int> runStep(Unit& unit, std::string command);
    base::Result<int> spawn(Unit& unit, const std::string& command, bool main);
    void mainEnded(const std::string& name, std::uint64_t generation, ProcessEnd end);
    sim::Task<void> restartLater(std::string name, std::uint64_t generation);
    static sim::Task<void> copyOutput(Machine& machine, std::shared_ptr<sim::Pipe> pipe,
                                      std::string unit, std::string identifier, int pid);
    sim::Task<void> bootAll();
    std::vector<std::string> bootOrder();

    Machine& machine_;
    std::map<std::string, std::unique_ptr<Unit>, std::less<>> units_;
    int bootPending_ = 0;
    std::unique_ptr<sim::Scope> scope_;
};

} // namespace machine
