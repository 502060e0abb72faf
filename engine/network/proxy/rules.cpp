#include "network/proxy/rules.h"

#include "base/strings.h"
#include "pki/certificate.h"

#include <algorithm>
#include <cstdio>

namespace network::proxy {
namespace {

using document::Value;

std::string base32(std::string_view bytes) {
    constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    std::string out;
    unsigned buffer = 0;
    int bits = 0;
    for (char c : bytes) {
        buffer = buffer << 8 | static_cast<unsigned char>(c);
        bits += 8;
        while (bits >= 5) {
            bits -= 5;
            out += kAlphabet[buffer >> bits & 31];
        }
        buffer &= (1U << bits) - 1;
    }
    return out;
}

bool isV4(std::string_view text) {
    const auto address = base::IpAddress::parse(text.substr(0, text.find('/')));
    return address && address->isV4();
}

std::vector<std::string> v4Strings(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items())
        if (isV4(base::trim(item.asString()))) out.emplace_back(base::trim(item.asString()));
    return out;
}

std::vector<std::string> balancerAddresses(const Value& service) {
    std::vector<std::string> out;
    for (const Value& ingress : service.at("status", "loadBalancer", "ingress").items())
        if (isV4(ingress["ip"].asString()) && ingress["ipMode"].asString("VIP") == "VIP")
            out.push_back(ingress["ip"].text());
    return out;
}

// The rules of one table being collected: chain lines and rule lines.
struct Lines {
    std::string chains, rules;
    int chainCount = 0, ruleCount = 0;
    void chain(const std::string& name) {
        chains += ":" + name + " - [0:0]\n";
        ++chainCount;
    }
    void rule(const std::string& text) {
        rules += text + "\n";
        ++ruleCount;
    }
};

struct Choice { // CategorizeEndpoints
    std::vector<EndpointEntry> cluster, local, reachable;
    bool any = false;
};

std::string topologyMode(const std::vector<EndpointEntry>& endpoints, const NodeFacts& node) {
    bool forNode = false, allNode = true, forZone = false, allZone = true;
    for (const EndpointEntry& endpoint : endpoints) {
        if (!endpoint.ready) continue;
        if (endpoint.nodeHints.empty()) allNode = false;
        else forNode |= endpoint.nodeHints.count(node.name) != 0;
        if (endpoint.zoneHints.empty()) allZone = false;
        else forZone |= endpoint.zoneHints.count(node.zone) != 0;
    }
    if (allNode && forNode) return "PreferSameNode";
    if (allZone && forZone) return "PreferSameZone";
    return {};
}

template <typename Predicate>
std::vector<EndpointEntry> filtered(const std::vector<EndpointEntry>& endpoints, Predicate keep) {
    std::vector<EndpointEntry> out;
    for (const EndpointEntry& endpoint : endpoints)
        if (keep(endpoint)) out.push_back(endpoint);
    return out;
}

Choice choose(const std::vector<EndpointEntry>& endpoints, const ServicePort& service, const NodeFacts& node) {
    Choice out;
    if (endpoints.empty()) return out;
    std::string mode;
    const auto leaving = [](const EndpointEntry& e) { return e.serving && e.terminating; };
    if (service.usesCluster()) {
        mode = topologyMode(endpoints, node);
        out.cluster = filtered(endpoints, [&](const EndpointEntry& e) {
            if (!e.ready) return false;
            if (mode == "PreferSameNode") return e.nodeHints.count(node.name) != 0;
            if (mode == "PreferSameZone") return e.zoneHints.count(node.zone) != 0;
            return true;
        });
        if (out.cluster.empty()) out.cluster = filtered(endpoints, leaving);
        out.any = !out.cluster.empty();
    }
    if (!service.usesLocal()) {
        out.reachable = out.cluster;
        return out;
    }
    bool localReady = false, localLeaving = false;
    for (const EndpointEntry& e : endpoints) {
        if (e.ready) {
            out.any = true;
            localReady |= e.local;
        } else if (leaving(e)) {
            out.any = true;
            localLeaving |= e.local;
        }
    }
    if (localReady) out.local = filtered(endpoints, [](const EndpointEntry& e) { return e.local && e.ready; });
    else if (localLeaving)
        out.local = filtered(endpoints, [&](const EndpointEntry& e) { return e.local && leaving(e); });
    if (!service.usesCluster()) {
        out.reachable = out.local;
    } else {
        // The union; equal lists keep their order.
        std::map<std::string, EndpointEntry> all;
        for (const EndpointEntry& e : out.cluster) all.emplace(e.text(), e);
        for (const EndpointEntry& e : out.local) all.emplace(e.text(), e);
        for (const auto& [text, e] : all) out.reachable.push_back(e);
    }
    return out;
}

class Writer {
public:
    explicit Writer(const RuleInput& input) : input_(input), config_(*input.config) {
        if (config_.detectLocalMode == "NodeCIDR") {
            for (const std::string& cidr : input.node.podCIDRs)
                if (isV4(cidr)) local_ = "-s " + cidr;
        } else if (config_.detectLocalMode == "BridgeInterface") {
            local_ = "-i " + config_.bridgeInterface;
        } else if (config_.detectLocalMode == "InterfaceNamePrefix") {
            local_ = "-i " + config_.interfaceNamePrefix + "+";
        } else {
            for (const std::string& cidr : base::split(config_.clusterCIDR, ','))
                if (isV4(cidr)) local_ = "-s " + cidr;
        }
    }

