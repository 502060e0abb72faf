#include "controllers/replicaset/controller.h"

#include "api/objects/pod.h"
#include "api/status.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {
constexpr int kBurstReplicas = 500;
constexpr int kStatusRetries = 1;
} // namespace

std::unique_ptr<ReplicaSetController> ReplicaSetController::forReplicaSets(Context context) {
    return std::unique_ptr<ReplicaSetController>(new ReplicaSetController(
        context, "replicaset-controller",
        OwnerKind{"apps/v1", "ReplicaSet", client::replicaSetsResource()}));
}

std::unique_ptr<ReplicaSetController>
ReplicaSetController::forReplicationControllers(Context context) {
    return std::unique_ptr<ReplicaSetController>(new ReplicaSetController(
        context, "replication-controller",
        OwnerKind{"v1", "ReplicationController", client::replicationControllersResource()}));
}

ReplicaSetController::ReplicaSetController(Context context, std::string component, OwnerKind kind)
    : QueueController(context, std::move(component)), kind_(kind), sets_(use(kind.resource)),
      pods_(use(client::podsResource())), orphans_(pods_), expectations_(context.kernel),
      podControl_(client_, recorder_) {
    sets_.onChange([this](const Value& previous, const Value& current) {
        const Value& set = current.isNull() ? previous : current;
        if (current.isNull() ||
            (!previous.isNull() && api::uidView(previous) != api::uidView(current)))
            expectations_.forget(objectKey(set));
        queue_.add(objectKey(set));
    });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
}

api::LabelSelector ReplicaSetController::selectorOf(const Value& set) const {
    if (!terminatingCounted()) return api::LabelSelector::fromMap(set.at("spec", "selector"));
    auto selector = api::LabelSelector::fromObject(set.at("spec", "selector"));
    return selector.ok() ? std::move(*selector) : api::LabelSelector::nothing();
}

// The set that controls a pod; null when it is another kind's or an older incarnation's.
const Value& ReplicaSetController::ownerOf(const Value& pod) const {
    static const Value kNone;
    const Value& owner = api::controllerOf(pod);
    if (owner["kind"].asString() != kind_.kind) return kNone;
    const Value& set = sets_.get(api::namespaceOf(pod) + "/" + owner["name"].text());
    return api::uidView(set) == owner["uid"].asString() ? set : kNone;
}

void ReplicaSetController::onPod(const Value& previous, const Value& current) {
    if (!previous.isNull() && !current.isNull()) {
        onPodUpdate(previous, current);
        return;
    }
    const Value& pod = current.isNull() ? previous : current;
    const Value& set = ownerOf(pod);
    if (current.isNull() || api::isDeleting(current)) {
        if (set.isNull()) return;
        expectations_.deletionObserved(objectKey(set), objectKey(pod));
        queue_.add(objectKey(set));
        return;
    }
    if (!set.isNull()) {
        expectations_.creationObserved(objectKey(set));
        queue_.add(objectKey(set));
        return;
    }
    if (!api::controllerOf(pod).isNull()) return;
    for (const Value& candidate : sets_.inNamespace(api::namespaceOf(pod)))
        if (selectorOf(candidate).matches(api::labelsOf(pod))) queue_.add(objectKey(candidate));
}

void ReplicaSetController::onPodUpdate(const Value& previous, const Value& current) {
    if (api::resourceVersionOf(previous) == api::resourceVersionOf(current)) return;
    const bool labelsChanged = !(api::labelsOf(previous) == api::labelsOf(current));
    const bool ownerChanged = !(api::controllerOf(previous) == api::controllerOf(current));
    if (ownerChanged && !ownerOf(previous).isNull()) queue_.add(objectKey(ownerOf(previous)));
    const Value& set = ownerOf(current);
    if (!set.isNull()) {
        const std::string key = objectKey(set);
        if (api::isDeleting(current)) expectations_.deletionObserved(key, objectKey(current));
        queue_.add(key);
        // It becomes available later, without another change of the pod.
        const std::int64_t wait = set.at("spec", "minReadySeconds").asInt();
        if (!api::podReady(previous) && api::podReady(current) && wait > 0)
            queue_.addAfter(key, wait * sim::kSecond + sim::kSecond);
        return;
    }
    if (!api::controllerOf(current).isNull() || (!labelsChanged && !ownerChanged)) return;
    for (const Value& candidate : sets_.inNamespace(api::namespaceOf(current)))
        if (selectorOf(candidate).matches(api::labelsOf(current))) queue_.add(objectKey(candidate));
}

