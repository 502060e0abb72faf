// The chain of authorizers. Source: kube-apiserver authorization modes; apiserver
// pkg/endpoints/filters/authorization.go and handlers/responsewriters (texts).
#include "apiserver/authz/node.h"
#include "apiserver/core.h"
#include "base/strings.h"

namespace apiserver {

Attributes attributesOf(const Context& context) {
    Attributes out;
    out.user = context.user;
    const RequestInfo& info = context.info;
    out.verb = info.verb;
    out.resourceRequest = info.isResource;
    out.path = info.path;
    if (info.isResource) {
        out.group = info.group;
        out.version = info.version;
        out.resource = info.resource;
        out.subresource = info.subresource;
        out.ns = info.ns;
        out.name = info.name;
        out.fieldSelector = context.request.query.get("fieldSelector");
    }
    return out;
}

Decision authorize(Core& core, const Attributes& attributes) {
    // Nothing can lock out the administrators' group.
    if (attributes.user.inGroup("system:masters")) return {true, false, "", ""};
    std::vector<std::string> reasons;
    for (const std::string& mode : core.config.authorizationModes) {
        Decision decision;
        if (mode == "RBAC") decision = authorizeRbac(core, attributes);
        else if (mode == "Node") decision = authorizeNode(core, attributes);
        else if (mode == "AlwaysAllow") decision.allowed = true;
        else if (mode == "AlwaysDeny") decision = {false, true, "Everything is forbidden.", ""};
        if (decision.allowed || decision.denied) return decision;
        if (!decision.reason.empty()) reasons.push_back(decision.reason);
    }
    Decision none;
    none.reason = base::join(reasons, "\n");
    return none;
}

base::Error forbiddenError(const Attributes& a, const std::string& reason) {
    const std::string suffix = reason.empty() ? "" : ": " + reason;
    if (!a.resourceRequest)
        return withEmptyDetails(api::statusError(
            403, "Forbidden",
            "forbidden: User " + base::quoteGo(a.user.name) + " cannot " + a.verb + " path " +
                base::quoteGo(a.path) + suffix));
    std::string resource = a.resource;
    if (!a.subresource.empty()) resource += "/" + a.subresource;
    std::string text = "User " + base::quoteGo(a.user.name) + " cannot " + a.verb + " resource " +
                       base::quoteGo(resource) + " in API group " + base::quoteGo(a.group);
    text += a.ns.empty() ? " at the cluster scope" : " in the namespace " + base::quoteGo(a.ns);
    return api::forbidden(a.group, a.resource, a.name, text + suffix);
}

} // namespace apiserver
