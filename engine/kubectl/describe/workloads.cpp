#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"
#include "kubectl/printers/human.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

struct PodCounts {
    int running = 0, waiting = 0, succeeded = 0, failed = 0;
    std::string text() const {
        return std::to_string(running) + " Running / " + std::to_string(waiting) + " Waiting / " + std::to_string(succeeded) +
               " Succeeded / " + std::to_string(failed) + " Failed";
    }
};

bool ownedBy(const Value& object, const Value& controller) {
    for (const Value& owner : object.at("metadata", "ownerReferences").items())
        if (owner["controller"].asBool()) return owner["uid"] == controller.at("metadata", "uid");
    return false;
}

sim::Task<base::Result<PodCounts>> countPods(DescribeContext& c, std::string selector) {
    ports::Query query;
    query.set("labelSelector", selector);
    auto pods = co_await listAll(c.session, "/api/v1/namespaces/" + c.ns + "/pods", query, c.chunk);
    if (!pods.ok()) co_return pods.error();
    PodCounts counts;
    for (const Value& pod : pods.value()) {
        if (!ownedBy(pod, c.object)) continue;
        const std::string_view phase = pod.at("status", "phase").asString();
        if (phase == "Running") ++counts.running;
        else if (phase == "Pending") ++counts.waiting;
        else if (phase == "Succeeded") ++counts.succeeded;
        else if (phase == "Failed") ++counts.failed;
    }
    co_return counts;
}

void describeHead(DescribeContext& c) {
    c.w.field(0, "Name", c.name);
    c.w.field(0, "Namespace", c.ns);
}
void describeMeta(DescribeContext& c) {
    printLabels(c.w, "Labels", c.object.at("metadata", "labels"));
    printAnnotations(c.w, "Annotations", c.object.at("metadata", "annotations"));
}
std::string number(const Value& value) { return std::to_string(value.asInt()); }

void describeConditions(DescribeWriter& w, const Value& conditions) {
    if (conditions.size() == 0) return;
    w.line(0, "Conditions:\n  Type\tStatus\tReason");
    w.line(1, "----\t------\t------");
    for (const Value& item : conditions.items())
        w.line(1, item["type"].text() + " \t" + item["status"].text() + "\t" + item["reason"].text());
}

Value bareTemplate(const Value& podTemplate) {
    Value out = podTemplate;
    if (out.at("metadata", "labels").has("pod-template-hash")) out = out.withoutPath({"metadata", "labels", "pod-template-hash"});
    return out;
}

std::string setList(const std::vector<Value>& sets) {
    std::vector<std::string> out;
    for (const Value& rs : sets)
        out.push_back(rs.at("metadata", "name").text() + " (" + number(rs.at("status", "replicas")) + "/" + number(rs.at("spec", "replicas")) + " replicas created)");
    return out.empty() ? "<none>" : base::join(out, ", ");
}

sim::Task<void> describeReplicaSets(DescribeContext& c) {
    ports::Query query;
    query.set("labelSelector", selectorString(c.object.at("spec", "selector")));
    auto sets = co_await listAll(c.session, "/apis/apps/v1/namespaces/" + c.ns + "/replicasets", query, c.chunk);
    if (!sets.ok()) co_return;
    std::vector<Value> own = std::move(sets).value(), fresh, old;
    std::erase_if(own, [&](const Value& rs) { return !ownedBy(rs, c.object); });
    // Oldest first: of several with the wanted template the oldest is the new one.
    std::sort(own.begin(), own.end(), [](const Value& a, const Value& b) {
        const auto key = [](const Value& rs) { return std::pair(rs.at("metadata", "creationTimestamp").asString(), rs.at("metadata", "name").asString()); };
        return key(a) < key(b);
    });
    const Value wanted = bareTemplate(c.object.at("spec", "template"));
    for (const Value& rs : own) {
        const bool chosen = fresh.empty() && bareTemplate(rs.at("spec", "template")) == wanted;
        (chosen ? fresh : old).push_back(rs);
    }
    if (fresh.empty() && old.empty()) co_return;
    c.w.field(0, "OldReplicaSets", setList(old));
    c.w.field(0, "NewReplicaSet", setList(fresh));
}

} // namespace

