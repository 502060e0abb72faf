#include "document/json.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace document {
namespace {

void appendEscaped(std::string& out, std::string_view text, bool escapeHtml) {
    static constexpr char kHex[] = "0123456789abcdef";
    out += '"';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        switch (c) {
        case '"': out += "\\\""; continue;
        case '\\': out += "\\\\"; continue;
        case '\n': out += "\\n"; continue;
        case '\r': out += "\\r"; continue;
        case '\t': out += "\\t"; continue;
        case '\b': out += "\\b"; continue;
        case '\f': out += "\\f"; continue;
        default: break;
        }
        const bool html = escapeHtml && (c == '<' || c == '>' || c == '&');
        if (c < 0x20 || html) {
            out += "\\u00";
            out += kHex[c >> 4];
            out += kHex[c & 15];
        } else if (c == 0xe2 && i + 2 < text.size() && text[i + 1] == '\x80' &&
                   (text[i + 2] == '\xa8' || text[i + 2] == '\xa9')) {
            out += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
            i += 2;
        } else {
            out += static_cast<char>(c);
        }
    }
    out += '"';
}

class Writer {
public:
    Writer(bool escapeHtml, std::string_view indent) : escapeHtml_(escapeHtml), indent_(indent) {}
    void write(const Value& value, int depth) {
        switch (value.kind()) {
        case ValueKind::Null: out += "null"; return;
        case ValueKind::Bool: out += value.asBool() ? "true" : "false"; return;
        case ValueKind::Int: out += std::to_string(value.asInt()); return;
        case ValueKind::Double: out += formatNumber(value.asDouble()); return;
        case ValueKind::String: appendEscaped(out, value.asString(), escapeHtml_); return;
        case ValueKind::Array: writeArray(value, depth); return;
        case ValueKind::Object: writeObject(value, depth); return;
        }
    }
    std::string out;

private:
    void breakLine(int depth) {
        if (indent_.empty()) return;
        out += '\n';
        for (int i = 0; i < depth; ++i) out += indent_;
    }
    void writeArray(const Value& value, int depth) {
        out += '[';
        bool first = true;
        for (const Value& item : value.items()) {
            if (!first) out += ',';
            first = false;
            breakLine(depth + 1);
            write(item, depth + 1);
        }
        if (!first) breakLine(depth);
        out += ']';
    }
    void writeObject(const Value& value, int depth) {
        out += '{';
        bool first = true;
        for (const Member& member : value.members()) {
            if (!first) out += ',';
            first = false;
            breakLine(depth + 1);
            appendEscaped(out, member.key.view(), escapeHtml_);
            out += indent_.empty() ? ":" : ": ";
            write(member.value, depth + 1);
        }
        if (!first) breakLine(depth);
        out += '}';
    }
    bool escapeHtml_;
    std::string_view indent_;
};

} // namespace

std::string writeJson(const Value& value, bool escapeHtml) {
    Writer writer(escapeHtml, {});
    writer.write(value, 0);
    return std::move(writer.out);
}

std::string writeJsonIndented(const Value& value, std::string_view indent) {
    // Go's json.MarshalIndent, which kubectl uses, escapes HTML characters.
    Writer writer(true, indent);
    writer.write(value, 0);
    return std::move(writer.out);
}

// Source: Go encoding/json floatEncoder: 'f' unless the exponent is below -6 or above 20.
std::string formatNumber(double number) {
    if (std::isnan(number) || std::isinf(number)) return "null";
    char buffer[400];
    const double size = std::abs(number);
    const bool exponent = size != 0 && (size < 1e-6 || size >= 1e21);
    const auto result = std::to_chars(buffer, buffer + sizeof(buffer), number,
                                      exponent ? std::chars_format::scientific
                                               : std::chars_format::fixed);
    std::string text(buffer, result.ptr);
    // Go writes e-9 where C writes e-09.
    const std::size_t at = text.find("e-0");
    if (exponent && at != std::string::npos && text.size() == at + 4) text.erase(at + 2, 1);
    return text;
}

} // namespace document
