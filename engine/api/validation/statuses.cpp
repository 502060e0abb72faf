// What the status subresources check. Sources: pkg/apis/{apps,autoscaling,batch,core,networking,
// policy}/validation.
#include "api/validation/rules.h"

#include "base/ip.h"
#include "base/strings.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kStatus("status");

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

void nonNegative(Errors& errors, const Value& status, std::initializer_list<const char*> fields) {
    for (const char* field : fields) validateNonNegative(errors, status[field].asInt(), kStatus.child(field));
}

void notAbove(Errors& errors, const Value& status, std::initializer_list<const char*> fields) {
    for (const char* field : fields)
        if (status[field].asInt() > status["replicas"].asInt())
            errors.invalid(kStatus.child(field), status[field], "cannot be greater than status.replicas");
}

void availableReady(Errors& errors, const Value& status, const char* text) {
    if (status["availableReplicas"].asInt() > status["readyReplicas"].asInt())
        errors.invalid(kStatus.child("availableReplicas"), status["availableReplicas"], text);
}

void collisions(Errors& errors, const Value& object, const Value& old) {
    const Value& now = object["status"]["collisionCount"];
    const Value& before = old["status"]["collisionCount"];
    if (before.isNull() || (!now.isNull() && now.asInt() >= before.asInt())) return;
    errors.invalid(kStatus.child("collisionCount"), now.asInt(), "cannot be decremented");
}

bool isTrue(const Value& status, std::string_view type) {
    for (const Value& condition : status["conditions"].items())
        if (condition["type"].asString() == type) return condition["status"].asString() == "True";
    return false;
}

void uncounted(Errors& errors, const Value& pods) {
    std::set<std::string> seen;
    for (const char* list : {"succeeded", "failed"})
        for (std::size_t i = 0; i < pods[list].size(); ++i) {
            const Path at = kStatus.child("uncountedTerminatedPods", list).index(i);
            if (pods[list][i].isEmpty()) errors.invalid(at, "", "must not be empty");
            else if (!seen.insert(pods[list][i].text()).second) errors.duplicate(at, pods[list][i]);
        }
}

// Of a job whose conditions change: what ends it must be consistent.
void jobEnd(Errors& errors, const Value& job, const Value& old) {
    const Value& status = job["status"];
    const Value& before = old["status"];
    const Path conditions = kStatus.child("conditions"), completion = kStatus.child("completionTime");
    const bool complete = isTrue(status, "Complete"), failed = isTrue(status, "Failed");
    const bool target = isTrue(status, "FailureTarget"), met = isTrue(status, "SuccessCriteriaMet");
    const bool newlyComplete = complete && !isTrue(before, "Complete");
    const bool newlyFailed = failed && !isTrue(before, "Failed");
    const Value& end = status["completionTime"];
    if (complete && failed) errors.invalidOmitted(conditions, "cannot set Complete=True and Failed=true conditions");
    if (complete && target)
        errors.invalidOmitted(conditions, "cannot set Complete=True and FailureTarget=true conditions");
    if (!end.isNull() && !complete)
        errors.invalid(completion, end, "cannot set completionTime when there is no Complete=True condition");
    if (end.isNull() && complete) errors.required(completion, "completionTime is required for Complete jobs");
    if (newlyFailed && !target)
        errors.invalidOmitted(conditions, "cannot set Failed=True condition without the FailureTarget=true condition");
    if (newlyComplete && !met)
        errors.invalidOmitted(conditions,
                              "cannot set Complete=True condition without the SuccessCriteriaMet=true condition");
    if (newlyComplete || newlyFailed) {
        if (status["active"].asInt() > 0)
            errors.invalid(kStatus.child("active"), status["active"], "active>0 is invalid for finished job");
        if (status["startTime"].isNull())
            errors.required(kStatus.child("startTime"), "startTime is required for finished job");
        if (status["terminating"].asInt() > 0)
            errors.invalid(kStatus.child("terminating"), status["terminating"],
                           "terminating>0 is invalid for finished job");
    }
    if (met && failed)
        errors.invalidOmitted(conditions, "cannot set SuccessCriteriaMet=True and Failed=true conditions");
    if (met && target)
        errors.invalidOmitted(conditions, "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions");
}

void ingressAddresses(Errors& errors, const Value& status, bool withMode) {
    const Value& list = status["loadBalancer"]["ingress"];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Path at = kStatus.child("loadBalancer", "ingress").index(i);
        const Value& ip = list[i]["ip"];
        if (!ip.isEmpty()) validateLegacyIp(errors, ip, at.child("ip"));
        const Value& mode = list[i]["ipMode"];
        if (withMode) {
            if (mode.isNull() && !ip.isEmpty())
                errors.required(at.child("ipMode"), "must be specified when `ip` is set");
            else if (!mode.isNull() && ip.isEmpty())
                errors.forbidden(at.child("ipMode"), "may not be specified when `ip` is not set");
            else if (!mode.isNull() && !contains({"Proxy", "VIP"}, mode.asString()))
                errors.notSupported(at.child("ipMode"), mode, {"Proxy", "VIP"});
        }
        const Value& host = list[i]["hostname"];
        if (host.isEmpty()) continue;
        validateDnsSubdomainName(errors, host.asString(), at.child("hostname"));
        if (base::IpAddress::parse(host.asString()))
            errors.invalid(at.child("hostname"), host, "must be a DNS name, not an IP address");
    }
}

} // namespace

