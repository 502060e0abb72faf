// From words to trees. Source: cel-spec langdef.md; what is said about wrong texts: cel-go parser and
// the error strategy of ANTLR 4.
#include "apiserver/cel/cel.h"
#include "apiserver/cel/lexer.h"
#include "apiserver/cel/macros.h"
#include "base/strings.h"

#include <algorithm>

namespace apiserver::cel {

using document::Value;

namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// Problems by their places, each with its line and a mark below, as cel-go shows them.
std::string placed(std::string_view source, std::vector<Problem> problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const Problem& a, const Problem& b) { return a.offset < b.offset; });
    constexpr std::size_t kMost = 100;
    std::string shown;
    for (std::size_t i = 0; i < problems.size() && i < kMost; ++i) {
        const std::size_t at = std::min(problems[i].offset, source.size());
        if (source.empty()) {
            shown += (i == 0 ? "" : "\n") + std::string("ERROR: <input>:1:0: ") + problems[i].text;
            continue;
        }
        const auto before = source.substr(0, at);
        const std::size_t lineBreak = before.rfind('\n'), start = lineBreak == std::string_view::npos ? 0 : lineBreak + 1;
        std::string line(source.substr(start, source.find('\n', start) - start)), marks;
        for (std::size_t place = start; place < at; ++place) {
            if (continues(source[place])) continue;
            marks += static_cast<unsigned char>(source[place]) < 0x80 ? "." : "\uff0e";
        }
        const auto column = std::count_if(source.begin() + static_cast<std::ptrdiff_t>(start),
                                          source.begin() + static_cast<std::ptrdiff_t>(at), [](char c) { return !continues(c); });
        marks += at < source.size() && static_cast<unsigned char>(source[at]) >= 0x80 ? "\uff3e" : "^";
        std::replace(line.begin(), line.end(), '\t', ' ');
        shown += (i == 0 ? "" : "\n") + std::string("ERROR: <input>:") +
                 std::to_string(std::count(before.begin(), before.end(), '\n') + 1) + ":" + std::to_string(column + 1) + ": " +
                 problems[i].text + "\n | " + line + "\n | " + marks;
    }
    if (problems.size() > kMost) shown += "\n" + std::to_string(problems.size() - kMost) + " more errors were truncated";
    return shown;
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text), tokens_(readTokens(text, problems)) {}
    std::vector<Problem> problems;

    NodePtr parse() {
        NodePtr root = conditional();
        if (!failed_ && peek().kind != Token::Kind::End) unwanted("<EOF>");
        return root;
    }

