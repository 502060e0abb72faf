// set, shopt, getopts: options of the shell and of scripts.

#include "base/strings.h"
#include "shell/builtins/builtins.h"

#include <algorithm>

namespace shell {
namespace {

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

const BuiltinEntry kOptionBuiltins[] = {
    {"set", setBuiltin}, {"shopt", shoptBuiltin}, {"getopts", getoptsBuiltin}, {nullptr, nullptr}};

} // namespace shell
