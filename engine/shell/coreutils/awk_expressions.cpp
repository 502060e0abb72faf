// awk: fields, variables and expressions.

#include "base/strings.h"
#include "shell/coreutils/awk_interpreter.h"
#include "shell/parser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace shell::awk {

void Awk::splitFields() {
    if (!fieldsStale_) return;
    fieldsStale_ = false;
    fields_.clear();
    for (std::string& field :
         splitBy(record_, textOf(globals_["FS"]), textOf(globals_["RS"]).empty()))
        fields_.push_back(fromInput(std::move(field)));
    globals_["NF"] = Value::of(static_cast<double>(fields_.size()));
}

Strings Awk::splitBy(const std::string& text, const std::string& fs, bool newlines) {
    if (fs == " ") return base::splitFields(text);
    Strings parts;
    if (text.empty()) return parts;
    if (fs.size() == 1 && fs != "\\" && !newlines) return base::split(text, fs[0]);
    if (fs.empty()) {
        for (const char c : text) parts.emplace_back(1, c);
        return parts;
    }
    const auto regex =
        dynamicRegex(newlines ? "(" + (fs.size() == 1 ? "[" + fs + "]" : fs) + ")|\n" : fs);
    std::size_t from = 0, at = 0;
    RegexMatch match;
    while (at <= text.size() && regex->search(text, at, match)) {
        if (match.end() == match.begin()) {
            at = static_cast<std::size_t>(match.end()) + 1;
            continue;
        }
        parts.push_back(text.substr(from, static_cast<std::size_t>(match.begin()) - from));
        from = at = static_cast<std::size_t>(match.end());
    }
    parts.push_back(text.substr(from));
    return parts;
}

const std::string& Awk::record() {
    if (recordStale_) {
        record_.clear();
        const std::string ofs = textOf(globals_["OFS"]);
        for (std::size_t i = 0; i < fields_.size(); ++i)
            record_ += (i > 0 ? ofs : "") + textOf(fields_[i]);
        recordStale_ = false;
    }
    return record_;
}

Value Awk::field(double number) {
    if (number < 0 || number > 1e6) {
        problem("attempt to access field " + numberText(number, "%.6g"));
        return {};
    }
    const auto index = static_cast<std::size_t>(number);
    if (index == 0) return fromInput(record());
    splitFields();
    return index <= fields_.size() ? fields_[index - 1] : Value{};
}

void Awk::setField(double number, Value value) {
    if (number < 0 || number > 1e6) return;
    const auto index = static_cast<std::size_t>(number);
    if (index == 0) {
        setRecord(textOf(value));
        return;
    }
    splitFields();
    if (index > fields_.size()) fields_.resize(index);
    fields_[index - 1] = std::move(value);
    globals_["NF"] = Value::of(static_cast<double>(fields_.size()));
    recordStale_ = true;
}

std::string Awk::textOf(const Value& value) {
    if (value.kind != Value::Number) return value.text;
    const auto found = globals_.find("CONVFMT");
    return numberText(value.number, found == globals_.end() || found->second.kind == Value::Unset
                                        ? "%.6g"
                                        : found->second.text);
}

std::string Awk::outputText(const Value& value) {
    return value.kind == Value::Number ? numberText(value.number, globals_["OFMT"].text)
                                       : value.text;
}

bool Awk::truth(const Value& value) {
    if (value.kind == Value::Number || value.kind == Value::NumericString) return value.number != 0;
    return !value.text.empty();
}

void Awk::problem(std::string text) {
    if (!problem_.empty()) return;
    problem_ = std::move(text);
    leave_ = Leave::Exit;
    exitInEnd_ = true;
}

Array& Awk::array(const std::string& name, int slot) {
    if (slot >= 0 && !frames_.empty()) {
        Cell& cell = frames_.back()[static_cast<std::size_t>(slot)];
        if (!cell.array) cell.array = std::make_shared<Array>();
        return *cell.array;
    }
    auto& found = arrays_[name];
    if (!found) found = std::make_shared<Array>();
    return *found;
}

Value Awk::getVariable(const Node& node) {
    if (node.slot >= 0 && !frames_.empty())
        return frames_.back()[static_cast<std::size_t>(node.slot)].value;
    if (node.text == "NF") splitFields();
    const auto found = globals_.find(node.text);
    return found == globals_.end() ? Value{} : found->second;
}

