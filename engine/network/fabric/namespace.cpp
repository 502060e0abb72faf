#include "network/fabric/namespace.h"

#include "base/strings.h"
#include "network/fabric/fabric.h"
#include "network/fabric/sockets.h"
#include "network/netfilter/conntrack.h"
#include "network/netfilter/rule_set.h"

#include <algorithm>
#include <cerrno>

namespace network {
namespace {

// Kernel defaults of what tools ask for. Source: Documentation/networking/ip-sysctl.rst.
constexpr std::pair<const char*, const char*> kSysctlDefaults[] = {
    {"net.bridge.bridge-nf-call-arptables", "1"},
    {"net.bridge.bridge-nf-call-ip6tables", "1"},
    {"net.bridge.bridge-nf-call-iptables", "1"},
    {"net.core.somaxconn", "4096"},
    {"net.ipv4.conf.all.arp_ignore", "0"},
    {"net.ipv4.conf.all.forwarding", "0"},
    {"net.ipv4.conf.all.route_localnet", "0"},
    {"net.ipv4.conf.all.rp_filter", "0"},
    {"net.ipv4.conf.default.rp_filter", "0"},
    {"net.ipv4.ip_forward", "0"},
    {"net.ipv4.ip_local_port_range", "32768\t60999"},
    {"net.ipv4.ip_unprivileged_port_start", "1024"},
    {"net.ipv4.tcp_syn_retries", "6"},
    {"net.ipv6.conf.all.disable_ipv6", "0"},
    {"net.ipv6.conf.all.forwarding", "0"},
    {"net.netfilter.nf_conntrack_max", "262144"},
    {"net.netfilter.nf_conntrack_tcp_be_liberal", "0"},
    {"net.netfilter.nf_conntrack_tcp_timeout_close_wait", "60"},
    {"net.netfilter.nf_conntrack_tcp_timeout_established", "432000"}};

base::Error netError(int code, std::string text) { return base::makeError(std::move(text), code); }

int indexIn(const std::vector<std::unique_ptr<Device>>& devices) {
    int index = 0;
    for (const auto& device : devices) index = std::max(index, device->index);
    return index + 1;
}

} // namespace

bool Device::running() const {
    if (!up) return false;
    if (kind == DeviceKind::Veth) return peer != nullptr && peer->up;
    if (kind == DeviceKind::Bridge)
        return std::any_of(ports.begin(), ports.end(), [](const Device* port) { return port->running(); });
    return true;
}

Namespace::Namespace(Fabric& fabric, std::string name, std::uint64_t order)
    : fabric_(fabric), name_(std::move(name)), order_(order),
      rules_(std::make_unique<netfilter::RuleSet>(*this, fabric.kernel())),
      conntrack_(std::make_unique<netfilter::ConnectionTable>(fabric.kernel())),
      sockets_(std::make_unique<SocketTable>()) {
    policyRules_ = {{0, {}, {}, {}, 255}, {32766, {}, {}, {}, 254}, {32767, {}, {}, {}, 253}};
    refreshSwitches();
}

Namespace::~Namespace() { shutDown(); }

void Namespace::shutDown() {
    if (!alive_) return;
    alive_ = false;
    sockets_->abandonAll();
    conntrack_->flush();
    fabric_.changed();
}

std::vector<base::IpPrefix> Namespace::addresses() const {
    std::vector<base::IpPrefix> out;
    for (const auto& device : devices_)
        for (const DeviceAddress& own : device->addresses) out.push_back(own.prefix);
    return out;
}

Device* Namespace::device(std::string_view name) const {
    for (const auto& device : devices_)
        if (device->name == name) return device.get();
    return nullptr;
}

base::Result<Device*> Namespace::addDevice(std::string name, DeviceKind kind) {
    if (device(name)) return netError(EEXIST, "File exists");
    auto made = std::make_unique<Device>();
    made->index = indexIn(devices_);
    made->name = std::move(name);
    made->kind = kind;
    made->home = this;
    made->mac = kind == DeviceKind::Loopback ? "00:00:00:00:00:00" : fabric_.newMac();
    if (kind == DeviceKind::Loopback) made->mtu = 65536;
    Device* raw = made.get();
    devices_.push_back(std::move(made));
    fabric_.changed();
    return raw;
}

base::Result<Device*> Namespace::addVeth(std::string name, Namespace& other, std::string peerName) {
    if (device(name) || other.device(peerName)) return netError(EEXIST, "File exists");
    BASE_TRY(Device* const near, addDevice(std::move(name), DeviceKind::Veth));
    BASE_TRY(Device* const far, other.addDevice(std::move(peerName), DeviceKind::Veth));
    near->peer = far;
    far->peer = near;
    return near;
}

base::Status Namespace::removeDevice(std::string_view name) {
    Device* dying = device(name);
    if (dying == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    (void)setUp(name, false);
    if (dying->master != nullptr) std::erase(dying->master->ports, dying);
    for (Device* port : dying->ports) port->master = nullptr;
    Device* peer = dying->peer;
    if (peer != nullptr) peer->peer = nullptr;
    std::erase_if(routes_, [&](const Route& route) { return route.device == name; });
    std::erase_if(devices_, [&](const auto& have) { return have.get() == dying; });
    refreshLocals();
    fabric_.changed();
    if (peer != nullptr) return peer->home->removeDevice(std::string(peer->name));
    return base::okStatus();
}

base::Status Namespace::moveDevice(std::string_view name, Namespace& other, std::string newName) {
    Device* moving = device(name);
    if (moving == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    if (newName.empty()) newName = std::string(name);
    if (other.device(newName)) return netError(EEXIST, "File exists");
    (void)setUp(name, false);
    if (moving->master != nullptr) std::erase(moving->master->ports, moving);
    moving->master = nullptr;
    moving->addresses.clear();
    std::erase_if(routes_, [&](const Route& route) { return route.device == name; });
    for (auto it = devices_.begin(); it != devices_.end(); ++it)
        if (it->get() == moving) {
            std::unique_ptr<Device> taken = std::move(*it);
            devices_.erase(it);
            taken->name = std::move(newName);
            taken->home = &other;
            taken->index = indexIn(other.devices_);
            other.devices_.push_back(std::move(taken));
            break;
        }
    refreshLocals();
    fabric_.changed();
    return base::okStatus();
}

base::Status Namespace::setUp(std::string_view name, bool up) {
    Device* found = device(name);
    if (found == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    if (found->up == up) return base::okStatus();
    found->up = up;
    if (up) {
        for (const DeviceAddress& own : found->addresses) connectedRoute(*found, own.prefix, true);
    } else {
        std::erase_if(routes_, [&](const Route& route) { return route.device == name; });
    }
    refreshLocals();
    fabric_.changed();
    return base::okStatus();
}

base::Status Namespace::setMaster(std::string_view name, std::string_view bridgeName) {
    Device* port = device(name);
    if (port == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    if (port->master != nullptr) std::erase(port->master->ports, port);
    port->master = nullptr;
    if (!bridgeName.empty()) {
        Device* bridge = device(bridgeName);
        if (bridge == nullptr || bridge->kind != DeviceKind::Bridge)
            return netError(EOPNOTSUPP, "Operation not supported");
        port->master = bridge;
        bridge->ports.push_back(port);
    }
    fabric_.changed();
    return base::okStatus();
}

void Namespace::connectedRoute(Device& device, const base::IpPrefix& prefix, bool add) {
    if (device.kind == DeviceKind::Loopback || !prefix.address.isV4() || prefix.length == 32) return;
    Route route;
    route.destination = {prefix.network(), prefix.length};
    route.device = device.name;
    route.protocol = "kernel";
    route.scope = "link";
    route.source = prefix.address;
    std::erase_if(routes_, [&](const Route& have) {
        return have.protocol == "kernel" && have.device == route.device &&
               have.destination == route.destination && have.source == route.source;
    });
    if (add) routes_.push_back(route);
}

base::Status Namespace::addAddress(std::string_view name, base::IpPrefix prefix) {
    Device* found = device(name);
    if (found == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    for (const DeviceAddress& own : found->addresses)
        if (own.prefix == prefix) return netError(EEXIST, "File exists");
    DeviceAddress own;
    own.prefix = prefix;
    own.label = found->name;
    if (prefix.address.isLoopback()) own.scope = "host";
    for (const DeviceAddress& other : found->addresses)
        own.secondary |= other.prefix.length == prefix.length && other.prefix.network() == prefix.network();
    found->addresses.push_back(own);
    if (found->up && !own.secondary) connectedRoute(*found, prefix, true);
    refreshLocals();
    fabric_.changed();
    return base::okStatus();
}

base::Status Namespace::removeAddress(std::string_view name, base::IpPrefix prefix) {
    Device* found = device(name);
    if (found == nullptr) return netError(ENODEV, "Cannot find device \"" + std::string(name) + "\"");
    const auto gone = std::erase_if(found->addresses, [&](const DeviceAddress& own) { return own.prefix == prefix; });
    if (gone == 0) return netError(EADDRNOTAVAIL, "Cannot assign requested address");
    connectedRoute(*found, prefix, false);
    std::erase_if(routes_, [&](const Route& route) { return route.source == prefix.address; });
    refreshLocals();
    fabric_.changed();
    return base::okStatus();
}

void Namespace::refreshLocals() {
    locals_.clear();
    for (const auto& device : devices_)
        if (device->up)
            for (const DeviceAddress& own : device->addresses) locals_.push_back(own.prefix);
}

bool Namespace::isLocal(const base::IpAddress& address) const {
    for (const base::IpPrefix& own : locals_) {
        if (own.address == address) return true;
        // The whole of 127.0.0.0/8 is local.
        if (own.address.isLoopback() && own.contains(address)) return true;
    }
    return false;
}

bool Namespace::isBroadcast(const base::IpAddress& address) const {
    for (const base::IpPrefix& own : locals_) {
        if (own.length >= 31 || !own.address.isV4() || own.address.isLoopback()) continue;
        const std::uint32_t host = ~std::uint32_t{0} >> own.length;
        if ((own.address.v4Bits() | host) == address.v4Bits()) return true;
    }
    return false;
}

base::Status Namespace::addRoute(Route route) {
    if (route.kind == RouteKind::Unicast) {
        if (route.via && !route.onlink) {
            // The gateway must be on a connected network.
            Device* through = nullptr;
            for (const Route& have : routes_)
                if (!have.via && have.scope == "link" && have.destination.contains(*route.via) &&
                    (route.device.empty() || have.device == route.device))
                    through = device(have.device);
            if (through == nullptr) return netError(ENETUNREACH, "Nexthop has invalid gateway.");
            if (route.device.empty()) route.device = through->name;
        }
        Device* out = device(route.device);
        if (out == nullptr)
            return netError(ENODEV, "Cannot find device \"" + route.device + "\"");
        if (!out->up) return netError(ENETDOWN, "Device for nexthop is not up.");
        if (!route.via && route.scope == "global") route.scope = "link";
    }
    for (const Route& have : routes_)
        if (have.destination == route.destination && have.metric == route.metric && have.table == route.table)
            return netError(EEXIST, "File exists");
    routes_.push_back(std::move(route));
    fabric_.changed();
    return base::okStatus();
}

base::Status Namespace::removeRoute(const Route& pattern) {
    for (auto it = routes_.begin(); it != routes_.end(); ++it) {
        if (!(it->destination == pattern.destination) || it->table != pattern.table) continue;
        if (pattern.via && it->via != pattern.via) continue;
        if (!pattern.device.empty() && it->device != pattern.device) continue;
        routes_.erase(it);
        fabric_.changed();
        return base::okStatus();
    }
    return netError(ESRCH, "No such process");
}

RouteDecision Namespace::route(const base::IpAddress& to, const base::IpAddress& from,
                               std::uint32_t mark) const {
    RouteDecision decision;
    if (isLocal(to)) {
        decision.kind = RouteDecision::Kind::Local;
        decision.device = device("lo");
        decision.nextHop = to;
        decision.source = to;
        if (to.isLoopback()) decision.source = base::IpAddress::v4(0x7f000001);
        return decision;
    }
    for (const PolicyRule& rule : policyRules_) {
        if (rule.table == 255) continue;
        if (rule.from && !rule.from->contains(from)) continue;
        if (rule.to && !rule.to->contains(to)) continue;
        if (rule.mark && *rule.mark != mark) continue;
        const Route* best = nullptr;
        for (const Route& have : routes_) {
            if (have.table != rule.table || !have.destination.contains(to)) continue;
            if (have.kind == RouteKind::Unicast) {
                const Device* out = device(have.device);
                if (out == nullptr || !out->up) continue;
            }
            if (best == nullptr || have.destination.length > best->destination.length ||
                (have.destination.length == best->destination.length && have.metric < best->metric))
                best = &have;
        }
        if (best == nullptr) continue;
        decision.route = best;
        if (best->kind != RouteKind::Unicast) {
            decision.kind = best->kind == RouteKind::Blackhole     ? RouteDecision::Kind::Blackhole
                            : best->kind == RouteKind::Prohibit ? RouteDecision::Kind::Prohibit
                                                                : RouteDecision::Kind::Unreachable;
            return decision;
        }
        decision.kind = RouteDecision::Kind::Forward;
        decision.device = device(best->device);
        decision.nextHop = best->via ? *best->via : to;
        if (best->source) decision.source = *best->source;
        else
            for (const DeviceAddress& own : decision.device->addresses) {
                if (decision.source == base::IpAddress()) decision.source = own.prefix.address;
                if (own.prefix.contains(decision.nextHop)) {
                    decision.source = own.prefix.address;
                    break;
                }
            }
        return decision;
    }
    return decision;
}

std::string Namespace::sysctl(std::string_view name) const {
    const auto found = sysctls_.find(name);
    if (found != sysctls_.end()) return found->second;
    for (const auto& [key, value] : kSysctlDefaults)
        if (name == key) return value;
    return {};
}

void Namespace::setSysctl(std::string_view name, std::string value) {
    // The two names of forwarding are one switch.
    if (name == "net.ipv4.ip_forward") sysctls_["net.ipv4.conf.all.forwarding"] = value;
    if (name == "net.ipv4.conf.all.forwarding") sysctls_["net.ipv4.ip_forward"] = value;
    sysctls_[std::string(name)] = std::move(value);
    refreshSwitches();
    fabric_.changed();
}

std::vector<std::pair<std::string, std::string>> Namespace::sysctls() const {
    std::map<std::string, std::string, std::less<>> all = sysctls_;
    for (const auto& [key, value] : kSysctlDefaults) all.emplace(key, value);
    return {all.begin(), all.end()};
}

void Namespace::refreshSwitches() {
    switches_.forward = sysctl("net.ipv4.ip_forward") == "1";
    switches_.bridgeCallsIptables = sysctl("net.bridge.bridge-nf-call-iptables") == "1";
    switches_.routeLocalnet = sysctl("net.ipv4.conf.all.route_localnet") == "1";
    switches_.tcpLiberal = sysctl("net.netfilter.nf_conntrack_tcp_be_liberal") == "1";
}

void Namespace::rememberNeighbour(const base::IpAddress& address, const Device& device,
                                  std::string_view mac) {
    auto& entry = neighbours_[{address, device.name}];
    entry.address = address;
    entry.device = device.name;
    entry.mac = std::string(mac);
    entry.state = mac.empty() ? "FAILED" : "REACHABLE";
}

std::vector<Namespace::Neighbour> Namespace::neighbours() const {
    std::vector<Neighbour> out;
    for (const auto& [key, entry] : neighbours_) out.push_back(entry);
    return out;
}

std::uint16_t Namespace::ephemeralPort(std::uint8_t protocol) {
    constexpr std::uint16_t kLow = 32768, kHigh = 60999;
    if (nextPort_ == 0)
        nextPort_ = static_cast<std::uint16_t>(
            fabric_.kernel().random("network/ephemeral-port").between(kLow, kHigh));
    for (int tries = 0; tries < kHigh - kLow; ++tries) {
        nextPort_ = nextPort_ >= kHigh ? kLow : static_cast<std::uint16_t>(nextPort_ + 1);
        if (!sockets_->portTaken(protocol, nextPort_)) break;
    }
    return nextPort_;
}

Namespace* namespaceOf(ports::NetStack& stack) { return dynamic_cast<Namespace*>(&stack); }

} // namespace network
