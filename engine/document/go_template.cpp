#include "document/go_template.h"

#include "base/strings.h"
#include "document/go_template_nodes.h"
#include "document/json.h"
#include "document/jsonpath.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <optional>

namespace document {
namespace {

// Where Go's decoder stops: at the first letter that is none, else at the end.
std::size_t base64Stop(std::string_view text) {
    const auto bad = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=");
    return bad == std::string_view::npos ? text.size() - text.size() % 4 : bad;
}

using Node = GoTemplate::Node;

struct Operand {
    Value value;
    bool missing = false; // a key that the map does not have
};

constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxOutput = 16u * 1024 * 1024;
// Nodes run and text made; what lies beyond is a template that calls itself in a fan.
constexpr std::size_t kMaxSteps = 5'000'000;

bool truth(const Operand& operand) { return !operand.missing && !operand.value.isEmpty(); }

std::string shown(const Operand& operand) {
    return operand.missing || operand.value.isNull() ? "<no value>" : formatGoValue(operand.value);
}

enum class Flow { Normal, Break, Continue };

class Runner {
public:
    Runner(const std::string& name, const GoTemplate::Templates& templates, bool allowMissing,
           std::string& out)
        : name_(name), templates_(templates), allowMissing_(allowMissing), out_(out) {}

    base::Status run(const Value& data) {
        variables_.push_back({"$", {data, false}});
        Flow flow = Flow::Normal;
        return walkList(templates_.at(name_)->body, {data, false}, flow);
    }

private:
    struct Variable {
        std::string name;
        Operand value;
    };

    base::Error fail(const TemplateOperand& at, const std::string& message) const {
        // A function that fails is shown with its arguments.
        const bool called = message.starts_with("error calling ") && !commandText_.empty();
        return failAt(at.position, called ? commandText_ : at.text, message);
    }
    base::Error failAt(std::size_t position, const std::string& text, const std::string& message) const {
        return base::makeError("template: " + name_ + ":1:" + std::to_string(position) +
                               ": executing " + base::quoteGo(name_) + " at <" + text + ">: " + message);
    }

    base::Status walkList(const std::vector<std::shared_ptr<Node>>& list, const Operand& dot, Flow& flow) {
        const std::size_t mark = variables_.size();
        for (const auto& node : list) {
            BASE_CHECK(walk(*node, dot, flow));
            if (flow != Flow::Normal) break;
        }
        if (list.empty() || variables_.size() > mark) variables_.resize(std::min(mark, variables_.size()));
        return base::okStatus();
    }

    base::Status walk(const Node& node, const Operand& dot, Flow& flow) {
        if (out_.size() > kMaxOutput) return base::makeError("template: output is too long");
        if (++steps_ > kMaxSteps) return base::makeError("template: it does not end");
        switch (node.kind) {
        case Node::Kind::List: return walkList(node.body, dot, flow);
        case Node::Kind::Text: out_ += node.text; return base::okStatus();
        case Node::Kind::Break: flow = Flow::Break; return base::okStatus();
        case Node::Kind::Continue: flow = Flow::Continue; return base::okStatus();
        case Node::Kind::Action: {
            BASE_TRY(const Operand result, evaluate(node.pipe, dot));
            if (node.pipe.variables.empty()) out_ += shown(result);
            return base::okStatus();
        }
        case Node::Kind::If:
        case Node::Kind::With: {
            const std::size_t mark = variables_.size();
            BASE_TRY(const Operand result, evaluate(node.pipe, dot));
            const bool with = node.kind == Node::Kind::With;
            base::Status done = truth(result) ? walkList(node.body, with ? result : dot, flow)
                                              : walkList(node.otherwise, dot, flow);
            variables_.resize(mark);
            return done;
        }
        case Node::Kind::Range: return range(node, dot, flow);
        case Node::Kind::Template: return callTemplate(node, dot);
        }
        return base::okStatus();
    }

    base::Status callTemplate(const Node& node, const Operand& dot) {
        const auto found = templates_.find(node.text);
        if (found == templates_.end())
            return failAt(node.pipe.position, "{{template " + base::quoteGo(node.text) + "}}",
                          "template " + base::quoteGo(node.text) + " not defined");
        if (++depth_ > kMaxDepth) return base::makeError("exceeded maximum template depth");
        Operand argument{Value(), true};
        if (!node.pipe.empty()) {
            BASE_TRY(argument, evaluate(node.pipe, dot));
        }
        std::vector<Variable> saved = std::move(variables_);
        variables_.clear();
        variables_.push_back({"$", argument});
        Flow flow = Flow::Normal;
        base::Status done = walkList(found->second->body, argument, flow);
        variables_ = std::move(saved);
        --depth_;
        return done;
    }

