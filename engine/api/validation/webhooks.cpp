// Admission webhooks and validating admission policies; expressions themselves are compiled by the API
// server. Source: pkg/apis/admissionregistration/validation.
#include "api/validation/webhooks.h"

#include "base/strings.h"

#include <algorithm>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void resourceRules(Errors& errors, const Value& resources, const Path& path) {
    if (resources.size() == 0) errors.required(path);
    std::set<std::string> wholeResources, wholeSubresources;
    bool everything = false, star = false, plain = false;
    for (std::size_t i = 0; i < resources.size(); ++i) {
        const std::string text = resources[i].text();
        if (text.empty()) {
            errors.required(path.index(i));
            continue;
        }
        everything = everything || text == "*/*";
        star = star || text == "*";
        const std::size_t slash = text.find('/');
        if (slash == std::string::npos) {
            plain = text != "*";
            continue;
        }
        const std::string resource = text.substr(0, slash), sub = text.substr(slash + 1);
        if (wholeResources.count(resource) > 0)
            errors.invalid(path.index(i), text, "if '" + resource + "/*' is present, must not specify " + text);
        if (wholeSubresources.count(sub) > 0)
            errors.invalid(path.index(i), text, "if '*/" + sub + "' is present, must not specify " + text);
        if (sub == "*") wholeResources.insert(resource);
        if (resource == "*") wholeSubresources.insert(sub);
    }
    if (resources.size() > 1 && everything)
        errors.invalid(path, resources, "if '*/*' is present, must not specify other resources");
    if (star && plain)
        errors.invalid(path, resources,
                       "if '*' is present, must not specify other resources without subresources");
}

void operationRules(Errors& errors, const Value& rule, const Path& path) {
    const Value& operations = rule["operations"];
    const Path at = path.child("operations");
    if (operations.size() == 0) errors.required(at);
    if (operations.size() > 1 && hasWildcard(operations))
        errors.invalid(at, operations, "if '*' is present, must not specify other operations");
    for (std::size_t i = 0; i < operations.size(); ++i)
        if (!contains({"*", "CONNECT", "CREATE", "DELETE", "UPDATE"}, operations[i].asString()))
            errors.notSupported(at.index(i), operations[i], {"*", "CONNECT", "CREATE", "DELETE", "UPDATE"});
    const Value& groups = rule["apiGroups"];
    if (groups.size() == 0) errors.required(path.child("apiGroups"));
    if (groups.size() > 1 && hasWildcard(groups))
        errors.invalid(path.child("apiGroups"), groups, "if '*' is present, must not specify other API groups");
    const Value& versions = rule["apiVersions"];
    if (versions.size() == 0) errors.required(path.child("apiVersions"));
    if (versions.size() > 1 && hasWildcard(versions))
        errors.invalid(path.child("apiVersions"), versions, "if '*' is present, must not specify other API versions");
    for (std::size_t i = 0; i < versions.size(); ++i)
        if (versions[i].isEmpty()) errors.required(path.child("apiVersions").index(i));
    resourceRules(errors, rule["resources"], path.child("resources"));
    const Value& scope = rule["scope"];
    if (!scope.isNull() && !contains({"*", "Cluster", "Namespaced"}, scope.asString()))
        errors.notSupported(path.child("scope"), scope, {"*", "Cluster", "Namespaced"});
}

void qualifiedHookName(Errors& errors, const std::string& name, const Path& path) {
    if (name.empty()) errors.required(path);
    else if (const Problems problems = checkDns1123Subdomain(name); !problems.empty())
        errors.invalid(path, name, base::join(problems, ","));
    else if (std::count(name.begin(), name.end(), '.') < 2)
        errors.invalid(path, name, "should be a domain with at least three segments separated by dots");
}

void matchConditions(Errors& errors, const Value& conditions, const Path& path) {
    if (conditions.size() > 64) errors.tooMany(path, static_cast<std::int64_t>(conditions.size()), 64);
    std::set<std::string> names;
    for (std::size_t i = 0; i < conditions.size(); ++i) {
        const Path at = path.index(i);
        const std::string name = conditions[i]["name"].text();
        if (base::trim(conditions[i]["expression"].asString()).empty()) errors.required(at.child("expression"));
        if (name.empty()) errors.required(at.child("name"));
        else validateQualifiedName(errors, name, at.child("name"));
        if (!name.empty() && !names.insert(name).second) errors.duplicate(at.child("name"), name);
    }
}

