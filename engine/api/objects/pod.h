#pragma once
// Readers of a Pod. Source: kubernetes pkg/api/v1/pod, pkg/controller/controller_utils.

#include "api/objects/meta.h"
#include "document/value.h"

#include <string>
#include <string_view>

namespace api {

inline std::string_view podPhase(const document::Value& pod) {
    return pod.at("status", "phase").asString();
}
inline std::string_view podNode(const document::Value& pod) {
    return pod.at("spec", "nodeName").asString();
}
inline bool podReady(const document::Value& pod) { return conditionStatus(pod, "Ready") == "True"; }
// Ready for at least minReadySeconds at `now` (Unix ns).
bool podAvailable(const document::Value& pod, std::int64_t minReadySeconds, std::int64_t now);
inline bool podFinished(const document::Value& pod) {
    return podPhase(pod) == "Succeeded" || podPhase(pod) == "Failed";
}
inline bool podActive(const document::Value& pod) { return !podFinished(pod) && !isDeleting(pod); }
// Not finished and deletionTimestamp set.
inline bool podTerminating(const document::Value& pod) {
    return !podFinished(pod) && isDeleting(pod);
}
inline std::int64_t podPriority(const document::Value& pod) {
    return pod.at("spec", "priority").asInt();
}
// The pod with the condition added or replaced; lastTransitionTime is kept while the status is
// equal.
document::Value withPodCondition(const document::Value& pod, document::Value condition);
std::int64_t podRestarts(const document::Value& pod); // the most restarted container
bool podIsMirror(const document::Value& pod);
// Whether the toleration list tolerates {key, value, effect}.
bool tolerates(const document::Value& tolerations, const document::Value& taint);
bool tolerationMatches(const document::Value& toleration, const document::Value& taint);

} // namespace api
