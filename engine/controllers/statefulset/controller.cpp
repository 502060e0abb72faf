#include "controllers/statefulset/controller.h"

#include "api/objects/pod.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/support/template_hash.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

const OwnerKind kStatefulSet{"apps/v1", "StatefulSet", client::statefulSetsResource()};
constexpr const char* kRevisionLabel = "controller-revision-hash";
constexpr const char* kNameLabel = "statefulset.kubernetes.io/pod-name";
constexpr const char* kIndexLabel = "apps.kubernetes.io/pod-index";

bool created(const Value& pod) { return !api::uidView(pod).empty(); }
bool healthy(const Value& pod) { return created(pod) && !api::isDeleting(pod); }
bool runningAndReady(const Value& pod) {
    return api::podPhase(pod) == "Running" && api::podReady(pod);
}

// -1 for a pod whose name is not one of the set's.
std::int64_t ordinalOf(const std::string& set, const Value& pod) {
    const std::string name = api::nameOf(pod);
    if (!name.starts_with(set + "-")) return -1;
    return base::parseInt(std::string_view(name).substr(set.size() + 1)).value_or(-1);
}

std::string claimName(const Value& claimTemplate, const std::string& pod) {
    return api::nameOf(claimTemplate) + "-" + pod;
}

std::string revisionOf(const Value& pod) { return std::string(api::labelOf(pod, kRevisionLabel)); }

bool parallel(const Value& set) {
    return set.at("spec", "podManagementPolicy").asString() == "Parallel";
}

std::string hashOfData(const Value&, const Value& data, std::int64_t collisions) {
    return revisionHash(data, collisions);
}

} // namespace

StatefulSetController::StatefulSetController(Context context)
    : QueueController(context, "statefulset-controller"),
      sets_(use(client::statefulSetsResource())), pods_(use(client::podsResource())),
      claims_(use(client::persistentVolumeClaimsResource())), orphans_(pods_),
      history_(client_, use(client::controllerRevisionsResource()), kStatefulSet,
               "controller.kubernetes.io/hash", hashOfData) {
    sets_.onChange([this](const Value& previous, const Value& current) {
        queue_.add(objectKey(current.isNull() ? previous : current));
    });
    pods_.onChange(
        [this](const Value& previous, const Value& current) { onPod(previous, current); });
}

void StatefulSetController::onPod(const Value& previous, const Value& current) {
    const Value& pod = current.isNull() ? previous : current;
    const Value& owner = api::controllerOf(pod);
    if (owner.isNull()) {
        if (current.isNull()) return;
        for (const Value& set : sets_.inNamespace(api::namespaceOf(pod))) {
            auto selector = api::LabelSelector::fromObject(set.at("spec", "selector"));
            if (selector.ok() && selector->matches(api::labelsOf(pod))) queue_.add(objectKey(set));
        }
        return;
    }
    if (owner["kind"].asString() != "StatefulSet") return;
    const std::string key = api::namespaceOf(pod) + "/" + owner["name"].text();
    const Value& set = sets_.get(key);
    if (api::uidView(set) != owner["uid"].asString()) return;
    queue_.add(key);
    const std::int64_t wait = set.at("spec", "minReadySeconds").asInt();
    if (!previous.isNull() && !current.isNull() && wait > 0 && !api::podReady(previous) &&
        api::podReady(current))
        queue_.addAfter(key, wait * sim::kSecond + sim::kSecond);
}

bool StatefulSetController::available(const Value& set, const Value& pod) const {
    return runningAndReady(pod) &&
           api::podAvailable(pod, set.at("spec", "minReadySeconds").asInt(), kernel_.unixNow());
}

