// Mistakes of writing: every text here is refused before anybody asks what it means.
#include "corpus/manifests.h"

#include "base/strings.h"
#include "document/json.h"
#include "document/yaml.h"

namespace corpus {
namespace {

struct Line {
    std::size_t indent = 0; // of the text, list dashes not counted
    std::string key, value; // of "key: value"; else empty
    bool item = false;      // begins with "- "
};

Line readLine(const std::string& text) {
    Line line;
    if (text.empty()) return line;
    line.indent = text.find_first_not_of(' ');
    std::string rest = text.substr(line.indent);
    line.item = rest.compare(0, 2, "- ") == 0;
    if (line.item) rest = rest.substr(2);
    const std::size_t colon = rest.find(": ");
    if (colon == std::string::npos || rest[0] == '"') return line;
    line.key = rest.substr(0, colon);
    line.value = rest.substr(colon + 2);
    return line;
}

class Lines {
public:
    explicit Lines(const std::string& yaml) : lines_(base::splitLines(yaml)) {}
    const std::vector<std::string>& all() const { return lines_; }
    std::string with(std::size_t at, std::string line) const {
        auto copy = lines_;
        copy[at] = std::move(line);
        return base::join(copy, "\n") + "\n";
    }

private:
    std::vector<std::string> lines_;
};

// What may stand in the place of a value and cannot be read.
struct BadValue {
    const char *what, *before, *after;
};
constexpr BadValue kBadValues[] = {
    {"an unclosed double quote", "\"", ""},   {"an unclosed single quote", "'", ""},
    {"a control character", "a\x01", ""},
    {"a leading @", "@", ""},                 {"a leading backquote", "`", ""},
    {"an unknown alias", "*", ""},            {"an unquoted colon", "a: ", ""},
    {"an unclosed list", "[a, ", ""},         {"an unclosed map", "{a: ", ""},
    {"a stray bracket", "] ", ""},            {"a stray brace", "} ", ""},
    {"a leading %", "%", ""},                 {"text after a quoted value", "\"", "\" x"},
    {"a bad escape", "\"\\q", "\""},          {"a bad hexadecimal escape", "\"\\xz", "\""},
};

void valueMistakes(const Lines& lines, std::size_t at, const Line& line, std::vector<Mistake>& out) {
    const std::string& text = lines.all()[at];
    const std::string head = text.substr(0, text.size() - line.value.size());
    const bool quoted = line.value[0] == '"' || line.value[0] == '\'';
    for (const BadValue& bad : kBadValues) {
        if (quoted) continue;
        out.push_back({"line " + std::to_string(at + 1) + ": " + bad.what, lines.with(at, head + bad.before + line.value + bad.after)});
    }
    out.push_back({"line " + std::to_string(at + 1) + ": a key without its colon",
                   lines.with(at, head.substr(0, head.size() - 2) + " " + line.value)});
    out.push_back({"line " + std::to_string(at + 1) + ": no space after the colon",
                   lines.with(at, head.substr(0, head.size() - 1) + line.value)});
}

void indentMistakes(const Lines& lines, std::size_t at, const Line& line, std::vector<Mistake>& out) {
    const std::string& text = lines.all()[at];
    const std::string place = "line " + std::to_string(at + 1) + ": ";
    if (line.indent == 0) return;
    const std::string rest = text.substr(line.indent);
    out.push_back({place + "a tab", lines.with(at, "\t" + rest)});
    if (at == 0) return;
    // Odd indents open no block; they are wrong between keys of one map.
    const Line before = readLine(lines.all()[at - 1]);
    const bool sibling = !line.item && !before.item && before.indent == line.indent && !before.value.empty();
    if (sibling) out.push_back({place + "one space too many", lines.with(at, std::string(line.indent + 1, ' ') + rest)});
    if (sibling) out.push_back({place + "one space too few", lines.with(at, std::string(line.indent - 1, ' ') + rest)});
}

// JSON that was cut off, or written as JavaScript.
void jsonMistakes(const std::string& yaml, std::vector<Mistake>& out) {
    const auto value = document::readYaml(yaml);
    const std::string json = document::writeJsonIndented(*value, "  ") + "\n";
    for (std::size_t cut = 1; cut + 2 < json.size(); cut += json.size() / 16 + 1)
        out.push_back({"JSON cut off after " + std::to_string(cut) + " bytes", json.substr(0, cut)});
    for (const auto& [from, to, what] : {std::tuple{",\n", "\n", "a comma missing"}, {"\": ", "\" ", "a colon missing"},
                                         {"{\n", "{,\n", "a comma too many"}}) {
        const std::size_t place = json.find(from, json.size() / 2);
        if (place == std::string::npos) continue;
        std::string text = json;
        text.replace(place, std::string_view(from).size(), to);
        out.push_back({"JSON with " + std::string(what), text});
    }
}

} // namespace

std::vector<Mistake> textMistakes(const std::string& yaml) {
    std::vector<Mistake> out;
    const Lines lines(yaml);
    for (std::size_t at = 0; at < lines.all().size(); ++at) {
        const Line line = readLine(lines.all()[at]);
        if (!line.value.empty()) valueMistakes(lines, at, line, out);
        indentMistakes(lines, at, line, out);
    }
    jsonMistakes(yaml, out);
    return out;
}

} // namespace corpus
