#include "api/validation/pod.h"

#include "api/quantity.h"
#include "base/strings.h"

namespace api::validation {
namespace {

bool isStandardContainerResource(std::string_view name) {
    return contains({"cpu", "memory", "ephemeral-storage"}, name) || isHugePages(name);
}
bool isStandardResource(std::string_view name) {
    return isStandardQuotaResource(name) || contains({"storage"}, name) || isHugePages(name);
}
bool isNative(std::string_view name) {
    return name.find('/') == std::string_view::npos ||
           name.find("kubernetes.io/") != std::string_view::npos;
}
bool isExtended(std::string_view name) {
    if (isNative(name) || name.substr(0, 9) == "requests.") return false;
    return checkLabelKey("requests." + std::string(name)).empty();
}
bool isIntegerResource(std::string_view name) {
    return isExtended(name) ||
           contains({"pods", "services", "replicationcontrollers", "resourcequotas", "secrets",
                     "configmaps", "persistentvolumeclaims", "services.nodeports",
                     "services.loadbalancers"}, name);
}

void validateHugePageValue(Errors& errors, std::string_view name, const Quantity& quantity,
                           const Path& path) {
    if (!isHugePages(name)) return;
    const auto size = Quantity::parse(name.substr(10));
    const bool fine = size && size->value() > 0 && quantity.value() % size->value() == 0;
    if (!fine)
        errors.invalid(path, quantity.text(),
                       quantity.text() + " is not positive integer multiple of " + std::string(name));
}

void validateClaims(Errors& errors, const Value& claims, const std::set<std::string>& known,
                    const Path& path) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const std::string name = claims[i]["name"].text(), request = claims[i]["request"].text();
        const Path at = path.index(i);
        if (name.empty()) {
            errors.required(at);
            continue;
        }
        std::string key = name;
        if (!request.empty()) {
            validateDnsLabelName(errors, request, at.child("request"));
            key += "/" + request;
        }
        if (!names.insert(key).second) errors.duplicate(at, key);
        if (known.count(name) > 0) continue;
        std::string detail = "must be one of the names in pod.spec.resourceClaims";
        if (known.empty()) detail += " which is empty";
        else detail += ": " + base::join({known.begin(), known.end()}, ", ");
        errors.notFound(at, name, detail);
    }
}

} // namespace

bool isHugePages(std::string_view name) { return name.substr(0, 10) == "hugepages-"; }
bool isOvercommitAllowed(std::string_view name) { return isNative(name) && !isHugePages(name); }

bool isStandardQuotaResource(std::string_view name) {
    return contains({"cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory",
                     "requests.storage", "requests.ephemeral-storage", "limits.cpu", "limits.memory",
                     "limits.ephemeral-storage", "pods", "resourcequotas", "services",
                     "replicationcontrollers", "secrets", "persistentvolumeclaims", "configmaps",
                     "services.nodeports", "services.loadbalancers"}, name) ||
           isHugePages(name) || name.substr(0, 19) == "requests.hugepages-";
}

void validateResourceName(Errors& errors, std::string_view name, const Path& path) {
    const Problems problems = checkLabelKey(name);
    errors.invalidEach(path, name, problems);
    if (!problems.empty()) return;
    if (name.find('/') == std::string_view::npos && !isStandardResource(name))
        errors.invalid(path, name, "must be a standard resource type or fully qualified");
}

void validateContainerResourceName(Errors& errors, std::string_view name, const Path& path) {
    validateResourceName(errors, name, path);
    if (name.find('/') == std::string_view::npos) {
        if (!isStandardContainerResource(name))
            errors.invalid(path, name, "must be a standard resource for containers");
    } else if (!isNative(name) && !isExtended(name)) {
        errors.invalid(path, name, "doesn't follow extended resource name standard");
    }
}

void validateResourceQuantity(Errors& errors, std::string_view name, const Value& value, const Path& path) {
    const Quantity quantity = Quantity::ofValue(value);
    if (quantity.sign() < 0)
        errors.invalid(path, quantity.text(), "must be greater than or equal to 0");
    if (isIntegerResource(name) && quantity.milliValue() % 1000 != 0)
        errors.invalid(path, quantity.text(), "must be an integer");
}

