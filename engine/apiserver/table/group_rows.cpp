// Rows of networking, RBAC, storage, certificates and discovery. Source: kubernetes
// pkg/printers/internalversion.
#include "apiserver/core.h"
#include "apiserver/table/rows.h"
#include "apiserver/table/text.h"
#include "base/strings.h"

#include <set>

namespace apiserver {

using document::Value;

namespace {

Value nameOf(const Value& object) { return object["metadata"]["name"]; }
Value ageOf(Core& core, const Value& object) { return age(core, object["metadata"]["creationTimestamp"]); }

std::string ingressHosts(const Value& ingress) {
    std::vector<std::string> hosts;
    std::size_t total = 0;
    for (const Value& rule : ingress.at("spec", "rules").items()) {
        if (rule["host"].isEmpty()) continue;
        if (++total <= 3) hosts.push_back(rule["host"].text());
    }
    if (hosts.empty()) return "*";
    std::string text = base::join(hosts, ",");
    if (total > 3) text += " + " + std::to_string(total - 3) + " more...";
    return text;
}

Cells ingressCells(Core& core, const Value& ingress) {
    const Value& given = ingress.at("spec", "ingressClassName");
    std::vector<std::string> addresses;
    for (const Value& item : ingress.at("status", "loadBalancer", "ingress").items())
        addresses.push_back(item["ip"].isEmpty() ? item["hostname"].text() : item["ip"].text());
    return {nameOf(ingress),
            given.isString() ? given.text() : "<none>",
            ingressHosts(ingress),
            base::join(addresses, ","),
            ingress.at("spec", "tls").size() > 0 ? "80, 443" : "80",
            ageOf(core, ingress)};
}

std::string parametersText(const Value& parameters) {
    if (parameters.isNull()) return "<none>";
    std::string text = parameters["kind"].text();
    if (!parameters["apiGroup"].isEmpty()) text += "." + parameters["apiGroup"].text();
    return text + "/" + parameters["name"].text();
}

Cells bindingCells(Core& core, const Value& binding) {
    std::vector<std::string> users, groups, accounts;
    for (const Value& subject : binding["subjects"].items()) {
        const std::string_view kind = subject["kind"].asString();
        if (kind == "User") users.push_back(subject["name"].text());
        else if (kind == "Group") groups.push_back(subject["name"].text());
        else if (kind == "ServiceAccount")
            accounts.push_back(subject["namespace"].text() + "/" + subject["name"].text());
    }
    const Value& role = binding["roleRef"];
    return {nameOf(binding), role["kind"].text() + "/" + role["name"].text(), ageOf(core, binding),
            base::join(users, ", "), base::join(groups, ", "), base::join(accounts, ", ")};
}

std::string requestStatus(const Value& request) {
    bool approved = false, denied = false, failed = false;
    for (const Value& condition : request.at("status", "conditions").items()) {
        const std::string_view type = condition["type"].asString();
        approved = approved || type == "Approved";
        denied = denied || type == "Denied";
        failed = failed || type == "Failed";
    }
    std::string text = denied ? "Denied" : approved ? "Approved" : "Pending";
    if (failed) text += ",Failed";
    if (!request.at("status", "certificate").isEmpty()) text += ",Issued";
    return text;
}

Cells requestCells(Core& core, const Value& request) {
    const Value& seconds = request.at("spec", "expirationSeconds");
    return {nameOf(request),
            ageOf(core, request),
            orNone(request.at("spec", "signerName").text()),
            request.at("spec", "username").text(),
            seconds.isInt() ? humanDuration(seconds.asInt()) : "<none>",
            requestStatus(request)};
}

std::string slicePorts(const Value& slice) {
    std::vector<std::string> list;
    constexpr std::size_t kShown = 3;
    for (const Value& port : slice["ports"].items()) {
        if (list.size() == kShown) break;
        list.push_back(port["port"].isInt() ? std::to_string(port["port"].asInt()) : "*");
    }
    if (list.empty()) return "<unset>";
    std::string text = base::join(list, ",");
    if (slice["ports"].size() > kShown)
        text += " + " + std::to_string(slice["ports"].size() - kShown) + " more...";
    return text;
}

std::string sliceAddresses(const Value& slice) {
    std::vector<std::string> list;
    std::size_t total = 0;
    constexpr std::size_t kShown = 3;
    for (const Value& endpoint : slice["endpoints"].items())
        for (const Value& item : endpoint["addresses"].items())
            if (++total <= kShown) list.push_back(item.text());
    if (list.empty()) return "<unset>";
    std::string text = base::join(list, ",");
    if (total > kShown) text += " + " + std::to_string(total - kShown) + " more...";
    return text;
}

Cells storageClassCells(Core& core, const Value& item) {
    const Value& notes = item.at("metadata", "annotations");
    std::string name = nameOf(item).text();
    for (const char* key : {"storageclass.kubernetes.io/is-default-class",
                            "storageclass.beta.kubernetes.io/is-default-class"})
        if (notes[key].asString() == "true") {
            name += " (default)";
            break;
        }
    return {name,
            item["provisioner"],
            item["reclaimPolicy"].isString() ? item["reclaimPolicy"].text() : "Delete",
            item["volumeBindingMode"].isString() ? item["volumeBindingMode"].text() : "Immediate",
            item["allowVolumeExpansion"].asBool(),
            ageOf(core, item)};
}

Cells driverCells(Core& core, const Value& driver) {
    const Value& spec = driver["spec"];
    std::vector<std::string> modes, tokens;
    for (const Value& mode : spec["volumeLifecycleModes"].items()) modes.push_back(mode.text());
    for (const Value& token : spec["tokenRequests"].items()) tokens.push_back(token["audience"].text());
    return {nameOf(driver),
            spec["attachRequired"].asBool(true),
            spec["podInfoOnMount"].asBool(),
            spec["storageCapacity"].asBool(),
            tokens.empty() ? "<unset>" : base::join(tokens, ","),
            spec["requiresRepublish"].asBool(),
            modes.empty() ? "Persistent" : base::join(modes, ","),
            ageOf(core, driver)};
}

} // namespace

Cells groupCells(Core& core, std::string_view kind, const Value& object) {
    const Value& spec = object["spec"];
    if (kind == "Ingress") return ingressCells(core, object);
    if (kind == "IngressClass")
        return {nameOf(object), spec["controller"].text(), parametersText(spec["parameters"]), ageOf(core, object)};
    if (kind == "NetworkPolicy")
        return {nameOf(object), selectorText(spec["podSelector"]), ageOf(core, object)};
    if (kind == "RoleBinding" || kind == "ClusterRoleBinding") return bindingCells(core, object);
    if (kind == "CertificateSigningRequest") return requestCells(core, object);
    if (kind == "EndpointSlice")
        return {nameOf(object), object["addressType"], slicePorts(object), sliceAddresses(object), ageOf(core, object)};
    if (kind == "StorageClass") return storageClassCells(core, object);
    if (kind == "CSIDriver") return driverCells(core, object);
    if (kind == "CSINode") return {nameOf(object), spec["drivers"].size(), ageOf(core, object)};
    if (kind == "VolumeAttachment")
        return {nameOf(object), spec["attacher"], spec.at("source", "persistentVolumeName").text(),
                spec["nodeName"], object.at("status", "attached").asBool(), ageOf(core, object)};
    if (kind == "VolumeAttributesClass") {
        std::string name = nameOf(object).text();
        if (object.at("metadata", "annotations")["volumeattributesclass.kubernetes.io/is-default-class"].asString() == "true")
            name += " (default)";
        return {name, object["driverName"], ageOf(core, object)};
    }
    if (kind == "PriorityClass")
        return {nameOf(object), object["value"].asInt(), object["globalDefault"].asBool(), ageOf(core, object),
                object["preemptionPolicy"].asString("PreemptLowerPriority")};
    if (kind == "RuntimeClass") return {nameOf(object), object["handler"], ageOf(core, object)};
    if (kind == "Lease") return {nameOf(object), spec["holderIdentity"].text(), ageOf(core, object)};
    return {};
}

} // namespace apiserver
