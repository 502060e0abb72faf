// The inputs of the gateway's fuzz targets, run once with every build.
#include "fuzz/gateway_inputs.h"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>

TEST_CASE("every input of the gateway's fuzz corpus, and every prefix of it, keeps the promises of its target") {
    const std::filesystem::path root = std::string(TIMONEL_SOURCE_DIR) + "/tests/fuzz/corpus";
    const std::pair<const char*, void (*)(std::string_view)> targets[] = {
        {"http_head", fuzz::httpHead}, {"http2", fuzz::http2}, {"websocket", fuzz::webSocket}, {"spdy", fuzz::spdy}};
    int inputs = 0;
    for (const auto& [name, run] : targets) {
        for (const auto& entry : std::filesystem::directory_iterator(root / name)) {
            std::ifstream file(entry.path(), std::ios::binary);
            const std::string text{std::istreambuf_iterator<char>(file), {}};
            INFO(entry.path());
            for (std::size_t size = 0; size <= text.size(); ++size) run(std::string_view(text).substr(0, size));
            ++inputs;
        }
    }
    CHECK(inputs > 20);
}
