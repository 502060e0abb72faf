// The words of the grammar: quoting, the forms of `$`, assignments, process substitution.

#include "base/strings.h"
#include "shell/parser.h"

#include <algorithm>
#include <cctype>

namespace shell {
namespace {

void addLiteral(std::vector<WordPart>& out, WordPart::Kind kind, std::string_view text) {
    if (!out.empty() && out.back().kind == kind) {
        out.back().text += text;
    } else {
        out.push_back({.kind = kind, .text = std::string(text)});
    }
}

} // namespace

Word Parser::parseExpansions(std::string_view text, int line, bool quotesSpecial) {
    Parser inner(std::string(text), {.firstLine = line, .depth = 1});
    Word word;
    word.line = line;
    inner.parseParts(word.parts, quotesSpecial ? Mode::Arithmetic : Mode::HereDoc);
    return word;
}

Word Parser::parseOneWord(std::string_view text, int line) {
    Parser inner(std::string(text), {.firstLine = line, .depth = 1});
    Word word;
    word.line = line;
    inner.parseParts(word.parts, Mode::Subscript);
    return word;
}

WordPtr Parser::textWord(std::string_view text, bool quotesSpecial) {
    return std::make_shared<Word>(parseExpansions(text, line_, quotesSpecial));
}

bool Parser::parseWord(Word& out, Mode mode) {
    out.line = line_;
    return parseParts(out.parts, mode);
}

bool Parser::parseWords(std::vector<Word>& out) {
    const std::size_t start = pos_;
    const int startLine = line_;
    Word word;
    if (!parseWord(word)) return false;
    const std::string_view source = std::string_view(text_).substr(start, pos_ - start);
    bool brace = false;
    for (const WordPart& part : word.parts)
        brace =
            brace || (part.kind == WordPart::Literal && part.text.find('{') != std::string::npos);
    if (brace && source.find('}') != std::string_view::npos) {
        const auto expanded = expandBraces(source);
        if (expanded.size() != 1 || expanded[0] != source) {
            for (const std::string& text : expanded) {
                Parser inner(text, {.firstLine = startLine, .depth = depth_ + 1});
                Word piece;
                if (!inner.parseWord(piece)) continue;
                if (!piece.parts.empty()) out.push_back(std::move(piece));
            }
            return true;
        }
    }
    out.push_back(std::move(word));
    return true;
}

bool Parser::partStops(Mode mode, int parentheses, std::size_t start) const {
    const char c = peek();
    switch (mode) {
    case Mode::Plain:
        if ((c == '<' || c == '>') && peek(1) == '(') return false;
        return c == ' ' || c == '\t' || c == '\n' || c == ';' || c == '&' || c == '|' || c == '(' ||
               c == ')' || c == '<' || c == '>';
    case Mode::Double: return c == '"';
    case Mode::Brace:
    case Mode::BraceDouble: return c == '}';
    case Mode::Pattern: return c == '}' || (c == '/' && pos_ != start);
    case Mode::Subscript: return c == ']';
    case Mode::Regex:
        return parentheses == 0 &&
               (c == ' ' || c == '\t' || c == '\n' || startsWith("&&") || c == ')');
    case Mode::HereDoc:
    case Mode::Arithmetic: return false;
    }
    return false;
}

bool Parser::parseParts(std::vector<WordPart>& out, Mode mode) {
    if (depth_ > 200) return fail("syntax error: word nested too deeply", false);
    int parentheses = 0;
    const std::size_t start = pos_;
    while (!done() && !partStops(mode, parentheses, start)) {
        const char c = peek();
        const bool doubleLike = mode == Mode::Double || mode == Mode::HereDoc;
        if (c == '\\') {
            if (!parseQuotedChar(out, mode)) return false;
        } else if (c == '$') {
            if (!parseDollar(out, mode)) return false;
        } else if (c == '`') {
            if (!parseBackquote(out, mode)) return false;
        } else if (c == '"' && !doubleLike) {
            if (!parseDouble(out)) return false;
        } else if (c == '\'' && !doubleLike && mode != Mode::BraceDouble &&
                   mode != Mode::Arithmetic) {
            if (!parseSingle(out)) return false;
        } else if ((c == '<' || c == '>') && peek(1) == '(' && mode == Mode::Plain) {
            advance();
            if (!parseCommandSub(out, c == '<' ? WordPart::ProcessIn : WordPart::ProcessOut))
                return false;
        } else if (mode == Mode::Plain && options_.extglob && peek(1) == '(' &&
                   std::string_view("?*+@!").find(c) != std::string_view::npos) {
            if (!parseExtglob(out)) return false;
        } else {
            if (mode == Mode::Regex && c == '(') ++parentheses;
            if (mode == Mode::Regex && c == ')') --parentheses;
            if (mode == Mode::Subscript && c == '[') {
                auto inner = balanced('[', ']');
                if (!inner) return false;
                addLiteral(out, WordPart::Literal, *inner);
                continue;
            }
            addLiteral(out, WordPart::Literal, std::string_view(&c, 1));
            advance();
        }
    }
    return ok();
}

bool Parser::parseQuotedChar(std::vector<WordPart>& out, Mode mode) {
    const char next = peek(1);
    if (next == '\n' && mode != Mode::Regex) {
        advance(2);
        return true;
    }
    const bool doubleLike = mode == Mode::Double || mode == Mode::HereDoc ||
                            mode == Mode::BraceDouble || mode == Mode::Arithmetic;
    if (doubleLike) {
        const bool special = next == '$' || next == '`' || next == '\\' ||
                             (next == '"' && mode != Mode::HereDoc) ||
                             (next == '}' && mode == Mode::BraceDouble);
        if (!special || pos_ + 1 >= text_.size()) {
            addLiteral(out, WordPart::Quoted, "\\");
            advance();
            return true;
        }
    }
    if (pos_ + 1 >= text_.size()) {
        addLiteral(out, WordPart::Quoted, "\\");
        advance();
        return true;
    }
    addLiteral(out, WordPart::Quoted, std::string_view(&next, 1));
    advance(2);
    return true;
}

bool Parser::parseSingle(std::vector<WordPart>& out) {
    const int line = line_;
    const std::size_t close = text_.find('\'', pos_ + 1);
    if (close == std::string::npos) {
        pos_ = text_.size();
        return unmatched('\'', line);
    }
    out.push_back({.kind = WordPart::Quoted, .text = text_.substr(pos_ + 1, close - pos_ - 1)});
    advance(close + 1 - pos_);
    return true;
}

bool Parser::parseAnsi(std::vector<WordPart>& out) {
    const int line = line_;
    std::size_t end = pos_ + 2;
    while (end < text_.size() && text_[end] != '\'') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) {
        pos_ = text_.size();
        return unmatched('\'', line);
    }
    out.push_back({.kind = WordPart::Quoted,
                   .text = decodeAnsiC(std::string_view(text_).substr(pos_ + 2, end - pos_ - 2))});
    advance(end + 1 - pos_);
    return true;
}

