// Roles and bindings. Source: pkg/cmd/create create_role.go, create_clusterrole.go,
// create_rolebinding.go, create_clusterrolebinding.go.
#include "base/strings.h"
#include "kubectl/commands/create_support.h"

#include <algorithm>
#include <map>

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

constexpr std::string_view kRbacGroup = "rbac.authorization.k8s.io";

struct RuleResource {
    std::string resource, group, subresource;
};

void addOnce(std::vector<std::string>& list, const std::string& item) {
    if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

std::vector<std::string> uniqueVerbs(const std::vector<std::string>& given) {
    std::vector<std::string> out;
    for (const std::string& verb : given) {
        if (verb == "*") return {"*"};
        addOnce(out, verb);
    }
    return out;
}

std::vector<RuleResource> parseResources(const std::vector<std::string>& given) {
    std::vector<RuleResource> out;
    for (const std::string& text : given) {
        const auto sections = base::splitLimited(text, '/', 2);
        const auto parts = base::splitLimited(sections[0], '.', 2);
        RuleResource item;
        item.resource = parts[0];
        if (parts.size() == 2) item.group = parts[1];
        if (sections.size() == 2) item.subresource = sections[1];
        if (item.resource == "*" && parts.size() == 1 && sections.size() == 1) return {item};
        out.push_back(std::move(item));
    }
    return out;
}

bool standardVerb(const std::string& verb) {
    for (std::string_view known : {"*", "get", "delete", "list", "create", "update", "patch", "watch", "proxy",
                                   "deletecollection", "use", "bind", "escalate", "impersonate"})
        if (verb == known) return true;
    return false;
}

struct SpecialVerb {
    std::string_view verb, resource, group;
};
constexpr SpecialVerb kSpecial[] = {
    {"use", "podsecuritypolicies", "policy"}, {"use", "podsecuritypolicies", "extensions"},
    {"bind", "roles", kRbacGroup}, {"bind", "clusterroles", kRbacGroup},
    {"escalate", "roles", kRbacGroup}, {"escalate", "clusterroles", kRbacGroup},
    {"impersonate", "users", ""}, {"impersonate", "serviceaccounts", ""}, {"impersonate", "groups", ""},
    {"impersonate", "userextras", "authentication.k8s.io"},
};

const Mapping* lookUp(const Mapper* mapper, const RuleResource& item) {
    if (mapper == nullptr || item.resource == "*") return nullptr;
    const Mapping* found = mapper->find(item.group.empty() ? item.resource : item.resource + "." + item.group);
    // The rest after the first dot is a group, never a version.
    return found != nullptr && !item.group.empty() && !found->group.starts_with(item.group) ? nullptr : found;
}

base::Status checkResource(const Mapper* mapper, const RuleResource& item, const std::vector<std::string>& verbs) {
    const Mapping* mapping = lookUp(mapper, item);
    const std::string resource = mapping != nullptr ? mapping->plural : item.resource;
    const std::string group = mapping != nullptr ? mapping->group : item.group;
    bool known = mapping != nullptr;
    for (const std::string& verb : verbs) {
        bool special = false, match = false;
        for (const SpecialVerb& entry : kSpecial) {
            if (entry.verb != verb) continue;
            special = true;
            match = match || (entry.resource == resource && entry.group == group);
        }
        if (special && !match)
            return base::makeError("can not perform '" + verb + "' on '" + resource + "' in group '" + group + "'");
        if (match) known = true;
    }
    if (known) return base::okStatus();
    base::Error error = base::makeError("the server doesn't have a resource type " + base::quoteGo(item.resource) +
                                        (item.group.empty() ? "" : " in group " + base::quoteGo(item.group)));
    error.detail = std::make_shared<ExitDetail>(1);
    return error;
}

std::vector<Value> policyRules(const Mapper* mapper, const std::vector<std::string>& verbs,
                               const std::vector<RuleResource>& resources, const std::vector<std::string>& names,
                               const std::vector<std::string>& urls) {
    std::map<std::string, std::vector<std::string>> byGroup;
    for (const RuleResource& item : resources) {
        const Mapping* mapping = lookUp(mapper, item);
        std::string resource = mapping != nullptr ? mapping->plural : item.resource;
        if (!item.subresource.empty()) resource += "/" + item.subresource;
        addOnce(byGroup[mapping != nullptr ? mapping->group : item.group], resource);
    }
    std::vector<Value> rules;
    for (const auto& [group, list] : byGroup) {
        ObjectBuilder rule;
        rule.set("verbs", Value::strings(verbs)).set("apiGroups", Value::strings({group})).set("resources", Value::strings(list));
        if (!names.empty()) rule.set("resourceNames", Value::strings(names));
        rules.push_back(std::move(rule).build());
    }
    if (!urls.empty()) rules.push_back(Value::object({{"verbs", Value::strings(verbs)}, {"nonResourceURLs", Value::strings(urls)}}));
    return rules;
}

base::Status checkUrls(const std::vector<std::string>& verbs, const std::vector<std::string>& urls) {
    for (const std::string& verb : verbs) {
        bool valid = false;
        for (std::string_view known : {"*", "get", "post", "put", "delete", "patch", "head", "options"}) valid = valid || verb == known;
        if (!valid) return base::makeError("invalid verb: '" + verb + "' for nonResourceURL");
    }
    for (const std::string& url : urls) {
        if (url == "*") continue;
        if (url.empty() || url[0] != '/') return base::makeError("nonResourceURL should start with /");
        if (url.substr(0, url.size() - 1).find('*') != std::string::npos)
            return base::makeError("nonResourceURL only supports wildcard matches when '*' is at the end");
    }
    return base::okStatus();
}

} // namespace

