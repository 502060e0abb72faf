// Deployment, ReplicaSet, DaemonSet, StatefulSet, ControllerRevision, PodDisruptionBudget. Source:
// pkg/apis/apps/validation, pkg/apis/policy/validation.
#include "api/validation/rules.h"

#include "api/label_selector.h"
#include "base/strings.h"

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void metaUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
}

bool isEmptySelector(const Value& selector) {
    return selector["matchLabels"].size() + selector["matchExpressions"].size() == 0;
}

void selectorRules(Errors& errors, const Value& spec, std::string_view kind) {
    const Value& selector = spec["selector"];
    const Path path = kSpec.child("selector");
    if (selector.isNull()) {
        errors.required(path);
        return;
    }
    validateLabelSelector(errors, selector, path);
    if (isEmptySelector(selector))
        errors.invalid(path, selector, "empty selector is invalid for " + std::string(kind));
}

// What a controller's template must be beside a pod template: restart always, no deadline.
void controllerTemplate(Errors& errors, const Value& spec, std::string_view kind) {
    const Path path = kSpec.child("template", "spec");
    const Value& pod = spec["template"]["spec"];
    if (pod["restartPolicy"].asString() != "Always")
        errors.notSupported(path.child("restartPolicy"), pod["restartPolicy"].asString(), {"Always"});
    if (!pod["activeDeadlineSeconds"].isNull())
        errors.forbidden(path.child("activeDeadlineSeconds"),
                         "activeDeadlineSeconds in " + std::string(kind) + " is not Supported");
}

void templateMatches(Errors& errors, const Value& spec) {
    auto selector = LabelSelector::fromObject(spec["selector"]);
    const Value& labels = spec["template"]["metadata"]["labels"];
    if (!selector.ok() || selector->everything() || selector->matches(labels)) return;
    // A missing selector selects nothing, and is not called a mismatch twice.
    errors.invalid(kSpec.child("template", "metadata", "labels"), labels,
                   "`selector` does not match template `labels`");
}

void rollingDeployment(Errors& errors, const Value& rolling, const Path& path) {
    const Value& unavailable = rolling["maxUnavailable"];
    const Value& surge = rolling["maxSurge"];
    validatePositiveIntOrPercent(errors, unavailable, path.child("maxUnavailable"));
    validatePositiveIntOrPercent(errors, surge, path.child("maxSurge"));
    if (intOrPercentValue(unavailable) == 0 && intOrPercentValue(surge) == 0)
        errors.invalid(path.child("maxUnavailable"), unavailable, "may not be 0 when `maxSurge` is 0");
    validateAtMost100Percent(errors, unavailable, path.child("maxUnavailable"));
}

void deploymentStrategy(Errors& errors, const Value& strategy) {
    const Path path = kSpec.child("strategy");
    const std::string_view type = strategy["type"].asString();
    const Value& rolling = strategy["rollingUpdate"];
    if (type == "Recreate") {
        if (!rolling.isNull())
            errors.forbidden(path.child("rollingUpdate"), "may not be specified when strategy `type` is 'Recreate'");
    } else if (type == "RollingUpdate") {
        if (rolling.isNull())
            errors.required(path.child("rollingUpdate"), "this should be defaulted and never be nil");
        else
            rollingDeployment(errors, rolling, path.child("rollingUpdate"));
    } else {
        errors.notSupportedText(path, internalJson("apps.DeploymentStrategy", strategy), {"Recreate", "RollingUpdate"});
    }
}

void replicaTemplate(Errors& errors, const Value& spec) {
    auto selector = LabelSelector::fromObject(spec["selector"]);
    if (!selector.ok()) {
        errors.invalid(kSpec.child("selector"), spec["selector"], "invalid label selector");
        return;
    }
    if (!spec["selector"].isNull()) templateMatches(errors, spec);
    else
        errors.invalid(kSpec.child("template", "metadata", "labels"), spec["template"]["metadata"]["labels"],
                       "`selector` does not match template `labels`");
    validatePodTemplateSpec(errors, spec["template"], kSpec.child("template"));
    controllerTemplate(errors, spec, "ReplicaSet");
}

