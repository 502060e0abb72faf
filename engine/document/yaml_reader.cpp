// Reads YAML through yaml-cpp's event interface, so that every guard (depth, size after alias
// expansion, duplicate keys) acts before memory is spent. Plain scalars mean what go-yaml v2 says.
#include "document/yaml.h"
#include "document/yaml_diagnosis.h"

#include "base/strings.h"
#include "document/go_format.h"
#include "document/text_error.h"
#include "document/yaml_plain.h"
#include "document/yaml_resolve.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

namespace document {
namespace {

// Thrown through yaml-cpp's parser by our handler and caught right outside it.
struct Refusal {
    int line, column;
    std::string text, goText;
};

std::size_t countNodes(const Value& value) {
    std::size_t count = 1;
    for (const Value& item : value.items()) count += countNodes(item);
    for (const Member& member : value.members()) count += countNodes(member.value);
    return count;
}

// Go's %#v of what go-yaml decodes.
std::string goSyntax(const Value& value) {
    if (value.isNull()) return "interface {}(nil)";
    if (value.isString()) return base::quoteGo(value.asString());
    if (!value.isArray() && !value.isObject()) return formatGo(value);
    std::string out = value.isArray() ? "[]interface {}{" : "map[interface {}]interface {}{";
    const std::size_t start = out.size();
    const auto comma = [&] { return out.size() > start ? ", " : ""; };
    for (const Value& item : value.items()) out += comma() + goSyntax(item);
    for (const Member& member : value.members()) out += comma() + base::quoteGo(member.key.view()) + ":" + goSyntax(member.value);
    return out + "}";
}

std::string escapePointer(std::string_view key) {
    return base::replaceAll(base::replaceAll(key, "~", "~0"), "/", "~1");
}

// JSON has no 1.0: a whole number becomes an integer, as it does on its way through sigs.k8s.io/yaml.
Value throughJson(double number) {
    if (std::abs(number) < 9.2e18 && number == std::trunc(number))
        return Value(static_cast<std::int64_t>(number));
    return Value(number);
}

class Builder final : public YAML::EventHandler {
public:
    Builder(const ReadLimits& limits, bool wantPositions)
        : limits_(limits), wantPositions_(wantPositions) {}

    Value root;
    bool empty = true;
    std::vector<std::pair<std::string, Position>> positions;

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        place(Value(), mark, anchor, false);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end()) {
            const std::string name = anchor < names_.size() ? names_[anchor] : std::string();
            refuse(mark, "an alias refers to a node that contains it",
                   "yaml: anchor '" + name + "' value contains itself");
        }
        const Value value = found->second;
        std::size_t& size = sizes_[anchor];
        if (size == 0) size = countNodes(value);
        count(mark, size);
        place(value, mark, YAML::NullAnchor, false);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& text) override {
        const bool plain = tag == "?" || tag.empty();
        bool merge = false;
        Value value = plain ? plainValue(mark, text, merge) : taggedValue(mark, tag, text);
        place(std::move(value), mark, anchor, merge);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, anchor, true);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, anchor, false);
    }
    void OnMapEnd() override { close(); }
    void OnAnchor(const YAML::Mark&, const std::string& name) override {
        if (names_.empty()) names_.emplace_back();
        names_.push_back(name);
    }

