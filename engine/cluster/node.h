#pragma once
// One machine of a cluster with everything that the layers below leave to be wired: its network
// namespace, the runtime's view of it, its CNI and its kernel settings.

#include "cluster/blueprint.h"
#include "machine/machine.h"
#include "network/cni/cni.h"
#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "runtime/runtimes.h"

#include <map>
#include <memory>
#include <string>

namespace cluster {

// net.* settings of a namespace.
class NetworkSysctls final : public machine::SysctlProvider {
public:
    explicit NetworkSysctls(network::NamespacePtr space) : space_(std::move(space)) {}
    std::optional<std::string> read(std::string_view name) const override;
    bool write(std::string_view name, std::string_view value) override;
    std::vector<std::string> names() const override;

private:
    network::NamespacePtr space_;
};

// Frozen trees of images, shared by all machines of a cluster.
class ImageBases {
public:
    explicit ImageBases(sim::Kernel& kernel) : kernel_(kernel) {}
    machine::InodePtr of(const std::shared_ptr<const runtime::ImageContent>& content);

private:
    sim::Kernel& kernel_;
    std::map<std::string, machine::InodePtr, std::less<>> bases_;
};

class NodeContainers final : public runtime::ContainerHost {
public:
    NodeContainers(machine::Machine& machine, ImageBases& bases) : machine_(machine), bases_(bases) {}

    sim::Kernel& kernel() override { return machine_.kernel(); }
    ports::Host& host() override { return machine_; }
    ports::FileSystem& files() override { return *machine_.files(); }
    ports::NetStack& network() override { return machine_.network(); }
    std::string hostname() override { return machine_.hostname(); }
    base::Status makeRoot(runtime::RootSpec spec) override;
    ports::FileSystem& rootFiles(const std::string& id) override;
    void removeRoot(const std::string& id) override;
    base::Result<int> start(runtime::ContainerProcessSpec spec,
                            base::Function<void(runtime::ProcessEnd)> ended) override;
    bool signal(int pid, int number) override;
    void killAll(const std::string& containerId) override;
    std::uint64_t memoryOf(const std::string& containerId) override;
    std::uint64_t cpuTimeOf(const std::string& containerId) override;
    void setMemoryLimit(const std::string& containerId, std::int64_t bytes) override {
        machine_.processes().setMemoryLimit(containerId, bytes);
    }

private:
    struct Root {
        machine::ViewPtr view;
        bool hasProc = false;
        bool readOnly = false;
    };
    base::Status mountOne(machine::View& view, const runtime::BindMount& mount);

    machine::Machine& machine_;
    ImageBases& bases_;
    std::map<std::string, Root, std::less<>> roots_;
};

class NodeNetwork final : public runtime::SandboxNetwork {
public:
    NodeNetwork(network::Fabric& fabric, network::NamespacePtr host, machine::Machine& machine);
    base::Status ready() override;
    std::shared_ptr<runtime::NetworkNamespace> create(const std::string& sandboxId) override;
    sim::Task<base::Result<runtime::NetworkResult>> attach(std::string sandboxId,
                                                           ports::CriSandboxConfig config) override;
    sim::Task<base::Status> detach(std::string sandboxId, ports::CriSandboxConfig config) override;
    void remove(const std::string& sandboxId) override;
    network::NamespacePtr find(const std::string& sandboxId) const;

private:
    // A CNI is stateless: plugins run from the files of the machine each time.
    network::cni::Cni cni() { return network::cni::Cni(*host_, *machine_.files()); }

    network::Fabric& fabric_;
    network::NamespacePtr host_;
    machine::Machine& machine_;
    std::map<std::string, network::NamespacePtr, std::less<>> pods_;
};

class Node {
public:
    Node(sim::Kernel& kernel, network::Fabric& fabric, const ports::ProgramRegistry& programs,
         runtime::Runtimes& runtimes, ImageBases& bases, const NodeBlueprint& blueprint,
         machine::MachineSpec spec, int prefixLength, std::vector<std::string> images, bool online);

    const NodeBlueprint& blueprint() const { return blueprint_; }
    machine::Machine& machine() { return *machine_; }
    network::Namespace& space() { return *space_; }
    const network::NamespacePtr& spacePtr() const { return space_; }
    NodeNetwork& podNetworks() { return *networks_; }
    runtime::Containerd& runtime() { return *runtime_; }

private:
    NodeBlueprint blueprint_;
    network::NamespacePtr space_;
    std::unique_ptr<NetworkSysctls> sysctls_;
    std::unique_ptr<machine::Machine> machine_;
    NodeNetwork* networks_ = nullptr;
    runtime::Containerd* runtime_ = nullptr;
};

} // namespace cluster
