// Simple commands, redirections and here-documents.

#include "base/strings.h"
#include "shell/parser.h"

#include <algorithm>
#include <cctype>

namespace shell {
namespace {

bool isDeclaration(const std::string& name) {
    return name == "declare" || name == "local" || name == "export" || name == "readonly" ||
           name == "typeset" || name == "alias";
}

} // namespace

bool Parser::readHereDocs() {
    auto docs = std::move(docs_);
    docs_.clear();
    for (PendingDoc& doc : docs) {
        std::string body;
        const int firstLine = line_;
        bool closed = false;
        while (!done()) {
            std::size_t end = text_.find('\n', pos_);
            const bool last = end == std::string::npos;
            std::string line = text_.substr(pos_, last ? std::string::npos : end - pos_);
            advance(line.size() + (last ? 0 : 1));
            if (doc.stripTabs)
                line.erase(0, line.find_first_not_of('\t') == std::string::npos
                                  ? line.size()
                                  : line.find_first_not_of('\t'));
            if (line == doc.delimiter) {
                closed = true;
                break;
            }
            body += line + "\n";
        }
        if (!closed) {
            ParseError warning;
            warning.line = line_;
            warning.message = "warning: here-document at line " + std::to_string(doc.line) +
                              " delimited by end-of-file (wanted `" + doc.delimiter + "')";
            warning.warningOnly = true;
            warnings_.push_back(std::move(warning));
        }
        Word word;
        word.line = firstLine;
        if (doc.quoted) {
            word.parts.push_back({.kind = WordPart::Quoted, .text = std::move(body)});
        } else {
            word = parseExpansions(body, firstLine, false);
        }
        doc.command->redirects[doc.index].target = std::move(word);
    }
    return true;
}

// Simple commands.
bool Parser::wordStarts() {
    if (done()) return false;
    const char c = peek();
    if ((c == '<' || c == '>') && peek(1) == '(') return true;
    return !isMeta(c);
}

CommandPtr Parser::parseSimple() {
    auto command = std::make_shared<Command>();
    command->line = line_;
    const std::size_t start = pos_;
    bool declaration = false;
    while (true) {
        skipBlanks();
        if (done()) break;
        if (command->words.empty() && expandAlias()) continue;
        if (aliasNext_ == pos_ || (aliasNext_ != std::string::npos && pos_ >= aliasNext_)) {
            aliasNext_ = std::string::npos;
            if (!command->words.empty() && expandAlias()) continue;
        }
        if (atRedirect()) {
            if (!parseRedirect(*command)) return nullptr;
            continue;
        }
        if (!wordStarts()) {
            if (peek() == '(' && command->words.size() == 1 && command->assignments.empty() &&
                command->words[0].literal() != nullptr) {
                advance();
                skipBlanks();
                if (peek() != ')') {
                    if (done()) {
                        fail("syntax error near unexpected token `newline'", true);
                    } else {
                        failToken();
                    }
                    return nullptr;
                }
                advance();
                auto function = std::make_shared<Command>();
                function->line = command->line;
                const bool parsed = parseFunction(*function, *command->words[0].literal());
                function->source = text_.substr(start, pos_ - start);
                return parsed ? function : nullptr;
            }
            if (peek() == '(') {
                failToken();
                return nullptr;
            }
            break;
        }
        if (!parseSimplePart(*command, declaration)) return nullptr;
    }
    if (command->words.empty() && command->assignments.empty() && command->redirects.empty()) {
        failToken();
        return nullptr;
    }
    command->source =
        std::string(base::trimRight(std::string_view(text_).substr(start, pos_ - start)));
    return command;
}

bool Parser::parseSimplePart(Command& command, bool& declaration) {
    if (command.words.empty() || declaration) {
        Assignment assignment;
        bool matched = false;
        const int line = line_;
        if (!parseAssignment(assignment, matched)) return false;
        if (matched) {
            if (command.words.empty()) {
                command.assignments.push_back(std::move(assignment));
            } else {
                Word word;
                word.line = line;
                word.assignment = std::make_shared<Assignment>(std::move(assignment));
                command.words.push_back(std::move(word));
            }
            return true;
        }
    }
    const bool first = command.words.empty();
    if (!parseWords(command.words)) return false;
    if (first && !command.words.empty()) {
        const std::string* name = command.words[0].literal();
        declaration = name != nullptr && isDeclaration(*name);
    } else if (!first && command.words.size() == 2) {
        const std::string* name = command.words[0].literal();
        const std::string* second = command.words[1].literal();
        if (name != nullptr && second != nullptr && (*name == "builtin" || *name == "command") &&
            isDeclaration(*second))
            declaration = true;
    }
    return true;
}

bool Parser::atRedirect() {
    std::size_t at = pos_;
    if (peek() == '{') {
        const std::size_t close = text_.find('}', pos_);
        if (close == std::string::npos ||
            !isName(std::string_view(text_).substr(pos_ + 1, close - pos_ - 1)))
            return false;
        at = close + 1;
        return at < text_.size() && (text_[at] == '<' || text_[at] == '>');
    }
    while (at < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at]))) ++at;
    if (at >= text_.size()) return false;
    if (text_[at] == '&') return at == pos_ && at + 1 < text_.size() && text_[at + 1] == '>';
    if (text_[at] != '<' && text_[at] != '>') return false;
    return at != pos_ || peek(1) != '(';
}

