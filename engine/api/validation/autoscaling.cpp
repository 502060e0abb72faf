// Source: pkg/apis/autoscaling/validation. Version 1 objects are read through the same rules; their
// CPU target is a field of its own.
#include "api/validation/rules.h"

#include "api/quantity.h"
#include "base/strings.h"

namespace api::validation {
namespace {

const Path kSpec("spec");

void pathSegment(Errors& errors, const Value& name, const Path& path, std::string_view required = {}) {
    if (name.isEmpty()) errors.required(path, required);
    else errors.invalidEach(path, name, checkPathSegment(name.asString()));
}

void crossReference(Errors& errors, const Value& reference, const Path& path, bool core = true) {
    pathSegment(errors, reference["kind"], path.child("kind"));
    pathSegment(errors, reference["name"], path.child("name"));
    const std::string version = reference["apiVersion"].text();
    const auto slashes = base::split(version, '/').size() - 1;
    if (slashes > 1)
        errors.invalid(path.child("apiVersion"), version, "unexpected GroupVersion string: " + version);
    else if (slashes == 0 && !core)
        errors.invalid(path.child("apiVersion"), version, "apiVersion must specify API group");
}

void metricTarget(Errors& errors, const Value& target, const Path& path) {
    const std::string_view type = target["type"].asString();
    if (type.empty()) errors.required(path.child("type"), "must specify a metric target type");
    if (!contains({"Utilization", "Value", "AverageValue"}, type))
        errors.invalid(path.child("type"), type, "must be either Utilization, Value, or AverageValue");
    for (const char* field : {"value", "averageValue"})
        if (!target[field].isNull() && Quantity::ofValue(target[field]).sign() != 1)
            errors.invalid(path.child(field), target[field], "must be positive");
    const Value& utilization = target["averageUtilization"];
    if (!utilization.isNull() && utilization.asInt() < 1)
        errors.invalid(path.child("averageUtilization"), utilization, "must be greater than 0");
}

void metricSource(Errors& errors, std::string_view kind, const Value& source, const Path& path) {
    const Value& target = source["target"];
    const Path at = path.child("target");
    const bool value = !target["value"].isNull(), average = !target["averageValue"].isNull();
    const bool utilization = !target["averageUtilization"].isNull();
    if (kind == "object") crossReference(errors, source["describedObject"], path.child("describedObject"));
    if (kind == "object" || kind == "external" || kind == "pods")
        pathSegment(errors, source["metric"]["name"], path.child("metric", "name"), "must specify a metric name");
    if (kind == "resource" || kind == "containerResource")
        if (source["name"].isEmpty()) errors.required(path.child("name"), "must specify a resource name");
    if (kind == "containerResource") {
        if (!source["name"].isEmpty())
            validateContainerResourceName(errors, source["name"].asString(), path.child("name"));
        if (source["container"].isEmpty()) errors.required(path.child("container"), "must specify a container");
        else validateDnsLabelName(errors, source["container"].asString(), path.child("container"));
    }
    metricTarget(errors, target, at);
    if (kind == "object" && !value && !average)
        errors.required(at.child("averageValue"), "must set either a target value or averageValue");
    if (kind == "external") {
        if (!value && !average)
            errors.required(at.child("averageValue"), "must set either a target value for metric or a per-pod target");
        if (value && average)
            errors.forbidden(at.child("value"), "may not set both a target value for metric and a per-pod target");
    }
    if (kind == "pods" && !average)
        errors.required(at.child("averageValue"), "must specify a positive target averageValue");
    if (kind == "resource" || kind == "containerResource") {
        if (!utilization && !average)
            errors.required(at.child("averageUtilization"), "must set either a target raw value or a target utilization");
        if (utilization && average)
            errors.forbidden(at.child("averageValue"), "may not set both a target raw value and a target utilization");
    }
}

void metricSpec(Errors& errors, const Value& spec, const Path& path) {
    const std::string type = spec["type"].text();
    const std::initializer_list<std::string_view> types{"ContainerResource", "External", "Object", "Pods", "Resource"};
    if (type.empty()) errors.required(path.child("type"), "must specify a metric source type");
    const bool known = contains(types, type);
    if (!known) errors.notSupported(path.child("type"), type, types);
    std::vector<std::string> present;
    for (const char* kind : {"object", "external", "pods", "resource", "containerResource"}) {
        if (spec[kind].isNull()) continue;
        present.emplace_back(kind);
        if (present.size() == 1) metricSource(errors, kind, spec[kind], path.child(kind));
    }
    std::string expected = type;
    if (known) {
        expected[0] = static_cast<char>(expected[0] - 'A' + 'a');
        if (spec[std::string_view(expected)].isNull())
            errors.required(path.child(expected), "must populate information for the given metric source");
    } else {
        errors.notSupported(path.child("type"), type, types);
    }
    if (present.size() == 1) return;
    for (const std::string& kind : present)
        if (kind != expected) errors.forbidden(path.child(kind), "must populate the given metric source only");
}

void scalingRules(Errors& errors, const Value& rules, const Path& path) {
    if (rules.isNull()) return;
    const Value& window = rules["stabilizationWindowSeconds"];
    const Path at = path.child("stabilizationWindowSeconds");
    if (window.asInt() < 0) errors.invalid(at, window, "must be greater than or equal to zero");
    if (window.asInt() > 3600) errors.invalid(at, window, "must be less than or equal to 3600");
    const Value& select = rules["selectPolicy"];
    if (!select.isNull() && !contains({"Disabled", "Max", "Min"}, select.asString()))
        errors.notSupported(path.child("selectPolicy"), select, {"Disabled", "Max", "Min"});
    const Value& policies = rules["policies"];
    if (policies.size() == 0) errors.required(path.child("policies"), "must specify at least one Policy");
    for (std::size_t i = 0; i < policies.size(); ++i) {
        const Path policy = path.child("policies").index(i);
        if (!contains({"Percent", "Pods"}, policies[i]["type"].asString()))
            errors.notSupported(policy.child("type"), policies[i]["type"].asString(), {"Percent", "Pods"});
        if (policies[i]["value"].asInt() <= 0)
            errors.invalid(policy.child("value"), policies[i]["value"].asInt(), "must be greater than zero");
        const std::int64_t period = policies[i]["periodSeconds"].asInt();
        if (period <= 0) errors.invalid(policy.child("periodSeconds"), period, "must be greater than zero");
        if (period > 1800) errors.invalid(policy.child("periodSeconds"), period, "must be less than or equal to 1800");
    }
    if (!rules["tolerance"].isNull() && Quantity::ofValue(rules["tolerance"]).sign() < 0)
        errors.invalid(path.child("tolerance"), rules["tolerance"], "must be greater than or equal to 0");
}

void autoscalerSpec(Errors& errors, const Value& spec, bool coreTarget) {
    const Value& minimum = spec["minReplicas"];
    const std::int64_t maximum = spec["maxReplicas"].asInt();
    if (!minimum.isNull() && minimum.asInt() < 1)
        errors.invalid(kSpec.child("minReplicas"), minimum, "must be greater than or equal to 1");
    if (maximum < 1) errors.invalid(kSpec.child("maxReplicas"), maximum, "must be greater than 0");
    if (!minimum.isNull() && maximum < minimum.asInt())
        errors.invalid(kSpec.child("maxReplicas"), maximum, "must be greater than or equal to `minReplicas`");
    crossReference(errors, spec["scaleTargetRef"], kSpec.child("scaleTargetRef"), coreTarget);
    bool scalesToZero = false;
    for (std::size_t i = 0; i < spec["metrics"].size(); ++i) {
        metricSpec(errors, spec["metrics"][i], kSpec.child("metrics").index(i));
        scalesToZero = scalesToZero || contains({"Object", "External"}, spec["metrics"][i]["type"].asString());
    }
    const Value& cpu = spec["targetCPUUtilizationPercentage"]; // autoscaling/v1
    if (!cpu.isNull() && cpu.asInt() < 1)
        errors.invalid(kSpec.child("metrics").index(0).child("resource", "target", "averageUtilization"), cpu,
                       "must be greater than 0");
    if (minimum.isInt() && minimum.asInt() == 0 && !scalesToZero)
        errors.forbidden(kSpec.child("metrics"),
                         "must specify at least one Object or External metric to support scaling to zero replicas");
    scalingRules(errors, spec["behavior"]["scaleUp"], kSpec.child("behavior", "scaleUp"));
    scalingRules(errors, spec["behavior"]["scaleDown"], kSpec.child("behavior", "scaleDown"));
}

} // namespace

void validateAutoscaler(Errors& errors, const Value& autoscaler) {
    validateObjectMeta(errors, autoscaler["metadata"], true, nameIsSubdomain, Path("metadata"));
    autoscalerSpec(errors, autoscaler["spec"], false);
}
void validateAutoscalerUpdate(Errors& errors, const Value& autoscaler, const Value& old) {
    validateObjectMetaUpdate(errors, autoscaler["metadata"], old["metadata"], Path("metadata"));
    // What was accepted before stays acceptable.
    const std::string_view before = old["spec"]["scaleTargetRef"]["apiVersion"].asString();
    autoscalerSpec(errors, autoscaler["spec"], before.find('/') == std::string_view::npos);
}

} // namespace api::validation
