// Life of a container: create, start, stop, remove.

#include "base/strings.h"
#include "runtime/capabilities.h"
#include "runtime/simulated/containerd.h"

#include <algorithm>
#include <cerrno>

namespace runtime {
namespace {

constexpr Latency kCreateLatency{40 * sim::kMillisecond, 90 * sim::kMillisecond};
constexpr Latency kStartLatency{70 * sim::kMillisecond, 160 * sim::kMillisecond};
constexpr const char* kDefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr const char* kCreateFailed = "failed to create containerd task: failed to create shim task: OCI "
                                      "runtime create failed: runc create failed: unable to start "
                                      "container process: ";

struct PasswdEntry {
    std::string name, home;
    std::uint32_t uid = 0, gid = 0;
};

std::optional<PasswdEntry> findUser(const std::string& passwd, std::string_view nameOrId) {
    for (const std::string& line : base::splitLines(passwd)) {
        const std::vector<std::string> fields = base::split(line, ':');
        if (fields.size() < 6 || (fields[0] != nameOrId && fields[2] != nameOrId)) continue;
        return PasswdEntry{fields[0], fields[5],
                           static_cast<std::uint32_t>(base::parseInt(fields[2]).value_or(0)),
                           static_cast<std::uint32_t>(base::parseInt(fields[3]).value_or(0))};
    }
    return std::nullopt;
}

std::optional<std::uint32_t> findGroup(const std::string& groups, std::string_view name) {
    for (const std::string& line : base::splitLines(groups)) {
        const std::vector<std::string> fields = base::split(line, ':');
        if (fields.size() >= 3 && fields[0] == name)
            return static_cast<std::uint32_t>(base::parseInt(fields[2]).value_or(0));
    }
    return std::nullopt;
}

void setEnv(std::vector<std::pair<std::string, std::string>>& env, std::string name, std::string value) {
    for (auto& [key, old] : env) {
        if (key == name) {
            old = std::move(value);
            return;
        }
    }
    env.emplace_back(std::move(name), std::move(value));
}

bool hasEnv(const std::vector<std::pair<std::string, std::string>>& env, std::string_view name) {
    return std::any_of(env.begin(), env.end(), [&](const auto& item) { return item.first == name; });
}

bool hasMount(const ports::CriContainerConfig& config, std::string_view path) {
    return std::any_of(config.mounts.begin(), config.mounts.end(),
                       [&](const ports::CriMount& mount) { return mount.containerPath == path; });
}

} // namespace

base::Status Containerd::prepareRoot(Container& container, const Sandbox& sandbox) {
    RootSpec root;
    root.id = container.info.id;
    root.image = catalogue_.content(*container.image);
    root.readOnly = container.config.security.readOnlyRoot;
    const std::string folder = sandboxFolder(sandbox.info.id);
    for (const char* name : {"hostname", "hosts", "resolv.conf"})
        if (!hasMount(container.config, std::string("/etc/") + name))
            root.mounts.push_back({std::string("/etc/") + name, folder + "/" + name, false});
    for (const ports::CriMount& mount : container.config.mounts) {
        // A missing source is made, as a directory. Source: containerd pkg/cri/opts, WithMounts.
        if (!host_.files().exists(mount.hostPath)) {
            const base::Status made = host_.files().makeDirectories(mount.hostPath, 0755);
            if (!made.ok())
                return base::makeError("failed to generate container \"" + container.info.id +
                                       "\" spec: failed to generate spec: failed to mkdir \"" +
                                       mount.hostPath + "\": " + made.error().message);
        }
        root.mounts.push_back({mount.containerPath, mount.hostPath, mount.readOnly});
    }
    return host_.makeRoot(std::move(root));
}

base::Status Containerd::resolveUser(Container& container) {
    const ports::CriSecurity& security = container.config.security;
    ports::FileSystem& files = host_.rootFiles(container.info.id);
    const std::string passwd = files.read("/etc/passwd").valueOr("");
    const std::string groups = files.read("/etc/group").valueOr("");
    std::string user = security.runAsUser ? std::to_string(*security.runAsUser) : security.runAsUserName;
    std::string group = security.runAsGroup ? std::to_string(*security.runAsGroup) : "";
    if (user.empty()) {
        const std::vector<std::string> parts = base::splitLimited(container.image->user, ':', 2);
        user = parts.empty() ? "" : parts[0];
        if (group.empty() && parts.size() > 1) group = parts[1];
    }
    if (user.empty()) user = "0";
    const auto entry = findUser(passwd, user);
    const auto number = base::parseInt(user);
    if (!entry && !number)
        return base::makeError("failed to generate container \"" + container.info.id +
                               "\" spec: failed to generate spec: unable to find user " + user +
                               ": no matching entries in passwd file");
    container.uid = entry ? entry->uid : static_cast<std::uint32_t>(*number);
    container.gid = entry ? entry->gid : 0;
    if (!group.empty()) {
        const auto id = base::parseInt(group);
        container.gid = id ? static_cast<std::uint32_t>(*id) : findGroup(groups, group).value_or(0);
    }
    container.groups = {container.gid};
    for (const std::int64_t extra : security.supplementalGroups)
        if (extra != container.gid) container.groups.push_back(static_cast<std::uint32_t>(extra));
    setEnv(container.env, "HOME", entry && !entry->home.empty() ? entry->home : "/");
    container.info.user = container.uid;
    container.info.group = container.gid;
    container.info.supplementalGroups.assign(container.groups.begin(), container.groups.end());
    return base::okStatus();
}

void Containerd::buildProcess(Container& container, const Sandbox& sandbox) {
    const ImageRecord& image = *container.image;
    container.argv = container.config.command.empty() ? image.entrypoint : container.config.command;
    const bool defaultArgs = container.config.command.empty() && container.config.args.empty();
    for (const std::string& word : defaultArgs ? image.command : container.config.args)
        container.argv.push_back(word);
    for (const std::string& item : image.env) {
        const std::vector<std::string> pair = base::splitLimited(item, '=', 2);
        setEnv(container.env, pair[0], pair.size() > 1 ? pair[1] : "");
    }
    if (!hasEnv(container.env, "PATH")) setEnv(container.env, "PATH", kDefaultPath);
    if (container.config.tty) setEnv(container.env, "TERM", "xterm");
    setEnv(container.env, "HOSTNAME",
           sandbox.config.hostname.empty() ? host_.hostname() : sandbox.config.hostname);
    for (const auto& [name, value] : container.config.env) setEnv(container.env, name, value);
}

sim::Task<base::Result<std::string>>
Containerd::createContainer(std::string sandboxId, ports::CriContainerConfig config,
                            ports::CriSandboxConfig) {
    BASE_CO_CHECK(available());
    auto owner = sandbox(sandboxId);
    if (!owner.ok())
        co_return base::makeError("failed to find sandbox id \"" + sandboxId + "\": not found",
                                  ports::kCriNotFound);
    const SandboxPtr home = *owner;
    auto made = std::make_shared<Container>(host_.kernel());
    made->image = findLocal(config.imageRef.empty() ? config.image : config.imageRef);
    if (!made->image) {
        const std::string name = config.imageRef.empty() ? config.image : config.imageRef;
        co_return base::makeError("failed to resolve image \"" + name + "\": not found", ports::kCriNotFound);
    }
    ports::CriContainer& info = made->info;
    info.id = newId();
    info.sandboxId = sandboxId;
    info.name = config.name;
    info.attempt = config.attempt;
    info.labels = config.labels;
    info.annotations = config.annotations;
    info.mounts = config.mounts;
    info.image = *localNames_[made->image->id].begin();
    info.imageRef = info.imageId = made->image->id;
    info.resources = config.resources;
    if (!config.logPath.empty()) info.logPath = home->config.logDirectory + "/" + config.logPath;
    made->config = std::move(config);
    buildProcess(*made, *home);
    if (made->argv.empty())
        co_return base::makeError("failed to generate container \"" + info.id +
                                      "\" spec: failed to generate spec: no command specified",
                                  ports::kCriUnknown);
    co_await sim::sleepFor(host_.kernel(), drawn(kCreateLatency));
    BASE_CO_CHECK(available());
    const base::Status root = prepareRoot(*made, *home);
    if (!root.ok()) co_return base::makeError(root.error().message, ports::kCriUnknown);
    const base::Status user = resolveUser(*made);
    if (!user.ok()) {
        host_.removeRoot(info.id);
        co_return base::makeError(user.error().message, ports::kCriUnknown);
    }
    info.createdAt = host_.kernel().unixNow();
    containers_[info.id] = made;
    order_.push_back(info.id);
    emit(ports::CriEventType::Created, info.id, *home);
    co_return info.id;
}

std::string Containerd::pidNamespace(const ports::CriSecurity& security, const std::string& containerId,
                                     const Sandbox& sandbox) const {
    switch (security.pid) {
    case ports::CriNamespace::Node: return {};
    case ports::CriNamespace::Pod: return sandbox.info.id;
    case ports::CriNamespace::Target: return security.targetContainer;
    case ports::CriNamespace::Container: break;
    }
    return containerId;
}

ContainerProcessSpec Containerd::processSpec(const Container& container, const Sandbox& sandbox) const {
    ContainerProcessSpec spec;
    spec.rootId = container.info.id;
    spec.containerId = container.info.id;
    spec.pidNamespace = pidNamespace(container.config.security, container.info.id, sandbox);
    spec.network = sandbox.network;
    spec.hostname = sandbox.config.hostname.empty() ? host_.hostname() : sandbox.config.hostname;
    spec.env = container.env;
    spec.cwd = !container.config.workingDir.empty() ? container.config.workingDir
               : !container.image->workingDir.empty() ? container.image->workingDir
                                                      : "/";
    spec.uid = container.uid;
    spec.gid = container.gid;
    spec.groups = container.groups;
    spec.capabilities = capabilityMask(container.config.security);
    spec.noNewPrivileges = container.config.security.noNewPrivileges;
    spec.privileged = container.config.security.privileged;
    spec.memoryLimit = container.info.resources.memoryLimit;
    // Only the first process of a pid namespace is immune to signals that it does not handle.
    spec.init = spec.pidNamespace == container.info.id;
    return spec;
}

// What runc says when exec(2) of the first process fails. Source: runc libcontainer (FindExecutable).
std::string Containerd::startFailure(const Container& container, const base::Error& error,
                                     const std::vector<std::string>& argv) const {
    std::string reason;
    const std::string& program = argv.front();
    if (error.code == ENOENT && program.find('/') == std::string::npos)
        reason = "executable file not found in $PATH";
    else if (error.code == ENOENT)
        reason = "stat " + program + ": no such file or directory";
    else if (error.code == EACCES || error.code == EISDIR)
        reason = "permission denied";
    else
        reason = error.message;
    (void)container;
    return "exec: " + base::quoteGo(program) + ": " + reason + ": unknown";
}

void Containerd::failStart(Container& container, const std::string& message) {
    container.info.state = ports::CriContainerState::Exited;
    container.info.exitCode = 128;
    container.info.reason = "StartError";
    container.info.message = message;
    container.info.startedAt = 0;
    container.info.finishedAt = host_.kernel().unixNow();
    container.info.pid = 0;
    if (auto home = sandbox(container.info.sandboxId); home.ok())
        emit(ports::CriEventType::Stopped, container.info.id, **home);
    container.changed.notify();
}

// The first process's streams; what the runtime reads of them (no second one on a terminal).
std::pair<std::shared_ptr<sim::Pipe>, std::shared_ptr<sim::Pipe>>
Containerd::connectStreams(Container& container, ContainerProcessSpec& spec) {
    if (container.config.tty) {
        // The terminal stays open whether or not somebody will attach to it.
        container.tty = std::make_unique<ports::Tty>(host_.kernel(), ports::TerminalSize{80, 24});
        container.input = container.tty->keyboard();
        spec.input = container.tty->input();
        spec.output = spec.error = container.tty->output();
        spec.terminal = container.tty->terminal();
        return {container.tty->screen(), nullptr};
    }
    container.input = std::make_shared<sim::Pipe>();
    if (!container.config.input) container.input->closeWrite();
    spec.input = container.input;
    spec.output = std::make_shared<sim::Pipe>();
    spec.error = std::make_shared<sim::Pipe>();
    return {spec.output, spec.error};
}

sim::Task<base::Status> Containerd::startContainer(std::string id) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    const ContainerPtr target = *found;
    auto owner = sandbox(target->info.sandboxId);
    if (!owner.ok()) co_return std::move(owner).error();
    const SandboxPtr home = *owner;
    if (target->info.state != ports::CriContainerState::Created)
        co_return base::makeError("container is in CONTAINER_" +
                                      std::string(target->info.state == ports::CriContainerState::Running
                                                      ? "RUNNING"
                                                      : "EXITED") +
                                      " state",
                                  ports::kCriUnknown);
    if (home->info.state != ports::CriSandboxState::Ready)
        co_return base::makeError("sandbox container \"" + home->info.id + "\" is not running",
                                  ports::kCriUnknown);
    co_await sim::sleepFor(host_.kernel(), drawn(kStartLatency));
    BASE_CO_CHECK(available());
    target->log = std::make_shared<LogWriter>(host_.kernel(), host_.files(), target->info.logPath);
    ContainerProcessSpec spec = processSpec(*target, *home);
    spec.argv = target->argv;
    // The working directory is made where it is missing.
    ports::FileSystem& rootFiles = host_.rootFiles(id);
    if (!rootFiles.isDirectory(spec.cwd)) {
        const base::Status made = rootFiles.exists(spec.cwd) ? base::Status(ports::fileError(ENOTDIR))
                                                             : rootFiles.makeDirectories(spec.cwd, 0755);
        if (!made.ok()) {
            std::string reason = made.error().message;
            if (!reason.empty()) reason[0] = base::toLower(reason.substr(0, 1))[0];
            const std::string text = std::string(kCreateFailed) + "error during container init: mkdir " +
                                     spec.cwd + ": " + reason + ": unknown";
            failStart(*target, text);
            co_return base::makeError(text, ports::kCriUnknown);
        }
    }
    auto [output, error] = connectStreams(*target, spec);
    auto started = host_.start(std::move(spec), [this, id](ProcessEnd end) { containerEnded(id, end); });
    if (!started.ok()) {
        const std::string text = kCreateFailed + startFailure(*target, started.error(), target->argv);
        failStart(*target, text);
        co_return base::makeError(text, ports::kCriUnknown);
    }
    if (target->tty)
        target->tty->setFallbackSignal([this, pid = *started](int number) { host_.signal(pid, number); });
    target->scope.spawn(LogWriter::copy(target->log, output, false), "container-log");
    if (error) target->scope.spawn(LogWriter::copy(target->log, error, true), "container-log");
    target->info.pid = *started;
    target->info.state = ports::CriContainerState::Running;
    target->info.startedAt = host_.kernel().unixNow();
    host_.kernel().trace().record(host_.kernel().now(), "container",
                                  "container " + target->info.name + " started",
                                  "pods/" + home->info.ns + "/" + home->info.name);
    emit(ports::CriEventType::Started, id, *home);
    co_return base::okStatus();
}

