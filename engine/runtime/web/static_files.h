#pragma once
// Files over HTTP, as both web servers of the catalogue send them.

#include "ports/http.h"
#include "ports/program.h"

#include <string>
#include <string_view>

namespace runtime::web {

std::string httpDate(std::int64_t unixNow); // "Mon, 23 Nov 2026 17:34:46 GMT"
std::string contentType(std::string_view path, std::string_view fallback);
// ETag of nginx and BusyBox: modification time and size in hex.
std::string entityTag(const ports::FileStat& stat);
std::string reasonOf(int status);

// One address that a server listens on; the error is the errno text.
struct Bind {
    base::Endpoint at;
    std::string text; // "0.0.0.0:80"
};

} // namespace runtime::web
