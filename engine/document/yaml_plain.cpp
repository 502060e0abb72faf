#include "document/yaml_plain.h"

#include "base/strings.h"
#include "document/yaml_resolve.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace document {
namespace {

struct Line {
    int number = 0;         // from 1
    std::size_t indent = 0; // columns before the content
    std::string_view content;
};

// Anything that is not plain ends the reading.
struct NotPlain {};

bool isKeyCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' ||
           c == '/' || c == '-';
}

// Lines with content; comments and empty ones are left out.
std::vector<Line> linesOf(std::string_view text) {
    std::vector<Line> lines;
    for (int number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view row = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        for (const char c : row)
            if (c < 0x20 || c > 0x7e) throw NotPlain{};
        const std::size_t indent = std::min(row.find_first_not_of(' '), row.size());
        row.remove_prefix(indent);
        while (row.ends_with(' ')) row.remove_suffix(1);
        if (row.empty() || row[0] == '#') continue;
        if (indent == 0 && (row.starts_with("---") || row.starts_with("...") || row[0] == '%')) throw NotPlain{};
        lines.push_back({number, indent, row});
    }
    return lines;
}

class PlainReader {
public:
    PlainReader(std::vector<Line> lines, const ReadLimits& limits, bool wantPositions)
        : lines_(std::move(lines)), limits_(limits), wantPositions_(wantPositions) {}

    std::vector<std::pair<std::string, Position>> positions;

    Value document() {
        if (lines_.empty()) throw NotPlain{};
        Value value = block(0);
        if (at_ != lines_.size()) throw NotPlain{};
        return value;
    }

private:
    const Line& line() const { return lines_[at_]; }
    bool inBlock(std::size_t indent) const { return at_ < lines_.size() && line().indent == indent; }
    bool isDeeper(std::size_t indent) const { return at_ < lines_.size() && line().indent > indent; }
    static bool isItem(std::string_view content) { return content.starts_with("- "); }

    void count() {
        if (++nodes_ > limits_.maxNodes) throw NotPlain{};
    }
    void mark(int number, std::size_t column) {
        count();
        if (wantPositions_) positions.emplace_back(pointer_, Position{number, static_cast<int>(column) + 1});
    }
    // Reads what stands below a step of the path.
    template <typename Read>
    Value below(std::string_view step, Read read) {
        if (!wantPositions_) return read();
        const std::size_t length = pointer_.size();
        pointer_ += '/';
        pointer_ += base::replaceAll(base::replaceAll(step, "~", "~0"), "/", "~1");
        Value value = read();
        pointer_.resize(length);
        return value;
    }

    Value block(std::size_t depth) {
        constexpr std::size_t kDeepest = 60;
        if (depth > kDeepest || depth >= limits_.maxDepth) throw NotPlain{};
        mark(line().number, line().indent);
        return isItem(line().content) ? sequence(depth) : mapping(depth);
    }

    Value sequence(std::size_t depth) {
        const std::size_t indent = line().indent;
        std::vector<Value> items;
        while (inBlock(indent) && isItem(line().content)) {
            Line& item = lines_[at_];
            const std::size_t skipped = item.content.find_first_not_of(' ', 1);
            item.indent += skipped; // the rest of the line is a block or a scalar of its own
            item.content.remove_prefix(skipped);
            if (item.content[0] == '#' || isItem(item.content) || item.content == "-") throw NotPlain{};
            items.push_back(below(std::to_string(items.size()), [&]() -> Value {
                if (keyLength(item.content) > 0) return block(depth + 1);
                Value value = scalar(item.content, item.number, item.indent);
                ++at_;
                if (isDeeper(indent)) throw NotPlain{}; // the scalar goes on
                return value;
            }));
        }
        return Value::array(std::move(items));
    }

    // Of the key that a line begins with; 0 when it begins otherwise.
    static std::size_t keyLength(std::string_view content) {
        std::size_t length = 0;
        while (length < content.size() && isKeyCharacter(content[length])) ++length;
        if (length == 0 || content[0] == '-' || length == content.size() || content[length] != ':') return 0;
        const bool ends = length + 1 == content.size() || content[length + 1] == ' ';
        return ends ? length : 0;
    }

