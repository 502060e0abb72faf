#pragma once
// The container runtimes of a cluster's machines, found by host and socket.

#include "ports/cri.h"
#include "runtime/container_host.h"
#include "runtime/simulated/containerd.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace runtime {

class Runtimes final : public ports::RuntimeEndpoints {
public:
    struct MachineRuntime {
        std::unique_ptr<ContainerHost> host;
        std::unique_ptr<SandboxNetwork> network;
        std::vector<std::string> images; // names of catalogue entries present from the start
        bool online = false;             // registries answer
    };

    ImageCatalogue& catalogue() { return catalogue_; }
    Containerd& add(MachineRuntime parts);
    Containerd* find(const ports::Host& host) const; // null when the machine has none
    base::Result<std::shared_ptr<ports::ContainerRuntime>> dial(ports::Host& host,
                                                                std::string_view endpoint) override;

private:
    struct Entry {
        MachineRuntime parts;
        std::shared_ptr<Containerd> daemon;
    };
    ImageCatalogue catalogue_;
    std::vector<Entry> entries_;
};

} // namespace runtime
