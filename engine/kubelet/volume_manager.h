#pragma once
// Volumes of the node's pods: made before containers start, kept current, removed at the end.
// Sources: pkg/kubelet/volumemanager, pkg/volume/{configmap,secret,projected,downwardapi,emptydir,
// hostpath,local}, nestedpendingoperations (retry times).

#include "kubelet/atomic_writer.h"
#include "kubelet/core.h"
#include "kubelet/pod_view.h"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace kubelet {

class VolumeManager {
public:
    explicit VolumeManager(Core& core) : core_(core) {}
    // Loops hold their own entry; without this they would outlive the agent that they refer to.
    ~VolumeManager() {
        for (auto& [uid, entry] : pods_) entry->scope.cancel();
    }

    // Returns when every volume of the pod is there. Error code ETIMEDOUT: given up for now.
    sim::Task<base::Status> waitForMount(Value pod);
    // Removes everything; the pod's containers have ended.
    sim::Task<void> unmount(Value pod);
    // Where a volume of a pod lies on the node; empty when it is not mounted.
    std::string hostPath(std::string_view uid, std::string_view volume) const;
    bool known(std::string_view uid) const { return pods_.find(uid) != pods_.end(); }
    std::vector<std::string> inUse() const; // unique names for the node status

private:
    struct Mounted {
        std::string path;
        bool done = false;
        bool refreshable = false;
        sim::Duration delay = 0;
        sim::Time next = 0;
        std::string error;
        std::string claimProblem; // what kept the volume from being processed at all
    };
    struct PodVolumes {
        explicit PodVolumes(sim::Kernel& kernel) : scope(kernel) {}
        Value pod;
        std::map<std::string, Mounted, std::less<>> volumes;
        sim::Signal changed;
        bool mounting = false, refreshing = false;
        sim::Scope scope;
    };
    struct Token {
        std::string token;
        std::int64_t issued = 0, expires = 0;
    };

    static sim::Task<void> mountLoop(VolumeManager& self, std::shared_ptr<PodVolumes> entry);
    static sim::Task<void> refresh(VolumeManager& self, std::shared_ptr<PodVolumes> entry);
    sim::Task<base::Result<std::string>> setUp(Value pod, Value volume, std::string& claimProblem);
    sim::Task<base::Result<std::string>> setUpClaim(Value pod, std::string claim, std::string& claimProblem);
    base::Result<std::string> setUpHostPath(const Value& source);
    base::Result<std::string> setUpEmptyDir(const Value& pod, const Value& volume);
    sim::Task<base::Result<Projection>> collect(Value pod, Value volume);
    sim::Task<base::Status> addObject(Value pod, Value source, bool secret, std::int64_t mode,
                                      Projection& files);
    base::Status addDownward(const Value& pod, const Value& items, std::int64_t mode, Projection& files);
    sim::Task<base::Result<std::string>> token(Value pod, Value source);
    std::string volumeFolder(const Value& pod, const char* plugin, std::string_view name) const;

    Core& core_;
    std::map<std::string, std::shared_ptr<PodVolumes>, std::less<>> pods_;
    std::map<std::string, Token> tokens_;
};

} // namespace kubelet
