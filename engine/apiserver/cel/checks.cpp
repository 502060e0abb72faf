// Source: kubernetes pkg/apis/admissionregistration/validation, apiextensions-apiserver
// pkg/apis/apiextensions/validation.
#include "apiserver/cel/checks.h"

#include "apiserver/cel/cel.h"
#include "apiserver/cel/types.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>
#include <initializer_list>

namespace apiserver {

using document::Value;

namespace {

using Causes = std::vector<api::StatusCause>;

std::string indexed(const char* list, std::size_t i, const char* field) {
    return std::string(list) + "[" + std::to_string(i) + "]." + field;
}

// Programs are made after compilation; what goes wrong then is told in other words.
std::string compileProblem(const base::Error& error) {
    return error.message.starts_with("program instantiation failed: ") ? error.message : "compilation failed: " + error.message;
}

// Why an expression cannot be what it is for; empty: it can. No wanted types: it may be of any type.
std::string problemOf(std::string_view text, const cel::Environment& environment, std::initializer_list<std::string_view> wanted) {
    const auto program = cel::Program::compile(text, environment);
    if (!program.ok()) return compileProblem(program.error());
    const std::string type = program->resultType();
    if (wanted.size() == 0 || std::find(wanted.begin(), wanted.end(), type) != wanted.end()) return {};
    std::string names;
    for (const std::string_view name : wanted) names += (names.empty() ? "" : " ") + std::string(name);
    return wanted.size() == 1 ? "must evaluate to " + names + " but got " + type
                              : "must evaluate to one of [" + names + "] but got " + type;
}

// `shown`: the expression as the message has it. Missing ones are told of by the rules of the kind.
void check(const Value& shown, std::string_view text, const cel::Environment& environment,
           std::initializer_list<std::string_view> wanted, const std::string& field, Causes& causes) {
    if (base::trim(text).empty()) return;
    const std::string problem = problemOf(text, environment, wanted);
    if (!problem.empty())
        causes.push_back({"FieldValueInvalid", "Invalid value: " + base::quoteGo(shown.asString()) + ": " + problem, field});
}

void checkConditions(const Value& conditions, bool params, const std::string& path, Causes& causes) {
    if (conditions.size() == 0) return;
    const cel::Environment environment = requestEnvironment(params, true);
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const Value text(base::trim(conditions[i]["expression"].asString()));
        check(text, text.asString(), environment, {"bool"}, path + indexed("matchConditions", i, "expression"), causes);
    }
}

void checkPolicy(const Value& policy, Causes& causes) {
    const Value& spec = policy["spec"];
    const cel::Environment known = policyEnvironment(policy);
    cel::Environment message = known;
    message.types.erase("authorizer");
    message.types.erase("authorizer.requestResource");
    checkConditions(spec["matchConditions"], spec["paramKind"].isObject(), "spec.", causes);
    for (std::size_t i = 0; i < spec["variables"].size(); ++i) {
        // A variable does not know itself and those behind it.
        document::ArrayBuilder before;
        for (std::size_t j = 0; j < i; ++j) before.push(spec["variables"][j]);
        cel::Environment earlier = policyEnvironment(policy.with("spec", spec.with("variables", std::move(before).build())));
        if (i == 0) earlier.types["variables"] = cel::typeOfSchema(Value::object({{"type", "object"}}), false);
        const Value& expression = spec["variables"][i]["expression"];
        check(expression, expression.asString(), earlier, {}, "spec." + indexed("variables", i, "expression"), causes);
    }
    for (std::size_t i = 0; i < spec["validations"].size(); ++i) {
        const Value& validation = spec["validations"][i];
        check(validation["expression"], validation["expression"].asString(), known, {"bool"},
              "spec." + indexed("validations", i, "expression"), causes);
        check(validation["messageExpression"], validation["messageExpression"].asString(), message, {"string"},
              "spec." + indexed("validations", i, "messageExpression"), causes);
    }
    for (std::size_t i = 0; i < spec["auditAnnotations"].size(); ++i) {
        const Value& expression = spec["auditAnnotations"][i]["valueExpression"];
        check(expression, base::trim(expression.asString()), known, {"string", "null_type"},
              "spec." + indexed("auditAnnotations", i, "valueExpression"), causes);
    }
}

std::string ruleText(const Value& rule) {
    const auto text = [&](const char* key) { return base::quoteGo(rule[key].asString()); };
    const auto orNull = [&](const char* key) { return rule.has(key) ? document::writeJson(rule[key]) : "null"; };
    return "{\"Rule\":" + document::writeJson(rule["rule"], true) + ",\"Message\":" + text("message") +
           ",\"MessageExpression\":" + text("messageExpression") + ",\"Reason\":" + orNull("reason") +
           ",\"FieldPath\":" + text("fieldPath") + ",\"OptionalOldSelf\":" + orNull("optionalOldSelf") + "}";
}

// Source: apiextensions-apiserver pkg/apiserver/schema/cel/compilation.go and
// pkg/apis/apiextensions/validation.
class SchemaRules {
public:
    explicit SchemaRules(Causes& causes) : causes_(causes) {}

