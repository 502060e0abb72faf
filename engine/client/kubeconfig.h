#pragma once
// Kubeconfig files and the in-cluster mounts as client configurations. Source: client-go
// tools/clientcmd, rest.InClusterConfig.

#include "base/result.h"
#include "client/client.h"
#include "ports/file_system.h"

#include <map>
#include <string>
#include <string_view>

namespace client {

// Relative paths inside are taken from the file's folder. `contextName` empty: the current context.
// Errors: "stat PATH: no such file or directory", "invalid configuration: [unable to read client-cert
// ... due to open ...: no such file or directory, ...]", YAML errors.
base::Result<Config> loadKubeconfig(const ports::FileSystem& files, std::string_view path,
                                    std::string_view contextName = {});

// The service account's token and CA of a pod; the server from KUBERNETES_SERVICE_HOST and _PORT.
base::Result<Config> inClusterConfig(const ports::FileSystem& files,
                                     const std::map<std::string, std::string>& env);

// "https://172.30.0.10:6443" into host, port and tls.
base::Status setServer(Config& config, std::string_view url);

} // namespace client
