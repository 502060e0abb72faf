// test, [ and what [[ ]] shares with them. Source: POSIX test, bash test.c (rules by operand
// count).

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <array>

namespace shell {
namespace {

constexpr std::array kBinary = {"=",   "==",  "!=",  "<",   ">",   "-eq", "-ne",
                                "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef"};
bool isBinary(const std::string& op) {
    for (const char* each : kBinary)
        if (op == each) return true;
    return false;
}
bool isUnary(const std::string& op) {
    return op.size() == 2 && op[0] == '-' &&
           std::string_view("abcdefghknoprstuvwxzGLNORS").find(op[1]) != std::string_view::npos;
}

class Test {
public:
    Test(Shell& shell, const Strings& words) : shell_(shell), words_(words) {}
    TestResult run() {
        const std::size_t count = words_.size();
        bool value = false;
        if (count == 0) {
            value = false;
        } else if (count == 1) {
            value = !words_[0].empty();
        } else if (count == 2) {
            value = two();
        } else if (count == 3) {
            value = three();
        } else if (count == 4 && words_[0] == "!") {
            at_ = 1;
            const Strings rest(words_.begin() + 1, words_.end());
            Test inner(shell_, rest);
            const TestResult result = inner.run();
            return {!result.value, result.error};
        } else {
            value = orExpression();
            if (error_.empty() && at_ < count) error_ = "too many arguments";
        }
        return {value, error_};
    }

private:
    bool two() {
        if (words_[0] == "!") return words_[1].empty();
        if (isUnary(words_[0])) return testUnary(shell_, words_[0][1], words_[1]);
        error_ = words_[0] + ": unary operator expected";
        return false;
    }
    bool three() {
        if (isBinary(words_[1])) return binary(words_[0], words_[1], words_[2]);
        if (words_[1] == "-a") return !words_[0].empty() && !words_[2].empty();
        if (words_[1] == "-o") return !words_[0].empty() || !words_[2].empty();
        if (words_[0] == "!") {
            const Strings rest(words_.begin() + 1, words_.end());
            Test inner(shell_, rest);
            const TestResult result = inner.run();
            error_ = result.error;
            return !result.value;
        }
        if (words_[0] == "(" && words_[2] == ")") return !words_[1].empty();
        error_ = words_[1] + ": binary operator expected";
        return false;
    }
    bool binary(const std::string& left, const std::string& op, const std::string& right) {
        if (op == "=" || op == "==") return left == right;
        if (op == "!=") return left != right;
        if (op == "<") return left < right;
        if (op == ">") return left > right;
        if (op == "-nt" || op == "-ot" || op == "-ef") return testFiles(shell_, op, left, right);
        const auto a = base::parseInt(base::trim(left)), b = base::parseInt(base::trim(right));
        if (!a || !b) {
            error_ = (a ? right : left) + ": integer expression expected";
            return false;
        }
        if (op == "-eq") return *a == *b;
        if (op == "-ne") return *a != *b;
        if (op == "-lt") return *a < *b;
        if (op == "-le") return *a <= *b;
        if (op == "-gt") return *a > *b;
        return *a >= *b;
    }
    bool orExpression() {
        bool value = andExpression();
        while (error_.empty() && at_ < words_.size() && words_[at_] == "-o") {
            ++at_;
            const bool right = andExpression();
            value = value || right;
        }
        return value;
    }
    bool andExpression() {
        bool value = term();
        while (error_.empty() && at_ < words_.size() && words_[at_] == "-a") {
            ++at_;
            const bool right = term();
            value = value && right;
        }
        return value;
    }
    bool term() {
        if (at_ >= words_.size()) {
            error_ = "argument expected";
            return false;
        }
        if (words_[at_] == "!") {
            ++at_;
            return !term();
        }
        if (words_[at_] == "(") {
            ++at_;
            const bool value = orExpression();
            if (error_.empty() && (at_ >= words_.size() || words_[at_] != ")")) {
                error_ = "`)' expected";
                return false;
            }
            ++at_;
            return value;
        }
        if (at_ + 2 < words_.size() && isBinary(words_[at_ + 1])) {
            const bool value = binary(words_[at_], words_[at_ + 1], words_[at_ + 2]);
            at_ += 3;
            return value;
        }
        if (isUnary(words_[at_]) && at_ + 1 < words_.size()) {
            const bool value = testUnary(shell_, words_[at_][1], words_[at_ + 1]);
            at_ += 2;
            return value;
        }
        return !words_[at_++].empty();
    }

