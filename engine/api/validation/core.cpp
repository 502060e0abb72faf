// ConfigMap, Secret, ServiceAccount, Namespace, LimitRange, ResourceQuota, Endpoints, Node,
// ReplicationController, PodTemplate, Event, Binding. Source: pkg/apis/core/validation.
#include "api/validation/rules.h"

#include "api/label_selector.h"
#include "api/quantity.h"
#include "base/strings.h"
#include "document/json.h"
#include "document/text_error.h"

#include <algorithm>
#include <cstdio>

namespace api::validation {
namespace {

const Path kMeta("metadata");
constexpr std::int64_t kMaxSecretSize = 1024 * 1024;

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

void configMap(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    std::int64_t size = 0;
    for (const Member& member : object["data"].members()) {
        const Path at = Path("data").key(member.key.view());
        errors.invalidEach(at, member.key.view(), checkConfigMapKey(member.key.view()));
        if (object["binaryData"].has(member.key.view()))
            errors.invalid(at, member.key.view(), "duplicate of key present in binaryData");
        size += static_cast<std::int64_t>(member.value.asString().size());
    }
    for (const Member& member : object["binaryData"].members()) {
        errors.invalidEach(Path("binaryData").key(member.key.view()), member.key.view(),
                           checkConfigMapKey(member.key.view()));
        size += static_cast<std::int64_t>(member.value.asString().size() * 3 / 4);
    }
    if (size > kMaxSecretSize) errors.tooLong(Path(), kMaxSecretSize);
}

// Immutable objects keep their data and stay immutable.
void immutableData(Errors& errors, const Value& object, const Value& old, bool binary) {
    if (!old["immutable"].asBool()) return;
    constexpr std::string_view kText = "field is immutable when `immutable` is set";
    if (!object["immutable"].asBool()) errors.forbidden(Path("immutable"), kText);
    const auto same = [&](const char* field) {
        return object[field] == old[field] || (object[field].size() == 0 && old[field].size() == 0);
    };
    if (!same("data")) errors.forbidden(Path("data"), kText);
    if (binary && !same("binaryData")) errors.forbidden(Path("binaryData"), kText);
}

void configMapUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    immutableData(errors, object, old, true);
    configMap(errors, object);
}

void dockerConfig(Errors& errors, const Value& data, const char* key) {
    const Path at = Path("data").key(key);
    if (!data.has(key)) {
        errors.required(at);
        return;
    }
    const std::string text = base::decodeBase64(data[key].asString()).value_or("");
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    auto parsed = document::readJson(text, {}, limits);
    if (!parsed.ok())
        errors.invalid(at, "<secret contents redacted>", document::goErrorText(parsed.error()));
    else if (!parsed->isObject() && !parsed->isNull())
        errors.invalid(at, "<secret contents redacted>",
                       std::string("json: cannot unmarshal ") +
                           (parsed->isArray() ? "array" : parsed->isString() ? "string" : parsed->isBool() ? "bool" : "number") +
                           " into Go value of type map[string]interface {}");
}

void secret(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    const Path path("data");
    const Value& data = object["data"];
    std::int64_t size = 0;
    for (const Member& member : data.members()) {
        errors.invalidEach(path.key(member.key.view()), member.key.view(), checkConfigMapKey(member.key.view()));
        size += static_cast<std::int64_t>(member.value.asString().size() * 3 / 4);
    }
    if (size > kMaxSecretSize) errors.tooLong(path, kMaxSecretSize);
    const std::string_view type = object["type"].asString();
    if (type == "kubernetes.io/service-account-token") {
        constexpr const char* kName = "kubernetes.io/service-account.name";
        if (object["metadata"]["annotations"][kName].isEmpty())
            errors.required(kMeta.child("annotations").key(kName));
    } else if (type == "kubernetes.io/dockercfg") {
        dockerConfig(errors, data, ".dockercfg");
    } else if (type == "kubernetes.io/dockerconfigjson") {
        dockerConfig(errors, data, ".dockerconfigjson");
    } else if (type == "kubernetes.io/basic-auth") {
        if (!data.has("username") && !data.has("password")) {
            errors.required(path.key("username"));
            errors.required(path.key("password"));
        }
    } else if (type == "kubernetes.io/ssh-auth") {
        if (data["ssh-privatekey"].isEmpty()) errors.required(path.key("ssh-privatekey"));
    } else if (type == "kubernetes.io/tls") {
        for (const char* key : {"tls.crt", "tls.key"})
            if (!data.has(key)) errors.required(path.key(key));
    }
}

void secretUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["type"], old["type"], Path("type"));
    immutableData(errors, object, old, false);
    secret(errors, object);
}

