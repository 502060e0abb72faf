// Scalars of the YAML scanner: where they end and what is wrong in them.
#include "document/yaml_scanner.h"

#include <algorithm>

namespace document {
namespace {

bool isDigit(unsigned char c) { return c >= '0' && c <= '9'; }
int hexValue(unsigned char c) {
    if (isDigit(c)) return c - '0';
    const int letter = (c | 0x20) - 'a';
    return letter >= 0 && letter < 6 ? letter + 10 : -1;
}

} // namespace

void YamlScanner::fetchBlockScalar() {
    removeKey();
    keyAllowed_ = true;
    const YamlMark start = mark_;
    skip();
    int increment = 0;
    const auto chomping = [&] {
        if (at() != '+' && at() != '-') return false;
        skip();
        return true;
    };
    const auto indentation = [&] {
        if (!isDigit(at())) return;
        if (at() == '0') fail(start, "found an indentation indicator equal to 0");
        increment = at() - '0';
        skip();
    };
    const bool first = chomping();
    indentation();
    if (!first && increment > 0) chomping();
    while (isBlank()) skip();
    if (at() == '#')
        while (!isBreakOrEnd()) skip();
    if (!isBreakOrEnd()) fail(start, "did not find expected comment or line break");
    if (isBreak()) skipLine();
    const int outer = indent_ >= 0 ? indent_ : 0;
    int indent = blockBreaks(increment > 0 ? outer + increment : 0, start);
    while (mark_.column == indent && !isEnd()) {
        while (!isBreakOrEnd()) skip();
        if (isBreak()) skipLine();
        indent = blockBreaks(indent, start);
    }
    push(YamlToken::Scalar, start);
}

// Skips indentation and empty lines; an indentation of zero is found out.
int YamlScanner::blockBreaks(int indent, const YamlMark& start) {
    int deepest = 0;
    for (;;) {
        while ((indent == 0 || mark_.column < indent) && at() == ' ') skip();
        deepest = std::max(deepest, mark_.column);
        if ((indent == 0 || mark_.column < indent) && at() == '\t')
            fail(start, "found a tab character where an indentation space is expected");
        if (!isBreak()) break;
        skipLine();
    }
    return indent != 0 ? indent : std::max({deepest, indent_ + 1, 1});
}

void YamlScanner::fetchQuoted(bool single) {
    saveKey();
    keyAllowed_ = false;
    const YamlMark start = mark_;
    const unsigned char quote = single ? '\'' : '"';
    skip();
    for (;;) {
        if (atDocumentIndicator()) fail(start, "found unexpected document indicator");
        if (isEnd()) fail(start, "found unexpected end of stream");
        bool continued = false;
        while (!continued && !isBlankOrEnd()) {
            if (single && at() == quote && at(1) == quote) {
                skip();
                skip();
            } else if (at() == quote) {
                break;
            } else if (!single && at() == '\\' && isBreak(1)) {
                skip();
                skipLine();
                continued = true;
            } else if (!single && at() == '\\') {
                quotedEscape(start);
            } else {
                skip();
            }
        }
        if (at() == quote) break;
        while (isBlank() || isBreak()) {
            if (isBlank())
                skip();
            else
                skipLine();
        }
    }
    skip();
    push(YamlToken::Scalar, start);
}

void YamlScanner::quotedEscape(const YamlMark& start) {
    const unsigned char c = at(1);
    if (c == 0 || std::string_view("0abt\tnvfre \"'\\N_LPxuU").find(static_cast<char>(c)) ==
                      std::string_view::npos)
        fail(start, "found unknown escape character");
    skip();
    skip();
    const int length = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    std::int64_t value = 0;
    for (int i = 0; i < length; ++i) {
        const int digit = hexValue(at(static_cast<std::size_t>(i)));
        if (digit < 0) fail(start, "did not find expected hexdecimal number");
        value = value * 16 + digit;
    }
    if ((value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF)
        fail(start, "found invalid Unicode character escape code");
    for (int i = 0; i < length; ++i) skip();
}

void YamlScanner::fetchPlain() {
    saveKey();
    keyAllowed_ = false;
    const YamlMark start = mark_;
    const int indent = indent_ + 1;
    bool newLine = false;
    for (;;) {
        if (atDocumentIndicator() || at() == '#') break;
        while (!isBlankOrEnd()) {
            if (at() == ':' && isBlankOrEnd(1)) break;
            if (flow_ > 0 && std::string_view(",?[]{}").find(static_cast<char>(at())) !=
                                 std::string_view::npos)
                break;
            newLine = false;
            skip();
        }
        if (!isBlank() && !isBreak()) break;
        while (isBlank() || isBreak()) {
            if (isBreak()) {
                skipLine();
                newLine = true;
                continue;
            }
            if (newLine && mark_.column < indent && at() == '\t')
                fail(start, "found a tab character that violates indentation");
            skip();
        }
        if (flow_ == 0 && mark_.column < indent) break;
    }
    push(YamlToken::Scalar, start);
    if (newLine) keyAllowed_ = true;
}

} // namespace document
