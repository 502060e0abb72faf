// Config, access, limits and other small kinds.
#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/describe/writer.h"

#include <algorithm>
#include <map>
#include <set>

namespace kubectl {

using document::Value;

namespace {

void describeMeta(DescribeContext& c, bool ns) {
    c.w.field(0, "Name", c.name);
    if (ns) c.w.field(0, "Namespace", c.ns);
    printLabels(c.w, "Labels", c.object.at("metadata", "labels"));
    printAnnotations(c.w, "Annotations", c.object.at("metadata", "annotations"));
}

std::size_t decodedSize(const Value& value) {
    const auto bytes = base::decodeBase64(value.asString());
    return bytes ? bytes->size() : 0;
}

} // namespace

sim::Task<base::Status> describeConfigMap(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, true);
    w.line(0, "\nData\n====");
    for (const document::Member& member : c.object["data"].members()) {
        w.line(0, member.key.text() + ":\n----");
        w.line(0, member.value.text());
        w.line(0, "");
    }
    w.line(0, "\nBinaryData\n====");
    for (const document::Member& member : c.object["binaryData"].members())
        w.line(0, member.key.text() + ": " + std::to_string(decodedSize(member.value)) + " bytes");
    w.line(0, "");
    if (!c.eventsError.message.empty()) co_return c.eventsError; // here, and only here
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describeSecret(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, true);
    const std::string type = c.object["type"].text();
    w.line(0, "\nType:\t" + type);
    w.line(0, "\nData\n====");
    for (const document::Member& member : c.object["data"].members()) {
        const std::string key = member.key.text();
        if (key == "token" && type == "kubernetes.io/service-account-token")
            w.field(0, key, base::decodeBase64(member.value.asString()).value_or(""));
        else w.field(0, key, std::to_string(decodedSize(member.value)) + " bytes");
    }
    co_return base::okStatus();
}

sim::Task<base::Status> describeServiceAccount(DescribeContext& c) {
    describeMeta(c, true);
    const Value& secrets = c.object["imagePullSecrets"];
    if (secrets.size() == 0) c.w.line(0, "Image pull secrets:\t<none>");
    for (std::size_t i = 0; i < secrets.size(); ++i)
        c.w.line(0, (i == 0 ? "Image pull secrets:\t" : "                   \t") + secrets[i]["name"].text());
    describeEvents(c);
    co_return base::okStatus();
}

namespace {

struct Rule {
    std::vector<std::string> verbs, groups, resources, names, urls;
    static std::string list(const std::vector<std::string>& items) { return "[" + base::join(items, " ") + "]"; }
    // The generated String() of the type, which the real client sorts by.
    std::string key() const {
        return "&PolicyRule{Verbs:" + list(verbs) + ",APIGroups:" + list(groups) + ",Resources:" + list(resources) +
               ",ResourceNames:" + list(names) + ",NonResourceURLs:" + list(urls) + ",}";
    }
};

std::vector<std::string> strings(const Value& list) {
    std::vector<std::string> out;
    for (const Value& item : list.items()) out.push_back(item.text());
    return out;
}

// Source: component-helpers/auth/rbac/validation BreakdownRule, kubectl pkg/util/rbac CompactRules.
std::vector<Rule> compactRules(const Value& rules) {
    std::vector<Rule> out;
    std::map<std::vector<std::string>, std::size_t> simple;
    const auto merge = [&](const std::string& group, const std::string& resource, const std::string& verb, const std::string* name) {
        const std::vector<std::string> key = {group, resource, name == nullptr ? "" : "n" + *name};
        const auto found = simple.find(key);
        if (found != simple.end()) {
            auto& verbs = out[found->second].verbs;
            if (std::find(verbs.begin(), verbs.end(), verb) == verbs.end()) verbs.push_back(verb);
            return;
        }
        simple[key] = out.size();
        Rule rule{{verb}, {group}, {resource}, {}, {}};
        if (name != nullptr) rule.names.push_back(*name);
        out.push_back(std::move(rule));
    };
    for (const Value& rule : rules.items()) {
        const auto verbs = strings(rule["verbs"]), names = strings(rule["resourceNames"]);
        for (const std::string& group : strings(rule["apiGroups"]))
            for (const std::string& resource : strings(rule["resources"]))
                for (const std::string& verb : verbs) {
                    for (const std::string& name : names) merge(group, resource, verb, &name);
                    if (names.empty()) merge(group, resource, verb, nullptr);
                }
        for (const std::string& url : strings(rule["nonResourceURLs"]))
            for (const std::string& verb : verbs) out.push_back({{verb}, {}, {}, {}, {url}});
    }
    std::stable_sort(out.begin(), out.end(), [](const Rule& a, const Rule& b) { return a.key() < b.key(); });
    return out;
}

} // namespace

