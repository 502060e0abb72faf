#pragma once
// What the parts of one agent share: the process that they run in, the settings, the client, and each
// other. Parts are created and wired by kubelet.cpp; pointers are set before anything runs.

#include "client/client.h"
#include "client/event_recorder.h"
#include "kubelet/config.h"
#include "ports/cri.h"
#include "ports/klog.h"
#include "ports/program.h"
#include "sim/task.h"

#include <map>
#include <memory>
#include <string>

namespace kubelet {

class ContainerManager;
class ImageManager;
class NodeStatus;
class ObjectCache;
class PodManager;
class PodWorkers;
class ProbeManager;
class StatusManager;
class VolumeManager;

struct Core {
    Core(ports::Process& p, ports::RuntimeEndpoints& r, Config c)
        : process(p), runtimes(r), config(std::move(c)), log(p), scope(p.kernel()) {}

    sim::Kernel& kernel() { return process.kernel(); }
    ports::FileSystem& files() { return process.files(); }
    sim::Time now() { return process.kernel().now(); }
    std::int64_t unixNow() { return process.kernel().unixNow(); }
    std::string nowText() { return sim::formatRfc3339(process.kernel().unixNow() / sim::kSecond * sim::kSecond); }
    base::Result<std::shared_ptr<ports::ContainerRuntime>> runtime() {
        return runtimes.dial(process.host(), config.containerRuntimeEndpoint);
    }
    // Go's wait.Jitter: between `base` and `base * (1 + factor)`.
    sim::Duration jitter(sim::Duration base, double factor) {
        return base + static_cast<sim::Duration>(kernel().random("kubelet/jitter").unit() * factor *
                                                 static_cast<double>(base));
    }
    std::string podDirectory(std::string_view uid) const { return config.rootDir + "/pods/" + std::string(uid); }

    ports::Process& process;
    ports::RuntimeEndpoints& runtimes;
    Config config;
    ports::Klog log;
    std::string nodeName;
    std::string nodeIP; // primary address
    sim::Time startedAt = 0;
    std::unique_ptr<client::Client> client;       // null without a kubeconfig (standalone)
    std::unique_ptr<client::EventRecorder> recorder;

    // Runtime health, kept by the node status loop. Empty: fine.
    std::string runtimeError = "container runtime status check may not have completed yet";
    std::string networkError;

    PodManager* pods = nullptr;
    PodWorkers* workers = nullptr;
    StatusManager* status = nullptr;
    ProbeManager* probes = nullptr;
    VolumeManager* volumes = nullptr;
    ImageManager* images = nullptr;
    ContainerManager* containers = nullptr;
    ObjectCache* objects = nullptr;
    NodeStatus* node = nullptr;

    sim::Scope scope; // long-lived loops of the agent
};

} // namespace kubelet
