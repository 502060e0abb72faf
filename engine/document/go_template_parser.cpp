// Source: Go text/template/parse (lex.go, parse.go).
#include "base/strings.h"
#include "document/go_template_nodes.h"

#include <cctype>
#include <cstdlib>
#include <set>

namespace document {
namespace {

using Node = GoTemplate::Node;
using NodePtr = std::shared_ptr<Node>;

struct Token {
    enum class Kind { Word, Field, Variable, String, Number, Char, Symbol, End };
    Kind kind = Kind::End;
    std::string text;
    std::size_t position = 0;
    bool spaceBefore = false;
};

bool isFunction(const std::string& name) {
    static const std::set<std::string> kNames = {
        "and", "or", "not", "len", "index", "slice", "print", "printf", "println", "html", "js",
        "urlquery", "eq", "ne", "lt", "le", "gt", "ge", "call", "exists", "base64decode"};
    return kNames.contains(name);
}

class Parser {
public:
    Parser(const std::string& name, std::string_view text) : name_(name), text_(text) {}

    base::Result<GoTemplate::Templates> run() {
        auto root = std::make_shared<Node>();
        out_[name_] = root;
        std::string stop;
        BASE_CHECK(parseList(root->body, stop, false));
        if (!stop.empty()) return fail("unexpected {{" + stop + "}}");
        return std::move(out_);
    }

private:
    base::Error fail(const std::string& message) const {
        std::size_t line = 1;
        for (std::size_t i = 0; i < at_ && i < text_.size(); ++i) line += text_[i] == '\n';
        return base::makeError("template: " + name_ + ":" + std::to_string(line) + ": " + message);
    }

