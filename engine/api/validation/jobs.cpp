// Source: pkg/apis/batch/validation.
#include "api/validation/rules.h"

#include "api/cron.h"
#include "api/label_selector.h"
#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void hasLabel(Errors& errors, const Value& labels, const char* key, const std::string& expected) {
    const Path path = kSpec.child("template", "metadata", "labels").key(key);
    if (!labels.has(key))
        errors.required(path, "must be '" + expected + "'");
    else if (labels[key].asString() != expected)
        errors.invalid(path, labels, "must be '" + expected + "'");
}

void generatedSelector(Errors& errors, const Value& job) {
    const Value& spec = job["spec"];
    if (spec["manualSelector"].asBool() || spec["selector"].isNull()) return;
    const std::string uid = job["metadata"]["uid"].text(), name = job["metadata"]["name"].text();
    if (uid.empty()) errors.required(kMeta.child("uid"));
    const Value& labels = spec["template"]["metadata"]["labels"];
    hasLabel(errors, labels, "controller-uid", uid);
    hasLabel(errors, labels, "job-name", name);
    hasLabel(errors, labels, "batch.kubernetes.io/controller-uid", uid);
    hasLabel(errors, labels, "batch.kubernetes.io/job-name", name);
    const Value expected = Value::object({{"controller-uid", uid}, {"job-name", name},
                                          {"batch.kubernetes.io/controller-uid", uid},
                                          {"batch.kubernetes.io/job-name", name}});
    auto selector = LabelSelector::fromObject(spec["selector"]);
    if (selector.ok() && !selector->matches(expected))
        errors.invalid(kSpec.child("selector"), spec["selector"], "`selector` not auto-generated");
}

std::string quotedList(std::initializer_list<std::string_view> values) {
    std::string text = "[";
    for (std::string_view value : values) {
        if (text.size() > 1) text += ' ';
        text += base::quoteGo(value);
    }
    return text + "]";
}
void oneOfListed(Errors& errors, const Value& value, const Path& path,
                 std::initializer_list<std::string_view> allowed) {
    if (value.isEmpty()) errors.required(path, "valid values: " + quotedList(allowed));
    else if (!contains(allowed, value.asString())) errors.notSupported(path, value, allowed);
}

void exitCodes(Errors& errors, const Value& rule, const std::set<std::string>& containers, const Path& path) {
    oneOfListed(errors, rule["operator"], path.child("operator"), {"In", "NotIn"});
    const Value& container = rule["containerName"];
    if (!container.isNull() && containers.count(container.text()) == 0)
        errors.invalid(path.child("containerName"), container,
                       "must be one of the container or initContainer names in the pod template");
    const Value& values = rule["values"];
    const Path at = path.child("values");
    if (values.size() == 0) errors.invalid(at, values, "at least one value is required");
    else if (values.size() > 255) errors.tooMany(at, static_cast<std::int64_t>(values.size()), 255);
    std::set<std::int64_t> seen;
    bool ordered = true;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const std::int64_t code = values[i].asInt();
        if (rule["operator"].asString() == "In" && code == 0)
            errors.invalid(at.index(i), code, "must not be 0 for the In operator");
        if (!seen.insert(code).second) errors.duplicate(at.index(i), code);
        ordered = ordered && (i == 0 || values[i - 1].asInt() <= code);
    }
    if (!ordered) errors.invalid(at, values, "must be ordered");
}

