#include "cluster/node.h"

#include <cerrno>

namespace cluster {

// runc starts its own init and threads in the new process's pid namespace first: `ps` in a pod of
// one container sees 1 and 7.
constexpr int kRuncHelpers = 5;

std::optional<std::string> NetworkSysctls::read(std::string_view name) const {
    if (!name.starts_with("net.")) return std::nullopt;
    std::string value = space_->sysctl(name);
    if (value.empty()) return std::nullopt;
    return value;
}

bool NetworkSysctls::write(std::string_view name, std::string_view value) {
    if (!read(name)) return false;
    space_->setSysctl(name, std::string(value));
    return true;
}

std::vector<std::string> NetworkSysctls::names() const {
    std::vector<std::string> list;
    for (const auto& [name, value] : space_->sysctls()) list.push_back(name);
    return list;
}

machine::InodePtr ImageBases::of(const std::shared_ptr<const runtime::ImageContent>& content) {
    if (!content) return nullptr;
    auto& slot = bases_[content->id];
    if (slot) return slot;
    std::vector<machine::BaseFile> files;
    files.reserve(content->files.size());
    for (const auto& file : content->files)
        files.push_back({file.path, file.type, file.mode, file.uid, file.gid, file.content});
    slot = machine::makeBase(files, kernel_.unixNow());
    return slot;
}

base::Status NodeContainers::mountOne(machine::View& view, const runtime::BindMount& mount) {
    auto& host = *machine_.files();
    BASE_TRY(const auto source, host.stat(mount.hostPath));
    if (!view.exists(mount.containerPath)) {
        if (source.type == ports::FileType::Directory) {
            BASE_CHECK(view.makeDirectories(mount.containerPath, 0755));
        } else {
            const std::string folder = mount.containerPath.substr(0, mount.containerPath.rfind('/'));
            if (!folder.empty()) BASE_CHECK(view.makeDirectories(folder, 0755));
            BASE_CHECK(view.write(mount.containerPath, "", 0644));
        }
    }
    return view.bind(host, mount.hostPath, mount.containerPath, mount.readOnly);
}

base::Status NodeContainers::makeRoot(runtime::RootSpec spec) {
    auto tree = std::make_shared<machine::FileTree>(machine_.kernel(), "overlay", "overlay", bases_.of(spec.image));
    auto table = std::make_shared<machine::MountTable>(tree);
    Root root{std::make_shared<machine::View>(table), false, spec.readOnly};
    root.view->setUmask(0);
    for (const char* folder : {"/proc", "/dev", "/sys", "/etc"})
        (void)root.view->makeDirectories(folder, 0755);
    (void)root.view->mount("/dev", machine_.makeDevices(), "rw,nosuid,size=65536k,mode=755");
    (void)root.view->mount("/sys", machine_.makeSys(), "ro,nosuid,nodev,noexec,relatime", true);
    for (const auto& mount : spec.mounts) BASE_CHECK(mountOne(*root.view, mount));
    root.view->setUmask(022);
    roots_[spec.id] = std::move(root);
    return base::okStatus();
}

ports::FileSystem& NodeContainers::rootFiles(const std::string& id) {
    const auto found = roots_.find(id);
    BASE_ASSERT(found != roots_.end());
    return *found->second.view;
}

void NodeContainers::removeRoot(const std::string& id) {
    roots_.erase(id);
    machine_.processes().setMemoryLimit(id, 0);
}

base::Result<int> NodeContainers::start(runtime::ContainerProcessSpec spec,
                                        base::Function<void(runtime::ProcessEnd)> ended) {
    const auto found = roots_.find(spec.rootId);
    if (found == roots_.end()) return ports::fileError(ENOENT);
    Root& root = found->second;
    if (!root.hasProc) {
        root.hasProc = true;
        const auto& table = root.view->mounts();
        (void)root.view->mount("/proc", machine_.makeProc(spec.pidNamespace, table), "rw,nosuid,nodev,noexec,relatime");
        if (root.readOnly) {
            table->rootMount()->readOnly = true;
            table->rootMount()->options = "ro,relatime";
        }
    }
    machine::ProcessSpec process;
    process.argv = std::move(spec.argv);
    for (auto& [key, value] : spec.env) {
        process.envOrder.push_back(key);
        process.env[key] = std::move(value);
    }
    process.cwd = spec.cwd.empty() ? "/" : std::move(spec.cwd);
    machine::Credentials credentials{spec.uid, spec.gid, std::move(spec.groups), spec.capabilities,
                                     spec.noNewPrivileges};
    process.files = std::make_shared<machine::View>(root.view->mounts(), std::move(credentials));
    process.network = spec.network ? &spec.network->stack() : &machine_.network();
    process.networkOwner = spec.network;
    process.hostname = std::move(spec.hostname);
    process.input = std::move(spec.input);
    process.output = std::move(spec.output);
    process.error = std::move(spec.error);
    process.terminal = std::move(spec.terminal);
    process.pidNamespace = std::move(spec.pidNamespace);
    process.helperPids = kRuncHelpers;
    if (spec.memoryLimit > 0) machine_.processes().setMemoryLimit(spec.containerId, spec.memoryLimit);
    process.containerId = std::move(spec.containerId);
    process.unit = "kubepods.slice";
    process.init = spec.init;
    process.closeOutput = true;
    auto handler = std::make_shared<base::Function<void(runtime::ProcessEnd)>>(std::move(ended));
    return machine_.processes().start(std::move(process), [handler](machine::ProcessEnd end) {
        runtime::ProcessEnd out;
        out.exitCode = end.code;
        out.oomKilled = end.outOfMemory;
        if (*handler) (*handler)(out);
    });
}

bool NodeContainers::signal(int pid, int number) { return machine_.processes().signal(pid, number); }

void NodeContainers::killAll(const std::string& containerId) {
    machine_.processes().killContainer(containerId);
}

std::uint64_t NodeContainers::memoryOf(const std::string& containerId) {
    std::uint64_t total = 0;
    for (const auto& process : machine_.processes().all())
        if (process->spec().containerId == containerId) total += static_cast<std::uint64_t>(process->resident());
    return total;
}

std::uint64_t NodeContainers::cpuTimeOf(const std::string& containerId) {
    return static_cast<std::uint64_t>(machine_.processes().cpuTimeOf(containerId));
}

namespace {

class PodNamespace final : public runtime::NetworkNamespace {
public:
    explicit PodNamespace(network::NamespacePtr space) : space_(std::move(space)) {}
    ports::NetStack& stack() override { return *space_; }

private:
    network::NamespacePtr space_;
};

std::vector<network::cni::PortMapping> portMappings(const ports::CriSandboxConfig& config) {
    std::vector<network::cni::PortMapping> list;
    for (const auto& port : config.ports) {
        if (port.hostPort == 0) continue;
        network::cni::PortMapping mapping;
        mapping.hostPort = static_cast<std::uint16_t>(port.hostPort);
        mapping.containerPort = static_cast<std::uint16_t>(port.containerPort);
        mapping.protocol = port.protocol == "UDP" ? "udp" : port.protocol == "SCTP" ? "sctp" : "tcp";
        mapping.hostIP = port.hostIP;
        list.push_back(std::move(mapping));
    }
    return list;
}

} // namespace

NodeNetwork::NodeNetwork(network::Fabric& fabric, network::NamespacePtr host, machine::Machine& machine)
    : fabric_(fabric), host_(std::move(host)), machine_(machine) {}

base::Status NodeNetwork::ready() { return cni().ready(); }

std::shared_ptr<runtime::NetworkNamespace> NodeNetwork::create(const std::string& sandboxId) {
    auto space = fabric_.createNamespace("cni-" + sandboxId);
    pods_[sandboxId] = space;
    return std::make_shared<PodNamespace>(std::move(space));
}

network::NamespacePtr NodeNetwork::find(const std::string& sandboxId) const {
    const auto found = pods_.find(sandboxId);
    return found == pods_.end() ? nullptr : found->second;
}

sim::Task<base::Result<runtime::NetworkResult>> NodeNetwork::attach(std::string sandboxId,
                                                                    ports::CriSandboxConfig config) {
    const auto space = find(sandboxId);
    if (!space) co_return base::makeError("no network namespace of sandbox " + sandboxId);
    auto plugins = cni();
    auto mappings = portMappings(config);
    auto made = co_await plugins.add(sandboxId, space, config.ns, config.name, std::move(mappings));
    if (!made.ok()) co_return made.error();
    runtime::NetworkResult result;
    for (const auto& address : made->addresses) result.ips.push_back(address.address.text());
    co_return result;
}

sim::Task<base::Status> NodeNetwork::detach(std::string sandboxId, ports::CriSandboxConfig config) {
    const auto space = find(sandboxId);
    if (!space) co_return base::okStatus();
    auto plugins = cni();
    auto mappings = portMappings(config);
    co_return co_await plugins.remove(sandboxId, space, std::move(mappings));
}

void NodeNetwork::remove(const std::string& sandboxId) {
    const auto found = pods_.find(sandboxId);
    if (found == pods_.end()) return;
    fabric_.destroy(*found->second);
    pods_.erase(found);
}

Node::Node(sim::Kernel& kernel, network::Fabric& fabric, const ports::ProgramRegistry& programs,
           runtime::Runtimes& runtimes, ImageBases& bases, const NodeBlueprint& blueprint,
           machine::MachineSpec spec, int prefixLength, std::vector<std::string> images, bool online)
    : blueprint_(blueprint) {
    const auto address = base::IpAddress::parse(blueprint.address);
    space_ = fabric.createHost(blueprint.name, {*address, prefixLength});
    sysctls_ = std::make_unique<NetworkSysctls>(space_);
    machine_ = std::make_unique<machine::Machine>(kernel, programs, std::move(spec), *space_, sysctls_.get());
    runtime::Runtimes::MachineRuntime parts;
    parts.host = std::make_unique<NodeContainers>(*machine_, bases);
    auto networks = std::make_unique<NodeNetwork>(fabric, space_, *machine_);
    networks_ = networks.get();
    parts.network = std::move(networks);
    parts.images = std::move(images);
    parts.online = online;
    runtime_ = &runtimes.add(std::move(parts));
    machine_->setPowerHandler([this](bool on) {
        if (on) {
            space_->powerOn();
        } else {
            runtime_->powerOff();
            space_->shutDown();
        }
    });
}

} // namespace cluster
