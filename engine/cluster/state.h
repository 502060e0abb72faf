#pragma once
// The inside of a `Cluster`. Only cluster/ includes this. Members are destroyed in reverse order:
// machines, and with them every process, before what they use.

#include "cluster/facade.h"
#include "cluster/kubeadm/kubeadm.h"
#include "cluster/node.h"
#include "cluster/programs/etcd.h"
#include "cluster/registry.h"
#include "shell/session.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace cluster {

// A login shell of `Cluster::run`.
struct BatchShell {
    std::shared_ptr<shell::SessionProgram> program;
    int pid = 0;
};

// The Tty of an interactive session.
struct Login {
    std::weak_ptr<Session> session;
    std::unique_ptr<ports::Tty> tty;
    int pid = 0;
};

// A connection of an outsider that lives as long as its watch or streams.
struct OutsideConnection {
    ports::ConnectionPtr connection;
    std::weak_ptr<sim::Channel<ports::WatchEvent>> watch;
    std::weak_ptr<sim::Pipe> stream;
    std::weak_ptr<ports::StreamOffer> offer;
    bool inUse() const;
};

struct Cluster::State {
    State(Blueprint blueprint, std::uint64_t seed);
    ~State();

    Node* find(std::string_view name);
    Node& firstControlPlane();
    store::Store* store() const { return etcds.current().get(); }
    void record(std::string kind, std::string target, std::string data);

    Blueprint blueprint;
    sim::Kernel kernel;
    EtcdWorld etcds;
    Registry registry;
    runtime::Runtimes runtimes;
    ImageBases images;
    network::Fabric fabric;
    kubeadm::Secrets secrets;
    std::vector<std::unique_ptr<Node>> nodes;
    std::map<std::string, BatchShell, std::less<>> shells; // "host/name"
    std::vector<Login> logins;
    int sessionCount = 0;
    std::vector<JournalEntry> journal;
    std::vector<OutsideConnection> outsideConnections;
    sim::Scope scope; // kubeadm's own steps, facade's tasks
};

} // namespace cluster
