// ResourceClaim, ResourceClaimTemplate, DeviceClass. Source: pkg/apis/resource/validation. Their
// expressions are compiled by the API server.
#include "api/validation/devices.h"

#include "base/strings.h"
#include "document/json.h"

#include <algorithm>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

using RequestNames = std::map<std::string, std::set<std::string>>;

RequestNames requestNames(const Value& devices) {
    RequestNames names;
    for (const Value& request : devices["requests"].items()) {
        std::set<std::string>& inner = names[request["name"].text()];
        for (const Value& sub : request["firstAvailable"].items()) inner.insert(sub["name"].text());
    }
    return names;
}

class ClaimRules {
public:
    ClaimRules(Errors& errors, RequestNames names) : errors_(errors), names_(std::move(names)) {}

    void claim(const Value& devices, const Path& path) {
        limitedList(errors_, devices["requests"], 32, path.child("requests"), "name",
                    [&](const Value& item, const Path& at) { request(item, at); });
        limitedList(errors_, devices["constraints"], 32, path.child("constraints"), nullptr,
                    [&](const Value& item, const Path& at) { constraint(item, at); });
        limitedList(errors_, devices["config"], 32, path.child("config"), nullptr,
                    [&](const Value& item, const Path& at) {
                        references(item["requests"], at.child("requests"));
                        validateDeviceConfiguration(errors_, item, at);
                    });
    }
    void references(const Value& list, const Path& path) {
        limitedList(errors_, list, 32, path, "",
                    [&](const Value& item, const Path& at) { reference(item.text(), at); });
    }
    void reference(const std::string& name, const Path& path) {
        constexpr std::string_view kText = "must be the name of a request in the claim or the name of a request and "
                                           "a subrequest separated by '/'";
        const auto segments = base::split(name, '/');
        if (segments.size() > 2) return errors_.invalid(path, name, kText);
        for (const std::string& segment : segments) validateDnsLabelName(errors_, segment, path);
        const auto found = names_.find(segments[0]);
        if (found == names_.end() || (segments.size() == 2 && !found->second.contains(segments[1])))
            errors_.invalid(path, name, kText);
    }

private:
    void request(const Value& request, const Path& path) {
        validateDnsLabelName(errors_, request["name"].asString(), path.child("name"));
        const bool choice = request["firstAvailable"].size() > 0, exactly = !request["exactly"].isNull();
        constexpr std::string_view kText = "exactly one of `exactly` or `firstAvailable` is required";
        if (!choice && !exactly) errors_.required(path, kText);
        else if (choice && exactly)
            errors_.invalid(path, Value(), std::string(kText) + ", but multiple fields are set");
        else if (choice)
            limitedList(errors_, request["firstAvailable"], 8, path.child("firstAvailable"), "name",
                        [&](const Value& item, const Path& at) {
                            validateDnsLabelName(errors_, item["name"].asString(), at.child("name"));
                            exact(item, at);
                        });
        else exact(request["exactly"], path.child("exactly"));
    }
    void exact(const Value& request, const Path& path) {
        const Value& name = request["deviceClassName"];
        if (name.isEmpty()) errors_.required(path.child("deviceClassName"));
        else validateDnsSubdomainName(errors_, name.asString(), path.child("deviceClassName"));
        validateDeviceSelectors(errors_, request["selectors"], path.child("selectors"));
        const std::string mode = request["allocationMode"].text();
        const std::int64_t count = request["count"].asInt();
        if (mode == "All") {
            if (count != 0)
                errors_.invalid(path.child("count"), count, "must not be specified when allocationMode is 'All'");
        } else if (mode == "ExactCount") {
            if (count <= 0) errors_.invalid(path.child("count"), count, "must be greater than zero");
        } else {
            errors_.notSupported(path.child("allocationMode"), mode, {"All", "ExactCount"});
        }
        for (std::size_t i = 0; i < request["tolerations"].size(); ++i)
            toleration(request["tolerations"][i], path.child("tolerations").index(i));
    }
    void toleration(const Value& toleration, const Path& path) {
        if (!toleration["key"].isEmpty())
            validateLabelName(errors_, toleration["key"].asString(), path.child("key"));
        const std::string op = toleration["operator"].text();
        const std::string_view value = toleration["value"].asString();
        if (op == "Exists") {
            if (!value.empty()) errors_.invalid(path.child("value"), value, "must be empty for operator `Exists`");
        } else if (op == "Equal") {
            errors_.invalidEach(path.child("value"), value, checkLabelValue(value));
        } else if (op.empty()) {
            errors_.required(path.child("operator"));
        } else {
            errors_.notSupported(path.child("operator"), op, {"Equal", "Exists"});
        }
        const Value& effect = toleration["effect"];
        if (!effect.isEmpty() && !contains({"NoExecute", "NoSchedule", "None"}, effect.asString()))
            errors_.notSupported(path.child("effect"), effect, {"NoExecute", "NoSchedule", "None"});
    }
    void constraint(const Value& constraint, const Path& path) {
        references(constraint["requests"], path.child("requests"));
        for (const char* field : {"matchAttribute", "distinctAttribute"}) {
            const Value& name = constraint[field];
            if (name.isNull()) continue;
            validateDeviceQualifiedName(errors_, name.asString(), path.child(field));
            if (name.asString().find('/') == std::string_view::npos)
                errors_.invalid(path.child(field), name,
                                "a fully qualified name must be a domain and a name separated by a slash");
            return;
        }
        errors_.required(path, "exactly one of \"matchAttribute\" or \"distinctAttribute\" is required, but multiple "
                               "fields are set");
    }

