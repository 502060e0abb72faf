#pragma once
// The wires between all network namespaces of one cluster. Hosts hang on one underlay segment (a
// bridge in the namespace `outside()`, which is also the hosts' default gateway and where clients
// from outside the cluster live). Packets are walked hop by hop at one instant of virtual time; see
// fabric/walk.h.

#include "base/ip.h"
#include "base/result.h"
#include "document/value.h"
#include "network/forward.h"
#include "sim/kernel.h"

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace network {

class Fabric {
public:
    // `underlay`: the gateway's address with the segment's prefix length.
    explicit Fabric(sim::Kernel& kernel, base::IpPrefix underlay = defaultUnderlay());
    ~Fabric();
    Fabric(const Fabric&) = delete;
    Fabric& operator=(const Fabric&) = delete;

    sim::Kernel& kernel() { return kernel_; }
    // A machine's namespace: lo, eth0 on the underlay, default route through the gateway.
    NamespacePtr createHost(std::string name, base::IpPrefix address);
    // An empty one (lo only), for a pod or `ip netns add`.
    NamespacePtr createNamespace(std::string name);
    NamespacePtr find(std::string_view name) const; // null when there is none
    std::vector<NamespacePtr> namespaces() const;   // in order of creation
    Namespace& outside() { return *outside_; }
    // Closes the sockets, removes the devices and forgets the namespace.
    void destroy(Namespace& dying);

    // One connection attempt without sending it and without changing counters or conntrack:
    // {result, server, hops:[{where, device, chain, rule, verdict, before, after}]}.
    // `protocol`: "tcp", "udp" or "icmp".
    document::Value walk(Namespace& from, base::Endpoint to, std::string_view protocol);
    // The last walks that programs made, newest first; each also has {at, program}.
    std::vector<document::Value> recentWalks(std::size_t limit) const;
    void keepWalk(document::Value walk);
    // Walks of every connect are recorded only while somebody looks at them: recording costs time.
    void setRecording(bool on) { recording_ = on; }
    bool recording() const { return recording_; }

    // Grows with every change of devices, addresses, routes, rules or sysctls anywhere.
    std::uint64_t generation() const { return generation_; }
    void changed() { ++generation_; }
    // Interface indexes and hardware addresses are unique over the fabric.
    int nextDeviceIndex() { return ++deviceIndex_; }
    std::string newMac();
    // The interface that answers for an address on the segment that a device hangs on; null when
    // nobody does.
    Device* neighbour(const Device& from, const base::IpAddress& address) const;

    static base::IpPrefix defaultUnderlay(); // 172.30.0.1/24

private:
    sim::Kernel& kernel_;
    std::uint64_t generation_ = 1;
    std::uint64_t created_ = 0;
    int deviceIndex_ = 0;
    bool recording_ = false;
    std::map<std::uint64_t, NamespacePtr> namespaces_; // by order of creation
    NamespacePtr outside_;
    std::deque<document::Value> walks_;
};

} // namespace network
