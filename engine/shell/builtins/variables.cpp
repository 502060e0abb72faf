// declare, local, export, readonly, unset, set, shift, let, shopt, alias, getopts.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <algorithm>

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

struct SetOption {
    char letter;
    const char* name;
    bool ShellOptions::*field;
};
constexpr SetOption kSetOptions[] = {
    {'a', "allexport", &ShellOptions::allExport},
    {'B', "braceexpand", &ShellOptions::braceExpand},
    {0, "emacs", &ShellOptions::emacsMode},
    {'e', "errexit", &ShellOptions::errExit},
    {'E', "errtrace", &ShellOptions::errTrace},
    {'T', "functrace", &ShellOptions::funcTrace},
    {'h', "hashall", &ShellOptions::hashAll},
    {'H', "histexpand", &ShellOptions::histExpand},
    {0, "history", &ShellOptions::history},
    {0, "ignoreeof", &ShellOptions::ignoreEof},
    {0, "interactive-comments", &ShellOptions::interactiveComments},
    {'m', "monitor", &ShellOptions::monitor},
    {'C', "noclobber", &ShellOptions::noClobber},
    {'n', "noexec", &ShellOptions::noExec},
    {'f', "noglob", &ShellOptions::noGlob},
    {'b', "notify", &ShellOptions::notify},
    {'u', "nounset", &ShellOptions::noUnset},
    {'P', "physical", &ShellOptions::physical},
    {0, "pipefail", &ShellOptions::pipeFail},
    {0, "posix", &ShellOptions::posix},
    {'v', "verbose", &ShellOptions::verbose},
    {0, "vi", &ShellOptions::viMode},
    {'x', "xtrace", &ShellOptions::trace}};

std::string listSetOptions(Shell& shell, bool reusable) {
    std::string text;
    for (const SetOption& option : kSetOptions) {
        const bool on = shell.options.*option.field;
        if (reusable) {
            text += std::string("set ") + (on ? "-o " : "+o ") + option.name + "\n";
        } else {
            std::string name = option.name;
            name.resize(15, ' ');
            text += name + "\t" + (on ? "on" : "off") + "\n";
        }
    }
    return text;
}

