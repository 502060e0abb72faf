// The end of containers and pods. Source: kuberuntime_container.go (killContainer and friends),
// kuberuntime_termination_order.go.

#include "base/strings.h"
#include "kubelet/container_config.h"
#include "kubelet/container_manager.h"
#include "kubelet/prober.h"
#include "kubelet/status_manager.h"

#include <algorithm>

namespace kubelet {
namespace {
constexpr std::int64_t kMinimumGrace = 2;
} // namespace

// Sidecars end after the regular containers, the last one first.
struct ContainerManager::Order {
    std::set<std::string> running;
    std::map<std::string, std::set<std::string>> before; // who must have ended first
    std::string error;
    std::size_t open = 0;
    sim::Signal changed;
};

namespace {

std::int64_t graceOf(const Value& pod, const Value& container, std::string_view reason) {
    const Value& deletion = pod.at("metadata", "deletionGracePeriodSeconds");
    if (deletion.isInt()) return deletion.asInt();
    const char* probe = reason == "StartupProbe" ? "startupProbe" : reason == "LivenessProbe" ? "livenessProbe" : nullptr;
    if (probe != nullptr && container[probe]["terminationGracePeriodSeconds"].isInt())
        return container[probe]["terminationGracePeriodSeconds"].asInt();
    return terminationGrace(pod);
}

} // namespace

sim::Task<std::int64_t> ContainerManager::preStop(Value pod, Value container, std::string id, std::int64_t grace) {
    const sim::Time began = core_.now();
    const std::string podIP = core_.status->get(api::uidOf(pod))["podIP"].text();
    const Value hook = container["lifecycle"]["preStop"];
    auto outcome = co_await sim::withDeadline(core_.kernel(), runHook(core_, pod, podIP, container, hook, id),
                                              began + grace * sim::kSecond);
    if (outcome && !outcome->ok) {
        core_.log.error("kuberuntime_container.go:702", "PreStop hook failed",
                        {{"err", outcome->message}, {"pod", api::keyOf(pod)}, {"podUID", api::uidOf(pod)},
                         {"containerName", container["name"].text()}, {"containerID", "containerd://" + id}});
        event(pod, container["name"].asString(), "Warning", "FailedPreStopHook", "PreStopHook failed");
    }
    co_return (core_.now() - began) / sim::kSecond;
}

sim::Task<base::Status> ContainerManager::killContainer(Value pod, Kill kill, std::optional<std::int64_t> grace,
                                                        Order* order) {
    const Value spec = containerSpec(pod, kill.name);
    std::int64_t period = graceOf(pod, spec, kill.reason);
    event(pod, kill.name, "Normal", "Killing", kill.message.empty() ? "Stopping container " + kill.name : kill.message);
    if (grace) period = *grace;
    if (spec["lifecycle"]["preStop"].isObject() && period > 0) {
        const std::int64_t used = co_await preStop(pod, spec, kill.id, period);
        period -= used;
    }
    if (order != nullptr && period > 0) {
        const sim::Time began = core_.now();
        const sim::Time deadline = began + period * sim::kSecond;
        const auto blocked = [&] {
            const auto found = order->before.find(kill.name);
            if (found == order->before.end()) return false;
            return std::any_of(found->second.begin(), found->second.end(),
                               [&](const std::string& name) { return order->running.count(name) != 0; });
        };
        while (blocked() && core_.now() < deadline) co_await order->changed.waitUntil(deadline);
        period -= (core_.now() - began) / sim::kSecond;
    }
    if (period < kMinimumGrace) period = kMinimumGrace;
    auto runtime = core_.runtime();
    if (!runtime.ok()) co_return std::move(runtime).error();
    auto stopped = co_await (*runtime)->stopContainer(kill.id, period * sim::kSecond);
    co_return stopped;
}

sim::Task<void> ContainerManager::killOne(ContainerManager& self, Value pod, Kill kill,
                                          std::optional<std::int64_t> grace, Order& order) {
    auto done = co_await self.killContainer(pod, kill, grace, &order);
    if (!done.ok()) order.error = ports::criErrorText(done.error());
    order.running.erase(kill.name);
    --order.open;
    order.changed.notify();
}

sim::Task<base::Status> ContainerManager::killPod(Value pod, RuntimePod runtime, std::optional<std::int64_t> grace) {
    Order order;
    sim::Scope scope(core_.kernel());
    std::vector<Kill> kills;
    for (const ports::CriContainer& item : runtime.containers)
        if (item.state == ports::CriContainerState::Running && containerSpec(pod, item.name).isObject()) {
            kills.push_back({item.id, item.name, "", ""});
            order.running.insert(item.name);
        }
    std::set<std::string> later;
    for (const Value& spec : pod.at("spec", "containers").items()) later.insert(spec["name"].text());
    const auto inits = pod.at("spec", "initContainers").items();
    for (std::size_t i = inits.size(); i-- > 0;) {
        if (!isSidecar(inits[i])) continue;
        order.before[inits[i]["name"].text()] = later;
        later.insert(inits[i]["name"].text());
    }
    order.open = kills.size();
    for (const Kill& kill : kills) scope.spawn(killOne(*this, pod, kill, grace, order), "kill-container");
    while (order.open > 0) co_await order.changed.wait();
    if (!order.error.empty()) co_return base::makeError(order.error);
    for (const ports::CriSandbox& item : runtime.sandboxes) {
        if (item.state != ports::CriSandboxState::Ready) continue;
        auto service = core_.runtime();
        if (!service.ok()) co_return base::makeError(ports::criErrorText(service.error()));
        auto stopped = co_await (*service)->stopSandbox(item.id);
        if (!stopped.ok()) co_return base::makeError(ports::criErrorText(stopped.error()));
    }
    co_return base::okStatus();
}

sim::Task<void> ContainerManager::removeDead(RuntimePod runtime, int kept) {
    std::map<std::string, int> ended;
    for (const ports::CriContainer& item : runtime.containers) {
        if (item.state != ports::CriContainerState::Exited) continue;
        if (++ended[item.name] <= kept) continue;
        auto service = core_.runtime();
        if (!service.ok()) co_return;
        auto removed = co_await (*service)->removeContainer(item.id);
        if (!removed.ok()) continue;
        (void)core_.files().removeFile(item.logPath);
        const auto name = item.labels.find(ports::kPodNameLabel);
        const auto ns = item.labels.find(ports::kPodNamespaceLabel);
        if (name != item.labels.end() && ns != item.labels.end())
            (void)core_.files().removeFile("/var/log/containers/" + name->second + "_" + ns->second + "_" + item.name +
                                           "-" + item.id + ".log");
    }
}

sim::Task<void> ContainerManager::removeAll(std::string uid, Value pod) {
    auto runtime = co_await status(uid);
    if (runtime.ok()) {
        auto service = core_.runtime();
        if (!service.ok()) co_return;
        for (const ports::CriContainer& item : runtime->containers) {
            auto removed = co_await (*service)->removeContainer(item.id);
            (void)removed;
            (void)core_.files().removeFile("/var/log/containers/" + podFullName(pod) + "_" + item.name + "-" + item.id +
                                           ".log");
        }
        for (const ports::CriSandbox& item : runtime->sandboxes) {
            auto removed = co_await (*service)->removeSandbox(item.id);
            (void)removed;
        }
    }
    (void)core_.files().removeAll(podLogDirectory(pod));
    (void)core_.files().removeAll(core_.podDirectory(uid));
    forget(uid);
}

} // namespace kubelet