bool Parser::parseRedirects(Command& command) {
    while (true) {
        skipBlanks();
        if (done() || !atRedirect()) return true;
        if (!parseRedirect(command)) return false;
    }
}

bool Parser::parseRedirect(Command& command) {
    Redirect redirect;
    if (peek() == '{') {
        const std::size_t close = text_.find('}', pos_);
        redirect.fdVariable = text_.substr(pos_ + 1, close - pos_ - 1);
        advance(close + 1 - pos_);
    } else if (std::isdigit(static_cast<unsigned char>(peek()))) {
        int number = 0;
        while (std::isdigit(static_cast<unsigned char>(peek()))) {
            number = std::min(number * 10 + (peek() - '0'), 100000);
            advance();
        }
        redirect.fd = number;
    }
    struct Form {
        const char* text;
        Redirect::Kind kind;
    };
    static constexpr Form kForms[] = {
        {"&>>", Redirect::AppendBoth}, {"&>", Redirect::OutBoth}, {"<<<", Redirect::HereString},
        {"<<-", Redirect::HereDoc},    {"<<", Redirect::HereDoc}, {"<&", Redirect::DupIn},
        {"<>", Redirect::InOut},       {"<", Redirect::In},       {">>", Redirect::Append},
        {">&", Redirect::DupOut},      {">|", Redirect::Clobber}, {">", Redirect::Out}};
    bool strip = false;
    for (const Form& form : kForms) {
        if (!startsWith(form.text)) continue;
        redirect.kind = form.kind;
        strip = std::string_view(form.text) == "<<-";
        advance(std::string_view(form.text).size());
        break;
    }
    skipBlanks();
    if (!wordStarts()) {
        if (done()) return fail("syntax error near unexpected token `newline'", true);
        return failToken();
    }
    if (redirect.kind == Redirect::HereDoc)
        return parseHereDocStart(command, std::move(redirect), strip);
    if (!parseWord(redirect.target)) return false;
    command.redirects.push_back(std::move(redirect));
    return true;
}

bool Parser::parseHereDocStart(Command& command, Redirect redirect, bool stripTabs) {
    PendingDoc doc;
    doc.line = line_;
    doc.stripTabs = stripTabs;
    doc.quoted = false;
    while (!done() && !isMeta(peek())) {
        const char c = peek();
        if (c == '\'' || c == '"') {
            doc.quoted = true;
            const std::size_t close = text_.find(c, pos_ + 1);
            if (close == std::string::npos) return unmatched(c, line_);
            doc.delimiter += text_.substr(pos_ + 1, close - pos_ - 1);
            advance(close + 1 - pos_);
        } else if (c == '\\') {
            doc.quoted = true;
            doc.delimiter += peek(1);
            advance(2);
        } else {
            doc.delimiter += c;
            advance();
        }
    }
    command.redirects.push_back(std::move(redirect));
    doc.command = &command;
    doc.index = command.redirects.size() - 1;
    doc.redirect = nullptr;
    docs_.push_back(std::move(doc));
    return true;
}

} // namespace shell
