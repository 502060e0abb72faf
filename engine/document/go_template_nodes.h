#pragma once
// The syntax tree of a Go template and its parser.

#include "document/go_template.h"

#include <vector>

namespace document {

struct TemplateOperand;

// One command of a pipeline: a function with arguments, or an operand.
struct TemplateCommand {
    std::vector<TemplateOperand> operands;
};

struct TemplatePipe {
    std::vector<std::string> variables; // declared or assigned: "$x"
    bool assigns = false;               // "=" instead of ":="
    std::vector<TemplateCommand> commands;
    std::size_t position = 0;
    std::string text; // for errors
    bool empty() const { return commands.empty(); }
};

struct TemplateOperand {
    enum class Kind { Dot, Field, Variable, Constant, Nil, Function, Pipe };
    Kind kind = Kind::Dot;
    std::string name;                // variable or function
    std::vector<std::string> fields; // .a.b after a dot, a variable or a pipe
    Value constant;
    std::shared_ptr<TemplatePipe> pipe;
    std::size_t position = 0;
    std::string text; // for errors
};

struct GoTemplate::Node {
    enum class Kind { List, Text, Action, If, Range, With, Template, Break, Continue };
    Kind kind = Kind::List;
    std::string text; // of Text; name of Template
    TemplatePipe pipe;
    std::vector<std::shared_ptr<Node>> body, otherwise;
};

// Errors without the "template: NAME:" prefix's name filled in: the whole text.
base::Result<GoTemplate::Templates> parseGoTemplate(const std::string& name, std::string_view text);

} // namespace document
