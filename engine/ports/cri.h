#pragma once
// The container runtime interface, version 1, as values and awaitable calls. Source: k8s.io/cri-api
// pkg/apis/runtime/v1. Errors carry the gRPC status code in `code` (see CriCode) and the description
// in `message`; `criErrorText` prints them as a gRPC client does.

#include "base/result.h"
#include "ports/http.h"
#include "ports/program.h"
#include "sim/channel.h"
#include "sim/task.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ports {

enum CriCode : int {
    kCriUnknown = 2,
    kCriInvalidArgument = 3,
    kCriDeadlineExceeded = 4,
    kCriNotFound = 5,
    kCriAlreadyExists = 6,
    kCriUnavailable = 14
};

// "rpc error: code = Unknown desc = ...".
std::string criErrorText(const base::Error& error);

using StringMap = std::map<std::string, std::string, std::less<>>;

enum class CriNamespace : std::uint8_t { Pod, Container, Node, Target };

struct CriDns {
    std::vector<std::string> servers, searches, options;
};

struct CriPortMapping {
    std::string protocol = "TCP";
    int containerPort = 0, hostPort = 0;
    std::string hostIP;
};

struct CriSandboxConfig {
    std::string name, uid, ns;
    std::uint32_t attempt = 0;
    std::string hostname;
    std::string logDirectory;
    CriDns dns;
    std::vector<CriPortMapping> ports;
    StringMap labels, annotations;
    std::string cgroupParent;
    CriNamespace network = CriNamespace::Pod;
    CriNamespace pid = CriNamespace::Container;
    CriNamespace ipc = CriNamespace::Pod;
    StringMap sysctls;
    std::string runtimeHandler;
};

enum class CriSandboxState : std::uint8_t { Ready, NotReady };

struct CriSandbox {
    std::string id;
    std::string name, uid, ns;
    std::uint32_t attempt = 0;
    CriSandboxState state = CriSandboxState::NotReady;
    std::int64_t createdAt = 0; // Unix ns
    StringMap labels, annotations;
    std::vector<std::string> ips; // empty on the host's network
    CriNamespace network = CriNamespace::Pod;
};

struct CriMount {
    std::string containerPath, hostPath;
    bool readOnly = false;
    std::string propagation; // "", HostToContainer, Bidirectional
};

struct CriResources {
    std::int64_t cpuShares = 0, cpuQuota = 0, cpuPeriod = 0;
    std::int64_t memoryLimit = 0; // bytes; 0: none
    std::int64_t oomScoreAdj = 0;
};

struct CriSecurity {
    std::optional<std::int64_t> runAsUser, runAsGroup;
    std::string runAsUserName;
    std::vector<std::int64_t> supplementalGroups;
    bool privileged = false;
    bool readOnlyRoot = false;
    bool noNewPrivileges = false;
    std::vector<std::string> addCapabilities, dropCapabilities;
    CriNamespace network = CriNamespace::Pod;
    CriNamespace pid = CriNamespace::Container;
    std::string targetContainer; // with pid == Target
};

struct CriContainerConfig {
    std::string name;
    std::uint32_t attempt = 0;
    std::string image;    // as the user wrote it
    std::string imageRef; // what imageStatus answered
    std::vector<std::string> command, args;
    std::string workingDir;
    std::vector<std::pair<std::string, std::string>> env;
    std::vector<CriMount> mounts;
    StringMap labels, annotations;
    std::string logPath; // relative to the sandbox's log directory
    bool input = false, inputOnce = false, tty = false;
    CriResources resources;
    CriSecurity security;
    std::string stopSignal;
};

enum class CriContainerState : std::uint8_t { Created, Running, Exited, Unknown };

struct CriContainer { // also the answer of containerStatus
    std::string id, sandboxId;
    std::string name;
    std::uint32_t attempt = 0;
    CriContainerState state = CriContainerState::Created;
    std::int64_t createdAt = 0, startedAt = 0, finishedAt = 0; // Unix ns
    int exitCode = 0;
    std::string reason;  // "Completed", "Error", "OOMKilled", "StartError"
    std::string message;
    std::string image;    // "docker.io/library/nginx:1.27"
    std::string imageRef; // repo digest, or the image id where there is none
    std::string imageId;
    StringMap labels, annotations;
    std::vector<CriMount> mounts;
    std::string logPath; // absolute
    CriResources resources;
    std::int64_t user = 0, group = 0;
    std::vector<std::int64_t> supplementalGroups;
    int pid = 0; // on the host; 0 when not running
};

struct CriImage {
    std::string id; // "sha256:..."
    std::vector<std::string> tags, digests;
    std::uint64_t size = 0;
    std::optional<std::int64_t> user;
    std::string userName;
    bool pinned = false;
};

struct CriVersion {
    std::string name = "containerd", version, apiVersion = "v1";
};

struct CriStatus {
    bool runtimeReady = false, networkReady = false;
    std::string runtimeReason, runtimeMessage, networkReason, networkMessage;
};

struct CriFilter {
    std::string id, sandboxId; // exact ids; empty: any
    std::optional<CriContainerState> state;
    std::optional<CriSandboxState> sandboxState;
    StringMap labels;
};

