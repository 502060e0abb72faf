// declare, local, export, readonly, unset, shift, let, alias.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

namespace shell {
namespace {

struct DeclareFlags {
    bool indexed = false, keyed = false, exported = false, readOnly = false, integer = false,
         lower = false;
    bool upper = false, reference = false, print = false, functions = false, functionNames = false,
         global = false;
    bool removeExport = false, removeInteger = false, removeReference = false;
};

bool parseDeclareFlags(const std::string& word, DeclareFlags& flags, char& bad) {
    const bool off = word[0] == '+';
    for (std::size_t i = 1; i < word.size(); ++i) {
        switch (word[i]) {
        case 'a': flags.indexed = !off; break;
        case 'A': flags.keyed = !off; break;
        case 'x': (off ? flags.removeExport : flags.exported) = true; break;
        case 'r': flags.readOnly = !off; break;
        case 'i': (off ? flags.removeInteger : flags.integer) = true; break;
        case 'l': flags.lower = !off; break;
        case 'u': flags.upper = !off; break;
        case 'n': (off ? flags.removeReference : flags.reference) = true; break;
        case 'p': flags.print = true; break;
        case 'f': flags.functions = true; break;
        case 'F': flags.functionNames = true; break;
        case 'g': flags.global = true; break;
        case 't':
        case 'I': break;
        default: bad = word[i]; return false;
        }
    }
    return true;
}

// "name", "name=value", "name+=value", "name[i]=value"
struct DeclareWord {
    std::string name, subscript, value;
    bool hasValue = false, append = false, hasSubscript = false, arrayFollows = false;
};

DeclareWord splitDeclareWord(const std::string& word) {
    DeclareWord out;
    std::size_t equals = word.find('=');
    const std::size_t bracket = word.find('[');
    if (bracket != std::string::npos && bracket < equals) {
        const std::size_t close = word.find("]", bracket);
        if (close != std::string::npos) {
            out.hasSubscript = true;
            out.subscript = word.substr(bracket + 1, close - bracket - 1);
            equals = word.find('=', close);
            out.name = word.substr(0, bracket);
        }
    }
    out.hasValue = equals != std::string::npos;
    std::size_t nameEnd = out.hasValue ? equals : word.size();
    if (out.hasValue && equals > 0 && word[equals - 1] == '+') {
        out.append = true;
        --nameEnd;
    }
    if (!out.hasSubscript) out.name = word.substr(0, nameEnd);
    if (out.hasValue) out.value = word.substr(equals + 1);
    out.arrayFollows = out.hasValue && out.value == "(";
    return out;
}

void applyFlags(Variable& variable, const DeclareFlags& flags) {
    if (flags.keyed) {
        variable.isKeyed = true;
    } else if (flags.indexed && !variable.isIndexed) {
        variable.isIndexed = true;
        if (variable.isSet) variable.indexed[0] = variable.value;
    }
    if (flags.exported) variable.exported = true;
    if (flags.removeExport) variable.exported = false;
    if (flags.integer) variable.integer = true;
    if (flags.removeInteger) variable.integer = false;
    if (flags.lower) variable.lower = true;
    if (flags.upper) variable.upper = true;
}

sim::Task<int> listDeclared(Shell& shell, DeclareFlags flags) {
    std::string text;
    if (flags.functions || flags.functionNames) {
        for (const auto& [name, body] : shell.functions)
            text += flags.functionNames ? "declare -f " + name + "\n" : formatFunction(name, *body);
        co_await shell.out(std::move(text));
        co_return 0;
    }
    const bool filtered =
        flags.exported || flags.readOnly || flags.integer || flags.indexed || flags.keyed;
    for (const std::string& name : shell.variables.names()) {
        const Variable& variable = *shell.variables.find(name);
        if (filtered &&
            !((flags.exported && variable.exported) || (flags.readOnly && variable.readOnly) ||
              (flags.integer && variable.integer) || (flags.indexed && variable.isIndexed) ||
              (flags.keyed && variable.isKeyed)))
            continue;
        text += describeVariable(name, variable) + "\n";
    }
    co_await shell.out(std::move(text));
    co_return 0;
}

sim::Task<int> printDeclared(Shell& shell, Strings names, DeclareFlags flags, std::string builtin) {
    int status = 0;
    for (const std::string& name : names) {
        if (flags.functions || flags.functionNames) {
            const auto found = shell.functions.find(name);
            if (found == shell.functions.end()) {
                status = 1;
            } else {
                {
                    std::string hoisted =
                        flags.functionNames ? name + "\n" : formatFunction(name, *found->second);
                    co_await shell.out(std::move(hoisted));
                }
            }
            continue;
        }
        shell.parameter(name);
        const Variable* variable = shell.variables.find(name);
        if (variable == nullptr) {
            co_await shell.complain(builtin + ": " + name + ": not found");
            status = 1;
            continue;
        }
        co_await shell.out(describeVariable(name, *variable) + "\n");
    }
    co_return status;
}

sim::Task<int> declareVariables(Shell& shell, Strings args, DeclareFlags flags, bool local) {
    const std::string builtin = args[0];
    std::size_t at = 1;
    while (at < args.size() && args[at].size() > 1 && (args[at][0] == '-' || args[at][0] == '+')) {
        if (args[at] == "--") {
            ++at;
            break;
        }
        char bad = 0;
        if (!parseDeclareFlags(args[at], flags, bad)) {
            co_await shell.complain(builtin + ": -" + std::string(1, bad) + ": invalid option");
            {
                std::string hoisted =
                    builtin + ": usage: " + builtin +
                    (builtin == "export"     ? " [-fn] [name[=value] ...] or export -p\n"
                     : builtin == "readonly" ? " [-aAf] [name[=value] ...] or readonly -p\n"
                     : builtin == "local"    ? " [option] name[=value] ...\n"
                                          : " [-aAfFgiIlnrtux] [name[=value] ...] or " + builtin +
                                                " -p [-aAfFilnrtux] [name ...]\n");
                co_await shell.err(std::move(hoisted));
            }
            co_return 2;
        }
        ++at;
    }
    Strings rest(args.begin() + static_cast<std::ptrdiff_t>(at), args.end());
    if (rest.empty()) {
        const int status = co_await listDeclared(shell, flags);
        co_return status;
    }
    if (flags.print || flags.functionNames || (flags.functions && builtin != "export")) {
        const int status = co_await printDeclared(shell, rest, flags, builtin);
        co_return status;
    }
    int status = 0;
    for (const std::string& word : rest) {
        const DeclareWord piece = splitDeclareWord(word);
        if (!isName(piece.name)) {
            co_await shell.complain(builtin + ": `" + word + "': not a valid identifier");
            status = 1;
            continue;
        }
        if (flags.functions && builtin == "export") continue;
        const bool makeLocal = local && !flags.global && !shell.variables.isLocal(piece.name);
        const Variable* before = shell.variables.find(piece.name);
        if (before != nullptr && before->readOnly && (piece.hasValue || makeLocal)) {
            {
                std::string hoisted = (makeLocal ? builtin + ": " : std::string()) + piece.name +
                                      ": readonly variable";
                co_await shell.complain(std::move(hoisted));
            }
            status = 1;
            continue;
        }
        if (flags.reference) {
            Variable& variable = local ? shell.variables.makeLocal(piece.name)
                                       : shell.variables.makeGlobal(piece.name);
            variable.reference = variable.isSet = true;
            variable.value = piece.value;
            continue;
        }
        Variable& variable = makeLocal      ? shell.variables.makeLocal(piece.name)
                             : flags.global ? shell.variables.makeGlobal(piece.name)
                                            : shell.variables.make(piece.name);
        applyFlags(variable, flags);
        if (piece.hasValue && !piece.arrayFollows) {
            const bool done =
                piece.hasSubscript
                    ? shell.assignElement(piece.name, piece.subscript, piece.value, piece.append)
                    : shell.assign(piece.name, piece.value, piece.append);
            if (!done) {
                co_await shell.complain(builtin + ": " + shell.error);
                status = 1;
            }
        }
        if (flags.readOnly) shell.variables.make(piece.name).readOnly = true;
    }
    co_return status;
}

sim::Task<int> declareBuiltin(Shell& shell, Strings args) {
    const bool local = shell.variables.depth() > 1;
    const int status = co_await declareVariables(shell, std::move(args), {}, local);
    co_return status;
}

sim::Task<int> localBuiltin(Shell& shell, Strings args) {
    if (shell.variables.depth() <= 1) {
        co_await shell.complain("local: can only be used in a function");
        co_return 1;
    }
    const int status = co_await declareVariables(shell, std::move(args), {}, true);
    co_return status;
}

sim::Task<int> exportBuiltin(Shell& shell, Strings args) {
    DeclareFlags flags;
    flags.exported = true;
    if (args.size() > 1 && args[1] == "-n") {
        for (std::size_t i = 2; i < args.size(); ++i)
            shell.variables.make(splitDeclareWord(args[i]).name).exported = false;
        co_return 0;
    }
    if (args.size() > 1 && args[1] == "-p") args.erase(args.begin() + 1);
    const int status = co_await declareVariables(shell, std::move(args), flags, false);
    co_return status;
}

sim::Task<int> readonlyBuiltin(Shell& shell, Strings args) {
    DeclareFlags flags;
    flags.readOnly = true;
    if (args.size() > 1 && args[1] == "-p") args.erase(args.begin() + 1);
    const int status = co_await declareVariables(shell, std::move(args), flags, false);
    co_return status;
}

sim::Task<int> unsetBuiltin(Shell& shell, Strings args) {
    bool functionsOnly = false, variablesOnly = false;
    int status = 0;
    for (std::size_t i = 1; i < args.size(); ++i) {
        const std::string& word = args[i];
        if (word == "-f") {
            functionsOnly = true;
            continue;
        }
        if (word == "-v" || word == "-n") {
            variablesOnly = true;
            continue;
        }
        const std::size_t bracket = word.find('[');
        const std::string name = word.substr(0, bracket);
        if (!functionsOnly) {
            if (!isName(name)) {
                co_await shell.complain("unset: `" + word + "': not a valid identifier");
                status = 1;
                continue;
            }
            Variable* variable = shell.variables.find(name);
            if (variable != nullptr && variable->readOnly) {
                co_await shell.complain("unset: " + name + ": cannot unset: readonly variable");
                status = 1;
                continue;
            }
            if (variable != nullptr && bracket != std::string::npos && word.back() == ']') {
                const std::string subscript = word.substr(bracket + 1, word.size() - bracket - 2);
                if (variable->isKeyed) {
                    variable->keyed.erase(subscript);
                } else {
                    bool ok = true;
                    std::string message;
                    std::int64_t index = shell.arithmetic(subscript, ok, message);
                    if (index < 0 && !variable->indexed.empty())
                        index += variable->indexed.rbegin()->first + 1;
                    variable->indexed.erase(index);
                }
                continue;
            }
            if (shell.variables.unset(name) || variablesOnly) continue;
        }
        shell.functions.erase(word);
    }
    co_return status;
}

sim::Task<int> shiftBuiltin(Shell& shell, Strings args) {
    std::int64_t count = 1;
    if (args.size() > 1) {
        const auto number = base::parseInt(args[1]);
        if (!number) {
            co_await shell.complain("shift: " + args[1] + ": numeric argument required");
            co_return 1;
        }
        count = *number;
    }
    if (count < 0) {
        co_await shell.complain("shift: " + args[1] + ": shift count out of range");
        co_return 1;
    }
    if (count > static_cast<std::int64_t>(shell.positional.size())) co_return 1;
    shell.positional.erase(shell.positional.begin(), shell.positional.begin() + count);
    co_return 0;
}

sim::Task<int> letBuiltin(Shell& shell, Strings args) {
    if (args.size() < 2) {
        co_await shell.complain("let: expression expected");
        co_return 1;
    }
    std::int64_t value = 0;
    for (std::size_t i = 1; i < args.size(); ++i) {
        bool ok = true;
        std::string message;
        value = shell.arithmetic(args[i], ok, message);
        if (!ok) {
            co_await shell.complain("let: " + message);
            co_return 1;
        }
    }
    co_return value != 0 ? 0 : 1;
}

sim::Task<int> aliasBuiltin(Shell& shell, Strings args) {
    int status = 0;
    std::string text;
    if (args.size() == 1 || (args.size() == 2 && args[1] == "-p"))
        for (const auto& [name, value] : shell.aliases)
            text += "alias " + name + "='" + base::replaceAll(value, "'", "'\\''") + "'\n";
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-p") continue;
        const std::size_t equals = args[i].find('=');
        if (equals != std::string::npos && equals > 0) {
            shell.aliases[args[i].substr(0, equals)] = args[i].substr(equals + 1);
            continue;
        }
        const auto found = shell.aliases.find(args[i]);
        if (found == shell.aliases.end()) {
            co_await shell.complain("alias: " + args[i] + ": not found");
            status = 1;
        } else {
            text += "alias " + found->first + "='" + base::replaceAll(found->second, "'", "'\\''") +
                    "'\n";
        }
    }
    co_await shell.out(std::move(text));
    co_return status;
}

sim::Task<int> unaliasBuiltin(Shell& shell, Strings args) {
    int status = 0;
    if (args.size() == 1) {
        co_await shell.err("unalias: usage: unalias [-a] name [name ...]\n");
        co_return 2;
    }
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-a") {
            shell.aliases.clear();
        } else if (shell.aliases.erase(args[i]) == 0) {
            co_await shell.complain("unalias: " + args[i] + ": not found");
            status = 1;
        }
    }
    co_return status;
}

} // namespace

const BuiltinEntry kVariableBuiltins[] = {{"declare", declareBuiltin},
                                          {"typeset", declareBuiltin},
                                          {"local", localBuiltin},
                                          {"export", exportBuiltin},
                                          {"readonly", readonlyBuiltin},
                                          {"unset", unsetBuiltin},
                                          {"shift", shiftBuiltin},
                                          {"let", letBuiltin},
                                          {"alias", aliasBuiltin},
                                          {"unalias", unaliasBuiltin},
                                          {nullptr, nullptr}};

} // namespace shell
