#pragma once
// What a cluster is made of: data, read from YAML (assets/blueprints/*.yaml or a pack).

#include "base/result.h"
#include "document/value.h"

#include <string>
#include <string_view>
#include <vector>

namespace cluster {

struct NodeBlueprint {
    std::string name, address; // "node01", "172.30.0.11"
    bool controlPlane = false;
    std::string podCIDR;
    std::int64_t cpus = 2;
    std::string memory = "4Gi";
};

struct Blueprint {
    std::string name = "bench";
    std::string kubernetesVersion = "v1.35.4";
    std::vector<NodeBlueprint> nodes;
    std::string podSubnet = "10.244.0.0/16", serviceSubnet = "10.96.0.0/12", dnsDomain = "cluster.local";
    std::string cni = "bridge";
    std::string nameserver; // of the hosts; empty: the gateway of their network
    std::vector<std::string> images; // catalogue entries present on every node
    std::int64_t startsAt = 0;       // Unix ns of virtual time 0; 0: the usual date
    document::Value extra;           // keys that newer parts read
};

inline constexpr const char* kMetricsServerImage = "registry.k8s.io/metrics-server/metrics-server:v0.8.0";
// Whether `addons` names it; known: "metrics-server".
bool hasAddon(const Blueprint& blueprint, std::string_view name);

base::Result<Blueprint> readBlueprint(std::string_view yaml, std::string_view source);
// A built-in one by name ("bench") or a file path given by the caller's reader.
base::Result<Blueprint> builtinBlueprint(std::string_view name);

} // namespace cluster
