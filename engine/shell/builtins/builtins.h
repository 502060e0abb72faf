#pragma once
// The commands that bash runs itself.

#include "shell/shell.h"

#include <string_view>

namespace shell {

// args[0] is the builtin's name.
using Builtin = sim::Task<int> (*)(Shell& shell, Strings args);

Builtin findBuiltin(std::string_view name); // null when there is none
bool isSpecialBuiltin(std::string_view name);
bool isKeyword(std::string_view name);
Strings allBuiltins();

// test and [, used by [[ ]] too.
struct TestResult {
    bool value = false;
    std::string error; // empty: fine
};
TestResult evaluateTest(Shell& shell, const Strings& operands);
bool testUnary(Shell& shell, char op, const std::string& operand);
bool testFiles(Shell& shell, std::string_view op, const std::string& left,
               const std::string& right);

// Reusable pieces.
std::string formatFunction(const std::string& name, const Command& body);
// printf(1); `error` collects complaints, `status` becomes 1 on them. Nothing for a bad format.
std::string formatPrintf(const Strings& args, std::vector<std::string>& complaints, int& status,
                         std::int64_t now);
std::string echoEscapes(std::string_view text, bool& stop);

// Tables of the files in this folder.
struct BuiltinEntry {
    const char* name;
    Builtin run;
};
extern const BuiltinEntry kVariableBuiltins[];
extern const BuiltinEntry kOptionBuiltins[];
extern const BuiltinEntry kFlowBuiltins[];
extern const BuiltinEntry kInputBuiltins[];
extern const BuiltinEntry kJobBuiltins[];
extern const BuiltinEntry kDirectoryBuiltins[];
extern const BuiltinEntry kInfoBuiltins[];

} // namespace shell
