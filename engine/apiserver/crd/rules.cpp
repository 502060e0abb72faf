// Source: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
#include "apiserver/crd/rules.h"

#include "apiserver/cel/cel.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

std::string ruleText(const Value& rule) {
    return rule["message"].isEmpty() ? std::string(base::trim(rule["rule"].asString()))
                                     : std::string(base::trim(rule["message"].asString()));
}

std::string messageOf(const Value& rule, const cel::Variables& variables) {
    if (!rule["messageExpression"].isEmpty()) {
        auto program = cel::Program::compile(rule["messageExpression"].asString(), {"self", "oldSelf"});
        if (program.ok()) {
            auto text = program.value().evaluate(variables);
            if (text.ok() && text.value().isString() && !base::trim(text.value().asString()).empty())
                return text.value().text();
        }
    }
    if (rule["message"].isEmpty()) return "failed rule: " + ruleText(rule);
    return ruleText(rule);
}

api::StatusCause causeOf(const Value& rule, const Value& self, const std::string& path, const std::string& text) {
    std::string at = path;
    if (!rule["fieldPath"].isEmpty()) at += rule["fieldPath"].text();
    if (rule["reason"].asString() == "FieldValueForbidden") return {"FieldValueForbidden", "Forbidden: " + text, at};
    if (rule["reason"].asString() == "FieldValueRequired") return {"FieldValueRequired", "Required value: " + text, at};
    if (rule["reason"].asString() == "FieldValueDuplicate")
        return {"FieldValueDuplicate", "Duplicate value: " + document::writeJson(self), at};
    const bool shown = !self.isObject() && !self.isArray();
    return {"FieldValueInvalid", "Invalid value: " + (shown ? document::writeJson(self) + ": " : "") + text, at};
}

void runRules(const Value& schema, const Value& self, const Value& old, const std::string& path,
              std::vector<api::StatusCause>& causes) {
    for (const Value& rule : schema["x-kubernetes-validations"].items()) {
        auto program = cel::Program::compile(rule["rule"].asString(), {"self", "oldSelf"});
        if (!program.ok()) {
            causes.push_back(causeOf(Value(), self, path, "rule compile error: " + program.error().message));
            continue;
        }
        // A transition rule has nothing to say about something new.
        if (program.value().uses("oldSelf") && old.isNull() && !rule["optionalOldSelf"].asBool()) continue;
        cel::Variables variables = {{"self", self}, {"oldSelf", old}};
        auto result = program.value().evaluate(variables);
        if (!result.ok()) {
            causes.push_back(causeOf(Value(), self, path,
                                     result.error().message + " evaluating rule: " + ruleText(rule)));
            continue;
        }
        if (!result.value().asBool()) causes.push_back(causeOf(rule, self, path, messageOf(rule, variables)));
    }
}

} // namespace

bool hasValidationRules(const Value& schema) {
    if (schema["x-kubernetes-validations"].size() > 0) return true;
    for (const document::Member& property : schema["properties"].members())
        if (hasValidationRules(property.value)) return true;
    if (schema["items"].isObject() && hasValidationRules(schema["items"])) return true;
    return schema["additionalProperties"].isObject() && hasValidationRules(schema["additionalProperties"]);
}

void validateRules(const Value& schema, const Value& value, const Value& old, const std::string& path,
                   std::vector<api::StatusCause>& causes) {
    if (value.isNull()) return;
    runRules(schema, value, old, path, causes);
    for (const document::Member& property : schema["properties"].members()) {
        const std::string_view name = property.key.view();
        if (value.has(name))
            validateRules(property.value, value[name], old[name],
                          path.empty() ? std::string(name) : path + "." + std::string(name), causes);
    }
    if (schema["additionalProperties"].isObject() && value.isObject())
        for (const document::Member& member : value.members())
            validateRules(schema["additionalProperties"], member.value, old[member.key.view()],
                          path + "[" + member.key.text() + "]", causes);
    if (schema["items"].isObject() && value.isArray())
        for (std::size_t i = 0; i < value.size(); ++i)
            // Items of plain lists have no partner in the old object.
            validateRules(schema["items"], value[i], Value(), path + "[" + std::to_string(i) + "]", causes);
}

} // namespace apiserver