sim::Task<int> setBuiltin(Shell& shell, Strings args) {
    if (args.size() == 1) {
        std::string text;
        for (const std::string& name : shell.variables.names()) {
            const Variable& variable = *shell.variables.find(name);
            if (!variable.isSet) continue;
            const std::string described = describeVariable(name, variable);
            text += variable.isArray() ? described.substr(described.find(' ', 8) + 1) + "\n"
                                       : name + "=" + quoteSingle(variable.value) + "\n";
        }
        for (const auto& [name, body] : shell.functions) text += formatFunction(name, *body);
        co_await shell.out(std::move(text));
        co_return 0;
    }
    for (std::size_t i = 1; i < args.size(); ++i) {
        const std::string& word = args[i];
        if (word == "--" || word == "-") {
            if (word == "-") shell.options.trace = shell.options.verbose = false;
            if (word == "--" || i + 1 < args.size())
                shell.positional.assign(args.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                        args.end());
            co_return 0;
        }
        if (word.size() < 2 || (word[0] != '-' && word[0] != '+')) {
            shell.positional.assign(args.begin() + static_cast<std::ptrdiff_t>(i), args.end());
            co_return 0;
        }
        const bool on = word[0] == '-';
        for (std::size_t j = 1; j < word.size(); ++j) {
            const SetOption* found = nullptr;
            if (word[j] == 'o') {
                if (i + 1 >= args.size()) {
                    co_await shell.out(listSetOptions(shell, !on));
                    co_return 0;
                }
                ++i;
                for (const SetOption& option : kSetOptions)
                    if (args[i] == option.name) found = &option;
                if (found == nullptr) {
                    co_await shell.complain("set: " + args[i] + ": invalid option name");
                    co_return 2;
                }
            } else {
                for (const SetOption& option : kSetOptions)
                    if (option.letter == word[j]) found = &option;
            }
            if (found == nullptr) {
                co_await shell.complain("set: " + std::string(1, word[0]) +
                                        std::string(1, word[j]) + ": invalid option");
                co_await shell.err(
                    "set: usage: set [-abefhkmnptuvxBCEHPT] [-o option-name] [--] [-] [arg ...]\n");
                co_return 2;
            }
            shell.options.*(found->field) = on;
            if (word[j] == 'o') break;
        }
    }
    co_return 0;
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

constexpr const char* kShoptNames[] = {"autocd",
                                       "assoc_expand_once",
                                       "cdable_vars",
                                       "cdspell",
                                       "checkhash",
                                       "checkjobs",
                                       "checkwinsize",
                                       "cmdhist",
                                       "compat31",
                                       "compat32",
                                       "compat40",
                                       "compat41",
                                       "compat42",
                                       "compat43",
                                       "compat44",
                                       "complete_fullquote",
                                       "direxpand",
                                       "dirspell",
                                       "dotglob",
                                       "execfail",
                                       "expand_aliases",
                                       "extdebug",
                                       "extglob",
                                       "extquote",
                                       "failglob",
                                       "force_fignore",
                                       "globasciiranges",
                                       "globskipdots",
                                       "globstar",
                                       "gnu_errfmt",
                                       "histappend",
                                       "histreedit",
                                       "histverify",
                                       "hostcomplete",
                                       "huponexit",
                                       "inherit_errexit",
                                       "interactive_comments",
                                       "lastpipe",
                                       "lithist",
                                       "localvar_inherit",
                                       "localvar_unset",
                                       "login_shell",
                                       "mailwarn",
                                       "no_empty_cmd_completion",
                                       "nocaseglob",
                                       "nocasematch",
                                       "noexpand_translation",
                                       "nullglob",
                                       "patsub_replacement",
                                       "progcomp",
                                       "progcomp_alias",
                                       "promptvars",
                                       "restricted_shell",
                                       "shift_verbose",
                                       "sourcepath",
                                       "varredir_close",
                                       "xpg_echo"};

sim::Task<int> shoptBuiltin(Shell& shell, Strings args) {
    char action = 0;
    bool quiet = false;
    Strings names;
    for (std::size_t i = 1; i < args.size(); ++i) {
        if (args[i] == "-s" || args[i] == "-u") {
            action = args[i][1];
        } else if (args[i] == "-q") {
            quiet = true;
        } else if (args[i] == "-p" || args[i] == "-o") {
            if (args[i] == "-p") action = 'p';
        } else {
            names.push_back(args[i]);
        }
    }
    auto shown = [&](const std::string& name) {
        const bool on = shell.options.shopt.count(name) > 0;
        if (action == 'p') return std::string("shopt ") + (on ? "-s " : "-u ") + name + "\n";
        std::string padded = name;
        padded.resize(std::max<std::size_t>(15, name.size()), ' ');
        return padded + "\t" + (on ? "on" : "off") + "\n";
    };
    if (names.empty()) {
        std::string text;
        for (const char* name : kShoptNames) {
            const bool on = shell.options.shopt.count(name) > 0;
            if ((action == 's' && !on) || (action == 'u' && on)) continue;
            text += shown(name);
        }
        co_await shell.out(std::move(text));
        co_return 0;
    }
    int status = 0;
    for (const std::string& name : names) {
        if (std::none_of(std::begin(kShoptNames), std::end(kShoptNames),
                         [&](const char* each) { return name == each; })) {
            co_await shell.complain("shopt: " + name + ": invalid shell option name");
            status = 1;
        } else if (action == 's') {
            shell.options.shopt.insert(name);
        } else if (action == 'u') {
            shell.options.shopt.erase(name);
        } else {
            if (!quiet) co_await shell.out(shown(name));
            if (shell.options.shopt.count(name) == 0) status = 1;
        }
    }
    co_return status;
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

sim::Task<int> getoptsBuiltin(Shell& shell, Strings args) {
    if (args.size() < 3) {
        co_await shell.err("getopts: usage: getopts optstring name [arg ...]\n");
        co_return 2;
    }
    std::string spec = args[1];
    const std::string name = args[2];
    const Strings words =
        args.size() > 3 ? Strings(args.begin() + 3, args.end()) : shell.positional;
    const bool silent = !spec.empty() && spec[0] == ':';
    if (silent) spec.erase(0, 1);
    auto index = base::parseInt(shell.variables.text("OPTIND")).value_or(1);
    int position = shell.optPosition;
    auto finish = [&](std::string option) {
        shell.assign("OPTIND", std::to_string(index));
        shell.optPosition = position;
        shell.assign(name, std::move(option));
    };
    if (index < 1) index = 1;
    if (position == 0) {
        const bool over = index > static_cast<std::int64_t>(words.size());
        if (over || words[static_cast<std::size_t>(index - 1)].size() < 2 ||
            words[static_cast<std::size_t>(index - 1)][0] != '-') {
            finish("?");
            co_return 1;
        }
        if (words[static_cast<std::size_t>(index - 1)] == "--") {
            ++index;
            finish("?");
            co_return 1;
        }
        position = 1;
    }
    const std::string word = words[static_cast<std::size_t>(index - 1)];
    const char option = word[static_cast<std::size_t>(position)];
    const std::size_t at = option == ':' ? std::string::npos : spec.find(option);
    ++position;
    const bool lastInWord = position >= static_cast<int>(word.size());
    if (at == std::string::npos) {
        if (lastInWord) ++index, position = 0;
        if (silent) {
            shell.assign("OPTARG", std::string(1, option));
        } else {
            shell.variables.unset("OPTARG");
            co_await shell.err(shell.name + ": illegal option -- " + std::string(1, option) + "\n");
        }
        finish("?");
        co_return 0;
    }
    if (at + 1 < spec.size() && spec[at + 1] == ':') {
        std::string value;
        bool missing = false;
        if (!lastInWord) {
            value = word.substr(static_cast<std::size_t>(position));
        } else if (index < static_cast<std::int64_t>(words.size())) {
            value = words[static_cast<std::size_t>(index)];
            ++index;
        } else {
            missing = true;
        }
        ++index;
        position = 0;
        if (missing) {
            if (silent) {
                shell.assign("OPTARG", std::string(1, option));
                finish(":");
            } else {
                shell.variables.unset("OPTARG");
                co_await shell.err(shell.name + ": option requires an argument -- " +
                                   std::string(1, option) + "\n");
                finish("?");
            }
            co_return 0;
        }
        shell.assign("OPTARG", value);
    } else {
        if (lastInWord) ++index, position = 0;
        shell.variables.unset("OPTARG");
    }
    finish(std::string(1, option));
    co_return 0;
}

} // namespace

const BuiltinEntry kVariableBuiltins[] = {
    {"declare", declareBuiltin},   {"typeset", declareBuiltin},
    {"local", localBuiltin},       {"export", exportBuiltin},
    {"readonly", readonlyBuiltin}, {"unset", unsetBuiltin},
    {"set", setBuiltin},           {"shift", shiftBuiltin},
    {"let", letBuiltin},           {"shopt", shoptBuiltin},
    {"alias", aliasBuiltin},       {"unalias", unaliasBuiltin},
    {"getopts", getoptsBuiltin},   {nullptr, nullptr}};

} // namespace shell
