#include "shell/coreutils/regex.h"

#include <cctype>
#include <re2/re2.h>
#include <regex.h>

namespace shell {
namespace {

constexpr std::size_t kMaxBacktrackLine = 4096;

// Translates POSIX syntax to what RE2 reads. Sets `back` when a back-reference occurs.
class Translator {
public:
    Translator(std::string_view pattern, bool extended) : in_(pattern), extended_(extended) {}

    std::string run() {
        while (at_ < in_.size()) one();
        return std::move(out_);
    }
    bool back = false;
    std::string error;
    int open = 0;

private:
    bool atStart() const {
        return out_.empty() || out_.back() == '(' ||
               (out_.back() == '|' && (out_.size() < 2 || out_[out_.size() - 2] != '\\'));
    }

    void one() {
        const char c = in_[at_];
        if (c == '\\') {
            escape();
        } else if (c == '[') {
            bracket();
        } else if (!extended_ && std::string_view("+?(){}|").find(c) != std::string_view::npos) {
            out_ += '\\';
            out_ += c;
            ++at_;
        } else if (!extended_ && c == '*' &&
                   (atStart() || out_ == "^" ||
                    (out_.size() > 1 && out_.substr(out_.size() - 2) == "(^"))) {
            out_ += "\\*";
            ++at_;
        } else if (extended_ && c == '*' && atStart()) {
            ++at_; // nothing to repeat: GNU ignores it
        } else if (!extended_ && c == '^' && !atStart()) {
            out_ += "\\^";
            ++at_;
        } else if (!extended_ && c == '$' && at_ + 1 < in_.size() &&
                   in_.substr(at_ + 1, 2) != "\\)" && in_.substr(at_ + 1, 2) != "\\|") {
            out_ += "\\$";
            ++at_;
        } else if (extended_ && c == '{' && !interval(at_)) {
            out_ += "\\{";
            ++at_;
        } else if (extended_ && (c == '*' || c == '+' || c == '?') && !out_.empty() &&
                   (out_.back() == '*' || out_.back() == '+' || out_.back() == '?') &&
                   !escapedEnd()) {
            // a** : RE2 would read a lazy or possessive form
            out_ = wrapLast() + c;
            ++at_;
        } else {
            if (extended_ && c == '(') ++open;
            if (extended_ && c == ')') {
                if (open == 0) {
                    out_ += "\\)";
                    ++at_;
                    return;
                }
                --open;
            }
            out_ += c;
            ++at_;
        }
    }
    bool escapedEnd() const {
        std::size_t slashes = 0;
        for (std::size_t i = out_.size() - 1; i-- > 0 && out_[i] == '\\';) ++slashes;
        return slashes % 2 == 1;
    }
    std::string wrapLast() const { return out_; }
    bool interval(std::size_t at) const {
        std::size_t i = at + 1;
        bool digit = false;
        while (i < in_.size() &&
               (std::isdigit(static_cast<unsigned char>(in_[i])) || in_[i] == ','))
            digit = digit || in_[i] != ',', ++i;
        return i < in_.size() && in_[i] == '}' && digit && !out_.empty();
    }
    void escape() {
        if (at_ + 1 >= in_.size()) {
            error = "Trailing backslash";
            ++at_;
            return;
        }
        const char c = in_[at_ + 1];
        at_ += 2;
        if (!extended_ && std::string_view("+?|").find(c) != std::string_view::npos) {
            out_ += c;
        } else if (!extended_ && (c == '(' || c == ')')) {
            open += c == '(' ? 1 : -1;
            if (open < 0) error = "Unmatched ) or \\)";
            out_ += c;
        } else if (!extended_ && (c == '{' || c == '}')) {
            out_ += c;
        } else if (c >= '1' && c <= '9') {
            back = true;
        } else if (c == '<') {
            out_ += "\\b";
        } else if (c == '>') {
            out_ += "\\b";
        } else if (c == '`') {
            out_ += "\\A";
        } else if (c == '\'') {
            out_ += "\\z";
        } else if (c == 'n') {
            out_ += "\\n";
        } else if (c == 't') {
            out_ += "\\t";
        } else if (std::string_view("wWsSbB").find(c) != std::string_view::npos) {
            out_ += '\\';
            out_ += c;
        } else if (std::isalpha(static_cast<unsigned char>(c))) {
            out_ += c; // \d and others: the letter itself
        } else {
            out_ += '\\';
            out_ += c;
        }
    }
    void bracket() {
        std::size_t i = at_ + 1;
        std::string set = "[";
        if (i < in_.size() && in_[i] == '^') {
            set += '^';
            ++i;
        }
        bool first = true;
        for (; i < in_.size() && (in_[i] != ']' || first); first = false) {
            if (in_[i] == '[' && i + 1 < in_.size() &&
                (in_[i + 1] == ':' || in_[i + 1] == '.' || in_[i + 1] == '=')) {
                const std::string close = std::string(1, in_[i + 1]) + "]";
                const std::size_t end = in_.find(close, i + 2);
                if (end != std::string_view::npos) {
                    set += in_[i + 1] == ':' ? std::string(in_.substr(i, end + 2 - i))
                                             : std::string(in_.substr(i + 2, end - i - 2));
                    i = end + 2;
                    continue;
                }
            }
            if (in_[i] == '\\' && i + 1 < in_.size() && (in_[i + 1] == 'n' || in_[i + 1] == 't')) {
                set += in_.substr(i, 2);
                i += 2;
                continue;
            }
            if (in_[i] == '\\' || in_[i] == '[' || in_[i] == ']') set += '\\';
            set += in_[i++];
        }
        if (i >= in_.size()) {
            error = "Unmatched [, [^, [:, [., or [=";
            at_ = in_.size();
            return;
        }
        out_ += set + "]";
        at_ = i + 1;
    }

