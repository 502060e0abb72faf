// history, times, ulimit, caller, complete and the other builtins that mostly report.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/pattern.h"

#include <algorithm>

namespace shell {

// Source text with the indentation of `declare -f` for its outermost level.
std::string formatFunction(const std::string& name, const Command& definition) {
    const Command& body = definition.function ? *definition.function : definition;
    std::string source = body.source;
    std::string inner(base::trim(source));
    if (inner.size() >= 2 && inner.front() == '{' && inner.back() == '}')
        inner = std::string(base::trim(std::string_view(inner).substr(1, inner.size() - 2)));
    std::string text = name + " () \n{ \n";
    if (inner.find('\n') == std::string::npos) {
        // One line: a command per line, as far as top-level separators show.
        std::string line;
        int depth = 0;
        char quote = 0;
        std::vector<std::string> lines;
        for (std::size_t i = 0; i < inner.size(); ++i) {
            const char c = inner[i];
            if (quote != 0) {
                if (c == quote) quote = 0;
            } else if (c == '\'' || c == '"') {
                quote = c;
            } else if (c == '(' || c == '{') {
                ++depth;
            } else if (c == ')' || c == '}') {
                --depth;
            } else if (c == ';' && depth == 0) {
                lines.push_back(std::string(base::trim(line)));
                line.clear();
                continue;
            }
            line += c;
        }
        if (!base::trim(line).empty()) lines.push_back(std::string(base::trim(line)));
        for (std::size_t i = 0; i < lines.size(); ++i)
            text += "    " + lines[i] + (i + 1 < lines.size() ? ";\n" : "\n");
    } else {
        for (const std::string& line : base::splitLines(inner))
            text += "    " + std::string(base::trim(line)) + "\n";
    }
    return text + "}\n";
}

namespace {

sim::Task<int> historyBuiltin(Shell& shell, Strings args) {
    if (args.size() > 1 && args[1] == "-c") {
        shell.history.clear();
        co_return 0;
    }
    if (args.size() > 1 && (args[1] == "-a" || args[1] == "-w")) {
        std::string text;
        for (const std::string& line : shell.history) text += line + "\n";
        const std::string home = shell.variables.get("HOME").value_or("/root");
        (void)shell.files().write(home + "/.bash_history", text, 0600);
        co_return 0;
    }
    if (args.size() > 2 && args[1] == "-d") {
        const auto index = base::parseInt(args[2]).value_or(0) - shell.historyBase;
        if (index < 0 || index >= static_cast<std::int64_t>(shell.history.size())) {
            co_await shell.complain("history: " + args[2] + ": history position out of range");
            co_return 1;
        }
        shell.history.erase(shell.history.begin() + index);
        co_return 0;
    }
    std::size_t from = 0;
    if (args.size() > 1) {
        const auto count = base::parseInt(args[1]);
        if (!count) {
            co_await shell.complain("history: " + args[1] + ": numeric argument required");
            co_return 1;
        }
        if (static_cast<std::size_t>(std::max<std::int64_t>(*count, 0)) < shell.history.size())
            from = shell.history.size() - static_cast<std::size_t>(*count);
    }
    std::string text;
    for (std::size_t i = from; i < shell.history.size(); ++i) {
        const std::string number = std::to_string(shell.historyBase + static_cast<int>(i));
        text += std::string(number.size() < 5 ? 5 - number.size() : 0, ' ') + number + "  " +
                shell.history[i] + "\n";
    }
    co_await shell.out(std::move(text));
    co_return 0;
}

sim::Task<int> timesBuiltin(Shell& shell, Strings) {
    co_await shell.out("0m0.000s 0m0.000s\n0m0.000s 0m0.000s\n");
    co_return 0;
}

struct Limit {
    char letter;
    const char* name;
    const char* unit;
    const char* value;
};
constexpr Limit kLimits[] = {{'R', "real-time non-blocking time", "microseconds, ", "unlimited"},
                             {'c', "core file size", "blocks, ", "0"},
                             {'d', "data seg size", "kbytes, ", "unlimited"},
                             {'e', "scheduling priority", "", "0"},
                             {'f', "file size", "blocks, ", "unlimited"},
                             {'i', "pending signals", "", "15421"},
                             {'l', "max locked memory", "kbytes, ", "8192"},
                             {'m', "max memory size", "kbytes, ", "unlimited"},
                             {'n', "open files", "", "1024"},
                             {'p', "pipe size", "512 bytes, ", "8"},
                             {'q', "POSIX message queues", "bytes, ", "819200"},
                             {'r', "real-time priority", "", "0"},
                             {'s', "stack size", "kbytes, ", "8192"},
                             {'t', "cpu time", "seconds, ", "unlimited"},
                             {'u', "max user processes", "", "15421"},
                             {'v', "virtual memory", "kbytes, ", "unlimited"},
                             {'x', "file locks", "", "unlimited"}};

sim::Task<int> ulimitBuiltin(Shell& shell, Strings args) {
    char which = 'f';
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-a") {
            std::string text;
            for (const Limit& limit : kLimits) {
                std::string left = limit.name;
                const std::string right = std::string("(") + limit.unit + "-" + limit.letter + ") ";
                left.resize(std::max<std::size_t>(left.size() + 1,
                                                  44 - std::min<std::size_t>(right.size(), 20)),
                            ' ');
                text += left + right + limit.value + "\n";
            }
            co_await shell.out(std::move(text));
            co_return 0;
        }
        if (args[i].size() > 1 && args[i][0] == '-') {
            for (const char c : args[i].substr(1))
                if (c != 'S' && c != 'H') which = c;
            continue;
        }
        const bool valid = args[i] == "unlimited" || args[i] == "hard" || args[i] == "soft" ||
                           base::parseInt(args[i]).has_value();
        if (!valid) {
            co_await shell.complain("ulimit: " + args[i] + ": invalid number");
            co_return 1;
        }
        co_return 0; // limits of simulated processes are not enforced
    }
    for (const Limit& limit : kLimits)
        if (limit.letter == which) {
            co_await shell.out(std::string(limit.value) + "\n");
            co_return 0;
        }
    co_await shell.complain("ulimit: -" + std::string(1, which) + ": invalid option");
    co_await shell.err("ulimit: usage: ulimit [-SHabcdefiklmnpqrstuvxPRT] [limit]\n");
    co_return 2;
}

