#include "controllers/volume/binder.h"

#include "api/objects/pod.h"
#include "api/objects/volume.h"
#include "api/quantity.h"
#include "api/status.h"
#include "base/strings.h"

#include <algorithm>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

constexpr const char* kBindCompleted = "pv.kubernetes.io/bind-completed";
constexpr const char* kBoundByController = "pv.kubernetes.io/bound-by-controller";
constexpr const char* kSelectedNode = "volume.kubernetes.io/selected-node";
constexpr const char* kProvisionedBy = "pv.kubernetes.io/provisioned-by";
constexpr const char* kDefaultClass = "storageclass.kubernetes.io/is-default-class";

std::string claimKeyOf(const Value& reference) {
    return reference["namespace"].text() + "/" + reference["name"].text();
}

// Why a volume that a claim names cannot be its volume; empty: it can.
std::string mismatch(const Value& volume, const Value& claim) {
    if (api::isDeleting(volume))
        return "the volume is marked for deletion " + base::quoteGo(api::nameOf(volume));
    const api::Quantity size =
        api::Quantity::of(volume.at("spec", "capacity", "storage").asString());
    if (size < api::Quantity::of(claim.at("spec", "resources", "requests", "storage").asString()))
        return "requested PV is too small";
    if (api::volumeClass(volume) != api::claimClass(claim))
        return "storageClassName does not match";
    if (!(volume.at("spec", "volumeAttributesClassName") ==
          claim.at("spec", "volumeAttributesClassName")))
        return "volumeAttributesClassName does not match";
    if (volume.at("spec", "volumeMode").asString("Filesystem") !=
        claim.at("spec", "volumeMode").asString("Filesystem"))
        return "incompatible volumeMode";
    if (!api::accessModesSatisfied(claim, volume)) return "incompatible accessMode";
    return {};
}

} // namespace

PersistentVolumeBinder::PersistentVolumeBinder(Context context)
    : QueueController(context, "persistentvolume-controller", 1),
      volumes_(use(client::persistentVolumesResource())),
      claims_(use(client::persistentVolumeClaimsResource())),
      classes_(use(client::storageClassesResource())), pods_(use(client::podsResource())) {
    claims_.onChange([this](const Value& previous, const Value& current) {
        if (!current.isNull()) {
            if (!wroteThis(current)) queue_.add("c/" + objectKey(current));
            return;
        }
        const std::string volume = previous.at("spec", "volumeName").text();
        if (!volume.empty()) queue_.add("v/" + volume);
    });
    volumes_.onChange([this](const Value& previous, const Value& current) {
        const Value& volume = current.isNull() ? previous : current;
        if (!current.isNull() && !wroteThis(current)) queue_.add("v/" + api::nameOf(volume));
        const Value& reference = volume.at("spec", "claimRef");
        if (current.isNull() && !reference.isNull()) queue_.add("c/" + claimKeyOf(reference));
    });
}

void PersistentVolumeBinder::written(client::Informer& informer, const Value& object) {
    own_.insert(api::uidOf(object) + "@" + api::resourceVersionOf(object));
    informer.put(object);
}

bool PersistentVolumeBinder::wroteThis(const Value& object) {
    return own_.erase(api::uidOf(object) + "@" + api::resourceVersionOf(object)) > 0;
}

void PersistentVolumeBinder::ready(sim::Scope& scope) { scope.spawn(resync(this), "pv-resync"); }

// Claims that still wait are looked at again; bound ones are left alone.
sim::Task<void> PersistentVolumeBinder::resync(PersistentVolumeBinder* self) {
    for (;;) {
        co_await sim::sleepFor(self->kernel_, self->options_.pvClaimBinderSyncPeriod);
        for (const auto& [key, volume] : self->volumes_.items()) {
            const std::string_view phase = volume.at("status", "phase").asString();
            if (phase != "Bound" && phase != "Available") self->queue_.add("v/" + key);
        }
        for (const auto& [key, claim] : self->claims_.items())
            if (claim.at("status", "phase").asString() != "Bound") self->queue_.add("c/" + key);
    }
}

