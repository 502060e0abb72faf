#include "kubectl/printers/kyaml.h"

#include "base/strings.h"
#include "document/json.h"

namespace kubectl {
namespace {

using document::Value;

bool plainKey(std::string_view key) {
    if (key.empty()) return false;
    for (std::string_view word : {"true", "false", "yes", "no", "on", "off", "null", "y", "n", "~"})
        if (base::toLower(key) == word) return false;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
    if (!letter(key[0])) return false;
    for (const char c : key)
        if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '.' && c != '/') return false;
    return true;
}

std::string pad(int depth) { return std::string(static_cast<std::size_t>(depth) * 2, ' '); }

std::string quoted(std::string_view text, int depth) {
    const std::string whole = document::writeJson(Value(text));
    if (text.find('\n') == std::string_view::npos) return whole;
    // Several lines: folded at the line ends with escapes.
    std::string out = "\"\\\n";
    const std::string body = whole.substr(1, whole.size() - 2);
    std::size_t at = 0;
    while (at < body.size()) {
        std::size_t end = body.find("\\n", at);
        while (end != std::string::npos && end > 0 && body[end - 1] == '\\')
            end = body.find("\\n", end + 2);
        const std::size_t stop = end == std::string::npos ? body.size() : end + 2;
        out += pad(depth) + " " + body.substr(at, stop - at) + "\\\n";
        at = stop;
    }
    return out + pad(depth) + "\"";
}

void write(const Value& value, int depth, std::string& out);

void writeObject(const Value& value, int depth, std::string& out) {
    if (value.size() == 0) {
        out += "{}";
        return;
    }
    out += "{\n";
    for (const document::Member& member : value.members()) {
        const std::string key = member.key.text();
        out += pad(depth + 1) + (plainKey(key) ? key : document::writeJson(Value(key))) + ": ";
        write(member.value, depth + 1, out);
        out += ",\n";
    }
    out += pad(depth) + "}";
}

void writeArray(const Value& value, int depth, std::string& out) {
    if (value.size() == 0) {
        out += "[]";
        return;
    }
    bool cuddled = true;
    for (const Value& item : value.items())
        cuddled = cuddled && (item.isObject() || item.isArray()) && item.size() > 0;
    out += "[";
    if (cuddled) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i > 0) out += ", ";
            write(value[i], depth, out);
        }
        out += "]";
        return;
    }
    out += "\n";
    for (const Value& item : value.items()) {
        out += pad(depth + 1);
        write(item, depth + 1, out);
        out += ",\n";
    }
    out += pad(depth) + "]";
}

void write(const Value& value, int depth, std::string& out) {
    if (value.isObject()) writeObject(value, depth, out);
    else if (value.isArray()) writeArray(value, depth, out);
    else if (value.isString()) out += quoted(value.asString(), depth + 1);
    else out += document::writeJson(value);
}

} // namespace

std::string writeKyaml(const Value& object) {
    std::string out = "---\n";
    write(object, 0, out);
    return out + "\n";
}

} // namespace kubectl