bool Parser::parseDouble(std::vector<WordPart>& out) {
    const int line = line_;
    advance();
    WordPart part;
    part.kind = WordPart::DoubleQuoted;
    ++depth_;
    if (!parseParts(part.parts, Mode::Double)) return false;
    --depth_;
    if (peek() != '"' || done()) return unmatched('"', line);
    advance();
    out.push_back(std::move(part));
    return true;
}

bool Parser::parseDollar(std::vector<WordPart>& out, Mode mode) {
    const char next = peek(1);
    if (next == '(') {
        if (peek(2) == '(') {
            bool isCommand = false;
            if (!parseArithmeticSub(out, isCommand)) return false;
            if (!isCommand) return true;
        }
        advance();
        return parseCommandSub(out, WordPart::Command);
    }
    if (next == '[') { // the old form of $(( ))
        advance();
        auto inner = balanced('[', ']');
        if (!inner) return false;
        out.push_back({.kind = WordPart::Arithmetic, .text = {}});
        out.back().argument = textWord(std::string_view(*inner).substr(1, inner->size() - 2), true);
        return true;
    }
    if (next == '{') return parseBraceParam(out, mode);
    if (next == '\'' && mode != Mode::Double && mode != Mode::HereDoc && mode != Mode::BraceDouble)
        return parseAnsi(out);
    if (next == '"' && mode != Mode::Double && mode != Mode::HereDoc) {
        advance();
        return parseDouble(out);
    }
    WordPart part;
    part.kind = WordPart::Parameter;
    if (isSpecialParam(next) || std::isdigit(static_cast<unsigned char>(next))) {
        part.text = std::string(1, next);
        advance(2);
        out.push_back(std::move(part));
        return true;
    }
    if (!isNameChar(next)) {
        addLiteral(out, mode == Mode::Regex ? WordPart::Literal : WordPart::Quoted, "$");
        advance();
        return true;
    }
    advance();
    while (isNameChar(peek())) {
        part.text += peek();
        advance();
    }
    out.push_back(std::move(part));
    return true;
}

// Copies a quoted stretch whole; at '\'', '"', '`' or '\\'.
bool Parser::skipQuoted(std::string& into) {
    const char quote = peek();
    if (quote == '\\') {
        into += text_.substr(pos_, 2);
        advance(2);
        return true;
    }
    const int line = line_;
    into += quote;
    advance();
    while (!done() && peek() != quote) {
        if (peek() == '\\' && quote != '\'') {
            into += peek();
            advance();
        }
        if (done()) break;
        into += peek();
        advance();
    }
    if (done()) return unmatched(quote, line);
    into += quote;
    advance();
    return true;
}

