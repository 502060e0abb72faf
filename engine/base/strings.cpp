#include "base/strings.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace base {
namespace {
constexpr std::string_view kSpace = " \t\r\n\v\f";
constexpr std::string_view kBase64 =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string encodeWith(std::string_view alphabet, std::string_view bytes, bool padded) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t have = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t group = 0;
        for (std::size_t k = 0; k < 3; ++k)
            group = group << 8 | (k < have ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k) {
            if (k <= have) out += alphabet[group >> (18 - 6 * k) & 63];
            else if (padded) out += '=';
        }
    }
    return out;
}

std::optional<std::string> decodeWith(std::string_view alphabet, std::string_view text) {
    std::string out;
    std::uint32_t group = 0;
    int bits = 0;
    bool ended = false;
    for (char c : text) {
        if (kSpace.find(c) != std::string_view::npos) continue;
        if (c == '=') {
            ended = true;
            continue;
        }
        const auto digit = alphabet.find(c);
        if (ended || digit == std::string_view::npos) return std::nullopt;
        group = group << 6 | static_cast<std::uint32_t>(digit);
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            out += static_cast<char>(group >> bits & 0xff);
        }
    }
    if (bits >= 6) return std::nullopt;
    return out;
}
} // namespace

std::vector<std::string> split(std::string_view text, char separator) {
    return splitLimited(text, separator, static_cast<std::size_t>(-1));
}

std::vector<std::string> splitLimited(std::string_view text, char separator, std::size_t limit) {
    std::vector<std::string> parts;
    while (parts.size() + 1 < limit) {
        const auto at = text.find(separator);
        if (at == std::string_view::npos) break;
        parts.emplace_back(text.substr(0, at));
        text.remove_prefix(at + 1);
    }
    parts.emplace_back(text);
    return parts;
}

std::vector<std::string> splitLines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto at = text.find('\n');
        lines.emplace_back(text.substr(0, at));
        if (at == std::string_view::npos) break;
        text.remove_prefix(at + 1);
    }
    return lines;
}

std::vector<std::string> splitFields(std::string_view text) {
    std::vector<std::string> fields;
    while (true) {
        const auto begin = text.find_first_not_of(kSpace);
        if (begin == std::string_view::npos) return fields;
        text.remove_prefix(begin);
        const auto end = std::min(text.find_first_of(kSpace), text.size());
        fields.emplace_back(text.substr(0, end));
        text.remove_prefix(end);
    }
}

std::string join(const std::vector<std::string>& parts, std::string_view separator) {
    std::string out;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        if (i != 0) out += separator;
        out += parts[i];
    }
    return out;
}

std::string_view trimRight(std::string_view text) {
    const auto end = text.find_last_not_of(kSpace);
    return end == std::string_view::npos ? std::string_view{} : text.substr(0, end + 1);
}

std::string_view trim(std::string_view text) {
    text = trimRight(text);
    const auto begin = text.find_first_not_of(kSpace);
    return begin == std::string_view::npos ? std::string_view{} : text.substr(begin);
}

std::string toLower(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return out;
}

std::string toUpper(std::string_view text) {
    std::string out(text);
    for (char& c : out)
        if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    return out;
}

std::string replaceAll(std::string_view text, std::string_view from, std::string_view to) {
    std::string out;
    if (from.empty()) return std::string(text);
    while (true) {
        const auto at = text.find(from);
        out += text.substr(0, at);
        if (at == std::string_view::npos) return out;
        out += to;
        text.remove_prefix(at + from.size());
    }
}

std::optional<std::int64_t> parseInt(std::string_view text) {
    if (!text.empty() && text.front() == '+') text.remove_prefix(1);
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        return std::nullopt;
    return value;
}

namespace {

// What strconv.IsPrint refuses beyond ASCII, without the characters that no standard has assigned.
bool isPrintable(std::uint32_t rune) {
    static constexpr std::pair<std::uint32_t, std::uint32_t> kHidden[] = {
        {0x80, 0xa0}, {0xad, 0xad}, {0x600, 0x605}, {0x61c, 0x61c}, {0x6dd, 0x6dd}, {0x70f, 0x70f},
        {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x200f}, {0x2028, 0x202f}, {0x205f, 0x206f},
        {0x3000, 0x3000}, {0xd800, 0xf8ff}, {0xfeff, 0xfeff}, {0xfff0, 0xfffb}, {0xfffe, 0xffff},
        {0xe0000, 0x10ffff}};
    for (const auto& [first, last] : kHidden)
        if (rune >= first && rune <= last) return false;
    return true;
}

// The character at the front of `text` and its bytes; 0 bytes where they are no UTF-8.
std::pair<std::uint32_t, std::size_t> firstRune(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text[0]);
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return {0, 0};
    std::uint32_t rune = lead & (0xffU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte & 0xc0) != 0x80) return {0, 0};
        rune = rune << 6 | (byte & 0x3f);
    }
    const bool overlong = (size == 3 && rune < 0x800) || (size == 4 && rune < 0x10000);
    if (overlong || rune > 0x10ffff || (rune >= 0xd800 && rune < 0xe000)) return {0, 0};
    return {rune, size};
}

// Beyond ASCII: shown, or escaped as Go does. Answers how many bytes were taken.
std::size_t quoteRune(std::string_view text, std::string& out) {
    const auto [rune, size] = firstRune(text);
    std::array<char, 16> escaped{};
    if (size == 0) std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(text[0]));
    else if (isPrintable(rune)) out += text.substr(0, size);
    else std::snprintf(escaped.data(), escaped.size(), rune < 0x10000 ? "\\u%04x" : "\\U%08x", rune);
    out += escaped.data();
    return size == 0 ? 1 : size;
}

} // namespace

std::string quoteGo(std::string_view text) {
    std::string out = "\"";
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char c = text[at];
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '"': out += "\\\""; break;
        case '\\': out += "\\\\"; break;
        case '\n': out += "\\n"; break;
        case '\r': out += "\\r"; break;
        case '\t': out += "\\t"; break;
        case '\a': out += "\\a"; break;
        case '\b': out += "\\b"; break;
        case '\f': out += "\\f"; break;
        case '\v': out += "\\v"; break;
        default:
            if (byte < 0x20 || byte == 0x7f) {
                std::array<char, 8> hex{};
                std::snprintf(hex.data(), hex.size(), "\\x%02x", byte);
                out += hex.data();
            } else if (byte >= 0x80) {
                at += quoteRune(text.substr(at), out) - 1;
            } else {
                out += c;
            }
        }
    }
    return out + '"';
}

std::string encodeBase64(std::string_view bytes) { return encodeWith(kBase64, bytes, true); }
std::optional<std::string> decodeBase64(std::string_view text) { return decodeWith(kBase64, text); }
std::string encodeBase64Url(std::string_view bytes) { return encodeWith(kBase64Url, bytes, false); }
std::optional<std::string> decodeBase64Url(std::string_view text) {
    return decodeWith(kBase64Url, text);
}

std::string encodeHex(std::string_view bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (char c : bytes) {
        out += kDigits[static_cast<unsigned char>(c) >> 4];
        out += kDigits[static_cast<unsigned char>(c) & 15];
    }
    return out;
}

std::size_t editDistance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t above = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

} // namespace base
