// date, and dates as text for ls, stat and find.

#include "base/strings.h"
#include "shell/builtins/builtins.h"
#include "shell/coreutils/coreutils.h"

namespace shell {
namespace {

sim::Task<int> dateMain(ports::Process& process, Strings argv) {
    Options options(argv, "ud:r:R I::s:",
                    {{"utc", 'u'},
                     {"universal", 'u'},
                     {"date", 'd'},
                     {"reference", 'r'},
                     {"rfc-email", 'R'},
                     {"iso-8601", 'I'},
                     {"set", 's'}});
    OPTIONS_OR_RETURN(options, 1)
    std::int64_t when = process.kernel().unixNow();
    if (options.has('d')) {
        const auto parsed = parseDate(options.value('d'), when);
        if (!parsed) {
            co_await complain(process, "invalid date " + quoted(options.value('d')));
            co_return 1;
        }
        when = *parsed;
    }
    if (options.has('s')) {
        co_await complain(process, "cannot set date: Operation not permitted");
        co_return 1;
    }
    if (options.has('r')) {
        const auto stat = process.files().stat(process.resolve(options.value('r')));
        if (!stat.ok()) {
            co_await complain(process, options.value('r') + ": " + stat.error().message);
            co_return 1;
        }
        when = stat->modified;
    }
    std::string format =
        isBusybox(process) ? "%a %b %e %H:%M:%S UTC %Y" : "%a %b %e %H:%M:%S UTC %Y";
    if (options.has('R')) format = "%a, %d %b %Y %H:%M:%S +0000";
    if (options.has('I')) {
        const std::string how = options.value('I');
        format = how.empty() || how == "date" ? "%Y-%m-%d"
                 : how[0] == 'h'              ? "%Y-%m-%dT%H+00:00"
                 : how[0] == 'm'              ? "%Y-%m-%dT%H:%M+00:00"
                 : how[0] == 'n'              ? "%Y-%m-%dT%H:%M:%S,%N+00:00"
                                              : "%Y-%m-%dT%H:%M:%S+00:00";
    }
    if (!options.operands.empty()) {
        if (options.operands[0][0] != '+') {
            co_await complain(process, "invalid date " + quoted(options.operands[0]));
            co_return 1;
        }
        format = options.operands[0].substr(1);
    }
    co_await process.writeOut(strftimeUtc(format, when) + "\n");
    co_return 0;
}

} // namespace

std::string strftimeUtc(const std::string& pattern, std::int64_t when) {
    static constexpr const char* kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                            "Thursday", "Friday", "Saturday"};
    static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                              "May",       "June",     "July",     "August",
                                              "September", "October",  "November", "December"};
    const sim::CivilTime t = sim::civilTime(when);
    std::string out;
    auto number = [&](int value, int width, char fill) {
        std::string text = std::to_string(value);
        if (static_cast<int>(text.size()) < width && fill != '-')
            text.insert(0, static_cast<std::size_t>(width) - text.size(), fill);
        return text;
    };
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        if (pattern[i] != '%' || i + 1 >= pattern.size()) {
            out += pattern[i];
            continue;
        }
        char c = pattern[++i], fill = '0';
        bool upper = false;
        int width = 0, colons = 0;
        while ((c == '-' || c == '_' || c == '0' || c == '^') && i + 1 < pattern.size()) {
            if (c == '^')
                upper = true;
            else
                fill = c == '_' ? ' ' : c;
            c = pattern[++i];
        }
        while (c >= '0' && c <= '9' && i + 1 < pattern.size())
            width = std::min(width * 10 + (c - '0'), 100), c = pattern[++i];
        while (c == ':' && i + 1 < pattern.size()) ++colons, c = pattern[++i];
        std::string piece;
        const int hour12 = t.hour % 12 == 0 ? 12 : t.hour % 12;
        switch (c) {
        case 'Y': piece = std::to_string(t.year); break;
        case 'C': piece = number(t.year / 100, 2, fill); break;
        case 'y': piece = number(t.year % 100, 2, fill); break;
        case 'm': piece = number(t.month, 2, fill); break;
        case 'd': piece = number(t.day, 2, fill); break;
        case 'e': piece = number(t.day, 2, fill == '0' ? ' ' : fill); break;
        case 'H': piece = number(t.hour, 2, fill); break;
        case 'k': piece = number(t.hour, 2, ' '); break;
        case 'I': piece = number(hour12, 2, fill); break;
        case 'l': piece = number(hour12, 2, ' '); break;
        case 'M': piece = number(t.minute, 2, fill); break;
        case 'S': piece = number(t.second, 2, fill); break;
        case 'N': {
            piece = number(t.nanosecond, 9, '0');
            if (width > 0 && width < 9) piece.resize(static_cast<std::size_t>(width));
            break;
        }
        case 's': piece = std::to_string(when / sim::kSecond); break;
        case 'j': piece = number(t.yearDay + 1, 3, fill); break;
        case 'u': piece = std::to_string(t.weekday == 0 ? 7 : t.weekday); break;
        case 'w': piece = std::to_string(t.weekday); break;
        case 'a': piece = std::string(kDays[t.weekday]).substr(0, 3); break;
        case 'A': piece = kDays[t.weekday]; break;
        case 'b':
        case 'h': piece = std::string(kMonths[t.month - 1]).substr(0, 3); break;
        case 'B': piece = kMonths[t.month - 1]; break;
        case 'p': piece = t.hour < 12 ? "AM" : "PM"; break;
        case 'P': piece = t.hour < 12 ? "am" : "pm"; break;
        case 'F': piece = strftimeUtc("%Y-%m-%d", when); break;
        case 'T': piece = strftimeUtc("%H:%M:%S", when); break;
        case 'X': piece = strftimeUtc("%H:%M:%S", when); break;
        case 'R': piece = strftimeUtc("%H:%M", when); break;
        case 'r': piece = strftimeUtc("%I:%M:%S %p", when); break;
        case 'D':
        case 'x': piece = strftimeUtc("%m/%d/%y", when); break;
        case 'c': piece = strftimeUtc("%a %b %e %H:%M:%S %Y", when); break;
        case 'z': piece = colons > 0 ? "+00:00" : "+0000"; break;
        case 'Z': piece = "UTC"; break;
        case 'n': piece = "\n"; break;
        case 't': piece = "\t"; break;
        case '%': piece = "%"; break;
        default: piece = std::string("%") + c; break;
        }
        out += upper ? base::toUpper(piece) : piece;
    }
    return out;
}