    base::Status rangeOne(const Node& node, const Value& key, const Value& item, Flow& flow) {
        const std::size_t mark = variables_.size();
        const auto& names = node.pipe.variables;
        if (names.size() == 1) variables_.push_back({names[0], {item, false}});
        if (names.size() == 2) {
            variables_.push_back({names[0], {key, false}});
            variables_.push_back({names[1], {item, false}});
        }
        base::Status done = walkList(node.body, {item, false}, flow);
        variables_.resize(mark);
        return done;
    }

    base::Status range(const Node& node, const Operand& dot, Flow& flow) {
        TemplatePipe source = node.pipe;
        source.variables.clear();
        BASE_TRY(const Operand result, evaluate(source, dot));
        const Value& value = result.value;
        if (!result.missing && !value.isNull() && !value.isArray() && !value.isObject() && !value.isInt())
            return failAt(node.pipe.position, node.pipe.text, "range can't iterate over " + shown(result));
        std::vector<std::pair<Value, Value>> items;
        for (std::size_t i = 0; i < value.items().size(); ++i)
            items.emplace_back(Value(static_cast<std::int64_t>(i)), value[i]);
        for (const Member& member : value.members())
            items.emplace_back(Value(member.key), member.value);
        if (value.isInt())
            for (std::int64_t i = 0; i < std::min<std::int64_t>(value.asInt(), 100000); ++i)
                items.emplace_back(Value(i), Value(i));
        if (items.empty()) return walkList(node.otherwise, dot, flow);
        for (const auto& [key, item] : items) {
            Flow inner = Flow::Normal;
            BASE_CHECK(rangeOne(node, key, item, inner));
            if (inner == Flow::Break) break;
        }
        return base::okStatus();
    }

    base::Result<Operand> evaluate(const TemplatePipe& pipe, const Operand& dot) {
        Operand value;
        bool first = true;
        for (const TemplateCommand& command : pipe.commands) {
            BASE_TRY(value, runCommand(command, dot, first ? nullptr : &value));
            const std::size_t size = value.value.asString().size();
            steps_ += 1 + size / 64;
            if (size > kMaxOutput || steps_ > kMaxSteps) return base::makeError("template: output is too long");
            first = false;
        }
        for (const std::string& name : pipe.variables) {
            if (pipe.assigns) {
                for (auto it = variables_.rbegin(); it != variables_.rend(); ++it)
                    if (it->name == name) {
                        it->value = value;
                        break;
                    }
            } else {
                variables_.push_back({name, value});
            }
        }
        return value;
    }

    base::Result<Operand> runCommand(const TemplateCommand& command, const Operand& dot,
                                     const Operand* last) {
        const TemplateOperand& head = command.operands[0];
        if (head.kind == TemplateOperand::Kind::Function) {
            std::vector<Operand> arguments;
            for (std::size_t i = 1; i < command.operands.size(); ++i) {
                BASE_TRY(Operand argument, operandValue(command.operands[i], dot));
                arguments.push_back(std::move(argument));
                // "and" and "or" stop at the first that decides.
                if (head.name == "or" && truth(arguments.back())) return arguments.back();
                if (head.name == "and" && !truth(arguments.back())) return arguments.back();
            }
            if (last != nullptr) arguments.push_back(*last);
            commandText_.clear();
            for (const TemplateOperand& operand : command.operands) commandText_ += (commandText_.empty() ? "" : " ") + operand.text;
            return callFunction(head, arguments);
        }
        if (command.operands.size() > 1 || last != nullptr)
            return fail(head, "can't give argument to non-function " + head.text);
        return operandValue(head, dot);
    }

