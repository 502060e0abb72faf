#include "apiserver/audit/audit.h"

#include "api/wire_json.h"
#include "base/strings.h"
#include "document/json.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

bool has(const Value& list, std::string_view text) {
    const auto items = list.items();
    return std::any_of(items.begin(), items.end(), [&](const Value& item) { return item.asString() == text; });
}

bool pathMatches(std::string_view path, std::string_view pattern) {
    if (pattern == "*" || pattern == path) return true;
    if (!pattern.ends_with('*')) return false;
    while (pattern.ends_with('*')) pattern.remove_suffix(1);
    return path.starts_with(pattern);
}

bool matchesResource(const Value& rule, const Attributes& a) {
    if (!a.resourceRequest) return false;
    if (rule["namespaces"].size() > 0 && !has(rule["namespaces"], a.ns)) return false;
    if (rule["resources"].size() == 0) return true;
    const std::string combined = a.subresource.empty() ? a.resource : a.resource + "/" + a.subresource;
    for (const Value& group : rule["resources"].items()) {
        if (group["group"].asString() != a.group) continue;
        if (group["resources"].size() == 0) return true;
        if (group["resourceNames"].size() > 0 && !has(group["resourceNames"], a.name)) continue;
        for (const Value& item : group["resources"].items()) {
            const std::string_view text = item.asString();
            if (text == combined || text == "*") return true;
            if (!a.subresource.empty() && text.starts_with("*/") && text.substr(2) == a.subresource) return true;
            if (text.ends_with("/*") && text.substr(0, text.size() - 2) == a.resource) return true;
        }
    }
    return false;
}

bool matches(const Value& rule, const Attributes& a) {
    if (rule["users"].size() > 0 && !has(rule["users"], a.user.name)) return false;
    if (rule["userGroups"].size() > 0) {
        const auto& groups = a.user.groups;
        if (std::none_of(groups.begin(), groups.end(), [&](const auto& group) { return has(rule["userGroups"], group); }))
            return false;
    }
    if (rule["verbs"].size() > 0 && !has(rule["verbs"], a.verb)) return false;
    if (rule["namespaces"].size() > 0 || rule["resources"].size() > 0) return matchesResource(rule, a);
    if (rule["nonResourceURLs"].size() == 0) return true;
    if (a.resourceRequest) return false;
    for (const Value& url : rule["nonResourceURLs"].items())
        if (pathMatches(a.path, url.asString())) return true;
    return false;
}

// Members in the order in which Go's types have them.
class Line {
public:
    Line& text(const char* name, std::string_view value) {
        if (!value.empty()) raw(name, document::writeJson(Value(value), true));
        return *this;
    }
    Line& raw(const char* name, const std::string& json) {
        out_ += out_.empty() ? "{" : ",";
        out_ += "\"" + std::string(name) + "\":" + json;
        return *this;
    }
    std::string take() { return (out_.empty() ? "{" : out_) + "}"; }

private:
    std::string out_;
};

std::string userJson(const UserInfo& user) {
    Line line;
    line.text("username", user.name).text("uid", user.uid);
    if (!user.groups.empty()) line.raw("groups", document::writeJson(Value::strings(user.groups), true));
    document::ObjectBuilder extra;
    for (const auto& [key, values] : user.extra) extra.set(key, Value::strings(values));
    if (!extra.empty()) line.raw("extra", document::writeJson(std::move(extra).build(), true));
    return line.take();
}

std::string referenceJson(const Context& context) {
    const RequestInfo& info = context.info;
    Line line;
    line.text("resource", info.resource).text("namespace", info.ns);
    line.text("name", info.name.empty() ? context.auditName : info.name);
    line.text("apiGroup", info.group).text("apiVersion", info.version).text("subresource", info.subresource);
    return line.take();
}

