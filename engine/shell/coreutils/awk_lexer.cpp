// awk: from text to tokens.

#include "shell/coreutils/awk_parser.h"
#include "shell/parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace shell::awk {
namespace {

constexpr std::array kKeywords = {"BEGIN",    "END",   "function", "func",  "if",
                                  "else",     "while", "for",      "do",    "break",
                                  "continue", "next",  "nextfile", "exit",  "return",
                                  "delete",   "in",    "getline",  "print", "printf"};
constexpr std::array kBuiltins = {
    "length",  "substr", "index", "split",  "sub",      "gsub",    "match",  "sprintf", "sin",
    "cos",     "atan2",  "exp",   "log",    "sqrt",     "int",     "rand",   "srand",   "tolower",
    "toupper", "system", "close", "fflush", "strftime", "systime", "gensub", "mktime"};

} // namespace

void Parser::fail() {
    if (!fine()) return;
    const std::string shown = token_.kind == Tok::End       ? "end of file"
                              : token_.kind == Tok::Newline ? "newline"
                                                            : token_.text;
    script_.error = "line " + std::to_string(token_.line) + ": syntax error at or near " + shown;
    token_.kind = Tok::End;
    at_ = text_.size();
}

void Parser::advance() {
    previous_ = token_.kind;
    previousText_ = token_.text;
    token_ = Token{};
    const std::size_t before = at_;
    while (at_ < text_.size()) {
        if (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')
            ++at_;
        else if (text_[at_] == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n')
            at_ += 2, ++line_;
        else if (text_[at_] == '#')
            while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        else
            break;
    }
    token_.spaceBefore = at_ > before;
    token_.line = line_;
    if (at_ >= text_.size()) return;
    const char c = text_[at_];
    if (c == '\n') {
        ++at_;
        ++line_;
        token_.kind = Tok::Newline;
    } else if (std::isdigit(static_cast<unsigned char>(c)) ||
               (c == '.' && at_ + 1 < text_.size() &&
                std::isdigit(static_cast<unsigned char>(text_[at_ + 1])))) {
        const std::string rest(text_.substr(at_, 64));
        char* end = nullptr;
        token_.number = rest.size() > 1 && rest[0] == '0' && (rest[1] == 'x' || rest[1] == 'X')
                            ? 0
                            : std::strtod(rest.c_str(), &end);
        if (end == nullptr) end = const_cast<char*>(rest.c_str()) + 1;
        token_.text = rest.substr(0, static_cast<std::size_t>(end - rest.c_str()));
        at_ += token_.text.size();
        token_.kind = Tok::Number;
    } else if (c == '"') {
        string();
    } else if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
        while (at_ < text_.size() &&
               (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_'))
            token_.text += text_[at_++];
        token_.kind = Tok::Name;
        for (const char* word : kKeywords)
            if (token_.text == word) token_.kind = Tok::Keyword;
        for (const char* word : kBuiltins)
            if (token_.text == word) token_.kind = Tok::Builtin;
        if (token_.kind == Tok::Name && at_ < text_.size() && text_[at_] == '(')
            token_.kind = Tok::FuncName;
    } else {
        punctuation();
    }
}

void Parser::string() {
    token_.kind = Tok::String;
    std::string raw;
    ++at_;
    while (at_ < text_.size() && text_[at_] != '"') {
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
            const char next = text_[at_ + 1];
            if (next == '/')
                raw += '/';
            else if (next == '"')
                raw += '"';
            else if (next == '\n') {
            } else if (std::string_view("ntr\\abfv01234567").find(next) != std::string_view::npos) {
                std::size_t length = 2;
                if (next >= '0' && next <= '7')
                    while (length < 4 && at_ + length < text_.size() &&
                           text_[at_ + length] >= '0' && text_[at_ + length] <= '7')
                        ++length;
                raw += decodeAnsiC(text_.substr(at_, length));
                at_ += length - 2;
            } else {
                raw += '\\';
                raw += next;
            }
            at_ += 2;
            continue;
        }
        if (text_[at_] == '\n') break;
        raw += text_[at_++];
    }
    if (at_ >= text_.size() || text_[at_] != '"') {
        if (fine())
            script_.error = "line " + std::to_string(line_) + ": runaway string constant \"" +
                            raw.substr(0, 20) + " ...";
        token_.kind = Tok::End;
        at_ = text_.size();
        return;
    }
    ++at_;
    token_.text = std::move(raw);
}

void Parser::punctuation() {
    token_.kind = Tok::Punct;
    for (const std::string_view op : {"**=", "&&", "||", "==", "!=", "<=", ">=", "++", "--",
                                      "+=", "-=", "*=", "/=", "%=", "^=", "**", "!~", ">>"})
        if (text_.substr(at_, op.size()) == op) {
            token_.text = std::string(op);
            at_ += op.size();
            if (token_.text == "**") token_.text = "^";
            if (token_.text == "**=") token_.text = "^=";
            return;
        }
    token_.text = std::string(1, text_[at_++]);
}

NodePtr Parser::regexp() {
    std::size_t from = at_;
    std::string pattern;
    if (token_.text == "/=") pattern = "=";
    (void)from;
    bool inBracket = false;
    while (at_ < text_.size() && (text_[at_] != '/' || inBracket)) {
        if (text_[at_] == '\n') break;
        if (text_[at_] == '[' && !inBracket) {
            inBracket = true;
            pattern += text_[at_++];
            if (at_ < text_.size() && text_[at_] == '^') pattern += text_[at_++];
            if (at_ < text_.size() && text_[at_] == ']') pattern += text_[at_++];
            continue;
        }
        if (text_[at_] == ']') inBracket = false;
        if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
            if (text_[at_ + 1] == '/')
                pattern += '/';
            else {
                pattern += '\\';
                pattern += text_[at_ + 1];
            }
            at_ += 2;
            continue;
        }
        pattern += text_[at_++];
    }
    if (at_ >= text_.size() || text_[at_] != '/') {
        fail();
        return std::make_unique<Node>(Op::Number);
    }
    ++at_;
    auto node = std::make_unique<Node>(Op::Regexp, pattern);
    RegexOptions options;
    options.extended = true;
    node->regex = std::make_shared<Regex>(pattern, options);
    if (!node->regex->ok() && fine())
        script_.error = "line " + std::to_string(line_) + ": regular expression compile failed (" +
                        node->regex->error() + ")\n" + pattern;
    advance();
    return node;
}

bool Parser::is(std::string_view text) const {
    return (token_.kind == Tok::Punct || token_.kind == Tok::Keyword) && token_.text == text;
}

bool Parser::take(std::string_view text) {
    if (!is(text)) return false;
    advance();
    return true;
}

void Parser::expect(std::string_view text) {
    if (!take(text)) fail();
}

void Parser::skipNewlines() {
    while (token_.kind == Tok::Newline) advance();
}

void Parser::skipEnds() {
    while (token_.kind == Tok::Newline || is(";")) advance();
}

} // namespace shell::awk