std::string Awk::subscript(const Node& node) {
    if (node.op != Op::List) return textOf(evaluate(node));
    std::string key;
    for (std::size_t i = 0; i < node.kids.size(); ++i)
        key += (i > 0 ? textOf(globals_["SUBSEP"]) : "") + textOf(evaluate(*node.kids[i]));
    return key;
}

void Awk::assign(const Node& target, Value value) {
    if (request_) return;
    if (target.op == Op::Field) {
        const double index = toNumber(evaluate(*target.kids[0]));
        setField(index, std::move(value));
    } else if (target.op == Op::Index) {
        const std::string key = subscript(*target.kids[0]);
        array(target.text, target.slot)[key] = std::move(value);
    } else if (target.op == Op::Group) {
        assign(*target.kids[0], std::move(value));
    } else if (target.slot >= 0 && !frames_.empty()) {
        frames_.back()[static_cast<std::size_t>(target.slot)].value = std::move(value);
    } else {
        if (target.text == "NF") {
            splitFields();
            fields_.resize(static_cast<std::size_t>(std::clamp(toNumber(value), 0.0, 1e6)));
            recordStale_ = true;
        }
        globals_[target.text] = std::move(value);
    }
}

std::shared_ptr<Regex> Awk::dynamicRegex(const std::string& pattern) {
    auto& cached = regexes_[pattern];
    if (!cached) {
        RegexOptions options;
        options.extended = true;
        cached = std::make_shared<Regex>(pattern, options);
        if (!cached->ok()) {
            problem("regular expression compile failed (" + cached->error() + ")\n" + pattern);
            cached = std::make_shared<Regex>("", options);
        }
        if (regexes_.size() > 500) {
            auto keep = cached;
            regexes_.clear();
            return keep;
        }
    }
    return cached;
}

std::shared_ptr<Regex> Awk::regexOf(const Node& node) {
    if (node.op == Op::Regexp) return node.regex;
    return dynamicRegex(textOf(evaluate(node)));
}

double Awk::arithmetic(char op, double a, double b) {
    switch (op) {
    case '+': return a + b;
    case '-': return a - b;
    case '*': return a * b;
    case '/': return a / b;
    case '%': return std::fmod(a, b);
    default: return std::pow(a, b);
    }
}

bool Awk::compare(const std::string& op, const Value& a, const Value& b) {
    int order;
    auto numeric = [](const Value& v) { return v.kind != Value::String; };
    if (numeric(a) && numeric(b)) {
        const double x = toNumber(a), y = toNumber(b);
        order = x < y ? -1 : x > y ? 1 : 0;
    } else {
        const int raw = textOf(a).compare(textOf(b));
        order = raw < 0 ? -1 : raw > 0 ? 1 : 0;
    }
    if (op == "<") return order < 0;
    if (op == "<=") return order <= 0;
    if (op == "==") return order == 0;
    if (op == "!=") return order != 0;
    if (op == ">") return order > 0;
    return order >= 0;
}

