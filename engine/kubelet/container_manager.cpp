#include "kubelet/container_manager.h"

#include "base/strings.h"
#include "client/event_recorder.h"
#include "kubelet/container_config.h"
#include "kubelet/image_manager.h"
#include "kubelet/log_reader.h"
#include "kubelet/prober.h"
#include "kubelet/status_builder.h"

#include <algorithm>

namespace kubelet {
namespace {

constexpr std::size_t kMessageBytes = 4096;
constexpr std::size_t kFallbackBytes = 2048, kFallbackLines = 80;

base::Error plainError(const base::Error& error, const char* reason) {
    // Messages of the runtime are shown without their gRPC head.
    return base::makeError(error.message, 0, reason);
}

} // namespace

void ContainerManager::event(const Value& pod, std::string_view container, const char* type, const char* reason,
                             std::string message) {
    core_.recorder->record(client::objectReference(pod, containerFieldPath(pod, container)), type, reason,
                           std::move(message));
}

const StartFailure* ContainerManager::startFailure(std::string_view uid, std::string_view container) const {
    const auto found = failures_.find({std::string(uid), std::string(container)});
    return found == failures_.end() ? nullptr : &found->second;
}

void ContainerManager::forget(std::string_view uid) {
    const std::string key(uid);
    for (auto it = failures_.lower_bound({key, ""}); it != failures_.end() && it->first.first == key;)
        it = failures_.erase(it);
    lastIps_.erase(key);
}

std::string ContainerManager::backoffKey(const Value& pod, const Value& container) const {
    return api::uidOf(pod) + "_" + podFullName(pod) + "_" + container["name"].text() + "_" + containerHash(container);
}

// Source: kuberuntime_container.go, getTerminationMessage.
void ContainerManager::fillMessage(ports::CriContainer& item) const {
    if (item.state != ports::CriContainerState::Exited) return;
    const auto path = item.annotations.find("io.kubernetes.container.terminationMessagePath");
    std::string text;
    if (path != item.annotations.end() && !path->second.empty())
        for (const ports::CriMount& mount : item.mounts)
            if (mount.containerPath == path->second) text = core_.files().read(mount.hostPath).valueOr("");
    const auto policy = item.annotations.find("io.kubernetes.container.terminationMessagePolicy");
    if (text.empty() && policy != item.annotations.end() && policy->second == "FallbackToLogsOnError" &&
        item.exitCode != 0)
        text = tailOfLog(core_.files(), item.logPath, kFallbackLines, kFallbackBytes);
    if (text.size() > kMessageBytes) text.resize(kMessageBytes);
    if (!item.message.empty() && !text.empty()) item.message += ": " + text;
    else if (!text.empty()) item.message = text;
}

sim::Task<base::Result<RuntimePod>> ContainerManager::status(std::string uid) {
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return std::move(runtime).error();
    ports::CriFilter filter;
    filter.labels[ports::kPodUidLabel] = uid;
    RuntimePod out;
    auto sandboxes = co_await (*runtime)->listSandboxes(filter);
    if (!sandboxes.ok()) co_return std::move(sandboxes).error();
    out.sandboxes = std::move(*sandboxes);
    std::stable_sort(out.sandboxes.begin(), out.sandboxes.end(),
                     [](const auto& a, const auto& b) { return a.createdAt > b.createdAt; });
    auto containers = co_await (*runtime)->listContainers(filter);
    if (!containers.ok()) co_return std::move(containers).error();
    out.containers = std::move(*containers);
    std::reverse(out.containers.begin(), out.containers.end());
    std::stable_sort(out.containers.begin(), out.containers.end(),
                     [](const auto& a, const auto& b) { return a.createdAt > b.createdAt; });
    for (ports::CriContainer& item : out.containers) fillMessage(item);
    // An ended pod keeps showing the address it had.
    bool ready = false;
    for (const ports::CriSandbox& item : out.sandboxes)
        if (item.state == ports::CriSandboxState::Ready) ready = true;
    if (!out.sandboxes.empty() && ready) out.ips = out.sandboxes.front().ips;
    if (!out.ips.empty()) lastIps_[uid] = out.ips;
    else if (!ready && lastIps_.count(uid) != 0) out.ips = lastIps_[uid];
    else if (!out.sandboxes.empty() && !ready) out.ips = out.sandboxes.front().ips;
    co_return out;
}

void ContainerManager::noteFailure(const Value& pod, const Value& container, SyncOutcome& outcome,
                                   const base::Error& error) {
    const std::string name = container["name"].text();
    failures_[{api::uidOf(pod), name}] = StartFailure{error.reason, error.message};
    if (!outcome.error.empty()) outcome.error += ", ";
    outcome.error += "failed to \"StartContainer\" for " + base::quoteGo(name) + " with " + error.reason + ": " +
                     base::quoteGo(error.message);
}

sim::Task<base::Result<std::string>> ContainerManager::makeSandbox(Value pod, std::uint32_t attempt) {
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return std::move(runtime).error();
    const ports::CriSandboxConfig config = sandboxConfig(core_, pod, attempt);
    (void)core_.files().makeDirectories(config.logDirectory, 0755);
    auto made = co_await (*runtime)->runSandbox(config);
    co_return made;
}

sim::Task<SyncOutcome> ContainerManager::sync(Value pod, RuntimePod runtime) {
    SyncOutcome outcome;
    Actions actions = compute(pod, runtime);
    if (actions.createSandbox && !actions.sandboxId.empty())
        core_.recorder->normal(pod, "SandboxChanged", "Pod sandbox changed, it will be killed and re-created.");
    if (actions.killPod) {
        auto killed = co_await killPod(pod, runtime, std::nullopt);
        if (!killed.ok()) {
            outcome.error = killed.error().message;
            co_return outcome;
        }
    } else {
        for (const Kill& kill : actions.kill) {
            auto killed = co_await killContainer(pod, kill, std::nullopt, nullptr);
            if (!killed.ok()) {
                outcome.error = "failed to \"KillContainer\" for " + base::quoteGo(kill.name) + " with KillContainerError: " +
                                base::quoteGo(ports::criErrorText(killed.error()));
                co_return outcome;
            }
        }
    }
    std::string sandboxId = actions.sandboxId;
    std::string podIP = runtime.ips.empty() ? std::string() : runtime.ips.front();
    if (actions.createSandbox) {
        auto made = co_await makeSandbox(pod, actions.attempt);
        if (!made.ok()) {
            const std::string text = ports::criErrorText(made.error());
            core_.log.error("kuberuntime_manager.go:1558", "CreatePodSandbox for pod failed",
                            {{"err", text}, {"pod", api::keyOf(pod)}});
            core_.recorder->warning(pod, "FailedCreatePodSandBox", "Failed to create pod sandbox: " + text);
            outcome.error = "failed to \"CreatePodSandbox\" for " + base::quoteGo(podLogText(pod)) +
                            " with CreatePodSandboxError: " + base::quoteGo("Failed to create sandbox for pod " + text);
            co_return outcome;
        }
        sandboxId = *made;
        auto service = core_.runtime();
        if (service.ok()) {
            auto info = co_await (*service)->sandboxStatus(sandboxId);
            if (info.ok() && !info->ips.empty()) podIP = info->ips.front();
        }
    }
    if (isHostNetwork(pod)) podIP = core_.nodeIP;
    bool onlyBackoff = true;
    const auto account = [&](bool started, const Value& container) {
        if (started) return;
        const StartFailure* failure = startFailure(api::uidOf(pod), container["name"].asString());
        const bool waiting = failure != nullptr && (failure->reason == "CrashLoopBackOff" || failure->reason == "ImagePullBackOff");
        if (!waiting) onlyBackoff = false;
    };
    for (const Value& container : actions.ephemeral) {
        const bool started = co_await start(pod, container, runtime, sandboxId, podIP, actions.attempt, outcome);
        account(started, container);
    }
    for (const Value& container : actions.init) {
        const bool started = co_await start(pod, container, runtime, sandboxId, podIP, actions.attempt, outcome);
        account(started, container);
        if (!started && !isSidecar(container)) {
            if (!onlyBackoff) outcome.backoffEnd = 0;
            co_return outcome;
        }
    }
    for (const auto& [id, resources] : actions.update) {
        auto service = core_.runtime();
        if (!service.ok()) continue;
        auto updated = co_await (*service)->updateResources(id, resources);
        if (!updated.ok()) outcome.error = ports::criErrorText(updated.error());
        outcome.updated = true;
    }
    for (const Value& container : actions.regular) {
        const bool started = co_await start(pod, container, runtime, sandboxId, podIP, actions.attempt, outcome);
        account(started, container);
    }
    if (!onlyBackoff) outcome.backoffEnd = 0;
    co_return outcome;
}

sim::Task<bool> ContainerManager::start(Value pod, Value container, RuntimePod runtime, std::string sandboxId,
                                        std::string podIP, std::uint32_t attempt, SyncOutcome& outcome) {
    const std::string name = container["name"].text();
    const ports::CriContainer* ended = nullptr;
    for (const ports::CriContainer& item : runtime.containers)
        if (ended == nullptr && item.name == name && item.state == ports::CriContainerState::Exited) ended = &item;
    if (ended != nullptr) {
        const std::string key = backoffKey(pod, container);
        const sim::Time finished = ended->finishedAt - (core_.unixNow() - core_.now());
        if (backoff_.waitingSince(key, finished, core_.now())) {
            event(pod, name, "Warning", "BackOff",
                  "Back-off restarting failed container " + name + " in pod " + podLogText(pod));
            const sim::Duration delay = backoff_.get(key);
            noteFailure(pod, container, outcome,
                        base::makeError("back-off " + sim::formatGoDuration(delay) + " restarting failed container=" +
                                            name + " pod=" + podLogText(pod),
                                        0, "CrashLoopBackOff"));
            const sim::Time end = finished + delay;
            if (outcome.backoffEnd == 0 || end < outcome.backoffEnd) outcome.backoffEnd = end;
            co_return false;
        }
        backoff_.next(key, finished, core_.now());
    }
    auto started = co_await startContainer(pod, container, runtime, sandboxId, podIP, attempt);
    if (started.ok()) {
        failures_.erase({api::uidOf(pod), name});
        co_return true;
    }
    noteFailure(pod, container, outcome, started.error());
    if (started.error().reason == "ImagePullBackOff") {
        const sim::Time end = core_.images->backoffEnd(api::uidOf(pod), container["image"].asString());
        if (outcome.backoffEnd == 0 || end < outcome.backoffEnd) outcome.backoffEnd = end;
    } else {
        core_.log.error("kuberuntime_manager.go:1664", "Unhandled Error",
                        {{"err", "container " + name + " start failed in pod " + podLogText(pod) + ": " +
                                     started.error().reason + ": " + started.error().message},
                         {"logger", "UnhandledError"}});
    }
    co_return false;
}

// Without a container to count from, the log files tell how often it ran.
std::uint32_t ContainerManager::restartCount(const Value& pod, const Value& container, const RuntimePod& runtime) {
    const ports::CriContainer* latest = runtime.find(container["name"].asString());
    if (latest != nullptr) return latest->attempt + 1;
    std::uint32_t count = 0;
    const auto listed = core_.files().list(podLogDirectory(pod) + "/" + container["name"].text());
    if (!listed.ok()) return 0;
    for (const ports::DirectoryEntry& entry : *listed) {
        const auto number = base::parseInt(entry.name.substr(0, entry.name.find('.')));
        if (number && static_cast<std::uint32_t>(*number) + 1 > count) count = static_cast<std::uint32_t>(*number) + 1;
    }
    return count;
}

sim::Task<base::Status> ContainerManager::startContainer(Value pod, Value container, RuntimePod runtime,
                                                         std::string sandboxId, std::string podIP,
                                                         std::uint32_t sandboxAttempt) {
    const std::string name = container["name"].text();
    auto image = co_await core_.images->ensure(pod, container);
    if (!image.ok()) {
        event(pod, name, "Warning", "Failed", "Error: " + image.error().reason);
        co_return std::move(image).error();
    }
    const std::uint32_t count = restartCount(pod, container, runtime);
    std::string target;
    if (!container["targetContainerName"].asString().empty()) {
        const ports::CriContainer* found = runtime.find(container["targetContainerName"].asString());
        if (found == nullptr || found->state != ports::CriContainerState::Running) {
            const std::string text = "unable to find target container " + container["targetContainerName"].text();
            event(pod, name, "Warning", "Failed", "Error: " + text);
            co_return base::makeError(text, 0, "CreateContainerConfigError");
        }
        target = found->id;
    }
    auto config = co_await containerConfig(core_, pod, container, count, podIP, *image, target);
    if (!config.ok()) {
        event(pod, name, "Warning", "Failed", "Error: " + config.error().message);
        co_return plainError(config.error(), "CreateContainerConfigError");
    }
    auto service = core_.runtime();
    if (!service.ok()) co_return plainError(service.error(), "CreateContainerError");
    auto created = co_await (*service)->createContainer(sandboxId, *config, sandboxConfig(core_, pod, sandboxAttempt));
    if (!created.ok()) {
        event(pod, name, "Warning", "Failed", "Error: " + created.error().message);
        co_return plainError(created.error(), "CreateContainerError");
    }
    const std::string id = *created;
    event(pod, name, "Normal", "Created", "Container created");
    auto started = co_await (*service)->startContainer(id);
    if (!started.ok()) {
        event(pod, name, "Warning", "Failed", "Error: " + started.error().message);
        co_return plainError(started.error(), "RunContainerError");
    }
    event(pod, name, "Normal", "Started", "Container started");
    (void)core_.files().makeDirectories("/var/log/containers", 0755);
    (void)core_.files().symlink(podLogDirectory(pod) + "/" + config->logPath,
                                "/var/log/containers/" + podFullName(pod) + "_" + name + "-" + id + ".log");
    const Value hook = container["lifecycle"]["postStart"];
    if (hook.isObject()) {
        const HookOutcome outcome = co_await runHook(core_, pod, podIP, container, hook, id);
        if (!outcome.ok) {
            core_.log.error("kuberuntime_container.go:325", "Failed to execute PostStartHook",
                            {{"err", outcome.message}, {"pod", api::keyOf(pod)}, {"podUID", api::uidOf(pod)},
                             {"containerName", name}, {"containerID", "containerd://" + id}});
            event(pod, name, "Warning", "FailedPostStartHook", "PostStartHook failed");
            const Kill kill{id, name, "FailedPostStartHook", "FailedPostStartHook"};
            auto killed = co_await killContainer(pod, kill, std::nullopt, nullptr);
            (void)killed;
            co_return base::makeError(outcome.message, 0, "PostStartHookError");
        }
    }
    co_return base::okStatus();
}

} // namespace kubelet
