#include "runtime/simulated/containerd.h"

#include "base/strings.h"
#include "ports/image_reference.h"

namespace runtime {
namespace {

// The sandbox image of the machine's configuration. Source: containerd config.toml, sandbox_image.
constexpr const char* kPauseImage = "registry.k8s.io/pause:3.10.1";
constexpr Latency kSandboxLatency{350 * sim::kMillisecond, 550 * sim::kMillisecond};
constexpr Latency kStopLatency{120 * sim::kMillisecond, 300 * sim::kMillisecond};

std::string resolvConf(const ports::CriDns& dns) {
    std::string text;
    if (!dns.searches.empty()) text += "search " + base::join(dns.searches, " ") + "\n";
    for (const std::string& server : dns.servers) text += "nameserver " + server + "\n";
    if (!dns.options.empty()) text += "options " + base::join(dns.options, " ") + "\n";
    return text;
}

} // namespace

Containerd::Containerd(ContainerHost& host, SandboxNetwork& network, ImageCatalogue& catalogue,
                       std::vector<std::string> images, bool online)
    : host_(host), network_(network), catalogue_(catalogue), online_(online) {
    for (const std::string& item : images) {
        const auto reference = ports::parseImageReference(item);
        if (!reference.ok()) continue;
        const std::string name = reference->text();
        if (const ImageRecordPtr image = catalogue_.find(name)) localNames_[image->id].insert(name);
    }
}

Containerd::~Containerd() = default;

void Containerd::serve() { serving_ = true; }

void Containerd::shutDown() {
    serving_ = false;
    for (const auto& listener : listeners_) listener->close();
    listeners_.clear();
}

void Containerd::powerOff() {
    shutDown();
    for (auto& [id, container] : containers_) {
        container->scope.cancel();
        if (container->info.state == ports::CriContainerState::Running)
            containerEnded(id, ProcessEnd{255, false});
    }
    for (auto& [id, sandbox] : sandboxes_) {
        sandbox->info.state = ports::CriSandboxState::NotReady;
        if (sandbox->network) network_.remove(id);
        sandbox->network = nullptr;
        sandbox->pausePid = 0;
    }
}

base::Status Containerd::available() const {
    if (serving_) return base::okStatus();
    return base::makeError("connection error: desc = \"transport: Error while dialing: dial unix "
                           "/run/containerd/containerd.sock: connect: no such file or directory\"",
                           ports::kCriUnavailable);
}

base::Result<Containerd::SandboxPtr> Containerd::sandbox(std::string_view id) const {
    const auto found = sandboxes_.find(id);
    if (found != sandboxes_.end()) return found->second;
    return base::makeError("an error occurred when try to find sandbox: not found", ports::kCriNotFound);
}

base::Result<Containerd::ContainerPtr> Containerd::container(std::string_view id) const {
    const auto found = containers_.find(id);
    if (found != containers_.end()) return found->second;
    return base::makeError("an error occurred when try to find container \"" + std::string(id) +
                               "\": not found",
                           ports::kCriNotFound);
}

std::string Containerd::newId() {
    return base::encodeHex(host_.kernel().random("runtime/id").bytes(32));
}

void Containerd::emit(ports::CriEventType type, const std::string& containerId,
                      const Sandbox& sandbox) {
    const sim::CauseId cause = host_.kernel().trace().current();
    for (const auto& listener : listeners_)
        listener->push({type, containerId, sandbox.info.id, sandbox.info.uid, cause});
}

bool Containerd::matches(const ports::CriFilter& filter, const ports::CriContainer& item) const {
    if (!filter.id.empty() && item.id != filter.id) return false;
    if (!filter.sandboxId.empty() && item.sandboxId != filter.sandboxId) return false;
    if (filter.state && item.state != *filter.state) return false;
    for (const auto& [key, value] : filter.labels) {
        const auto found = item.labels.find(key);
        if (found == item.labels.end() || found->second != value) return false;
    }
    return true;
}

sim::Task<base::Result<ports::CriVersion>> Containerd::version() {
    BASE_CO_CHECK(available());
    ports::CriVersion out;
    out.version = "1.6.20~ds1";
    co_return out;
}

sim::Task<base::Result<ports::CriStatus>> Containerd::status() {
    BASE_CO_CHECK(available());
    ports::CriStatus out;
    out.runtimeReady = true;
    const base::Status network = network_.ready();
    out.networkReady = network.ok();
    if (!network.ok()) {
        out.networkReason = "NetworkPluginNotReady";
        out.networkMessage = "Network plugin returns error: " + network.error().message;
    }
    co_return out;
}

std::string Containerd::sandboxFolder(const std::string& id) const {
    return "/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/" + id;
}

void Containerd::writeSandboxFiles(const Sandbox& sandbox) {
    ports::FileSystem& files = host_.files();
    const std::string folder = sandboxFolder(sandbox.info.id);
    const bool onHost = sandbox.config.network == ports::CriNamespace::Node;
    (void)files.makeDirectories(folder, 0755);
    const std::string name = sandbox.config.hostname.empty() ? host_.hostname() : sandbox.config.hostname;
    (void)files.write(folder + "/hostname", name + "\n", 0644);
    (void)files.write(folder + "/hosts", files.read("/etc/hosts").valueOr(""), 0644);
    std::string resolv = resolvConf(sandbox.config.dns);
    if (resolv.empty()) resolv = files.read("/etc/resolv.conf").valueOr("");
    (void)files.write(folder + "/resolv.conf", resolv, 0644);
    (void)onHost;
    if (!sandbox.config.logDirectory.empty()) (void)files.makeDirectories(sandbox.config.logDirectory, 0755);
}

base::Status Containerd::startPause(Sandbox& sandbox) {
    RootSpec root;
    root.id = sandbox.info.id;
    root.image = catalogue_.content(*sandbox.pauseImage);
    root.readOnly = true;
    BASE_CHECK(host_.makeRoot(std::move(root)));
    ContainerProcessSpec spec;
    spec.rootId = sandbox.info.id;
    spec.containerId = sandbox.info.id;
    spec.pidNamespace = sandbox.config.pid == ports::CriNamespace::Node ? "" : sandbox.info.id;
    spec.network = sandbox.network;
    spec.hostname = sandbox.config.hostname.empty() ? host_.hostname() : sandbox.config.hostname;
    spec.argv = sandbox.pauseImage->entrypoint;
    spec.cwd = "/";
    spec.uid = spec.gid = 65535;
    const std::string id = sandbox.info.id;
    auto started = host_.start(std::move(spec), [this, id](ProcessEnd) {
        const auto found = sandboxes_.find(id);
        if (found == sandboxes_.end()) return;
        found->second->pausePid = 0;
        if (found->second->info.state == ports::CriSandboxState::NotReady) return;
        found->second->info.state = ports::CriSandboxState::NotReady;
        emit(ports::CriEventType::Stopped, id, *found->second);
    });
    if (!started.ok()) {
        host_.removeRoot(id);
        return std::move(started).error();
    }
    sandbox.pausePid = *started;
    return base::okStatus();
}

sim::Task<base::Result<std::string>> Containerd::runSandbox(ports::CriSandboxConfig config) {
    BASE_CO_CHECK(available());
    auto made = std::make_shared<Sandbox>();
    made->config = config;
    ports::CriSandbox& info = made->info;
    info.id = newId();
    info.name = config.name;
    info.uid = config.uid;
    info.ns = config.ns;
    info.attempt = config.attempt;
    info.labels = config.labels;
    info.annotations = config.annotations;
    info.network = config.network;
    made->pauseImage = findLocal(kPauseImage);
    if (!made->pauseImage) {
        auto pulled = co_await pullImage(kPauseImage);
        if (!pulled.ok())
            co_return base::makeError(std::string("failed to get sandbox image \"") + kPauseImage +
                                          "\": failed to pull image \"" + kPauseImage +
                                          "\": " + pulled.error().message,
                                      ports::kCriUnknown);
        made->pauseImage = findLocal(kPauseImage);
    }
    co_await sim::sleepFor(host_.kernel(), drawn(kSandboxLatency));
    BASE_CO_CHECK(available());
    if (config.network != ports::CriNamespace::Node) {
        made->network = network_.create(info.id);
        auto attached = co_await network_.attach(info.id, config);
        if (!attached.ok()) {
            network_.remove(info.id);
            co_return base::makeError("failed to setup network for sandbox \"" + info.id +
                                          "\": " + attached.error().message,
                                      ports::kCriUnknown);
        }
        info.ips = attached->ips;
    }
    writeSandboxFiles(*made);
    auto started = startPause(*made);
    if (!started.ok()) {
        if (made->network) network_.remove(info.id);
        co_return base::makeError("failed to start sandbox container: " + started.error().message,
                                  ports::kCriUnknown);
    }
    info.createdAt = host_.kernel().unixNow();
    info.state = ports::CriSandboxState::Ready;
    sandboxes_[info.id] = made;
    host_.kernel().trace().record(host_.kernel().now(), "sandbox", "sandbox started for " + info.ns + "/" + info.name,
                                  "pods/" + info.ns + "/" + info.name);
    emit(ports::CriEventType::Started, info.id, *made);
    co_return info.id;
}

sim::Duration Containerd::drawn(const Latency& latency) {
    return latency.least + host_.kernel().random("runtime/latency").between(0, latency.spread);
}

sim::Task<base::Status> Containerd::stopSandbox(std::string id) {
    BASE_CO_CHECK(available());
    auto found = sandbox(id);
    if (!found.ok()) co_return base::okStatus(); // stopping is idempotent
    const SandboxPtr target = *found;
    for (const std::string& containerId : std::vector<std::string>(order_)) {
        auto inside = container(containerId);
        if (inside.ok() && (*inside)->info.sandboxId == id) {
            auto stopped = co_await stopContainer(containerId, 0);
            if (!stopped.ok()) co_return std::move(stopped).error();
        }
    }
    if (target->info.state == ports::CriSandboxState::NotReady && !target->network &&
        target->pausePid == 0)
        co_return base::okStatus();
    co_await sim::sleepFor(host_.kernel(), drawn(kStopLatency));
    if (target->network) {
        auto detached = co_await network_.detach(id, target->config);
        if (!detached.ok())
            co_return base::makeError("failed to destroy network for sandbox \"" + id +
                                          "\": " + detached.error().message,
                                      ports::kCriUnknown);
        network_.remove(id);
        target->network = nullptr;
    }
    const bool wasReady = target->info.state == ports::CriSandboxState::Ready;
    target->info.state = ports::CriSandboxState::NotReady;
    if (target->pausePid != 0) host_.killAll(id);
    if (wasReady) emit(ports::CriEventType::Stopped, id, *target);
    co_return base::okStatus();
}

sim::Task<base::Status> Containerd::removeSandbox(std::string id) {
    BASE_CO_CHECK(available());
    auto found = sandbox(id);
    if (!found.ok()) co_return base::okStatus();
    auto stopped = co_await stopSandbox(id);
    if (!stopped.ok()) co_return std::move(stopped).error();
    for (const std::string& containerId : std::vector<std::string>(order_)) {
        auto inside = container(containerId);
        if (inside.ok() && (*inside)->info.sandboxId == id) {
            auto removed = co_await removeContainer(containerId);
            if (!removed.ok()) co_return std::move(removed).error();
        }
    }
    if (sandboxes_.erase(id) == 0) co_return base::okStatus();
    host_.removeRoot(id);
    (void)host_.files().removeAll(sandboxFolder(id));
    emit(ports::CriEventType::Deleted, id, **found);
    co_return base::okStatus();
}

sim::Task<base::Result<ports::CriSandbox>> Containerd::sandboxStatus(std::string id) {
    BASE_CO_CHECK(available());
    auto found = sandbox(id);
    if (!found.ok()) co_return std::move(found).error();
    co_return (*found)->info;
}

sim::Task<base::Result<std::vector<ports::CriSandbox>>>
Containerd::listSandboxes(ports::CriFilter filter) {
    BASE_CO_CHECK(available());
    std::vector<ports::CriSandbox> out;
    for (const auto& [id, item] : sandboxes_) {
        if (!filter.id.empty() && filter.id != id) continue;
        if (filter.sandboxState && item->info.state != *filter.sandboxState) continue;
        bool fits = true;
        for (const auto& [key, value] : filter.labels) {
            const auto label = item->info.labels.find(key);
            if (label == item->info.labels.end() || label->second != value) fits = false;
        }
        if (fits) out.push_back(item->info);
    }
    co_return out;
}

base::Result<std::shared_ptr<sim::Channel<ports::CriEvent>>> Containerd::events() {
    BASE_CHECK(available());
    auto channel = std::make_shared<sim::Channel<ports::CriEvent>>();
    listeners_.push_back(channel);
    return channel;
}

} // namespace runtime