    Errors& errors_;
    RequestNames names_;
};

void claimSpec(Errors& errors, const Value& spec, const Path& path) {
    ClaimRules(errors, requestNames(spec["devices"])).claim(spec["devices"], path.child("devices"));
}

void claim(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    claimSpec(errors, object["spec"], kSpec);
}
void keepSpec(Errors& errors, const Value& object, const Value& old, const char* type) {
    if (!(object["spec"] == old["spec"]))
        errors.invalidText(kSpec, internalJson(type, object["spec"]), "field is immutable");
}
void claimUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    keepSpec(errors, object, old, "resource.ResourceClaimSpec");
}

void claimTemplate(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], true, nameIsSubdomain, kMeta);
    const Path path = kSpec.child("metadata");
    validateAnnotations(errors, object["spec"]["metadata"]["annotations"], path.child("annotations"));
    validateLabels(errors, object["spec"]["metadata"]["labels"], path.child("labels"));
    claimSpec(errors, object["spec"]["spec"], kSpec.child("spec"));
}
void claimTemplateUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    keepSpec(errors, object, old, "resource.ResourceClaimTemplateSpec");
}

bool isExtendedResource(std::string_view name) {
    if (name.find('/') == std::string_view::npos || name.find("kubernetes.io/") != std::string_view::npos ||
        name.starts_with("requests."))
        return false;
    return checkLabelKey("requests." + std::string(name)).empty();
}

void classSpec(Errors& errors, const Value& spec) {
    validateDeviceSelectors(errors, spec["selectors"], kSpec.child("selectors"));
    limitedList(errors, spec["config"], 32, kSpec.child("config"), nullptr,
                [&](const Value& item, const Path& at) { validateDeviceConfiguration(errors, item, at); });
    const Value& extended = spec["extendedResourceName"];
    if (!extended.isNull() && !isExtendedResource(extended.asString()))
        errors.invalid(kSpec.child("extendedResourceName"), extended, "must be a valid extended resource name");
}
void deviceClass(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    classSpec(errors, object["spec"]);
}
void deviceClassUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    classSpec(errors, object["spec"]);
}

using DeviceIds = std::set<std::string>;
std::string deviceId(const Value& device) {
    std::string id = device["driver"].text() + "/" + device["pool"].text() + "/" + device["device"].text();
    if (!device["shareID"].isNull()) id += "/" + device["shareID"].text();
    return id;
}

