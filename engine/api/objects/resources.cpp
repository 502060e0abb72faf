#include "api/objects/resources.h"

#include "api/quantity.h"

#include <algorithm>

namespace api {

using document::Value;

namespace {
constexpr std::int64_t kDefaultMilliCpu = 100;
constexpr std::int64_t kDefaultMemory = 200LL * 1024 * 1024;

ResourceAmounts containerRequests(const Value& container, bool nonZero) {
    ResourceAmounts out;
    const Value& requests = container.at("resources", "requests");
    out.add(requests);
    if (nonZero && !requests.has("cpu")) out.milliCpu = kDefaultMilliCpu;
    if (nonZero && !requests.has("memory")) out.memory = kDefaultMemory;
    return out;
}
} // namespace

void ResourceAmounts::add(const Value& list) {
    for (const document::Member& member : list.members()) {
        const Quantity quantity = member.value.isString()
                                      ? Quantity::of(member.value.asString())
                                      : Quantity::fromValue(member.value.asInt());
        const std::string_view name = member.key;
        if (name == "cpu")
            milliCpu += quantity.milliValue();
        else if (name == "memory")
            memory += quantity.value();
        else if (name == "ephemeral-storage")
            ephemeralStorage += quantity.value();
        else if (name != "pods")
            scalars[std::string(name)] += quantity.value();
    }
}

void ResourceAmounts::add(const ResourceAmounts& other) {
    milliCpu += other.milliCpu;
    memory += other.memory;
    ephemeralStorage += other.ephemeralStorage;
    for (const auto& [name, value] : other.scalars) scalars[name] += value;
}

void ResourceAmounts::subtract(const ResourceAmounts& other) {
    milliCpu -= other.milliCpu;
    memory -= other.memory;
    ephemeralStorage -= other.ephemeralStorage;
    for (const auto& [name, value] : other.scalars) scalars[name] -= value;
}

void ResourceAmounts::raiseTo(const ResourceAmounts& other) {
    milliCpu = std::max(milliCpu, other.milliCpu);
    memory = std::max(memory, other.memory);
    ephemeralStorage = std::max(ephemeralStorage, other.ephemeralStorage);
    for (const auto& [name, value] : other.scalars) {
        std::int64_t& slot = scalars[name];
        slot = std::max(slot, value);
    }
}

ResourceAmounts podRequests(const Value& pod, bool nonZero) {
    const Value& spec = pod["spec"];
    ResourceAmounts total;
    for (const Value& container : spec["containers"].items())
        total.add(containerRequests(container, nonZero));
    ResourceAmounts sidecars, peak;
    for (const Value& container : spec["initContainers"].items()) {
        ResourceAmounts own = containerRequests(container, nonZero);
        if (container["restartPolicy"].asString() == "Always") {
            total.add(own);
            sidecars.add(own);
            own = sidecars;
        } else {
            own.add(sidecars);
        }
        peak.raiseTo(own);
    }
    total.raiseTo(peak);
    const Value& podLevel = spec.at("resources", "requests");
    if (!podLevel.isEmpty()) {
        ResourceAmounts own;
        own.add(podLevel);
        if (podLevel.has("cpu")) total.milliCpu = own.milliCpu;
        if (podLevel.has("memory")) total.memory = own.memory;
    }
    total.add(spec["overhead"]);
    return total;
}

} // namespace api
