// ${parameters} and assignments.

#include "base/strings.h"
#include "shell/parser.h"

#include <cctype>

namespace shell {

bool Parser::parseBraceParam(std::vector<WordPart>& out, Mode mode) {
    const std::size_t start = pos_;
    const int line = line_;
    const bool inDouble = mode == Mode::Double || mode == Mode::HereDoc ||
                          mode == Mode::BraceDouble || mode == Mode::Arithmetic;
    advance(2);
    WordPart part;
    part.kind = WordPart::Parameter;
    bool length = false;
    if (peek() == '#' && (isNameChar(peek(1)) || (isSpecialParam(peek(1)) && peek(2) == '}'))) {
        length = true;
        advance();
    } else if (peek() == '!' &&
               (isNameChar(peek(1)) || peek(1) == '@' || peek(1) == '*' || peek(1) == '#')) {
        part.indirect = true;
        advance();
    }
    if (isSpecialParam(peek())) {
        part.text = std::string(1, peek());
        advance();
    } else if (std::isdigit(static_cast<unsigned char>(peek()))) {
        while (std::isdigit(static_cast<unsigned char>(peek()))) {
            part.text += peek();
            advance();
        }
    } else {
        while (isNameChar(peek())) {
            part.text += peek();
            advance();
        }
    }
    if (peek() == '[' && !part.text.empty()) {
        advance();
        auto subscript = std::make_shared<Word>();
        if (!parseWord(*subscript, Mode::Subscript)) return false;
        if (peek() != ']') return unmatched('}', line);
        advance();
        part.subscript = std::move(subscript);
    }
    if (length) part.op = ParamOp::Length;
    ++depth_;
    const bool parsed = part.text.empty() || length
                            ? true
                            : parseParamOp(part, inDouble ? Mode::BraceDouble : Mode::Brace);
    --depth_;
    if (!parsed) {
        if (status_ == ParseStatus::Incomplete) error_.line = line;
        return false;
    }
    if (peek() != '}' || part.text.empty() || done()) {
        // Not a form that bash knows: an error when it is expanded.
        while (!done() && peek() != '}') advance();
        if (done()) return unmatched('}', line);
        advance();
        part.op = ParamOp::Bad;
        part.text = text_.substr(start, pos_ - start);
        out.push_back(std::move(part));
        return true;
    }
    advance();
    out.push_back(std::move(part));
    return true;
}

bool Parser::parseParamSubstring(WordPart& part) {
    part.op = ParamOp::Substring;
    auto until = [&](bool colonStops) {
        std::string text;
        int depth = 0;
        int questions = 0;
        while (!done()) {
            const char c = peek();
            if (depth == 0 && (c == '}' || (c == ':' && colonStops && questions == 0))) break;
            if (c == '?') ++questions;
            if (c == ':' && questions > 0) --questions;
            if (c == '(' || c == '{' || c == '[') ++depth;
            if (c == ')' || c == '}' || c == ']') --depth;
            text += c;
            advance();
        }
        return text;
    };
    part.argument = textWord(until(true), true);
    if (peek() == ':' && !done()) {
        advance();
        part.argument2 = textWord(until(false), true);
    }
    return true;
}

bool Parser::parseParamOp(WordPart& part, Mode mode) {
    const char c = peek();
    auto argument = [&](Mode argumentMode) {
        auto word = std::make_shared<Word>();
        const bool parsed = parseWord(*word, argumentMode);
        part.argument = std::move(word);
        return parsed;
    };
    if (part.indirect && (c == '*' || c == '@') && peek(1) == '}') {
        part.op = ParamOp::Names;
        part.anchor = c;
        advance();
        return true;
    }
    if (c == '}' || c == '\0') {
        if (part.indirect && part.subscript != nullptr && part.subscript->literal() != nullptr &&
            (*part.subscript->literal() == "@" || *part.subscript->literal() == "*"))
            part.op = ParamOp::Keys;
        return true;
    }
    const char op = c == ':' ? peek(1) : c;
    if (op == '-' || op == '=' || op == '?' || op == '+') {
        part.colon = c == ':';
        advance(part.colon ? 2 : 1);
        part.op = op == '-'   ? ParamOp::Default
                  : op == '=' ? ParamOp::Assign
                  : op == '?' ? ParamOp::Error
                              : ParamOp::Alternative;
        return argument(mode);
    }
    if (c == ':') {
        advance();
        return parseParamSubstring(part);
    }
    if (c == '#' || c == '%' || c == '^' || c == ',') {
        part.op = c == '#'   ? ParamOp::RemovePrefix
                  : c == '%' ? ParamOp::RemoveSuffix
                  : c == '^' ? ParamOp::UpperCase
                             : ParamOp::LowerCase;
        advance();
        if (peek() == c) {
            part.longest = true;
            advance();
        }
        return argument(Mode::Brace);
    }
    if (c == '/') {
        part.op = ParamOp::Replace;
        advance();
        if (peek() == '/' ||
            ((peek() == '#' || peek() == '%') && peek(1) != '}' && peek(1) != '/')) {
            part.anchor = peek();
            advance();
        }
        if (!argument(Mode::Pattern)) return false;
        if (peek() == '/') {
            advance();
            auto word = std::make_shared<Word>();
            if (!parseWord(*word, Mode::Brace)) return false;
            part.argument2 = std::move(word);
        }
        return true;
    }
    if (c == '@' && std::string_view("QEPAaUuLKk").find(peek(1)) != std::string_view::npos &&
        peek(2) == '}') {
        part.op = ParamOp::Transform;
        part.anchor = peek(1);
        advance(2);
        return true;
    }
    return true; // the caller finds that no "}" follows
}

// Length of "name", "name[...]" with "=" or "+=" after it, or 0.
std::size_t Parser::assignmentLength() const {
    std::size_t at = pos_;
    if (at >= text_.size() || !isNameChar(text_[at]) ||
        std::isdigit(static_cast<unsigned char>(text_[at])))
        return 0;
    while (at < text_.size() && isNameChar(text_[at])) ++at;
    if (at < text_.size() && text_[at] == '[') {
        int depth = 0;
        while (at < text_.size()) {
            if (text_[at] == '\n') return 0;
            if (text_[at] == '[') ++depth;
            if (text_[at] == ']' && --depth == 0) break;
            ++at;
        }
        if (at >= text_.size()) return 0;
        ++at;
    }
    if (at < text_.size() && text_[at] == '+') ++at;
    return at < text_.size() && text_[at] == '=' ? at + 1 - pos_ : 0;
}

bool Parser::parseAssignment(Assignment& out, bool& matched) {
    const std::size_t length = assignmentLength();
    if (length == 0) return true;
    matched = true;
    while (isNameChar(peek())) {
        out.name += peek();
        advance();
    }
    if (peek() == '[') {
        advance();
        auto subscript = std::make_shared<Word>();
        if (!parseWord(*subscript, Mode::Subscript)) return false;
        if (peek() == ']') advance();
        out.subscript = std::move(subscript);
    }
    if (peek() == '+') {
        out.append = true;
        advance();
    }
    advance();
    if (peek() == '(' && out.subscript == nullptr) return parseArrayValue(out);
    return parseWord(out.value);
}

bool Parser::parseArrayValue(Assignment& out) {
    out.isArray = true;
    const int line = line_;
    advance();
    while (true) {
        if (!skipNewlines()) return false;
        if (done()) return unmatched(')', line);
        if (peek() == ')') {
            advance();
            return true;
        }
        ArrayElement element;
        if (peek() == '[') {
            const std::size_t savedPos = pos_;
            advance();
            auto subscript = std::make_shared<Word>();
            if (!parseWord(*subscript, Mode::Subscript)) return false;
            if (startsWith("]=") || startsWith("]+=")) {
                element.append = peek(1) == '+';
                advance(element.append ? 3 : 2);
                element.subscript = std::move(subscript);
                if (!parseWord(element.value)) return false;
                out.elements.push_back(std::move(element));
                continue;
            }
            pos_ = savedPos;
        }
        if (!wordStarts()) return failToken();
        std::vector<Word> words;
        if (!parseWords(words)) return false;
        for (Word& word : words) {
            ArrayElement item;
            item.value = std::move(word);
            out.elements.push_back(std::move(item));
        }
    }
}

} // namespace shell