void failurePolicy(Errors& errors, const Value& spec, const Path& path) {
    const Value& rules = spec["podFailurePolicy"]["rules"];
    if (rules.size() > 20) errors.tooMany(path.child("rules"), static_cast<std::int64_t>(rules.size()), 20);
    std::set<std::string> containers;
    for (const char* list : {"containers", "initContainers"})
        for (const Value& container : spec["template"]["spec"][list].items())
            containers.insert(container["name"].text());
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Value& rule = rules[i];
        const Path at = path.child("rules").index(i);
        if (rule["action"].asString() == "FailIndex") {
            if (spec["backoffLimitPerIndex"].isNull())
                errors.invalid(at.child("action"), "FailIndex", "requires the backoffLimitPerIndex to be set");
        } else {
            oneOfListed(errors, rule["action"], at.child("action"), {"Count", "FailIndex", "FailJob", "Ignore"});
        }
        const Value& codes = rule["onExitCodes"];
        const Value& conditions = rule["onPodConditions"];
        if (!codes.isNull()) exitCodes(errors, codes, containers, at.child("onExitCodes"));
        if (conditions.size() > 20)
            errors.tooMany(at.child("onPodConditions"), static_cast<std::int64_t>(conditions.size()), 20);
        for (std::size_t c = 0; c < conditions.size(); ++c) {
            const Path pattern = at.child("onPodConditions").index(c);
            validateQualifiedName(errors, conditions[c]["type"].asString(), pattern.child("type"));
            oneOfListed(errors, conditions[c]["status"], pattern.child("status"), {"False", "True", "Unknown"});
        }
        if (!codes.isNull() && conditions.size() > 0)
            errors.invalidOmitted(at, "specifying both OnExitCodes and OnPodConditions is not supported");
        if (codes.isNull() && conditions.size() == 0)
            errors.invalidOmitted(at, "specifying one of OnExitCodes and OnPodConditions is required");
    }
}

void successPolicy(Errors& errors, const Value& spec, const Path& path) {
    const Value& rules = spec["successPolicy"]["rules"];
    if (rules.size() == 0)
        errors.required(path.child("rules"), "at least one rules must be specified when the successPolicy is specified");
    if (rules.size() > 20) errors.tooMany(path.child("rules"), static_cast<std::int64_t>(rules.size()), 20);
    const std::int64_t completions = spec["completions"].asInt();
    for (std::size_t i = 0; i < rules.size(); ++i) {
        const Path at = path.child("rules").index(i);
        const Value& count = rules[i]["succeededCount"];
        if (count.isNull() && rules[i]["succeededIndexes"].isNull())
            errors.required(at, "at least one of succeededCount or succeededIndexes must be specified");
        if (count.isNull()) continue;
        validateNonNegative(errors, count.asInt(), at.child("succeededCount"));
        if (count.asInt() > completions)
            errors.invalid(at.child("succeededCount"), count,
                           "must be less than or equal to " + std::to_string(completions) +
                               " (the number of specified completions)");
    }
}

void indexedRules(Errors& errors, const Value& spec, const Path& path) {
    const Value& completions = spec["completions"];
    const Value& parallelism = spec["parallelism"];
    const Value& failed = spec["maxFailedIndexes"];
    if (completions.isNull()) errors.required(path.child("completions"), "when completion mode is Indexed");
    if (parallelism.asInt() > 100000)
        errors.invalid(path.child("parallelism"), parallelism,
                       "must be less than or equal to 100000 when completion mode is Indexed");
    if (!completions.isNull() && !failed.isNull() && failed.asInt() > completions.asInt())
        errors.invalid(path.child("maxFailedIndexes"), failed, "must be less than or equal to completions");
    if (failed.asInt() > 100000)
        errors.invalid(path.child("maxFailedIndexes"), failed, "must be less than or equal to 100000");
    if (completions.asInt() <= 100000 || spec["backoffLimitPerIndex"].isNull()) return;
    constexpr std::string_view kText =
        "must be less than or equal to 10000 when completions are above 100000 and used with backoff limit per index";
    if (failed.isNull())
        errors.required(path.child("maxFailedIndexes"), "must be specified when completions is above 100000");
    if (parallelism.asInt() > 10000) errors.invalid(path.child("parallelism"), parallelism, kText);
    if (failed.asInt() > 10000) errors.invalid(path.child("maxFailedIndexes"), failed, kText);
}