void serviceAccount(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
}
void serviceAccountUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    serviceAccount(errors, object);
}

void finalizerName(Errors& errors, const Value& name, const Path& path) {
    validateQualifiedName(errors, name.asString(), path);
    if (name.asString().find('/') == std::string_view::npos &&
        !contains({"kubernetes", "orphan", "foregroundDeletion"}, name.asString()))
        errors.invalid(path, name, "name is neither a standard finalizer name nor is it fully qualified");
}

void namespaceRules(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsLabel, kMeta);
    for (const Value& name : object["spec"]["finalizers"].items())
        finalizerName(errors, name, Path("spec").child("finalizers"));
}
void namespaceStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    const bool deleted = !object["metadata"]["deletionTimestamp"].isNull();
    const std::string phase = object["status"]["phase"].text();
    const Path at = Path("status").child("Phase");
    if (!deleted && phase != "Active")
        errors.invalid(at, phase, "may only be 'Active' if `deletionTimestamp` is empty");
    if (deleted && phase != "Terminating")
        errors.invalid(at, phase, "may only be 'Terminating' if `deletionTimestamp` is not empty");
}

class LimitItem {
public:
    LimitItem(Errors& errors, const Value& item, const Path& path)
        : errors_(errors), item_(item), path_(path), type_(item["type"].text()) {}

    void validate() {
        list("max");
        list("min");
        if (type_ == "Pod") {
            for (const char* field : {"default", "defaultRequest"})
                if (item_[field].size() > 0)
                    errors_.forbidden(path_.child(field), "may not be specified when `type` is 'Pod'");
        } else {
            list("default");
            list("defaultRequest");
        }
        if (type_ == "PersistentVolumeClaim" && !item_["min"].has("storage") && !item_["max"].has("storage"))
            errors_.required(path_.child("limits"),
                             "either minimum or maximum storage value is required, but neither was provided");
        list("maxLimitRequestRatio");
        for (const std::string& key : keys_) compare(key);
    }

private:
    void list(const char* field) {
        for (const Member& member : item_[field].members()) {
            const Path at = path_.child(field).key(member.key.view());
            if (type_ == "Pod" || type_ == "Container")
                validateContainerResourceName(errors_, member.key.view(), at);
            else
                validateResourceName(errors_, member.key.view(), at);
            keys_.insert(member.key.text());
        }
    }
    bool has(const char* field, const std::string& key) const {
        if (type_ == "Pod" && (std::string_view(field) == "default" || std::string_view(field) == "defaultRequest"))
            return false;
        return item_[field].has(key);
    }
    Quantity get(const char* field, const std::string& key) const {
        return Quantity::ofValue(item_[field][std::string_view(key)]);
    }
    // `low` must not be above `high`; `shown` is the field and value that the error names.
    void order(const char* low, const char* high, const char* field, const char* shown,
               const std::string& key, const std::string& lowName, const std::string& highName) {
        if (!has(low, key) || !has(high, key)) return;
        const Quantity a = get(low, key), b = get(high, key);
        if (a <= b) return;
        errors_.invalid(path_.child(field).key(key), get(shown, key).text(),
                        lowName + " value " + a.text() + " is greater than " + highName + " value " + b.text());
    }
    void compare(const std::string& key) {
        order("min", "max", "min", "min", key, "min", "max");
        order("min", "defaultRequest", "defaultRequest", "defaultRequest", key, "min", "default request");
        order("defaultRequest", "max", "defaultRequest", "defaultRequest", key, "default request", "max");
        order("defaultRequest", "default", "defaultRequest", "defaultRequest", key, "default request", "default limit");
        order("min", "default", "default", "min", key, "min", "default");
        order("default", "max", "default", "max", key, "default", "max");
        if (has("maxLimitRequestRatio", key)) ratio(key);
        if (isOvercommitAllowed(key) || !has("default", key) || !has("defaultRequest", key)) return;
        if (!(get("default", key) == get("defaultRequest", key)))
            errors_.invalid(path_.child("defaultRequest").key(key), get("defaultRequest", key).text(),
                            "default value " + get("default", key).text() +
                                " must equal to defaultRequest value " + get("defaultRequest", key).text() +
                                " in " + key);
    }
    void ratio(const std::string& key) {
        const Quantity ratio = get("maxLimitRequestRatio", key);
        const Path at = path_.child("maxLimitRequestRatio").key(key);
        if (ratio < Quantity::fromValue(1))
            errors_.invalid(at, ratio.text(), "ratio " + ratio.text() + " is less than 1");
        if (!has("min", key) || !has("max", key)) return;
        const double limit = get("max", key).asDouble() / get("min", key).asDouble();
        if (ratio.asDouble() <= limit) return;
        char text[64];
        std::snprintf(text, sizeof text, "%f", limit);
        errors_.invalid(at, ratio.text(), "ratio " + ratio.text() + " is greater than max/min = " + text);
    }