void deviceStatus(Errors& errors, const Value& device, const DeviceIds& allocated, const Path& path) {
    validateDriverName(errors, device["driver"].asString(), path.child("driver"));
    validatePoolName(errors, device["pool"].text(), path.child("pool"));
    validateDnsLabelName(errors, device["device"].asString(), path.child("device"));
    if (!allocated.contains(deviceId(device)))
        errors.invalid(path, deviceId(device), "must be an allocated device in the claim");
    if (device["conditions"].size() > 8)
        errors.tooMany(path.child("conditions"), static_cast<std::int64_t>(device["conditions"].size()), 8);
    validateConditions(errors, device["conditions"], path.child("conditions"));
    if (!device["data"].isNull() && !device["data"].isObject())
        errors.invalid(path.child("data"), "<value omitted>", "must be a valid JSON object");
    const Value& network = device["networkData"];
    const Path at = path.child("networkData");
    if (network["interfaceName"].asString().size() > 256) errors.tooLong(at.child("interfaceName"), 256);
    if (network["hardwareAddress"].asString().size() > 128) errors.tooLong(at.child("hardwareAddress"), 128);
}

void allocation(Errors& errors, const Value& result, ClaimRules& rules) {
    const Path path = Path("status").child("allocation");
    limitedList(errors, result["devices"]["results"], 32, path.child("devices", "results"), nullptr,
                [&](const Value& item, const Path& at) {
                    rules.reference(item["request"].text(), at.child("request"));
                    validateDriverName(errors, item["driver"].asString(), at.child("driver"));
                    validatePoolName(errors, item["pool"].text(), at.child("pool"));
                    validateDnsLabelName(errors, item["device"].asString(), at.child("device"));
                    validateDeviceBinding(errors, item, at);
                });
    limitedList(errors, result["devices"]["config"], 64, path.child("devices", "config"), nullptr,
                [&](const Value& item, const Path& at) {
                    validateOneOf(errors, item["source"], at.child("source"), {"FromClaim", "FromClass"});
                    rules.references(item["requests"], at.child("requests"));
                    validateDeviceConfiguration(errors, item, at);
                });
    if (!result["nodeSelector"].isNull())
        validateNodeSelector(errors, result["nodeSelector"], path.child("nodeSelector"));
}

void claimStatus(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    const Value& status = object["status"];
    const Value& before = old["status"];
    const Path path("status");
    limitedList(errors, status["reservedFor"], 256, path.child("reservedFor"), "uid",
                [&](const Value& item, const Path& at) {
                    for (const char* field : {"resource", "name", "uid"})
                        if (item[field].isEmpty()) errors.required(at.child(field));
                });
    DeviceIds allocated;
    for (const Value& device : status["allocation"]["devices"]["results"].items()) allocated.insert(deviceId(device));
    for (std::size_t i = 0; i < status["devices"].size(); ++i)
        deviceStatus(errors, status["devices"][i], allocated, path.child("devices").index(i));
    const bool has = !status["allocation"].isNull(), had = !before["allocation"].isNull();
    if (status["reservedFor"].size() > 0) {
        const auto known = before["reservedFor"].items();
        bool added = false;
        for (const Value& item : status["reservedFor"].items())
            added = added || std::find(known.begin(), known.end(), item) == known.end();
        if (!has)
            errors.forbidden(path.child("reservedFor"), "may not be specified when `allocated` is not set");
        else if (added && !object["metadata"]["deletionTimestamp"].isNull())
            errors.forbidden(path.child("reservedFor"), "new entries may not be added while `deallocationRequested` "
                                                        "or `deletionTimestamp` are set");
    }
    if (has && had) {
        if (!(status["allocation"] == before["allocation"]))
            errors.invalidText(path.child("allocation"),
                               internalJson("resource.AllocationResult", status["allocation"]), "field is immutable");
    } else if (has) {
        ClaimRules rules(errors, requestNames(object["spec"]["devices"]));
        allocation(errors, status["allocation"], rules);
    }
}

} // namespace

void validateDriverName(Errors& errors, std::string_view name, const Path& path) {
    if (name.empty()) return errors.required(path);
    if (name.size() > 63) errors.tooLong(path, 63);
    errors.invalidEach(path, name, checkDns1123Subdomain(base::toLower(name)));
}

