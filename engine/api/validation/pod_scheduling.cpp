#include "api/validation/pod.h"

#include "base/strings.h"

namespace api::validation {
namespace {

void validateNodeRequirement(Errors& errors, const Value& requirement, bool anyValue, const Path& path) {
    const std::string_view op = requirement["operator"].asString();
    const Value& values = requirement["values"];
    if (op == "In" || op == "NotIn") {
        if (values.size() == 0)
            errors.required(path.child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
    } else if (op == "Exists" || op == "DoesNotExist") {
        if (values.size() > 0)
            errors.forbidden(path.child("values"),
                             "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
    } else if (op == "Gt" || op == "Lt") {
        if (values.size() != 1)
            errors.required(path.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
    } else {
        errors.invalid(path.child("operator"), op, "not a valid selector operator");
    }
    validateLabelName(errors, requirement["key"].asString(), path.child("key"));
    if (anyValue) return;
    for (std::size_t i = 0; i < values.size(); ++i)
        errors.invalidEach(path.child("values").index(i), values[i], checkLabelValue(values[i].asString()));
}

void validateFieldRequirement(Errors& errors, const Value& requirement, const Path& path) {
    const std::string_view op = requirement["operator"].asString();
    const Value& values = requirement["values"];
    if (op != "In" && op != "NotIn")
        errors.invalid(path.child("operator"), op, "not a valid selector operator");
    else if (values.size() != 1)
        errors.required(path.child("values"),
                        "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
    if (requirement["key"].asString() != "metadata.name") {
        errors.invalid(path.child("key"), requirement["key"].asString(), "not a valid field selector key");
        return;
    }
    for (std::size_t i = 0; i < values.size(); ++i)
        errors.invalidEach(path.child("values").index(i), values[i],
                           checkDns1123Subdomain(values[i].asString()));
}

void validateTerm(Errors& errors, const Value& term, bool anyValue, const Path& path) {
    for (std::size_t i = 0; i < term["matchExpressions"].size(); ++i)
        validateNodeRequirement(errors, term["matchExpressions"][i], anyValue,
                                path.child("matchExpressions").index(i));
    for (std::size_t i = 0; i < term["matchFields"].size(); ++i)
        validateFieldRequirement(errors, term["matchFields"][i], path.child("matchFields").index(i));
}

void validateWeight(Errors& errors, const Value& weight, const Path& path) {
    if (weight.asInt() <= 0 || weight.asInt() > 100)
        errors.invalid(path, weight.asInt(), "must be in the range 1-100");
}

void validateLabelKeys(Errors& errors, const Value& keys, const Value& selector, const Path& path) {
    if (keys.size() == 0) return;
    if (selector.isNull()) {
        errors.forbidden(path, "must not be specified when labelSelector is not set");
        return;
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        validateLabelName(errors, keys[i].asString(), path.index(i));
}

void validateMatchLabelKeys(Errors& errors, const Value& keys, const Value& mismatch,
                            const Value& selector, const Path& path) {
    validateLabelKeys(errors, keys, selector, path.child("matchLabelKeys"));
    validateLabelKeys(errors, mismatch, selector, path.child("mismatchLabelKeys"));
    std::set<std::string> seen;
    for (const Member& label : selector["matchLabels"].members()) seen.insert(label.key.text());
    for (const Value& expression : selector["matchExpressions"].items()) {
        const std::string key = expression["key"].text();
        for (std::size_t i = 0; i < keys.size(); ++i)
            if (keys[i].asString() == key && seen.count(key) > 0)
                errors.invalid(path.index(i), key, "exists in both matchLabelKeys and labelSelector");
        seen.insert(key);
    }
    for (std::size_t i = 0; i < keys.size(); ++i)
        for (const Value& other : mismatch.items())
            if (other == keys[i])
                errors.invalid(path.child("matchLabelKeys").index(i), keys[i],
                               "exists in both matchLabelKeys and mismatchLabelKeys");
}

void validatePodTerm(Errors& errors, const Value& term, const Path& path) {
    validateLabelSelector(errors, term["labelSelector"], path.child("labelSelector"));
    validateLabelSelector(errors, term["namespaceSelector"], path.child("namespaceSelector"));
    for (const Value& name : term["namespaces"].items())
        errors.invalidEach(path.child("namespace"), name, checkDns1123Label(name.asString()));
    validateMatchLabelKeys(errors, term["matchLabelKeys"], term["mismatchLabelKeys"],
                           term["labelSelector"], path);
    if (term["topologyKey"].isEmpty()) errors.required(path.child("topologyKey"), "can not be empty");
    validateLabelName(errors, term["topologyKey"].asString(), path.child("topologyKey"));
}

void validatePodTerms(Errors& errors, const Value& affinity, const Path& path) {
    constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
    constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
    for (std::size_t i = 0; i < affinity[kRequired].size(); ++i)
        validatePodTerm(errors, affinity[kRequired][i], path.child(kRequired).index(i));
    for (std::size_t i = 0; i < affinity[kPreferred].size(); ++i) {
        const Path at = path.child(kPreferred).index(i);
        validateWeight(errors, affinity[kPreferred][i]["weight"], at.child("weight"));
        validatePodTerm(errors, affinity[kPreferred][i]["podAffinityTerm"], at.child("podAffinityTerm"));
    }
}

} // namespace

void validateNodeSelector(Errors& errors, const Value& selector, const Path& path) {
    const Value& terms = selector["nodeSelectorTerms"];
    if (terms.size() == 0) {
        errors.required(path.child("nodeSelectorTerms"), "must have at least one node selector term");
        return;
    }
    for (std::size_t i = 0; i < terms.size(); ++i)
        validateTerm(errors, terms[i], false, path.child("nodeSelectorTerms").index(i));
}

void validateAffinity(Errors& errors, const Value& affinity, const Path& path) {
    if (const Value& node = affinity["nodeAffinity"]; !node.isNull()) {
        const Path at = path.child("nodeAffinity");
        constexpr const char* kRequired = "requiredDuringSchedulingIgnoredDuringExecution";
        constexpr const char* kPreferred = "preferredDuringSchedulingIgnoredDuringExecution";
        if (!node[kRequired].isNull()) validateNodeSelector(errors, node[kRequired], at.child(kRequired));
        for (std::size_t i = 0; i < node[kPreferred].size(); ++i) {
            const Path term = at.child(kPreferred).index(i);
            validateWeight(errors, node[kPreferred][i]["weight"], term.child("weight"));
            validateTerm(errors, node[kPreferred][i]["preference"], true, term.child("preference"));
        }
    }
    validatePodTerms(errors, affinity["podAffinity"], path.child("podAffinity"));
    validatePodTerms(errors, affinity["podAntiAffinity"], path.child("podAntiAffinity"));
}

void validateTaintEffect(Errors& errors, const Value& effect, bool allowEmpty, const Path& path) {
    if (effect.isEmpty()) {
        if (!allowEmpty) errors.required(path);
        return;
    }
    if (!contains({"NoSchedule", "PreferNoSchedule", "NoExecute"}, effect.asString()))
        errors.notSupported(path, effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"});
}

void validateTolerations(Errors& errors, const Value& tolerations, const Path& path) {
    for (std::size_t i = 0; i < tolerations.size(); ++i) {
        const Value& toleration = tolerations[i];
        const Path at = path.index(i);
        const std::string_view key = toleration["key"].asString(), op = toleration["operator"].asString();
        const std::string_view value = toleration["value"].asString();
        if (!key.empty()) validateLabelName(errors, key, at.child("key"));
        if (key.empty() && op != "Exists")
            errors.invalid(at.child("operator"), op,
                           "operator must be Exists when `key` is empty, which means \"match all values and all keys\"");
        if (!toleration["tolerationSeconds"].isNull() && toleration["effect"].asString() != "NoExecute")
            errors.invalid(at.child("effect"), toleration["effect"].asString(),
                           "effect must be 'NoExecute' when `tolerationSeconds` is set");
        if (op.empty() || op == "Equal") {
            const Problems problems = checkLabelValue(value);
            if (!problems.empty()) errors.invalid(at.child("operator"), value, base::join(problems, ";"));
        } else if (op == "Exists") {
            if (!value.empty())
                errors.invalid(at.child("operator"), value, "value must be empty when `operator` is 'Exists'");
        } else if (op == "Lt" || op == "Gt") {
            errors.notSupported(at.child("operator"), op, {"Equal", "Exists", "Lt", "Gt"});
        } else {
            errors.notSupported(at.child("operator"), op, {"Equal", "Exists"});
        }
        validateTaintEffect(errors, toleration["effect"], true, at.child("effect"));
    }
}

void validateTopologySpread(Errors& errors, const Value& constraints, const Path& path) {
    for (std::size_t i = 0; i < constraints.size(); ++i) {
        const Value& constraint = constraints[i];
        const Path at = path.index(i);
        const std::string key = constraint["topologyKey"].text(), action = constraint["whenUnsatisfiable"].text();
        if (constraint["maxSkew"].asInt() <= 0)
            errors.invalid(at.child("maxSkew"), constraint["maxSkew"].asInt(), "must be greater than zero");
        if (key.empty()) errors.required(at.child("topologyKey"), "can not be empty");
        if (!contains({"DoNotSchedule", "ScheduleAnyway"}, action))
            errors.notSupported(at.child("whenUnsatisfiable"), action, {"DoNotSchedule", "ScheduleAnyway"});
        for (std::size_t j = i + 1; j < constraints.size(); ++j) {
            if (constraints[j]["topologyKey"].text() != key || constraints[j]["whenUnsatisfiable"].text() != action)
                continue;
            errors.duplicate(at.child("{topologyKey, whenUnsatisfiable}"), "{" + key + ", " + action + "}");
            break;
        }
        if (const Value& domains = constraint["minDomains"]; !domains.isNull()) {
            if (domains.asInt() <= 0) errors.invalid(at.child("minDomains"), domains, "must be greater than zero");
            if (action != "DoNotSchedule")
                errors.invalid(at.child("minDomains"), domains,
                               "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + action);
        }
        for (const char* field : {"nodeAffinityPolicy", "nodeTaintsPolicy"})
            if (!constraint[field].isNull() && !contains({"Honor", "Ignore"}, constraint[field].asString()))
                errors.notSupported(at.child(field), constraint[field], {"Honor", "Ignore"});
        validateMatchLabelKeys(errors, constraint["matchLabelKeys"], Value(), constraint["labelSelector"], at);
        validateLabelSelector(errors, constraint["labelSelector"], at.child("labelSelector"));
    }
}

} // namespace api::validation