// "@123", RFC 3339, "YYYY-MM-DD[ HH:MM[:SS]]", "now", "yesterday", "+1 day", "2 hours ago".
std::optional<std::int64_t> parseDate(std::string_view text, std::int64_t now) {
    std::string rest(base::trim(text));
    if (rest.empty()) return now;
    if (rest[0] == '@') {
        const auto seconds = base::parseInt(rest.substr(1));
        if (!seconds) return std::nullopt;
        return *seconds * sim::kSecond;
    }
    if (const auto exact = sim::parseRfc3339(rest)) return exact;
    std::int64_t when = now;
    bool any = false;
    auto words = base::splitFields(rest);
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string word = base::toLower(words[i]);
        int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
        if (word == "now" || word == "utc" || word == "z" || word == "gmt")
            any = true;
        else if (word == "today")
            any = true;
        else if (word == "tomorrow" || word == "yesterday")
            when += (word == "tomorrow" ? 24 : -24) * sim::kHour, any = true;
        else if (std::sscanf(word.c_str(), "%4d-%2d-%2dt%2d:%2d:%2d", &year, &month, &day, &hour,
                             &minute, &second) >= 5 ||
                 std::sscanf(word.c_str(), "%4d-%2d-%2d", &year, &month, &day) == 3) {
            if (month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
            when = sim::unixTime(year, month, day, hour, minute, second);
            any = true;
        } else if (std::sscanf(word.c_str(), "%2d:%2d:%2d", &hour, &minute, &second) >= 2) {
            const sim::CivilTime t = sim::civilTime(when);
            when = sim::unixTime(t.year, t.month, t.day, hour, minute, second);
            any = true;
        } else {
            std::int64_t count = 1;
            if (word == "next" || word == "last") {
                count = word == "next" ? 1 : -1;
            } else if (const auto number = base::parseInt(word)) {
                count = *number;
            } else {
                return std::nullopt;
            }
            if (++i >= words.size()) return std::nullopt;
            std::string unit = base::toLower(words[i]);
            if (unit.size() > 1 && unit.back() == 's') unit.pop_back();
            if (i + 1 < words.size() && base::toLower(words[i + 1]) == "ago") {
                count = -count;
                ++i;
            }
            if (unit == "sec" || unit == "second")
                when += count * sim::kSecond;
            else if (unit == "min" || unit == "minute")
                when += count * sim::kMinute;
            else if (unit == "hour")
                when += count * sim::kHour;
            else if (unit == "day")
                when += count * 24 * sim::kHour;
            else if (unit == "week")
                when += count * 7 * 24 * sim::kHour;
            else if (unit == "month" || unit == "year") {
                const sim::CivilTime t = sim::civilTime(when);
                std::int64_t months = t.year * 12 + t.month - 1 + count * (unit == "year" ? 12 : 1);
                when =
                    sim::unixTime(static_cast<int>(months / 12), static_cast<int>(months % 12) + 1,
                                  t.day, t.hour, t.minute, t.second);
            } else
                return std::nullopt;
            any = true;
        }
    }
    if (!any) return std::nullopt;
    return when;
}

const CoreutilEntry kDateTools[] = {{"date", dateMain}, {nullptr, nullptr}};

} // namespace shell
