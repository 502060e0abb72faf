#pragma once
// Writes a set of files so that readers see the old or the new set, never a mixture: a dated folder
// behind the link "..data". Source: pkg/volume/util/atomic_writer.go.

#include "base/result.h"
#include "ports/file_system.h"
#include "sim/kernel.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace kubelet {

struct ProjectedFile {
    std::string data;
    std::uint32_t mode = 0644;
    std::optional<std::uint32_t> owner;
};
using Projection = std::map<std::string, ProjectedFile>; // relative path -> file

// False when the folder already held exactly this.
base::Result<bool> writeAtomically(sim::Kernel& kernel, ports::FileSystem& files, const std::string& folder,
                                   const Projection& wanted, std::optional<std::uint32_t> group);

} // namespace kubelet