    RuleText run() {
        for (const char* name : {"KUBE-SERVICES", "KUBE-EXTERNAL-SERVICES", "KUBE-FORWARD", "KUBE-NODEPORTS",
                                 "KUBE-PROXY-FIREWALL"})
            filter_.chain(name);
        for (const char* name : {"KUBE-SERVICES", "KUBE-NODEPORTS", "KUBE-POSTROUTING", "KUBE-MARK-MASQ"})
            nat_.chain(name);
        common();
        RuleText out;
        for (const auto& [key, service] : *input_.services) {
            const auto found = input_.endpoints->find(key);
            const std::vector<EndpointEntry> none;
            const auto& endpoints = found == input_.endpoints->end() ? none : found->second;
            out.endpoints += static_cast<int>(endpoints.size());
            this->service(service, endpoints);
        }
        stale();
        nodePorts();
        forward();
        out.restore = "*filter\n" + filter_.chains + filter_.rules + "COMMIT\n*nat\n" + nat_.chains + nat_.rules +
                      "COMMIT\n";
        out.filterChains = filter_.chainCount;
        out.filterRules = filter_.ruleCount;
        out.natChains = nat_.chainCount;
        out.natRules = nat_.ruleCount;
        return out;
    }

private:
    void common() {
        const std::string mark = config_.mark();
        nat_.rule("-A KUBE-POSTROUTING -m mark ! --mark " + mark + "/" + mark + " -j RETURN");
        nat_.rule("-A KUBE-POSTROUTING -j MARK --xor-mark " + mark);
        nat_.rule("-A KUBE-POSTROUTING -m comment --comment \"kubernetes service traffic requiring SNAT\" -j "
                  "MASQUERADE --random-fully");
        nat_.rule("-A KUBE-MARK-MASQ -j MARK --or-mark " + mark);
        if (!config_.localhostPorts()) return;
        filter_.chain("KUBE-FIREWALL");
        filter_.rule("-A KUBE-FIREWALL -m comment --comment \"block incoming localnet connections\" -d 127.0.0.0/8 ! -s "
                     "127.0.0.0/8 -m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT -j DROP");
    }

    static std::string comment(const std::string& text) { return " -m comment --comment \"" + text + "\""; }

