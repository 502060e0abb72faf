// Source: go.yaml.in/yaml/v2 parserc.go (grammar), decode.go (fail), readerc.go (characters).
#include "document/yaml_diagnosis.h"

#include "document/yaml_scanner.h"

#include <set>

namespace document {
namespace {

using Token = YamlToken;

// Far deeper documents are refused by the reader.
constexpr int kMaxDepth = 2000;

class Grammar {
public:
    explicit Grammar(std::string_view text) : scanner_(text) {}

    void document() {
        next(); // the start of the stream
        if (kind() == Token::StreamEnd) return;
        if (kind() == Token::VersionDirective || kind() == Token::TagDirective ||
            kind() == Token::DocumentStart) {
            directives();
            if (kind() != Token::DocumentStart) fail("did not find expected <document start>");
            next();
            if (isOneOf({Token::VersionDirective, Token::TagDirective, Token::DocumentStart,
                         Token::DocumentEnd, Token::StreamEnd}))
                return;
        }
        node(true, false);
        kind(); // the end of the document needs one more token
    }

private:
    Token kind() { return scanner_.peek().kind; }
    void next() {
        scanner_.peek();
        scanner_.skipToken();
    }
    bool isOneOf(std::initializer_list<Token> tokens) {
        for (Token token : tokens)
            if (kind() == token) return true;
        return false;
    }
    [[noreturn]] void fail(std::string text, const YamlMark& context = {}) {
        throw YamlProblem{false, std::move(text), scanner_.peek().start, context};
    }

    void directives() {
        bool version = false;
        std::set<std::string> handles;
        while (isOneOf({Token::VersionDirective, Token::TagDirective})) {
            if (kind() == Token::VersionDirective) {
                if (version) fail("found duplicate %YAML directive");
                if (scanner_.peek().text != "1.1") fail("found incompatible YAML document");
                version = true;
            } else if (!handles.insert(scanner_.peek().text).second) {
                fail("found duplicate %TAG directive");
            }
            next();
        }
        handles_.insert(handles.begin(), handles.end());
    }

    void node(bool block, bool indentless) {
        if (++depth_ > kMaxDepth) throw YamlProblem{};
        if (kind() == Token::Alias) {
            const std::string& name = scanner_.peek().text;
            if (!anchors_.contains(name))
                throw YamlProblem{false, "unknown anchor '" + name + "' referenced", {}, {}};
            next();
        } else {
            content(block, indentless);
        }
        --depth_;
    }

    void content(bool block, bool indentless) {
        const YamlMark start = scanner_.peek().start;
        bool decorated = false, anchored = false, tagged = false;
        while ((kind() == Token::Anchor && !anchored) || (kind() == Token::Tag && !tagged)) {
            decorated = true;
            const YamlTokenAt& token = scanner_.peek();
            if (token.kind == Token::Anchor) {
                anchored = true;
                anchors_.insert(token.text);
            } else {
                tagged = true;
                if (!token.text.empty() && !handles_.contains(token.text))
                    fail("found undefined tag handle", start);
            }
            next();
        }
        switch (kind()) {
        case Token::BlockEntry:
            if (indentless) return indentlessSequence();
            break;
        case Token::Scalar: return next();
        case Token::FlowSequenceStart: return flowSequence();
        case Token::FlowMappingStart: return flowMapping();
        case Token::BlockSequenceStart:
            if (block) return blockSequence();
            break;
        case Token::BlockMappingStart:
            if (block) return blockMapping();
            break;
        default: break;
        }
        if (!decorated) fail("did not find expected node content", start);
    }

