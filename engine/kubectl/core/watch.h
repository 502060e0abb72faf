#pragma once
// Watches for the verbs that wait or follow.

#include "kubectl/core/session.h"

namespace kubectl {

struct WatchOptions {
    std::string path;
    std::string accept = "application/json";
    std::string resourceVersion, labelSelector, fieldSelector;
    int timeoutSeconds = 0;
};
using WatchChannel = std::shared_ptr<sim::Channel<ports::WatchEvent>>;

sim::Task<base::Result<WatchChannel>> openWatch(Session& session, WatchOptions options);

} // namespace kubectl
