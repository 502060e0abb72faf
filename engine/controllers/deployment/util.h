#pragma once
// Arithmetic over Deployments and ReplicaSets. Source: pkg/controller/deployment/util.

#include "document/value.h"

#include <string>
#include <vector>

namespace controllers::deployment {

inline constexpr const char* kRevision = "deployment.kubernetes.io/revision";
inline constexpr const char* kRevisionHistory = "deployment.kubernetes.io/revision-history";
inline constexpr const char* kDesiredReplicas = "deployment.kubernetes.io/desired-replicas";
inline constexpr const char* kMaxReplicas = "deployment.kubernetes.io/max-replicas";
inline constexpr const char* kRollbackTo = "deprecated.deployment.rollback.to";
inline constexpr const char* kHashLabel = "pod-template-hash";

std::int64_t replicasOf(const document::Value& object); // spec.replicas
std::int64_t statusCount(const document::Value& object, const char* field);
std::int64_t sumReplicas(const std::vector<document::Value>& sets);
std::int64_t sumStatus(const std::vector<document::Value>& sets, const char* field);
bool isRolling(const document::Value& deployment);
std::int64_t maxSurge(const document::Value& deployment);
std::int64_t maxUnavailable(const document::Value& deployment);
bool hasProgressDeadline(const document::Value& deployment);
bool equalIgnoreHash(const document::Value& templateA, const document::Value& templateB);
std::int64_t revisionOf(const document::Value& object);
std::vector<document::Value> active(const std::vector<document::Value>& sets);
bool olderFirst(const document::Value& a, const document::Value& b);
std::int64_t newReplicas(const document::Value& deployment, const std::vector<document::Value>& all,
                         std::int64_t newSize);
bool complete(const document::Value& deployment, const document::Value& status);
// The template's annotations that a ReplicaSet takes over, and the bookkeeping ones.
document::Value withRevisionAnnotations(const document::Value& deployment,
                                        const document::Value& replicaSet, std::int64_t revision,
                                        bool exists);
document::Value withReplicasAnnotations(const document::Value& deployment,
                                        const document::Value& replicaSet);
bool isSkippedAnnotation(std::string_view key);
// Sets the condition unless the same status and reason stand already.
document::Value withDeploymentCondition(const document::Value& status, document::Value condition);

} // namespace controllers::deployment
