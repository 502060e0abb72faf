#pragma once
// The listings of ip(8): addr, link, route, neigh, rule.

#include "network/fabric/namespace.h"

#include <string>

namespace tools::net {

struct ShowOptions {
    bool brief = false, oneLine = false, only4 = false, only6 = false, statistics = false, details = false, busybox = false;
    std::string device; // empty: all
    std::string type;   // veth, bridge
    bool upOnly = false;
};

std::string linkHead(const network::Device& device, bool linkMode, bool busybox);
std::string showLinks(const network::Namespace& space, const ShowOptions& options, bool addresses);
std::string routeText(const network::Route& route, bool busybox, bool withTable);
std::string showRoutes(const network::Namespace& space, int table, bool all, bool busybox, const std::string& selector);
std::string showNeighbours(const network::Namespace& space, bool brief, const std::string& device);
std::string showRules(network::Namespace& space);
// "eth0@if4": the name with what it is linked to.
std::string linkedName(const network::Device& device, bool busybox);

} // namespace tools::net
