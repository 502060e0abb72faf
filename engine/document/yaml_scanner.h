#pragma once
// Tokens of a YAML text as libyaml and its Go port see them; only their kinds and places, for the
// messages of go-yaml. Source: YAML 1.1; go.yaml.in/yaml/v2 scannerc.go, readerc.go.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace document {

struct YamlMark {
    int index = 0, line = 0, column = 0; // from zero
};

enum class YamlToken : std::uint8_t {
    StreamStart, StreamEnd, VersionDirective, TagDirective, DocumentStart, DocumentEnd,
    BlockSequenceStart, BlockMappingStart, BlockEnd, FlowSequenceStart, FlowSequenceEnd,
    FlowMappingStart, FlowMappingEnd, BlockEntry, FlowEntry, Key, Value, Alias, Anchor, Tag, Scalar
};

struct YamlTokenAt {
    YamlToken kind = YamlToken::StreamStart;
    YamlMark start;
    std::string text; // the name of an anchor or alias, the handle of a tag or tag directive
};

// Thrown inside the diagnosis only.
struct YamlProblem {
    bool scanner = false;
    std::string text;
    YamlMark place, context;
};

class YamlScanner {
public:
    explicit YamlScanner(std::string_view text) : text_(text) {}

    const YamlTokenAt& peek();
    void skipToken();

private:
    struct SimpleKey {
        bool possible = false, required = false;
        int token = 0;
        YamlMark mark;
    };

    // Characters.
    unsigned char at(std::size_t ahead = 0) const {
        return at_ + ahead < text_.size() ? static_cast<unsigned char>(text_[at_ + ahead]) : 0;
    }
    bool isEnd(std::size_t ahead = 0) const { return at(ahead) == 0; }
    bool isBlank(std::size_t ahead = 0) const { return at(ahead) == ' ' || at(ahead) == '\t'; }
    bool isBreak(std::size_t ahead = 0) const;
    bool isBreakOrEnd(std::size_t ahead = 0) const { return isBreak(ahead) || isEnd(ahead); }
    bool isBlankOrEnd(std::size_t ahead = 0) const { return isBlank(ahead) || isBreakOrEnd(ahead); }
    void skip();
    void skipLine();
    bool atDocumentIndicator() const;

    [[noreturn]] void fail(const YamlMark& context, std::string text) const;
    int nextNumber() const { return parsed_ + static_cast<int>(tokens_.size()); }
    void push(YamlToken kind, const YamlMark& start, std::string text = {});

    // Simple keys and indentation.
    bool keyIsValid(SimpleKey& key);
    void saveKey();
    void removeKey();
    void rollIndent(int column, int number, YamlToken kind, const YamlMark& mark);
    void unrollIndent(int column);

    // Tokens.
    void fetchMore();
    void fetchNext();
    void fetchIndicator(unsigned char c);
    void toNextToken();
    void fetchStreamEnd();
    void fetchDirective();
    void fetchDocumentIndicator(YamlToken kind);
    void fetchFlowStart(YamlToken kind);
    void fetchFlowEnd(YamlToken kind);
    void fetchFlowEntry();
    void fetchBlockEntry();
    void fetchKey();
    void fetchValue();
    void fetchAnchor(YamlToken kind);
    void fetchTag();
    void scanTagUri(const YamlMark& start, bool any); // `any`: may be empty
    void fetchBlockScalar();
    int blockBreaks(int indent, const YamlMark& start);
    void fetchQuoted(bool single);
    void quotedEscape(const YamlMark& start);
    void fetchPlain();

    std::string_view text_;
    std::size_t at_ = 0;
    YamlMark mark_;
    bool started_ = false, keyAllowed_ = false;
    int flow_ = 0, indent_ = -1, parsed_ = 0;
    std::deque<YamlTokenAt> tokens_;
    std::vector<int> indents_;
    std::vector<SimpleKey> keys_;
    std::map<int, std::size_t> keyOfToken_;
};

} // namespace document