std::vector<std::string> ruleRows(const Value& rules) {
    std::vector<std::string> rows;
    for (const Rule& rule : compactRules(rules)) {
        std::string resource;
        if (!rule.resources.empty()) {
            const auto parts = base::splitLimited(rule.resources[0], '/', 2);
            resource = parts[0];
            if (!rule.groups.empty() && !rule.groups[0].empty()) resource += "." + rule.groups[0];
            if (parts.size() == 2) resource += "/" + parts[1];
        }
        rows.push_back(resource + "\t" + Rule::list(rule.urls) + "\t" + Rule::list(rule.names) + "\t" + Rule::list(rule.verbs));
    }
    return rows;
}

sim::Task<base::Status> describeRole(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, false);
    w.line(0, "PolicyRule:");
    w.line(1, "Resources\tNon-Resource URLs\tResource Names\tVerbs");
    w.line(1, "---------\t-----------------\t--------------\t-----");
    for (const std::string& row : ruleRows(c.object["rules"])) w.line(1, row);
    co_return base::okStatus();
}

sim::Task<base::Status> describeBinding(DescribeContext& c) {
    DescribeWriter& w = c.w;
    describeMeta(c, false);
    w.line(0, "Role:");
    w.field(1, "Kind", c.object.at("roleRef", "kind").asString());
    w.field(1, "Name", c.object.at("roleRef", "name").asString());
    w.line(0, "Subjects:");
    w.line(1, "Kind\tName\tNamespace");
    w.line(1, "----\t----\t---------");
    for (const Value& subject : c.object["subjects"].items())
        w.line(1, subject["kind"].text() + "\t" + subject["name"].text() + "\t" + subject["namespace"].text());
    co_return base::okStatus();
}

namespace {

std::string scopeHelp(std::string_view scope) {
    if (scope == "Terminating") return "Matches all pods that have an active deadline. These pods have a limited lifespan on a node before being actively terminated by the system.";
    if (scope == "NotTerminating") return "Matches all pods that do not have an active deadline. These pods usually include long running pods whose container command is not expected to terminate.";
    if (scope == "BestEffort") return "Matches all pods that do not have resource requirements set. These pods have a best effort quality of service.";
    if (scope == "NotBestEffort") return "Matches all pods that have at least one resource requirement set. These pods have a burstable or guaranteed quality of service.";
    return {};
}

std::string usedText(const Value& used, const Value& hard) {
    const api::Quantity u = api::Quantity::ofValue(used), h = api::Quantity::ofValue(hard);
    if (u.format() == h.format()) return used.isNull() ? "0" : textOf(used);
    return api::Quantity::fromValue(u.value(), h.format()).text();
}

} // namespace

sim::Task<base::Status> describeQuota(DescribeContext& c) {
    DescribeWriter& w = c.w;
    w.field(0, "Name", c.name);
    w.field(0, "Namespace", c.ns);
    auto scopes = strings(c.object.at("spec", "scopes"));
    std::sort(scopes.begin(), scopes.end());
    if (!scopes.empty()) {
        w.field(0, "Scopes", base::join(scopes, ", "));
        for (const std::string& scope : scopes)
            if (const std::string help = scopeHelp(scope); !help.empty()) w.line(0, " * " + help);
    }
    w.line(0, "Resource\tUsed\tHard");
    w.line(0, "--------\t----\t----");
    const Value& status = c.object["status"];
    for (const document::Member& member : status["hard"].members())
        w.line(0, member.key.text() + "\t" + usedText(status["used"][member.key.view()], member.value) + "\t" + textOf(member.value));
    co_return base::okStatus();
}

void describeLimits(DescribeWriter& w, const Value& spec, std::string_view prefix) {
    for (const Value& item : spec["limits"].items()) {
        std::set<std::string> names;
        for (const char* key : {"max", "min", "default", "defaultRequest", "maxLimitRequestRatio"})
            for (const std::string& name : sortedKeys(item[key])) names.insert(name);
        const auto cell = [&](const char* key, const std::string& name) { return orDefault(textOf(item[key][name]), "-"); };
        for (const std::string& name : names)
            w.line(0, std::string(prefix) + item["type"].text() + "\t" + name + "\t" + cell("min", name) + "\t" + cell("max", name) + "\t" +
                          cell("defaultRequest", name) + "\t" + cell("default", name) + "\t" + cell("maxLimitRequestRatio", name));
    }
}

