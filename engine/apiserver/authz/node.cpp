#include "apiserver/authz/node.h"

#include "apiserver/core.h"

namespace apiserver {

using document::Value;

namespace {

Decision refuse(std::string reason) { return {false, false, std::move(reason), ""}; }
Decision allow() { return {true, false, "", ""}; }

bool inProjected(const Value& volume, const char* source, std::string_view name) {
    for (const Value& item : volume.at("projected", "sources").items())
        if (item[source]["name"].asString() == name) return true;
    return false;
}

bool usesSecret(const Value& spec, std::string_view name) {
    for (const Value& pull : spec["imagePullSecrets"].items())
        if (pull["name"].asString() == name) return true;
    for (const Value& volume : spec["volumes"].items()) {
        if (volume.at("secret", "secretName").asString() == name) return true;
        if (inProjected(volume, "secret", name)) return true;
        for (const char* plugin : {"cephfs", "csi", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"})
            for (const char* key : {"secretRef", "nodePublishSecretRef"})
                if (volume[plugin][key]["name"].asString() == name) return true;
    }
    return false;
}

bool usesConfigMap(const Value& spec, std::string_view name) {
    for (const Value& volume : spec["volumes"].items())
        if (volume.at("configMap", "name").asString() == name || inProjected(volume, "configMap", name))
            return true;
    return false;
}

bool usedByEnvironment(const Value& spec, const char* from, const char* key, std::string_view name) {
    for (const char* list : {"containers", "initContainers", "ephemeralContainers"})
        for (const Value& container : spec[list].items()) {
            for (const Value& source : container["envFrom"].items())
                if (source[from]["name"].asString() == name) return true;
            for (const Value& variable : container["env"].items())
                if (variable.at("valueFrom", key, "name").asString() == name) return true;
        }
    return false;
}

bool usesClaim(const Value& pod, std::string_view name) {
    for (const Value& volume : pod.at("spec", "volumes").items()) {
        if (volume.at("persistentVolumeClaim", "claimName").asString() == name) return true;
        if (volume.has("ephemeral") &&
            std::string(metaText(pod, "name")) + "-" + volume["name"].text() == name)
            return true;
    }
    return false;
}

bool podLeadsTo(const Value& pod, const Attributes& a) {
    const Value& spec = pod["spec"];
    if (a.resource == "secrets")
        return usesSecret(spec, a.name) || usedByEnvironment(spec, "secretRef", "secretKeyRef", a.name);
    if (a.resource == "configmaps")
        return usesConfigMap(spec, a.name) ||
               usedByEnvironment(spec, "configMapRef", "configMapKeyRef", a.name);
    if (a.resource == "persistentvolumeclaims") return usesClaim(pod, a.name);
    if (a.resource == "serviceaccounts") return spec["serviceAccountName"].asString() == a.name;
    return false;
}

// Does a pod on the node lead to the object?
bool related(Core& core, const std::string& node, const Attributes& a) {
    if (a.resource == "volumeattachments") {
        const Value attachment = core.lookup("storage.k8s.io", "volumeattachments", "", a.name);
        return attachment.at("spec", "nodeName").asString() == node;
    }
    const bool volume = a.resource == "persistentvolumes";
    const Value claim = volume ? core.lookup("", "persistentvolumes", "", a.name).at("spec", "claimRef") : Value();
    if (volume && claim.isNull()) return false;
    for (const Value& pod : core.all("", "pods", volume ? claim["namespace"].asString() : a.ns)) {
        if (pod.at("spec", "nodeName").asString() != node) continue;
        // A static pod's mirror gives the kubelet no access.
        if (pod.at("metadata", "annotations").has("kubernetes.io/config.mirror")) continue;
        if (volume ? usesClaim(pod, claim["name"].asString()) : podLeadsTo(pod, a)) return true;
    }
    return false;
}

Decision byRelation(Core& core, const std::string& node, const Attributes& a) {
    if (a.name.empty()) return refuse("No Object name found");
    if (!related(core, node, a))
        return refuse("no relationship found between node '" + node + "' and this object");
    return allow();
}

Decision readOnly(Core& core, const std::string& node, const Attributes& a) {
    if (a.verb != "get" && a.verb != "list" && a.verb != "watch")
        return refuse("can only read resources of this type");
    if (!a.subresource.empty()) return refuse("cannot read subresource");
    return byRelation(core, node, a);
}

Decision byRules(Core& core, const Attributes& a) {
    const Value role = core.lookup("rbac.authorization.k8s.io", "clusterroles", "", "system:node");
    for (const Value& rule : role["rules"].items())
        if (ruleAllows(rule, a)) return allow();
    return {};
}

bool ownObjectVerb(const std::string& verb) {
    return verb == "get" || verb == "create" || verb == "update" || verb == "patch" || verb == "delete";
}

Decision accountToken(Core& core, const std::string& node, const Attributes& a) {
    if (a.verb == "get" && a.subresource.empty()) return byRelation(core, node, a);
    if (a.verb != "create") return refuse("can only create tokens for individual service accounts");
    if (a.subresource != "token") return refuse("can only create token subresource of serviceaccount");
    return byRelation(core, node, a);
}

} // namespace

std::string nodeNameOf(const UserInfo& user) {
    constexpr std::string_view kPrefix = "system:node:";
    if (!user.name.starts_with(kPrefix) || !user.inGroup("system:nodes")) return {};
    return user.name.substr(kPrefix.size());
}

Decision authorizeNode(Core& core, const Attributes& a) {
    const std::string node = nodeNameOf(a.user);
    if (node.empty()) return {};
    if (!a.resourceRequest) return byRules(core, a);
    if (a.group.empty()) {
        if (a.resource == "secrets" || a.resource == "configmaps" || a.resource == "persistentvolumes")
            return readOnly(core, node, a);
        if (a.resource == "persistentvolumeclaims") {
            const bool write = a.subresource == "status" && (a.verb == "update" || a.verb == "patch");
            return write ? byRelation(core, node, a) : readOnly(core, node, a);
        }
        if (a.resource == "serviceaccounts") return accountToken(core, node, a);
        if (a.resource == "nodes" && a.verb == "get" && a.name != node)
            return refuse("node '" + node + "' cannot read '" + a.name + "', only its own Node object");
    }
    if (a.group == "storage.k8s.io" && a.resource == "volumeattachments") return readOnly(core, node, a);
    if (a.group == "coordination.k8s.io" && a.resource == "leases") {
        if (!ownObjectVerb(a.verb))
            return refuse("can only get, create, update, patch, or delete a node lease");
        if (a.ns != "kube-node-lease")
            return refuse("can only access leases in the \"kube-node-lease\" system namespace");
        if (a.verb != "create" && a.name != node)
            return refuse("can only access node lease with the same name as the requesting node");
        return allow();
    }
    if (a.group == "storage.k8s.io" && a.resource == "csinodes") {
        if (!ownObjectVerb(a.verb))
            return refuse("can only get, create, update, patch, or delete a CSINode");
        if (!a.subresource.empty()) return refuse("cannot authorize CSINode subresources");
        if (a.verb != "create" && a.name != node)
            return refuse("can only access CSINode with the same name as the requesting node");
        return allow();
    }
    return byRules(core, a);
}

} // namespace apiserver
