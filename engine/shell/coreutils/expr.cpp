// expr(1): arithmetic, comparison and matching of its operands.

#include "base/strings.h"
#include "shell/coreutils/coreutils.h"
#include "shell/coreutils/regex.h"

#include <algorithm>

namespace shell {
namespace {

// expr(1): | & comparisons + - * / % : by precedence climbing.
class Expr {
public:
    explicit Expr(Strings words) : words_(std::move(words)) {}
    std::string error;
    std::string run() {
        std::string value = level(0);
        if (error.empty() && at_ < words_.size())
            error = "syntax error: unexpected argument " + quoted(words_[at_]);
        return value;
    }

private:
    static bool null(const std::string& s) {
        return s.empty() || base::parseInt(s).value_or(1) == 0;
    }
    std::string level(int depth) {
        if (depth == 6) return primary();
        std::string left = level(depth + 1);
        static const std::vector<Strings> kOps{
            {"|"},      {"&"},           {"<", "<=", "=", "==", "!=", ">=", ">"},
            {"+", "-"}, {"*", "/", "%"}, {":"}};
        while (error.empty() && at_ < words_.size() &&
               std::find(kOps[static_cast<std::size_t>(depth)].begin(),
                         kOps[static_cast<std::size_t>(depth)].end(),
                         words_[at_]) != kOps[static_cast<std::size_t>(depth)].end()) {
            const std::string op = words_[at_++];
            const std::string right = level(depth + 1);
            left = apply(op, left, right);
        }
        return left;
    }
    std::string apply(const std::string& op, const std::string& a, const std::string& b) {
        if (op == "|") return !null(a) ? a : !null(b) ? b : "0";
        if (op == "&") return !null(a) && !null(b) ? a : "0";
        if (op == ":") return matchText(a, b);
        const auto x = base::parseInt(a), y = base::parseInt(b);
        if (op == "+" || op == "-" || op == "*" || op == "/" || op == "%") {
            if (!x || !y) {
                error = "non-integer argument";
                return {};
            }
            if ((op == "/" || op == "%") && *y == 0) {
                error = "division by zero";
                return {};
            }
            return std::to_string(op == "+"   ? *x + *y
                                  : op == "-" ? *x - *y
                                  : op == "*" ? *x * *y
                                  : op == "/" ? *x / *y
                                              : *x % *y);
        }
        const int order = x && y ? (*x < *y ? -1 : *x > *y ? 1 : 0) : (a < b ? -1 : a > b ? 1 : 0);
        const bool value = op == "<"                 ? order < 0
                           : op == "<="              ? order <= 0
                           : op == "=" || op == "==" ? order == 0
                           : op == "!="              ? order != 0
                           : op == ">="              ? order >= 0
                                                     : order > 0;
        return value ? "1" : "0";
    }
    std::string matchText(const std::string& text, const std::string& pattern) {
        const Regex regex("^\\(" + pattern + "\\)", {});
        RegexMatch match;
        const bool groups = regex.ok() && regex.groupCount() > 1;
        if (!regex.ok() || !regex.search(text, 0, match)) return groups ? "" : "0";
        if (!groups) return std::to_string(match.end());
        return match.groups[2].first < 0
                   ? ""
                   : text.substr(
                         static_cast<std::size_t>(match.groups[2].first),
                         static_cast<std::size_t>(match.groups[2].second - match.groups[2].first));
    }
    std::string primary() {
        if (at_ >= words_.size()) {
            error = words_.empty()
                        ? "missing operand"
                        : "syntax error: missing argument after " + quoted(words_.back());
            return {};
        }
        const std::string word = words_[at_++];
        auto next = [&] { return at_ < words_.size() ? words_[at_++] : std::string(); };
        if (word == "(") {
            std::string value = level(0);
            if (next() != ")") error = "syntax error: expecting ')'";
            return value;
        }
        if (word == "length") return std::to_string(next().size());
        if (word == "substr") {
            const std::string text = next();
            const auto from = base::parseInt(next()).value_or(0),
                       count = base::parseInt(next()).value_or(0);
            return from < 1 || count < 1 || from > static_cast<std::int64_t>(text.size())
                       ? ""
                       : text.substr(static_cast<std::size_t>(from - 1),
                                     static_cast<std::size_t>(count));
        }
        if (word == "index") {
            const std::string text = next();
            const std::size_t at = text.find_first_of(next());
            return at == std::string::npos ? "0" : std::to_string(at + 1);
        }
        if (word == "match") {
            const std::string text = next();
            return matchText(text, next());
        }
        return word;
    }
    Strings words_;
    std::size_t at_ = 0;
};

sim::Task<int> exprMain(ports::Process& process, Strings argv) {
    Expr expr(Strings(argv.begin() + 1, argv.end()));
    const std::string value = expr.run();
    if (!expr.error.empty()) {
        std::string text = "expr: " + expr.error + "\n";
        if (expr.error == "missing operand") text += "Try 'expr --help' for more information.\n";
        co_await process.writeError(std::move(text));
        co_return 2;
    }
    co_await process.writeOut(value + "\n");
    co_return value.empty() || value == "0" ? 1 : 0;
}

} // namespace

const CoreutilEntry kExprTools[] = {{"expr", exprMain}, {nullptr, nullptr}};

} // namespace shell
