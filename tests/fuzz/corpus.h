#pragma once
// Runs a fuzz target over its corpus, so that every ordinary test run repeats what fuzzing found.

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <set>
#include <string>
#include <string_view>

namespace fuzz {

// Every file of tests/fuzz/corpus/NAME in the order of names, and every prefix of the short ones (half
// a document is the usual broken input; of long ones some). Answers the number of files.
inline int runCorpus(const std::string& name, const std::function<void(std::string_view)>& target) {
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(TIMONEL_SOURCE_DIR) + "/tests/fuzz/corpus/" + name))
        files.insert(entry.path());
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        const std::size_t step = text.size() / 256 + 1;
        for (std::size_t size = 0; size < text.size(); size += step) target(std::string_view(text).substr(0, size));
        target(text);
    }
    return static_cast<int>(files.size());
}

} // namespace fuzz
