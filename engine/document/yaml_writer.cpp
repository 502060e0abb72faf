// Writes YAML byte for byte as sigs.k8s.io/yaml does: block style, lists not indented below their key,
// keys in go-yaml's natural order, plain text folded after column 80. Source: go-yaml v2 emitterc.go,
// encode.go and sorter.go.
#include "document/yaml.h"

#include "base/strings.h"
#include "document/yaml_resolve.h"

#include <algorithm>
#include <cmath>

namespace document {
namespace {

constexpr int kBestWidth = 80;

std::size_t widthAt(std::string_view text, std::size_t i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c < 0x80) return 1;
    if ((c & 0xe0) == 0xc0) return 2;
    if ((c & 0xf0) == 0xe0) return 3;
    return (c & 0xf8) == 0xf0 ? 4 : 1;
}
std::uint32_t runeAt(std::string_view text, std::size_t i) {
    const std::size_t width = widthAt(text, i);
    const auto lead = static_cast<unsigned char>(text[i]);
    if (width == 1) return lead;
    std::uint32_t rune = lead & (0xffU >> (width + 1));
    for (std::size_t k = 1; k < width && i + k < text.size(); ++k)
        rune = (rune << 6) | (static_cast<unsigned char>(text[i + k]) & 0x3fU);
    return rune;
}
bool isBreakRune(std::uint32_t rune) {
    return rune == '\n' || rune == '\r' || rune == 0x85 || rune == 0x2028 || rune == 0x2029;
}
bool isBreakAt(std::string_view text, std::size_t i) {
    return i < text.size() && isBreakRune(runeAt(text, i));
}
bool isSpaceAt(std::string_view text, std::size_t i) { return i < text.size() && text[i] == ' '; }
bool isPrintable(std::uint32_t rune) {
    return rune == 0x0a || (rune >= 0x20 && rune <= 0x7e) || rune == 0x85 ||
           (rune >= 0xa0 && rune < 0xd800) || (rune > 0xdfff && rune <= 0xfffd && rune != 0xfeff) ||
           rune > 0xffff;
}
bool isBlankOrEnd(std::string_view text, std::size_t i) {
    if (i >= text.size()) return true;
    return text[i] == ' ' || text[i] == '\t' || text[i] == '\0' || isBreakAt(text, i);
}

// What a text allows: plain, single quotes, block style.
struct Analysis {
    bool plain = true, singleQuoted = true, block = true, multiline = false;
};

Analysis analyze(std::string_view text) {
    Analysis result;
    if (text.empty()) {
        result.block = false;
        return result;
    }
    bool indicators = text.substr(0, 3) == "---" || text.substr(0, 3) == "...";
    bool special = false, leading = false, trailingSpace = false, trailingBreak = false;
    bool breakSpace = false, spaceBreak = false, previousSpace = false, previousBreak = false;
    bool afterBlank = true;
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t width = widthAt(text, i);
        const std::uint32_t rune = runeAt(text, i);
        const bool beforeBlank =
            i + width >= text.size() || text[i + width] == ' ' || text[i + width] == '\t';
        const char c = text[i];
        if (i == 0) {
            if (std::string_view("#,[]{}&*!|>'\"%@`").find(c) != std::string_view::npos)
                indicators = true;
            if ((c == '?' || c == ':' || c == '-') && beforeBlank) indicators = true;
        } else if ((c == ':' && beforeBlank) || (c == '#' && afterBlank)) {
            indicators = true;
        }
        if (!isPrintable(rune)) special = true;
        const bool isSpace = c == ' ', isBreak = isBreakRune(rune);
        const bool last = i + width >= text.size();
        if (isSpace) {
            leading |= i == 0;
            trailingSpace |= last;
            breakSpace |= previousBreak;
        } else if (isBreak) {
            result.multiline = true;
            leading |= i == 0;
            trailingBreak |= last;
            spaceBreak |= previousSpace;
        }
        previousSpace = isSpace;
        previousBreak = isBreak;
        afterBlank = isBlankOrEnd(text, i);
        i += width;
    }
    if (leading || trailingSpace || trailingBreak || result.multiline || indicators)
        result.plain = false;
    if (trailingSpace) result.block = false;
    if (breakSpace) result.plain = result.singleQuoted = false;
    if (spaceBreak || special) result.plain = result.singleQuoted = result.block = false;
    return result;
}

