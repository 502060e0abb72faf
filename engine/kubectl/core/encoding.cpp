#include "kubectl/core/encoding.h"

#include <cstdint>
#include <string_view>

namespace kubectl {
namespace {

void appendRune(std::string& out, std::uint32_t rune) {
    const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (rune < 0x80) return put(rune);
    if (rune < 0x800) return put(0xc0 | rune >> 6), put(0x80 | (rune & 0x3f));
    if (rune < 0x10000) return put(0xe0 | rune >> 12), put(0x80 | (rune >> 6 & 0x3f)), put(0x80 | (rune & 0x3f));
    put(0xf0 | rune >> 18), put(0x80 | (rune >> 12 & 0x3f)), put(0x80 | (rune >> 6 & 0x3f)), put(0x80 | (rune & 0x3f));
}
constexpr std::uint32_t kReplacement = 0xfffd;

std::string fromUtf16(std::string_view bytes, bool bigEndian) {
    std::string out;
    const auto unit = [&](std::size_t at) -> std::uint32_t {
        const auto a = static_cast<unsigned char>(bytes[at]), b = static_cast<unsigned char>(bytes[at + 1]);
        return bigEndian ? a << 8 | b : b << 8 | a;
    };
    std::size_t at = 0;
    for (; at + 1 < bytes.size(); at += 2) {
        std::uint32_t rune = unit(at);
        const bool high = rune >= 0xd800 && rune < 0xdc00;
        const std::uint32_t low = high && at + 3 < bytes.size() ? unit(at + 2) : 0;
        if (low >= 0xdc00 && low < 0xe000) {
            rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
            at += 2;
        } else if (rune >= 0xd800 && rune < 0xe000) {
            rune = kReplacement;
        }
        appendRune(out, rune);
    }
    if (at < bytes.size()) appendRune(out, kReplacement);
    return out;
}

// The length of the well-formed sequence at `at`; negative: so many bytes are the start of a broken one.
int sequenceLength(std::string_view text, std::size_t at) {
    const auto first = static_cast<unsigned char>(text[at]);
    const int length = first < 0x80 ? 1 : first >= 0xc2 && first < 0xe0 ? 2 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xf0 && first < 0xf5 ? 4 : 0;
    if (length == 0) return -1;
    for (int i = 1; i < length; ++i) {
        const std::size_t place = at + static_cast<std::size_t>(i);
        const int byte = place < text.size() ? static_cast<unsigned char>(text[place]) : 0;
        int low = 0x80, high = 0xbf;
        if (i == 1 && first == 0xe0) low = 0xa0;
        if (i == 1 && first == 0xed) high = 0x9f;
        if (i == 1 && first == 0xf0) low = 0x90;
        if (i == 1 && first == 0xf4) high = 0x8f;
        if (byte < low || byte > high) return -i;
    }
    return length;
}

} // namespace

std::string decodeText(std::string text) {
    if (text.starts_with("\xff\xfe")) return fromUtf16(std::string_view(text).substr(2), false);
    if (text.starts_with("\xfe\xff")) return fromUtf16(std::string_view(text).substr(2), true);
    if (text.starts_with("\xef\xbb\xbf")) text.erase(0, 3);
    std::string out;
    std::size_t copied = 0;
    for (std::size_t at = 0; at < text.size();) {
        const int length = sequenceLength(text, at);
        if (length < 0) {
            out.append(text, copied, at - copied);
            appendRune(out, kReplacement);
            copied = at + static_cast<std::size_t>(-length);
        }
        at += static_cast<std::size_t>(length < 0 ? -length : length);
    }
    if (copied == 0) return text;
    return out.append(text, copied);
}

} // namespace kubectl
