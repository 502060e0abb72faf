// ValidatingAdmissionPolicy. Source: apiserver pkg/admission/plugin/policy/validating and matching.
#include "apiserver/admission/expressions.h"
#include "apiserver/admission/matching.h"
#include "apiserver/admission/plugin.h"
#include "apiserver/cel/checks.h"
#include "base/strings.h"

namespace apiserver {

using document::Value;

namespace {

struct Denial {
    std::string policy, binding, message, reason;
};

struct Evaluation {
    const cel::Environment& environment;
    cel::Variables variables;
    cel::Authority* authority;
    std::int64_t cost = 0;
};

// Source: apiserver pkg/admission/plugin/cel/condition.go.
base::Result<cel::Datum> run(const Value& expression, Evaluation& evaluation) {
    BASE_TRY(cel::Program program, cel::Program::compile(expression.asString(), evaluation.environment));
    constexpr std::int64_t kBudget = 10'000'000;
    if (evaluation.cost > kBudget)
        return base::makeError("validation failed due to running out of cost budget, no further validation rules will be run");
    return program.run(evaluation.variables, evaluation.authority, evaluation.cost);
}

// Parameters that a binding names; more than one means one evaluation each.
std::vector<Value> parametersOf(Admission& a, const Value& policy, const Value& binding, bool& missing) {
    const Value& kind = policy.at("spec", "paramKind");
    const Value& reference = binding.at("spec", "paramRef");
    if (!kind.isObject() || !reference.isObject()) return {Value()};
    const std::string apiVersion = kind["apiVersion"].text();
    const auto slash = apiVersion.find('/');
    const api::ResourceInfo* resource = a.core.kinds.findByKind(
        slash == std::string::npos ? "" : apiVersion.substr(0, slash),
        slash == std::string::npos ? apiVersion : apiVersion.substr(slash + 1), kind["kind"].asString());
    missing = true;
    if (resource == nullptr) return {};
    const std::string ns = !resource->namespaced ? "" : reference["namespace"].isEmpty() ? a.ns : reference["namespace"].text();
    std::vector<Value> out;
    if (!reference["name"].isEmpty()) {
        auto stored = readStored(a.core, storedAs(a.core, *resource), ns, reference["name"].asString());
        if (stored.ok() && stored.value()) out.push_back(convertTo(*resource, stored.value()->value));
    } else {
        auto selector = api::LabelSelector::fromObject(reference["selector"]);
        auto store = a.core.store();
        if (selector.ok() && store.ok()) {
            const std::string prefix = keyOf(a.core, *resource, ns, "");
            for (const auto& change : store.value()->range(prefix, store::Store::prefixEnd(prefix)))
                if (selector.value().matches(change->value.at("metadata", "labels"))) out.push_back(change->value);
        }
    }
    missing = out.empty();
    if (missing && reference["parameterNotFoundAction"].asString() == "Allow") missing = false;
    return out;
}

std::string failText(const Value& validation, Evaluation& evaluation) {
    if (!validation["messageExpression"].isEmpty()) {
        auto text = run(validation["messageExpression"], evaluation);
        if (text.ok() && text->value.isString() && !base::trim(text->value.asString()).empty()) return text->value.text();
    }
    if (!validation["message"].isEmpty()) return std::string(base::trim(validation["message"].asString()));
    return "failed expression: " + std::string(base::trim(validation["expression"].asString()));
}

// What a policy finds wrong; `skipped` when its conditions are not met.
std::vector<std::pair<std::string, std::string>> evaluate(const Value& policy, Evaluation& evaluation, bool& skipped) {
    std::vector<std::pair<std::string, std::string>> found;
    const Value& spec = policy["spec"];
    const bool ignore = spec["failurePolicy"].asString() == "Ignore";
    for (const Value& condition : spec["matchConditions"].items()) {
        auto met = run(condition["expression"], evaluation);
        if (met.ok() && !met->value.asBool()) {
            skipped = true;
            return found;
        }
        if (!met.ok() && !ignore) {
            found.emplace_back(met.error().message, "");
            return found;
        }
    }
    std::vector<std::pair<std::string, cel::Datum>> variables;
    for (const Value& variable : spec["variables"].items()) {
        auto value = run(variable["expression"], evaluation);
        if (!value.ok()) continue;
        variables.emplace_back(variable["name"].text(), std::move(*value));
        evaluation.variables.insert_or_assign("variables", cel::mapOf(variables));
    }
    for (const Value& validation : spec["validations"].items()) {
        auto result = run(validation["expression"], evaluation);
        if (!result.ok()) {
            if (!ignore)
                found.emplace_back("expression '" + validation["expression"].text() + "' resulted in error: " +
                                       result.error().message,
                                   "");
            continue;
        }
        if (!result->value.asBool()) found.emplace_back(failText(validation, evaluation), validation["reason"].text());
    }
    return found;
}

int codeOf(const std::string& reason) {
    if (reason == "Forbidden") return 403;
    if (reason == "Unauthorized") return 401;
    if (reason == "RequestEntityTooLarge") return 413;
    return 422;
}

base::Error denied(const Admission& a, const Denial& denial) {
    const std::string text = "ValidatingAdmissionPolicy '" + denial.policy + "' with binding '" + denial.binding +
                             "' denied request: " + denial.message;
    const std::string reason = denial.reason.empty() ? "Invalid" : denial.reason;
    Value status = api::statusOf(refuse(a, text));
    const Value cause = Value::object({{"message", text}});
    status = status.with("reason", reason).with("code", codeOf(reason));
    status = status.withPath({"details", "causes"}, Value::array({cause}));
    return api::errorFromStatus(status);
}

bool hasAction(const Value& binding, std::string_view action) {
    for (const Value& item : binding.at("spec", "validationActions").items())
        if (item.asString() == action) return true;
    return false;
}

} // namespace

base::Status validatingPolicies(Admission& a) {
    if (a.resource.group == "admissionregistration.k8s.io") return base::okStatus();
    const std::vector<Value> bindings =
        a.core.all("admissionregistration.k8s.io", "validatingadmissionpolicybindings");
    std::vector<Denial> denials;
    for (const Value& binding : bindings) {
        const Value policy = a.core.lookup("admissionregistration.k8s.io", "validatingadmissionpolicies", "",
                                           binding.at("spec", "policyName").asString());
        if (policy.isNull() || !matchesResources(a, policy.at("spec", "matchConstraints"))) continue;
        if (binding.at("spec").has("matchResources") && !matchesResources(a, binding.at("spec", "matchResources")))
            continue;
        const std::string policyName(metaText(policy, "name")), bindingName(metaText(binding, "name"));
        bool missing = false;
        const std::vector<Value> parameters = parametersOf(a, policy, binding, missing);
        std::vector<std::pair<std::string, std::string>> found;
        if (missing && policy.at("spec", "failurePolicy").asString() != "Ignore")
            found.emplace_back("failed to configure binding: no params found for policy binding with `Deny` "
                               "parameterNotFoundAction",
                               "");
        const cel::Environment environment = policyEnvironment(policy);
        for (const Value& parameter : parameters) {
            RequestAuthority authority(a);
            Evaluation evaluation{environment, expressionVariables(a), &authority};
            evaluation.variables.insert_or_assign("params", parameter);
            bool skipped = false;
            for (auto& item : evaluate(policy, evaluation, skipped)) found.push_back(std::move(item));
        }
        for (const auto& [message, reason] : found) {
            if (hasAction(binding, "Warn"))
                a.context.warn("Validation failed for ValidatingAdmissionPolicy '" + policyName +
                               "' with binding '" + bindingName + "': " + message);
            if (hasAction(binding, "Deny")) denials.push_back({policyName, bindingName, message, reason});
        }
    }
    if (!denials.empty()) return denied(a, denials.front());
    return base::okStatus();
}

} // namespace apiserver
