#pragma once
// A containerd of one machine: sandboxes, containers, images. Its containers live on when the daemon
// process stops, as they do under containerd's shims; calls then fail as on a closed socket.
// Sources: containerd 1.6 pkg/cri/server (behaviour and error texts), runc (start errors).

#include "ports/cri.h"
#include "ports/tty.h"
#include "runtime/container_host.h"
#include "runtime/simulated/image_catalogue.h"
#include "runtime/simulated/log_writer.h"

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace runtime {

// How long an operation takes: at least `least`, and up to `spread` more, as on a real node no two
// containers take the same time. The spans are our choice, within what recorded pod histories show.
struct Latency {
    sim::Duration least, spread;
};

class Containerd final : public ports::ContainerRuntime {
public:
    // `images`: names of catalogue entries that the machine holds from the start. The registry is
    // reachable only where `online` says so; a pull then takes time by size.
    Containerd(ContainerHost& host, SandboxNetwork& network, ImageCatalogue& catalogue,
               std::vector<std::string> images, bool online = false);
    ~Containerd() override;

    // The daemon process. `serve` opens for calls, `shutDown` refuses them.
    void serve();
    void shutDown();
    bool serving() const { return serving_; }
    // Power off: every process and network of the machine is gone; images and logs stay on disk.
    void powerOff();
    ContainerHost& containerHost() { return host_; }

    sim::Task<base::Result<ports::CriVersion>> version() override;
    sim::Task<base::Result<ports::CriStatus>> status() override;
    sim::Task<base::Result<std::string>> runSandbox(ports::CriSandboxConfig config) override;
    sim::Task<base::Status> stopSandbox(std::string id) override;
    sim::Task<base::Status> removeSandbox(std::string id) override;
    sim::Task<base::Result<ports::CriSandbox>> sandboxStatus(std::string id) override;
    sim::Task<base::Result<std::vector<ports::CriSandbox>>>
    listSandboxes(ports::CriFilter filter) override;
    sim::Task<base::Result<std::string>> createContainer(std::string sandboxId,
                                                         ports::CriContainerConfig config,
                                                         ports::CriSandboxConfig sandbox) override;
    sim::Task<base::Status> startContainer(std::string id) override;
    sim::Task<base::Status> stopContainer(std::string id, sim::Duration timeout) override;
    sim::Task<base::Status> removeContainer(std::string id) override;
    sim::Task<base::Result<std::vector<ports::CriContainer>>>
    listContainers(ports::CriFilter filter) override;
    sim::Task<base::Result<ports::CriContainer>> containerStatus(std::string id) override;
    sim::Task<base::Status> updateResources(std::string id, ports::CriResources resources) override;
    sim::Task<base::Result<ports::CriExecResult>>
    execSync(std::string id, std::vector<std::string> command, sim::Duration timeout) override;
    sim::Task<base::Status> exec(std::string id, std::vector<std::string> command, bool tty,
                                 std::shared_ptr<ports::StreamOffer> streams) override;
    sim::Task<base::Status> attach(std::string id,
                                   std::shared_ptr<ports::StreamOffer> streams) override;
    sim::Task<base::Status> portForward(std::string sandboxId, std::uint16_t port,
                                        std::shared_ptr<ports::StreamOffer> streams) override;
    sim::Task<base::Result<std::vector<ports::CriImage>>> listImages() override;
    sim::Task<base::Result<std::optional<ports::CriImage>>> imageStatus(std::string image) override;
    sim::Task<base::Result<std::string>> pullImage(std::string image) override;
    sim::Task<base::Status> removeImage(std::string image) override;
    sim::Task<base::Result<ports::CriFsUsage>> imageFsInfo() override;
    sim::Task<base::Result<std::vector<ports::CriStats>>> listStats(ports::CriFilter filter) override;
    base::Result<std::shared_ptr<sim::Channel<ports::CriEvent>>> events() override;

private:
    struct Sandbox {
        ports::CriSandbox info;
        ports::CriSandboxConfig config;
        std::shared_ptr<NetworkNamespace> network; // null: the host's
        int pausePid = 0;
        ImageRecordPtr pauseImage;
    };
    struct Container {
        explicit Container(sim::Kernel& kernel) : scope(kernel) {}
        ports::CriContainer info;
        ports::CriContainerConfig config;
        ImageRecordPtr image;
        std::shared_ptr<LogWriter> log;
        std::shared_ptr<sim::Pipe> input;
        std::unique_ptr<ports::Tty> tty; // with `tty: true`
        std::vector<std::string> argv;
        std::vector<std::pair<std::string, std::string>> env;
        std::uint32_t uid = 0, gid = 0;
        std::vector<std::uint32_t> groups;
        bool stopping = false;
        // Processor time as the cgroup counts it: no more than its quota allows.
        std::int64_t meteredAt = 0; // Unix ns
        std::uint64_t workSeen = 0, cpuTime = 0, cpuRate = 0;
        sim::Signal changed;
        sim::Scope scope; // log copiers; last, so that it ends first
    };
    using ContainerPtr = std::shared_ptr<Container>;
    using SandboxPtr = std::shared_ptr<Sandbox>;

    base::Status available() const;
    sim::Duration drawn(const Latency& latency);
    base::Result<SandboxPtr> sandbox(std::string_view id) const;
    base::Result<ContainerPtr> container(std::string_view id) const;
    std::string newId();
    void emit(ports::CriEventType type, const std::string& containerId, const Sandbox& sandbox);
    bool matches(const ports::CriFilter& filter, const ports::CriContainer& item) const;

    base::Status startPause(Sandbox& sandbox);
    void writeSandboxFiles(const Sandbox& sandbox);
    std::string sandboxFolder(const std::string& id) const;
    base::Status prepareRoot(Container& container, const Sandbox& sandbox);
    base::Status resolveUser(Container& container);
    void buildProcess(Container& container, const Sandbox& sandbox);
    std::string pidNamespace(const ports::CriSecurity& security, const std::string& containerId,
                             const Sandbox& sandbox) const;
    ContainerProcessSpec processSpec(const Container& container, const Sandbox& sandbox) const;
    std::string startFailure(const Container& container, const base::Error& error,
                             const std::vector<std::string>& argv) const;
    std::pair<std::shared_ptr<sim::Pipe>, std::shared_ptr<sim::Pipe>>
    connectStreams(Container& container, ContainerProcessSpec& spec);
    void containerEnded(const std::string& id, ProcessEnd end);
    void failStart(Container& container, const std::string& message);
    sim::Task<bool> waitExited(ContainerPtr container, sim::Time deadline);
    int stopSignalOf(const Container& container) const;
    ports::CriImage describe(const ImageRecord& image, const std::set<std::string>& names) const;
    ImageRecordPtr findLocal(std::string_view reference) const;
    void meter(Container& container);
    sim::Task<base::Status> resolveRegistry(std::string domain, std::string reference, std::string url);
    sim::Task<base::Result<int>> runExec(ContainerPtr container, std::vector<std::string> command,
                                         std::shared_ptr<ports::StreamOffer> streams, bool tty);

    ContainerHost& host_;
    SandboxNetwork& network_;
    ImageCatalogue& catalogue_;
    bool online_;
    bool serving_ = false;
    std::map<std::string, SandboxPtr, std::less<>> sandboxes_;
    std::map<std::string, ContainerPtr, std::less<>> containers_;
    std::vector<std::string> order_; // container ids in order of creation
    std::map<std::string, std::set<std::string>> localNames_; // image id -> names on this machine
    std::vector<std::shared_ptr<sim::Channel<ports::CriEvent>>> listeners_;
    std::map<std::string, std::string> networkErrors_;
};

} // namespace runtime
