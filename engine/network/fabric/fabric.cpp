#include "network/fabric/fabric.h"

#include "base/strings.h"
#include "network/fabric/namespace.h"
#include "network/fabric/walk.h"

#include <cstdio>

namespace network {

Fabric::Fabric(sim::Kernel& kernel, base::IpPrefix underlay) : kernel_(kernel) {
    outside_ = createNamespace("outside");
    auto bridge = outside_->addDevice("br0", DeviceKind::Bridge);
    (void)bridge;
    (void)outside_->setUp("br0", true);
    (void)outside_->addAddress("br0", underlay);
}

Fabric::~Fabric() {
    for (auto& [order, space] : namespaces_) space->shutDown();
    walks_.clear();
}

base::IpPrefix Fabric::defaultUnderlay() { return *base::IpPrefix::parse("172.30.0.1/24"); }

std::string Fabric::newMac() {
    const std::string bytes = kernel_.random("network/mac").bytes(6);
    char text[24];
    const auto at = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    // Locally administered, unicast.
    std::snprintf(text, sizeof text, "%02x:%02x:%02x:%02x:%02x:%02x", (at(0) & 0xfeU) | 2U, at(1),
                  at(2), at(3), at(4), at(5));
    return text;
}

NamespacePtr Fabric::createNamespace(std::string name) {
    const std::uint64_t order = created_++;
    auto space = std::make_shared<Namespace>(*this, std::move(name), order);
    namespaces_[order] = space;
    (void)space->addDevice("lo", DeviceKind::Loopback);
    (void)space->addAddress("lo", *base::IpPrefix::parse("127.0.0.1/8"));
    (void)space->setUp("lo", true);
    return space;
}

NamespacePtr Fabric::createHost(std::string name, base::IpPrefix address) {
    NamespacePtr host = createNamespace(std::move(name));
    const std::string port = "v" + host->name().substr(0, 14);
    auto link = host->addVeth("eth0", *outside_, port);
    if (!link.ok()) return host;
    (void)outside_->setMaster(port, "br0");
    (void)outside_->setUp(port, true);
    (void)host->setUp("eth0", true);
    (void)host->addAddress("eth0", address);
    const Device* bridge = outside_->device("br0");
    if (bridge != nullptr && !bridge->addresses.empty()) {
        Route route;
        route.destination = *base::IpPrefix::parse("0.0.0.0/0");
        route.via = bridge->addresses.front().prefix.address;
        route.device = "eth0";
        (void)host->addRoute(route);
    }
    return host;
}

NamespacePtr Fabric::find(std::string_view name) const {
    for (const auto& [order, space] : namespaces_)
        if (space->name() == name) return space;
    return nullptr;
}

std::vector<NamespacePtr> Fabric::namespaces() const {
    std::vector<NamespacePtr> out;
    for (const auto& [order, space] : namespaces_) out.push_back(space);
    return out;
}

void Fabric::destroy(Namespace& dying) {
    const NamespacePtr keep = dying.shared_from_this();
    keep->shutDown();
    std::vector<std::string> names;
    for (const auto& device : keep->devices()) names.push_back(device->name);
    for (const std::string& name : names) (void)keep->removeDevice(name);
    namespaces_.erase(keep->order());
    changed();
}

Device* Fabric::neighbour(const Device& from, const base::IpAddress& address) const {
    if (!from.up) return nullptr;
    const auto behind = [&](Device& port) -> Device* {
        Device* far = port.peer;
        if (!port.up || far == nullptr || !far->up || far->master != nullptr) return nullptr;
        return far->home->alive() && far->home->isLocal(address) ? far : nullptr;
    };
    const auto onBridge = [&](Device& bridge, const Device* except) -> Device* {
        if (!bridge.up) return nullptr;
        if (bridge.home->isLocal(address) && except != nullptr) return &bridge;
        for (Device* port : bridge.ports) {
            // A station hears its own question only through a hairpin port, and does not answer it.
            if (port == except) continue;
            if (Device* found = behind(*port)) return found;
        }
        return nullptr;
    };
    if (from.kind == DeviceKind::Bridge) return onBridge(const_cast<Device&>(from), nullptr);
    if (from.kind != DeviceKind::Veth || from.peer == nullptr || !from.peer->up) return nullptr;
    Device& far = *from.peer;
    if (far.master != nullptr) return onBridge(*far.master, &far);
    return far.home->alive() && far.home->isLocal(address) ? &far : nullptr;
}

void Fabric::keepWalk(document::Value walk) {
    walks_.push_front(std::move(walk));
    if (walks_.size() > 200) walks_.pop_back();
}

std::vector<document::Value> Fabric::recentWalks(std::size_t limit) const {
    std::vector<document::Value> out;
    for (const document::Value& walk : walks_) {
        if (out.size() >= limit) break;
        out.push_back(walk);
    }
    return out;
}

document::Value Fabric::walk(Namespace& from, base::Endpoint to, std::string_view protocol) {
    return pretendWalk(*this, from, to, protocol);
}

} // namespace network