void reviewVersions(Errors& errors, const Value& versions, const Path& path) {
    if (versions.size() == 0) {
        errors.required(path, "must specify one of v1, v1beta1");
        return;
    }
    std::set<std::string> seen;
    bool accepted = false;
    for (std::size_t i = 0; i < versions.size(); ++i) {
        const std::string version = versions[i].text();
        if (!seen.insert(version).second) {
            errors.invalid(path.index(i), version, "duplicate version");
            continue;
        }
        errors.invalidEach(path.index(i), version, checkDns1035Label(version));
        accepted = accepted || version == "v1" || version == "v1beta1";
    }
    if (!accepted) errors.invalid(path, versions, "must include at least one of v1, v1beta1");
}

void webhook(Errors& errors, const Value& hook, bool mutating, const Path& path) {
    qualifiedHookName(errors, hook["name"].text(), path.child("name"));
    for (std::size_t i = 0; i < hook["rules"].size(); ++i)
        operationRules(errors, hook["rules"][i], path.child("rules").index(i));
    const auto oneOf = [&](const char* field, std::initializer_list<std::string_view> allowed) {
        if (!hook[field].isNull() && !contains(allowed, hook[field].asString()))
            errors.notSupported(path.child(field), hook[field], allowed);
    };
    oneOf("failurePolicy", {"Fail", "Ignore"});
    oneOf("matchPolicy", {"Equivalent", "Exact"});
    if (hook["sideEffects"].isNull())
        errors.required(path.child("sideEffects"), "must specify one of None, NoneOnDryRun");
    oneOf("sideEffects", {"None", "NoneOnDryRun"});
    const Value& timeout = hook["timeoutSeconds"];
    if (!timeout.isNull() && (timeout.asInt() > 30 || timeout.asInt() < 1))
        errors.invalid(path.child("timeoutSeconds"), timeout, "the timeout value must be between 1 and 30 seconds");
    validateLabelSelector(errors, hook["namespaceSelector"], path.child("namespaceSelector"));
    validateLabelSelector(errors, hook["objectSelector"], path.child("objectSelector"));
    if (mutating) oneOf("reinvocationPolicy", {"IfNeeded", "Never"});
    validateWebhookClient(errors, hook["clientConfig"], path.child("clientConfig"));
    matchConditions(errors, hook["matchConditions"], path.child("matchConditions"));
}

void webhookConfiguration(Errors& errors, const Value& object, bool mutating) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    std::set<std::string> names;
    for (std::size_t i = 0; i < object["webhooks"].size(); ++i) {
        const Value& hook = object["webhooks"][i];
        const Path at = Path("webhooks").index(i);
        webhook(errors, hook, mutating, at);
        reviewVersions(errors, hook["admissionReviewVersions"], at.child("admissionReviewVersions"));
        const std::string name = hook["name"].text();
        if (!name.empty() && !names.insert(name).second) errors.duplicate(at.child("name"), name);
    }
}
void validatingConfiguration(Errors& errors, const Value& object) { webhookConfiguration(errors, object, false); }
void mutatingConfiguration(Errors& errors, const Value& object) { webhookConfiguration(errors, object, true); }
void validatingConfigurationUpdate(Errors& errors, const Value& object, const Value&) {
    webhookConfiguration(errors, object, false);
}
void mutatingConfigurationUpdate(Errors& errors, const Value& object, const Value&) {
    webhookConfiguration(errors, object, true);
}

