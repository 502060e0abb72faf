// Brace expansion and C-like escapes, both purely textual.

#include "base/strings.h"
#include "shell/parser.h"

#include <cctype>
#include <cstdlib>

namespace shell {
namespace {

constexpr std::size_t kMaxBraceWords = 100'000;

// Index after a quoted or substituted stretch beginning at `at`, or `at` when none begins there.
std::size_t skipOpaque(std::string_view text, std::size_t at) {
    const char c = text[at];
    if (c == '\\') return std::min(at + 2, text.size());
    if (c == '\'' || c == '"' || c == '`') {
        std::size_t end = at + 1;
        while (end < text.size() && text[end] != c) end += text[end] == '\\' && c != '\'' ? 2 : 1;
        return std::min(end + 1, text.size());
    }
    if (c == '$' && at + 1 < text.size() && (text[at + 1] == '{' || text[at + 1] == '(')) {
        const char open = text[at + 1], close = open == '{' ? '}' : ')';
        int depth = 0;
        for (std::size_t i = at + 1; i < text.size(); ++i) {
            if (text[i] == open) ++depth;
            if (text[i] == close && --depth == 0) return i + 1;
        }
        return text.size();
    }
    return at;
}

bool sequence(std::string_view body, std::vector<std::string>& out) {
    const std::size_t first = body.find("..");
    if (first == std::string_view::npos) return false;
    const std::string_view from = body.substr(0, first);
    std::string_view to = body.substr(first + 2);
    std::int64_t step = 0;
    if (const std::size_t second = to.find(".."); second != std::string_view::npos) {
        const auto parsed = base::parseInt(to.substr(second + 2));
        if (!parsed) return false;
        step = std::llabs(*parsed);
        to = to.substr(0, second);
    }
    if (step == 0) step = 1;
    const auto low = base::parseInt(from), high = base::parseInt(to);
    const bool letters = from.size() == 1 && to.size() == 1 &&
                         std::isalpha(static_cast<unsigned char>(from[0])) &&
                         std::isalpha(static_cast<unsigned char>(to[0]));
    if (!(low && high) && !letters) return false;
    std::int64_t at = letters ? from[0] : *low;
    const std::int64_t end = letters ? to[0] : *high;
    auto padded = [](std::string_view s) {
        if (!s.empty() && s[0] == '-') s.remove_prefix(1);
        return s.size() > 1 && s[0] == '0';
    };
    const std::size_t width =
        !letters && (padded(from) || padded(to)) ? std::max(from.size(), to.size()) : 0;
    for (std::size_t count = 0; count < kMaxBraceWords; ++count) {
        std::string item = letters ? std::string(1, static_cast<char>(at)) : std::to_string(at);
        if (width > item.size()) item.insert(item[0] == '-' ? 1 : 0, width - item.size(), '0');
        out.push_back(std::move(item));
        if (at == end) break;
        const std::int64_t next = at < end ? at + step : at - step;
        if ((at < end && next > end) || (at > end && next < end)) break;
        at = next;
    }
    return true;
}

void expandInto(std::string_view text, std::vector<std::string>& out, int depth) {
    for (std::size_t open = 0; open < text.size() && depth < 50;) {
        if (const std::size_t next = skipOpaque(text, open); next != open) {
            open = next;
            continue;
        }
        if (text[open] != '{') {
            ++open;
            continue;
        }
        int nesting = 0;
        std::vector<std::string_view> pieces;
        std::size_t pieceStart = open + 1, close = std::string_view::npos;
        for (std::size_t i = open; i < text.size();) {
            if (const std::size_t next = skipOpaque(text, i); next != i) {
                i = next;
                continue;
            }
            if (text[i] == '{') ++nesting;
            if (text[i] == ',' && nesting == 1) {
                pieces.push_back(text.substr(pieceStart, i - pieceStart));
                pieceStart = i + 1;
            }
            if (text[i] == '}' && --nesting == 0) {
                close = i;
                pieces.push_back(text.substr(pieceStart, i - pieceStart));
                break;
            }
            ++i;
        }
        std::vector<std::string> middles;
        bool found = false;
        if (close != std::string_view::npos) {
            if (pieces.size() > 1) {
                for (const std::string_view piece : pieces) expandInto(piece, middles, depth + 1);
                found = true;
            } else {
                found = sequence(pieces[0], middles);
            }
        }
        if (!found) {
            ++open;
            continue;
        }
        std::vector<std::string> tails;
        expandInto(text.substr(close + 1), tails, depth + 1);
        for (const std::string& middle : middles)
            for (const std::string& tail : tails) {
                if (out.size() >= kMaxBraceWords) return;
                out.push_back(std::string(text.substr(0, open)) + middle + tail);
            }
        return;
    }
    out.emplace_back(text);
}

void appendUtf8(std::string& out, std::uint32_t code) {
    if (code < 0x80) {
        out += static_cast<char>(code);
    } else if (code < 0x800) {
        out += static_cast<char>(0xC0 | (code >> 6));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    } else {
        out += static_cast<char>(0xF0 | ((code >> 18) & 7));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
        out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
        out += static_cast<char>(0x80 | (code & 0x3F));
    }
}

int digitValue(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return 99;
}

} // namespace

std::vector<std::string> expandBraces(std::string_view word) {
    std::vector<std::string> out;
    expandInto(word, out, 0);
    return out;
}

std::string decodeAnsiC(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[++i];
        auto number = [&](int base, int most) {
            std::uint32_t value = 0;
            while (most-- > 0 && i + 1 < text.size() && digitValue(text[i + 1]) < base)
                value = value * base + digitValue(text[++i]);
            return value;
        };
        switch (c) {
        case 'a': out += '\a'; break;
        case 'b': out += '\b'; break;
        case 'e':
        case 'E': out += '\x1b'; break;
        case 'f': out += '\f'; break;
        case 'n': out += '\n'; break;
        case 'r': out += '\r'; break;
        case 't': out += '\t'; break;
        case 'v': out += '\v'; break;
        case '\\': out += '\\'; break;
        case '\'': out += '\''; break;
        case '"': out += '"'; break;
        case '?': out += '?'; break;
        case 'x': {
            if (i + 1 < text.size() && digitValue(text[i + 1]) < 16) {
                out += static_cast<char>(number(16, 2));
            } else {
                out += "\\x";
            }
            break;
        }
        case 'u': appendUtf8(out, number(16, 4)); break;
        case 'U': appendUtf8(out, number(16, 8)); break;
        case 'c':
            if (i + 1 < text.size()) out += static_cast<char>(text[++i] & 0x1F);
            break;
        default:
            if (c >= '0' && c <= '7') {
                --i;
                out += static_cast<char>(number(8, 3));
            } else {
                out += '\\';
                out += c;
            }
        }
    }
    return out;
}

} // namespace shell
