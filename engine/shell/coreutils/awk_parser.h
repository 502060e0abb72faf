#pragma once
// Recursive descent over awk's grammar. Internal to the parser's files; others call parseScript.
// Source: POSIX awk, "Grammar".

#include "shell/coreutils/awk_ast.h"

namespace shell::awk {

enum class Tok { End, Newline, Number, String, Regexp, Name, FuncName, Builtin, Keyword, Punct };

struct Token {
    Tok kind = Tok::End;
    std::string text;
    double number = 0;
    int line = 1;
    bool spaceBefore = false;
};

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) { advance(); }

    Script run();

private:
    bool fine() const { return script_.error.empty(); }
    void fail();
    // Tokens.
    void advance();
    void string();
    void punctuation();
    // At "/" where an operand is expected.
    NodePtr regexp();
    bool is(std::string_view text) const;
    bool take(std::string_view text);
    void expect(std::string_view text);
    void skipNewlines();
    void skipEnds();
    // Program structure.
    void item();
    void function();
    NodePtr block();
    NodePtr simpleEnd(NodePtr node);
    NodePtr statement();
    NodePtr body();
    NodePtr statementInner();
    NodePtr simpleStatement();
    NodePtr forStatement();
    NodePtr print();
    // Expressions, by precedence.
    int slotOf(const std::string& name) const;
    NodePtr variable(const std::string& name);
    NodePtr expressionList();
    NodePtr expression();
    NodePtr ternary();
    NodePtr two(Op op, std::string text, NodePtr left, NodePtr right);
    NodePtr orExpression();
    NodePtr andExpression();
    NodePtr inExpression();
    NodePtr matchExpression();
    NodePtr comparison();
    bool nextIsGetline() const;
    bool startsOperand() const;
    NodePtr concatenation(bool single);
    NodePtr additive();
    NodePtr multiplicative();
    NodePtr unary();
    NodePtr power();
    NodePtr postfix();
    NodePtr primary();
    void arguments(Node& node);
    NodePtr builtin();
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

} // namespace shell::awk
