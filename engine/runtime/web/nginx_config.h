#pragma once
// The configuration language of nginx: blocks of directives, read from files. Source: nginx.org/en/docs.

#include "base/result.h"
#include "ports/file_system.h"

#include <string>
#include <string_view>
#include <vector>

namespace runtime::web {

struct Directive {
    std::vector<std::string> words; // name and arguments
    std::vector<Directive> block;
    std::string file;
    int line = 0;
    const std::string& name() const { return words.front(); }
    std::string argument(std::size_t index = 1) const { return index < words.size() ? words[index] : std::string(); }
    const Directive* find(std::string_view name) const;
};

// The file with everything that it includes. Errors: `unknown directive "x" in FILE:3`.
base::Result<Directive> readNginxConfig(const ports::FileSystem& files, const std::string& path);

} // namespace runtime::web
