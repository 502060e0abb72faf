#include "controllers/nodelifecycle/controller.h"

#include "api/objects/pod.h"
#include "api/status.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {

constexpr const char* kNotReady = "node.kubernetes.io/not-ready";
constexpr const char* kUnreachable = "node.kubernetes.io/unreachable";
constexpr sim::Duration kEvictionPeriod = 100 * sim::kMillisecond;

struct ConditionTaint {
    const char *condition, *status, *key;
};
constexpr ConditionTaint kConditionTaints[] = {
    {"Ready", "False", kNotReady},
    {"Ready", "Unknown", kUnreachable},
    {"MemoryPressure", "True", "node.kubernetes.io/memory-pressure"},
    {"DiskPressure", "True", "node.kubernetes.io/disk-pressure"},
    {"NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"},
    {"PIDPressure", "True", "node.kubernetes.io/pid-pressure"}};
constexpr const char* kUnschedulable = "node.kubernetes.io/unschedulable";

bool hasTaint(const Value& node, std::string_view key, std::string_view effect) {
    for (const Value& taint : node.at("spec", "taints").items())
        if (taint["key"].asString() == key && taint["effect"].asString() == effect) return true;
    return false;
}

Value nodeReference(const Value& node) {
    return Value::object({{"kind", "Node"},
                          {"name", api::nameOf(node)},
                          {"uid", api::uidOf(node)},
                          {"apiVersion", "v1"}});
}

std::string readyOf(const Value& node) {
    const Value& condition = api::conditionOf(node, "Ready");
    return condition.isNull() ? "Unknown" : condition["status"].text();
}

} // namespace

NodeLifecycleController::NodeLifecycleController(Context context)
    : QueueController(context, "node-controller", 8), nodes_(use(client::nodesResource())),
      pods_(use(client::podsResource())), leases_(use(client::leasesResource())) {
    nodes_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull()) {
            health_.erase(api::nameOf(previous));
            nodeEvent(previous, "RemovingNode",
                      "Node " + api::nameOf(previous) + " event: Removing Node " +
                          api::nameOf(previous) + " from Controller");
            return;
        }
        queue_.add(api::nameOf(current));
    });
    // A pod that lands on a node already known to be not ready is told so.
    pods_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull() || !api::podReady(current)) return;
        const auto place = health_.find(std::string(api::podNode(current)));
        if (place == health_.end() || !place->second.judged || place->second.readyStatus == "True")
            return;
        if (!previous.isNull() && api::podReady(previous)) return;
        queue_.add("~" + api::nameOf(nodes_.get(api::podNode(current))));
    });
}

void NodeLifecycleController::nodeEvent(const Value& node, const char* reason,
                                        std::string message) {
    recorder_.record(nodeReference(node), "Normal", reason, std::move(message));
}

void NodeLifecycleController::ready(sim::Scope& scope) {
    scope.spawn(monitor(this), "node-monitor");
}

sim::Task<base::Status> NodeLifecycleController::sync(std::string key) {
    if (key[0] == '~') {
        co_await markPodsNotReady(key.substr(1));
        co_return base::okStatus();
    }
    const Value node = nodes_.get(key);
    if (node.isNull()) co_return base::okStatus();
    std::vector<Value> add;
    std::vector<std::string> drop;
    const auto settle = [&](const char* taintKey, bool wanted) {
        const bool has = hasTaint(node, taintKey, "NoSchedule");
        if (wanted && !has)
            add.push_back(
                Value::object({{"key", taintKey}, {"effect", "NoSchedule"}, {"timeAdded", now()}}));
        if (!wanted && has) drop.push_back(taintKey);
    };
    for (const ConditionTaint& item : kConditionTaints)
        settle(item.key, api::conditionStatus(node, item.condition) == item.status);
    settle(kUnschedulable, node.at("spec", "unschedulable").asBool());
    if (add.empty() && drop.empty()) co_return base::okStatus();
    co_return co_await swapTaints(node, std::move(add), std::move(drop), "NoSchedule");
}

sim::Task<base::Status> NodeLifecycleController::swapTaints(Value node, std::vector<Value> add,
                                                            std::vector<std::string> drop,
                                                            std::string effect) {
    for (int tries = 0;; ++tries) {
        document::ArrayBuilder taints;
        for (const Value& taint : node.at("spec", "taints").items()) {
            const bool dropped =
                taint["effect"].asString() == effect &&
                std::find(drop.begin(), drop.end(), taint["key"].asString()) != drop.end();
            const bool replaced = std::any_of(add.begin(), add.end(), [&](const Value& item) {
                return item["key"] == taint["key"] && item["effect"] == taint["effect"];
            });
            if (!dropped && !replaced) taints.push(taint);
        }
        for (const Value& taint : add) taints.push(taint);
        const Value list = taints.size() == 0 ? Value() : std::move(taints).build();
        const Value spec = Value::object({{"taints", list}});
        const Value metadata = Value::object({{"resourceVersion", api::resourceVersionOf(node)}});
        const Value patch = Value::object({{"metadata", metadata}, {"spec", spec}});
        auto patched = co_await client_.patch(client::nodesResource(), "", api::nameOf(node),
                                              "application/merge-patch+json", patch);
        if (patched.ok()) {
            nodes_.put(*patched);
            co_return base::okStatus();
        }
        if (!api::isConflict(patched.error()) || tries >= 5) co_return patched.error();
        auto fresh = co_await client_.get(client::nodesResource(), "", api::nameOf(node));
        if (!fresh.ok()) co_return fresh.error();
        node = *fresh;
    }
}

sim::Task<void> NodeLifecycleController::monitor(NodeLifecycleController* self) {
    for (;;) {
        std::vector<std::string> names;
        for (const auto& [name, node] : self->nodes_.items()) names.push_back(name);
        for (const std::string& name : names) co_await self->judge(name);
        // Evictions have a worker of their own, which looks ten times a second: the NoSchedule taints
        // of the new conditions come first. Source: nodeEvictionPeriod.
        co_await sim::sleepFor(self->kernel_, kEvictionPeriod);
        co_await self->taintEvictions();
        const sim::Duration rest = self->options_.nodeMonitorPeriod - kEvictionPeriod;
        co_await sim::sleepFor(self->kernel_, std::max(rest, kEvictionPeriod));
    }
}

// Compares what the kubelet said last with how long ago it was heard of.
sim::Task<void> NodeLifecycleController::judge(std::string name) {
    Value node = nodes_.get(name);
    if (node.isNull()) co_return;
    const sim::Time nowTime = kernel_.now();
    const auto [place, fresh] = health_.try_emplace(name);
    if (fresh) {
        nodeEvent(node, "RegisteredNode",
                  "Node " + name + " event: Registered Node " + name + " in Controller");
        place->second.probed = nowTime;
    }
    const Value conditions = node.at("status", "conditions");
    const bool reported = !api::conditionOf(node, "Ready").isNull();
    const Value renew = leases_.get("kube-node-lease/" + name).at("spec", "renewTime");
    {
        Health& health = place->second;
        if (!(health.conditions == conditions) || !(health.renewTime == renew)) {
            if (!fresh || reported) health.probed = nowTime;
            health.conditions = conditions;
            health.renewTime = renew;
        }
    }
    const std::string observed = readyOf(node);
    const sim::Duration grace =
        reported ? options_.nodeMonitorGracePeriod : options_.nodeStartupGracePeriod;
    std::string current = observed;
    if (nowTime > place->second.probed + grace) {
        auto expired = co_await expire(node, !reported);
        if (expired.ok()) {
            node = *expired;
            current = readyOf(node);
            if (const auto again = health_.find(name); again != health_.end())
                again->second.conditions = node.at("status", "conditions");
        }
    }
    const auto again = health_.find(name);
    if (again == health_.end()) co_return;
    const std::string before = again->second.judged ? again->second.readyStatus : observed;
    again->second.readyStatus = current;
    again->second.judged = true;
    if (current != "True" && before == "True") {
        nodeEvent(node, "NodeNotReady", "Node " + name + " status is now: NodeNotReady");
        co_await markPodsNotReady(name);
    }
}

sim::Task<base::Result<Value>> NodeLifecycleController::expire(Value node, bool) {
    const std::string stamp = now();
    Value conditions = node.at("status", "conditions");
    for (const char* type : {"Ready", "MemoryPressure", "DiskPressure", "PIDPressure"}) {
        const Value old = api::conditionIn(conditions, type);
        if (old.isNull()) {
            Value fresh =
                Value::object({{"type", type},
                               {"status", "Unknown"},
                               {"reason", "NodeStatusNeverUpdated"},
                               {"message", "Kubelet never posted node status."},
                               {"lastHeartbeatTime", node.at("metadata", "creationTimestamp")},
                               {"lastTransitionTime", stamp}});
            conditions = api::withCondition(conditions, std::move(fresh));
        } else if (old["status"].asString() != "Unknown") {
            conditions = api::withCondition(
                conditions, old.with("status", "Unknown")
                                .with("reason", "NodeStatusUnknown")
                                .with("message", "Kubelet stopped posting node status.")
                                .with("lastTransitionTime", stamp));
        }
    }
    if (conditions == node.at("status", "conditions")) co_return node;
    Value changed = node.withPath({"status", "conditions"}, conditions);
    auto updated =
        co_await client_.update(client::nodesResource(), "", std::move(changed), "status");
    if (updated.ok()) nodes_.put(*updated);
    co_return updated;
}

sim::Task<void> NodeLifecycleController::markPodsNotReady(std::string node) {
    std::vector<Value> pods;
    for (const auto& [key, pod] : pods_.items())
        if (api::podNode(pod) == node && api::podReady(pod)) pods.push_back(pod);
    for (const Value& pod : pods) {
        const Value ready = api::conditionOf(pod, "Ready")
                                .with("status", "False")
                                .with("lastTransitionTime", now());
        const Value conditions = api::withCondition(pod.at("status", "conditions"), ready);
        Value changed = pod.withPath({"status", "conditions"}, conditions);
        auto updated = co_await client_.update(client::podsResource(), api::namespaceOf(pod),
                                               std::move(changed), "status");
        if (!updated.ok()) continue;
        recorder_.record(client::objectReference(*updated), "Warning", "NodeNotReady",
                         "Node is not ready");
    }
}

// True when any node is healthy; `zone` says how bad things are. Source: ComputeZoneState.
bool NodeLifecycleController::disrupted(Zone& zone) const {
    std::int64_t readyCount = 0, silent = 0;
    for (const auto& [name, health] : health_)
        (health.readyStatus == "True" ? readyCount : silent) += 1;
    zone = Zone::Normal;
    if (readyCount == 0 && silent > 0)
        zone = Zone::Full;
    else if (silent > 2 && static_cast<double>(silent) / static_cast<double>(silent + readyCount) >=
                               options_.unhealthyZoneThreshold)
        zone = Zone::Partial;
    return zone != Zone::Normal;
}

// NoExecute taints: one node at once, the next ten seconds later; none while the whole cluster is
// down.
sim::Task<void> NodeLifecycleController::taintEvictions() {
    Zone zone = Zone::Normal;
    disrupted(zone);
    double rate = options_.nodeEvictionRate;
    if (zone == Zone::Full) rate = 0;
    if (zone == Zone::Partial)
        rate = static_cast<std::int64_t>(health_.size()) > options_.largeClusterSizeThreshold
                   ? options_.secondaryNodeEvictionRate
                   : 0;
    std::vector<std::string> names;
    for (const auto& [name, health] : health_)
        if (health.judged) names.push_back(name);
    for (const std::string& name : names) {
        const Value node = nodes_.get(name);
        if (node.isNull()) continue;
        const std::string status = readyOf(node);
        const bool notReady = hasTaint(node, kNotReady, "NoExecute");
        const bool unreachable = hasTaint(node, kUnreachable, "NoExecute");
        std::vector<std::string> drop;
        std::vector<Value> add;
        if (status == "True" || zone == Zone::Full) {
            if (status != "True") continue;
            if (notReady) drop.push_back(kNotReady);
            if (unreachable) drop.push_back(kUnreachable);
        } else {
            const char* wanted = status == "False" ? kNotReady : kUnreachable;
            const char* other = status == "False" ? kUnreachable : kNotReady;
            const bool has = status == "False" ? notReady : unreachable;
            const bool hasOther = status == "False" ? unreachable : notReady;
            if (!has) {
                // A swap between the two is immediate; a new taint waits for its turn.
                if (!hasOther && (rate <= 0 || kernel_.now() < nextEviction_)) continue;
                if (!hasOther) nextEviction_ = kernel_.now() + sim::fromSeconds(1 / rate);
                add.push_back(Value::object(
                    {{"key", wanted}, {"effect", "NoExecute"}, {"timeAdded", now()}}));
            }
            if (hasOther) drop.push_back(other);
        }
        if (add.empty() && drop.empty()) continue;
        auto swapped = co_await swapTaints(node, std::move(add), std::move(drop), "NoExecute");
        (void)swapped; // tried again in the next round
    }
}

} // namespace controllers
