#pragma once
// gzip bodies (RFC 1952) for clients that take them.

#include <string>
#include <string_view>

namespace gateway {

std::string gzip(std::string_view bytes);
// Whether an Accept-Encoding header allows gzip.
bool acceptsGzip(std::string_view acceptEncoding);

} // namespace gateway
