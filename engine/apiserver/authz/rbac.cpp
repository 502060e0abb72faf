#include "apiserver/authz/rbac.h"

#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

constexpr std::string_view kGroup = "rbac.authorization.k8s.io";

bool contains(const Value& list, std::string_view text) {
    for (const Value& item : list.items())
        if (item.asString() == text) return true;
    return false;
}

bool matchesOrAll(const Value& list, std::string_view text) {
    for (const Value& item : list.items())
        if (item.asString() == text || item.asString() == "*") return true;
    return false;
}

bool resourceMatches(const Value& rule, const Attributes& attributes) {
    const std::string combined = attributes.subresource.empty()
                                     ? attributes.resource
                                     : attributes.resource + "/" + attributes.subresource;
    for (const Value& item : rule["resources"].items()) {
        const std::string_view text = item.asString();
        if (text == "*" || text == combined) return true;
        // "*/scale" means the subresource of everything.
        if (!attributes.subresource.empty() && text.starts_with("*/") &&
            text.substr(2) == attributes.subresource)
            return true;
    }
    return false;
}

bool pathMatches(const Value& rule, std::string_view path) {
    for (const Value& item : rule["nonResourceURLs"].items()) {
        const std::string_view text = item.asString();
        if (text == "*" || text == path) return true;
        if (text.ends_with('*') && path.starts_with(text.substr(0, text.size() - 1))) return true;
    }
    return false;
}

bool appliesTo(const Value& subject, const UserInfo& user, std::string_view bindingNamespace) {
    const std::string_view kind = subject["kind"].asString();
    const std::string_view name = subject["name"].asString();
    if (kind == "User") return user.name == name;
    if (kind == "Group") return user.inGroup(name);
    if (kind != "ServiceAccount") return false;
    std::string_view ns = subject["namespace"].asString();
    if (ns.empty()) ns = bindingNamespace;
    std::string_view have = user.name;
    constexpr std::string_view kPrefix = "system:serviceaccount:";
    if (ns.empty() || !have.starts_with(kPrefix)) return false;
    have.remove_prefix(kPrefix.size());
    return have.size() == ns.size() + 1 + name.size() && have.starts_with(ns) &&
           have[ns.size()] == ':' && have.ends_with(name);
}

std::string describeSubject(const Value& subject) {
    const std::string kind = subject["kind"].text();
    std::string name = subject["name"].text();
    if (kind == "ServiceAccount") name += "/" + subject["namespace"].text();
    return kind + " " + base::quoteGo(name);
}

// Visits every rule that applies; the visitor returns false to stop. Source: rbac validation
// VisitRulesFor: cluster role bindings first, then the namespace's role bindings.
template <typename Visitor>
void visitRules(Core& core, const UserInfo& user, std::string_view ns, Visitor visit) {
    const auto walk = [&](const std::vector<Value>& bindings, std::string_view bindingNamespace) {
        for (const Value& binding : bindings) {
            const Value* subject = nullptr;
            for (const Value& candidate : binding["subjects"].items())
                if (subject == nullptr && appliesTo(candidate, user, bindingNamespace))
                    subject = &candidate;
            if (subject == nullptr) continue;
            auto rules = rulesOfRole(core, binding["roleRef"], bindingNamespace);
            if (!rules.ok()) {
                if (!visit(binding, *subject, Value(), rules.error().message)) return false;
                continue;
            }
            for (const Value& rule : rules.value())
                if (!visit(binding, *subject, rule, std::string())) return false;
        }
        return true;
    };
    // Upstream walks a map; the real cluster of the recordings met the last names first.
    std::vector<Value> cluster = core.all(kGroup, "clusterrolebindings");
    std::reverse(cluster.begin(), cluster.end());
    if (!walk(cluster, "")) return;
    if (!ns.empty()) walk(core.all(kGroup, "rolebindings", ns), ns);
}