private:
    struct Level {
        bool sequence = false;
        YAML::anchor_t anchor = YAML::NullAnchor;
        YAML::Mark mark;
        std::vector<Value> items;
        std::vector<std::pair<std::string, Value>> members;
        std::vector<Value> merges;
        bool haveKey = false, keyIsMerge = false;
        bool isKey = false; // a list or map in the place of a key: refused once it has been read
        std::string key;
        std::set<std::string, std::less<>> seen; // where repeated keys are refused
        std::size_t pointerSize = 0;
    };

    [[noreturn]] static void refuse(const YAML::Mark& mark, std::string text, std::string goText) {
        throw Refusal{mark.line + 1, mark.column + 1, std::move(text), std::move(goText)};
    }
    void count(const YAML::Mark& mark, std::size_t nodes) {
        nodes_ += nodes;
        if (nodes_ > limits_.maxNodes)
            refuse(mark, "the document has too many values after its aliases are expanded",
                   "yaml: document contains excessive aliasing");
    }
    bool isKeyNext() const {
        return !levels_.empty() && !levels_.back().sequence && !levels_.back().haveKey;
    }

    Value plainValue(const YAML::Mark& mark, const std::string& text, bool& merge) {
        ResolvedScalar scalar = resolveScalar(text);
        merge = scalar.tag == ScalarTag::Merge;
        if (scalar.tag != ScalarTag::Float) return scalar.value;
        const double number = scalar.value.asDouble();
        if (!std::isfinite(number)) {
            if (isKeyNext()) return scalar.value;
            const char* name = std::isnan(number) ? "NaN" : number > 0 ? "+Inf" : "-Inf";
            refuse(mark, "a number must be finite", std::string("json: unsupported value: ") + name);
        }
        return throughJson(number);
    }
    Value taggedValue(const YAML::Mark& mark, const std::string& tag, const std::string& text) {
        constexpr std::string_view kPrefix = "tag:yaml.org,2002:";
        std::string_view name = tag;
        if (name.substr(0, kPrefix.size()) != kPrefix) return Value(text);
        name.remove_prefix(kPrefix.size());
        if (name == "binary") {
            const auto decoded = base::decodeBase64(text);
            if (!decoded)
                refuse(mark, "!!binary value is not base64",
                       "yaml: !!binary value contains invalid base64 data");
            return Value(*decoded);
        }
        if (name == "str" || name == "timestamp") return Value(text);
        ResolvedScalar scalar = resolveScalar(text);
        const auto mismatch = [&](std::string_view found) {
            refuse(mark, "value does not fit its tag",
                   "yaml: cannot decode !!" + std::string(found) + " `" + text + "` as a !!" +
                       std::string(name));
        };
        switch (scalar.tag) {
        case ScalarTag::Bool:
            if (name != "bool") mismatch("bool");
            break;
        case ScalarTag::Null:
            if (name != "null") mismatch("null");
            break;
        case ScalarTag::Int:
            if (name != "int" && name != "float") mismatch("int");
            break;
        case ScalarTag::Float:
            if (name != "float") mismatch("float");
            if (!std::isfinite(scalar.value.asDouble())) break;
            return throughJson(scalar.value.asDouble());
        default:
            if (name == "int" || name == "float" || name == "bool" || name == "null")
                mismatch("str");
        }
        return scalar.value;
    }

    void open(const YAML::Mark& mark, YAML::anchor_t anchor, bool sequence) {
        count(mark, 1);
        if (levels_.size() + 1 > limits_.maxDepth)
            refuse(mark, "the document is nested too deeply",
                   "yaml: line " + std::to_string(mark.line + 1) + ": exceeded max depth of 10000");
        Level level;
        level.isKey = isKeyNext();
        level.sequence = sequence;
        level.anchor = anchor;
        level.mark = mark;
        level.pointerSize = pointer_.size();
        enterPointer(mark);
        levels_.push_back(std::move(level));
    }
    // Appends the step to the value that comes next; returns nothing to undo when not tracking.
    void enterPointer(const YAML::Mark& mark) {
        if (!wantPositions_) return;
        if (!levels_.empty()) {
            const Level& parent = levels_.back();
            pointer_ += '/';
            pointer_ += parent.sequence ? std::to_string(parent.items.size())
                                        : escapePointer(parent.key);
        }
        positions.emplace_back(pointer_, Position{mark.line + 1, mark.column + 1});
    }
    void close() {
        Level level = std::move(levels_.back());
        levels_.pop_back();
        pointer_.resize(level.pointerSize);
        Value value;
        if (level.sequence) {
            value = Value::array(std::move(level.items));
        } else {
            ObjectBuilder builder;
            for (const Value& merge : level.merges)
                for (const Member& member : merge.members()) builder.set(member.key, member.value);
            for (auto& [key, member] : level.members) builder.set(key, std::move(member));
            value = std::move(builder).build();
        }
        if (level.isKey) refuse(level.mark, "a key must be a scalar", "yaml: invalid map key: " + goSyntax(value));
        attach(std::move(value), level.mark, level.anchor);
    }

    static std::string keyText(const Value& value) {
        switch (value.kind()) {
        case ValueKind::Bool: return value.asBool() ? "true" : "false";
        case ValueKind::Int: return std::to_string(value.asInt());
        case ValueKind::Double: return formatFloatGeneral(value.asDouble(), 32);
        default: return value.text();
        }
    }

    void place(Value value, const YAML::Mark& mark, YAML::anchor_t anchor, bool merge) {
        count(mark, 1);
        if (isKeyNext()) {
            Level& level = levels_.back();
            if (value.isNull())
                refuse(mark, "a key must not be null",
                       "unsupported map key of type: %!s(<nil>), key: <nil>, value: ");
            if (value.isObject() || value.isArray())
                refuse(mark, "a key must be a scalar", "yaml: invalid map key");
            level.haveKey = true;
            level.keyIsMerge = merge;
            level.key = keyText(value);
            if (anchor != YAML::NullAnchor) anchors_[anchor] = std::move(value);
            if (limits_.refuseDuplicateKeys && !merge) refuseRepeated(level, mark);
            return;
        }
        const std::size_t size = pointer_.size();
        enterPointer(mark);
        pointer_.resize(size);
        attach(std::move(value), mark, anchor);
    }
    static void refuseRepeated(Level& level, const YAML::Mark& mark) {
        if (level.seen.insert(level.key).second) return;
        const std::string quoted = base::quoteGo(level.key);
        refuse(mark, "duplicate key " + quoted,
               "yaml: unmarshal errors:\n  line " + std::to_string(mark.line + 1) + ": key " +
                   quoted + " already set in map");
    }
    void attach(Value value, const YAML::Mark& mark, YAML::anchor_t anchor) {
        if (anchor != YAML::NullAnchor) anchors_[anchor] = value;
        if (levels_.empty()) {
            root = std::move(value);
            empty = false;
            return;
        }
        Level& level = levels_.back();
        if (level.sequence) {
            level.items.push_back(std::move(value));
            return;
        }
        level.haveKey = false;
        if (!level.keyIsMerge) {
            level.members.emplace_back(std::move(level.key), std::move(value));
            return;
        }
        std::vector<Value> merged;
        if (value.isObject()) merged.push_back(value);
        if (value.isArray()) merged.assign(value.items().rbegin(), value.items().rend());
        const bool usable = value.isObject() || value.isArray();
        for (const Value& item : merged)
            if (!item.isObject()) merged.clear();
        if (!usable || (merged.empty() && value.size() > 0))
            refuse(mark, "a merge needs a map", "yaml: map merge requires map or sequence of maps as the value");
        for (Value& item : merged) level.merges.push_back(std::move(item));
    }

    const ReadLimits& limits_;
    bool wantPositions_;
    std::vector<Level> levels_;
    std::map<YAML::anchor_t, Value> anchors_;
    std::map<YAML::anchor_t, std::size_t> sizes_;
    std::vector<std::string> names_;
    std::string pointer_;
    std::size_t nodes_ = 0;
};