sim::Task<base::Status> PersistentVolumeBinder::sync(std::string key) {
    if (key[0] == 'v') {
        const Value volume = volumes_.get(std::string_view(key).substr(2));
        if (volume.isNull()) co_return base::okStatus();
        co_return co_await syncVolume(volume);
    }
    const Value claim = claims_.get(std::string_view(key).substr(2));
    if (claim.isNull()) co_return base::okStatus();
    co_return co_await syncClaim(claim);
}

sim::Task<base::Status> PersistentVolumeBinder::syncClaim(Value claim) {
    if (api::annotationsOf(claim).has(kBindCompleted)) co_return co_await syncBound(claim);
    if (claim.at("spec", "volumeName").asString().empty()) co_return co_await syncUnbound(claim);
    co_return co_await syncNamed(claim);
}

bool PersistentVolumeBinder::delayed(const Value& claim) const {
    const std::string wanted = api::claimClass(claim);
    return !wanted.empty() &&
           classes_.get(wanted)["volumeBindingMode"].asString() == "WaitForFirstConsumer";
}

void PersistentVolumeBinder::explainDelay(const Value& claim) {
    std::vector<std::string> waiting;
    for (const Value& pod : pods_.inNamespace(api::namespaceOf(claim))) {
        if (api::podFinished(pod) || !api::podNode(pod).empty()) continue;
        for (const api::PodClaim& item : api::claimsOf(pod))
            if (item.name == api::nameOf(claim)) waiting.push_back(api::nameOf(pod));
    }
    if (waiting.empty())
        recorder_.normal(claim, "WaitForFirstConsumer",
                         "waiting for first consumer to be created before binding");
    else
        recorder_.normal(claim, "WaitForPodScheduled",
                         (waiting.size() == 1 ? "waiting for pod " : "waiting for pods ") +
                             base::join(waiting, ",") + " to be scheduled");
}

sim::Task<base::Status> PersistentVolumeBinder::syncUnbound(Value claim) {
    std::vector<const Value*> volumes;
    for (const auto& [name, volume] : volumes_.items()) volumes.push_back(&volume);
    const bool later = delayed(claim);
    const Value volume = api::findMatchingVolume(claim, volumes, Value(), {}, later);
    if (!volume.isNull()) co_return co_await bind(volume, claim);
    auto assigned = co_await assignDefaultClass(claim);
    if (!assigned.ok()) co_return assigned.error();
    if (*assigned) co_return base::okStatus();
    if (later && !api::annotationsOf(claim).has(kSelectedNode))
        explainDelay(claim);
    else if (!api::claimClass(claim).empty())
        co_return co_await provision(claim);
    else
        recorder_.normal(
            claim, "FailedBinding",
            "no persistent volumes available for this claim and no storage class is set");
    co_return co_await setClaimStatus(claim, "Pending", Value());
}

// A claim without any class gets the default class as soon as there is one.
sim::Task<base::Result<bool>> PersistentVolumeBinder::assignDefaultClass(Value claim) {
    if (claim.at("spec", "storageClassName").isString() ||
        api::annotationsOf(claim).has("volume.beta.kubernetes.io/storage-class"))
        co_return false;
    Value best;
    for (const auto& [name, storageClass] : classes_.items()) {
        if (api::annotationOf(storageClass, kDefaultClass) != "true") continue;
        if (best.isNull() || api::creationTimeOf(storageClass) > api::creationTimeOf(best))
            best = storageClass;
    }
    if (best.isNull()) co_return false;
    Value changed = claim.withPath({"spec", "storageClassName"}, api::nameOf(best));
    auto written = co_await client_.update(client::persistentVolumeClaimsResource(),
                                           api::namespaceOf(claim), std::move(changed));
    if (!written.ok()) co_return written.error();
    claims_.put(*written);
    co_return true;
}

