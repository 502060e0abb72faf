// Small plugins of storage, ingress and certificates. Source: kubernetes plugin/pkg/admission/storage,
// network/defaultingressclass, certificates.
#include "api/quantity.h"
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

base::Status storageInUse(Admission& a) {
    if (!a.resource.group.empty() || !creates(a)) return base::okStatus();
    const bool volume = a.resource.plural == "persistentvolumes";
    if (!volume && a.resource.plural != "persistentvolumeclaims") return base::okStatus();
    const char* finalizer = volume ? "kubernetes.io/pv-protection" : "kubernetes.io/pvc-protection";
    for (const Value& item : a.object.at("metadata", "finalizers").items())
        if (item.asString() == finalizer) return base::okStatus();
    a.object = withMeta(a.object, "finalizers", a.object.at("metadata", "finalizers").appended(finalizer));
    return base::okStatus();
}

base::Status defaultStorageClass(Admission& a) {
    if (a.resource.plural != "persistentvolumeclaims" || !creates(a)) return base::okStatus();
    if (a.object.at("spec").has("storageClassName") && a.object.at("spec", "storageClassName").isString())
        return base::okStatus();
    if (a.object.at("metadata", "annotations").has("volume.beta.kubernetes.io/storage-class"))
        return base::okStatus();
    Value best;
    for (const Value& item : a.core.all("storage.k8s.io", "storageclasses")) {
        const Value& notes = item.at("metadata", "annotations");
        if (notes["storageclass.kubernetes.io/is-default-class"].asString() != "true" &&
            notes["storageclass.beta.kubernetes.io/is-default-class"].asString() != "true")
            continue;
        // Several defaults: the newest, then by name.
        if (best.isNull() || metaText(item, "creationTimestamp") > metaText(best, "creationTimestamp")) best = item;
    }
    if (!best.isNull())
        a.object = a.object.withPath({"spec", "storageClassName"}, best["metadata"]["name"]);
    return base::okStatus();
}

// Source: plugin/pkg/admission/storage/persistentvolume/resize.
base::Status claimResize(Admission& a) {
    if (a.resource.plural != "persistentvolumeclaims" || a.operation != "UPDATE" || !a.subresource.empty())
        return base::okStatus();
    const auto size = [](const Value& claim) {
        return api::Quantity::of(claim.at("spec", "resources", "requests", "storage").asString());
    };
    if (!(size(a.old) < size(a.object))) return base::okStatus();
    if (a.old.at("status", "phase").asString() != "Bound")
        return refuse(a, "Only bound persistent volume claims can be expanded");
    const std::string name = a.object.at("spec", "storageClassName").text();
    const Value found = a.core.lookup("storage.k8s.io", "storageclasses", "", name);
    if (!found["allowVolumeExpansion"].asBool())
        return refuse(a, "only dynamically provisioned pvc can be resized and the storageclass that "
                         "provisions the pvc must support resize");
    return base::okStatus();
}

base::Status defaultIngressClass(Admission& a) {
    if (a.resource.plural != "ingresses" || a.resource.group != "networking.k8s.io" || !creates(a))
        return base::okStatus();
    if (!a.object.at("spec", "ingressClassName").isEmpty() ||
        a.object.at("metadata", "annotations").has("kubernetes.io/ingress.class"))
        return base::okStatus();
    Value best;
    for (const Value& item : a.core.all("networking.k8s.io", "ingressclasses")) {
        if (item.at("metadata", "annotations")["ingressclass.kubernetes.io/is-default-class"].asString() != "true")
            continue;
        if (best.isNull() || metaText(item, "creationTimestamp") > metaText(best, "creationTimestamp")) best = item;
    }
    if (!best.isNull())
        a.object = a.object.withPath({"spec", "ingressClassName"}, best["metadata"]["name"]);
    return base::okStatus();
}

