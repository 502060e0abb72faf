#include "kubectl/cli/command_table.h"

#include "base/assets.h"
#include "base/strings.h"

#include <algorithm>

namespace kubectl {
namespace {

struct RequiredFlags {
    std::string_view path;
    std::string_view flags;
};
// Source: the MarkFlagRequired calls of k8s.io/kubectl pkg/cmd.
constexpr RequiredFlags kRequired[] = {
    {"scale", "replicas"},
    {"create deployment", "image"},
    {"create clusterrolebinding", "clusterrole"},
    {"create cronjob", "image schedule"},
    {"create service externalname", "external-name"},
    {"run", "image"},
    {"autoscale", "max"},
    {"alpha kuberc set", "section command"},
};

FlagSpec makeFlag(const std::vector<std::string>& cells) {
    FlagSpec flag;
    flag.name = cells[1];
    flag.shorthand = cells[2];
    flag.type = cells[3];
    flag.defaultText = base::replaceAll(cells[4], "\\\\", "\\"); // the dump quotes as Go does
    flag.noValue = cells[5];
    flag.hidden = cells[6].find("hidden") != std::string::npos;
    if (cells[6].find("deprecated") != std::string::npos) {
        flag.deprecated = flag.name == "record" ? "--record will be removed in the future"
                          : flag.name == "cpu-percent"
                              ? "Use --cpu with percentage or resource quantity format (e.g., '70%' "
                                "for utilization or '500m' for milliCPU)."
                              : "it will be removed in a future version";
    }
    return flag;
}

CommandSpec* place(CommandSpec& root, const std::string& path) {
    CommandSpec* at = &root;
    if (path.empty()) return at;
    const std::vector<std::string> words = base::split(path, ' ');
    for (std::size_t i = 0; i < words.size(); ++i) {
        CommandSpec* next = nullptr;
        for (const auto& child : at->children)
            if (child->name == words[i]) next = child.get();
        if (next == nullptr) {
            auto made = std::make_unique<CommandSpec>();
            made->name = words[i];
            made->path = at->path.empty() ? words[i] : at->path + " " + words[i];
            made->parent = at;
            next = made.get();
            at->children.push_back(std::move(made));
        }
        at = next;
    }
    return at;
}

std::unique_ptr<CommandSpec> load() {
    auto root = std::make_unique<CommandSpec>();
    root->name = "kubectl";
    CommandSpec* current = root.get();
    for (const std::string& line : base::splitLines(base::asset("kubectl/commands.txt"))) {
        const std::vector<std::string> cells = base::split(line, '\t');
        if (cells[0] == "command") {
            current = place(*root, cells[1]);
            current->usage = cells[2];
            if (!cells[3].empty()) current->aliases = base::split(cells[3], ',');
            current->summary = cells[4];
        } else if (cells[0] == "flag") {
            current->flags.push_back(makeFlag(cells));
        }
    }
    for (const RequiredFlags& item : kRequired)
        place(*root, std::string(item.path))->required = base::splitFields(item.flags);
    place(*root, "get")->suggestFor = {"list", "ps"};
    place(*root, "wait")->suggestFor = {"list", "ps"};
    place(*root, "delete")->suggestFor = {"rm"};
    // klog's flags, which the dump of the command tree leaves out.
    root->flags.push_back({"v", "v", "level", "0", "", false, ""});
    root->flags.push_back({"vmodule", "", "string", "", "", false, ""});
    root->flags.push_back({"log-flush-frequency", "", "duration", "5s", "", false, ""});
    return root;
}

} // namespace

const CommandSpec* CommandSpec::child(std::string_view word) const {
    for (const auto& item : children) {
        if (item->name == word) return item.get();
        if (std::find(item->aliases.begin(), item->aliases.end(), word) != item->aliases.end())
            return item.get();
    }
    return nullptr;
}

const FlagSpec* CommandSpec::findFlag(std::string_view flag) const {
    for (const FlagSpec& item : flags)
        if (item.name == flag) return &item;
    for (const FlagSpec& item : rootCommand().flags)
        if (item.name == flag) return &item;
    return nullptr;
}

const FlagSpec* CommandSpec::findShort(char letter) const {
    for (const FlagSpec& item : flags)
        if (item.shorthand.size() == 1 && item.shorthand[0] == letter) return &item;
    for (const FlagSpec& item : rootCommand().flags)
        if (item.shorthand.size() == 1 && item.shorthand[0] == letter) return &item;
    return nullptr;
}

const CommandSpec& rootCommand() {
    static const std::unique_ptr<CommandSpec> root = load();
    return *root;
}

const CommandSpec* findCommand(std::string_view path) {
    const CommandSpec* at = &rootCommand();
    for (const std::string& word : base::splitFields(path)) {
        at = at->child(word);
        if (at == nullptr) return nullptr;
    }
    return at;
}

const std::vector<CommandGroup>& commandGroups() {
    static const std::vector<CommandGroup> groups = [] {
        std::vector<CommandGroup> out;
        for (const std::string& line : base::splitLines(base::asset("kubectl/groups.txt"))) {
            const std::vector<std::string> cells = base::splitLimited(line, '\t', 2);
            if (cells.size() == 2 && !cells[1].empty())
                out.push_back({cells[0], base::splitFields(cells[1])});
        }
        return out;
    }();
    return groups;
}

} // namespace kubectl
