#include "apiserver/cel/lexer.h"

#include <cctype>
#include <charconv>

namespace apiserver::cel {

using document::Value;

namespace {

bool isNameStart(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool isDigit(char c) { return c >= '0' && c <= '9'; }
bool isHex(char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; }
bool isQuote(char c) { return c == '"' || c == '\''; }

void appendUtf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t bits) { out += static_cast<char>(bits); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xc0 | code >> 6);
    } else {
        if (code < 0x10000) {
            byte(0xe0 | code >> 12);
        } else {
            byte(0xf0 | code >> 18);
            byte(0x80 | (code >> 12 & 0x3f));
        }
        byte(0x80 | (code >> 6 & 0x3f));
    }
    byte(0x80 | (code & 0x3f));
}

class Lexer {
public:
    Lexer(std::string_view text, std::vector<Problem>& problems) : text_(text), problems_(problems) {}

    std::vector<Token> run() {
        while (at_ < text_.size()) next();
        Token end;
        end.text = "<EOF>";
        end.offset = text_.size();
        tokens_.push_back(end);
        return std::move(tokens_);
    }

private:
    char ahead(std::size_t n) const { return at_ + n < text_.size() ? text_[at_ + n] : '\0'; }
    void next() {
        const char c = text_[at_];
        if (c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f') {
            ++at_;
        } else if (c == '/' && ahead(1) == '/') {
            while (at_ < text_.size() && text_[at_] != '\n') ++at_;
        } else if (isDigit(c) || (c == '.' && isDigit(ahead(1)))) {
            number();
        } else if (const std::size_t prefix = textPrefix(); prefix < 3) {
            string(prefix);
        } else if (isNameStart(c)) {
            const std::size_t start = at_;
            while (at_ < text_.size() && (isNameStart(text_[at_]) || isDigit(text_[at_]))) ++at_;
            push(Token::Kind::Name, start);
        } else {
            symbol();
        }
    }
    void symbol() {
        static constexpr std::string_view kPairs[] = {"&&", "||", "==", "!=", "<=", ">="};
        const std::size_t start = at_;
        for (const std::string_view pair : kPairs)
            if (text_.substr(at_, 2) == pair) at_ += 2;
        if (at_ == start && std::string_view("()[]{}.,:?!<>+-*/%").find(text_[at_]) != std::string_view::npos) ++at_;
        if (at_ > start) {
            push(Token::Kind::Symbol, start);
            return;
        }
        // These start a pair; the character that spoils it is lost as well.
        if ((text_[at_] == '&' || text_[at_] == '|' || text_[at_] == '=') && at_ + 1 < text_.size()) ++at_;
        ++at_;
        while (at_ < text_.size() && (static_cast<unsigned char>(text_[at_]) & 0xc0) == 0x80) ++at_;
        unknown(start, at_);
    }
    void unknown(std::size_t from, std::size_t to) {
        problems_.push_back({from, "Syntax error: token recognition error at: '" + std::string(text_.substr(from, to - from)) + "'"});
    }
    Token& push(Token::Kind kind, std::size_t from) {
        Token token;
        token.kind = kind;
        token.text = text_.substr(from, at_ - from);
        token.offset = from;
        tokens_.push_back(std::move(token));
        return tokens_.back();
    }
    void digits() {
        while (isDigit(ahead(0))) ++at_;
    }
    void number() {
        const std::size_t start = at_;
        if (text_[at_] == '0' && ahead(1) == 'x' && isHex(ahead(2))) {
            at_ += 2;
            while (isHex(ahead(0))) ++at_;
            return whole(start);
        }
        digits();
        bool real = false;
        if (ahead(0) == '.' && isDigit(ahead(1))) {
            real = true;
            ++at_;
            digits();
        }
        if (ahead(0) == 'e' || ahead(0) == 'E') {
            const std::size_t sign = ahead(1) == '+' || ahead(1) == '-' ? 2 : 1;
            if (isDigit(ahead(sign))) {
                real = true;
                at_ += sign;
                digits();
            }
        }
        if (!real) return whole(start);
        readNumber(push(Token::Kind::Double, start), false);
    }
    void whole(std::size_t start) {
        if (ahead(0) == 'u' || ahead(0) == 'U') ++at_;
        readNumber(push(Token::Kind::Int, start), false);
    }

