#pragma once
// Linux capabilities of a container.

#include "ports/cri.h"

#include <cstdint>

namespace runtime {

// The bounding set: containerd's default, then what is added and dropped. Privileged: all.
// Source: containerd internal/cri/opts WithCapabilities, oci.defaultUnixCaps.
std::uint64_t capabilityMask(const ports::CriSecurity& security);

} // namespace runtime
