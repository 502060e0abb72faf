#pragma once
// Shell patterns: * ? [...] and the extended ?( *( +( @( !( forms. A backslash quotes the next
// character.

#include "ports/file_system.h"

#include <string>
#include <string_view>
#include <vector>

namespace shell {

struct PatternOptions {
    bool extglob = true;
    bool ignoreCase = false;
    bool leadingDot = true; // a leading dot may be matched by a wildcard
};

bool matchPattern(std::string_view pattern, std::string_view text, PatternOptions options = {});
// Whether the text has unquoted characters that make it a pattern.
bool hasWildcard(std::string_view pattern, bool extglob);
std::string escapePattern(std::string_view text);
std::string unescapePattern(std::string_view pattern);

struct GlobOptions {
    bool extglob = true, dotglob = false, ignoreCase = false, globstar = false;
};
// Paths that match, sorted; relative patterns are relative to `cwd` and give relative paths.
std::vector<std::string> globPaths(const ports::FileSystem& files, std::string_view cwd,
                                   std::string_view pattern, GlobOptions options);

} // namespace shell