// Letters of the scripts that meet in keys; enough to order keys as go-yaml does.
bool isLetter(std::uint32_t rune) {
    if (rune < 0x80) return (rune >= 'a' && rune <= 'z') || (rune >= 'A' && rune <= 'Z');
    return rune >= 0xaa && rune != 0xd7 && rune != 0xf7 && (rune < 0x2000 || rune > 0x2bff);
}
bool isDigitRune(std::uint32_t rune) { return rune >= '0' && rune <= '9'; }

std::vector<std::uint32_t> runesOf(std::string_view text) {
    std::vector<std::uint32_t> runes;
    for (std::size_t i = 0; i < text.size(); i += widthAt(text, i)) runes.push_back(runeAt(text, i));
    return runes;
}

// go-yaml's natural order: letters after other characters, runs of digits by their number.
bool keyLess(std::string_view left, std::string_view right) {
    const auto a = runesOf(left), b = runesOf(right);
    for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
        if (a[i] == b[i]) continue;
        const bool letterA = isLetter(a[i]), letterB = isLetter(b[i]);
        if (letterA && letterB) return a[i] < b[i];
        if (letterA || letterB) return letterB;
        std::uint64_t numberA = 0, numberB = 0;
        if (a[i] == '0' || b[i] == '0') {
            for (std::size_t j = i; j-- > 0 && isDigitRune(a[j]);) {
                if (a[j] == '0') continue;
                numberA = numberB = 1;
                break;
            }
        }
        std::size_t endA = i, endB = i;
        for (; endA < a.size() && isDigitRune(a[endA]); ++endA) numberA = numberA * 10 + a[endA] - '0';
        for (; endB < b.size() && isDigitRune(b[endB]); ++endB) numberB = numberB * 10 + b[endB] - '0';
        if (numberA != numberB) return numberA < numberB;
        if (endA != endB) return endA < endB;
        return a[i] < b[i];
    }
    return a.size() < b.size();
}

bool hasLowOrder(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
}

class Emitter {
public:
    std::string out;

    void document(const Value& value) {
        node(value, false);
        if (out.empty() || out.back() != '\n') out += '\n';
    }

private:
    enum class Style { Plain, Single, Double, Literal };

    void put(char c) {
        out += c;
        if ((static_cast<unsigned char>(c) & 0xc0) != 0x80) ++column_;
    }
    void putBreak() {
        out += '\n';
        column_ = 0;
    }
    void writeIndent() {
        const int indent = std::max(indent_, 0);
        if (!indention_ || column_ > indent || (column_ == indent && !whitespace_)) {
            if (!out.empty() || column_ > 0) putBreak();
        }
        while (column_ < indent) put(' ');
        whitespace_ = indention_ = true;
    }
    void indicator(std::string_view text, bool needSpace, bool isSpace, bool isIndention) {
        if (needSpace && !whitespace_) put(' ');
        for (char c : text) put(c);
        whitespace_ = isSpace;
        indention_ = indention_ && isIndention;
    }
    int pushIndent(bool flow, bool indentless) {
        const int old = indent_;
        if (indent_ < 0) indent_ = flow ? 2 : 0;
        else if (!indentless) indent_ += 2;
        return old;
    }

