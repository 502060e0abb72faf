#include "api/objects/volume.h"

#include "api/label_selector.h"
#include "api/objects/meta.h"
#include "api/quantity.h"

#include <algorithm>

namespace api {

using document::Value;

namespace {
const Value kNone;
constexpr const char* kClassAnnotation = "volume.beta.kubernetes.io/storage-class";

std::string classOf(const Value& object) {
    const Value& annotation = annotationsOf(object)[kClassAnnotation];
    if (annotation.isString()) return annotation.text();
    return object.at("spec", "storageClassName").text();
}
} // namespace

std::string claimClass(const Value& claim) { return classOf(claim); }
std::string volumeClass(const Value& volume) { return classOf(volume); }

bool claimFullyBound(const Value& claim) {
    return !claim.at("spec", "volumeName").asString().empty() &&
           annotationsOf(claim).has("pv.kubernetes.io/bind-completed");
}

bool nodeTermMatches(const Value& term, const Value& node) {
    const Value& expressions = term["matchExpressions"];
    const Value& fields = term["matchFields"];
    if (expressions.size() == 0 && fields.size() == 0) return false;
    for (const Value& expression : expressions.items())
        if (!nodeRequirement(expression).matches(labelsOf(node))) return false;
    const Value names = Value::object({{"metadata.name", node.at("metadata", "name")}});
    for (const Value& field : fields.items())
        if (!nodeRequirement(field).matches(names)) return false;
    return true;
}

bool nodeSelectorMatches(const Value& selector, const Value& node) {
    for (const Value& term : selector["nodeSelectorTerms"].items())
        if (nodeTermMatches(term, node)) return true;
    return false;
}

bool volumeFitsNode(const Value& volume, const Value& node) {
    const Value& required = volume.at("spec", "nodeAffinity", "required");
    return required.isNull() || nodeSelectorMatches(required, node);
}

bool accessModesSatisfied(const Value& claim, const Value& volume) {
    for (const Value& wanted : claim.at("spec", "accessModes").items()) {
        bool found = false;
        for (const Value& mode : volume.at("spec", "accessModes").items())
            found = found || mode == wanted;
        if (!found) return false;
    }
    return true;
}

bool volumeBoundTo(const Value& volume, const Value& claim) {
    const Value& reference = volume.at("spec", "claimRef");
    if (reference.isNull()) return false;
    if (reference["name"] != claim.at("metadata", "name") ||
        reference["namespace"] != claim.at("metadata", "namespace"))
        return false;
    const std::string_view uid = reference["uid"].asString();
    return uid.empty() || uid == uidView(claim);
}

const Value& findMatchingVolume(const Value& claim, const std::vector<const Value*>& volumes,
                                const Value& node, const std::vector<std::string>& excluded,
                                bool delayed) {
    const Quantity wanted =
        Quantity::of(claim.at("spec", "resources", "requests", "storage").asString());
    const std::string wantedClass = claimClass(claim);
    const std::string_view wantedMode = claim.at("spec", "volumeMode").asString("Filesystem");
    const Value& selectorObject = claim.at("spec", "selector");
    auto selector = LabelSelector::fromObject(selectorObject);
    const Value* smallest = nullptr;
    Quantity smallestSize;
    for (const Value* candidate : volumes) {
        const Value& volume = *candidate;
        if (std::find(excluded.begin(), excluded.end(), nameOf(volume)) != excluded.end()) continue;
        const Value& reference = volume.at("spec", "claimRef");
        if (!reference.isNull() && !volumeBoundTo(volume, claim)) continue;
        const Quantity size = Quantity::of(volume.at("spec", "capacity", "storage").asString());
        if (size < wanted) continue;
        if (volume.at("spec", "volumeMode").asString("Filesystem") != wantedMode) continue;
        if (isDeleting(volume)) continue;
        if (!(claim.at("spec", "volumeAttributesClassName") ==
              volume.at("spec", "volumeAttributesClassName")))
            continue;
        const bool fitsNode = node.isNull() || volumeFitsNode(volume, node);
        if (volumeBoundTo(volume, claim)) {
            if (!node.isNull() && !fitsNode) return kNone;
            return volume;
        }
        if (node.isNull() && delayed) continue; // the scheduler decides
        const std::string_view phase = volume.at("status", "phase").asString();
        if (phase != "Available" && !(phase.empty() || phase == "Pending")) continue;
        if (phase != "Available") continue;
        if (!selectorObject.isNull() && (!selector.ok() || !selector->matches(labelsOf(volume))))
            continue;
        if (volumeClass(volume) != wantedClass || !fitsNode || !accessModesSatisfied(claim, volume))
            continue;
        if (smallest == nullptr || size < smallestSize) {
            smallest = candidate;
            smallestSize = size;
        }
    }
    return smallest == nullptr ? kNone : *smallest;
}

std::vector<PodClaim> claimsOf(const Value& pod) {
    std::vector<PodClaim> out;
    for (const Value& volume : pod.at("spec", "volumes").items()) {
        const Value& claim = volume["persistentVolumeClaim"];
        if (!claim.isNull())
            out.push_back({claim["claimName"].text(), false, volume["name"].text()});
        else if (!volume["ephemeral"].isNull())
            out.push_back({nameOf(pod) + "-" + volume["name"].text(), true, volume["name"].text()});
    }
    return out;
}

} // namespace api
