// Source: kubernetes plugin/pkg/admission/limitranger.
#include "api/quantity.h"
#include "apiserver/admission/plugin.h"
#include "base/strings.h"

#include <map>

namespace apiserver {

using document::Value;

namespace {

// Defaults of a namespace: for requests the default request, then the default limit, then the maximum.
struct Defaults {
    std::map<std::string, Value> requests, limits;
};

Defaults defaultsOf(const Value& range) {
    Defaults out;
    for (const Value& item : range.at("spec", "limits").items()) {
        if (item["type"].asString() != "Container") continue;
        for (const auto& member : item["defaultRequest"].members()) out.requests[member.key.text()] = member.value;
        for (const auto& member : item["default"].members()) out.limits[member.key.text()] = member.value;
    }
    return out;
}

Value complete(const Value& container, const Defaults& defaults, std::string& note) {
    Value out = container;
    std::vector<std::string> requests, limits;
    for (const auto& [resource, quantity] : defaults.requests)
        if (!container.at("resources", "requests").has(resource)) {
            out = out.withPath({"resources", "requests", resource}, quantity);
            requests.push_back(resource);
        }
    for (const auto& [resource, quantity] : defaults.limits)
        if (!container.at("resources", "limits").has(resource)) {
            out = out.withPath({"resources", "limits", resource}, quantity);
            limits.push_back(resource);
        }
    const std::string name = container["name"].text();
    const auto add = [&](const std::vector<std::string>& list, const char* what) {
        if (list.empty()) return;
        if (!note.empty()) note += "; ";
        note += base::join(list, ", ") + " " + what + " for ";
    };
    (void)name;
    add(requests, "request");
    if (!requests.empty()) note += "container " + name;
    add(limits, "limit");
    if (!limits.empty()) note += "container " + name;
    return out;
}

using Problems = std::vector<std::string>;

std::string requestLimitText(const Value& resources, const char* side, const std::string& resource) {
    const Value& value = resources[side][resource];
    return value.isString() ? value.text() : "";
}

// One limit item against requests and limits.
void checkAgainst(const Value& item, const Value& resources, Problems& problems) {
    const std::string type = item["type"].text();
    for (const auto& member : item["min"].members()) {
        const std::string resource = member.key.text();
        const std::string request = requestLimitText(resources, "requests", resource);
        const std::string limit = requestLimitText(resources, "limits", resource);
        const api::Quantity bound = api::Quantity::of(member.value.asString());
        if (request.empty())
            problems.push_back("minimum " + resource + " usage per " + type + " is " + bound.text() +
                               ".  No request is specified");
        else if (api::Quantity::of(request) < bound)
            problems.push_back("minimum " + resource + " usage per " + type + " is " + bound.text() +
                               ", but request is " + request);
        else if (!limit.empty() && api::Quantity::of(limit) < bound)
            problems.push_back("minimum " + resource + " usage per " + type + " is " + bound.text() +
                               ", but limit is " + limit);
    }
    for (const auto& member : item["max"].members()) {
        const std::string resource = member.key.text();
        const std::string request = requestLimitText(resources, "requests", resource);
        const std::string limit = requestLimitText(resources, "limits", resource);
        const api::Quantity bound = api::Quantity::of(member.value.asString());
        if (limit.empty() && type != "PersistentVolumeClaim")
            problems.push_back("maximum " + resource + " usage per " + type + " is " + bound.text() +
                               ".  No limit is specified");
        else if (!limit.empty() && bound < api::Quantity::of(limit))
            problems.push_back("maximum " + resource + " usage per " + type + " is " + bound.text() +
                               ", but limit is " + limit);
        else if (!request.empty() && bound < api::Quantity::of(request))
            problems.push_back("maximum " + resource + " usage per " + type + " is " + bound.text() +
                               ", but request is " + request);
    }
    for (const auto& member : item["maxLimitRequestRatio"].members()) {
        const std::string resource = member.key.text();
        const std::string request = requestLimitText(resources, "requests", resource);
        const std::string limit = requestLimitText(resources, "limits", resource);
        const api::Quantity bound = api::Quantity::of(member.value.asString());
        const std::string head = resource + " max limit to request ratio per " + type + " is " + bound.text();
        if (request.empty() || api::Quantity::of(request).isZero()) {
            problems.push_back(head + ", but no request is specified or request is 0");
            continue;
        }
        if (limit.empty() || api::Quantity::of(limit).isZero()) {
            problems.push_back(head + ", but no limit is specified or limit is 0");
            continue;
        }
        const double ratio = api::Quantity::of(limit).asDouble() / api::Quantity::of(request).asDouble();
        if (ratio > bound.asDouble()) {
            std::string shown = std::to_string(ratio);
            shown.resize(shown.find('.') + 7);
            problems.push_back(head + ", but provided ratio is " + shown);
        }
    }
}

// Sum over containers, the largest init container, as the scheduler counts.
Value podResources(const Value& pod) {
    Value out = Value::object();
    for (const char* side : {"requests", "limits"}) {
        std::map<std::string, api::Quantity> sums;
        for (const Value& container : pod.at("spec", "containers").items())
            for (const auto& member : container.at("resources")[side].members())
                sums[member.key.text()] = sums[member.key.text()] + api::Quantity::of(member.value.asString());
        for (const Value& container : pod.at("spec", "initContainers").items())
            for (const auto& member : container.at("resources")[side].members()) {
                api::Quantity& sum = sums[member.key.text()];
                const api::Quantity own = api::Quantity::of(member.value.asString());
                if (sum < own) sum = own;
            }
        for (const auto& [resource, quantity] : sums) out = out.withPath({side, resource}, quantity.text());
    }
    return out;
}

base::Status report(const Admission& a, const Problems& problems) {
    if (problems.empty()) return base::okStatus();
    if (problems.size() == 1) return refuse(a, problems[0]);
    return refuse(a, "[" + base::join(problems, ", ") + "]");
}

} // namespace

base::Status limitRangerDefaults(Admission& a) {
    if (!isPod(a) || !creates(a)) return base::okStatus();
    for (const Value& range : a.core.all("", "limitranges", a.ns)) {
        const Defaults defaults = defaultsOf(range);
        std::string note;
        for (const char* list : {"containers", "initContainers"}) {
            document::ArrayBuilder containers;
            for (const Value& container : a.object["spec"][list].items())
                containers.push(complete(container, defaults, note));
            if (containers.size() > 0) a.object = a.object.withPath({"spec", list}, std::move(containers).build());
        }
        if (!note.empty())
            a.object = a.object.withPath({"metadata", "annotations", "kubernetes.io/limit-ranger"},
                                         "LimitRanger plugin set: " + note);
    }
    return base::okStatus();
}

base::Status limitRangerCheck(Admission& a) {
    const bool claim = a.resource.plural == "persistentvolumeclaims" && a.resource.group.empty();
    if ((!isPod(a) && !claim) || (a.operation != "CREATE" && a.operation != "UPDATE")) return base::okStatus();
    if (!a.subresource.empty() && a.subresource != "resize") return base::okStatus();
    if (isPod(a) && a.operation == "UPDATE" && a.subresource != "resize") return base::okStatus();
    Problems problems;
    for (const Value& range : a.core.all("", "limitranges", a.ns))
        for (const Value& item : range.at("spec", "limits").items()) {
            const std::string_view type = item["type"].asString();
            if (claim && type == "PersistentVolumeClaim") checkAgainst(item, a.object.at("spec", "resources"), problems);
            if (claim) continue;
            if (type == "Container")
                for (const char* list : {"containers", "initContainers"})
                    for (const Value& container : a.object["spec"][list].items())
                        checkAgainst(item, container["resources"], problems);
            if (type == "Pod") checkAgainst(item, podResources(a.object), problems);
        }
    return report(a, problems);
}

} // namespace apiserver
