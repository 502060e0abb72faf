#pragma once
// Which of the two families of tools a process's root has: its texts and formats depend on it.

#include "ports/program.h"

#include <string_view>

namespace ports {

// The tool is an applet of BusyBox: a link to it, or there is nothing but BusyBox.
bool isBusybox(Process& process, std::string_view tool);

} // namespace ports
