#pragma once
// Command lines of the control plane's programs, parsed by tables of their real flags
// (assets/flags/*.tsv: name, short form, type, default). Source: spf13/pflag for the texts.

#include "base/result.h"
#include "sim/time.h"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cluster {

class FlagSet {
public:
    // `program`: name of the table.
    explicit FlagSet(std::string_view program);

    // Arguments without the program's name. The error is pflag's text without "Error: ".
    base::Status parse(const std::vector<std::string>& arguments);
    bool given(std::string_view name) const;
    std::string text(std::string_view name) const; // the last value, or the default
    bool flag(std::string_view name) const { return text(name) == "true"; }
    std::int64_t number(std::string_view name) const;
    sim::Duration duration(std::string_view name) const;
    std::vector<std::string> list(std::string_view name) const; // comma lists of all uses, joined
    const std::vector<std::string>& operands() const { return operands_; }

private:
    struct Known {
        std::string shortName, type, fallback;
    };
    base::Status assign(const std::string& name, const Known& known, std::string value);
    base::Status parseShort(const std::string& word, const std::vector<std::string>& arguments, std::size_t& at);

    std::map<std::string, Known, std::less<>> known_;
    std::map<std::string, std::vector<std::string>, std::less<>> values_;
    std::vector<std::string> operands_;
};

} // namespace cluster
