#include "base/strings.h"
#include "shell/coreutils/sed_script.h"

#include <algorithm>
#include <cctype>

namespace shell::sed {
namespace {

class Parser {
public:
    Parser(std::string script, bool extended) : text_(std::move(script)), extended_(extended) {}

    std::string error; // "unknown command: `k'"
    std::size_t errorAt() const { return at_; }

    bool parse(std::vector<Command>& out) {
        std::vector<std::size_t> open;
        while (error.empty()) {
            while (at_ < text_.size() &&
                   (std::isspace(static_cast<unsigned char>(text_[at_])) || text_[at_] == ';'))
                ++at_;
            if (at_ >= text_.size()) break;
            if (text_[at_] == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') ++at_;
                continue;
            }
            Command command;
            if (!address(command.from)) return false;
            skipBlanks();
            if (command.from.kind != Address::None && peek() == ',') {
                ++at_;
                skipBlanks();
                if (!address(command.to, true)) return false;
                if (command.to.kind == Address::None) return fail("unexpected `,'");
                skipBlanks();
            }
            while (peek() == '!') {
                command.negated = true;
                ++at_;
                skipBlanks();
            }
            if (at_ >= text_.size()) return fail("missing command");
            command.name = text_[at_++];
            if (command.name == '}') {
                if (open.empty()) return fail("unexpected `}'");
                out[open.back()].jump = out.size();
                open.pop_back();
                finish();
                continue;
            }
            if (command.name == '{') {
                open.push_back(out.size());
                out.push_back(std::move(command));
                continue;
            }
            if (!arguments(command)) return false;
            out.push_back(std::move(command));
        }
        if (error.empty() && !open.empty()) return failAt("unmatched `{'", 0);
        return error.empty() && link(out);
    }

private:
    char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
    void skipBlanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }
    bool fail(std::string message) {
        if (error.empty()) error = std::move(message);
        return false;
    }
    bool failAt(std::string message, std::size_t at) {
        at_ = at;
        return fail(std::move(message));
    }
    bool finish() {
        skipBlanks();
        if (at_ >= text_.size() || text_[at_] == ';' || text_[at_] == '\n' || text_[at_] == '}' ||
            text_[at_] == '#')
            return true;
        ++at_;
        return fail("extra characters after command");
    }
    std::int64_t number() {
        std::int64_t value = 0;
        while (std::isdigit(static_cast<unsigned char>(peek())))
            value = std::min<std::int64_t>(value * 10 + (text_[at_++] - '0'), INT32_MAX);
        return value;
    }
    // Up to the delimiter; "\delimiter" gives the delimiter, "\n" stays for the expression.
    bool delimited(char delimiter, std::string& out, bool regex) {
        bool inBracket = false;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '\\' && at_ + 1 < text_.size()) {
                const char next = text_[at_ + 1];
                if (next == delimiter) {
                    if (regex &&
                        std::string_view("|+?(){}").find(delimiter) != std::string_view::npos &&
                        delimiter != '/')
                        out += delimiter;
                    else if (!regex && delimiter == '&')
                        out += "\\&";
                    else
                        out += delimiter;
                } else if (next == '\n' && !regex) {
                    out += "\\n";
                } else {
                    out += c;
                    out += next;
                }
                at_ += 2;
                continue;
            }
            if (regex && c == '[' && !inBracket) {
                // A delimiter inside brackets still ends it, as in GNU sed.
            }
            if (c == delimiter) {
                ++at_;
                return true;
            }
            if (c == '\n' && regex) return false;
            out += c;
            ++at_;
        }
        return false;
    }
    std::shared_ptr<Regex> compile(const std::string& pattern, bool ignoreCase,
                                   bool multiLine = false) {
        RegexOptions options;
        options.extended = extended_;
        options.ignoreCase = ignoreCase;
        options.multiLine = multiLine;
        auto regex = std::make_shared<Regex>(pattern, options);
        if (!regex->ok()) {
            fail(regex->error());
            return nullptr;
        }
        return regex;
    }
    bool address(Address& out, bool second = false) {
        const char c = peek();
        if (std::isdigit(static_cast<unsigned char>(c))) {
            out.kind = Address::Line;
            out.first = number();
            if (peek() == '~') {
                ++at_;
                out.kind = Address::Step;
                out.second = number();
            } else if (out.first == 0 && !second) {
                out.kind = Address::Zero;
            }
        } else if (c == '$') {
            out.kind = Address::Last;
            ++at_;
        } else if (second && (c == '+' || c == '~')) {
            ++at_;
            out.kind = c == '+' ? Address::Plus : Address::Multiple;
            out.first = number();
        } else if (c == '/' || c == '\\') {
            if (c == '\\') ++at_;
            const char delimiter = peek();
            ++at_;
            std::string pattern;
            if (!delimited(delimiter, pattern, true)) return fail("unterminated address regex");
            bool ignoreCase = false, multiLine = false;
            while (peek() == 'I' || peek() == 'M')
                (text_[at_++] == 'I' ? ignoreCase : multiLine) = true;
            out.kind = Address::Pattern;
            if (!pattern.empty()) {
                out.regex = compile(pattern, ignoreCase, multiLine);
                if (!out.regex) return false;
            }
        }
        return true;
    }
    bool substitution(Command& command) {
        const char delimiter = peek();
        if (at_ >= text_.size() || delimiter == '\n' || delimiter == '\\')
            return fail("unterminated `s' command");
        ++at_;
        std::string pattern;
        if (!delimited(delimiter, pattern, true) || !delimited(delimiter, command.second, false))
            return fail("unterminated `s' command");
        bool ignoreCase = false, multiLine = false;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == 'g')
                command.global = true;
            else if (c == 'p')
                command.print = true;
            else if (c == 'i' || c == 'I')
                ignoreCase = true;
            else if (c == 'm' || c == 'M')
                multiLine = true;
            else if (c == 'e')
                command.evaluate = true;
            else if (std::isdigit(static_cast<unsigned char>(c))) {
                command.number = static_cast<int>(number());
                if (command.number == 0)
                    return fail("number option to `s' command may not be zero");
                continue;
            } else if (c == 'w') {
                ++at_;
                skipBlanks();
                while (at_ < text_.size() && text_[at_] != '\n') command.writeTo += text_[at_++];
                break;
            } else if (c == ';' || c == '\n' || c == '}' || c == ' ' || c == '\t' || c == '#') {
                break;
            } else {
                ++at_;
                return fail("unknown option to `s'");
            }
            ++at_;
        }
        if (command.evaluate) return fail("the e flag of `s' is not modelled");
        if (pattern.empty()) {
            command.emptyRegex = true;
        } else {
            command.regex = compile(pattern, ignoreCase, multiLine);
            if (!command.regex) return false;
            const std::string_view replacement = command.second;
            for (std::size_t i = 0; i + 1 < replacement.size(); ++i)
                if (replacement[i] == '\\') {
                    ++i;
                    if (replacement[i] >= '1' && replacement[i] <= '9' &&
                        replacement[i] - '0' > command.regex->groupCount())
                        return fail(std::string("invalid reference \\") + replacement[i] +
                                    " on `s' command's RHS");
                }
        }
        return finish();
    }
    bool textArgument(Command& command) {
        skipBlanks();
        if (at_ >= text_.size()) return fail("expected \\ after `a', `c' or `i'");
        if (peek() == '\\') {
            ++at_;
            skipBlanks();
            if (peek() == '\n')
                ++at_;
            else if (at_ < text_.size()) { /* GNU: a\text on the same line */
            }
        }
        std::string text;
        while (at_ < text_.size() && text_[at_] != '\n') {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                ++at_;
                const char c = text_[at_++];
                text += c == 't' ? '\t' : c;
                continue;
            }
            text += text_[at_++];
        }
        command.text = text + "\n";
        return true;
    }
    bool arguments(Command& command) {
        switch (command.name) {
        case 's': return substitution(command);
        case 'y': {
            const char delimiter = peek();
            ++at_;
            std::string from, to;
            if (!delimited(delimiter, from, false) || !delimited(delimiter, to, false))
                return fail("unterminated `y' command");
            auto plain = [](const std::string& s) {
                std::string out;
                for (std::size_t i = 0; i < s.size(); ++i) {
                    if (s[i] == '\\' && i + 1 < s.size()) {
                        ++i;
                        out += s[i] == 'n' ? '\n' : s[i] == 't' ? '\t' : s[i];
                    } else
                        out += s[i];
                }
                return out;
            };
            command.text = plain(from);
            command.second = plain(to);
            if (command.text.size() != command.second.size())
                return fail("strings for `y' command are different lengths");
            return finish();
        }
        case 'a':
        case 'i':
        case 'c': return textArgument(command);
        case ':':
        case 'b':
        case 't':
        case 'T':
            skipBlanks();
            while (at_ < text_.size() && text_[at_] != '\n' && text_[at_] != ';' &&
                   (command.name == ':' || text_[at_] != '}'))
                command.text += text_[at_++];
            command.text = std::string(base::trim(command.text));
            if (command.name == ':' && command.text.empty()) return fail("\":\" lacks a label");
            return true;
        case 'r':
        case 'R':
        case 'w':
        case 'W':
            skipBlanks();
            while (at_ < text_.size() && text_[at_] != '\n') command.text += text_[at_++];
            if (command.text.empty()) return fail("missing filename in r/R/w/W commands");
            return true;
        case 'q':
        case 'Q':
        case 'l':
        case 'L':
            skipBlanks();
            command.number = static_cast<int>(number());
            return finish();
        case 'd':
        case 'D':
        case 'p':
        case 'P':
        case 'n':
        case 'N':
        case 'h':
        case 'H':
        case 'g':
        case 'G':
        case 'x':
        case '=':
        case 'z':
        case 'F': return finish();
        case 'e': return fail("the e command is not modelled");
        default: return fail(std::string("unknown command: `") + command.name + "'");
        }
    }
    bool link(std::vector<Command>& commands) {
        for (Command& command : commands) {
            if (command.name != 'b' && command.name != 't' && command.name != 'T') continue;
            command.jump = commands.size();
            if (command.text.empty()) continue;
            bool found = false;
            for (std::size_t i = 0; i < commands.size(); ++i)
                if (commands[i].name == ':' && commands[i].text == command.text) {
                    command.jump = i;
                    found = true;
                }
            if (!found)
                return failAt("can't find label for jump to `" + command.text + "'",
                              std::string::npos);
        }
        return true;
    }

    std::string text_;
    bool extended_;
    std::size_t at_ = 0;
};

} // namespace

Script parseScript(const std::string& text, bool extended) {
    Script script;
    Parser parser(text, extended);
    if (parser.parse(script.commands)) return script;
    if (parser.error.rfind("can't find label", 0) == 0) {
        script.error = parser.error;
        return script;
    }
    // npos: at the end of the script.
    script.error = "-e expression #1, char " +
                   std::to_string(std::min(parser.errorAt(), text.size())) + ": " + parser.error;
    return script;
}

} // namespace shell::sed
