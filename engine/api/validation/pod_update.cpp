// What may change in a pod. Source: pkg/apis/core/validation ValidatePodUpdate, ValidatePodResize,
// ValidatePodEphemeralContainersUpdate, ValidatePodStatusUpdate.
#include "api/validation/rules.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void annotationUpdates(Errors& errors, const Value& now, const Value& before) {
    const Path path = kMeta.child("annotations");
    constexpr std::string_view kAppArmor = "container.apparmor.security.beta.kubernetes.io/";
    constexpr std::string_view kMirror = "kubernetes.io/config.mirror";
    for (const Member& old : before.members()) {
        const std::string_view key = old.key.view();
        if (now.has(key) && now[key] == old.value) continue;
        if (key.substr(0, kAppArmor.size()) == kAppArmor)
            errors.forbidden(path.key(key), "may not remove or update AppArmor annotations");
        if (key == kMirror) errors.forbidden(path.key(key), "may not remove or update mirror pod annotation");
    }
    for (const Member& member : now.members()) {
        const std::string_view key = member.key.view();
        if (before.has(key)) continue;
        if (key.substr(0, kAppArmor.size()) == kAppArmor)
            errors.forbidden(path.key(key), "may not add AppArmor annotations");
        if (key == kMirror) errors.forbidden(path.key(key), "may not add mirror pod annotation");
    }
}

bool containerUpdates(Errors& errors, const Value& now, const Value& before, const Path& path) {
    if (now.size() != before.size()) {
        errors.forbidden(path, "pod updates may not add or remove containers");
        return false;
    }
    for (std::size_t i = 0; i < now.size(); ++i) {
        const std::string_view image = now[i]["image"].asString();
        if (image.empty()) errors.required(path.index(i).child("image"));
        if (base::trim(image).size() != image.size())
            errors.invalid(path.index(i).child("image"), image, "must not have leading or trailing whitespace");
    }
    return true;
}

void deadlineUpdate(Errors& errors, const Value& now, const Value& before) {
    const Path path = kSpec.child("activeDeadlineSeconds");
    if (!now.isNull()) {
        if (now.asInt() < 0 || now.asInt() > 2147483647)
            errors.invalid(path, now, rangeText(0, 2147483647));
        else if (!before.isNull() && before.asInt() < now.asInt())
            errors.invalid(path, now, "must be less than or equal to previous value");
    } else if (!before.isNull()) {
        errors.invalid(path, now, "must not update from a positive integer to nil value");
    }
}

void onlyAddedTolerations(Errors& errors, const Value& now, const Value& before) {
    const Path path = kSpec.child("tolerations");
    for (const Value& old : before.items()) {
        const auto items = now.items();
        const bool found = std::any_of(items.begin(), items.end(), [&](const Value& item) {
            return item.without("tolerationSeconds") == old.without("tolerationSeconds");
        });
        if (!found) errors.forbidden(path, "existing toleration can not be modified except its tolerationSeconds");
    }
    validateTolerations(errors, now, path);
}

void onlyDeletedGates(Errors& errors, const Value& now, const Value& before) {
    for (std::size_t i = 0; i < now.size(); ++i) {
        const auto items = before.items();
        const bool known = std::any_of(items.begin(), items.end(),
                                       [&](const Value& gate) { return gate["name"] == now[i]["name"]; });
        if (!known)
            errors.forbidden(kSpec.child("schedulingGates").index(i).child("name"),
                             "only deletion is allowed, but found new scheduling gate '" + now[i]["name"].text() + "'");
    }
}

Value copyField(const Value& into, const Value& from, std::string_view field) {
    return from.has(field) ? into.with(field, from[field]) : into.without(field);
}

Value withImagesOf(const Value& now, const Value& before) {
    std::vector<Value> items;
    for (std::size_t i = 0; i < now.size(); ++i) items.push_back(copyField(now[i], before[i], "image"));
    return Value::array(std::move(items));
}

// The new spec with everything that may change set back to the old state.
Value munged(const Value& now, const Value& before) {
    Value spec = now;
    for (const char* list : {"containers", "initContainers"})
        if (spec[list].isArray()) spec = spec.with(list, withImagesOf(spec[list], before[list]));
    for (const char* field : {"activeDeadlineSeconds", "schedulingGates", "tolerations"})
        spec = copyField(spec, before, field);
    if (before["terminationGracePeriodSeconds"].asInt() < 0 && spec["terminationGracePeriodSeconds"].asInt() == 1)
        spec = copyField(spec, before, "terminationGracePeriodSeconds");
    if (before["schedulingGates"].size() > 0) {
        spec = copyField(spec, before, "nodeSelector");
        const Value& node = before["affinity"]["nodeAffinity"];
        Value affinity = spec["affinity"].isObject() ? spec["affinity"] : Value::object();
        affinity = node.isNull() ? affinity.without("nodeAffinity") : affinity.with("nodeAffinity", node);
        spec = affinity.size() == 0 ? spec.without("affinity") : spec.with("affinity", affinity);
    }
    return spec;
}