    // Text and actions until {{end}}, {{else ...}} or the end of the text.
    base::Status parseList(std::vector<NodePtr>& into, std::string& stop, bool inside) {
        while (at_ < text_.size()) {
            const std::size_t open = text_.find("{{", at_);
            std::string plain(text_.substr(at_, open == std::string_view::npos ? open : open - at_));
            if (trimNext_) {
                plain = std::string(trimLeft(plain));
                trimNext_ = false;
            }
            if (open == std::string_view::npos) {
                addText(into, plain);
                at_ = text_.size();
                break;
            }
            at_ = open + 2;
            if (text_.substr(at_, 2).size() == 2 && text_[at_] == '-' && std::isspace(static_cast<unsigned char>(text_[at_ + 1]))) {
                plain = std::string(base::trimRight(plain));
                at_ += 1;
            }
            addText(into, plain);
            if (skipComment()) continue;
            BASE_CHECK(readTokens());
            BASE_CHECK(parseAction(into, stop));
            if (!stop.empty()) return base::okStatus();
        }
        if (inside) return fail("unexpected EOF");
        return base::okStatus();
    }
    static std::string_view trimLeft(std::string_view text) {
        while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front()))) text.remove_prefix(1);
        return text;
    }
    static void addText(std::vector<NodePtr>& into, const std::string& text) {
        if (text.empty()) return;
        auto node = std::make_shared<Node>();
        node->kind = Node::Kind::Text;
        node->text = text;
        into.push_back(std::move(node));
    }
    bool skipComment() {
        std::size_t at = at_;
        while (at < text_.size() && std::isspace(static_cast<unsigned char>(text_[at]))) ++at;
        if (text_.substr(at, 2) != "/*") return false;
        const std::size_t end = text_.find("*/", at);
        if (end == std::string_view::npos) return false;
        std::size_t close = text_.find("}}", end);
        if (close == std::string_view::npos) return false;
        trimNext_ = text_.substr(end + 2, close - end - 2).find('-') != std::string_view::npos;
        at_ = close + 2;
        return true;
    }

    base::Status readTokens() {
        tokens_.clear();
        next_ = 0;
        bool space = true;
        while (true) {
            if (at_ >= text_.size()) return fail("unclosed action");
            const char c = text_[at_];
            if (text_.substr(at_, 2) == "}}") {
                at_ += 2;
                return base::okStatus();
            }
            if (std::isspace(static_cast<unsigned char>(c))) {
                if (text_.substr(at_ + 1, 3) == "-}}") {
                    at_ += 4;
                    trimNext_ = true;
                    return base::okStatus();
                }
                ++at_;
                space = true;
                continue;
            }
            Token token;
            token.position = at_;
            token.spaceBefore = space;
            space = false;
            BASE_CHECK(readToken(token));
            tokens_.push_back(std::move(token));
        }
    }
    std::string takeWord() {
        const std::size_t from = at_;
        while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                      text_[at_] == '_' || static_cast<unsigned char>(text_[at_]) >= 0x80))
            ++at_;
        return std::string(text_.substr(from, at_ - from));
    }
    base::Status readToken(Token& token) {
        const char c = text_[at_];
        const char following = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
        if (c == '"' || c == '`' || c == '\'') return readQuoted(token, c);
        if (std::isdigit(static_cast<unsigned char>(c)) ||
            ((c == '-' || c == '+') && std::isdigit(static_cast<unsigned char>(following)))) {
            const std::size_t from = at_++;
            while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) ||
                                          text_[at_] == '.' || text_[at_] == '_'))
                ++at_;
            token.kind = Token::Kind::Number;
            token.text = std::string(text_.substr(from, at_ - from));
            return base::okStatus();
        }
        if (c == '.' && (std::isalpha(static_cast<unsigned char>(following)) || following == '_')) {
            ++at_;
            token.kind = Token::Kind::Field;
            token.text = takeWord();
            return base::okStatus();
        }
        if (c == '$') {
            ++at_;
            token.kind = Token::Kind::Variable;
            token.text = "$" + takeWord();
            return base::okStatus();
        }
        if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
            token.kind = Token::Kind::Word;
            token.text = takeWord();
            return base::okStatus();
        }
        token.kind = Token::Kind::Symbol;
        if (c == ':' && following == '=') {
            token.text = ":=";
            at_ += 2;
            return base::okStatus();
        }
        if (std::string_view(".|(),=").find(c) == std::string_view::npos) {
            char code[16];
            std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(static_cast<unsigned char>(c)));
            return fail(std::string("unexpected bad character ") + code + " '" + c + "' in command");
        }
        token.text = std::string(1, c);
        ++at_;
        return base::okStatus();
    }
    base::Status readQuoted(Token& token, char quote) {
        token.kind = quote == '\'' ? Token::Kind::Char : Token::Kind::String;
        ++at_;
        while (true) {
            if (at_ >= text_.size() || (quote != '`' && text_[at_] == '\n'))
                return fail(quote == '`' ? "unterminated raw quoted string" : "unterminated quoted string");
            char c = text_[at_++];
            if (c == quote) return base::okStatus();
            if (c == '\\' && quote != '`' && at_ < text_.size()) {
                c = text_[at_++];
                switch (c) {
                case 'n': c = '\n'; break;
                case 't': c = '\t'; break;
                case 'r': c = '\r'; break;
                case 'a': c = '\a'; break;
                case 'b': c = '\b'; break;
                default: break;
                }
            }
            token.text += c;
        }
    }

    const Token& peek() const {
        static const Token end;
        return next_ < tokens_.size() ? tokens_[next_] : end;
    }
    bool symbol(std::string_view text) const {
        return peek().kind == Token::Kind::Symbol && peek().text == text;
    }

    base::Status parseAction(std::vector<NodePtr>& into, std::string& stop) {
        auto node = std::make_shared<Node>();
        const std::string word = peek().kind == Token::Kind::Word ? peek().text : std::string{};
        if (word == "end" || word == "else") {
            stop = word;
            ++next_;
            return base::okStatus();
        }
        if (word == "if" || word == "range" || word == "with") {
            ++next_;
            node->kind = word == "if" ? Node::Kind::If
                         : word == "range" ? Node::Kind::Range : Node::Kind::With;
            into.push_back(node);
            return parseControl(*node, word);
        }
        if (word == "define" || word == "block") {
            ++next_;
            return parseDefine(into, word == "block");
        }
        if (word == "template") {
            ++next_;
            node->kind = Node::Kind::Template;
            node->text = peek().text;
            ++next_;
            if (next_ < tokens_.size()) BASE_CHECK(parsePipe(node->pipe, "template"));
        } else if (word == "break" || word == "continue") {
            node->kind = word == "break" ? Node::Kind::Break : Node::Kind::Continue;
        } else {
            node->kind = Node::Kind::Action;
            BASE_CHECK(parsePipe(node->pipe, "command"));
        }
        into.push_back(std::move(node));
        return base::okStatus();
    }

    base::Status parseControl(Node& node, const std::string& word) {
        BASE_CHECK(parsePipe(node.pipe, word));
        std::string stop;
        BASE_CHECK(parseList(node.body, stop, true));
        if (stop == "else") {
            if (peek().kind == Token::Kind::Word && (peek().text == "if" || peek().text == "with")) {
                const std::string inner = peek().text;
                ++next_;
                auto chained = std::make_shared<Node>();
                chained->kind = inner == "if" ? Node::Kind::If : Node::Kind::With;
                node.otherwise.push_back(chained);
                return parseControl(*chained, inner);
            }
            stop.clear();
            BASE_CHECK(parseList(node.otherwise, stop, true));
            if (stop == "else") return fail("expected end; found {{else}}");
        }
        return base::okStatus();
    }

    base::Status parseDefine(std::vector<NodePtr>& into, bool block) {
        auto body = std::make_shared<Node>();
        const std::string name = peek().text;
        ++next_;
        auto call = std::make_shared<Node>();
        call->kind = Node::Kind::Template;
        call->text = name;
        if (block) BASE_CHECK(parsePipe(call->pipe, "block clause"));
        std::string stop;
        BASE_CHECK(parseList(body->body, stop, true));
        out_[name] = std::move(body);
        if (block) into.push_back(std::move(call));
        return base::okStatus();
    }

    base::Status parsePipe(TemplatePipe& pipe, const std::string& context) {
        pipe.position = peek().position;
        const std::size_t first = next_;
        if (peek().kind == Token::Kind::Variable) {
            std::size_t at = next_;
            std::vector<std::string> names;
            while (at < tokens_.size() && tokens_[at].kind == Token::Kind::Variable) {
                names.push_back(tokens_[at++].text);
                if (at < tokens_.size() && tokens_[at].text == "," && tokens_[at].kind == Token::Kind::Symbol) ++at;
                else break;
            }
            if (at < tokens_.size() && tokens_[at].kind == Token::Kind::Symbol &&
                (tokens_[at].text == ":=" || tokens_[at].text == "=")) {
                pipe.variables = names;
                pipe.assigns = tokens_[at].text == "=";
                next_ = at + 1;
            }
        }
        while (next_ < tokens_.size() && !symbol(")")) {
            TemplateCommand command;
            BASE_CHECK(parseCommand(command));
            pipe.commands.push_back(std::move(command));
            if (symbol("|")) {
                ++next_;
                if (next_ >= tokens_.size()) return fail("missing value for " + context);
            } else if (next_ < tokens_.size() && !symbol(")")) {
                return fail("unexpected " + base::quoteGo(peek().text) + " in operand");
            }
        }
        if (pipe.commands.empty()) return fail("missing value for " + context);
        pipe.text = textOf(first, next_);
        return base::okStatus();
    }
    std::string textOf(std::size_t from, std::size_t to) const {
        if (from >= to) return {};
        const std::size_t begin = tokens_[from].position;
        const std::size_t end = to < tokens_.size() ? tokens_[to].position : text_.find("}}", tokens_[to - 1].position);
        return std::string(base::trim(text_.substr(begin, end - begin)));
    }

    base::Status parseCommand(TemplateCommand& command) {
        while (next_ < tokens_.size() && !symbol("|") && !symbol(")")) {
            TemplateOperand operand;
            BASE_CHECK(parseOperand(operand));
            command.operands.push_back(std::move(operand));
        }
        if (command.operands.empty()) return fail("empty command");
        return base::okStatus();
    }

    base::Status parseOperand(TemplateOperand& operand) {
        using Kind = TemplateOperand::Kind;
        const std::size_t first = next_;
        const Token token = peek();
        operand.position = token.position;
        ++next_;
        switch (token.kind) {
        case Token::Kind::Field:
            operand.kind = Kind::Field;
            operand.fields.push_back(token.text);
            break;
        case Token::Kind::Variable:
            operand.kind = Kind::Variable;
            operand.name = token.text;
            break;
        case Token::Kind::String:
            operand.kind = Kind::Constant;
            operand.constant = Value(token.text);
            break;
        case Token::Kind::Char:
            operand.kind = Kind::Constant;
            operand.constant = Value(token.text.empty() ? 0 : static_cast<int>(token.text[0]));
            break;
        case Token::Kind::Number: BASE_CHECK(readNumber(token.text, operand)); break;
        case Token::Kind::Word:
            if (token.text == "true" || token.text == "false") {
                operand.kind = Kind::Constant;
                operand.constant = Value(token.text == "true");
            } else if (token.text == "nil") {
                operand.kind = Kind::Nil;
            } else if (isFunction(token.text)) {
                operand.kind = Kind::Function;
                operand.name = token.text;
            } else {
                return fail("function " + base::quoteGo(token.text) + " not defined");
            }
            break;
        case Token::Kind::Symbol:
            if (token.text == ".") {
                operand.kind = Kind::Dot;
            } else if (token.text == "(") {
                operand.kind = Kind::Pipe;
                operand.pipe = std::make_shared<TemplatePipe>();
                BASE_CHECK(parsePipe(*operand.pipe, "parenthesized pipeline"));
                if (!symbol(")")) return fail("unclosed left paren");
                ++next_;
            } else {
                return fail("unexpected " + base::quoteGo(token.text) + " in operand");
            }
            break;
        case Token::Kind::End: return fail("unexpected EOF");
        }
        bool chained = false;
        while (peek().kind == Token::Kind::Field && !peek().spaceBefore) {
            // The place of a chain is that of its second part.
            if (!chained) operand.position = peek().position;
            chained = true;
            operand.fields.push_back(peek().text);
            ++next_;
        }
        operand.text = textOf(first, next_);
        return base::okStatus();
    }
    base::Status readNumber(const std::string& text, TemplateOperand& operand) const {
        operand.kind = TemplateOperand::Kind::Constant;
        if (auto whole = base::parseInt(text)) {
            operand.constant = Value(*whole);
            return base::okStatus();
        }
        char* end = nullptr;
        const double real = std::strtod(text.c_str(), &end);
        if (*end != '\0') return fail("bad number syntax: " + base::quoteGo(text));
        operand.constant = Value(real);
        return base::okStatus();
    }

    std::string name_;
    std::string_view text_;
    std::size_t at_ = 0;
    bool trimNext_ = false;
    std::vector<Token> tokens_;
    std::size_t next_ = 0;
    GoTemplate::Templates out_;
};

} // namespace

base::Result<GoTemplate::Templates> parseGoTemplate(const std::string& name, std::string_view text) {
    return Parser(name, text).run();
}

} // namespace document
