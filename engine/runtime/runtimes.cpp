#include "runtime/runtimes.h"

namespace runtime {
namespace {

// /var/run is a link to /run on every machine.
std::string_view socketPath(std::string_view endpoint) {
    if (endpoint.rfind("unix://", 0) == 0) endpoint.remove_prefix(7);
    return endpoint;
}

bool isContainerdSocket(std::string_view path) {
    return path == "/run/containerd/containerd.sock" || path == "/var/run/containerd/containerd.sock";
}

base::Error dialError(std::string_view path, std::string_view reason) {
    return base::makeError("connection error: desc = \"transport: Error while dialing: dial unix " +
                               std::string(path) + ": connect: " + std::string(reason) + "\"",
                           ports::kCriUnavailable);
}

} // namespace

Containerd& Runtimes::add(MachineRuntime parts) {
    Entry entry{std::move(parts), nullptr};
    entry.daemon = std::make_shared<Containerd>(*entry.parts.host, *entry.parts.network, catalogue_,
                                                entry.parts.images, entry.parts.online);
    entries_.push_back(std::move(entry));
    return *entries_.back().daemon;
}

Containerd* Runtimes::find(const ports::Host& host) const {
    for (const Entry& entry : entries_)
        if (&entry.parts.host->host() == &host) return entry.daemon.get();
    return nullptr;
}

base::Result<std::shared_ptr<ports::ContainerRuntime>> Runtimes::dial(ports::Host& host,
                                                                      std::string_view endpoint) {
    const std::string_view path = socketPath(endpoint);
    for (const Entry& entry : entries_) {
        if (&entry.parts.host->host() != &host) continue;
        if (!isContainerdSocket(path)) break;
        if (entry.daemon->serving()) return std::shared_ptr<ports::ContainerRuntime>(entry.daemon);
        const bool socketLeft = entry.parts.host->files().exists("/run/containerd/containerd.sock");
        return dialError(path, socketLeft ? "connection refused" : "no such file or directory");
    }
    return dialError(path, "no such file or directory");
}

} // namespace runtime
