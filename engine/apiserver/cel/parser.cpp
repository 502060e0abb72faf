#include "apiserver/cel/cel.h"
#include "apiserver/cel/node.h"
#include "base/strings.h"

#include <charconv>
#include <set>

namespace apiserver::cel {

using document::Value;

namespace {

struct Token {
    enum class Kind { End, Name, Int, Double, String, Symbol } kind = Kind::End;
    std::string text;
    Value value;
    std::size_t offset = 0;
};

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }

class Parser {
public:
    Parser(std::string_view text, const std::vector<std::string>& names) : text_(text) {
        for (const std::string& name : names) known_.insert(name);
    }

    base::Result<NodePtr> parse() {
        if (!tokenize()) return fail();
        NodePtr root = conditional();
        if (failed_) return fail();
        if (peek().kind != Token::Kind::End) {
            mismatch();
            return fail();
        }
        return root;
    }

private:
    base::Error fail() const {
        std::size_t line = 1, column = 1;
        for (std::size_t i = 0; i < errorAt_ && i < text_.size(); ++i) {
            if (text_[i] == '\n') {
                ++line;
                column = 1;
            } else {
                ++column;
            }
        }
        std::string shown = "ERROR: <input>:" + std::to_string(line) + ":" + std::to_string(column) + ": " + error_;
        const auto lines = base::split(text_, '\n');
        if (line <= lines.size())
            shown += "\n | " + lines[line - 1] + "\n | " + std::string(column - 1, '.') + "^";
        return base::makeError(shown);
    }
    void setError(std::size_t at, std::string text) {
        if (failed_) return;
        failed_ = true;
        errorAt_ = at;
        error_ = std::move(text);
    }
    void mismatch() {
        const Token& token = peek();
        const std::string what = token.kind == Token::Kind::End ? "<EOF>" : token.text;
        setError(token.offset, "Syntax error: mismatched input '" + what +
                                   "' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', "
                                   "NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}");
    }

    bool tokenize() {
        std::size_t at = 0;
        while (at < text_.size()) {
            const char c = text_[at];
            if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
                ++at;
            } else if (c == '/' && at + 1 < text_.size() && text_[at + 1] == '/') {
                while (at < text_.size() && text_[at] != '\n') ++at;
            } else if (isDigit(c)) {
                number(at);
            } else if (c == '"' || c == '\'' ||
                       ((c == 'r' || c == 'R') && at + 1 < text_.size() && (text_[at + 1] == '"' || text_[at + 1] == '\''))) {
                if (!string(at)) return false;
            } else if (isNameStart(c)) {
                const std::size_t start = at;
                while (at < text_.size() && (isNameStart(text_[at]) || isDigit(text_[at]))) ++at;
                push(Token::Kind::Name, start, at);
            } else {
                static constexpr std::string_view kPairs[] = {"&&", "||", "==", "!=", "<=", ">="};
                std::size_t width = 1;
                for (const std::string_view pair : kPairs)
                    if (text_.substr(at, 2) == pair) width = 2;
                if (std::string_view("()[]{}.,:?!<>+-*/%&|=").find(c) == std::string_view::npos) {
                    setError(at, "Syntax error: token recognition error at: '" + std::string(1, c) + "'");
                    return false;
                }
                push(Token::Kind::Symbol, at, at + width);
                at += width;
            }
        }
        Token end;
        end.offset = text_.size();
        tokens_.push_back(end);
        return true;
    }
    void push(Token::Kind kind, std::size_t from, std::size_t to) {
        Token token;
        token.kind = kind;
        token.text = text_.substr(from, to - from);
        token.offset = from;
        tokens_.push_back(std::move(token));
    }
    void number(std::size_t& at) {
        const std::size_t start = at;
        bool real = false;
        while (at < text_.size()) {
            const char c = text_[at];
            if (c == '.' && at + 1 < text_.size() && isDigit(text_[at + 1])) real = true;
            else if (c == 'e' || c == 'E') real = true;
            else if (!isDigit(c) && !((c == '-' || c == '+') && (text_[at - 1] == 'e' || text_[at - 1] == 'E'))) break;
            ++at;
        }
        push(real ? Token::Kind::Double : Token::Kind::Int, start, at);
        const std::string& digits = tokens_.back().text;
        if (real) {
            double value = 0;
            std::from_chars(digits.data(), digits.data() + digits.size(), value);
            tokens_.back().value = value;
        } else {
            if (const auto whole = base::parseInt(digits)) tokens_.back().value = *whole;
        }
        if (at < text_.size() && (text_[at] == 'u' || text_[at] == 'U')) ++at;
    }
    bool string(std::size_t& at) {
        const std::size_t start = at;
        const bool raw = text_[at] == 'r' || text_[at] == 'R';
        if (raw) ++at;
        const char quote = text_[at++];
        std::string out;
        while (at < text_.size() && text_[at] != quote) {
            if (text_[at] == '\\' && !raw && at + 1 < text_.size()) {
                ++at;
                switch (text_[at]) {
                case 'n': out += '\n'; break;
                case 't': out += '\t'; break;
                case 'r': out += '\r'; break;
                default: out += text_[at];
                }
            } else {
                out += text_[at];
            }
            ++at;
        }
        if (at >= text_.size()) {
            setError(start, "Syntax error: token recognition error at: '" + std::string(text_.substr(start)) + "'");
            return false;
        }
        ++at;
        push(Token::Kind::String, start, at);
        tokens_.back().value = Value(std::string_view(out));
        return true;
    }