bool resourcesRemoved(const Value& now, const Value& before) {
    for (const Member& member : before.members())
        if (!now.has(member.key.view())) return true;
    return false;
}

Value withoutComputeChanges(const Value& container, const Value& before) {
    Value resources = Value::object();
    for (const char* list : {"limits", "requests"}) {
        document::ObjectBuilder builder(container["resources"][list]);
        builder.erase("cpu").erase("memory");
        for (const char* name : {"cpu", "memory"})
            if (before["resources"][list].has(name)) builder.set(name, before["resources"][list][name]);
        Value merged = std::move(builder).build();
        if (merged.size() > 0) resources = resources.with(list, merged);
    }
    return container.with("resources", resources);
}
Value normalizedResources(const Value& container) {
    Value resources = Value::object();
    for (const char* list : {"limits", "requests", "claims"})
        if (container["resources"][list].size() > 0) resources = resources.with(list, container["resources"][list]);
    return container.with("resources", resources);
}

std::string qosOf(const Value& spec) {
    bool guaranteed = true, any = false;
    for (const char* list : {"containers", "initContainers"}) {
        for (const Value& container : spec[list].items()) {
            for (const char* name : {"cpu", "memory"}) {
                const Value& request = container["resources"]["requests"][name];
                const Value& limit = container["resources"]["limits"][name];
                any = any || !Quantity::ofValue(request).isZero() || !Quantity::ofValue(limit).isZero();
                guaranteed = guaranteed && !limit.isNull() &&
                             (request.isNull() || Quantity::ofValue(request) == Quantity::ofValue(limit));
            }
        }
    }
    if (!any) return "BestEffort";
    return guaranteed ? "Guaranteed" : "Burstable";
}

bool resizeOrder(Errors& errors, const Value& now, const Value& before, const char* list) {
    const Path path = kSpec.child(list);
    if (now.size() != before.size()) {
        errors.forbidden(path, std::string(list) + " may not be added or removed on resize");
        return false;
    }
    bool same = true;
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (now[i]["name"] == before[i]["name"]) continue;
        errors.forbidden(path.index(i).child("name"), std::string(list) + " may not be renamed or reordered on resize");
        same = false;
    }
    return same;
}

void resizeContainers(Errors& errors, const Value& now, const Value& before, const char* list) {
    const bool init = std::string_view(list) == "initContainers";
    for (std::size_t i = 0; i < now.size(); ++i) {
        if (init && before[i]["restartPolicy"].asString() != "Always") continue;
        const Path path = kSpec.child(list).index(i).child("resources");
        for (const char* kind : {"requests", "limits"})
            if (resourcesRemoved(now[i]["resources"][kind], before[i]["resources"][kind]))
                errors.forbidden(path.child(kind), std::string("resource ") + kind + " cannot be removed");
    }
}

} // namespace

void validatePodUpdate(Errors& errors, const Value& pod, const Value& old) {
    validateObjectMetaUpdate(errors, pod["metadata"], old["metadata"], kMeta);
    validatePodMetadataAndSpec(errors, pod);
    annotationUpdates(errors, pod["metadata"]["annotations"], old["metadata"]["annotations"]);
    const Value& now = pod["spec"];
    const Value& before = old["spec"];
    for (const char* list : {"containers", "initContainers"})
        if (!containerUpdates(errors, now[list], before[list], kSpec.child(list))) return;
    const std::size_t count = errors.size();
    deadlineUpdate(errors, now["activeDeadlineSeconds"], before["activeDeadlineSeconds"]);
    if (errors.size() > count && (now["activeDeadlineSeconds"].asInt() < 0 ||
                                  now["activeDeadlineSeconds"].asInt() > 2147483647))
        return;
    onlyAddedTolerations(errors, now["tolerations"], before["tolerations"]);
    onlyDeletedGates(errors, now["schedulingGates"], before["schedulingGates"]);
    if (now == before) return;
    const Value spec = munged(now, before);
    if (spec == before) return;
    errors.forbidden(kSpec, "pod updates may not change fields other than `spec.containers[*].image`,"
                            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only "
                            "additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be "
                            "set to 1 if it was previously negative)\n" +
                                internalDiff("PodSpec", before, spec));
}

