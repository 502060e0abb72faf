// The inputs of the fuzz targets of the lab, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/lab_inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the fuzz corpora of the lab keeps the promises of its target") {
    CHECK(fuzz::runCorpus("pack", fuzz::pack) > 0);
    CHECK(fuzz::runCorpus("archive", fuzz::archive) > 0);
}
