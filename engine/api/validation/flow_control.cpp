// FlowSchema and PriorityLevelConfiguration. Source: pkg/apis/flowcontrol/validation.
#include "api/validation/rules.h"

#include "base/strings.h"

#include <algorithm>
#include <cmath>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

void verbs(Errors& errors, const Value& list, const Path& path) {
    static const std::vector<std::string> kVerbs = {"create", "delete", "deletecollection", "get", "list",
                                                    "patch",  "proxy",  "update",           "watch"};
    if (list.size() == 0) {
        errors.required(path, "verbs must contain at least one value");
    } else if (hasWildcard(list)) {
        if (list.size() > 1) errors.invalid(path, list, "if '*' is present, must not specify other verbs");
    } else {
        bool known = true;
        for (const Value& verb : list.items())
            known = known && std::find(kVerbs.begin(), kVerbs.end(), verb.text()) != kVerbs.end();
        if (!known) errors.notSupported(path, list, kVerbs);
    }
}

void resourceRule(Errors& errors, const Value& rule, const Path& path) {
    verbs(errors, rule["verbs"], path.child("verbs"));
    struct List {
        const char *field, *absent, *others;
    };
    for (const List& list : {List{"apiGroups", "resource rules must supply at least one api group", "api groups"},
                             List{"resources", "resource rules must supply at least one resource", "resources"}}) {
        const Value& values = rule[list.field];
        if (values.size() == 0) errors.required(path.child(list.field), list.absent);
        else if (values.size() > 1 && hasWildcard(values))
            errors.invalid(path.child(list.field), values,
                           std::string("if '*' is present, must not specify other ") + list.others);
    }
    const Value& spaces = rule["namespaces"];
    const Path at = path.child("namespaces");
    if (spaces.size() == 0 && !rule["clusterScope"].asBool()) {
        errors.required(at, "resource rules that are not cluster scoped must supply at least one namespace");
    } else if (hasWildcard(spaces)) {
        if (spaces.size() > 1) errors.invalid(at, spaces, "if '*' is present, must not specify other namespaces");
    } else {
        for (std::size_t i = 0; i < spaces.size(); ++i)
            for (const std::string& problem : checkDns1123Label(spaces[i].asString()))
                errors.invalid(at.index(i), spaces[i],
                               "each member of this list must be '*' or a DNS-1123 label; " + problem);
    }
}

void urlPath(Errors& errors, const Value& url, const Path& path) {
    const std::string_view text = url.asString();
    const auto stars = std::count(text.begin(), text.end(), '*');
    if (text.empty()) errors.invalid(path, text, "must not be empty");
    else if (text == "/") return;
    else if (text[0] != '/') errors.invalid(path, text, "must start with slash");
    else if (text.find(' ') != std::string_view::npos) errors.invalid(path, text, "must not contain white-space");
    else if (text.find("//") != std::string_view::npos) errors.invalid(path, text, "must not contain double slash");
    else if (stars > 1 || (stars == 1 && !text.ends_with("/*")))
        errors.invalid(path, text, "wildcard can only do suffix matching");
}

void urlRule(Errors& errors, const Value& rule, const Path& path) {
    verbs(errors, rule["verbs"], path.child("verbs"));
    const Value& urls = rule["nonResourceURLs"];
    const Path at = path.child("nonResourceURLs");
    if (urls.size() == 0) {
        errors.required(at, "nonResourceURLs must contain at least one value");
    } else if (hasWildcard(urls)) {
        if (urls.size() > 1) errors.invalid(at, urls, "if '*' is present, must not specify other non-resource URLs");
    } else {
        for (std::size_t i = 0; i < urls.size(); ++i) urlPath(errors, urls[i], at.index(i));
    }
}

void serviceAccountSubject(Errors& errors, const Value& account, const Path& path) {
    const std::string_view name = account["name"].asString(), space = account["namespace"].asString();
    if (name.empty()) errors.required(path.child("name"));
    else if (name != "*") validateDnsSubdomainName(errors, name, path.child("name"));
    if (space.empty()) errors.required(path.child("namespace"), "must specify namespace for service account");
    else validateDnsLabelName(errors, space, path.child("namespace"));
}

