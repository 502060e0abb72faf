#include "shell/coreutils/awk_ast.h"
#include "shell/parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace shell::awk {
namespace {

enum class Tok { End, Newline, Number, String, Regexp, Name, FuncName, Builtin, Keyword, Punct };

struct Token {
    Tok kind = Tok::End;
    std::string text;
    double number = 0;
    int line = 1;
    bool spaceBefore = false;
};

constexpr std::array kKeywords = {"BEGIN",    "END",   "function", "func",  "if",
                                  "else",     "while", "for",      "do",    "break",
                                  "continue", "next",  "nextfile", "exit",  "return",
                                  "delete",   "in",    "getline",  "print", "printf"};
constexpr std::array kBuiltins = {
    "length",  "substr", "index", "split",  "sub",      "gsub",    "match",  "sprintf", "sin",
    "cos",     "atan2",  "exp",   "log",    "sqrt",     "int",     "rand",   "srand",   "tolower",
    "toupper", "system", "close", "fflush", "strftime", "systime", "gensub", "mktime"};

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) { advance(); }

    Script run() {
        skipEnds();
        while (fine() && token_.kind != Tok::End) {
            item();
            skipEnds();
        }
        return std::move(script_);
    }

private:
    bool fine() const { return script_.error.empty(); }
    void fail() {
        if (!fine()) return;
        const std::string shown = token_.kind == Tok::End       ? "end of file"
                                  : token_.kind == Tok::Newline ? "newline"
                                                                : token_.text;
        script_.error =
            "line " + std::to_string(token_.line) + ": syntax error at or near " + shown;
        token_.kind = Tok::End;
        at_ = text_.size();
    }

    // Tokens.
    void advance() {
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
    void string() {
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
                } else if (std::string_view("ntr\\abfv01234567").find(next) !=
                           std::string_view::npos) {
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
    void punctuation() {
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
    // At "/" where an operand is expected.
    NodePtr regexp() {
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
            script_.error = "line " + std::to_string(line_) +
                            ": regular expression compile failed (" + node->regex->error() + ")\n" +
                            pattern;
        advance();
        return node;
    }

    bool is(std::string_view text) const {
        return (token_.kind == Tok::Punct || token_.kind == Tok::Keyword) && token_.text == text;
    }
    bool take(std::string_view text) {
        if (!is(text)) return false;
        advance();
        return true;
    }
    void expect(std::string_view text) {
        if (!take(text)) fail();
    }
    void skipNewlines() {
        while (token_.kind == Tok::Newline) advance();
    }
    void skipEnds() {
        while (token_.kind == Tok::Newline || is(";")) advance();
    }

    // Program structure.
    void item() {
        if (is("function") || is("func")) {
            function();
            return;
        }
        Rule rule;
        if (take("BEGIN"))
            rule.kind = Rule::Begin;
        else if (take("END"))
            rule.kind = Rule::End;
        else if (!is("{")) {
            rule.pattern = expression();
            if (take(",")) {
                skipNewlines();
                rule.kind = Rule::Range;
                rule.second = expression();
            }
        }
        if (is("{"))
            rule.action = block();
        else if (rule.kind == Rule::Begin || rule.kind == Rule::End)
            fail();
        else if (token_.kind != Tok::End && token_.kind != Tok::Newline && !is(";"))
            fail();
        script_.rules.push_back(std::move(rule));
    }
    void function() {
        advance();
        Function made;
        made.name = token_.text;
        advance();
        expect("(");
        while (fine() && !is(")")) {
            made.parameters.push_back(token_.text);
            advance();
            if (!take(",")) break;
            skipNewlines();
        }
        expect(")");
        skipNewlines();
        locals_ = made.parameters;
        made.body = block();
        locals_.clear();
        const std::string name = made.name;
        script_.functions.emplace(name, std::move(made));
    }
    NodePtr block() {
        if (++depth_ > 200) fail();
        auto node = std::make_unique<Node>(Op::Block);
        expect("{");
        skipEnds();
        while (fine() && !is("}") && token_.kind != Tok::End) {
            node->kids.push_back(statement());
            skipEnds();
        }
        if (fine() && token_.kind == Tok::End)
            script_.error = "line " + std::to_string(line_ + 1) + ": missing } near end of file";
        expect("}");
        --depth_;
        return node;
    }
    NodePtr simpleEnd(NodePtr node) {
        if (token_.kind == Tok::Newline || is(";"))
            advance();
        else if (!is("}") && token_.kind != Tok::End)
            fail();
        return node;
    }
    NodePtr statement() {
        if (++depth_ > 200) fail();
        NodePtr node = statementInner();
        --depth_;
        return node;
    }
    NodePtr body() {
        skipNewlines();
        if (take(";")) return std::make_unique<Node>(Op::Block);
        return statement();
    }
    NodePtr statementInner() {
        if (is("{")) return block();
        if (take("if")) {
            auto node = std::make_unique<Node>(Op::If);
            expect("(");
            node->kids.push_back(expression());
            expect(")");
            node->kids.push_back(body());
            const std::size_t savedAt = at_;
            const int savedLine = line_;
            const Token savedToken = token_;
            skipEnds();
            if (take("else")) {
                node->kids.push_back(body());
            } else {
                at_ = savedAt;
                line_ = savedLine;
                token_ = savedToken;
            }
            return node;
        }
        if (take("while")) {
            auto node = std::make_unique<Node>(Op::While);
            expect("(");
            node->kids.push_back(expression());
            expect(")");
            if (take(";"))
                node->kids.push_back(std::make_unique<Node>(Op::Block));
            else
                node->kids.push_back(body());
            return node;
        }
        if (take("do")) {
            auto node = std::make_unique<Node>(Op::DoWhile);
            node->kids.push_back(body());
            skipEnds();
            expect("while");
            expect("(");
            node->kids.push_back(expression());
            expect(")");
            return simpleEnd(std::move(node));
        }
        if (take("for")) return forStatement();
        for (const auto& [word, op] :
             {std::pair{"next", Op::Next}, std::pair{"break", Op::Break},
              std::pair{"continue", Op::Continue}, std::pair{"nextfile", Op::NextFile}})
            if (take(word)) return simpleEnd(std::make_unique<Node>(op));
        if (is("exit") || is("return")) {
            auto node = std::make_unique<Node>(is("exit") ? Op::Exit : Op::Return);
            advance();
            if (token_.kind != Tok::Newline && !is(";") && !is("}") && token_.kind != Tok::End)
                node->kids.push_back(expression());
            return simpleEnd(std::move(node));
        }
        if (take("delete")) {
            auto node = std::make_unique<Node>(Op::Delete, token_.text);
            node->slot = slotOf(token_.text);
            advance();
            if (take("[")) {
                node->kids.push_back(expressionList());
                expect("]");
            }
            return simpleEnd(std::move(node));
        }
        return simpleEnd(simpleStatement());
    }
    NodePtr simpleStatement() {
        if (is("print") || is("printf")) return print();
        auto node = std::make_unique<Node>(Op::Expression);
        node->kids.push_back(expression());
        return node;
    }
    NodePtr forStatement() {
        expect("(");
        if (token_.kind == Tok::Name) { // for (k in a)
            const std::size_t savedAt = at_;
            const Token savedToken = token_;
            const std::string name = token_.text;
            advance();
            if (take("in")) {
                const std::string array = token_.text;
                const bool named = token_.kind == Tok::Name;
                advance();
                if (named && take(")")) {
                    auto node = std::make_unique<Node>(Op::ForIn, array);
                    node->slot = slotOf(array);
                    node->kids.push_back(variable(name));
                    node->kids.push_back(body());
                    return node;
                }
            }
            at_ = savedAt;
            token_ = savedToken;
        }
        auto node = std::make_unique<Node>(Op::For);
        auto optional = [&](std::string_view end) {
            if (is(end)) return std::make_unique<Node>(Op::Block);
            return simpleStatement();
        };
        node->kids.push_back(optional(";"));
        expect(";");
        skipNewlines();
        if (is(";"))
            node->kids.push_back(nullptr);
        else
            node->kids.push_back(expression());
        expect(";");
        skipNewlines();
        node->kids.push_back(optional(")"));
        expect(")");
        if (take(";"))
            node->kids.push_back(std::make_unique<Node>(Op::Block));
        else
            node->kids.push_back(body());
        return node;
    }
    NodePtr print() {
        auto node = std::make_unique<Node>(Op::Print, token_.text);
        advance();
        noGreater_ = true;
        if (token_.kind != Tok::Newline && !is(";") && !is("}") && !is(">") && !is("|") &&
            !is(">>") && token_.kind != Tok::End) {
            // print (a, b) > "x": a parenthesis around the whole list.
            node->kids.push_back(expression());
            while (fine() && take(",")) {
                skipNewlines();
                node->kids.push_back(expression());
            }
            if (node->kids.size() == 1 && node->kids[0]->op == Op::List) {
                NodePtr list = std::move(node->kids[0]);
                node->kids = std::move(list->kids);
            }
        }
        noGreater_ = false;
        if (is(">") || is(">>") || is("|")) {
            node->redirect = is(">") ? '>' : is("|") ? '|' : 'a';
            advance();
            auto target = concatenation(true);
            node->kids.insert(node->kids.begin(), std::move(target));
        }
        return node;
    }

    // Expressions, by precedence.
    int slotOf(const std::string& name) const {
        const auto found = std::find(locals_.begin(), locals_.end(), name);
        return found == locals_.end() ? -1 : static_cast<int>(found - locals_.begin());
    }
    NodePtr variable(const std::string& name) {
        auto node = std::make_unique<Node>(Op::Variable, name);
        node->slot = slotOf(name);
        return node;
    }
    NodePtr expressionList() {
        auto first = expression();
        if (!is(",")) return first;
        auto list = std::make_unique<Node>(Op::List);
        list->kids.push_back(std::move(first));
        while (fine() && take(",")) {
            skipNewlines();
            list->kids.push_back(expression());
        }
        return list;
    }
    NodePtr expression() {
        if (++depth_ > 200) fail();
        NodePtr node = ternary();
        if (node->op == Op::Variable || node->op == Op::Field || node->op == Op::Index)
            for (const std::string_view op : {"=", "+=", "-=", "*=", "/=", "%=", "^="})
                if (is(op)) {
                    advance();
                    skipNewlines();
                    auto assign = std::make_unique<Node>(Op::Assign,
                                                         std::string(op.substr(0, op.size() - 1)));
                    assign->kids.push_back(std::move(node));
                    assign->kids.push_back(expression());
                    node = std::move(assign);
                    break;
                }
        --depth_;
        return node;
    }
    NodePtr ternary() {
        NodePtr condition = orExpression();
        if (!is("?")) return condition;
        advance();
        skipNewlines();
        auto node = std::make_unique<Node>(Op::Conditional);
        node->kids.push_back(std::move(condition));
        node->kids.push_back(expression());
        skipNewlines();
        expect(":");
        skipNewlines();
        node->kids.push_back(expression());
        return node;
    }
    NodePtr two(Op op, std::string text, NodePtr left, NodePtr right) {
        auto node = std::make_unique<Node>(op, std::move(text));
        node->kids.push_back(std::move(left));
        node->kids.push_back(std::move(right));
        return node;
    }
    NodePtr orExpression() {
        NodePtr left = andExpression();
        while (fine() && is("||")) {
            advance();
            skipNewlines();
            left = two(Op::Or, {}, std::move(left), andExpression());
        }
        return left;
    }
    NodePtr andExpression() {
        NodePtr left = inExpression();
        while (fine() && is("&&")) {
            advance();
            skipNewlines();
            left = two(Op::And, {}, std::move(left), inExpression());
        }
        return left;
    }
    NodePtr inExpression() {
        NodePtr left = matchExpression();
        while (fine() && is("in")) {
            advance();
            auto node = std::make_unique<Node>(Op::In, token_.text);
            node->slot = slotOf(token_.text);
            advance();
            node->kids.push_back(std::move(left));
            left = std::move(node);
        }
        return left;
    }
    NodePtr matchExpression() {
        NodePtr left = comparison();
        while (fine() && (is("~") || is("!~"))) {
            const Op op = is("~") ? Op::Match : Op::NotMatch;
            advance();
            left = two(op, {}, std::move(left), comparison());
        }
        return left;
    }
    NodePtr comparison() {
        NodePtr left = concatenation(false);
        for (const std::string_view op : {"<", "<=", "==", "!=", ">", ">="}) {
            if (!is(op) || (op == ">" && noGreater_)) continue;
            advance();
            left = two(Op::Compare, std::string(op), std::move(left), concatenation(false));
            break;
        }
        // "cmd" | getline
        while (fine() && is("|") && !(noGreater_ && !nextIsGetline())) {
            if (!nextIsGetline()) break;
            advance();
            advance();
            auto node = std::make_unique<Node>(Op::GetLine);
            node->redirect = '|';
            node->kids.push_back(std::move(left));
            if (token_.kind == Tok::Name || is("$")) node->kids.push_back(primary());
            left = std::move(node);
            if (is(">") || is("<") || is("==") || is("!=") || is(">=") || is("<=")) {
                const std::string op = token_.text;
                if (op == ">" && noGreater_) break;
                advance();
                left = two(Op::Compare, op, std::move(left), concatenation(false));
            }
        }
        return left;
    }
    bool nextIsGetline() const {
        std::size_t i = at_;
        while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t')) ++i;
        return text_.substr(i, 7) == "getline";
    }
    bool startsOperand() const {
        switch (token_.kind) {
        case Tok::Number:
        case Tok::String:
        case Tok::Name:
        case Tok::FuncName:
        case Tok::Builtin: return true;
        case Tok::Punct:
            return token_.text == "$" || token_.text == "(" || token_.text == "!" ||
                   token_.text == "-" || token_.text == "+" || token_.text == "++" ||
                   token_.text == "--";
        default: return false;
        }
    }
    NodePtr concatenation(bool single) {
        NodePtr left = additive();
        (void)single;
        while (fine() && startsOperand() && !is("+") && !is("-") && !is("!"))
            left = two(Op::Concat, {}, std::move(left), additive());
        return left;
    }
    NodePtr additive() {
        NodePtr left = multiplicative();
        while (fine() && (is("+") || is("-"))) {
            const std::string op = token_.text;
            advance();
            left = two(Op::Binary, op, std::move(left), multiplicative());
        }
        return left;
    }
    NodePtr multiplicative() {
        NodePtr left = unary();
        while (fine() && (is("*") || is("/") || is("%"))) {
            const std::string op = token_.text;
            advance();
            left = two(Op::Binary, op, std::move(left), unary());
        }
        return left;
    }
    NodePtr unary() {
        for (const auto& [text, op] :
             {std::pair{"!", Op::Not}, std::pair{"-", Op::Negate}, std::pair{"+", Op::Plus}})
            if (is(text)) {
                advance();
                if (++depth_ > 200) fail();
                auto node = std::make_unique<Node>(op);
                node->kids.push_back(unary());
                --depth_;
                return node;
            }
        return power();
    }
    NodePtr power() {
        NodePtr left = postfix();
        if (fine() && is("^")) {
            advance();
            left = two(Op::Binary, "^", std::move(left),
                       is("-") || is("+") || is("!") ? unary() : power());
        }
        return left;
    }
    NodePtr postfix() {
        if (is("++") || is("--")) {
            auto node = std::make_unique<Node>(Op::PreIncrement, token_.text.substr(0, 1));
            advance();
            node->kids.push_back(primary());
            return node;
        }
        NodePtr node = primary();
        if ((is("++") || is("--")) &&
            (node->op == Op::Variable || node->op == Op::Field || node->op == Op::Index)) {
            auto step = std::make_unique<Node>(Op::PostIncrement, token_.text.substr(0, 1));
            advance();
            step->kids.push_back(std::move(node));
            return step;
        }
        return node;
    }
    NodePtr primary() {
        Token token = token_;
        switch (token.kind) {
        case Tok::Number: {
            advance();
            auto node = std::make_unique<Node>(Op::Number);
            node->number = token.number;
            return node;
        }
        case Tok::String: advance(); return std::make_unique<Node>(Op::String, token.text);
        case Tok::Builtin: return builtin();
        case Tok::FuncName: {
            advance();
            auto node = std::make_unique<Node>(Op::Call, token.text);
            expect("(");
            arguments(*node);
            return node;
        }
        case Tok::Name: {
            advance();
            if (!is("[")) return variable(token.text);
            advance();
            auto node = std::make_unique<Node>(Op::Index, token.text);
            node->slot = slotOf(token.text);
            const bool saved = std::exchange(noGreater_, false);
            node->kids.push_back(expressionList());
            noGreater_ = saved;
            expect("]");
            return node;
        }
        default: break;
        }
        if (is("/") || is("/=")) return regexp();
        if (take("$")) {
            auto node = std::make_unique<Node>(Op::Field);
            if (++depth_ > 200) fail();
            if (is("++") || is("--") || is("-"))
                node->kids.push_back(is("-") ? unary() : postfix());
            else
                node->kids.push_back(primary());
            --depth_;
            return node;
        }
        if (take("(")) {
            const bool saved = std::exchange(noGreater_, false);
            NodePtr inner = expressionList();
            noGreater_ = saved;
            skipNewlines();
            expect(")");
            if (inner->op == Op::List) {
                if (is("in")) {
                    advance();
                    auto node = std::make_unique<Node>(Op::In, token_.text);
                    node->slot = slotOf(token_.text);
                    advance();
                    node->kids.push_back(std::move(inner));
                    return node;
                }
                return inner;
            }
            auto group = std::make_unique<Node>(Op::Group);
            group->kids.push_back(std::move(inner));
            return group;
        }
        if (take("getline")) {
            auto node = std::make_unique<Node>(Op::GetLine);
            NodePtr target;
            if (token_.kind == Tok::Name || is("$")) target = primary();
            if (take("<")) {
                node->redirect = '<';
                node->kids.push_back(primary());
            }
            if (target) node->kids.push_back(std::move(target));
            return node;
        }
        fail();
        return std::make_unique<Node>(Op::Number);
    }
    void arguments(Node& node) {
        const bool saved = std::exchange(noGreater_, false);
        skipNewlines();
        while (fine() && !is(")")) {
            node.kids.push_back(expression());
            skipNewlines();
            if (!take(",")) break;
            skipNewlines();
        }
        noGreater_ = saved;
        expect(")");
    }
    NodePtr builtin() {
        auto node = std::make_unique<Node>(Op::Builtin, token_.text);
        advance();
        if (is("(")) {
            advance();
            arguments(*node);
        } else if (node->text != "length") {
            fail();
        }
        return node;
    }

    std::string_view text_;
    std::size_t at_ = 0;
    int line_ = 1, depth_ = 0;
    Token token_;
    Tok previous_ = Tok::End;
    std::string previousText_;
    bool noGreater_ = false;
    std::vector<std::string> locals_;
    Script script_;
};

} // namespace

Script parseScript(std::string_view text) { return Parser(text).run(); }

} // namespace shell::awk
