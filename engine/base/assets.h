#pragma once
// Data files of the repository's assets/ folder, embedded in the program at build time.

#include <string>
#include <string_view>
#include <vector>

namespace base {

// Content of assets/<path>; empty when there is none.
std::string_view asset(std::string_view path);
bool hasAsset(std::string_view path);
// Paths below a folder ("kinds/"), sorted.
std::vector<std::string> assetPaths(std::string_view folder);

} // namespace base
