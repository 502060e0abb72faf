// Sources: defaults.go of apps, batch, autoscaling, networking, rbac, storage, resource and of
// apiextensions-apiserver and kube-aggregator.
#include "api/defaults_hooks.h"
#include "base/strings.h"

#include <array>
#include <limits>

namespace api {
namespace {

using document::ObjectBuilder;
using document::Value;

Value setIfNull(const Value& object, std::string_view key, Value value) {
    return object[key].isNull() ? object.with(key, std::move(value)) : object;
}
Value setIfEmpty(const Value& object, std::string_view key, Value value) {
    return object[key].isEmpty() ? object.with(key, std::move(value)) : object;
}

Value rollingUpdate(const Value& strategy, const Value& maxSurge, const Value& maxUnavailable) {
    const Value& type = strategy["type"];
    if (!type.isEmpty() && type.asString() != "RollingUpdate") return strategy;
    Value rolling = strategy["rollingUpdate"];
    if (!rolling.isObject()) rolling = Value::object();
    rolling = setIfNull(rolling, "maxSurge", maxSurge);
    rolling = setIfNull(rolling, "maxUnavailable", maxUnavailable);
    return strategy.with("rollingUpdate", rolling);
}
Value defaultDeploymentStrategy(const Value& strategy) { return rollingUpdate(strategy, "25%", "25%"); }
Value defaultDaemonSetStrategy(const Value& strategy) { return rollingUpdate(strategy, 0, 1); }

Value defaultStatefulSetStrategy(const Value& strategy) {
    const bool unset = strategy["type"].isEmpty();
    if (!unset && strategy["type"].asString() != "RollingUpdate") return strategy;
    Value rolling = strategy["rollingUpdate"];
    if (!rolling.isObject()) {
        if (!unset) return strategy;
        rolling = Value::object();
    }
    return strategy.with("rollingUpdate", setIfNull(rolling, "partition", 0));
}
Value defaultStatefulSetSpec(const Value& spec) {
    return setIfNull(spec, "persistentVolumeClaimRetentionPolicy", Value::object());
}

Value defaultJob(const Value& job) {
    Value spec = job["spec"];
    if (!spec.isObject()) spec = Value::object();
    if (spec["completions"].isNull() && spec["parallelism"].isNull()) spec = spec.with("completions", 1);
    spec = setIfNull(spec, "parallelism", 1);
    const bool perIndex = !spec["backoffLimitPerIndex"].isNull();
    spec = setIfNull(spec, "backoffLimit", perIndex ? std::numeric_limits<int>::max() : 6);
    spec = setIfNull(spec, "completionMode", "NonIndexed");
    spec = setIfNull(spec, "suspend", false);
    spec = setIfNull(spec, "podReplacementPolicy",
                     spec["podFailurePolicy"].isNull() ? "TerminatingOrFailed" : "Failed");
    spec = setIfNull(spec, "manualSelector", false);
    Value result = job.with("spec", spec);
    const Value& labels = spec.at("template", "metadata", "labels");
    if (labels.isObject() && job.at("metadata", "labels").size() == 0)
        result = result.withPath({"metadata", "labels"}, labels);
    return result;
}

Value scalingPolicy(std::string_view type, int value) {
    return Value::object({{"type", type}, {"value", value}, {"periodSeconds", 15}});
}
Value scalingRules(const Value& given, Value policies, bool up) {
    Value rules = given.isObject() ? given : Value::object();
    rules = setIfNull(rules, "selectPolicy", "Max");
    if (up) rules = setIfNull(rules, "stabilizationWindowSeconds", 0);
    return setIfNull(rules, "policies", std::move(policies));
}
Value defaultHpaSpec(const Value& spec) {
    Value result = spec;
    if (spec["metrics"].size() == 0) {
        const Value target = Value::object({{"type", "Utilization"}, {"averageUtilization", 80}});
        const Value resource = Value::object({{"name", "cpu"}, {"target", target}});
        result = result.with("metrics", Value::array({Value::object({{"type", "Resource"}, {"resource", resource}})}));
    }
    if (spec["behavior"].isObject()) {
        Value behavior = spec["behavior"];
        const Value up = Value::array({scalingPolicy("Pods", 4), scalingPolicy("Percent", 100)});
        const Value down = Value::array({scalingPolicy("Percent", 100)});
        behavior = behavior.with("scaleUp", scalingRules(behavior["scaleUp"], up, true));
        behavior = behavior.with("scaleDown", scalingRules(behavior["scaleDown"], down, false));
        result = result.with("behavior", behavior);
    }
    return result;
}

Value defaultNetworkPolicySpec(const Value& spec) {
    if (spec["policyTypes"].size() > 0) return spec;
    Value types = Value::array({Value("Ingress")});
    if (spec["egress"].size() > 0) types = types.appended("Egress");
    return spec.with("policyTypes", types);
}

Value defaultSubject(const Value& subject) {
    const std::string_view kind = subject["kind"].asString();
    if (kind != "User" && kind != "Group") return subject;
    return setIfEmpty(subject, "apiGroup", "rbac.authorization.k8s.io");
}

Value defaultCsiDriverSpec(const Value& spec) {
    if (spec["volumeLifecycleModes"].size() > 0) return spec;
    return spec.with("volumeLifecycleModes", Value::array({Value("Persistent")}));
}

Value defaultDeviceRequest(const Value& request) {
    const Value& mode = request["allocationMode"];
    if (!mode.isEmpty() && mode.asString() != "ExactCount") return request;
    return setIfEmpty(request, "count", 1);
}

Value defaultDefinition(const Value& definition) {
    Value spec = definition["spec"];
    if (!spec.isObject()) spec = Value::object();
    Value names = spec["names"].isObject() ? spec["names"] : Value::object();
    const std::string kind = names["kind"].text();
    if (!kind.empty()) {
        names = setIfEmpty(names, "singular", base::toLower(kind));
        names = setIfEmpty(names, "listKind", kind + "List");
    }
    spec = spec.with("names", names);
    if (spec["conversion"].isNull())
        spec = spec.with("conversion", Value::object({{"strategy", "None"}}));
    Value result = definition.with("spec", spec);
    if (definition.at("status", "storedVersions").size() == 0) {
        for (const Value& version : spec["versions"].items()) {
            if (!version["storage"].asBool()) continue;
            result = result.withPath({"status", "storedVersions"}, Value::array({version["name"]}));
            break;
        }
    }
    return result;
}

// Selectors of webhooks and policies are pointers that defaulting fills with "everything".
Value defaultSelectors(const Value& object) {
    Value result = setIfNull(object, "namespaceSelector", Value::object());
    return setIfNull(result, "objectSelector", Value::object());
}

} // namespace

std::span<const TypeHook> groupHooks() {
    static constexpr std::array<TypeHook, 15> kHooks{{
        {"apps.v1.DeploymentStrategy", defaultDeploymentStrategy},
        {"apps.v1.DaemonSetUpdateStrategy", defaultDaemonSetStrategy},
        {"apps.v1.StatefulSetUpdateStrategy", defaultStatefulSetStrategy},
        {"apps.v1.StatefulSetSpec", defaultStatefulSetSpec},
        {"batch.v1.Job", defaultJob},
        {"autoscaling.v2.HorizontalPodAutoscalerSpec", defaultHpaSpec},
        {"networking.v1.NetworkPolicySpec", defaultNetworkPolicySpec},
        {"rbac.v1.Subject", defaultSubject},
        {"storage.v1.CSIDriverSpec", defaultCsiDriverSpec},
        {"resource.v1.ExactDeviceRequest", defaultDeviceRequest},
        {"resource.v1.DeviceSubRequest", defaultDeviceRequest},
        {"apiextensions.v1.CustomResourceDefinition", defaultDefinition},
        {"admissionregistration.v1.ValidatingWebhook", defaultSelectors},
        {"admissionregistration.v1.MutatingWebhook", defaultSelectors},
        {"admissionregistration.v1.MatchResources", defaultSelectors},
    }};
    return kHooks;
}

const TypeHook* findTypeHook(std::string_view type) {
    for (const auto& hooks : {coreHooks(), groupHooks()})
        for (const TypeHook& hook : hooks)
            if (hook.type == type) return &hook;
    return nullptr;
}

} // namespace api
