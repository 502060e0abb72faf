// Source: client-go util/jsonpath/parser.go.
#include "base/strings.h"
#include "document/jsonpath_nodes.h"

#include <cctype>
#include <cstdlib>

namespace document {
namespace {

using Node = JsonPath::Node;
using NodePtr = std::unique_ptr<Node>;
using NodeList = std::vector<NodePtr>;
using Kind = Node::Kind;

NodePtr makeNode(Kind kind, std::string text = {}) {
    auto node = std::make_unique<Node>();
    node->kind = kind;
    node->text = std::move(text);
    return node;
}

bool isTerminator(int c) {
    return c < 0 || c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '.' || c == ',' ||
           c == '[' || c == ']' || c == '$' || c == '@' || c == '{' || c == '}';
}
bool isWord(int c) { return c == '_' || c >= 0x80 || (c >= 0 && std::isalnum(c)); }

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    base::Result<NodeList> run() {
        BASE_CHECK(parseText());
        return std::move(root_);
    }

private:
    int next() {
        if (at_ >= text_.size()) {
            width_ = 0;
            return -1;
        }
        width_ = 1;
        return static_cast<unsigned char>(text_[at_++]);
    }
    void backup() { at_ -= width_; }
    std::string consume() {
        std::string out(text_.substr(start_, at_ - start_));
        start_ = at_;
        return out;
    }
    bool startsWith(std::string_view prefix) const {
        return text_.substr(at_, prefix.size()) == prefix;
    }

    base::Status parseText() {
        while (at_ < text_.size()) {
            if (text_[at_] != '{') {
                ++at_;
                continue;
            }
            if (at_ > start_) root_.push_back(makeNode(Kind::Text, consume()));
            ++at_;
            consume();
            root_.push_back(makeNode(Kind::List));
            BASE_CHECK(parseAction(root_.back()->left));
        }
        if (at_ > start_) root_.push_back(makeNode(Kind::Text, consume()));
        return base::okStatus();
    }

    // Up to and including the closing brace.
    base::Status parseAction(NodeList& into) {
        while (true) {
            if (startsWith("}")) {
                ++at_;
                consume();
                return base::okStatus();
            }
            if (startsWith("[?(")) {
                BASE_CHECK(parseFilter(into));
                continue;
            }
            if (startsWith("..")) {
                BASE_CHECK(parseRecursive(into));
                continue;
            }
            const int c = next();
            if (c < 0 || c == '\r' || c == '\n') return base::makeError("unclosed action");
            if (c == ' ' || c == '@' || c == '$') consume();
            else if (c == '[') {
                BASE_CHECK(parseArray(into));
            } else if (c == '"' || c == '\'') {
                BASE_CHECK(parseQuote(into, c));
            } else if (c == '.') parseField(into);
            else if (c == '+' || c == '-' || std::isdigit(c)) {
                backup();
                BASE_CHECK(parseNumber(into));
            } else if (isWord(c)) {
                backup();
                parseIdentifier(into);
            } else {
                char code[16];
                std::snprintf(code, sizeof code, "U+%04X", static_cast<unsigned>(c));
                return base::makeError(std::string("unrecognized character in action: ") + code +
                                       " '" + static_cast<char>(c) + "'");
            }
        }
    }

    void parseIdentifier(NodeList& into) {
        int c = next();
        while (!isTerminator(c)) c = next();
        backup();
        const std::string word = consume();
        if (word == "true" || word == "false") {
            into.push_back(makeNode(Kind::Constant));
            into.back()->constant = Value(word == "true");
        } else {
            into.push_back(makeNode(Kind::Identifier, word));
        }
    }

    base::Status parseRecursive(NodeList& into) {
        if (!into.empty() && into.back()->kind == Kind::Recursive)
            return base::makeError("invalid multiple recursive descent");
        at_ += 2;
        consume();
        into.push_back(makeNode(Kind::Recursive));
        const int c = next();
        backup();
        if (isWord(c)) parseField(into);
        return base::okStatus();
    }

    base::Status parseNumber(NodeList& into) {
        int c = next();
        if (c != '+' && c != '-') backup();
        for (c = next(); c == '.' || (c >= 0 && std::isdigit(c)); c = next()) {}
        backup();
        const std::string digits = consume();
        into.push_back(makeNode(Kind::Constant));
        if (auto whole = base::parseInt(digits)) {
            into.back()->constant = Value(*whole);
            return base::okStatus();
        }
        char* end = nullptr;
        const double real = std::strtod(digits.c_str(), &end);
        if (digits.empty() || *end != '\0') return base::makeError("cannot parse number " + digits);
        into.back()->constant = Value(real);
        return base::okStatus();
    }

    static base::Result<NodeList> parseInner(const std::string& text) {
        BASE_TRY(NodeList nodes, parseJsonPathNodes("{" + text + "}"));
        if (nodes.empty()) return NodeList{};
        return std::move(nodes[0]->left);
    }

