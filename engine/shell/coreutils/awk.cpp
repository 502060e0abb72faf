// awk: the interpreter. Expressions run at once; what has to wait for a process or for input is
// asked for, done by the statement that contains it, and the expression is evaluated again with the
// answer.

#include "base/strings.h"
#include "shell/coreutils/awk_ast.h"
#include "shell/coreutils/coreutils.h"
#include "shell/parser.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace shell {
namespace {
using namespace awk;

struct Value {
    enum Kind { Unset, Number, String, NumericString } kind = Unset;
    double number = 0;
    std::string text;
    static Value of(double n) { return {Number, n, {}}; }
    static Value of(std::string s) { return {String, 0, std::move(s)}; }
};

bool looksNumeric(const std::string& text, double& value) {
    const std::string trimmed(base::trim(text));
    if (trimmed.empty()) return false;
    const char c = trimmed[trimmed[0] == '-' || trimmed[0] == '+'
                               ? std::min<std::size_t>(1, trimmed.size() - 1)
                               : 0];
    if (!std::isdigit(static_cast<unsigned char>(c)) && c != '.') return false;
    if (trimmed.find_first_of("xX") != std::string::npos) return false;
    char* end = nullptr;
    value = std::strtod(trimmed.c_str(), &end);
    return *end == '\0';
}

Value fromInput(std::string text) {
    Value value;
    value.kind = looksNumeric(text, value.number) ? Value::NumericString : Value::String;
    value.text = std::move(text);
    return value;
}

double toNumber(const Value& value) {
    if (value.kind == Value::Number || value.kind == Value::NumericString) return value.number;
    if (value.kind == Value::Unset) return 0;
    const char* text = value.text.c_str();
    while (std::isspace(static_cast<unsigned char>(*text))) ++text;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) return 0;
    if (!std::isdigit(static_cast<unsigned char>(*text)) && *text != '-' && *text != '+' &&
        *text != '.')
        return 0;
    return std::strtod(text, nullptr);
}

std::string numberText(double number, const std::string& format) {
    if (std::isnan(number)) return std::signbit(number) ? "-nan" : "nan";
    if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
    char buffer[64];
    if (number == std::floor(number) && std::fabs(number) < 1e16) {
        std::snprintf(buffer, sizeof buffer, "%.0f", number == 0 ? 0.0 : number);
        return buffer;
    }
    const std::size_t at = format.find('%');
    const bool safe = at != std::string::npos && format.find('%', at + 1) == std::string::npos &&
                      format.find_first_of("feEgG", at) != std::string::npos &&
                      format.find('*') == std::string::npos && format.size() < 12;
    std::snprintf(buffer, sizeof buffer, safe ? format.c_str() : "%.6g", number);
    return buffer;
}

using Array = std::map<std::string, Value>;
struct Cell { // a local: a value, or an array (perhaps the caller's)
    Value value;
    std::shared_ptr<Array> array;
};

struct Stream { // of getline
    std::string data;
    std::size_t at = 0;
    bool take(std::string& line) {
        if (at >= data.size()) return false;
        const std::size_t end = data.find('\n', at);
        line = data.substr(at, end == std::string::npos ? std::string::npos : end - at);
        at = end == std::string::npos ? data.size() : end + 1;
        return true;
    }
};

enum class Leave { None, Break, Continue, Next, NextFile, Exit, Return };

class Awk {
public:
    Awk(ports::Process& process, Script script)
        : process_(process), script_(std::move(script)), out_(process) {}

    void set(const std::string& name, std::string text) {
        globals_[name] = fromInput(std::move(text));
    }

    sim::Task<int> run(Strings arguments) {
        Array& argv = array("ARGV", -1);
        argv["0"] = Value::of(std::string("awk"));
        for (std::size_t i = 0; i < arguments.size(); ++i)
            argv[std::to_string(i + 1)] = fromInput(arguments[i]);
        globals_["ARGC"] = Value::of(static_cast<double>(arguments.size() + 1));
        for (const auto& [name, value] : process_.env())
            array("ENVIRON", -1)[name] = fromInput(value);
        for (const auto& [name, text] :
             {std::pair{"FS", " "}, std::pair{"OFS", " "}, std::pair{"ORS", "\n"},
              std::pair{"RS", "\n"}, std::pair{"SUBSEP", "\x1c"}, std::pair{"OFMT", "%.6g"},
              std::pair{"CONVFMT", "%.6g"}})
            if (globals_.count(name) == 0) globals_[name] = Value::of(std::string(text));
        bool needsInput = false;
        for (const Rule& rule : script_.rules) needsInput = needsInput || rule.kind != Rule::Begin;
        co_await special(Rule::Begin);
        if (needsInput && leave_ != Leave::Exit) co_await mainLoop();
        if (leave_ != Leave::Exit || !exitInEnd_) {
            leave_ = Leave::None;
            exitInEnd_ = true;
            co_await special(Rule::End);
        }
        co_await finishPipes();
        const bool written = co_await out_.flush();
        if (!problem_.empty()) {
            co_await process_.writeError("awk: " + problem_ + "\n");
            co_return 2;
        }
        co_return written ? exitCode_ : 141;
    }

private:
    // Asked for by an expression.
    struct Request {
        enum Kind { System, Command, MainLine, Close } kind;
        std::string text;
    };