    void node(const Value& value, bool inMapping) {
        switch (value.kind()) {
        case ValueKind::Null: plainScalar("null"); return;
        case ValueKind::Bool: plainScalar(value.asBool() ? "true" : "false"); return;
        case ValueKind::Int: plainScalar(std::to_string(value.asInt())); return;
        case ValueKind::Double: plainScalar(numberText(value.asDouble())); return;
        case ValueKind::String: string(value.asString(), false); return;
        case ValueKind::Array: sequence(value, inMapping); return;
        case ValueKind::Object: mapping(value); return;
        }
    }
    // A double that is a whole number reads back from JSON as an integer.
    static std::string numberText(double number) {
        if (std::abs(number) < 9.2e18 && number == std::trunc(number))
            return std::to_string(static_cast<std::int64_t>(number));
        return formatFloatGeneral(number);
    }
    void sequence(const Value& value, bool inMapping) {
        if (value.size() == 0) return indicator("[]", true, false, false);
        const int old = pushIndent(false, inMapping && !indention_);
        for (const Value& item : value.items()) {
            writeIndent();
            indicator("-", true, false, true);
            node(item, false);
        }
        indent_ = old;
    }
    void mapping(const Value& value) {
        if (value.size() == 0) return indicator("{}", true, false, false);
        const int old = pushIndent(false, false);
        std::vector<const Member*> members;
        bool simple = true;
        for (const Member& member : value.members()) {
            members.push_back(&member);
            simple = simple && hasLowOrder(member.key.view());
        }
        if (!simple) {
            std::stable_sort(members.begin(), members.end(), [](const Member* a, const Member* b) {
                return keyLess(a->key.view(), b->key.view());
            });
        }
        for (const Member* member : members) {
            writeIndent();
            key(member->key.view());
            node(member->value, true);
        }
        indent_ = old;
    }
    void key(std::string_view text) {
        const Analysis analysis = analyze(text);
        if (!analysis.multiline && text.size() <= 128) {
            string(text, true);
            indicator(":", false, false, false);
            return;
        }
        indicator("?", true, false, true);
        string(text, false);
        writeIndent();
        indicator(":", true, false, true);
    }