sim::Task<base::Status> PersistentVolumeBinder::syncNamed(Value claim) {
    const std::string name = claim.at("spec", "volumeName").text();
    const Value volume = volumes_.get(name);
    if (volume.isNull()) co_return co_await setClaimStatus(claim, "Pending", Value());
    const Value& reference = volume.at("spec", "claimRef");
    if (reference.isNull()) {
        const std::string problem = mismatch(volume, claim);
        if (problem.empty()) co_return co_await bind(volume, claim);
        recorder_.warning(claim, "VolumeMismatch",
                          "Cannot bind to requested volume " + base::quoteGo(name) + ": " +
                              problem);
        co_return co_await setClaimStatus(claim, "Pending", Value());
    }
    if (api::volumeBoundTo(volume, claim)) co_return co_await bind(volume, claim);
    recorder_.warning(claim, "FailedBinding",
                      "volume " + base::quoteGo(name) + " already bound to a different claim.");
    co_return co_await setClaimStatus(claim, "Pending", Value());
}

sim::Task<base::Status> PersistentVolumeBinder::syncBound(Value claim) {
    const std::string name = claim.at("spec", "volumeName").text();
    const bool lost = claim.at("status", "phase").asString() == "Lost";
    const Value volume = volumes_.get(name);
    if (name.empty() || volume.isNull()) {
        if (!lost)
            recorder_.warning(
                claim, "ClaimLost",
                name.empty()
                    ? "Bound claim has lost reference to PersistentVolume. Data on the volume is "
                      "lost!"
                    : "Bound claim has lost its PersistentVolume. Data on the volume is lost!");
        co_return co_await setClaimStatus(claim, "Lost", Value());
    }
    const Value& reference = volume.at("spec", "claimRef");
    if (reference.isNull() || reference["uid"] == claim.at("metadata", "uid"))
        co_return co_await bind(volume, claim);
    if (!lost)
        recorder_.warning(claim, "ClaimMisbound",
                          "Two claims are bound to the same volume, this one is bound incorrectly");
    co_return co_await setClaimStatus(claim, "Lost", Value());
}

// Volume first, then its phase, then the claim, then its status; each step can be taken up again.
sim::Task<base::Status> PersistentVolumeBinder::bind(Value volume, Value claim) {
    if (!(volume.at("spec", "claimRef", "uid") == claim.at("metadata", "uid"))) {
        Value next = volume;
        if (volume.at("spec", "claimRef").isNull())
            next = next.withPath({"metadata", "annotations", kBoundByController}, "yes");
        const Value reference =
            Value::object({{"kind", "PersistentVolumeClaim"},
                           {"namespace", claim.at("metadata", "namespace")},
                           {"name", claim.at("metadata", "name")},
                           {"uid", claim.at("metadata", "uid")},
                           {"apiVersion", "v1"},
                           {"resourceVersion", claim.at("metadata", "resourceVersion")}});
        next = next.withPath({"spec", "claimRef"}, reference);
        auto written = co_await client_.update(client::persistentVolumesResource(), "", next);
        if (!written.ok()) co_return written.error();
        this->written(volumes_, *written);
        volume = *written;
    }
    auto phased = co_await setVolumePhase(volume, "Bound", "");
    if (!phased.ok()) co_return phased.error();
    Value next = claim;
    if (!(claim.at("spec", "volumeName") == volume.at("metadata", "name"))) {
        next = next.withPath({"spec", "volumeName"}, api::nameOf(volume));
        next = next.withPath({"metadata", "annotations", kBoundByController}, "yes");
    }
    next = next.withPath({"metadata", "annotations", kBindCompleted}, "yes");
    if (!(next == claim)) {
        auto written = co_await client_.update(client::persistentVolumeClaimsResource(),
                                               api::namespaceOf(claim), next);
        if (!written.ok()) co_return written.error();
        this->written(claims_, *written);
        claim = *written;
    }
    co_return co_await setClaimStatus(claim, "Bound", *phased);
}

