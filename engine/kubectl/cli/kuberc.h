#pragma once
// A user's preferences: aliases and default flags. Source: k8s.io/kubectl pkg/kuberc.

#include "base/result.h"
#include "document/value.h"
#include "ports/program.h"

#include <string>
#include <vector>

namespace kubectl {

struct KubercPlace {
    std::string path; // empty: switched off
    bool chosen = false;
};
base::Result<KubercPlace> kubercPlace(ports::Process& process, const std::string& flag);

// The command line as the preferences change it; `notice` is for stderr.
base::Result<std::vector<std::string>> applyKuberc(ports::Process& process, std::vector<std::string> args, std::string& notice);

} // namespace kubectl