struct Chunk {
    std::string_view text;
    int firstLine = 1; // of the chunk in the whole text
};

// Splits at lines that begin with `---`, as apimachinery's YAMLReader does before any parsing; that
// is why its line numbers count from the separator.
std::vector<Chunk> splitStream(std::string_view text) {
    std::vector<Chunk> chunks;
    std::size_t start = 0, at = 0;
    int line = 1, startLine = 1;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find('\n', at), text.size() - 1) + 1;
        const std::string_view row = text.substr(at, end - at);
        if (row.substr(0, 3) == "---") {
            const std::string_view rest = base::trim(row.substr(3));
            if (rest.empty() || rest[0] == '#') {
                if (at > start) chunks.push_back({text.substr(start, at - start), startLine});
                start = end;
                startLine = line + 1;
            }
        }
        at = end;
        ++line;
    }
    if (start < text.size()) chunks.push_back({text.substr(start), startLine});
    return chunks;
}

// A lone carriage return ends a line in YAML 1.1; yaml-cpp does not know that.
std::string withNewlines(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\r') out += text[i];
        else if (i + 1 == text.size() || text[i + 1] != '\n') out += '\n';
    }
    return out;
}

base::Result<YamlDocument> readChunk(const Chunk& chunk, std::string_view source,
                                     const ReadLimits& limits, bool wantPositions, bool& empty) {
    Builder builder(limits, wantPositions);
    const int shift = chunk.firstLine - 1;
    if (auto plain = readPlainYaml(chunk.text, limits, wantPositions)) {
        plain->line = chunk.firstLine;
        for (auto& [pointer, position] : plain->positions) position.line += shift;
        return std::move(*plain);
    }
    // yaml-cpp accepts some texts that go-yaml refuses (tabs, for one) and words its errors otherwise.
    if (auto found = diagnoseYaml(chunk.text))
        return textError(source, found->line + shift, found->column, found->text, found->goText);
    try {
        std::istringstream stream{withNewlines(chunk.text)};
        YAML::Parser parser(stream);
        parser.HandleNextDocument(builder);
    } catch (const Refusal& refusal) {
        return textError(source, refusal.line + shift, refusal.column, refusal.text, refusal.goText);
    } catch (const YAML::Exception& error) {
        const int line = std::max(error.mark.line, 0) + 1;
        return textError(source, line + shift, std::max(error.mark.column, 0) + 1, error.msg,
                         "yaml: line " + std::to_string(line) + ": " + error.msg);
    }
    empty = builder.empty;
    YamlDocument document;
    document.value = std::move(builder.root);
    document.line = chunk.firstLine;
    document.positions = std::move(builder.positions);
    if (shift != 0)
        for (auto& [pointer, position] : document.positions) position.line += shift;
    return document;
}

