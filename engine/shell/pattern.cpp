#include "shell/pattern.h"

#include "base/strings.h"

#include <algorithm>
#include <cctype>

namespace shell {
namespace {

constexpr int kMatchSteps = 2'000'000; // nested extended patterns are exponential otherwise
constexpr std::size_t kMaxPaths = 100'000;

bool inClass(std::string_view name, unsigned char c) {
    if (name == "alpha") return std::isalpha(c);
    if (name == "digit") return std::isdigit(c);
    if (name == "alnum") return std::isalnum(c);
    if (name == "upper") return std::isupper(c);
    if (name == "lower") return std::islower(c);
    if (name == "space") return std::isspace(c);
    if (name == "blank") return c == ' ' || c == '\t';
    if (name == "punct") return std::ispunct(c);
    if (name == "print") return std::isprint(c);
    if (name == "graph") return std::isgraph(c);
    if (name == "cntrl") return std::iscntrl(c);
    if (name == "xdigit") return std::isxdigit(c);
    if (name == "word") return std::isalnum(c) || c == '_';
    return false;
}

class Matcher {
public:
    Matcher(std::string_view pattern, std::string_view text, PatternOptions options)
        : pattern_(pattern), text_(text), options_(options) {}
    bool run() { return match(0, pattern_.size(), 0, text_.size()); }

private:
    // Pattern [p, pEnd) against text [t, tEnd), whole.
    bool match(std::size_t p, std::size_t pEnd, std::size_t t, std::size_t tEnd);
    bool bracket(std::size_t& p, std::size_t pEnd, unsigned char c, bool& valid) const;
    bool extended(std::size_t p, std::size_t pEnd, std::size_t t, std::size_t tEnd, bool& handled,
                  bool& result);
    std::size_t closing(std::size_t open, std::size_t pEnd) const;
    bool same(char a, char b) const {
        return a == b || (options_.ignoreCase && std::tolower(static_cast<unsigned char>(a)) ==
                                                     std::tolower(static_cast<unsigned char>(b)));
    }

