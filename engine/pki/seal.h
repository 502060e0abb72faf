#pragma once
// Symmetric encryption with authentication where the mode has it. What is drawn (initialisation vectors,
// nonces) comes from the caller's random stream and stands in front of the result.

#include "base/result.h"
#include "sim/random.h"

#include <string>
#include <string_view>

namespace pki {

// AES in CBC mode, PKCS #7 padding; keys of 16, 24 or 32 bytes.
std::string sealCbc(std::string_view key, std::string_view plain, sim::Random& random);
base::Result<std::string> openCbc(std::string_view key, std::string_view sealed);
// AES in Galois/Counter mode; `context` is authenticated, not encrypted.
std::string sealGcm(std::string_view key, std::string_view plain, std::string_view context, sim::Random& random);
base::Result<std::string> openGcm(std::string_view key, std::string_view sealed, std::string_view context);
// ChaCha20-Poly1305 with a key of 32 bytes.
std::string sealBox(std::string_view key, std::string_view plain, sim::Random& random);
base::Result<std::string> openBox(std::string_view key, std::string_view sealed);

} // namespace pki
