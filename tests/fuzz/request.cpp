#include "fuzz/apiserver_inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::request)
