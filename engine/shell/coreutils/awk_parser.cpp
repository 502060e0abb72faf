// awk: rules, functions and statements.

#include "shell/coreutils/awk_parser.h"

#include "shell/parser.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <utility>

namespace shell::awk {

Script Parser::run() {
    skipEnds();
    while (fine() && token_.kind != Tok::End) {
        item();
        skipEnds();
    }
    return std::move(script_);
}

void Parser::item() {
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

void Parser::function() {
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

NodePtr Parser::block() {
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

NodePtr Parser::simpleEnd(NodePtr node) {
    if (token_.kind == Tok::Newline || is(";"))
        advance();
    else if (!is("}") && token_.kind != Tok::End)
        fail();
    return node;
}

NodePtr Parser::statement() {
    if (++depth_ > 200) fail();
    NodePtr node = statementInner();
    --depth_;
    return node;
}

NodePtr Parser::body() {
    skipNewlines();
    if (take(";")) return std::make_unique<Node>(Op::Block);
    return statement();
}

NodePtr Parser::statementInner() {
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

NodePtr Parser::simpleStatement() {
    if (is("print") || is("printf")) return print();
    auto node = std::make_unique<Node>(Op::Expression);
    node->kids.push_back(expression());
    return node;
}

NodePtr Parser::forStatement() {
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

NodePtr Parser::print() {
    auto node = std::make_unique<Node>(Op::Print, token_.text);
    advance();
    noGreater_ = true;
    if (token_.kind != Tok::Newline && !is(";") && !is("}") && !is(">") && !is("|") && !is(">>") &&
        token_.kind != Tok::End) {
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

Script parseScript(std::string_view text) { return Parser(text).run(); }

} // namespace shell::awk
