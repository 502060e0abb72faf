#include <catch2/catch.hpp>

#include "machine/machine.h"
#include "machine/systemd/systemd.h"

#include <cerrno>

using namespace machine;

namespace {

class NoNetwork final : public ports::NetStack {
public:
    sim::Task<base::Result<ports::ConnectionPtr>> connect(base::Endpoint, ports::ConnectOptions) override {
        co_return base::makeError("no network");
    }
    base::Result<ports::ListenerPtr> listen(base::Endpoint, ports::ListenOptions) override {
        return base::makeError("no network");
    }
    base::Result<ports::ListenerPtr> listenUdp(base::Endpoint, std::shared_ptr<ports::DatagramHandler>,
                                               std::string) override {
        return base::makeError("no network");
    }
    sim::Task<base::Result<ports::Datagram>> exchangeUdp(base::Endpoint, std::string, sim::Duration) override {
        co_return base::makeError("no network");
    }
    sim::Task<base::Result<sim::Duration>> ping(base::IpAddress, int, sim::Duration) override {
        co_return base::makeError("no network");
    }
    std::vector<base::IpPrefix> addresses() const override { return {}; }
};

struct Daemon final : ports::Program {
    sim::Task<int> run(ports::Process& process) override {
        co_await process.writeError("serving\n");
        process.handleSignal(ports::kSigTerm);
        (void)co_await process.signals().pop();
        co_return 0;
    }
};
struct Failing final : ports::Program {
    sim::Task<int> run(ports::Process& process) override {
        co_await process.writeError("broken\n");
        co_return 3;
    }
};
struct Sleeper final : ports::Program {
    sim::Task<int> run(ports::Process& process) override {
        co_await sim::sleepFor(process.kernel(), sim::kHour);
        co_return 0;
    }
};
struct Parent final : ports::Program {
    sim::Task<int> run(ports::Process& process) override {
        ports::SpawnOptions options;
        options.argv = {process.argv().at(1)};
        options.env = process.env();
        co_return co_await process.runChild(options);
    }
};

struct Registry final : ports::ProgramRegistry {
    std::shared_ptr<ports::Program> find(std::string_view name) const override {
        if (name == "daemon") return std::make_shared<Daemon>();
        if (name == "failing") return std::make_shared<Failing>();
        if (name == "sleeper") return std::make_shared<Sleeper>();
        if (name == "parent") return std::make_shared<Parent>();
        return nullptr;
    }
    std::vector<std::string> names() const override { return {}; }
};

struct World {
    sim::Kernel kernel{1};
    NoNetwork network;
    Registry registry;
    InodePtr base = makeBase(
        {{"/bin", ports::FileType::Symlink, 0777, 0, 0, "usr/bin"},
         {"/usr/bin/daemon", ports::FileType::Regular, 0755, 0, 0, ports::programFile("daemon")},
         {"/usr/bin/failing", ports::FileType::Regular, 0755, 0, 0, ports::programFile("failing")},
         {"/usr/bin/sleeper", ports::FileType::Regular, 0755, 0, 0, ports::programFile("sleeper")},
         {"/usr/bin/parent", ports::FileType::Regular, 0755, 0, 0, ports::programFile("parent")},
         {"/usr/bin/script", ports::FileType::Regular, 0755, 0, 0, "#!/bin/failing\n"},
         {"/etc/passwd", ports::FileType::Regular, 0644, 0, 0,
          "root:x:0:0:root:/root:/bin/bash\nann:x:1000:1000::/home/ann:/bin/bash\n"},
         {"/etc/secret", ports::FileType::Regular, 0600, 0, 0, "x"},
         {"/lib/systemd/system/daemon.service", ports::FileType::Regular, 0644, 0, 0,
          "[Unit]\nDescription=A daemon\n[Service]\nExecStart=/usr/bin/daemon\nRestart=always\n"
          "RestartSec=10\n[Install]\nWantedBy=multi-user.target\n"},
         {"/lib/systemd/system/failing.service", ports::FileType::Regular, 0644, 0, 0,
          "[Service]\nExecStart=/bin/failing\nRestart=on-failure\nRestartSec=1\n"}},
        sim::Kernel::kDefaultEpoch);
    Machine one{kernel, registry, {"one", 2, 1 << 30, base}, network, nullptr};

    ProcessSpec spec(std::vector<std::string> argv) {
        ProcessSpec made;
        made.argv = std::move(argv);
        made.files = std::make_shared<View>(one.files()->mounts());
        made.network = &network;
        made.output = made.error = std::make_shared<sim::Pipe>();
        return made;
    }
};

sim::Task<void> keep(sim::Task<base::Status> task, base::Status& out) { out = co_await task; }

} // namespace

TEST_CASE("two machines share a base and do not see each other's changes") {
    World world;
    Machine two(world.kernel, world.registry, {"two", 2, 1 << 30, world.base}, world.network, nullptr);
    auto& files = *world.one.files();
    REQUIRE(files.write("/bin/new", "text").ok());
    CHECK(files.read("/usr/bin/new").value() == "text");
    CHECK_FALSE(two.files()->exists("/usr/bin/new"));
    REQUIRE(files.removeFile("/etc/passwd").ok());
    CHECK(two.files()->exists("/etc/passwd"));
    CHECK(files.realPath("/bin/../bin/new").value() == "/usr/bin/new");
}

