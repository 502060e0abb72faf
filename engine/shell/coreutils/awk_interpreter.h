#pragma once
// The interpreter of awk programs. Expressions run at once; what has to wait for a process or for
// input is asked for, done by the statement that contains it, and the expression is evaluated again
// with the answer. Source: POSIX awk, mawk(1).

#include "base/strings.h"
#include "shell/coreutils/awk_ast.h"
#include "shell/coreutils/coreutils.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

namespace shell::awk {

struct Value {
    enum Kind { Unset, Number, String, NumericString } kind = Unset;
    double number = 0;
    std::string text;
    static Value of(double n) { return {Number, n, {}}; }
    static Value of(std::string s) { return {String, 0, std::move(s)}; }
};

inline bool looksNumeric(const std::string& text, double& value) {
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

inline Value fromInput(std::string text) {
    Value value;
    value.kind = looksNumeric(text, value.number) ? Value::NumericString : Value::String;
    value.text = std::move(text);
    return value;
}

inline double toNumber(const Value& value) {
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

inline std::string numberText(double number, const std::string& format) {
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

    void set(const std::string& name, std::string text);
    sim::Task<int> run(Strings arguments);

private:
    // Asked for by an expression.
    struct Request {
        enum Kind { System, Command, MainLine, Close } kind;
        std::string text;
    };

    sim::Task<void> special(Rule::Kind kind);
    // Input.
    sim::Task<bool> openNext();
    sim::Task<bool> nextRecord(std::string& line);
    bool takeRecord(const std::string& rs, std::string& line);
    sim::Task<void> mainLoop();
    sim::Task<bool> selected(Rule& rule);
    // Fields.
    void setRecord(const std::string& line);
    void splitFields();
    Strings splitBy(const std::string& text, const std::string& fs, bool newlines = false);
    const std::string& record();
    Value field(double number);
    void setField(double number, Value value);
    // Values.
    std::string textOf(const Value& value);
    std::string outputText(const Value& value);
    static bool truth(const Value& value);
    void problem(std::string text);
    Array& array(const std::string& name, int slot);
    Value getVariable(const Node& node);
    std::string subscript(const Node& node);
    void assign(const Node& target, Value value);
    std::shared_ptr<Regex> dynamicRegex(const std::string& pattern);
    std::shared_ptr<Regex> regexOf(const Node& node);
    static double arithmetic(char op, double a, double b);
    bool compare(const std::string& op, const Value& a, const Value& b);
    Value evaluate(const Node& node);
    // Functions run as a whole inside an expression: their statements may not wait.
    Value call(const Node& node);
    void runNow(const Node& node);
    bool loopEnds();
    // In the order that mawk's tables give for small arrays: as inserted for lists of numbers.
    Strings keysOf(const Node& node);
    void simple(const Node& node);
    // Statements outside functions: these can wait.
    sim::Task<Value> evaluateFully(const Node& node);
    sim::Task<void> serve();
    sim::Task<int> command(std::string text, std::shared_ptr<sim::Pipe> input,
                           std::shared_ptr<sim::Pipe> output);
    sim::Task<int> feed(std::string text, std::string data);
    sim::Task<void> finishPipes();
    sim::Task<void> execute(const Node& node);
    sim::Task<void> loop(const Node& node);
    void print(const Node& node);
    std::string format(const std::vector<Value>& values);
    std::optional<std::string> answer(Request::Kind kind, const std::string& text);
    Value getLine(const Node& node);
    Value substituteIn(const Node& node, bool all);
    Value builtin(const Node& node);
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

} // namespace shell::awk
