#pragma once
// Syntax of awk programs. Source: POSIX awk.

#include "shell/coreutils/regex.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shell::awk {

struct Node;
using NodePtr = std::unique_ptr<Node>;

enum class Op {
    // expressions
    Number,
    String,
    Regexp,
    Variable,
    Field,
    Index,
    Assign,
    Conditional,
    And,
    Or,
    Match,
    NotMatch,
    Compare,
    Concat,
    Binary,
    Not,
    Negate,
    Plus,
    PreIncrement,
    PostIncrement,
    In,
    Call,
    Builtin,
    GetLine,
    Group,
    List,
    // statements
    Block,
    Expression,
    Print,
    If,
    While,
    DoWhile,
    For,
    ForIn,
    Next,
    Exit,
    Return,
    Break,
    Continue,
    Delete,
    NextFile
};

struct Node {
    Op op;
    std::string text; // name, literal, operator
    double number = 0;
    std::vector<NodePtr> kids;
    std::shared_ptr<Regex> regex;
    int slot = -1;     // local variable of a function
    char redirect = 0; // print: '>' 'a' '|'; getline: '<' '|' or 0
    explicit Node(Op o, std::string t = {}) : op(o), text(std::move(t)) {}
};

struct Rule {
    enum Kind { Begin, End, Plain, Range } kind = Plain;
    NodePtr pattern, second, action; // action null: print
    bool active = false;
};

struct Function {
    std::string name;
    std::vector<std::string> parameters;
    NodePtr body;
};

struct Script {
    std::vector<Rule> rules;
    std::map<std::string, Function, std::less<>> functions;
    std::string error; // "awk: line 1: syntax error at or near }"
};

Script parseScript(std::string_view text);

} // namespace shell::awk