sim::Task<base::Status> describeDeployment(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    describeHead(c);
    w.field(0, "CreationTimestamp", longTime(c.object.at("metadata", "creationTimestamp")));
    describeMeta(c);
    w.field(0, "Selector", selectorString(spec["selector"]));
    w.field(0, "Replicas", number(spec["replicas"]) + " desired | " + number(status["updatedReplicas"]) + " updated | " + number(status["replicas"]) +
                               " total | " + number(status["availableReplicas"]) + " available | " + number(status["unavailableReplicas"]) + " unavailable");
    w.field(0, "StrategyType", spec.at("strategy", "type").asString());
    w.field(0, "MinReadySeconds", number(spec["minReadySeconds"]));
    if (const Value& rolling = spec.at("strategy", "rollingUpdate"); !rolling.isNull())
        w.field(0, "RollingUpdateStrategy", textOf(rolling["maxUnavailable"]) + " max unavailable, " + textOf(rolling["maxSurge"]) + " max surge");
    describePodTemplate(w, spec["template"]);
    describeConditions(w, status["conditions"]);
    co_await describeReplicaSets(c);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeReplicaSet(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    auto counts = co_await countPods(c, selectorString(spec["selector"]));
    co_await loadEvents(c);
    describeHead(c);
    w.field(0, "Selector", selectorText(spec["selector"]));
    describeMeta(c);
    if (const std::string controller = controllerOf(c.object); !controller.empty()) w.field(0, "Controlled By", controller);
    w.field(0, "Replicas", number(status["replicas"]) + " current / " + number(spec["replicas"]) + " desired");
    w.field(0, "Pods Status", counts.ok() ? counts.value().text() : "error in fetching pods: " + errorText(counts.error()));
    describePodTemplate(w, spec["template"]);
    describeConditions(w, status["conditions"]);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeReplicationController(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    const std::string selector = pairsText(spec["selector"]);
    const std::string asked = spec["selector"].size() == 0 ? "" : selector;
    auto counts = co_await countPods(c, asked);
    if (!counts.ok()) co_return counts.error();
    co_await loadEvents(c);
    describeHead(c);
    w.field(0, "Selector", selector);
    describeMeta(c);
    w.field(0, "Replicas", number(status["replicas"]) + " current / " + number(spec["replicas"]) + " desired");
    w.field(0, "Pods Status", counts.value().text());
    describePodTemplate(w, spec["template"]);
    describeConditions(w, status["conditions"]);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeDaemonSet(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    auto counts = co_await countPods(c, selectorString(spec["selector"]));
    if (!counts.ok()) co_return counts.error();
    co_await loadEvents(c);
    describeHead(c);
    w.field(0, "Selector", selectorString(spec["selector"]));
    w.field(0, "Node-Selector", pairsText(spec.at("template", "spec", "nodeSelector")));
    describeMeta(c);
    w.line(0, "Desired Number of Nodes Scheduled: " + number(status["desiredNumberScheduled"]));
    w.line(0, "Current Number of Nodes Scheduled: " + number(status["currentNumberScheduled"]));
    w.line(0, "Number of Nodes Scheduled with Up-to-date Pods: " + number(status["updatedNumberScheduled"]));
    w.line(0, "Number of Nodes Scheduled with Available Pods: " + number(status["numberAvailable"]));
    w.line(0, "Number of Nodes Misscheduled: " + number(status["numberMisscheduled"]));
    w.field(0, "Pods Status", counts.value().text());
    describePodTemplate(w, spec["template"]);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeStatefulSet(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    auto counts = co_await countPods(c, selectorString(spec["selector"]));
    if (!counts.ok()) co_return counts.error();
    co_await loadEvents(c);
    describeHead(c);
    w.field(0, "CreationTimestamp", longTime(c.object.at("metadata", "creationTimestamp")));
    w.field(0, "Selector", selectorString(spec["selector"]));
    describeMeta(c);
    w.field(0, "Replicas", number(spec["replicas"]) + " desired | " + number(status["replicas"]) + " total");
    w.field(0, "Update Strategy", spec.at("updateStrategy", "type").asString());
    if (const Value& rolling = spec.at("updateStrategy", "rollingUpdate"); !rolling["partition"].isNull()) {
        w.field(1, "Partition", number(rolling["partition"]));
        if (!rolling["maxUnavailable"].isNull()) w.field(1, "MaxUnavailable", textOf(rolling["maxUnavailable"]));
    }
    w.field(0, "Pods Status", counts.value().text());
    describePodTemplate(w, spec["template"]);
    const Value& claims = spec["volumeClaimTemplates"];
    w.line(0, claims.size() == 0 ? "Volume Claims:\t<none>" : "Volume Claims:");
    for (const Value& claim : claims.items()) {
        w.field(1, "Name", claim.at("metadata", "name").asString());
        w.field(1, "StorageClass", claimClass(claim));
        printLabels(w, "Labels", claim.at("metadata", "labels"), "  ");
        printLabels(w, "Annotations", claim.at("metadata", "annotations"), "  ");
        w.field(1, "Capacity", orDefault(textOf(claim.at("spec", "resources", "requests", "storage")), "<default>"));
        w.field(1, "Access Modes", goList(claim.at("spec", "accessModes")));
    }
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeJob(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    describeHead(c);
    w.field(0, "Selector", selectorString(spec["selector"]));
    describeMeta(c);
    if (const std::string controller = controllerOf(c.object); !controller.empty()) w.field(0, "Controlled By", controller);
    if (!spec["parallelism"].isNull()) w.field(0, "Parallelism", textOf(spec["parallelism"]));
    w.field(0, "Completions", orDefault(textOf(spec["completions"]), "<unset>"));
    if (!spec["completionMode"].isNull()) w.field(0, "Completion Mode", spec["completionMode"].asString());
    if (!spec["suspend"].isNull()) w.field(0, "Suspend", textOf(spec["suspend"]));
    if (!spec["backoffLimit"].isNull()) w.field(0, "Backoff Limit", textOf(spec["backoffLimit"]));
    if (!spec["ttlSecondsAfterFinished"].isNull()) w.field(0, "TTL Seconds After Finished", textOf(spec["ttlSecondsAfterFinished"]));
    const auto start = sim::parseRfc3339(status["startTime"].asString()), end = sim::parseRfc3339(status["completionTime"].asString());
    if (start) w.field(0, "Start Time", longTime(status["startTime"]));
    if (end) w.field(0, "Completed At", longTime(status["completionTime"]));
    if (start && end) w.field(0, "Duration", humanDuration(*end - *start));
    if (!spec["activeDeadlineSeconds"].isNull()) w.field(0, "Active Deadline Seconds", textOf(spec["activeDeadlineSeconds"]) + "s");
    const std::string ready = status["ready"].isNull() ? "" : " (" + number(status["ready"]) + " Ready)";
    w.field(0, "Pods Statuses", number(status["active"]) + " Active" + ready + " / " + number(status["succeeded"]) + " Succeeded / " + number(status["failed"]) + " Failed");
    if (spec["completionMode"].asString() == "Indexed") {
        std::string indexes = orDefault(status["completedIndexes"].text(), "<none>");
        if (const auto cut = indexes.find(',', 50); indexes.size() > 50 && cut != std::string::npos) indexes = indexes.substr(0, cut + 1) + "...";
        w.field(0, "Completed Indexes", indexes);
    }
    describePodTemplate(w, spec["template"]);
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeCronJob(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    describeHead(c);
    describeMeta(c);
    w.field(0, "Schedule", spec["schedule"].asString());
    w.field(0, "Concurrency Policy", spec["concurrencyPolicy"].asString());
    w.field(0, "Suspend", boolText(spec["suspend"]));
    w.field(0, "Successful Job History Limit", orDefault(textOf(spec["successfulJobsHistoryLimit"]), "<unset>"));
    w.field(0, "Failed Job History Limit", orDefault(textOf(spec["failedJobsHistoryLimit"]), "<unset>"));
    w.field(0, "Starting Deadline Seconds", spec["startingDeadlineSeconds"].isNull() ? "<unset>" : textOf(spec["startingDeadlineSeconds"]) + "s");
    const Value& job = spec.at("jobTemplate", "spec");
    w.field(0, "Selector", job["selector"].isNull() ? "<unset>" : selectorString(job["selector"]));
    w.field(0, "Parallelism", orDefault(textOf(job["parallelism"]), "<unset>"));
    w.field(0, "Completions", orDefault(textOf(job["completions"]), "<unset>"));
    if (!job["activeDeadlineSeconds"].isNull()) w.field(0, "Active Deadline Seconds", textOf(job["activeDeadlineSeconds"]) + "s");
    describePodTemplate(w, job["template"]);
    w.field(0, "Last Schedule Time", status["lastScheduleTime"].isNull() ? "<unset>" : longTime(status["lastScheduleTime"]));
    std::vector<std::string> active;
    for (const Value& item : status["active"].items()) active.push_back(item["name"].text());
    w.field(0, "Active Jobs", active.empty() ? "<none>" : base::join(active, ", "));
    describeEvents(c);
    co_return base::okStatus();
}

namespace {

// A quantity that the status may lack altogether, or have of another sort only.
std::string currentText(const Value& status, const char* field) {
    if (status.isNull()) return "<unknown>";
    return orDefault(textOf(status.at("current", field)), "<nil>");
}
std::string targetText(const Value& source, const char* field) { return orDefault(textOf(source.at("target", field)), "<nil>"); }

void describeResourceMetric(DescribeWriter& w, const Value& source, const Value& status, const std::string& whose) {
    const std::string title = "resource " + source["name"].text() + whose + " on pods";
    if (!source.at("target", "averageValue").isNull()) {
        w.line(1, title + ":\t" + currentText(status, "averageValue") + " / " + targetText(source, "averageValue"));
        return;
    }
    const Value &used = status.at("current", "averageUtilization"), &target = source.at("target", "averageUtilization");
    const std::string text = used.isNull() ? "<unknown>" : textOf(used) + "% (" + currentText(status, "averageValue") + ")";
    w.line(1, title + "  (as a percentage of request):\t" + text + " / " + (target.isNull() ? "<auto>" : textOf(target) + "%"));
}

void describeMetric(DescribeWriter& w, const Value& metric, const Value& current) {
    const std::string type = metric["type"].text();
    if (type == "Resource") {
        describeResourceMetric(w, metric["resource"], current["resource"], "");
    } else if (type == "ContainerResource") {
        const std::string whose = " of container \"" + metric.at("containerResource", "container").text() + "\"";
        describeResourceMetric(w, metric["containerResource"], current["containerResource"], whose);
    } else if (type == "Pods") {
        const Value& source = metric["pods"];
        w.line(1, base::quoteGo(source.at("metric", "name").asString()) + " on pods:\t" + currentText(current["pods"], "averageValue") + " / " +
                      targetText(source, "averageValue"));
    } else if (type == "External") {
        const Value& source = metric["external"];
        const std::string name = base::quoteGo(source.at("metric", "name").asString());
        const Value& average = source.at("target", "averageValue");
        if (average.isNull()) w.line(1, name + " (target value):\t" + currentText(current["external"], "value") + " / " + targetText(source, "value"));
        else
            w.line(1, name + " (target average value):\t" + orDefault(textOf(current["external"].at("current", "averageValue")), "<unknown>") + " / " + textOf(average));
    } else if (type == "Object") {
        const Value& source = metric["object"];
        const bool average = source.at("target", "type").asString() == "AverageValue";
        const char* field = average ? "averageValue" : "value";
        w.line(1, "\"" + source.at("metric", "name").text() + "\" on " + source.at("describedObject", "kind").text() + "/" + source.at("describedObject", "name").text() +
                      (average ? " (target average value):\t" : " (target value):\t") + currentText(current["object"], field) + " / " + targetText(source, field));
    } else {
        w.line(1, "<unknown metric type " + base::quoteGo(type) + ">");
    }
}

void describeDirection(DescribeWriter& w, std::string_view title, const Value& rules) {
    if (rules.isNull()) return;
    w.line(1, std::string(title) + ":");
    if (!rules["stabilizationWindowSeconds"].isNull()) w.line(2, "Stabilization Window: " + textOf(rules["stabilizationWindowSeconds"]) + " seconds");
    if (rules["policies"].size() == 0) return;
    w.line(2, "Select Policy: " + orDefault(rules["selectPolicy"].text(), "Max"));
    w.line(2, "Policies:");
    for (const Value& policy : rules["policies"].items())
        w.line(3, "- Type: " + policy["type"].text() + "\tValue: " + textOf(policy["value"]) + "\tPeriod: " + textOf(policy["periodSeconds"]) + " seconds");
}

} // namespace

sim::Task<base::Status> describeAutoscaler(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    describeHead(c);
    describeMeta(c);
    w.field(0, "CreationTimestamp", longTime(c.object.at("metadata", "creationTimestamp")));
    w.field(0, "Reference", spec.at("scaleTargetRef", "kind").text() + "/" + spec.at("scaleTargetRef", "name").text());
    w.field(0, "Metrics", "( current / target )");
    for (std::size_t i = 0; i < spec["metrics"].size(); ++i) describeMetric(w, spec["metrics"][i], status["currentMetrics"][i]);
    w.field(0, "Min replicas", orDefault(textOf(spec["minReplicas"]), "<unset>"));
    w.field(0, "Max replicas", number(spec["maxReplicas"]));
    if (const Value& behavior = spec["behavior"]; !behavior.isNull()) {
        w.line(0, "Behavior:");
        describeDirection(w, "Scale Up", behavior["scaleUp"]);
        describeDirection(w, "Scale Down", behavior["scaleDown"]);
    }
    w.field(0, spec.at("scaleTargetRef", "kind").text() + " pods", number(status["currentReplicas"]) + " current / " + number(status["desiredReplicas"]) + " desired");
    if (status["conditions"].size() > 0) {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tReason\tMessage");
        w.line(1, "----\t------\t------\t-------");
        for (const Value& item : status["conditions"].items())
            w.line(1, item["type"].text() + "\t" + item["status"].text() + "\t" + item["reason"].text() + "\t" + item["message"].text());
    }
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
