#pragma once
// In-place resize: a pod runs with the resources that the node has granted; a wish for others is
// granted, put off or refused. Source: pkg/kubelet/allocation, events (PodResize*).

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <string>

namespace kubelet {

class Resizer {
public:
    explicit Resizer(Core& core) : core_(core) {}

    // The pod with the resources that it may use now. The first sight of a pod is its grant.
    Value granted(const Value& pod);
    // Notes beginning and end of a change in the running containers.
    void observe(const Value& pod, const RuntimePod& runtime);
    void forget(std::string_view uid);

private:
    struct Entry {
        std::map<std::string, Value> resources; // by container
        std::int64_t generation = 0;
        bool running = false; // containers do not have the granted resources yet
    };
    std::string message(const Value& pod, std::int64_t generation, const std::string& error) const;
    void refuse(const Value& pod, const char* reason, const std::string& error);

    Core& core_;
    std::map<std::string, Entry, std::less<>> entries_;
};

} // namespace kubelet
