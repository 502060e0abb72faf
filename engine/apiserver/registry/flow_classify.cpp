// Which FlowSchema a request belongs to: answers name it and its priority level, although nothing is
// ever held back. Source: apiserver pkg/util/flowcontrol rule.go, pkg/server/filters
// priority-and-fairness.go.
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

constexpr const char* kGroup = "flowcontrol.apiserver.k8s.io";
constexpr std::size_t kMostKnown = 4096;

bool names(const Value& list, std::string_view item) {
    for (const Value& entry : list.items())
        if (entry.asString() == "*" || entry.asString() == item) return true;
    return false;
}

bool matchesSubject(const Value& subject, const UserInfo& user) {
    const std::string_view kind = subject["kind"].asString();
    if (kind == "User") {
        const std::string_view name = subject["user"]["name"].asString();
        return name == "*" || name == user.name;
    }
    if (kind == "Group") {
        const std::string_view name = subject["group"]["name"].asString();
        return name == "*" || user.inGroup(name);
    }
    const Value& account = subject["serviceAccount"];
    const std::string head = "system:serviceaccount:" + account["namespace"].text() + ":";
    if (!user.name.starts_with(head)) return false;
    return account["name"].asString() == "*" || account["name"].asString() == user.name.substr(head.size());
}

bool matchesResource(const Value& rule, const RequestInfo& info) {
    const std::string resource = info.subresource.empty() ? info.resource : info.resource + "/" + info.subresource;
    if (!names(rule["verbs"], info.verb) || !names(rule["apiGroups"], info.group) || !names(rule["resources"], resource)) return false;
    const bool namespaces = info.resource == "namespaces" && info.group.empty();
    const std::string& ns = namespaces && info.ns.empty() ? info.name : info.ns;
    if (ns.empty()) return rule["clusterScope"].asBool();
    return names(rule["namespaces"], ns);
}

bool matchesPath(const Value& rule, const RequestInfo& info) {
    if (!names(rule["verbs"], info.verb)) return false;
    for (const Value& entry : rule["nonResourceURLs"].items()) {
        const std::string_view url = entry.asString();
        if (url == "*" || url == info.path) return true;
        if (url.ends_with("/*") && info.path.starts_with(url.substr(0, url.size() - 1))) return true;
    }
    return false;
}

bool matches(const Value& rules, const UserInfo& user, const RequestInfo& info) {
    for (const Value& rule : rules.items()) {
        bool subject = false;
        for (const Value& item : rule["subjects"].items()) subject = subject || matchesSubject(item, user);
        if (!subject) continue;
        for (const Value& item : rule[info.isResource ? "resourceRules" : "nonResourceRules"].items())
            if (info.isResource ? matchesResource(item, info) : matchesPath(item, info)) return true;
    }
    return false;
}

} // namespace

void FlowCache::load(Core& core) {
    schemas.clear();
    decisions.clear();
    stale = false;
    for (const Value& schema : core.all(kGroup, "flowschemas")) {
        const Value level = core.lookup(kGroup, "prioritylevelconfigurations", "",
                                        schema.at("spec", "priorityLevelConfiguration", "name").asString());
        if (level.isNull()) continue;
        schemas.push_back({schema.at("spec", "matchingPrecedence").asInt(), std::string(metaText(schema, "name")),
                           std::string(metaText(schema, "uid")), std::string(metaText(level, "uid")), schema["spec"]["rules"]});
    }
    std::sort(schemas.begin(), schemas.end(), [](const Schema& a, const Schema& b) {
        return a.precedence != b.precedence ? a.precedence < b.precedence : a.name < b.name;
    });
}

void nameFlow(Core& core, const Context& context, ports::Response& response) {
    FlowCache& flows = core.flows;
    auto store = core.store();
    if (!store.ok()) return;
    if (flows.store != store.value()) {
        // The lists are read again when one of their objects changes.
        flows.store = store.value();
        flows.stale = true;
        const std::weak_ptr<bool> alive = flows.alive;
        for (const char* prefix : {"/registry/flowschemas/", "/registry/prioritylevelconfigurations/"})
            (void)store.value()->watch(prefix, 0, [&flows, alive](const store::ChangePtr& change) {
                if (alive.expired()) return;
                flows.stale = true;
                if (!change) flows.store = nullptr;
            });
    }
    if (flows.stale) flows.load(core);
    const RequestInfo& info = context.info;
    std::string key = context.user.name;
    for (const std::string& group : context.user.groups) key.append("\n").append(group);
    key.append("\t").append(info.verb).append("\t").append(info.isResource ? info.group : info.path);
    if (info.isResource) key.append("\t").append(info.resource).append("/").append(info.subresource).append("\t").append(info.ns);
    if (info.resource == "namespaces") key.append("\t").append(info.name);
    auto known = flows.decisions.find(key);
    if (known == flows.decisions.end()) {
        if (flows.decisions.size() > kMostKnown) flows.decisions.clear();
        const FlowCache::Schema* found = nullptr;
        for (const FlowCache::Schema& schema : flows.schemas)
            if (found == nullptr && matches(schema.rules, context.user, info)) found = &schema;
        known = flows.decisions.emplace(std::move(key), found == nullptr ? std::pair<std::string, std::string>()
                                                                         : std::pair(found->uid, found->levelUid)).first;
    }
    if (known->second.first.empty()) return;
    response.headers.set("X-Kubernetes-Pf-Flowschema-Uid", known->second.first);
    response.headers.set("X-Kubernetes-Pf-Prioritylevel-Uid", known->second.second);
}

} // namespace apiserver