    // Letters before the quotes of a text: r, b, br; 3 when no text starts here.
    std::size_t textPrefix() const {
        const auto is = [&](std::size_t n, char letter) { return std::tolower(static_cast<unsigned char>(ahead(n))) == letter; };
        if (isQuote(ahead(0))) return 0;
        if ((is(0, 'r') || is(0, 'b')) && isQuote(ahead(1))) return 1;
        return is(0, 'b') && is(1, 'r') && isQuote(ahead(2)) ? 2 : 3;
    }
    // The length of an escape that starts at a backslash; 0: none. What it stands for goes to `out`.
    std::size_t escape(std::size_t at, bool bytes, std::string& out) const {
        const auto here = [&](std::size_t n) { return at + n < text_.size() ? text_[at + n] : '\0'; };
        static constexpr std::string_view kNames = "abfnrtv\"'\\?`", kMeans = "\a\b\f\n\r\t\v\"'\\?`";
        const char c = here(1);
        if (const auto known = kNames.find(c); c != '\0' && known != std::string_view::npos) {
            out += kMeans[known];
            return 2;
        }
        const auto octal = [&](std::size_t n, char most) { return here(n) >= '0' && here(n) <= most; };
        std::size_t length = 0;
        std::uint32_t code = 0;
        if (octal(1, '3') && octal(2, '7') && octal(3, '7')) {
            length = 4;
            for (std::size_t i = 1; i < length; ++i) code = code * 8 + static_cast<std::uint32_t>(here(i) - '0');
        } else {
            length = c == 'x' || c == 'X' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 0;
            for (std::size_t i = 2; i < length; ++i) {
                if (!isHex(here(i))) return 0;
                const char digit = static_cast<char>(std::tolower(static_cast<unsigned char>(here(i))));
                code = code * 16 + static_cast<std::uint32_t>(isDigit(digit) ? digit - '0' : digit - 'a' + 10);
            }
        }
        if (length == 0) return 0;
        if (bytes && length == 4) out += static_cast<char>(code);
        else appendUtf8(out, code);
        return length;
    }
    void string(std::size_t prefix) {
        const std::size_t start = at_;
        const std::string_view letters = text_.substr(at_, prefix);
        const bool raw = letters.find_first_of("rR") != std::string_view::npos;
        const bool bytes = letters.find_first_of("bB") != std::string_view::npos;
        const char quote = text_[at_ + prefix];
        const std::string three(3, quote);
        const bool lines = text_.substr(at_ + prefix, 3) == three;
        const std::string_view end = lines ? std::string_view(three) : std::string_view(three).substr(0, 1);
        std::string out;
        std::size_t at = at_ + prefix + end.size();
        while (at < text_.size() && text_.substr(at, end.size()) != end) {
            std::size_t width = 1;
            if (text_[at] == '\\' && !raw) width = escape(at, bytes, out);
            else if (!lines && (text_[at] == '\n' || text_[at] == '\r')) width = 0;
            else out += text_[at];
            if (width == 0) break;
            at += width;
        }
        const bool closed = at < text_.size() && text_.substr(at, end.size()) == end;
        if (!closed) return unclosed(start, at);
        at_ = at + end.size();
        push(Token::Kind::String, start).value = Datum(bytes ? Datum::Kind::Bytes : Datum::Kind::Plain, Value(std::string_view(out)));
    }
    // Reading goes on behind the character at which no text was possible any more.
    void unclosed(std::size_t start, std::size_t at) {
        if (at < text_.size()) ++at;
        if (at < text_.size() && text_[at - 1] == '\\') ++at;
        unknown(start, at);
        at_ = at;
    }

    std::string_view text_;
    std::vector<Problem>& problems_;
    std::size_t at_ = 0;
    std::vector<Token> tokens_;
};

} // namespace

void readNumber(Token& token, bool negative) {
    std::string digits = token.text;
    const auto read = [&](auto& value, int base) {
        const char* end = digits.data() + digits.size();
        const auto result = std::from_chars(digits.data(), end, value, base);
        return result.ec == std::errc() && result.ptr == end;
    };
    token.wrong.clear();
    if (token.kind == Token::Kind::Double) {
        double value = 0;
        const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (result.ec == std::errc::result_out_of_range) token.wrong = "invalid double literal";
        token.value = Datum(Value(negative ? -value : value));
        return;
    }
    const bool isUnsigned = digits.ends_with('u') || digits.ends_with('U');
    if (isUnsigned) digits.pop_back();
    const bool hex = digits.starts_with("0x");
    if (hex) digits.erase(0, 2);
    if (negative) digits.insert(0, "-");
    std::int64_t value = 0;
    if (!read(value, hex ? 16 : 10)) token.wrong = isUnsigned ? "invalid uint literal" : "invalid int literal";
    token.value = Datum(isUnsigned ? Datum::Kind::Uint : Datum::Kind::Plain, Value(value));
}

std::vector<Token> readTokens(std::string_view text, std::vector<Problem>& problems) { return Lexer(text, problems).run(); }

} // namespace apiserver::cel
