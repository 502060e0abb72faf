#include "kubectl/kustomize/fields.h"

#include "base/strings.h"

namespace kubectl::kustomize {

using document::Value;

namespace {

// "a/b\/c" is the names "a" and "b/c".
std::vector<std::string> splitPath(const std::string& path) {
    std::vector<std::string> out(1);
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '\\' && i + 1 < path.size() && path[i + 1] == '/') {
            out.back() += '/';
            ++i;
        } else if (path[i] == '/') {
            out.emplace_back();
        } else {
            out.back() += path[i];
        }
    }
    return out;
}

class Walk {
public:
    Walk(std::vector<std::string> path, bool create, const Value& leaf, FieldChange& change)
        : path_(std::move(path)), create_(create && !leaf.isNull()), leaf_(leaf), change_(change) {}

    base::Result<Value> at(const Value& value, std::size_t depth) {
        if (depth == path_.size()) return change_(value);
        if (value.isNull()) return value;
        if (value.isArray()) return items(value, depth);
        if (!value.isObject()) return base::makeError("expected sequence or mapping node");
        return member(value, depth);
    }

private:
    base::Result<Value> items(const Value& list, std::size_t depth) {
        document::ArrayBuilder out;
        for (const Value& item : list.items()) {
            auto changed = at(item, depth);
            if (!changed.ok()) return changed;
            out.push(std::move(changed).value());
        }
        return std::move(out).build();
    }
    base::Result<Value> member(const Value& object, std::size_t depth) {
        std::string name = path_[depth];
        const bool list = name.ends_with("[]");
        if (list) name.resize(name.size() - 2);
        const bool last = depth + 1 == path_.size();
        Value child = object[name];
        if (child.isNull()) {
            if (!create_ || list) return object;
            child = last ? leaf_ : Value::object();
        }
        auto changed = at(child, depth + 1);
        if (!changed.ok()) return changed;
        if (changed.value().sameAs(object[name])) return object;
        return object.with(name, std::move(changed).value());
    }

    std::vector<std::string> path_;
    bool create_;
    const Value& leaf_;
    FieldChange& change_;
};

// "path kind group version create", with "-" for what is empty.
FieldSpecs specs(std::string_view table) {
    FieldSpecs out;
    for (const std::string& line : base::splitLines(table)) {
        const auto cells = base::splitFields(line);
        if (cells.empty()) continue;
        const auto cell = [&](std::size_t i) {
            return i < cells.size() && cells[i] != "-" ? cells[i] : std::string{};
        };
        out.push_back({cells[0], cell(2), cell(3), cell(1), cell(4) == "create"});
    }
    return out;
}

constexpr std::string_view kTemplateLabels = R"(
metadata/labels - - - create
spec/template/metadata/labels ReplicationController - v1 create
spec/template/metadata/labels Deployment - - create
spec/template/metadata/labels ReplicaSet - - create
spec/template/metadata/labels DaemonSet - - create
spec/template/metadata/labels StatefulSet apps - create
spec/volumeClaimTemplates[]/metadata/labels StatefulSet apps - create
spec/template/metadata/labels Job batch - create
spec/jobTemplate/metadata/labels CronJob batch - create
spec/jobTemplate/spec/template/metadata/labels CronJob batch - create
)";
constexpr std::string_view kSelectors = R"(
spec/selector Service - v1 create
spec/selector ReplicationController - v1 create
spec/selector/matchLabels Deployment - - create
spec/selector/matchLabels ReplicaSet - - create
spec/selector/matchLabels DaemonSet - - create
spec/selector/matchLabels StatefulSet apps - create
spec/selector/matchLabels Job batch
spec/jobTemplate/spec/selector/matchLabels CronJob batch
spec/selector/matchLabels PodDisruptionBudget policy
spec/podSelector/matchLabels NetworkPolicy networking.k8s.io
spec/ingress/from/podSelector/matchLabels NetworkPolicy networking.k8s.io
spec/egress/to/podSelector/matchLabels NetworkPolicy networking.k8s.io
)";