sim::Task<int> callerBuiltin(Shell& shell, Strings args) {
    std::size_t level = 0;
    if (args.size() > 1) level = static_cast<std::size_t>(base::parseInt(args[1]).value_or(0));
    if (level >= shell.calls.size()) co_return 1;
    const CallFrame& frame = shell.calls[shell.calls.size() - 1 - level];
    const std::string caller = shell.calls.size() - 1 - level > 0
                                   ? shell.calls[shell.calls.size() - 2 - level].name
                                   : "main";
    {
        std::string hoisted = std::to_string(frame.line) + (args.size() > 1 ? " " + caller : "") +
                              " " + frame.source + "\n";
        co_await shell.out(std::move(hoisted));
    }
    co_return 0;
}

sim::Task<int> completeBuiltin(Shell& shell, Strings args) {
    Strings names;
    std::string words;
    bool remove = false, print = args.size() == 1;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-r") {
            remove = true;
        } else if (args[i] == "-p") {
            print = true;
        } else if (args[i] == "-W" && i + 1 < args.size()) {
            words = args[++i];
        } else if ((args[i] == "-F" || args[i] == "-o" || args[i] == "-C" || args[i] == "-A" ||
                    args[i] == "-G" || args[i] == "-P" || args[i] == "-S" || args[i] == "-X") &&
                   i + 1 < args.size()) {
            ++i;
        } else if (args[i][0] != '-') {
            names.push_back(args[i]);
        }
    }
    if (print) {
        std::string text;
        for (const auto& [name, list] : shell.completions)
            text += "complete -W '" + base::join(list, " ") + "' " + name + "\n";
        co_await shell.out(std::move(text));
        co_return 0;
    }
    for (const std::string& name : names) {
        if (remove)
            shell.completions.erase(name);
        else if (!words.empty())
            shell.completions[name] = base::splitFields(words);
    }
    co_return 0;
}

