// Levels from namespace labels, refusals and warnings. Source: k8s.io/pod-security-admission
// admission/admission.go and api/helpers.go.
#include "apiserver/admission/pod_security.h"
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

#include <algorithm>
#include <map>

namespace apiserver {

using document::Value;

namespace {

constexpr int kLatest = 35;

struct Level {
    std::string level = "privileged", version = "latest";
    std::string text() const { return level + ":" + version; }
    int minor() const {
        if (version == "latest") return kLatest;
        return static_cast<int>(base::parseInt(std::string_view(version).substr(3)).value_or(kLatest));
    }
    bool operator==(const Level&) const = default;
};

struct Policy {
    Level enforce, audit, warn;
};

bool knownLevel(std::string_view level) {
    return level == "privileged" || level == "baseline" || level == "restricted";
}

bool knownVersion(std::string_view version) {
    if (version == "latest") return true;
    return version.starts_with("v1.") && base::parseInt(version.substr(3)).value_or(-1) >= 0;
}

// Bad labels count as the strictest level until they are repaired.
Policy policyOf(const Value& ns, std::vector<api::StatusCause>* problems) {
    Policy policy;
    const Value& labels = ns.at("metadata", "labels");
    const std::string prefix = "pod-security.kubernetes.io/";
    const auto named = labels.members();
    if (std::none_of(named.begin(), named.end(), [&](const document::Member& label) { return label.key.view().starts_with(prefix); }))
        return policy;
    const auto read = [&](const char* mode, Level& level) {
        const Value& given = labels[prefix + mode];
        if (given.isString()) {
            if (knownLevel(given.asString())) level.level = given.text();
            else {
                level.level = "restricted";
                if (problems != nullptr)
                    problems->push_back({"FieldValueInvalid",
                                         "Invalid value: " + base::quoteGo(given.asString()) +
                                             ": must be one of privileged, baseline, restricted",
                                         "metadata.labels[" + prefix + mode + "]"});
            }
        }
        const Value& version = labels[prefix + mode + "-version"];
        if (!version.isString()) return;
        if (knownVersion(version.asString())) level.version = version.text();
        else if (problems != nullptr)
            problems->push_back({"FieldValueInvalid",
                                 "Invalid value: " + base::quoteGo(version.asString()) +
                                     ": must be \"latest\" or \"v1.x\"",
                                 "metadata.labels[" + prefix + mode + "-version]"});
    };
    read("enforce", policy.enforce);
    read("audit", policy.audit);
    read("warn", policy.warn);
    return policy;
}

std::string describe(const std::vector<Violation>& violations, bool details) {
    std::vector<std::string> parts;
    for (const Violation& violation : violations) {
        if (details && !violation.detail.empty()) parts.push_back(violation.reason + " (" + violation.detail + ")");
        else parts.push_back(violation.reason);
    }
    return base::join(parts, ", ");
}

// The pod spec inside an object; null when there is none.
const Value& podSpecOf(const api::ResourceInfo& resource, const Value& object, const Value*& meta) {
    static const Value kNull;
    const Value* holder = &object;
    if (resource.plural == "pods") holder = &object;
    else if (resource.plural == "podtemplates") holder = &object["template"];
    else if (resource.plural == "cronjobs") holder = &object.at("spec", "jobTemplate", "spec", "template");
    else holder = &object.at("spec", "template");
    meta = &(*holder)["metadata"];
    return (*holder)["spec"];
}

bool hasPods(const api::ResourceInfo& resource) {
    static const std::map<std::string, int, std::less<>> kKinds = {
        {"/pods", 0}, {"/podtemplates", 0}, {"/replicationcontrollers", 0}, {"apps/replicasets", 0},
        {"apps/deployments", 0}, {"apps/statefulsets", 0}, {"apps/daemonsets", 0}, {"batch/jobs", 0},
        {"batch/cronjobs", 0}};
    return kKinds.contains(resource.group + "/" + resource.plural);
}

// One line per set of violations that existing pods share.
void warnExisting(Admission& a, const Level& enforce) {
    struct Group {
        std::string first;
        std::size_t count = 0;
    };
    std::vector<std::pair<std::string, Group>> groups;
    std::map<std::string, bool> controllers;
    for (const Value& pod : a.core.all("", "pods", a.name)) {
        const std::vector<Violation> found =
            checkPodSecurity(enforce.level, enforce.minor(), pod["spec"], pod["metadata"]);
        if (found.empty()) continue;
        // Of the pods of one controller the first speaks for all.
        std::string controller;
        for (const Value& owner : pod.at("metadata", "ownerReferences").items())
            if (owner["controller"].asBool()) controller = owner["uid"].text();
        if (!controller.empty() && controllers[controller]) continue;
        if (!controller.empty()) controllers[controller] = true;
        const std::string text = describe(found, false);
        Group* group = nullptr;
        for (auto& [known, entry] : groups)
            if (known == text) group = &entry;
        if (group == nullptr) group = &groups.emplace_back(text, Group{std::string(metaText(pod, "name")), 0}).second;
        ++group->count;
    }
    if (groups.empty()) return;
    a.context.warn("existing pods in namespace " + base::quoteGo(a.name) +
                   " violate the new PodSecurity enforce level " + base::quoteGo(enforce.text()));
    std::sort(groups.begin(), groups.end(), [](const auto& x, const auto& y) { return x.second.first < y.second.first; });
    for (const auto& [text, group] : groups) {
        std::string who = group.first;
        if (group.count == 2) who += " (and 1 other pod)";
        else if (group.count > 2) who += " (and " + std::to_string(group.count - 1) + " other pods)";
        a.context.warn(who + ": " + text);
    }
}

base::Status admitNamespace(Admission& a) {
    std::vector<api::StatusCause> problems;
    const Policy policy = policyOf(a.object, &problems);
    if (a.operation == "CREATE") {
        if (!problems.empty()) return api::invalid("", "Namespace", a.name, std::move(problems));
        return base::okStatus();
    }
    std::vector<api::StatusCause> before;
    const Policy old = policyOf(a.old, &before);
    if (!problems.empty() && before.empty()) return api::invalid("", "Namespace", a.name, std::move(problems));
    if (policy.enforce == old.enforce || policy.enforce.level == "privileged") return base::okStatus();
    warnExisting(a, policy.enforce);
    return base::okStatus();
}

// Changes of a pod that cannot matter are let through.
bool irrelevantUpdate(const Admission& a) {
    if (a.operation != "UPDATE" || !isPod(a)) return false;
    return a.object["spec"] == a.old["spec"];
}

} // namespace

base::Status podSecurity(Admission& a) {
    if (a.operation != "CREATE" && a.operation != "UPDATE") return base::okStatus();
    if (a.resource.group.empty() && a.resource.plural == "namespaces")
        return a.subresource.empty() ? admitNamespace(a) : base::okStatus();
    if (!hasPods(a.resource)) return base::okStatus();
    if (!a.subresource.empty() && a.subresource != "ephemeralcontainers") return base::okStatus();
    if (irrelevantUpdate(a)) return base::okStatus();
    const Policy policy = policyOf(a.core.lookup("", "namespaces", "", a.ns), nullptr);
    if (policy.enforce.level == "privileged" && policy.warn.level == "privileged") return base::okStatus();
    const Value* meta = nullptr;
    const Value& spec = podSpecOf(a.resource, a.object, meta);
    if (spec.isNull()) return base::okStatus();
    if (isPod(a)) {
        const auto found = checkPodSecurity(policy.enforce.level, policy.enforce.minor(), spec, *meta);
        if (!found.empty())
            return refuse(a, "violates PodSecurity " + base::quoteGo(policy.enforce.text()) + ": " +
                                 describe(found, true));
    }
    const auto found = checkPodSecurity(policy.warn.level, policy.warn.minor(), spec, *meta);
    if (!found.empty())
        a.context.warn("would violate PodSecurity " + base::quoteGo(policy.warn.text()) + ": " +
                       describe(found, true));
    return base::okStatus();
}

} // namespace apiserver
