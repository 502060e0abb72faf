#include "kubelet/volume_manager.h"

#include "base/strings.h"
#include "kubelet/pod_manager.h"

#include <algorithm>
#include <cerrno>

namespace kubelet {
namespace {

// The reconciler looks ten times a second, those who wait three times.
constexpr sim::Duration kFirstMount = 150 * sim::kMillisecond;
constexpr sim::Duration kGiveUp = 123 * sim::kSecond;
constexpr sim::Duration kFirstRetry = 500 * sim::kMillisecond;
constexpr sim::Duration kLastRetry = 122 * sim::kSecond;

std::string listText(const std::vector<std::string>& names) { return "[" + base::join(names, " ") + "]"; }

bool refreshable(const Value& volume) {
    return volume["configMap"].isObject() || volume["secret"].isObject() || volume["projected"].isObject() ||
           volume["downwardAPI"].isObject();
}

} // namespace

std::string VolumeManager::volumeFolder(const Value& pod, const char* plugin, std::string_view name) const {
    return core_.podDirectory(api::uidOf(pod)) + "/volumes/kubernetes.io~" + plugin + "/" + std::string(name);
}

std::string VolumeManager::hostPath(std::string_view uid, std::string_view volume) const {
    const auto pod = pods_.find(uid);
    if (pod == pods_.end()) return {};
    const auto found = pod->second->volumes.find(volume);
    return found == pod->second->volumes.end() || !found->second.done ? std::string() : found->second.path;
}

std::vector<std::string> VolumeManager::inUse() const {
    std::set<std::string> names;
    for (const auto& [uid, entry] : pods_)
        for (const Value& volume : entry->pod.at("spec", "volumes").items())
            if (volume["csi"].isObject()) names.insert("kubernetes.io/csi/" + volume["csi"]["driver"].text());
    return {names.begin(), names.end()};
}

sim::Task<void> VolumeManager::mountLoop(VolumeManager& self, std::shared_ptr<PodVolumes> entry) {
    Core& core = self.core_;
    co_await sim::sleepFor(core.kernel(), kFirstMount);
    while (true) {
        sim::Time next = sim::kForever;
        for (const Value& volume : entry->pod.at("spec", "volumes").items()) {
            const std::string name = volume["name"].text();
            Mounted& state = entry->volumes[name];
            if (state.done) continue;
            if (state.next > core.now()) {
                next = std::min(next, state.next);
                continue;
            }
            std::string claimProblem;
            const Value pod = entry->pod;
            auto made = co_await self.setUp(pod, volume, claimProblem);
            Mounted& target = entry->volumes[name];
            if (made.ok()) {
                target.done = true;
                target.path = *made;
                target.refreshable = refreshable(volume);
                target.error.clear();
                entry->changed.notify();
                continue;
            }
            target.delay = target.delay == 0 ? kFirstRetry : std::min(target.delay * 2, kLastRetry);
            target.next = core.now() + target.delay;
            next = std::min(next, target.next);
            target.error = made.error().message;
            target.claimProblem = claimProblem;
            if (!claimProblem.empty()) {
                entry->changed.notify();
                continue;
            }
            core.log.error("nestedpendingoperations.go:348", "MountVolume.SetUp failed for volume",
                           {{"volume", name}, {"pod", api::keyOf(pod)}, {"err", target.error}});
            core.recorder->warning(pod, "FailedMount",
                                   "MountVolume.SetUp failed for volume " + base::quoteGo(name) + " : " + target.error);
        }
        if (next == sim::kForever) break;
        co_await sim::sleepUntil(core.kernel(), next);
    }
    entry->mounting = false;
    entry->changed.notify();
}

sim::Task<void> VolumeManager::refresh(VolumeManager& self, std::shared_ptr<PodVolumes> entry) {
    for (const Value& volume : entry->pod.at("spec", "volumes").items()) {
        if (!refreshable(volume)) continue;
        std::string problem;
        const Value pod = entry->pod;
        auto made = co_await self.setUp(pod, volume, problem);
        if (!made.ok())
            self.core_.recorder->warning(pod, "FailedMount",
                                         "MountVolume.SetUp failed for volume " +
                                             base::quoteGo(volume["name"].asString()) + " : " + made.error().message);
    }
    entry->refreshing = false;
}

sim::Task<base::Status> VolumeManager::waitForMount(Value pod) {
    const std::string uid = api::uidOf(pod);
    if (pod.at("spec", "volumes").size() == 0) co_return base::okStatus();
    auto& slot = pods_[uid];
    const bool fresh = slot == nullptr;
    if (fresh) slot = std::make_shared<PodVolumes>(core_.kernel());
    const std::shared_ptr<PodVolumes> entry = slot;
    entry->pod = pod;
    const auto missing = [&] {
        std::vector<std::string> names;
        for (const Value& volume : pod.at("spec", "volumes").items()) {
            const auto found = entry->volumes.find(volume["name"].asString());
            if (found == entry->volumes.end() || !found->second.done) names.push_back(volume["name"].text());
        }
        std::sort(names.begin(), names.end());
        return names;
    };
    if (missing().empty()) {
        if (!entry->refreshing) {
            entry->refreshing = true;
            entry->scope.spawn(refresh(*this, entry), "volume-refresh");
        }
        co_return base::okStatus();
    }
    if (!entry->mounting) {
        entry->mounting = true;
        entry->scope.spawn(mountLoop(*this, entry), "volume-mount");
    }
    const sim::Time deadline = core_.now() + kGiveUp;
    while (!missing().empty() && core_.now() < deadline) {
        const bool woken = co_await entry->changed.waitUntil(deadline);
        if (!woken) break;
        std::vector<std::string> problems, names;
        for (const auto& [name, state] : entry->volumes)
            if (!state.claimProblem.empty() && !state.done) {
                problems.push_back(state.claimProblem);
                names.push_back(name);
            }
        if (!problems.empty())
            co_return base::makeError("unmounted volumes=" + listText(missing()) +
                                      ", unattached volumes=[], failed to process volumes=" + listText(names) + ": " +
                                      (problems.size() == 1 ? problems[0] : "[" + base::join(problems, ", ") + "]"));
    }
    const std::vector<std::string> left = missing();
    if (left.empty()) co_return base::okStatus();
    co_return base::makeError("unmounted volumes=" + listText(left) +
                                  ", unattached volumes=[], failed to process volumes=[]: context deadline exceeded",
                              ETIMEDOUT);
}

sim::Task<void> VolumeManager::unmount(Value pod) {
    const std::string uid = api::uidOf(pod);
    const auto found = pods_.find(uid);
    if (found != pods_.end()) {
        found->second->scope.cancel();
        pods_.erase(found);
        co_await sim::sleepFor(core_.kernel(), 100 * sim::kMillisecond);
    }
    for (auto it = tokens_.lower_bound(uid + "/"); it != tokens_.end() && it->first.rfind(uid + "/", 0) == 0;)
        it = tokens_.erase(it);
    (void)core_.files().removeAll(core_.podDirectory(uid) + "/volumes");
}

} // namespace kubelet
