#include "controllers/resourcequota/controller.h"

#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "base/strings.h"

#include <algorithm>

namespace controllers {

using api::Quantity;
using client::objectKey;
using document::Value;

namespace {

constexpr sim::Duration kDelay = 100 * sim::kMillisecond;

bool bestEffort(const Value& pod) {
    return pod.at("status", "qosClass").asString() == "BestEffort";
}

bool scopeMatches(const Value& pod, std::string_view scope, std::string_view op,
                  const Value& values) {
    const bool terminating = pod.at("spec", "activeDeadlineSeconds").isInt();
    if (scope == "Terminating") return terminating;
    if (scope == "NotTerminating") return !terminating;
    if (scope == "BestEffort") return bestEffort(pod);
    if (scope == "NotBestEffort") return !bestEffort(pod);
    if (scope == "PriorityClass") {
        const std::string_view name = pod.at("spec", "priorityClassName").asString();
        bool listed = false;
        for (const Value& value : values.items()) listed = listed || value.asString() == name;
        if (op == "In") return listed;
        if (op == "NotIn") return !listed;
        if (op == "DoesNotExist") return name.empty();
        return !name.empty();
    }
    return true;
}

bool inScope(const Value& pod, const Value& quota) {
    for (const Value& scope : quota.at("spec", "scopes").items())
        if (!scopeMatches(pod, scope.asString(), "Exists", Value())) return false;
    for (const Value& item : quota.at("spec", "scopeSelector", "matchExpressions").items())
        if (!scopeMatches(pod, item["scopeName"].asString(), item["operator"].asString(),
                          item["values"]))
            return false;
    return true;
}

// A pod counts until it has ended, and while it ends no longer than its grace period.
bool counts(const Value& pod, std::int64_t now) {
    if (api::podFinished(pod)) return false;
    const Value& deleted = pod.at("metadata", "deletionTimestamp");
    return !deleted.isString() || api::timeOf(deleted) + sim::kSecond > now ||
           !pod.at("metadata", "deletionGracePeriodSeconds").isInt();
}

void addList(std::map<std::string, Quantity>& out, const Value& list, const std::string& prefix) {
    for (const document::Member& member : list.members()) {
        Quantity& slot = out[prefix + member.key.text()];
        slot = slot + (member.value.isString() ? Quantity::of(member.value.asString())
                                               : Quantity::fromValue(member.value.asInt()));
    }
}

using Amounts = std::map<std::string, Quantity>;

// Containers add up; init containers count where they ask for more than all containers together.
Amounts podAmounts(const Value& pod, const char* which) {
    Amounts sum;
    for (const Value& container : pod.at("spec", "containers").items())
        addList(sum, container.at("resources", which), "");
    for (const Value& container : pod.at("spec", "initContainers").items()) {
        Amounts own;
        addList(own, container.at("resources", which), "");
        for (const auto& [name, amount] : own) {
            Quantity& slot = sum[name];
            if (container["restartPolicy"].asString() == "Always")
                slot = slot + amount;
            else if (slot < amount)
                slot = amount;
        }
    }
    return sum;
}

} // namespace

ResourceQuotaController::ResourceQuotaController(Context context)
    : QueueController(context, "resourcequota-controller"),
      quotas_(use(client::resourceQuotasResource())), pods_(use(client::podsResource())),
      services_(use(client::servicesResource())),
      claims_(use(client::persistentVolumeClaimsResource())) {
    quotas_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull() || (!previous.isNull() && previous["spec"] == current["spec"])) return;
        queue_.add(objectKey(current));
    });
    pods_.onChange([this](const Value& previous, const Value& current) {
        // What ends or is resized frees or takes quota; creations are counted by the API server
        // itself.
        if (!previous.isNull() && !current.isNull() &&
            api::podFinished(previous) == api::podFinished(current) &&
            previous["spec"] == current["spec"])
            return;
        enqueue(api::namespaceOf(current.isNull() ? previous : current));
    });
    for (const char* plural : {"services", "persistentvolumeclaims", "configmaps", "secrets",
                               "replicationcontrollers", "resourcequotas"})
        watchCounted(client::coreResource(plural));
    watchCounted(client::deploymentsResource());
    watchCounted(client::replicaSetsResource());
    watchCounted(client::statefulSetsResource());
    watchCounted(client::daemonSetsResource());
    watchCounted(client::jobsResource());
    watchCounted(client::cronJobsResource());
    watchCounted({"networking.k8s.io", "v1", "ingresses"});
}

