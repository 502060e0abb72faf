#pragma once
// The Pod Security Standards.

#include "document/value.h"

#include <optional>
#include <string>
#include <vector>

namespace apiserver {

struct Violation {
    std::string reason, detail;
};

// What a pod spec breaks of a level ("privileged", "baseline", "restricted") as it was in 1.<minor>.
std::vector<Violation> checkPodSecurity(const std::string& level, int minor, const document::Value& spec,
                                        const document::Value& meta);

} // namespace apiserver
