// Binding and eviction. Source: kubernetes pkg/registry/core/pod/storage storage.go, eviction.go.
#include "api/label_selector.h"
#include "apiserver/registry/subresources.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

Value success() {
    return Value::object({{"kind", "Status"},
                          {"apiVersion", "v1"},
                          {"metadata", Value::object()},
                          {"status", "Success"},
                          {"code", 201}});
}

Value withScheduled(Core& core, const Value& pod) {
    document::ArrayBuilder conditions;
    bool found = false;
    const Value condition = Value::object({{"type", "PodScheduled"},
                                           {"status", "True"},
                                           {"lastProbeTime", Value()},
                                           {"lastTransitionTime", core.now()}});
    for (const Value& old : pod.at("status", "conditions").items()) {
        if (old["type"].asString() != "PodScheduled") {
            conditions.push(old);
            continue;
        }
        found = true;
        conditions.push(old["status"].asString() == "True" ? old : condition);
    }
    if (!found) conditions.push(condition);
    return pod.withPath({"status", "conditions"}, std::move(conditions).build());
}

base::Result<Value> assign(Core& core, const Value& pod, const Value& binding) {
    const std::string name(metaText(pod, "name"));
    const std::string node = binding.at("target", "name").text();
    const auto refuse = [&](const std::string& text) {
        return api::conflict("", "pods/binding", name, text);
    };
    if (!metaText(pod, "deletionTimestamp").empty())
        return refuse("pod " + name + " is being deleted, cannot be assigned to a host");
    const std::string current = pod.at("spec", "nodeName").text();
    if (!current.empty())
        return refuse("pod " + name + " is already assigned to node " + base::quoteGo(current));
    if (pod.at("spec", "schedulingGates").size() > 0)
        return refuse("pod " + name + " has non-empty .spec.schedulingGates");
    Value next = withScheduled(core, pod.withPath({"spec", "nodeName"}, node));
    for (const auto& annotation : binding.at("metadata", "annotations").members())
        next = next.withPath({"metadata", "annotations", annotation.key.view()}, annotation.value);
    return withMeta(next, "resourceVersion", "");
}

} // namespace

Outcome handleBinding(Core& core, Context& context) {
    auto raw = rawBody(context.request);
    if (!raw.ok()) return api::badRequest(raw.error().message);
    const Value binding = raw.value();
    const std::string name = context.info.name.empty() ? std::string(metaText(binding, "name"))
                                                       : context.info.name;
    const std::string_view kind = binding.at("target", "kind").asString();
    if (!kind.empty() && kind != "Node")
        return api::statusError(500, "",
                                "target.kind: Unsupported value: " + base::quoteGo(kind) +
                                    ": supported values: \"Node\", \"<empty>\"");
    if (binding.at("target", "name").isEmpty())
        return api::statusError(500, "", "target.name: Required value");
    const api::ResourceInfo* pods = core.kinds.find("", "v1", "pods");
    const api::ResourceInfo* resource = std::exchange(context.resource, pods);
    const Change change = [&](const Value& pod) { return assign(core, pod, binding); };
    UpdateOptions options;
    options.subresource = "binding";
    auto result = updateObject(core, context, name, change, options);
    context.resource = resource;
    if (!result.ok()) return result.error();
    return respondJson(201, success());
}

