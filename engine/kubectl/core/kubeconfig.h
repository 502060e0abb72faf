#pragma once
// Kubeconfig files: which are read, how they merge, where a change is written.
// Source: client-go tools/clientcmd loader.go, merged_client_builder.go, config.go.

#include "base/result.h"
#include "document/value.h"
#include "kubectl/cli/flags.h"
#include "ports/program.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

// One file, or several merged. Entries by name; `origin` is the file that an entry came from.
struct Kubeconfig {
    struct Entry {
        document::Value value;
        std::string origin;
    };
    using Entries = std::map<std::string, Entry>;
    Entries clusters, contexts, users;
    std::string currentContext, currentOrigin;
    document::Value preferences, extensions;

    bool empty() const { return clusters.empty() && contexts.empty() && users.empty() && currentContext.empty(); }
    document::Value toValue() const; // the v1 Config with sorted lists; empty lists are null
};

class KubeconfigPaths {
public:
    KubeconfigPaths(ports::Process& process, const Flags& flags);
    const std::vector<std::string>& files() const { return files_; }
    bool explicitFile() const { return explicit_; }
    // Where `kubectl config` writes what has no file yet.
    std::string defaultFile() const;
    base::Result<Kubeconfig> load(std::string* warnings = nullptr) const;
    base::Result<Kubeconfig> loadFile(const std::string& path) const;
    base::Status write(const std::string& path, const Kubeconfig& config) const;

private:
    ports::Process& process_;
    std::vector<std::string> files_;
    bool explicit_ = false;
    bool fromEnvironment_ = false;
};

// What one invocation uses, after flags. Certificates are PEM text.
struct ClientSettings {
    std::string server = "http://localhost:8080";
    std::string scheme, host, hostPort, basePath;
    int port = 0;
    std::string contextName, ns = "default";
    bool nsGiven = false;   // by flag
    bool defaulted = false; // no configuration at all
    std::string authorityPem, certificatePem, keyPem, token, username, password;
    std::string tlsServerName;
    bool insecure = false;
    bool mustAsk = false; // no way to tell who the user is
    std::string asUser, asUid;
    std::vector<std::string> asGroups;
};
base::Result<ClientSettings> clientSettings(ports::Process& process, const Flags& flags,
                                            const Kubeconfig& config);
// The namespace only; cheap and without reading certificates.
base::Result<std::string> namespaceOf(ports::Process& process, const Flags& flags,
                                      const Kubeconfig& config);
// Fills scheme, host and port from the server's URL.
base::Status splitServer(ClientSettings& settings);

} // namespace kubectl