    base::Result<Operand> operandValue(const TemplateOperand& operand, const Operand& dot) {
        using Kind = TemplateOperand::Kind;
        Operand value;
        switch (operand.kind) {
        case Kind::Dot:
        case Kind::Field: value = dot; break;
        case Kind::Constant: value.value = operand.constant; break;
        case Kind::Nil: break;
        case Kind::Variable: {
            bool found = false;
            for (auto it = variables_.rbegin(); it != variables_.rend() && !found; ++it)
                if (it->name == operand.name) {
                    value = it->value;
                    found = true;
                }
            if (!found) return fail(operand, "undefined variable: " + operand.name);
            break;
        }
        case Kind::Pipe: {
            BASE_TRY(value, evaluate(*operand.pipe, dot));
            break;
        }
        case Kind::Function: return callFunction(operand, {});
        }
        for (const std::string& field : operand.fields) {
            if (value.missing) {
                if (allowMissing_) continue;  // fields of what is not there are not there
                return fail(operand, "nil data; no entry for key " + base::quoteGo(field));
            }
            if (value.value.isNull()) return fail(operand, "nil pointer evaluating interface {}." + field);
            if (!value.value.isObject())
                return fail(operand, "can't evaluate field " + field + " in type interface {}");
            if (!value.value.has(field)) {
                if (!allowMissing_)
                    return fail(operand, "map has no entry for key " + base::quoteGo(field));
                value = {Value(), true};
            } else {
                value = {Value(value.value[field]), false};
            }
        }
        return value;
    }

    base::Result<Operand> callFunction(const TemplateOperand& at, std::vector<Operand> args);
    base::Result<Operand> index(const TemplateOperand& at, const std::vector<Operand>& args) const;
    base::Result<Operand> slice(const TemplateOperand& at, const std::vector<Operand>& args) const;
    base::Result<Operand> compare(const TemplateOperand& at, const std::vector<Operand>& args) const;