void validateDeploymentStatus(Errors& errors, const Value& object, const Value& old) {
    const Value& status = object["status"];
    metaUpdate(errors, object, old);
    nonNegative(errors, status, {"observedGeneration", "replicas", "updatedReplicas", "readyReplicas",
                                 "availableReplicas", "unavailableReplicas", "terminatingReplicas", "collisionCount"});
    notAbove(errors, status, {"updatedReplicas", "readyReplicas", "availableReplicas"});
    availableReady(errors, status, "cannot be greater than readyReplicas");
    collisions(errors, object, old);
}

void validateReplicaStatus(Errors& errors, const Value& object, const Value& old) {
    const Value& status = object["status"];
    metaUpdate(errors, object, old);
    nonNegative(errors, status, {"replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas",
                                 "observedGeneration", "terminatingReplicas"});
    notAbove(errors, status, {"fullyLabeledReplicas", "readyReplicas", "availableReplicas"});
    availableReady(errors, status, "cannot be greater than readyReplicas");
}

void validateDaemonSetStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    nonNegative(errors, object["status"],
                {"currentNumberScheduled", "numberMisscheduled", "desiredNumberScheduled", "numberReady",
                 "observedGeneration", "updatedNumberScheduled", "numberAvailable", "numberUnavailable",
                 "collisionCount"});
    collisions(errors, object, old);
}

void validateStatefulSetStatus(Errors& errors, const Value& object, const Value& old) {
    const Value& status = object["status"];
    nonNegative(errors, status, {"replicas", "readyReplicas", "currentReplicas", "updatedReplicas",
                                 "availableReplicas", "observedGeneration", "collisionCount"});
    notAbove(errors, status, {"readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"});
    availableReady(errors, status, "cannot be greater than status.readyReplicas");
    metaUpdate(errors, object, old);
    collisions(errors, object, old);
}

void validateJobStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    const Value& status = object["status"];
    const Value& before = old["status"];
    nonNegative(errors, status, {"active", "succeeded", "failed", "ready", "terminating"});
    uncounted(errors, status["uncountedTerminatedPods"]);
    if (!(status["conditions"] == before["conditions"]) || !(status["completionTime"] == before["completionTime"]))
        jobEnd(errors, object, old);
    const Path conditions = kStatus.child("conditions");
    for (const char* type : {"Failed", "Complete", "FailureTarget"})
        if (isTrue(before, type) && !isTrue(status, type))
            errors.invalidOmitted(conditions, "cannot disable the terminal " + std::string(type) + "=True condition");
    for (const char* field : {"failed", "succeeded"})
        if (status[field].asInt() < before[field].asInt())
            errors.invalid(kStatus.child(field), status[field].asInt(),
                           "cannot decrease the " + std::string(field) + " counter");
    const Value& end = status["completionTime"];
    if (!end.isNull() && !before["completionTime"].isNull() && !(end == before["completionTime"]))
        errors.invalid(kStatus.child("completionTime"), end, "field is immutable");
    if (!before["startTime"].isNull() && !(before["startTime"] == status["startTime"]) &&
        !object["spec"]["suspend"].asBool())
        errors.required(kStatus.child("startTime"), "startTime cannot be removed for unsuspended job");
    if (isTrue(before, "SuccessCriteriaMet") && !isTrue(status, "SuccessCriteriaMet"))
        errors.invalidOmitted(conditions, "cannot disable the SuccessCriteriaMet=True condition");
}

void validateServiceStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    const bool balancer = object["spec"]["type"].asString() == "LoadBalancer";
    if (!balancer && object["status"]["loadBalancer"]["ingress"].size() > 0)
        errors.forbidden(kStatus.child("loadBalancer", "ingress"),
                         "may only be used when `spec.type` is 'LoadBalancer'");
    else ingressAddresses(errors, object["status"], true);
}

void validateIngressStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    ingressAddresses(errors, object["status"], false);
}

void validateBudgetStatus(Errors& errors, const Value& object, const Value&) {
    validateConditions(errors, object["status"]["conditions"], kStatus.child("conditions"));
    nonNegative(errors, object["status"], {"disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"});
}

void validateAutoscalerStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    nonNegative(errors, object["status"], {"currentReplicas", "desiredReplicas"});
}

} // namespace api::validation