FieldSpecs spreadSelectors() {
    FieldSpecs out;
    const std::string root = "spec/template/spec/";
    for (const char* kind : {"Deployment", "StatefulSet"}) {
        for (const char* affinity : {"podAffinity", "podAntiAffinity"}) {
            const std::string at = root + "affinity/" + affinity + "/";
            out.push_back({at + "preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/"
                                "labelSelector/matchLabels", "apps", "", kind, false});
            out.push_back({at + "requiredDuringSchedulingIgnoredDuringExecution/labelSelector/matchLabels",
                           "apps", "", kind, false});
        }
        out.push_back({root + "topologySpreadConstraints/labelSelector/matchLabels", "apps", "", kind, false});
    }
    return out;
}

void append(FieldSpecs& to, FieldSpecs from) {
    for (FieldSpec& spec : from) to.push_back(std::move(spec));
}

// The pod specs inside other kinds.
struct PodPlace {
    const char* kind;
    const char* root;
};
constexpr PodPlace kPods[] = {
    {"Pod", "spec/"}, {"PodTemplate", "template/spec/"}, {"Deployment", "spec/template/spec/"},
    {"ReplicaSet", "spec/template/spec/"}, {"DaemonSet", "spec/template/spec/"},
    {"StatefulSet", "spec/template/spec/"}, {"Job", "spec/template/spec/"},
    {"CronJob", "spec/jobTemplate/spec/template/spec/"}};
// Those that name accounts, claims and priority classes.
constexpr PodPlace kOwners[] = {
    {"Pod", "spec/"}, {"StatefulSet", "spec/template/spec/"}, {"Deployment", "spec/template/spec/"},
    {"ReplicationController", "spec/template/spec/"},
    {"CronJob", "spec/jobTemplate/spec/template/spec/"}, {"Job", "spec/template/spec/"},
    {"DaemonSet", "spec/template/spec/"}};

FieldSpecs inPods(std::initializer_list<const char*> paths) {
    FieldSpecs out;
    for (const PodPlace& place : kPods)
        for (const char* path : paths) out.push_back({std::string(place.root) + path, "", "", place.kind, false});
    return out;
}
FieldSpecs inOwners(const char* path) {
    FieldSpecs out;
    for (const PodPlace& place : kOwners) out.push_back({std::string(place.root) + path, "", "", place.kind, false});
    return out;
}

