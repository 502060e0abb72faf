#pragma once
// Limits of local storage and pressure of the node. Source: pkg/kubelet/eviction.

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

namespace kubelet {

class Eviction {
public:
    explicit Eviction(Core& core) : core_(core) {}
    void start() { core_.scope.spawn(loop(*this), "eviction"); }
    // Pods with limits on local storage are looked at regularly; others cost nothing.
    void watch() { changed_.notify(); }

private:
    static sim::Task<void> loop(Eviction& self);
    void checkLocalStorage();
    void checkNode();
    std::uint64_t usage(const std::string& folder) const;

    Core& core_;
    sim::Signal changed_;
};

} // namespace kubelet
