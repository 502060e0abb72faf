// ip(8) of iproute2 6.1 and of busybox: objects addr, link, route, neigh, rule. Texts as recorded.
#include "tools/net/ip_show.h"
#include "tools/net/support.h"

#include "base/strings.h"
#include "network/fabric/fabric.h"

#include <algorithm>
#include <cerrno>

namespace tools::net {
namespace {

using network::Device;
using network::DeviceKind;
using network::Namespace;
using network::Route;
using network::RouteKind;

struct Answer {
    std::string out, error;
    int code = 0;
};

Answer failed(std::string text, int code) { return {"", text + "\n", code}; }
// What the kernel refuses comes as "RTNETLINK answers: ..." or, with a text of its own, "Error: ...".
Answer kernelSays(const base::Error& error) {
    const std::string& m = error.message;
    if (m.rfind("Nexthop", 0) == 0 || m.rfind("Device for nexthop", 0) == 0) return failed("Error: " + m, 2);
    if (m.rfind("Cannot find device", 0) == 0) return failed(m, 1);
    return failed("RTNETLINK answers: " + m, 2);
}

struct Words {
    std::vector<std::string> list;
    std::size_t at = 0;
    bool done() const { return at >= list.size(); }
    std::string next() { return done() ? std::string() : list[at++]; }
    bool take(std::string_view word) {
        if (done() || list[at] != word) return false;
        ++at;
        return true;
    }
};

// Commands may be shortened: "a", "addr", "address".
bool shortOf(const std::string& word, std::string_view full) { return !word.empty() && full.substr(0, word.size()) == word; }

std::optional<base::IpPrefix> readPrefix(const std::string& text) {
    if (text == "default" || text == "all") return base::IpPrefix{base::IpAddress::v4(0), 0};
    return base::IpPrefix::parse(text.find('/') == std::string::npos ? text + "/32" : text);
}

Answer needsRoot() { return failed("RTNETLINK answers: Operation not permitted", 2); }

Answer showAddresses(Namespace& space, ShowOptions options, Words& words, bool addresses) {
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "dev") options.device = words.next();
        else if (word == "type") options.type = words.next();
        else if (word == "up") options.upOnly = true;
        else if (word == "master" || word == "scope" || word == "label") (void)words.next();
        else options.device = word;
    }
    if (!options.device.empty() && space.device(options.device) == nullptr)
        return failed(options.busybox ? "ip: can't find device '" + options.device + "'" : "Device \"" + options.device + "\" does not exist.", 1);
    if (options.only6) return {};
    return {showLinks(space, options, addresses), "", 0};
}

Answer address(Namespace& space, const ShowOptions& options, Words& words, bool root) {
    const std::string verb = words.done() ? "show" : words.next();
    if (shortOf(verb, "show") || verb == "list" || verb == "ls" || verb == "lst") return showAddresses(space, options, words, true);
    const bool add = shortOf(verb, "add") || verb == "replace" || verb == "change", remove = shortOf(verb, "delete");
    if (verb == "flush") {
        std::string device = words.take("dev") ? words.next() : words.next();
        if (!root) return needsRoot();
        Device* found = space.device(device);
        if (found == nullptr) return failed("Cannot find device \"" + device + "\"", 1);
        const auto own = found->addresses;
        for (const auto& entry : own) (void)space.removeAddress(device, entry.prefix);
        return {};
    }
    if (!add && !remove) return failed("Command \"" + verb + "\" is unknown, try \"ip address help\".", 255);
    std::string text, device;
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "dev") device = words.next();
        else if (word == "brd" || word == "broadcast" || word == "scope" || word == "label") (void)words.next();
        else text = word;
    }
    const auto prefix = readPrefix(text);
    if (!prefix) return failed("Error: any valid prefix is expected rather than \"" + text + "\".", 1);
    if (device.empty()) return failed("Not enough information: \"dev\" argument is required.", 255);
    if (space.device(device) == nullptr) return failed("Cannot find device \"" + device + "\"", 1);
    if (!root) return needsRoot();
    const base::Status done = add ? space.addAddress(device, *prefix) : space.removeAddress(device, *prefix);
    if (!done.ok() && !(verb == "replace" && done.error().code == EEXIST)) return kernelSays(done.error());
    return {};
}