void jobTemplateRules(Errors& errors, const Value& spec, const Path& path) {
    validatePodTemplateSpec(errors, spec["template"], path.child("template"));
    const Path at = path.child("template", "spec", "restartPolicy");
    const std::string policy = spec["template"]["spec"]["restartPolicy"].text();
    if (policy == "Always" || policy.empty())
        errors.required(at, "valid values: \"OnFailure\", \"Never\"");
    else if (policy != "OnFailure" && policy != "Never")
        errors.notSupported(at, policy, {"OnFailure", "Never"});
    else if (!spec["podFailurePolicy"].isNull() && policy != "Never")
        errors.invalid(at, policy, "only \"Never\" is supported when podFailurePolicy is specified");
}

void jobSpecCommon(Errors& errors, const Value& spec, const Path& path) {
    for (const char* field : {"parallelism", "completions", "activeDeadlineSeconds", "backoffLimit",
                              "ttlSecondsAfterFinished", "backoffLimitPerIndex", "maxFailedIndexes"})
        if (!spec[field].isNull()) validateNonNegative(errors, spec[field].asInt(), path.child(field));
    if (!spec["maxFailedIndexes"].isNull() && spec["backoffLimitPerIndex"].isNull())
        errors.required(path.child("backoffLimitPerIndex"), "when maxFailedIndexes is specified");
    if (const Value& manager = spec["managedBy"]; !manager.isNull()) {
        validateDomainPrefixedPath(errors, manager.asString(), path.child("managedBy"));
        if (manager.asString().size() > 63) errors.tooLong(path.child("managedBy"), 63);
    }
    const Value& mode = spec["completionMode"];
    if (!mode.isNull() && !contains({"NonIndexed", "Indexed"}, mode.asString()))
        errors.notSupported(path.child("completionMode"), mode, {"NonIndexed", "Indexed"});
    const bool indexed = mode.asString() == "Indexed";
    if (indexed) indexedRules(errors, spec, path);
    if (mode.isNull() || mode.asString() == "NonIndexed")
        for (const char* field : {"backoffLimitPerIndex", "maxFailedIndexes"})
            if (!spec[field].isNull())
                errors.invalid(path.child(field), spec[field], "requires indexed completion mode");
    if (!spec["podFailurePolicy"].isNull()) failurePolicy(errors, spec, path.child("podFailurePolicy"));
    if (!spec["successPolicy"].isNull()) {
        if (indexed) successPolicy(errors, spec, path.child("successPolicy"));
        else
            errors.invalidText(path.child("successPolicy"), internalJson("batch.SuccessPolicy", spec["successPolicy"]),
                               "requires indexed completion mode");
    }
    if (const Value& policy = spec["podReplacementPolicy"]; !policy.isNull()) {
        if (!spec["podFailurePolicy"].isNull()) {
            if (policy.asString() != "Failed")
                errors.notSupported(path.child("podReplacementPolicy"), policy, {"Failed"});
        } else if (!contains({"Failed", "TerminatingOrFailed"}, policy.asString())) {
            errors.notSupported(path.child("podReplacementPolicy"), policy, {"Failed", "TerminatingOrFailed"});
        }
    }
    jobTemplateRules(errors, spec, path);
}

void jobSpec(Errors& errors, const Value& spec) {
    jobSpecCommon(errors, spec, kSpec);
    if (spec["selector"].isNull()) errors.required(kSpec.child("selector"));
    else validateLabelSelector(errors, spec["selector"], kSpec.child("selector"));
    auto selector = LabelSelector::fromObject(spec["selector"]);
    const Value& labels = spec["template"]["metadata"]["labels"];
    if (selector.ok() && !selector->matches(labels))
        errors.invalid(kSpec.child("template", "metadata", "labels"), labels,
                       "`selector` does not match template `labels`");
}