void Containerd::containerEnded(const std::string& id, ProcessEnd end) {
    const auto found = containers_.find(id);
    if (found == containers_.end()) return;
    Container& container = *found->second;
    container.info.state = ports::CriContainerState::Exited;
    container.info.exitCode = end.exitCode;
    container.info.reason = end.oomKilled ? "OOMKilled" : end.exitCode == 0 ? "Completed" : "Error";
    container.info.finishedAt = host_.kernel().unixNow();
    container.info.pid = 0;
    host_.killAll(id);
    if (container.log->drained()) container.log->detachAll();
    container.changed.notify();
    auto home = sandbox(container.info.sandboxId);
    if (!home.ok()) return;
    const sim::CauseId cause = host_.kernel().trace().record(
        host_.kernel().now(), "container",
        "container " + container.info.name + " ended with exit code " + std::to_string(end.exitCode),
        "pods/" + (*home)->info.ns + "/" + (*home)->info.name);
    sim::CauseScope block(host_.kernel().trace(), cause);
    emit(ports::CriEventType::Stopped, id, **home);
}

int Containerd::stopSignalOf(const Container& container) const {
    std::string name = !container.config.stopSignal.empty() ? container.config.stopSignal
                                                            : container.image->stopSignal;
    if (name.rfind("SIG", 0) == 0) name = name.substr(3);
    if (name == "QUIT") return ports::kSigQuit;
    if (name == "INT") return ports::kSigInt;
    if (name == "HUP") return ports::kSigHup;
    if (name == "KILL") return ports::kSigKill;
    if (name == "USR1") return ports::kSigUsr1;
    return ports::kSigTerm;
}