void paramKind(Errors& errors, const Value& kind, const Path& path) {
    const std::string version = kind["apiVersion"].text(), name = kind["kind"].text();
    if (version.empty()) {
        errors.required(path.child("apiVersion"));
    } else if (std::count(version.begin(), version.end(), '/') > 1) {
        errors.invalid(path.child("apiVersion"), version, "unexpected GroupVersion string: " + version);
    } else {
        const std::size_t slash = version.find('/');
        const std::string group = slash == std::string::npos ? "" : version.substr(0, slash);
        const std::string number = slash == std::string::npos ? version : version.substr(slash + 1);
        if (const Problems problems = checkDns1123Subdomain(group); !group.empty() && !problems.empty())
            errors.invalid(path.child("apiVersion"), group, base::join(problems, ","));
        if (number.empty()) errors.invalid(path.child("apiVersion"), version, "version must be specified");
        else if (const Problems problems = checkDns1035Label(number); !problems.empty())
            errors.invalid(path.child("apiVersion"), number, base::join(problems, ","));
    }
    if (name.empty()) errors.required(path.child("kind"));
    else if (const Problems problems = checkDns1035Label(base::toLower(name)); !problems.empty())
        errors.invalid(path.child("kind"), name,
                       "may have mixed case, but should otherwise match: " + base::join(problems, ","));
}

void matchResources(Errors& errors, const Value& match, const Path& path) {
    validateOneOf(errors, match["matchPolicy"], path.child("matchPolicy"), {"Equivalent", "Exact"});
    for (const char* field : {"namespaceSelector", "objectSelector"}) {
        if (match[field].isNull()) errors.required(path.child(field));
        else validateLabelSelector(errors, match[field], path.child(field));
    }
    for (const char* list : {"resourceRules", "excludeResourceRules"}) {
        for (std::size_t i = 0; i < match[list].size(); ++i) {
            const Path at = path.child(list).index(i);
            std::set<std::string> names;
            const Value& resourceNames = match[list][i]["resourceNames"];
            for (std::size_t n = 0; n < resourceNames.size(); ++n) {
                const Path place = at.child("resourceNames").index(n);
                errors.invalidEach(place, resourceNames[n], checkPathSegment(resourceNames[n].asString()));
                if (!names.insert(resourceNames[n].text()).second) errors.duplicate(place, resourceNames[n]);
            }
            operationRules(errors, match[list][i], at);
        }
    }
}

bool isCelIdentifier(std::string_view text) {
    if (!checkCIdentifier(text).empty()) return false;
    return !contains({"true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function",
                      "if", "import", "let", "loop", "package", "namespace", "return", "var", "void", "while"}, text);
}

void textRule(Errors& errors, const Value& text, const Path& path, bool lines) {
    const std::string_view value = text.asString();
    if (value.empty()) return;
    if (base::trim(value).empty()) errors.invalid(path, value, "must be non-empty if specified");
    else if (lines && base::trim(value).find_first_of("\r\n") != std::string_view::npos)
        errors.invalid(path, value, "must not contain line breaks");
}

