// Conversion between the versions of kinds that are served in more than one. Source: kubernetes
// pkg/apis/autoscaling/v1 and pkg/apis/events/v1 conversion.
#include "api/quantity.h"
#include "apiserver/core.h"
#include "document/json.h"

namespace apiserver {

using document::ObjectBuilder;
using document::Value;

namespace {

void move(ObjectBuilder& to, const Value& from, std::string_view source, std::string_view target) {
    if (from.has(source)) to.set(target, from[source]);
}

Value eventToV1(const Value& core) {
    ObjectBuilder out(core);
    for (const char* gone : {"involvedObject", "message", "source", "firstTimestamp", "lastTimestamp",
                             "count", "reportingComponent", "reportingInstance"})
        out.erase(gone);
    out.set("apiVersion", "events.k8s.io/v1");
    move(out, core, "involvedObject", "regarding");
    move(out, core, "message", "note");
    move(out, core, "source", "deprecatedSource");
    move(out, core, "firstTimestamp", "deprecatedFirstTimestamp");
    move(out, core, "lastTimestamp", "deprecatedLastTimestamp");
    move(out, core, "count", "deprecatedCount");
    move(out, core, "reportingComponent", "reportingController");
    move(out, core, "reportingInstance", "reportingInstance");
    if (out.empty()) return core;
    return std::move(out).build();
}

Value eventToCore(const Value& event) {
    ObjectBuilder out(event);
    for (const char* gone :
         {"regarding", "note", "deprecatedSource", "deprecatedFirstTimestamp",
          "deprecatedLastTimestamp", "deprecatedCount", "reportingController"})
        out.erase(gone);
    out.set("apiVersion", "v1");
    out.set("involvedObject", event.has("regarding") ? event["regarding"] : Value::object());
    out.set("source", event.has("deprecatedSource") ? event["deprecatedSource"] : Value::object());
    move(out, event, "note", "message");
    out.set("firstTimestamp", event["deprecatedFirstTimestamp"]);
    out.set("lastTimestamp", event["deprecatedLastTimestamp"]);
    move(out, event, "deprecatedCount", "count");
    out.set("reportingComponent",
            event.has("reportingController") ? event["reportingController"] : Value(""));
    if (!event.has("reportingInstance")) out.set("reportingInstance", "");
    return std::move(out).build();
}

constexpr std::string_view kMetrics = "autoscaling.alpha.kubernetes.io/metrics";
constexpr std::string_view kCurrent = "autoscaling.alpha.kubernetes.io/current-metrics";
constexpr std::string_view kConditions = "autoscaling.alpha.kubernetes.io/conditions";
constexpr std::string_view kBehavior = "autoscaling.alpha.kubernetes.io/behavior";

bool isCpuUtilization(const Value& metric, const char* side) {
    return metric["type"].asString() == "Resource" &&
           metric.at("resource", "name").asString() == "cpu" &&
           metric.at("resource", side, "averageUtilization").isInt();
}

// Annotations that carry what v1 has no fields for.
void annotate(Value& meta, std::string_view key, const Value& value) {
    if (value.isEmpty()) return;
    meta = meta.withPath({"annotations", key}, document::writeJson(value));
}

Value scalerToV1(const Value& v2) {
    Value meta = v2["metadata"];
    ObjectBuilder spec(v2["spec"]);
    spec.erase("metrics").erase("behavior");
    Value rest;
    for (const Value& metric : v2.at("spec", "metrics").items()) {
        if (isCpuUtilization(metric, "target"))
            spec.set("targetCPUUtilizationPercentage",
                     metric.at("resource", "target", "averageUtilization"));
        else rest = rest.appended(metric);
    }
    annotate(meta, kMetrics, rest);
    annotate(meta, kBehavior, v2.at("spec", "behavior"));
    ObjectBuilder status(v2["status"]);
    status.erase("currentMetrics").erase("conditions");
    Value currentRest;
    for (const Value& metric : v2.at("status", "currentMetrics").items()) {
        if (isCpuUtilization(metric, "current"))
            status.set("currentCPUUtilizationPercentage",
                       metric.at("resource", "current", "averageUtilization"));
        else currentRest = currentRest.appended(metric);
    }
    annotate(meta, kCurrent, currentRest);
    annotate(meta, kConditions, v2.at("status", "conditions"));
    ObjectBuilder out(v2);
    out.set("apiVersion", "autoscaling/v1").set("metadata", meta);
    out.set("spec", std::move(spec).build());
    if (v2.has("status")) {
        Value built = std::move(status).build();
        if (!built.has("currentReplicas")) built = built.with("currentReplicas", 0);
        if (!built.has("desiredReplicas")) built = built.with("desiredReplicas", 0);
        out.set("status", built);
    }
    return std::move(out).build();
}

Value takeAnnotation(Value& meta, std::string_view key) {
    const Value text = meta["annotations"][key];
    if (!text.isString()) return {};
    Value annotations = meta["annotations"].without(key);
    meta = annotations.size() == 0 ? meta.without("annotations") : meta.with("annotations", annotations);
    return document::readJson(text.asString()).valueOr(Value());
}

Value cpuMetric(const Value& percent, const char* side) {
    Value reading = Value::object({{"averageUtilization", percent}});
    if (std::string_view(side) == "target") reading = reading.with("type", "Utilization");
    return Value::object({{"type", "Resource"},
                          {"resource", Value::object({{"name", "cpu"}, {side, reading}})}});
}

Value scalerToV2(const Value& v1) {
    Value meta = v1["metadata"];
    Value metrics = takeAnnotation(meta, kMetrics);
    const Value current = takeAnnotation(meta, kCurrent);
    const Value conditions = takeAnnotation(meta, kConditions);
    const Value behavior = takeAnnotation(meta, kBehavior);
    ObjectBuilder spec(v1["spec"]);
    spec.erase("targetCPUUtilizationPercentage");
    if (v1.at("spec", "targetCPUUtilizationPercentage").isInt())
        metrics = metrics.appended(cpuMetric(v1.at("spec", "targetCPUUtilizationPercentage"), "target"));
    if (!metrics.isEmpty()) spec.set("metrics", metrics);
    if (!behavior.isEmpty()) spec.set("behavior", behavior);
    ObjectBuilder out(v1);
    out.set("apiVersion", "autoscaling/v2").set("metadata", meta).set("spec", std::move(spec).build());
    if (v1.has("status")) {
        ObjectBuilder status(v1["status"]);
        status.erase("currentCPUUtilizationPercentage");
        Value readings = current;
        if (v1.at("status", "currentCPUUtilizationPercentage").isInt())
            readings = readings.appended(
                cpuMetric(v1.at("status", "currentCPUUtilizationPercentage"), "current"));
        status.set("currentMetrics", readings);
        if (!conditions.isEmpty()) status.set("conditions", conditions);
        out.set("status", std::move(status).build());
    }
    return std::move(out).build();
}

} // namespace

Value convertTo(const api::ResourceInfo& target, const Value& object) {
    const std::string_view have = object["apiVersion"].asString();
    std::string_view group, version = have;
    if (const auto slash = have.find('/'); slash != std::string_view::npos) {
        group = have.substr(0, slash);
        version = have.substr(slash + 1);
    }
    if (group == target.group && version == target.version) return object;
    if (target.plural == "events" && target.group == "events.k8s.io") return eventToV1(object);
    if (target.plural == "events" && target.group.empty() && have == "events.k8s.io/v1")
        return eventToCore(object);
    if (target.group == "autoscaling" && target.version == "v1") return scalerToV1(object);
    if (target.group == "autoscaling" && target.version == "v2") return scalerToV2(object);
    return object.with("apiVersion", target.apiVersion());
}

} // namespace apiserver