void subject(Errors& errors, const Value& subject, const Path& path) {
    struct Kind {
        const char *kind, *field;
    };
    static constexpr Kind kKinds[] = {{"ServiceAccount", "serviceAccount"}, {"User", "user"}, {"Group", "group"}};
    const std::string kind = subject["kind"].text();
    const Kind* own = nullptr;
    for (const Kind& one : kKinds)
        if (kind == one.kind) own = &one;
    if (own == nullptr) {
        errors.notSupported(path.child("kind"), kind, {"Group", "ServiceAccount", "User"});
        return;
    }
    const Value& value = subject[own->field];
    const Path at = path.child(own->field);
    if (value.isNull())
        errors.required(at, std::string(own->field) + " is required when subject kind is '" + kind + "'");
    else if (kind == "ServiceAccount") serviceAccountSubject(errors, value, at);
    else if (value["name"].isEmpty()) errors.required(at.child("name"));
    for (const Kind& other : kKinds)
        if (&other != own && !subject[other.field].isNull())
            errors.forbidden(path.child(other.field), std::string(other.field) +
                                                          " is forbidden when subject kind is not '" +
                                                          other.kind + "'");
}

void schemaRule(Errors& errors, const Value& rule, const Path& path) {
    const Value& subjects = rule["subjects"];
    if (subjects.size() == 0) errors.required(path.child("subjects"), "subjects must contain at least one value");
    for (std::size_t i = 0; i < subjects.size(); ++i) subject(errors, subjects[i], path.child("subjects").index(i));
    const Value& resources = rule["resourceRules"];
    const Value& urls = rule["nonResourceRules"];
    if (resources.size() == 0 && urls.size() == 0)
        errors.required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
    for (std::size_t i = 0; i < resources.size(); ++i)
        resourceRule(errors, resources[i], path.child("resourceRules").index(i));
    for (std::size_t i = 0; i < urls.size(); ++i) urlRule(errors, urls[i], path.child("nonResourceRules").index(i));
}

void conditions(Errors& errors, const Value& object) {
    std::set<std::string> types;
    const Value& list = object["status"]["conditions"];
    for (std::size_t i = 0; i < list.size(); ++i) {
        const Path at = Path("status").child("conditions").index(i).child("type");
        if (!types.insert(list[i]["type"].text()).second) errors.duplicate(at, list[i]["type"].asString());
        if (list[i]["type"].isEmpty()) errors.required(at);
    }
}

// What the server itself keeps cannot be changed. Source: pkg/apis/flowcontrol/internalbootstrap.
Value everything() {
    const Value star = Value::array({"*"});
    return Value::object({{"resourceRules",
                           Value::array({Value::object({{"verbs", star},
                                                        {"apiGroups", star},
                                                        {"resources", star},
                                                        {"clusterScope", true},
                                                        {"namespaces", star}})})},
                          {"nonResourceRules",
                           Value::array({Value::object({{"verbs", star}, {"nonResourceURLs", star}})})}});
}
Value groupSubject(const char* name) {
    return Value::object({{"kind", "Group"}, {"group", Value::object({{"name", name}})}});
}
Value fixedSchema(std::string_view name) {
    if (name == "exempt")
        return Value::object({{"priorityLevelConfiguration", Value::object({{"name", "exempt"}})},
                              {"matchingPrecedence", 1},
                              {"rules", Value::array({everything().with(
                                            "subjects", Value::array({groupSubject("system:masters")}))})}});
    if (name == "catch-all") {
        const Value subjects = Value::array({groupSubject("system:unauthenticated"),
                                             groupSubject("system:authenticated")});
        return Value::object({{"priorityLevelConfiguration", Value::object({{"name", "catch-all"}})},
                              {"matchingPrecedence", 10000},
                              {"distinguisherMethod", Value::object({{"type", "ByUser"}})},
                              {"rules", Value::array({everything().with("subjects", subjects)})}});
    }
    return {};
}