sim::Task<base::Status> ReplicaSetController::sync(std::string key) {
    const Value set = sets_.get(key);
    if (set.isNull()) {
        expectations_.forget(key);
        co_return base::okStatus();
    }
    const bool needsSync = expectations_.satisfied(key);
    const api::LabelSelector selector = selectorOf(set);
    std::vector<Value> candidates;
    std::size_t terminating = 0;
    for (const Value& pod : pods_.ownedBy(api::uidView(set))) {
        if (api::podActive(pod))
            candidates.push_back(pod);
        else if (api::podTerminating(pod) && selector.matches(api::labelsOf(pod)))
            ++terminating;
    }
    for (const Value& pod : orphans_.inNamespace(api::namespaceOf(set)))
        if (api::podActive(pod) && selector.matches(api::labelsOf(pod))) candidates.push_back(pod);
    auto active = co_await claim(client_, set, kind_, client::podsResource(), selector,
                                 std::move(candidates));
    if (!active.ok()) co_return active.error();

    base::Status managed = base::okStatus();
    if (needsSync && !api::isDeleting(set)) managed = co_await manage(set, *active);
    Value status = calculateStatus(set, *active, terminating, managed);
    auto written = co_await writeStatus(set, std::move(status));
    if (!written.ok()) co_return written.error();
    if (!managed.ok()) co_return managed;
    const std::int64_t minReady = set.at("spec", "minReadySeconds").asInt();
    if (minReady > 0 && written->at("status", "readyReplicas").asInt() !=
                            written->at("status", "availableReplicas").asInt()) {
        const sim::Duration next = nextAvailability(*active, minReady, kernel_.unixNow());
        queue_.addAfter(key, next > 0 ? next : minReady * sim::kSecond);
    }
    co_return base::okStatus();
}

sim::Task<base::Status> ReplicaSetController::manage(Value set, std::vector<Value> active) {
    const int difference =
        static_cast<int>(active.size()) - static_cast<int>(set.at("spec", "replicas").asInt(1));
    if (difference < 0) co_return co_await scaleUp(set, std::min(-difference, kBurstReplicas));
    if (difference > 0)
        co_return co_await scaleDown(set, std::move(active), std::min(difference, kBurstReplicas));
    co_return base::okStatus();
}

sim::Task<base::Status> ReplicaSetController::createOne(ReplicaSetController* self, Value set,
                                                        Value pod) {
    auto created = co_await self->podControl_.create(set, self->kind_, pod);
    // Pods of a namespace that goes away are not tried again.
    if (!created.ok() && !hasStatusCause(created.error(), "NamespaceTerminating"))
        co_return created.error();
    co_return base::okStatus();
}

// Batches of 1, 2, 4 ...: a first failure stops the rest.
sim::Task<base::Status> ReplicaSetController::scaleUp(Value set, int count) {
    const std::string key = objectKey(set);
    expectations_.expectCreations(key, count);
    const Value pod = podFromTemplate(set.at("spec", "template"), set, kind_);
    int remaining = count, succeeded = 0;
    base::Status outcome = base::okStatus();
    for (int batch = 1; remaining > 0 && outcome.ok(); batch *= 2) {
        batch = std::min(batch, remaining);
        std::vector<sim::Task<base::Status>> tasks;
        for (int i = 0; i < batch; ++i) tasks.push_back(createOne(this, set, pod));
        const std::vector<base::Status> results = co_await runAll(kernel_, std::move(tasks));
        for (const base::Status& result : results) succeeded += result.ok() ? 1 : 0;
        outcome = firstError(results);
        remaining -= batch;
    }
    if (count > succeeded) expectations_.creationObserved(key, count - succeeded);
    co_return outcome;
}