    Errors& errors_;
    const Value& item_;
    Path path_;
    std::string type_;
    std::set<std::string> keys_;
};

void limitRange(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    std::set<std::string> types;
    const Value& limits = object["spec"]["limits"];
    for (std::size_t i = 0; i < limits.size(); ++i) {
        const Path at = Path("spec").child("limits").index(i);
        const std::string type = limits[i]["type"].text();
        const Problems problems = checkLabelKey(type);
        errors.invalidEach(at.child("type"), type, problems);
        if (problems.empty() && type.find('/') == std::string::npos &&
            !contains({"Pod", "Container", "PersistentVolumeClaim"}, type))
            errors.invalid(at.child("type"), type, "must be a standard limit type or fully qualified");
        if (!types.insert(type).second) errors.duplicate(at.child("type"), type);
        LimitItem(errors, limits[i], at).validate();
    }
}
void limitRangeUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    limitRange(errors, object);
}

void quotaList(Errors& errors, const Value& list, const Path& path) {
    for (const Member& member : list.members()) {
        const std::string_view name = member.key.view();
        const Path at = path.key(name);
        validateResourceName(errors, name, at);
        if (name.find('/') == std::string_view::npos && !isStandardQuotaResource(name))
            errors.invalid(at, name, "must be a standard resource for quota");
        validateResourceQuantity(errors, name, member.value, at);
    }
}

bool isQuotaScope(std::string_view scope) {
    return contains({"Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass",
                     "CrossNamespacePodAffinity", "VolumeAttributesClass"}, scope);
}
bool scopeCovers(std::string_view scope, std::string_view resource) {
    if (scope == "BestEffort") return resource == "pods";
    if (scope == "VolumeAttributesClass")
        return contains({"persistentvolumeclaims", "requests.storage"}, resource);
    return contains({"pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
                     "requests.ephemeral-storage", "limits.cpu", "limits.memory",
                     "limits.ephemeral-storage"}, resource) ||
           isHugePages(resource) || resource.substr(0, 19) == "requests.hugepages-";
}

void conflictingScopes(Errors& errors, const std::set<std::string>& scopes, const Value& shown, const Path& path) {
    for (const auto& [a, b] : {std::pair{"BestEffort", "NotBestEffort"}, {"Terminating", "NotTerminating"}})
        if (scopes.count(a) > 0 && scopes.count(b) > 0) errors.invalid(path, shown, "conflicting scopes");
}

