// The inputs of the fuzz targets, run once with every build.
#include "fuzz/inputs.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

TEST_CASE("every input of the fuzz corpus keeps the promises of its target") {
    const std::filesystem::path root = std::string(TIMONEL_SOURCE_DIR) + "/tests/fuzz/corpus";
    const std::pair<const char*, void (*)(std::string_view)> targets[] = {
        {"json", fuzz::json},         {"yaml", fuzz::yaml},   {"quantity", fuzz::quantity},
        {"selector", fuzz::selector}, {"patch", fuzz::patch}, {"protobuf", fuzz::protobuf},
    };
    int inputs = 0;
    for (const auto& [name, run] : targets) {
        for (const auto& entry : std::filesystem::directory_iterator(root / name)) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            INFO(entry.path());
            // Every prefix too: half a document is the usual broken input.
            for (std::size_t size = 0; size <= text.size(); ++size) run(text.substr(0, size));
            ++inputs;
        }
    }
    CHECK(inputs > 20);
}
