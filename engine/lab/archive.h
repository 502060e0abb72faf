#pragma once
// A pack as an archive (tar, tar.gz, zip). Nothing is written to disk: entries are read into memory
// under limits that are counted while streaming, and every name is checked.

#include "base/result.h"
#include "lab/pack.h"

#include <string_view>

namespace lab {

struct ArchiveLimits {
    std::size_t maxPacked = 20 * 1024 * 1024, maxUnpacked = 100 * 1024 * 1024, maxEntry = 16 * 1024 * 1024;
    std::size_t maxEntries = 2000, maxRatio = 100, maxDepth = 16, maxName = 255;
};

// Files by path; a single top folder around everything is taken off. Refused with a reason: absolute
// paths, "..", backslashes, control characters, links, devices, names that differ only in case, bombs.
base::Result<PackFiles> readArchive(std::string_view bytes, const ArchiveLimits& limits = {});

} // namespace lab