sim::Task<base::Status> PersistentVolumeBinder::setClaimStatus(Value claim, std::string phase,
                                                               Value volume) {
    Value status = claim["status"].with("phase", phase);
    if (phase == "Bound") {
        status = status.with("accessModes", volume.at("spec", "accessModes"));
        if (claim.at("status", "phase").asString() != "Bound" ||
            claim.at("status", "capacity").isNull())
            status = status.with("capacity", volume.at("spec", "capacity"));
    } else {
        status = status.without("accessModes").without("capacity");
    }
    if (status == claim["status"]) co_return base::okStatus();
    Value changed = claim.with("status", status);
    auto written = co_await client_.update(client::persistentVolumeClaimsResource(),
                                           api::namespaceOf(claim), std::move(changed), "status");
    if (!written.ok()) co_return written.error();
    this->written(claims_, *written);
    co_return base::okStatus();
}

sim::Task<base::Result<Value>>
PersistentVolumeBinder::setVolumePhase(Value volume, std::string phase, std::string message) {
    if (volume.at("status", "phase").asString() == phase &&
        volume.at("status", "message").asString() == message)
        co_return volume;
    Value status = volume["status"].with("phase", phase);
    status = message.empty() ? status.without("message") : status.with("message", message);
    if (volume.at("status", "phase").asString() != phase)
        status = status.with("lastPhaseTransitionTime", now());
    Value changed = volume.with("status", status);
    auto written = co_await client_.update(client::persistentVolumesResource(), "",
                                           std::move(changed), "status");
    if (written.ok()) this->written(volumes_, *written);
    co_return written;
}

sim::Task<base::Status> PersistentVolumeBinder::syncVolume(Value volume) {
    const Value reference = volume.at("spec", "claimRef");
    if (reference.isNull() || reference["uid"].asString().empty()) {
        auto phased = co_await setVolumePhase(volume, "Available", "");
        if (!phased.ok()) co_return phased.error();
        // Claims may have waited for it.
        for (const auto& [key, claim] : claims_.items())
            if (claim.at("status", "phase").asString() != "Bound" && reference.isNull() &&
                claim.at("spec", "volumeName") == volume.at("metadata", "name"))
                queue_.add("c/" + key);
        co_return base::okStatus();
    }
    const std::string key = claimKeyOf(reference);
    Value claim = claims_.get(key);
    if (claim.isNull() || !(claim.at("metadata", "uid") == reference["uid"])) {
        auto found = co_await client_.get(client::persistentVolumeClaimsResource(),
                                          reference["namespace"].text(), reference["name"].text());
        if (!found.ok() && !api::isNotFound(found.error())) co_return found.error();
        claim = found.ok() && found->at("metadata", "uid") == reference["uid"] ? *found : Value();
    }
    if (claim.isNull()) {
        const std::string_view phase = volume.at("status", "phase").asString();
        if (phase != "Released" && phase != "Failed") {
            auto phased = co_await setVolumePhase(volume, "Released", "");
            if (!phased.ok()) co_return phased.error();
            volume = *phased;
        }
        co_return co_await reclaim(volume);
    }
    const std::string_view named = claim.at("spec", "volumeName").asString();
    if (named.empty()) {
        queue_.add("c/" + key);
        co_return base::okStatus();
    }
    if (named == volume.at("metadata", "name").asString()) {
        auto phased = co_await setVolumePhase(volume, "Bound", "");
        if (!phased.ok()) co_return phased.error();
        co_return base::okStatus();
    }
    // The claim has chosen another volume.
    if (api::annotationsOf(volume).has(kProvisionedBy) &&
        volume.at("spec", "persistentVolumeReclaimPolicy").asString() == "Delete") {
        auto phased = co_await setVolumePhase(volume, "Released", "");
        if (!phased.ok()) co_return phased.error();
        co_return co_await reclaim(*phased);
    }
    co_return co_await unbind(volume);
}