    void blockSequence() {
        const YamlMark start = scanner_.peek().start;
        next();
        while (kind() == Token::BlockEntry) {
            next();
            if (!isOneOf({Token::BlockEntry, Token::BlockEnd})) node(true, false);
        }
        if (kind() != Token::BlockEnd) fail("did not find expected '-' indicator", start);
        next();
    }
    void indentlessSequence() {
        while (kind() == Token::BlockEntry) {
            next();
            if (!isOneOf({Token::BlockEntry, Token::Key, Token::Value, Token::BlockEnd}))
                node(true, false);
        }
    }
    void blockMapping() {
        const YamlMark start = scanner_.peek().start;
        next();
        while (kind() == Token::Key) {
            next();
            if (!isOneOf({Token::Key, Token::Value, Token::BlockEnd})) node(true, true);
            if (kind() != Token::Value) continue;
            next();
            if (!isOneOf({Token::Key, Token::Value, Token::BlockEnd})) node(true, true);
        }
        if (kind() != Token::BlockEnd) fail("did not find expected key", start);
        next();
    }
    void flowSequence() {
        const YamlMark start = scanner_.peek().start;
        next();
        for (bool first = true; kind() != Token::FlowSequenceEnd; first = false) {
            if (!first) {
                if (kind() != Token::FlowEntry) fail("did not find expected ',' or ']'", start);
                next();
            }
            if (kind() == Token::Key) {
                next();
                singlePair();
            } else if (kind() != Token::FlowSequenceEnd) {
                node(false, false);
            }
        }
        next();
    }
    // The libyaml grammar swallows the token after an empty key.
    void singlePair() {
        if (isOneOf({Token::Value, Token::FlowEntry, Token::FlowSequenceEnd})) {
            next();
        } else {
            node(false, false);
        }
        if (kind() != Token::Value) return;
        next();
        if (!isOneOf({Token::FlowEntry, Token::FlowSequenceEnd})) node(false, false);
    }
    void flowMapping() {
        const YamlMark start = scanner_.peek().start;
        next();
        for (bool first = true; kind() != Token::FlowMappingEnd; first = false) {
            if (!first) {
                if (kind() != Token::FlowEntry) fail("did not find expected ',' or '}'", start);
                next();
            }
            if (kind() == Token::Key) {
                next();
                if (!isOneOf({Token::Value, Token::FlowEntry, Token::FlowMappingEnd}))
                    node(false, false);
                if (kind() != Token::Value) continue;
                next();
                if (!isOneOf({Token::FlowEntry, Token::FlowMappingEnd})) node(false, false);
            } else if (kind() != Token::FlowMappingEnd) {
                node(false, false);
                kind();
            }
        }
        next();
    }

    YamlScanner scanner_;
    int depth_ = 0;
    std::set<std::string> anchors_, handles_{"!", "!!"};
};

// The reader of go-yaml refuses these before any token. Empty when every character is allowed.
std::string characterProblem(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto c = static_cast<unsigned char>(text[i]);
        const std::size_t width = c < 0x80 ? 1 : (c & 0xE0) == 0xC0 ? 2 : (c & 0xF0) == 0xE0 ? 3
                                  : (c & 0xF8) == 0xF0                 ? 4 : 0;
        if (width == 0) return "invalid leading UTF-8 octet";
        if (i + width > text.size()) return "incomplete UTF-8 octet sequence";
        std::uint32_t value = width == 1 ? c : c & (0xFFU >> (width + 1));
        for (std::size_t k = 1; k < width; ++k) {
            const auto part = static_cast<unsigned char>(text[i + k]);
            if ((part & 0xC0) != 0x80) return "invalid trailing UTF-8 octet";
            value = (value << 6) | (part & 0x3FU);
        }
        constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        if (value < kLeast[width]) return "invalid length of a UTF-8 sequence";
        if ((value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF)
            return "invalid Unicode character";
        const bool allowed = value == 9 || value == 10 || value == 13 ||
                             (value >= 0x20 && value <= 0x7E) || value == 0x85 ||
                             (value >= 0xA0 && value <= 0xFFFD) || value >= 0x10000;
        if (!allowed) return "control characters are not allowed";
        i += width;
    }
    return {};
}

} // namespace

std::optional<YamlDiagnosis> diagnoseYaml(std::string_view text) {
    if (std::string problem = characterProblem(text); !problem.empty())
        return YamlDiagnosis{problem, "yaml: " + problem, 1, 1};
    try {
        Grammar(text).document();
        return std::nullopt;
    } catch (const YamlProblem& problem) {
        if (problem.text.empty()) return std::nullopt;
        YamlDiagnosis diagnosis;
        diagnosis.text = problem.text;
        diagnosis.line = problem.place.line + 1;
        diagnosis.column = problem.place.column + 1;
        // The message counts lines from zero, except for what the scanner finds; zero is not told.
        int told = 0;
        if (problem.place.line != 0)
            told = problem.place.line + (problem.scanner ? 1 : 0);
        else
            told = problem.context.line;
        diagnosis.goText =
            "yaml: " + (told != 0 ? "line " + std::to_string(told) + ": " : std::string()) +
            problem.text;
        return diagnosis;
    }
}

} // namespace document
