// Rows of workloads, autoscaling and policies. Source: kubernetes pkg/printers/internalversion.
#include "apiserver/core.h"
#include "apiserver/table/rows.h"
#include "apiserver/table/text.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

Value nameOf(const Value& object) { return object["metadata"]["name"]; }
Value ageOf(Core& core, const Value& object) { return age(core, object["metadata"]["creationTimestamp"]); }
std::int64_t count(const Value& status, const char* key) { return status[key].asInt(); }

Cells jobCells(Core& core, const Value& job) {
    const Value& spec = job["spec"];
    const Value& status = job["status"];
    const std::int64_t succeeded = status["succeeded"].asInt();
    std::string completions;
    if (spec["completions"].isInt())
        completions = std::to_string(succeeded) + "/" + std::to_string(spec["completions"].asInt());
    else if (spec["parallelism"].asInt(0) > 1)
        completions = std::to_string(succeeded) + "/1 of " + std::to_string(spec["parallelism"].asInt());
    else completions = std::to_string(succeeded) + "/1";
    std::string duration;
    const auto started = sim::parseRfc3339(status["startTime"].asString());
    const auto ended = sim::parseRfc3339(status["completionTime"].asString());
    if (started)
        duration = humanDuration(((ended ? *ended : core.kernel.unixNow()) - *started) / sim::kSecond);
    std::string phase;
    const auto has = [&](const char* type) {
        for (const Value& condition : status["conditions"].items())
            if (condition["type"].asString() == type && condition["status"].asString() == "True") return true;
        return false;
    };
    if (has("Complete")) phase = "Complete";
    else if (has("Failed")) phase = "Failed";
    else if (!metaText(job, "deletionTimestamp").empty()) phase = "Terminating";
    else if (has("Suspended")) phase = "Suspended";
    else if (has("FailureTarget")) phase = "FailureTarget";
    else if (has("SuccessCriteriaMet")) phase = "SuccessCriteriaMet";
    else phase = "Running";
    const Value& podSpec = spec.at("template", "spec");
    return {nameOf(job), phase, completions, duration, ageOf(core, job), containerNames(podSpec),
            containerImages(podSpec), selectorText(spec["selector"])};
}

Cells cronJobCells(Core& core, const Value& job) {
    const Value& spec = job["spec"];
    const Value& podSpec = spec.at("jobTemplate", "spec", "template", "spec");
    const Value& last = job.at("status", "lastScheduleTime");
    return {nameOf(job),
            spec["schedule"],
            spec["timeZone"].isString() ? spec["timeZone"].text() : "<none>",
            spec["suspend"].asBool() ? "True" : "False",
            job.at("status", "active").size(),
            last.isEmpty() ? "<none>" : age(core, last),
            ageOf(core, job),
            containerNames(podSpec),
            containerImages(podSpec),
            selectorText(spec.at("jobTemplate", "spec", "selector"))};
}

std::string orAuto(const Value& value) {
    if (value.isInt()) return std::to_string(value.asInt()) + "%";
    return "<unknown>";
}

// One metric: current/target.
std::string metricText(const Value& metric, const Value& current) {
    const std::string type = metric["type"].text();
    if (type == "Resource" || type == "ContainerResource") {
        const char* key = type == "Resource" ? "resource" : "containerResource";
        const Value& target = metric[key]["target"];
        const std::string name = metric[key]["name"].text();
        const Value& now = current[key]["current"];
        const std::string shown = name + ": ";
        if (target["averageValue"].isString())
            return shown + (now["averageValue"].isString() ? now["averageValue"].text() : "<unknown>") + "/" +
                   target["averageValue"].text();
        return shown + orAuto(now["averageUtilization"]) + "/" +
               (target["averageUtilization"].isInt() ? std::to_string(target["averageUtilization"].asInt()) + "%" : "<auto>");
    }
    const char* key = type == "Pods" ? "pods" : type == "Object" ? "object" : "external";
    const Value& target = metric[key]["target"];
    const Value& now = current[key]["current"];
    if (target["averageValue"].isString())
        return (now["averageValue"].isString() ? now["averageValue"].text() : "<unknown>") + "/" +
               target["averageValue"].text() + (type == "Pods" ? "" : " (avg)");
    return (now["value"].isString() ? now["value"].text() : "<unknown>") + "/" + target["value"].text();
}