void validatePoolName(Errors& errors, const std::string& name, const Path& path) {
    if (name.empty()) return errors.required(path);
    if (name.size() > 253) errors.tooLong(path, 253);
    for (const std::string& part : base::split(name, '/')) validateDnsSubdomainName(errors, part, path);
}

void validateDeviceQualifiedName(Errors& errors, std::string_view name, const Path& path) {
    const auto identifier = [&](const std::string& text) {
        if (text.size() > 32) errors.tooLong(path, 32);
        errors.invalidEach(path, text, checkCIdentifier(text));
    };
    const auto parts = base::split(name, '/');
    if (parts.size() == 1) identifier(parts[0]);
    if (parts.size() != 2) return;
    if (parts[0].empty()) errors.invalid(path, "", "the domain must not be empty");
    else validateDriverName(errors, parts[0], path);
    if (parts[1].empty()) errors.invalid(path, "", "the name must not be empty");
    else identifier(parts[1]);
}

void validateDeviceSelectors(Errors& errors, const Value& selectors, const Path& path) {
    limitedList(errors, selectors, 32, path, nullptr, [&](const Value& item, const Path& at) {
        const Path cel = at.child("cel");
        if (item["cel"].isNull()) errors.required(cel);
        else if (item["cel"]["expression"].asString().size() > 10240) errors.tooLong(cel.child("expression"), 10240);
    });
}

void validateDeviceConfiguration(Errors& errors, const Value& config, const Path& path) {
    const Value& opaque = config["opaque"];
    const Path at = path.child("opaque");
    if (opaque.isNull()) return errors.required(at);
    validateDriverName(errors, opaque["driver"].asString(), at.child("driver"));
    const Value& parameters = opaque["parameters"];
    if (parameters.isNull()) errors.required(at.child("parameters"));
    else if (document::writeJson(parameters).size() > 10240) errors.tooLong(at.child("parameters"), 10240);
    else if (!parameters.isObject())
        errors.invalid(at.child("parameters"), "<value omitted>", "must be a valid JSON object");
}

void validateDeviceBinding(Errors& errors, const Value& device, const Path& path) {
    const Value& wanted = device["bindingConditions"];
    const Value& failures = device["bindingFailureConditions"];
    const Path wantedPath = path.child("bindingConditions"), failurePath = path.child("bindingFailureConditions");
    const auto named = [&](const Value& item, const Path& at) { validateLabelName(errors, item.asString(), at); };
    limitedList(errors, wanted, 4, wantedPath, nullptr, named);
    limitedList(errors, failures, 4, failurePath, nullptr, named);
    std::set<std::string> conditions, seen;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (!conditions.insert(wanted[i].text()).second) errors.duplicate(wantedPath.index(i), wanted[i]);
    for (std::size_t i = 0; i < failures.size(); ++i) {
        if (!seen.insert(failures[i].text()).second) errors.duplicate(failurePath.index(i), failures[i]);
        if (conditions.contains(failures[i].text()))
            errors.invalid(failurePath.index(i), failures[i],
                           "bindingFailureConditions must not overlap with bindingConditions");
    }
    if (wanted.size() == 0 && failures.size() > 0)
        errors.invalid(wantedPath, wanted, "bindingConditions are required to use bindingFailureConditions");
    if (failures.size() == 0 && wanted.size() > 0)
        errors.invalid(failurePath, failures, "bindingFailureConditions are required to use bindingConditions");
}

std::span<const KindRules> deviceRules() {
    static constexpr KindRules kRules[] = {
        {"resource.k8s.io", "ResourceClaim", claim, claimUpdate, claimStatus},
        {"resource.k8s.io", "ResourceClaimTemplate", claimTemplate, claimTemplateUpdate, nullptr},
        {"resource.k8s.io", "DeviceClass", deviceClass, deviceClassUpdate, nullptr},
        {"resource.k8s.io", "ResourceSlice", validateResourceSlice, validateResourceSliceUpdate, nullptr},
    };
    return kRules;
}

} // namespace api::validation