Answer linkSet(Namespace& space, Words& words, bool root) {
    std::string device = words.take("dev") ? words.next() : words.next();
    Device* found = space.device(device);
    if (found == nullptr) return failed("Cannot find device \"" + device + "\"", 1);
    if (!root) return needsRoot();
    while (!words.done()) {
        const std::string word = words.next();
        base::Status done = base::okStatus();
        if (word == "up" || word == "down") done = space.setUp(device, word == "up");
        else if (word == "mtu") found->mtu = static_cast<int>(base::parseInt(words.next()).value_or(found->mtu));
        else if (word == "address") found->mac = words.next();
        else if (word == "master") {
            const std::string bridge = words.next();
            if (space.device(bridge) == nullptr) return failed("Error: argument \"" + bridge + "\" is wrong: Device does not exist\n", 255);
            done = space.setMaster(device, bridge);
        } else if (word == "nomaster") done = space.setMaster(device, "");
        else if (word == "name") {
            const std::string name = words.next();
            if (found->up) return failed("RTNETLINK answers: Device or resource busy", 2);
            if (space.device(name)) return failed("RTNETLINK answers: File exists", 2);
            found->name = name;
            device = name;
        } else if (word == "netns") {
            const std::string target = words.next();
            const auto other = space.fabric().find(target);
            if (!other) return failed("Error: argument \"" + target + "\" is wrong: Invalid \"netns\" value\n", 255);
            done = space.moveDevice(device, *other);
            return done.ok() ? Answer{} : kernelSays(done.error());
        } else if (word == "promisc" || word == "arp" || word == "multicast" || word == "type") (void)words.next();
        else if (word == "dev") continue;
        else return failed("Error: either \"dev\" is duplicate, or \"" + word + "\" is a garbage.", 255);
        if (!done.ok()) return kernelSays(done.error());
    }
    return {};
}

Answer link(Namespace& space, const ShowOptions& options, Words& words, bool root) {
    const std::string verb = words.done() ? "show" : words.next();
    if (shortOf(verb, "show") || verb == "list" || verb == "ls") return showAddresses(space, options, words, false);
    if (shortOf(verb, "set")) return linkSet(space, words, root);
    if (shortOf(verb, "delete")) {
        std::string device = words.take("dev") ? words.next() : words.next();
        if (space.device(device) == nullptr) return failed("Cannot find device \"" + device + "\"", 1);
        if (!root) return needsRoot();
        const base::Status done = space.removeDevice(device);
        return done.ok() ? Answer{} : kernelSays(done.error());
    }
    if (!shortOf(verb, "add")) return failed("Command \"" + verb + "\" is unknown, try \"ip link help\".", 255);
    std::string name, type, peer;
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "name" || word == "dev") (type.empty() ? name : peer) = words.next();
        else if (word == "type") type = words.next();
        else if (word == "peer") {
            if (words.take("name")) peer = words.next();
        } else if (name.empty()) name = word;
    }
    if (name.size() > 15) return failed("Error: argument \"" + name + "\" is wrong: \"name\" not a valid ifname", 255);
    if (!root) return needsRoot();
    base::Result<Device*> made = base::makeError("");
    if (type == "veth") made = space.addVeth(name, space, peer.empty() ? "veth" + std::to_string(space.fabric().nextDeviceIndex()) : peer);
    else if (type == "bridge") made = space.addDevice(name, DeviceKind::Bridge);
    else return failed("Error: Unknown device type.", 2);
    return made.ok() ? Answer{} : kernelSays(made.error());
}

