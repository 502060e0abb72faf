#pragma once
// What the simulated runtime needs of a machine: root file systems, network namespaces, processes.
// cluster/ implements it over machine/ and network/; tests bring a small one of their own.

#include "base/function.h"
#include "base/result.h"
#include "ports/cri.h"
#include "ports/file_system.h"
#include "ports/network.h"
#include "ports/program.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace runtime {

// One file of an image layer.
struct ImageFile {
    std::string path; // absolute
    ports::FileType type = ports::FileType::Regular;
    std::uint32_t mode = 0644;
    std::uint32_t uid = 0, gid = 0;
    std::string content; // regular files; the target of a symlink
};

// An immutable image as unpacked by the runtime. Machines may keep one shared tree per id and lay
// containers over it (copy on write).
struct ImageContent {
    std::string id; // "sha256:..."
    std::vector<ImageFile> files; // sorted by path, parents first
};

struct BindMount {
    std::string containerPath;
    std::string hostPath; // on the machine's own tree; a file or a directory; must exist
    bool readOnly = false;
};

// A container's file tree: image below, own writable layer above, mounts on top.
struct RootSpec {
    std::string id; // unique on the machine
    std::shared_ptr<const ImageContent> image;
    std::vector<BindMount> mounts;
    bool readOnly = false;
};

// A pod's network namespace. `stack` null stands for the machine's own network.
class NetworkNamespace {
public:
    virtual ~NetworkNamespace() = default;
    virtual ports::NetStack& stack() = 0;
};

struct NetworkResult {
    std::vector<std::string> ips;
};

// The sandbox's side of CNI: makes, attaches, detaches, removes. An error of `attach` carries the
// plugin's message.
class SandboxNetwork {
public:
    virtual ~SandboxNetwork() = default;
    // False with libcni's reason when no usable configuration lies in /etc/cni/net.d.
    virtual base::Status ready() = 0;
    virtual std::shared_ptr<NetworkNamespace> create(const std::string& sandboxId) = 0;
    virtual sim::Task<base::Result<NetworkResult>> attach(std::string sandboxId,
                                                          ports::CriSandboxConfig config) = 0;
    virtual sim::Task<base::Status> detach(std::string sandboxId, ports::CriSandboxConfig config) = 0;
    virtual void remove(const std::string& sandboxId) = 0;
};

struct ContainerProcessSpec {
    std::string rootId;                 // of `makeRoot`
    std::string containerId;            // owner in process listings and cgroups
    std::string pidNamespace;           // an id; processes with the same one see each other; empty: the host's
    std::shared_ptr<NetworkNamespace> network; // null: the host's
    std::string hostname;
    std::vector<std::string> argv;      // argv[0] is resolved in the container's PATH and tree
    std::vector<std::pair<std::string, std::string>> env;
    std::string cwd;
    std::uint32_t uid = 0, gid = 0;
    std::vector<std::uint32_t> groups;
    std::uint64_t capabilities = 0;
    bool noNewPrivileges = false;
    bool privileged = false;
    bool init = true;                   // first process of its container (signals as for pid 1)
    std::int64_t memoryLimit = 0;       // bytes, of the container; 0: none
    std::shared_ptr<sim::Pipe> input, output, error; // the host closes output and error at the end
    std::shared_ptr<ports::Terminal> terminal;
};

struct ProcessEnd {
    int exitCode = 0;      // 128 + n after signal n
    bool oomKilled = false;
};

class ContainerHost {
public:
    virtual ~ContainerHost() = default;

    virtual sim::Kernel& kernel() = 0;
    virtual ports::Host& host() = 0;
    virtual ports::FileSystem& files() = 0;   // the machine's own tree, as root
    virtual ports::NetStack& network() = 0;   // the machine's own network
    virtual std::string hostname() = 0;

    // Roots of containers. `rootFiles` is valid until `removeRoot`.
    virtual base::Status makeRoot(RootSpec spec) = 0;
    virtual ports::FileSystem& rootFiles(const std::string& id) = 0;
    virtual void removeRoot(const std::string& id) = 0;

    // Starts a process. Errors: errno in `code` (ENOENT, EACCES, ENOEXEC) as exec(2) fails. `ended` is
    // called once, in an event of its own, when the process has gone.
    virtual base::Result<int> start(ContainerProcessSpec spec,
                                    base::Function<void(ProcessEnd)> ended) = 0;
    // As the kernel sends it from outside the container. False when there is no such process.
    virtual bool signal(int pid, int number) = 0;
    // SIGKILL for everything in the container, children and exec'ed processes too.
    virtual void killAll(const std::string& containerId) = 0;
    virtual std::uint64_t memoryOf(const std::string& containerId) = 0;   // bytes in use
    virtual std::uint64_t cpuTimeOf(const std::string& containerId) = 0;  // nanoseconds
    virtual void setMemoryLimit(const std::string& containerId, std::int64_t bytes) = 0;
};

} // namespace runtime
