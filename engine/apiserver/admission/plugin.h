#pragma once
// Admission plugins: a file each, listed in chain.cpp in upstream's order.

#include "apiserver/core.h"

namespace apiserver {

struct Plugin {
    const char* name;
    bool byDefault;
    base::Status (*mutate)(Admission&);
    base::Status (*validate)(Admission&);
};

inline bool isPod(const Admission& a) { return a.resource.group.empty() && a.resource.plural == "pods"; }
inline bool creates(const Admission& a) { return a.operation == "CREATE" && a.subresource.empty(); }
// "pods "web" is forbidden: <text>".
base::Error refuse(const Admission& admission, std::string_view text);

base::Status namespaceLifecycle(Admission& a);
base::Status limitRangerDefaults(Admission& a);
base::Status limitRangerCheck(Admission& a);
base::Status serviceAccount(Admission& a);
base::Status nodeRestriction(Admission& a);
base::Status taintNodes(Admission& a);
base::Status priority(Admission& a);
base::Status priorityCheck(Admission& a);
base::Status tolerationSeconds(Admission& a);
base::Status storageInUse(Admission& a);
base::Status claimResize(Admission& a);
base::Status runtimeClass(Admission& a);
base::Status certificateApproval(Admission& a);
base::Status certificateSubject(Admission& a);
base::Status defaultIngressClass(Admission& a);
base::Status defaultStorageClass(Admission& a);
base::Status podSecurity(Admission& a);
base::Status resourceQuota(Admission& a);
base::Status validatingPolicies(Admission& a);
base::Status mutatingWebhooks(Admission& a);
base::Status validatingWebhooks(Admission& a);
base::Status rbacEscalation(Admission& a);

} // namespace apiserver