    std::string_view pattern_, text_;
    PatternOptions options_;
    int steps_ = 0;
};

bool Matcher::bracket(std::size_t& p, std::size_t pEnd, unsigned char c, bool& valid) const {
    std::size_t i = p + 1;
    bool negated = false;
    if (i < pEnd && (pattern_[i] == '!' || pattern_[i] == '^')) {
        negated = true;
        ++i;
    }
    bool found = false, first = true;
    for (; i < pEnd && (pattern_[i] != ']' || first); first = false) {
        if (pattern_[i] == '[' && i + 1 < pEnd && pattern_[i + 1] == ':') {
            const std::size_t end = pattern_.find(":]", i + 2);
            if (end != std::string_view::npos && end < pEnd) {
                found = found || inClass(pattern_.substr(i + 2, end - i - 2), c);
                i = end + 2;
                continue;
            }
        }
        if (pattern_[i] == '\\' && i + 1 < pEnd) ++i;
        const unsigned char low = static_cast<unsigned char>(pattern_[i++]);
        unsigned char high = low;
        if (i + 1 < pEnd && pattern_[i] == '-' && pattern_[i + 1] != ']') {
            ++i;
            if (pattern_[i] == '\\' && i + 1 < pEnd) ++i;
            high = static_cast<unsigned char>(pattern_[i++]);
        }
        found = found || (c >= low && c <= high);
        if (options_.ignoreCase) {
            const auto flipped =
                static_cast<unsigned char>(std::isupper(c) ? std::tolower(c) : std::toupper(c));
            found = found || (flipped >= low && flipped <= high);
        }
    }
    valid = i < pEnd;
    if (valid) p = i + 1;
    return found != negated;
}

std::size_t Matcher::closing(std::size_t open, std::size_t pEnd) const {
    int depth = 0;
    for (std::size_t i = open; i < pEnd; ++i) {
        if (pattern_[i] == '\\') {
            ++i;
        } else if (pattern_[i] == '(') {
            ++depth;
        } else if (pattern_[i] == ')' && --depth == 0) {
            return i;
        }
    }
    return std::string_view::npos;
}

bool Matcher::extended(std::size_t p, std::size_t pEnd, std::size_t t, std::size_t tEnd,
                       bool& handled, bool& result) {
    handled = false;
    const std::size_t close = closing(p + 1, pEnd);
    if (close == std::string_view::npos) return false;
    handled = true;
    const char kind = pattern_[p];
    std::vector<std::pair<std::size_t, std::size_t>> choices;
    int depth = 0;
    std::size_t start = p + 2;
    for (std::size_t i = p + 1; i <= close; ++i) {
        if (pattern_[i] == '\\') {
            ++i;
            continue;
        }
        if (pattern_[i] == '(') ++depth;
        if ((pattern_[i] == '|' && depth == 1) || i == close) {
            choices.emplace_back(start, i);
            start = i + 1;
        }
        if (pattern_[i] == ')') --depth;
    }
    result = false;
    if ((kind == '?' || kind == '*') && match(close + 1, pEnd, t, tEnd)) return result = true;
    if (kind == '!') {
        for (std::size_t end = t; end <= tEnd && !result; ++end) {
            bool any = false;
            for (const auto& [from, to] : choices) any = any || match(from, to, t, end);
            result = !any && match(close + 1, pEnd, end, tEnd);
        }
        return result;
    }
    for (std::size_t end = t; end <= tEnd && !result; ++end)
        for (const auto& [from, to] : choices) {
            if (!match(from, to, t, end)) continue;
            result = match(close + 1, pEnd, end, tEnd) ||
                     ((kind == '*' || kind == '+') && end > t && match(p, pEnd, end, tEnd));
            if (result) break;
        }
    return result;
}

bool Matcher::match(std::size_t p, std::size_t pEnd, std::size_t t, std::size_t tEnd) {
    std::size_t starP = std::string_view::npos, starT = 0;
    while (true) {
        if (++steps_ > kMatchSteps) return false;
        bool matched = false;
        if (p < pEnd) {
            const char c = pattern_[p];
            if (options_.extglob && p + 1 < pEnd && pattern_[p + 1] == '(' &&
                std::string_view("?*+@!").find(c) != std::string_view::npos) {
                bool handled = false, result = false;
                extended(p, pEnd, t, tEnd, handled, result);
                if (handled) {
                    if (result) return true;
                    if (starP == std::string_view::npos || starT >= tEnd) return false;
                    p = starP;
                    t = ++starT;
                    continue;
                }
            }
            if (c == '*') {
                starP = ++p;
                starT = t;
                continue;
            }
            if (t < tEnd) {
                if (c == '?') {
                    ++p;
                    ++t;
                    while (t < tEnd && (static_cast<unsigned char>(text_[t]) & 0xC0) == 0x80) ++t;
                    continue;
                }
                if (c == '[') {
                    std::size_t next = p;
                    bool valid = false;
                    const bool found =
                        bracket(next, pEnd, static_cast<unsigned char>(text_[t]), valid);
                    matched = valid ? found : text_[t] == '[';
                    if (matched) {
                        p = valid ? next : p + 1;
                        ++t;
                        continue;
                    }
                } else {
                    const bool escaped = c == '\\' && p + 1 < pEnd;
                    if (same(escaped ? pattern_[p + 1] : c, text_[t])) {
                        p += escaped ? 2 : 1;
                        ++t;
                        continue;
                    }
                }
            }
        } else if (t == tEnd) {
            return true;
        }
        if (starP == std::string_view::npos || starT >= tEnd) return false;
        p = starP;
        t = ++starT;
    }
}

struct GlobWalk {
    const ports::FileSystem& files;
    std::string cwd;
    GlobOptions options;
    std::vector<std::string> parts;
    bool directoriesOnly = false;
    std::vector<std::string> found;

