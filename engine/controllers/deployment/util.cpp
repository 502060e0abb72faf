#include "controllers/deployment/util.h"

#include "api/objects/meta.h"
#include "base/strings.h"
#include "controllers/support/pods.h"

#include <algorithm>

namespace controllers::deployment {

using document::Value;

namespace {
constexpr std::size_t kMaxHistoryChars = 2000;

Value normalTemplate(const Value& podTemplate) {
    Value out = podTemplate.withoutPath({"metadata", "labels", kHashLabel});
    if (out.at("metadata", "labels").isEmpty()) out = out.withoutPath({"metadata", "labels"});
    if (out.at("metadata", "creationTimestamp").isNull())
        out = out.withoutPath({"metadata", "creationTimestamp"});
    return out["metadata"].isEmpty() ? out.without("metadata") : out;
}

void resolveFenceposts(const Value& deployment, std::int64_t& surge, std::int64_t& unavailable) {
    const Value& rolling = deployment.at("spec", "strategy", "rollingUpdate");
    const std::int64_t desired = replicasOf(deployment);
    surge = scaledValue(rolling["maxSurge"], desired, true);
    unavailable = scaledValue(rolling["maxUnavailable"], desired, false);
    if (surge == 0 && unavailable == 0) unavailable = 1;
}
} // namespace

std::int64_t replicasOf(const Value& object) { return object.at("spec", "replicas").asInt(1); }

std::int64_t statusCount(const Value& object, const char* field) {
    return object.at("status", field).asInt();
}

std::int64_t sumReplicas(const std::vector<Value>& sets) {
    std::int64_t sum = 0;
    for (const Value& set : sets) sum += replicasOf(set);
    return sum;
}

std::int64_t sumStatus(const std::vector<Value>& sets, const char* field) {
    std::int64_t sum = 0;
    for (const Value& set : sets) sum += statusCount(set, field);
    return sum;
}

bool isRolling(const Value& deployment) {
    return deployment.at("spec", "strategy", "type").asString() != "Recreate";
}

std::int64_t maxSurge(const Value& deployment) {
    if (!isRolling(deployment)) return 0;
    std::int64_t surge = 0, unavailable = 0;
    resolveFenceposts(deployment, surge, unavailable);
    return surge;
}

std::int64_t maxUnavailable(const Value& deployment) {
    if (!isRolling(deployment) || replicasOf(deployment) == 0) return 0;
    std::int64_t surge = 0, unavailable = 0;
    resolveFenceposts(deployment, surge, unavailable);
    return std::min(unavailable, replicasOf(deployment));
}

bool hasProgressDeadline(const Value& deployment) {
    const Value& seconds = deployment.at("spec", "progressDeadlineSeconds");
    return seconds.isInt() && seconds.asInt() != INT32_MAX;
}

bool equalIgnoreHash(const Value& templateA, const Value& templateB) {
    return normalTemplate(templateA) == normalTemplate(templateB);
}

std::int64_t revisionOf(const Value& object) {
    return base::parseInt(api::annotationOf(object, kRevision)).value_or(0);
}

std::vector<Value> active(const std::vector<Value>& sets) {
    std::vector<Value> out;
    for (const Value& set : sets)
        if (replicasOf(set) > 0) out.push_back(set);
    return out;
}

bool olderFirst(const Value& a, const Value& b) {
    const std::int64_t left = api::creationTimeOf(a), right = api::creationTimeOf(b);
    return left != right ? left < right : api::nameOf(a) < api::nameOf(b);
}

std::int64_t newReplicas(const Value& deployment, const std::vector<Value>& all,
                         std::int64_t newSize) {
    const std::int64_t desired = replicasOf(deployment);
    if (!isRolling(deployment)) return desired;
    const std::int64_t surge =
        scaledValue(deployment.at("spec", "strategy", "rollingUpdate", "maxSurge"), desired, true);
    const std::int64_t current = sumReplicas(all);
    if (current >= desired + surge) return newSize;
    return newSize + std::min(desired + surge - current, desired - newSize);
}

bool complete(const Value& deployment, const Value& status) {
    const std::int64_t desired = replicasOf(deployment);
    return status["updatedReplicas"].asInt() == desired && status["replicas"].asInt() == desired &&
           status["availableReplicas"].asInt() == desired &&
           status["observedGeneration"].asInt() >= api::generationOf(deployment);
}

bool isSkippedAnnotation(std::string_view key) {
    for (const std::string_view skipped :
         {std::string_view("kubectl.kubernetes.io/last-applied-configuration"),
          std::string_view(kRevision), std::string_view(kRevisionHistory),
          std::string_view(kDesiredReplicas), std::string_view(kMaxReplicas),
          std::string_view(kRollbackTo)})
        if (key == skipped) return true;
    return false;
}

Value withReplicasAnnotations(const Value& deployment, const Value& replicaSet) {
    const std::int64_t desired = replicasOf(deployment);
    return replicaSet
        .withPath({"metadata", "annotations", kDesiredReplicas}, std::to_string(desired))
        .withPath({"metadata", "annotations", kMaxReplicas},
                  std::to_string(desired + maxSurge(deployment)));
}

Value withRevisionAnnotations(const Value& deployment, const Value& replicaSet,
                              std::int64_t revision, bool exists) {
    Value out = replicaSet;
    for (const document::Member& member : api::annotationsOf(deployment).members()) {
        if (isSkippedAnnotation(member.key) || api::annotationsOf(out)[member.key] == member.value)
            continue;
        out = out.withPath({"metadata", "annotations", member.key.view()}, member.value);
    }
    const std::string old(api::annotationOf(out, kRevision));
    const std::int64_t oldRevision = base::parseInt(old).value_or(0);
    if (oldRevision < revision) {
        out = out.withPath({"metadata", "annotations", kRevision}, std::to_string(revision));
        if (!old.empty()) {
            std::string history(api::annotationOf(out, kRevisionHistory));
            history = history.empty() ? old : history + "," + old;
            while (history.size() > kMaxHistoryChars && history.find(',') != std::string::npos)
                history.erase(0, history.find(',') + 1);
            out = out.withPath({"metadata", "annotations", kRevisionHistory}, history);
        }
    }
    return exists ? out : withReplicasAnnotations(deployment, out);
}

Value withDeploymentCondition(const Value& status, Value condition) {
    const std::string_view type = condition["type"].asString();
    const Value old = api::conditionIn(status["conditions"], type);
    if (!old.isNull() && old["status"] == condition["status"] &&
        old["reason"] == condition["reason"])
        return status;
    if (!old.isNull() && old["status"] == condition["status"])
        condition = condition.with("lastTransitionTime", old["lastTransitionTime"]);
    return status.with("conditions",
                       api::withoutCondition(status["conditions"], type).appended(condition));
}

} // namespace controllers::deployment
