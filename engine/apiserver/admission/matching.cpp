#include "apiserver/admission/matching.h"

#include "api/label_selector.h"

namespace apiserver {

using document::Value;

namespace {

bool lists(const Value& list, std::string_view text) {
    for (const Value& item : list.items())
        if (item.asString() == "*" || item.asString() == text) return true;
    return false;
}

bool resourceListed(const Value& list, const std::string& resource, const std::string& subresource) {
    for (const Value& item : list.items()) {
        const std::string_view text = item.asString();
        const auto slash = text.find('/');
        const std::string_view main = text.substr(0, slash);
        const std::string_view sub = slash == std::string_view::npos ? std::string_view() : text.substr(slash + 1);
        const bool mainFits = main == "*" || main == resource;
        const bool subFits = sub == "*" || sub == subresource;
        if (mainFits && subFits) return true;
    }
    return false;
}

} // namespace

bool ruleMatches(const Admission& a, const Value& rule) {
    const std::string_view scope = rule["scope"].asString();
    const bool namespaced = a.resource.namespaced;
    if (scope == "Namespaced" && !namespaced) return false;
    if (scope == "Cluster" && namespaced) return false;
    if (!lists(rule["operations"], a.operation)) return false;
    if (rule["resourceNames"].size() > 0 && !lists(rule["resourceNames"], a.name)) return false;
    return lists(rule["apiGroups"], a.resource.group) && lists(rule["apiVersions"], a.resource.version) &&
           resourceListed(rule["resources"], a.resource.plural, a.subresource);
}

bool selectorsMatch(const Admission& a, const Value& matcher) {
    const Value& byNamespace = matcher["namespaceSelector"];
    const bool isNamespace = a.resource.group.empty() && a.resource.plural == "namespaces";
    if (byNamespace.size() > 0 && (a.resource.namespaced || isNamespace)) {
        const Value ns = isNamespace ? (a.object.isNull() ? a.old : a.object)
                                     : a.core.lookup("", "namespaces", "", a.ns);
        auto selector = api::LabelSelector::fromObject(byNamespace);
        if (!selector.ok() || !selector.value().matches(ns.at("metadata", "labels"))) return false;
    }
    const Value& byObject = matcher["objectSelector"];
    if (byObject.size() > 0) {
        auto selector = api::LabelSelector::fromObject(byObject);
        const bool fits = selector.ok() && (selector.value().matches(a.object.at("metadata", "labels")) ||
                                            selector.value().matches(a.old.at("metadata", "labels")));
        if (!fits) return false;
    }
    return true;
}

bool matchesResources(const Admission& a, const Value& match) {
    if (!selectorsMatch(a, match)) return false;
    for (const Value& rule : match["excludeResourceRules"].items())
        if (ruleMatches(a, rule)) return false;
    if (match["resourceRules"].size() == 0) return true;
    for (const Value& rule : match["resourceRules"].items())
        if (ruleMatches(a, rule)) return true;
    return false;
}

} // namespace apiserver
