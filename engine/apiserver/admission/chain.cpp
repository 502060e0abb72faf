// Source: kubernetes pkg/kubeapiserver/options/plugins.go.
#include "apiserver/admission/plugin.h"

namespace apiserver {

namespace {

constexpr Plugin kPlugins[] = {
    {"NamespaceLifecycle", true, namespaceLifecycle, nullptr},
    {"LimitRanger", true, limitRangerDefaults, limitRangerCheck},
    {"ServiceAccount", true, serviceAccount, nullptr},
    {"NodeRestriction", false, nodeRestriction, nullptr},
    {"TaintNodesByCondition", true, taintNodes, nullptr},
    {"PodSecurity", true, nullptr, podSecurity},
    {"Priority", true, priority, priorityCheck},
    {"DefaultTolerationSeconds", true, tolerationSeconds, nullptr},
    {"StorageObjectInUseProtection", true, storageInUse, nullptr},
    {"PersistentVolumeClaimResize", true, nullptr, claimResize},
    {"DefaultStorageClass", true, defaultStorageClass, nullptr},
    {"RuntimeClass", true, runtimeClass, nullptr},
    {"CertificateApproval", true, nullptr, certificateApproval},
    {"CertificateSubjectRestriction", true, nullptr, certificateSubject},
    {"DefaultIngressClass", true, defaultIngressClass, nullptr},
    {"MutatingAdmissionWebhook", true, mutatingWebhooks, nullptr},
    {"ValidatingAdmissionPolicy", true, nullptr, validatingPolicies},
    {"ValidatingAdmissionWebhook", true, nullptr, validatingWebhooks},
    {"ResourceQuota", true, nullptr, resourceQuota},
};

bool enabled(const Config& config, const Plugin& plugin) {
    if (config.disabledAdmission.contains(plugin.name)) return false;
    return plugin.byDefault || config.enabledAdmission.contains(plugin.name);
}

} // namespace

base::Error refuse(const Admission& admission, std::string_view text) {
    std::string name = admission.name;
    if (name.empty()) name = metaText(admission.object, "generateName");
    return api::forbidden(admission.resource.group, admission.resource.plural, name, text);
}

base::Status admitMutating(Admission& admission) {
    for (const Plugin& plugin : kPlugins)
        if (plugin.mutate != nullptr && enabled(admission.core.config, plugin))
            BASE_CHECK(plugin.mutate(admission));
    // Not a plugin upstream but part of the RBAC storage, around everything else.
    return rbacEscalation(admission);
}

base::Status admitValidating(Admission& admission) {
    for (const Plugin& plugin : kPlugins)
        if (plugin.validate != nullptr && enabled(admission.core.config, plugin))
            BASE_CHECK(plugin.validate(admission));
    return base::okStatus();
}

} // namespace apiserver