void ResourceQuotaController::watchCounted(const client::Resource& resource) {
    client::Informer& informer = use(resource);
    counted_[resource.plural + (resource.group.empty() ? "" : "." + resource.group)] = &informer;
    const bool claims =
        resource.plural == "persistentvolumeclaims" || resource.plural == "services";
    informer.onChange([this, claims](const Value& previous, const Value& current) {
        if (!previous.isNull() && !current.isNull() &&
            !(claims && !(previous["spec"] == current["spec"])))
            return;
        enqueue(api::namespaceOf(current.isNull() ? previous : current));
    });
}

void ResourceQuotaController::enqueue(std::string_view ns) {
    for (const Value& quota : quotas_.inNamespace(ns)) queue_.addAfter(objectKey(quota), kDelay);
}

void ResourceQuotaController::addPods(const std::string& ns, const Value& quota, Usage& usage) {
    for (const Value& pod : pods_.inNamespace(ns)) {
        if (!inScope(pod, quota)) continue;
        usage["count/pods"] = usage["count/pods"] + Quantity::fromValue(1);
        if (!counts(pod, kernel_.unixNow())) continue;
        usage["pods"] = usage["pods"] + Quantity::fromValue(1);
        for (const auto& [name, amount] : podAmounts(pod, "requests")) {
            usage["requests." + name] = usage["requests." + name] + amount;
            if (name == "cpu" || name == "memory" || name == "ephemeral-storage")
                usage[name] = usage[name] + amount;
        }
        for (const auto& [name, amount] : podAmounts(pod, "limits"))
            usage["limits." + name] = usage["limits." + name] + amount;
    }
}

ResourceQuotaController::Usage ResourceQuotaController::measure(const std::string& ns,
                                                                const Value& quota) {
    Usage usage;
    addPods(ns, quota, usage);
    const Quantity one = Quantity::fromValue(1);
    for (const Value& service : services_.inNamespace(ns)) {
        const std::string_view type = service.at("spec", "type").asString();
        usage["services"] = usage["services"] + one;
        if (type == "LoadBalancer")
            usage["services.loadbalancers"] = usage["services.loadbalancers"] + one;
        std::int64_t nodePorts = 0;
        for (const Value& port : service.at("spec", "ports").items())
            nodePorts += port["nodePort"].asInt() > 0 ? 1 : 0;
        if (type == "NodePort" || type == "LoadBalancer")
            usage["services.nodeports"] =
                usage["services.nodeports"] + Quantity::fromValue(nodePorts);
    }
    for (const Value& claim : claims_.inNamespace(ns)) {
        const Quantity size =
            Quantity::of(claim.at("spec", "resources", "requests", "storage").asString());
        usage["requests.storage"] = usage["requests.storage"] + size;
        usage["persistentvolumeclaims"] = usage["persistentvolumeclaims"] + one;
        const std::string name = api::claimClass(claim);
        if (name.empty()) continue;
        const std::string prefix = name + ".storageclass.storage.k8s.io/";
        usage[prefix + "requests.storage"] = usage[prefix + "requests.storage"] + size;
        usage[prefix + "persistentvolumeclaims"] = usage[prefix + "persistentvolumeclaims"] + one;
    }
    for (const auto& [name, informer] : counted_) {
        const Quantity count =
            Quantity::fromValue(static_cast<std::int64_t>(informer->inNamespace(ns).size()));
        usage["count/" + name] = count;
        if (name == "configmaps" || name == "secrets" || name == "replicationcontrollers" ||
            name == "resourcequotas")
            usage[name] = count;
    }
    return usage;
}

sim::Task<base::Status> ResourceQuotaController::sync(std::string key) {
    const Value quota = quotas_.get(key);
    if (quota.isNull()) co_return base::okStatus();
    Usage usage = measure(api::namespaceOf(quota), quota);
    document::ObjectBuilder used;
    for (const document::Member& member : quota.at("spec", "hard").members()) {
        const auto place = usage.find(member.key.text());
        used.set(member.key, place == usage.end() ? "0" : place->second.text());
    }
    document::ObjectBuilder out;
    out.setUnlessEmpty("hard", quota.at("spec", "hard"));
    const Value counted = std::move(used).build();
    out.setUnlessEmpty("used", counted);
    const Value status = std::move(out).build();
    if (status == quota["status"]) co_return base::okStatus();
    Value changed = quota.with("status", status);
    auto written = co_await client_.update(client::resourceQuotasResource(),
                                           api::namespaceOf(quota), std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    quotas_.put(*written);
    co_return base::okStatus();
}

} // namespace controllers
