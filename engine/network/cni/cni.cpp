#include "network/cni/cni.h"

#include "base/strings.h"
#include "document/json.h"
#include "network/cni/sha512.h"
#include "network/fabric/fabric.h"
#include "network/netfilter/rule_set.h"

#include <algorithm>

namespace network::cni {
namespace {

using document::Value;
constexpr std::string_view kConfigFolder = "/etc/cni/net.d";
constexpr const char* kPluginFolders[] = {"/opt/cni/bin/", "/usr/lib/cni/"};

// Source: plugins/pkg/utils FormatChainName.
std::string chainName(std::string_view prefix, const std::string& name, const std::string& id) {
    std::string out = "CNI-" + std::string(prefix) + base::encodeHex(sha512(name + id));
    out.resize(28);
    return out;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string commentOf(const std::string& name, const std::string& id) {
    return "name: " + quoted(name) + " id: " + quoted(id);
}

// Adds the rule unless an equal one is there.
base::Status ensureRule(Namespace& host, std::string_view chain, std::vector<std::string> words, bool first = false) {
    netfilter::RuleSet& rules = host.rules();
    netfilter::Arguments arguments;
    arguments.words = std::move(words);
    BASE_TRY(auto parsed, netfilter::parseRule(netfilter::Table::Nat, chain, arguments, rules));
    if (rules.check(netfilter::Table::Nat, chain, *parsed.front()).ok()) return base::okStatus();
    if (first) return rules.insert(netfilter::Table::Nat, chain, 1, parsed.front());
    return rules.append(netfilter::Table::Nat, chain, parsed.front());
}

void ensureChain(Namespace& host, const std::string& name) {
    host.rules().touch(netfilter::Table::Nat);
    if (!host.rules().hasChain(netfilter::Table::Nat, name))
        (void)host.rules().newChain(netfilter::Table::Nat, name);
}

void removeRulesTo(Namespace& host, std::string_view chain, std::string_view target) {
    netfilter::RuleSet& rules = host.rules();
    const netfilter::Chain* found = rules.chain(netfilter::Table::Nat, chain);
    if (found == nullptr) return;
    for (std::size_t i = found->rules.size(); i > 0; --i)
        if (found->rules[i - 1]->jump == target) (void)rules.removeAt(netfilter::Table::Nat, chain, i);
}

void dropChain(Namespace& host, const std::string& name) {
    if (!host.rules().hasChain(netfilter::Table::Nat, name)) return;
    (void)host.rules().flush(netfilter::Table::Nat, name);
    (void)host.rules().removeChain(netfilter::Table::Nat, name);
}

// Source: plugins/pkg/ip SetupIPMasq.
base::Status setupMasquerade(Namespace& host, const base::IpPrefix& address, const std::string& network,
                             const std::string& id) {
    const std::string chain = chainName("", network, id), comment = commentOf(network, id);
    ensureChain(host, chain);
    const base::IpPrefix subnet{address.network(), address.length};
    BASE_CHECK(ensureRule(host, chain, {"-d", subnet.text(), "-m", "comment", "--comment", comment, "-j", "ACCEPT"}));
    BASE_CHECK(ensureRule(host, chain, {"!", "-d", "224.0.0.0/4", "-m", "comment", "--comment", comment, "-j",
                                        "MASQUERADE"}));
    return ensureRule(host, "POSTROUTING", {"-s", address.address.text(), "-m", "comment", "--comment", comment,
                                            "-j", chain});
}

// host-local: the next free address after the last one given, state in files.
// Source: plugins/ipam/host-local/backend/allocator.
class HostLocal {
public:
    HostLocal(ports::FileSystem& files, const Value& ipam, std::string network)
        : files_(files), ipam_(ipam),
          folder_(ipam.has("dataDir") ? ipam["dataDir"].text() + "/" + network : "/var/lib/cni/networks/" + network) {}

    struct Lease {
        base::IpPrefix address;
        base::IpAddress gateway;
    };

    base::Result<Lease> take(const std::string& id) {
        std::string text = ipam_["subnet"].text();
        if (text.empty()) text = ipam_["ranges"][0][0]["subnet"].text();
        if (text.empty()) return base::makeError("no IP ranges specified");
        const auto subnet = base::IpPrefix::parse(text);
        if (!subnet || !subnet->address.isV4()) return base::makeError("invalid CIDR address: " + text);
        const std::uint32_t network = subnet->network().v4Bits();
        const std::uint32_t size = subnet->length >= 31 ? 0 : (~std::uint32_t{0} >> subnet->length);
        if (size < 3) return base::makeError("invalid range set 0: Network " + text + " too small to allocate from");
        const Value& range = ipam_["ranges"][0][0];
        const auto given = base::IpAddress::parse(range["gateway"].text());
        const std::uint32_t gateway = given ? given->v4Bits() : network + 1;
        std::uint32_t low = network + 1, high = network + size - 1;
        if (const auto start = base::IpAddress::parse(range["rangeStart"].text())) low = start->v4Bits();
        if (const auto end = base::IpAddress::parse(range["rangeEnd"].text())) high = end->v4Bits();
        BASE_CHECK(files_.makeDirectories(folder_, 0755));
        std::uint32_t last = low - 1;
        if (const auto kept = files_.read(folder_ + "/last_reserved_ip.0"); kept.ok())
            if (const auto address = base::IpAddress::parse(base::trim(*kept))) last = address->v4Bits();
        std::uint32_t next = last;
        for (std::uint32_t tries = 0; tries <= high - low; ++tries) {
            next = next < low || next >= high ? low : next + 1;
            if (next == gateway) continue;
            const std::string path = folder_ + "/" + ipText(next);
            if (files_.exists(path)) continue;
            BASE_CHECK(files_.write(path, id + "\r\neth0", 0644));
            BASE_CHECK(files_.write(folder_ + "/last_reserved_ip.0", ipText(next), 0644));
            return Lease{{ipAddress(next), subnet->length}, ipAddress(gateway)};
        }
        return base::makeError("failed to allocate for range 0: no IP addresses available in range set: " +
                               ipText(low) + "-" + ipText(high));
    }

    std::vector<std::string> release(const std::string& id) {
        std::vector<std::string> freed;
        const auto entries = files_.list(folder_);
        if (!entries.ok()) return freed;
        for (const auto& entry : *entries) {
            if (!base::IpAddress::parse(entry.name)) continue;
            const auto owner = files_.read(folder_ + "/" + entry.name);
            if (!owner.ok() || base::trim(owner->substr(0, owner->find('\r'))) != id) continue;
            (void)files_.removeFile(folder_ + "/" + entry.name);
            freed.push_back(entry.name);
        }
        return freed;
    }

private:
    ports::FileSystem& files_;
    const Value& ipam_;
    std::string folder_;
};

base::Result<Device*> ensureBridge(Namespace& host, const Value& plugin, const base::IpPrefix& gateway) {
    const std::string name = plugin.has("bridge") ? plugin["bridge"].text() : "cni0";
    if (name.size() > 15)
        return base::makeError("failed to create bridge " + quoted(name) + ": could not add " + quoted(name) +
                               ": numerical result out of range");
    Device* bridge = host.device(name);
    if (bridge == nullptr) {
        BASE_TRY(bridge, host.addDevice(name, DeviceKind::Bridge));
    } else if (bridge->kind != DeviceKind::Bridge) {
        return base::makeError("failed to create bridge " + quoted(name) + ": " + quoted(name) +
                               " already exists but is not a bridge");
    }
    (void)host.setUp(name, true);
    if (plugin["isGateway"].asBool() || plugin["isDefaultGateway"].asBool()) {
        bool present = false;
        for (const DeviceAddress& own : bridge->addresses) {
            present |= own.prefix == gateway;
            if (!(own.prefix == gateway) && own.prefix.address.isV4() && !plugin["forceAddress"].asBool())
                return base::makeError("failed to set bridge addr: " + quoted(name) +
                                       " already has an IP address different from " + gateway.text());
        }
        if (!present) BASE_CHECK(host.addAddress(name, gateway));
        host.setSysctl("net.ipv4.ip_forward", "1");
    }
    return bridge;
}

} // namespace

Cni::Cni(Namespace& host, ports::FileSystem& files) : host_(host), files_(files) {}

base::Result<Cni::Config> Cni::config() const {
    const auto entries = files_.list(kConfigFolder);
    if (!entries.ok()) return base::makeError("cni plugin not initialized");
    for (const auto& entry : *entries) {
        const bool list = entry.name.size() > 9 && entry.name.substr(entry.name.size() - 9) == ".conflist";
        const bool single = entry.name.size() > 5 && (entry.name.substr(entry.name.size() - 5) == ".conf" ||
                                                      entry.name.substr(entry.name.size() - 5) == ".json");
        if (!list && !single) continue;
        Config config;
        config.path = std::string(kConfigFolder) + "/" + entry.name;
        const auto text = files_.read(config.path);
        if (!text.ok()) continue;
        const auto parsed = document::readJson(*text, config.path);
        // Broken files are skipped with a warning, as go-cni does.
        if (!parsed.ok() || !parsed->isObject()) continue;
        config.name = (*parsed)["name"].text();
        if (list)
            for (const Value& plugin : (*parsed)["plugins"].items()) config.plugins.push_back(plugin);
        else config.plugins.push_back(*parsed);
        if (config.plugins.empty() || config.name.empty() || config.plugins[0]["type"].asString().empty()) continue;
        return config;
    }
    return base::makeError("cni plugin not initialized");
}

base::Status Cni::ready() const {
    const auto found = config();
    if (!found.ok()) return found.error();
    return base::okStatus();
}

sim::Task<base::Result<PodNetwork>> Cni::add(std::string containerId, NamespacePtr pod, std::string podNamespace,
                                             std::string podName, std::vector<PortMapping> ports) {
    (void)podNamespace;
    (void)podName;
    base::Result<Config> found = config();
    if (!found.ok()) co_return found.error();
    // Starting a plugin takes a while.
    co_await sim::sleepFor(host_.fabric().kernel(), 30 * sim::kMillisecond);
    PodNetwork out;
    for (const Value& plugin : found->plugins) {
        const std::string type = plugin["type"].text();
        const auto fail = [&](const std::string& what) {
            return base::makeError("plugin type=" + quoted(type) + " failed (add): " + what);
        };
        bool installed = false;
        for (const char* folder : kPluginFolders) installed |= files_.exists(folder + type);
        if (!installed)
            co_return base::makeError("plugin type=" + quoted(type) + " name=" + quoted(found->name) +
                                      " failed (add): failed to find plugin " + quoted(type) +
                                      " in path [/opt/cni/bin /usr/lib/cni]");
        if (type == "loopback") continue;
        if (type == "portmap") {
            base::Status mapped = base::okStatus();
            if (!ports.empty()) mapped = addPorts(*found, containerId, out, ports);
            if (!mapped.ok()) co_return fail(mapped.error().message);
            continue;
        }
        if (type != "bridge") co_return fail("the plugin is not modelled in this lab");
        base::Result<PodNetwork> made = addBridge(*found, plugin, containerId, *pod);
        if (!made.ok()) co_return fail(made.error().message);
        out = std::move(*made);
    }
    co_return out;
}

base::Result<PodNetwork> Cni::addBridge(const Config& config, const Value& plugin, const std::string& id,
                                        Namespace& pod) {
    PodNetwork out;
    const std::string ipamType = plugin["ipam"]["type"].text();
    if (ipamType != "host-local")
        return base::makeError("failed to find plugin " + quoted(ipamType) + " in path [/opt/cni/bin /usr/lib/cni]");
    if (pod.device("eth0") != nullptr)
        return base::makeError("container veth name provided (eth0) already exists");
    HostLocal ipam(files_, plugin["ipam"], config.name);
    BASE_TRY(const HostLocal::Lease lease, ipam.take(id));
    auto bridge = ensureBridge(host_, plugin, {lease.gateway, lease.address.length});
    if (!bridge.ok()) {
        (void)ipam.release(id);
        return bridge.error();
    }
    const std::string veth =
        "veth" + base::encodeHex(host_.fabric().kernel().random("network/veth").bytes(4));
    BASE_TRY(Device* const near, host_.addVeth(veth, pod, "eth0"));
    near->hairpin = plugin["hairpinMode"].asBool();
    (void)host_.setMaster(veth, (*bridge)->name);
    (void)host_.setUp(veth, true);
    (void)pod.setUp("eth0", true);
    BASE_CHECK(pod.addAddress("eth0", lease.address));
    std::vector<std::string> routes;
    for (const Value& route : plugin["ipam"]["routes"].items()) routes.push_back(route["dst"].text());
    if (plugin["isDefaultGateway"].asBool()) routes = {"0.0.0.0/0"};
    for (const std::string& text : routes) {
        const auto to = base::IpPrefix::parse(text);
        if (!to) return base::makeError("invalid CIDR address: " + text);
        Route route;
        route.destination = *to;
        route.via = lease.gateway;
        route.device = "eth0";
        BASE_CHECK(pod.addRoute(route));
    }
    if (plugin["ipMasq"].asBool()) BASE_CHECK(setupMasquerade(host_, lease.address, config.name, id));
    out.addresses.push_back(lease.address);
    out.mac = pod.device("eth0")->mac;
    out.hostInterface = veth;
    out.gateway = lease.gateway;
    return out;
}

// Source: plugins/meta/portmap portmap_iptables.go.
base::Status Cni::addPorts(const Config& config, const std::string& id, const PodNetwork& network,
                           const std::vector<PortMapping>& ports) {
    if (network.addresses.empty()) return base::okStatus();
    const base::IpPrefix address = network.addresses.front();
    const base::IpPrefix subnet{address.network(), address.length};
    ensureChain(host_, "CNI-HOSTPORT-SETMARK");
    BASE_CHECK(ensureRule(host_, "CNI-HOSTPORT-SETMARK",
                          {"-m", "comment", "--comment", "CNI portfwd masquerade mark", "-j", "MARK", "--set-xmark",
                           "0x2000/0x2000"}));
    ensureChain(host_, "CNI-HOSTPORT-MASQ");
    BASE_CHECK(ensureRule(host_, "CNI-HOSTPORT-MASQ", {"-m", "mark", "--mark", "0x2000/0x2000", "-j", "MASQUERADE"}));
    BASE_CHECK(ensureRule(host_, "POSTROUTING",
                          {"-m", "comment", "--comment", "CNI portfwd requiring masquerade", "-j", "CNI-HOSTPORT-MASQ"},
                          true));
    ensureChain(host_, "CNI-HOSTPORT-DNAT");
    for (const char* hook : {"PREROUTING", "OUTPUT"})
        BASE_CHECK(ensureRule(host_, hook, {"-m", "addrtype", "--dst-type", "LOCAL", "-j", "CNI-HOSTPORT-DNAT"}));
    const std::string chain = chainName("DN-", config.name, id);
    ensureChain(host_, chain);
    std::map<std::string, std::vector<std::string>> byProtocol;
    for (const PortMapping& port : ports) {
        const std::string from = std::to_string(port.hostPort), protocol = port.protocol;
        byProtocol[protocol].push_back(from);
        std::vector<std::string> common = {"-p", protocol, "-m", protocol, "--dport", from};
        std::vector<std::string> host;
        if (!port.hostIP.empty() && port.hostIP != "0.0.0.0") host = {"-d", port.hostIP};
        for (const std::string& source : {subnet.text(), std::string("127.0.0.1")}) {
            std::vector<std::string> words = {"-s", source};
            words.insert(words.end(), host.begin(), host.end());
            words.insert(words.end(), common.begin(), common.end());
            words.insert(words.end(), {"-j", "CNI-HOSTPORT-SETMARK"});
            BASE_CHECK(ensureRule(host_, chain, words));
        }
        std::vector<std::string> words = host;
        words.insert(words.end(), common.begin(), common.end());
        words.insert(words.end(), {"-j", "DNAT", "--to-destination",
                                   address.address.text() + ":" + std::to_string(port.containerPort)});
        BASE_CHECK(ensureRule(host_, chain, words));
    }
    for (const auto& [protocol, list] : byProtocol)
        for (std::size_t i = 0; i < list.size(); i += 15) {
            const std::vector<std::string> some(list.begin() + static_cast<std::ptrdiff_t>(i),
                                                list.begin() + static_cast<std::ptrdiff_t>(std::min(i + 15, list.size())));
            BASE_CHECK(ensureRule(host_, "CNI-HOSTPORT-DNAT",
                                  {"-p", protocol, "-m", "comment", "--comment", "dnat " + commentOf(config.name, id),
                                   "-m", "multiport", "--dports", base::join(some, ","), "-j", chain}));
        }
    host_.setSysctl("net.ipv4.conf.all.route_localnet", "1");
    return base::okStatus();
}

sim::Task<base::Status> Cni::remove(std::string containerId, NamespacePtr pod, std::vector<PortMapping> ports) {
    base::Result<Config> found = config();
    if (!found.ok()) co_return found.error();
    co_await sim::sleepFor(host_.fabric().kernel(), 15 * sim::kMillisecond);
    (void)ports;
    const std::string portChain = chainName("DN-", found->name, containerId);
    removeRulesTo(host_, "CNI-HOSTPORT-DNAT", portChain);
    dropChain(host_, portChain);
    const std::string chain = chainName("", found->name, containerId);
    removeRulesTo(host_, "POSTROUTING", chain);
    dropChain(host_, chain);
    for (const Value& plugin : found->plugins)
        if (plugin["ipam"].isObject()) (void)HostLocal(files_, plugin["ipam"], found->name).release(containerId);
    if (pod && pod->device("eth0") != nullptr) (void)pod->removeDevice("eth0");
    co_return base::okStatus();
}

std::string bridgeConflist(std::string_view podCIDR, std::string_view clusterCIDR) {
    (void)clusterCIDR;
    return "{\"cniVersion\":\"1.0.0\",\"name\":\"cbr0\",\"plugins\":[{\"type\":\"bridge\",\"bridge\":\"cni0\","
           "\"isGateway\":true,\"ipMasq\":true,\"hairpinMode\":true,\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{"
           "\"subnet\":\"" + std::string(podCIDR) +
           "\"}]],\"routes\":[{\"dst\":\"0.0.0.0/0\"}]}},{\"type\":\"portmap\",\"capabilities\":{\"portMappings\":"
           "true}}]}\n";
}

} // namespace network::cni
