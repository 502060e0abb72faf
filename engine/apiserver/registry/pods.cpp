// Source: kubernetes pkg/registry/core/pod/strategy.go and pkg/apis/core/v1/helper/qos.
#include "api/quantity.h"
#include "apiserver/registry/strategies.h"

namespace apiserver {

using document::Value;

namespace {

// cpu and memory of one container: which are set, and whether requests equal limits.
struct Usage {
    bool any = false, allLimited = true;
};

void addContainer(const Value& container, Usage& usage) {
    const Value& requests = container.at("resources", "requests");
    const Value& limits = container.at("resources", "limits");
    for (const char* resource : {"cpu", "memory"}) {
        const api::Quantity request = api::Quantity::of(requests[resource].asString());
        const api::Quantity limit = api::Quantity::of(limits[resource].asString());
        if (!request.isZero() || !limit.isZero()) usage.any = true;
        const bool equal = !limit.isZero() && (request.isZero() || request == limit);
        if (!equal) usage.allLimited = false;
    }
}

} // namespace

std::string qosClass(const Value& pod) {
    Usage usage;
    const Value& spec = pod["spec"];
    if (spec["resources"]["requests"].size() > 0 || spec["resources"]["limits"].size() > 0) {
        addContainer(spec, usage);
    } else {
        for (const Value& container : spec["containers"].items()) addContainer(container, usage);
        for (const Value& container : spec["initContainers"].items()) addContainer(container, usage);
    }
    if (!usage.any) return "BestEffort";
    return usage.allLimited ? "Guaranteed" : "Burstable";
}

namespace {

// The profile that a deprecated annotation means; null when it means none.
Value armorOf(std::string_view annotation) {
    if (annotation == "unconfined") return Value::object({{"type", "Unconfined"}});
    if (annotation == "runtime/default") return Value::object({{"type", "RuntimeDefault"}});
    constexpr std::string_view kLocal = "localhost/";
    if (!annotation.starts_with(kLocal) || annotation.size() == kLocal.size()) return {};
    return Value::object({{"type", "Localhost"}, {"localhostProfile", annotation.substr(kLocal.size())}});
}

// Source: pkg/registry/core/pod/strategy.go applyAppArmorVersionSkew: old annotations become fields.
Value withArmor(Context& context, Value object) {
    const Value notes = object.at("metadata", "annotations");
    constexpr std::string_view kPrefix = "container.apparmor.security.beta.kubernetes.io/";
    bool any = false;
    for (const document::Member& note : notes.members()) any = any || note.key.view().starts_with(kPrefix);
    if (!any || object.at("spec", "os", "name").asString() == "windows") return object;
    for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
        const Value containers = object["spec"][list];
        for (std::size_t i = 0; i < containers.size(); ++i) {
            const std::string key = std::string(kPrefix) + containers[i]["name"].text();
            if (!notes.has(key) || !containers[i].at("securityContext", "appArmorProfile").isNull()) continue;
            const Value profile = armorOf(notes[key].asString());
            const bool copies = !profile.isNull() &&
                                !(profile == object.at("spec", "securityContext", "appArmorProfile"));
            if (copies)
                object = object.withPath({"spec", list},
                                         object["spec"][list].withItem(i, object["spec"][list][i].withPath(
                                             {"securityContext", "appArmorProfile"}, profile)));
            if (copies || profile.isNull())
                context.warn("metadata.annotations[" + key +
                             "]: deprecated since v1.30; use the \"appArmorProfile\" field instead");
        }
    }
    return object;
}

} // namespace

Value preparePodCreate(Core& core, Context& context, Value object) {
    object = withArmor(context, std::move(object));
    // A negative period is a mistake of old clients.
    if (object.at("spec", "terminationGracePeriodSeconds").asInt() < 0)
        object = object.withPath({"spec", "terminationGracePeriodSeconds"}, 1);
    object = object.with(
        "status", Value::object({{"phase", "Pending"}, {"qosClass", qosClass(object)}}));
    // A pod with gates waits visibly.
    if (object.at("spec", "schedulingGates").size() > 0) {
        const Value condition =
            Value::object({{"type", "PodScheduled"},
                           {"status", "False"},
                           {"reason", "SchedulingGated"},
                           {"message", "Scheduling is blocked due to non-empty scheduling gates"},
                           {"lastProbeTime", Value()},
                           {"lastTransitionTime", core.now()}});
        object = object.withPath({"status", "conditions"}, Value::array({condition}));
    }
    return object;
}

Value preparePodUpdate(Core&, Context&, Value object, const Value& old) {
    return object.with("status", old["status"]);
}

Value preparePodStatus(Core&, Context&, Value object, const Value& old) {
    // A status write does not take a pod from its node or change who owns it.
    const Value& owners = old["metadata"]["ownerReferences"];
    if (!object["metadata"]["ownerReferences"].sameAs(owners) || owners.isNull())
        object = owners.isNull() ? withoutMeta(object, "ownerReferences") : withMeta(object, "ownerReferences", owners);
    if (!object.at("status", "qosClass").isString())
        object = object.withPath({"status", "qosClass"}, old.at("status", "qosClass"));
    return object;
}

} // namespace apiserver