Answer routeGet(Namespace& space, Words& words) {
    if (words.done()) return failed("need at least a destination address", 2);
    const std::string text = words.next();
    const auto prefix = readPrefix(text);
    if (!prefix) return failed("Error: any valid prefix is expected rather than \"" + text + "\".", 1);
    std::uint32_t mark = 0;
    std::string from, iif;
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "mark") mark = static_cast<std::uint32_t>(base::parseInt(words.next()).value_or(0));
        else if (word == "from") from = words.next();
        else if (word == "iif") iif = words.next();
        else if (word == "oif") {
            const std::string device = words.next();
            if (space.device(device) == nullptr) return failed("Cannot find device \"" + device + "\"", 1);
        }
    }
    const base::IpAddress to = prefix->address;
    const network::RouteDecision route = space.route(to, base::IpAddress::parse(from).value_or(base::IpAddress()), mark);
    using Kind = network::RouteDecision::Kind;
    if (route.kind == Kind::Blackhole) return failed("RTNETLINK answers: Invalid argument", 2);
    if (route.kind == Kind::Prohibit) return failed("RTNETLINK answers: Permission denied", 2);
    if (route.kind == Kind::Unreachable) return failed(route.route ? "RTNETLINK answers: No route to host" : "RTNETLINK answers: Network is unreachable", 2);
    std::string out, cache;
    if (route.kind == Kind::Local) {
        out = "local " + to.text() + " dev lo src " + route.source.text() + " ";
        cache = "<local> ";
    } else if (space.isBroadcast(to)) {
        out = "broadcast " + to.text() + " dev " + route.device->name + " src " + route.source.text() + " ";
        cache = "<local,brd> ";
    } else {
        out = to.text() + (from.empty() ? "" : " from " + from) + (route.route && route.route->via ? " via " + route.nextHop.text() : "") + " dev " + route.device->name + " ";
        if (iif.empty()) out += "src " + route.source.text() + " ";
        else cache = "iif " + iif + " ";
    }
    if (mark) out += "mark " + std::to_string(mark) + " ";
    if (iif.empty()) out += "uid 0 ";
    return {out + "\n    cache " + cache + "\n", "", 0};
}

int tableNumber(const std::string& text) {
    if (text == "main") return 254;
    if (text == "local") return 255;
    if (text == "default") return 253;
    return static_cast<int>(base::parseInt(text).value_or(254));
}

Answer route(Namespace& space, const ShowOptions& options, Words& words, bool root) {
    const std::string verb = words.done() ? "show" : words.next();
    if (verb == "get" || shortOf(verb, "get")) return routeGet(space, words);
    if (shortOf(verb, "show") || verb == "list" || verb == "ls") {
        int table = 254;
        bool all = false;
        std::string selector;
        while (!words.done()) {
            const std::string word = words.next();
            if (word == "table") {
                const std::string name = words.next();
                all = name == "all";
                table = tableNumber(name);
            } else if (word == "dev") selector = words.next();
            else if (word == "exact" || word == "root" || word == "match" || word == "via" || word == "proto" || word == "scope") (void)words.next();
            else selector = word;
        }
        if (options.only6) return {};
        return {showRoutes(space, table, all, options.busybox, selector), "", 0};
    }
    const bool add = shortOf(verb, "add") || verb == "append", replace = verb == "replace" || verb == "change", remove = shortOf(verb, "delete");
    if (verb == "flush") return failed("Error: \"ip route flush\" is not modelled in this lab.", 1);
    if (!add && !replace && !remove) return failed("Command \"" + verb + "\" is unknown, try \"ip route help\".", 255);
    Route entry;
    bool given = false;
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "via") {
            const std::string text = words.next();
            entry.via = base::IpAddress::parse(text);
            if (!entry.via) return failed("Error: inet address is expected rather than \"" + text + "\".", 1);
        } else if (word == "dev") entry.device = words.next();
        else if (word == "src") entry.source = base::IpAddress::parse(words.next());
        else if (word == "metric" || word == "preference") entry.metric = static_cast<int>(base::parseInt(words.next()).value_or(0));
        else if (word == "table") entry.table = tableNumber(words.next());
        else if (word == "proto" || word == "protocol") entry.protocol = words.next();
        else if (word == "scope") entry.scope = words.next();
        else if (word == "onlink") entry.onlink = true;
        else if (word == "mtu" || word == "advmss") (void)words.next();
        else if (word == "blackhole") entry.kind = RouteKind::Blackhole;
        else if (word == "unreachable") entry.kind = RouteKind::Unreachable;
        else if (word == "prohibit") entry.kind = RouteKind::Prohibit;
        else if (word == "to" || word == "unicast") continue;
        else {
            const auto prefix = readPrefix(word);
            if (!prefix) return failed("Error: any valid prefix is expected rather than \"" + word + "\".", 1);
            entry.destination = *prefix;
            given = true;
        }
    }
    if (!given) return failed("Error: any valid prefix is expected rather than \"\".", 1);
    if (!entry.device.empty() && space.device(entry.device) == nullptr) return failed("Cannot find device \"" + entry.device + "\"", 1);
    if (!(entry.destination.network() == entry.destination.address)) return failed("Error: Invalid prefix for given prefix length.", 2);
    if (!root) return needsRoot();
    if (remove || replace) {
        Route pattern = entry;
        if (replace) {
            pattern.via.reset();
            pattern.device.clear();
        }
        const base::Status done = space.removeRoute(pattern);
        if (remove) return done.ok() ? Answer{} : kernelSays(done.error());
    }
    const base::Status done = space.addRoute(entry);
    return done.ok() ? Answer{} : kernelSays(done.error());
}

