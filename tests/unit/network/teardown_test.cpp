// Namespaces that go away while something is under way in them.
#include <catch2/catch.hpp>

#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "network/fabric/sockets.h"

using namespace network;

namespace {

struct Silent final : ports::DatagramHandler {
    sim::Task<std::optional<std::string>> receive(ports::Datagram) override { co_return std::nullopt; }
};

// Opens a socket for each datagram and waits on it without end, as a forwarder whose upstream is silent.
struct Forwarder final : ports::DatagramHandler {
    sim::Kernel& kernel;
    Namespace& space;
    int waiting = 0;
    Forwarder(sim::Kernel& k, Namespace& s) : kernel(k), space(s) {}
    sim::Task<std::optional<std::string>> receive(ports::Datagram) override {
        const auto port = static_cast<std::uint16_t>(4000 + waiting++);
        const base::Endpoint at{base::IpAddress::v4(0), port};
        auto made = space.listenUdp(at, std::make_shared<Silent>(), "forwarder");
        REQUIRE(made.ok());
        co_await sim::sleepFor(kernel, sim::kHour);
        co_return std::nullopt;
    }
};

sim::Task<void> ask(Namespace& space, std::uint16_t port) {
    const base::Endpoint to{*base::IpAddress::parse("127.0.0.1"), port};
    auto answer = co_await space.exchangeUdp(to, "x", sim::kHour);
    (void)answer;
}

constexpr std::uint16_t kPorts[] = {53, 5353, 9053};

} // namespace

TEST_CASE("a namespace goes away with the sockets that requests in it hold") {
    sim::Kernel kernel{1};
    Fabric fabric{kernel};
    auto space = fabric.createHost("host", *base::IpPrefix::parse("172.30.0.10/24"));
    auto forwarder = std::make_shared<Forwarder>(kernel, *space);
    std::vector<ports::ListenerPtr> listeners;
    for (const std::uint16_t port : kPorts) {
        auto made = space->listenUdp({base::IpAddress::v4(0), port}, forwarder, "dns");
        REQUIRE(made.ok());
        listeners.push_back(*made);
    }
    sim::Scope scope(kernel);
    for (const std::uint16_t port : kPorts) scope.spawn(ask(*space, port), "ask");
    kernel.runUntil(sim::kSecond);
    REQUIRE(forwarder->waiting == 3);
    CHECK(space->sockets().rows().size() == 6);
    fabric.destroy(*space);
    CHECK(space->sockets().rows().empty());
}