    sim::Task<void> special(Rule::Kind kind) {
        for (Rule& rule : script_.rules) {
            if (rule.kind != kind || leave_ == Leave::Exit || !rule.action) continue;
            co_await execute(*rule.action);
            if (leave_ != Leave::Exit) leave_ = Leave::None;
        }
    }

    // Input.
    sim::Task<bool> openNext() {
        while (true) {
            const double argc = toNumber(globals_["ARGC"]);
            bool opened = false;
            while (argument_ < argc) {
                const std::string name = textOf(array("ARGV", -1)[std::to_string(argument_++)]);
                if (name.empty()) continue;
                const std::size_t equals = name.find('=');
                if (equals != std::string::npos && equals > 0 && isName(name.substr(0, equals))) {
                    set(name.substr(0, equals), decodeAnsiC(name.substr(equals + 1)));
                    continue;
                }
                anyFile_ = true;
                globals_["FILENAME"] = Value::of(name);
                reader_ = std::make_unique<LineReader>(process_, name);
                opened = true;
                break;
            }
            if (!opened && !anyFile_) {
                anyFile_ = true;
                reader_ = std::make_unique<LineReader>(process_, "-");
                opened = true;
            }
            if (!opened) co_return false;
            globals_["FNR"] = Value::of(0.0);
            const std::string failure = reader_->open();
            if (failure.empty()) co_return true;
            problem_ = "cannot open " + textOf(globals_["FILENAME"]) + " (" + failure + ")";
            co_await out_.flush();
            if (failure == "Is a directory") {
                co_await process_.writeError("awk: " + problem_ + "\n");
                problem_.clear();
                continue;
            }
            leave_ = Leave::Exit;
            exitInEnd_ = true;
            co_return false;
        }
    }
    sim::Task<bool> nextRecord(std::string& line) {
        while (true) {
            if (!reader_) {
                const bool opened = co_await openNext();
                if (!opened) co_return false;
            }
            const std::string rs = textOf(globals_["RS"]);
            bool more = false, ended = false;
            if (rs == "\n") {
                more = co_await reader_->next(line, ended, &out_);
            } else {
                if (!split_) {
                    records_.data = co_await reader_->rest();
                    records_.at = 0;
                    split_ = true;
                }
                more = takeRecord(rs, line);
            }
            if (more) {
                globals_["NR"] = Value::of(toNumber(globals_["NR"]) + 1);
                globals_["FNR"] = Value::of(toNumber(globals_["FNR"]) + 1);
                co_return true;
            }
            reader_.reset();
            split_ = false;
        }
    }
    bool takeRecord(const std::string& rs, std::string& line) {
        std::string& data = records_.data;
        if (rs.empty()) {
            while (records_.at < data.size() && data[records_.at] == '\n') ++records_.at;
            if (records_.at >= data.size()) return false;
            std::size_t end = data.find("\n\n", records_.at);
            if (end == std::string::npos) end = data.size();
            line = data.substr(records_.at, end - records_.at);
            while (!line.empty() && line.back() == '\n') line.pop_back();
            records_.at = end;
            return true;
        }
        if (records_.at >= data.size()) return false;
        std::size_t begin = std::string::npos, end = 0;
        if (rs.size() == 1) {
            begin = data.find(rs[0], records_.at);
            end = begin + 1;
        } else {
            RegexMatch match;
            if (dynamicRegex(rs)->search(data, records_.at, match) && match.end() > match.begin()) {
                begin = static_cast<std::size_t>(match.begin());
                end = static_cast<std::size_t>(match.end());
            }
        }
        if (begin == std::string::npos) {
            begin = end = data.size();
            line = data.substr(records_.at);
            if (rs.size() == 1 && rs[0] != '\n' && !line.empty() && line.back() == '\n')
                line.pop_back();
        } else {
            line = data.substr(records_.at, begin - records_.at);
        }
        records_.at = end;
        return !(line.empty() && end >= data.size() && begin >= data.size());
    }
    sim::Task<void> mainLoop() {
        std::string line;
        std::uint64_t lines = 0;
        while (leave_ != Leave::Exit) {
            const bool more = co_await nextRecord(line);
            if (!more) break;
            setRecord(line);
            for (Rule& rule : script_.rules) {
                if (rule.kind == Rule::Begin || rule.kind == Rule::End) continue;
                const bool chosen = co_await selected(rule);
                if (!chosen) continue;
                if (!rule.action)
                    out_ << record() << textOf(globals_["ORS"]);
                else
                    co_await execute(*rule.action);
                if (leave_ == Leave::NextFile) {
                    reader_.reset();
                    split_ = false;
                }
                if (leave_ != Leave::None) break;
            }
            if (leave_ != Leave::Exit) leave_ = Leave::None;
            if (out_.full() || out_.broken()) {
                const bool written = co_await out_.flush();
                if (!written) break;
            }
            if (++lines % 4096 == 0) co_await sim::sleepFor(process_.kernel(), sim::kMillisecond);
        }
    }
    sim::Task<bool> selected(Rule& rule) {
        if (!rule.pattern) co_return true;
        if (rule.kind == Rule::Plain) {
            const Value value = co_await evaluateFully(*rule.pattern);
            co_return truth(value);
        }
        if (!rule.active) {
            const Value value = co_await evaluateFully(*rule.pattern);
            if (!truth(value)) co_return false;
            rule.active = true;
        }
        const Value end = co_await evaluateFully(*rule.second);
        if (truth(end)) rule.active = false;
        co_return true;
    }