    Value mapping(std::size_t depth) {
        const std::size_t indent = line().indent;
        ObjectBuilder members;
        std::size_t keys = 0;
        while (inBlock(indent) && !isItem(line().content)) {
            const Line current = line();
            const std::size_t length = keyLength(current.content);
            if (length == 0) throw NotPlain{};
            const std::string_view key = current.content.substr(0, length);
            if (resolveScalar(key).tag != ScalarTag::String) throw NotPlain{};
            ++keys;
            count();
            members.set(key, below(key, [&] { return member(current, length + 1, depth); }));
        }
        if (isDeeper(indent)) throw NotPlain{};
        Value value = std::move(members).build();
        if (value.size() != keys) throw NotPlain{}; // one is there twice
        return value;
    }

    Value member(const Line& current, std::size_t after, std::size_t depth) {
        ++at_;
        const std::size_t start = current.content.find_first_not_of(' ', after);
        if (start != std::string_view::npos && current.content[start] != '#') {
            Value value = scalar(current.content.substr(start), current.number, current.indent + start);
            if (isDeeper(current.indent)) throw NotPlain{}; // the scalar goes on
            return value;
        }
        // A sequence may stand at the indentation of its key.
        const bool item = inBlock(current.indent) && isItem(line().content);
        if (!item && !isDeeper(current.indent)) throw NotPlain{};
        return block(depth + 1);
    }

    // A scalar or an empty collection that takes the rest of a line.
    Value scalar(std::string_view text, int number, std::size_t column) {
        mark(number, column);
        if (text == "{}") return Value::object();
        if (text == "[]") return Value::array();
        const char first = text[0];
        if (first == '[') return flowSequence(text, number, column);
        if (first == '"' || first == '\'') return quoted(text);
        constexpr std::string_view kIndicators = "!&*|>%@`#{}[],?:";
        const bool dash = first == '-' && (text.size() == 1 || text[1] == ' ');
        if (dash || kIndicators.find(first) != std::string_view::npos || text.back() == ':' ||
            text.find(": ") != std::string_view::npos || text.find(" #") != std::string_view::npos)
            throw NotPlain{};
        const ResolvedScalar resolved = resolveScalar(text);
        if (resolved.tag == ScalarTag::Merge || resolved.tag == ScalarTag::Float) throw NotPlain{};
        return resolved.value;
    }

    static Value quoted(std::string_view text) {
        const std::string_view inner = text.substr(1, text.size() < 2 ? 0 : text.size() - 2);
        const bool closed = text.size() >= 2 && text.back() == text[0];
        if (!closed || inner.find(text[0]) != std::string_view::npos || inner.find('\\') != std::string_view::npos)
            throw NotPlain{};
        return Value(inner);
    }

    // [a, "b c", 1]: scalars on one line.
    Value flowSequence(std::string_view text, int number, std::size_t column) {
        if (text.back() != ']') throw NotPlain{};
        std::vector<Value> items;
        for (std::size_t at = 1; at < text.size();) {
            at = text.find_first_not_of(' ', at);
            std::size_t end = text.find_first_of(",]", at);
            if (text[at] == '"' || text[at] == '\'') {
                end = text.find(text[at], at + 1);
                if (end == std::string_view::npos || text.find_first_of(",]", end) != end + 1) throw NotPlain{};
                ++end;
            }
            const std::string_view item = text.substr(at, end - at);
            if (item.empty() || item.back() == ' ' || item.find_first_of("[]{}") != std::string_view::npos) throw NotPlain{};
            const bool last = text[end] == ']';
            if (last && end + 1 != text.size()) throw NotPlain{};
            items.push_back(below(std::to_string(items.size()), [&] { return scalar(item, number, column + at); }));
            at = end + 1;
        }
        return Value::array(std::move(items));
    }

    std::vector<Line> lines_;
    const ReadLimits& limits_;
    const bool wantPositions_;
    std::size_t at_ = 0, nodes_ = 0;
    std::string pointer_;
};

} // namespace

std::optional<YamlDocument> readPlainYaml(std::string_view text, const ReadLimits& limits, bool wantPositions) {
    try {
        PlainReader reader(linesOf(text), limits, wantPositions);
        YamlDocument document;
        document.value = reader.document();
        document.positions = std::move(reader.positions);
        return document;
    } catch (const NotPlain&) {
        return std::nullopt;
    }
}

} // namespace document
