#pragma once
// Pod networking as containerd drives it: reads the first /etc/cni/net.d/*.conflist (or .conf) of
// the machine and runs its plugins. Plugins modelled: bridge with host-local addresses and ipMasq,
// portmap, loopback; each needs its file in /opt/cni/bin. Source: containernetworking/plugins
// plugins/main/bridge, plugins/ipam/host-local, plugins/meta/portmap; containerd go-cni.

#include "base/ip.h"
#include "base/result.h"
#include "document/value.h"
#include "network/fabric/namespace.h"
#include "ports/file_system.h"
#include "sim/task.h"

#include <string>
#include <string_view>
#include <vector>

namespace network::cni {

struct PortMapping {
    int hostPort = 0, containerPort = 0;
    std::string protocol = "tcp"; // lower case
    std::string hostIP;
};

struct PodNetwork {
    std::vector<base::IpPrefix> addresses; // of eth0
    std::string interface = "eth0", mac, hostInterface;
    base::IpAddress gateway;
};

class Cni {
public:
    // All outlive the object: the host's namespace and a root view of the machine's files.
    Cni(Namespace& host, ports::FileSystem& files);

    // What the runtime reports as NetworkReady; error: "cni plugin not initialized".
    base::Status ready() const;
    // Errors are the ones that containerd wraps into "failed to setup network for sandbox ...":
    // `plugin type="bridge" failed (add): ...`.
    sim::Task<base::Result<PodNetwork>> add(std::string containerId, NamespacePtr pod,
                                            std::string podNamespace, std::string podName,
                                            std::vector<PortMapping> ports);
    // Idempotent, as DEL must be.
    sim::Task<base::Status> remove(std::string containerId, NamespacePtr pod,
                                   std::vector<PortMapping> ports);

private:
    struct Config {
        std::string name, path;
        std::vector<document::Value> plugins;
    };
    base::Result<Config> config() const;
    base::Result<PodNetwork> addBridge(const Config& config, const document::Value& plugin, const std::string& id,
                                       Namespace& pod);
    base::Status addPorts(const Config& config, const std::string& id, const PodNetwork& network,
                          const std::vector<PortMapping>& ports);

    Namespace& host_;
    ports::FileSystem& files_;
};

// The configuration that the bench's nodes have, for cluster/ to write at boot.
std::string bridgeConflist(std::string_view podCIDR, std::string_view clusterCIDR);

} // namespace network::cni