Answer neighbour(Namespace& space, const ShowOptions& options, Words& words, bool root) {
    const std::string verb = words.done() ? "show" : words.next();
    if (verb == "flush") {
        if (!root) return needsRoot();
        space.forgetNeighbours();
        return {};
    }
    if (shortOf(verb, "add") || verb == "replace" || shortOf(verb, "delete")) return failed("Error: permanent neighbours are not modelled in this lab.", 2);
    std::string device;
    while (!words.done()) {
        const std::string word = words.next();
        device = word == "dev" ? words.next() : word;
    }
    return {showNeighbours(space, options.brief, device), "", 0};
}

Answer rule(Namespace& space, Words& words, bool root) {
    const std::string verb = words.done() ? "show" : words.next();
    if (shortOf(verb, "show") || verb == "list" || verb == "ls") return {showRules(space), "", 0};
    const bool add = shortOf(verb, "add"), remove = shortOf(verb, "delete");
    if (!add && !remove) return failed("Command \"" + verb + "\" is unknown, try \"ip rule help\".", 255);
    if (!root) return needsRoot();
    network::PolicyRule entry;
    while (!words.done()) {
        const std::string word = words.next();
        if (word == "from") {
            const std::string text = words.next();
            if (text != "all") entry.from = readPrefix(text);
        } else if (word == "to") entry.to = readPrefix(words.next());
        else if (word == "fwmark") entry.mark = static_cast<std::uint32_t>(std::strtoul(words.next().c_str(), nullptr, 0));
        else if (word == "table" || word == "lookup") entry.table = tableNumber(words.next());
        else if (word == "pref" || word == "priority" || word == "prio") entry.priority = static_cast<int>(base::parseInt(words.next()).value_or(0));
    }
    auto& rules = space.policyRules();
    if (remove) {
        for (auto it = rules.begin(); it != rules.end(); ++it)
            if (it->from == entry.from && it->to == entry.to && it->mark == entry.mark && it->table == entry.table && it->table != 255) {
                rules.erase(it);
                space.fabric().changed();
                return {};
            }
        return failed("RTNETLINK answers: No such file or directory", 2);
    }
    if (entry.priority == 0) {
        entry.priority = 32766;
        for (const auto& have : rules)
            if (have.priority > 0) entry.priority = std::min(entry.priority, have.priority);
        --entry.priority;
    }
    const auto place = std::find_if(rules.begin(), rules.end(), [&](const auto& have) { return have.priority > entry.priority; });
    rules.insert(place, entry);
    space.fabric().changed();
    return {};
}

Answer namespaces(Namespace& space, Words& words, bool root) {
    const std::string verb = words.done() ? "list" : words.next();
    if (shortOf(verb, "list") || shortOf(verb, "show")) return {};
    (void)space;
    if (!root) return failed("mkdir /run/netns failed: Permission denied", 1);
    return failed("Error: \"ip netns " + verb + "\" is not modelled in this lab.", 1);
}

