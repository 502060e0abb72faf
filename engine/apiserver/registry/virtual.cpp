// Resources that answer without being stored: reviews, component statuses, bindings. Source:
// kubernetes pkg/registry/authorization, pkg/registry/authentication, pkg/registry/core/componentstatus.
#include "apiserver/registry/subresources.h"
#include "base/strings.h"
#include "document/json.h"

namespace apiserver {

using document::Value;

namespace {

Value userInfo(const UserInfo& user) {
    document::ObjectBuilder out;
    out.setUnlessEmpty("username", user.name).setUnlessEmpty("uid", user.uid);
    out.setUnlessEmpty("groups", Value::strings(user.groups));
    document::ObjectBuilder extra;
    for (const auto& [key, values] : user.extra) extra.set(key, Value::strings(values));
    if (!extra.empty()) out.set("extra", std::move(extra).build());
    return std::move(out).build();
}

base::Error invalidReview(std::string_view group, const std::string& field, const std::string& text) {
    const std::string message = "Invalid value: " + text;
    return api::invalid(group, "", "", {{"FieldValueInvalid", message, field}});
}

Attributes attributesFrom(const Value& spec, UserInfo user) {
    Attributes out;
    out.user = std::move(user);
    if (const Value& path = spec["nonResourceAttributes"]; path.isObject()) {
        out.resourceRequest = false;
        out.path = path["path"].text();
        out.verb = path["verb"].text();
        return out;
    }
    const Value& resource = spec["resourceAttributes"];
    out.verb = resource["verb"].text();
    out.group = resource["group"].text();
    out.version = resource["version"].text();
    out.resource = resource["resource"].text();
    out.subresource = resource["subresource"].text();
    out.ns = resource["namespace"].text();
    out.name = resource["name"].text();
    return out;
}

base::Status checkReview(const Value& spec, bool self, const std::string& ns) {
    constexpr std::string_view kGroup = "authorization.k8s.io";
    const bool resource = spec["resourceAttributes"].isObject();
    const bool path = spec["nonResourceAttributes"].isObject();
    if (resource && path) {
        const Value& given = spec["nonResourceAttributes"];
        const Value shown = Value::object({{"Path", given["path"].text()}, {"Verb", given["verb"].text()}});
        return invalidReview(kGroup, "spec.nonResourceAttributes",
                             document::writeJson(shown) +
                                 ": cannot be specified in combination with resourceAttributes");
    }
    if (!resource && !path)
        return invalidReview(kGroup, "spec.resourceAttributes",
                             "null: exactly one of nonResourceAttributes or resourceAttributes must be "
                             "specified");
    if (!self && spec["user"].isEmpty() && spec["groups"].size() == 0)
        return invalidReview(kGroup, "spec.user", "\"\": at least one of user or group must be specified");
    if (!ns.empty() && spec["resourceAttributes"]["namespace"].asString() != ns)
        return invalidReview(kGroup, "spec.resourceAttributes.namespace",
                             base::quoteGo(spec["resourceAttributes"]["namespace"].asString()) +
                                 ": must match metadata.namespace");
    return base::okStatus();
}

Outcome accessReview(Core& core, Context& context, const Value& body, bool self) {
    const Value& spec = body["spec"];
    BASE_CHECK(checkReview(spec, self, context.info.ns));
    UserInfo user = context.user;
    if (!self) {
        user = UserInfo();
        user.name = spec["user"].text();
        user.uid = spec["uid"].text();
        for (const Value& group : spec["groups"].items()) user.groups.push_back(group.text());
    }
    const Decision decision = authorize(core, attributesFrom(spec, std::move(user)));
    document::ObjectBuilder status;
    status.set("allowed", decision.allowed);
    if (decision.denied) status.set("denied", true);
    if (!decision.reason.empty()) status.set("reason", decision.reason);
    if (!decision.evaluationError.empty()) status.set("evaluationError", decision.evaluationError);
    return respondObject(core, context, 201, body.with("status", std::move(status).build()));
}

Outcome rulesReview(Core& core, Context& context, const Value& body) {
    const std::string ns = body.at("spec", "namespace").text();
    if (ns.empty()) return api::badRequest("no namespace on request");
    RuleSet set = rulesFor(core, context.user, ns);
    // Source: plugin/pkg/auth/authorizer/node, RulesFor.
    if (context.user.name.starts_with("system:node:") && context.user.inGroup("system:nodes"))
        set.errors.insert(set.errors.begin(), "node authorizer does not support user rule resolution");
    document::ArrayBuilder resources, paths;
    if (context.user.inGroup("system:masters")) {
        const Value all = Value::array({"*"});
        resources.push(Value::object({{"verbs", all}, {"apiGroups", all}, {"resources", all}}));
        paths.push(Value::object({{"verbs", all}, {"nonResourceURLs", all}}));
    }
    for (const Value& rule : set.rules) {
        if (rule["resources"].size() > 0) {
            document::ObjectBuilder item;
            for (const char* key : {"verbs", "apiGroups", "resources", "resourceNames"})
                if (rule.has(key)) item.set(key, rule[key]);
            resources.push(std::move(item).build());
        }
        if (rule["nonResourceURLs"].size() > 0)
            paths.push(Value::object({{"verbs", rule["verbs"]}, {"nonResourceURLs", rule["nonResourceURLs"]}}));
    }
    document::ObjectBuilder status;
    status.set("resourceRules", std::move(resources).build());
    status.set("nonResourceRules", std::move(paths).build());
    status.set("incomplete", !set.errors.empty());
    if (!set.errors.empty()) status.set("evaluationError", base::join(set.errors, ", "));
    return respondObject(core, context, 201,
                         Value::object({{"kind", "SelfSubjectRulesReview"},
                                        {"apiVersion", "authorization.k8s.io/v1"},
                                        {"metadata", Value::object()},
                                        {"spec", Value::object()},
                                        {"status", std::move(status).build()}}));
}

Outcome tokenReview(Core& core, Context& context, const Value& body) {
    const Value& spec = body["spec"];
    if (spec["token"].isEmpty())
        return api::badRequest("token is required for TokenReview in authentication");
    std::vector<std::string> audiences;
    for (const Value& item : spec["audiences"].items()) audiences.push_back(item.text());
    auto identity = authenticateToken(core, spec["token"].text(), audiences);
    document::ObjectBuilder status;
    if (identity.ok()) {
        status.set("authenticated", true).set("user", userInfo(identity.value().user));
        status.setUnlessEmpty("audiences", Value::strings(identity.value().audiences));
    } else {
        std::string text = "invalid bearer token";
        if (!audiences.empty() && authenticateToken(core, spec["token"].text(), {}).ok()) {
            std::vector<std::string> wanted;
            for (const std::string& one : audiences) wanted.push_back(base::quoteGo(one));
            text = "[invalid bearer token, token audiences [" +
                   base::quoteGo(core.config.serviceAccountIssuer) +
                   "] is invalid for the target audiences [" + base::join(wanted, " ") + "]]";
        }
        status.set("user", Value::object()).set("error", text);
    }
    return respondObject(core, context, 201, body.with("status", std::move(status).build()));
}

// The metadata as Go writes it.
std::string metadataText(const api::ResourceInfo& resource, const Value& object) {
    std::string text = api::writeOrderedJson(resource, Value::object({{"metadata", object["metadata"]}}));
    constexpr std::string_view kKey = "\"metadata\":";
    const std::size_t start = text.find(kKey);
    if (start == std::string::npos) return document::writeJson(object["metadata"]);
    text.erase(0, start + kKey.size());
    // The writer goes on with the other members of the kind.
    int depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (quoted) {
            if (text[i] == '\\') ++i;
            else if (text[i] == '"') quoted = false;
            continue;
        }
        if (text[i] == '"') quoted = true;
        if (text[i] == '{' || text[i] == '[') ++depth;
        if (text[i] == '}' || text[i] == ']') --depth;
        if (depth == 0) return text.substr(0, i + 1);
    }
    return text;
}

Outcome review(Core& core, Context& context) {
    BASE_TRY(Value body, decodeBody(core, context, *context.resource));
    const std::string& plural = context.info.resource;
    if (plural == "selfsubjectreviews")
        return respondObject(core, context, 201,
                             Value::object({{"kind", "SelfSubjectReview"},
                                            {"apiVersion", "authentication.k8s.io/v1"},
                                            {"metadata", Value::object({{"creationTimestamp", core.now()}})},
                                            {"status", Value::object({{"userInfo", userInfo(context.user)}})}}));
    if (plural == "selfsubjectrulesreviews") return rulesReview(core, context, body);
    if (!context.info.ns.empty()) body = withMeta(body, "namespace", context.info.ns);
    if (!body.has("metadata")) body = body.with("metadata", Value::object());
    if (!metaText(body, "name").empty() || body["metadata"]["labels"].size() > 0) {
        body = trackUpdate(core, context, *context.resource, Value(), body, "");
        return invalidReview(context.info.group, "metadata",
                             metadataText(*context.resource, body) + ": must be empty");
    }
    body = trackUpdate(core, context, *context.resource, Value(), body, "");
    if (plural == "tokenreviews") return tokenReview(core, context, body);
    return accessReview(core, context, body, plural == "selfsubjectaccessreviews");
}

// Asks the components themselves, on the API server's own host.
Value component(Core& core, Context& context, const std::string& name, std::uint16_t port) {
    Value condition = Value::object({{"type", "Healthy"}, {"status", "True"}, {"message", "ok"}});
    const auto unhealthy = [&](const std::string& text, const std::string& error) {
        document::ObjectBuilder out;
        out.set("type", "Healthy").set("status", "False").set("message", text);
        if (!error.empty()) out.set("error", error);
        condition = std::move(out).build();
    };
    if (port == 0) {
        if (auto reached = core.etcd->reach(); !reached.ok()) unhealthy(reached.error().message, "");
    } else if (const auto known = context.answers.find(name); known != context.answers.end()) {
        const std::string url = "https://127.0.0.1:" + std::to_string(port) + "/healthz";
        if (!known->second.ok())
            unhealthy("Get " + base::quoteGo(url) + ": " + known->second.error().message, "");
        else if (known->second.value().status != 200)
            unhealthy(known->second.value().body, "");
    } else if (!context.errand) {
        Errand errand;
        errand.id = name;
        errand.host = "127.0.0.1";
        errand.target.port = port;
        errand.tls.insecureSkipVerify = true;
        errand.request.path = "/healthz";
        context.errand = std::move(errand);
    }
    return Value::object({{"kind", "ComponentStatus"},
                          {"apiVersion", "v1"},
                          {"metadata", Value::object({{"name", name}})},
                          {"conditions", Value::array({condition})}});
}

Outcome componentStatuses(Core& core, Context& context) {
    context.warn("v1 ComponentStatus is deprecated in v1.19+");
    std::vector<Value> items = {component(core, context, "controller-manager", 10257),
                                component(core, context, "scheduler", 10259),
                                component(core, context, "etcd-0", 0)};
    if (context.errand) return ports::Response{};
    if (context.info.verb == "get") {
        for (const Value& item : items)
            if (metaText(item, "name") == context.info.name) return respondObject(core, context, 200, item);
        return api::statusError(404, "NotFound", "Component not found: " + context.info.name);
    }
    return respondObject(core, context, 200,
                         Value::object({{"kind", "ComponentStatusList"},
                                        {"apiVersion", "v1"},
                                        {"metadata", Value::object()},
                                        {"items", Value::array(std::move(items))}}));
}

} // namespace

std::optional<Outcome> handleVirtual(Core& core, Context& context) {
    const std::string& group = context.info.group;
    const std::string& plural = context.info.resource;
    if (group.empty() && plural == "bindings") return handleBinding(core, context);
    if (group.empty() && plural == "componentstatuses") return componentStatuses(core, context);
    if (group == "authorization.k8s.io" || group == "authentication.k8s.io") return review(core, context);
    return {};
}

} // namespace apiserver