    std::string_view in_;
    bool extended_;
    std::size_t at_ = 0;
    std::string out_;
};

} // namespace

struct Regex::Engine {
    std::unique_ptr<RE2> re2;
    regex_t posix{};
    bool usesPosix = false;
    ~Engine() {
        if (usesPosix) regfree(&posix);
    }
};

Regex::~Regex() = default;
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;

Regex::Regex(std::string_view pattern, RegexOptions options) : engine_(std::make_unique<Engine>()) {
    std::string text;
    bool back = false;
    if (options.fixed) {
        text = RE2::QuoteMeta(re2::StringPiece(pattern.data(), pattern.size()));
    } else if (options.perl) {
        text = std::string(pattern);
    } else {
        Translator translator(pattern, options.extended);
        text = translator.run();
        back = translator.back;
        error_ = translator.error;
        if (error_.empty() && translator.open > 0)
            error_ = options.extended ? "Unmatched ( or \\(" : "Unmatched ( or \\(";
        if (!error_.empty()) return;
    }
    if (back) {
        std::string source(pattern);
        if (options.wholeLine)
            source = options.extended ? "^(" + source + ")$" : "^\\(" + source + "\\)$";
        const int flags =
            (options.extended ? REG_EXTENDED : 0) | (options.ignoreCase ? REG_ICASE : 0);
        const int code = regcomp(&engine_->posix, source.c_str(), flags);
        if (code != 0) {
            char buffer[128];
            regerror(code, &engine_->posix, buffer, sizeof buffer);
            error_ = buffer;
            return;
        }
        engine_->usesPosix = true;
        return;
    }
    if (options.wholeWord) text = "\\b(?:" + text + ")\\b";
    if (options.wholeLine) text = "^(?:" + text + ")$";
    RE2::Options re;
    re.set_log_errors(false);
    re.set_case_sensitive(!options.ignoreCase);
    re.set_max_mem(16 << 20);
    if (!options.perl && !options.fixed) {
        re.set_longest_match(true);
    }
    re.set_dot_nl(true);
    if (options.multiLine) text = "(?m)" + text;
    engine_->re2 = std::make_unique<RE2>(text, re);
    if (!engine_->re2->ok() && (text.find("\xff") != std::string::npos ||
                                engine_->re2->error_code() == RE2::ErrorBadUTF8)) {
        re.set_encoding(RE2::Options::EncodingLatin1);
        engine_->re2 = std::make_unique<RE2>(text, re);
    }
    if (!engine_->re2->ok()) {
        switch (engine_->re2->error_code()) {
        case RE2::ErrorMissingParen: error_ = "Unmatched ( or \\("; break;
        case RE2::ErrorMissingBracket: error_ = "Unmatched [, [^, [:, [., or [="; break;
        case RE2::ErrorRepeatArgument:
        case RE2::ErrorRepeatOp: error_ = "Invalid preceding regular expression"; break;
        case RE2::ErrorRepeatSize: error_ = "Invalid content of \\{\\}"; break;
        case RE2::ErrorBadCharRange: error_ = "Invalid range end"; break;
        case RE2::ErrorBadCharClass: error_ = "Invalid character class name"; break;
        default: error_ = "Invalid regular expression"; break;
        }
    }
}

int Regex::groupCount() const {
    return engine_->usesPosix ? static_cast<int>(engine_->posix.re_nsub)
                              : engine_->re2->NumberOfCapturingGroups();
}

bool Regex::search(std::string_view text, std::size_t from, RegexMatch& match) const {
    const int count = groupCount() + 1;
    match.groups.assign(static_cast<std::size_t>(count), {-1, -1});
    if (from > text.size()) return false;
    if (engine_->usesPosix) {
        if (text.size() > kMaxBacktrackLine) return false;
        std::vector<regmatch_t> found(static_cast<std::size_t>(count));
        const std::string copy(text.substr(from));
        if (regexec(&engine_->posix, copy.c_str(), found.size(), found.data(),
                    from > 0 ? REG_NOTBOL : 0) != 0)
            return false;
        for (std::size_t i = 0; i < found.size(); ++i)
            if (found[i].rm_so >= 0)
                match.groups[i] = {static_cast<int>(found[i].rm_so + static_cast<int>(from)),
                                   static_cast<int>(found[i].rm_eo + static_cast<int>(from))};
        return true;
    }
    std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(count));
    const re2::StringPiece whole(text.data(), text.size());
    if (!engine_->re2->Match(whole, from, text.size(), RE2::UNANCHORED, pieces.data(), count))
        return false;
    for (std::size_t i = 0; i < pieces.size(); ++i)
        if (pieces[i].data() != nullptr) {
            const int begin = static_cast<int>(pieces[i].data() - text.data());
            match.groups[i] = {begin, begin + static_cast<int>(pieces[i].size())};
        }
    return true;
}

