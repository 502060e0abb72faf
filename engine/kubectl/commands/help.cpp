// Help texts: the structure of kubectl's, with words of our own.
#include "base/assets.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <map>

namespace kubectl {
namespace {

std::string commandList(const std::vector<const CommandSpec*>& commands) {
    std::size_t width = 0;
    for (const CommandSpec* command : commands) width = std::max(width, command->name.size());
    std::string out;
    for (const CommandSpec* command : commands)
        out += "  " + command->name + std::string(width - command->name.size() + 2, ' ') + command->summary + "\n";
    return out;
}

// "flag" or "command/flag" -> what it does; assets/kubectl/options.txt.
const std::map<std::string, std::string, std::less<>>& optionTexts() {
    static const std::map<std::string, std::string, std::less<>> texts = [] {
        std::map<std::string, std::string, std::less<>> out;
        for (const std::string& line : base::splitLines(base::asset("kubectl/options.txt")))
            if (const auto cells = base::splitLimited(line, '\t', 2); cells.size() == 2) out.emplace(cells[0], cells[1]);
        return out;
    }();
    return texts;
}

std::string optionText(const CommandSpec& command, const FlagSpec& flag) {
    for (const std::string& key : {command.path + "/" + flag.name, flag.name})
        if (const auto found = optionTexts().find(key); found != optionTexts().end()) return found->second;
    return {};
}

std::string flagLine(const CommandSpec& command, const FlagSpec& flag) {
    std::string shown = flag.defaultText;
    if (flag.type == "string") shown = "'" + shown + "'";
    std::string out = "    " + (flag.shorthand.empty() ? "" : "-" + flag.shorthand + ", ") + "--" + flag.name + "=" + shown + ":\n";
    if (const std::string text = optionText(command, flag); !text.empty()) out += "        " + text + "\n";
    return out;
}

std::string examplesOf(const CommandSpec& command) {
    std::vector<std::string> out;
    for (const std::string& line : base::splitLines(base::asset("kubectl/examples.txt")))
        if (const auto cells = base::splitLimited(line, '\t', 3); cells.size() == 3 && cells[0] == command.path)
            out.push_back("  # " + cells[1] + "\n  " + cells[2] + "\n");
    return out.empty() ? std::string() : "Examples:\n" + base::join(out, "\n") + "\n";
}

std::string rootHelp() {
    std::string out = "kubectl controls the Kubernetes cluster manager.\n\n";
    for (const CommandGroup& group : commandGroups()) {
        std::vector<const CommandSpec*> commands;
        for (const std::string& name : group.names)
            if (const CommandSpec* command = rootCommand().child(name); command != nullptr && name != "options")
                commands.push_back(command);
        out += group.title + "\n" + commandList(commands) + "\n";
    }
    return out + "Usage:\n  kubectl [flags] [options]\n\n"
                 "Use \"kubectl <command> --help\" for more information about a given command.\n"
                 "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
}

} // namespace

std::string helpText(const CommandSpec& command) {
    if (command.parent == nullptr) return rootHelp();
    std::string out = command.summary + ".\n\n";
    if (!command.aliases.empty()) out += "Aliases:\n" + command.name + ", " + base::join(command.aliases, ", ") + "\n\n";
    out += examplesOf(command);
    if (!command.children.empty()) {
        std::vector<const CommandSpec*> commands;
        for (const auto& child : command.children) commands.push_back(child.get());
        out += "Available Commands:\n" + commandList(commands) + "\n";
    }
    std::vector<const FlagSpec*> flags;
    for (const FlagSpec& flag : command.flags)
        if (!flag.hidden && flag.deprecated.empty()) flags.push_back(&flag);
    std::sort(flags.begin(), flags.end(), [](const FlagSpec* a, const FlagSpec* b) { return a->name < b->name; });
    if (!flags.empty()) {
        out += "Options:\n";
        for (const FlagSpec* flag : flags) out += flagLine(command, *flag) + "\n";
    }
    std::string usage = command.usage;
    if (usage.empty() && !command.children.empty()) usage = "[flags]";
    out += "Usage:\n  " + command.fullPath() + (usage.empty() ? "" : " " + usage) + " [options]\n\n";
    if (!command.children.empty())
        out += "Use \"" + command.fullPath() + " <command> --help\" for more information about a given command.\n";
    return out + "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
}

sim::Task<Outcome> runOptions(Session& session) {
    std::string out = "The following options can be passed to any command:\n\n";
    std::vector<const FlagSpec*> flags;
    for (const FlagSpec& flag : rootCommand().flags) flags.push_back(&flag);
    std::sort(flags.begin(), flags.end(), [](const FlagSpec* a, const FlagSpec* b) { return a->name < b->name; });
    for (const FlagSpec* flag : flags) out += flagLine(rootCommand(), *flag) + "\n";
    session.out(out);
    co_return 0;
}

} // namespace kubectl
