#include "ports/busybox.h"

#include <string>

namespace ports {

bool isBusybox(Process& process, std::string_view tool) {
    FileSystem& files = process.files();
    const auto target = files.realPath("/bin/" + std::string(tool));
    if (target.ok() && (*target == "busybox" || target->ends_with("/busybox"))) return true;
    return files.exists("/bin/busybox") && !files.exists("/bin/bash") && !files.exists("/usr/bin/bash");
}

} // namespace ports