// The text from an opening bracket to its partner, both included.
std::optional<std::string> Parser::balanced(char open, char close) {
    std::string text;
    int depth = 0;
    const int line = line_;
    while (!done()) {
        const char c = peek();
        if (c == '\'' || c == '"' || c == '`' || c == '\\') {
            if (!skipQuoted(text)) return std::nullopt;
            continue;
        }
        if (c == open) ++depth;
        if (c == close) --depth;
        text += c;
        advance();
        if (depth == 0) return text;
    }
    unmatched(close, line);
    return std::nullopt;
}

bool Parser::parseArithmeticSub(std::vector<WordPart>& out, bool& isCommand) {
    const std::size_t savedPos = pos_;
    const int savedLine = line_;
    advance(2);
    auto inner = balanced('(', ')');
    if (!inner) return false;
    if (peek() != ')') {
        pos_ = savedPos;
        line_ = savedLine;
        isCommand = true;
        if (done()) return unmatched(')', line_);
        return true;
    }
    advance();
    WordPart part;
    part.kind = WordPart::Arithmetic;
    part.argument = textWord(std::string_view(*inner).substr(1, inner->size() - 2), true);
    out.push_back(std::move(part));
    return true;
}

// At "(" of a substitution.
bool Parser::parseCommandSub(std::vector<WordPart>& out, WordPart::Kind kind) {
    advance();
    WordPart part;
    part.kind = kind;
    auto savedDocs = std::move(docs_);
    docs_.clear();
    const auto savedAliases = options_.aliases;
    options_.aliases = nullptr;
    if (!skipNewlines()) return false;
    auto list = std::make_shared<List>();
    if (peek() != ')') {
        if (done() || !parseList(*list, false) || !skipNewlines()) {
            if (status_ == ParseStatus::Ok ||
                (status_ == ParseStatus::Incomplete &&
                 error_.message.find("matching") == std::string::npos)) {
                const int endLine = line_ + (text_.empty() || text_.back() != '\n' ? 1 : 0);
                status_ = ParseStatus::Ok;
                return unmatched(')', endLine);
            }
            return false;
        }
    }
    if (done()) return unmatched(')', line_ + 1);
    if (peek() != ')') return failToken();
    advance();
    options_.aliases = savedAliases;
    docs_ = std::move(savedDocs);
    part.command = std::move(list);
    out.push_back(std::move(part));
    return true;
}

bool Parser::parseBackquote(std::vector<WordPart>& out, Mode mode) {
    const int line = line_;
    advance();
    std::string inner;
    while (!done() && peek() != '`') {
        if (peek() == '\\' && pos_ + 1 < text_.size()) {
            const char next = peek(1);
            const bool drop =
                next == '`' || next == '\\' || next == '$' || (next == '"' && mode == Mode::Double);
            if (!drop) inner += '\\';
            inner += next;
            advance(2);
            continue;
        }
        inner += peek();
        advance();
    }
    if (done()) return unmatched('`', line);
    advance();
    Parser parser(inner, {.firstLine = line, .depth = depth_ + 1});
    auto list = std::make_shared<List>();
    while (true) {
        ListPtr piece;
        const ParseStatus status = parser.next(piece);
        if (status == ParseStatus::End) break;
        if (status != ParseStatus::Ok) {
            error_ = parser.error();
            status_ = ParseStatus::Error;
            return false;
        }
        list->items.insert(list->items.end(), piece->items.begin(), piece->items.end());
    }
    WordPart part;
    part.kind = WordPart::Command;
    part.command = std::move(list);
    out.push_back(std::move(part));
    return true;
}

// ?(a|b): kept as a literal pattern; quotes inside keep their meaning.
bool Parser::parseExtglob(std::vector<WordPart>& out) {
    addLiteral(out, WordPart::Literal, std::string_view(text_).substr(pos_, 2));
    const int line = line_;
    advance(2);
    int depth = 1;
    while (!done()) {
        const char c = peek();
        if (c == '\\') {
            if (!parseQuotedChar(out, Mode::Plain)) return false;
        } else if (c == '\'') {
            if (!parseSingle(out)) return false;
        } else if (c == '"') {
            if (!parseDouble(out)) return false;
        } else if (c == '$') {
            if (!parseDollar(out, Mode::Plain)) return false;
        } else {
            if (c == '(') ++depth;
            if (c == ')') --depth;
            addLiteral(out, WordPart::Literal, std::string_view(&c, 1));
            advance();
            if (depth == 0) return true;
        }
    }
    return unmatched(')', line);
}

} // namespace shell