sim::Task<bool> Containerd::waitExited(ContainerPtr container, sim::Time deadline) {
    while (container->info.state == ports::CriContainerState::Running) {
        if (host_.kernel().now() >= deadline) co_return false;
        co_await container->changed.waitUntil(deadline);
    }
    co_return true;
}

sim::Task<base::Status> Containerd::stopContainer(std::string id, sim::Duration timeout) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return base::okStatus();
    const ContainerPtr target = *found;
    if (target->info.state != ports::CriContainerState::Running) co_return base::okStatus();
    target->stopping = true;
    if (timeout > 0) {
        host_.signal(target->info.pid, stopSignalOf(*target));
        const bool ended = co_await waitExited(target, host_.kernel().now() + timeout);
        if (ended) co_return base::okStatus();
    }
    host_.killAll(id);
    const bool killed = co_await waitExited(target, host_.kernel().now() + 120 * sim::kSecond);
    if (!killed)
        co_return base::makeError("failed to kill container \"" + id + "\": context deadline exceeded",
                                  ports::kCriDeadlineExceeded);
    co_return base::okStatus();
}

sim::Task<base::Status> Containerd::removeContainer(std::string id) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return base::okStatus();
    const ContainerPtr target = *found;
    if (target->info.state == ports::CriContainerState::Running) {
        auto stopped = co_await stopContainer(id, 0);
        if (!stopped.ok()) co_return std::move(stopped).error();
    }
    if (containers_.erase(id) == 0) co_return base::okStatus();
    order_.erase(std::remove(order_.begin(), order_.end(), id), order_.end());
    host_.removeRoot(id);
    if (auto home = sandbox(target->info.sandboxId); home.ok())
        emit(ports::CriEventType::Deleted, id, **home);
    co_return base::okStatus();
}