    void service(const ServicePort& s, const std::vector<EndpointEntry>& all) {
        const Choice choice = choose(all, s, input_.node);
        const std::string name = s.text(), hash = serviceHash(name, s.protocol);
        const std::string clusterChain = "KUBE-SVC-" + hash, localChain = "KUBE-SVL-" + hash,
                          externalChain = "KUBE-EXT-" + hash, firewallChain = "KUBE-FW-" + hash;
        const bool usesCluster = !choice.cluster.empty() && s.usesCluster();
        const bool usesLocal = !choice.local.empty() && s.usesLocal();
        const bool internal = s.internalLocal ? !choice.local.empty() : choice.any;
        const bool external = s.externalLocal ? !choice.local.empty() : choice.any;
        const std::string internalChain = s.internalLocal ? localChain : clusterChain;
        const bool usesExternal = choice.any && s.externallyAccessible();
        const bool usesFirewall = choice.any && !s.loadBalancerIPs.empty() && !s.sourceRanges.empty();
        const std::string what = choice.any ? name + " has no local endpoints" : name + " has no endpoints";
        const char* refusal = choice.any ? "DROP" : "REJECT";
        const std::string match = " -m " + s.protocol + " -p " + s.protocol;
        const auto to = [&](const std::string& ip) {
            return match + " -d " + ip + " --dport " + std::to_string(s.port);
        };
        if (internal)
            nat_.rule("-A KUBE-SERVICES" + comment(name + " cluster IP") + to(s.clusterIP) + " -j " + internalChain);
        else
            filter_.rule("-A KUBE-SERVICES" + comment(what) + to(s.clusterIP) + " -j " + refusal);
        for (const std::string& ip : s.externalIPs) {
            if (choice.any)
                nat_.rule("-A KUBE-SERVICES" + comment(name + " external IP") + to(ip) + " -j " + externalChain);
            if (!external) filter_.rule("-A KUBE-EXTERNAL-SERVICES" + comment(what) + to(ip) + " -j " + refusal);
        }
        for (const std::string& ip : s.loadBalancerIPs) {
            if (choice.any)
                nat_.rule("-A KUBE-SERVICES" + comment(name + " loadbalancer IP") + to(ip) + " -j " +
                          (usesFirewall ? firewallChain : externalChain));
            if (usesFirewall)
                filter_.rule("-A KUBE-PROXY-FIREWALL" + comment(name + " traffic not accepted by " + firewallChain) +
                             to(ip) + " -j DROP");
        }
        if (!external)
            for (const std::string& ip : s.loadBalancerIPs)
                filter_.rule("-A KUBE-EXTERNAL-SERVICES" + comment(what) + to(ip) + " -j " + refusal);
        if (s.nodePort != 0) nodePort(s, choice.any, external, externalChain, what, refusal);
        if (s.healthCheckNodePort != 0)
            filter_.rule("-A KUBE-NODEPORTS" + comment(name + " health check node port") + " -m tcp -p tcp --dport " +
                         std::to_string(s.healthCheckNodePort) + " -j ACCEPT");
        if (internal) {
            const std::string head = "-A " + internalChain + comment(name + " cluster IP") + to(s.clusterIP);
            if (config_.masqueradeAll) nat_.rule(head + " -j KUBE-MARK-MASQ");
            else if (!local_.empty()) nat_.rule(head + " ! " + local_ + " -j KUBE-MARK-MASQ");
        }
        if (usesExternal) externalRules(s, name, externalChain, clusterChain, localChain, external);
        if (usesFirewall) firewallRules(s, name, firewallChain, externalChain);
        if (usesCluster) balance(s, name, clusterChain, choice.cluster);
        if (usesLocal) balance(s, name, localChain, choice.local);
        for (const EndpointEntry& endpoint : choice.reachable) endpointRules(s, name, endpoint);
    }

    void nodePort(const ServicePort& s, bool any, bool external, const std::string& externalChain,
                  const std::string& what, const char* refusal) {
        const std::string port = " --dport " + std::to_string(s.nodePort);
        const std::string match = " -m " + s.protocol + " -p " + s.protocol;
        if (any) {
            if (config_.localhostPorts())
                nat_.rule("-A KUBE-NODEPORTS" + comment(s.text()) + match + " -d 127.0.0.0/8" + port +
                          " -m nfacct --nfacct-name localhost_nps_accepted_pkts -j " + externalChain);
            nat_.rule("-A KUBE-NODEPORTS" + comment(s.text()) + match + port + " -j " + externalChain);
        }
        if (!external)
            filter_.rule("-A KUBE-EXTERNAL-SERVICES" + comment(what) + " -m addrtype --dst-type LOCAL" + match + port +
                         " -j " + refusal);
    }

    void activate(const std::string& chain) {
        nat_.chain(chain);
        active_.insert(chain);
    }