    const Token& peek() const { return tokens_[at_]; }
    bool accept(std::string_view symbol) {
        if (peek().kind != Token::Kind::Symbol || peek().text != symbol) return false;
        ++at_;
        return true;
    }
    void expect(std::string_view symbol) {
        if (!accept(symbol)) mismatch();
    }
    // Chains such as a + b + c ... make deep trees without deep nesting in the text.
    void link(std::size_t offset) {
        if (++links_ > 2000) setError(offset, "expression recursion limit exceeded");
    }
    NodePtr call(std::string name, std::vector<NodePtr> arguments, std::size_t offset) {
        link(offset);
        auto node = std::make_shared<Node>();
        node->kind = Node::Kind::Call;
        node->name = std::move(name);
        node->arguments = std::move(arguments);
        node->offset = offset;
        return node;
    }

    NodePtr conditional() {
        if (++depth_ > 200) setError(peek().offset, "expression recursion limit exceeded");
        NodePtr condition = failed_ ? std::make_shared<Node>() : either();
        if (!failed_ && accept("?")) {
            auto node = std::make_shared<Node>();
            node->kind = Node::Kind::Conditional;
            NodePtr yes = either();
            expect(":");
            NodePtr no = failed_ ? yes : conditional();
            node->arguments = {condition, yes, no};
            condition = node;
        }
        --depth_;
        return condition;
    }
    NodePtr either() {
        NodePtr left = both();
        while (!failed_ && peek().text == "||" && peek().kind == Token::Kind::Symbol) {
            const std::size_t at = tokens_[at_++].offset;
            left = call("||", {left, both()}, at);
        }
        return left;
    }
    NodePtr both() {
        NodePtr left = relation();
        while (!failed_ && peek().text == "&&" && peek().kind == Token::Kind::Symbol) {
            const std::size_t at = tokens_[at_++].offset;
            left = call("&&", {left, relation()}, at);
        }
        return left;
    }
    NodePtr relation() {
        NodePtr left = sum();
        static const std::set<std::string, std::less<>> kRelations = {"==", "!=", "<", "<=", ">", ">=", "in"};
        while (!failed_ && peek().kind != Token::Kind::String && kRelations.contains(peek().text)) {
            const Token token = tokens_[at_++];
            left = call(token.text, {left, sum()}, token.offset);
        }
        return left;
    }
    NodePtr sum() {
        NodePtr left = product();
        while (!failed_ && peek().kind == Token::Kind::Symbol && (peek().text == "+" || peek().text == "-")) {
            const Token token = tokens_[at_++];
            left = call(token.text, {left, product()}, token.offset);
        }
        return left;
    }
    NodePtr product() {
        NodePtr left = unary();
        while (!failed_ && peek().kind == Token::Kind::Symbol &&
               (peek().text == "*" || peek().text == "/" || peek().text == "%")) {
            const Token token = tokens_[at_++];
            left = call(token.text, {left, unary()}, token.offset);
        }
        return left;
    }
    NodePtr unary() {
        const std::size_t at = peek().offset;
        if (++depth_ > 200) setError(at, "expression recursion limit exceeded");
        NodePtr node;
        if (failed_) node = std::make_shared<Node>();
        else if (accept("!")) node = call("!_", {unary()}, at);
        else if (peek().text == "-" && tokens_[at_ + 1].text == "9223372036854775808") node = smallest();
        else if (accept("-")) node = call("-_", {unary()}, at);
        else node = member();
        --depth_;
        return node;
    }
    // Its absolute value is no literal.
    NodePtr smallest() {
        auto node = std::make_shared<Node>();
        node->offset = peek().offset;
        node->literal = Value(INT64_MIN);
        at_ += 2;
        return node;
    }
    NodePtr member() {
        NodePtr node = primary();
        while (!failed_) {
            const std::size_t at = peek().offset;
            link(at);
            if (accept(".")) {
                if (peek().kind != Token::Kind::Name) {
                    mismatch();
                    return node;
                }
                const std::string name = tokens_[at_++].text;
                auto next = std::make_shared<Node>();
                next->offset = at;
                next->name = name;
                next->arguments = {node};
                if (accept("(")) {
                    next->kind = Node::Kind::Call;
                    next->method = true;
                    readMacroArguments(*next);
                } else {
                    next->kind = Node::Kind::Member;
                }
                node = next;
            } else if (accept("[")) {
                auto next = std::make_shared<Node>();
                next->kind = Node::Kind::Index;
                next->offset = at;
                next->arguments = {node, conditional()};
                expect("]");
                node = next;
            } else {
                return node;
            }
        }
        return node;
    }
    // x.all(i, ...): the first argument is a new name.
    void readMacroArguments(Node& node) {
        static const std::set<std::string, std::less<>> kMacros = {"all", "exists", "exists_one", "map", "filter"};
        std::string variable;
        if (kMacros.contains(node.name) && peek().kind == Token::Kind::Name) {
            variable = peek().text;
            known_.insert(variable);
        }
        if (accept(")")) return;
        do node.arguments.push_back(conditional());
        while (!failed_ && accept(","));
        if (!failed_) expect(")");
        if (!variable.empty()) known_.erase(known_.find(variable));
    }
    NodePtr primary() {
        const Token token = peek();
        auto node = std::make_shared<Node>();
        node->offset = token.offset;
        if (token.kind == Token::Kind::Int || token.kind == Token::Kind::Double || token.kind == Token::Kind::String) {
            ++at_;
            if (token.value.isNull()) setError(token.offset, "Syntax error: invalid int literal");
            node->literal = token.value;
            return node;
        }
        if (token.kind == Token::Kind::Name) return name(node);
        if (accept("(")) {
            node = conditional();
            expect(")");
            return node;
        }
        if (accept("[")) {
            node->kind = Node::Kind::List;
            while (!failed_ && !accept("]")) {
                node->arguments.push_back(conditional());
                if (!failed_ && !accept(",") && !(peek().text == "]")) mismatch();
            }
            return node;
        }
        if (accept("{")) {
            node->kind = Node::Kind::Map;
            while (!failed_ && !accept("}")) {
                node->arguments.push_back(conditional());
                expect(":");
                if (!failed_) node->arguments.push_back(conditional());
                if (!failed_ && !accept(",") && !(peek().text == "}")) mismatch();
            }
            return node;
        }
        mismatch();
        return node;
    }
    NodePtr name(NodePtr node) {
        const Token token = tokens_[at_++];
        if (token.text == "true" || token.text == "false") {
            node->literal = Value(token.text == "true");
            return node;
        }
        if (token.text == "null") return node;
        node->name = token.text;
        if (accept("(")) {
            node->kind = token.text == "has" ? Node::Kind::Has : Node::Kind::Call;
            static const std::set<std::string, std::less<>> kFunctions = {
                "has", "size", "string", "int", "double", "uint", "bool", "type", "dyn", "duration",
                "timestamp", "quantity", "isQuantity", "bytes"};
            if (!kFunctions.contains(token.text))
                setError(token.offset, "undeclared reference to '" + token.text + "' (in container '')");
            readMacroArguments(*node);
            if (token.text == "has" && (node->arguments.size() != 1 || node->arguments[0]->kind != Node::Kind::Member))
                setError(token.offset, "invalid argument to has() macro");
            return node;
        }
        node->kind = Node::Kind::Name;
        static const std::set<std::string, std::less<>> kTypes = {
            "int", "string", "bool", "double", "list", "map", "null_type", "uint", "bytes"};
        if (!known_.contains(token.text) && !kTypes.contains(token.text))
            setError(token.offset, "undeclared reference to '" + token.text + "' (in container '')");
        return node;
    }