sim::Task<int> compgenBuiltin(Shell& shell, Strings args) {
    Strings found;
    std::string prefix, words;
    bool builtins = false, commands = false, files = false, directories = false, variables = false,
         functions = false;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-W" && i + 1 < args.size())
            words = args[++i];
        else if (args[i] == "-b")
            builtins = true;
        else if (args[i] == "-c")
            commands = true;
        else if (args[i] == "-f")
            files = true;
        else if (args[i] == "-d")
            directories = true;
        else if (args[i] == "-v")
            variables = true;
        else if (args[i] == "-A" && i + 1 < args.size())
            functions = args[++i] == "function";
        else if (args[i] == "--")
            continue;
        else
            prefix = args[i];
    }
    for (std::string& word : base::splitFields(words)) found.push_back(std::move(word));
    if (builtins || commands)
        for (std::string& name : allBuiltins()) found.push_back(std::move(name));
    if (commands || functions)
        for (const auto& [name, body] : shell.functions) found.push_back(name);
    if (commands)
        for (const std::string& folder : base::split(shell.variables.text("PATH"), ':'))
            if (auto entries = shell.files().list(folder); entries.ok())
                for (const auto& entry : *entries) found.push_back(entry.name);
    if (variables)
        for (const std::string& name : shell.variables.names()) found.push_back(name);
    if (files || directories)
        for (const std::string& path :
             globPaths(shell.files(), shell.cwd, escapePattern(prefix) + "*", {}))
            if (!directories || shell.files().isDirectory(shell.absolute(path)))
                found.push_back(path);
    std::string text;
    for (const std::string& word : found)
        if (word.compare(0, prefix.size(), prefix) == 0) text += word + "\n";
    const int status = text.empty() ? 1 : 0;
    co_await shell.out(std::move(text));
    co_return status;
}

sim::Task<int> acceptBuiltin(Shell&, Strings) { co_return 0; }

sim::Task<int> fcBuiltin(Shell& shell, Strings args) {
    if (args.size() > 1 && args[1] == "-l") {
        std::string text;
        const std::size_t from = shell.history.size() > 16 ? shell.history.size() - 16 : 0;
        for (std::size_t i = from; i < shell.history.size(); ++i)
            text += std::to_string(shell.historyBase + static_cast<int>(i)) + "\t " +
                    shell.history[i] + "\n";
        co_await shell.out(std::move(text));
        co_return 0;
    }
    co_await shell.complain("fc: editing commands with fc is not modelled");
    co_return 1;
}

sim::Task<int> helpBuiltin(Shell& shell, Strings args) {
    if (args.size() > 1) {
        if (findBuiltin(args[1]) == nullptr && !isKeyword(args[1])) {
            co_await shell.complain("help: no help topics match `" + args[1] +
                                    "'.  Try `help help' or `man -k " + args[1] + "' or `info " +
                                    args[1] + "'.");
            co_return 1;
        }
        co_await shell.out(
            args[1] + ": a shell builtin of bash 5.2; its manual is not part of this machine.\n");
        co_return 0;
    }
    std::string text = "GNU bash, version 5.2.15(1)-release (x86_64-pc-linux-gnu)\nThese shell "
                       "commands are defined internally.\n\n";
    for (const std::string& name : allBuiltins()) text += " " + name + "\n";
    co_await shell.out(std::move(text));
    co_return 0;
}

} // namespace

const BuiltinEntry kInfoBuiltins[] = {
    {"history", historyBuiltin}, {"times", timesBuiltin},       {"ulimit", ulimitBuiltin},
    {"caller", callerBuiltin},   {"complete", completeBuiltin}, {"compgen", compgenBuiltin},
    {"compopt", acceptBuiltin},  {"bind", acceptBuiltin},       {"enable", acceptBuiltin},
    {"fc", fcBuiltin},           {"help", helpBuiltin},         {nullptr, nullptr}};

} // namespace shell
