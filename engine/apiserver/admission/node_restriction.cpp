// Source: kubernetes plugin/pkg/admission/noderestriction.
#include "apiserver/admission/plugin.h"
#include "apiserver/authz/node.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

bool kubernetesLabel(std::string_view key) {
    const auto slash = key.find('/');
    if (slash == std::string_view::npos) return false;
    const std::string_view domain = key.substr(0, slash);
    return domain == "kubernetes.io" || domain.ends_with(".kubernetes.io") || domain == "k8s.io" ||
           domain.ends_with(".k8s.io");
}

bool ownLabel(std::string_view key) {
    static constexpr std::string_view kOwn[] = {
        "kubernetes.io/hostname", "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region", "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region", "kubernetes.io/os", "kubernetes.io/arch",
        "node.kubernetes.io/instance-type", "beta.kubernetes.io/os", "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type"};
    for (const std::string_view known : kOwn)
        if (key == known) return true;
    const std::string_view domain = key.substr(0, key.find('/'));
    return domain == "kubelet.kubernetes.io" || domain.ends_with(".kubelet.kubernetes.io") ||
           domain == "node.kubernetes.io" || domain.ends_with(".node.kubernetes.io");
}

std::vector<std::string> forbiddenLabels(const Value& object, const Value& old) {
    std::vector<std::string> out;
    const Value& now = object.at("metadata", "labels");
    const Value& before = old.at("metadata", "labels");
    const auto look = [&](std::string_view key) {
        if (now[key] == before[key]) return;
        const bool restricted = key.substr(0, key.find('/')).ends_with("node-restriction.kubernetes.io");
        if (restricted || (kubernetesLabel(key) && !ownLabel(key))) out.emplace_back(key);
    };
    for (const auto& member : now.members()) look(member.key.view());
    for (const auto& member : before.members())
        if (!now.has(member.key.view())) look(member.key.view());
    return out;
}

base::Status admitNode(const Admission& a, const std::string& node) {
    const std::string name = a.name;
    const std::string who = "node " + base::quoteGo(node);
    if (a.operation == "CREATE") {
        if (a.object.at("spec").has("configSource"))
            return refuse(a, "is not allowed to create pods with a non-nil configSource");
        const auto labels = forbiddenLabels(a.object, Value());
        if (!labels.empty())
            return refuse(a, who + " is not allowed to set the following labels: " + base::join(labels, ", "));
        if (metaText(a.object, "name") != node)
            return refuse(a, who + " is not allowed to modify node " + base::quoteGo(name));
        return base::okStatus();
    }
    if (name != node) return refuse(a, who + " is not allowed to modify node " + base::quoteGo(name));
    if (a.operation != "UPDATE") return base::okStatus();
    if (a.subresource.empty() && !(a.object.at("spec", "taints") == a.old.at("spec", "taints")))
        return refuse(a, who + " is not allowed to modify taints");
    const auto labels = forbiddenLabels(a.object, a.old);
    if (!labels.empty())
        return refuse(a, who + " is not allowed to modify labels: " + base::join(labels, ", "));
    return base::okStatus();
}

base::Status admitPod(const Admission& a, const std::string& node) {
    const std::string who = "node " + base::quoteGo(node);
    if (a.subresource == "eviction" || a.operation == "DELETE") {
        const Value pod = a.old.isNull() ? a.core.lookup("", "pods", a.ns, a.name) : a.old;
        if (pod.at("spec", "nodeName").asString() != node)
            return refuse(a, who + " can only delete pods with spec.nodeName set to itself");
        return base::okStatus();
    }
    if (a.operation == "CREATE" && a.subresource.empty()) {
        if (!a.object.at("metadata", "annotations").has("kubernetes.io/config.mirror"))
            return refuse(a, "pod does not have \"kubernetes.io/config.mirror\" annotation, " + who +
                                 " can only create mirror pods");
        if (a.object.at("spec", "nodeName").asString() != node)
            return refuse(a, who + " can only create pods with spec.nodeName set to itself");
        if (!a.object.at("spec", "serviceAccountName").isEmpty())
            return refuse(a, who + " can not create pods that reference a service account");
        for (const Value& volume : a.object.at("spec", "volumes").items())
            for (const char* kind : {"secret", "configMap", "persistentVolumeClaim"})
                if (volume.has(kind))
                    return refuse(a, who + " can not create pods that reference " +
                                         (kind[0] == 's' ? "secrets" : kind[0] == 'c' ? "configmaps" : "persistentvolumeclaims"));
        return base::okStatus();
    }
    if (a.operation == "UPDATE" && a.subresource == "status") {
        if (a.old.at("spec", "nodeName").asString() != node)
            return refuse(a, who + " can only update pod status for pods with spec.nodeName set to itself");
        if (!(a.object.at("metadata", "labels") == a.old.at("metadata", "labels")))
            return refuse(a, who + " cannot update labels through pod status");
    }
    return base::okStatus();
}

} // namespace

base::Status nodeRestriction(Admission& a) {
    const std::string node = nodeNameOf(a.context.user);
    if (node.empty()) return base::okStatus();
    if (isPod(a)) return admitPod(a, node);
    if (a.resource.group.empty() && a.resource.plural == "nodes") return admitNode(a, node);
    if (a.resource.plural == "leases" && a.operation == "CREATE" && metaText(a.object, "name") != node)
        return refuse(a, "can only access node lease with the same name as the requesting node");
    if (a.resource.plural == "csinodes" && a.operation == "CREATE" && metaText(a.object, "name") != node)
        return refuse(a, "can only access CSINode with the same name as the requesting node");
    return base::okStatus();
}

// Source: plugin/pkg/admission/nodetaint.
base::Status taintNodes(Admission& a) {
    if (a.resource.plural != "nodes" || !a.resource.group.empty() || !creates(a)) return base::okStatus();
    for (const Value& taint : a.object.at("spec", "taints").items())
        if (taint["key"].asString() == "node.kubernetes.io/not-ready") return base::okStatus();
    const Value taint = Value::object({{"key", "node.kubernetes.io/not-ready"}, {"effect", "NoSchedule"}});
    a.object = a.object.withPath({"spec", "taints"}, a.object.at("spec", "taints").appended(taint));
    return base::okStatus();
}

} // namespace apiserver
