#pragma once
// ConfigMaps, Secrets and other objects that pods refer to, read one by one as the node's identity may,
// and kept for a while. Source: pkg/kubelet/util/manager (a new pod reads afresh).

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <string>

namespace kubelet {

class ObjectCache {
public:
    explicit ObjectCache(Core& core) : core_(core) {}

    // Errors as the API server gave them (`configmap "x" not found` has the singular kind).
    sim::Task<base::Result<Value>> get(client::Resource resource, std::string ns, std::string name);
    // What a pod's namespace holds is read again at the next use.
    void invalidate(std::string_view ns);
    // Services of the cluster for environment variables; nothing before the first list.
    sim::Task<base::Result<Value>> services();

private:
    struct Entry {
        Value object;
        sim::Time at = 0;
    };
    Core& core_;
    std::map<std::string, Entry, std::less<>> entries_;
    Entry services_;
};

} // namespace kubelet