Reference configMapReferences() {
    Reference out{"", "v1", "ConfigMap", inPods({"volumes/configMap/name", "containers/env/valueFrom/configMapKeyRef/name",
        "initContainers/env/valueFrom/configMapKeyRef/name", "containers/envFrom/configMapRef/name",
        "initContainers/envFrom/configMapRef/name", "volumes/projected/sources/configMap/name"})};
    append(out.places, specs(R"(
spec/configSource/configMap Node
rules/resourceNames Role
rules/resourceNames ClusterRole
metadata/annotations/nginx.ingress.kubernetes.io\/fastcgi-params-configmap Ingress
)"));
    return out;
}
Reference secretReferences() {
    Reference out{"", "v1", "Secret", inPods({"volumes/secret/secretName", "containers/env/valueFrom/secretKeyRef/name",
        "initContainers/env/valueFrom/secretKeyRef/name", "containers/envFrom/secretRef/name",
        "initContainers/envFrom/secretRef/name", "imagePullSecrets/name", "volumes/projected/sources/secret/name"})};
    append(out.places, specs(R"(
spec/tls/secretName Ingress
metadata/annotations/ingress.kubernetes.io\/auth-secret Ingress
metadata/annotations/nginx.ingress.kubernetes.io\/auth-secret Ingress
metadata/annotations/nginx.ingress.kubernetes.io\/auth-tls-secret Ingress
imagePullSecrets/name ServiceAccount
parameters/secretName StorageClass
parameters/adminSecretName StorageClass
parameters/userSecretName StorageClass
parameters/secretRef StorageClass
rules/resourceNames Role
rules/resourceNames ClusterRole
spec/azureFile/secretName PersistentVolume
)"));
    return out;
}

std::vector<Reference> makeReferences() {
    std::vector<Reference> out;
    for (const char* kind : {"Deployment", "ReplicationController", "ReplicaSet", "StatefulSet"})
        out.push_back({"", "", kind, specs("spec/scaleTargetRef/name HorizontalPodAutoscaler")});
    out.push_back(configMapReferences());
    out.push_back(secretReferences());
    out.push_back({"", "v1", "Service", specs(R"(
spec/serviceName - apps
spec/rules/http/paths/backend/serviceName Ingress
spec/backend/serviceName Ingress
spec/rules/http/paths/backend/service/name Ingress
spec/defaultBackend/service/name Ingress
spec/service/name APIService apiregistration.k8s.io
webhooks/clientConfig/service ValidatingWebhookConfiguration admissionregistration.k8s.io
webhooks/clientConfig/service MutatingWebhookConfiguration admissionregistration.k8s.io
)")});
    const char* rbac = "rbac.authorization.k8s.io";
    out.push_back({rbac, "", "Role", {{"roleRef/name", rbac, "", "RoleBinding", false}}});
    out.push_back({rbac, "", "ClusterRole", {{"roleRef/name", rbac, "", "RoleBinding", false},
                                             {"roleRef/name", rbac, "", "ClusterRoleBinding", false}}});
    Reference accounts{"", "v1", "ServiceAccount", {{"subjects", rbac, "", "RoleBinding", false},
                                                    {"subjects", rbac, "", "ClusterRoleBinding", false}}};
    append(accounts.places, inOwners("serviceAccountName"));
    out.push_back(std::move(accounts));
    out.push_back({"", "v1", "PersistentVolumeClaim", inOwners("volumes/persistentVolumeClaim/claimName")});
    out.push_back({"", "v1", "PersistentVolume", specs("spec/volumeName PersistentVolumeClaim\nrules/resourceNames ClusterRole")});
    out.push_back({"storage.k8s.io", "v1", "StorageClass", specs(R"(
spec/storageClassName PersistentVolume
spec/storageClassName PersistentVolumeClaim
spec/volumeClaimTemplates/spec/storageClassName StatefulSet
)")});
    out.push_back({"scheduling.k8s.io", "v1", "PriorityClass", inOwners("priorityClassName")});
    out.push_back({"admissionregistration.k8s.io", "", "ValidatingAdmissionPolicy",
                   specs("spec/policyName ValidatingAdmissionPolicyBinding admissionregistration.k8s.io")});
    return out;
}

} // namespace

base::Result<Value> changeField(const Value& object, const FieldSpec& spec, const Value& leaf, FieldChange& change) {
    return Walk(splitPath(spec.path), spec.create, leaf, change).at(object, 0);
}

const FieldSpecs& templateSpecs() {
    static const FieldSpecs table = specs(kTemplateLabels);
    return table;
}
const FieldSpecs& labelSpecs() {
    static const FieldSpecs table = [] {
        FieldSpecs out = specs(kSelectors);
        append(out, spreadSelectors());
        append(out, specs(kTemplateLabels));
        return out;
    }();
    return table;
}
const FieldSpecs& annotationSpecs() {
    static const FieldSpecs table = specs(R"(
metadata/annotations - - - create
spec/template/metadata/annotations ReplicationController - v1 create
spec/template/metadata/annotations Deployment - - create
spec/template/metadata/annotations ReplicaSet - - create
spec/template/metadata/annotations DaemonSet - - create
spec/template/metadata/annotations StatefulSet - - create
spec/template/metadata/annotations Job batch - create
spec/jobTemplate/metadata/annotations CronJob batch - create
spec/jobTemplate/spec/template/metadata/annotations CronJob batch - create
)");
    return table;
}
const FieldSpecs& namespaceSpecs() {
    static const FieldSpecs table = specs(R"(
metadata/name Namespace - v1 create
spec/service/namespace APIService apiregistration.k8s.io - create
spec/conversion/webhook/clientConfig/service/namespace CustomResourceDefinition apiextensions.k8s.io
)");
    return table;
}
const FieldSpecs& replicaSpecs() {
    static const FieldSpecs table = specs(R"(
spec/replicas Deployment - - create
spec/replicas ReplicationController - - create
spec/replicas ReplicaSet - - create
spec/replicas StatefulSet - - create
)");
    return table;
}
const FieldSpecs& imageSpecs() {
    static const FieldSpecs table = specs(R"(
spec/containers[]/image
spec/initContainers[]/image
spec/volumes[]/image/reference
spec/template/spec/containers[]/image
spec/template/spec/initContainers[]/image
spec/template/spec/volumes[]/image/reference
)");
    return table;
}
const std::vector<Reference>& references() {
    static const std::vector<Reference> table = makeReferences();
    return table;
}

} // namespace kubectl::kustomize
