#include "controllers/podautoscaler/controller.h"

#include "api/label_selector.h"
#include "api/objects/pod.h"
#include "api/quantity.h"
#include "api/status.h"
#include "controllers/support/discovery.h"

#include <algorithm>
#include <cmath>

namespace controllers {

using client::objectKey;
using document::Value;

namespace {

client::Resource hpas() { return {"autoscaling", "v2", "horizontalpodautoscalers"}; }

// What client-go adds to an answer without a Status.
std::string metricsError(const base::Error& error) {
    std::string text = error.message;
    if (text == "the server could not find the requested resource" || text == "the server is currently unable to handle the request")
        text += " (get pods.metrics.k8s.io)";
    return "unable to fetch metrics from resource metrics API: " + text;
}

api::Quantity requestOf(const Value& pod, const std::string& resource, const std::string& container,
                        bool& missing) {
    api::Quantity sum;
    for (const Value& item : pod.at("spec", "containers").items()) {
        if (!container.empty() && item["name"].asString() != container) continue;
        const Value& request = item.at("resources", "requests", resource.c_str());
        if (request.isNull()) missing = true;
        sum = sum + api::Quantity::of(request.asString());
    }
    return sum;
}

} // namespace

HorizontalPodAutoscalerController::HorizontalPodAutoscalerController(Context context)
    : QueueController(context, "horizontal-pod-autoscaler", 5), autoscalers_(use(hpas())),
      pods_(use(client::podsResource())) {
    autoscalers_.onChange([this](const Value& previous, const Value& current) {
        if (current.isNull()) {
            recommendations_.erase(objectKey(previous));
            return;
        }
        queue_.addAfter(objectKey(current), options_.horizontalPodAutoscalerSyncPeriod);
    });
}

void HorizontalPodAutoscalerController::setCondition(Run& run, const char* type, const char* status,
                                                     std::string reason,
                                                     std::string message) const {
    const Value& old = api::conditionIn(run.status["conditions"], type);
    const Value stamp =
        old["status"].asString() == status ? old["lastTransitionTime"] : Value(now());
    Value condition = Value::object({{"type", type},
                                     {"status", status},
                                     {"lastTransitionTime", stamp},
                                     {"reason", reason},
                                     {"message", message}});
    run.status = run.status.with(
        "conditions", api::withCondition(run.status["conditions"], std::move(condition)));
}

sim::Task<base::Status> HorizontalPodAutoscalerController::sync(std::string key) {
    const Value hpa = autoscalers_.get(key);
    if (hpa.isNull()) co_return base::okStatus();
    queue_.addAfter(key, options_.horizontalPodAutoscalerSyncPeriod);
    auto run = std::make_shared<Run>();
    run->hpa = hpa;
    run->status = hpa["status"];
    auto done = co_await reconcile(run);
    (void)done; // said in conditions and events
    if (run->status == hpa["status"]) co_return base::okStatus();
    Value changed = hpa.with("status", run->status);
    auto written =
        co_await client_.update(hpas(), api::namespaceOf(hpa), std::move(changed), "status");
    if (!written.ok()) co_return base::okStatus();
    autoscalers_.put(*written);
    co_return base::okStatus();
}

sim::Task<base::Status> HorizontalPodAutoscalerController::reconcile(RunPtr run) {
    const Value& hpa = run->hpa;
    const Value reference = hpa.at("spec", "scaleTargetRef");
    const std::string ns = api::namespaceOf(hpa);
    auto served = co_await discover(client_);
    if (!served.ok()) co_return served.error();
    for (const ServedResource& item : *served)
        if (item.apiVersion() == reference["apiVersion"].asString() &&
            item.kind == reference["kind"].asString())
            run->target = item.resource;
    base::Result<Value> scale =
        base::makeError("no matches for kind \"" + reference["kind"].text() + "\" in version \"" +
                        reference["apiVersion"].text() + "\"");
    if (!run->target.plural.empty())
        scale = co_await client_.get(run->target, ns, reference["name"].text(), "scale");
    if (!scale.ok()) {
        recorder_.warning(hpa, "FailedGetScale", scale.error().message);
        setCondition(*run, "AbleToScale", "False", "FailedGetScale",
                     "the HPA controller was unable to get the target's current scale: " +
                         scale.error().message);
        co_return scale.error();
    }
    setCondition(*run, "AbleToScale", "True", "SucceededGetScale",
                 "the HPA controller was able to get the target's current scale");
    run->scale = *scale;
    run->current = scale->at("spec", "replicas").asInt();
    run->selector = scale->at("status", "selector").text();
    const std::int64_t shown = scale->at("status", "replicas").asInt();
    const std::int64_t least = hpa.at("spec", "minReplicas").asInt(1),
                       most = hpa.at("spec", "maxReplicas").asInt();
    if (run->current == 0 && least != 0) {
        run->status = run->status.without("currentReplicas")
                          .with("desiredReplicas", 0)
                          .with("currentMetrics", nullptr);
        setCondition(*run, "ScalingActive", "False", "ScalingDisabled",
                     "scaling is disabled since the replica count of the target is zero");
        co_return base::okStatus();
    }
    std::int64_t desired = run->current;
    std::string reason;
    Value metrics;
    if (run->current > most || run->current < least) {
        desired = run->current > most ? most : least;
        reason = run->current > most ? "Current number of replicas above Spec.MaxReplicas"
                                     : "Current number of replicas below Spec.MinReplicas";
    } else {
        std::optional<Proposal> best;
        std::string firstError, firstReason;
        int invalid = 0;
        const auto specs = hpa.at("spec", "metrics").items();
        for (const Value& metric : specs) {
            auto proposal = co_await proposeFor(run, metric);
            if (!proposal.ok()) {
                if (invalid++ == 0) {
                    firstError = proposal.error().message;
                    firstReason = proposal.error().reason;
                }
                metrics = metrics.appended(Value::object({{"type", ""}}));
                continue;
            }
            metrics = metrics.appended(proposal->metricStatus);
            if (!best || proposal->replicas > best->replicas) best = std::move(*proposal);
        }
        if (!best || (invalid > 0 && best->replicas < run->current)) {
            const std::string kind =
                specs.empty() ? "" : specs[0].at("resource", "name").text() + " resource";
            recorder_.warning(hpa, "FailedComputeMetricsReplicas",
                              "invalid metrics (" + std::to_string(invalid) + " invalid out of " +
                                  std::to_string(specs.size()) +
                                  "), first error is: failed to get " + kind +
                                  " metric value: " + firstError);
            setCondition(*run, "ScalingActive", "False", firstReason,
                         "the HPA was unable to compute the replica count: " + firstError);
            run->status = run->status.with("currentReplicas", shown)
                              .with("desiredReplicas", run->status["desiredReplicas"].asInt())
                              .with("currentMetrics", metrics);
            co_return base::makeError(firstError);
        }
        setCondition(*run, "ScalingActive", "True", "ValidMetricFound",
                     "the HPA was able to successfully calculate a replica count from " +
                         best->name);
        desired = limitAndStabilize(*run, best->replicas, objectKey(hpa));
        reason = desired > run->current ? best->name + " above target" : "All metrics below target";
    }
    run->status = run->status.with("currentReplicas", shown)
                      .with("desiredReplicas", desired)
                      .with("currentMetrics", metrics);
    if (desired == run->current) co_return base::okStatus();
    co_return co_await rescale(run, desired, reason);
}

sim::Task<base::Status>
HorizontalPodAutoscalerController::rescale(RunPtr run, std::int64_t replicas, std::string reason) {
    Value scale = run->scale.withPath({"spec", "replicas"}, replicas);
    auto patched =
        co_await client_.update(run->target, api::namespaceOf(run->hpa), std::move(scale), "scale");
    if (!patched.ok()) {
        recorder_.warning(run->hpa, "FailedRescale",
                          "New size: " + std::to_string(replicas) + "; reason: " + reason +
                              "; error: " + patched.error().message);
        setCondition(*run, "AbleToScale", "False", "FailedUpdateScale",
                     "the HPA controller was unable to update the target scale: " +
                         patched.error().message);
        co_return patched.error();
    }
    setCondition(*run, "AbleToScale", "True", "SucceededRescale",
                 "the HPA controller was able to update the target scale to " +
                     std::to_string(replicas));
    recorder_.normal(run->hpa, "SuccessfulRescale",
                     "New size: " + std::to_string(replicas) + "; reason: " + reason);
    run->status = run->status.with("lastScaleTime", now());
    co_return base::okStatus();
}

sim::Task<base::Result<HorizontalPodAutoscalerController::Proposal>>
HorizontalPodAutoscalerController::proposeFor(RunPtr run, Value metric) {
    const std::string type = metric["type"].text();
    if (type == "Resource") co_return co_await proposeResource(run, metric, false);
    if (type == "ContainerResource") co_return co_await proposeResource(run, metric, true);
    const std::string reason = "FailedGet" + type + "Metric";
    const std::string text =
        "unable to fetch metrics from " + std::string(type == "External" ? "external" : "custom") +
        " metrics API: no " + (type == "External" ? "external" : "custom") + " metrics API (" +
        (type == "External" ? "external" : "custom") + ".metrics.k8s.io) registered";
    recorder_.warning(run->hpa, reason, text);
    co_return base::makeError(text, 0, reason);
}

sim::Task<base::Result<HorizontalPodAutoscalerController::Proposal>>
HorizontalPodAutoscalerController::proposeResource(RunPtr run, Value metric, bool container) {
    const Value source = container ? metric["containerResource"] : metric["resource"];
    const std::string resource = source["name"].text(),
                      only = container ? source["container"].text() : std::string();
    const Value target = source["target"];
    const bool utilization = target["type"].asString() == "Utilization";
    const std::string reason =
        container ? "FailedGetContainerResourceMetric" : "FailedGetResourceMetric";
    const std::string prefix = utilization ? "failed to get " + resource + " utilization: "
                                           : "failed to get " + resource + " usage: ";
    const auto fail = [&](std::string text) {
        recorder_.warning(run->hpa, reason, prefix + text);
        return base::makeError(prefix + text, 0, reason);
    };
    client::ListOptions options;
    options.labelSelector = run->selector;
    const client::Resource podMetrics{"metrics.k8s.io", "v1beta1", "pods"};
    const std::string ns = api::namespaceOf(run->hpa);
    auto listed = co_await client_.list(podMetrics, ns, options);
    if (!listed.ok())
        co_return fail("unable to get metrics for resource " + resource + ": " +
                       metricsError(listed.error()));
    if (listed->at("items").size() == 0)
        co_return fail("unable to get metrics for resource " + resource +
                       ": no metrics returned from resource metrics API");
    auto selector = api::LabelSelector::parse(run->selector);
    if (!selector.ok()) co_return selector.error();
    std::map<std::string, std::int64_t> usage;
    for (const Value& item : listed->at("items").items())
        for (const Value& part : item["containers"].items())
            if (only.empty() || part["name"].asString() == only)
                usage[api::nameOf(item)] +=
                    api::Quantity::of(part["usage"][resource].asString()).milliValue();
    std::int64_t used = 0, requested = 0, counted = 0, unready = 0;
    bool missing = false;
    for (const Value& pod : pods_.inNamespace(ns)) {
        if (!selector->matches(api::labelsOf(pod)) || !api::podActive(pod)) continue;
        const auto place = usage.find(api::nameOf(pod));
        if (place == usage.end() || !api::podReady(pod)) {
            ++unready;
            continue;
        }
        ++counted;
        used += place->second;
        requested += requestOf(pod, resource, only, missing).milliValue();
    }
    if (counted == 0)
        co_return fail("did not receive metrics for targeted pods (pods might be unready)");
    if (utilization && missing) co_return fail("missing request for " + resource + " in pods");
    Proposal out;
    document::ObjectBuilder current;
    double ratio = 1;
    const std::int64_t average = used / counted;
    if (utilization) {
        const std::int64_t percent = requested == 0 ? 0 : used * 100 / requested;
        ratio =
            static_cast<double>(percent) /
            static_cast<double>(std::max<std::int64_t>(1, target["averageUtilization"].asInt()));
        current.set("averageUtilization", percent);
        out.name = resource + " resource utilization (percentage of request)";
    } else {
        const std::int64_t wanted =
            api::Quantity::of(target["averageValue"].asString()).milliValue();
        ratio =
            static_cast<double>(average) / static_cast<double>(std::max<std::int64_t>(1, wanted));
        out.name = resource + " resource";
    }
    current.set("averageValue", api::Quantity::fromMilli(average).text());
    out.replicas = run->current;
    if (std::fabs(1 - ratio) > options_.horizontalPodAutoscalerTolerance) {
        const auto proposed =
            static_cast<std::int64_t>(std::ceil(ratio * static_cast<double>(counted)));
        // Pods that have no metrics yet never make the target grow faster.
        out.replicas = unready > 0 && proposed < run->current ? run->current : proposed;
        if (ratio > 1) out.replicas = std::max(out.replicas, run->current);
    }
    document::ObjectBuilder inner;
    inner.set("name", resource).set("current", std::move(current).build());
    if (container) inner.set("container", only);
    out.metricStatus =
        Value::object({{"type", container ? "ContainerResource" : "Resource"},
                       {container ? "containerResource" : "resource", std::move(inner).build()}});
    co_return out;
}

// Scaling down follows the highest recommendation of the last minutes; scaling up doubles at most,
// or adds four.
std::int64_t HorizontalPodAutoscalerController::limitAndStabilize(Run& run, std::int64_t wanted,
                                                                  const std::string& key) {
    const Value& spec = run.hpa["spec"];
    const std::int64_t least = spec["minReplicas"].asInt(1), most = spec["maxReplicas"].asInt();
    const Value& window = spec.at("behavior", "scaleDown", "stabilizationWindowSeconds");
    const sim::Duration stabilization =
        window.isInt() ? window.asInt() * sim::kSecond
                       : options_.horizontalPodAutoscalerDownscaleStabilization;
    std::deque<Past>& past = recommendations_[key];
    past.push_back({kernel_.now(), wanted});
    while (!past.empty() && past.front().at < kernel_.now() - stabilization) past.pop_front();
    std::int64_t stable = wanted;
    if (wanted < run.current) {
        for (const Past& item : past)
            stable = std::max(stable, std::min(item.replicas, run.current));
    }
    if (stable != wanted)
        setCondition(run, "AbleToScale", "True", "ScaleDownStabilized",
                     "recent recommendations were higher than current one, applying the highest "
                     "recent recommendation");
    else
        setCondition(run, "AbleToScale", "True", "ReadyForNewScale",
                     "recommended size matches current size");
    const std::int64_t upLimit = std::max(run.current * 2, run.current + 4);
    std::int64_t limited = std::min(stable, upLimit);
    if (limited > most || stable > most) {
        setCondition(run, "ScalingLimited", "True", "TooManyReplicas",
                     "the desired replica count is more than the maximum replica count");
        return std::min(limited, most);
    }
    if (limited < least) {
        setCondition(run, "ScalingLimited", "True", "TooFewReplicas",
                     "the desired replica count is less than the minimum replica count");
        return least;
    }
    if (limited < stable)
        setCondition(run, "ScalingLimited", "True", "ScaleUpLimit",
                     "the desired replica count is increasing faster than the maximum scale rate");
    else
        setCondition(run, "ScalingLimited", "False", "DesiredWithinRange",
                     "the desired count is within the acceptable range");
    return limited;
}

} // namespace controllers
