#pragma once
// Role-based access control. Source: kubernetes plugin/pkg/auth/authorizer/rbac and
// pkg/registry/rbac/validation.

#include "apiserver/config.h"
#include "document/value.h"
#include "store/store.h"

#include <map>
#include <string>
#include <vector>

namespace apiserver {

struct Core;

struct Attributes {
    UserInfo user;
    std::string verb, group, version, resource, subresource, ns, name, path;
    std::string fieldSelector;
    bool resourceRequest = true;
};

struct Decision {
    bool allowed = false;
    bool denied = false; // by a mode that says no instead of "no opinion"
    std::string reason;
    std::string evaluationError;
};

// Decisions until a role or binding changes.
struct RbacCache {
    std::map<std::string, Decision, std::less<>> decisions;
    store::Store* store = nullptr;
    std::vector<std::uint64_t> watches;
    ~RbacCache();
};

bool ruleAllows(const document::Value& rule, const Attributes& attributes);
Decision authorizeRbac(Core& core, const Attributes& attributes);

struct RuleSet {
    std::vector<document::Value> rules;
    std::vector<std::string> errors;
};
// All rules that apply to a user in a namespace (cluster-wide ones included).
RuleSet rulesFor(Core& core, const UserInfo& user, std::string_view ns);
// The rules of a roleRef; an error when the role is missing.
base::Result<std::vector<document::Value>> rulesOfRole(Core& core, const document::Value& roleRef,
                                                       std::string_view ns);
// Rules of `wanted` that `owned` does not cover.
std::vector<document::Value> uncovered(const std::vector<document::Value>& owned,
                                       const std::vector<document::Value>& wanted);
// As upstream prints a rule: {APIGroups:[""], Resources:["pods"], Verbs:["get"]}.
std::string compactRule(const document::Value& rule);
// May the user grant these rules? The error is the text after "is forbidden: ".
std::string escalation(Core& core, const UserInfo& user, std::string_view ns,
                       const std::vector<document::Value>& rules);

} // namespace apiserver