void timeZone(Errors& errors, const Value& zone, const Path& path) {
    if (zone.isNull()) return;
    const std::string name = zone.text();
    if (name.empty()) {
        errors.invalid(path, zone, "timeZone must be nil or non-empty string");
        return;
    }
    for (const std::string& part : base::split(name, '/')) {
        const bool fine = !part.empty() && part.size() <= 14 && part != "." && part != ".." && part[0] != '-' &&
                          std::all_of(part.begin(), part.end(), [](char c) {
                              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                     c == '.' || c == '-' || c == '_' || c == '+';
                          });
        if (!fine) errors.invalid(path, zone, "unknown time zone " + name);
    }
    if (base::toLower(name) == "local")
        errors.invalid(path, zone,
                       "timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones");
    // Zone files are not part of the model: what looks like Area/City is taken as known.
    const bool known = contains({"UTC", "GMT", "EST", "MST", "HST", "CET", "EET", "MET", "WET", "Zulu",
                                 "Japan", "Egypt", "Cuba", "Iran", "Israel", "Turkey", "Poland"}, name) ||
                       (name.find('/') != std::string::npos &&
                        contains({"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia",
                                  "Europe", "Indian", "Pacific", "Etc", "US", "Canada", "Brazil", "Chile",
                                  "Mexico"}, name.substr(0, name.find('/'))));
    if (!known) errors.invalid(path, zone, "unknown time zone " + name);
}

void cronSpec(Errors& errors, const Value& spec, const Value& old) {
    const std::string schedule = spec["schedule"].text();
    const Path path = kSpec.child("schedule");
    if (schedule.empty()) {
        errors.required(path);
    } else {
        auto parsed = parseCron(schedule);
        if (!parsed.ok()) errors.invalid(path, schedule, parsed.error().message);
        const bool hasZone = schedule.find("TZ") != std::string::npos;
        const bool allowed = old["schedule"].text().find("TZ") != std::string::npos;
        if (hasZone && allowed && !spec["timeZone"].isNull())
            errors.invalid(path, schedule, "cannot use both timeZone field and TZ or CRON_TZ in schedule");
        if (hasZone && !allowed)
            errors.invalid(path, schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead");
    }
    if (!spec["startingDeadlineSeconds"].isNull())
        validateNonNegative(errors, spec["startingDeadlineSeconds"].asInt(), kSpec.child("startingDeadlineSeconds"));
    if (old.isNull() || !(old["timeZone"] == spec["timeZone"]))
        timeZone(errors, spec["timeZone"], kSpec.child("timeZone"));
    validateOneOf(errors, spec["concurrencyPolicy"], kSpec.child("concurrencyPolicy"), {"Allow", "Forbid", "Replace"});
    const Value& job = spec["jobTemplate"]["spec"];
    const Path at = kSpec.child("jobTemplate", "spec");
    jobSpecCommon(errors, job, at);
    if (!job["selector"].isNull())
        errors.invalid(at.child("selector"), job["selector"], "`selector` will be auto-generated");
    if (job["manualSelector"].asBool()) errors.notSupported(at.child("manualSelector"), true, {"nil", "false"});
    for (const char* field : {"successfulJobsHistoryLimit", "failedJobsHistoryLimit"})
        if (!spec[field].isNull()) validateNonNegative(errors, spec[field].asInt(), kSpec.child(field));
}

// A suspended job that never started may still get other scheduling directives.
bool schedulingMayChange(const Value& old) {
    return old["spec"]["suspend"].asBool() && old["status"]["startTime"].isNull();
}

void jobTemplateUpdate(Errors& errors, const Value& spec, const Value& old) {
    Value before = old["spec"]["template"];
    const Value& now = spec["template"];
    if (schedulingMayChange(old)) {
        Value pod = before["spec"];
        for (const char* field : {"nodeSelector", "tolerations", "schedulingGates"})
            pod = now["spec"].has(field) ? pod.with(field, now["spec"][field]) : pod.without(field);
        const Value& node = now["spec"]["affinity"]["nodeAffinity"];
        Value affinity = pod["affinity"].isObject() ? pod["affinity"] : Value::object();
        affinity = node.isNull() ? affinity.without("nodeAffinity") : affinity.with("nodeAffinity", node);
        const bool none = affinity.size() == 0 && now["spec"]["affinity"].isNull();
        pod = none ? pod.without("affinity") : pod.with("affinity", affinity);
        before = before.with("spec", pod).with("metadata", now["metadata"]);
    }
    if (now == before) return;
    errors.invalidText(kSpec.child("template"), internalJson("PodTemplateSpec", now), "field is immutable");
}

void completionsUpdate(Errors& errors, const Value& spec, const Value& old) {
    const Value& now = spec["completions"];
    const Value& before = old["spec"]["completions"];
    if (now == before) return;
    const bool elastic = spec["completionMode"].asString() == "Indexed";
    if (!elastic) {
        validateImmutable(errors, now, before, kSpec.child("completions"));
        return;
    }
    if (now.isNull()) return;
    if (!(now == spec["parallelism"]))
        errors.invalid(kSpec.child("completions"), now,
                       "can only be modified in tandem with " + kSpec.child("parallelism").text());
}

} // namespace

