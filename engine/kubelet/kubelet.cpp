#include "kubelet/kubelet.h"

#include "base/strings.h"
#include "client/informer.h"
#include "client/resources.h"
#include "kubelet/admission.h"
#include "kubelet/bootstrap.h"
#include "kubelet/container_manager.h"
#include "kubelet/core.h"
#include "kubelet/eviction.h"
#include "kubelet/image_manager.h"
#include "kubelet/node_status.h"
#include "kubelet/object_cache.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/probe_manager.h"
#include "kubelet/server.h"
#include "kubelet/static_pods.h"
#include "kubelet/status_manager.h"
#include "kubelet/volume_manager.h"
#include "network/proxy/chains.h"

#include <set>

namespace kubelet {

struct Kubelet::State {
    State(ports::Process& process, ports::RuntimeEndpoints& runtimes, Config config)
        : core(process, runtimes, std::move(config)), status(core), probes(core), volumes(core), images(core),
          containers(core), objects(core), node(core), eviction(core), workers(core), staticPods(core), server(core) {
        core.pods = &pods;
        core.workers = &workers;
        core.status = &status;
        core.probes = &probes;
        core.volumes = &volumes;
        core.images = &images;
        core.containers = &containers;
        core.objects = &objects;
        core.node = &node;
    }
    ~State() { core.scope.cancel(); } // its tasks use the parts

    sim::Task<int> run();
    base::Status prepare();
    sim::Task<base::Status> connect();
    static sim::Task<void> watchRuntime(State& self);
    static sim::Task<void> adopt(State& self);
    void podChanged(const Value& previous, const Value& current);
    static sim::Task<void> admitAgain(State& self, Value pod);
    void mirrorChanged(const Value& previous, const Value& current);
    void fatal(const std::string& text) { core.log.error("run.go:72", "command failed", {{"err", text}}); }