constexpr const char* kUsage =
    "Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }\n       ip [ -force ] -batch filename\nwhere  OBJECT := { address | addrlabel | fou | help | ila | ioam | l2tp | link |\n"
    "                   macsec | maddress | monitor | mptcp | mroute | mrule |\n                   neighbor | neighbour | netconf | netns | nexthop | ntable |\n"
    "                   ntbl | route | rule | sr | tap | tcpmetrics |\n                   token | tunnel | tuntap | vrf | xfrm }\n"
    "       OPTIONS := { -V[ersion] | -s[tatistics] | -d[etails] | -r[esolve] |\n                    -h[uman-readable] | -iec | -j[son] | -p[retty] |\n"
    "                    -f[amily] { inet | inet6 | mpls | bridge | link } |\n                    -4 | -6 | -M | -B | -0 |\n"
    "                    -l[oops] { maximum-addr-flush-attempts } | -br[ief] |\n                    -o[neline] | -t[imestamp] | -ts[hort] | -b[atch] [filename] |\n"
    "                    -rc[vbuf] [size] | -n[etns] name | -N[umeric] | -a[ll] |\n                    -c[olor]}\n";

sim::Task<int> runIp(ports::Process& process, bool busybox) {
    Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    ShowOptions options;
    options.busybox = busybox;
    Words words;
    std::string problem;
    bool version = false;
    for (std::size_t i = 1; i < process.argv().size(); ++i) {
        const std::string& word = process.argv()[i];
        if (!words.list.empty() || word[0] != '-') {
            words.list.push_back(word);
            continue;
        }
        const std::string name = word.substr(word.rfind("--", 0) == 0 ? 2 : 1);
        if (name == "4") options.only4 = true;
        else if (name == "6") options.only6 = true;
        else if (name == "br" || name == "brief") options.brief = true;
        else if (name == "o" || name == "oneline") options.oneLine = true;
        else if (name == "s" || name == "stats" || name == "statistics") options.statistics = true;
        else if (name == "d" || name == "details") options.details = true;
        else if (name == "V" || name == "Version") version = true;
        else if (name == "j" || name == "json" || name == "p" || name == "pretty") problem = "ip: JSON output is not modelled in this lab";
        else if (name == "c" || name == "color" || name == "N" || name == "h" || name == "r") continue;
        else problem = "Option \"" + word + "\" is unknown, try \"ip -help\".";
    }
    Answer answer;
    const bool root = mayAdminister(process);
    const std::string object = words.next();
    if (version) answer.out = "ip utility, iproute2-6.1.0, libbpf 1.1.0\n";
    else if (!problem.empty()) answer = failed(problem, 255);
    else if (object.empty() || object == "help") answer = {"", kUsage, 255};
    else if (shortOf(object, "address")) answer = address(*space, options, words, root);
    else if (shortOf(object, "link")) answer = link(*space, options, words, root);
    else if (shortOf(object, "route")) answer = route(*space, options, words, root);
    else if (shortOf(object, "rule")) answer = rule(*space, words, root);
    else if (shortOf(object, "neighbour") || object == "neighbor") answer = neighbour(*space, options, words, root);
    else if (object == "netns") answer = namespaces(*space, words, root);
    else answer = failed("Object \"" + object + "\" is unknown, try \"ip help\".", 1);
    co_await process.writeOut(std::move(answer.out));
    co_await process.writeError(std::move(answer.error));
    co_return answer.code;
}

} // namespace

sim::Task<int> ipMain(ports::Process& process) { return runIp(process, false); }
sim::Task<int> busyboxIpMain(ports::Process& process) { return runIp(process, true); }

