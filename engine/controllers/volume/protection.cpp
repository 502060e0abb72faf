#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "api/quantity.h"
#include "api/status.h"
#include "controllers/volume/binder.h"

namespace controllers {

using client::objectKey;
using document::Value;

namespace {
constexpr const char* kClaimFinalizer = "kubernetes.io/pvc-protection";
constexpr const char* kVolumeFinalizer = "kubernetes.io/pv-protection";
constexpr const char* kClassFinalizer = "kubernetes.io/vac-protection";

client::Resource attributesClasses() { return {"storage.k8s.io", "v1", "volumeattributesclasses"}; }

// Source: getPVCReferencedVACNames, getPVReferencedVACNames.
std::vector<std::string> namedClasses(const Value& object) {
    std::vector<std::string> out;
    for (const Value& name : {object.at("spec", "volumeAttributesClassName"), object.at("status", "currentVolumeAttributesClassName"),
                              object.at("status", "modifyVolumeStatus", "targetVolumeAttributesClassName")})
        if (!name.asString().empty()) out.push_back(name.text());
    return out;
}
} // namespace

ClaimProtectionController::ClaimProtectionController(Context context)
    : QueueController(context, "persistentvolumeclaim-protection-controller", 1),
      claims_(use(client::persistentVolumeClaimsResource())), pods_(use(client::podsResource())) {
    claims_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() &&
            (api::isDeleting(current) || !api::hasFinalizer(current, kClaimFinalizer)))
            queue_.add(objectKey(current));
    });
    pods_.onChange([this](const Value& previous, const Value& current) {
        // Only the end of a pod can free a claim.
        if (!current.isNull() && !api::podFinished(current)) return;
        const Value& pod = current.isNull() ? previous : current;
        for (const api::PodClaim& item : api::claimsOf(pod))
            queue_.add(api::namespaceOf(pod) + "/" + item.name);
    });
}

bool ClaimProtectionController::inUse(const Value& claim) const {
    for (const Value& pod : pods_.inNamespace(api::namespaceOf(claim))) {
        if (api::podNode(pod).empty() || api::podFinished(pod)) continue;
        for (const api::PodClaim& item : api::claimsOf(pod))
            if (item.name == api::nameOf(claim)) return true;
    }
    return false;
}

sim::Task<base::Status> ClaimProtectionController::sync(std::string key) {
    const Value claim = claims_.get(key);
    if (claim.isNull()) co_return base::okStatus();
    const bool has = api::hasFinalizer(claim, kClaimFinalizer);
    Value next = claim;
    if (api::isDeleting(claim) && has && !inUse(claim))
        next = api::withoutFinalizer(claim, kClaimFinalizer);
    else if (!api::isDeleting(claim) && !has)
        next = api::withFinalizer(claim, kClaimFinalizer);
    else
        co_return base::okStatus();
    auto written = co_await client_.update(client::persistentVolumeClaimsResource(),
                                           api::namespaceOf(claim), next);
    if (!written.ok() && !api::isNotFound(written.error())) co_return written.error();
    co_return base::okStatus();
}

VolumeProtectionController::VolumeProtectionController(Context context)
    : QueueController(context, "persistentvolume-protection-controller", 1),
      volumes_(use(client::persistentVolumesResource())) {
    volumes_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull() &&
            (api::isDeleting(current) || !api::hasFinalizer(current, kVolumeFinalizer)))
            queue_.add(objectKey(current));
    });
}

sim::Task<base::Status> VolumeProtectionController::sync(std::string key) {
    const Value volume = volumes_.get(key);
    if (volume.isNull()) co_return base::okStatus();
    const bool has = api::hasFinalizer(volume, kVolumeFinalizer);
    Value next = volume;
    if (api::isDeleting(volume) && has && volume.at("status", "phase").asString() != "Bound")
        next = api::withoutFinalizer(volume, kVolumeFinalizer);
    else if (!api::isDeleting(volume) && !has)
        next = api::withFinalizer(volume, kVolumeFinalizer);
    else
        co_return base::okStatus();
    auto written = co_await client_.update(client::persistentVolumesResource(), "", next);
    if (!written.ok() && !api::isNotFound(written.error())) co_return written.error();
    co_return base::okStatus();
}

VolumeExpandController::VolumeExpandController(Context context)
    : QueueController(context, "volume_expand"),
      claims_(use(client::persistentVolumeClaimsResource())),
      volumes_(use(client::persistentVolumesResource())) {
    claims_.onChange([this](const Value& previous, const Value& current) {
        if (previous.isNull() || current.isNull()) return;
        const auto size = [](const Value& claim) {
            return api::Quantity::of(
                claim.at("spec", "resources", "requests", "storage").asString());
        };
        if (size(current) > size(previous)) queue_.add(objectKey(current));
    });
}