    Core core;
    PodManager pods;
    StatusManager status;
    ProbeManager probes;
    VolumeManager volumes;
    ImageManager images;
    ContainerManager containers;
    ObjectCache objects;
    NodeStatus node;
    Eviction eviction;
    PodWorkers workers;
    StaticPods staticPods;
    Server server;
    std::unique_ptr<client::Informer> informer;
};

namespace {

bool swapIsOn(Core& core) {
    std::vector<std::string> lines = base::splitLines(core.files().read("/proc/swaps").valueOr(""));
    return lines.size() > 1;
}

std::string firstAddress(Core& core) {
    for (const base::IpPrefix& own : core.process.network().addresses())
        if (own.address.isV4() && !own.address.isLoopback()) return own.address.text();
    return {};
}

} // namespace

base::Status Kubelet::State::prepare() {
    Config& config = core.config;
    for (const std::string& line : config.deprecationWarnings)
        if (const auto pipe = core.process.error()) (void)pipe->tryWrite(line + "\n");
    BASE_CHECK(loadConfigFile(config, core.files()));
    if (!config.strictProblem.empty())
        core.log.info("codec.go:102", "Using lenient decoding as strict decoding failed",
                      {{"err", "strict decoding error: " + config.strictProblem}});
    BASE_CHECK(validate(config));
    core.nodeName = base::toLower(config.hostnameOverride.empty() ? core.process.hostname() : config.hostnameOverride);
    core.nodeIP = config.nodeIP.empty() ? firstAddress(core) : config.nodeIP;
    core.log.info("server.go:525", "Kubelet version", {{"kubeletVersion", "v1.35.4"}});
    if (config.authorizationMode != "Webhook" && config.authorizationMode != "AlwaysAllow")
        return base::makeError("failed to run Kubelet: unknown authorization mode " + config.authorizationMode);
    return base::okStatus();
}

sim::Task<base::Status> Kubelet::State::connect() {
    Config& config = core.config;
    if (!config.clientCAFile.empty() && !core.files().exists(config.clientCAFile))
        co_return base::makeError("failed to construct kubelet dependencies: unable to load client CA file " +
                                  config.clientCAFile + ": open " + config.clientCAFile + ": no such file or directory");
    if (!config.kubeconfig.empty()) {
        auto identity = co_await loadIdentity(core);
        if (!identity.ok()) co_return base::makeError("failed to run Kubelet: " + identity.error().message);
        identity->userAgent = "kubelet/v1.35.4 (linux/amd64) kubernetes/2c3f8ff";
        core.client = std::make_unique<client::Client>(core.kernel(), core.process.network(), *identity);
        core.recorder = std::make_unique<client::EventRecorder>(*core.client, "kubelet", core.nodeName);
    } else {
        co_return base::makeError("failed to run Kubelet: standalone mode (no --kubeconfig) is not modelled");
    }
    if (config.failSwapOn && swapIsOn(core))
        co_return base::makeError("failed to run Kubelet: running with swap on is not supported, please disable swap or set "
                                  "--fail-swap-on flag to false");
    auto runtime = core.runtime();
    base::Result<ports::CriVersion> version = base::makeError("");
    if (runtime.ok()) version = co_await (*runtime)->version();
    else version = std::move(runtime).error();
    if (!version.ok())
        co_return base::makeError("failed to run Kubelet: validate service connection: validate CRI v1 runtime API for endpoint " +
                                  base::quoteGo(config.containerRuntimeEndpoint) + ": " + ports::criErrorText(version.error()));
    co_return base::okStatus();
}

void Kubelet::State::mirrorChanged(const Value& previous, const Value& current) {
    if (current.isObject()) pods.put(current);
    else pods.remove(previous);
    const Value& object = current.isObject() ? current : previous;
    const Value& own = pods.byFullName(podFullName(object));
    if (own.isObject()) {
        // A copy that is gone, going or not ours is made again; its status coming back is no news.
        const bool sound = current.isObject() && !api::isDeleting(current) &&
                           api::annotationOf(current, kConfigHash) == api::annotationOf(own, kConfigHash);
        if (!sound) workers.wake(api::uidOf(own));
        if (current.isObject()) status.reconcile(current);
        return;
    }
    // A copy without a manifest has no place here.
    if (!current.isObject() || core.client == nullptr) return;
    struct Remove {
        static sim::Task<void> run(Core& core, Value mirror) {
            client::DeleteOptions options;
            options.gracePeriodSeconds = 0;
            options.uid = api::uidOf(mirror);
            auto removed = co_await core.client->remove(client::podsResource(), api::namespaceOf(mirror), api::nameOf(mirror), options);
            (void)removed;
        }
    };
    core.scope.spawn(Remove::run(core, current), "mirror-pod");
}

// The labels of the node may be newer than what the agent has seen of it. Source: generalFilter of
// pkg/kubelet/lifecycle/predicate.go.
sim::Task<void> Kubelet::State::admitAgain(State& self, Value pod) {
    co_await self.core.node->refresh();
    const std::string uid = api::uidOf(pod);
    if (!self.pods.knows(uid) || self.workers.known(uid)) co_return;
    const auto rejection = admit(self.core, pod);
    if (rejection) self.workers.reject(pod, rejection->reason, rejection->message);
    else self.workers.update(self.pods.byUid(uid));
}

void Kubelet::State::podChanged(const Value& previous, const Value& current) {
    const Value& object = current.isObject() ? current : previous;
    if (isMirrorPod(object)) {
        mirrorChanged(previous, current);
        return;
    }
    const std::string uid = api::uidOf(object);
    if (!current.isObject()) {
        if (workers.known(uid)) {
            workers.remove(uid);
        } else {
            pods.remove(previous);
            status.forget(uid);
        }
        return;
    }
    const bool fresh = !pods.knows(uid);
    // The same name may come back as another pod.
    if (previous.isObject() && api::uidOf(previous) != uid) workers.remove(api::uidOf(previous));
    pods.put(current);
    if (fresh) {
        objects.invalidate(api::namespaceOf(current));
        const bool ending = api::isDeleting(current) || isTerminalPhase(current.at("status", "phase").asString());
        if (!ending) {
            const auto rejection = admit(core, current);
            if (rejection && rejection->reason == "NodeAffinity" && core.client != nullptr) {
                core.scope.spawn(admitAgain(*this, current), "admit-pod");
                return;
            }
            if (rejection) {
                workers.reject(current, rejection->reason, rejection->message);
                return;
            }
        }
        workers.update(current);
        return;
    }
    if (!workers.known(uid) && isTerminalPhase(status.get(uid)["phase"].asString())) {
        if (api::isDeleting(current)) status.terminate(current);
        return; // rejected
    }
    // Our own status coming back changes nothing.
    const bool statusOnly = previous.isObject() && previous["spec"] == current["spec"] &&
                            api::generationOf(previous) == api::generationOf(current) &&
                            api::labelsOf(previous) == api::labelsOf(current) &&
                            api::annotationsOf(previous) == api::annotationsOf(current) &&
                            api::isDeleting(previous) == api::isDeleting(current);
    if (statusOnly) {
        bool gates = current.at("spec", "readinessGates").size() > 0 &&
                     !(previous.at("status", "conditions") == current.at("status", "conditions"));
        if (gates) workers.update(current);
        status.reconcile(current);
        return;
    }
    workers.update(current);
}

// Events of the runtime wake the pods they belong to; a runtime that went away is dialled again.
sim::Task<void> Kubelet::State::watchRuntime(State& self) {
    Core& core = self.core;
    bool lost = false;
    while (true) {
        auto runtime = core.runtime();
        base::Result<std::shared_ptr<sim::Channel<ports::CriEvent>>> events = base::makeError("");
        if (runtime.ok()) events = (*runtime)->events();
        else events = std::move(runtime).error();
        if (!events.ok()) {
            const std::string text = ports::criErrorText(events.error());
            core.log.error("log.go:32", "ListPodSandbox with filter from runtime service failed", {{"err", text}, {"filter", "<nil>"}});
            core.log.error("kuberuntime_sandbox.go:297", "Failed to list pod sandboxes", {{"err", text}});
            core.log.error("generic.go:254", "GenericPLEG: Unable to retrieve pods", {{"err", text}});
            lost = true;
            co_await sim::sleepFor(core.kernel(), sim::kSecond);
            continue;
        }
        if (lost) {
            core.node->kickRuntime();
            self.workers.runtimeChanged();
            lost = false;
        }
        const std::shared_ptr<sim::Channel<ports::CriEvent>> channel = *events;
        while (true) {
            auto event = co_await channel->pop();
            if (!event) break;
            // Removals are the agent's own doing; a container that did not run yet is no news either.
            if (event->type == ports::CriEventType::Deleted || event->type == ports::CriEventType::Created) continue;
            sim::CauseScope cause(core.kernel().trace(), event->cause);
            self.workers.runtimeEvent(event->podUid);
        }
        core.node->kickRuntime();
        co_await sim::sleepFor(core.kernel(), sim::kSecond);
    }
}

// What runs here without a pod in any source is ended, once the sources have been read.
sim::Task<void> Kubelet::State::adopt(State& self) {
    Core& core = self.core;
    co_await self.informer->waitForSync();
    co_await sim::sleepFor(core.kernel(), 2 * sim::kSecond);
    auto runtime = core.runtime();
    if (!runtime.ok()) co_return;
    const ports::CriFilter filter;
    auto sandboxes = co_await (*runtime)->listSandboxes(filter);
    if (!sandboxes.ok()) co_return;
    std::set<std::string> done;
    for (const ports::CriSandbox& item : *sandboxes) {
        if (self.pods.knows(item.uid) || self.workers.known(item.uid) || !done.insert(item.uid).second) continue;
        auto status = co_await self.containers.status(item.uid);
        if (!status.ok()) continue;
        document::ArrayBuilder containers;
        for (const ports::CriContainer& container : status->containers)
            containers.push(Value::object({{"name", container.name}, {"image", container.image}}));
        const Value metadata = Value::object({{"name", item.name}, {"namespace", item.ns}, {"uid", item.uid}});
        const Value pod = Value::object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"metadata", metadata},
                                         {"spec", Value::object({{"containers", std::move(containers).build()}})},
                                         {"status", Value::object({{"phase", "Running"}})}});
        self.workers.adoptOrphan(pod);
    }
}

