#pragma once
// What kubectl -k and `kubectl kustomize` build. Source: kustomize api/krusty.

#include "base/result.h"

#include <string>
#include <vector>

namespace kubectl {

class Session;

struct KustomizeOptions {
    bool loadAnywhere = false;   // --load-restrictor=LoadRestrictionsNone
    std::string reorder;         // "legacy", "none" or empty
    bool managedByLabel = false; // --enable-managedby-label
};

// One YAML text per object; warnings go to the session's stderr.
base::Result<std::vector<std::string>> kustomizeObjects(Session& session, const std::string& folder,
                                                        const KustomizeOptions& options);
// The built objects as a YAML stream.
base::Result<std::string> kustomizeBuild(Session& session, const std::string& folder);

} // namespace kubectl
