#pragma once
// etcd: data directories, running members, and the way from API servers to them.

#include "ports/program.h"
#include "store/store.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

// A running member.
struct EtcdMember {
    std::shared_ptr<store::Store> store;
    ports::NetStack* network = nullptr;
    std::vector<base::Endpoint> endpoints; // client listeners
    ports::TlsServer tls;
    bool secure = false;
    std::string name, dataDir, memberId;
    std::vector<std::string> clientUrls, peerUrls;
};

// All data of a cluster's etcds. A data directory names its data by the content of member/snap/db,
// so that moving and copying the directory moves the data along.
class EtcdWorld {
public:
    explicit EtcdWorld(sim::Kernel& kernel) : kernel_(kernel) {}
    sim::Kernel& kernel() { return kernel_; }

    // Opens or makes the data of a directory. Errors: errno texts of its files.
    base::Result<std::shared_ptr<store::Store>> open(ports::FileSystem& files, const std::string& directory);
    // A new directory with restored data. Errors: "data-dir \"x\" not empty or could not be read".
    base::Status restore(ports::FileSystem& files, const std::string& directory, std::string_view snapshot);
    std::shared_ptr<store::Store> find(std::string_view id) const;

    void join(std::shared_ptr<EtcdMember> member);
    void leave(const EtcdMember& member);
    std::shared_ptr<EtcdMember> at(const ports::NetStack& from, const base::Endpoint& endpoint) const;
    // The data that was served last, whether or not a member runs: what the window and the grader read.
    const std::shared_ptr<store::Store>& current() const { return current_; }

private:
    std::string makeDirectory(ports::FileSystem& files, const std::string& directory, base::Status& status);

    sim::Kernel& kernel_;
    std::map<std::string, std::shared_ptr<store::Store>, std::less<>> stores_;
    std::vector<std::shared_ptr<EtcdMember>> members_;
    std::shared_ptr<store::Store> current_;
    int made_ = 0;
};

// What an API server holds. The handshake is judged by both sides' certificates at each new member.
class EtcdClient final : public store::EtcdAccess {
public:
    EtcdClient(EtcdWorld& world, ports::NetStack& network, std::vector<base::Endpoint> servers, bool secure,
               ports::TlsClient tls);
    base::Result<store::Store*> reach() override;

private:
    base::Status handshake(const EtcdMember& member, const base::Endpoint& endpoint);

    EtcdWorld& world_;
    ports::NetStack& network_;
    std::vector<base::Endpoint> servers_;
    bool secure_;
    ports::TlsClient tls_;
    std::weak_ptr<EtcdMember> trusted_;
    sim::Time trustedUntil_ = 0;
};

std::shared_ptr<ports::HttpHandler> etcdHandler(const std::shared_ptr<EtcdMember>& member);
std::shared_ptr<ports::Program> etcdProgram(EtcdWorld& world);
// "https://127.0.0.1:2379" into an endpoint; `secure` tells the scheme.
base::Result<base::Endpoint> parseUrl(std::string_view url, bool& secure);

} // namespace cluster