sim::Task<int> Kubelet::State::run() {
    core.startedAt = core.now();
    const base::Status prepared = prepare();
    if (!prepared.ok()) {
        fatal(prepared.error().message);
        co_return 1;
    }
    auto connected = co_await connect();
    if (!connected.ok()) {
        fatal(connected.error().message);
        co_return 1;
    }
    const base::Status serving = server.start();
    if (!serving.ok()) {
        if (!serving.error().message.empty()) fatal(serving.error().message);
        co_return 1;
    }
    node.readMachine();
    const Value reference = Value::object({{"kind", "Node"}, {"name", core.nodeName}, {"uid", core.nodeName}});
    core.recorder->record(reference, "Normal", "Starting", "Starting kubelet.");
    // The first look for images to remove comes before the runtime has told its figures.
    core.recorder->record(reference, "Warning", "InvalidDiskCapacity", "invalid capacity 0 on image filesystem");
    core.recorder->record(reference, "Normal", "NodeAllocatableEnforced", "Updated Node Allocatable limit across pods");
    core.log.info("server.go:1257", "Started kubelet");
    if (network::Namespace* space = network::namespaceOf(core.process.network()))
        core.scope.spawn(network::proxy::keepKubeletChains(core.kernel(), *space), "iptables-monitor");
    status.start();
    node.start();
    core.scope.spawn(watchRuntime(*this), "runtime-events");
    staticPods.start();
    client::InformerOptions options;
    options.fieldSelector = "spec.nodeName=" + core.nodeName;
    informer = std::make_unique<client::Informer>(*core.client, client::podsResource(), options);
    informer->onChange([this](const Value& previous, const Value& current) { podChanged(previous, current); });
    informer->start(core.scope);
    core.scope.spawn(adopt(*this), "adopt-orphans");
    eviction.start();
    core.log.info("kubelet.go:2501", "Starting kubelet main sync loop");
    core.process.handleSignal(ports::kSigTerm);
    core.process.handleSignal(ports::kSigInt);
    co_await core.process.signals().pop();
    core.scope.cancel();
    co_return 0;
}

Kubelet::Kubelet(ports::Process& process, ports::RuntimeEndpoints& runtimes, Config config)
    : state_(std::make_unique<State>(process, runtimes, std::move(config))) {}

Kubelet::~Kubelet() = default;

sim::Task<int> Kubelet::run() {
    const int code = co_await state_->run();
    co_return code;
}

} // namespace kubelet
