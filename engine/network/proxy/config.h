#pragma once
// KubeProxyConfiguration and the flags. Source: pkg/proxy/apis/config, cmd/kube-proxy/app/options.go.

#include "base/result.h"
#include "document/value.h"
#include "ports/file_system.h"
#include "sim/time.h"

#include <string>
#include <vector>

namespace network::proxy {

struct Config {
    std::string mode = "iptables";
    bool modeGiven = false;
    std::string clusterCIDR, hostnameOverride, kubeconfig;
    std::string detectLocalMode = "ClusterCIDR", bridgeInterface, interfaceNamePrefix;
    std::string healthzAddress = "0.0.0.0:10256", metricsAddress = "127.0.0.1:10249";
    std::vector<std::string> nodePortAddresses;
    bool masqueradeAll = false, localhostNodePorts = true, tcpLiberal = false;
    int masqueradeBit = 14;
    sim::Duration syncPeriod = 30 * sim::kSecond, minSyncPeriod = sim::kSecond;
    int verbosity = 0;
    std::string master;

    std::string mark() const; // "0x00004000"
    // NodePorts answer on loopback addresses only when those are among the allowed ones.
    bool localhostPorts() const;
};

struct Options {
    Config config;
    bool version = false, cleanup = false, help = false;
    std::string configFile;
    std::vector<std::string> notes; // log lines that reading the configuration produced
};

// Errors: `reason` "usage" for wrong flags (printed as `Error: ...`), else the text of "command failed".
base::Result<Options> readOptions(const std::vector<std::string>& argv, const ports::FileSystem& files,
                                  const std::string& cwd);
// Fills a configuration from a document; unknown fields are noted.
base::Status applyDocument(Config& config, const document::Value& document, std::vector<std::string>& unknown);
base::Status validate(const Config& config);

} // namespace network::proxy
