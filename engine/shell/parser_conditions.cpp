// [[ conditions ]].

#include "base/strings.h"
#include "shell/parser.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace shell {

// Conditions of [[ ]]. Source: Bash Reference Manual, Conditional Constructs.
bool Parser::skipConditionSpace() { return skipNewlines(); }

bool Parser::parseCondition(Command& command) {
    command.kind = CommandKind::Condition;
    auto test = conditionOr();
    if (!test) return false;
    if (!skipConditionSpace()) return false;
    if (!keyword("]]")) {
        if (done()) return incomplete();
        return fail("conditional binary operator expected", false);
    }
    advance(2);
    command.test = std::move(test);
    return true;
}

std::unique_ptr<Condition> Parser::conditionOr() {
    auto left = conditionAnd();
    while (left) {
        if (!skipConditionSpace()) return nullptr;
        if (!startsWith("||")) return left;
        advance(2);
        auto node = std::make_unique<Condition>();
        node->kind = Condition::Or;
        node->first = std::move(left);
        node->second = conditionAnd();
        if (!node->second) return nullptr;
        left = std::move(node);
    }
    return nullptr;
}

std::unique_ptr<Condition> Parser::conditionAnd() {
    auto left = conditionNot();
    while (left) {
        if (!skipConditionSpace()) return nullptr;
        if (!startsWith("&&")) return left;
        advance(2);
        auto node = std::make_unique<Condition>();
        node->kind = Condition::And;
        node->first = std::move(left);
        node->second = conditionNot();
        if (!node->second) return nullptr;
        left = std::move(node);
    }
    return nullptr;
}

std::unique_ptr<Condition> Parser::conditionNot() {
    if (!skipConditionSpace()) return nullptr;
    if (!keyword("!")) return conditionPrimary();
    advance();
    if (++depth_ > kMaxDepth) {
        fail("syntax error: expression nested too deeply", false);
        return nullptr;
    }
    auto node = std::make_unique<Condition>();
    node->kind = Condition::Not;
    node->first = conditionNot();
    --depth_;
    return node->first ? std::move(node) : nullptr;
}

std::unique_ptr<Condition> Parser::conditionPrimary() {
    if (!skipConditionSpace()) return nullptr;
    if (done()) {
        incomplete();
        return nullptr;
    }
    if (peek() == '(') {
        advance();
        if (++depth_ > kMaxDepth) {
            fail("syntax error: expression nested too deeply", false);
            return nullptr;
        }
        auto inner = conditionOr();
        --depth_;
        if (!inner || !skipConditionSpace()) return nullptr;
        if (peek() != ')') {
            fail("expected `)'", false);
            return nullptr;
        }
        advance();
        return inner;
    }
    if (keyword("]]") || !wordStarts()) {
        failToken();
        return nullptr;
    }
    auto node = std::make_unique<Condition>();
    const std::string first = peekWord();
    if (first.size() == 2 && first[0] == '-' &&
        std::string_view("abcdefghknoprstuvwxzGLNORS").find(first[1]) != std::string_view::npos) {
        const std::size_t savedPos = pos_;
        advance(2);
        skipBlanks();
        if (wordStarts() && !(keyword("]]")) && !startsWith("==") && !startsWith("!=")) {
            node->kind = Condition::Unary;
            node->op = first;
            return parseWord(node->left) ? std::move(node) : nullptr;
        }
        if (keyword("]]")) {
            fail("unexpected argument `]]' to conditional unary operator", false);
            return nullptr;
        }
        pos_ = savedPos;
    }
    if (!parseWord(node->left)) return nullptr;
    return conditionBinary(*node) ? std::move(node) : nullptr;
}

bool Parser::conditionBinary(Condition& node) {
    skipBlanks();
    static constexpr std::array kOperators = {"==",  "=~",  "!=",  "-eq", "-ne",
                                              "-lt", "-le", "-gt", "-ge", "-nt",
                                              "-ot", "-ef", "=",   "<",   ">"};
    std::string found;
    for (const char* op : kOperators)
        if (startsWith(op)) {
            const char after = peek(std::string_view(op).size());
            if (after == ' ' || after == '\t' || after == '\n' || op[0] == '<' || op[0] == '>') {
                found = op;
                break;
            }
        }
    if (found.empty()) {
        node.kind = Condition::Test;
        if (keyword("]]") || startsWith("&&") || startsWith("||") || peek() == ')') return true;
        if (done() || peek() == '\n')
            return fail("unexpected token `newline', conditional binary operator expected", false);
        return fail("conditional binary operator expected", false);
    }
    advance(found.size());
    node.kind = Condition::Binary;
    node.op = found;
    skipBlanks();
    if (keyword("]]"))
        return fail("unexpected argument `]]' to conditional binary operator", false);
    return parseWord(node.right, found == "=~" ? Mode::Regex : Mode::Plain);
}

} // namespace shell
