#pragma once
// Routing tables and policy rules. Source: ip-route(8), ip-rule(8).

#include "base/ip.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace network {

enum class RouteKind : std::uint8_t { Unicast, Blackhole, Unreachable, Prohibit };

struct Route {
    base::IpPrefix destination; // length 0: default
    std::optional<base::IpAddress> via;
    std::string device;
    std::string protocol = "boot"; // kernel, boot, static
    std::string scope = "global";  // global, link, host
    std::optional<base::IpAddress> source;
    int metric = 0;
    int table = 254; // main
    RouteKind kind = RouteKind::Unicast;
    bool onlink = false;
};

struct PolicyRule {
    int priority = 0;
    std::optional<base::IpPrefix> from, to;
    std::optional<std::uint32_t> mark;
    int table = 254;
};

} // namespace network
