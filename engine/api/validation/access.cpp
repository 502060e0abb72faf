// RBAC. Source: pkg/apis/rbac/validation.
#include "api/validation/rules.h"

#include "api/label_selector.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

void policyRule(Errors& errors, const Value& rule, bool namespaced, const Path& path) {
    if (rule["verbs"].size() == 0) errors.required(path.child("verbs"), "verbs must contain at least one value");
    const Value& urls = rule["nonResourceURLs"];
    if (urls.size() > 0) {
        if (namespaced)
            errors.invalid(path.child("nonResourceURLs"), urls, "namespaced rules cannot apply to non-resource URLs");
        if (rule["apiGroups"].size() + rule["resources"].size() + rule["resourceNames"].size() > 0)
            errors.invalid(path.child("nonResourceURLs"), urls,
                           "rules cannot apply to both regular resources and non-resource URLs");
        return;
    }
    if (rule["apiGroups"].size() == 0)
        errors.required(path.child("apiGroups"), "resource rules must supply at least one api group");
    if (rule["resources"].size() == 0)
        errors.required(path.child("resources"), "resource rules must supply at least one resource");
}

void role(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsPathSegment, kMeta);
    for (std::size_t i = 0; i < object["rules"].size(); ++i)
        policyRule(errors, object["rules"][i], true, Path("rules").index(i));
}
void roleUpdate(Errors& errors, const Value& object, const Value& old) {
    role(errors, object);
    metaUpdate(errors, object, old);
}

void clusterRole(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsPathSegment, kMeta);
    for (std::size_t i = 0; i < object["rules"].size(); ++i)
        policyRule(errors, object["rules"][i], false, Path("rules").index(i));
    const Value& aggregation = object["aggregationRule"];
    if (aggregation.isNull()) return;
    const Value& selectors = aggregation["clusterRoleSelectors"];
    const Path path = Path("aggregationRule").child("clusterRoleSelectors");
    if (selectors.size() == 0)
        errors.required(path, "at least one clusterRoleSelector required if aggregationRule is non-nil");
    for (std::size_t i = 0; i < selectors.size(); ++i) {
        validateLabelSelector(errors, selectors[i], path.index(i));
        if (!LabelSelector::fromObject(selectors[i]).ok())
            errors.invalidText(path.index(i), "null", "invalid label selector.");
    }
}
void clusterRoleUpdate(Errors& errors, const Value& object, const Value& old) {
    clusterRole(errors, object);
    metaUpdate(errors, object, old);
}

void subject(Errors& errors, const Value& subject, bool namespaced, const Path& path) {
    const std::string_view name = subject["name"].asString(), kind = subject["kind"].asString();
    const std::string_view group = subject["apiGroup"].asString();
    if (name.empty()) errors.required(path.child("name"));
    if (kind == "ServiceAccount") {
        if (!name.empty()) validateDnsSubdomainName(errors, name, path.child("name"));
        if (!group.empty()) errors.notSupported(path.child("apiGroup"), group, {""});
        if (!namespaced && subject["namespace"].isEmpty()) errors.required(path.child("namespace"));
    } else if (kind == "User" || kind == "Group") {
        if (group != kGroup) errors.notSupported(path.child("apiGroup"), group, {kGroup});
    } else {
        errors.notSupported(path.child("kind"), kind, {"ServiceAccount", "User", "Group"});
    }
}

void bindingRules(Errors& errors, const Value& object, bool namespaced) {
    validateObjectMeta(errors, object["metadata"], namespaced, nameIsPathSegment, kMeta);
    const Value& reference = object["roleRef"];
    const Path path("roleRef");
    if (reference["apiGroup"].asString() != kGroup)
        errors.notSupported(path.child("apiGroup"), reference["apiGroup"].asString(), {kGroup});
    const std::string_view kind = reference["kind"].asString();
    if (kind != "ClusterRole" && !(namespaced && kind == "Role")) {
        if (namespaced) errors.notSupported(path.child("kind"), kind, {"Role", "ClusterRole"});
        else errors.notSupported(path.child("kind"), kind, {"ClusterRole"});
    }
    if (reference["name"].isEmpty()) errors.required(path.child("name"));
    else errors.invalidEach(path.child("name"), reference["name"], checkPathSegment(reference["name"].asString()));
    for (std::size_t i = 0; i < object["subjects"].size(); ++i)
        subject(errors, object["subjects"][i], namespaced, Path("subjects").index(i));
}
void bindingUpdateRules(Errors& errors, const Value& object, const Value& old, bool namespaced) {
    bindingRules(errors, object, namespaced);
    metaUpdate(errors, object, old);
    if (!(object["roleRef"] == old["roleRef"]))
        errors.invalidText(Path("roleRef"), internalJson("rbac.RoleRef", object["roleRef"]), "cannot change roleRef");
}
void roleBinding(Errors& errors, const Value& object) { bindingRules(errors, object, true); }
void roleBindingUpdate(Errors& errors, const Value& object, const Value& old) {
    bindingUpdateRules(errors, object, old, true);
}
void clusterRoleBinding(Errors& errors, const Value& object) { bindingRules(errors, object, false); }
void clusterRoleBindingUpdate(Errors& errors, const Value& object, const Value& old) {
    bindingUpdateRules(errors, object, old, false);
}

} // namespace

std::span<const KindRules> accessRules() {
    static constexpr KindRules kRules[] = {
        {kGroup, "Role", role, roleUpdate, nullptr},
        {kGroup, "ClusterRole", clusterRole, clusterRoleUpdate, nullptr},
        {kGroup, "RoleBinding", roleBinding, roleBindingUpdate, nullptr},
        {kGroup, "ClusterRoleBinding", clusterRoleBinding, clusterRoleBindingUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation
