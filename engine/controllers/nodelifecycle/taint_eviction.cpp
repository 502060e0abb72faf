#include "api/objects/pod.h"
#include "api/objects/pod_patch.h"
#include "api/status.h"
#include "controllers/nodelifecycle/controller.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

std::vector<Value> noExecuteTaints(const Value& node) {
    std::vector<Value> out;
    for (const Value& taint : node.at("spec", "taints").items())
        if (taint["effect"].asString() == "NoExecute") out.push_back(taint);
    return out;
}

} // namespace

TaintEvictionController::TaintEvictionController(Context context)
    : QueueController(context, "taint-eviction-controller", 8),
      nodes_(use(client::nodesResource())), pods_(use(client::podsResource())) {
    pods_.onChange([this](const Value& previous, const Value& current) {
        const Value& pod = current.isNull() ? previous : current;
        const std::string key = objectKey(pod), node(api::podNode(pod));
        if (current.isNull()) {
            byNode_[node].erase(key);
            cancel(key);
            return;
        }
        if (node.empty()) return;
        const bool fresh = byNode_[node].insert(key).second;
        if (fresh || !(previous.at("spec", "tolerations") == current.at("spec", "tolerations")))
            queue_.add(key);
    });
    nodes_.onChange([this](const Value& previous, const Value& current) {
        const Value& node = current.isNull() ? previous : current;
        if (noExecuteTaints(previous).empty() && noExecuteTaints(current).empty()) return;
        if (previous.at("spec", "taints") == current.at("spec", "taints")) return;
        for (const std::string& key : byNode_[api::nameOf(node)]) queue_.add(key);
    });
}

sim::Task<base::Status> TaintEvictionController::sync(std::string key) {
    if (key[0] == '!') co_return co_await evict(key.substr(1));
    const Value pod = pods_.get(key);
    if (!pod.isNull()) examine(pod);
    co_return base::okStatus();
}

void TaintEvictionController::event(const std::string& key, const char* what) {
    const api::ObjectKey parts = api::splitKey(key);
    recorder_.record(
        Value::object(
            {{"kind", "Pod"}, {"namespace", parts.ns}, {"name", parts.name}, {"apiVersion", "v1"}}),
        "Normal", "TaintManagerEviction", std::string(what) + " Pod " + key);
}

void TaintEvictionController::cancel(const std::string& key) {
    if (evictions_.erase(key) > 0 && !pods_.get(key).isNull() && !api::isDeleting(pods_.get(key)))
        event(key, "Cancelling deletion of");
}

void TaintEvictionController::examine(const Value& pod) {
    const std::string key = objectKey(pod);
    const std::vector<Value> taints = noExecuteTaints(nodes_.get(api::podNode(pod)));
    if (taints.empty()) {
        cancel(key);
        return;
    }
    // The smallest tolerationSeconds of the tolerations in use; none set: for ever.
    std::int64_t seconds = INT64_MAX;
    for (const Value& taint : taints) {
        bool tolerated = false;
        for (const Value& toleration : pod.at("spec", "tolerations").items()) {
            if (!api::tolerationMatches(toleration, taint)) continue;
            tolerated = true;
            const Value& limit = toleration["tolerationSeconds"];
            if (limit.isInt())
                seconds = std::min(seconds, std::max<std::int64_t>(0, limit.asInt()));
            break;
        }
        if (!tolerated) seconds = 0;
    }
    const sim::Time nowTime = kernel_.now();
    if (seconds == INT64_MAX) {
        cancel(key);
        return;
    }
    sim::Time created = nowTime;
    if (const auto place = evictions_.find(key); place != evictions_.end()) {
        created = place->second.created;
        if (created + seconds * sim::kSecond < place->second.due || seconds == 0)
            cancel(key);
        else
            return;
    }
    Eviction& eviction = evictions_[key];
    eviction.created = created;
    eviction.due = created + seconds * sim::kSecond;
    eviction.uid = api::uidOf(pod);
    queue_.addAfter("!" + key, eviction.due - nowTime);
}

sim::Task<base::Status> TaintEvictionController::evict(std::string key) {
    const auto place = evictions_.find(key);
    if (place == evictions_.end()) co_return base::okStatus();
    if (place->second.due > kernel_.now()) {
        queue_.addAfter("!" + key, place->second.due - kernel_.now());
        co_return base::okStatus();
    }
    const std::string uid = place->second.uid;
    const Value pod = pods_.get(key);
    if (pod.isNull() || api::uidView(pod) != uid || api::isDeleting(pod)) {
        evictions_.erase(key);
        co_return base::okStatus();
    }
    event(key, "Marking for deletion");
    Value condition = Value::object({{"type", "DisruptionTarget"},
                                     {"status", "True"},
                                     {"observedGeneration", api::generationOf(pod)},
                                     {"reason", "DeletionByTaintManager"},
                                     {"message", "Taint manager: deleting due to NoExecute taint"},
                                     {"lastTransitionTime", now()}});
    const Value status = api::conditionPatch(pod, condition);
    const Value patch = Value::object({{"status", status}});
    const api::ObjectKey parts = api::splitKey(key);
    auto patched =
        co_await client_.patch(client::podsResource(), parts.ns, parts.name,
                               "application/strategic-merge-patch+json", patch, "status");
    if (!patched.ok() && !api::isNotFound(patched.error())) co_return patched.error();
    auto removed = co_await client_.remove(client::podsResource(), parts.ns, parts.name);
    if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
    evictions_.erase(key);
    co_return base::okStatus();
}

} // namespace controllers