    // `unmatched`: the part around in which old values cannot be told apart; empty: there is none.
    void check(const Value& schema, const std::string& path, bool root, const std::string& unmatched) {
        const Value& rules = schema["x-kubernetes-validations"];
        const cel::TypePtr self = rules.size() > 0 ? cel::typeOfSchema(schema, root) : nullptr;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (base::trim(rules[i]["rule"].asString()).empty()) continue; // required, says the kind's validation
            rule(rules[i], self, path + ".x-kubernetes-validations[" + std::to_string(i) + "]", unmatched);
        }
        for (const document::Member& property : schema["properties"].members())
            check(property.value, path + ".properties[" + property.key.text() + "]", false, unmatched);
        const bool keyed = schema["x-kubernetes-list-type"].asString() == "map";
        if (schema["items"].isObject()) check(schema["items"], path + ".items", false, keyed || !unmatched.empty() ? unmatched : path);
        const bool atomic = schema["x-kubernetes-map-type"].asString() == "atomic";
        if (schema["additionalProperties"].isObject())
            check(schema["additionalProperties"], path + ".additionalProperties", false, atomic && unmatched.empty() ? path : unmatched);
    }

private:
    void complain(const std::string& shown, const std::string& at, const std::string& text) {
        causes_.push_back({"FieldValueInvalid", "Invalid value: " + shown + ": " + text, at});
    }
    void rule(const Value& rule, const cel::TypePtr& self, const std::string& at, const std::string& unmatched) {
        cel::Environment environment;
        environment.names = {"self", "oldSelf"};
        const bool optionalOld = rule["optionalOldSelf"].asBool();
        if (self) {
            environment.types["self"] = self;
            environment.types["oldSelf"] = optionalOld ? cel::optionalType(self) : self;
        }
        const auto program = cel::Program::compile(rule["rule"].asString(), environment);
        if (!program.ok()) complain(ruleText(rule), at + ".rule", compileProblem(program.error()));
        else if (program->resultType() != "bool") complain(ruleText(rule), at + ".rule", "cel expression must evaluate to a bool");
        else message(rule, environment, at);
        const bool uses = program.ok() && program->uses("oldSelf");
        if (uses && !unmatched.empty())
            complain(base::quoteGo(rule["rule"].asString()), at + ".rule",
                     "oldSelf cannot be used on the uncorrelatable portion of the schema within " + unmatched);
        if (!uses && rule["optionalOldSelf"].isBool())
            complain(optionalOld ? "true" : "false", at + ".optionalOldSelf", "may not be set if oldSelf is not used in rule");
    }
    void message(const Value& rule, const cel::Environment& environment, const std::string& at) {
        if (base::trim(rule["messageExpression"].asString()).empty()) return;
        const auto program = cel::Program::compile(rule["messageExpression"].asString(), environment);
        if (!program.ok()) {
            const std::string why = compileProblem(program.error());
            complain(ruleText(rule), at + ".messageExpression",
                     why.starts_with("program ") ? "messageExpression" + why.substr(7) : "messageExpression " + why);
        } else if (program->resultType() != "string") {
            complain(ruleText(rule), at + ".messageExpression", "messageExpression must evaluate to a string");
        }
    }

    Causes& causes_;
};

} // namespace

std::vector<api::StatusCause> expressionProblems(const api::ResourceInfo& resource, const Value& object) {
    Causes causes;
    if (resource.plural == "validatingadmissionpolicies") checkPolicy(object, causes);
    if (resource.plural == "validatingwebhookconfigurations" || resource.plural == "mutatingwebhookconfigurations")
        for (std::size_t i = 0; i < object["webhooks"].size(); ++i)
            checkConditions(object["webhooks"][i]["matchConditions"], false, "webhooks[" + std::to_string(i) + "].", causes);
    if (resource.plural == "customresourcedefinitions") {
        const Value& versions = object.at("spec", "versions");
        // One version's schema is the top-level one of the internal type.
        for (std::size_t i = 0; i < versions.size(); ++i)
            SchemaRules(causes).check(versions[i].at("schema", "openAPIV3Schema"),
                                      versions.size() == 1 ? std::string("spec.validation.openAPIV3Schema")
                                                           : "spec.versions[" + std::to_string(i) + "].schema.openAPIV3Schema",
                                      true, {});
    }
    return causes;
}

} // namespace apiserver
