#pragma once
// One network namespace: interfaces, addresses, routes, neighbours, sysctls, netfilter, conntrack
// and sockets. Programs see it as a `ports::NetStack`; the tools ip, ss, iptables and conntrack and
// the CNI plugin use the rest.

#include "network/fabric/device.h"
#include "network/fabric/route.h"
#include "network/forward.h"
#include "ports/network.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace network {

class SocketTable;

struct RouteDecision {
    enum class Kind : std::uint8_t { Local, Forward, Unreachable, Blackhole, Prohibit };
    Kind kind = Kind::Unreachable;
    Device* device = nullptr;
    base::IpAddress nextHop;
    base::IpAddress source; // preferred source address
    const Route* route = nullptr;
};

class Namespace final : public ports::NetStack, public std::enable_shared_from_this<Namespace> {
public:
    Namespace(Fabric& fabric, std::string name, std::uint64_t order);
    ~Namespace() override;

    Fabric& fabric() { return fabric_; }
    const std::string& name() const { return name_; }
    std::uint64_t order() const { return order_; }
    bool alive() const { return alive_; }
    // A machine that is switched off or a removed pod: sockets vanish without a word, nothing answers.
    void shutDown();
    void powerOn() { alive_ = true; }

    // ports::NetStack
    sim::Task<base::Result<ports::ConnectionPtr>> connect(base::Endpoint to,
                                                          ports::ConnectOptions options) override;
    base::Result<ports::ListenerPtr> listen(base::Endpoint at, ports::ListenOptions options) override;
    base::Result<ports::ListenerPtr> listenUdp(base::Endpoint at,
                                               std::shared_ptr<ports::DatagramHandler> handler,
                                               std::string process) override;
    sim::Task<base::Result<ports::Datagram>> exchangeUdp(base::Endpoint to, std::string bytes,
                                                         sim::Duration timeout) override;
    sim::Task<base::Result<sim::Duration>> ping(base::IpAddress to, int ttl,
                                                sim::Duration timeout) override;
    std::vector<base::IpPrefix> addresses() const override;

    // What a probe (ping, traceroute) heard: an echo, an ICMP error and its sender, or nothing.
    struct Heard {
        int error = 0;           // errno when it could not even be sent
        bool echo = false;       // echo reply, or for UDP probes: port unreachable from the target
        std::uint8_t type = 0, code = 0;
        base::IpAddress from;
        sim::Duration time = 0;
        int ttl = 64;            // of the answer when it arrived
        bool answered = false;
    };
    // `port` 0: ICMP echo; else a UDP datagram to that port.
    sim::Task<Heard> probe(base::IpAddress to, std::uint16_t port, int ttl, sim::Duration timeout,
                           std::uint32_t bytes = 84, base::IpAddress source = {});

    // Interfaces. Names are unique in the namespace ("File exists").
    base::Result<Device*> addDevice(std::string name, DeviceKind kind);
    // Makes both ends; the second one appears in `other` (may be this namespace).
    base::Result<Device*> addVeth(std::string name, Namespace& other, std::string peerName);
    base::Status removeDevice(std::string_view name); // a veth takes its peer with it
    base::Status moveDevice(std::string_view name, Namespace& other, std::string newName = {});
    Device* device(std::string_view name) const;
    const std::vector<std::unique_ptr<Device>>& devices() const { return devices_; }
    base::Status setUp(std::string_view name, bool up);
    base::Status setMaster(std::string_view name, std::string_view bridge); // empty: none
    base::Status addAddress(std::string_view device, base::IpPrefix prefix);
    base::Status removeAddress(std::string_view device, base::IpPrefix prefix);
    bool isLocal(const base::IpAddress& address) const;
    bool isBroadcast(const base::IpAddress& address) const;

    // Routes, rules.
    base::Status addRoute(Route route); // "File exists", "Nexthop has invalid gateway."
    base::Status removeRoute(const Route& pattern);
    const std::vector<Route>& routes() const { return routes_; }
    std::vector<PolicyRule>& policyRules() { return policyRules_; }
    RouteDecision route(const base::IpAddress& to, const base::IpAddress& from,
                        std::uint32_t mark) const;

    // net.* sysctls, by dotted name. Unset ones read as the kernel's default.
    std::string sysctl(std::string_view name) const;
    void setSysctl(std::string_view name, std::string value);
    std::vector<std::pair<std::string, std::string>> sysctls() const;
    struct Switches {
        bool forward = false, bridgeCallsIptables = false, routeLocalnet = false, tcpLiberal = false;
    };
    const Switches& switches() const { return switches_; }

    netfilter::RuleSet& rules() { return *rules_; }
    const netfilter::RuleSet& rules() const { return *rules_; }
    netfilter::ConnectionTable& conntrack() { return *conntrack_; }
    SocketTable& sockets() { return *sockets_; }

    // Neighbours that were resolved, for `ip neigh`.
    struct Neighbour {
        base::IpAddress address;
        std::string device, mac, state;
    };
    void rememberNeighbour(const base::IpAddress& address, const Device& device,
                           std::string_view mac);
    void forgetNeighbours() { neighbours_.clear(); }
    std::vector<Neighbour> neighbours() const;

private:
    std::uint16_t ephemeralPort(std::uint8_t protocol);
    void connectedRoute(Device& device, const base::IpPrefix& prefix, bool add);
    void refreshSwitches();
    void refreshLocals();

    Fabric& fabric_;
    std::string name_;
    std::uint64_t order_;
    bool alive_ = true;
    std::vector<std::unique_ptr<Device>> devices_;
    std::vector<Route> routes_;
    std::vector<PolicyRule> policyRules_;
    std::vector<base::IpPrefix> locals_; // addresses of all devices that are up
    std::map<std::string, std::string, std::less<>> sysctls_;
    Switches switches_;
    std::uint16_t nextPort_ = 0;
    std::unique_ptr<netfilter::RuleSet> rules_;
    std::unique_ptr<netfilter::ConnectionTable> conntrack_;
    std::unique_ptr<SocketTable> sockets_;
    std::map<std::pair<base::IpAddress, std::string>, Neighbour> neighbours_;
};

// The namespace of a program, or null when its stack is not one of ours.
Namespace* namespaceOf(ports::NetStack& stack);

} // namespace network