void flowSchema(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    const Value& spec = object["spec"];
    const std::string name = object["metadata"]["name"].text();
    const std::int64_t precedence = spec["matchingPrecedence"].asInt();
    const Path at = kSpec.child("matchingPrecedence");
    if (precedence <= 0) errors.invalid(at, precedence, "must be a positive value");
    if (precedence > 10000) errors.invalid(at, precedence, "must not be greater than 10000");
    if (precedence == 1 && name != "exempt")
        errors.invalid(at, precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
    const Value& method = spec["distinguisherMethod"];
    if (!method.isNull() && !contains({"ByNamespace", "ByUser"}, method["type"].asString()))
        errors.notSupportedText(kSpec.child("distinguisherMethod", "type"),
                                "{\"Type\":" + badValueText(method["type"].asString()) + "}",
                                {"ByNamespace", "ByUser"});
    const Value& level = spec["priorityLevelConfiguration"]["name"];
    const Path levelPath = kSpec.child("priorityLevelConfiguration", "name");
    if (level.isEmpty()) errors.required(levelPath, "must reference a priority level");
    else validateDnsSubdomainName(errors, level.asString(), levelPath);
    for (std::size_t i = 0; i < spec["rules"].size(); ++i)
        schemaRule(errors, spec["rules"][i], kSpec.child("rules").index(i));
    const Value fixed = fixedSchema(name);
    if (!fixed.isNull() && !(fixed == spec))
        errors.invalidText(kSpec, internalJson("flowcontrol.FlowSchemaSpec", spec),
                           "spec of '" + name + "' must equal the fixed value");
    conditions(errors, object);
}
void flowSchemaUpdate(Errors& errors, const Value& object, const Value&) { flowSchema(errors, object); }

// Source: apiserver pkg/util/shufflesharding: the bits that dealing `hand` of `deck` cards takes.
int entropyBits(std::int64_t deck, std::int64_t hand) {
    return static_cast<int>(std::ceil(std::log2(static_cast<double>(deck)) * static_cast<double>(hand)));
}

void queuing(Errors& errors, const Value& queues, const Path& path) {
    const std::int64_t length = queues["queueLengthLimit"].asInt(), count = queues["queues"].asInt();
    const std::int64_t hand = queues["handSize"].asInt();
    if (length <= 0) errors.invalid(path.child("queueLengthLimit"), length, "must be positive");
    if (count <= 0) errors.invalid(path.child("queues"), count, "must be positive");
    else if (count > 10'000'000) errors.invalid(path.child("queues"), count, "must not be greater than 10000000");
    constexpr int kMostBits = 60;
    const Path at = path.child("handSize");
    if (hand <= 0) {
        errors.invalid(at, hand, "must be positive");
    } else if (hand > count) {
        errors.invalid(at, hand, "should not be greater than queues (" + std::to_string(count) + ")");
    } else if (entropyBits(count, hand) > kMostBits) {
        errors.invalid(at, hand,
                       "required entropy bits of deckSize " + std::to_string(count) + " and handSize " +
                           std::to_string(hand) + " should not be greater than 60");
    }
}

void percent(Errors& errors, const Value& value, const Path& path) {
    if (!value.isNull() && (value.asInt() < 0 || value.asInt() > 100))
        errors.invalid(path, value, "must be between 0 and 100, inclusive");
}

void limitedLevel(Errors& errors, const Value& limited, const Path& path) {
    const Value& shares = limited["nominalConcurrencyShares"];
    if (shares.asInt() < 0)
        errors.invalid(path.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
    const Value& response = limited["limitResponse"];
    const Path at = path.child("limitResponse");
    const std::string type = response["type"].text();
    if (type == "Reject") {
        if (!response["queuing"].isNull())
            errors.forbidden(at.child("queuing"), "must be nil if limited.limitResponse.type is not Limited");
    } else if (type == "Queue") {
        if (response["queuing"].isNull())
            errors.required(at.child("queuing"), "must not be empty if limited.limitResponse.type is Limited");
        else queuing(errors, response["queuing"], at.child("queuing"));
    } else {
        errors.notSupported(at.child("type"), type, {"Queue", "Reject"});
    }
    percent(errors, limited["lendablePercent"], path.child("lendablePercent"));
    const Value& borrowing = limited["borrowingLimitPercent"];
    if (!borrowing.isNull() && borrowing.asInt() < 0)
        errors.invalid(path.child("borrowingLimitPercent"), borrowing, "if specified, must be a non-negative integer");
}

void fixedLevel(Errors& errors, const std::string& name, const Value& spec) {
    if (name == "exempt" && !(spec.without("exempt") == Value::object({{"type", "Exempt"}})))
        errors.invalidText(kSpec, internalJson("flowcontrol.PriorityLevelConfigurationSpec", spec),
                           "spec of 'exempt' except the 'spec.exempt' field must equal the fixed value");
    const Value limited = Value::object({{"nominalConcurrencyShares", 5},
                                         {"lendablePercent", 0},
                                         {"limitResponse", Value::object({{"type", "Reject"}})}});
    if (name == "catch-all" && !(spec == Value::object({{"type", "Limited"}, {"limited", limited}})))
        errors.invalidText(kSpec, internalJson("flowcontrol.PriorityLevelConfigurationSpec", spec),
                           "spec of 'catch-all' must equal the fixed value");
}

void priorityLevel(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    // A mark of an old version's conversion.
    constexpr const char* kMark = "flowcontrol.k8s.io/v1beta3-preserve-zero-concurrency-shares";
    if (object["metadata"]["annotations"].has(kMark))
        errors.forbidden(kMeta.child("annotations"), "annotation '" + std::string(kMark) + "' is forbidden");
    const Value& spec = object["spec"];
    const std::string name = object["metadata"]["name"].text(), type = spec["type"].text();
    if ((name == "exempt") != (type == "Exempt"))
        errors.invalid(kSpec.child("type"), type, "must be 'Exempt' if and only if `name` is 'exempt'");
    if (type == "Exempt") {
        if (!spec["limited"].isNull())
            errors.forbidden(kSpec.child("limited"), "must be nil if the type is not Limited");
        const Value& shares = spec["exempt"]["nominalConcurrencyShares"];
        const Path at = kSpec.child("exempt");
        if (!shares.isNull() && shares.asInt() < 0)
            errors.invalid(at.child("nominalConcurrencyShares"), shares, "must be a non-negative integer");
        percent(errors, spec["exempt"]["lendablePercent"], at.child("lendablePercent"));
    } else if (type == "Limited") {
        if (!spec["exempt"].isNull()) errors.forbidden(kSpec.child("exempt"), "must be nil if the type is Limited");
        if (spec["limited"].isNull())
            errors.required(kSpec.child("limited"), "must not be empty when type is Limited");
        else limitedLevel(errors, spec["limited"], kSpec.child("limited"));
    } else {
        errors.notSupported(kSpec.child("type"), type, {"Exempt", "Limited"});
    }
    fixedLevel(errors, name, spec);
    conditions(errors, object);
}
void priorityLevelUpdate(Errors& errors, const Value& object, const Value&) { priorityLevel(errors, object); }

void conditionsUpdate(Errors& errors, const Value& object, const Value&) { conditions(errors, object); }

} // namespace

std::span<const KindRules> flowRules() {
    static constexpr KindRules kRules[] = {
        {"flowcontrol.apiserver.k8s.io", "FlowSchema", flowSchema, flowSchemaUpdate, conditionsUpdate, true},
        {"flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration", priorityLevel, priorityLevelUpdate,
         conditionsUpdate, true},
    };
    return kRules;
}

} // namespace api::validation
