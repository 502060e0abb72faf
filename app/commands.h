#pragma once
// The subcommands of the program. Each gets the common options and its own words and returns the
// exit code.

#include "cluster/blueprint.h"

#include <cstdint>
#include <string>
#include <vector>

namespace app {

struct CommonOptions {
    std::string blueprint = "bench"; // name or file
    std::uint64_t seed = 1;
};

// A built-in blueprint by name, or one read from a file.
base::Result<cluster::Blueprint> loadBlueprint(const std::string& nameOrFile); // app/headless/blueprint.cpp

int runBatch(const CommonOptions& options); // app/headless/batch.cpp
int runShell(const CommonOptions& options); // app/headless/shell.cpp
struct ServeOptions {
    std::string listen = "127.0.0.1:0", kubeconfig;
    double pace = 1;
};
int runServe(const CommonOptions& options, const ServeOptions& serve);                // app/headless/serve.cpp
int runPack(const std::string& verb, const std::vector<std::string>& paths, int seeds); // app/headless/pack.cpp
int runWindow(const CommonOptions& options, int argc, char** argv);                   // app/window.cpp

} // namespace app