    std::string_view text_;
    std::multiset<std::string, std::less<>> known_;
    std::vector<Token> tokens_;
    std::size_t at_ = 0;
    int depth_ = 0, links_ = 0;
    bool failed_ = false;
    std::size_t errorAt_ = 0;
    std::string error_;
};

bool mentions(const Node& node, std::string_view name) {
    if (node.kind == Node::Kind::Name && node.name == name) return true;
    for (const NodePtr& argument : node.arguments)
        if (mentions(*argument, name)) return true;
    return false;
}

std::string typeOf(const Node& node) {
    static const std::map<std::string, std::string, std::less<>> kResults = {
        {"&&", "bool"}, {"||", "bool"}, {"!_", "bool"}, {"==", "bool"}, {"!=", "bool"}, {"<", "bool"},
        {"<=", "bool"}, {">", "bool"}, {">=", "bool"}, {"in", "bool"}, {"startsWith", "bool"},
        {"endsWith", "bool"}, {"contains", "bool"}, {"matches", "bool"}, {"all", "bool"}, {"exists", "bool"},
        {"exists_one", "bool"}, {"size", "int"}, {"int", "int"}, {"string", "string"}, {"bool", "bool"},
        {"double", "double"}, {"lowerAscii", "string"}, {"upperAscii", "string"}, {"join", "string"}};
    switch (node.kind) {
    case Node::Kind::Has: return "bool";
    case Node::Kind::List: return "list";
    case Node::Kind::Map: return "map";
    case Node::Kind::Literal:
        if (node.literal.isBool()) return "bool";
        if (node.literal.isInt()) return "int";
        if (node.literal.isDouble()) return "double";
        return node.literal.isString() ? "string" : "null";
    case Node::Kind::Conditional: return typeOf(*node.arguments[1]);
    case Node::Kind::Call: {
        const auto place = kResults.find(node.name);
        if (place != kResults.end()) return place->second;
        if (node.arguments.size() == 2 && (node.name == "+" || node.name == "-" || node.name == "*"))
            return typeOf(*node.arguments[0]);
        return "dyn";
    }
    default: return "dyn";
    }
}

} // namespace

base::Result<Program> Program::compile(std::string_view text, const std::vector<std::string>& names) {
    Parser parser(text, names);
    BASE_TRY(NodePtr root, parser.parse());
    Program program;
    program.root_ = std::move(root);
    return program;
}

std::string Program::resultType() const { return typeOf(*root_); }
bool Program::uses(std::string_view name) const { return mentions(*root_, name); }

} // namespace apiserver::cel