base::Error tooLarge(std::string_view source, const ReadLimits& limits) {
    const std::string text =
        "the text is larger than " + std::to_string(limits.maxBytes) + " bytes";
    return textError(source, 1, 1, text, "yaml: " + text);
}

} // namespace

Position YamlDocument::positionOf(std::string_view pointer) const {
    Position best{line, 1};
    std::size_t length = 0;
    for (const auto& [known, position] : positions) {
        const bool prefix = pointer.substr(0, known.size()) == known &&
                            (pointer.size() == known.size() || pointer[known.size()] == '/');
        if (!prefix || (known.size() < length)) continue;
        best = position;
        length = known.size();
    }
    return best;
}

base::Result<Value> readYaml(std::string_view text, std::string_view source,
                             const ReadLimits& limits) {
    if (text.size() > limits.maxBytes) return tooLarge(source, limits);
    bool empty = false;
    BASE_TRY(YamlDocument document, readChunk({text, 1}, source, limits, false, empty));
    return document.value;
}

base::Result<std::vector<YamlDocument>> readYamlStream(std::string_view text,
                                                       std::string_view source,
                                                       const ReadLimits& limits) {
    if (text.size() > limits.maxBytes) return tooLarge(source, limits);
    std::vector<YamlDocument> documents;
    for (const Chunk& chunk : splitStream(text)) {
        bool empty = false;
        BASE_TRY(YamlDocument document, readChunk(chunk, source, limits, true, empty));
        if (!empty && !document.value.isNull()) documents.push_back(std::move(document));
    }
    return documents;
}

} // namespace document
