#include "fuzz/network_inputs.h"
#include "fuzz/target.h"

FUZZ_TARGET(fuzz::iptables)