    std::string absolute(const std::string& path) const {
        if (!path.empty() && path[0] == '/') return path;
        return path.empty() ? cwd : (cwd == "/" ? "/" : cwd + "/") + path;
    }
    static std::string joined(const std::string& prefix, const std::string& name) {
        return prefix.empty() || prefix.back() == '/' ? prefix + name : prefix + "/" + name;
    }
    void walk(const std::string& prefix, std::size_t index) {
        if (found.size() >= kMaxPaths) return;
        if (index == parts.size()) {
            found.push_back(directoriesOnly ? prefix + "/" : prefix);
            return;
        }
        const std::string& part = parts[index];
        const bool last = index + 1 == parts.size();
        if (options.globstar && part == "**") {
            walkDeep(prefix, index, 0);
            return;
        }
        if (!hasWildcard(part, options.extglob)) {
            const std::string path = joined(prefix, unescapePattern(part));
            if (!files.lstat(absolute(path)).ok()) return;
            if ((!last || directoriesOnly) && !files.isDirectory(absolute(path))) return;
            walk(path, index + 1);
            return;
        }
        auto entries = files.list(absolute(prefix));
        if (!entries.ok()) return;
        PatternOptions pattern{options.extglob, options.ignoreCase, options.dotglob};
        for (const auto& entry : *entries) {
            if (entry.name == "." || entry.name == "..") continue;
            if (entry.name[0] == '.' && part[0] != '.' && !options.dotglob) continue;
            if (!matchPattern(part, entry.name, pattern)) continue;
            const std::string path = joined(prefix, entry.name);
            if ((!last || directoriesOnly) && !files.isDirectory(absolute(path))) continue;
            walk(path, index + 1);
        }
    }
    void walkDeep(const std::string& prefix, std::size_t index, int depth) {
        if (depth > 50) return;
        if (index + 1 < parts.size()) {
            walk(prefix, index + 1);
        } else if (!prefix.empty()) {
            found.push_back(prefix);
        }
        auto entries = files.list(absolute(prefix));
        if (!entries.ok()) return;
        for (const auto& entry : *entries) {
            if (entry.name[0] == '.' && !options.dotglob) continue;
            const std::string path = joined(prefix, entry.name);
            if (entry.type == ports::FileType::Directory) {
                walkDeep(path, index, depth + 1);
            } else if (index + 1 == parts.size()) {
                found.push_back(path);
            }
        }
    }
};

} // namespace

bool matchPattern(std::string_view pattern, std::string_view text, PatternOptions options) {
    if (!options.leadingDot && !text.empty() && text[0] == '.' && !pattern.empty() &&
        pattern[0] != '.')
        return false;
    return Matcher(pattern, text, options).run();
}

bool hasWildcard(std::string_view pattern, bool extglob) {
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const char c = pattern[i];
        if (c == '\\') {
            ++i;
        } else if (c == '*' || c == '?') {
            return true;
        } else if (c == '[' && pattern.find(']', i + 1) != std::string_view::npos) {
            return true;
        } else if (extglob && i + 1 < pattern.size() && pattern[i + 1] == '(' &&
                   (c == '+' || c == '@' || c == '!')) {
            return true;
        }
    }
    return false;
}

std::string escapePattern(std::string_view text) {
    std::string out;
    out.reserve(text.size() + 8);
    for (const char c : text) {
        if (std::string_view("*?[]\\()|!+@-^").find(c) != std::string_view::npos) out += '\\';
        out += c;
    }
    return out;
}

std::string unescapePattern(std::string_view pattern) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] == '\\' && i + 1 < pattern.size()) ++i;
        out += pattern[i];
    }
    return out;
}

std::vector<std::string> globPaths(const ports::FileSystem& files, std::string_view cwd,
                                   std::string_view pattern, GlobOptions options) {
    GlobWalk walk{files, std::string(cwd), options, {}, false, {}};
    std::string prefix;
    std::size_t at = 0;
    while (at < pattern.size() && pattern[at] == '/') {
        prefix = "/";
        ++at;
    }
    for (std::string& part : base::split(pattern.substr(at), '/'))
        if (!part.empty()) walk.parts.push_back(std::move(part));
    walk.directoriesOnly = pattern.size() > at && pattern.back() == '/';
    walk.walk(prefix, 0);
    std::sort(walk.found.begin(), walk.found.end());
    walk.found.erase(std::unique(walk.found.begin(), walk.found.end()), walk.found.end());
    return std::move(walk.found);
}

} // namespace shell
