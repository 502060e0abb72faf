#pragma once
// SHA-512 (FIPS 180-4): the CNI plugins name their chains by it.

#include <string>
#include <string_view>

namespace network::cni {

std::string sha512(std::string_view bytes); // 64 raw bytes

} // namespace network::cni
