#include "fuzz/gateway_inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::webSocket)