sim::Task<base::Status> PersistentVolumeBinder::unbind(Value volume) {
    Value next = volume;
    if (api::annotationsOf(volume).has(kBoundByController))
        next = next.withoutPath({"spec", "claimRef"})
                   .withoutPath({"metadata", "annotations", kBoundByController});
    else
        next = next.withoutPath({"spec", "claimRef", "uid"});
    auto written = co_await client_.update(client::persistentVolumesResource(), "", next);
    if (!written.ok()) co_return written.error();
    auto phased = co_await setVolumePhase(*written, "Available", "");
    if (!phased.ok()) co_return phased.error();
    co_return base::okStatus();
}

// Retain leaves the volume Released. Delete works for what a driver has provisioned; of the
// built-in kinds only host paths below /tmp can be deleted.
sim::Task<base::Status> PersistentVolumeBinder::reclaim(Value volume) {
    const std::string policy = volume.at("spec", "persistentVolumeReclaimPolicy").text();
    if (policy != "Delete" && policy != "Recycle") co_return base::okStatus();
    if (api::annotationsOf(volume).has(kProvisionedBy) || !volume.at("spec", "csi").isNull())
        co_return base::okStatus();
    if (volume.at("status", "phase").asString() == "Failed" || api::isDeleting(volume))
        co_return base::okStatus();
    const Value& hostPath = volume.at("spec", "hostPath");
    const std::string path = hostPath["path"].text();
    if (policy == "Delete" && path.starts_with("/tmp/")) {
        auto removed =
            co_await client_.remove(client::persistentVolumesResource(), "", api::nameOf(volume));
        if (!removed.ok() && !api::isNotFound(removed.error())) co_return removed.error();
        co_return base::okStatus();
    }
    std::string problem;
    const char* reason = policy == "Delete" ? "VolumeFailedDelete" : "VolumeFailedRecycle";
    if (policy == "Delete" && !hostPath.isNull())
        problem = "host_path deleter only supports /tmp/.+ but received provided " + path;
    else if (policy == "Delete")
        problem = "error getting deleter volume plugin for volume " +
                  base::quoteGo(api::nameOf(volume)) + ": no deletable volume plugin matched";
    else
        problem = "recycling volumes is not modelled";
    recorder_.warning(volume, reason, problem);
    auto phased = co_await setVolumePhase(volume, "Failed", problem);
    if (!phased.ok()) co_return phased.error();
    co_return base::okStatus();
}

// Volumes are made by external provisioners; the claim says which one is asked.
sim::Task<base::Status> PersistentVolumeBinder::provision(Value claim) {
    const std::string name = api::claimClass(claim);
    const Value storageClass = classes_.get(name);
    if (storageClass.isNull()) {
        recorder_.warning(claim, "ProvisioningFailed",
                          "storageclass.storage.k8s.io " + base::quoteGo(name) + " not found");
        co_return base::okStatus();
    }
    const std::string provisioner = storageClass["provisioner"].text();
    if (provisioner.starts_with("kubernetes.io/")) {
        recorder_.warning(claim, "ProvisioningFailed",
                          "no volume plugin matched name: " + provisioner);
        co_return base::okStatus();
    }
    Value next =
        claim
            .withPath({"metadata", "annotations", "volume.beta.kubernetes.io/storage-provisioner"},
                      provisioner)
            .withPath({"metadata", "annotations", "volume.kubernetes.io/storage-provisioner"},
                      provisioner);
    if (!(next == claim)) {
        auto written = co_await client_.update(client::persistentVolumeClaimsResource(),
                                               api::namespaceOf(claim), next);
        if (!written.ok()) co_return written.error();
        this->written(claims_, *written);
        next = *written;
    }
    recorder_.normal(next, "ExternalProvisioning",
                     "Waiting for a volume to be created either by the external provisioner '" +
                         provisioner +
                         "' or manually by the system administrator. If volume creation is "
                         "delayed, please verify that the "
                         "provisioner is running and correctly registered.");
    co_return base::okStatus();
}

} // namespace controllers