void policySpec(Errors& errors, const Value& spec) {
    validateOneOf(errors, spec["failurePolicy"], kSpec.child("failurePolicy"), {"Fail", "Ignore"});
    if (!spec["paramKind"].isNull()) paramKind(errors, spec["paramKind"], kSpec.child("paramKind"));
    const Value& match = spec["matchConstraints"];
    const Path path = kSpec.child("matchConstraints");
    if (match.isNull()) {
        errors.required(path);
    } else {
        matchResources(errors, match, path);
        if (match["resourceRules"].size() == 0) errors.required(path.child("resourceRules"));
    }
    matchConditions(errors, spec["matchConditions"], kSpec.child("matchConditions"));
    for (std::size_t i = 0; i < spec["variables"].size(); ++i) {
        const Value& variable = spec["variables"][i];
        const Path at = kSpec.child("variables").index(i);
        if (base::trim(variable["name"].asString()).empty()) errors.required(at.child("name"), "name is not specified");
        else if (!isCelIdentifier(variable["name"].asString()))
            errors.invalid(at.child("name"), variable["name"], "must be a valid CEL identifier");
        if (base::trim(variable["expression"].asString()).empty())
            errors.required(at.child("expression"), "expression is not specified");
    }
    const Value& validations = spec["validations"];
    if (validations.size() == 0 && spec["auditAnnotations"].size() == 0) {
        constexpr std::string_view kText = "validations or auditAnnotations must contain at least one item";
        errors.required(kSpec.child("validations"), kText);
        errors.required(kSpec.child("auditAnnotations"), kText);
    }
    for (std::size_t i = 0; i < validations.size(); ++i) {
        const Value& rule = validations[i];
        const Path at = kSpec.child("validations").index(i);
        if (base::trim(rule["expression"].asString()).empty())
            errors.required(at.child("expression"), "expression is not specified");
        textRule(errors, rule["messageExpression"], at.child("messageExpression"), false);
        textRule(errors, rule["message"], at.child("message"), true);
        const Value& reason = rule["reason"];
        if (!reason.isNull() &&
            !contains({"Forbidden", "Invalid", "RequestEntityTooLarge"}, reason.asString()))
            errors.notSupported(at.child("reason"), reason,
                                {"Forbidden", "Invalid", "RequestEntityTooLarge"});
    }
}
void auditAnnotations(Errors& errors, const std::string& policyName, const Value& list) {
    const Path path = kSpec.child("auditAnnotations");
    if (list.size() > 20) errors.invalid(path, list, "must not have more than 20 auditAnnotations");
    std::set<std::string> keys;
    for (std::size_t i = 0; i < list.size(); ++i) {
        const std::string key = list[i]["key"].text();
        const Path at = path.index(i);
        if (policyName.empty()) errors.invalid(at.child("key"), key, "requires metadata.name be non-empty");
        else validateQualifiedName(errors, policyName + "/" + key, at.child("key"));
        const std::size_t length = base::trim(list[i]["valueExpression"].asString()).size();
        if (length == 0) errors.required(at.child("valueExpression"), "valueExpression is not specified");
        else if (length > 5120) errors.required(at.child("valueExpression"), "must not exceed 5120 bytes in length");
        if (!keys.insert(key).second) errors.duplicate(at.child("key"), key);
    }
}
void policy(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    policySpec(errors, object["spec"]);
    auditAnnotations(errors, object["metadata"]["name"].text(), object["spec"]["auditAnnotations"]);
}
void policyUpdate(Errors& errors, const Value& object, const Value&) { policy(errors, object); }
void policyStatus(Errors& errors, const Value& object, const Value&) {
    const Path path = Path("status");
    const Value& warnings = object["status"]["typeChecking"]["expressionWarnings"];
    for (std::size_t i = 0; i < warnings.size(); ++i) {
        const Path at = path.child("typeChecking", "expressionWarnings").index(i);
        for (const char* field : {"warning", "fieldRef"})
            if (base::trim(warnings[i][field].asString()).empty()) errors.required(at.child(field));
    }
    validateConditions(errors, object["status"]["conditions"], path.child("conditions"));
}

void policyBinding(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& spec = object["spec"];
    if (spec["policyName"].isEmpty()) errors.required(kSpec.child("policyName"));
    else errors.invalidEach(kSpec.child("policyName"), spec["policyName"],
                            checkDns1123Subdomain(spec["policyName"].asString()));
    const Value& reference = spec["paramRef"];
    if (!reference.isNull()) {
        const Path path = kSpec.child("paramRef");
        const bool named = !reference["name"].isEmpty(), selected = !reference["selector"].isNull();
        constexpr std::string_view kBoth = "name and selector are mutually exclusive";
        if (named) {
            errors.invalidEach(path.child("name"), reference["name"], checkPathSegment(reference["name"].asString()));
            if (selected) errors.forbidden(path.child("name"), kBoth);
        }
        if (selected) {
            validateLabelSelector(errors, reference["selector"], path.child("selector"));
            if (named) errors.forbidden(path.child("selector"), kBoth);
        }
        if (!named && !selected) errors.required(path, "one of name or selector must be specified");
        validateOneOf(errors, reference["parameterNotFoundAction"], path.child("parameterNotFoundAction"),
                      {"Deny", "Allow"});
    }
    if (!spec["matchResources"].isNull()) matchResources(errors, spec["matchResources"], kSpec.child("matchResources"));
    const Value& actions = spec["validationActions"];
    const Path path = kSpec.child("validationActions");
    std::set<std::string> seen;
    for (std::size_t i = 0; i < actions.size(); ++i) {
        if (!contains({"Audit", "Deny", "Warn"}, actions[i].asString()))
            errors.notSupported(path.index(i), actions[i], {"Audit", "Deny", "Warn"});
        if (!seen.insert(actions[i].text()).second) errors.duplicate(path.index(i), actions[i]);
    }
    if (seen.count("Deny") > 0 && seen.count("Warn") > 0)
        errors.invalid(path, actions,
                       "must not contain both Deny and Warn (repeating the same validation failure information in "
                       "the API response and headers serves no purpose)");
    if (seen.empty()) errors.required(path, "at least one validation action is required");
}
void policyBindingUpdate(Errors& errors, const Value& object, const Value&) { policyBinding(errors, object); }

