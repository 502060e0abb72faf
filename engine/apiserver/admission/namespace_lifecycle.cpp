// Source: apiserver pkg/admission/plugin/namespace/lifecycle.
#include "apiserver/admission/plugin.h"

namespace apiserver {

base::Status namespaceLifecycle(Admission& a) {
    const bool isNamespace = a.resource.group.empty() && a.resource.plural == "namespaces";
    if (isNamespace && a.operation == "DELETE" &&
        (a.name == "default" || a.name == "kube-system" || a.name == "kube-public"))
        return refuse(a, "this namespace may not be deleted");
    if (!a.resource.namespaced || a.operation != "CREATE" || a.ns.empty()) return base::okStatus();
    const document::Value ns = a.core.lookup("", "namespaces", "", a.ns);
    if (ns.isNull()) return api::notFound("", "namespaces", a.ns);
    if (ns.at("status", "phase").asString() != "Terminating") return base::okStatus();
    std::string name = a.name.empty() ? std::string(metaText(a.object, "generateName")) : a.name;
    const std::string what = a.resource.group.empty() ? a.resource.plural
                                                      : a.resource.plural + "." + a.resource.group;
    return api::statusError(403, "Forbidden",
                            what + " \"" + name + "\" is forbidden: unable to create new content in namespace " +
                                a.ns + " because it is being terminated",
                            a.resource.group, a.resource.plural, name,
                            {{"NamespaceTerminating", "namespace " + a.ns + " is being terminated",
                              "metadata.namespace"}});
}

} // namespace apiserver
