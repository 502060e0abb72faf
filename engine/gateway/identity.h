#pragma once
// The endpoint's own authority and serving certificate, new at every start.

#include "sim/random.h"

#include <string>

namespace gateway {

struct Identity {
    std::string authorityPem, certificatePem, keyPem;
};
Identity makeIdentity(sim::Random& random);

} // namespace gateway