    // Fields.
    void setRecord(const std::string& line) {
        record_ = line;
        recordStale_ = false;
        fieldsStale_ = true;
    }
    void splitFields() {
        if (!fieldsStale_) return;
        fieldsStale_ = false;
        fields_.clear();
        for (std::string& field :
             splitBy(record_, textOf(globals_["FS"]), textOf(globals_["RS"]).empty()))
            fields_.push_back(fromInput(std::move(field)));
        globals_["NF"] = Value::of(static_cast<double>(fields_.size()));
    }
    Strings splitBy(const std::string& text, const std::string& fs, bool newlines = false) {
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
    const std::string& record() {
        if (recordStale_) {
            record_.clear();
            const std::string ofs = textOf(globals_["OFS"]);
            for (std::size_t i = 0; i < fields_.size(); ++i)
                record_ += (i > 0 ? ofs : "") + textOf(fields_[i]);
            recordStale_ = false;
        }
        return record_;
    }
    Value field(double number) {
        if (number < 0 || number > 1e6) {
            problem("attempt to access field " + numberText(number, "%.6g"));
            return {};
        }
        const auto index = static_cast<std::size_t>(number);
        if (index == 0) return fromInput(record());
        splitFields();
        return index <= fields_.size() ? fields_[index - 1] : Value{};
    }
    void setField(double number, Value value) {
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

    // Values.
    std::string textOf(const Value& value) {
        if (value.kind != Value::Number) return value.text;
        const auto found = globals_.find("CONVFMT");
        return numberText(value.number,
                          found == globals_.end() || found->second.kind == Value::Unset
                              ? "%.6g"
                              : found->second.text);
    }
    std::string outputText(const Value& value) {
        return value.kind == Value::Number ? numberText(value.number, globals_["OFMT"].text)
                                           : value.text;
    }
    static bool truth(const Value& value) {
        if (value.kind == Value::Number || value.kind == Value::NumericString)
            return value.number != 0;
        return !value.text.empty();
    }
    void problem(std::string text) {
        if (!problem_.empty()) return;
        problem_ = std::move(text);
        leave_ = Leave::Exit;
        exitInEnd_ = true;
    }
    Array& array(const std::string& name, int slot) {
        if (slot >= 0 && !frames_.empty()) {
            Cell& cell = frames_.back()[static_cast<std::size_t>(slot)];
            if (!cell.array) cell.array = std::make_shared<Array>();
            return *cell.array;
        }
        auto& found = arrays_[name];
        if (!found) found = std::make_shared<Array>();
        return *found;
    }
    Value getVariable(const Node& node) {
        if (node.slot >= 0 && !frames_.empty())
            return frames_.back()[static_cast<std::size_t>(node.slot)].value;
        if (node.text == "NF") splitFields();
        const auto found = globals_.find(node.text);
        return found == globals_.end() ? Value{} : found->second;
    }
    std::string subscript(const Node& node) {
        if (node.op != Op::List) return textOf(evaluate(node));
        std::string key;
        for (std::size_t i = 0; i < node.kids.size(); ++i)
            key += (i > 0 ? textOf(globals_["SUBSEP"]) : "") + textOf(evaluate(*node.kids[i]));
        return key;
    }
    void assign(const Node& target, Value value) {
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
    std::shared_ptr<Regex> dynamicRegex(const std::string& pattern) {
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
    std::shared_ptr<Regex> regexOf(const Node& node) {
        if (node.op == Op::Regexp) return node.regex;
        return dynamicRegex(textOf(evaluate(node)));
    }

    static double arithmetic(char op, double a, double b) {
        switch (op) {
        case '+': return a + b;
        case '-': return a - b;
        case '*': return a * b;
        case '/': return a / b;
        case '%': return std::fmod(a, b);
        default: return std::pow(a, b);
        }
    }
    bool compare(const std::string& op, const Value& a, const Value& b) {
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

    Value evaluate(const Node& node) {
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
            return truth(evaluate(*node.kids[0])) ? evaluate(*node.kids[1])
                                                  : evaluate(*node.kids[2]);
        case Op::And:
            return Value::of(
                truth(evaluate(*node.kids[0])) && truth(evaluate(*node.kids[1])) ? 1.0 : 0.0);
        case Op::Or:
            return Value::of(
                truth(evaluate(*node.kids[0])) || truth(evaluate(*node.kids[1])) ? 1.0 : 0.0);
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
            const double a = toNumber(evaluate(*node.kids[0])),
                         b = toNumber(evaluate(*node.kids[1]));
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

    // Functions run as a whole inside an expression: their statements may not wait.
    Value call(const Node& node) {
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

    void runNow(const Node& node) {
        if (leave_ != Leave::None || request_ || ++steps_ > 50'000'000) return;
        switch (node.op) {
        case Op::Block:
            for (const NodePtr& kid : node.kids) {
                runNow(*kid);
                if (leave_ != Leave::None) return;
            }
            break;
        case Op::Expression: evaluate(*node.kids[0]); break;
        case Op::Print: print(node); break;
        case Op::If:
            if (truth(evaluate(*node.kids[0])))
                runNow(*node.kids[1]);
            else if (node.kids.size() > 2)
                runNow(*node.kids[2]);
            break;
        case Op::While:
            while (!request_ && truth(evaluate(*node.kids[0])) && ++steps_ < 50'000'000) {
                runNow(*node.kids[1]);
                if (loopEnds()) break;
            }
            break;
        case Op::DoWhile:
            do {
                runNow(*node.kids[0]);
                if (loopEnds()) break;
            } while (!request_ && truth(evaluate(*node.kids[1])) && ++steps_ < 50'000'000);
            break;
        case Op::For:
            runNow(*node.kids[0]);
            while (!request_ && (!node.kids[1] || truth(evaluate(*node.kids[1]))) &&
                   ++steps_ < 50'000'000) {
                runNow(*node.kids[3]);
                if (loopEnds()) break;
                runNow(*node.kids[2]);
            }
            break;
        case Op::ForIn:
            for (const std::string& key : keysOf(node)) {
                assign(*node.kids[0], fromInput(key));
                runNow(*node.kids[1]);
                if (loopEnds()) break;
            }
            break;
        default: simple(node); break;
        }
    }
    bool loopEnds() {
        if (leave_ == Leave::Break) {
            leave_ = Leave::None;
            return true;
        }
        if (leave_ == Leave::Continue) leave_ = Leave::None;
        return leave_ != Leave::None;
    }
    // In the order that mawk's tables give for small arrays: as inserted for lists of numbers.
    Strings keysOf(const Node& node) {
        Strings keys;
        for (const auto& [key, value] : array(node.text, node.slot)) keys.push_back(key);
        std::stable_sort(keys.begin(), keys.end(), [](const std::string& a, const std::string& b) {
            double x = 0, y = 0;
            const bool p = looksNumeric(a, x), q = looksNumeric(b, y);
            if (p && q) return x < y;
            return p && !q;
        });
        return keys;
    }
    void simple(const Node& node) {
        switch (node.op) {
        case Op::Next: leave_ = Leave::Next; break;
        case Op::NextFile: leave_ = Leave::NextFile; break;
        case Op::Break: leave_ = Leave::Break; break;
        case Op::Continue: leave_ = Leave::Continue; break;
        case Op::Exit:
            if (!node.kids.empty())
                exitCode_ = static_cast<int>(toNumber(evaluate(*node.kids[0]))) & 0xFF;
            leave_ = Leave::Exit;
            break;
        case Op::Return:
            if (!node.kids.empty()) {
                Value value = evaluate(*node.kids[0]);
                returned_ = std::move(value);
            }
            if (!request_) leave_ = Leave::Return;
            break;
        case Op::Delete:
            if (node.kids.empty())
                array(node.text, node.slot).clear();
            else {
                const std::string key = subscript(*node.kids[0]);
                array(node.text, node.slot).erase(key);
            }
            break;
        default: break;
        }
    }

    // Statements outside functions: these can wait.
    sim::Task<Value> evaluateFully(const Node& node) {
        while (true) {
            answerAt_ = 0;
            Value value = evaluate(node);
            if (!request_) {
                answers_.clear();
                co_return value;
            }
            co_await serve();
        }
    }
    sim::Task<void> serve() {
        const Request request = *request_;
        request_.reset();
        co_await out_.flush();
        Stream answer;
        if (request.kind == Request::MainLine) {
            std::string line;
            const bool more = co_await nextRecord(line);
            answer.data = (more ? "1" : "0") + line;
        } else if (request.kind == Request::System) {
            co_await finishPipes();
            answer.data = std::to_string(co_await command(request.text, nullptr, nullptr));
        } else if (request.kind == Request::Command) {
            auto output = std::make_shared<sim::Pipe>(16u << 20);
            co_await command(request.text, nullptr, output);
            commands_[request.text].data = output->tryRead();
            co_return;
        } else {
            const auto pipe = pipes_.find(request.text);
            if (pipe != pipes_.end()) {
                const std::string data = pipe->second;
                pipes_.erase(pipe);
                answer.data = std::to_string(co_await feed(request.text, data));
            }
        }
        answers_.push_back(answer.data);
    }
    sim::Task<int> command(std::string text, std::shared_ptr<sim::Pipe> input,
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
    sim::Task<int> feed(std::string text, std::string data) {
        auto input = std::make_shared<sim::Pipe>(data.size() + 1);
        input->tryWrite(data);
        input->closeWrite();
        const int status = co_await command(std::move(text), input, nullptr);
        co_return status;
    }
    sim::Task<void> finishPipes() {
        auto pipes = std::move(pipes_);
        pipes_.clear();
        if (pipes.empty()) co_return;
        co_await out_.flush();
        for (auto& [text, data] : pipes) co_await feed(text, data);
    }

    sim::Task<void> execute(const Node& node) {
        if (leave_ != Leave::None) co_return;
        switch (node.op) {
        case Op::Block:
            for (const NodePtr& kid : node.kids) {
                co_await execute(*kid);
                if (leave_ != Leave::None) co_return;
            }
            break;
        case Op::If: {
            const Value condition = co_await evaluateFully(*node.kids[0]);
            if (truth(condition))
                co_await execute(*node.kids[1]);
            else if (node.kids.size() > 2)
                co_await execute(*node.kids[2]);
            break;
        }
        case Op::While:
        case Op::DoWhile:
        case Op::For: co_await loop(node); break;
        case Op::ForIn:
            for (const std::string& key : keysOf(node)) {
                assign(*node.kids[0], fromInput(key));
                co_await execute(*node.kids[1]);
                if (loopEnds()) break;
            }
            break;
        default:
            while (true) {
                answerAt_ = 0;
                runNow(node);
                if (!request_) break;
                leave_ = Leave::None;
                co_await serve();
            }
            answers_.clear();
            break;
        }
        for (std::string& text : std::exchange(errors_, {}))
            co_await process_.writeError(std::move(text));
    }
    sim::Task<void> loop(const Node& node) {
        if (node.op == Op::For) co_await execute(*node.kids[0]);
        bool first = true;
        const Node* condition = node.op == Op::DoWhile ? node.kids[1].get()
                                : node.op == Op::For   ? node.kids[1].get()
                                                       : node.kids[0].get();
        const Node& body = node.op == Op::DoWhile ? *node.kids[0]
                           : node.op == Op::For   ? *node.kids[3]
                                                  : *node.kids[1];
        while (leave_ == Leave::None) {
            if (++rounds_ % 256 == 0) {
                co_await sim::sleepFor(process_.kernel(), 100 * sim::kMicrosecond);
                if (out_.full()) co_await out_.flush();
                if (out_.broken()) leave_ = Leave::Exit;
            }
            if (condition != nullptr && !(first && node.op == Op::DoWhile)) {
                const Value value = co_await evaluateFully(*condition);
                if (!truth(value)) break;
            }
            first = false;
            co_await execute(body);
            if (loopEnds()) break;
            if (node.op == Op::For) co_await execute(*node.kids[2]);
        }
    }

    void print(const Node& node) {
        std::size_t from = node.redirect != 0 ? 1 : 0;
        std::string text;
        if (node.text == "printf") {
            std::vector<Value> values;
            for (std::size_t i = from; i < node.kids.size(); ++i)
                values.push_back(evaluate(*node.kids[i]));
            if (values.empty()) return;
            text = format(values);
        } else if (node.kids.size() == from) {
            text = record() + textOf(globals_["ORS"]);
        } else {
            for (std::size_t i = from; i < node.kids.size(); ++i)
                text +=
                    (i > from ? textOf(globals_["OFS"]) : "") + outputText(evaluate(*node.kids[i]));
            text += textOf(globals_["ORS"]);
        }
        std::string target;
        if (node.redirect != 0) target = textOf(evaluate(*node.kids[0]));
        if (request_ || !problem_.empty()) return;
        if (node.redirect == 0 || target == "/dev/stdout" || target == "-") {
            out_ << text;
        } else if (target == "/dev/stderr") {
            errors_.push_back(std::move(text));
        } else if (node.redirect == '|') {
            pipes_[target] += text;
        } else {
            const std::string path = process_.resolve(target);
            if (node.redirect == '>' && opened_.insert(target).second)
                (void)process_.files().write(path, "");
            opened_.insert(target);
            const auto written = process_.files().append(path, text);
            if (!written.ok()) problem("cannot open \"" + target + "\" for output");
        }
    }

    std::string format(const std::vector<Value>& values) {
        const std::string spec = textOf(values[0]);
        std::string out;
        std::size_t next = 1;
        auto take = [&]() -> Value { return next < values.size() ? values[next++] : Value{}; };
        for (std::size_t i = 0; i < spec.size(); ++i) {
            if (spec[i] != '%' || i + 1 >= spec.size()) {
                out += spec[i];
                continue;
            }
            if (spec[i + 1] == '%') {
                out += '%';
                ++i;
                continue;
            }
            std::string form = "%";
            ++i;
            while (i < spec.size() &&
                   std::string_view("-+ #0").find(spec[i]) != std::string_view::npos)
                form += spec[i++];
            auto count = [&] {
                if (i < spec.size() && spec[i] == '*') {
                    ++i;
                    form +=
                        std::to_string(std::clamp(static_cast<int>(toNumber(take())), -4000, 4000));
                    return;
                }
                int value = 0;
                bool any = false;
                while (i < spec.size() && std::isdigit(static_cast<unsigned char>(spec[i])))
                    value = std::min(value * 10 + (spec[i++] - '0'), 4000), any = true;
                if (any) form += std::to_string(value);
            };
            count();
            if (i < spec.size() && spec[i] == '.') {
                form += spec[i++];
                count();
            }
            while (i < spec.size() && (spec[i] == 'l' || spec[i] == 'h')) ++i;
            if (i >= spec.size()) break;
            char buffer[8300];
            const char kind = spec[i];
            if (kind == 'd' || kind == 'i' || kind == 'o' || kind == 'x' || kind == 'X' ||
                kind == 'u') {
                const double number = toNumber(take());
                std::snprintf(buffer, sizeof buffer, (form + "ll" + kind).c_str(),
                              static_cast<long long>(std::clamp(number, -9.2e18, 9.2e18)));
                out += buffer;
            } else if (std::string_view("eEfFgG").find(kind) != std::string_view::npos) {
                std::snprintf(buffer, sizeof buffer, (form + kind).c_str(), toNumber(take()));
                out += buffer;
            } else if (kind == 'c') {
                const Value value = take();
                std::string text =
                    value.kind == Value::Number
                        ? std::string(1, static_cast<char>(static_cast<int>(value.number)))
                        : textOf(value).substr(0, 1);
                std::snprintf(buffer, sizeof buffer, (form + "s").c_str(), text.c_str());
                out += buffer;
            } else if (kind == 's') {
                const std::string text = textOf(take());
                if (form == "%") {
                    out += text;
                } else {
                    std::string shown = text.substr(0, 4000);
                    std::snprintf(buffer, sizeof buffer, (form + "s").c_str(), shown.c_str());
                    out += buffer;
                }
            } else {
                out += form + kind;
            }
        }
        return out;
    }

    std::optional<std::string> answer(Request::Kind kind, const std::string& text) {
        if (answerAt_ < answers_.size()) return answers_[answerAt_++];
        request_ = Request{kind, text};
        return std::nullopt;
    }

    Value getLine(const Node& node) {
        std::string line;
        const std::size_t targetAt = node.redirect != 0 ? 1 : 0;
        const Node* target = node.kids.size() > targetAt ? node.kids[targetAt].get() : nullptr;
        double result = 0;
        if (node.redirect == '|') {
            const std::string text = textOf(evaluate(*node.kids[0]));
            if (request_) return {};
            const auto found = commands_.find(text);
            if (found == commands_.end()) {
                request_ = Request{Request::Command, text};
                return {};
            }
            result = found->second.take(line) ? 1 : 0;
            if (result > 0) globals_["NR"] = Value::of(toNumber(globals_["NR"]) + 1);
        } else if (node.redirect == '<') {
            const std::string path = textOf(evaluate(*node.kids[0]));
            if (request_) return {};
            auto found = inputs_.find(path);
            if (found == inputs_.end()) {
                auto content = process_.files().read(process_.resolve(path));
                if (!content.ok()) return Value::of(-1.0);
                found = inputs_.emplace(path, Stream{std::move(*content), 0}).first;
            }
            result = found->second.take(line) ? 1 : 0;
        } else {
            const auto got = answer(Request::MainLine, {});
            if (!got) return {};
            result = (*got)[0] == '1' ? 1 : 0;
            line = got->substr(1);
        }
        if (result > 0) {
            if (target != nullptr)
                assign(*target, fromInput(line));
            else
                setRecord(line);
        }
        return Value::of(result);
    }

    Value substituteIn(const Node& node, bool all) {
        const auto regex = regexOf(*node.kids[0]);
        const std::string replacement = textOf(evaluate(*node.kids[1]));
        const Node record(Op::Field);
        std::string text = node.kids.size() > 2 ? textOf(evaluate(*node.kids[2])) : this->record();
        std::string out;
        std::size_t at = 0, copied = 0;
        int count = 0;
        std::size_t lastEnd = std::string::npos;
        RegexMatch match;
        while (at <= text.size() && regex->search(text, at, match)) {
            const auto begin = static_cast<std::size_t>(match.begin()),
                       end = static_cast<std::size_t>(match.end());
            if (begin == end && begin == lastEnd) {
                at = begin + 1;
                lastEnd = std::string::npos;
                continue;
            }
            out += text.substr(copied, begin - copied);
            for (std::size_t i = 0; i < replacement.size(); ++i) {
                if (replacement[i] == '\\' && i + 1 < replacement.size() &&
                    (replacement[i + 1] == '&' || replacement[i + 1] == '\\'))
                    out += replacement[++i];
                else if (replacement[i] == '&')
                    out += text.substr(begin, end - begin);
                else
                    out += replacement[i];
            }
            copied = lastEnd = end;
            ++count;
            at = end > begin ? end : end + 1;
            if (!all) break;
        }
        if (count > 0 && !request_) {
            if (copied <= text.size()) out += text.substr(copied);
            if (node.kids.size() > 2)
                assign(*node.kids[2], Value::of(std::move(out)));
            else
                setRecord(out);
        }
        return Value::of(static_cast<double>(count));
    }

    Value builtin(const Node& node) {
        const std::string& name = node.text;
        auto argument = [&](std::size_t i) {
            return i < node.kids.size() ? evaluate(*node.kids[i]) : Value{};
        };
        if (name == "length") {
            if (node.kids.empty()) return Value::of(static_cast<double>(record().size()));
            const Node& only = *node.kids[0];
            if (only.op == Op::Variable) {
                const bool localArray =
                    only.slot >= 0 && !frames_.empty() &&
                    frames_.back()[static_cast<std::size_t>(only.slot)].array &&
                    frames_.back()[static_cast<std::size_t>(only.slot)].value.kind == Value::Unset;
                if (localArray || (only.slot < 0 && arrays_.count(only.text) > 0))
                    return Value::of(static_cast<double>(array(only.text, only.slot).size()));
            }
            return Value::of(static_cast<double>(textOf(argument(0)).size()));
        }
        if (name == "substr") {
            const std::string text = textOf(argument(0));
            double start = std::nearbyint(toNumber(argument(1)));
            double length = node.kids.size() > 2 ? std::nearbyint(toNumber(argument(2))) : 1e9;
            if (start < 1) {
                length += start - 1;
                start = 1;
            }
            if (length <= 0 || start > static_cast<double>(text.size()))
                return Value::of(std::string());
            return Value::of(text.substr(static_cast<std::size_t>(start) - 1,
                                         static_cast<std::size_t>(std::min(length, 1e9))));
        }
        if (name == "index") {
            const std::size_t at = textOf(argument(0)).find(textOf(argument(1)));
            return Value::of(at == std::string::npos ? 0.0 : static_cast<double>(at + 1));
        }
        if (name == "split") {
            const std::string text = textOf(argument(0));
            Strings parts;
            if (node.kids.size() > 2 && node.kids[2]->op == Op::Regexp)
                parts =
                    splitBy(text, node.kids[2]->text.size() == 1 ? "(" + node.kids[2]->text + ")"
                                                                 : node.kids[2]->text);
            else
                parts = splitBy(text, node.kids.size() > 2 ? textOf(argument(2))
                                                           : textOf(globals_["FS"]));
            if (node.kids.size() < 2 || request_) return {};
            Array& target = array(node.kids[1]->text, node.kids[1]->slot);
            target.clear();
            for (std::size_t i = 0; i < parts.size(); ++i)
                target[std::to_string(i + 1)] = fromInput(parts[i]);
            return Value::of(static_cast<double>(parts.size()));
        }
        if (name == "sub" || name == "gsub")
            return node.kids.size() < 2 ? Value{} : substituteIn(node, name == "gsub");
        if (name == "gensub") {
            const auto regex = regexOf(*node.kids[0]);
            const std::string replacement = textOf(argument(1)), how = textOf(argument(2));
            const std::string text = node.kids.size() > 3 ? textOf(argument(3)) : record();
            std::string out;
            std::size_t at = 0;
            int count = 0;
            const int wanted = static_cast<int>(base::parseInt(how).value_or(0));
            RegexMatch match;
            while (at < text.size() && regex->search(text, at, match) &&
                   match.end() > match.begin()) {
                ++count;
                out += text.substr(at, static_cast<std::size_t>(match.begin()) - at);
                const bool replace = wanted == 0 || count == wanted;
                out += replace ? substitute(replacement, text, match)
                               : text.substr(static_cast<std::size_t>(match.begin()),
                                             static_cast<std::size_t>(match.end() - match.begin()));
                at = static_cast<std::size_t>(match.end());
            }
            return Value::of(out + text.substr(std::min(at, text.size())));
        }
        if (name == "match") {
            const std::string text = textOf(argument(0));
            RegexMatch match;
            const bool found =
                node.kids.size() > 1 && regexOf(*node.kids[1])->search(text, 0, match);
            globals_["RSTART"] = Value::of(found ? match.begin() + 1.0 : 0.0);
            globals_["RLENGTH"] =
                Value::of(found ? static_cast<double>(match.end() - match.begin()) : -1.0);
            return globals_["RSTART"];
        }
        if (name == "sprintf") {
            std::vector<Value> values;
            for (const NodePtr& kid : node.kids) values.push_back(evaluate(*kid));
            return values.empty() ? Value{} : Value::of(format(values));
        }
        if (name == "tolower") return Value::of(base::toLower(textOf(argument(0))));
        if (name == "toupper") return Value::of(base::toUpper(textOf(argument(0))));
        if (name == "int") return Value::of(std::trunc(toNumber(argument(0))));
        if (name == "sqrt") return Value::of(std::sqrt(toNumber(argument(0))));
        if (name == "exp") return Value::of(std::exp(toNumber(argument(0))));
        if (name == "log") return Value::of(std::log(toNumber(argument(0))));
        if (name == "sin") return Value::of(std::sin(toNumber(argument(0))));
        if (name == "cos") return Value::of(std::cos(toNumber(argument(0))));
        if (name == "atan2")
            return Value::of(std::atan2(toNumber(argument(0)), toNumber(argument(1))));
        if (name == "rand") return Value::of(process_.kernel().random("shell/awk").unit());
        if (name == "srand") return Value::of(0.0);
        if (name == "systime")
            return Value::of(static_cast<double>(process_.kernel().unixNow() / sim::kSecond));
        if (name == "strftime")
            return Value::of(
                strftimeUtc(node.kids.empty() ? "%c" : textOf(argument(0)),
                            node.kids.size() > 1
                                ? static_cast<std::int64_t>(toNumber(argument(1))) * sim::kSecond
                                : process_.kernel().unixNow()));
        if (name == "mktime") return Value::of(0.0);
        if (name == "fflush") return Value::of(0.0);
        if (name == "system") {
            const std::string text = textOf(argument(0));
            if (request_) return {};
            const auto got = answer(Request::System, text);
            return got ? Value::of(static_cast<double>(base::parseInt(*got).value_or(0))) : Value{};
        }
        if (name == "close") {
            const std::string text = textOf(argument(0));
            if (request_) return {};
            if (pipes_.count(text) > 0 || answerAt_ < answers_.size()) {
                const auto got = answer(Request::Close, text);
                return got ? Value::of(static_cast<double>(base::parseInt(*got).value_or(0)))
                           : Value{};
            }
            const bool known =
                commands_.erase(text) + inputs_.erase(text) + opened_.erase(text) > 0;
            return Value::of(known ? 0.0 : -1.0);
        }
        return {};
    }

    ports::Process& process_;
    Script script_;
    Out out_;
    std::map<std::string, Value, std::less<>> globals_;
    std::map<std::string, std::shared_ptr<Array>> arrays_;
    std::vector<std::vector<Cell>> frames_;
    std::map<std::string, std::shared_ptr<Regex>> regexes_;
    std::string record_;
    std::vector<Value> fields_;
    bool recordStale_ = false, fieldsStale_ = false;
    std::unique_ptr<LineReader> reader_;
    Stream records_;
    bool split_ = false, anyFile_ = false, exitInEnd_ = false;
    double argument_ = 1;
    Leave leave_ = Leave::None;
    Value returned_;
    int exitCode_ = 0;
    std::string problem_;
    std::optional<Request> request_;
    std::vector<std::string> answers_;
    std::size_t answerAt_ = 0;
    std::map<std::string, Stream> commands_, inputs_;
    std::map<std::string, std::string> pipes_;
    std::set<std::string> opened_;
    Strings errors_;
    std::uint64_t steps_ = 0, rounds_ = 0;
};

sim::Task<int> awkMain(ports::Process& process, Strings argv) {
    Options options(argv, "+F:v:f:", {{"field-separator", 'F'}, {"assign", 'v'}, {"file", 'f'}});
    if (!options.ok()) {
        std::string text = options.error().substr(0, options.error().find('\n') + 1);
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    std::string source;
    for (const std::string& file : options.all('f')) {
        const auto content = co_await readWhole(process, file);
        if (!content.ok()) {
            co_await process.writeError("awk: couldn't open " + file + ": " +
                                        content.error().message + "\n");
            co_return 2;
        }
        source += *content + "\n";
    }
    if (!options.has('f')) {
        if (options.operands.empty()) {
            co_await process.writeError("Usage: mawk [Options] [Program] [file ...]\n");
            co_return 2;
        }
        source = options.operands[0];
        options.operands.erase(options.operands.begin());
    }
    Script script = parseScript(source);
    if (!script.error.empty()) {
        co_await process.writeError("awk: " + script.error + "\n");
        co_return 2;
    }
    Awk awk(process, std::move(script));
    if (options.has('F')) {
        std::string separator = options.value('F');
        if (separator == "t") separator = "\t";
        awk.set("FS", decodeAnsiC(separator) == separator ? separator : decodeAnsiC(separator));
    }
    for (const std::string& assignment : options.all('v')) {
        const std::size_t equals = assignment.find('=');
        if (equals == std::string::npos) {
            co_await process.writeError("awk: improper assignment: -v " + assignment + "\n");
            co_return 2;
        }
        awk.set(assignment.substr(0, equals), decodeAnsiC(assignment.substr(equals + 1)));
    }
    const int status = co_await awk.run(options.operands);
    co_return status;
}

} // namespace

const CoreutilEntry kAwkTools[] = {
    {"awk", awkMain}, {"mawk", awkMain}, {"gawk", awkMain}, {nullptr, nullptr}};

} // namespace shell
