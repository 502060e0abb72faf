// Help texts: the structure of kubectl's, with words of our own.
#include "base/assets.h"
#include "base/strings.h"
#include "kubectl/commands/commands.h"
#include "kubectl/printers/tab_writer.h"

#include <algorithm>
#include <map>

namespace kubectl {
namespace {

// Lists of one parent share one column, whichever of its commands they show.
std::string commandList(const CommandSpec& parent, const std::vector<const CommandSpec*>& commands) {
    std::size_t width = 11;
    for (const auto& child : parent.children) width = std::max(width, child->name.size());
    std::string out;
    for (const CommandSpec* command : commands)
        out += "  " + command->name + std::string(width - command->name.size() + 3, ' ') + command->summary + "\n";
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
    if (const std::string text = optionText(command, flag); !text.empty()) out += "\t" + text + "\n";
    return out;
}

std::string examplesOf(const CommandSpec& command) {
    std::vector<std::string> out;
    for (const std::string& line : base::splitLines(base::asset("kubectl/examples.txt")))
        if (const auto cells = base::splitLimited(line, '\t', 3); cells.size() == 3 && cells[0] == command.path)
            out.push_back("  # " + cells[1] + "\n  " + cells[2] + "\n");
    return out.empty() ? std::string() : "Examples:\n" + base::join(out, "  \n") + "\n";
}

std::string groupsAndUsage() {
    std::string out;
    for (const CommandGroup& group : commandGroups()) {
        std::vector<const CommandSpec*> commands;
        for (const std::string& name : group.names)
            if (const CommandSpec* command = rootCommand().child(name); command != nullptr && name != "options")
                commands.push_back(command);
        if (group.title == "Other Commands:") out += "Subcommands provided by plugins:\n\n";
        out += group.title + "\n" + commandList(rootCommand(), commands) + "\n";
    }
    return out + "Usage:\n  kubectl [flags] [options]\n\n"
                 "Use \"kubectl <command> --help\" for more information about a given command.\n"
                 "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
}

} // namespace

std::string helpText(const CommandSpec& command) {
    if (command.parent == nullptr) return "kubectl controls the Kubernetes cluster manager.\n\n" + groupsAndUsage();
    std::string out = command.summary + ".\n\n";
    if (!command.aliases.empty()) out += "Aliases:\n" + command.name + ", " + base::join(command.aliases, ", ") + "\n\n";
    out += examplesOf(command);
    if (!command.children.empty()) {
        std::vector<const CommandSpec*> commands;
        for (const auto& child : command.children) commands.push_back(child.get());
        out += "Available Commands:\n" + commandList(command, commands) + "\n";
    }
    std::vector<const FlagSpec*> flags;
    for (const FlagSpec& flag : command.flags)
        if (!flag.hidden && flag.deprecated.empty()) flags.push_back(&flag);
    std::sort(flags.begin(), flags.end(), [](const FlagSpec* a, const FlagSpec* b) { return a->name < b->name; });
    if (!flags.empty()) {
        out += "Options:\n";
        for (const FlagSpec* flag : flags) out += flagLine(command, *flag) + "\n";
    }
    const bool runs = command.path != "alpha";  // kubectl's alpha does nothing by itself
    std::string usage = command.usage;
    if (usage.empty() && !command.children.empty()) usage = "[flags]";
    if (runs) out += "Usage:\n  " + command.fullPath() + (usage.empty() ? "" : " " + usage) + " [options]\n\n";
    if (!command.children.empty())
        out += "Use \"" + command.fullPath() + " <command> --help\" for more information about a given command.\n";
    return !runs ? out : out + "Use \"kubectl options\" for a list of global command-line options (applies to all commands).\n";
}

UnknownTopic unknownTopic(const std::vector<std::string>& words) {
    std::string error = "Unknown help topic [";
    for (std::size_t i = 0; i < words.size(); ++i) error += (i == 0 ? "`" : " `") + words[i] + "`";
    return {error + "]\n", "\n\n" + groupsAndUsage()};
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