sim::Task<base::Status> StatefulSetController::sync(std::string key) {
    const Value set = sets_.get(key);
    if (set.isNull()) co_return base::okStatus();
    auto selector = api::LabelSelector::fromObject(set.at("spec", "selector"));
    if (!selector.ok()) co_return base::okStatus();
    auto picture = std::make_shared<Picture>();
    picture->set = set;
    auto revisions = co_await history_.list(set);
    if (!revisions.ok()) co_return revisions.error();
    picture->revisions = *revisions;
    const std::string name = api::nameOf(set);
    std::vector<Value> candidates = pods_.ownedBy(api::uidView(set));
    for (const Value& pod : orphans_.inNamespace(api::namespaceOf(set)))
        if (ordinalOf(name, pod) >= 0 && selector->matches(api::labelsOf(pod)))
            candidates.push_back(pod);
    auto pods = co_await claim(client_, set, kStatefulSet, client::podsResource(), *selector,
                               std::move(candidates));
    if (!pods.ok()) co_return pods.error();
    picture->collisions = set.at("status", "collisionCount").asInt();
    auto update = co_await history_.current(set, *revisions, &picture->collisions);
    if (!update.ok()) co_return update.error();
    picture->update = *update;
    picture->current = *update;
    for (const Value& revision : *revisions)
        if (api::nameOf(revision) == set.at("status", "currentRevision").asString())
            picture->current = revision;
    const std::int64_t start = set.at("spec", "ordinals", "start").asInt();
    const std::int64_t count = set.at("spec", "replicas").asInt(1);
    picture->replicas.assign(static_cast<std::size_t>(count), Value());
    for (const Value& pod : *pods) {
        const std::int64_t ordinal = ordinalOf(name, pod);
        if (ordinal < 0) continue;
        if (ordinal >= start && ordinal < start + count)
            picture->replicas[static_cast<std::size_t>(ordinal - start)] = pod;
        else
            picture->condemned.push_back(pod);
    }
    for (std::int64_t i = 0; i < count; ++i) {
        Value& slot = picture->replicas[static_cast<std::size_t>(i)];
        if (slot.isNull()) slot = newPod(*picture, start + i);
    }
    std::sort(picture->condemned.begin(), picture->condemned.end(),
              [&name](const Value& a, const Value& b) {
                  return ordinalOf(name, a) > ordinalOf(name, b);
              });
    base::Status outcome = base::okStatus();
    if (!api::isDeleting(set)) outcome = co_await run(picture);
    auto written = co_await writeStatus(picture);
    if (!outcome.ok()) co_return outcome;
    if (!written.ok()) co_return written;
    std::vector<std::string> inUse{api::nameOf(picture->current), api::nameOf(picture->update)};
    for (const Value& pod : *pods) inUse.push_back(revisionOf(pod));
    co_return co_await history_.trim(set, *revisions, std::move(inUse));
}

// A pod of the current revision while a rollout has not reached its ordinal, else of the updated
// one.
Value StatefulSetController::newPod(const Picture& picture, std::int64_t ordinal) const {
    const Value& set = picture.set;
    const Value& rolling = set.at("spec", "updateStrategy", "rollingUpdate");
    const std::int64_t start = set.at("spec", "ordinals", "start").asInt();
    const bool rollingUpdate =
        set.at("spec", "updateStrategy", "type").asString("RollingUpdate") == "RollingUpdate";
    const bool old =
        rollingUpdate && (rolling.isNull() || !rolling.has("partition")
                              ? ordinal < start + set.at("status", "currentReplicas").asInt()
                              : ordinal < start + rolling["partition"].asInt());
    const Value& revision = old ? picture.current : picture.update;
    const Value podTemplate = revision.at("data", "spec", "template").without("$patch");
    const std::string name = api::nameOf(set) + "-" + std::to_string(ordinal);
    Value pod = podFromTemplate(podTemplate, set, kStatefulSet);
    pod = pod.withoutPath({"metadata", "generateName"}).withPath({"metadata", "name"}, name);
    pod = pod.withPath({"metadata", "generateName"}, api::nameOf(set) + "-");
    pod = pod.withPath({"metadata", "labels", kNameLabel}, name);
    pod = pod.withPath({"metadata", "labels", kIndexLabel}, std::to_string(ordinal));
    pod = pod.withPath({"metadata", "labels", kRevisionLabel}, api::nameOf(revision));
    pod = pod.withPath({"spec", "hostname"}, name);
    const Value& service = set.at("spec", "serviceName");
    if (!service.asString().empty()) pod = pod.withPath({"spec", "subdomain"}, service);
    document::ArrayBuilder volumes;
    const Value& templates = set.at("spec", "volumeClaimTemplates");
    for (const Value& item : templates.items()) {
        const Value source = Value::object({{"claimName", claimName(item, name)}});
        volumes.push(Value::object(
            {{"name", item.at("metadata", "name")}, {"persistentVolumeClaim", source}}));
    }
    for (const Value& volume : pod.at("spec", "volumes").items()) {
        const bool replaced =
            std::any_of(templates.items().begin(), templates.items().end(), [&](const Value& item) {
                return item.at("metadata", "name") == volume["name"];
            });
        if (!replaced) volumes.push(volume);
    }
    if (volumes.size() > 0) pod = pod.withPath({"spec", "volumes"}, std::move(volumes).build());
    return pod;
}