void validateDomainPrefixedPath(Errors& errors, std::string_view text, const Path& path) {
    if (text.empty()) {
        errors.required(path);
        return;
    }
    const auto segments = base::splitLimited(text, '/', 2);
    if (segments.size() != 2 || segments[0].empty() || segments[1].empty()) {
        errors.invalid(path, text, "must be a domain-prefixed path (such as \"acme.io/foo\")");
        return;
    }
    errors.invalidEach(path, segments[0], checkDns1123Subdomain(segments[0]));
    const std::string& rest = segments[1];
    const bool fine = std::all_of(rest.begin(), rest.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               std::string_view("/-._~%!$&'()*+,;=:").find(c) != std::string_view::npos;
    });
    if (!fine)
        errors.invalid(path, rest,
                       "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')");
}

void validateJob(Errors& errors, const Value& job) {
    validateObjectMeta(errors, job["metadata"], true, nameIsSubdomain, kMeta);
    generatedSelector(errors, job);
    const Value& spec = job["spec"];
    jobSpec(errors, spec);
    if (spec["completionMode"].asString() != "Indexed" || spec["completions"].asInt() <= 0) return;
    const std::string host = job["metadata"]["name"].text() + "-" + std::to_string(spec["completions"].asInt() - 1);
    if (!checkDns1123Label(host).empty())
        errors.invalid(kMeta.child("name"), job["metadata"]["name"],
                       "will not able to create pod with invalid DNS label: " + host);
}

void validateJobUpdate(Errors& errors, const Value& job, const Value& old) {
    validateObjectMetaUpdate(errors, job["metadata"], old["metadata"], kMeta);
    const Value& spec = job["spec"];
    jobSpec(errors, spec);
    completionsUpdate(errors, spec, old);
    validateImmutable(errors, spec["selector"], old["spec"]["selector"], kSpec.child("selector"));
    jobTemplateUpdate(errors, spec, old);
    validateImmutable(errors, spec["completionMode"], old["spec"]["completionMode"], kSpec.child("completionMode"));
    if (!(spec["podFailurePolicy"] == old["spec"]["podFailurePolicy"]))
        errors.invalidText(kSpec.child("podFailurePolicy"),
                           internalJson("batch.PodFailurePolicy", spec["podFailurePolicy"]), "field is immutable");
    for (const char* field : {"backoffLimitPerIndex", "managedBy", "successPolicy"})
        validateImmutable(errors, spec[field], old["spec"][field], kSpec.child(field));
}

void validateCronJob(Errors& errors, const Value& job) {
    validateObjectMeta(errors, job["metadata"], true, nameIsSubdomain, kMeta);
    cronSpec(errors, job["spec"], Value());
    const std::string_view name = job["metadata"]["name"].asString();
    if (name.size() > 52) errors.invalid(kMeta.child("name"), name, "must be no more than 52 characters");
}
void validateCronJobUpdate(Errors& errors, const Value& job, const Value& old) {
    validateObjectMetaUpdate(errors, job["metadata"], old["metadata"], kMeta);
    cronSpec(errors, job["spec"], old["spec"]);
}

} // namespace api::validation
