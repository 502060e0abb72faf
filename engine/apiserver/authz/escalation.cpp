// Nobody grants more than they have. Source: kubernetes pkg/registry/rbac/validation policy_comparator
// and rule.go.
#include "apiserver/core.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver {

using document::Value;

namespace {

// One verb, one group, one resource (or URL), one name.
std::vector<Value> breakDown(const Value& rule) {
    std::vector<Value> out;
    for (const Value& verb : rule["verbs"].items()) {
        const Value verbs = Value::array({verb});
        for (const Value& url : rule["nonResourceURLs"].items())
            out.push_back(Value::object({{"nonResourceURLs", Value::array({url})}, {"verbs", verbs}}));
        for (const Value& group : rule["apiGroups"].items())
            for (const Value& resource : rule["resources"].items()) {
                const Value single = Value::object({{"apiGroups", Value::array({group})},
                                                    {"resources", Value::array({resource})},
                                                    {"verbs", verbs}});
                if (rule["resourceNames"].size() == 0) out.push_back(single);
                for (const Value& name : rule["resourceNames"].items())
                    out.push_back(single.with("resourceNames", Value::array({name})));
            }
    }
    return out;
}

bool has(const Value& list, std::string_view text) {
    for (const Value& item : list.items())
        if (item.asString() == text || item.asString() == "*") return true;
    return false;
}

bool coversResource(const Value& owned, std::string_view wanted) {
    if (has(owned, wanted)) return true;
    const auto slash = wanted.find('/');
    return slash != std::string_view::npos && has(owned, "*" + std::string(wanted.substr(slash)));
}

bool coversUrl(const Value& owned, std::string_view wanted) {
    for (const Value& item : owned.items()) {
        const std::string_view text = item.asString();
        if (text == wanted || text == "*") return true;
        if (text.ends_with('*') && wanted.starts_with(text.substr(0, text.size() - 1))) return true;
    }
    return false;
}

bool covers(const Value& owned, const Value& wanted) {
    if (!has(owned["verbs"], wanted["verbs"][0].asString())) return false;
    if (wanted["nonResourceURLs"].size() > 0)
        return coversUrl(owned["nonResourceURLs"], wanted["nonResourceURLs"][0].asString());
    if (!has(owned["apiGroups"], wanted["apiGroups"][0].asString())) return false;
    if (!coversResource(owned["resources"], wanted["resources"][0].asString())) return false;
    if (owned["resourceNames"].size() == 0) return true;
    return wanted["resourceNames"].size() > 0 &&
           has(owned["resourceNames"], wanted["resourceNames"][0].asString());
}

// Joins single rules again where only the verb differs, as the message shows them.
std::vector<Value> compact(const std::vector<Value>& rules) {
    std::vector<Value> out;
    for (const Value& rule : rules) {
        bool merged = false;
        for (Value& other : out) {
            if (merged || !(other.without("verbs") == rule.without("verbs"))) continue;
            other = other.with("verbs", other["verbs"].appended(rule["verbs"][0]));
            merged = true;
        }
        if (!merged) out.push_back(rule);
    }
    return out;
}

std::string quoteList(const Value& list) {
    std::vector<std::string> parts;
    for (const Value& item : list.items()) parts.push_back(base::quoteGo(item.asString()));
    return "[" + base::join(parts, " ") + "]";
}

} // namespace

std::vector<Value> uncovered(const std::vector<Value>& owned, const std::vector<Value>& wanted) {
    std::vector<Value> missing;
    for (const Value& rule : wanted)
        for (const Value& single : breakDown(rule)) {
            bool found = false;
            for (const Value& have : owned) found = found || covers(have, single);
            if (!found) missing.push_back(single);
        }
    return compact(missing);
}

std::string compactRule(const Value& rule) {
    static constexpr std::pair<const char*, const char*> kParts[] = {
        {"APIGroups", "apiGroups"},
        {"Resources", "resources"},
        {"ResourceNames", "resourceNames"},
        {"NonResourceURLs", "nonResourceURLs"},
        {"Verbs", "verbs"}};
    std::vector<std::string> parts;
    for (const auto& [title, key] : kParts)
        if (rule[key].size() > 0) parts.push_back(std::string(title) + ":" + quoteList(rule[key]));
    return "{" + base::join(parts, ", ") + "}";
}

std::string escalation(Core& core, const UserInfo& user, std::string_view ns,
                       const std::vector<Value>& rules) {
    if (user.inGroup("system:masters")) return {};
    const RuleSet owned = rulesFor(core, user, ns);
    const std::vector<Value> missing = uncovered(owned.rules, rules);
    if (missing.empty()) return {};
    std::vector<std::string> shown;
    for (const Value& rule : missing) shown.push_back(compactRule(rule));
    std::sort(shown.begin(), shown.end());
    std::string text = "user " + base::quoteGo(user.name) +
                       " (groups=" + quoteList(Value::strings(user.groups)) +
                       ") is attempting to grant RBAC permissions not currently held:\n" +
                       base::join(shown, "\n");
    if (!owned.errors.empty()) text += "; resolution errors: [" + base::join(owned.errors, " ") + "]";
    return text;
}

} // namespace apiserver
