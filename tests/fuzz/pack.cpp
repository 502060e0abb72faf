#include "fuzz/lab_inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::pack)
