#pragma once
// Deleting and waiting for the end, for the verbs that do it on the way.

#include "kubectl/core/builder.h"

namespace kubectl {

base::Result<std::string> cascadeOf(Session& session); // "Background" and so on
document::Value deleteOptionsBody(std::int64_t grace, const std::string& propagation, bool dryRun);
sim::Task<Outcome> waitUntilDeleted(Session& session, std::vector<Info> infos, std::vector<std::string> uids,
                                    sim::Duration timeout);

} // namespace kubectl