private:
    // Only the first syntax error is told; what follows from it would mislead.
    void syntaxError(std::size_t at, const std::string& text) {
        if (!failed_) problems.push_back({at, "Syntax error: " + text});
        failed_ = true;
    }
    void limit(std::size_t at) {
        if (!failed_) problems.push_back({at, "expression recursion limit exceeded: 250"});
        failed_ = true;
    }
    void problem(std::size_t at, std::string text) { problems.push_back({at, std::move(text)}); }

    const Token& peek(std::size_t n = 0) const { return tokens_[std::min(at_ + n, tokens_.size() - 1)]; }
    bool accept(std::string_view symbol) {
        if (peek().kind != Token::Kind::Symbol || peek().text != symbol) return false;
        ++at_;
        return true;
    }
    static std::string quoted(const std::string& text) { return "'" + text + "'"; }
    static bool startsOperand(const Token& token) {
        if (token.kind == Token::Kind::Name) return token.text != "in";
        return token.kind != Token::Kind::End &&
               (token.kind != Token::Kind::Symbol || std::string_view("[{(.-!").find(token.text[0]) != std::string_view::npos) &&
               token.text != "!=";
    }
    // An operand was expected; `more` stands for other words that might have come.
    void noOperand(std::string_view first = "'[', ", std::string_view middle = "'{', '(',", std::string_view last = "'-', '!', ") {
        const std::string expected = "{" + std::string(first) + std::string(middle) +
                                     " '.', " + std::string(last) + "'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
        const bool extra = startsOperand(peek(1));
        syntaxError(peek().offset, (extra ? "extraneous input " : "mismatched input ") + quoted(peek().text) + " expecting " + expected);
    }
    bool startsItem() { return startsOperand(peek()) || peek().is("?"); }
    // An item has ended; without a comma the list must end too.
    bool another(const std::string& closer) {
        if (failed_ || peek().is(closer)) return false;
        if (accept(",")) return startsItem();
        const bool extra = peek(1).is(closer) || peek(1).is(",");
        syntaxError(peek().offset, (extra ? "extraneous input " : "mismatched input ") + quoted(peek().text) + " expecting {" +
                                       quoted(closer) + ", ','}");
        return false;
    }
    void unwanted(const std::string& expected) {
        const bool extra = peek(1).kind == Token::Kind::End ? expected == "<EOF>" : peek(1).text == expected;
        const std::string shown = expected == "<EOF>" ? expected : quoted(expected);
        syntaxError(peek().offset, (extra ? "extraneous input " : "mismatched input ") + quoted(peek().text) + " expecting " + shown);
    }
    // Whether a word may come after a closed part: operators, or what closes the part around it.
    bool mayFollow(const Token& token) const {
        static constexpr std::string_view kOperators[] = {"==", "!=", "in", "<", "<=", ">=", ">", "&&", "||", "[", ".", "-", "?", "+", "*", "/", "%"};
        for (const std::string_view op : kOperators)
            if (token.is(op)) return true;
        const std::string_view around = closers_.empty() ? "" : closers_.back();
        if (token.kind == Token::Kind::End) return around.empty();
        return token.kind == Token::Kind::Symbol && around.find(token.text) != std::string_view::npos;
    }
    void expect(const std::string& symbol) {
        if (failed_ || accept(symbol)) return;
        if (!peek(1).is(symbol) && symbol != ":" && mayFollow(peek()))
            return syntaxError(peek().offset, "missing " + quoted(symbol) + " at " + quoted(peek().text));
        unwanted(symbol);
    }
    // One part between brackets, which `closers` may end.
    NodePtr within(std::string_view closers) {
        closers_.push_back(closers);
        NodePtr node = conditional();
        closers_.pop_back();
        return node;
    }

    // Chains such as a + b + c ... make deep trees without deep nesting in the text.
    void link(std::size_t offset) {
        if (++links_ > 2000) limit(offset);
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
    // The rest of a rule: operands with operators of one rank between them, named "_+_", "@in".
    template <typename Operand, typename Wanted>
    NodePtr chain(Operand operand, Wanted wanted) {
        NodePtr left = (this->*operand)();
        while (!failed_ && wanted(peek())) {
            const Token token = tokens_[at_++];
            NodePtr right = (this->*operand)();
            left = call(token.text == "in" ? "@in" : "_" + token.text + "_", {left, right}, token.offset);
        }
        return left;
    }
    static bool oneOf(const Token& token, std::initializer_list<std::string_view> words) {
        return std::any_of(words.begin(), words.end(), [&](std::string_view word) { return token.is(word); });
    }
    NodePtr conditional() {
        if (++depth_ > kMostDepth) limit(peek().offset);
        NodePtr condition = failed_ ? std::make_shared<Node>() : either();
        const std::size_t at = peek().offset;
        if (!failed_ && accept("?")) {
            auto node = std::make_shared<Node>();
            node->kind = Node::Kind::Conditional;
            node->offset = at;
            closers_.push_back(":");
            NodePtr yes = either();
            closers_.pop_back();
            expect(":");
            NodePtr no = failed_ ? yes : conditional();
            node->arguments = {condition, yes, no};
            condition = node;
        }
        --depth_;
        return condition;
    }
    NodePtr either() {
        return chain(&Parser::both, [](const Token& t) { return t.is("||"); });
    }
    NodePtr both() {
        return chain(&Parser::relation, [](const Token& t) { return t.is("&&"); });
    }
    NodePtr relation() {
        return chain(&Parser::sum, [](const Token& t) { return oneOf(t, {"==", "!=", "<", "<=", ">", ">=", "in"}); });
    }
    NodePtr sum() {
        return chain(&Parser::product, [](const Token& t) { return oneOf(t, {"+", "-"}); });
    }
    NodePtr product() {
        return chain(&Parser::unary, [](const Token& t) { return oneOf(t, {"*", "/", "%"}); });
    }
    NodePtr unary() {
        const std::size_t at = peek().offset;
        if (++depth_ > kMostDepth) limit(at);
        NodePtr node;
        const bool number = peek(1).kind == Token::Kind::Int || peek(1).kind == Token::Kind::Double;
        if (failed_) node = std::make_shared<Node>();
        else if (accept("!")) node = call("!_", {unary()}, at);
        else if (peek().is("-") && number && peek(1).value.kind != Datum::Kind::Uint) node = member();
        else if (accept("-")) node = call("-_", {unary()}, at);
        else node = member();
        --depth_;
        return node;
    }
    NodePtr member() {
        NodePtr node = primary();
        while (!failed_) {
            const std::size_t at = peek().offset;
            if (accept(".")) {
                node = selection(node, at);
            } else if (accept("[")) {
                auto next = std::make_shared<Node>();
                next->kind = Node::Kind::Index;
                next->offset = at;
                next->optional = accept("?");
                if (!next->optional && !startsOperand(peek())) noOperand("'[', ", "'{', '(',", "'-', '!', '?', ");
                NodePtr key = within("]");
                next->arguments = {node, key};
                expect("]");
                node = next;
            } else {
                return node;
            }
            link(at);
        }
        return node;
    }
    NodePtr selection(const NodePtr& object, std::size_t at) {
        auto node = std::make_shared<Node>();
        node->offset = at;
        node->arguments = {object};
        node->optional = accept("?");
        if (peek().kind != Token::Kind::Name || oneOf(peek(), {"in", "true", "false", "null"})) {
            const std::size_t place = peek().offset;
            const std::string given = peek().kind == Token::Kind::End ? std::string() : peek().text;
            if (node->optional) {
                syntaxError(place, "mismatched input " + quoted(peek().text) + " expecting {IDENTIFIER, ESC_IDENTIFIER}");
                problem(place, "unsupported ident kind");
            } else {
                syntaxError(place, "no viable alternative at input '." + given + "'");
            }
            return node;
        }
        node->name = tokens_[at_++].text;
        node->kind = Node::Kind::Member;
        const std::size_t opening = peek().offset;
        if (node->optional || !accept("(")) return node;
        node->offset = opening;
        node->kind = Node::Kind::Call;
        node->method = true;
        readArguments(*node);
        checkMacro(*node);
        return node;
    }
    void readArguments(Node& node) {
        if (accept(")")) return;
        if (!startsOperand(peek())) return noOperand("'[', ", "'{', '(', ')',");
        do node.arguments.push_back(within("),"));
        while (!failed_ && accept(","));
        expect(")");
    }
    // The names that a macro declares must be names.
    void checkMacro(const Node& node) {
        if (failed_ || !isMacro(node)) return;
        const auto wrong = [&](std::size_t i) {
            if (node.arguments[i]->kind == Node::Kind::Name) return false;
            const bool optional = node.name.starts_with("opt"), makes = node.name == "map" || node.name == "filter";
            problem(node.arguments[i]->offset, optional ? node.name + "() variable name must be a simple identifier"
                                               : makes  ? "argument is not an identifier"
                                                        : "argument must be a simple name");
            return true;
        };
        if (wrong(1) || !declaresTwo(node) || wrong(2)) return;
        if (node.arguments[1]->name == node.arguments[2]->name)
            problem(node.arguments[2]->offset, "duplicate variable name: " + node.arguments[1]->name);
    }
    NodePtr number(NodePtr node, bool negative) {
        Token token = tokens_[at_++];
        readNumber(token, negative);
        if (!token.wrong.empty()) problem(node->offset, token.wrong);
        node->literal = token.value;
        return node;
    }
    NodePtr primary() {
        const Token& token = peek();
        auto node = std::make_shared<Node>();
        node->offset = token.offset;
        if (accept("-")) return number(node, true);
        if (token.kind == Token::Kind::Int || token.kind == Token::Kind::Double) return number(node, false);
        if (token.kind == Token::Kind::String) {
            node->literal = tokens_[at_++].value;
            return node;
        }
        if (token.kind == Token::Kind::Name && token.text != "in") return name(node);
        if (token.is(".") && peek(1).kind == Token::Kind::Name) {
            node->offset = tokens_[++at_].offset;
            return name(node);
        }
        if (accept("(")) {
            node = within(")");
            expect(")");
            return node;
        }
        if (accept("[")) return list(node);
        if (accept("{")) return map(node);
        noOperand();
        return node;
    }
    NodePtr list(NodePtr node) {
        node->kind = Node::Kind::List;
        if (accept("]") || (peek().is(",") && peek(1).is("]") && accept(",") && accept("]"))) return node;
        if (!startsItem()) noOperand("'[', ']', ", "'{', '(',", "',', '-', '!', '?', ");
        while (!failed_) {
            node->optionalItems.push_back(accept("?"));
            node->arguments.push_back(within("],"));
            if (!another("]")) break;
        }
        expect("]");
        return node;
    }
    NodePtr map(NodePtr node) {
        node->kind = Node::Kind::Map;
        if (accept("}") || (peek().is(",") && peek(1).is("}") && accept(",") && accept("}"))) return node;
        if (!startsItem()) noOperand("'[', ", "'{', '}', '(',", "',', '-', '!', '?', ");
        while (!failed_) {
            node->optionalItems.push_back(accept("?"));
            node->arguments.push_back(within(":"));
            expect(":");
            if (!failed_) node->arguments.push_back(within("},"));
            if (!another("}")) break;
        }
        expect("}");
        return node;
    }
    NodePtr name(NodePtr node) {
        static constexpr std::string_view kReserved[] = {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let",
                                                         "loop", "package", "namespace", "return", "var", "void", "while"};
        const Token token = tokens_[at_++];
        if (token.text == "true" || token.text == "false") {
            node->literal = Datum(Value(token.text == "true"));
            return node;
        }
        if (token.text == "null") return node;
        if (std::find(std::begin(kReserved), std::end(kReserved), token.text) != std::end(kReserved))
            problem(token.offset, "reserved identifier: " + token.text);
        node->name = token.text;
        node->kind = Node::Kind::Name;
        const std::size_t opening = peek().offset;
        if (accept("{")) {
            // There are no messages that could be made: objects are only where policies mutate.
            problem(opening, "undeclared reference to '" + token.text + "' (in container '')");
            failed_ = true;
            return node;
        }
        if (!accept("(")) return node;
        node->kind = Node::Kind::Call;
        node->offset = opening;
        readArguments(*node);
        if (failed_ || token.text != "has" || node->arguments.size() != 1) return node;
        node->kind = Node::Kind::Has;
        const Node& asked = *node->arguments[0];
        if (asked.kind != Node::Kind::Member || asked.optional) problem(asked.offset, "invalid argument to has() macro");
        else node->arguments[0]->offset = opening;
        return node;
    }

    static constexpr int kMostDepth = 200;
    std::string_view text_;
    std::vector<Token> tokens_;
    std::vector<std::string_view> closers_; // of the brackets around
    std::size_t at_ = 0;
    int depth_ = 0, links_ = 0;
    bool failed_ = false;
};