    void externalRules(const ServicePort& s, const std::string& name, const std::string& chain,
                       const std::string& clusterChain, const std::string& localChain, bool external) {
        activate(chain);
        const std::string head = "-A " + chain;
        if (!s.externalLocal) {
            nat_.rule(head + comment("masquerade traffic for " + name + " external destinations") + " -j KUBE-MARK-MASQ");
        } else {
            if (!local_.empty())
                nat_.rule(head + comment("pod traffic for " + name + " external destinations") + " " + local_ + " -j " +
                          clusterChain);
            nat_.rule(head + comment("masquerade LOCAL traffic for " + name + " external destinations") +
                      " -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ");
            nat_.rule(head + comment("route LOCAL traffic for " + name + " external destinations") +
                      " -m addrtype --src-type LOCAL -j " + clusterChain);
        }
        if (external) nat_.rule(head + " -j " + (s.externalLocal ? localChain : clusterChain));
    }

    void firewallRules(const ServicePort& s, const std::string& name, const std::string& chain,
                       const std::string& externalChain) {
        activate(chain);
        const std::string head = "-A " + chain + comment(name + " loadbalancer IP");
        bool fromNode = false;
        for (const std::string& range : s.sourceRanges) {
            nat_.rule(head + " -s " + range + " -j " + externalChain);
            const auto prefix = base::IpPrefix::parse(range);
            const auto own = base::IpAddress::parse(input_.node.ip);
            fromNode |= prefix && own && prefix->contains(*own);
        }
        if (fromNode)
            for (const std::string& ip : s.loadBalancerIPs) nat_.rule(head + " -s " + ip + " -j " + externalChain);
        nat_.rule("-A " + chain + comment("other traffic to " + name + " will be dropped by KUBE-PROXY-FIREWALL"));
    }

    void balance(const ServicePort& s, const std::string& name, const std::string& chain,
                 const std::vector<EndpointEntry>& endpoints) {
        activate(chain);
        if (s.affinity)
            for (const EndpointEntry& e : endpoints) {
                const std::string goal = endpointChain(name, s.protocol, e.text());
                nat_.rule("-A " + chain + comment(name + " -> " + e.text()) + " -m recent --name " + goal +
                          " --rcheck --seconds " + std::to_string(s.affinitySeconds) + " --reap -j " + goal);
            }
        for (std::size_t i = 0; i < endpoints.size(); ++i) {
            std::string rule = "-A " + chain + comment(name + " -> " + endpoints[i].text());
            if (i + 1 < endpoints.size()) {
                char probability[32];
                std::snprintf(probability, sizeof probability, "%0.10f",
                              1.0 / static_cast<double>(endpoints.size() - i));
                rule += std::string(" -m statistic --mode random --probability ") + probability;
            }
            nat_.rule(rule + " -j " + endpointChain(name, s.protocol, endpoints[i].text()));
        }
    }

    void endpointRules(const ServicePort& s, const std::string& name, const EndpointEntry& endpoint) {
        const std::string chain = endpointChain(name, s.protocol, endpoint.text());
        activate(chain);
        const std::string head = "-A " + chain + comment(name);
        nat_.rule(head + " -s " + endpoint.ip + " -j KUBE-MARK-MASQ");
        nat_.rule(head + (s.affinity ? " -m recent --name " + chain + " --set" : "") + " -m " + s.protocol + " -p " +
                  s.protocol + " -j DNAT --to-destination " + endpoint.text());
    }

    void stale() {
        for (const std::string& chain : input_.existingNatChains) {
            const bool ours = chain.rfind("KUBE-SVC-", 0) == 0 || chain.rfind("KUBE-SVL-", 0) == 0 ||
                              chain.rfind("KUBE-SEP-", 0) == 0 || chain.rfind("KUBE-FW-", 0) == 0 ||
                              chain.rfind("KUBE-EXT-", 0) == 0;
            if (!ours || active_.count(chain)) continue;
            nat_.chain(chain);
            nat_.rule("-X " + chain);
        }
    }

    void nodePorts() {
        const std::string head =
            "-A KUBE-SERVICES" +
            comment("kubernetes service nodeports; NOTE: this must be the last rule in this chain");
        if (config_.nodePortAddresses.empty()) {
            nat_.rule(head + " -m addrtype --dst-type LOCAL" +
                      (config_.localhostPorts() ? "" : " ! -d 127.0.0.0/8") + " -j KUBE-NODEPORTS");
            return;
        }
        std::vector<base::IpAddress> chosen;
        if (config_.nodePortAddresses.front() == "primary") {
            if (const auto own = base::IpAddress::parse(input_.node.ip)) chosen.push_back(*own);
        } else {
            for (const base::IpAddress& address : input_.node.localAddresses)
                for (const std::string& cidr : config_.nodePortAddresses) {
                    const auto prefix = base::IpPrefix::parse(cidr);
                    if (prefix && address.isV4() && prefix->contains(address)) {
                        chosen.push_back(address);
                        break;
                    }
                }
        }
        for (const base::IpAddress& address : chosen) {
            if (address.isLoopback() && !config_.localhostPorts()) continue;
            nat_.rule(head + " -d " + address.text() + " -j KUBE-NODEPORTS");
        }
    }

