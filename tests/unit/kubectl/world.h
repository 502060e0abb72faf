#pragma once
// A machine with bash, the core utilities and kubectl, but no cluster.

#include "kubectl/cli/complete.h"
#include "kubectl/programs.h"
#include "unit/shell/world.h"

namespace kubectltest {

struct World : shelltest::World {
    World() {
        for (auto& item : kubectl::programs()) {
            registry.all[item.name] = item.program;
            (void)host->files()->write("/usr/bin/" + item.name, ports::programFile(item.name), 0755);
        }
    }
    void file(const std::string& path, const std::string& text) {
        const std::string full = "/work/" + path;
        (void)host->files()->makeDirectories(full.substr(0, full.rfind('/')), 0755);
        (void)host->files()->write(full, text, 0644);
    }
};

} // namespace kubectltest
