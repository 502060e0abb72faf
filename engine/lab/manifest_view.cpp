#include "lab/manifest_view.h"

#include "base/strings.h"

#include <algorithm>

namespace lab {
namespace {

using document::Value;

constexpr std::size_t kMaxFiles = 8;

// Values of -f, --filename and -k in the command line.
std::vector<std::string> fileArguments(const Value& argv) {
    std::vector<std::string> files;
    const auto words = argv.items();
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::string word = words[i].text();
        if (word == "--") break;
        if ((word == "-f" || word == "--filename") && i + 1 < words.size()) files.push_back(words[++i].text());
        else if (word.rfind("--filename=", 0) == 0) files.push_back(word.substr(11));
        else if (word.rfind("-f", 0) == 0 && word.size() > 2) files.push_back(word.substr(word[2] == '=' ? 3 : 2));
    }
    if (files.size() > kMaxFiles) files.resize(kMaxFiles);
    return files;
}

// The body of the first here-document of a command.
std::string hereDocument(std::string_view command) {
    const auto lines = base::splitLines(command);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const auto mark = lines[i].find("<<");
        if (mark == std::string::npos || lines[i].compare(mark, 3, "<<<") == 0) continue;
        std::string word;
        for (const char c : std::string_view(lines[i]).substr(mark + 2)) {
            const bool part = c == '_' || c == '.' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
            if (part) word += c;
            else if (!word.empty()) break;
        }
        std::string body;
        for (std::size_t j = i + 1; j < lines.size() && base::trim(lines[j]) != word; ++j) body += lines[j] + "\n";
        return body;
    }
    return {};
}

std::string absolute(const std::string& cwd, const std::string& path) {
    return path.empty() || path[0] == '/' ? path : cwd + "/" + path;
}

bool resolves(const Value& object, const std::vector<std::string>& path) {
    Value at = object;
    for (const std::string& step : path) {
        const auto index = base::parseInt(step);
        if (at.isArray() && index && *index >= 0 && static_cast<std::size_t>(*index) < at.size()) at = at[static_cast<std::size_t>(*index)];
        else if (at.isObject() && at.has(step)) at = at[step];
        else return false;
    }
    return true;
}

} // namespace

std::vector<std::string> splitFieldPath(std::string_view path) {
    std::vector<std::string> steps;
    std::string step;
    for (std::size_t i = 0; i < path.size(); ++i) {
        if (path[i] == '[') {
            if (!step.empty()) steps.push_back(std::exchange(step, {}));
            const auto end = std::min(path.find(']', i), path.size());
            std::string inside(path.substr(i + 1, end - i - 1));
            if (inside.size() > 1 && inside.front() == '"') inside = inside.substr(1, inside.size() - 2);
            steps.push_back(std::move(inside));
            i = end;
        } else if (path[i] == '.') {
            if (!step.empty()) steps.push_back(std::exchange(step, {}));
        } else {
            step += path[i];
        }
    }
    if (!step.empty()) steps.push_back(std::move(step));
    return steps;
}

ManifestView::ManifestView(std::string source, std::string text) : source_(std::move(source)), text_(std::move(text)) {
    auto read = document::readYamlStream(text_, "-");
    if (read.ok()) {
        documents_ = std::move(*read);
        return;
    }
    // "-:3:14: mapping values are not allowed here"
    const auto parts = base::splitLimited(read.error().message, ':', 4);
    if (parts.size() == 4) problemLine_ = static_cast<int>(base::parseInt(parts[1]).value_or(0));
    problem_ = parts.size() == 4 ? std::string(base::trim(parts[3])) : read.error().message;
}

std::vector<ManifestView> ManifestView::of(const Value& failure, std::string_view host, std::string_view command,
                                           cluster::Cluster& cluster) {
    std::vector<ManifestView> views;
    for (const std::string& file : fileArguments(failure["argv"])) {
        if (file == "-" || file == "/dev/stdin") {
            if (std::string body = hereDocument(command); !body.empty()) views.push_back({"stdin", std::move(body)});
            continue;
        }
        auto text = cluster.readFile(host, absolute(failure["cwd"].text(), file));
        if (text.ok()) views.push_back({file, std::move(*text)});
    }
    return views;
}

std::string ManifestView::line(int number) const {
    const auto lines = base::splitLines(text_);
    return number >= 1 && static_cast<std::size_t>(number) <= lines.size() ? lines[static_cast<std::size_t>(number) - 1] : std::string();
}

const document::YamlDocument* ManifestView::find(const std::vector<std::string>& path, std::string_view kind,
                                                 std::string_view name) const {
    const document::YamlDocument* best = nullptr;
    int bestScore = 0;
    for (const auto& each : documents_) {
        int score = each.value.isObject() ? 1 : 0;
        if (!kind.empty() && each.value["kind"].asString() == kind) score += 2;
        if (!name.empty() && each.value.at("metadata", "name").asString() == name) score += 2;
        if (!path.empty() && resolves(each.value, path)) score += 1;
        if (score <= bestScore) continue;
        best = &each;
        bestScore = score;
    }
    return best;
}

int ManifestView::lineOf(const document::YamlDocument& document, std::vector<std::string> path) const {
    while (!path.empty() && !resolves(document.value, path)) path.pop_back();
    std::string pointer;
    for (const std::string& step : path) pointer += "/" + base::replaceAll(base::replaceAll(step, "~", "~0"), "/", "~1");
    const int line = document.positionOf(pointer).line;
    // The position is that of the value; a key whose value is a block stands above it.
    const auto lines = base::splitLines(text_);
    if (path.empty() || line < 1 || static_cast<std::size_t>(line) > lines.size()) return line;
    const std::string& key = path.back();
    for (int at = line; at >= std::max(1, line - 2); --at) {
        const std::string& text = lines[static_cast<std::size_t>(at) - 1];
        if (text.find(key + ":") != std::string::npos || text.find(key + "\":") != std::string::npos) return at;
    }
    return line;
}

} // namespace lab