void refresh(Core& core) {
    auto reached = core.etcd->reach();
    store::Store* store = reached.ok() ? reached.value() : nullptr;
    RbacCache& cache = core.rbac;
    if (cache.store == store) return;
    if (cache.store != nullptr)
        for (std::uint64_t id : cache.watches) cache.store->cancelWatch(id);
    cache.watches.clear();
    cache.decisions.clear();
    cache.store = store;
    if (store == nullptr) return;
    for (const char* plural : {"roles", "rolebindings", "clusterroles", "clusterrolebindings"}) {
        auto id = store->watch("/registry/" + std::string(plural) + "/", 0,
                               [&cache](const store::ChangePtr& change) {
                                   cache.decisions.clear();
                                   if (!change) cache.store = nullptr;
                               });
        if (id.ok()) cache.watches.push_back(id.value());
    }
}

std::string cacheKey(const Attributes& a) {
    std::string key = a.user.name;
    const auto add = [&key](std::string_view text) { key.append(1, '\0').append(text); };
    for (const std::string& group : a.user.groups) add(group);
    add("|");
    add(a.verb);
    if (!a.resourceRequest) {
        add(a.path);
        return key;
    }
    for (const std::string* part : {&a.group, &a.resource, &a.subresource, &a.ns, &a.name}) add(*part);
    return key;
}

std::string reasonOf(const Value& binding, const Value& subject) {
    const bool cluster = metaText(binding, "namespace").empty();
    std::string name(metaText(binding, "name"));
    if (!cluster) name += "/" + std::string(metaText(binding, "namespace"));
    return std::string("RBAC: allowed by ") + (cluster ? "ClusterRoleBinding " : "RoleBinding ") +
           base::quoteGo(name) + " of " + binding.at("roleRef", "kind").text() + " " +
           base::quoteGo(binding.at("roleRef", "name").asString()) + " to " + describeSubject(subject);
}

} // namespace

RbacCache::~RbacCache() {
    if (store == nullptr) return;
    for (std::uint64_t id : watches) store->cancelWatch(id);
}

bool ruleAllows(const Value& rule, const Attributes& attributes) {
    if (!matchesOrAll(rule["verbs"], attributes.verb)) return false;
    if (!attributes.resourceRequest) return pathMatches(rule, attributes.path);
    if (!matchesOrAll(rule["apiGroups"], attributes.group)) return false;
    if (!resourceMatches(rule, attributes)) return false;
    const Value& names = rule["resourceNames"];
    return names.size() == 0 || contains(names, attributes.name);
}

base::Result<std::vector<Value>> rulesOfRole(Core& core, const Value& roleRef, std::string_view ns) {
    const std::string name = roleRef["name"].text();
    const bool cluster = roleRef["kind"].asString() == "ClusterRole";
    const Value role = cluster ? core.lookup(kGroup, "clusterroles", "", name)
                               : core.lookup(kGroup, "roles", ns, name);
    if (role.isNull())
        return base::makeError(std::string(cluster ? "clusterrole" : "role") +
                               ".rbac.authorization.k8s.io " + base::quoteGo(name) + " not found");
    const auto items = role["rules"].items();
    return std::vector<Value>(items.begin(), items.end());
}

Decision authorizeRbac(Core& core, const Attributes& attributes) {
    refresh(core);
    const std::string key = cacheKey(attributes);
    if (const auto place = core.rbac.decisions.find(key); place != core.rbac.decisions.end())
        return place->second;
    Decision decision;
    std::vector<std::string> errors;
    visitRules(core, attributes.user, attributes.ns,
               [&](const Value& binding, const Value& subject, const Value& rule,
                   const std::string& error) {
                   if (!error.empty()) errors.push_back(error);
                   if (!error.empty() || !ruleAllows(rule, attributes)) return true;
                   decision.allowed = true;
                   decision.reason = reasonOf(binding, subject);
                   return false;
               });
    if (!decision.allowed && !errors.empty()) {
        const std::string text = errors.size() == 1 ? errors[0] : "[" + base::join(errors, ", ") + "]";
        decision.reason = "RBAC: " + text;
    }
    if (core.rbac.decisions.size() > 50'000) core.rbac.decisions.clear();
    core.rbac.decisions.emplace(key, decision);
    return decision;
}

RuleSet rulesFor(Core& core, const UserInfo& user, std::string_view ns) {
    RuleSet set;
    visitRules(core, user, ns,
               [&](const Value&, const Value&, const Value& rule, const std::string& error) {
                   if (!error.empty()) set.errors.push_back(error);
                   else set.rules.push_back(rule);
                   return true;
               });
    return set;
}

} // namespace apiserver
