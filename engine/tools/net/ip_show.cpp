#include "tools/net/ip_show.h"

#include "base/strings.h"
#include "tools/net/support.h"

#include <algorithm>

namespace tools::net {
namespace {

using network::Device;
using network::DeviceKind;

std::string flagsOf(const Device& device, bool linkMode) {
    (void)linkMode;
    std::vector<std::string> flags;
    if (device.kind == DeviceKind::Loopback) flags.push_back("LOOPBACK");
    if (device.up && !device.running()) flags.push_back("NO-CARRIER");
    if (device.kind != DeviceKind::Loopback) {
        flags.push_back("BROADCAST");
        flags.push_back("MULTICAST");
    }
    if (device.up) flags.push_back("UP");
    if (device.up && device.running()) flags.push_back("LOWER_UP");
    if (device.kind == DeviceKind::Veth && device.peer && !device.peer->up) flags.push_back("M-DOWN");
    return "<" + base::join(flags, ",") + ">";
}

std::string stateOf(const Device& device) {
    if (device.kind == DeviceKind::Loopback) return device.up ? "UNKNOWN" : "DOWN";
    if (!device.up) return "DOWN";
    return device.running() ? "UP" : device.kind == DeviceKind::Veth ? "LOWERLAYERDOWN" : "DOWN";
}

std::string broadcastOf(const network::DeviceAddress& own, const Device& device) {
    // Set by who adds the address: the CNI plugins do, a plain `ip addr add` does not.
    if (device.kind == DeviceKind::Loopback || own.prefix.length >= 31 || device.master != nullptr) return {};
    const bool pod = device.kind == DeviceKind::Bridge || own.prefix.address.v4Bits() >> 24 == 10;
    if (!pod) return {};
    const std::uint32_t host = ~std::uint32_t{0} >> own.prefix.length;
    return " brd " + base::IpAddress::v4(own.prefix.address.v4Bits() | host).text();
}

std::string addressLine(const network::DeviceAddress& own, const Device& device) {
    return "inet " + own.prefix.text() + broadcastOf(own, device) + " scope " + own.scope + (own.secondary ? " secondary" : "") + " " + device.name;
}

} // namespace

std::string linkedName(const Device& device, bool busybox) {
    if (device.kind != DeviceKind::Veth || device.peer == nullptr) return device.name;
    if (device.peer->home == device.home) return device.name + "@" + device.peer->name;
    (void)busybox;
    return device.name + "@if" + std::to_string(device.peer->index);
}

std::string linkHead(const Device& device, bool linkMode, bool busybox) {
    const bool podEnd = device.kind == DeviceKind::Veth && (device.master != nullptr || (device.name == "eth0" && device.peer && device.peer->name.rfind("veth", 0) == 0));
    std::string out = std::to_string(device.index) + ": " + linkedName(device, busybox) + ": " + flagsOf(device, linkMode) + " mtu " + std::to_string(device.mtu) +
                      " qdisc " + (device.up ? "noqueue" : "noop");
    if (device.master != nullptr && !busybox) out += " master " + device.master->name;
    if (busybox) return out + (podEnd ? " " : " qlen 1000") + "\n";
    out += " state " + stateOf(device) + (linkMode ? " mode DEFAULT" : "") + " group default" + (podEnd ? " " : " qlen 1000");
    return out + "\n";
}

std::string showLinks(const network::Namespace& space, const ShowOptions& options, bool addresses) {
    std::string out;
    for (const auto& device : space.devices()) {
        if (!options.device.empty() && device->name != options.device) continue;
        if (options.type == "veth" && device->kind != DeviceKind::Veth) continue;
        if (options.type == "bridge" && device->kind != DeviceKind::Bridge) continue;
        if (options.upOnly && !device->up) continue;
        if (options.brief) {
            out += padRight(linkedName(*device, false), 16) + " " + padRight(stateOf(*device), 14) + " ";
            if (addresses) {
                for (const auto& own : device->addresses) out += own.prefix.text() + " ";
                out += "\n";
            } else {
                out += device->mac + " " + flagsOf(*device, true) + " \n";
            }
            continue;
        }
        if (options.only4 && addresses && device->addresses.empty()) continue;
        if (options.oneLine && addresses) {
            for (const auto& own : device->addresses)
                out += std::to_string(device->index) + ": " + device->name + "    " + addressLine(own, *device) + "\\       valid_lft forever preferred_lft forever\n";
            continue;
        }
        std::string head = linkHead(*device, !addresses, options.busybox);
        if (!(addresses && options.only4)) {
            head += std::string("    link/") + (device->kind == DeviceKind::Loopback ? "loopback " : "ether ") + device->mac + " brd " +
                    (device->kind == DeviceKind::Loopback ? "00:00:00:00:00:00" : "ff:ff:ff:ff:ff:ff");
            if (device->kind == DeviceKind::Veth && device->peer && device->peer->home != device->home && !options.busybox)
                head += " link-netnsid " + std::to_string(device->master ? device->index - 4 < 0 ? 0 : device->index - 4 : 0);
            head += "\n";
        }
        if (options.oneLine) head = base::replaceAll(head.substr(0, head.size() - 1), "\n", "\\") + "\n";
        out += head;
        if (addresses && !options.only6)
            for (const auto& own : device->addresses)
                out += "    " + addressLine(own, *device) + "\n       valid_lft forever preferred_lft forever\n";
        if (options.statistics) {
            const auto& c = device->counters;
            const auto row = [](std::uint64_t bytes, std::uint64_t packets) {
                return "    " + padLeft(std::to_string(bytes), 10) + " " + padLeft(std::to_string(packets), 7) + "      0       0       0       0 \n";
            };
            out += "    RX:  bytes packets errors dropped  missed   mcast           \n" + row(c.receivedBytes, c.receivedPackets);
            out += "    TX:  bytes packets errors dropped carrier collsns           \n" + row(c.sentBytes, c.sentPackets);
        }
    }
    return out;
}

std::string routeText(const network::Route& route, bool busybox, bool withTable) {
    std::string out;
    if (route.kind == network::RouteKind::Blackhole) out = "blackhole ";
    if (route.kind == network::RouteKind::Unreachable) out = "unreachable ";
    if (route.kind == network::RouteKind::Prohibit) out = "prohibit ";
    if (route.destination.length == 0) out += "default ";
    else if (route.destination.length == 32) out += route.destination.address.text() + " ";
    else out += route.destination.text() + " ";
    if (route.via) out += "via " + route.via->text() + " ";
    if (!route.device.empty()) out += "dev " + route.device + " ";
    if (withTable && route.table != 254) out += "table " + std::to_string(route.table) + " ";
    if (route.protocol != "boot" && !busybox) out += "proto " + route.protocol + " ";
    if (route.scope != "global") out += "scope " + route.scope + " ";
    if (route.source) out += std::string(busybox ? " " : "") + "src " + route.source->text() + " ";
    if (route.metric) out += "metric " + std::to_string(route.metric) + " ";
    if (route.onlink) out += "onlink ";
    return out + "\n";
}

std::string showRoutes(const network::Namespace& space, int table, bool all, bool busybox, const std::string& selector) {
    std::vector<network::Route> routes;
    for (const network::Route& route : space.routes())
        if (all || route.table == table) routes.push_back(route);
    std::stable_sort(routes.begin(), routes.end(), [](const network::Route& a, const network::Route& b) {
        if ((a.destination.length == 0) != (b.destination.length == 0)) return a.destination.length == 0;
        if (a.destination.address != b.destination.address) return a.destination.address < b.destination.address;
        if (a.destination.length != b.destination.length) return a.destination.length > b.destination.length;
        return a.metric < b.metric;
    });
    std::string out;
    for (const network::Route& route : routes) {
        if (selector == "default" && route.destination.length != 0) continue;
        if (!selector.empty() && selector != "default" && route.device != selector && route.destination.text() != selector) continue;
        out += routeText(route, busybox, all);
    }
    if (!all || !selector.empty()) return out;
    std::vector<std::pair<std::uint32_t, std::string>> locals;
    for (const auto& device : space.devices())
        for (const auto& own : device->addresses) {
            if (!device->up) continue;
            const std::uint32_t address = own.prefix.address.v4Bits();
            const std::string source = own.prefix.address.text();
            if (device->kind == DeviceKind::Loopback)
                locals.push_back({address & 0xff000000, "local 127.0.0.0/8 dev lo table local proto kernel scope host src " + source + " \n"});
            locals.push_back({address, "local " + source + " dev " + device->name + " table local proto kernel scope host src " + source + " \n"});
            const std::uint32_t last = address | (own.prefix.length >= 31 ? 0 : ~std::uint32_t{0} >> own.prefix.length);
            locals.push_back({last, "broadcast " + base::IpAddress::v4(last).text() + " dev " + device->name + " table local proto kernel scope link src " + source + " \n"});
        }
    std::stable_sort(locals.begin(), locals.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (const auto& [address, line] : locals) out += line;
    return out;
}

std::string showNeighbours(const network::Namespace& space, bool brief, const std::string& device) {
    std::string out;
    for (const auto& entry : space.neighbours()) {
        if (!device.empty() && entry.device != device && entry.address.text() != device) continue;
        if (brief) {
            out += padRight(entry.address.text(), 39) + " " + padRight(entry.device, 16) + " " + entry.mac + "\n";
            continue;
        }
        out += entry.address.text() + " dev " + entry.device + " " + (entry.mac.empty() ? "" : "lladdr " + entry.mac + " ") + entry.state + " \n";
    }
    return out;
}

std::string showRules(network::Namespace& space) {
    std::string out;
    const auto tableText = [](int table) { return table == 255 ? std::string("local") : table == 254 ? "main" : table == 253 ? "default" : std::to_string(table); };
    for (const network::PolicyRule& rule : space.policyRules()) {
        out += std::to_string(rule.priority) + ":\tfrom " + (rule.from ? rule.from->length == 32 ? rule.from->address.text() : rule.from->text() : "all");
        if (rule.to) out += " to " + (rule.to->length == 32 ? rule.to->address.text() : rule.to->text());
        if (rule.mark) {
            char text[16];
            std::snprintf(text, sizeof text, "0x%x", *rule.mark);
            out += std::string(" fwmark ") + text;
        }
        out += " lookup " + tableText(rule.table) + "\n";
    }
    return out;
}

} // namespace tools::net
