// Manifests as apimachinery's YAMLOrJSONDecoder reads them, and the files that -f names.
#include "base/strings.h"
#include "document/json.h"
#include "document/text_error.h"
#include "document/yaml.h"
#include "kubectl/core/builder.h"

#include <algorithm>
#include <optional>

namespace kubectl {

using document::Value;

namespace {

document::ReadLimits manifestLimits() {
    document::ReadLimits limits;
    limits.refuseDuplicateKeys = false;
    limits.maxBytes = 8u * 1024 * 1024;
    return limits;
}

// A YAML stream as YAMLReader cuts it: a line "---" ends the document before it.
class Chunks {
public:
    explicit Chunks(std::string_view text) : rest_(text) {}

    // The next document; empty at the end. A separator in front stays with its document.
    base::Result<std::string> next() {
        std::string out;
        while (!rest_.empty()) {
            const std::size_t end = rest_.find('\n');
            std::string_view line = rest_.substr(0, end);
            rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
            if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
            if (line.starts_with("---")) {
                const std::string_view more = base::trim(line.substr(3));
                if (!more.empty() && more[0] != '#')
                    return base::makeError("invalid Yaml document separator: " + std::string(more));
                if (!out.empty()) return out;
            }
            out += line;
            out += '\n';
        }
        return out;
    }

private:
    std::string_view rest_;
};

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

// Where reading a stream stands, and what it gave so far.
struct Stream {
    std::string_view text;
    std::size_t at = 0;
    std::vector<Value> values;
    void keep(Value value) {
        if (!value.isNull()) values.push_back(std::move(value));
    }
};

// Reads JSON values one after the other as far as they are JSON. The error is that of the next one.
base::Status readJsonValues(Stream& stream, std::size_t& count) {
    while (true) {
        const std::size_t start = stream.text.find_first_not_of(" \t\r\n", stream.at);
        if (start == std::string_view::npos) return base::okStatus();
        const std::size_t end = endOfJson(stream.text, start);
        auto value = document::readJson(stream.text.substr(start, end - start), {}, manifestLimits());
        if (!value.ok()) {
            const auto* detail = document::textErrorDetail(value.error());
            const std::string text = document::goErrorText(value.error());
            if (text == "unexpected end of JSON input") return base::makeError("unexpected EOF");
            // Once there were two values this is no YAML, and the error is the plain one.
            if (count > 1) return base::makeError(text);
            const std::size_t offset = start + (detail == nullptr ? 0 : detail->offset);
            return base::makeError("json: offset " + std::to_string(offset) + ": " + text);
        }
        stream.keep(std::move(*value));
        stream.at = end;
        ++count;
    }
}

// `first` is what to say when the first document cannot be read.
base::Status readYamlDocuments(Stream& stream, std::optional<base::Error> first) {
    Chunks chunks(stream.text.substr(stream.at));
    while (true) {
        auto chunk = chunks.next();
        if (!chunk.ok()) return first ? *first : chunk.error();
        if (chunk->empty()) return base::okStatus();
        auto value = document::readYaml(*chunk, {}, manifestLimits());
        if (!value.ok())
            return first ? *first : base::makeError("error converting YAML to JSON: " + document::goErrorText(value.error()));
        stream.keep(std::move(*value));
        first.reset();
    }
}

// What begins with a brace is tried as JSON first, and as YAML where it is none.
base::Status readStream(Stream& stream) {
    if (!looksLikeJson(stream.text)) return readYamlDocuments(stream, {});
    std::size_t count = 0;
    base::Status json = readJsonValues(stream, count);
    if (json.ok() || count > 1) return json;
    const std::size_t line = stream.text.find_first_not_of(" \t\r", stream.at);
    if (line != std::string_view::npos) stream.at = stream.text[line] == '\n' ? line + 1 : line;
    return readYamlDocuments(stream, json.error());
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
    Stream stream{text, 0, {}};
    base::Status read = readStream(stream);
    if (read.ok()) return std::move(stream.values);
    if (before != nullptr) *before = std::move(stream.values);
    return base::makeError("error parsing " + source + ": " + read.error().message);
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
        auto stat = session.stat(path);
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
