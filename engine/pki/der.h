#pragma once
// Writes DER (ITU-T X.690), as much of it as certificates and keys need.

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace pki::der {

std::string element(unsigned tag, std::string_view content);
std::string sequence(std::initializer_list<std::string_view> parts);
std::string set(std::string_view content);
std::string integer(std::string_view bigEndian); // unsigned magnitude
std::string smallInteger(std::uint8_t value);
std::string objectId(std::string_view dotted);
std::string octets(std::string_view bytes);
std::string bits(std::string_view bytes, unsigned unusedBits = 0);
std::string boolean(bool value);
std::string text(std::string_view value); // PrintableString, UTF8String where it does not fit
std::string time(std::int64_t unixNanoseconds); // UTCTime up to 2049, GeneralizedTime after
std::string explicitTag(unsigned number, std::string_view content);

} // namespace pki::der
