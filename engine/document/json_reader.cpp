// Reads JSON with the errors of Go's encoding/json (its scanner's texts are what kubectl and the API
// server show), keeping 64-bit integers exact. Source: Go encoding/json scanner.go.
#include "document/json.h"

#include "base/strings.h"
#include "document/text_error.h"

#include <charconv>
#include <cmath>

namespace document {
namespace {

constexpr std::size_t kGoMaxDepth = 10000;

class Reader {
public:
    Reader(std::string_view text, std::string_view source, const ReadLimits& limits)
        : text_(text), source_(source), limits_(limits) {}

    base::Result<Value> read() {
        if (text_.size() > limits_.maxBytes) {
            return fail(0, "the text is larger than " + std::to_string(limits_.maxBytes) + " bytes");
        }
        Value value;
        skipSpace();
        if (!readValue(value, 0)) return std::move(error_);
        skipSpace();
        if (at_ < text_.size()) return fail(at_, unexpected("after top-level value"));
        return value;
    }

private:
    base::Error fail(std::size_t at, std::string text) {
        int line = 1;
        std::size_t start = 0;
        for (std::size_t i = 0; i < at && i < text_.size(); ++i) {
            if (text_[i] != '\n') continue;
            ++line;
            start = i + 1;
        }
        const int column = static_cast<int>(at - start) + 1;
        const std::size_t offset = at < text_.size() ? at + 1 : text_.size();
        std::string goText = text;
        return textError(source_, line, column, std::move(text), std::move(goText), offset);
    }
    bool refuse(std::string text) {
        error_ = fail(at_, std::move(text));
        return false;
    }
    // The texts of Go's scanner name the character and what was being read.
    std::string unexpected(std::string_view context) const {
        if (at_ >= text_.size()) return "unexpected end of JSON input";
        return "invalid character " + quoteCharacter(at_) + " " + std::string(context);
    }
    bool refuseHere(std::string_view context) { return refuse(unexpected(context)); }

    std::string quoteCharacter(std::size_t at) const {
        const char c = text_[at];
        if (c == '\'') return "'\\''";
        if (c == '"') return "'\"'";
        // Go quotes the byte as a Latin-1 rune.
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            const std::string quoted = base::quoteGo(std::string_view(&c, 1));
            return "'" + quoted.substr(1, quoted.size() - 2) + "'";
        }
        if (byte < 0xa0) return "'\\u00" + base::encodeHex(std::string_view(&c, 1)) + "'";
        std::string latin;
        latin += static_cast<char>(0xc0 | (byte >> 6));
        latin += static_cast<char>(0x80 | (byte & 0x3f));
        return "'" + latin + "'";
    }