struct CriExecResult {
    std::string output, error;
    int exitCode = 0;
};

struct CriStats {
    std::string containerId, sandboxId, name;
    std::int64_t timestamp = 0, startedAt = 0; // Unix ns
    std::uint64_t cpuNanoseconds = 0;   // since the start
    std::uint64_t cpuNanoCores = 0;     // now
    std::uint64_t memoryWorkingSet = 0; // bytes
    std::uint64_t memoryUsage = 0;
    std::uint64_t rootfsUsed = 0;
};

struct CriFsUsage {
    std::string mountpoint;
    std::uint64_t usedBytes = 0, inodesUsed = 0;
};

enum class CriEventType : std::uint8_t { Created, Started, Stopped, Deleted };
struct CriEvent {
    CriEventType type;
    std::string containerId, sandboxId; // containerId == sandboxId for a sandbox
    std::string podUid;
    sim::CauseId cause = 0;
};

class ContainerRuntime {
public:
    virtual ~ContainerRuntime() = default;

    virtual sim::Task<base::Result<CriVersion>> version() = 0;
    virtual sim::Task<base::Result<CriStatus>> status() = 0;

    virtual sim::Task<base::Result<std::string>> runSandbox(CriSandboxConfig config) = 0;
    virtual sim::Task<base::Status> stopSandbox(std::string id) = 0;
    virtual sim::Task<base::Status> removeSandbox(std::string id) = 0;
    virtual sim::Task<base::Result<CriSandbox>> sandboxStatus(std::string id) = 0;
    virtual sim::Task<base::Result<std::vector<CriSandbox>>> listSandboxes(CriFilter filter) = 0;

    virtual sim::Task<base::Result<std::string>>
    createContainer(std::string sandboxId, CriContainerConfig config, CriSandboxConfig sandbox) = 0;
    virtual sim::Task<base::Status> startContainer(std::string id) = 0;
    // The stop signal, after `timeout` SIGKILL; returns when the container has ended.
    virtual sim::Task<base::Status> stopContainer(std::string id, sim::Duration timeout) = 0;
    virtual sim::Task<base::Status> removeContainer(std::string id) = 0;
    virtual sim::Task<base::Result<std::vector<CriContainer>>> listContainers(CriFilter filter) = 0;
    virtual sim::Task<base::Result<CriContainer>> containerStatus(std::string id) = 0;
    virtual sim::Task<base::Status> updateResources(std::string id, CriResources resources) = 0;

    // Past the timeout (0: none): kCriDeadlineExceeded.
    virtual sim::Task<base::Result<CriExecResult>>
    execSync(std::string id, std::vector<std::string> command, sim::Duration timeout) = 0;
    // Interactive forms; return when the streams are finished. The offer's exit code and failure are
    // filled in; an error means that nothing was started.
    virtual sim::Task<base::Status> exec(std::string id, std::vector<std::string> command, bool tty,
                                         std::shared_ptr<StreamOffer> streams) = 0;
    virtual sim::Task<base::Status> attach(std::string id, std::shared_ptr<StreamOffer> streams) = 0;
    virtual sim::Task<base::Status> portForward(std::string sandboxId, std::uint16_t port,
                                                std::shared_ptr<StreamOffer> streams) = 0;

    virtual sim::Task<base::Result<std::vector<CriImage>>> listImages() = 0;
    // Nothing when the image is not present.
    virtual sim::Task<base::Result<std::optional<CriImage>>> imageStatus(std::string image) = 0;
    // The image reference (id) after the pull.
    virtual sim::Task<base::Result<std::string>> pullImage(std::string image) = 0;
    virtual sim::Task<base::Status> removeImage(std::string image) = 0;
    virtual sim::Task<base::Result<CriFsUsage>> imageFsInfo() = 0;
    virtual sim::Task<base::Result<std::vector<CriStats>>> listStats(CriFilter filter) = 0;

    // Life cycle events from now on; the channel closes when the runtime goes away.
    virtual base::Result<std::shared_ptr<sim::Channel<CriEvent>>> events() = 0;
};

// Who listens on a unix socket of a host; cluster/ injects it. Dialling again after a restart of the
// runtime needs a new call.
class RuntimeEndpoints {
public:
    virtual ~RuntimeEndpoints() = default;
    // `endpoint`: "unix:///run/containerd/containerd.sock" or a bare path. Errors: kCriUnavailable with
    // grpc's text ("connection error: desc = \"transport: Error while dialing: dial unix ...\"").
    virtual base::Result<std::shared_ptr<ContainerRuntime>> dial(Host& host,
                                                                 std::string_view endpoint) = 0;
};

// Standard labels and annotations. Source: kubelet pkg/types/labels.go, kuberuntime/labels.go.
inline constexpr const char* kPodNameLabel = "io.kubernetes.pod.name";
inline constexpr const char* kPodNamespaceLabel = "io.kubernetes.pod.namespace";
inline constexpr const char* kPodUidLabel = "io.kubernetes.pod.uid";
inline constexpr const char* kContainerNameLabel = "io.kubernetes.container.name";

} // namespace ports
