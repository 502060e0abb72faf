// Manifests as apimachinery's YAMLOrJSONDecoder reads them, and the files that -f names.
#include "base/strings.h"
#include "document/json.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/core/builder.h"

#include <algorithm>

namespace kubectl {

using document::Value;

namespace {

document::ReadLimits manifestLimits() {
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    limits.maxBytes = 8u * 1024 * 1024;
    return limits;
}

// Documents end at lines that begin with "---".
std::vector<std::string> splitDocuments(std::string_view text) {
    std::vector<std::string> out;
    std::string current;
    bool first = true;
    for (const std::string& line : base::split(text, '\n')) {
        if (line.compare(0, 3, "---") == 0) {
            if (!first) out.push_back(current);
            current.clear();
            first = false;
            continue;
        }
        if (!first || !current.empty() || !line.empty() || true) current += line + "\n";
        first = false;
    }
    if (!current.empty() && current.back() == '\n') current.pop_back();
    out.push_back(current);
    return out;
}

bool looksLikeJson(std::string_view text) {
    const auto start = text.find_first_not_of(" \t\r\n");
    return start != std::string_view::npos && text[start] == '{';
}

// The end of the JSON value that begins at `at`: brackets outside strings balance.
std::size_t endOfJson(std::string_view text, std::size_t at) {
    int depth = 0;
    bool inString = false;
    for (std::size_t i = at; i < text.size(); ++i) {
        const char c = text[i];
        if (inString) {
            if (c == '\\') ++i;
            else if (c == '"') inString = false;
            continue;
        }
        if (c == '"') inString = true;
        else if (c == '{' || c == '[') ++depth;
        else if (c == '}' || c == ']') {
            if (--depth == 0) return i + 1;
        }
    }
    return text.size();
}

base::Result<std::vector<Value>> parseJsonStream(std::string_view text, const std::string& source) {
    std::vector<Value> out;
    std::size_t at = 0;
    while (true) {
        at = text.find_first_not_of(" \t\r\n", at);
        if (at == std::string_view::npos) return out;
        const std::size_t end = endOfJson(text, at);
        auto value = document::readJson(text.substr(at, end - at), {}, manifestLimits());
        if (!value.ok()) {
            const auto* detail = document::textErrorDetail(value.error());
            const std::size_t offset = at + (detail == nullptr ? 0 : detail->offset);
            return base::makeError("error parsing " + source + ": json: offset " +
                                   std::to_string(offset) + ": " +
                                   document::goErrorText(value.error()));
        }
        out.push_back(value.value());
        at = end;
    }
}

bool hasContent(const std::string& text) {
    for (const std::string& line : base::split(text, '\n')) {
        const std::string_view body = base::trim(line);
        if (!body.empty() && body[0] != '#') return true;
    }
    return false;
}

bool globMatch(std::string_view pattern, std::string_view name) {
    if (pattern.empty()) return name.empty();
    if (pattern[0] == '*')
        return globMatch(pattern.substr(1), name) ||
               (!name.empty() && name[0] != '/' && globMatch(pattern, name.substr(1)));
    if (name.empty()) return false;
    if (pattern[0] == '?') return globMatch(pattern.substr(1), name.substr(1));
    if (pattern[0] == '[') {
        const auto close = pattern.find(']');
        if (close == std::string_view::npos) return false;
        bool hit = false;
        for (std::size_t i = 1; i < close; ++i) {
            if (i + 2 < close && pattern[i + 1] == '-') {
                hit = hit || (pattern[i] <= name[0] && name[0] <= pattern[i + 2]);
                i += 2;
            } else {
                hit = hit || pattern[i] == name[0];
            }
        }
        return hit && globMatch(pattern.substr(close + 1), name.substr(1));
    }
    return pattern[0] == name[0] && globMatch(pattern.substr(1), name.substr(1));
}

void listFiles(Session& session, const std::string& folder, bool recursive,
               std::vector<std::string>& out) {
    auto entries = session.process.files().list(session.process.resolve(folder));
    if (!entries.ok()) return;
    for (const ports::DirectoryEntry& entry : entries.value()) {
        const std::string path = folder == "." ? entry.name
                                 : folder.back() == '/' ? folder + entry.name : folder + "/" + entry.name;
        if (session.process.files().isDirectory(session.process.resolve(path))) {
            if (recursive) listFiles(session, path, true, out);
            continue;
        }
        for (const char* extension : {".json", ".yaml", ".yml"})
            if (entry.name.ends_with(extension)) out.push_back(path);
    }
}

} // namespace

base::Result<std::vector<Value>> parseManifest(std::string_view text, const std::string& source,
                                               std::vector<Value>* before) {
    if (looksLikeJson(text)) return parseJsonStream(text, source);
    std::vector<Value> out;
    for (const std::string& part : splitDocuments(text)) {
        if (!hasContent(part)) continue;
        auto value = document::readYaml(part, {}, manifestLimits());
        if (!value.ok()) {
            if (before != nullptr) *before = out;
            return base::makeError("error parsing " + source + ": error converting YAML to JSON: " +
                                   document::goErrorText(value.error()));
        }
        if (!value.value().isNull()) out.push_back(value.value());
    }
    return out;
}

base::Result<std::vector<std::string>> expandPath(Session& session, const std::string& path,
                                                  bool recursive) {
    ports::FileSystem& files = session.process.files();
    const std::string full = session.process.resolve(path);
    std::vector<std::string> matches;
    if (!files.exists(full) && path.find_first_of("*?[") != std::string::npos) {
        const auto slash = path.rfind('/');
        const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
        const std::string pattern = slash == std::string::npos ? path : path.substr(slash + 1);
        auto entries = files.list(session.process.resolve(folder));
        if (entries.ok())
            for (const ports::DirectoryEntry& entry : entries.value())
                if (globMatch(pattern, entry.name))
                    matches.push_back(slash == std::string::npos ? entry.name : folder + "/" + entry.name);
    } else {
        auto stat = files.stat(full);
        if (stat.ok()) matches.push_back(path);
        else if (stat.error().code != 2 && stat.error().code != 20)
            return base::makeError("the path " + base::quoteGo(path) + " cannot be accessed: stat " + path +
                                   ": " + base::toLower(stat.error().message));
    }
    if (matches.empty()) return base::makeError("the path " + base::quoteGo(path) + " does not exist");
    std::vector<std::string> out;
    for (const std::string& match : matches) {
        if (!files.isDirectory(session.process.resolve(match))) {
            out.push_back(match);
            continue;
        }
        std::vector<std::string> inside;
        listFiles(session, match, recursive, inside);
        if (inside.empty())
            return base::makeError("error reading [" + path +
                                   "]: recognized file extensions are [.json .yaml .yml]");
        out.insert(out.end(), inside.begin(), inside.end());
    }
    return out;
}

} // namespace kubectl