void deploymentSpec(Errors& errors, const Value& spec) {
    validateNonNegative(errors, spec["replicas"].asInt(), kSpec.child("replicas"));
    selectorRules(errors, spec, "deployment");
    replicaTemplate(errors, spec);
    deploymentStrategy(errors, spec["strategy"]);
    const std::int64_t ready = spec["minReadySeconds"].asInt();
    validateNonNegative(errors, ready, kSpec.child("minReadySeconds"));
    if (!spec["revisionHistoryLimit"].isNull())
        validateNonNegative(errors, spec["revisionHistoryLimit"].asInt(), kSpec.child("revisionHistoryLimit"));
    const Value& deadline = spec["progressDeadlineSeconds"];
    if (deadline.isNull()) return;
    validateNonNegative(errors, deadline.asInt(), kSpec.child("progressDeadlineSeconds"));
    if (deadline.asInt() <= ready)
        errors.invalid(kSpec.child("progressDeadlineSeconds"), deadline, "must be greater than minReadySeconds");
}
void deployment(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    deploymentSpec(errors, object["spec"]);
}
void deploymentUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    deploymentSpec(errors, object["spec"]);
    validateImmutable(errors, object["spec"]["selector"], old["spec"]["selector"], kSpec.child("selector"));
}

void replicaSetSpec(Errors& errors, const Value& spec) {
    validateNonNegative(errors, spec["replicas"].asInt(), kSpec.child("replicas"));
    validateNonNegative(errors, spec["minReadySeconds"].asInt(), kSpec.child("minReadySeconds"));
    selectorRules(errors, spec, "deployment");
    replicaTemplate(errors, spec);
}
void replicaSet(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    replicaSetSpec(errors, object["spec"]);
}
void replicaSetUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    replicaSetSpec(errors, object["spec"]);
    validateImmutable(errors, object["spec"]["selector"], old["spec"]["selector"], kSpec.child("selector"));
}

void daemonStrategy(Errors& errors, const Value& strategy) {
    const Path path = kSpec.child("updateStrategy");
    const std::string_view type = strategy["type"].asString();
    if (type == "OnDelete") return;
    if (type != "RollingUpdate") {
        errors.notSupportedText(path, internalJson("apps.DaemonSetUpdateStrategy", strategy),
                                {"RollingUpdate", "OnDelete"});
        return;
    }
    const Value& rolling = strategy["rollingUpdate"];
    const Path at = path.child("rollingUpdate");
    if (rolling.isNull()) {
        errors.required(at);
        return;
    }
    for (const char* field : {"maxUnavailable", "maxSurge"})
        validatePositiveIntOrPercent(errors, rolling[field], at.child(field));
    for (const char* field : {"maxUnavailable", "maxSurge"})
        validateAtMost100Percent(errors, rolling[field], at.child(field));
    const bool unavailable = intOrPercentValue(rolling["maxUnavailable"]) != 0;
    const bool surge = intOrPercentValue(rolling["maxSurge"]) != 0;
    if (unavailable && surge)
        errors.invalid(at.child("maxSurge"), rolling["maxSurge"], "may not be set when maxUnavailable is non-zero");
    if (!unavailable && !surge) errors.required(at.child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
}

void daemonSetSpec(Errors& errors, const Value& spec) {
    const Value& selector = spec["selector"];
    validateLabelSelector(errors, selector, kSpec.child("selector"));
    auto parsed = LabelSelector::fromObject(selector);
    const Value& labels = spec["template"]["metadata"]["labels"];
    if (parsed.ok() && !parsed->matches(labels))
        errors.invalid(kSpec.child("template", "metadata", "labels"), labels,
                       "`selector` does not match template `labels`");
    if (!selector.isNull() && isEmptySelector(selector))
        errors.invalid(kSpec.child("selector"), selector, "empty selector is invalid for daemonset");
    validatePodTemplateSpec(errors, spec["template"], kSpec.child("template"));
    controllerTemplate(errors, spec, "DaemonSet");
    validateNonNegative(errors, spec["minReadySeconds"].asInt(), kSpec.child("minReadySeconds"));
    daemonStrategy(errors, spec["updateStrategy"]);
    if (!spec["revisionHistoryLimit"].isNull())
        validateNonNegative(errors, spec["revisionHistoryLimit"].asInt(), kSpec.child("revisionHistoryLimit"));
}
void daemonSet(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    daemonSetSpec(errors, object["spec"]);
}
void daemonSetUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateImmutable(errors, object["spec"]["selector"], old["spec"]["selector"], kSpec.child("selector"));
    daemonSetSpec(errors, object["spec"]);
}

