#include "tools/crictl/options.h"

#include "base/strings.h"

#include <algorithm>
#include <cstdio>

namespace tools::crictl {

base::Result<Options> Options::parse(const std::vector<std::string>& words, const std::vector<Flag>& flags,
                                     std::size_t wordsBeforeCommand) {
    Options out;
    const auto unknown = [](const std::string& word) {
        return base::makeError("flag provided but not defined: " + word);
    };
    for (std::size_t i = 0; i < words.size(); ++i) {
        const std::string& word = words[i];
        if (out.words_.size() > wordsBeforeCommand || word.size() < 2 || word[0] != '-') {
            out.words_.push_back(word);
            if (out.words_.size() >= wordsBeforeCommand) {
                std::size_t next = i + 1;
                if (next < words.size() && words[next] == "--") ++next;
                out.words_.insert(out.words_.end(), words.begin() + static_cast<std::ptrdiff_t>(next), words.end());
                break;
            }
            continue;
        }
        if (word == "--") {
            out.words_.insert(out.words_.end(), words.begin() + static_cast<std::ptrdiff_t>(i) + 1, words.end());
            break;
        }
        const bool isLong = word[1] == '-';
        const std::size_t equals = word.find('=');
        const std::string name = word.substr(isLong ? 2 : 1, equals == std::string::npos ? equals : equals - (isLong ? 2 : 1));
        const auto byName = [&](const Flag& f) {
            return name == f.name || (name.size() == 1 && name[0] == f.letter);
        };
        const auto flag = std::find_if(flags.begin(), flags.end(), byName);
        if (flag == flags.end()) {
            // "-it" is "-i -t".
            if (isLong || equals != std::string::npos) return unknown("-" + name);
            for (const char letter : name) {
                const auto single = std::find_if(flags.begin(), flags.end(), [&](const Flag& f) { return f.letter == letter && !f.value; });
                if (single == flags.end()) return unknown("-" + name);
                out.values_[single->name].push_back("true");
            }
            continue;
        }
        std::string value = "true";
        if (equals != std::string::npos) {
            value = word.substr(equals + 1);
        } else if (flag->value) {
            if (i + 1 >= words.size()) return base::makeError("flag needs an argument: " + word);
            value = words[++i];
        }
        out.values_[flag->name].push_back(value);
    }
    return out;
}

std::string Options::get(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::string() : found->second.back();
}

std::vector<std::string> Options::all(std::string_view name) const {
    const auto found = values_.find(std::string(name));
    return found == values_.end() ? std::vector<std::string>{} : found->second;
}

std::string table(const std::vector<std::vector<std::string>>& rows, std::size_t minimum, std::size_t padding) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (widths.size() <= i) widths.push_back(0);
            widths[i] = std::max(widths[i], std::max(minimum, row[i].size() + padding));
        }
    std::string out;
    for (const auto& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            out += row[i];
            if (i + 1 < row.size()) out.append(widths[i] - row[i].size(), ' ');
        }
        out += '\n';
    }
    return out;
}

std::string humanDuration(std::int64_t nanoseconds) {
    const std::int64_t seconds = nanoseconds / 1'000'000'000;
    const auto count = [](std::int64_t n, const char* unit) { return std::to_string(n) + " " + unit; };
    if (seconds < 1) return "Less than a second";
    if (seconds == 1) return "1 second";
    if (seconds < 60) return count(seconds, "seconds");
    const std::int64_t minutes = seconds / 60;
    if (minutes == 1) return "About a minute";
    if (minutes < 60) return count(minutes, "minutes");
    const std::int64_t hours = (minutes + 30) / 60;
    if (hours == 1) return "About an hour";
    if (hours < 48) return count(hours, "hours");
    if (hours < 24 * 7 * 2) return count(hours / 24, "days");
    if (hours < 24 * 30 * 2) return count(hours / 24 / 7, "weeks");
    if (hours < 24 * 365 * 2) return count(hours / 24 / 30, "months");
    return count(hours / 24 / 365, "years");
}

std::string humanSize(double bytes) {
    static const char* const kUnits[] = {"B", "kB", "MB", "GB", "TB"};
    int unit = 0;
    while (bytes >= 1000 && unit < 4) {
        bytes /= 1000;
        ++unit;
    }
    char text[32];
    std::snprintf(text, sizeof text, "%.3g%s", bytes, kUnits[unit]);
    return text;
}

} // namespace tools::crictl
