#include "controllers/admissionpolicy/controller.h"

#include "api/kinds.h"
#include "api/objects/meta.h"
#include "base/strings.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace controllers {

using document::Value;

namespace {

constexpr const char* kName = "validatingadmissionpolicy-status-controller";
constexpr std::size_t kMostTypes = 10;

client::Resource policies() { return {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicies"}; }

// The kinds that the rules name without wildcards; a wildcard anywhere ends the checking of its rule.
std::vector<const api::ResourceInfo*> checkedTypes(const Value& policy) {
    std::vector<const api::ResourceInfo*> out;
    for (const Value& rule : policy.at("spec", "matchConstraints", "resourceRules").items())
        for (const Value& group : rule["apiGroups"].items())
            for (const Value& version : rule["apiVersions"].items())
                for (const Value& resource : rule["resources"].items()) {
                    const api::ResourceInfo* info =
                        api::builtinKinds().find(group.asString(), version.asString(), resource.asString());
                    if (info != nullptr && info->type != nullptr && out.size() < kMostTypes) out.push_back(info);
                }
    return out;
}

bool inWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// From `at` (behind "object") along .field.field as far as the types are known; the place of the first
// field that there is not, or npos.
std::size_t unknownField(const api::Type& root, std::string_view text, std::size_t at, std::string& field) {
    static const std::set<std::string_view> kOpen = {"apiVersion", "kind"};
    const api::Type* type = &root;
    bool top = true;
    while (at + 1 < text.size() && text[at] == '.' && (std::isalpha(static_cast<unsigned char>(text[at + 1])) || text[at + 1] == '_')) {
        std::size_t end = at + 1;
        while (end < text.size() && inWord(text[end])) ++end;
        const std::string_view name = text.substr(at + 1, end - at - 1);
        if (end < text.size() && text[end] == '(') return std::string_view::npos; // a function
        const api::Field* found = type->find(name);
        if (found == nullptr && top && kOpen.contains(name)) return std::string_view::npos;
        if (found == nullptr) {
            field = name;
            return at;
        }
        if (found->type.kind != api::TypeKind::Struct) return std::string_view::npos;
        type = found->type.type;
        top = false;
        at = end;
    }
    return std::string_view::npos;
}

// As cel-go shows an error: its place, the line, and a mark below it.
std::string celError(std::string_view text, std::size_t at, const std::string& message) {
    std::size_t line = 1, begin = 0;
    for (std::size_t i = 0; i < at; ++i)
        if (text[i] == '\n') ++line, begin = i + 1;
    const std::string shown(text.substr(begin, std::min(text.find('\n', begin), text.size()) - begin));
    return "ERROR: <input>:" + std::to_string(line) + ":" + std::to_string(at - begin + 1) + ": " + message + "\n | " + shown +
           "\n | " + std::string(at - begin, '.') + "^";
}

// Every wrong field of an expression, below each other.
std::string problems(const api::Type& type, std::string_view text) {
    std::vector<std::string> out;
    char quote = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quote != 0) {
            if (text[i] == '\\') ++i;
            else if (text[i] == quote) quote = 0;
            continue;
        }
        if (text[i] == '"' || text[i] == '\'') quote = text[i];
        const bool begins = i == 0 || (!inWord(text[i - 1]) && text[i - 1] != '.');
        for (const std::string_view variable : {"object", "oldObject"}) {
            const std::size_t end = i + variable.size();
            if (!begins || text.substr(i, variable.size()) != variable || (end < text.size() && inWord(text[end]))) continue;
            std::string field;
            const std::size_t place = unknownField(type, text, end, field);
            if (place != std::string_view::npos) out.push_back(celError(text, place, "undefined field '" + field + "'"));
        }
    }
    return base::join(out, "\n");
}

} // namespace

std::vector<Value> expressionWarnings(const Value& policy) {
    std::vector<Value> out;
    const auto types = checkedTypes(policy);
    const auto check = [&](const Value& expression, const std::string& place) {
        std::vector<std::string> texts;
        for (const api::ResourceInfo* info : types) {
            const std::string found = problems(*info->type, expression.asString());
            const std::string gvk = (info->group.empty() ? "/" : info->group + "/") + info->version + ", Kind=" + info->kind;
            if (!found.empty()) texts.push_back(gvk + ": " + found + "\n");
        }
        if (!texts.empty()) out.push_back(Value::object({{"fieldRef", place}, {"warning", base::join(texts, "\n")}}));
    };
    const Value& validations = policy.at("spec", "validations");
    for (std::size_t i = 0; i < validations.size(); ++i) {
        const std::string place = "spec.validations[" + std::to_string(i) + "].";
        check(validations[i]["expression"], place + "expression");
        check(validations[i]["messageExpression"], place + "messageExpression");
    }
    return out;
}

AdmissionPolicyStatusController::AdmissionPolicyStatusController(Context context)
    : QueueController(context, kName, 1), policies_(use(policies())) {
    policies_.onChange([this](const Value&, const Value& current) {
        if (!current.isNull()) queue_.add(api::nameOf(current));
    });
}

sim::Task<base::Status> AdmissionPolicyStatusController::sync(std::string key) {
    const Value policy = policies_.get(key);
    if (policy.isNull()) co_return base::okStatus();
    const Value generation = policy.at("metadata", "generation");
    if (generation.asInt() <= policy.at("status", "observedGeneration").asInt()) co_return base::okStatus();
    std::vector<Value> warnings = expressionWarnings(policy);
    Value checking = Value::object();
    if (!warnings.empty()) checking = Value::object({{"expressionWarnings", Value::array(std::move(warnings))}});
    const Value status = Value::object({{"observedGeneration", generation}, {"typeChecking", checking}});
    const Value object = Value::object({{"apiVersion", "admissionregistration.k8s.io/v1"},
                                        {"kind", "ValidatingAdmissionPolicy"},
                                        {"metadata", Value::object({{"name", key}})},
                                        {"status", status}});
    client::WriteOptions options;
    options.fieldManager = "validatingadmissionpolicy-status";
    options.force = true;
    std::string type = "application/apply-patch+yaml", part = "status";
    auto written = co_await client_.patch(policies(), "", key, std::move(type), object, std::move(part), std::move(options));
    if (!written.ok()) co_return written.error();
    co_return base::okStatus();
}

} // namespace controllers
