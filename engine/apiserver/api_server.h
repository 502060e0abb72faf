#pragma once
// kube-apiserver as a value: one object is one running server process. It serves HTTP through
// `handle`, keeps everything in the store behind `etcd`, and makes the bootstrap objects that every
// API server makes. Destroying it ends all its watches.

#include "apiserver/config.h"
#include "ports/http.h"
#include "sim/kernel.h"
#include "store/store.h"

#include <memory>

namespace apiserver {

struct Core;
class Aggregator;

class ApiServer : public ports::HttpHandler {
public:
    ApiServer(sim::Kernel& kernel, std::shared_ptr<store::EtcdAccess> etcd, Config config);
    ~ApiServer() override;
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    sim::Task<ports::Response> handle(ports::Request request) override;

    // The same pipeline without a connection, for requests that need no other process: the caller is
    // who `user` says. Authorization still applies.
    ports::Response serveAs(const UserInfo& user, ports::Request request);

    // Replaces what certificates and keys say; used when their files change on disk.
    void setClientAuthorities(std::vector<pki::CertificatePtr> authorities);
    // Changes that this server committed, for `readyz` and tests.
    std::size_t watcherCount() const;

private:
    std::shared_ptr<Core> core_;
    std::unique_ptr<Aggregator> aggregator_;
};

// Where an object of a built-in resource lives in etcd: "/registry/pods/default/web". Prefix ends in
// a slash.
std::string storagePrefix(std::string_view group, std::string_view plural);

} // namespace apiserver
