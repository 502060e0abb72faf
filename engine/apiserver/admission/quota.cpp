// Source: apiserver pkg/admission/plugin/resourcequota and kubernetes pkg/quota/v1.
#include "api/quantity.h"
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

#include <map>
#include <set>

namespace apiserver {

using document::Value;

namespace {

using Amounts = std::map<std::string, api::Quantity>;

void add(Amounts& to, const std::string& key, const api::Quantity& amount) { to[key] = to[key] + amount; }

bool terminated(const Value& pod) {
    const std::string_view phase = pod.at("status", "phase").asString();
    return phase == "Failed" || phase == "Succeeded";
}

// Sum of containers, at least the largest init container, sidecars counted with both.
Amounts podSide(const Value& pod, const char* side) {
    Amounts sums, initial, sidecars;
    for (const Value& container : pod.at("spec", "containers").items())
        for (const auto& member : container.at("resources")[side].members())
            add(sums, member.key.text(), api::Quantity::of(member.value.asString()));
    for (const Value& container : pod.at("spec", "initContainers").items()) {
        const bool sidecar = container["restartPolicy"].asString() == "Always";
        for (const auto& member : container.at("resources")[side].members()) {
            const std::string key = member.key.text();
            const api::Quantity own = api::Quantity::of(member.value.asString());
            if (sidecar) {
                add(sums, key, own);
                add(sidecars, key, own);
            }
            const api::Quantity peak = sidecar ? sidecars[key] : sidecars[key] + own;
            if (initial[key] < peak) initial[key] = peak;
        }
    }
    for (const auto& [key, amount] : initial)
        if (sums[key] < amount) sums[key] = amount;
    for (const auto& member : pod.at("spec", "overhead").members())
        add(sums, member.key.text(), api::Quantity::of(member.value.asString()));
    return sums;
}

Amounts podUsage(const Value& pod) {
    Amounts out;
    out["count/pods"] = api::Quantity::fromValue(1);
    if (terminated(pod)) return out;
    out["pods"] = api::Quantity::fromValue(1);
    for (const auto& [key, amount] : podSide(pod, "requests")) {
        const bool plain = key == "cpu" || key == "memory" || key == "ephemeral-storage";
        if (plain) out[key] = amount;
        if (plain || key.starts_with("hugepages-") || key.find('/') != std::string::npos) out["requests." + key] = amount;
        if (key.starts_with("hugepages-")) out[key] = amount;
    }
    for (const auto& [key, amount] : podSide(pod, "limits"))
        if (key == "cpu" || key == "memory" || key == "ephemeral-storage") out["limits." + key] = amount;
    return out;
}

Amounts claimUsage(const Value& claim) {
    Amounts out;
    const api::Quantity one = api::Quantity::fromValue(1);
    const api::Quantity size = api::Quantity::of(claim.at("spec", "resources", "requests", "storage").asString());
    out["persistentvolumeclaims"] = out["count/persistentvolumeclaims"] = one;
    out["requests.storage"] = size;
    const std::string name = claim.at("spec", "storageClassName").text();
    if (!name.empty()) {
        out[name + ".storageclass.storage.k8s.io/requests.storage"] = size;
        out[name + ".storageclass.storage.k8s.io/persistentvolumeclaims"] = one;
    }
    return out;
}

Amounts serviceUsage(const Value& service) {
    Amounts out;
    const auto ports = static_cast<std::int64_t>(service.at("spec", "ports").size());
    out["services"] = out["count/services"] = api::Quantity::fromValue(1);
    out["services.nodeports"] = out["services.loadbalancers"] = api::Quantity::fromValue(0);
    const std::string_view type = service.at("spec", "type").asString();
    if (type == "NodePort") out["services.nodeports"] = api::Quantity::fromValue(ports);
    if (type == "LoadBalancer") {
        if (service.at("spec", "allocateLoadBalancerNodePorts").asBool(true))
            out["services.nodeports"] = api::Quantity::fromValue(ports);
        out["services.loadbalancers"] = api::Quantity::fromValue(1);
    }
    return out;
}

Amounts usageOf(const api::ResourceInfo& resource, const Value& object) {
    if (object.isNull()) return {};
    if (resource.group.empty() && resource.plural == "pods") return podUsage(object);
    if (resource.group.empty() && resource.plural == "persistentvolumeclaims") return claimUsage(object);
    if (resource.group.empty() && resource.plural == "services") return serviceUsage(object);
    Amounts out;
    const api::Quantity one = api::Quantity::fromValue(1);
    out["count/" + qualified(resource)] = one;
    static const std::set<std::string, std::less<>> kPlain = {
        "configmaps", "secrets", "replicationcontrollers", "resourcequotas"};
    if (resource.group.empty() && kPlain.contains(resource.plural)) out[resource.plural] = one;
    return out;
}

bool bestEffort(const Value& pod) {
    for (const char* list : {"containers", "initContainers"})
        for (const Value& container : pod["spec"][list].items())
            for (const char* side : {"requests", "limits"})
                for (const char* key : {"cpu", "memory"})
                    if (container.at("resources")[side].has(key)) return false;
    return true;
}

bool crossNamespace(const Value& pod) {
    const auto foreign = [](const Value& terms, bool weighted) {
        for (const Value& item : terms.items()) {
            const Value& term = weighted ? item["podAffinityTerm"] : item;
            if (term["namespaces"].size() > 0 || term["namespaceSelector"].isObject()) return true;
        }
        return false;
    };
    const Value& affinity = pod.at("spec", "affinity");
    for (const char* side : {"podAffinity", "podAntiAffinity"})
        if (foreign(affinity[side]["requiredDuringSchedulingIgnoredDuringExecution"], false) ||
            foreign(affinity[side]["preferredDuringSchedulingIgnoredDuringExecution"], true))
            return true;
    return false;
}

bool scopeMatches(std::string_view scope, const std::string& op, const Value& values, const Value& pod) {
    const Value& deadline = pod.at("spec", "activeDeadlineSeconds");
    if (scope == "Terminating") return deadline.isInt();
    if (scope == "NotTerminating") return !deadline.isInt();
    if (scope == "BestEffort") return bestEffort(pod);
    if (scope == "NotBestEffort") return !bestEffort(pod);
    if (scope == "CrossNamespacePodAffinity") return crossNamespace(pod);
    if (scope != "PriorityClass") return false;
    const std::string name = pod.at("spec", "priorityClassName").text();
    bool listed = false;
    for (const Value& value : values.items()) listed = listed || value.asString() == name;
    if (op == "Exists" || op.empty()) return !name.empty();
    if (op == "DoesNotExist") return name.empty();
    return op == "In" ? listed : !listed;
}

bool quotaMatches(const Value& quota, const api::ResourceInfo& resource, const Value& object) {
    const Value& spec = quota["spec"];
    const bool scoped = spec["scopes"].size() > 0 || spec.at("scopeSelector", "matchExpressions").size() > 0;
    if (!scoped) return true;
    if (resource.plural != "pods" || !resource.group.empty()) return false;
    for (const Value& scope : spec["scopes"].items())
        if (!scopeMatches(scope.asString(), "Exists", Value(), object)) return false;
    for (const Value& expression : spec.at("scopeSelector", "matchExpressions").items())
        if (!scopeMatches(expression["scopeName"].asString(), expression["operator"].text(),
                          expression["values"], object))
            return false;
    return true;
}

// Containers must say what a quota counts. Source: pod evaluator Constraints.
std::string missingFor(const Value& pod, const Value& hard) {
    std::map<std::string, std::vector<std::string>> byContainers;
    std::vector<std::string> parts;
    std::map<std::string, std::string> missingOf; // resource -> containers
    for (const auto& member : hard.members()) {
        const std::string key = member.key.text();
        std::string side, resource;
        if (key == "cpu" || key == "memory" || key == "ephemeral-storage") side = "requests", resource = key;
        else if (key.starts_with("requests.")) side = "requests", resource = key.substr(9);
        else if (key.starts_with("limits.")) side = "limits", resource = key.substr(7);
        if (resource != "cpu" && resource != "memory") continue;
        std::vector<std::string> names;
        for (const char* list : {"containers", "initContainers"})
            for (const Value& container : pod["spec"][list].items())
                if (!container.at("resources")[side].has(resource)) names.push_back(container["name"].text());
        if (!names.empty()) missingOf[key] = base::join(names, ",");
    }
    for (const auto& [key, names] : missingOf) parts.push_back(key + " for: " + names);
    return base::join(parts, "; ");
}

std::string pretty(const Amounts& amounts, const std::vector<std::string>& keys) {
    std::vector<std::string> parts;
    for (const std::string& key : keys) {
        const auto place = amounts.find(key);
        parts.push_back(key + "=" + (place == amounts.end() ? "0" : place->second.text()));
    }
    return base::join(parts, ",");
}

struct Charge {
    Value quota;
    Amounts used;
};

base::Status checkQuota(const Admission& a, const Value& quota, const Amounts& delta, std::vector<Charge>& charges) {
    const std::string name(metaText(quota, "name"));
    const Value& hardValue = quota.at("status", "hard").isNull() ? quota.at("spec", "hard")
                                                                 : quota.at("status", "hard");
    // A quota that counts nothing of this object has no say.
    bool interested = false;
    for (const auto& member : hardValue.members()) {
        const std::string_view key = member.key.view();
        const bool compute = key.starts_with("limits.") || key.starts_with("requests.") || key == "cpu" || key == "memory";
        interested = interested || delta.contains(member.key.text()) || (isPod(a) && compute && key != "requests.storage");
    }
    if (!interested) return base::okStatus();
    if (quota.at("status", "hard").isNull())
        return refuse(a, "status unknown for quota: " + name + ", resources: " + [&] {
            std::vector<std::string> keys;
            for (const auto& member : hardValue.members()) keys.push_back(member.key.text());
            return base::join(keys, ",");
        }());
    if (isPod(a) && creates(a)) {
        const std::string missing = missingFor(a.object, hardValue);
        if (!missing.empty()) return refuse(a, "failed quota: " + name + ": must specify " + missing);
    }
    Amounts hard, used, after;
    std::vector<std::string> exceeded;
    bool touched = false;
    for (const auto& member : hardValue.members()) {
        const std::string key = member.key.text();
        hard[key] = api::Quantity::of(member.value.asString());
        used[key] = api::Quantity::of(quota.at("status", "used")[key].asString("0"));
        const auto change = delta.find(key);
        after[key] = used[key];
        if (change == delta.end() || change->second.isZero()) continue;
        touched = true;
        after[key] = used[key] + change->second;
        if (api::Quantity() < change->second && hard[key] < after[key]) exceeded.push_back(key);
    }
    if (!exceeded.empty())
        return refuse(a, "exceeded quota: " + name + ", requested: " + pretty(delta, exceeded) + ", used: " +
                             pretty(used, exceeded) + ", limited: " + pretty(hard, exceeded));
    if (touched) charges.push_back({quota, after});
    return base::okStatus();
}

void book(Core& core, const std::vector<Charge>& charges) {
    const api::ResourceInfo* resource = core.kinds.find("", "v1", "resourcequotas");
    for (const Charge& charge : charges) {
        Value next = charge.quota;
        for (const auto& [key, amount] : charge.used)
            next = next.withPath({"status", "used", key}, amount.text());
        auto stored = readStored(core, *resource, metaText(next, "namespace"), metaText(next, "name"));
        if (stored.ok() && stored.value()) (void)writeStored(core, *resource, next, stored.value()->revision);
    }
}

} // namespace

base::Status resourceQuota(Admission& a) {
    const bool update = a.operation == "UPDATE" && (a.subresource.empty() || a.subresource == "resize");
    if (!creates(a) && !update) return base::okStatus();
    if (!a.resource.namespaced || a.ns.empty()) return base::okStatus();
    if (update && !isPod(a) && a.resource.plural != "services" && a.resource.plural != "persistentvolumeclaims")
        return base::okStatus();
    const std::vector<Value> quotas = a.core.all("", "resourcequotas", a.ns);
    if (quotas.empty()) return base::okStatus();
    const Amounts now = usageOf(a.resource, a.object);
    const Amounts before = usageOf(a.resource, a.old);
    Amounts delta = now;
    for (const auto& [key, amount] : before) delta[key] = delta[key] - amount;
    std::vector<Charge> charges;
    for (const Value& quota : quotas)
        if (quotaMatches(quota, a.resource, a.object)) BASE_CHECK(checkQuota(a, quota, delta, charges));
    if (!a.context.dryRun && !a.context.errand) book(a.core, charges);
    return base::okStatus();
}

} // namespace apiserver