sim::Task<int> bridgeMain(ports::Process& process) {
    Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    const auto& argv = process.argv();
    const std::string object = argv.size() > 1 ? argv[1] : "";
    std::string out;
    if (shortOf(object, "link")) {
        for (const auto& device : space->devices())
            if (device->master != nullptr)
                out += std::to_string(device->index) + ": " + device->name + "@" + (device->peer ? device->peer->name : "") + ": <BROADCAST,MULTICAST,UP,LOWER_UP> mtu " +
                       std::to_string(device->mtu) + " master " + device->master->name + " state " + (device->running() ? "forwarding" : "disabled") + " priority 32 cost 2 \n";
    } else if (shortOf(object, "fdb")) {
        for (const auto& device : space->devices()) {
            if (device->kind == DeviceKind::Bridge) out += device->mac + " dev " + device->name + " master " + device->name + " permanent\n";
            if (device->master != nullptr) {
                if (device->peer) out += device->peer->mac + " dev " + device->name + " master " + device->master->name + " \n";
                out += device->mac + " dev " + device->name + " master " + device->master->name + " permanent\n";
            }
        }
    } else if (shortOf(object, "vlan")) {
        out = "port              vlan-id  \n";
    } else {
        {
            std::string outgoing = "Object \"" + object + "\" is unknown, try \"bridge help\".\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 255;
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> routeMain(ports::Process& process) {
    Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    std::string out = "Kernel IP routing table\nDestination     Gateway         Genmask         Flags Metric Ref    Use Iface\n";
    std::vector<Route> routes = space->routes();
    std::stable_sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) { return a.destination.address < b.destination.address; });
    for (const Route& entry : routes) {
        if (entry.table != 254) continue;
        const std::uint32_t mask = entry.destination.length == 0 ? 0 : ~std::uint32_t{0} << (32 - entry.destination.length);
        const std::string flags = std::string(entry.kind == RouteKind::Unicast ? "U" : "!") + (entry.via ? "G" : "") + (entry.destination.length == 32 ? "H" : "");
        out += padRight(entry.destination.address.text(), 15) + " " + padRight(entry.via ? entry.via->text() : "0.0.0.0", 15) + " " +
               padRight(base::IpAddress::v4(mask).text(), 15) + " " + padRight(flags, 5) + " " + padRight(std::to_string(entry.metric), 6) + " 0        0 " +
               (entry.device.empty() ? "*" : entry.device) + "\n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> arpMain(ports::Process& process) {
    Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    std::string out;
    for (const auto& entry : space->neighbours())
        out += "? (" + entry.address.text() + ") at " + (entry.mac.empty() ? "<incomplete>" : entry.mac + " [ether]") + "  on " + entry.device + "\n";
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> ifconfigMain(ports::Process& process) {
    Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    std::string wanted, out;
    for (std::size_t i = 1; i < process.argv().size(); ++i)
        if (process.argv()[i][0] != '-') wanted = process.argv()[i];
    if (!wanted.empty() && space->device(wanted) == nullptr) {
        {
            std::string outgoing = "ifconfig: " + wanted + ": error fetching interface information: Device not found\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    for (const auto& device : space->devices()) {
        if (!wanted.empty() && device->name != wanted) continue;
        const bool loopback = device->kind == DeviceKind::Loopback;
        out += padRight(device->name, 10) + "Link encap:" + (loopback ? "Local Loopback" : "Ethernet  HWaddr " + base::toUpper(device->mac)) + "  \n";
        for (const auto& own : device->addresses) {
            const std::uint32_t mask = own.prefix.length == 0 ? 0 : ~std::uint32_t{0} << (32 - own.prefix.length);
            const std::uint32_t broadcast = own.prefix.address.v4Bits() | ~mask;
            out += "          inet addr:" + own.prefix.address.text() + (loopback ? "" : "  Bcast:" + base::IpAddress::v4(broadcast).text()) + "  Mask:" + base::IpAddress::v4(mask).text() + "\n";
        }
        const auto& c = device->counters;
        out += std::string("          ") + (device->up ? "UP " : "") + (loopback ? "LOOPBACK" : "BROADCAST") + (device->running() ? " RUNNING" : "") + (loopback ? "" : " MULTICAST") + "  MTU:" + std::to_string(device->mtu) + "  Metric:1\n" +
               "          RX packets:" + std::to_string(c.receivedPackets) + " errors:0 dropped:0 overruns:0 frame:0\n          TX packets:" + std::to_string(c.sentPackets) +
               " errors:0 dropped:0 overruns:0 carrier:0\n          collisions:0 txqueuelen:1000 \n          RX bytes:" + std::to_string(c.receivedBytes) + " (" + decimal(static_cast<double>(c.receivedBytes) / 1024, 1) +
               " KiB)  TX bytes:" + std::to_string(c.sentBytes) + " (" + decimal(static_cast<double>(c.sentBytes) / 1024, 1) + " KiB)\n\n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

} // namespace tools::net
