#pragma once
// The configuration that a kubelet works with, as /configz shows it.

#include "kubelet/config.h"

#include <string>

namespace kubelet {

// {"kubeletconfig":{...}} in the order of upstream's fields.
std::string configzText(const Config& config);

} // namespace kubelet
