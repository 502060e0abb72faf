#pragma once
// Chains that kube-proxy and the kubelet keep on a node beside the service rules.

#include "base/result.h"
#include "network/fabric/namespace.h"

#include <string>
#include <vector>

namespace network::proxy {

// iptables -C, then -I when it is missing. `words` as on a command line.
base::Status ensureFirst(Namespace& host, std::string_view table, std::string_view chain,
                         std::vector<std::string> words);
base::Status ensureChain(Namespace& host, std::string_view table, std::string_view chain);
bool chainExists(const Namespace& host, std::string_view table, std::string_view chain);

// kube-proxy's jumps from the built-in chains.
base::Status ensureJumps(Namespace& host);
// What the kubelet does at its start and whenever its canary chain vanishes: KUBE-KUBELET-CANARY in three
// tables, KUBE-FIREWALL with its rule and jumps. Source: pkg/kubelet/kubelet_network_linux.go.
void ensureKubeletChains(Namespace& host);
// Makes them, looks for the canary once a minute, and makes them again when it is gone.
sim::Task<void> keepKubeletChains(sim::Kernel& kernel, Namespace& host);
// `kube-proxy --cleanup`.
void removeProxyRules(Namespace& host);

} // namespace network::proxy
