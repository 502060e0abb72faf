// The inputs of the fuzz targets of the shell, run once with every build.
#include "fuzz/corpus.h"
#include "fuzz/shell_inputs.h"

#include <catch2/catch.hpp>

TEST_CASE("every input of the fuzz corpora of the shell keeps the promises of its target") {
    CHECK(fuzz::runCorpus("shell_text", fuzz::shellText) > 0);
    CHECK(fuzz::runCorpus("terminal_bytes", fuzz::terminalBytes) > 0);
}
