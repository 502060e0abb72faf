#include "shell/arithmetic.h"

#include <cctype>
#include <cstddef>

namespace shell {
namespace {

constexpr int kMaxDepth = 64;

bool nameStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
bool nameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

struct Operand { // a value, and where it came from when it can be assigned
    std::int64_t value = 0;
    bool assignable = false;
    std::string name;
    std::optional<std::string> subscript;
};

class Evaluator {
public:
    Evaluator(std::string_view text, ArithmeticVariables& variables, int depth)
        : text_(text), variables_(variables), depth_(depth) {}

    ArithmeticResult run() {
        skip();
        if (pos_ >= text_.size()) return {};
        const Operand result = comma();
        skip();
        if (ok_ && pos_ < text_.size()) {
            tokenAt_ = pos_;
            fail(nameChar(text_[pos_]) || text_[pos_] == '(' ? "syntax error in expression"
                 : std::string_view("=)]:?").find(text_[pos_]) != std::string_view::npos
                     ? "syntax error in expression"
                     : "syntax error: invalid arithmetic operator");
        }
        return {result.value, ok_, error_};
    }

private:
    void skip() {
        while (pos_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[pos_]))) ++pos_;
    }
    bool take(std::string_view op) {
        skip();
        if (text_.substr(pos_, op.size()) != op) return false;
        tokenAt_ = pos_;
        pos_ += op.size();
        return true;
    }
    // An operator that is not the beginning of a longer one.
    bool takeOnly(std::string_view op, std::string_view notBefore) {
        skip();
        if (text_.substr(pos_, op.size()) != op) return false;
        const char next = pos_ + op.size() < text_.size() ? text_[pos_ + op.size()] : '\0';
        if (next != '\0' && notBefore.find(next) != std::string_view::npos) return false;
        tokenAt_ = pos_;
        pos_ += op.size();
        return true;
    }
    void fail(const std::string& message) {
        if (!ok_) return;
        ok_ = false;
        std::size_t begin = 0;
        while (begin < text_.size() && std::isspace(static_cast<unsigned char>(text_[begin])))
            ++begin;
        error_ = std::string(text_.substr(begin)) + ": " + message + " (error token is \"" +
                 std::string(text_.substr(std::min(tokenAt_, text_.size()))) + "\")";
        pos_ = text_.size();
    }

    std::int64_t valueOf(const Operand& operand) {
        if (!operand.assignable || !ok_ || silent_ > 0) return operand.value;
        const auto text =
            variables_.read(operand.name, operand.subscript ? &*operand.subscript : nullptr);
        if (!text) {
            if (variables_.unsetIsError()) {
                ok_ = false;
                error_ = operand.name + ": unbound variable";
            }
            return 0;
        }
        if (text->empty()) return 0;
        // Mostly it is a plain number.
        const bool negative = (*text)[0] == '-';
        if (text->size() < 18 && text->size() > (negative ? 1u : 0u) &&
            ((*text)[negative] != '0' || text->size() == 1) &&
            text->find_first_not_of("0123456789", negative) == std::string::npos) {
            std::int64_t number = 0;
            for (std::size_t i = negative; i < text->size(); ++i)
                number = number * 10 + ((*text)[i] - '0');
            return negative ? -number : number;
        }
        if (depth_ > kMaxDepth) {
            fail("expression recursion level exceeded");
            return 0;
        }
        const auto inner = evaluateArithmetic(*text, variables_, depth_ + 1);
        if (!inner.ok) {
            ok_ = false;
            error_ = inner.error;
        }
        return inner.value;
    }
    void assign(const Operand& target, std::int64_t value) {
        if (!ok_ || silent_ > 0) return;
        if (!variables_.write(target.name, target.subscript ? &*target.subscript : nullptr,
                              value)) {
            ok_ = false;
            error_ = target.name + ": readonly variable";
        }
    }
    static Operand plain(std::int64_t value) { return {value, false, {}, {}}; }

    Operand comma() {
        Operand left = assignment();
        while (ok_ && take(",")) left = assignment();
        if (left.assignable) left = plain(valueOf(left));
        return left;
    }

    Operand assignment() {
        if (++nesting_ > kMaxDepth * 4) {
            fail("expression recursion level exceeded");
            return {};
        }
        Operand left = conditional();
        static constexpr std::string_view kOps[] = {
            "<<=", ">>=", "*=", "/=", "%=", "+=", "-=", "&=", "^=", "|="};
        for (const std::string_view op : kOps) {
            if (!ok_ || !take(op)) continue;
            if (!left.assignable) {
                fail("attempted assignment to non-variable");
                return {};
            }
            const std::int64_t right = valueOf(assignment());
            const std::int64_t result = apply(op.substr(0, op.size() - 1), valueOf(left), right);
            assign(left, result);
            --nesting_;
            return plain(result);
        }
        if (ok_ && takeOnly("=", "=")) {
            if (!left.assignable) {
                fail("attempted assignment to non-variable");
                return {};
            }
            const std::int64_t right = valueOf(assignment());
            assign(left, right);
            left = plain(right);
        }
        --nesting_;
        return left;
    }

