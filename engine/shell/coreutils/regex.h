#pragma once
// POSIX basic and extended regular expressions on RE2, and on the C library where a pattern refers
// back to a group (bounded then by the length of the line).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace shell {

struct RegexMatch {
    // Byte ranges of the whole and of the groups; -1 where a group took no part.
    std::vector<std::pair<int, int>> groups;
    int begin() const { return groups[0].first; }
    int end() const { return groups[0].second; }
};

struct RegexOptions {
    bool extended = false, ignoreCase = false, perl = false, fixed = false;
    bool wholeWord = false, wholeLine = false;
    bool multiLine = false;
};

class Regex {
public:
    Regex(std::string_view pattern, RegexOptions options);
    ~Regex();
    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    bool ok() const { return error_.empty(); }
    const std::string& error() const { return error_; } // as regcomp(3) words it
    // The first match at or after `from`; text before it counts for ^ and \b.
    bool search(std::string_view text, std::size_t from, RegexMatch& match) const;
    bool matches(std::string_view text) const;
    int groupCount() const;

private:
    struct Engine;
    std::unique_ptr<Engine> engine_;
    std::string error_;
};

// What the replacement text of s/// gives: & and \1, \n; case conversions \U \L \u \l \E.
std::string substitute(std::string_view replacement, std::string_view text,
                       const RegexMatch& match);

} // namespace shell