std::string statusJson(const ports::Response& response) {
    Line line;
    line.raw("metadata", "{}");
    if (response.object["kind"].asString() == "Status") {
        line.text("status", response.object["status"].asString());
        line.text("message", response.object["message"].asString());
        line.text("reason", response.object["reason"].asString());
        if (const Value& details = response.object["details"]; details.size() > 0) {
            Line inner;
            for (const char* field : {"name", "group", "kind", "uid"}) inner.text(field, details[field].asString());
            if (details.has("causes")) inner.raw("causes", document::writeJson(details["causes"], true));
            if (details.has("retryAfterSeconds"))
                inner.raw("retryAfterSeconds", document::writeJson(details["retryAfterSeconds"]));
            line.raw("details", inner.take());
        }
    }
    line.raw("code", std::to_string(response.status));
    return line.take();
}

Value withoutManagers(const Value& object) {
    if (object["items"].isArray()) {
        std::vector<Value> items;
        for (const Value& item : object["items"].items()) items.push_back(withoutManagers(item));
        return object.with("items", Value::array(std::move(items)));
    }
    return object["metadata"].has("managedFields") ? withoutMeta(object, "managedFields") : object;
}

std::string microTime(const Core& core, sim::Time at) {
    return sim::formatRfc3339Micro(core.kernel.unixNow() - (core.kernel.now() - at));
}

} // namespace

bool AuditPlan::wants(std::string_view stage) const { return level != "None" && !has(omitStages, stage); }

AuditPlan planAudit(const Value& policy, const Attributes& attributes) {
    AuditPlan plan;
    for (const Value& rule : policy["rules"].items()) {
        if (!matches(rule, attributes)) continue;
        plan.level = rule["level"].text();
        plan.omitStages = policy["omitStages"];
        for (const Value& stage : rule["omitStages"].items()) plan.omitStages = plan.omitStages.appended(stage);
        const Value& managers = rule["omitManagedFields"];
        plan.omitManagedFields = managers.isNull() ? policy["omitManagedFields"].asBool() : managers.asBool();
        return plan;
    }
    return plan;
}

std::string auditLine(const Core& core, const Context& context, const AuditPlan& plan, std::string_view stage,
                      const ports::Response* response) {
    const bool impersonates = !context.impersonator.name.empty();
    std::string uri = context.request.path;
    if (const std::string query = context.request.query.text(); !query.empty()) uri += "?" + query;
    Line line;
    line.text("kind", "Event").text("apiVersion", "audit.k8s.io/v1").text("level", plan.level);
    line.text("auditID", context.auditId).text("stage", stage).text("requestURI", uri).text("verb", context.info.verb);
    line.raw("user", userJson(impersonates ? context.impersonator : context.user));
    if (impersonates && response != nullptr) line.raw("impersonatedUser", userJson(context.user));
    line.raw("sourceIPs", document::writeJson(Value::array({context.request.peer.ip.text()})));
    line.text("userAgent", context.request.headers.get("User-Agent"));
    if (context.info.isResource) line.raw("objectRef", referenceJson(context));
    if (response != nullptr) {
        line.raw("responseStatus", statusJson(*response));
        const auto shown = [&](const Value& object) {
            return api::writeAnswerJson(plan.omitManagedFields ? withoutManagers(object) : object);
        };
        if (plan.bodies() && !context.auditObject.isNull()) line.raw("requestObject", shown(context.auditObject));
        if (plan.level == "RequestResponse" && !response->object.isNull())
            line.raw("responseObject", shown(response->object));
    }
    line.text("requestReceivedTimestamp", microTime(core, context.received));
    line.text("stageTimestamp", microTime(core, core.kernel.now()));
    if (response == nullptr) return line.take();
    document::ObjectBuilder notes;
    notes.set("authorization.k8s.io/decision", context.decision.allowed ? "allow" : "forbid");
    notes.set("authorization.k8s.io/reason", context.decision.reason);
    line.raw("annotations", document::writeJson(std::move(notes).build(), true));
    return line.take();
}

} // namespace apiserver
