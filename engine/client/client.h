#pragma once
// The API client that every component uses: a kubeconfig-like identity, a connection over the
// simulated network, typed-by-resource calls. One connection is kept and dialled again when it ends,
// as an HTTP/2 client does.

#include "base/result.h"
#include "document/value.h"
#include "ports/network.h"
#include "sim/channel.h"
#include "sim/task.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace client {

// group/version/resource in URL form: {"apps", "v1", "deployments"}; core has group "".
struct Resource {
    std::string group, version, plural;
    std::string path(std::string_view ns, std::string_view name = {},
                     std::string_view subresource = {}) const;
};

// Turns a host name into an address; a component brings the resolver of its host or container.
class Resolver {
public:
    virtual ~Resolver() = default;
    // The error text is that of Go's resolver: "lookup web on 10.96.0.10:53: no such host".
    virtual sim::Task<base::Result<base::IpAddress>> resolve(std::string host) = 0;
};

// Where the server is and who we are; read from a kubeconfig file or the in-cluster mounts.
struct Config {
    std::string host = "127.0.0.1"; // IP or name (resolved by `resolver`)
    std::shared_ptr<Resolver> resolver;
    std::uint16_t port = 6443;
    bool tls = true;
    ports::TlsClient credentials;
    std::string bearerToken;
    std::string userAgent = "timonel";
    std::string impersonateUser;
    std::vector<std::string> impersonateGroups;
    std::string impersonateUid;
    sim::Duration connectTimeout = 30 * sim::kSecond;
};

struct ListOptions {
    std::string labelSelector, fieldSelector;
    std::int64_t limit = 0;
    std::string continueToken, resourceVersion;
};

struct WriteOptions {
    bool dryRun = false;
    std::string fieldManager;
    std::string fieldValidation; // Strict, Warn, Ignore
    bool force = false;
};

struct DeleteOptions {
    std::int64_t gracePeriodSeconds = -1; // -1: the object's default
    std::string propagationPolicy;        // Background, Foreground, Orphan; empty: default
    std::string uid, resourceVersion;     // preconditions
    bool dryRun = false;
};

// Errors of all calls: a Status from the server (code, reason, message, and the Status object in
// `detail`, see api/status.h), or a transport error with code 0 whose message is Go's
// ("dial tcp 172.30.0.10:6443: connect: connection refused").
class Client {
public:
    Client(sim::Kernel& kernel, ports::NetStack& network, Config config);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    const Config& config() const;
    // A renewed token is used from the next call on.
    void setBearerToken(std::string token);
    sim::Kernel& kernel();

    sim::Task<base::Result<document::Value>> get(Resource resource, std::string ns, std::string name,
                                                 std::string subresource = std::string());
    sim::Task<base::Result<document::Value>> list(Resource resource, std::string ns,
                                                  ListOptions options = ListOptions());
    sim::Task<base::Result<document::Value>> create(Resource resource, std::string ns,
                                                    document::Value object, std::string subresource = std::string(),
                                                    std::string name = std::string(), WriteOptions options = WriteOptions());
    sim::Task<base::Result<document::Value>> update(Resource resource, std::string ns,
                                                    document::Value object, std::string subresource = std::string(),
                                                    WriteOptions options = WriteOptions());
    // `type`: "application/merge-patch+json" and so on.
    sim::Task<base::Result<document::Value>> patch(Resource resource, std::string ns, std::string name,
                                                   std::string type, document::Value patch,
                                                   std::string subresource = std::string(), WriteOptions options = WriteOptions());
    sim::Task<base::Result<document::Value>> remove(Resource resource, std::string ns, std::string name,
                                                    DeleteOptions options = DeleteOptions());
    // Events from resourceVersion on; the channel closes when the server or the connection ends it.
    sim::Task<base::Result<std::shared_ptr<sim::Channel<ports::WatchEvent>>>>
    watch(Resource resource, std::string ns, std::string resourceVersion, ListOptions options = ListOptions());
    // Anything else.
    sim::Task<base::Result<ports::Response>> raw(ports::Request request);
    // Ends the connection; the next call dials again.
    void disconnect();

private:
    struct State;
    sim::Task<base::Result<ports::ConnectionPtr>> connection();
    sim::Task<base::Result<document::Value>> call(ports::Request request);
    std::unique_ptr<State> state_;
};

// Turns a non-2xx response into an error with its Status.
base::Error errorFromResponse(const ports::Response& response);

} // namespace client