bool Regex::matches(std::string_view text) const {
    if (!engine_->usesPosix)
        return engine_->re2->Match(re2::StringPiece(text.data(), text.size()), 0, text.size(),
                                   RE2::UNANCHORED, nullptr, 0);
    RegexMatch match;
    return search(text, 0, match);
}

std::string substitute(std::string_view replacement, std::string_view text,
                       const RegexMatch& match) {
    std::string out;
    char mode = 0, once = 0;
    auto add = [&](std::string_view piece) {
        for (char c : piece) {
            const char how = once != 0 ? once : mode;
            if (how == 'U' || how == 'u')
                c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            if (how == 'L' || how == 'l')
                c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            once = 0;
            out += c;
        }
    };
    auto group = [&](std::size_t index) {
        if (index < match.groups.size() && match.groups[index].first >= 0)
            add(text.substr(
                static_cast<std::size_t>(match.groups[index].first),
                static_cast<std::size_t>(match.groups[index].second - match.groups[index].first)));
    };
    for (std::size_t i = 0; i < replacement.size(); ++i) {
        const char c = replacement[i];
        if (c == '&') {
            group(0);
        } else if (c == '\\' && i + 1 < replacement.size()) {
            const char next = replacement[++i];
            if (next >= '0' && next <= '9')
                group(static_cast<std::size_t>(next - '0'));
            else if (next == 'n')
                add("\n");
            else if (next == 't')
                add("\t");
            else if (next == 'U' || next == 'L')
                mode = next;
            else if (next == 'u' || next == 'l')
                once = next;
            else if (next == 'E')
                mode = 0;
            else
                add(std::string_view(&next, 1));
        } else {
            add(std::string_view(&c, 1));
        }
    }
    return out;
}

} // namespace shell