void statefulStrategy(Errors& errors, const Value& strategy) {
    const Path path = kSpec.child("updateStrategy");
    const std::string_view type = strategy["type"].asString();
    const Value& rolling = strategy["rollingUpdate"];
    const Path at = path.child("rollingUpdate");
    if (type.empty()) {
        errors.required(path);
    } else if (type == "OnDelete") {
        if (!rolling.isNull())
            errors.invalidText(at, internalJson("apps.RollingUpdateStatefulSetStrategy", rolling),
                               "only allowed for updateStrategy 'RollingUpdate'");
    } else if (type == "RollingUpdate") {
        if (rolling.isNull()) return;
        validateNonNegative(errors, rolling["partition"].asInt(), at.child("partition"));
        const Value& unavailable = rolling["maxUnavailable"];
        if (unavailable.isNull()) return;
        validatePositiveIntOrPercent(errors, unavailable, at.child("maxUnavailable"));
        if (intOrPercentValue(unavailable) == 0) errors.invalid(at.child("maxUnavailable"), unavailable, "cannot be 0");
        validateAtMost100Percent(errors, unavailable, at.child("maxUnavailable"));
    } else {
        errors.invalidText(path, internalJson("apps.StatefulSetUpdateStrategy", strategy),
                           "must be 'RollingUpdate' or 'OnDelete'");
    }
}

// The template as its pods will be: claims add volumes, the names are set per pod.
Value statefulTemplate(const Value& spec) {
    Value pod = spec["template"]["spec"];
    if (!pod.isObject()) pod = Value::object();
    pod = pod.without("hostname").without("subdomain");
    const Value& claims = spec["volumeClaimTemplates"];
    if (claims.size() > 0) {
        std::vector<Value> volumes;
        std::set<std::string> names;
        for (const Value& claim : claims.items()) {
            const std::string name = claim["metadata"]["name"].text();
            if (!names.insert(name).second) continue;
            volumes.push_back(Value::object(
                {{"name", name}, {"persistentVolumeClaim", Value::object({{"claimName", name}})}}));
        }
        for (const Value& volume : pod["volumes"].items())
            if (names.count(volume["name"].text()) == 0) volumes.push_back(volume);
        pod = pod.with("volumes", Value::array(std::move(volumes)));
    }
    return spec["template"].with("spec", pod);
}

void statefulSetSpec(Errors& errors, const Value& spec, bool update) {
    const std::string_view management = spec["podManagementPolicy"].asString();
    if (management.empty()) errors.required(kSpec.child("podManagementPolicy"));
    else if (!contains({"OrderedReady", "Parallel"}, management))
        errors.invalid(kSpec.child("podManagementPolicy"), management, "must be 'OrderedReady' or 'Parallel'");
    statefulStrategy(errors, spec["updateStrategy"]);
    const Value& retention = spec["persistentVolumeClaimRetentionPolicy"];
    if (!retention.isNull())
        for (const char* field : {"whenDeleted", "whenScaled"})
            if (!contains({"Retain", "Delete"}, retention[field].asString()))
                errors.notSupported(kSpec.child("persistentVolumeClaimRetentionPolicy", field),
                                    retention[field].asString(), {"Retain", "Delete"});
    if (!update)
        for (std::size_t i = 0; i < spec["volumeClaimTemplates"].size(); ++i)
            validateClaimSpec(errors, spec["volumeClaimTemplates"][i]["spec"],
                              kSpec.child("volumeClaimTemplates").index(i).child("spec"));
    validateNonNegative(errors, spec["replicas"].asInt(), kSpec.child("replicas"));
    validateNonNegative(errors, spec["minReadySeconds"].asInt(), kSpec.child("minReadySeconds"));
    if (!spec["ordinals"].isNull())
        validateNonNegative(errors, spec["ordinals"]["start"].asInt(), kSpec.child("ordinals.start"));
    const std::string_view service = spec["serviceName"].asString();
    if (!update && !service.empty()) validateDnsLabelName(errors, service, kSpec.child("serviceName"));
    selectorRules(errors, spec, "statefulset");
    auto selector = LabelSelector::fromObject(spec["selector"]);
    if (!selector.ok()) {
        errors.invalid(kSpec.child("selector"), spec["selector"], "");
    } else {
        const Value tmpl = statefulTemplate(spec);
        const Value& labels = tmpl["metadata"]["labels"];
        const Path path = kSpec.child("template");
        if (!selector->everything() && !selector->matches(labels))
            errors.invalid(path.child("metadata", "labels"), labels, "`selector` does not match template `labels`");
        validatePodTemplateSpec(errors, tmpl, path);
        validateLabels(errors, labels, path.child("labels"));
        validateAnnotations(errors, tmpl["metadata"]["annotations"], path.child("annotations"));
        validatePodAnnotations(errors, tmpl["metadata"]["annotations"], tmpl["spec"], path.child("annotations"));
    }
    controllerTemplate(errors, spec, "StatefulSet");
}
void statefulSet(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsLabel, kMeta);
    statefulSetSpec(errors, object["spec"], false);
}
void statefulSetUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    statefulSetSpec(errors, object["spec"], true);
    Value now = object["spec"], before = old["spec"];
    for (const char* field : {"replicas", "template", "updateStrategy", "minReadySeconds", "ordinals",
                              "revisionHistoryLimit", "persistentVolumeClaimRetentionPolicy"}) {
        now = now.without(field);
        before = before.without(field);
    }
    if (now == before) return;
    errors.forbidden(kSpec, "updates to statefulset spec for fields other than 'replicas', 'ordinals', "
                            "'template', 'updateStrategy', 'revisionHistoryLimit', "
                            "'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden");
}

