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

Value preparePodCreate(Core&, Context&, Value object) {
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
                           {"lastTransitionTime", Value()}});
        object = object.withPath({"status", "conditions"}, Value::array({condition}));
    }
    return object;
}

Value preparePodUpdate(Core&, Context&, Value object, const Value& old) {
    return object.with("status", old["status"]);
}

Value preparePodStatus(Core&, Context&, Value object, const Value& old) {
    // A status write does not take a pod from its node or change who owns it.
    if (old["metadata"].has("ownerReferences"))
        object = withMeta(object, "ownerReferences", old["metadata"]["ownerReferences"]);
    else object = withoutMeta(object, "ownerReferences");
    if (!object.at("status", "qosClass").isString())
        object = object.withPath({"status", "qosClass"}, old.at("status", "qosClass"));
    return object;
}

} // namespace apiserver