void quotaScopes(Errors& errors, const Value& spec, const Path& path) {
    const Value& scopes = spec["scopes"];
    if (scopes.size() == 0) return;
    std::set<std::string> set;
    for (const Value& scope : scopes.items()) {
        if (!isQuotaScope(scope.asString())) errors.invalid(path, scopes, "unsupported scope");
        for (const Member& hard : spec["hard"].members())
            if (isStandardQuotaResource(hard.key.view()) && !scopeCovers(scope.asString(), hard.key.view()))
                errors.invalid(path, scopes, "unsupported scope applied to resource");
        set.insert(scope.text());
    }
    conflictingScopes(errors, set, scopes, path);
}

void quotaSelector(Errors& errors, const Value& spec, const Path& path) {
    std::set<std::string> set;
    const std::string shown = internalJson("ScopeSelector", spec["scopeSelector"]);
    for (const Value& term : spec["scopeSelector"]["matchExpressions"].items()) {
        const std::string scope = term["scopeName"].text(), op = term["operator"].text();
        if (!isQuotaScope(scope)) errors.invalid(path.child("scopeName"), scope, "unsupported scope");
        for (const Member& hard : spec["hard"].members())
            if (isStandardQuotaResource(hard.key.view()) && !scopeCovers(scope, hard.key.view()))
                errors.invalidText(path, shown, "unsupported scope applied to resource");
        const bool existsOnly = contains({"BestEffort", "NotBestEffort", "Terminating", "NotTerminating",
                                          "CrossNamespacePodAffinity"}, scope);
        if (existsOnly && op != "Exists")
            errors.invalid(path.child("operator"), op,
                           "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, "
                           "ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, "
                           "ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity");
        if (op == "In" || op == "NotIn") {
            if (term["values"].size() == 0)
                errors.required(path.child("values"),
                                "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
        } else if (op == "Exists" || op == "DoesNotExist") {
            if (term["values"].size() > 0)
                errors.invalid(path.child("values"), term["values"],
                               "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector");
        } else {
            errors.invalid(path.child("operator"), op, "not a valid selector operator");
        }
        set.insert(scope);
    }
    conflictingScopes(errors, set, spec["scopes"], path);
}

void quotaSpec(Errors& errors, const Value& spec) {
    quotaList(errors, spec["hard"], Path("spec").child("hard"));
    quotaScopes(errors, spec, Path("spec").child("scopes"));
    if (!spec["scopeSelector"].isNull())
        quotaSelector(errors, spec, Path("spec").child("scopeSelector", "matchExpressions"));
}
void quotaStatusLists(Errors& errors, const Value& object) {
    for (const char* field : {"hard", "used"})
        quotaList(errors, object["status"][field], Path("status").child(field));
}
void resourceQuota(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    quotaSpec(errors, object["spec"]);
    quotaStatusLists(errors, object);
}
void resourceQuotaUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    quotaSpec(errors, object["spec"]);
    std::set<std::string> before, after;
    for (const Value& scope : old["spec"]["scopes"].items()) before.insert(scope.text());
    for (const Value& scope : object["spec"]["scopes"].items()) after.insert(scope.text());
    if (before != after)
        errors.invalid(Path("spec").child("scopes"), object["spec"]["scopes"], "field is immutable");
}
void resourceQuotaStatus(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    quotaStatusLists(errors, object);
}

void endpointAddress(Errors& errors, const Value& address, const Path& path) {
    validateLegacyIp(errors, address["ip"], path.child("ip"));
    if (!address["hostname"].isEmpty())
        validateDnsLabelName(errors, address["hostname"].asString(), path.child("hostname"));
    if (!address["nodeName"].isNull())
        validateDnsSubdomainName(errors, address["nodeName"].asString(), path.child("nodeName"));
    validateEndpointIp(errors, address["ip"], path.child("ip"));
}

