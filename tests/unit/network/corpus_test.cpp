// The inputs of the fuzz targets of the network, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/network_inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the fuzz corpora of the network keeps the promises of its target") {
    CHECK(fuzz::runCorpus("iptables", fuzz::iptables) > 0);
}