    const std::string& name_;
    const GoTemplate::Templates& templates_;
    bool allowMissing_;
    std::string& out_;
    std::vector<Variable> variables_;
    std::string commandText_; // of the function that runs
    int depth_ = 0;
    std::size_t steps_ = 0;
};

// The flags, width and precision between a % and its verb.
struct Spec {
    std::string flags;
    std::size_t width = 0;
    std::optional<std::size_t> precision;
    bool has(char flag) const { return flags.find(flag) != std::string::npos; }
};

constexpr std::size_t kMostWidth = 1'000'000; // as Go's fmt

Spec readSpec(const std::string& format, std::size_t& at) {
    Spec spec;
    const auto number = [&] {
        std::size_t value = 0;
        for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at)
            value = std::min(value * 10 + static_cast<std::size_t>(format[at] - '0'), kMostWidth);
        return value;
    };
    while (at < format.size() && std::string_view("-+ #0").find(format[at]) != std::string_view::npos) spec.flags += format[at++];
    spec.width = number();
    if (at < format.size() && format[at] == '.') {
        ++at;
        spec.precision = number();
    }
    return spec;
}

std::string padded(std::string text, const Spec& spec, bool number = false) {
    std::size_t size = 0;
    for (const char c : text) size += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    if (size >= spec.width) return text;
    const std::string space(spec.width - size, number && spec.has('0') && !spec.has('-') ? '0' : ' ');
    if (spec.has('-')) return text + space;
    // Zeros stand behind the sign.
    if (space[0] == '0' && (text[0] == '-' || text[0] == '+')) return text[0] + space + text.substr(1);
    return space + text;
}

std::string formatReal(char verb, const Spec& spec, double number) {
    const std::size_t precision = std::min<std::size_t>(spec.precision.value_or(6), 500);
    std::string format = "%";
    for (const char flag : {'+', ' ', '#'})
        if (spec.has(flag)) format += flag;
    format += ".*";
    format += verb;
    char buffer[1024];
    const int size = std::snprintf(buffer, sizeof buffer, format.c_str(), static_cast<int>(precision), number);
    return padded(std::string(buffer, static_cast<std::size_t>(std::clamp(size, 0, 1023))), spec, true);
}

std::string signedText(const Spec& spec, std::int64_t number) {
    return (number >= 0 && spec.has('+') ? "+" : "") + std::to_string(number);
}

std::string formatOne(char verb, const Spec& spec, const Operand& argument) {
    const Value& v = argument.value;
    switch (verb) {
    case 's': case 'v':
        if (verb == 's' && (v.isInt() || v.isBool() || v.isDouble()))
            return std::string("%!s(") + (v.isInt() ? "int64=" : v.isBool() ? "bool=" : "float64=") +
                   formatGoValue(v) + ")";
        return padded(shown(argument), spec);
    case 'q': return padded(base::quoteGo(v.asString()), spec);
    case 'd':
        if (!v.isInt()) return "%!d(" + std::string(v.isString() ? "string=" : "=") + shown(argument) + ")";
        return padded(signedText(spec, v.asInt()), spec, true);
    case 't': return padded(v.asBool() ? "true" : "false", spec);
    case 'f': case 'g': case 'e': return formatReal(verb, spec, v.asDouble());
    case 'x': {
        if (v.isString()) return padded(base::encodeHex(v.asString()), spec);
        char buffer[32];
        std::snprintf(buffer, sizeof buffer, "%llx", static_cast<long long>(v.asInt()));
        return padded(buffer, spec, true);
    }
    default: return std::string("%!") + verb + "(" + shown(argument) + ")";
    }
}

std::string formatPrintf(const std::string& format, const std::vector<Operand>& args) {
    std::string out;
    std::size_t next = 1;
    for (std::size_t i = 0; i < format.size() && out.size() <= kMaxOutput; ++i) {
        if (format[i] != '%') {
            out += format[i];
            continue;
        }
        const Spec spec = readSpec(format, ++i);
        if (i >= format.size()) {
            out += "%!(NOVERB)";
            break;
        }
        if (format[i] == '%') out += '%';
        else if (next < args.size()) out += formatOne(format[i], spec, args[next++]);
        else out += std::string("%!") + format[i] + "(MISSING)";
    }
    return out;
}

base::Result<Operand> Runner::index(const TemplateOperand& at, const std::vector<Operand>& args) const {
    if (args.empty()) return fail(at, "wrong number of args for index: want at least 1 got 0");
    Value value = args[0].value;
    for (std::size_t i = 1; i < args.size(); ++i) {
        const Value& key = args[i].value;
        if (value.isObject()) {
            value = Value(value[key.asString()]);
        } else if (value.isArray() || value.isString()) {
            if (!key.isInt())
                return fail(at, "error calling index: cannot index slice/array with type " +
                                    std::string(key.isString() ? "string" : "nil"));
            if (key.asInt() < 0 || key.asInt() >= static_cast<std::int64_t>(value.isString() ? value.asString().size() : value.size()))
                return fail(at, "error calling index: index out of range: " + std::to_string(key.asInt()));
            if (value.isString())
                value = Value(static_cast<int>(static_cast<unsigned char>(value.asString()[static_cast<std::size_t>(key.asInt())])));
            else value = Value(value[static_cast<std::size_t>(key.asInt())]);
        } else {
            return fail(at, value.isNull() ? "error calling index: index of untyped nil"
                                           : "error calling index: can't index item of type int64");
        }
    }
    return Operand{value, value.isNull()};
}

base::Result<Operand> Runner::slice(const TemplateOperand& at, const std::vector<Operand>& args) const {
    if (args.empty()) return fail(at, "wrong number of args for slice: want at least 1 got 0");
    const Value& item = args[0].value;
    const auto wrong = [&](const std::string& why) { return fail(at, "error calling slice: " + why); };
    if (item.isNull()) return wrong("slice of untyped nil");
    if (args.size() > 4) return wrong("too many slice indexes: " + std::to_string(args.size() - 1));
    if (!item.isString() && !item.isArray())
        return wrong(std::string("can't slice item of type ") + (item.isObject() ? "map[string]interface {}" : "int"));
    if (item.isString() && args.size() == 4) return wrong("cannot 3-index slice a string");
    const auto size = static_cast<std::int64_t>(item.isString() ? item.asString().size() : item.size());
    std::int64_t ends[3] = {0, size, size};
    for (std::size_t i = 1; i < args.size(); ++i) {
        const Value& index = args[i].value;
        if (!index.isInt()) return wrong(std::string("cannot index slice/array with type ") + (index.isString() ? "string" : "nil"));
        if (index.asInt() < 0 || index.asInt() > size) return wrong("index out of range: " + std::to_string(index.asInt()));
        ends[i - 1] = index.asInt();
    }
    if (ends[0] > ends[1]) return wrong("invalid slice index: " + std::to_string(ends[0]) + " > " + std::to_string(ends[1]));
    const auto from = static_cast<std::size_t>(ends[0]), to = static_cast<std::size_t>(ends[1]);
    if (item.isString()) return Operand{Value(item.asString().substr(from, to - from)), false};
    ArrayBuilder out;
    for (std::size_t i = from; i < to; ++i) out.push(item[i]);
    return Operand{std::move(out).build(), false};
}

base::Result<Operand> Runner::compare(const TemplateOperand& at, const std::vector<Operand>& args) const {
    if (args.size() < 2) return fail(at, "error calling " + at.name + ": missing argument for comparison");
    const Value& a = args[0].value;
    for (std::size_t i = 1; i < args.size(); ++i) {
        const Value& b = args[i].value;
        const bool equality = at.name == "eq" || at.name == "ne";
        if (a.isObject() || a.isArray() || b.isObject() || b.isArray())
            return fail(at, "error calling " + at.name + ": non-comparable type");
        if (!a.isNull() && !b.isNull() && a.kind() != b.kind())
            return fail(at, "error calling " + at.name + ": incompatible types for comparison");
        if (equality) {
            const bool same = a == b;
            if (at.name == "ne") return Operand{Value(!same), false};
            if (same) return Operand{Value(true), false};
            continue;
        }
        int order = 0;
        if (a.isString()) order = a.asString().compare(b.asString());
        else order = a.asDouble() < b.asDouble() ? -1 : a.asDouble() > b.asDouble() ? 1 : 0;
        const bool result = at.name == "lt" ? order < 0 : at.name == "le" ? order <= 0
                            : at.name == "gt" ? order > 0 : order >= 0;
        return Operand{Value(result), false};
    }
    return Operand{Value(false), false};
}

base::Result<Operand> Runner::callFunction(const TemplateOperand& at, std::vector<Operand> args) {
    const std::string& name = at.name;
    const auto text = [](std::string s) { return Operand{Value(s), false}; };
    if (name == "and" || name == "or") return args.empty() ? Operand{} : args.back();
    if (name == "eq" || name == "ne" || name == "lt" || name == "le" || name == "gt" || name == "ge")
        return compare(at, args);
    if (name == "index") return index(at, args);
    if (name == "printf") return text(args.empty() ? "" : formatPrintf(args[0].value.text(), args));
    if (name == "print" || name == "println") {
        std::string out;
        for (std::size_t i = 0; i < args.size(); ++i) {
            if (i > 0 && (name == "println" || (!args[i].value.isString() && !args[i - 1].value.isString())))
                out += ' ';
            out += shown(args[i]);
        }
        return text(name == "println" ? out + "\n" : out);
    }
    if (name == "exists") {
        Value value = args.empty() ? Value() : args[0].value;
        for (std::size_t i = 1; i < args.size(); ++i) value = Value(value[args[i].value.asString()]);
        return Operand{Value(!value.isNull()), false};
    }
    if (name == "slice") return slice(at, args);
    if (name == "call")
        return fail(at, args.empty() ? "wrong number of args for call: want at least 1 got 0" : "error calling call: non-function of type string");
    if (args.size() != 1)
        return fail(at, "wrong number of args for " + name + ": want 1 got " + std::to_string(args.size()));
    const Operand& argument = args[0];
    if (name == "not") return Operand{Value(!truth(argument)), false};
    if (name == "len") {
        const Value& v = argument.value;
        if (!v.isString() && !v.isArray() && !v.isObject())
            return fail(at, "error calling len: " + std::string(v.isNull() ? "len of nil pointer" : "len of type int64"));
        const std::size_t size = v.isString() ? v.asString().size() : v.size();
        return Operand{Value(static_cast<std::int64_t>(size)), false};
    }
    if (name == "base64decode") {
        auto decoded = base::decodeBase64(argument.value.asString());
        if (!decoded)
            return fail(at, "error calling base64decode: base64 decode failed: illegal base64 data at input byte " +
                                std::to_string(base64Stop(argument.value.asString())));
        return text(*decoded);
    }
    if (name == "html") {
        std::string s = base::replaceAll(shown(argument), "&", "&amp;");
        s = base::replaceAll(base::replaceAll(s, "<", "&lt;"), ">", "&gt;");
        return text(base::replaceAll(base::replaceAll(s, "\"", "&#34;"), "'", "&#39;"));
    }
    if (name == "urlquery") {
        std::string out;
        for (const char c : shown(argument)) {
            if (std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("-_.~").find(c) != std::string_view::npos) out += c;
            else out += c == ' ' ? std::string("+") : "%" + base::toUpper(base::encodeHex(std::string_view(&c, 1)));
        }
        return text(out);
    }
    return text(shown(argument));
}

} // namespace

GoTemplate::GoTemplate() = default;
GoTemplate::GoTemplate(GoTemplate&&) noexcept = default;
GoTemplate& GoTemplate::operator=(GoTemplate&&) noexcept = default;
GoTemplate::~GoTemplate() = default;

base::Result<GoTemplate> GoTemplate::parse(std::string_view name, std::string_view text) {
    GoTemplate out;
    out.name_ = std::string(name);
    BASE_TRY(out.templates_, parseGoTemplate(out.name_, text));
    return out;
}

base::Result<std::string> GoTemplate::execute(const Value& data, std::string& partial) const {
    std::string out;
    base::Status done = Runner(name_, templates_, allowMissing_, out).run(data);
    if (!done.ok()) {
        partial = std::move(out);
        return done.error();
    }
    return out;
}

} // namespace document