void endpointPort(Errors& errors, const Value& port, bool requireName, const Path& path) {
    if (port["name"].isEmpty()) {
        if (requireName) errors.required(path.child("name"));
    } else {
        validateDnsLabelName(errors, port["name"].asString(), path.child("name"));
    }
    errors.invalidEach(path.child("port"), port["port"].asInt(), checkPortNumber(port["port"].asInt()));
    validateOneOf(errors, port["protocol"], path.child("protocol"), {"SCTP", "TCP", "UDP"});
    if (!port["appProtocol"].isNull())
        validateQualifiedName(errors, port["appProtocol"].asString(), path.child("appProtocol"));
}

void endpoints(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    const Value& subsets = object["subsets"];
    for (std::size_t i = 0; i < subsets.size(); ++i) {
        const Value& subset = subsets[i];
        const Path at = Path("subsets").index(i);
        if (subset["addresses"].size() == 0 && subset["notReadyAddresses"].size() == 0)
            errors.required(at, "must specify `addresses` or `notReadyAddresses`");
        for (const char* list : {"addresses", "notReadyAddresses"})
            for (std::size_t a = 0; a < subset[list].size(); ++a)
                endpointAddress(errors, subset[list][a], at.child(list).index(a));
        for (std::size_t p = 0; p < subset["ports"].size(); ++p)
            endpointPort(errors, subset["ports"][p], subset["ports"].size() > 1, at.child("ports").index(p));
    }
}
void endpointsUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    endpoints(errors, object);
}

void taints(Errors& errors, const Value& list, const Path& path) {
    std::set<std::string> seen;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Value& taint = list[i];
        const Path at = path.index(i);
        validateLabelName(errors, taint["key"].asString(), at.child("key"));
        const Problems problems = checkLabelValue(taint["value"].asString());
        if (!problems.empty())
            errors.invalid(at.child("value"), taint["value"].asString(), base::join(problems, ";"));
        validateTaintEffect(errors, taint["effect"], false, at.child("effect"));
        if (!seen.insert(taint["effect"].text() + "\n" + taint["key"].text()).second)
            errors.duplicateText(at, internalJson("Taint", taint) + ": taints must be unique by key and effect pair");
    }
}

void nodeResources(Errors& errors, const Value& node) {
    for (const char* list : {"capacity", "allocatable"})
        for (const Member& member : node["status"][list].members())
            validateResourceQuantity(errors, member.key.view(), member.value,
                                     Path("status").child(list, member.key.view()));
}

// Where the old single field differs from the first of the list, it wins. Source: core/v1
// conversion of NodeSpec.
Value podCidrs(const Value& node) {
    const Value& single = node["spec"]["podCIDR"];
    const Value& list = node["spec"]["podCIDRs"];
    if (single.isEmpty() || (list.size() > 0 && list[0] == single)) return list;
    return Value::array({single});
}

void node(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    taints(errors, object["spec"]["taints"], kMeta.child("taints"));
    nodeResources(errors, object);
    const Value cidrs = podCidrs(object);
    for (std::size_t i = 0; i < cidrs.size(); ++i)
        validateLegacyCidr(errors, cidrs[i], Path("spec").child("podCIDRs").index(i));
}

void nodeUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    nodeResources(errors, object);
    const Value& addresses = object["status"]["addresses"];
    for (std::size_t i = 0; i < addresses.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (addresses[i] == addresses[j])
                errors.duplicateText(Path("status").child("addresses").index(i),
                                     internalJson("NodeAddress", addresses[i]));
    const Value before = podCidrs(old);
    if (before.size() > 0 && !(before == podCidrs(object)))
        errors.forbidden(Path("spec").child("podCIDRs"),
                         "node updates may not change podCIDR except from \"\" to valid");
    const Value& provider = old["spec"]["providerID"];
    if (!provider.isEmpty() && !(provider == object["spec"]["providerID"]))
        errors.forbidden(Path("spec").child("providerID"),
                         "node updates may not change providerID except from \"\" to valid");
    taints(errors, object["spec"]["taints"], kMeta.child("taints"));
}

