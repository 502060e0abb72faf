#pragma once
// Everything that the window, the lab, the gateway and the command line may do with a cluster. One
// `Cluster` is one simulated world; several may live in one process. Not thread-safe: the owner
// drives it from one thread; values that it returns may be handed to other threads.

#include "base/function.h"
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
    int number = 0; // the first of a cluster is 1
    std::string hostName;
    std::shared_ptr<sim::Pipe> keyboard; // write what was typed
    // Read what has appeared. When it is read makes no difference to the world; who reads too rarely
    // finds the newest megabytes only.
    std::shared_ptr<sim::Pipe> screen;
    std::shared_ptr<ports::Terminal> terminal;
    sim::Signal ended;
    bool alive = true;
};

struct CommandResult {
    std::string output, error;
    int exitCode = 0;
};

// An instant of a world, exactly: how many events had run, and what they were.
struct Moment {
    sim::Time at = 0;
    std::uint64_t events = 0, fingerprint = 0;
    bool operator==(const Moment&) const = default;
};

struct JournalEntry { // one input from outside; the list of them is the save file
    Moment before;
    std::string kind;   // "open", "close", "keys", "resize", "run", "write", "probe"
    std::string target; // number of a session, or a host
    std::string data;   // the input's own fields, see cluster/journal.cpp
};

// A session of a replayed journal: what its screen has shown, in stretches of one size.
struct RestoredSession {
    std::shared_ptr<Session> session;
    bool closed = false; // by the window
    struct Stretch {
        ports::TerminalSize size;
        std::string bytes;
    };
    std::vector<Stretch> shown;
};

struct ObjectChange {
    std::uint64_t revision = 0;
    sim::Time at = 0;
    std::string type; // ADDED MODIFIED DELETED
    std::string group, version, plural; // resource of the object
    document::Value object;
    sim::CauseId cause = 0;
};

using ReplayProgress = base::Function<void(double)>; // share of 1, now and then

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
    void closeSession(Session& session); // hangs up

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
    // outside the hosts to the API endpoint. Status kNotConnected: nobody listens or answers there.
    static constexpr int kNotConnected = 0;
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
    // Every input so far. `replay` gives the same inputs at the same instants to a cluster that stands
    // where the recorded one stood before the first of them, and goes on to `end`. It fails as soon as
    // this world turns out to be another one than that which was recorded.
    const std::vector<JournalEntry>& journal() const;
    Moment moment();
    base::Result<std::vector<RestoredSession>> replay(const std::vector<JournalEntry>& inputs, const Moment& end,
                                                      ReplayProgress progress = {});

    struct State; // for the files of cluster/ only

private:
    explicit Cluster(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace cluster
