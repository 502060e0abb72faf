// Source: k8s.io/kubectl pkg/cmd/plugin.
#include "base/strings.h"
#include "kubectl/commands/commands.h"

#include <algorithm>
#include <map>

namespace kubectl {

namespace {

std::vector<std::string> searchPath(Session& session) {
    const auto path = session.process.env().find("PATH");
    std::vector<std::string> out;
    if (path == session.process.env().end()) return out;
    for (const std::string& folder : base::split(path->second, ':'))
        if (std::find(out.begin(), out.end(), folder) == out.end()) out.push_back(folder);
    return out;
}

std::vector<std::string> listPlugins(Session& session) {
    std::vector<std::string> out;
    for (const std::string& folder : searchPath(session)) {
        if (base::trim(folder).empty()) continue;
        auto entries = session.process.files().list(session.process.resolve(folder));
        if (!entries.ok()) {
            session.err("Unable to read directory " + base::quoteGo(folder) + " from your PATH: open " + folder + ": " +
                        base::toLower(entries.error().message) + ". Skipping...\n");
            continue;
        }
        for (const ports::DirectoryEntry& entry : entries.value())
            if (entry.type != ports::FileType::Directory && entry.name.starts_with("kubectl-"))
                out.push_back(folder + (folder.ends_with('/') ? "" : "/") + entry.name);
    }
    return out;
}

// What speaks against a plugin: not executable, hidden by another, hidden by a command.
std::vector<std::string> warningsOf(Session& session, const std::string& path, std::map<std::string, std::string>& seen) {
    std::vector<std::string> out;
    const std::string name = path.substr(path.rfind('/') + 1);
    auto stat = session.process.files().stat(session.process.resolve(path));
    if (!stat.ok()) out.push_back("error: unable to identify " + path + " as an executable file: " + stat.error().message);
    else if ((stat.value().mode & 0111) == 0)
        out.push_back("warning: " + path + " identified as a kubectl plugin, but it is not executable");
    const auto known = seen.emplace(name, path);
    if (!known.second)
        out.push_back("warning: " + path + " is overshadowed by a similarly named plugin: " + known.first->second);
    std::vector<std::string> words = base::split(name, '-');
    words.erase(words.begin());
    const CommandSpec* command = findByWords(words);
    if (command->parent != nullptr)
        out.push_back("warning: " + name + " overwrites existing command: " + base::quoteGo(command->fullPath()));
    return out;
}

} // namespace

sim::Task<Outcome> runPluginList(Session& session) {
    const std::vector<std::string> plugins = listPlugins(session);
    std::vector<std::string> problems;
    if (plugins.empty()) problems.emplace_back("error: unable to find any kubectl plugins in your PATH");
    else session.out("The following compatible plugins are available:\n\n");
    std::map<std::string, std::string> seen;
    std::size_t warnings = 0;
    for (const std::string& plugin : plugins) {
        session.out((session.flags.on("name-only") ? plugin.substr(plugin.rfind('/') + 1) : plugin) + "\n");
        for (const std::string& warning : warningsOf(session, plugin, seen)) {
            session.err("  - " + warning + "\n");
            ++warnings;
        }
    }
    if (warnings == 1) problems.emplace_back("error: one plugin warning was found");
    else if (warnings > 1) problems.push_back("error: " + std::to_string(warnings) + " plugin warnings were found");
    if (problems.empty()) co_return 0;
    co_return base::makeError(base::join(problems, "\n") + "\n");
}

} // namespace kubectl
