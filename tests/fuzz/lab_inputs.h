#pragma once
// What the fuzz targets of the lab do with one input; test_lab runs the same over the corpus.

#include "lab/archive.h"
#include "lab/pack.h"

#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

// Any text is a pack or has problems that each say where and what.
inline void pack(std::string_view text) {
    const auto read = lab::readPack({{"pack.yaml", std::string(text)}}, "fuzz");
    for (const lab::Problem& problem : read.problems)
        if (problem.place.empty() || problem.message.empty()) std::abort();
    if (read.problems.empty() && (read.pack.id.empty() || read.pack.tasks.empty())) std::abort();
}

inline void archive(std::string_view bytes) {
    const auto files = lab::readArchive(bytes);
    if (!files.ok()) return;
    for (const auto& [name, content] : *files)
        if (name.empty() || name[0] == '/' || name.find("..") == 0) std::abort();
    (void)lab::readPack(*files, "fuzz");
}

} // namespace fuzz