    void plainScalar(std::string_view text) {
        if (!whitespace_) put(' ');
        for (char c : text) put(c);
        whitespace_ = indention_ = false;
    }
    void string(std::string_view text, bool isKey) {
        const Analysis analysis = analyze(text);
        Style style = Style::Plain;
        if (text.find('\n') != std::string_view::npos) style = Style::Literal;
        else if (resolveScalar(text).tag != ScalarTag::String || looksLikeBase60(text))
            style = Style::Double;
        if (isKey && analysis.multiline) style = Style::Double;
        if (style == Style::Plain && !analysis.plain) style = Style::Single;
        if (style == Style::Plain && text.empty() && isKey) style = Style::Single;
        if (style == Style::Single && !analysis.singleQuoted) style = Style::Double;
        if (style == Style::Literal && (!analysis.block || isKey)) style = Style::Double;
        const int old = pushIndent(true, false);
        switch (style) {
        case Style::Plain: plain(text, !isKey); break;
        case Style::Single: singleQuoted(text, !isKey); break;
        case Style::Double: doubleQuoted(text, !isKey); break;
        case Style::Literal: literal(text); break;
        }
        indent_ = old;
    }
    void copy(std::string_view text, std::size_t& i) {
        const std::size_t width = std::min(widthAt(text, i), text.size() - i);
        out.append(text.substr(i, width));
        ++column_;
        i += width;
    }
    void copyBreak(std::string_view text, std::size_t& i) {
        if (text[i] == '\n') {
            putBreak();
            ++i;
        } else {
            copy(text, i);
            column_ = 0;
        }
    }
    void plain(std::string_view text, bool fold) {
        if (!whitespace_) put(' ');
        bool spaces = false;
        for (std::size_t i = 0; i < text.size();) {
            if (text[i] == ' ') {
                if (fold && !spaces && column_ > kBestWidth && !isSpaceAt(text, i + 1)) {
                    writeIndent();
                    ++i;
                } else {
                    copy(text, i);
                }
                spaces = true;
            } else {
                copy(text, i);
                indention_ = false;
                spaces = false;
            }
        }
        whitespace_ = indention_ = false;
    }
    void singleQuoted(std::string_view text, bool fold) {
        indicator("'", true, false, false);
        bool spaces = false, breaks = false;
        for (std::size_t i = 0; i < text.size();) {
            if (text[i] == ' ') {
                if (fold && !spaces && column_ > kBestWidth && i > 0 && i + 1 < text.size() &&
                    !isSpaceAt(text, i + 1)) {
                    writeIndent();
                    ++i;
                } else {
                    copy(text, i);
                }
                spaces = true;
            } else if (isBreakAt(text, i)) {
                if (!breaks && text[i] == '\n') putBreak();
                copyBreak(text, i);
                indention_ = breaks = true;
            } else {
                if (breaks) writeIndent();
                if (text[i] == '\'') put('\'');
                copy(text, i);
                indention_ = spaces = breaks = false;
            }
        }
        indicator("'", false, false, false);
        whitespace_ = indention_ = false;
    }
    void escape(std::uint32_t rune) {
        static constexpr char kHex[] = "0123456789ABCDEF";
        put('\\');
        switch (rune) {
        case 0x00: return put('0');
        case 0x07: return put('a');
        case 0x08: return put('b');
        case 0x09: return put('t');
        case 0x0a: return put('n');
        case 0x0b: return put('v');
        case 0x0c: return put('f');
        case 0x0d: return put('r');
        case 0x1b: return put('e');
        case 0x22: return put('"');
        case 0x5c: return put('\\');
        case 0x85: return put('N');
        case 0xa0: return put('_');
        case 0x2028: return put('L');
        case 0x2029: return put('P');
        default: break;
        }
        const int digits = rune <= 0xff ? 2 : rune <= 0xffff ? 4 : 8;
        put(digits == 2 ? 'x' : digits == 4 ? 'u' : 'U');
        for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) put(kHex[(rune >> shift) & 15]);
    }
    void doubleQuoted(std::string_view text, bool fold) {
        indicator("\"", true, false, false);
        bool spaces = false;
        for (std::size_t i = 0; i < text.size();) {
            const std::uint32_t rune = runeAt(text, i);
            if (!isPrintable(rune) || rune == 0xfeff || isBreakRune(rune) || rune == '"' ||
                rune == '\\') {
                escape(rune);
                i += widthAt(text, i);
                spaces = false;
            } else if (text[i] == ' ') {
                if (fold && !spaces && column_ > kBestWidth && i > 0 && i + 1 < text.size()) {
                    writeIndent();
                    if (isSpaceAt(text, i + 1)) put('\\');
                    ++i;
                } else {
                    copy(text, i);
                }
                spaces = true;
            } else {
                copy(text, i);
                spaces = false;
            }
        }
        indicator("\"", false, false, false);
        whitespace_ = indention_ = false;
    }
    void literal(std::string_view text) {
        indicator("|", true, false, false);
        if (isSpaceAt(text, 0) || isBreakAt(text, 0)) indicator("2", false, false, false);
        if (text.back() != '\n') indicator("-", false, false, false);
        else if (text.size() == 1 || text[text.size() - 2] == '\n') indicator("+", false, false, false);
        putBreak();
        indention_ = whitespace_ = true;
        bool breaks = true;
        for (std::size_t i = 0; i < text.size();) {
            if (isBreakAt(text, i)) {
                copyBreak(text, i);
                indention_ = breaks = true;
            } else {
                if (breaks) writeIndent();
                copy(text, i);
                indention_ = breaks = false;
            }
        }
    }

    int column_ = 0;
    int indent_ = -1;
    bool whitespace_ = true;
    bool indention_ = true;
};

} // namespace

std::string writeYaml(const Value& value) {
    Emitter emitter;
    emitter.document(value);
    return std::move(emitter.out);
}

} // namespace document