    Shell& shell_;
    const Strings& words_;
    std::size_t at_ = 0;
    std::string error_;
};

} // namespace

bool testUnary(Shell& shell, char op, const std::string& operand) {
    if (op == 'n') return !operand.empty();
    if (op == 'z') return operand.empty();
    if (op == 'v') {
        const std::size_t bracket = operand.find('[');
        if (bracket == std::string::npos) return shell.parameter(operand).has_value();
        const Variable* variable = shell.variables.find(operand.substr(0, bracket));
        const std::string key = operand.substr(bracket + 1, operand.size() - bracket - 2);
        if (variable == nullptr) return false;
        if (variable->isKeyed) return variable->keyed.count(key) > 0;
        return variable->indexed.count(base::parseInt(key).value_or(-1)) > 0;
    }
    if (op == 'o')
        return operand == "errexit" ? shell.options.errExit
                                    : operand == "pipefail" && shell.options.pipeFail;
    if (op == 't') {
        const auto tty = shell.process().terminal();
        const auto fd = base::parseInt(operand);
        if (!tty || !fd || shell.fds.count(static_cast<int>(*fd)) == 0) return false;
        const auto pipe = shell.fds[static_cast<int>(*fd)]->kind() == OpenFile::Inherited
                              ? shell.inputPipe(static_cast<int>(*fd))
                              : nullptr;
        return pipe && (pipe == tty->input.lock() || pipe == tty->output.lock());
    }
    if (operand.empty()) return false;
    const std::string path = shell.absolute(operand);
    if (op == 'h' || op == 'L') {
        const auto link = shell.files().lstat(path);
        return link.ok() && link->type == ports::FileType::Symlink;
    }
    const auto stat = shell.files().stat(path);
    if (!stat.ok()) return false;
    switch (op) {
    case 'e':
    case 'a': return true;
    case 'f': return stat->type == ports::FileType::Regular;
    case 'd': return stat->type == ports::FileType::Directory;
    case 's': return stat->size > 0;
    case 'r': return shell.files().access(path, 4);
    case 'w': return shell.files().access(path, 2);
    case 'x': return shell.files().access(path, 1);
    case 'p': return stat->type == ports::FileType::Fifo;
    case 'S': return stat->type == ports::FileType::Socket;
    case 'b': return stat->type == ports::FileType::BlockDevice;
    case 'c': return stat->type == ports::FileType::CharDevice;
    case 'u': return (stat->mode & 04000) != 0;
    case 'g': return (stat->mode & 02000) != 0;
    case 'k': return (stat->mode & 01000) != 0;
    case 'O': return stat->uid == shell.process().uid();
    case 'G': return stat->gid == shell.process().gid();
    case 'N': return stat->modified > stat->accessed;
    default: return false;
    }
}

bool testFiles(Shell& shell, std::string_view op, const std::string& left,
               const std::string& right) {
    const auto a = shell.files().stat(shell.absolute(left)),
               b = shell.files().stat(shell.absolute(right));
    if (op == "-ef") return a.ok() && b.ok() && a->inode == b->inode;
    if (op == "-nt") return a.ok() && (!b.ok() || a->modified > b->modified);
    return b.ok() && (!a.ok() || a->modified < b->modified);
}

TestResult evaluateTest(Shell& shell, const Strings& operands) {
    return Test(shell, operands).run();
}

} // namespace shell