    void forward() {
        const std::string mark = config_.mark();
        if (!config_.tcpLiberal)
            filter_.rule("-A KUBE-FORWARD -m conntrack --ctstate INVALID -m nfacct --nfacct-name "
                         "ct_state_invalid_dropped_pkts -j DROP");
        filter_.rule("-A KUBE-FORWARD" + comment("kubernetes forwarding rules") + " -m mark --mark " + mark + "/" +
                     mark + " -j ACCEPT");
        filter_.rule("-A KUBE-FORWARD" + comment("kubernetes forwarding conntrack rule") +
                     " -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT");
    }

    const RuleInput& input_;
    const Config& config_;
    std::string local_; // what tells traffic of local pods; empty: not known
    Lines filter_, nat_;
    std::set<std::string> active_;
};

} // namespace

std::string serviceHash(const std::string& servicePort, const std::string& protocol) {
    return base32(pki::sha256(servicePort + protocol)).substr(0, 16);
}

std::string endpointChain(const std::string& servicePort, const std::string& protocol, const std::string& endpoint) {
    return "KUBE-SEP-" + base32(pki::sha256(servicePort + protocol + endpoint)).substr(0, 16);
}

void addService(ServiceMap& services, const Value& service) {
    const Value& meta = service["metadata"];
    const Value& spec = service["spec"];
    const std::string ip = spec["clusterIP"].text(), type = spec["type"].text();
    if (ip.empty() || ip == "None" || type == "ExternalName") return;
    if (meta["labels"].has("service.kubernetes.io/service-proxy-name") ||
        meta["labels"].has("service.kubernetes.io/headless"))
        return;
    std::string address = isV4(ip) ? ip : "";
    for (const Value& other : spec["clusterIPs"].items())
        if (address.empty() && isV4(other.asString())) address = other.text();
    if (address.empty()) return; // no IPv4 service
    ServicePort common;
    common.ns = meta["namespace"].text();
    common.name = meta["name"].text();
    common.clusterIP = address;
    common.affinity = spec["sessionAffinity"].asString() == "ClientIP";
    if (common.affinity)
        common.affinitySeconds =
            static_cast<int>(spec.at("sessionAffinityConfig", "clientIP", "timeoutSeconds").asInt(10800));
    common.externalIPs = v4Strings(spec["externalIPs"]);
    const bool accessible = type == "LoadBalancer" || type == "NodePort" || !common.externalIPs.empty();
    common.externalLocal = accessible && spec["externalTrafficPolicy"].asString() == "Local";
    common.internalLocal = spec["internalTrafficPolicy"].asString() == "Local";
    if (type == "LoadBalancer") {
        common.loadBalancerIPs = balancerAddresses(service);
        common.sourceRanges = v4Strings(spec["loadBalancerSourceRanges"]);
        // A range that admits everybody needs no firewall.
        for (const std::string& range : common.sourceRanges)
            if (range == "0.0.0.0/0") {
                common.sourceRanges.clear();
                break;
            }
        if (common.externalLocal) common.healthCheckNodePort = static_cast<int>(spec["healthCheckNodePort"].asInt());
    } else {
        common.loadBalancerIPs = balancerAddresses(service);
    }
    for (const Value& port : spec["ports"].items()) {
        ServicePort entry = common;
        entry.portName = port["name"].text();
        entry.protocol = base::toLower(port["protocol"].asString("TCP"));
        entry.port = static_cast<int>(port["port"].asInt());
        entry.nodePort = static_cast<int>(port["nodePort"].asInt());
        services[{entry.ns, entry.name, entry.portName, entry.protocol}] = std::move(entry);
    }
}