    base::Status parseArray(NodeList& into) {
        for (int c = next(); c != ']'; c = next())
            if (c < 0 || c == '\n') return base::makeError("unterminated array");
        std::string text = consume();
        text = text.substr(1, text.size() - 2);
        if (text == "*") text = ":";
        const auto parts = base::split(text, ',');
        if (parts.size() > 1) {
            auto node = makeNode(Kind::Union);
            for (const std::string& part : parts) {
                auto list = makeNode(Kind::List);
                BASE_TRY(list->left, parseInner("[" + std::string(base::trim(part)) + "]"));
                node->left.push_back(std::move(list));
            }
            into.push_back(std::move(node));
            return base::okStatus();
        }
        if (text.size() >= 2 && text.front() == '\'' && text.back() == '\'' &&
            text.find('\'', 1) == text.size() - 1) {
            BASE_TRY(NodeList inner, parseInner("." + text.substr(1, text.size() - 2)));
            for (NodePtr& node : inner) into.push_back(std::move(node));
            return base::okStatus();
        }
        return parseSlice(into, text);
    }

    static bool isIndex(const std::string& text) {
        std::size_t from = !text.empty() && text[0] == '-' ? 1 : 0;
        for (; from < text.size(); ++from)
            if (!std::isdigit(static_cast<unsigned char>(text[from]))) return false;
        return true;
    }

    static base::Status parseSlice(NodeList& into, const std::string& text) {
        const auto parts = base::split(text, ':');
        auto node = makeNode(Kind::Slice);
        if (parts.size() > 3) return base::makeError("invalid array index " + text);
        for (const std::string& part : parts)
            if (!isIndex(part)) return base::makeError("invalid array index " + text);
        for (std::size_t i = 0; i < 3; ++i) {
            if (i < parts.size() && !parts[i].empty()) {
                const auto number = base::parseInt(parts[i]);
                if (!number) return base::makeError("array index " + parts[i] + " is not a number");
                node->params[i].known = true;
                node->params[i].value = *number;
            } else if (i == 1 && parts.size() < 2) {
                node->params[1].known = true;
                node->params[1].value = node->params[0].value + 1;
                node->params[1].derived = true;
            }
        }
        into.push_back(std::move(node));
        return base::okStatus();
    }

    base::Status parseFilter(NodeList& into) {
        at_ += 3;
        consume();
        bool begin = false, end = false;
        int pair = 0;
        while (true) {
            const int c = next();
            if (c < 0 || c == '\n') return base::makeError("unterminated filter");
            if (c == '"' || c == '\'') {
                if (!begin) {
                    begin = true;
                    pair = c;
                } else if (text_[at_ - 2] != '\\' && c == pair) {
                    end = true;
                }
            } else if (c == ')' && begin == end) {
                break;
            }
        }
        if (next() != ']') return base::makeError("unclosed array expect ]");
        std::string text = consume();
        text = text.substr(0, text.size() - 2);
        static constexpr std::string_view kOperators = "!<>=";
        const auto from = text.find_first_of(kOperators);
        const auto to = from == std::string::npos ? from : text.find_first_not_of(kOperators, from);
        auto node = makeNode(Kind::Filter, "exists");
        if (from == std::string::npos || from == 0 || to == std::string::npos) {
            BASE_TRY(node->left, parseInner(text));
        } else {
            node->text = text.substr(from, to - from);
            BASE_TRY(node->left, parseInner(text.substr(0, from)));
            BASE_TRY(node->right, parseInner(text.substr(to)));
        }
        into.push_back(std::move(node));
        return base::okStatus();
    }

    base::Status parseQuote(NodeList& into, int quote) {
        while (true) {
            const int c = next();
            if (c < 0 || c == '\n') return base::makeError("unterminated quoted string");
            if (c == quote && text_[at_ - 2] != '\\') break;
        }
        const std::string raw = consume();
        std::string out;
        for (std::size_t i = 1; i + 1 < raw.size(); ++i) {
            if (raw[i] != '\\') {
                out += raw[i];
                continue;
            }
            switch (raw[++i]) {
            case 'n': out += '\n'; break;
            case 't': out += '\t'; break;
            case 'r': out += '\r'; break;
            case 'a': out += '\a'; break;
            case 'b': out += '\b'; break;
            case 'f': out += '\f'; break;
            case 'v': out += '\v'; break;
            case '\\': out += '\\'; break;
            case '"': case '\'':
                if (raw[i] == quote) { out += raw[i]; break; }
                [[fallthrough]];
            default:
                return base::makeError("unquote string " + raw + " error invalid syntax");
            }
        }
        into.push_back(makeNode(Kind::Text, out));
        return base::okStatus();
    }

    void parseField(NodeList& into) {
        consume();
        while (true) {
            const int c = next();
            if (c == '\\') next();
            else if (isTerminator(c)) {
                backup();
                break;
            }
        }
        const std::string name = consume();
        if (name == "*") into.push_back(makeNode(Kind::Wildcard));
        else into.push_back(makeNode(Kind::Field, base::replaceAll(name, "\\", "")));
    }

    std::string_view text_;
    std::size_t at_ = 0, start_ = 0, width_ = 0;
    NodeList root_;
};

} // namespace

base::Result<NodeList> parseJsonPathNodes(std::string_view text) { return Parser(text).run(); }

} // namespace document