    Operand conditional() {
        Operand condition = binary(0);
        if (!ok_ || !take("?")) return condition;
        const bool yes = valueOf(condition) != 0;
        if (!yes) ++silent_;
        const Operand first = plain(valueOf(assignment()));
        if (!yes) --silent_;
        if (!take(":")) {
            fail("`:' expected for conditional expression");
            return {};
        }
        if (yes) ++silent_;
        const Operand second = plain(valueOf(assignment()));
        if (yes) --silent_;
        return yes ? first : second;
    }

    std::int64_t apply(std::string_view op, std::int64_t a, std::int64_t b) {
        const auto ua = static_cast<std::uint64_t>(a), ub = static_cast<std::uint64_t>(b);
        switch (op[0]) {
        case '+': return static_cast<std::int64_t>(ua + ub);
        case '-': return static_cast<std::int64_t>(ua - ub);
        case '*':
            if (op.size() == 2) {
                if (b < 0) {
                    fail("exponent less than 0");
                    return 0;
                }
                std::uint64_t result = 1, factor = ua;
                for (std::uint64_t n = ub; n != 0; n >>= 1, factor *= factor)
                    if ((n & 1) != 0) result *= factor;
                return static_cast<std::int64_t>(result);
            }
            return static_cast<std::int64_t>(ua * ub);
        case '/':
        case '%':
            if (b == 0) {
                if (silent_ > 0) return 0;
                tokenAt_ = operandAt_;
                fail("division by 0");
                return 0;
            }
            if (b == -1) return op[0] == '/' ? static_cast<std::int64_t>(0 - ua) : 0;
            return op[0] == '/' ? a / b : a % b;
        case '<':
            if (op == "<<") return static_cast<std::int64_t>(ua << (ub & 63));
            return op == "<=" ? a <= b : a < b;
        case '>':
            if (op == ">>") return a >> (ub & 63);
            return op == ">=" ? a >= b : a > b;
        case '=': return a == b;
        case '!': return a != b;
        case '&': return a & b;
        case '^': return a ^ b;
        case '|': return a | b;
        default: return 0;
        }
    }

    // Levels: || && | ^ & == < << + * (** is right-associative below).
    std::string_view operatorAt(int level) {
        switch (level) {
        case 0: return takeOnly("||", "") ? "||" : "";
        case 1: return takeOnly("&&", "") ? "&&" : "";
        case 2: return takeOnly("|", "|=") ? "|" : "";
        case 3: return takeOnly("^", "=") ? "^" : "";
        case 4: return takeOnly("&", "&=") ? "&" : "";
        case 5: return takeOnly("==", "") ? "==" : takeOnly("!=", "") ? "!=" : "";
        case 6:
            return takeOnly("<=", "")    ? "<="
                   : takeOnly(">=", "")  ? ">="
                   : takeOnly("<", "<=") ? "<"
                   : takeOnly(">", ">=") ? ">"
                                         : "";
        case 7: return takeOnly("<<", "=") ? "<<" : takeOnly(">>", "=") ? ">>" : "";
        case 8: return takeOnly("+", "=") ? "+" : takeOnly("-", "=") ? "-" : "";
        case 9:
            return takeOnly("*", "*=")  ? "*"
                   : takeOnly("/", "=") ? "/"
                   : takeOnly("%", "=") ? "%"
                                        : "";
        default: return "";
        }
    }

    Operand binary(int level) {
        if (level == 10) return power();
        Operand left = binary(level + 1);
        while (ok_) {
            const std::string_view op = operatorAt(level);
            if (op.empty()) return left;
            const std::int64_t a = valueOf(left);
            if (level <= 1) {
                const bool decided = (level == 0) == (a != 0);
                if (decided) ++silent_;
                const std::int64_t b = valueOf(binary(level + 1));
                if (decided) --silent_;
                left = plain(decided ? level == 0 : b != 0);
            } else {
                skip();
                const std::size_t at = pos_;
                const std::int64_t b = valueOf(binary(level + 1));
                operandAt_ = at;
                left = plain(apply(op, a, b));
            }
        }
        return left;
    }

    Operand power() {
        Operand left = unary();
        if (!ok_ || !takeOnly("**", "=")) return left;
        const std::int64_t a = valueOf(left);
        return plain(apply("**", a, valueOf(power())));
    }