namespace {

bool ready(const Value& pod) {
    for (const Value& condition : pod.at("status", "conditions").items())
        if (condition["type"].asString() == "Ready") return condition["status"].asString() == "True";
    return false;
}

base::Error overBudget(const std::string& cause) {
    return api::statusError(429, "TooManyRequests",
                            "Cannot evict pod as it would violate the pod's disruption budget.", "", "", "",
                            {{"DisruptionBudget", cause, ""}});
}

// The last disruption is gone: the condition says so at once.
Value withoutDisruptions(Core& core, Value budget) {
    document::ArrayBuilder conditions;
    for (const Value& condition : budget.at("status", "conditions").items()) {
        const bool mine = condition["type"].asString() == "DisruptionAllowed" && condition["status"].asString() == "True";
        conditions.push(!mine ? condition
                              : condition.with("status", "False").with("reason", "InsufficientPods").with("lastTransitionTime", core.now()));
    }
    return budget.withPath({"status", "conditions"}, std::move(conditions).build());
}

// Takes one disruption from the budget.
base::Status spend(Core& core, const Value& budget, const std::string& pod, bool dryRun) {
    const std::string name(metaText(budget, "name"));
    const Value& status = budget["status"];
    if (status["observedGeneration"].asInt() < budget.at("metadata", "generation").asInt())
        return api::statusError(429, "TooManyRequests",
                                "Cannot evict pod as it would violate the pod's disruption budget.", "", "", "",
                                {{"DisruptionBudget",
                                  "The disruption budget " + name +
                                      " is still being processed by the server.",
                                  ""}},
                                10);
    constexpr std::size_t kMostDisrupted = 2000;
    if (status["disruptedPods"].size() > kMostDisrupted)
        return api::forbidden("policy", "poddisruptionbudgets", name,
                              "DisruptedPods map too big - too many evictions not confirmed by PDB controller");
    if (status["disruptionsAllowed"].asInt() < 0)
        return api::forbidden("policy", "poddisruptionbudgets", name, "pdb disruptions allowed is negative");
    if (status["disruptionsAllowed"].asInt() == 0) {
        std::string text = "The disruption budget " + name + " needs " +
                           std::to_string(status["desiredHealthy"].asInt()) + " healthy pods and has " +
                           std::to_string(status["currentHealthy"].asInt()) + " currently";
        for (const Value& condition : status["conditions"].items())
            if (condition["type"].asString() == "DisruptionAllowed" && condition["reason"].asString() == "SyncFailed")
                text = "The disruption budget " + name + " does not allow evicting pods currently because it failed sync: " +
                       condition["message"].text();
        return overBudget(text);
    }
    if (dryRun) return base::okStatus();
    const api::ResourceInfo* resource = core.kinds.find("policy", "v1", "poddisruptionbudgets");
    Value next = budget.withPath({"status", "disruptionsAllowed"}, status["disruptionsAllowed"].asInt() - 1);
    next = next.withPath({"status", "disruptedPods", pod}, core.now());
    if (next.at("status", "disruptionsAllowed").asInt() == 0) next = withoutDisruptions(core, std::move(next));
    BASE_TRY(store::ChangePtr stored, readStored(core, *resource, metaText(budget, "namespace"), name));
    BASE_TRY(Value written, writeStored(core, *resource, next, stored->revision));
    return base::okStatus();
}

bool ignoresBudget(const Value& pod) {
    const std::string_view phase = pod.at("status", "phase").asString();
    return phase == "Succeeded" || phase == "Failed" || phase == "Pending" ||
           !metaText(pod, "deletionTimestamp").empty();
}

base::Status checkBudgets(Core& core, const Value& pod, bool dryRun) {
    std::vector<Value> budgets;
    for (const Value& budget : core.all("policy", "poddisruptionbudgets", metaText(pod, "namespace"))) {
        auto selector = api::LabelSelector::fromObject(budget.at("spec", "selector"));
        if (selector.ok() && selector.value().matches(pod.at("metadata", "labels")))
            budgets.push_back(budget);
    }
    if (budgets.empty()) return base::okStatus();
    if (budgets.size() > 1)
        return api::statusError(500, "",
                                "This pod has more than one PodDisruptionBudget, which the eviction "
                                "subresource does not support.");
    const Value& budget = budgets.front();
    const Value& status = budget["status"];
    if (!ready(pod)) {
        if (budget.at("spec", "unhealthyPodEvictionPolicy").asString() == "AlwaysAllow")
            return base::okStatus();
        if (status["currentHealthy"].asInt() >= status["desiredHealthy"].asInt() &&
            status["desiredHealthy"].asInt() > 0)
            return base::okStatus();
    }
    return spend(core, budget, std::string(metaText(pod, "name")), dryRun);
}

} // namespace

Outcome handleEviction(Core& core, Context& context) {
    auto raw = rawBody(context.request);
    if (!raw.ok()) return api::badRequest(raw.error().message);
    const Value eviction = raw.value();
    const std::string name = context.info.name;
    const std::string_view given = metaText(eviction, "name");
    if (!given.empty() && given != name)
        return api::badRequest("name in URL does not match name in Eviction object");
    const Value& options = eviction["deleteOptions"];
    DeleteRequest request;
    request.dryRun = context.dryRun || options["dryRun"].size() > 0;
    if (options["gracePeriodSeconds"].isInt()) request.graceSeconds = options["gracePeriodSeconds"].asInt();
    request.uid = options.at("preconditions", "uid").text();
    request.resourceVersion = options.at("preconditions", "resourceVersion").text();
    request.propagation = options["propagationPolicy"].text();
    const Value pod = core.lookup("", "pods", context.info.ns, name);
    if (pod.isNull()) return api::notFound("", "pods", name);
    const bool uidFits = request.uid.empty() || request.uid == metaText(pod, "uid");
    if (uidFits && !ignoresBudget(pod)) {
        BASE_CHECK(checkBudgets(core, pod, request.dryRun));
        // Source: addConditionAndDeletePod.
        if (!request.dryRun) {
            const Value condition =
                Value::object({{"type", "DisruptionTarget"},
                               {"status", "True"},
                               {"reason", "EvictionByEvictionAPI"},
                               {"message", "Eviction API: evicting"},
                               {"lastProbeTime", Value()},
                               {"lastTransitionTime", core.now()}});
            BASE_TRY(store::ChangePtr stored, readStored(core, *context.resource, context.info.ns, name));
            Value next = pod.withPath({"status", "conditions"},
                                      pod.at("status", "conditions").appended(condition));
            BASE_TRY(Value marked, writeStored(core, *context.resource, next, stored->revision));
            request.resourceVersion.clear();
        }
    }
    BASE_TRY(DeleteResult done, deleteObject(core, context, context.info.ns, name, request));
    return respondJson(201, success());
}

} // namespace apiserver
