#pragma once
// Failure and success policies, and sets of completion indexes as text.
// Source: pkg/controller/job pod_failure_policy.go, success_policy.go, indexed_job_utils.go.

#include "document/value.h"

#include <optional>
#include <set>
#include <string>

namespace controllers::job {

enum class Action { None, FailJob, FailIndex, Ignore, Count };
struct Match {
    Action action = Action::None;
    std::string message; // for FailJob
};
Match matchFailurePolicy(const document::Value& policy, const document::Value& pod);

// "0-3,5" both ways; indexes at or above `limit` are left out.
std::set<std::int64_t> parseIndexes(std::string_view text, std::int64_t limit);
std::string formatIndexes(const std::set<std::int64_t>& indexes);
std::int64_t completionIndex(const document::Value& pod); // -1: none
// The message of the first rule that is met.
std::optional<std::string> matchSuccessPolicy(const document::Value& policy,
                                              std::int64_t completions,
                                              const std::set<std::int64_t>& done);

} // namespace controllers::job
