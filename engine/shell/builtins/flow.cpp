// :, true, false, exit, return, break, continue, eval, source, exec, command, builtin, trap, type,
// hash.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <algorithm>

namespace shell {
namespace {

sim::Task<int> trueBuiltin(Shell&, Strings) { co_return 0; }
sim::Task<int> falseBuiltin(Shell&, Strings) { co_return 1; }

sim::Task<int> exitBuiltin(Shell& shell, Strings args) {
    std::int64_t status = shell.lastStatus;
    if (shell.options.interactive && shell.subshellLevel == 0) {
        std::string hoisted = shell.options.login ? "logout\n" : "exit\n";
        co_await shell.err(std::move(hoisted));
    }
    if (args.size() > 1) {
        const auto number = base::parseInt(args[1]);
        if (!number) {
            co_await shell.complain(args[0] + ": " + args[1] + ": numeric argument required");
            status = 2;
        } else if (args.size() > 2) {
            co_await shell.complain(args[0] + ": too many arguments");
            co_return 1;
        } else {
            status = *number;
        }
    }
    shell.requestExit(static_cast<int>(status & 0xFF));
    co_return shell.lastStatus;
}

sim::Task<int> returnBuiltin(Shell& shell, Strings args) {
    if (shell.functionDepth == 0 && shell.sourceDepth == 0) {
        co_await shell.complain("return: can only `return' from a function or sourced script");
        co_return 1;
    }
    std::int64_t status = shell.lastStatus;
    if (args.size() > 1) {
        const auto number = base::parseInt(args[1]);
        if (!number) co_await shell.complain("return: " + args[1] + ": numeric argument required");
        status = number.value_or(2);
    }
    shell.lastStatus = static_cast<int>(status & 0xFF);
    shell.flow = Flow::Return;
    co_return shell.lastStatus;
}

sim::Task<int> breakBuiltin(Shell& shell, Strings args) {
    if (shell.loopDepth == 0) {
        co_await shell.complain(args[0] + ": only meaningful in a `for', `while', or `until' loop");
        co_return 0;
    }
    std::int64_t count = 1;
    if (args.size() > 1) {
        const auto number = base::parseInt(args[1]);
        if (!number || *number < 1) {
            {
                std::string hoisted =
                    args[0] + ": " + args[1] +
                    (number ? ": loop count out of range" : ": numeric argument required");
                co_await shell.complain(std::move(hoisted));
            }
            shell.flowCount = shell.loopDepth;
            shell.flow = Flow::Break;
            co_return number ? 1 : 128;
        }
        count = *number;
    }
    shell.flowCount = static_cast<int>(std::min<std::int64_t>(count, shell.loopDepth));
    shell.flow = args[0] == "break" ? Flow::Break : Flow::Continue;
    shell.lastStatus = 0;
    co_return 0;
}

sim::Task<int> evalBuiltin(Shell& shell, Strings args) {
    args.erase(args.begin());
    if (!args.empty() && args[0] == "--") args.erase(args.begin());
    if (shell.sourceDepth + shell.functionDepth > kMaxFunctionDepth) {
        co_await shell.complain("eval: maximum eval nesting level exceeded");
        co_return 1;
    }
    std::string text = base::join(args, " ");
    ++shell.sourceDepth;
    const bool insideFunction = shell.functionDepth > 0;
    const int savedLine = shell.line;
    const int status = co_await shell.runText(std::move(text), shell.name + ": eval", true);
    shell.line = savedLine;
    --shell.sourceDepth;
    (void)insideFunction;
    co_return status;
}

sim::Task<int> sourceBuiltin(Shell& shell, Strings args) {
    if (args.size() < 2) {
        co_await shell.complain(args[0] + ": filename argument required");
        co_await shell.err(args[0] + ": usage: " + args[0] + " filename [arguments]\n");
        co_return 2;
    }
    std::string path = args[1];
    if (path.find('/') == std::string::npos && !shell.files().exists(shell.absolute(path))) {
        const std::string found = shell.findInPath(path);
        if (!found.empty()) path = found;
    }
    if (shell.sourceDepth > 100) {
        co_await shell.complain(path + ": maximum source nesting level exceeded");
        co_return 1;
    }
    if (path == "/dev/stdin") {
        std::string text;
        bool timedOut = false;
        while (true) {
            const std::string piece = co_await shell.readSome(0, SIZE_MAX, sim::kForever, timedOut);
            if (piece.empty()) break;
            text += piece;
        }
        const int status = co_await shell.runText(std::move(text), path, false);
        co_return status;
    }
    auto content = shell.files().read(shell.absolute(path));
    if (!content.ok()) {
        {
            std::string hoisted =
                (shell.files().isDirectory(shell.absolute(path)) ? args[0] + ": " : std::string()) +
                args[1] + ": " +
                (shell.files().isDirectory(shell.absolute(path)) ? "is a directory"
                                                                 : content.error().message);
            co_await shell.complain(std::move(hoisted));
        }
        co_return 1;
    }
    Strings saved;
    const bool withArguments = args.size() > 2;
    if (withArguments)
        saved = std::exchange(shell.positional, Strings(args.begin() + 2, args.end()));
    const std::string savedName = shell.name;
    const int savedLine = shell.line;
    shell.calls.push_back({"source", shell.line, path});
    ++shell.sourceDepth;
    if (!shell.options.interactive || shell.sourceDepth > 0) shell.name = path;
    int status = co_await shell.runText(std::move(*content), path, false);
    shell.name = savedName;
    shell.line = savedLine;
    --shell.sourceDepth;
    shell.calls.pop_back();
    if (withArguments) shell.positional = std::move(saved);
    if (shell.flow == Flow::Return) {
        shell.flow = Flow::None;
        status = shell.lastStatus;
    }
    co_return status;
}

sim::Task<int> execBuiltin(Shell& shell, Strings args) {
    args.erase(args.begin());
    while (args.size() > 1 &&
           (args[0] == "-a" || args[0] == "-l" || args[0] == "-c" || args[0] == "--")) {
        const bool named = args[0] == "-a";
        args.erase(args.begin());
        if (named && !args.empty()) args.erase(args.begin());
    }
    if (args.empty()) co_return 0;
    if (args[0].find('/') == std::string::npos && shell.findInPath(args[0]).empty()) {
        co_await shell.complain("exec: " + args[0] + ": not found");
        if (!shell.options.interactive) shell.requestExit(127);
        co_return 127;
    }
    shell.traps.erase("EXIT");
    const int status = co_await shell.runExternal(std::move(args), {});
    shell.requestExit(status);
    co_return status;
}

sim::Task<int> commandBuiltin(Shell& shell, Strings args) {
    std::size_t at = 1;
    bool brief = false, verbose = false;
    while (at < args.size() && args[at].size() > 1 && args[at][0] == '-') {
        if (args[at] == "--") {
            ++at;
            break;
        }
        if (args[at].find_first_not_of("-vVp") != std::string::npos) {
            co_await shell.complain("command: " + args[at].substr(0, 2) + ": invalid option");
            co_await shell.err("command: usage: command [-pVv] command [arg ...]\n");
            co_return 2;
        }
        brief = brief || args[at].find('v') != std::string::npos;
        verbose = verbose || args[at].find('V') != std::string::npos;
        ++at;
    }
    Strings rest(args.begin() + static_cast<std::ptrdiff_t>(at), args.end());
    if (!brief && !verbose) {
        const int status = co_await shell.runWords(std::move(rest), false, true);
        co_return status;
    }
    int status = rest.empty() ? 0 : 1;
    for (const std::string& name : rest) {
        std::string path, text;
        switch (shell.classify(name, &path)) {
        case Shell::CommandType::Alias:
            text = brief ? "alias " + name + "='" + shell.aliases[name] + "'"
                         : name + " is aliased to `" + shell.aliases[name] + "'";
            break;
        case Shell::CommandType::Keyword: text = brief ? name : name + " is a shell keyword"; break;
        case Shell::CommandType::Function:
            text = brief ? name
                         : name + " is a function\n" + formatFunction(name, *shell.functions[name]);
            break;
        case Shell::CommandType::Builtin: text = brief ? name : name + " is a shell builtin"; break;
        case Shell::CommandType::File: text = brief ? path : name + " is " + path; break;
        case Shell::CommandType::None:
            if (verbose) co_await shell.complain("command: " + name + ": not found");
            continue;
        }
        if (text.back() != '\n') text += '\n';
        co_await shell.out(std::move(text));
        status = 0;
    }
    co_return status;
}

sim::Task<int> builtinBuiltin(Shell& shell, Strings args) {
    args.erase(args.begin());
    if (args.empty()) co_return 0;
    if (findBuiltin(args[0]) == nullptr) {
        co_await shell.complain("builtin: " + args[0] + ": not a shell builtin");
        co_return 1;
    }
    const int status = co_await shell.runBuiltin(std::move(args));
    co_return status;
}

std::string quotedAction(const std::string& action) {
    return "'" + base::replaceAll(action, "'", "'\\''") + "'";
}

sim::Task<int> trapBuiltin(Shell& shell, Strings args) {
    std::string text;
    auto shown = [&](const std::string& name) {
        const bool pseudo = name == "EXIT" || name == "ERR" || name == "DEBUG" || name == "RETURN";
        return "trap -- " + quotedAction(shell.traps[name]) + " " + (pseudo ? "" : "SIG") + name +
               "\n";
    };
    if (args.size() > 1 && args[1] == "-l") {
        for (int i = 1; i <= 31; ++i)
            text += (i < 10 ? " " : "") + std::to_string(i) + ") SIG" + signalName(i) +
                    (i % 5 == 0 || i == 31 ? "\n" : "\t");
        co_await shell.out(std::move(text));
        co_return 0;
    }
    if (args.size() == 1 || args[1] == "-p") {
        for (const auto& [name, action] : shell.traps)
            if (args.size() <= 2 || std::find(args.begin() + 2, args.end(), name) != args.end())
                text += shown(name);
        co_await shell.out(std::move(text));
        co_return 0;
    }
    std::size_t at = 1;
    if (args[at] == "--") ++at;
    if (at >= args.size()) co_return 0;
    const bool reset = args[at] == "-" || (args.size() == at + 1);
    const std::string action = args[at];
    if (args.size() > at + 1 || args[at] == "-") ++at;
    int status = 0;
    for (; at < args.size(); ++at) {
        std::string name = base::toUpper(args[at]);
        if (name.rfind("SIG", 0) == 0) name.erase(0, 3);
        if (name == "0") name = "EXIT";
        const bool pseudo = name == "EXIT" || name == "ERR" || name == "DEBUG" || name == "RETURN";
        const int number = pseudo ? 0 : signalNumber(name);
        if (number < 0) {
            co_await shell.complain("trap: " + args[at] + ": invalid signal specification");
            status = 1;
            continue;
        }
        if (!pseudo) name = signalName(number);
        if (reset) {
            shell.traps.erase(name);
            continue;
        }
        shell.traps[name] = action;
        if (!pseudo && shell.subshellLevel == 0) shell.handleSignalTrap(number);
    }
    co_return status;
}

sim::Task<int> typeBuiltin(Shell& shell, Strings args) {
    bool typeOnly = false, pathOnly = false, all = false;
    int status = 0;
    for (std::size_t i = 1; i < args.size(); ++i) {
        const std::string& name = args[i];
        if (name.size() > 1 && name[0] == '-' &&
            name.find_first_not_of("tpPaf", 1) == std::string::npos) {
            typeOnly = typeOnly || name.find('t') != std::string::npos;
            pathOnly = pathOnly || name.find_first_of("pP") != std::string::npos;
            all = all || name.find('a') != std::string::npos;
            continue;
        }
        std::string path, text;
        const auto kind = shell.classify(name, &path);
        switch (kind) {
        case Shell::CommandType::Alias:
            text = typeOnly ? "alias" : name + " is aliased to `" + shell.aliases[name] + "'";
            break;
        case Shell::CommandType::Keyword:
            text = typeOnly ? "keyword" : name + " is a shell keyword";
            break;
        case Shell::CommandType::Function:
            text = typeOnly
                       ? "function"
                       : name + " is a function\n" + formatFunction(name, *shell.functions[name]);
            break;
        case Shell::CommandType::Builtin:
            text = typeOnly ? "builtin" : name + " is a shell builtin";
            break;
        case Shell::CommandType::File: {
            const auto hashed = shell.hashed.find(name);
            text = typeOnly   ? "file"
                   : pathOnly ? path
                   : hashed != shell.hashed.end() && shell.hashHits.count(name) > 0
                       ? name + " is hashed (" + path + ")"
                       : name + " is " + path;
            break;
        }
        case Shell::CommandType::None:
            if (!typeOnly && !pathOnly) co_await shell.complain("type: " + name + ": not found");
            status = 1;
            continue;
        }
        if (pathOnly && kind != Shell::CommandType::File) continue;
        if (all && kind != Shell::CommandType::File) {
            const std::string file = shell.findInPath(name);
            if (!file.empty()) text += typeOnly ? "\nfile" : "\n" + name + " is " + file;
        }
        if (text.back() != '\n') text += '\n';
        co_await shell.out(std::move(text));
    }
    co_return status;
}

sim::Task<int> hashBuiltin(Shell& shell, Strings args) {
    if (args.size() == 1) {
        if (shell.hashed.empty()) {
            co_await shell.out("hash: hash table empty\n");
            co_return 0;
        }
        std::string text = "hits\tcommand\n";
        for (const auto& [name, path] : shell.hashed) {
            const std::string hits = std::to_string(shell.hashHits[name]);
            text +=
                std::string(hits.size() < 4 ? 4 - hits.size() : 0, ' ') + hits + "\t" + path + "\n";
        }
        co_await shell.out(std::move(text));
        co_return 0;
    }
    int status = 0;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-r") {
            shell.hashed.clear();
            shell.hashHits.clear();
        } else if (args[i][0] != '-') {
            const std::string path = shell.findInPath(args[i]);
            if (path.empty()) {
                co_await shell.complain("hash: " + args[i] + ": not found");
                status = 1;
            } else {
                shell.hashed[args[i]] = path;
                shell.hashHits[args[i]] = 0;
            }
        }
    }
    co_return status;
}

} // namespace

const BuiltinEntry kFlowBuiltins[] = {
    {":", trueBuiltin},          {"true", trueBuiltin},       {"false", falseBuiltin},
    {"exit", exitBuiltin},       {"logout", exitBuiltin},     {"return", returnBuiltin},
    {"break", breakBuiltin},     {"continue", breakBuiltin},  {"eval", evalBuiltin},
    {"source", sourceBuiltin},   {".", sourceBuiltin},        {"exec", execBuiltin},
    {"command", commandBuiltin}, {"builtin", builtinBuiltin}, {"trap", trapBuiltin},
    {"type", typeBuiltin},       {"hash", hashBuiltin},       {nullptr, nullptr}};

} // namespace shell