sim::Task<base::Result<std::vector<ports::CriContainer>>>
Containerd::listContainers(ports::CriFilter filter) {
    BASE_CO_CHECK(available());
    std::vector<ports::CriContainer> out;
    for (const std::string& id : order_) {
        const ports::CriContainer& info = containers_.find(id)->second->info;
        if (matches(filter, info)) out.push_back(info);
    }
    co_return out;
}

sim::Task<base::Result<ports::CriContainer>> Containerd::containerStatus(std::string id) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    co_return (*found)->info;
}

sim::Task<base::Status> Containerd::updateResources(std::string id, ports::CriResources resources) {
    BASE_CO_CHECK(available());
    auto found = container(id);
    if (!found.ok()) co_return std::move(found).error();
    ports::CriResources& current = (*found)->info.resources;
    if (resources.cpuShares != 0) current.cpuShares = resources.cpuShares;
    if (resources.cpuQuota != 0) current.cpuQuota = resources.cpuQuota;
    if (resources.cpuPeriod != 0) current.cpuPeriod = resources.cpuPeriod;
    if (resources.memoryLimit != 0) {
        current.memoryLimit = resources.memoryLimit;
        host_.setMemoryLimit(id, resources.memoryLimit);
    }
    co_return base::okStatus();
}

} // namespace runtime
