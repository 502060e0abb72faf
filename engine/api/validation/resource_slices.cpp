// ResourceSlice. Source: pkg/apis/resource/validation.
#include "api/validation/devices.h"

#include "api/quantity.h"
#include "base/strings.h"

#include <re2/re2.h>

namespace api::validation {
namespace {

const Path kMeta("metadata");
const Path kSpec("spec");

bool isSemanticVersion(std::string_view text) {
    static const RE2 kPattern("(0|[1-9]\\d*)\\.(0|[1-9]\\d*)\\.(0|[1-9]\\d*)"
                              "(-(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)"
                              "(\\.(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?"
                              "(\\+[0-9a-zA-Z-]+(\\.[0-9a-zA-Z-]+)*)?");
    return RE2::FullMatch(re2::StringPiece(text.data(), text.size()), kPattern);
}

// A long key is shown without its middle.
std::string shortKey(std::string_view key, std::size_t limit) {
    if (key.size() <= limit) return std::string(key);
    const std::size_t rest = limit - 3;
    return std::string(key.substr(0, (rest + 1) / 2)) + "..." + std::string(key.substr(key.size() - rest / 2));
}

void attribute(Errors& errors, const Value& value, const Path& path) {
    int count = 0;
    for (const char* field : {"bool", "int", "string", "version"}) count += value[field].isNull() ? 0 : 1;
    const std::string_view text = value["string"].asString(), version = value["version"].asString();
    if (text.size() > 64) errors.tooLong(path.child("string"), 64);
    if (!value["version"].isNull()) {
        if (!isSemanticVersion(version))
            errors.invalid(path.child("version"), version, "must be a string compatible with semver.org spec 2.0.0");
        if (version.size() > 64) errors.tooLong(path.child("version"), 64);
    }
    if (count == 0) errors.invalid(path, "", "exactly one value must be specified");
    if (count > 1) {
        const Value shown = Value::object({{"IntValue", value["int"]}, {"BoolValue", value["bool"]},
                                           {"StringValue", value["string"]}, {"VersionValue", value["version"]}});
        errors.invalidText(path, internalJson("resource.DeviceAttribute", shown), "exactly one value must be specified");
    }
}

void step(Errors& errors, const Quantity& value, const Quantity& low, const Quantity& by, const Path& path) {
    if (by.value() != 0 && (value.value() - low.value()) % by.value() != 0)
        errors.invalid(path, value.text(),
                       "value is not a multiple of a given step (" + by.text() + ") from (" + low.text() + ")");
}

void requestRange(Errors& errors, const Quantity& preset, const Quantity& capacity, const Value& range,
                  const Path& path) {
    if (range["min"].isNull()) return errors.required(path.child("min"), "required when validRange is defined");
    const Quantity low = Quantity::ofValue(range["min"]);
    const std::string over = "larger than capacity value: " + capacity.text();
    if (low > capacity) errors.invalid(path.child("min"), low.text(), "min is " + over);
    if (preset < low) errors.invalid(path.child("min"), preset.text(), "default is less than min: " + low.text());
    const bool limited = !range["max"].isNull();
    const Quantity high = Quantity::ofValue(range["max"]);
    if (limited) {
        if (low > high) errors.invalid(path.child("max"), low.text(), "min is larger than max: " + high.text());
        if (high > capacity) errors.invalid(path.child("max"), high.text(), "max is " + over);
        if (preset > high) errors.invalid(path.child("max"), preset.text(), "default is more than max: " + high.text());
    }
    if (range["step"].isNull()) return;
    const Quantity by = Quantity::ofValue(range["step"]);
    if (low + by > capacity)
        errors.invalid(path.child("step"), by.text(), "one step " + (low + by).text() + " is " + over);
    step(errors, preset, low, by, path.child("step"));
    if (limited) step(errors, high, low, by, path.child("step"));
}

void requestPolicy(Errors& errors, const Value& value, const Value& policy, const Path& path) {
    const Value& values = policy["validValues"];
    const Value& range = policy["validRange"];
    if (values.size() > 0 && !range.isNull())
        return errors.forbidden(path, "exactly one policy can be specified, cannot specify \"validValues\" and "
                                      "\"validRange\" at the same time");
    const Quantity capacity = Quantity::ofValue(value), preset = Quantity::ofValue(policy["default"]);
    const bool given = !policy["default"].isNull();
    if (values.size() > 0) {
        if (!given) return errors.required(path.child("default"), "required when validValues is defined");
        const Path at = path.child("validValues");
        for (std::size_t i = 0; i + 1 < values.size(); ++i)
            if (Quantity::ofValue(values[i]) > Quantity::ofValue(values[i + 1]))
                errors.invalid(at.index(i + 1), Quantity::ofValue(values[i + 1]).text(),
                               "values must be sorted in ascending order");
        bool found = false;
        limitedList(errors, values, 10, at, nullptr, [&](const Value& item, const Path& place) {
            const Quantity option = Quantity::ofValue(item);
            if (option > capacity)
                errors.invalid(place, option.text(), "option is larger than capacity value: " + capacity.text());
            found = found || option == preset;
        });
        if (!found)
            errors.invalid(at, preset.text(), "default value is not valid according to the requestPolicy");
    } else if (!range.isNull()) {
        if (!given) return errors.required(path.child("default"), "required when validRange is defined");
        requestRange(errors, preset, capacity, range, path.child("validRange"));
    }
}

void counters(Errors& errors, const Value& map, const Path& path) {
    if (map.size() == 0) return errors.required(path);
    if (map.size() > 32) return errors.tooMany(path, static_cast<std::int64_t>(map.size()), 32);
    for (const Member& counter : map.members())
        validateDnsLabelName(errors, counter.key.view(), path.key(shortKey(counter.key.view(), 63)));
}

void taint(Errors& errors, const Value& taint, const Path& path) {
    validateLabelName(errors, taint["key"].asString(), path.child("key"));
    const std::string_view value = taint["value"].asString();
    if (!value.empty()) errors.invalidEach(path.child("value"), value, checkLabelValue(value));
    validateOneOf(errors, taint["effect"], path.child("effect"), {"NoExecute", "NoSchedule", "None"});
}

void perDeviceNode(Errors& errors, const Value& device, bool perDevice, const Path& path) {
    const Value& name = device["nodeName"];
    const Value& selector = device["nodeSelector"];
    const Value& all = device["allNodes"];
    if (!perDevice) {
        if (!name.isNull() || !selector.isNull() || !all.isNull())
            errors.invalid(path, Value(), "`nodeName`, `nodeSelector` and `allNodes` can only be set if "
                                          "`perDeviceNodeSelection` is set to true in the ResourceSlice spec");
        return;
    }
    std::vector<std::string> set;
    if (!name.isNull()) {
        if (name.isEmpty()) errors.invalid(path.child("nodeName"), "", "must not be empty");
        else {
            set.emplace_back("`nodeName`");
            validateDnsSubdomainName(errors, name.asString(), path.child("nodeName"));
        }
    }
    if (!selector.isNull()) {
        set.emplace_back("`nodeSelector`");
        validateNodeSelector(errors, selector, path.child("nodeSelector"));
    }
    if (all.asBool()) set.emplace_back("`allNodes`");
    else if (!all.isNull()) errors.invalid(path.child("allNodes"), false, "must be either unset or set to true");
    constexpr std::string_view kText = "exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when "
                                       "`perDeviceNodeSelection` is set to true in the ResourceSlice spec";
    if (set.empty()) errors.required(path, kText);
    if (set.size() > 1) errors.invalid(path, "{" + base::join(set, ", ") + "}", kText);
}

void device(Errors& errors, const Value& device, const Value& old, bool perDevice, const Path& path) {
    validateDnsLabelName(errors, device["name"].asString(), path.child("name"));
    const auto total = device["attributes"].size() + device["capacity"].size();
    if (total > 32)
        errors.invalid(path, total, "the total number of attributes and capacities must not exceed 32");
    constexpr std::size_t kLongestKey = 63 + 1 + 32;
    for (const Member& member : device["attributes"].members()) {
        const Path at = path.child("attributes").key(shortKey(member.key.view(), kLongestKey));
        validateDeviceQualifiedName(errors, member.key.view(), at);
        attribute(errors, member.value, at);
    }
    for (const Member& member : device["capacity"].members()) {
        const Path at = path.child("capacity").key(shortKey(member.key.view(), kLongestKey));
        validateDeviceQualifiedName(errors, member.key.view(), at);
        const Value& policy = member.value["requestPolicy"];
        if (policy.isNull()) continue;
        if (device["allowMultipleAllocations"].asBool())
            requestPolicy(errors, member.value["value"], policy, at.child("requestPolicy"));
        else errors.forbidden(at.child("requestPolicy"), "allowMultipleAllocations must be true");
    }
    if (old.isNull() || !(old["taints"] == device["taints"]))
        limitedList(errors, device["taints"], 16, path.child("taints"), nullptr,
                    [&](const Value& item, const Path& at) { taint(errors, item, at); });
    limitedList(errors, device["consumesCounters"], 2, path.child("consumesCounters"), "counterSet",
                [&](const Value& item, const Path& at) {
                    if (item["counterSet"].isEmpty()) errors.required(at.child("counterSet"));
                    else validateDnsLabelName(errors, item["counterSet"].asString(), at.child("counterSet"));
                    counters(errors, item["counters"], at.child("counters"));
                });
    perDeviceNode(errors, device, perDevice, path);
    validateDeviceBinding(errors, device, path);
}

void nodeChoice(Errors& errors, const Value& spec) {
    std::vector<std::string> set;
    const Value& name = spec["nodeName"];
    if (!name.isEmpty()) {
        set.emplace_back("`nodeName`");
        validateDnsSubdomainName(errors, name.asString(), kSpec.child("nodeName"));
    } else if (!name.isNull()) {
        errors.invalid(kSpec.child("nodeName"), "", "must be either unset or set to a non-empty string");
    }
    const Value& selector = spec["nodeSelector"];
    if (!selector.isNull()) {
        set.emplace_back("`nodeSelector`");
        validateNodeSelector(errors, selector, kSpec.child("nodeSelector"));
        if (selector["nodeSelectorTerms"].size() != 1)
            errors.invalid(kSpec.child("nodeSelector", "nodeSelectorTerms"), selector["nodeSelectorTerms"],
                           "must have exactly one node selector term");
    }
    for (const char* field : {"allNodes", "perDeviceNodeSelection"}) {
        if (spec[field].asBool()) set.push_back("`" + std::string(field) + "`");
        else if (!spec[field].isNull())
            errors.invalid(kSpec.child(field), false, "must be either unset or set to true");
    }
    constexpr std::string_view kText =
        "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
    if (set.empty()) errors.required(kSpec, kText);
    if (set.size() > 1)
        errors.invalid(kSpec, "{" + base::join(set, ", ") + "}",
                       std::string(kText) + ", but multiple fields are set");
}

void sliceSpec(Errors& errors, const Value& spec, const Value& old) {
    validateDriverName(errors, spec["driver"].asString(), kSpec.child("driver"));
    const Value& pool = spec["pool"];
    const Path poolPath = kSpec.child("pool");
    validatePoolName(errors, pool["name"].text(), poolPath.child("name"));
    if (pool["resourceSliceCount"].asInt() <= 0)
        errors.invalid(poolPath.child("resourceSliceCount"), pool["resourceSliceCount"].asInt(),
                       "must be greater than zero");
    if (pool["generation"].asInt() < 0)
        errors.invalid(poolPath.child("generation"), pool["generation"].asInt(),
                       "must be greater than or equal to zero");
    if (!old.isNull()) {
        validateImmutable(errors, pool["name"], old["pool"]["name"], poolPath.child("name"));
        validateImmutable(errors, spec["driver"], old["driver"], kSpec.child("driver"));
        validateImmutable(errors, spec["nodeName"], old["nodeName"], kSpec.child("nodeName"));
    }
    nodeChoice(errors, spec);
    if (!spec["sharedCounters"].isNull() && !spec["devices"].isNull())
        errors.invalid(kSpec, "", "only one of `sharedCounters` or `devices` is allowed");
    bool special = false;
    for (const Value& item : spec["devices"].items())
        special = special || item["taints"].size() > 0 || item["consumesCounters"].size() > 0;
    const auto before = [&](const Value& name) {
        for (const Value& item : old["devices"].items())
            if (item["name"] == name) return item;
        return Value();
    };
    limitedList(errors, spec["devices"], special ? 64 : 128, kSpec.child("devices"), "name",
                [&](const Value& item, const Path& at) {
                    device(errors, item, before(item["name"]), spec["perDeviceNodeSelection"].asBool(), at);
                });
    limitedList(errors, spec["sharedCounters"], 8, kSpec.child("sharedCounters"), "name",
                [&](const Value& item, const Path& at) {
                    if (item["name"].isEmpty()) errors.required(at.child("name"));
                    else validateDnsLabelName(errors, item["name"].asString(), at.child("name"));
                    counters(errors, item["counters"], at.child("counters"));
                });
}

} // namespace

void validateResourceSlice(Errors& errors, const Value& object) {
    validateObjectMeta(errors, object["metadata"], false, nameIsSubdomain, kMeta);
    sliceSpec(errors, object["spec"], Value());
}

void validateResourceSliceUpdate(Errors& errors, const Value& object, const Value& old) {
    validateObjectMetaUpdate(errors, object["metadata"], old["metadata"], kMeta);
    sliceSpec(errors, object["spec"], old["spec"]);
}

} // namespace api::validation