std::string metricsText(const Value& scaler) {
    const Value& specs = scaler.at("spec", "metrics");
    const Value& statuses = scaler.at("status", "currentMetrics");
    if (specs.size() == 0) return "<none>";
    std::vector<std::string> list;
    constexpr std::size_t kShown = 2;
    for (std::size_t i = 0; i < specs.size() && i < kShown; ++i) list.push_back(metricText(specs[i], statuses[i]));
    std::string text = base::join(list, ", ");
    if (specs.size() > kShown) text += " + " + std::to_string(specs.size() - kShown) + " more...";
    return text;
}

Cells scalerCells(Core& core, const Value& given) {
    const api::ResourceInfo* v2 = core.kinds.find("autoscaling", "v2", "horizontalpodautoscalers");
    const Value scaler = v2 == nullptr ? given : convertTo(*v2, given);
    const Value& target = scaler.at("spec", "scaleTargetRef");
    const Value& low = scaler.at("spec", "minReplicas");
    return {nameOf(scaler),
            target["kind"].text() + "/" + target["name"].text(),
            metricsText(scaler),
            low.isInt() ? std::to_string(low.asInt()) : "<unset>",
            scaler.at("spec", "maxReplicas").asInt(),
            scaler.at("status", "currentReplicas").asInt(),
            ageOf(core, scaler)};
}

std::string amount(const Value& value) {
    if (value.isInt()) return std::to_string(value.asInt());
    return value.isString() ? value.text() : "N/A";
}

} // namespace

Cells workloadCells(Core& core, std::string_view kind, const Value& object) {
    const Value& spec = object["spec"];
    const Value& status = object["status"];
    const Value& podSpec = spec.at("template", "spec");
    if (kind == "Deployment")
        return {nameOf(object),
                std::to_string(count(status, "readyReplicas")) + "/" + std::to_string(spec["replicas"].asInt()),
                count(status, "updatedReplicas"),
                count(status, "availableReplicas"),
                ageOf(core, object),
                containerNames(podSpec),
                containerImages(podSpec),
                selectorText(spec["selector"])};
    if (kind == "ReplicaSet")
        return {nameOf(object), spec["replicas"].asInt(), count(status, "replicas"),
                count(status, "readyReplicas"), ageOf(core, object), containerNames(podSpec),
                containerImages(podSpec), selectorText(spec["selector"])};
    if (kind == "ReplicationController")
        return {nameOf(object), spec["replicas"].asInt(), count(status, "replicas"),
                count(status, "readyReplicas"), ageOf(core, object), containerNames(podSpec),
                containerImages(podSpec), labelText(spec["selector"])};
    if (kind == "StatefulSet")
        return {nameOf(object),
                std::to_string(count(status, "readyReplicas")) + "/" + std::to_string(spec["replicas"].asInt()),
                ageOf(core, object), containerNames(podSpec), containerImages(podSpec)};
    if (kind == "DaemonSet")
        return {nameOf(object),
                count(status, "desiredNumberScheduled"),
                count(status, "currentNumberScheduled"),
                count(status, "numberReady"),
                count(status, "updatedNumberScheduled"),
                count(status, "numberAvailable"),
                labelText(podSpec["nodeSelector"]),
                ageOf(core, object),
                containerNames(podSpec),
                containerImages(podSpec),
                selectorText(spec["selector"])};
    if (kind == "Job") return jobCells(core, object);
    if (kind == "CronJob") return cronJobCells(core, object);
    if (kind == "HorizontalPodAutoscaler") return scalerCells(core, object);
    if (kind == "PodDisruptionBudget")
        return {nameOf(object), amount(spec["minAvailable"]), amount(spec["maxUnavailable"]),
                count(status, "disruptionsAllowed"), ageOf(core, object)};
    if (kind == "ControllerRevision") {
        std::string controller = "<none>";
        for (const Value& owner : object.at("metadata", "ownerReferences").items()) {
            if (!owner["controller"].asBool()) continue;
            const std::string group = owner["apiVersion"].text();
            const auto slash = group.find('/');
            controller = base::toLower(owner["kind"].asString());
            if (slash != std::string::npos) controller += "." + group.substr(0, slash);
            controller += "/" + owner["name"].text();
        }
        return {nameOf(object), controller, object["revision"].asInt(), ageOf(core, object)};
    }
    return {};
}

} // namespace apiserver
