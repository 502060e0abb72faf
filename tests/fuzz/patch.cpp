#include "fuzz/inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::patch)
