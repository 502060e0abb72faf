#include "controllers/admissionpolicy/controller.h"

#include "api/kinds.h"
#include "api/objects/meta.h"
#include "apiserver/cel/checks.h"
#include "apiserver/cel/types.h"
#include "document/json.h"

#include <algorithm>
#include <tuple>

namespace controllers {

using apiserver::cel::TypePtr;
using document::Value;

namespace {

constexpr const char* kName = "validatingadmissionpolicy-status-controller";
constexpr std::size_t kMostTypes = 10;

client::Resource policies() { return {"admissionregistration.k8s.io", "v1", "validatingadmissionpolicies"}; }

struct Named {
    std::string group, version, resource;
};

// Names of a rule; none when a wildcard stands among them.
std::vector<std::string> plainNames(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) {
        if (item.asString().find('*') != std::string_view::npos) return {};
        out.push_back(item.text());
    }
    std::sort(out.begin(), out.end());
    return out;
}

// The resources that the rules name; subresources and wildcards among them are passed over.
std::vector<Named> namedResources(const Value& policy) {
    std::vector<Named> out;
    for (const Value& rule : policy.at("spec", "matchConstraints", "resourceRules").items())
        for (const std::string& group : plainNames(rule["apiGroups"]))
            for (const std::string& version : plainNames(rule["apiVersions"]))
                for (const Value& resource : rule["resources"].items())
                    if (resource.asString().find_first_of("*/") == std::string_view::npos)
                        out.push_back({group, version, resource.text()});
    return out;
}

TypePtr paramsType(const Value& policy) {
    const Value& kind = policy.at("spec", "paramKind");
    const std::string apiVersion = kind["apiVersion"].text();
    const auto slash = apiVersion.find('/');
    const std::string group = slash == std::string::npos ? "" : apiVersion.substr(0, slash);
    const api::ResourceInfo* info = api::builtinKinds().findByKind(group, apiVersion.substr(slash == std::string::npos ? 0 : slash + 1),
                                                                   kind["kind"].asString());
    return info != nullptr && info->type != nullptr ? apiserver::cel::typeOfKind(*info->type) : nullptr;
}

// Rules of a schema know an object's name alone; policies know all its metadata.
TypePtr withMetadata(const TypePtr& custom) {
    const api::Type* metadata = api::builtinKinds().type("meta.v1.ObjectMeta");
    if (!custom || metadata == nullptr) return custom;
    auto whole = std::make_shared<apiserver::cel::Type>(*custom);
    whole->fields.insert_or_assign("metadata", apiserver::cel::typeOfKind(*metadata));
    return whole;
}

} // namespace

std::vector<CheckedKind> builtinKindsOf(const Value& policy) {
    std::vector<CheckedKind> out;
    for (const Named& named : namedResources(policy)) {
        const api::ResourceInfo* info = api::builtinKinds().find(named.group, named.version, named.resource);
        if (info == nullptr || info->type == nullptr || info->custom || out.size() >= kMostTypes) continue;
        out.push_back({info->group, info->version, info->kind, apiserver::cel::typeOfKind(*info->type)});
    }
    return out;
}

std::vector<Value> expressionWarnings(const Value& policy, std::vector<CheckedKind> kinds) {
    const auto order = [](const CheckedKind& kind) { return std::tie(kind.group, kind.version, kind.kind); };
    std::sort(kinds.begin(), kinds.end(), [&](const CheckedKind& a, const CheckedKind& b) { return order(a) < order(b); });
    kinds.erase(std::unique(kinds.begin(), kinds.end(), [&](const auto& a, const auto& b) { return order(a) == order(b); }), kinds.end());
    std::vector<Value> out;
    const TypePtr params = paramsType(policy);
    const auto check = [&](const Value& expression, const std::string& place) {
        std::string texts;
        if (expression.isEmpty()) return;
        for (const CheckedKind& kind : kinds) {
            const auto environment = apiserver::typedEnvironment(policy, kind.type, params);
            const auto problem = apiserver::cel::Program::check(expression.asString(), environment);
            if (problem.ok()) continue;
            texts += (texts.empty() ? "" : "\n") + kind.group + "/" + kind.version + ", Kind=" + kind.kind + ": " +
                     problem.error().message + "\n";
        }
        if (!texts.empty()) out.push_back(Value::object({{"fieldRef", place}, {"warning", texts}}));
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

sim::Task<Value> AdmissionPolicyStatusController::read(std::string path) {
    ports::Request request;
    request.path = std::move(path);
    request.headers.set("Accept", "application/json");
    auto answer = co_await client_.raw(std::move(request));
    if (!answer.ok() || answer->status != 200) co_return Value();
    if (!answer->object.isNull()) co_return answer->object;
    co_return document::readJson(answer->body).valueOr(Value());
}

// Custom kinds are known from discovery and the published schemas.
sim::Task<void> AdmissionPolicyStatusController::addCustomKinds(Value policy, std::vector<CheckedKind>* kinds) {
    for (const Named& named : namedResources(policy)) {
        if (named.group.empty() || kinds->size() >= kMostTypes) continue;
        if (api::builtinKinds().find(named.group, named.version, named.resource) != nullptr) continue;
        const std::string place = "/apis/" + named.group + "/" + named.version;
        const Value list = co_await read(place);
        std::string kind;
        for (const Value& resource : list["resources"].items())
            if (resource["name"].asString() == named.resource) kind = resource["kind"].text();
        if (kind.empty()) continue;
        const Value schemas = co_await read("/openapi/v3" + place);
        for (const document::Member& schema : schemas.at("components", "schemas").members()) {
            const Value& marks = schema.value["x-kubernetes-group-version-kind"];
            if (marks.size() != 1 || marks[0]["kind"].asString() != kind) continue;
            TypePtr type = withMetadata(apiserver::cel::typeOfSchema(schema.value, true));
            if (type) kinds->push_back({named.group, named.version, kind, std::move(type)});
        }
    }
}

sim::Task<base::Status> AdmissionPolicyStatusController::sync(std::string key) {
    const Value policy = policies_.get(key);
    if (policy.isNull()) co_return base::okStatus();
    const Value generation = policy.at("metadata", "generation");
    if (generation.asInt() <= policy.at("status", "observedGeneration").asInt()) co_return base::okStatus();
    std::vector<CheckedKind> kinds = builtinKindsOf(policy);
    co_await addCustomKinds(policy, &kinds);
    std::vector<Value> warnings = expressionWarnings(policy, std::move(kinds));
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
