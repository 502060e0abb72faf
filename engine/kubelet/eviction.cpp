#include "kubelet/eviction.h"

#include "api/quantity.h"
#include "base/strings.h"
#include "kubelet/node_status.h"
#include "kubelet/pod_manager.h"
#include "kubelet/pod_workers.h"
#include "kubelet/status_builder.h"
#include "kubelet/status_manager.h"
#include "kubelet/volume_manager.h"

#include <algorithm>

namespace kubelet {
namespace {

constexpr sim::Duration kPeriod = 10 * sim::kSecond;
// Usage of volumes is measured once a minute.
constexpr sim::Duration kVolumeStats = sim::kMinute;
constexpr double kDiskCapacity = 264212084.0 * 1024, kDiskAvailable = kDiskCapacity * 0.55;

Value disruption(Core& core, const Value& pod, const std::string& message) {
    return Value::object({{"type", "DisruptionTarget"}, {"status", "True"}, {"reason", "TerminationByKubelet"},
                          {"message", message}, {"observedGeneration", api::generationOf(pod)},
                          {"lastTransitionTime", core.nowText()}, {"lastProbeTime", Value()}});
}

bool hasLimits(const Value& pod) {
    for (const Value& volume : pod.at("spec", "volumes").items())
        if (volume["emptyDir"]["sizeLimit"].isString()) return true;
    for (const Value& container : pod.at("spec", "containers").items())
        if (container.at("resources", "limits", "ephemeral-storage").isString()) return true;
    return false;
}

} // namespace

std::uint64_t Eviction::usage(const std::string& folder) const {
    std::uint64_t total = 0;
    std::vector<std::string> pending{folder};
    while (!pending.empty()) {
        const std::string path = pending.back();
        pending.pop_back();
        const auto listed = core_.files().list(path);
        if (!listed.ok()) continue;
        for (const ports::DirectoryEntry& entry : *listed) {
            const std::string child = path + "/" + entry.name;
            if (entry.type == ports::FileType::Directory) pending.push_back(child);
            else if (const auto stat = core_.files().lstat(child); stat.ok()) total += stat->size;
        }
    }
    return total;
}

void Eviction::checkLocalStorage() {
    for (const auto& [uid, pod] : core_.pods->all()) {
        if (!hasLimits(pod) || !core_.workers->couldHaveRunningContainers(uid) ||
            core_.workers->terminationRequested(uid))
            continue;
        for (const Value& volume : pod.at("spec", "volumes").items()) {
            const Value& limit = volume["emptyDir"]["sizeLimit"];
            const std::string path = core_.volumes->hostPath(uid, volume["name"].asString());
            if (!limit.isString() || path.empty()) continue;
            const std::int64_t bound = api::Quantity::of(limit.asString()).value();
            if (bound <= 0 || usage(path) <= static_cast<std::uint64_t>(bound)) continue;
            const std::string message = "Usage of EmptyDir volume " + base::quoteGo(volume["name"].asString()) +
                                        " exceeds the limit " + base::quoteGo(limit.asString()) + ". ";
            core_.recorder->warning(pod, "Evicted", message);
            core_.workers->evict(uid, "Evicted", message, 0, Value());
            break;
        }
    }
}

// Disk is the only signal that a setting can move here: free space is what an idle machine has.
void Eviction::checkNode() {
    const auto threshold = core_.config.evictionHard.find("nodefs.available");
    if (threshold == core_.config.evictionHard.end()) return;
    const std::string& text = threshold->second;
    const double bound = !text.empty() && text.back() == '%'
                             ? kDiskCapacity * static_cast<double>(base::parseInt(text.substr(0, text.size() - 1)).value_or(0)) / 100.0
                             : static_cast<double>(api::Quantity::of(text).value());
    const bool met = kDiskAvailable < bound;
    core_.node->setPressure("DiskPressure", met);
    if (!met) return;
    // One pod at a time, those that ask for nothing first.
    const Value* victim = nullptr;
    for (const auto& [uid, pod] : core_.pods->all()) {
        if (isStaticPod(pod) || !core_.workers->couldHaveRunningContainers(uid) || core_.workers->terminationRequested(uid)) continue;
        if (pod.at("spec", "priority").asInt() >= 2'000'000'000) continue;
        if (victim == nullptr || pod.at("spec", "priority").asInt() < victim->at("spec", "priority").asInt()) victim = &pod;
    }
    if (victim == nullptr) return;
    const auto size = [](double bytes) {
        return api::Quantity::fromValue(static_cast<std::int64_t>(bytes) / 1024 * 1024, api::Quantity::Format::BinarySI).text();
    };
    const std::string message = "The node was low on resource: ephemeral-storage. Threshold quantity: " +
                                size(bound) + ", available: " + size(kDiskAvailable) + ". ";
    core_.recorder->warning(*victim, "Evicted", message);
    core_.workers->evict(api::uidOf(*victim), "Evicted", message, 1, disruption(core_, *victim, message));
}

sim::Task<void> Eviction::loop(Eviction& self) {
    Core& core = self.core_;
    sim::Time nextVolumes = core.now() + kVolumeStats;
    while (true) {
        self.checkNode();
        if (core.now() >= nextVolumes) {
            self.checkLocalStorage();
            nextVolumes = core.now() + kVolumeStats;
        }
        const sim::Duration pause = core.node->underPressure("DiskPressure") ? kPeriod : kVolumeStats;
        co_await sim::sleepFor(core.kernel(), pause);
    }
}

} // namespace kubelet
