#include "shell/builtins/builtins.h"

#include <algorithm>
#include <array>

namespace shell {
namespace {
constexpr std::array kKeywords = {
    "if", "then", "else", "elif",     "fi",   "case", "esac", "for", "select", "while", "until",
    "do", "done", "in",   "function", "time", "{",    "}",    "!",   "[[",     "]]",    "coproc"};
const BuiltinEntry* const kTables[] = {kVariableBuiltins, kOptionBuiltins, kFlowBuiltins,
                                       kInputBuiltins,    kJobBuiltins,    kDirectoryBuiltins,
                                       kInfoBuiltins};
} // namespace

Builtin findBuiltin(std::string_view name) {
    for (const BuiltinEntry* table : kTables)
        for (; table->name != nullptr; ++table)
            if (name == table->name) return table->run;
    return nullptr;
}

bool isSpecialBuiltin(std::string_view name) {
    for (const char* each :
         {"break", ":", ".", "source", "continue", "eval", "exec", "exit", "export", "readonly",
          "return", "set", "shift", "times", "trap", "unset"})
        if (name == each) return true;
    return false;
}

bool isKeyword(std::string_view name) {
    return std::any_of(kKeywords.begin(), kKeywords.end(),
                       [&](const char* each) { return name == each; });
}

Strings allBuiltins() {
    Strings names;
    for (const BuiltinEntry* table : kTables)
        for (; table->name != nullptr; ++table) names.emplace_back(table->name);
    std::sort(names.begin(), names.end());
    return names;
}

} // namespace shell
