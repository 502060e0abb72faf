#include "api/objects/pod.h"
#include "api/status.h"
#include "base/strings.h"
#include "controllers/statefulset/controller.h"

#include <algorithm>

namespace controllers {

using document::Value;

namespace {
const OwnerKind kStatefulSet{"apps/v1", "StatefulSet", client::statefulSetsResource()};

Value ownerEntry(const Value& object, const char* apiVersion, const char* kind) {
    return Value::object({{"apiVersion", apiVersion},
                          {"kind", kind},
                          {"name", object.at("metadata", "name")},
                          {"uid", object.at("metadata", "uid")}});
}

Value withoutOwner(const Value& claim, std::string_view uid) {
    document::ArrayBuilder kept;
    for (const Value& owner : claim.at("metadata", "ownerReferences").items())
        if (owner["uid"].asString() != uid) kept.push(owner);
    if (kept.size() == 0) return claim.withoutPath({"metadata", "ownerReferences"});
    return claim.withPath({"metadata", "ownerReferences"}, std::move(kept).build());
}

bool hasOwner(const Value& claim, std::string_view uid) {
    for (const Value& owner : claim.at("metadata", "ownerReferences").items())
        if (owner["uid"].asString() == uid) return true;
    return false;
}
} // namespace

void StatefulSetController::podEvent(const Value& set, const Value& pod, const char* verb,
                                     const base::Status& result) {
    const std::string what =
        std::string(verb) + " Pod " + api::nameOf(pod) + " in StatefulSet " + api::nameOf(set);
    if (result.ok())
        recorder_.normal(set, std::string("Successful") + verb, what + " successful");
    else
        recorder_.warning(set, std::string("Failed") + verb,
                          what + " failed error: " + result.error().message);
}

sim::Task<base::Status> StatefulSetController::createPod(Value set, Value pod) {
    auto claims = co_await createClaims(set, pod);
    if (!claims.ok()) {
        podEvent(set, pod, "Create", claims);
        co_return claims;
    }
    auto made = co_await client_.create(client::podsResource(), api::namespaceOf(set), pod);
    if (!made.ok() && api::isAlreadyExists(made.error())) co_return made.error();
    base::Status result = made.ok() ? base::okStatus() : base::Status(made.error());
    podEvent(set, pod, "Create", result);
    if (made.ok()) pods_.put(*made);
    if (!made.ok() && hasStatusCause(made.error(), "NamespaceTerminating"))
        co_return base::okStatus();
    co_return result;
}

sim::Task<base::Status> StatefulSetController::deletePod(Value set, Value pod) {
    auto removed =
        co_await client_.remove(client::podsResource(), api::namespaceOf(pod), api::nameOf(pod));
    base::Status result = removed.ok() || api::isNotFound(removed.error())
                              ? base::okStatus()
                              : base::Status(removed.error());
    podEvent(set, pod, "Delete", result);
    co_return result;
}

sim::Task<base::Status> StatefulSetController::createClaims(Value set, Value pod) {
    const std::string ns = api::namespaceOf(set);
    for (const Value& item : set.at("spec", "volumeClaimTemplates").items()) {
        const std::string name = api::nameOf(item) + "-" + api::nameOf(pod);
        const Value existing = claims_.get(ns + "/" + name);
        if (!existing.isNull()) {
            if (api::isDeleting(existing))
                co_return base::makeError("pvc " + name + " is being deleted");
            continue;
        }
        document::ObjectBuilder metadata;
        metadata.set("name", name).set("namespace", ns);
        document::ObjectBuilder labels(item.at("metadata", "labels"));
        for (const document::Member& member : set.at("spec", "selector", "matchLabels").members())
            labels.set(member.key, member.value);
        metadata.setUnlessEmpty("labels", std::move(labels).build());
        metadata.setUnlessEmpty("annotations", item.at("metadata", "annotations"));
        const Value claim = Value::object({{"apiVersion", "v1"},
                                           {"kind", "PersistentVolumeClaim"},
                                           {"metadata", std::move(metadata).build()},
                                           {"spec", item["spec"]}});
        auto made = co_await client_.create(client::persistentVolumeClaimsResource(), ns, claim);
        if (!made.ok() && !api::isAlreadyExists(made.error())) {
            recorder_.warning(set, "FailedCreate",
                              "Create Claim " + name + " Pod " + api::nameOf(pod) +
                                  " in StatefulSet " + api::nameOf(set) +
                                  " failed error: " + made.error().message);
            co_return made.error();
        }
        if (made.ok()) {
            claims_.put(*made);
            recorder_.normal(set, "SuccessfulCreate",
                             "Create Claim " + name + " Pod " + api::nameOf(pod) +
                                 " in StatefulSet " + api::nameOf(set) + " success");
        }
    }
    co_return base::okStatus();
}

// Owner references of the claims as persistentVolumeClaimRetentionPolicy wants them.
sim::Task<base::Status> StatefulSetController::keepClaims(Value set, Value pod) {
    if (set.at("spec", "volumeClaimTemplates").size() == 0) co_return base::okStatus();
    const Value& policy = set.at("spec", "persistentVolumeClaimRetentionPolicy");
    const bool onDelete = policy["whenDeleted"].asString() == "Delete",
               onScale = policy["whenScaled"].asString() == "Delete";
    const std::int64_t start = set.at("spec", "ordinals", "start").asInt();
    const std::int64_t ordinal =
        base::parseInt(std::string_view(api::nameOf(pod)).substr(api::nameOf(set).size() + 1))
            .value_or(-1);
    const bool condemned =
        ordinal < start || ordinal >= start + set.at("spec", "replicas").asInt(1);
    const bool wantSet = onDelete && !(onScale && condemned), wantPod = onScale && condemned;
    const std::string ns = api::namespaceOf(set);
    for (const Value& item : set.at("spec", "volumeClaimTemplates").items()) {
        const Value claim = claims_.get(ns + "/" + api::nameOf(item) + "-" + api::nameOf(pod));
        if (claim.isNull()) continue;
        Value next = claim;
        if (wantSet != hasOwner(next, api::uidView(set))) {
            next = withoutOwner(next, api::uidView(set));
            if (wantSet) {
                Value owner =
                    api::controllerReference(set, kStatefulSet.apiVersion, kStatefulSet.kind);
                Value list = next.at("metadata", "ownerReferences").appended(std::move(owner));
                next = next.withPath({"metadata", "ownerReferences"}, std::move(list));
            }
        }
        if (wantPod != hasOwner(next, api::uidView(pod))) {
            next = withoutOwner(next, api::uidView(pod));
            if (wantPod) {
                Value list =
                    next.at("metadata", "ownerReferences").appended(ownerEntry(pod, "v1", "Pod"));
                next = next.withPath({"metadata", "ownerReferences"}, std::move(list));
            }
        }
        if (next == claim) continue;
        auto written = co_await client_.update(client::persistentVolumeClaimsResource(), ns, next);
        if (!written.ok()) co_return written.error();
        claims_.put(*written);
    }
    co_return base::okStatus();
}

sim::Task<base::Status> StatefulSetController::writeStatus(PicturePtr picture) {
    const Value& set = picture->set;
    std::int64_t replicas = 0, ready = 0, usable = 0, current = 0, updated = 0;
    const std::string currentName = api::nameOf(picture->current),
                      updateName = api::nameOf(picture->update);
    // The cache may know more by now than when the sync began.
    for (const Value& pod : pods_.ownedBy(api::uidView(set))) {
        ++replicas;
        if (api::podPhase(pod) == "Running" && api::podReady(pod)) ++ready;
        if (available(set, pod)) ++usable;
        if (api::isDeleting(pod)) continue;
        const std::string_view revision = api::labelOf(pod, "controller-revision-hash");
        if (revision == currentName) ++current;
        if (revision == updateName) ++updated;
    }
    std::string shownCurrent = currentName;
    const std::int64_t wanted = set.at("spec", "replicas").asInt(1);
    const bool rolling =
        set.at("spec", "updateStrategy", "type").asString("RollingUpdate") == "RollingUpdate";
    if (rolling && updated == replicas && replicas == wanted && ready == replicas) {
        shownCurrent = updateName;
        current = updated;
    }
    document::ObjectBuilder out;
    out.setUnlessEmpty("observedGeneration", api::generationOf(set)).set("replicas", replicas);
    out.setUnlessEmpty("readyReplicas", ready).setUnlessEmpty("currentReplicas", current);
    out.setUnlessEmpty("updatedReplicas", updated)
        .setUnlessEmpty("currentRevision", Value(shownCurrent));
    out.setUnlessEmpty("updateRevision", Value(updateName))
        .set("collisionCount", picture->collisions);
    out.setUnlessEmpty("conditions", set.at("status", "conditions"));
    out.set("availableReplicas", usable);
    Value status = std::move(out).build();
    if (status == set["status"]) co_return base::okStatus();
    Value changed = set.with("status", std::move(status));
    auto written = co_await client_.update(client::statefulSetsResource(), api::namespaceOf(set),
                                           std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