// Source: apiserver pkg/util/webhook: each part of the path is a subdomain.
void servicePath(Errors& errors, const std::string& text, const Path& path) {
    if (text.empty() || text == "/") return;
    if (text == "//") return errors.invalid(path, text, "segment[0] may not be empty");
    if (text[0] != '/') errors.invalid(path, text, "must start with a '/'");
    std::string rest = text.substr(1);
    if (rest.ends_with('/')) rest.pop_back();
    const auto steps = base::split(rest, '/');
    for (std::size_t i = 0; i < steps.size(); ++i) {
        const std::string segment = "segment[" + std::to_string(i) + "]";
        if (steps[i].empty()) {
            errors.invalid(path, text, segment + " may not be empty");
            continue;
        }
        for (const std::string& problem : checkDns1123Subdomain(steps[i]))
            errors.invalid(path, text, segment + ": " + problem);
    }
}

} // namespace

void validateWebhookClient(Errors& errors, const Value& client, const Path& path) {
    const Value& url = client["url"];
    const Value& service = client["service"];
    if (url.isNull() == service.isNull()) {
        errors.required(path, "exactly one of url or service is required");
        return;
    }
    constexpr std::string_view kForm = "; desired format: https://host[/path]";
    if (!url.isNull()) {
        const std::string text = url.text();
        const std::size_t mark = text.find("://");
        const std::string scheme = mark == std::string::npos ? "" : text.substr(0, mark);
        if (scheme != "https")
            errors.invalid(path.child("url"), scheme, "'https' is the only allowed URL scheme" + std::string(kForm));
        const std::string rest = mark == std::string::npos ? "" : text.substr(mark + 3);
        if (rest.empty() || rest[0] == '/')
            errors.invalid(path.child("url"), "", "host must be specified" + std::string(kForm));
        const std::string authority = rest.substr(0, rest.find_first_of("/?#"));
        if (const std::size_t user = authority.rfind('@'); user != std::string::npos)
            errors.invalid(path.child("url"), authority.substr(0, user),
                           "user information is not permitted in the URL");
        if (const std::size_t hash = text.find('#'); hash != std::string::npos)
            errors.invalid(path.child("url"), text.substr(hash + 1), "fragments are not permitted in the URL");
        if (const std::size_t query = text.find('?'); query != std::string::npos)
            errors.invalid(path.child("url"), text.substr(query + 1), "query parameters are not permitted in the URL");
        return;
    }
    // Upstream hands name and namespace over in each other's place.
    const Path at = path.child("service");
    if (service["namespace"].isEmpty()) errors.required(at.child("name"));
    if (service["name"].isEmpty()) errors.required(at.child("namespace"));
    const std::int64_t port = service["port"].asInt();
    if (const Problems problems = checkPortNumber(port); !problems.empty())
        errors.invalid(at.child("port"), port, "port is not valid: " + base::join(problems, ", "));
    servicePath(errors, service["path"].text(), at.child("path"));
}

std::span<const KindRules> webhookRules() {
    static constexpr std::string_view kGroup = "admissionregistration.k8s.io";
    static constexpr KindRules kRules[] = {
        {kGroup, "ValidatingWebhookConfiguration", validatingConfiguration, validatingConfigurationUpdate, nullptr, true},
        {kGroup, "MutatingWebhookConfiguration", mutatingConfiguration, mutatingConfigurationUpdate, nullptr,
         true},
        {kGroup, "ValidatingAdmissionPolicy", policy, policyUpdate, policyStatus, true},
        {kGroup, "ValidatingAdmissionPolicyBinding", policyBinding, policyBindingUpdate, nullptr, true},
    };
    return kRules;
}

} // namespace api::validation
