// Source: kubernetes pkg/apis/admissionregistration/validation, apiextensions-apiserver
// pkg/apis/apiextensions/validation.
#include "apiserver/cel/checks.h"

#include "apiserver/cel/cel.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

using Causes = std::vector<api::StatusCause>;

void checkBool(const Value& expression, const std::vector<std::string>& names, const std::string& field,
               Causes& causes) {
    if (expression.isEmpty()) return; // the rules of the kind say that it is required
    const std::string text(base::trim(expression.asString()));
    const std::string prefix = "Invalid value: " + base::quoteGo(text) + ": ";
    auto program = cel::Program::compile(text, names);
    if (!program.ok()) {
        causes.push_back({"FieldValueInvalid", prefix + "compilation failed: " + program.error().message, field});
        return;
    }
    const std::string type = program.value().resultType();
    if (type != "bool" && type != "dyn")
        causes.push_back({"FieldValueInvalid", prefix + "must evaluate to bool but got " + type, field});
}

void checkPolicy(const Value& policy, Causes& causes) {
    static const std::vector<std::string> kNames = {"object",          "oldObject", "request", "params",
                                                    "namespaceObject", "variables", "authorizer"};
    const Value& spec = policy["spec"];
    for (std::size_t i = 0; i < spec["matchConditions"].size(); ++i)
        checkBool(spec["matchConditions"][i]["expression"], kNames,
                  "spec.matchConditions[" + std::to_string(i) + "].expression", causes);
    for (std::size_t i = 0; i < spec["validations"].size(); ++i)
        checkBool(spec["validations"][i]["expression"], kNames,
                  "spec.validations[" + std::to_string(i) + "].expression", causes);
}

std::string ruleText(const Value& rule) {
    const auto text = [&](const char* key) { return base::quoteGo(rule[key].asString()); };
    const auto orNull = [&](const char* key) { return rule.has(key) ? document::writeJson(rule[key]) : "null"; };
    return "{\"Rule\":" + document::writeJson(rule["rule"], true) + ",\"Message\":" + text("message") +
           ",\"MessageExpression\":" + text("messageExpression") + ",\"Reason\":" + orNull("reason") +
           ",\"FieldPath\":" + text("fieldPath") + ",\"OptionalOldSelf\":" + orNull("optionalOldSelf") + "}";
}

void checkSchema(const Value& schema, const std::string& path, Causes& causes) {
    const Value& rules = schema["x-kubernetes-validations"];
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (base::trim(rules[i]["rule"].asString()).empty()) continue; // required, says the kind's validation
        auto program = cel::Program::compile(base::trim(rules[i]["rule"].asString()), {"self", "oldSelf"});
        if (program.ok()) continue;
        causes.push_back({"FieldValueInvalid",
                          "Invalid value: " + ruleText(rules[i]) + ": compilation failed: " + program.error().message,
                          path + ".x-kubernetes-validations[" + std::to_string(i) + "].rule"});
    }
    for (const document::Member& property : schema["properties"].members())
        checkSchema(property.value, path + ".properties[" + property.key.text() + "]", causes);
    if (schema["items"].isObject()) checkSchema(schema["items"], path + ".items", causes);
    if (schema["additionalProperties"].isObject())
        checkSchema(schema["additionalProperties"], path + ".additionalProperties", causes);
}

} // namespace

std::vector<api::StatusCause> expressionProblems(const api::ResourceInfo& resource, const Value& object) {
    Causes causes;
    if (resource.plural == "validatingadmissionpolicies") checkPolicy(object, causes);
    if (resource.plural == "customresourcedefinitions") {
        const Value& versions = object.at("spec", "versions");
        // One version's schema is the top-level one of the internal type.
        for (std::size_t i = 0; i < versions.size(); ++i)
            checkSchema(versions[i].at("schema", "openAPIV3Schema"),
                        versions.size() == 1 ? std::string("spec.validation.openAPIV3Schema")
                                             : "spec.versions[" + std::to_string(i) + "].schema.openAPIV3Schema",
                        causes);
    }
    return causes;
}

} // namespace apiserver
