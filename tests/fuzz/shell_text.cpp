#include "fuzz/shell_inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::shellText)
