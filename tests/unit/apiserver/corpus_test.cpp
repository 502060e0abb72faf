// The inputs of the fuzz targets of the API server, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/apiserver_inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the fuzz corpora of the API server keeps the promises of its target") {
    CHECK(fuzz::runCorpus("cel", fuzz::cel) > 0);
    CHECK(fuzz::runCorpus("request", fuzz::request) > 0);
}