    void skipSpace() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
            ++at_;
        }
    }
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

    bool readValue(Value& out, std::size_t depth) {
        if (++nodes_ > limits_.maxNodes) return refuse("the document has too many values");
        if (at_ >= text_.size()) return refuseHere("");
        const char c = text_[at_];
        switch (c) {
        case '{':
        case '[':
            if (depth + 1 > limits_.maxDepth || depth + 1 > kGoMaxDepth)
                return refuse(unexpected("exceeded max depth"));
            return c == '{' ? readObject(out, depth + 1) : readArray(out, depth + 1);
        case '"': {
            std::string text;
            if (!readString(text)) return false;
            out = Value(text);
            return true;
        }
        case 't': return readLiteral("true", Value(true), out);
        case 'f': return readLiteral("false", Value(false), out);
        case 'n': return readLiteral("null", Value(), out);
        default:
            if (c == '-' || (c >= '0' && c <= '9')) return readNumber(out);
            return refuseHere("looking for beginning of value");
        }
    }

    bool readLiteral(std::string_view word, Value value, Value& out) {
        for (std::size_t i = 0; i < word.size(); ++i, ++at_) {
            if (peek() == word[i] && at_ < text_.size()) continue;
            return refuseHere("in literal " + std::string(word) + " (expecting '" + word[i] + "')");
        }
        out = std::move(value);
        return true;
    }

    bool readObject(Value& out, std::size_t depth) {
        ++at_;
        ObjectBuilder builder;
        std::vector<std::string> keys;
        skipSpace();
        if (peek() == '}') {
            ++at_;
            out = std::move(builder).build();
            return true;
        }
        while (true) {
            if (peek() != '"') return refuseHere("looking for beginning of object key string");
            std::string key;
            const std::size_t keyAt = at_;
            if (!readString(key)) return false;
            skipSpace();
            if (peek() != ':' || at_ >= text_.size()) return refuseHere("after object key");
            ++at_;
            skipSpace();
            Value value;
            if (!readValue(value, depth)) return false;
            builder.set(key, std::move(value));
            if (limits_.refuseDuplicateKeys) keys.push_back(key);
            skipSpace();
            const char c = peek();
            if (c == ',') {
                ++at_;
                skipSpace();
                continue;
            }
            if (c != '}') return refuseHere("after object key:value pair");
            ++at_;
            out = std::move(builder).build();
            if (limits_.refuseDuplicateKeys && out.size() != keys.size())
                return refuseDuplicate(std::move(keys), keyAt);
            return true;
        }
    }
    bool refuseDuplicate(std::vector<std::string> keys, std::size_t at) {
        for (std::size_t i = 0; i < keys.size(); ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (keys[i] != keys[j]) continue;
                error_ = fail(at, "duplicate key " + base::quoteGo(keys[i]));
                return false;
            }
        }
        return refuse("duplicate key");
    }

    bool readArray(Value& out, std::size_t depth) {
        ++at_;
        std::vector<Value> items;
        skipSpace();
        if (peek() == ']') {
            ++at_;
            out = Value::array(std::move(items));
            return true;
        }
        while (true) {
            items.emplace_back();
            if (!readValue(items.back(), depth)) return false;
            skipSpace();
            const char c = peek();
            if (c == ',') {
                ++at_;
                skipSpace();
                continue;
            }
            if (c != ']') return refuseHere("after array element");
            ++at_;
            out = Value::array(std::move(items));
            return true;
        }
    }

    bool readNumber(Value& out) {
        const std::size_t start = at_;
        bool integral = true;
        auto digit = [&] { return peek() >= '0' && peek() <= '9'; };
        if (peek() == '-') {
            ++at_;
            if (!digit()) return refuseHere("in numeric literal");
        }
        if (peek() == '0') ++at_;
        else
            while (digit()) ++at_;
        if (peek() == '.') {
            integral = false;
            ++at_;
            if (!digit()) return refuseHere("after decimal point in numeric literal");
            while (digit()) ++at_;
        }
        if (peek() == 'e' || peek() == 'E') {
            integral = false;
            ++at_;
            if (peek() == '+' || peek() == '-') ++at_;
            if (!digit()) return refuseHere("in exponent of numeric literal");
            while (digit()) ++at_;
        }
        const std::string_view number = text_.substr(start, at_ - start);
        if (integral) {
            if (const auto parsed = base::parseInt(number)) {
                out = Value(*parsed);
                return true;
            }
        }
        double real = 0;
        const auto result = std::from_chars(number.data(), number.data() + number.size(), real);
        if (result.ec == std::errc::result_out_of_range && std::abs(real) != 0) {
            at_ = start;
            return refuse("cannot unmarshal number " + std::string(number) + " into Go value of type float64");
        }
        out = Value(real);
        return true;
    }

    static void appendUtf8(std::string& out, std::uint32_t rune) {
        if (rune < 0x80) {
            out += static_cast<char>(rune);
        } else if (rune < 0x800) {
            out += static_cast<char>(0xc0 | (rune >> 6));
            out += static_cast<char>(0x80 | (rune & 0x3f));
        } else if (rune < 0x10000) {
            out += static_cast<char>(0xe0 | (rune >> 12));
            out += static_cast<char>(0x80 | ((rune >> 6) & 0x3f));
            out += static_cast<char>(0x80 | (rune & 0x3f));
        } else {
            out += static_cast<char>(0xf0 | (rune >> 18));
            out += static_cast<char>(0x80 | ((rune >> 12) & 0x3f));
            out += static_cast<char>(0x80 | ((rune >> 6) & 0x3f));
            out += static_cast<char>(0x80 | (rune & 0x3f));
        }
    }

    bool readHex(std::uint32_t& rune) {
        rune = 0;
        for (int i = 0; i < 4; ++i, ++at_) {
            const char c = peek();
            int digit = -1;
            if (c >= '0' && c <= '9') digit = c - '0';
            else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
            else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
            if (digit < 0) return refuseHere("in \\u hexadecimal character escape");
            rune = rune * 16 + static_cast<std::uint32_t>(digit);
        }
        return true;
    }

    bool readEscape(std::string& out) {
        const char c = peek();
        static constexpr std::string_view kCodes = "\"\\/bfnrt";
        static constexpr std::string_view kMeant = "\"\\/\b\f\n\r\t";
        if (c == 'u' && at_ < text_.size()) {
            ++at_;
            std::uint32_t rune = 0;
            if (!readHex(rune)) return false;
            if (rune >= 0xd800 && rune < 0xe000) {
                std::uint32_t low = 0;
                const bool pair = rune < 0xdc00 && text_.substr(at_, 2) == "\\u";
                const std::size_t before = at_;
                if (pair) {
                    at_ += 2;
                    if (!readHex(low)) return false;
                }
                if (pair && low >= 0xdc00 && low < 0xe000) {
                    rune = 0x10000 + ((rune - 0xd800) << 10) + (low - 0xdc00);
                } else {
                    at_ = before;
                    rune = 0xfffd;
                }
            }
            appendUtf8(out, rune);
            return true;
        }
        const std::size_t code = at_ < text_.size() ? kCodes.find(c) : std::string_view::npos;
        if (code == std::string_view::npos) return refuseHere("in string escape code");
        out += kMeant[code];
        ++at_;
        return true;
    }

    // Length of the valid UTF-8 sequence at `at_`; 0 when invalid.
    std::size_t sequenceLength() const {
        const auto byte = [&](std::size_t i) -> unsigned {
            return at_ + i < text_.size() ? static_cast<unsigned char>(text_[at_ + i]) : 0U;
        };
        const unsigned lead = byte(0);
        const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0U) == 0x80U; };
        if (lead >= 0xc2 && lead < 0xe0) return follows(1) ? 2 : 0;
        if (lead >= 0xe0 && lead < 0xf0) {
            if (!follows(1) || !follows(2)) return 0;
            if (lead == 0xe0 && byte(1) < 0xa0) return 0;
            if (lead == 0xed && byte(1) >= 0xa0) return 0;
            return 3;
        }
        if (lead >= 0xf0 && lead < 0xf5) {
            if (!follows(1) || !follows(2) || !follows(3)) return 0;
            if (lead == 0xf0 && byte(1) < 0x90) return 0;
            if (lead == 0xf4 && byte(1) >= 0x90) return 0;
            return 4;
        }
        return 0;
    }

    bool readString(std::string& out) {
        ++at_;
        while (true) {
            if (at_ >= text_.size()) return refuseHere("");
            const auto c = static_cast<unsigned char>(text_[at_]);
            if (c == '"') {
                ++at_;
                return true;
            }
            if (c == '\\') {
                ++at_;
                if (!readEscape(out)) return false;
            } else if (c < 0x20) {
                return refuseHere("in string literal");
            } else if (c < 0x80) {
                out += static_cast<char>(c);
                ++at_;
            } else if (const std::size_t length = sequenceLength(); length > 0) {
                out += text_.substr(at_, length);
                at_ += length;
            } else {
                out += "\xef\xbf\xbd"; // invalid bytes become U+FFFD, as in Go
                ++at_;
            }
        }
    }

    std::string_view text_;
    std::string_view source_;
    const ReadLimits& limits_;
    std::size_t at_ = 0;
    std::size_t nodes_ = 0;
    base::Error error_;
};

} // namespace

base::Result<Value> readJson(std::string_view text, std::string_view source,
                             const ReadLimits& limits) {
    return Reader(text, source, limits).read();
}

} // namespace document
