#pragma once
// Evaluates one check on a live cluster. Checks only observe; what they run on a host runs in a shell
// of the grader's own, so that the learner's shells keep their state and history.

#include "lab/attempt.h"

namespace lab {

CheckResult evaluate(const Check& check, cluster::Cluster& cluster);

// Does the steps in order. An error names the step's line and what the host said.
base::Status perform(const std::vector<SetupStep>& steps, const std::string& host, cluster::Cluster& cluster);

} // namespace lab
