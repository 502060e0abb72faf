// echo, printf, read, mapfile, test.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <cstdlib>

namespace shell {
namespace {

sim::Task<int> echoBuiltin(Shell& shell, Strings args) {
    bool newline = true, escapes = shell.options.has("xpg_echo");
    std::size_t at = 1;
    for (; at < args.size(); ++at) {
        const std::string& word = args[at];
        if (word.size() < 2 || word[0] != '-' ||
            word.find_first_not_of("neE", 1) != std::string::npos)
            break;
        for (const char c : word.substr(1)) {
            if (c == 'n') newline = false;
            if (c == 'e') escapes = true;
            if (c == 'E') escapes = false;
        }
    }
    std::string text;
    bool stop = false;
    for (std::size_t i = at; i < args.size() && !stop; ++i) {
        if (i > at) text += ' ';
        text += escapes ? echoEscapes(args[i], stop) : args[i];
    }
    if (newline && !stop) text += '\n';
    bool written = true;
    if (!text.empty()) written = co_await shell.writeTo(1, std::move(text));
    if (!written) {
        if (shell.subshellLevel > 0) {
            shell.requestExit(141);
            co_return 141;
        }
        {
            std::string hoisted = shell.fds.count(1) == 0 ? "echo: write error: Bad file descriptor"
                                                          : "echo: write error: Broken pipe";
            co_await shell.complain(std::move(hoisted));
        }
        co_return 1;
    }
    co_return 0;
}

sim::Task<int> printfBuiltin(Shell& shell, Strings args) {
    args.erase(args.begin());
    std::string variable;
    if (args.size() > 1 && args[0] == "-v") {
        variable = args[1];
        args.erase(args.begin(), args.begin() + 2);
    }
    if (!args.empty() && args[0] == "--") args.erase(args.begin());
    if (args.empty()) {
        co_await shell.err("printf: usage: printf [-v var] format [arguments]\n");
        co_return 2;
    }
    std::vector<std::string> complaints;
    int status = 0;
    std::string text = formatPrintf(args, complaints, status, shell.kernel().unixNow());
    for (const std::string& complaint : complaints) co_await shell.complain("printf: " + complaint);
    if (!variable.empty()) {
        const std::size_t bracket = variable.find('[');
        if (bracket != std::string::npos) {
            shell.assignElement(variable.substr(0, bracket),
                                variable.substr(bracket + 1, variable.size() - bracket - 2),
                                std::move(text), false);
        } else if (!shell.assign(variable, std::move(text))) {
            co_await shell.complain(shell.error);
            co_return 1;
        }
        co_return status;
    }
    co_await shell.out(std::move(text));
    co_return status;
}

struct ReadOptions {
    bool raw = false, silent = false;
    std::string prompt, array;
    char delimiter = '\n';
    std::int64_t count = -1;
    bool exact = false;
    double timeout = -1;
    int fd = 0;
};

sim::Task<int> readOptions(Shell& shell, Strings& args, ReadOptions& options) {
    std::size_t at = 1;
    for (; at < args.size() && args[at].size() > 1 && args[at][0] == '-'; ++at) {
        if (args[at] == "--") {
            ++at;
            break;
        }
        const std::string word = args[at];
        for (std::size_t i = 1; i < word.size(); ++i) {
            const char c = word[i];
            if (c == 'r') options.raw = true;
            if (c == 's') options.silent = true;
            if (c == 'r' || c == 's' || c == 'e') continue;
            if (std::string_view("padntuiN").find(c) == std::string_view::npos) {
                co_await shell.complain("read: -" + std::string(1, c) + ": invalid option");
                co_await shell.err(
                    "read: usage: read [-ers] [-a array] [-d delim] [-i text] [-n nchars] [-N "
                    "nchars] [-p prompt] [-t timeout] [-u fd] [name ...]\n");
                co_return 2;
            }
            std::string value = word.substr(i + 1);
            if (value.empty() && i + 1 >= word.size()) {
                if (at + 1 >= args.size()) {
                    co_await shell.complain("read: -" + std::string(1, c) +
                                            ": option requires an argument");
                    co_return 2;
                }
                value = args[++at];
            }
            if (c == 'p') options.prompt = value;
            if (c == 'a') options.array = value;
            if (c == 'd') options.delimiter = value.empty() ? '\0' : value[0];
            if (c == 'n' || c == 'N') options.count = base::parseInt(value).value_or(0);
            if (c == 'N') options.exact = true;
            if (c == 't') options.timeout = std::strtod(value.c_str(), nullptr);
            if (c == 'u') options.fd = static_cast<int>(base::parseInt(value).value_or(0));
            break;
        }
    }
    args.erase(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(at));
    co_return 0;
}

// One line; characters that a backslash protected are marked 'q'.
sim::Task<int> readLine(Shell& shell, ReadOptions options, std::string& line, std::string& mask) {
    const sim::Time deadline = options.timeout >= 0
                                   ? shell.kernel().now() + sim::fromSeconds(options.timeout)
                                   : sim::kForever;
    bool escaped = false;
    while (options.count < 0 || static_cast<std::int64_t>(line.size()) < options.count) {
        bool timedOut = false;
        const std::string piece = co_await shell.readSome(options.fd, 1, deadline, timedOut);
        if (timedOut) co_return 142;
        if (piece.empty()) co_return shell.family->interrupted ? 130 : 1;
        const char c = piece[0];
        if (escaped) {
            escaped = false;
            if (c == '\n') continue;
            line += c;
            mask += 'q';
            continue;
        }
        if (c == '\\' && !options.raw) {
            escaped = true;
            continue;
        }
        if (c == options.delimiter && !options.exact) co_return 0;
        if (c == '\0') continue;
        line += c;
        mask += 'u';
        if (line.size() > (16u << 20)) co_return 1;
    }
    co_return 0;
}

Strings splitRead(const std::string& line, const std::string& mask, const std::string& ifs,
                  std::size_t limit) {
    Strings fields;
    std::size_t i = 0;
    auto isIfs = [&](std::size_t at) {
        return mask[at] == 'u' && ifs.find(line[at]) != std::string::npos;
    };
    auto isWhite = [&](std::size_t at) {
        return isIfs(at) && (line[at] == ' ' || line[at] == '\t' || line[at] == '\n');
    };
    while (i < line.size() && isWhite(i)) ++i;
    while (i < line.size()) {
        if (fields.size() + 1 == limit) { // the last name takes the rest
            std::size_t end = line.size();
            while (end > i && isWhite(end - 1)) --end;
            std::string rest = line.substr(i, end - i);
            // A single trailing separator goes too.
            if (!rest.empty() && isIfs(end - 1) && !isWhite(end - 1)) {
                bool only = true;
                for (std::size_t k = i; k + 1 < end; ++k) only = only && !isIfs(k);
                if (only) rest.pop_back();
            }
            fields.push_back(std::move(rest));
            return fields;
        }
        std::string field;
        while (i < line.size() && !isIfs(i)) field += line[i++];
        fields.push_back(std::move(field));
        while (i < line.size() && isWhite(i)) ++i;
        if (i < line.size() && isIfs(i)) {
            ++i;
            while (i < line.size() && isWhite(i)) ++i;
        }
    }
    return fields;
}

sim::Task<int> readBuiltin(Shell& shell, Strings args) {
    ReadOptions options;
    const int bad = co_await readOptions(shell, args, options);
    if (bad != 0) co_return bad;
    if (shell.fds.count(options.fd) == 0) {
        co_await shell.complain("read: " + std::to_string(options.fd) +
                                ": invalid file descriptor: Bad file descriptor");
        co_return 1;
    }
    const auto tty = shell.process().terminal();
    const auto pipe = shell.inputPipe(options.fd);
    const bool onTerminal = tty && pipe && pipe == tty->input.lock();
    if (onTerminal && !options.prompt.empty()) co_await shell.err(options.prompt);
    const bool wasRaw = tty && tty->raw, wasEcho = tty && tty->echo;
    if (onTerminal && options.silent) tty->echo = false;
    if (onTerminal && (options.count >= 0 || options.delimiter != '\n')) tty->raw = true;
    std::string line, mask;
    const int status = co_await readLine(shell, options, line, mask);
    if (onTerminal) {
        tty->raw = wasRaw;
        tty->echo = wasEcho;
    }
    const std::string ifs = shell.variables.get("IFS").value_or(" \t\n");
    if (!options.array.empty()) {
        Variable& variable = shell.variables.make(options.array);
        variable = Variable{};
        variable.isIndexed = variable.isSet = true;
        std::int64_t index = 0;
        for (std::string& field : splitRead(line, mask, ifs, SIZE_MAX))
            variable.indexed[index++] = std::move(field);
        co_return status;
    }
    if (args.empty()) {
        shell.assign("REPLY", line);
        co_return status;
    }
    Strings fields = options.exact ? Strings{line} : splitRead(line, mask, ifs, args.size());
    for (std::size_t i = 0; i < args.size(); ++i) {
        if (!isName(args[i]) && args[i].find('[') == std::string::npos) {
            co_await shell.complain("read: `" + args[i] + "': not a valid identifier");
            co_return 1;
        }
        const std::size_t bracket = args[i].find('[');
        const std::string value = i < fields.size() ? fields[i] : "";
        const bool done =
            bracket == std::string::npos
                ? shell.assign(args[i], value)
                : shell.assignElement(args[i].substr(0, bracket),
                                      args[i].substr(bracket + 1, args[i].size() - bracket - 2),
                                      value, false);
        if (!done) {
            co_await shell.complain(shell.error);
            co_return 1;
        }
    }
    co_return status;
}

sim::Task<int> mapfileBuiltin(Shell& shell, Strings args) {
    bool trim = false;
    char delimiter = '\n';
    std::int64_t most = 0, skip = 0, origin = 0;
    int fd = 0;
    std::string name = "MAPFILE";
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-t") {
            trim = true;
        } else if (args[i].size() == 2 && args[i][0] == '-' && i + 1 < args.size()) {
            const char option = args[i][1];
            const std::string value = args[++i];
            if (option == 'd') delimiter = value.empty() ? '\0' : value[0];
            if (option == 'n') most = base::parseInt(value).value_or(0);
            if (option == 's') skip = base::parseInt(value).value_or(0);
            if (option == 'O') origin = base::parseInt(value).value_or(0);
            if (option == 'u') fd = static_cast<int>(base::parseInt(value).value_or(0));
        } else if (args[i].size() > 2 && args[i].rfind("-d", 0) == 0) {
            delimiter = args[i][2];
        } else {
            name = args[i];
        }
    }
    std::string text;
    bool timedOut = false;
    while (text.size() < (16u << 20)) {
        const std::string piece = co_await shell.readSome(fd, SIZE_MAX, sim::kForever, timedOut);
        if (piece.empty()) break;
        text += piece;
    }
    Variable& variable = shell.variables.make(name);
    if (origin == 0) variable = Variable{};
    variable.isIndexed = variable.isSet = true;
    std::int64_t index = origin;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t end = text.find(delimiter, at);
        const bool ended = end != std::string::npos;
        if (!ended) end = text.size();
        if (skip > 0) {
            --skip;
        } else {
            variable.indexed[index++] = text.substr(at, end - at + (ended && !trim ? 1 : 0));
            if (most > 0 && index - origin >= most) break;
        }
        at = end + 1;
    }
    co_return 0;
}

sim::Task<int> testBuiltin(Shell& shell, Strings args) {
    const std::string name = args[0];
    args.erase(args.begin());
    if (name == "[") {
        if (args.empty() || args.back() != "]") {
            co_await shell.complain("[: missing `]'");
            co_return 2;
        }
        args.pop_back();
    }
    const TestResult result = evaluateTest(shell, args);
    if (!result.error.empty()) {
        co_await shell.complain(name + ": " + result.error);
        co_return 2;
    }
    co_return result.value ? 0 : 1;
}

} // namespace

const BuiltinEntry kInputBuiltins[] = {{"echo", echoBuiltin},
                                       {"printf", printfBuiltin},
                                       {"read", readBuiltin},
                                       {"mapfile", mapfileBuiltin},
                                       {"readarray", mapfileBuiltin},
                                       {"test", testBuiltin},
                                       {"[", testBuiltin},
                                       {nullptr, nullptr}};

} // namespace shell