    Operand unary() {
        if (++nesting_ > kMaxDepth * 4) {
            fail("expression recursion level exceeded");
            return {};
        }
        Operand result = unaryInner();
        --nesting_;
        return result;
    }

    Operand unaryInner() {
        if (takeOnly("!", "=")) return plain(valueOf(unary()) == 0);
        if (takeOnly("~", "")) return plain(~valueOf(unary()));
        for (const std::string_view op : {"++", "--"}) {
            skip();
            const std::size_t saved = pos_;
            if (!take(op)) continue;
            skip();
            if (pos_ < text_.size() && nameStart(text_[pos_])) {
                Operand target = unary();
                if (!target.assignable) {
                    fail("syntax error: operand expected");
                    return {};
                }
                const std::int64_t value = apply(op.substr(0, 1), valueOf(target), 1);
                assign(target, value);
                return plain(value);
            }
            pos_ = saved;
            break;
        }
        if (take("-"))
            return plain(
                static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(valueOf(unary()))));
        if (take("+")) return plain(valueOf(unary()));
        return postfix();
    }

    Operand postfix() {
        Operand operand = primary();
        for (const std::string_view op : {"++", "--"}) {
            if (!ok_ || !operand.assignable || !take(op)) continue;
            const std::int64_t old = valueOf(operand);
            assign(operand, apply(op.substr(0, 1), old, 1));
            return plain(old);
        }
        return operand;
    }

    Operand primary() {
        skip();
        if (pos_ >= text_.size()) {
            if (tokenAt_ >= text_.size()) tokenAt_ = 0;
            fail("syntax error: operand expected");
            return {};
        }
        tokenAt_ = pos_;
        const char c = text_[pos_];
        if (c == '(') {
            ++pos_;
            const Operand inner = comma();
            if (ok_ && !take(")")) {
                skip();
                tokenAt_ = pos_;
                fail("missing `)'");
            }
            return plain(inner.value);
        }
        if (std::isdigit(static_cast<unsigned char>(c))) return number();
        if (nameStart(c)) return variable();
        fail("syntax error: operand expected");
        return {};
    }

    Operand variable() {
        Operand operand;
        operand.assignable = true;
        while (pos_ < text_.size() && nameChar(text_[pos_])) operand.name += text_[pos_++];
        if (pos_ < text_.size() && text_[pos_] == '[') {
            int depth = 0;
            std::string subscript;
            while (pos_ < text_.size()) {
                const char c = text_[pos_++];
                if (c == '[' && depth++ == 0) continue;
                if (c == ']' && --depth == 0) break;
                subscript += c;
            }
            operand.subscript = std::move(subscript);
        }
        return operand;
    }

    Operand number() {
        std::int64_t base = 10;
        if (text_[pos_] == '0' && pos_ + 1 < text_.size()) {
            if (text_[pos_ + 1] == 'x' || text_[pos_ + 1] == 'X') {
                base = 16;
                pos_ += 2;
            } else {
                base = 8;
            }
        }
        std::uint64_t value = 0;
        bool based = false;
        while (pos_ < text_.size()) {
            const char c = text_[pos_];
            if (c == '#' && base == 10 && !based) {
                base = static_cast<std::int64_t>(value);
                if (base < 2 || base > 64) {
                    fail("invalid arithmetic base");
                    return {};
                }
                value = 0;
                based = true;
                ++pos_;
                continue;
            }
            if (!nameChar(c) && !(based && c == '@')) break;
            std::int64_t digit;
            if (std::isdigit(static_cast<unsigned char>(c))) {
                digit = c - '0';
            } else if (c >= 'a' && c <= 'z') {
                digit = c - 'a' + 10;
            } else if (c >= 'A' && c <= 'Z') {
                digit = base <= 36 ? c - 'A' + 10 : c - 'A' + 36;
            } else {
                digit = c == '@' ? 62 : 63;
            }
            if (digit >= base) {
                fail("value too great for base");
                return {};
            }
            value = value * static_cast<std::uint64_t>(base) + static_cast<std::uint64_t>(digit);
            ++pos_;
        }
        return plain(static_cast<std::int64_t>(value));
    }

    std::string_view text_;
    ArithmeticVariables& variables_;
    int depth_;
    int nesting_ = 0;
    int silent_ = 0; // in a branch that is not taken
    std::size_t pos_ = 0, tokenAt_ = 0, operandAt_ = 0;
    bool ok_ = true;
    std::string error_;
};

} // namespace

ArithmeticResult evaluateArithmetic(std::string_view expression, ArithmeticVariables& variables,
                                    int depth) {
    return Evaluator(expression, variables, depth).run();
}

} // namespace shell
