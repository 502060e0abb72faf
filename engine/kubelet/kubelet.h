#pragma once
// The node agent. `Kubelet` is one running agent of one machine: it reads its files, talks to the API
// server and to the container runtime, and serves its own API on port 10250. Its process is the
// program `kubelet` (programs.h), started by the machine's systemd.

#include "kubelet/config.h"
#include "ports/cri.h"
#include "ports/program.h"

#include <memory>

namespace kubelet {

class Kubelet {
public:
    // All references outlive the object. Files, network, host name and standard error (its journal)
    // are those of `process`.
    Kubelet(ports::Process& process, ports::RuntimeEndpoints& runtimes, Config config);
    ~Kubelet();
    Kubelet(const Kubelet&) = delete;
    Kubelet& operator=(const Kubelet&) = delete;

    // Runs until the process is told to stop (0) or a fatal error has been logged (1).
    sim::Task<int> run();

    struct State;

private:
    std::unique_ptr<State> state_;
};

} // namespace kubelet
