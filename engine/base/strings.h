#pragma once
// Small text helpers that every layer needs.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace base {

std::vector<std::string> split(std::string_view text, char separator);
// At most `limit` pieces; the last one keeps the remaining separators.
std::vector<std::string> splitLimited(std::string_view text, char separator, std::size_t limit);
std::vector<std::string> splitLines(std::string_view text); // without "\n"; no empty last line
std::vector<std::string> splitFields(std::string_view text); // at runs of white space
std::string join(const std::vector<std::string>& parts, std::string_view separator);
std::string_view trim(std::string_view text);
std::string_view trimRight(std::string_view text);
std::string toLower(std::string_view text);
std::string toUpper(std::string_view text);
std::string replaceAll(std::string_view text, std::string_view from, std::string_view to);
// Whole-string decimal integer, with optional sign.
std::optional<std::int64_t> parseInt(std::string_view text);
// Go's %q: double quotes, Go escapes.
std::string quoteGo(std::string_view text);
std::string encodeBase64(std::string_view bytes);
std::optional<std::string> decodeBase64(std::string_view text); // white space is skipped
std::string encodeBase64Url(std::string_view bytes);            // unpadded
std::optional<std::string> decodeBase64Url(std::string_view text);
std::string encodeHex(std::string_view bytes);
// Edit distance, for "did you mean".
std::size_t editDistance(std::string_view a, std::string_view b);

} // namespace base