Value Awk::evaluate(const Node& node) {
    if (request_ || !problem_.empty()) return {};
    switch (node.op) {
    case Op::Number: return Value::of(node.number);
    case Op::String: return Value::of(node.text);
    case Op::Regexp: return Value::of(node.regex->matches(record()) ? 1.0 : 0.0);
    case Op::Variable: return getVariable(node);
    case Op::Field: return field(toNumber(evaluate(*node.kids[0])));
    case Op::Index: {
        const std::string key = subscript(*node.kids[0]);
        return array(node.text, node.slot)[key];
    }
    case Op::Group: return evaluate(*node.kids[0]);
    case Op::List: return Value::of(subscript(node));
    case Op::Assign: {
        Value value = evaluate(*node.kids[1]);
        if (!node.text.empty()) {
            const double before = toNumber(evaluate(*node.kids[0]));
            if ((node.text[0] == '/' || node.text[0] == '%') && toNumber(value) == 0) {
                problem(node.text[0] == '/' ? "division by zero" : "division by zero in %");
                return {};
            }
            value = Value::of(arithmetic(node.text[0], before, toNumber(value)));
        }
        assign(*node.kids[0], value);
        return value;
    }
    case Op::Conditional:
        return truth(evaluate(*node.kids[0])) ? evaluate(*node.kids[1]) : evaluate(*node.kids[2]);
    case Op::And:
        return Value::of(truth(evaluate(*node.kids[0])) && truth(evaluate(*node.kids[1])) ? 1.0
                                                                                          : 0.0);
    case Op::Or:
        return Value::of(truth(evaluate(*node.kids[0])) || truth(evaluate(*node.kids[1])) ? 1.0
                                                                                          : 0.0);
    case Op::Match:
    case Op::NotMatch: {
        const std::string text = textOf(evaluate(*node.kids[0]));
        return Value::of(regexOf(*node.kids[1])->matches(text) == (node.op == Op::Match) ? 1.0
                                                                                         : 0.0);
    }
    case Op::Compare: {
        const Value left = evaluate(*node.kids[0]), right = evaluate(*node.kids[1]);
        return Value::of(compare(node.text, left, right) ? 1.0 : 0.0);
    }
    case Op::Concat: {
        std::string left = textOf(evaluate(*node.kids[0]));
        left += textOf(evaluate(*node.kids[1]));
        if (left.size() > (64u << 20)) problem("out of memory");
        return Value::of(std::move(left));
    }
    case Op::Binary: {
        const double a = toNumber(evaluate(*node.kids[0])), b = toNumber(evaluate(*node.kids[1]));
        if ((node.text[0] == '/' || node.text[0] == '%') && b == 0 && !request_) {
            problem(node.text[0] == '/' ? "division by zero" : "division by zero in %");
            return {};
        }
        return Value::of(arithmetic(node.text[0], a, b));
    }
    case Op::Not: return Value::of(truth(evaluate(*node.kids[0])) ? 0.0 : 1.0);
    case Op::Negate: return Value::of(-toNumber(evaluate(*node.kids[0])));
    case Op::Plus: return Value::of(toNumber(evaluate(*node.kids[0])));
    case Op::PreIncrement:
    case Op::PostIncrement: {
        const double before = toNumber(evaluate(*node.kids[0]));
        const double after = before + (node.text[0] == '+' ? 1 : -1);
        assign(*node.kids[0], Value::of(after));
        return Value::of(node.op == Op::PreIncrement ? after : before);
    }
    case Op::In: {
        const std::string key = subscript(*node.kids[0]);
        return Value::of(array(node.text, node.slot).count(key) > 0 ? 1.0 : 0.0);
    }
    case Op::Builtin: return builtin(node);
    case Op::GetLine: return getLine(node);
    case Op::Call: return call(node);
    default: return {};
    }
}

Value Awk::call(const Node& node) {
    const auto found = script_.functions.find(node.text);
    if (found == script_.functions.end()) {
        problem("line 1: function " + node.text + " never defined");
        return {};
    }
    if (frames_.size() > 500) {
        problem("function call nesting too deep");
        return {};
    }
    const Function& function = found->second;
    std::vector<Cell> frame(std::max(function.parameters.size(), node.kids.size()));
    for (std::size_t i = 0; i < node.kids.size(); ++i) {
        const Node& argument = *node.kids[i];
        if (argument.op == Op::Variable) {
            // Might be an array: shared with the callee.
            if (argument.slot >= 0 && !frames_.empty()) {
                Cell& cell = frames_.back()[static_cast<std::size_t>(argument.slot)];
                if (cell.value.kind == Value::Unset && !cell.array)
                    cell.array = std::make_shared<Array>();
                frame[i].array = cell.array;
            } else if (globals_.count(argument.text) == 0 || arrays_.count(argument.text) > 0) {
                array(argument.text, -1);
                frame[i].array = arrays_[argument.text];
            }
        }
        frame[i].value = evaluate(argument);
    }
    if (request_) return {};
    frames_.push_back(std::move(frame));
    returned_ = {};
    runNow(*function.body);
    frames_.pop_back();
    if (leave_ == Leave::Return) leave_ = Leave::None;
    return std::exchange(returned_, {});
}

sim::Task<int> Awk::command(std::string text, std::shared_ptr<sim::Pipe> input,
                            std::shared_ptr<sim::Pipe> output) {
    ports::SpawnOptions options;
    options.argv = {"sh", "-c", std::move(text)};
    options.env = process_.env();
    options.cwd = process_.cwd();
    options.input = std::move(input);
    options.output = std::move(output);
    const int status = co_await process_.runChild(std::move(options));
    co_return status;
}

} // namespace shell::awk