void validateContainerResources(Errors& errors, const Value& resources,
                                const std::set<std::string>& claimNames, const Path& path) {
    const Path limits = path.child("limits"), requests = path.child("requests");
    bool compute = false, huge = false;
    for (const Member& limit : resources["limits"].members()) {
        const std::string_view name = limit.key.view();
        validateContainerResourceName(errors, name, limits.key(name));
        validateResourceQuantity(errors, name, limit.value, limits.key(name));
        validateHugePageValue(errors, name, Quantity::ofValue(limit.value), limits.key(name));
        huge = huge || isHugePages(name);
        compute = compute || name == "cpu" || name == "memory";
    }
    for (const Member& request : resources["requests"].members()) {
        const std::string_view name = request.key.view();
        const Quantity quantity = Quantity::ofValue(request.value);
        validateContainerResourceName(errors, name, requests.key(name));
        validateResourceQuantity(errors, name, request.value, requests.key(name));
        if (resources["limits"].has(name)) {
            const Quantity limit = Quantity::ofValue(resources["limits"][name]);
            if (!(quantity == limit) && !isOvercommitAllowed(name))
                errors.invalid(requests, quantity.text(),
                               "must be equal to " + std::string(name) + " limit of " + limit.text());
            else if (quantity > limit)
                errors.invalid(requests, quantity.text(),
                               "must be less than or equal to " + std::string(name) + " limit of " +
                                   limit.text());
        } else if (!isOvercommitAllowed(name)) {
            errors.required(limits, "Limit must be set for non overcommitable resources");
        }
        validateHugePageValue(errors, name, quantity, requests.key(name));
        huge = huge || isHugePages(name);
        compute = compute || name == "cpu" || name == "memory";
    }
    if (!compute && huge) errors.forbidden(path, "HugePages require cpu or memory");
    validateClaims(errors, resources["claims"], claimNames, path.child("claims"));
}

void validatePodResources(Errors& errors, const Value& spec, const Path& path) {
    const Value& resources = spec["resources"];
    if (resources.isNull()) return;
    const Path at = path.child("resources");
    if (!resources["claims"].isNull())
        errors.forbidden(at.child("claims"), "claims may not be set for Resources at pod-level");
    for (const char* list : {"limits", "requests"}) {
        for (const Member& member : resources[list].members()) {
            const std::string_view name = member.key.view();
            const Path key = at.child(list).key(name);
            validateResourceName(errors, name, key);
            if (name != "cpu" && name != "memory" && !isHugePages(name))
                errors.notSupported(key, name, {"cpu", "memory"});
            validateResourceQuantity(errors, name, member.value, key);
            if (std::string_view(list) == "limits" || !resources["limits"].has(name)) continue;
            const Quantity request = Quantity::ofValue(member.value);
            const Quantity limit = Quantity::ofValue(resources["limits"][name]);
            if (request > limit)
                errors.invalid(at.child("requests"), request.text(),
                               "must be less than or equal to " + std::string(name) + " limit of " +
                                   limit.text());
        }
    }
    for (const Member& member : resources["requests"].members()) {
        const std::string_view name = member.key.view();
        Quantity sum;
        for (const Value& container : spec["containers"].items())
            sum = sum + Quantity::ofValue(container["resources"]["requests"][name]);
        if (sum > Quantity::ofValue(member.value))
            errors.invalid(at.child("requests").key(name), member.value,
                           "must be greater than or equal to aggregate container requests of " +
                               sum.text());
    }
    for (std::size_t i = 0; i < spec["containers"].size(); ++i) {
        for (const Member& limit : spec["containers"][i]["resources"]["limits"].members()) {
            const std::string_view name = limit.key.view();
            if (!resources["limits"].has(name)) continue;
            const Quantity podLimit = Quantity::ofValue(resources["limits"][name]);
            if (Quantity::ofValue(limit.value) > podLimit)
                errors.invalid(at.child("containers").index(i).key(name).child("limits"), limit.value,
                               "must be less than or equal to pod limits of " + podLimit.text());
        }
    }
}

} // namespace api::validation
