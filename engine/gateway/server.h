#pragma once
// The loopback HTTPS endpoint for real clients (kubectl, helm, client libraries, curl). One thread
// serves the sockets and drives the cluster, so that the engine needs no locks. Off unless asked for.
//
// Bounds: 256 connections, head 64 KiB, body 3 MiB, 10 s to send a head, 5 min idle, 8 MiB backlog of
// a slow reader. Only loopback is listened on; a foreign Host or any page's Origin is refused.

#include "base/result.h"
#include "cluster/facade.h"

#include <cstdint>
#include <memory>
#include <string>

namespace gateway {

struct Options {
    std::string listen = "127.0.0.1:0"; // loopback only; port 0 picks a free one
    double pace = 1;                    // virtual seconds per second
};

class Server {
public:
    static base::Result<std::unique_ptr<Server>> create(cluster::Cluster& cluster, const Options& options);
    ~Server();
    std::string address() const; // "127.0.0.1:41234"
    // A kubeconfig with the endpoint, its authority and an administrator's client certificate.
    std::string kubeconfig() const;
    // Serves until `stop` is called (from a signal handler or another thread).
    void run();
    void stop();

private:
    struct State;
    explicit Server(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

} // namespace gateway
