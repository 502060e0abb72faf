#pragma once

#include "ports/program.h"

#include <memory>

namespace network::servers {

std::shared_ptr<ports::Program> nginxProgram();
// busybox httpd: static files of a folder.
std::shared_ptr<ports::Program> busyboxHttpdProgram();
// "Mon, 23 Nov 2026 17:34:18 GMT"
std::string httpDate(std::int64_t unixNow);

} // namespace network::servers