void replicationSpec(Errors& errors, const Value& spec) {
    const Path path("spec");
    validateNonNegative(errors, spec["minReadySeconds"].asInt(), path.child("minReadySeconds"));
    if (spec["selector"].size() == 0) errors.required(path.child("selector"));
    if (spec["replicas"].isNull()) errors.required(path.child("replicas"));
    else validateNonNegative(errors, spec["replicas"].asInt(), path.child("replicas"));
    const Value& tmpl = spec["template"];
    if (tmpl.isNull()) {
        errors.required(path.child("template"));
        return;
    }
    const Value& labels = tmpl["metadata"]["labels"];
    if (spec["selector"].size() > 0 && !LabelSelector::fromMap(spec["selector"]).matches(labels))
        errors.invalid(path.child("template", "metadata", "labels"), labels,
                       "`selector` does not match template `labels`");
    validatePodTemplateSpec(errors, tmpl, path.child("template"));
    if (tmpl["spec"]["restartPolicy"].asString() != "Always")
        errors.notSupported(path.child("template", "spec", "restartPolicy"), tmpl["spec"]["restartPolicy"],
                            {"Always"});
    if (!tmpl["spec"]["activeDeadlineSeconds"].isNull())
        errors.forbidden(path.child("template", "spec", "activeDeadlineSeconds"),
                         "activeDeadlineSeconds in ReplicationController is not Supported");
}
void replicationController(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    replicationSpec(errors, object["spec"]);
}
void replicationControllerUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    replicationSpec(errors, object["spec"]);
}

void podTemplate(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validatePodTemplateSpec(errors, object["template"], Path("template"));
}
void podTemplateUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validatePodTemplateSpec(errors, object["template"], Path("template"));
}

void pod(Errors& errors, const Value& object) {
    validatePodMetadataAndSpec(errors, object);
    const Value& spec = object["spec"];
    if (spec["ephemeralContainers"].size() > 0)
        errors.forbidden(Path("spec").child("ephemeralContainers"), "cannot be set on create");
    if (!spec["nodeName"].isEmpty() && spec["schedulingGates"].size() > 0)
        errors.forbidden(Path("spec").child("nodeName"), "cannot be set until all schedulingGates have been cleared");
}

void binding(Errors& errors, const Value& object) {
    const Value& kind = object["target"]["kind"];
    if (!kind.isEmpty() && kind.asString() != "Node")
        errors.notSupported(Path("target").child("kind"), kind, {"Node", "<empty>"});
    if (object["target"]["name"].isEmpty()) errors.required(Path("target").child("name"));
}

} // namespace

std::span<const KindRules> coreRules() {
    static constexpr KindRules kRules[] = {
        {"", "Pod", pod, validatePodUpdate, validatePodStatusUpdate},
        {"", "ConfigMap", configMap, configMapUpdate, nullptr},
        {"", "Secret", secret, secretUpdate, nullptr},
        {"", "ServiceAccount", serviceAccount, serviceAccountUpdate, nullptr},
        {"", "Namespace", namespaceRules, metaUpdate, namespaceStatus},
        {"", "LimitRange", limitRange, limitRangeUpdate, nullptr},
        {"", "ResourceQuota", resourceQuota, resourceQuotaUpdate, resourceQuotaStatus},
        {"", "Endpoints", endpoints, endpointsUpdate, nullptr},
        {"", "Node", node, nodeUpdate, nodeUpdate},
        {"", "ReplicationController", replicationController, replicationControllerUpdate,
         validateReplicaStatus},
        {"", "PodTemplate", podTemplate, podTemplateUpdate, nullptr},
        {"", "Service", validateService, validateServiceUpdate, validateServiceStatus},
        {"", "Binding", binding, nullptr, nullptr},
    };
    return kRules;
}

} // namespace api::validation
