#pragma once
// The part of kustomize that kubectl -k and `kubectl kustomize` need.

#include "base/result.h"

#include <string>

namespace kubectl {

class Session;

// The built objects as a YAML stream.
base::Result<std::string> kustomizeBuild(Session& session, const std::string& folder);

} // namespace kubectl
