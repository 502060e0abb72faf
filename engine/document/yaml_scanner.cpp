#include "document/yaml_scanner.h"

#include <algorithm>

namespace document {
namespace {

bool isWord(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
           c == '-';
}
bool isDigit(unsigned char c) { return c >= '0' && c <= '9'; }
bool isHex(unsigned char c) {
    return isDigit(c) || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f');
}

constexpr int kMaxDepth = 10000;

} // namespace

bool YamlScanner::isBreak(std::size_t ahead) const {
    const unsigned char c = at(ahead);
    if (c == '\n' || c == '\r') return true;
    if (c == 0xC2) return at(ahead + 1) == 0x85;
    return c == 0xE2 && at(ahead + 1) == 0x80 && (at(ahead + 2) == 0xA8 || at(ahead + 2) == 0xA9);
}

void YamlScanner::skip() {
    const unsigned char c = at();
    at_ += c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : c >= 0xC0 ? 2 : 1;
    ++mark_.index;
    ++mark_.column;
}

void YamlScanner::skipLine() {
    if (at() == '\r' && at(1) == '\n') {
        ++at_;
        ++mark_.index;
    }
    skip();
    mark_.column = 0;
    ++mark_.line;
}

bool YamlScanner::atDocumentIndicator() const {
    if (mark_.column != 0 || (at() != '-' && at() != '.')) return false;
    return at(1) == at() && at(2) == at() && isBlankOrEnd(3);
}

void YamlScanner::fail(const YamlMark& context, std::string text) const {
    throw YamlProblem{true, std::move(text), mark_, context};
}

void YamlScanner::push(YamlToken kind, const YamlMark& start, std::string text) {
    tokens_.push_back({kind, start, std::move(text)});
}

const YamlTokenAt& YamlScanner::peek() {
    fetchMore();
    return tokens_.front();
}

void YamlScanner::skipToken() {
    ++parsed_;
    tokens_.pop_front();
}

void YamlScanner::fetchMore() {
    for (;;) {
        if (!tokens_.empty()) {
            // The head may still turn out to be the key of a mapping.
            const auto found = keyOfToken_.find(parsed_);
            if (found == keyOfToken_.end() || !keyIsValid(keys_[found->second])) return;
        }
        fetchNext();
    }
}

bool YamlScanner::keyIsValid(SimpleKey& key) {
    if (!key.possible) return false;
    if (key.mark.line < mark_.line || key.mark.index + 1024 < mark_.index) {
        if (key.required) fail(key.mark, "could not find expected ':'");
        key.possible = false;
        return false;
    }
    return true;
}

void YamlScanner::saveKey() {
    if (!keyAllowed_) return;
    SimpleKey key;
    key.possible = true;
    key.required = flow_ == 0 && indent_ == mark_.column;
    key.token = nextNumber();
    key.mark = mark_;
    removeKey();
    keys_.back() = key;
    keyOfToken_[key.token] = keys_.size() - 1;
}

void YamlScanner::removeKey() {
    SimpleKey& key = keys_.back();
    if (!key.possible) return;
    if (key.required) fail(key.mark, "could not find expected ':'");
    key.possible = false;
    keyOfToken_.erase(key.token);
}

void YamlScanner::rollIndent(int column, int number, YamlToken kind, const YamlMark& mark) {
    if (flow_ > 0 || indent_ >= column) return;
    indents_.push_back(indent_);
    indent_ = column;
    if (static_cast<int>(indents_.size()) > kMaxDepth)
        fail(keys_.back().mark, "exceeded max depth of " + std::to_string(kMaxDepth));
    if (number < 0)
        push(kind, mark);
    else
        tokens_.insert(tokens_.begin() + (number - parsed_), {kind, mark, {}});
}

void YamlScanner::unrollIndent(int column) {
    if (flow_ > 0) return;
    while (indent_ > column) {
        push(YamlToken::BlockEnd, mark_);
        indent_ = indents_.back();
        indents_.pop_back();
    }
}

void YamlScanner::fetchNext() {
    if (!started_) {
        started_ = true;
        keys_.emplace_back();
        keyAllowed_ = true;
        push(YamlToken::StreamStart, mark_);
        return;
    }
    toNextToken();
    unrollIndent(mark_.column);
    if (isEnd()) return fetchStreamEnd();
    const unsigned char c = at();
    if (mark_.column == 0 && c == '%') return fetchDirective();
    if (atDocumentIndicator())
        return fetchDocumentIndicator(c == '-' ? YamlToken::DocumentStart : YamlToken::DocumentEnd);
    fetchIndicator(c);
}

void YamlScanner::fetchIndicator(unsigned char c) {
    switch (c) {
    case '[': return fetchFlowStart(YamlToken::FlowSequenceStart);
    case '{': return fetchFlowStart(YamlToken::FlowMappingStart);
    case ']': return fetchFlowEnd(YamlToken::FlowSequenceEnd);
    case '}': return fetchFlowEnd(YamlToken::FlowMappingEnd);
    case ',': return fetchFlowEntry();
    case '-':
        if (isBlankOrEnd(1)) return fetchBlockEntry();
        break;
    case '?':
        if (flow_ > 0 || isBlankOrEnd(1)) return fetchKey();
        break;
    case ':':
        if (flow_ > 0 || isBlankOrEnd(1)) return fetchValue();
        break;
    case '*': return fetchAnchor(YamlToken::Alias);
    case '&': return fetchAnchor(YamlToken::Anchor);
    case '!': return fetchTag();
    case '|':
    case '>':
        if (flow_ == 0) return fetchBlockScalar();
        break;
    case '\'': return fetchQuoted(true);
    case '"': return fetchQuoted(false);
    default: break;
    }
    const bool indicator = std::string_view("-?:,[]{}#&*!|>'\"%@`").find(static_cast<char>(c)) !=
                           std::string_view::npos;
    const bool plain = (!isBlankOrEnd() && !indicator) || (c == '-' && !isBlank(1)) ||
                       (flow_ == 0 && (c == '?' || c == ':') && !isBlankOrEnd(1));
    if (!plain) fail(mark_, "found character that cannot start any token");
    fetchPlain();
}

void YamlScanner::toNextToken() {
    for (;;) {
        if (mark_.column == 0 && at() == 0xEF && at(1) == 0xBB && at(2) == 0xBF) skip();
        // A tab must not indent a line of the block context.
        while (at() == ' ' || ((flow_ > 0 || !keyAllowed_) && at() == '\t')) skip();
        if (at() == '#')
            while (!isBreakOrEnd()) skip();
        if (!isBreak()) return;
        skipLine();
        if (flow_ == 0) keyAllowed_ = true;
    }
}

void YamlScanner::fetchStreamEnd() {
    if (mark_.column != 0) {
        mark_.column = 0;
        ++mark_.line;
    }
    unrollIndent(-1);
    removeKey();
    keyAllowed_ = false;
    push(YamlToken::StreamEnd, mark_);
}

void YamlScanner::fetchDirective() {
    unrollIndent(-1);
    removeKey();
    keyAllowed_ = false;
    const YamlMark start = mark_;
    skip();
    std::string name;
    while (isWord(at())) {
        name += static_cast<char>(at());
        skip();
    }
    if (name.empty()) fail(start, "could not find expected directive name");
    if (!isBlankOrEnd()) fail(start, "found unexpected non-alphabetical character");
    if (name != "YAML" && name != "TAG") fail(start, "found unknown directive name");
    while (isBlank()) skip();
    std::string handle; // or the version
    const auto digits = [&] {
        if (!isDigit(at())) fail(start, "did not find expected version number");
        while (isDigit(at())) {
            handle += static_cast<char>(at());
            skip();
        }
    };
    if (name == "YAML") {
        digits();
        if (at() != '.') fail(start, "did not find expected digit or '.' character");
        handle += '.';
        skip();
        digits();
    } else {
        while (!isBlankOrEnd()) {
            handle += static_cast<char>(at());
            skip();
        }
        if (!isBlank()) fail(start, "did not find expected whitespace");
        while (isBlank()) skip();
        scanTagUri(start, false);
        if (!isBlankOrEnd()) fail(start, "did not find expected whitespace or line break");
    }
    while (isBlank()) skip();
    if (at() == '#')
        while (!isBreakOrEnd()) skip();
    if (!isBreakOrEnd()) fail(start, "did not find expected comment or line break");
    if (isBreak()) skipLine();
    push(name == "YAML" ? YamlToken::VersionDirective : YamlToken::TagDirective, start,
         std::move(handle));
}

void YamlScanner::fetchDocumentIndicator(YamlToken kind) {
    unrollIndent(-1);
    removeKey();
    keyAllowed_ = false;
    push(kind, mark_);
    for (int i = 0; i < 3; ++i) skip();
}

void YamlScanner::fetchFlowStart(YamlToken kind) {
    saveKey();
    SimpleKey key;
    key.token = nextNumber();
    key.mark = mark_;
    keys_.push_back(key);
    if (++flow_ > kMaxDepth) fail(mark_, "exceeded max depth of " + std::to_string(kMaxDepth));
    keyAllowed_ = true;
    push(kind, mark_);
    skip();
}

void YamlScanner::fetchFlowEnd(YamlToken kind) {
    removeKey();
    if (flow_ > 0) {
        --flow_;
        keyOfToken_.erase(keys_.back().token);
        keys_.pop_back();
    }
    keyAllowed_ = false;
    push(kind, mark_);
    skip();
}

void YamlScanner::fetchFlowEntry() {
    removeKey();
    keyAllowed_ = true;
    push(YamlToken::FlowEntry, mark_);
    skip();
}

void YamlScanner::fetchBlockEntry() {
    if (flow_ == 0) {
        if (!keyAllowed_) fail(mark_, "block sequence entries are not allowed in this context");
        rollIndent(mark_.column, -1, YamlToken::BlockSequenceStart, mark_);
    }
    removeKey();
    keyAllowed_ = true;
    push(YamlToken::BlockEntry, mark_);
    skip();
}

void YamlScanner::fetchKey() {
    if (flow_ == 0) {
        if (!keyAllowed_) fail(mark_, "mapping keys are not allowed in this context");
        rollIndent(mark_.column, -1, YamlToken::BlockMappingStart, mark_);
    }
    removeKey();
    keyAllowed_ = flow_ == 0;
    push(YamlToken::Key, mark_);
    skip();
}

void YamlScanner::fetchValue() {
    SimpleKey& key = keys_.back();
    if (keyIsValid(key)) {
        tokens_.insert(tokens_.begin() + (key.token - parsed_), {YamlToken::Key, key.mark, {}});
        rollIndent(key.mark.column, key.token, YamlToken::BlockMappingStart, key.mark);
        key.possible = false;
        keyOfToken_.erase(key.token);
        keyAllowed_ = false;
    } else {
        if (flow_ == 0) {
            if (!keyAllowed_) fail(mark_, "mapping values are not allowed in this context");
            rollIndent(mark_.column, -1, YamlToken::BlockMappingStart, mark_);
        }
        keyAllowed_ = flow_ == 0;
    }
    push(YamlToken::Value, mark_);
    skip();
}

void YamlScanner::fetchAnchor(YamlToken kind) {
    saveKey();
    keyAllowed_ = false;
    const YamlMark start = mark_;
    skip();
    std::string name;
    while (isWord(at())) {
        name += static_cast<char>(at());
        skip();
    }
    const bool ended =
        isBlankOrEnd() || std::string_view("?:,]}%@`").find(static_cast<char>(at())) !=
                              std::string_view::npos;
    if (name.empty() || !ended) fail(start, "did not find expected alphabetic or numeric character");
    push(kind, start, std::move(name));
}

void YamlScanner::fetchTag() {
    saveKey();
    keyAllowed_ = false;
    const YamlMark start = mark_;
    std::string handle;
    if (at(1) == '<') {
        skip();
        skip();
        scanTagUri(start, false);
        if (at() != '>') fail(start, "did not find the expected '>'");
        skip();
    } else {
        // "!", "!!" or "!name!", then the rest.
        std::size_t end = 1;
        while (isWord(at(end))) ++end;
        if (at(end) == '!') {
            for (std::size_t i = 0; i <= end; ++i) {
                handle += static_cast<char>(at());
                skip();
            }
            scanTagUri(start, false);
        } else {
            handle = "!";
            skip();
            scanTagUri(start, true);
        }
    }
    if (!isBlankOrEnd()) fail(start, "did not find expected whitespace or line break");
    push(YamlToken::Tag, start, std::move(handle));
}

void YamlScanner::scanTagUri(const YamlMark& start, bool any) {
    for (;; any = true) {
        const unsigned char c = at();
        if (c == '%' && !(isHex(at(1)) && isHex(at(2))))
            fail(start, "did not find URI escaped octet");
        const bool part = isWord(c) || (c != 0 && std::string_view(";/?:@&=+$,.!~*'()[]%").find(
                                                      static_cast<char>(c)) != std::string_view::npos);
        if (!part) break;
        skip();
    }
    if (!any) fail(start, "did not find expected tag URI");
}

} // namespace document
