#include "ports/http.h"

#include "base/strings.h"

#include <algorithm>

namespace ports {
namespace {
bool sameName(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    if (a.size() != b.size()) return false;
    if (a == b) return true;
    return std::equal(a.begin(), a.end(), b.begin(), [&](char x, char y) { return lower(x) == lower(y); });
}
int hexDigit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}
std::string decode(std::string_view text, bool plusIsSpace) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hexDigit(text[i + 1]) >= 0 &&
            hexDigit(text[i + 2]) >= 0) {
            out += static_cast<char>(hexDigit(text[i + 1]) * 16 + hexDigit(text[i + 2]));
            i += 2;
        } else {
            out += plusIsSpace && text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}
} // namespace

void Headers::set(std::string_view name, std::string value) {
    std::erase_if(list_, [&](const auto& header) { return sameName(header.first, name); });
    add(name, std::move(value));
}
void Headers::add(std::string_view name, std::string value) {
    list_.emplace_back(std::string(name), std::move(value));
}
std::string_view Headers::get(std::string_view name) const {
    for (const auto& [key, value] : list_)
        if (sameName(key, name)) return value;
    return {};
}
std::vector<std::string> Headers::all(std::string_view name) const {
    std::vector<std::string> found;
    for (const auto& [key, value] : list_)
        if (sameName(key, name)) found.push_back(value);
    return found;
}
bool Headers::has(std::string_view name) const {
    for (const auto& header : list_)
        if (sameName(header.first, name)) return true;
    return false;
}

Query Query::parse(std::string_view text) {
    Query query;
    if (text.empty()) return query;
    for (const std::string& pair : base::split(text, '&')) {
        if (pair.empty()) continue;
        const auto equals = pair.find('=');
        const std::string_view whole = pair;
        query.add(decode(whole.substr(0, equals), true),
                  equals == std::string::npos ? std::string{}
                                              : decode(whole.substr(equals + 1), true));
    }
    return query;
}
std::string Query::text() const {
    std::string out;
    for (const auto& [key, value] : list_) {
        if (!out.empty()) out += '&';
        out += percentEncode(key) + "=" + percentEncode(value);
    }
    // Blanks as forms write them; a percent sign of the text itself reads %25 by now.
    for (std::size_t at = out.find("%20"); at != std::string::npos; at = out.find("%20", at)) out.replace(at, 3, "+");
    return out;
}
void Query::set(std::string_view name, std::string value) {
    std::erase_if(list_, [&](const auto& pair) { return pair.first == name; });
    add(name, std::move(value));
}
void Query::add(std::string_view name, std::string value) {
    list_.emplace_back(std::string(name), std::move(value));
}
std::string_view Query::get(std::string_view name) const {
    for (const auto& [key, value] : list_)
        if (key == name) return value;
    return {};
}
std::vector<std::string> Query::all(std::string_view name) const {
    std::vector<std::string> found;
    for (const auto& [key, value] : list_)
        if (key == name) found.push_back(value);
    return found;
}
bool Query::has(std::string_view name) const {
    for (const auto& pair : list_)
        if (pair.first == name) return true;
    return false;
}

Response textResponse(int status, std::string body, std::string type) {
    Response response;
    response.status = status;
    response.headers.set("Content-Type", std::move(type));
    response.body = std::move(body);
    return response;
}

std::string percentDecode(std::string_view text) { return decode(text, false); }

std::string percentEncode(std::string_view text) {
    static constexpr std::string_view kKept = "-_.~";
    std::string out;
    for (char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || kKept.find(c) != std::string_view::npos;
        if (plain) out += c;
        else out += "%" + base::toUpper(base::encodeHex(std::string_view(&c, 1)));
    }
    return out;
}

} // namespace ports
