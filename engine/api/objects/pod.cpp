#include "api/objects/pod.h"

#include <algorithm>

namespace api {

bool podAvailable(const document::Value& pod, std::int64_t minReadySeconds, std::int64_t now) {
    if (!podReady(pod)) return false;
    if (minReadySeconds == 0) return true;
    const std::int64_t since = timeOf(conditionOf(pod, "Ready")["lastTransitionTime"]);
    return since != 0 && since + minReadySeconds * sim::kSecond <= now;
}

document::Value withPodCondition(const document::Value& pod, document::Value condition) {
    const document::Value& conditions = pod.at("status", "conditions");
    const document::Value& old = conditionIn(conditions, condition["type"].asString());
    if (old["status"] == condition["status"] && old.has("lastTransitionTime"))
        condition = condition.with("lastTransitionTime", old["lastTransitionTime"]);
    return pod.withPath({"status", "conditions"}, withCondition(conditions, std::move(condition)));
}

std::int64_t podRestarts(const document::Value& pod) {
    std::int64_t most = 0;
    for (const document::Value& status : pod.at("status", "containerStatuses").items())
        most = std::max(most, status["restartCount"].asInt());
    return most;
}

bool podIsMirror(const document::Value& pod) {
    return annotationsOf(pod).has("kubernetes.io/config.mirror");
}

bool tolerationMatches(const document::Value& toleration, const document::Value& taint) {
    const std::string_view effect = toleration["effect"].asString();
    if (!effect.empty() && effect != taint["effect"].asString()) return false;
    const std::string_view key = toleration["key"].asString();
    if (!key.empty() && key != taint["key"].asString()) return false;
    const std::string_view op = toleration["operator"].asString();
    if (op == "Exists") return true;
    if (op.empty() || op == "Equal")
        return toleration["value"].asString() == taint["value"].asString();
    return false;
}

bool tolerates(const document::Value& tolerations, const document::Value& taint) {
    for (const document::Value& toleration : tolerations.items())
        if (tolerationMatches(toleration, taint)) return true;
    return false;
}

} // namespace api
