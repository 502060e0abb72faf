#pragma once
// Network interfaces. A bridge's ports name it as their master; the two ends of a veth pair name
// each other as peer.

#include "base/ip.h"
#include "network/forward.h"

#include <cstdint>
#include <string>
#include <vector>

namespace network {

enum class DeviceKind : std::uint8_t { Loopback, Veth, Bridge, Dummy };

struct DeviceAddress {
    base::IpPrefix prefix;
    std::string scope = "global"; // global, link, host
    std::string label;            // IPv4: the device's name
    bool secondary = false;
};

struct DeviceCounters {
    std::uint64_t receivedPackets = 0, receivedBytes = 0, sentPackets = 0, sentBytes = 0;
};

struct Device {
    int index = 0; // unique inside the namespace
    std::string name;
    DeviceKind kind = DeviceKind::Dummy;
    bool up = false;
    bool promiscuous = false;
    bool hairpin = false; // bridge port: frames may leave by the port they came in
    int mtu = 1500;
    std::string mac; // "02:42:..."
    std::vector<DeviceAddress> addresses;
    Device* peer = nullptr;
    Device* master = nullptr;
    std::vector<Device*> ports; // of a bridge
    Namespace* home = nullptr;
    std::string peerNamespaceId; // shown as link-netnsid
    DeviceCounters counters;

    // Up, and so is what it is plugged into.
    bool running() const;
};

} // namespace network