void validatePodResize(Errors& errors, const Value& pod, const Value& old) {
    validateObjectMetaUpdate(errors, pod["metadata"], old["metadata"], kMeta);
    validatePodMetadataAndSpec(errors, pod);
    if (old["metadata"]["annotations"].has("kubernetes.io/config.mirror")) {
        errors = Errors();
        errors.forbidden(Path(), "static pods cannot be resized");
        return;
    }
    const Value& now = pod["spec"];
    const Value& before = old["spec"];
    if (qosOf(now) != qosOf(before))
        errors.invalid(kSpec, pod["status"]["qosClass"].asString(), "Pod QOS Class may not change as a result of resizing");
    if (!now["resources"].isNull() || !before["resources"].isNull())
        errors.forbidden(Path(), "resize of pods with pod-level resources is forbidden when "
                                 "InPlacePodLevelResourcesVerticalScalingEnabled feature gate is disabled");
    bool same = resizeOrder(errors, now["containers"], before["containers"], "containers");
    same = resizeOrder(errors, now["initContainers"], before["initContainers"], "initContainers") && same;
    if (!same) return;
    resizeContainers(errors, now["initContainers"], before["initContainers"], "initContainers");
    resizeContainers(errors, now["containers"], before["containers"], "containers");
    for (std::size_t i = 0; i < now["containers"].size(); ++i) {
        const Value kept = withoutComputeChanges(now["containers"][i], before["containers"][i]);
        if (!(normalizedResources(kept) == normalizedResources(before["containers"][i])))
            errors.forbidden(kSpec, "only cpu and memory resources are mutable");
    }
    for (std::size_t i = 0; i < now["initContainers"].size(); ++i) {
        const Value& container = now["initContainers"][i];
        const Value& was = before["initContainers"][i];
        const bool sidecar = container["restartPolicy"].asString() == "Always";
        const Value kept = sidecar ? withoutComputeChanges(container, was) : container;
        if (!(normalizedResources(kept) == normalizedResources(was)))
            errors.forbidden(kSpec, sidecar ? "only cpu and memory resources for sidecar containers are mutable"
                                            : "resources for non-sidecar init containers are immutable");
    }
    if (!errors.empty()) return;
    Value rest = now, restBefore = before;
    for (const char* list : {"containers", "initContainers"}) {
        rest = rest.without(list);
        restBefore = restBefore.without(list);
    }
    if (!(rest == restBefore)) errors.forbidden(kSpec, "only cpu and memory resources are mutable");
}

void validatePodEphemeralUpdate(Errors& errors, const Value& pod, const Value& old) {
    validateObjectMetaUpdate(errors, pod["metadata"], old["metadata"], kMeta);
    validatePodMetadataAndSpec(errors, pod);
    annotationUpdates(errors, pod["metadata"]["annotations"], old["metadata"]["annotations"]);
    if (old["metadata"]["annotations"].has("kubernetes.io/config.mirror")) {
        errors = Errors();
        errors.forbidden(Path(), "static pods do not support ephemeral containers");
        return;
    }
    const Path path = kSpec.child("ephemeralContainers");
    for (const Value& was : old["spec"]["ephemeralContainers"].items()) {
        const Value* found = nullptr;
        for (const Value& container : pod["spec"]["ephemeralContainers"].items())
            if (container["name"] == was["name"]) found = &container;
        const std::string name = base::quoteGo(was["name"].asString());
        if (found == nullptr)
            errors.forbidden(path, "existing ephemeral containers " + name + " may not be removed\n");
        else if (!(*found == was))
            errors.forbidden(path, "existing ephemeral containers " + name + " may not be changed\n" +
                                       internalDiff("EphemeralContainer", was, *found));
    }
}

void validatePodStatusUpdate(Errors& errors, const Value& pod, const Value& old) {
    validateObjectMetaUpdate(errors, pod["metadata"], old["metadata"], kMeta);
    annotationUpdates(errors, pod["metadata"]["annotations"], old["metadata"]["annotations"]);
    if (!(pod["spec"]["nodeName"] == old["spec"]["nodeName"]))
        errors.forbidden(Path("status").child("nodeName"), "may not be changed directly");
    if (!pod["status"]["nominatedNodeName"].isEmpty())
        errors.invalidEach(Path("status").child("nominatedNodeName"), pod["status"]["nominatedNodeName"],
                           checkDns1123Subdomain(pod["status"]["nominatedNodeName"].asString()));
    const Value& conditions = pod["status"]["conditions"];
    for (std::size_t i = 0; i < conditions.size(); ++i)
        if (!contains({"PodScheduled", "Ready", "Initialized", "ContainersReady", "DisruptionTarget",
                       "PodReadyToStartContainers", "PodResizePending", "PodResizeInProgress"},
                      conditions[i]["type"].asString()))
            validateQualifiedName(errors, conditions[i]["type"].asString(),
                                  Path("status").child("conditions").index(i).child("Type"));
}

} // namespace api::validation