// Source: plugin/pkg/admission/certificates/approval: the signer must be the user's to approve.
base::Status certificateApproval(Admission& a) {
    if (a.resource.plural != "certificatesigningrequests" || a.operation != "UPDATE") return base::okStatus();
    if (a.subresource != "approval" && a.subresource != "status") return base::okStatus();
    const bool sign = a.subresource == "status";
    if (sign && a.object.at("status", "certificate") == a.old.at("status", "certificate") &&
        a.object.at("status", "conditions") == a.old.at("status", "conditions"))
        return base::okStatus();
    const std::string signer = a.old.at("spec", "signerName").text();
    Attributes attributes;
    attributes.user = a.context.user;
    attributes.verb = sign ? "sign" : "approve";
    attributes.group = "certificates.k8s.io";
    attributes.version = "*";
    attributes.resource = "signers";
    attributes.name = signer;
    if (authorize(a.core, attributes).allowed) return base::okStatus();
    attributes.name = signer.substr(0, signer.find('/')) + "/*";
    if (authorize(a.core, attributes).allowed) return base::okStatus();
    return refuse(a, std::string("user not permitted to ") + (sign ? "sign" : "approve") +
                         " requests with signerName " + base::quoteGo(signer));
}

base::Status certificateSubject(Admission& a) {
    if (a.resource.plural != "certificatesigningrequests" || !creates(a)) return base::okStatus();
    if (a.object.at("spec", "signerName").asString() != "kubernetes.io/kube-apiserver-client")
        return base::okStatus();
    const auto pem = base::decodeBase64(a.object.at("spec", "request").asString());
    if (!pem) return base::okStatus();
    auto parsed = pki::readRequestPem(*pem);
    if (!parsed.ok()) return base::okStatus();
    for (const std::string& organization : parsed.value().request.subject.organizations)
        if (organization == "system:masters")
            return refuse(a, "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed");
    return base::okStatus();
}

// Source: kubernetes pkg/registry/rbac/*/policybased: nobody grants or binds more than they have.
base::Status rbacEscalation(Admission& a) {
    if (a.resource.group != "rbac.authorization.k8s.io") return base::okStatus();
    if (a.operation == "DELETE" || a.context.user.inGroup("system:masters")) return base::okStatus();
    const bool binding = a.resource.plural.ends_with("bindings");
    const bool cluster = a.resource.plural.starts_with("cluster");
    const std::string ns = cluster ? "" : a.ns;
    Attributes attributes;
    attributes.user = a.context.user;
    attributes.group = a.resource.group;
    attributes.version = a.resource.version;
    attributes.ns = ns;
    std::vector<Value> rules;
    if (binding) {
        if (a.operation == "UPDATE" && a.object["subjects"] == a.old["subjects"] && a.object["roleRef"] == a.old["roleRef"])
            return base::okStatus();
        const Value& reference = a.object["roleRef"];
        const std::string kind = reference["kind"].text();
        if (kind != "ClusterRole" && kind != "Role")
            return api::statusError(500, "", "unsupported role reference kind: " + base::quoteGo(kind));
        attributes.verb = "bind";
        attributes.resource = reference["kind"].asString() == "ClusterRole" ? "clusterroles" : "roles";
        attributes.name = reference["name"].text();
        if (authorize(a.core, attributes).allowed) return base::okStatus();
        auto found = rulesOfRole(a.core, reference, ns);
        if (!found.ok()) return api::notFound(a.resource.group, attributes.resource, attributes.name);
        rules = std::move(found).value();
    } else {
        if (a.operation == "UPDATE" && a.object["rules"] == a.old["rules"] &&
            a.object["aggregationRule"] == a.old["aggregationRule"])
            return base::okStatus();
        attributes.verb = "escalate";
        attributes.resource = a.resource.plural;
        attributes.name = a.name;
        if (authorize(a.core, attributes).allowed) return base::okStatus();
        const auto items = a.object["rules"].items();
        rules.assign(items.begin(), items.end());
        if (a.object.has("aggregationRule")) {
            const Value all = Value::array({"*"});
            rules.push_back(Value::object({{"apiGroups", all}, {"resources", all}, {"verbs", all}}));
            rules.push_back(Value::object({{"nonResourceURLs", all}, {"verbs", all}}));
        }
    }
    const std::string problem = escalation(a.core, a.context.user, ns, rules);
    if (!problem.empty()) return refuse(a, problem);
    return base::okStatus();
}

} // namespace apiserver
