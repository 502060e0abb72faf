// printf and echo, for the builtins and for the programs.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "sim/time.h"

#include <cstdio>
#include <cstdlib>

namespace shell {
namespace {

constexpr std::size_t kMaxOutput = 32u << 20;

// Escapes of formats and of %b and echo -e; `stop` after \c.
std::string unescape(std::string_view text, bool& stop, bool octalNeedsZero) {
    std::string out;
    for (std::size_t i = 0; i < text.size() && !stop; ++i) {
        if (text[i] != '\\' || i + 1 >= text.size()) {
            out += text[i];
            continue;
        }
        const char c = text[i + 1];
        if (c == 'c') {
            stop = true;
            break;
        }
        if (c == '\'' || c == '"' || c == '?') {
            if (octalNeedsZero) out += '\\';
            out += c;
            ++i;
            continue;
        }
        if (c >= '0' && c <= '7') {
            if (octalNeedsZero && c != '0') {
                out += '\\';
                out += c;
                ++i;
                continue;
            }
            std::size_t at = i + 1;
            if (octalNeedsZero) ++at;
            int value = 0, digits = 0;
            while (at < text.size() && digits < 3 && text[at] >= '0' && text[at] <= '7') {
                value = value * 8 + (text[at++] - '0');
                ++digits;
            }
            out += static_cast<char>(value);
            i = at - 1;
            continue;
        }
        std::size_t length = 2;
        if (c == 'x' || c == 'u' || c == 'U') {
            const std::size_t most = c == 'x' ? 2 : c == 'u' ? 4 : 8;
            while (length - 2 < most && i + length < text.size() &&
                   std::isxdigit(static_cast<unsigned char>(text[i + length])))
                ++length;
        }
        out += decodeAnsiC(text.substr(i, length));
        i += length - 1;
    }
    return out;
}

class Printf {
public:
    Printf(const Strings& args, std::vector<std::string>& complaints, int& status, std::int64_t now)
        : args_(args), complaints_(complaints), status_(status), now_(now) {}

    std::string run(const std::string& format) {
        std::string out;
        do {
            const std::size_t before = at_;
            if (!once(format, out) || out.size() > kMaxOutput) break;
            if (at_ == before) break; // a format without conversions is used once
        } while (at_ < args_.size());
        return out;
    }

private:
    std::string next() { return at_ < args_.size() ? args_[at_++] : (++missing_, std::string()); }

    std::int64_t integer(const std::string& text) {
        if (text.empty()) {
            return 0;
        }
        if (text[0] == '\'' || text[0] == '"')
            return text.size() > 1 ? static_cast<unsigned char>(text[1]) : 0;
        char* end = nullptr;
        errno = 0;
        long long value = std::strtoll(text.c_str(), &end, 0);
        if (errno == ERANGE && text[0] != '-')
            value = static_cast<long long>(std::strtoull(text.c_str(), &end, 0));
        if (*end != '\0') {
            complaints_.push_back(text +
                                  (end == text.c_str() ? ": invalid number" : ": invalid number"));
            status_ = 1;
        }
        return value;
    }
    double real(const std::string& text) {
        if (text.empty()) return 0;
        char* end = nullptr;
        const double value = std::strtod(text.c_str(), &end);
        if (*end != '\0') {
            complaints_.push_back(text + ": invalid number");
            status_ = 1;
        }
        return value;
    }

    static std::string pad(std::string text, bool left, int width, char fill = ' ') {
        std::size_t shown = 0;
        for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
        if (width > 0 && shown < static_cast<std::size_t>(width))
            text.insert(left ? text.size() : 0, static_cast<std::size_t>(width) - shown, fill);
        return text;
    }

    bool once(const std::string& format, std::string& out) {
        for (std::size_t i = 0; i < format.size(); ++i) {
            if (format[i] == '\\') {
                bool stop = false;
                std::size_t length = 2;
                if (i + 1 < format.size() &&
                    (format[i + 1] == 'x' || format[i + 1] == 'u' || format[i + 1] == 'U'))
                    while (length < 10 && i + length < format.size() &&
                           std::isxdigit(static_cast<unsigned char>(format[i + length])) &&
                           (format[i + 1] != 'x' || length < 4))
                        ++length;
                else if (i + 1 < format.size() && format[i + 1] >= '0' && format[i + 1] <= '7')
                    while (length < 4 && i + length < format.size() && format[i + length] >= '0' &&
                           format[i + length] <= '7')
                        ++length;
                out += unescape(std::string_view(format).substr(i, length), stop, false);
                if (stop) {
                    at_ = args_.size();
                    return false;
                }
                i += length - 1;
                continue;
            }
            if (format[i] != '%') {
                out += format[i];
                continue;
            }
            if (i + 1 < format.size() && format[i + 1] == '%') {
                out += '%';
                ++i;
                continue;
            }
            if (!conversion(format, i, out)) return false;
        }
        return true;
    }

