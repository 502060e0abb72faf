#pragma once
// The command tree as data: assets/kubectl/commands.txt, made by scripts/generate_kubectl.py.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace kubectl {

struct FlagSpec {
    std::string name, shorthand, type, defaultText;
    std::string noValue; // the value of a flag given without one; empty: a value is needed
    bool hidden = false;
    std::string deprecated; // what to say when it is used
};

struct CommandSpec {
    std::string path;    // "create deployment"; empty: the root
    std::string name;    // last word of the path
    std::string usage;   // arguments in the usage line
    std::string summary;
    std::vector<std::string> aliases;
    std::vector<std::string> suggestFor;
    std::vector<std::string> required; // flags
    std::vector<FlagSpec> flags;
    std::vector<std::unique_ptr<CommandSpec>> children;
    const CommandSpec* parent = nullptr;

    std::string fullPath() const { return path.empty() ? "kubectl" : "kubectl " + path; }
    const CommandSpec* child(std::string_view word) const; // by name or alias
    // Its own flags, then the global ones.
    const FlagSpec* findFlag(std::string_view name) const;
    const FlagSpec* findShort(char letter) const;
};

struct CommandGroup {
    std::string title;
    std::vector<std::string> names;
};

const CommandSpec& rootCommand();
const std::vector<CommandGroup>& commandGroups();
const CommandSpec* findCommand(std::string_view path);

} // namespace kubectl
