#pragma once
// The iptables rules of kube-proxy as a pure function of Services, EndpointSlices and the node.
// Source: kubernetes pkg/proxy (servicechangetracker, endpointslicecache, topology) and
// pkg/proxy/iptables/proxier.go.

#include "base/ip.h"
#include "document/value.h"
#include "network/proxy/config.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace network::proxy {

struct EndpointEntry {
    std::string ip;
    int port = 0;
    bool local = false, ready = true, serving = true, terminating = false;
    std::set<std::string> zoneHints, nodeHints;
    std::string text() const { return ip + ":" + std::to_string(port); }
};

struct ServicePort {
    std::string ns, name, portName, protocol; // protocol in lower case
    std::string clusterIP;
    int port = 0, nodePort = 0, healthCheckNodePort = 0;
    bool affinity = false;
    int affinitySeconds = 10800;
    bool externalLocal = false, internalLocal = false;
    std::vector<std::string> externalIPs, loadBalancerIPs, sourceRanges;
    // "shop/web:http"
    std::string text() const { return ns + "/" + name + (portName.empty() ? "" : ":" + portName); }
    bool externallyAccessible() const {
        return nodePort != 0 || !loadBalancerIPs.empty() || !externalIPs.empty();
    }
    bool usesCluster() const { return !internalLocal || externallyAccessible(); }
    bool usesLocal() const { return internalLocal || (externalLocal && externallyAccessible()); }
};

struct ServiceKey {
    std::string ns, name, port, protocol;
    auto operator<=>(const ServiceKey&) const = default;
};
using ServiceMap = std::map<ServiceKey, ServicePort>;
using EndpointMap = std::map<ServiceKey, std::vector<EndpointEntry>>;

// What an object adds; objects that kube-proxy leaves alone add nothing.
void addService(ServiceMap& services, const document::Value& service);
// All slices of the cluster.
EndpointMap endpointsOf(const std::vector<document::Value>& slices, std::string_view nodeName);

struct NodeFacts {
    std::string name;
    std::string ip;               // internal IP
    std::vector<std::string> podCIDRs;
    std::string zone;
    std::vector<base::IpAddress> localAddresses; // for nodePortAddresses given as CIDRs
};

struct RuleInput {
    const Config* config = nullptr;
    NodeFacts node;
    const ServiceMap* services = nullptr;
    const EndpointMap* endpoints = nullptr;
    std::vector<std::string> existingNatChains; // to delete those that are stale
};

struct RuleText {
    std::string restore; // what goes into iptables-restore --noflush --counters
    int filterChains = 0, filterRules = 0, natChains = 0, natRules = 0, endpoints = 0;
};
RuleText makeRules(const RuleInput& input);

// The jumps that are put in front of the built-in chains, in the order in which they are made.
struct Jump {
    const char* table;
    const char* chain;  // to jump to
    const char* source; // built-in chain
    const char* comment;
    bool onlyNew;       // -m conntrack --ctstate NEW
};
const std::vector<Jump>& jumps();

std::string serviceHash(const std::string& servicePort, const std::string& protocol);
std::string endpointChain(const std::string& servicePort, const std::string& protocol, const std::string& endpoint);

// Local ready endpoints per service "ns/name", for health check node ports.
std::map<std::string, int> localReadyEndpoints(const ServiceMap& services, const EndpointMap& endpoints);

} // namespace network::proxy
