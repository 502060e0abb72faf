#include "api/objects/pod.h"
#include "controllers/daemonset/controller.h"

#include <algorithm>

namespace controllers {

using document::Value;

bool DaemonSetController::isUpdated(const Value& set, const Value& pod,
                                    const std::string& hash) const {
    const std::string_view generation =
        api::annotationOf(set, "deprecated.daemonset.template.generation");
    return api::labelOf(pod, "controller-revision-hash") == hash ||
           (!generation.empty() && api::labelOf(pod, "pod-template-generation") == generation);
}

// False when there are too many pods of a kind: the first pass cleans up.
bool DaemonSetController::splitPods(const Value& set, const std::vector<Value>& pods,
                                    const std::string& hash, Value& fresh, Value& old) const {
    for (const Value& pod : pods) {
        if (api::isDeleting(pod)) continue;
        Value& slot = isUpdated(set, pod, hash) ? fresh : old;
        if (!slot.isNull()) return false;
        slot = pod;
    }
    return true;
}

DaemonSetController::Changes DaemonSetController::roll(const Value& set, const ByNode& pods,
                                                       const std::string& hash) const {
    Changes out;
    std::int64_t desired = 0;
    for (const auto& [name, node] : nodes_.items()) desired += judge(set, node).run ? 1 : 0;
    const Value& rolling = set.at("spec", "updateStrategy", "rollingUpdate");
    const std::int64_t surge = scaledValue(rolling["maxSurge"], desired, true);
    std::int64_t maxUnavailable = scaledValue(rolling["maxUnavailable"], desired, true, 1);
    if (surge == 0 && maxUnavailable == 0) maxUnavailable = 1;
    if (surge > 0) return rollSurge(set, pods, hash, surge, desired);
    const std::int64_t minReady = set.at("spec", "minReadySeconds").asInt();
    std::int64_t unavailable = 0;
    std::vector<Value> candidates;
    for (const auto& [node, list] : pods) {
        Value fresh, old;
        if (!splitPods(set, list, hash, fresh, old) || fresh.isNull() == old.isNull()) {
            ++unavailable;
        } else if (!fresh.isNull()) {
            if (!api::podAvailable(fresh, minReady, kernel_.unixNow())) ++unavailable;
        } else if (!api::podAvailable(old, minReady, kernel_.unixNow())) {
            out.remove.push_back(old); // nothing is lost by replacing it
        } else {
            candidates.push_back(old);
        }
    }
    const std::int64_t room = std::max<std::int64_t>(0, maxUnavailable - unavailable);
    for (std::size_t i = 0; i < candidates.size() && static_cast<std::int64_t>(i) < room; ++i)
        out.remove.push_back(candidates[i]);
    return out;
}

// The new pod comes first, the old one goes when the new one is available.
DaemonSetController::Changes DaemonSetController::rollSurge(const Value& set, const ByNode& pods,
                                                            const std::string& hash,
                                                            std::int64_t surge,
                                                            std::int64_t desired) const {
    Changes out;
    const std::int64_t minReady = set.at("spec", "minReadySeconds").asInt();
    std::int64_t surging = 0, available = 0;
    std::vector<std::string> candidates;
    std::vector<Value> sunset;
    for (const auto& [node, list] : pods) {
        Value fresh, old;
        if (!splitPods(set, list, hash, fresh, old)) {
            ++surging;
            continue;
        }
        const Value& counted = old.isNull() ? fresh : old;
        const bool isAvailable =
            !counted.isNull() && api::podAvailable(counted, minReady, kernel_.unixNow());
        available += isAvailable ? 1 : 0;
        if (old.isNull()) continue;
        if (!fresh.isNull()) {
            if (api::podAvailable(fresh, minReady, kernel_.unixNow()))
                out.remove.push_back(old);
            else
                ++surging;
            continue;
        }
        const bool wanted = judge(set, nodes_.get(node)).run;
        if (!isAvailable) {
            if (wanted)
                out.create.push_back(node);
            else
                out.remove.push_back(old);
        } else if (!wanted) {
            sunset.push_back(old);
        } else {
            candidates.push_back(node);
        }
    }
    for (std::size_t i = 0; i < sunset.size() && static_cast<std::int64_t>(i) < available - desired;
         ++i)
        out.remove.push_back(sunset[i]);
    const std::int64_t room = std::max<std::int64_t>(0, surge - surging);
    for (std::size_t i = 0; i < candidates.size() && static_cast<std::int64_t>(i) < room; ++i)
        out.create.push_back(candidates[i]);
    return out;
}

} // namespace controllers
