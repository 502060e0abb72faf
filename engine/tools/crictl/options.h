#pragma once
// Command lines in the way of urfave/cli: flags before or after the words, short ones may be joined.

#include "base/result.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tools::crictl {

struct Flag {
    const char* name;  // "all"
    char letter;       // 'a' or 0
    bool value;        // takes one
};

class Options {
public:
    // Everything after the first word of `passthrough` commands (exec ID CMD...) is left alone.
    static base::Result<Options> parse(const std::vector<std::string>& words, const std::vector<Flag>& flags,
                                       std::size_t wordsBeforeCommand = SIZE_MAX);
    bool has(std::string_view name) const { return values_.count(std::string(name)) != 0; }
    std::string get(std::string_view name) const;
    std::vector<std::string> all(std::string_view name) const;
    const std::vector<std::string>& words() const { return words_; }

private:
    std::map<std::string, std::vector<std::string>> values_;
    std::vector<std::string> words_;
};

// Columns as Go's tabwriter aligns them.
std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t minimum, std::size_t padding);
// docker/go-units HumanDuration and HumanSize.
std::string humanDuration(std::int64_t nanoseconds);
std::string humanSize(double bytes);

} // namespace tools::crictl
