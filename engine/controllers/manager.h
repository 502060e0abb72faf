#pragma once
// kube-controller-manager without its flags: leader election, shared informers and every controller
// with its own identity. Source: cmd/kube-controller-manager/app/controllermanager.go.

#include "base/function.h"
#include "client/client.h"
#include "controllers/options.h"

#include <memory>
#include <string>
#include <vector>

namespace controllers {

class ControllerManager {
public:
    // `config` is the manager's own identity (controller-manager.conf); `log` gets klog texts
    // without head.
    ControllerManager(sim::Kernel& kernel, ports::NetStack& network, client::Config config,
                      Options options, base::Function<void(std::string)> log = {});
    ~ControllerManager();

    // Waits for the lease, runs the controllers, returns when the lease is lost ("leaderelection
    // lost").
    sim::Task<void> run();
    // Gives the lease up, as a clean shutdown does.
    sim::Task<void> release();
    bool leading() const;

    // Every name that --controllers accepts, and whether "*" includes it.
    struct Known {
        const char* name;
        bool byDefault;
    };
    static std::vector<Known> known();

private:
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace controllers
