#pragma once
// One function per kind and verb, and what several kinds share. Internal to api/.

#include "api/validation/field.h"
#include "api/validation/pod.h"

namespace api::validation {

using CreateRule = void (*)(Errors& errors, const Value& object);
using UpdateRule = void (*)(Errors& errors, const Value& object, const Value& old);

struct KindRules {
    std::string_view group, kind;
    CreateRule create = nullptr;
    UpdateRule update = nullptr;
    UpdateRule status = nullptr;
    // Its update rules leave metadata to what every kind goes through.
    bool plainUpdate = false;
};

std::span<const KindRules> coreRules();
std::span<const KindRules> workloadRules();
std::span<const KindRules> volumeRules();
std::span<const KindRules> networkRules();
std::span<const KindRules> accessRules();
std::span<const KindRules> clusterRules();
std::span<const KindRules> extensionRules();
std::span<const KindRules> flowRules();
std::span<const KindRules> requestRules();
std::span<const KindRules> deviceRules();

void validatePositiveIntOrPercent(Errors& errors, const Value& value, const Path& path);
void validateAtMost100Percent(Errors& errors, const Value& value, const Path& path);
std::int64_t intOrPercentValue(const Value& value);
void validateOneOf(Errors& errors, const Value& value, const Path& path,
                   std::initializer_list<std::string_view> allowed);
bool hasWildcard(const Value& list); // one item is "*"
// A claim's spec; also of StatefulSet templates.
void validateClaimSpec(Errors& errors, const Value& spec, const Path& path);
// A domain, a slash and dotted labels.
void validateSignerName(Errors& errors, std::string_view name, const Path& path);
void validateSigningRequestApproval(Errors& errors, const Value& object, const Value& old);
void validateDomainPrefixedPath(Errors& errors, std::string_view text, const Path& path);

// pod_update.cpp
void validatePodUpdate(Errors& errors, const Value& pod, const Value& old);
void validatePodResize(Errors& errors, const Value& pod, const Value& old);
void validatePodEphemeralUpdate(Errors& errors, const Value& pod, const Value& old);
void validatePodStatusUpdate(Errors& errors, const Value& pod, const Value& old);
// apimachinery diff.Diff of two internal objects.
std::string internalDiff(std::string_view type, const Value& before, const Value& after);

// jobs.cpp, autoscaling.cpp, services.cpp ...
void validateJob(Errors& errors, const Value& job);
void validateJobUpdate(Errors& errors, const Value& job, const Value& old);
void validateCronJob(Errors& errors, const Value& job);
void validateCronJobUpdate(Errors& errors, const Value& job, const Value& old);
void validateService(Errors& errors, const Value& service);
void validateServiceUpdate(Errors& errors, const Value& service, const Value& old);
void validateAutoscaler(Errors& errors, const Value& autoscaler);
void validateAutoscalerUpdate(Errors& errors, const Value& autoscaler, const Value& old);

// statuses.cpp
void validateDeploymentStatus(Errors& errors, const Value& object, const Value& old);
void validateReplicaStatus(Errors& errors, const Value& object, const Value& old);
void validateDaemonSetStatus(Errors& errors, const Value& object, const Value& old);
void validateStatefulSetStatus(Errors& errors, const Value& object, const Value& old);
void validateJobStatus(Errors& errors, const Value& object, const Value& old);
void validateServiceStatus(Errors& errors, const Value& object, const Value& old);
void validateIngressStatus(Errors& errors, const Value& object, const Value& old);
void validateBudgetStatus(Errors& errors, const Value& object, const Value& old);
void validateAutoscalerStatus(Errors& errors, const Value& object, const Value& old);

} // namespace api::validation
