// The inputs of the fuzz targets, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the fuzz corpus keeps the promises of its target") {
    const std::pair<const char*, void (*)(std::string_view)> targets[] = {
        {"json", fuzz::json},         {"yaml", fuzz::yaml},         {"quantity", fuzz::quantity},
        {"selector", fuzz::selector}, {"patch", fuzz::patch},       {"protobuf", fuzz::protobuf},
        {"jsonpath", fuzz::jsonPath}, {"cron", fuzz::cron},         {"go_template", fuzz::goTemplate},
    };
    for (const auto& [name, run] : targets) {
        INFO(name);
        CHECK(fuzz::runCorpus(name, run) > 0);
    }
}
