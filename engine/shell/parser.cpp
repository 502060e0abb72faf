#include "shell/parser.h"

#include "base/strings.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace shell {
namespace {

constexpr std::array kReserved = {"if",    "then", "else", "elif", "fi",   "for",    "while",
                                  "until", "do",   "done", "case", "esac", "select", "function",
                                  "{",     "}",    "!",    "[[",   "time", "coproc", "in"};
constexpr std::array kClosers = {"then", "else", "elif", "fi", "do", "done", "esac", "}"};

} // namespace

bool isName(std::string_view text) {
    if (text.empty() || (!std::isalpha(static_cast<unsigned char>(text[0])) && text[0] != '_'))
        return false;
    return std::all_of(text.begin(), text.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

Parser::Parser(std::string text, ParserOptions options)
    : text_(std::move(text)), line_(options.firstLine), options_(options), depth_(options.depth) {}

void Parser::advance(std::size_t count) {
    for (; count > 0 && pos_ < text_.size(); --count)
        if (text_[pos_++] == '\n') ++line_;
}

void Parser::skipBlanks() {
    while (!done()) {
        if (peek() == ' ' || peek() == '\t') {
            ++pos_;
        } else if (peek() == '\\' && peek(1) == '\n') {
            advance(2);
        } else if (peek() == '#' && (pos_ == 0 || isMeta(text_[pos_ - 1]))) {
            while (!done() && peek() != '\n') ++pos_;
        } else {
            return;
        }
    }
}

// At a newline: passes it and reads the here-documents that wait for it.
bool Parser::newline() {
    advance();
    return docs_.empty() || readHereDocs();
}

bool Parser::skipNewlines() {
    while (true) {
        skipBlanks();
        if (peek() != '\n' || done()) return true;
        if (!newline()) return false;
    }
}

bool Parser::atEnd() {
    while (!done()) {
        skipBlanks();
        if (done() || peek() != '\n') break;
        advance();
    }
    return done();
}

bool Parser::fail(std::string message, bool withContext) {
    if (!ok()) return false;
    status_ = ParseStatus::Error;
    error_.line = line_;
    error_.message = std::move(message);
    if (withContext) {
        std::size_t at = std::min(pos_, text_.size());
        const std::size_t begin = at == 0 ? 0 : text_.rfind('\n', at - 1) + 1;
        std::size_t end = text_.find('\n', at);
        if (end == std::string::npos) end = text_.size();
        error_.context = text_.substr(begin, end - begin);
    }
    return false;
}

std::string Parser::tokenHere() {
    if (done() || peek() == '\n') return "newline";
    for (const std::string_view op : {";;&", "<<<", "&>>", "<<-", "&&", "||", ";;", ";&", "|&",
                                      "<<", ">>", "<&", ">&", "<>", ">|", "&>"})
        if (startsWith(op)) return std::string(op);
    if (isMeta(peek())) return std::string(1, peek());
    const std::size_t start = pos_;
    const auto savedLine = line_;
    Word word;
    Parser probe(text_.substr(start), {.depth = depth_ + 1});
    probe.parseWord(word);
    line_ = savedLine;
    return text_.substr(start, std::max<std::size_t>(probe.pos_, 1));
}

bool Parser::failToken() {
    if (!ok()) return false;
    if (done()) return incomplete();
    return fail("syntax error near unexpected token `" + tokenHere() + "'", true);
}

bool Parser::incomplete() {
    if (!ok()) return false;
    status_ = ParseStatus::Incomplete;
    error_.line = line_ + (text_.empty() || text_.back() != '\n' ? 1 : 0);
    error_.message = "syntax error: unexpected end of file";
    return false;
}

bool Parser::unmatched(char wanted, int line) {
    if (!ok()) return false;
    status_ = ParseStatus::Incomplete;
    error_.line = line;
    error_.message = std::string("unexpected EOF while looking for matching `") + wanted + "'";
    return false;
}

ParseStatus Parser::next(ListPtr& out) {
    if (!ok()) return status_;
    warnings_.clear();
    if (!skipNewlines()) return status_;
    if (done()) return ParseStatus::End;
    auto list = std::make_shared<List>();
    if (!parseList(*list, true)) return status_;
    skipBlanks();
    if (!done()) {
        if (peek() != '\n') {
            failToken();
            return status_;
        }
        if (!newline()) return status_;
    } else if (!docs_.empty() && !readHereDocs()) {
        return status_;
    }
    out = std::move(list);
    return ParseStatus::Ok;
}

std::string Parser::peekWord() {
    std::size_t end = pos_;
    while (end < text_.size() && !isMeta(text_[end])) ++end;
    return text_.substr(pos_, end - pos_);
}

bool Parser::isReserved(const std::string& word) const {
    return std::any_of(kReserved.begin(), kReserved.end(),
                       [&](const char* r) { return word == r; });
}

bool Parser::keyword(const char* word) { return peekWord() == word; }

bool Parser::expectKeyword(const char* word) {
    if (!skipNewlines()) return false;
    if (!keyword(word)) return failToken();
    advance(std::string_view(word).size());
    return true;
}

// True before something that ends a list.
bool Parser::listEnds() {
    if (done() || peek() == ')') return true;
    if (startsWith(";;") || startsWith(";&")) return true;
    const std::string word = peekWord();
    return std::any_of(kClosers.begin(), kClosers.end(), [&](const char* r) { return word == r; });
}

bool Parser::parseList(List& out, bool oneLine) {
    if (++depth_ > kMaxDepth) return fail("syntax error: command nested too deeply", false);
    while (true) {
        if (oneLine) {
            skipBlanks();
        } else if (!skipNewlines()) {
            return false;
        }
        if (!out.items.empty() && (listEnds() || (oneLine && peek() == '\n'))) break;
        AndOr item;
        const std::size_t start = pos_;
        if (!parseAndOr(item)) return false;
        item.source =
            std::string(base::trimRight(std::string_view(text_).substr(start, pos_ - start)));
        skipBlanks();
        const bool newlineHere = !done() && peek() == '\n';
        bool separated = newlineHere;
        if (peek() == '&' && peek(1) != '&') {
            item.background = separated = true;
            advance();
        } else if (peek() == ';' && peek(1) != ';' && peek(1) != '&') {
            separated = true;
            advance();
        }
        out.items.push_back(std::move(item));
        if (!separated) break;
        if (newlineHere && oneLine) break;
    }
    --depth_;
    return true;
}

bool Parser::parseAndOr(AndOr& out) {
    while (true) {
        out.pipelines.emplace_back();
        if (!parsePipeline(out.pipelines.back())) return false;
        skipBlanks();
        if (startsWith("&&") || startsWith("||")) {
            out.isAnd.push_back(peek() == '&');
            advance(2);
            if (!skipNewlines()) return false;
            continue;
        }
        return true;
    }
}

bool Parser::parsePipeline(Pipeline& out) {
    skipBlanks();
    while (true) {
        if (expandAlias()) continue;
        if (keyword("!")) {
            out.negated = !out.negated;
            advance();
            skipBlanks();
        } else if (keyword("time")) {
            out.timed = true;
            advance(4);
            skipBlanks();
            if (keyword("-p")) {
                out.posixTime = true;
                advance(2);
                skipBlanks();
            }
        } else {
            break;
        }
    }
    if ((out.negated || out.timed) && (done() || peek() == '\n' || peek() == ';')) return true;
    return parsePipeElements(out);
}

bool Parser::parsePipeElements(Pipeline& out) {
    while (true) {
        CommandPtr command = parseCommand();
        if (!command) return false;
        out.commands.push_back(std::move(command));
        skipBlanks();
        if (peek() != '|' || peek(1) == '|') return true;
        const bool both = peek(1) == '&';
        advance(both ? 2 : 1);
        out.withError.resize(out.commands.size(), false);
        out.withError.back() = both;
        if (!skipNewlines()) return false;
        if (done()) return incomplete();
    }
}

bool Parser::expandAlias() {
    if (options_.aliases == nullptr) return false;
    while (!activeAliases_.empty() && activeAliases_.back().second <= pos_)
        activeAliases_.pop_back();
    const std::string word = peekWord();
    if (word.empty()) return false;
    const auto found = options_.aliases->find(word);
    if (found == options_.aliases->end()) return false;
    for (const auto& [name, end] : activeAliases_)
        if (name == word) return false;
    if (activeAliases_.size() > 50) return false;
    const std::string& value = found->second;
    text_.replace(pos_, word.size(), value);
    for (auto& [name, end] : activeAliases_) end = end - word.size() + value.size();
    activeAliases_.emplace_back(word, pos_ + value.size());
    aliasNext_ = !value.empty() && (value.back() == ' ' || value.back() == '\t')
                     ? pos_ + value.size()
                     : std::string::npos;
    skipBlanks();
    return true;
}

CommandPtr Parser::parseCommand() {
    skipBlanks();
    while (expandAlias()) {
    }
    if (done()) {
        incomplete();
        return nullptr;
    }
    auto command = std::make_shared<Command>();
    command->line = line_;
    const std::size_t start = pos_;
    const std::string word = peekWord();
    bool compound = true;
    if (startsWith("((")) {
        const std::size_t savedPos = pos_;
        const int savedLine = line_;
        advance(1);
        // Balanced from the second parenthesis: `((a) || (b))` is a subshell, as its text goes on
        // after the parenthesis that closes it.
        auto inner = balanced('(', ')');
        if (!inner) return nullptr;
        if (peek() == ')') {
            advance();
            command->kind = CommandKind::Arithmetic;
            command->source = inner->substr(1, inner->size() - 2);
            command->words.push_back(*textWord(command->source, true));
        } else {
            pos_ = savedPos;
            line_ = savedLine;
            advance(1);
            command->kind = CommandKind::Subshell;
            if (!parseInner(command->body, ")")) return nullptr;
        }
    } else if (peek() == '(') {
        advance();
        command->kind = CommandKind::Subshell;
        if (!parseInner(command->body, ")")) return nullptr;
    } else if (isReserved(word) && word != "in" && word != "!" && word != "time") {
        if (!parseCompound(*command, word)) return nullptr;
    } else {
        compound = false;
    }
    if (!compound) return parseSimple();
    if (!parseRedirects(*command)) return nullptr;
    if (command->kind != CommandKind::Arithmetic)
        command->source = text_.substr(start, pos_ - start);
    return command;
}

// The list up to one of the closing words, which is passed.
bool Parser::parseInner(ListPtr& out, const char* first, const char* second, const char* third) {
    auto list = std::make_shared<List>();
    if (!skipNewlines()) return false;
    if (!parseList(*list, false)) {
        if (status_ == ParseStatus::Incomplete && first[0] == ')' && options_.depth > 0)
            error_.message = "unexpected EOF while looking for matching `)'";
        return false;
    }
    if (!skipNewlines()) return false;
    out = std::move(list);
    if (first[0] == ')' ? peek() == ')' : keyword(first)) {
        advance(std::string_view(first).size());
        closedByFirst_ = true;
        return true;
    }
    closedByFirst_ = false;
    if (second != nullptr && keyword(second)) return true;
    if (third != nullptr && keyword(third)) return true;
    return failToken();
}

bool Parser::parseCompound(Command& command, const std::string& word) {
    if (word == "{") {
        advance();
        command.kind = CommandKind::Group;
        return parseInner(command.body, "}");
    }
    if (word == "if") {
        advance(2);
        return parseIf(command);
    }
    if (word == "while" || word == "until") {
        advance(5);
        return parseLoop(command, word == "until");
    }
    if (word == "for" || word == "select") {
        advance(word.size());
        return parseFor(command, word == "select");
    }
    if (word == "case") {
        advance(4);
        return parseCase(command);
    }
    if (word == "[[") {
        advance(2);
        return parseCondition(command);
    }
    if (word == "function") {
        advance(8);
        skipBlanks();
        std::string name = peekWord();
        if (name.empty()) return failToken();
        advance(name.size());
        skipBlanks();
        if (peek() == '(') {
            advance();
            skipBlanks();
            if (peek() != ')') return failToken();
            advance();
        }
        return parseFunction(command, std::move(name));
    }
    if (word == "coproc") return fail("coproc: not modelled", false);
    return failToken();
}

bool Parser::parseIf(Command& command) {
    command.kind = CommandKind::If;
    if (!parseInner(command.condition, "then")) return false;
    if (!parseInner(command.body, "fi", "elif", "else")) return false;
    if (closedByFirst_) return true;
    if (keyword("elif")) {
        auto nested = std::make_shared<Command>();
        nested->line = line_;
        advance(4);
        if (!parseIf(*nested)) return false;
        auto list = std::make_shared<List>();
        list->items.emplace_back();
        list->items[0].pipelines.emplace_back();
        list->items[0].pipelines[0].commands.push_back(std::move(nested));
        command.otherwise = std::move(list);
        return true;
    }
    if (keyword("else")) {
        advance(4);
        return parseInner(command.otherwise, "fi");
    }
    return true;
}

bool Parser::parseDoGroup(ListPtr& out) {
    if (!skipNewlines()) return false;
    if (keyword("{")) {
        advance();
        return parseInner(out, "}");
    }
    return expectKeyword("do") && parseInner(out, "done");
}

bool Parser::parseLoop(Command& command, bool until) {
    command.kind = until ? CommandKind::Until : CommandKind::While;
    return parseInner(command.condition, "do") && parseInner(command.body, "done");
}

bool Parser::parseArithFor(Command& command) {
    command.kind = CommandKind::ArithFor;
    advance(1);
    auto inner = balanced('(', ')');
    if (!inner) return false;
    if (inner->size() < 2 || inner->front() != '(' || inner->back() != ')') return failToken();
    if (peek() != ')') return failToken();
    advance();
    const std::string_view expressions(inner->data() + 1, inner->size() - 2);
    auto pieces = base::split(expressions, ';');
    if (pieces.size() != 3) return fail("syntax error: arithmetic expression required", false);
    for (const auto& piece : pieces) command.words.push_back(*textWord(piece, true));
    skipBlanks();
    if (peek() == ';') advance();
    return parseDoGroup(command.body);
}

bool Parser::parseForWords(Command& command) {
    command.hasWords = true;
    while (true) {
        skipBlanks();
        if (!wordStarts()) break;
        if (!parseWords(command.words)) return false;
    }
    if (done()) return incomplete();
    if (peek() == ';' && peek(1) != ';') {
        advance();
    } else if (peek() != '\n') {
        return failToken();
    }
    return true;
}

bool Parser::parseFor(Command& command, bool select) {
    command.kind = select ? CommandKind::Select : CommandKind::For;
    skipBlanks();
    if (!select && startsWith("((")) return parseArithFor(command);
    command.name = peekWord();
    if (command.name.empty()) {
        if (done()) return fail("syntax error near unexpected token `newline'", true);
        return failToken();
    }
    advance(command.name.size());
    skipBlanks();
    if (peek() == ';') {
        advance();
        return parseDoGroup(command.body);
    }
    if (!skipNewlines()) return false;
    if (keyword("in")) {
        advance(2);
        if (!parseForWords(command)) return false;
    }
    return parseDoGroup(command.body);
}

bool Parser::parseCase(Command& command) {
    command.kind = CommandKind::Case;
    skipBlanks();
    if (!wordStarts()) return failToken();
    command.words.emplace_back();
    if (!parseWord(command.words.back())) return false;
    if (!expectKeyword("in")) return false;
    bool finished = false;
    while (!finished)
        if (!parseCaseItem(command, finished)) return false;
    return true;
}

bool Parser::parseCaseItem(Command& command, bool& finished) {
    if (!skipNewlines()) return false;
    if (done()) return incomplete();
    if (keyword("esac")) {
        advance(4);
        finished = true;
        return true;
    }
    CaseItem item;
    if (peek() == '(') {
        advance();
        skipBlanks();
    }
    while (true) {
        if (!wordStarts()) return failToken();
        item.patterns.emplace_back();
        if (!parseWord(item.patterns.back())) return false;
        skipBlanks();
        if (peek() == '|') {
            advance();
            skipBlanks();
            continue;
        }
        if (peek() != ')') {
            if (done()) return fail("syntax error near unexpected token `newline'", true);
            return failToken();
        }
        advance();
        break;
    }
    if (!skipNewlines()) return false;
    auto body = std::make_shared<List>();
    if (!startsWith(";;") && !startsWith(";&") && !keyword("esac"))
        if (!parseList(*body, false)) return false;
    item.body = std::move(body);
    if (!skipNewlines()) return false;
    item.end = ";;";
    if (startsWith(";;&")) {
        item.end = ";;&";
        advance(3);
    } else if (startsWith(";;") || startsWith(";&")) {
        item.end = text_.substr(pos_, 2);
        advance(2);
    } else if (!keyword("esac")) {
        return failToken();
    }
    command.items.push_back(std::move(item));
    return true;
}

bool Parser::parseFunction(Command& command, std::string name) {
    command.kind = CommandKind::Function;
    command.name = std::move(name);
    if (!skipNewlines()) return false;
    if (done()) return incomplete();
    const std::string word = peekWord();
    if (peek() != '(' && (!isReserved(word) || word == "!" || word == "time")) return failToken();
    command.function = parseCommand();
    return command.function != nullptr;
}

} // namespace shell