    bool conversion(const std::string& format, std::size_t& i, std::string& out) {
        const std::size_t start = i++;
        std::string flags;
        while (i < format.size() &&
               std::string_view("-+ #0").find(format[i]) != std::string_view::npos)
            flags += format[i++];
        int width = 0, precision = -1;
        auto number = [&](int fallback) {
            if (i < format.size() && format[i] == '*') {
                ++i;
                return static_cast<int>(integer(next()));
            }
            int value = fallback;
            while (i < format.size() && std::isdigit(static_cast<unsigned char>(format[i])))
                value = std::min(std::max(value, 0) * 10 + (format[i++] - '0'), 100000);
            return value;
        };
        width = number(0);
        bool left = flags.find('-') != std::string::npos;
        if (width < 0) {
            left = true;
            width = -width;
        }
        width = std::min(width, 100000);
        if (i < format.size() && format[i] == '.') {
            ++i;
            precision = std::min(number(0), 100000);
        }
        while (i < format.size() &&
               std::string_view("hlLjzt").find(format[i]) != std::string_view::npos)
            ++i;
        if (i < format.size() && format[i] == '(') {
            const std::size_t close = format.find(")T", i);
            if (close != std::string::npos) {
                const std::string pattern = format.substr(i + 1, close - i - 1);
                i = close + 1;
                const std::string arg = next();
                std::int64_t when =
                    arg.empty() || arg == "-1" || arg == "-2" ? now_ : integer(arg) * sim::kSecond;
                out += pad(formatDate(pattern, when), left, width);
                return true;
            }
        }
        const char kind = i < format.size() ? format[i] : '\0';
        char buffer[512];
        std::string spec = "%";
        for (const char f : flags) spec += f;
        auto textOf = [&](std::string text) {
            if (precision >= 0 && static_cast<std::size_t>(precision) < text.size())
                text.resize(static_cast<std::size_t>(precision));
            return pad(std::move(text), left, width);
        };
        switch (kind) {
        case 's': out += textOf(next()); return true;
        case 'b': {
            bool stop = false;
            out += textOf(unescape(next(), stop, false));
            if (stop) {
                at_ = args_.size();
                return false;
            }
            return true;
        }
        case 'q':
        case 'Q': out += textOf(quoteForShell(next())); return true;
        case 'c': out += pad(next().substr(0, 1), left, width); return true;
        case 'd':
        case 'i':
        case 'o':
        case 'u':
        case 'x':
        case 'X': {
            spec += std::to_string(std::min(width, 400));
            if (width == 0) spec = "%" + flags;
            if (precision >= 0) spec += "." + std::to_string(std::min(precision, 400));
            spec += std::string("ll") + kind;
            std::snprintf(buffer, sizeof buffer, spec.c_str(),
                          static_cast<long long>(integer(next())));
            out += buffer;
            return true;
        }
        case 'f':
        case 'F':
        case 'e':
        case 'E':
        case 'g':
        case 'G':
        case 'a':
        case 'A': {
            if (width > 0) spec += std::to_string(std::min(width, 200));
            if (precision >= 0) spec += "." + std::to_string(std::min(precision, 100));
            spec += kind;
            std::snprintf(buffer, sizeof buffer, spec.c_str(), real(next()));
            out += buffer;
            return true;
        }
        default:
            complaints_.push_back(
                "`" + format.substr(start, i - start + 1) +
                "': " + (kind == '\0' ? "missing format character" : "invalid format character"));
            if (kind != '\0')
                complaints_.back() = "`" + std::string(1, kind) + "': invalid format character";
            status_ = 1;
            return false;
        }
    }

    static std::string formatDate(const std::string& pattern, std::int64_t when);

    const Strings& args_;
    std::vector<std::string>& complaints_;
    int& status_;
    std::int64_t now_;
    std::size_t at_ = 0;
    int missing_ = 0;
};

} // namespace

std::string strftimeUtc(const std::string& pattern,
                        std::int64_t unixNanoseconds); // coreutils/date.cpp

std::string Printf::formatDate(const std::string& pattern, std::int64_t when) {
    return strftimeUtc(pattern.empty() ? "%H:%M:%S" : pattern, when);
}

std::string formatPrintf(const Strings& args, std::vector<std::string>& complaints, int& status,
                         std::int64_t now) {
    const Strings values(args.begin() + 1, args.end());
    return Printf(values, complaints, status, now).run(args[0]);
}

std::string echoEscapes(std::string_view text, bool& stop) { return unescape(text, stop, true); }

} // namespace shell