void revision(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validateNonNegative(errors, object["revision"].asInt(), Path("revision"));
    if (object["data"].isNull()) errors.required(Path("data"), "data is mandatory");
    else if (!object["data"].isObject()) errors.required(Path("data"), "data must be a valid JSON object");
}
void revisionUpdate(Errors& errors, const Value& object, const Value& old) {
    metaUpdate(errors, object, old);
    validateNonNegative(errors, object["revision"].asInt(), Path("revision"));
    validateImmutable(errors, object["data"], old["data"], Path("data"));
}

void disruptionBudget(Errors& errors, const Value& object) {
    const Value& spec = object["spec"];
    const Value& available = spec["minAvailable"];
    const Value& unavailable = spec["maxUnavailable"];
    if (!available.isNull() && !unavailable.isNull())
        errors.invalidText(kSpec, internalJson("policy.PodDisruptionBudgetSpec", spec),
                           "minAvailable and maxUnavailable cannot be both set");
    for (const char* field : {"minAvailable", "maxUnavailable"}) {
        if (spec[field].isNull()) continue;
        validatePositiveIntOrPercent(errors, spec[field], kSpec.child(field));
        validateAtMost100Percent(errors, spec[field], kSpec.child(field));
    }
    validateLabelSelector(errors, spec["selector"], kSpec.child("selector"));
    const Value& policy = spec["unhealthyPodEvictionPolicy"];
    if (!policy.isNull() && !contains({"AlwaysAllow", "IfHealthyBudget"}, policy.asString()))
        errors.notSupported(kSpec.child("unhealthyPodEvictionPolicy"), policy, {"AlwaysAllow", "IfHealthyBudget"});
}
void budgetCreate(Errors& errors, const Value& object) {
    disruptionBudget(errors, object); // names are left to what every kind goes through
}
void budgetUpdate(Errors& errors, const Value& object, const Value&) { disruptionBudget(errors, object); }

} // namespace

void validatePositiveIntOrPercent(Errors& errors, const Value& value, const Path& path) {
    if (value.isString()) errors.invalidEach(path, value, checkPercent(value.asString()));
    else validateNonNegative(errors, value.asInt(), path);
}

bool hasWildcard(const Value& list) {
    const auto items = list.items();
    return std::any_of(items.begin(), items.end(),
                       [](const Value& item) { return item.asString() == "*"; });
}

std::int64_t intOrPercentValue(const Value& value) {
    if (!value.isString()) return value.asInt();
    std::string_view text = value.asString();
    if (checkPercent(text).empty()) text.remove_suffix(1);
    return base::parseInt(text).value_or(0);
}

void validateAtMost100Percent(Errors& errors, const Value& value, const Path& path) {
    if (value.isString() && checkPercent(value.asString()).empty() && intOrPercentValue(value) > 100)
        errors.invalid(path, value, "must not be greater than 100%");
}

void validateOneOf(Errors& errors, const Value& value, const Path& path,
                   std::initializer_list<std::string_view> allowed) {
    if (value.isEmpty()) errors.required(path);
    else if (!contains(allowed, value.asString())) errors.notSupported(path, value, allowed);
}

std::span<const KindRules> workloadRules() {
    static constexpr KindRules kRules[] = {
        {"apps", "Deployment", deployment, deploymentUpdate, validateDeploymentStatus},
        {"apps", "ReplicaSet", replicaSet, replicaSetUpdate, validateReplicaStatus},
        {"apps", "DaemonSet", daemonSet, daemonSetUpdate, validateDaemonSetStatus},
        {"apps", "StatefulSet", statefulSet, statefulSetUpdate, validateStatefulSetStatus},
        {"apps", "ControllerRevision", revision, revisionUpdate, nullptr},
        {"policy", "PodDisruptionBudget", budgetCreate, budgetUpdate, validateBudgetStatus, true},
        {"batch", "Job", validateJob, validateJobUpdate, validateJobStatus},
        {"batch", "CronJob", validateCronJob, validateCronJobUpdate, metaUpdate},
        {"autoscaling", "HorizontalPodAutoscaler", validateAutoscaler, validateAutoscalerUpdate,
         validateAutoscalerStatus},
    };
    return kRules;
}

} // namespace api::validation
