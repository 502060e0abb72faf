#include <catch2/catch.hpp>

#include "unit/runtime/fake_host.h"

using namespace sim::literals;
using testing_support::FakeHost;
using testing_support::FakeNetwork;

namespace {

struct World {
    sim::Kernel kernel{7};
    FakeHost host{kernel};
    FakeNetwork network;
    runtime::ImageCatalogue catalogue;
    runtime::Containerd daemon{host, network, catalogue,
                               {"docker.io/library/busybox:1.36", "docker.io/library/nginx:1.27", "registry.k8s.io/pause:3.10.1"}};
    sim::Scope scope{kernel};
    World() { daemon.serve(); }

    template <typename T>
    T await(sim::Task<T> task) {
        struct Run {
            static sim::Task<void> body(sim::Task<T> inner, std::optional<T>& out) { out.emplace(co_await inner); }
        };
        std::optional<T> out;
        scope.spawn(Run::body(std::move(task), out));
        kernel.runWhile([&] { return !out.has_value(); }, kernel.now() + 300_s);
        REQUIRE(out.has_value());
        return std::move(*out);
    }
    std::string sandbox(const std::string& name) {
        ports::CriSandboxConfig config;
        config.name = name;
        config.ns = "default";
        config.uid = name + "-uid";
        config.hostname = name;
        config.logDirectory = "/var/log/pods/default_" + name + "_uid";
        config.dns.servers = {"10.96.0.10"};
        return *await(daemon.runSandbox(config));
    }
    std::string create(const std::string& sandboxId, std::vector<std::string> command) {
        ports::CriContainerConfig config;
        config.name = "c";
        config.image = "busybox:1.36";
        config.command = std::move(command);
        config.logPath = "c/0.log";
        auto made = await(daemon.createContainer(sandboxId, config, {}));
        REQUIRE(made.ok());
        return *made;
    }
};

} // namespace

TEST_CASE("a container that ends leaves its exit code, reason and log behind") {
    World world;
    const std::string sandbox = world.sandbox("web");
    const std::string id = world.create(sandbox, {"exit:3", "hello"});
    REQUIRE(world.await(world.daemon.startContainer(id)).ok());
    world.kernel.runUntil(world.kernel.now() + 1_s);
    const auto status = world.await(world.daemon.containerStatus(id));
    REQUIRE(status->state == ports::CriContainerState::Exited);
    REQUIRE(status->exitCode == 3);
    REQUIRE(status->reason == "Error");
    REQUIRE(status->image == "docker.io/library/busybox:1.36");
    const std::string log = world.host.files_.files["/var/log/pods/default_web_uid/c/0.log"];
    REQUIRE(log.find(" stdout F hello\n") != std::string::npos);
}

TEST_CASE("a first process that ignores SIGTERM is killed when the grace period is over") {
    World world;
    const std::string sandbox = world.sandbox("web");
    const std::string id = world.create(sandbox, {"sleep"});
    REQUIRE(world.await(world.daemon.startContainer(id)).ok());
    const sim::Time began = world.kernel.now();
    REQUIRE(world.await(world.daemon.stopContainer(id, 30_s)).ok());
    REQUIRE(world.kernel.now() - began >= 30_s);
    REQUIRE(world.await(world.daemon.containerStatus(id))->exitCode == 137);
    const std::string polite = world.create(sandbox, {"polite"});
    REQUIRE(world.await(world.daemon.startContainer(polite)).ok());
    REQUIRE(world.await(world.daemon.stopContainer(polite, 30_s)).ok());
    REQUIRE(world.await(world.daemon.containerStatus(polite))->reason == "Completed");
}

TEST_CASE("a missing command fails the start in runc's words and with exit code 128") {
    World world;
    const std::string sandbox = world.sandbox("web");
    const std::string id = world.create(sandbox, {"nope"});
    const auto started = world.await(world.daemon.startContainer(id));
    REQUIRE_FALSE(started.ok());
    REQUIRE(started.error().message ==
            "failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: "
            "unable to start container process: exec: \"nope\": executable file not found in $PATH: unknown");
    const auto status = world.await(world.daemon.containerStatus(id));
    REQUIRE(status->exitCode == 128);
    REQUIRE(status->reason == "StartError");
    REQUIRE(status->startedAt == 0);
}

TEST_CASE("without a network plugin no sandbox starts, on the host's network it does") {
    World world;
    world.network.failure = "cni plugin not initialized";
    ports::CriSandboxConfig config;
    config.name = config.uid = "a";
    config.ns = "default";
    const auto failed = world.await(world.daemon.runSandbox(config));
    REQUIRE_FALSE(failed.ok());
    REQUIRE(ports::criErrorText(failed.error()).find("failed to setup network for sandbox") != std::string::npos);
    REQUIRE_FALSE(world.await(world.daemon.status())->networkReady);
    config.network = ports::CriNamespace::Node;
    REQUIRE(world.await(world.daemon.runSandbox(config)).ok());
}

TEST_CASE("containers outlive the daemon and calls fail while it is down") {
    World world;
    const std::string sandbox = world.sandbox("web");
    const std::string id = world.create(sandbox, {"sleep"});
    REQUIRE(world.await(world.daemon.startContainer(id)).ok());
    world.daemon.shutDown();
    const auto down = world.await(world.daemon.containerStatus(id));
    REQUIRE(down.error().code == ports::kCriUnavailable);
    world.daemon.serve();
    REQUIRE(world.await(world.daemon.containerStatus(id))->state == ports::CriContainerState::Running);
}

TEST_CASE("tags of one image share its id and only names on the machine are found") {
    World world;
    REQUIRE(world.await(world.daemon.imageStatus("busybox:1.36"))->has_value());
    REQUIRE_FALSE(world.await(world.daemon.imageStatus("busybox:1.28"))->has_value());
    REQUIRE_FALSE(world.await(world.daemon.imageStatus("busybox"))->has_value());
    const auto images = world.await(world.daemon.listImages());
    REQUIRE(images->size() == 3);
    for (const auto& image : world.catalogue.all()) REQUIRE(world.catalogue.content(*image)->files.size() > 0);
}