// Ordered sets stop at the first pod that is not ready; parallel ones look at all.
sim::Task<base::Status> StatefulSetController::run(PicturePtr picture) {
    const bool ordered = !parallel(picture->set);
    for (std::size_t i = 0; i < picture->replicas.size(); ++i) {
        auto stop = co_await processReplica(picture, i);
        if (!stop.ok()) co_return stop.error();
        if (*stop && ordered) co_return base::okStatus();
    }
    for (const Value& pod : picture->condemned) {
        auto kept = co_await keepClaims(picture->set, pod);
        if (!kept.ok()) co_return kept;
    }
    std::string firstUnhealthy;
    const auto consider = [&](const Value& pod) {
        if (firstUnhealthy.empty() && !(available(picture->set, pod) && !api::isDeleting(pod)))
            firstUnhealthy = api::nameOf(pod);
    };
    for (const Value& pod : picture->replicas) consider(pod);
    for (auto pod = picture->condemned.rbegin(); pod != picture->condemned.rend(); ++pod)
        consider(*pod);
    for (std::size_t i = 0; i < picture->condemned.size(); ++i) {
        auto stop = co_await processCondemned(picture, i, firstUnhealthy);
        if (!stop.ok()) co_return stop.error();
        if (*stop && ordered) co_return base::okStatus();
    }
    if (picture->set.at("spec", "updateStrategy", "type").asString() == "OnDelete")
        co_return base::okStatus();
    co_return co_await rollUpdate(picture);
}

// True: nothing later may be touched yet.
sim::Task<base::Result<bool>> StatefulSetController::processReplica(PicturePtr picture,
                                                                    std::size_t index) {
    const Value set = picture->set;
    Value pod = picture->replicas[index];
    const bool ordered = !parallel(set);
    if (created(pod) && api::podFinished(pod)) {
        if (!api::isDeleting(pod)) BASE_CO_CHECK(co_await deletePod(set, pod));
        co_return true;
    }
    if (!created(pod)) {
        BASE_CO_CHECK(co_await createPod(set, pod));
        co_return ordered;
    }
    if (api::podPhase(pod) == "Pending") BASE_CO_CHECK(co_await createClaims(set, pod));
    if (ordered && (api::isDeleting(pod) || !runningAndReady(pod) || !available(set, pod)))
        co_return true;
    BASE_CO_CHECK(co_await keepClaims(set, pod));
    co_return false;
}

sim::Task<base::Result<bool>> StatefulSetController::processCondemned(PicturePtr picture,
                                                                      std::size_t index,
                                                                      std::string firstUnhealthy) {
    const Value pod = picture->condemned[index];
    const bool ordered = !parallel(picture->set);
    if (api::isDeleting(pod)) co_return ordered;
    if (ordered && !available(picture->set, pod) && api::nameOf(pod) != firstUnhealthy)
        co_return true;
    BASE_CO_CHECK(co_await deletePod(picture->set, pod));
    co_return true;
}

// From the highest ordinal down to the partition, as many at a time as maxUnavailable allows.
sim::Task<base::Status> StatefulSetController::rollUpdate(PicturePtr picture) {
    const Value& set = picture->set;
    const Value& rolling = set.at("spec", "updateStrategy", "rollingUpdate");
    const std::int64_t lowest = rolling["partition"].asInt();
    const std::int64_t total = static_cast<std::int64_t>(picture->replicas.size());
    const std::int64_t allowed =
        std::max<std::int64_t>(1, scaledValue(rolling["maxUnavailable"], total, false, 1));
    std::int64_t unavailable = 0;
    if (allowed > 1)
        for (const Value& pod : picture->replicas)
            unavailable += healthy(pod) && available(set, pod) ? 0 : 1;
    for (std::int64_t i = total - 1; i >= lowest; --i) {
        const Value pod = picture->replicas[static_cast<std::size_t>(i)];
        const bool old = revisionOf(pod) != api::nameOf(picture->update);
        if (allowed > 1) {
            if (!old || api::isDeleting(pod)) continue;
            if (healthy(pod) && available(set, pod) && unavailable >= allowed)
                co_return base::okStatus();
            if (healthy(pod) && available(set, pod)) ++unavailable;
            BASE_CO_CHECK(co_await deletePod(set, pod));
            continue;
        }
        if (old && !api::isDeleting(pod)) co_return co_await deletePod(set, pod);
        if (!healthy(pod) || !available(set, pod)) co_return base::okStatus();
    }
    co_return base::okStatus();
}

} // namespace controllers
