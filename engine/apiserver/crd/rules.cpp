// Source: apiextensions-apiserver pkg/apiserver/schema/cel/validation.go.
#include "apiserver/crd/rules.h"

#include "apiserver/cel/cel.h"
#include "apiserver/cel/types.h"
#include "base/strings.h"
#include "document/json.h"

#include <optional>

namespace apiserver {

using document::Value;

namespace {

std::string ruleText(const Value& rule) {
    return rule["message"].isEmpty() ? std::string(base::trim(rule["rule"].asString()))
                                     : std::string(base::trim(rule["message"].asString()));
}

// What all rules of one object may cost together. Source: apiserver pkg/apis/cel/config.go.
constexpr std::int64_t kCostBudget = 10'000'000;

struct Run {
    const Value& schema;
    cel::TypePtr self;
    std::int64_t& budget;
    std::vector<api::StatusCause>& causes;
};

cel::Environment environmentOf(const cel::TypePtr& self, bool optionalOld) {
    cel::Environment environment;
    environment.names = {"self", "oldSelf"};
    if (!self) return environment;
    environment.types["self"] = self;
    environment.types["oldSelf"] = optionalOld ? cel::optionalType(self) : self;
    return environment;
}

std::string messageOf(const Value& rule, const cel::Environment& environment, const cel::Variables& variables) {
    if (!rule["messageExpression"].isEmpty()) {
        auto program = cel::Program::compile(rule["messageExpression"].asString(), environment);
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

// The item of an old list that a new one stands for; lists that are no maps have no such thing.
Value partnerOf(const Value& schema, const Value& item, const Value& old) {
    if (schema["x-kubernetes-list-type"].asString() != "map") return {};
    for (const Value& other : old.items()) {
        bool same = true;
        for (const Value& key : schema["x-kubernetes-list-map-keys"].items())
            same = same && other[key.asString()] == item[key.asString()];
        if (same) return other;
    }
    return {};
}

// How a rule that could not be decided is reported; false when no further rule is run.
bool reportTrouble(const std::string& why, const Value& rule, const Value& self, const std::string& path,
                   std::vector<api::StatusCause>& causes) {
    const bool costly = why.starts_with("operation cancelled: actual cost limit exceeded");
    std::string text = why + " evaluating rule: " + ruleText(rule);
    if (why.starts_with("no such overload"))
        text = "'" + why + "': call arguments did not match a supported operator, function or macro signature for rule: " + ruleText(rule);
    if (costly) text = "'" + why + "': no further validation rules will be run due to call cost exceeds limit for rule: " + ruleText(rule);
    causes.push_back(causeOf(Value(), self, path, text));
    return !costly;
}

void runRules(Run& run, const Value& self, const Value& old, const std::string& path) {
    for (const Value& rule : run.schema["x-kubernetes-validations"].items()) {
        if (run.budget < 0) return;
        const bool optionalOld = rule["optionalOldSelf"].asBool();
        const cel::Environment environment = environmentOf(run.self, optionalOld);
        auto program = cel::Program::compile(rule["rule"].asString(), environment);
        if (!program.ok()) {
            run.causes.push_back(causeOf(Value(), self, path, "rule compile error: " + program.error().message));
            continue;
        }
        // A transition rule has nothing to say about something new.
        if (program.value().uses("oldSelf") && old.isNull() && !optionalOld) continue;
        cel::Datum before(old);
        if (optionalOld) before = cel::optionalOf(old.isNull() ? std::nullopt : std::optional<cel::Datum>(old));
        const cel::Variables variables = {{"self", self}, {"oldSelf", before}};
        std::int64_t cost = 0;
        auto result = program.value().run(variables, nullptr, cost);
        run.budget -= cost;
        if (!result.ok()) {
            if (reportTrouble(result.error().message, rule, self, path, run.causes)) continue;
            run.budget = -1;
            return;
        }
        if (run.budget < 0) {
            run.causes.push_back(causeOf(Value(), self, path, "validation failed due to running out of cost budget, no further "
                                                              "validation rules will be run"));
            return;
        }
        if (!result.value().value.asBool())
            run.causes.push_back(causeOf(rule, self, path, messageOf(rule, environment, variables)));
    }
}

void walk(const Value& schema, const Value& value, const Value& old, const std::string& path, bool root, std::int64_t& budget,
          std::vector<api::StatusCause>& causes) {
    if (value.isNull() || budget < 0) return;
    if (schema["x-kubernetes-validations"].size() > 0) {
        Run run{schema, cel::typeOfSchema(schema, root), budget, causes};
        runRules(run, value, old, path);
    }
    for (const document::Member& property : schema["properties"].members()) {
        const std::string_view name = property.key.view();
        if (value.has(name))
            walk(property.value, value[name], old[name], path.empty() ? std::string(name) : path + "." + std::string(name), false,
                 budget, causes);
    }
    if (schema["additionalProperties"].isObject() && value.isObject())
        for (const document::Member& member : value.members())
            walk(schema["additionalProperties"], member.value, old[member.key.view()], path + "[" + member.key.text() + "]", false,
                 budget, causes);
    if (!schema["items"].isObject() || !value.isArray()) return;
    for (std::size_t i = 0; i < value.size(); ++i)
        walk(schema["items"], value[i], partnerOf(schema, value[i], old), path + "[" + std::to_string(i) + "]", false, budget, causes);
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
    std::int64_t budget = kCostBudget;
    walk(schema, value, old, path, true, budget, causes);
}

} // namespace apiserver
