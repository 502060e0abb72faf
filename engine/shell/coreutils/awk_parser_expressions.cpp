// awk: expressions, by precedence.

#include "shell/coreutils/awk_parser.h"
#include "shell/parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace shell::awk {

int Parser::slotOf(const std::string& name) const {
    const auto found = std::find(locals_.begin(), locals_.end(), name);
    return found == locals_.end() ? -1 : static_cast<int>(found - locals_.begin());
}

NodePtr Parser::variable(const std::string& name) {
    auto node = std::make_unique<Node>(Op::Variable, name);
    node->slot = slotOf(name);
    return node;
}

NodePtr Parser::expressionList() {
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

NodePtr Parser::expression() {
    if (++depth_ > 200) fail();
    NodePtr node = ternary();
    if (node->op == Op::Variable || node->op == Op::Field || node->op == Op::Index)
        for (const std::string_view op : {"=", "+=", "-=", "*=", "/=", "%=", "^="})
            if (is(op)) {
                advance();
                skipNewlines();
                auto assign =
                    std::make_unique<Node>(Op::Assign, std::string(op.substr(0, op.size() - 1)));
                assign->kids.push_back(std::move(node));
                assign->kids.push_back(expression());
                node = std::move(assign);
                break;
            }
    --depth_;
    return node;
}

NodePtr Parser::ternary() {
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

NodePtr Parser::two(Op op, std::string text, NodePtr left, NodePtr right) {
    auto node = std::make_unique<Node>(op, std::move(text));
    node->kids.push_back(std::move(left));
    node->kids.push_back(std::move(right));
    return node;
}

NodePtr Parser::orExpression() {
    NodePtr left = andExpression();
    while (fine() && is("||")) {
        advance();
        skipNewlines();
        left = two(Op::Or, {}, std::move(left), andExpression());
    }
    return left;
}

NodePtr Parser::andExpression() {
    NodePtr left = inExpression();
    while (fine() && is("&&")) {
        advance();
        skipNewlines();
        left = two(Op::And, {}, std::move(left), inExpression());
    }
    return left;
}

NodePtr Parser::inExpression() {
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

NodePtr Parser::matchExpression() {
    NodePtr left = comparison();
    while (fine() && (is("~") || is("!~"))) {
        const Op op = is("~") ? Op::Match : Op::NotMatch;
        advance();
        left = two(op, {}, std::move(left), comparison());
    }
    return left;
}

NodePtr Parser::comparison() {
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

bool Parser::nextIsGetline() const {
    std::size_t i = at_;
    while (i < text_.size() && (text_[i] == ' ' || text_[i] == '\t')) ++i;
    return text_.substr(i, 7) == "getline";
}

bool Parser::startsOperand() const {
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

NodePtr Parser::concatenation(bool single) {
    NodePtr left = additive();
    (void)single;
    while (fine() && startsOperand() && !is("+") && !is("-") && !is("!"))
        left = two(Op::Concat, {}, std::move(left), additive());
    return left;
}

NodePtr Parser::additive() {
    NodePtr left = multiplicative();
    while (fine() && (is("+") || is("-"))) {
        const std::string op = token_.text;
        advance();
        left = two(Op::Binary, op, std::move(left), multiplicative());
    }
    return left;
}

NodePtr Parser::multiplicative() {
    NodePtr left = unary();
    while (fine() && (is("*") || is("/") || is("%"))) {
        const std::string op = token_.text;
        advance();
        left = two(Op::Binary, op, std::move(left), unary());
    }
    return left;
}

NodePtr Parser::unary() {
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

NodePtr Parser::power() {
    NodePtr left = postfix();
    if (fine() && is("^")) {
        advance();
        left = two(Op::Binary, "^", std::move(left),
                   is("-") || is("+") || is("!") ? unary() : power());
    }
    return left;
}

NodePtr Parser::postfix() {
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

NodePtr Parser::primary() {
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

void Parser::arguments(Node& node) {
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

NodePtr Parser::builtin() {
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

} // namespace shell::awk