sim::Task<base::Status> ReplicaSetController::removeOne(ReplicaSetController* self, Value set,
                                                        Value pod) {
    auto removed = co_await self->podControl_.remove(set, api::namespaceOf(pod), api::nameOf(pod));
    if (removed.ok()) co_return removed;
    self->expectations_.deletionObserved(objectKey(set), objectKey(pod));
    if (api::isNotFound(removed.error())) co_return base::okStatus();
    co_return removed;
}

sim::Task<base::Status> ReplicaSetController::scaleDown(Value set, std::vector<Value> active,
                                                        int count) {
    std::vector<Value> related;
    const Value& top = api::controllerOf(set);
    std::vector<Value> siblings;
    if (top.isNull())
        siblings.push_back(set);
    else
        siblings = sets_.ownedBy(top["uid"].asString());
    for (const Value& sibling : siblings)
        for (Value& pod : pods_.ownedBy(api::uidView(sibling))) related.push_back(std::move(pod));
    if (count < static_cast<int>(active.size()))
        sortForDeletion(active, related, kernel_.unixNow());
    active.resize(static_cast<std::size_t>(count));
    std::vector<std::string> keys;
    for (const Value& pod : active) keys.push_back(objectKey(pod));
    expectations_.expectDeletions(objectKey(set), keys);
    std::vector<sim::Task<base::Status>> tasks;
    for (const Value& pod : active) tasks.push_back(removeOne(this, set, pod));
    const std::vector<base::Status> results = co_await runAll(kernel_, std::move(tasks));
    co_return firstError(results);
}

Value ReplicaSetController::calculateStatus(const Value& set, const std::vector<Value>& active,
                                            std::size_t terminating,
                                            const base::Status& managed) const {
    const api::LabelSelector labels =
        api::LabelSelector::fromMap(set.at("spec", "template", "metadata", "labels").isNull()
                                        ? Value::object()
                                        : set.at("spec", "template", "metadata", "labels"));
    const std::int64_t minReady = set.at("spec", "minReadySeconds").asInt();
    std::int64_t labelled = 0, ready = 0, available = 0;
    for (const Value& pod : active) {
        if (labels.matches(api::labelsOf(pod))) ++labelled;
        if (!api::podReady(pod)) continue;
        ++ready;
        if (api::podAvailable(pod, minReady, kernel_.unixNow())) ++available;
    }
    Value conditions = set.at("status", "conditions");
    const bool failing = !api::conditionIn(conditions, "ReplicaFailure").isNull();
    if (!managed.ok() && !failing) {
        const bool few =
            static_cast<std::int64_t>(active.size()) < set.at("spec", "replicas").asInt(1);
        conditions =
            conditions.appended(Value::object({{"type", "ReplicaFailure"},
                                               {"status", "True"},
                                               {"lastTransitionTime", now()},
                                               {"reason", few ? "FailedCreate" : "FailedDelete"},
                                               {"message", managed.error().message}}));
    } else if (managed.ok() && failing) {
        conditions = api::withoutCondition(conditions, "ReplicaFailure");
    }
    document::ObjectBuilder out;
    out.set("replicas", static_cast<std::int64_t>(active.size()));
    out.setUnlessEmpty("fullyLabeledReplicas", labelled).setUnlessEmpty("readyReplicas", ready);
    out.setUnlessEmpty("availableReplicas", available);
    if (terminatingCounted())
        out.set("terminatingReplicas", static_cast<std::int64_t>(terminating));
    out.setUnlessEmpty("observedGeneration", api::generationOf(set));
    out.setUnlessEmpty("conditions", conditions);
    return std::move(out).build();
}

sim::Task<base::Result<Value>> ReplicaSetController::writeStatus(Value set, Value status) {
    if (set["status"] == status) co_return set;
    for (int tries = 0;; ++tries) {
        auto written = co_await client_.update(kind_.resource, api::namespaceOf(set),
                                               set.with("status", status), "status");
        if (written.ok() || tries >= kStatusRetries) co_return written;
        auto fresh = co_await client_.get(kind_.resource, api::namespaceOf(set), api::nameOf(set));
        if (!fresh.ok()) co_return fresh;
        set = *fresh;
    }
}

} // namespace controllers