sim::Task<base::Status> VolumeExpandController::sync(std::string key) {
    const Value claim = claims_.get(key);
    const Value volume = volumes_.get(claim.at("spec", "volumeName").asString());
    if (claim.isNull() || !(volume.at("spec", "claimRef", "uid") == claim.at("metadata", "uid")))
        co_return base::okStatus();
    if (api::Quantity::of(claim.at("spec", "resources", "requests", "storage").asString()) <=
        api::Quantity::of(claim.at("status", "capacity", "storage").asString()))
        co_return base::okStatus();
    recorder_.normal(claim, "ExternalExpanding",
                     "waiting for an external controller to expand this PVC");
    co_return base::okStatus();
}

EphemeralVolumeController::EphemeralVolumeController(Context context)
    : QueueController(context, "ephemeral_volume"), pods_(use(client::podsResource())),
      claims_(use(client::persistentVolumeClaimsResource())) {
    pods_.onChange([this](const Value& previous, const Value& current) {
        if (!previous.isNull() || current.isNull() || api::isDeleting(current)) return;
        for (const api::PodClaim& item : api::claimsOf(current))
            if (item.ephemeral) {
                queue_.add(objectKey(current));
                return;
            }
    });
}

sim::Task<base::Status> EphemeralVolumeController::sync(std::string key) {
    const Value pod = pods_.get(key);
    if (pod.isNull() || api::isDeleting(pod)) co_return base::okStatus();
    const std::string ns = api::namespaceOf(pod);
    for (const Value& volume : pod.at("spec", "volumes").items()) {
        const Value& source = volume.at("ephemeral", "volumeClaimTemplate");
        if (source.isNull()) continue;
        const std::string name = api::nameOf(pod) + "-" + volume["name"].text();
        const Value existing = claims_.get(ns + "/" + name);
        if (!existing.isNull()) {
            if (!api::isControlledBy(existing, pod))
                co_return base::makeError("PVC " + ns + "/" + name + " was not created for pod " +
                                          key + " (pod is not owner)");
            continue;
        }
        document::ObjectBuilder metadata;
        metadata.set("name", name).set("namespace", ns);
        metadata.setUnlessEmpty("labels", source.at("metadata", "labels"));
        metadata.setUnlessEmpty("annotations", source.at("metadata", "annotations"));
        const Value owner = api::controllerReference(pod, "v1", "Pod");
        metadata.set("ownerReferences", Value::array({owner}));
        const Value claim = Value::object({{"apiVersion", "v1"},
                                           {"kind", "PersistentVolumeClaim"},
                                           {"metadata", std::move(metadata).build()},
                                           {"spec", source["spec"]}});
        auto created = co_await client_.create(client::persistentVolumeClaimsResource(), ns, claim);
        if (!created.ok() && !api::isAlreadyExists(created.error())) {
            recorder_.warning(pod, "FailedCreate",
                              "ephemeral volume: create PVC " + ns + "/" + name + ": " +
                                  created.error().message);
            co_return created.error();
        }
    }
    co_return base::okStatus();
}

AttributesClassProtectionController::AttributesClassProtectionController(Context context)
    : QueueController(context, "volumeattributesclass-protection-controller", 1), classes_(use(attributesClasses())),
      claims_(use(client::persistentVolumeClaimsResource())), volumes_(use(client::persistentVolumesResource())) {
    classes_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) queue_.add(api::nameOf(current));
    });
    for (client::Informer* users : {&claims_, &volumes_})
        users->onChange([this](const Value& previous, const Value& current) {
            for (const std::string& name : namedClasses(previous))
                if (current.isNull() || namedClasses(current) != namedClasses(previous)) queue_.add(name);
        });
}

sim::Task<base::Status> AttributesClassProtectionController::sync(std::string key) {
    const Value object = classes_.get(key);
    if (object.isNull()) co_return base::okStatus();
    const bool has = api::hasFinalizer(object, kClassFinalizer);
    bool used = false;
    for (const client::Informer* users : {&claims_, &volumes_})
        for (const auto& [name, user] : users->items())
            for (const std::string& named : namedClasses(user)) used = used || named == key;
    Value next = object;
    if (api::isDeleting(object) && has && !used) next = api::withoutFinalizer(object, kClassFinalizer);
    else if (!api::isDeleting(object) && !has) next = api::withFinalizer(object, kClassFinalizer);
    else co_return base::okStatus();
    auto written = co_await client_.update(attributesClasses(), "", next);
    if (!written.ok() && !api::isNotFound(written.error())) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