TEST_CASE("modes, links, mounts and change counts behave as in Linux") {
    World world;
    auto& root = *world.one.files();
    View ann(root.mounts(), Credentials{1000, 1000, {}});
    CHECK(ann.read("/etc/secret").error().code == EACCES);
    CHECK(ann.write("/etc/mine", "x").error().code == EACCES);
    REQUIRE(root.makeDirectories("/a/b").ok());
    const auto before = root.changeCount("/a");
    REQUIRE(root.write("/a/b/f", "1").ok());
    CHECK(root.changeCount("/a") > before);
    REQUIRE(root.link("/a/b/f", "/a/g").ok());
    REQUIRE(root.append("/a/g", "2").ok());
    CHECK(root.read("/a/b/f").value() == "12");
    CHECK(root.stat("/a/g")->links == 2);
    REQUIRE(root.symlink("loop2", "/a/loop1").ok());
    REQUIRE(root.symlink("loop1", "/a/loop2").ok());
    CHECK(root.read("/a/loop1").error().code == ELOOP);
    REQUIRE(root.makeDirectory("/m").ok());
    REQUIRE(root.bind(root, "/a", "/m", true).ok());
    CHECK(root.read("/m/b/f").value() == "12");
    CHECK(root.write("/m/b/f", "3").error().code == EROFS);
    CHECK(root.removeDirectory("/m").error().code == EBUSY);
    REQUIRE(root.unmount("/m").ok());
    CHECK(root.removeDirectory("/m").ok());
    REQUIRE(root.rename("/a/b", "/c").ok());
    CHECK(root.list("/c")->size() == 1);
    CHECK(root.removeDirectory("/c").error().code == ENOTEMPTY);
    CHECK(root.removeAll("/c").ok());
}

TEST_CASE("processes are found in PATH, end with codes and die by signals") {
    World world;
    world.one.powerOn();
    auto& table = world.one.processes();
    int code = -1;
    const auto note = [&code](ProcessEnd end) { code = end.code; };
    REQUIRE(table.start(world.spec({"script"}), note).ok());
    world.kernel.runUntil(sim::kSecond);
    CHECK(code == 3);
    CHECK(table.start(world.spec({"nothing"})).error().code == ENOENT);
    CHECK(table.start(world.spec({"/etc/secret"})).error().code == EACCES);
    REQUIRE(table.start(world.spec({"parent", "failing"}), note).ok());
    code = -1;
    world.kernel.runUntil(2 * sim::kSecond);
    CHECK(code == 3);
    const auto pid = table.start(world.spec({"sleeper"}), note);
    world.kernel.runUntil(3 * sim::kSecond);
    CHECK(world.one.files()->read("/proc/" + std::to_string(*pid) + "/comm").value() == "sleeper\n");
    CHECK(table.signal(*pid, ports::kSigTerm));
    world.kernel.runUntil(4 * sim::kSecond);
    CHECK(code == 143);
    CHECK(table.find(*pid) == nullptr);
}

TEST_CASE("the first process of a container ignores what it does not handle and takes the rest along") {
    World world;
    world.one.powerOn();
    auto& table = world.one.processes();
    auto init = world.spec({"sleeper"});
    init.containerId = init.pidNamespace = "c1";
    init.init = true;
    int ended = 0;
    const auto first = table.start(init, [&ended](ProcessEnd) { ++ended; });
    auto other = world.spec({"sleeper"});
    other.containerId = other.pidNamespace = "c1";
    REQUIRE(table.start(other, [&ended](ProcessEnd) { ++ended; }).ok());
    CHECK(table.find(*first)->pid() == 1);
    CHECK(table.signal(*first, ports::kSigTerm));
    world.kernel.runUntil(sim::kSecond);
    CHECK(ended == 0);
    CHECK(table.signal(*first, ports::kSigKill));
    world.kernel.runUntil(2 * sim::kSecond);
    CHECK(ended == 2);
}

TEST_CASE("systemd starts, restarts, stops and reports units and their journal") {
    World world;
    REQUIRE(world.one.systemd().enable("daemon.service").ok());
    world.one.powerOn();
    world.kernel.runUntil(sim::kSecond);
    Systemd& systemd = world.one.systemd();
    Unit* unit = systemd.find("daemon.service");
    REQUIRE(unit != nullptr);
    CHECK(unit->state == ActiveState::Active);
    REQUIRE(systemd.kill("daemon.service", ports::kSigKill).ok());
    world.kernel.runUntil(2 * sim::kSecond);
    CHECK(unit->sub == "auto-restart");
    world.kernel.runUntil(13 * sim::kSecond);
    CHECK(unit->state == ActiveState::Active);
    CHECK(unit->restarts == 1);
    sim::Scope scope(world.kernel);
    base::Status status = base::makeError("");
    scope.spawn(keep(systemd.stop("daemon.service"), status));
    world.kernel.runUntil(14 * sim::kSecond);
    CHECK(status.ok());
    CHECK(unit->state == ActiveState::Inactive);
    bool served = false;
    for (const auto& line : world.one.journal().lines())
        served = served || (line.identifier == "daemon" && line.message == "serving");
    CHECK(served);
    scope.spawn(keep(systemd.start("failing.service"), status));
    world.kernel.runUntil(60 * sim::kSecond);
    CHECK(systemd.find("failing.service")->result == "start-limit-hit");
    CHECK(systemd.find("none.service") == nullptr);
    world.one.reboot();
    world.kernel.runUntil(90 * sim::kSecond);
    CHECK(world.one.systemd().find("daemon.service")->state == ActiveState::Active);
    CHECK(world.one.journal().boots().size() == 2);
}