sim::Task<base::Result<Value>> generateRole(Session& session, std::string name) {
    const bool cluster = session.command().name == "clusterrole";
    const std::vector<std::string> verbs = uniqueVerbs(session.flags.list("verb"));
    const std::vector<RuleResource> resources = parseResources(session.flags.list("resource"));
    std::vector<std::string> names, urls;
    for (const std::string& item : session.flags.list("resource-name")) addOnce(names, item);
    if (cluster)
        for (const std::string& item : session.flags.list("non-resource-url")) addOnce(urls, item);
    Value role = makeObject("rbac.authorization.k8s.io/v1", cluster ? "ClusterRole" : "Role", name);
    if (cluster && session.flags.changed("aggregation-rule")) {
        if (!verbs.empty() || !resources.empty() || !names.empty() || !urls.empty())
            co_return base::makeError("aggregation rule must be specified without nonResourceURLs, verbs, resources or resourceNames");
        ObjectBuilder labels;
        for (const std::string& pair : session.flags.list("aggregation-rule")) { // the flag's parser has seen the "="
            const auto parts = base::splitLimited(pair, '=', 2);
            labels.set(std::string(base::trim(parts[0])), parts.size() > 1 ? std::string(base::trim(parts[1])) : "");
        }
        const Value selector = Value::object({{"matchLabels", std::move(labels).build()}});
        co_return role.with("aggregationRule", Value::object({{"clusterRoleSelectors", Value::array({selector})}})).with("rules", Value());
    }
    if (verbs.empty()) co_return base::makeError("at least one verb must be specified");
    if (cluster && resources.empty() && urls.empty())
        co_return base::makeError("one of resource or nonResourceURL must be specified");
    if (!resources.empty())
        for (const std::string& verb : verbs)
            if (!standardVerb(verb)) session.err("Warning: '" + verb + "' is not a standard resource verb\n");
    if (!cluster && resources.empty()) co_return base::makeError("at least one resource must be specified");
    const Mapper* mapper = nullptr;
    if (!resources.empty()) {
        std::vector<std::string> types;
        for (const RuleResource& item : resources)
            if (item.resource != "*") types.push_back(item.resource + (item.group.empty() ? "" : "." + item.group));
        auto loaded = co_await session.mapperFor(std::move(types));
        if (!loaded.ok()) co_return loaded.error();
        mapper = loaded.value();
    }
    for (const RuleResource& item : resources) {
        if (item.resource.empty()) co_return base::makeError("resource must be specified if apiGroup/subresource specified");
        if (item.resource == "*") break;
        BASE_CO_CHECK(checkResource(mapper, item, verbs));
    }
    if (!urls.empty()) BASE_CO_CHECK(checkUrls(verbs, urls));
    std::vector<Value> rules = policyRules(mapper, verbs, resources, names, urls);
    co_return role.with("rules", Value::array(std::move(rules)));
}

base::Result<Value> generateBinding(Session& session, std::string name) {
    const Flags& flags = session.flags;
    const bool cluster = session.command().name == "clusterrolebinding";
    const std::string clusterRole = flags.text("clusterrole"), role = cluster ? "" : flags.text("role");
    if (!cluster && clusterRole.empty() == role.empty())
        return base::makeError("exactly one of clusterrole or role must be specified");
    std::vector<Value> subjects;
    for (const std::string& user : flags.list("user"))
        subjects.push_back(Value::object({{"kind", "User"}, {"apiGroup", kRbacGroup}, {"name", user}}));
    for (const std::string& group : flags.list("group"))
        subjects.push_back(Value::object({{"kind", "Group"}, {"apiGroup", kRbacGroup}, {"name", group}}));
    for (const std::string& account : flags.list("serviceaccount")) {
        const auto parts = base::split(account, ':');
        if (parts.size() != 2 || parts[0].empty() || parts[1].empty())
            return base::makeError("serviceaccount must be <namespace>:<name>");
        subjects.push_back(Value::object({{"kind", "ServiceAccount"}, {"namespace", parts[0]}, {"name", parts[1]}}));
    }
    Value binding = makeObject("rbac.authorization.k8s.io/v1", cluster ? "ClusterRoleBinding" : "RoleBinding", name)
                        .with("roleRef", Value::object({{"apiGroup", kRbacGroup}, {"kind", role.empty() ? "ClusterRole" : "Role"},
                                                        {"name", role.empty() ? clusterRole : role}}));
    if (!subjects.empty()) binding = binding.with("subjects", Value::array(std::move(subjects)));
    return binding;
}

} // namespace kubectl
