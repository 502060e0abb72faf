// Ingresses, quotas, budgets, priority classes. Source: pkg/cmd/create create_ingress.go,
// create_quota.go, create_pdb.go, create_priorityclass.go.
#include "api/label_selector.h"
#include "api/quantity.h"
#include "base/strings.h"
#include "kubectl/commands/create_support.h"

#include <re2/re2.h>

namespace kubectl {

using document::ObjectBuilder;
using document::Value;

namespace {

constexpr const char* kRule =
    "^[\\w*.-]*/.*=[\\w-]+:[\\w-]+"; // what follows is not looked at

Value backend(const std::string& text) {
    const auto parts = base::split(text, ':');
    const Value port = intOrString(parts.size() > 1 ? parts[1] : "");
    return Value::object({{"service", Value::object({{"name", parts[0]},
                                                     {"port", Value::object({{port.isInt() ? "number" : "name", port}})}})}});
}

Value httpPath(const std::string& text) {
    const auto parts = base::split(text, '=');
    std::string path = "/" + parts[0], type = "Exact";
    if (path.back() == '*') {
        type = "Prefix";
        path.pop_back();
    }
    return Value::object({{"path", path}, {"pathType", type}, {"backend", backend(parts.size() > 1 ? parts[1] : "")}});
}

struct HostRule {
    std::string host;
    std::vector<Value> paths;
};
struct TlsEntry {
    std::vector<std::string> hosts;
    std::string secret;
};

std::vector<TlsEntry> tlsEntries(const std::vector<std::string>& rules) {
    std::vector<TlsEntry> out;
    std::vector<std::string> seen;
    for (const std::string& rule : rules) {
        const auto parts = base::split(rule, ',');
        if (parts.size() != 2) continue;
        const std::string host = base::splitLimited(rule, '/', 2)[0];
        const auto named = base::split(parts[1], '=');
        const std::string secret = named.size() > 1 ? named[1] : "";
        bool known = false;
        for (const std::string& other : seen) known = known || other == host;
        if (known) continue;
        seen.push_back(host);
        bool merged = false;
        for (TlsEntry& entry : out)
            if (entry.secret == secret) {
                entry.hosts.push_back(host);
                merged = true;
                break;
            }
        if (merged) continue;
        TlsEntry entry;
        if (!host.empty()) entry.hosts.push_back(host);
        entry.secret = secret;
        if (!entry.hosts.empty() || !secret.empty()) out.push_back(std::move(entry));
    }
    return out;
}

} // namespace

base::Result<Value> generateIngress(Session& session, std::string name) {
    const auto rules = session.flags.list("rule");
    const std::string fallback = session.flags.text("default-backend");
    if (fallback.empty() && rules.empty())
        return base::makeError("not enough information provided: every ingress has to either specify a default-backend (which catches all traffic) or a list of rules (which catch specific paths)");
    static const RE2 pattern(kRule);
    for (const std::string& rule : rules)
        if (!RE2::PartialMatch(rule, pattern))
            return base::makeError("rule " + rule + " is invalid and should be in format host/path=svcname:svcport[,tls[=secret]]");
    Value ingress = makeObject("networking.k8s.io/v1", "Ingress", name);
    for (const std::string& annotation : session.flags.list("annotation")) {
        const auto equals = annotation.find('=');
        if (equals == std::string::npos)
            return base::makeError("annotation " + annotation + " is invalid and should be in format key=[value]");
        ingress = ingress.withPath({"metadata", "annotations", annotation.substr(0, equals)}, annotation.substr(equals + 1));
    }
    if (!fallback.empty() && base::split(fallback, ':').size() != 2)
        return base::makeError("default-backend should be in format servicename:serviceport");
    std::vector<HostRule> hosts;
    for (const std::string& rule : rules) {
        const auto parts = base::splitLimited(base::split(rule, ',')[0], '/', 2);
        HostRule* target = nullptr;
        for (HostRule& other : hosts)
            if (other.host == parts[0]) target = &other;
        if (target == nullptr) {
            hosts.push_back({parts[0], {}});
            target = &hosts.back();
        }
        target->paths.push_back(httpPath(parts[1]));
    }
    ObjectBuilder spec;
    if (!session.flags.text("class").empty()) spec.set("ingressClassName", session.flags.text("class"));
    if (!fallback.empty()) spec.set("defaultBackend", backend(fallback));
    std::vector<Value> ruleValues, tlsValues;
    for (HostRule& rule : hosts) {
        Value value = Value::object({{"http", Value::object({{"paths", Value::array(std::move(rule.paths))}})}});
        if (!rule.host.empty()) value = value.with("host", rule.host);
        ruleValues.push_back(value);
    }
    for (const TlsEntry& entry : tlsEntries(rules)) {
        ObjectBuilder tls;
        if (!entry.hosts.empty()) tls.set("hosts", Value::strings(entry.hosts));
        if (!entry.secret.empty()) tls.set("secretName", entry.secret);
        tlsValues.push_back(std::move(tls).build());
    }
    if (!ruleValues.empty()) spec.set("rules", Value::array(std::move(ruleValues)));
    if (!tlsValues.empty()) spec.set("tls", Value::array(std::move(tlsValues)));
    return ingress.with("spec", std::move(spec).build());
}

base::Result<Value> generateQuota(Session& session, std::string name) {
    const std::string hard = session.flags.text("hard"), scopes = session.flags.text("scopes");
    ObjectBuilder spec;
    if (!hard.empty()) {
        ObjectBuilder list;
        for (const std::string& statement : base::split(hard, ',')) {
            const auto parts = base::split(statement, '=');
            if (parts.size() != 2)
                return base::makeError("Invalid argument syntax " + statement + ", expected <resource>=<value>");
            BASE_TRY(const api::Quantity quantity, api::Quantity::read(parts[1]));
            list.set(parts[0], quantity.text());
        }
        spec.set("hard", std::move(list).build());
    }
    if (!scopes.empty()) {
        const auto list = base::split(scopes, ',');
        for (const std::string& scope : list)
            if (scope.empty()) return base::makeError("invalid resource quota scope \"\"");
        spec.set("scopes", Value::strings(list));
    }
    return makeObject("v1", "ResourceQuota", name).with("spec", std::move(spec).build());
}

base::Result<Value> generateBudget(Session& session, std::string name) {
    const std::string selector = session.flags.text("selector"), least = session.flags.text("min-available"),
                      most = session.flags.text("max-unavailable");
    if (selector.empty()) return base::makeError("a selector must be specified");
    if (least.empty() && most.empty()) return base::makeError("one of min-available or max-unavailable must be specified");
    if (!least.empty() && !most.empty()) return base::makeError("min-available and max-unavailable cannot be both specified");
    static const RE2 amount("^[0-9]+%?$");
    if (!RE2::FullMatch(least.empty() ? most : least, amount))
        return base::makeError(std::string("invalid format specified for ") + (least.empty() ? "max-unavailable" : "min-available"));
    auto read = api::LabelSelector::parse(selector);
    if (!read.ok())
        return base::makeError("couldn't parse the selector string " + base::quoteGo(selector) + ": " + read.error().message);
    const api::LabelSelector parsed = read.value();
    ObjectBuilder labels;
    std::vector<Value> expressions;
    using Op = api::Requirement::Op;
    for (const api::Requirement& item : parsed.requirements()) {
        if (item.op == Op::Equals || item.op == Op::DoubleEquals) {
            labels.set(item.key, item.values.empty() ? "" : item.values[0]);
            continue;
        }
        if (item.op == Op::Gt || item.op == Op::Lt)
            return base::makeError(base::quoteGo(item.op == Op::Gt ? "gt" : "lt") + " isn't supported in label selectors");
        ObjectBuilder expression;
        expression.set("key", item.key);
        expression.set("operator", item.op == Op::In ? "In" : item.op == Op::Exists ? "Exists"
                                   : item.op == Op::DoesNotExist ? "DoesNotExist" : "NotIn");
        if (!item.values.empty()) expression.set("values", Value::strings(item.values));
        expressions.push_back(std::move(expression).build());
    }
    ObjectBuilder chosen;
    if (!labels.empty()) chosen.set("matchLabels", std::move(labels).build());
    if (!expressions.empty()) chosen.set("matchExpressions", Value::array(std::move(expressions)));
    Value spec = Value::object({{"selector", std::move(chosen).build()}});
    spec = least.empty() ? spec.with("maxUnavailable", intOrString(most)) : spec.with("minAvailable", intOrString(least));
    return makeObject("policy/v1", "PodDisruptionBudget", name).with("spec", spec);
}

base::Result<Value> generatePriorityClass(Session& session, std::string name) {
    Value out = makeObject("scheduling.k8s.io/v1", "PriorityClass", name)
                    .with("value", session.flags.number("value"))
                    .with("preemptionPolicy", session.flags.text("preemption-policy"));
    if (session.flags.on("global-default")) out = out.with("globalDefault", true);
    if (!session.flags.text("description").empty()) out = out.with("description", session.flags.text("description"));
    return out;
}

} // namespace kubectl
