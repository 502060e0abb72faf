#pragma once
// Pods from the files of a folder. Source: pkg/kubelet/config (file.go, file_linux.go, common.go).

#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <string>

namespace kubelet {

class StaticPods {
public:
    explicit StaticPods(Core& core) : core_(core) {}
    void start();

private:
    struct Entry {
        std::string content;
        Value pod; // null: the file could not be read as a pod
    };

    static sim::Task<void> watch(StaticPods& self);
    // `full`: pods of files that cannot be read any more are dropped.
    void scan(bool full);
    base::Result<Value> parse(const std::string& path, const std::string& content) const;
    void replace(const std::string& path, Entry& entry, const Value& pod);

    Core& core_;
    std::map<std::string, Entry> entries_;
};

} // namespace kubelet
