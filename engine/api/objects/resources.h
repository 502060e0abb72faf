#pragma once
// What a pod asks for. Source: component-helpers resource helpers (PodRequests, PodLimits).

#include "document/value.h"

#include <cstdint>
#include <map>
#include <string>

namespace api {

// cpu in milli-units, everything else in whole units; `pods` is not counted here.
struct ResourceAmounts {
    std::int64_t milliCpu = 0, memory = 0, ephemeralStorage = 0;
    std::map<std::string, std::int64_t> scalars; // extended resources and huge pages
    void add(const document::Value& list);       // a ResourceList
    void add(const ResourceAmounts& other);
    void subtract(const ResourceAmounts& other);
    void raiseTo(const ResourceAmounts& other); // the larger of each
    bool operator==(const ResourceAmounts&) const = default;
};

// Sidecars add up with containers, init containers raise the peak, overhead is added; pod-level
// requests replace the sum. With `nonZero`, containers without a cpu or memory request count as
// 100m and 200Mi.
ResourceAmounts podRequests(const document::Value& pod, bool nonZero = false);

} // namespace api