bool mentions(const Node& node, std::string_view name) {
    if (node.kind == Node::Kind::Name && node.name == name) return true;
    for (const NodePtr& argument : node.arguments)
        if (mentions(*argument, name)) return true;
    return false;
}

} // namespace

base::Result<Program> Program::compile(std::string_view text, const std::vector<std::string>& names) {
    return compile(text, Environment{names, {}});
}

namespace {

base::Result<NodePtr> checked(std::string_view text, const Environment& environment) {
    Parser parser(text);
    NodePtr root = parser.parse();
    if (!parser.problems.empty()) return base::makeError(placed(text, std::move(parser.problems)));
    auto problems = checkTypes(*root, environment);
    if (!problems.empty()) return base::makeError(placed(text, std::move(problems)));
    return root;
}

} // namespace

base::Status Program::check(std::string_view text, const Environment& environment) {
    BASE_TRY(NodePtr root, checked(text, environment));
    (void)root;
    return base::okStatus();
}

base::Result<Program> Program::compile(std::string_view text, const Environment& environment) {
    BASE_TRY(NodePtr root, checked(text, environment));
    BASE_CHECK(foldConstants(*root));
    Program program;
    program.type_ = root->type->fullText();
    program.root_ = std::move(root);
    return program;
}

std::string Program::resultType() const { return type_; }
TypePtr Program::typeOfResult() const { return root_->type; }
bool Program::uses(std::string_view name) const { return mentions(*root_, name); }

} // namespace apiserver::cel