sim::Task<base::Status> describeLimitRange(DescribeContext& c) {
    c.w.field(0, "Name", c.name);
    c.w.field(0, "Namespace", c.ns);
    c.w.line(0, "Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
    c.w.line(0, "----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
    describeLimits(c.w, c.object["spec"], "");
    co_return base::okStatus();
}

sim::Task<base::Status> describeNamespace(DescribeContext& c) {
    DescribeWriter& w = c.w;
    auto quotas = co_await listAll(c.session, "/api/v1/namespaces/" + c.name + "/resourcequotas", ports::Query(), c.chunk);
    if (!quotas.ok() && quotas.error().code != 404) co_return quotas.error();
    auto limits = co_await listAll(c.session, "/api/v1/namespaces/" + c.name + "/limitranges", ports::Query(), c.chunk);
    if (!limits.ok() && limits.error().code != 404) co_return limits.error();
    describeMeta(c, false);
    w.field(0, "Status", c.object.at("status", "phase").asString());
    const Value& conditions = c.object.at("status", "conditions");
    if (conditions.size() > 0) {
        w.line(0, "Conditions:");
        w.line(1, "Type\tStatus\tLastTransitionTime\tReason\tMessage");
        w.line(1, "----\t------\t------------------\t------\t-------");
        for (const Value& item : conditions.items())
            w.line(1, item["type"].text() + "\t" + item["status"].text() + "\t" + longTime(item["lastTransitionTime"]) + "\t" + item["reason"].text() + "\t" + item["message"].text());
    }
    if (quotas.ok()) {
        w.line(0, "");
        w.line(0, quotas.value().empty() ? "No resource quota." : "Resource Quotas");
        for (const Value& quota : quotas.value()) {
            w.field(1, "Name", quota.at("metadata", "name").asString());
            auto scopes = strings(quota.at("spec", "scopes"));
            std::sort(scopes.begin(), scopes.end());
            if (!scopes.empty()) w.field(1, "Scopes", base::join(scopes, ", "));
            for (const std::string& scope : scopes)
                if (const std::string help = scopeHelp(scope); !help.empty()) w.line(1, "* " + help);
            w.line(1, "Resource\tUsed\tHard");
            w.line(1, "--------\t---\t---");
            const Value& status = quota["status"];
            for (const document::Member& member : status["hard"].members())
                w.line(1, member.key.text() + "\t" + orDefault(textOf(status["used"][member.key.view()]), "0") + "\t" + textOf(member.value));
        }
    }
    if (limits.ok()) {
        w.line(0, "");
        if (limits.value().empty()) w.line(0, "No LimitRange resource.");
        else {
            w.line(0, "Resource Limits\n Type\tResource\tMin\tMax\tDefault Request\tDefault Limit\tMax Limit/Request Ratio");
            w.line(0, " ----\t--------\t---\t---\t---------------\t-------------\t-----------------------");
            for (const Value& item : limits.value()) describeLimits(w, item["spec"], " ");
        }
    }
    co_return base::okStatus();
}

sim::Task<base::Status> describeBudget(DescribeContext& c) {
    DescribeWriter& w = c.w;
    const Value &spec = c.object["spec"], &status = c.object["status"];
    w.field(0, "Name", c.name);
    w.field(0, "Namespace", c.ns);
    if (!spec["minAvailable"].isNull()) w.field(0, "Min available", textOf(spec["minAvailable"]));
    else if (!spec["maxUnavailable"].isNull()) w.field(0, "Max unavailable", textOf(spec["maxUnavailable"]));
    w.field(0, "Selector", spec["selector"].isNull() ? "<unset>" : selectorText(spec["selector"]));
    w.line(0, "Status:");
    w.field(2, "Allowed disruptions", std::to_string(status["disruptionsAllowed"].asInt()));
    w.field(2, "Current", std::to_string(status["currentHealthy"].asInt()));
    w.field(2, "Desired", std::to_string(status["desiredHealthy"].asInt()));
    w.field(2, "Total", std::to_string(status["expectedPods"].asInt()));
    describeEvents(c);
    co_return base::okStatus();
}

sim::Task<base::Status> describePriorityClass(DescribeContext& c) {
    DescribeWriter& w = c.w;
    w.field(0, "Name", c.name);
    w.field(0, "Value", std::to_string(c.object["value"].asInt()));
    w.field(0, "GlobalDefault", c.object["globalDefault"].asBool() ? "true" : "false");
    w.field(0, "PreemptionPolicy", c.object["preemptionPolicy"].asString());
    w.field(0, "Description", c.object["description"].asString());
    w.field(0, "Annotations", pairsText(c.object.at("metadata", "annotations")));
    describeEvents(c);
    co_return base::okStatus();
}

} // namespace kubectl
