#pragma once
// Everything that the window, the lab, the gateway and the command line may do with a cluster. One
// `Cluster` is one simulated world; several may live in one process. Not thread-safe: the owner
// drives it from one thread; values that it returns may be handed to other threads.

#include "base/result.h"
#include "cluster/blueprint.h"
#include "document/value.h"
#include "ports/http.h"
#include "ports/program.h"
#include "sim/kernel.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

// An interactive login on a simulated host: a shell on a pseudo terminal.
struct Session {
    std::string hostName;
    std::shared_ptr<sim::Pipe> keyboard; // write what was typed
    std::shared_ptr<sim::Pipe> screen;   // read what appears
    std::shared_ptr<ports::Terminal> terminal;
    sim::Signal ended;
    bool alive = true;
};

struct CommandResult {
    std::string output, error;
    int exitCode = 0;
};

struct JournalEntry { // one input from outside; the list of them is the save file
    sim::Time at = 0;
    std::string kind; // "keys", "run", "write", "resize", "open", "api"
    std::string target; // session or host
    std::string data;
};

struct ObjectChange {
    std::uint64_t revision = 0;
    sim::Time at = 0;
    std::string type; // ADDED MODIFIED DELETED
    std::string group, version, plural; // resource of the object
    document::Value object;
    sim::CauseId cause = 0;
};

class Cluster {
public:
    static base::Result<std::unique_ptr<Cluster>> create(const Blueprint& blueprint,
                                                         std::uint64_t seed);
    ~Cluster();

    sim::Kernel& kernel();
    const Blueprint& blueprint() const;

    // Runs until every node is Ready and DNS answers (or the blueprint's boot limit has passed).
    base::Status boot();

    // Interactive sessions. `host`: machine name; user root.
    std::shared_ptr<Session> openSession(std::string_view host, ports::TerminalSize size);
    void type(Session& session, std::string bytes); // journalled
    void resize(Session& session, ports::TerminalSize size);

    // A login shell that keeps its state between commands (variables, functions, cwd), not
    // interactive; drives the kernel until the command ends or the limit passes. Exit 124 then.
    CommandResult run(std::string_view shell, std::string_view host, std::string command,
                      sim::Duration limit = 600 * sim::kSecond);
    base::Status writeFile(std::string_view host, std::string_view path, std::string text);
    base::Result<std::string> readFile(std::string_view host, std::string_view path);

    // The API as an administrator outside the RBAC of the lab sees it (reads for the window and the
    // grader): straight to the store, whatever state the API server is in.
    std::vector<document::Value> objects(std::string_view group, std::string_view plural,
                                         std::string_view ns = {}) const;
    document::Value object(std::string_view group, std::string_view plural, std::string_view ns,
                           std::string_view name) const;
    // Changes with revision > `after`, oldest first, at most `limit`.
    std::vector<ObjectChange> changes(std::uint64_t after, std::size_t limit = 10'000) const;
    std::uint64_t revision() const;
    // Live objects of a resource as they were at a revision.
    std::vector<document::Value> objectsAt(std::uint64_t revision, std::string_view group,
                                           std::string_view plural) const;
    // The cause that wrote this object's current state; see sim::Trace::chain.
    sim::CauseId causeOf(std::string_view group, std::string_view plural, std::string_view ns,
                         std::string_view name) const;

    // For the gateway: a request by an authenticated outsider, over the simulated network from
    // outside the hosts to the API endpoint.
    sim::Task<ports::Response> serve(ports::Request request);
    // An admin kubeconfig as kubeadm writes it, and its client certificate for the gateway.
    std::string adminKubeconfig() const;

    // Network inspection for the window and checks. Text of `iptables-save -c` on a host.
    std::string iptablesText(std::string_view host) const;
    // Walks one connection attempt without sending it: hops as values
    // {where, device, chain, rule, verdict, before:{src,dst,...}, after:{...}} plus {result, server}.
    // `from`: "node/<name>", "pod/<ns>/<name>" or "outside".
    document::Value walk(std::string_view from, base::Endpoint to, std::string_view protocol);
    // The last walks that programs made, newest first, same shape with {at, program}.
    std::vector<document::Value> recentWalks(std::size_t limit) const;
    // A TCP connection (or HTTP GET when `httpPath` is set) from a pod or node, really made.
    document::Value probe(std::string_view from, std::string host, std::uint16_t port,
                          std::string httpPath, sim::Duration timeout);

    std::vector<std::string> hosts() const;
    const std::vector<JournalEntry>& journal() const;

    struct State; // for the files of cluster/ only

private:
    explicit Cluster(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace cluster
