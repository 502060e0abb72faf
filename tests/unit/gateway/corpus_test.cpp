// The inputs of the gateway's fuzz targets, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/gateway_inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the gateway's fuzz corpus, and every prefix of it, keeps the promises of its target") {
    const std::pair<const char*, void (*)(std::string_view)> targets[] = {
        {"http_head", fuzz::httpHead}, {"http2", fuzz::http2}, {"websocket", fuzz::webSocket}, {"spdy", fuzz::spdy}};
    for (const auto& [name, run] : targets) {
        INFO(name);
        CHECK(fuzz::runCorpus(name, run) > 0);
    }
}
