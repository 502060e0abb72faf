#include "pki/der.h"

#include "base/strings.h"
#include "sim/time.h"

#include <fmt/format.h>

namespace pki::der {

std::string element(unsigned tag, std::string_view content) {
    std::string out(1, static_cast<char>(tag));
    const std::size_t size = content.size();
    if (size < 0x80) {
        out += static_cast<char>(size);
    } else {
        std::string length;
        for (std::size_t rest = size; rest != 0; rest >>= 8)
            length.insert(length.begin(), static_cast<char>(rest & 0xff));
        out += static_cast<char>(0x80 | length.size());
        out += length;
    }
    out += content;
    return out;
}

std::string sequence(std::initializer_list<std::string_view> parts) {
    std::string content;
    for (const auto part : parts) content += part;
    return element(0x30, content);
}

std::string set(std::string_view content) { return element(0x31, content); }

std::string integer(std::string_view bytes) {
    while (bytes.size() > 1 && bytes.front() == '\0') bytes.remove_prefix(1);
    std::string content;
    if (bytes.empty() || (static_cast<unsigned char>(bytes.front()) & 0x80) != 0) content += '\0';
    content += bytes;
    return element(0x02, content);
}

std::string smallInteger(std::uint8_t value) {
    const char byte = static_cast<char>(value);
    return integer(std::string_view(&byte, 1));
}

std::string objectId(std::string_view dotted) {
    const auto parts = base::split(dotted, '.');
    std::string content;
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        std::uint64_t number = static_cast<std::uint64_t>(base::parseInt(parts[i]).value_or(0));
        if (i == 0) {
            first = number * 40;
            continue;
        }
        if (i == 1) number += first;
        std::string arc(1, static_cast<char>(number & 0x7f));
        while ((number >>= 7) != 0)
            arc.insert(arc.begin(), static_cast<char>(0x80 | (number & 0x7f)));
        content += arc;
    }
    return element(0x06, content);
}

std::string octets(std::string_view bytes) { return element(0x04, bytes); }

std::string bits(std::string_view bytes, unsigned unusedBits) {
    std::string content(1, static_cast<char>(unusedBits));
    content += bytes;
    return element(0x03, content);
}

std::string boolean(bool value) { return element(0x01, std::string(1, value ? '\xff' : '\0')); }

std::string text(std::string_view value) {
    static constexpr std::string_view kPrintable =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?";
    const bool printable = value.find_first_not_of(kPrintable) == std::string_view::npos;
    return element(printable ? 0x13 : 0x0c, value);
}

std::string time(std::int64_t unixNanoseconds) {
    const auto t = sim::civilTime(unixNanoseconds);
    if (t.year < 2050)
        return element(0x17, fmt::format("{:02}{:02}{:02}{:02}{:02}{:02}Z", t.year % 100, t.month,
                                         t.day, t.hour, t.minute, t.second));
    return element(0x18, fmt::format("{:04}{:02}{:02}{:02}{:02}{:02}Z", t.year, t.month, t.day,
                                     t.hour, t.minute, t.second));
}

std::string explicitTag(unsigned number, std::string_view content) {
    return element(0xa0 | number, content);
}

} // namespace pki::der