EndpointMap endpointsOf(const std::vector<Value>& slices, std::string_view nodeName) {
    std::map<ServiceKey, std::map<std::string, EndpointEntry>> collected;
    for (const Value& slice : slices) {
        const Value& meta = slice["metadata"];
        const Value& labels = meta["labels"];
        const std::string service = labels["kubernetes.io/service-name"].text();
        if (service.empty() || slice["addressType"].asString("IPv4") != "IPv4") continue;
        if (labels.has("service.kubernetes.io/headless") || labels.has("service.kubernetes.io/service-proxy-name"))
            continue;
        for (const Value& port : slice["ports"].items()) {
            if (port["port"].asInt() == 0) continue;
            const ServiceKey key{meta["namespace"].text(), service, port["name"].text(),
                                 base::toLower(port["protocol"].asString("TCP"))};
            auto& set = collected[key];
            for (const Value& endpoint : slice["endpoints"].items()) {
                if (endpoint["addresses"].size() == 0) continue;
                EndpointEntry entry;
                entry.ip = endpoint["addresses"][0].text();
                entry.port = static_cast<int>(port["port"].asInt());
                entry.local = endpoint["nodeName"].isString() && endpoint["nodeName"].asString() == nodeName;
                const Value& conditions = endpoint["conditions"];
                entry.ready = conditions["ready"].asBool(true);
                entry.serving = conditions["serving"].asBool(true);
                entry.terminating = conditions["terminating"].asBool(false);
                for (const Value& zone : endpoint.at("hints", "forZones").items())
                    entry.zoneHints.insert(zone["name"].text());
                for (const Value& node : endpoint.at("hints", "forNodes").items())
                    entry.nodeHints.insert(node["name"].text());
                const std::string text = entry.text();
                if (set.count(text) == 0 || entry.local) set[text] = std::move(entry);
            }
        }
    }
    EndpointMap out;
    for (auto& [key, set] : collected)
        for (auto& [text, entry] : set) out[key].push_back(std::move(entry));
    return out;
}

RuleText makeRules(const RuleInput& input) { return Writer(input).run(); }

const std::vector<Jump>& jumps() {
    static const std::vector<Jump> kJumps = {
        {"filter", "KUBE-EXTERNAL-SERVICES", "INPUT", "kubernetes externally-visible service portals", true},
        {"filter", "KUBE-EXTERNAL-SERVICES", "FORWARD", "kubernetes externally-visible service portals", true},
        {"filter", "KUBE-NODEPORTS", "INPUT", "kubernetes health check service ports", false},
        {"filter", "KUBE-SERVICES", "FORWARD", "kubernetes service portals", true},
        {"filter", "KUBE-SERVICES", "OUTPUT", "kubernetes service portals", true},
        {"filter", "KUBE-FORWARD", "FORWARD", "kubernetes forwarding rules", false},
        {"filter", "KUBE-PROXY-FIREWALL", "INPUT", "kubernetes load balancer firewall", true},
        {"filter", "KUBE-PROXY-FIREWALL", "OUTPUT", "kubernetes load balancer firewall", true},
        {"filter", "KUBE-PROXY-FIREWALL", "FORWARD", "kubernetes load balancer firewall", true},
        {"nat", "KUBE-SERVICES", "OUTPUT", "kubernetes service portals", false},
        {"nat", "KUBE-SERVICES", "PREROUTING", "kubernetes service portals", false},
        {"nat", "KUBE-POSTROUTING", "POSTROUTING", "kubernetes postrouting rules", false},
        {"filter", "KUBE-FIREWALL", "INPUT", "", false},
        {"filter", "KUBE-FIREWALL", "OUTPUT", "", false}};
    return kJumps;
}

std::map<std::string, int> localReadyEndpoints(const ServiceMap& services, const EndpointMap& endpoints) {
    std::map<std::string, std::set<std::string>> sets;
    for (const auto& [key, service] : services) {
        if (service.healthCheckNodePort == 0) continue;
        auto& set = sets[service.ns + "/" + service.name];
        const auto found = endpoints.find(key);
        if (found == endpoints.end()) continue;
        for (const EndpointEntry& endpoint : found->second)
            if (endpoint.local && endpoint.ready) set.insert(endpoint.ip);
    }
    std::map<std::string, int> out;
    for (const auto& [name, set] : sets) out[name] = static_cast<int>(set.size());
    return out;
}

} // namespace network::proxy
