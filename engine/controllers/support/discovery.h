#pragma once
// What the API server serves right now, custom resources included.

#include "client/client.h"

#include <string>
#include <vector>

namespace controllers {

struct ServedResource {
    client::Resource resource;
    std::string kind;
    bool namespaced = true;
    bool preferred = true; // the group's first version that has it
    std::vector<std::string> verbs;
    bool can(std::string_view verb) const;
    std::string apiVersion() const;
};

// Aggregated discovery of /api and /apis. Source: apidiscovery.k8s.io/v2.
sim::Task<base::Result<std::vector<ServedResource>>> discover(client::Client& client);

} // namespace controllers
