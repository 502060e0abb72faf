// journalctl. Source: journalctl(1), systemd 252.
#include "base/strings.h"
#include "document/json.h"
#include "machine/systemd/unit.h"
#include "tools/system/journal_format.h"
#include "tools/system/tool.h"

#include <re2/re2.h>

#include <fmt/format.h>

#include <algorithm>

namespace tools::system {
namespace {

const char* const kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
const char* const kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

// "2026-11-24 02:18:03", "02:18", "-5min", "5 min ago", "today", "yesterday", "now".
std::optional<std::int64_t> parseWhen(std::string_view text, std::int64_t now) {
    const auto day = now - now % (24 * sim::kHour);
    if (text == "now") return now;
    if (text == "today") return day;
    if (text == "yesterday") return day - 24 * sim::kHour;
    std::string words(text);
    bool back = false;
    if (words.ends_with(" ago")) {
        words.resize(words.size() - 4);
        back = true;
    } else if (words.starts_with('-')) {
        words.erase(0, 1);
        back = true;
    }
    if (back) {
        std::string span = words;
        for (const auto& [from, to] : {std::pair{" minutes", "min"}, {" minute", "min"}, {" hours", "h"}, {" hour", "h"},
                                       {" seconds", "s"}, {" second", "s"}, {" days", "d"}, {" min", "min"}})
            span = base::replaceAll(span, from, to);
        return now - machine::parseTimeSpan(span, 0);
    }
    int y = 0, mo = 0, d = 0, h = 0, mi = 0, s = 0;
    if (std::sscanf(words.c_str(), "%d-%d-%d %d:%d:%d", &y, &mo, &d, &h, &mi, &s) >= 3) return sim::unixTime(y, mo, d, h, mi, s);
    if (std::sscanf(words.c_str(), "%d:%d:%d", &h, &mi, &s) >= 2) return day + ((h * 60LL + mi) * 60 + s) * sim::kSecond;
    return std::nullopt;
}

int priorityOf(const std::string& text) {
    static const char* const kNames[] = {"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};
    for (int i = 0; i < 8; ++i)
        if (text == kNames[i] || text == std::to_string(i)) return i;
    return 7;
}

struct Filter {
    std::vector<std::string> units, identifiers;
    std::int64_t since = INT64_MIN, until = INT64_MAX;
    int priority = 7, boot = -1;
    bool kernel = false;
    std::shared_ptr<RE2> pattern;

    bool matches(const machine::JournalLine& line) const {
        if (kernel && line.identifier != "kernel") return false;
        if (!units.empty() && std::find(units.begin(), units.end(), line.unit) == units.end()) return false;
        if (!identifiers.empty() && std::find(identifiers.begin(), identifiers.end(), line.identifier) == identifiers.end()) return false;
        if (line.realtime < since || line.realtime > until || line.priority > priority) return false;
        if (boot >= 0 && line.boot != boot) return false;
        return !pattern || RE2::PartialMatch(line.message, *pattern);
    }
};

} // namespace

std::string shortTime(std::int64_t unixNow) {
    const auto t = sim::civilTime(unixNow);
    return fmt::format("{} {:02} {:02}:{:02}:{:02}", kMonths[t.month - 1], t.day, t.hour, t.minute, t.second);
}

std::string longTime(std::int64_t unixNow) {
    const auto t = sim::civilTime(unixNow);
    return fmt::format("{} {:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", kDays[t.weekday], t.year, t.month, t.day, t.hour, t.minute, t.second);
}

std::string agoText(std::int64_t span) {
    const std::int64_t s = span / sim::kSecond;
    if (s >= 2 * 86400) return fmt::format("{} days", s / 86400);
    if (s >= 86400) return fmt::format("1 day {}h", s % 86400 / 3600);
    if (s >= 3600) return fmt::format("{}h {}min", s / 3600, s % 3600 / 60);
    if (s >= 300) return fmt::format("{}min", s / 60);
    if (s >= 60) return fmt::format("{}min {}s", s / 60, s % 60);
    if (s > 0) return fmt::format("{}s", s);
    return fmt::format("{}ms", span / sim::kMillisecond);
}

std::string spanText(std::int64_t span) {
    const std::int64_t s = span / sim::kSecond;
    if (s >= 3600) return fmt::format("{}h {}min {:.3f}s", s / 3600, s % 3600 / 60, static_cast<double>(span % (60 * sim::kSecond)) / 1e9);
    if (s >= 60) return fmt::format("{}min {:.3f}s", s / 60, static_cast<double>(span % (60 * sim::kSecond)) / 1e9);
    return fmt::format("{:.3f}s", static_cast<double>(span) / 1e9);
}

std::string journalText(machine::Machine& machine, const machine::JournalLine& line, std::string_view format) {
    if (format == "cat") return line.message;
    if (format == "json") {
        using document::Value;
        return document::writeJson(Value::object({{"MESSAGE", line.message}, {"PRIORITY", std::to_string(line.priority)},
                                                  {"SYSLOG_IDENTIFIER", line.identifier}, {"_SYSTEMD_UNIT", line.unit},
                                                  {"_HOSTNAME", machine.hostname()}, {"_PID", std::to_string(line.pid)},
                                                  {"__REALTIME_TIMESTAMP", std::to_string(line.realtime / 1000)}}));
    }
    std::string time = shortTime(line.realtime);
    if (format == "short-iso") time = base::replaceAll(sim::formatRfc3339(line.realtime), "Z", "+0000");
    if (format == "short-precise") time += fmt::format(".{:06}", line.realtime / 1000 % 1000000);
    const std::string who = line.pid > 0 ? fmt::format("{}[{}]", line.identifier, line.pid) : line.identifier;
    return time + " " + machine.hostname() + " " + who + ": " + line.message;
}

sim::Task<int> journalctl(ports::Process& process, std::vector<std::string> arguments) {
    if (co_await refusedInContainer(process)) co_return 1;
    const Options options = parseOptions(arguments, "u:unit n:lines f=follow e=pager-end x=catalog r=reverse o:output "
                                                    "p:priority k=dmesg t:identifier g:grep S:since U:until b=boot l=full "
                                                    "-=no-pager q=quiet -=list-boots a=all -=no-hostname -=no-full -=disk-usage -=utc");
    if (!options.unknown.empty()) {
        co_await process.writeError("journalctl: unrecognized option '" + options.unknown + "'\n");
        co_return 1;
    }
    auto& m = machine::machineOf(process);
    machine::Journal& journal = m.journal();
    if (options.has("list-boots")) {
        std::string out = "IDX BOOT ID                          FIRST ENTRY                 LAST ENTRY\n";
        const auto& boots = journal.boots();
        for (std::size_t i = 0; i < boots.size(); ++i)
            out += fmt::format("{:>3} {} {} {}\n", static_cast<int>(i) - static_cast<int>(boots.size()) + 1, boots[i].id, longTime(boots[i].first), longTime(boots[i].last));
        co_await process.writeOut(std::move(out));
        co_return 0;
    }
    Filter filter;
    for (const auto& unit : options.all("unit")) filter.units.push_back(machine::unitName(unit));
    filter.identifiers = options.all("identifier");
    filter.kernel = options.has("dmesg");
    if (options.has("boot")) filter.boot = static_cast<int>(journal.boots().size()) - 1;
    if (options.has("priority")) filter.priority = priorityOf(options.value("priority"));
    for (const auto& [name, field] : {std::pair{"since", &filter.since}, {"until", &filter.until}}) {
        if (!options.has(name)) continue;
        const auto when = parseWhen(options.value(name), m.kernel().unixNow());
        if (!when) {
            co_await process.writeError("Failed to parse timestamp: " + options.value(name) + "\n");
            co_return 1;
        }
        *field = *when;
    }
    if (options.has("grep")) filter.pattern = std::make_shared<RE2>(options.value("grep"), RE2::Quiet);
    const std::string format = options.value("output", "short");
    std::size_t limit = SIZE_MAX;
    if (options.has("lines")) limit = static_cast<std::size_t>(base::parseInt(options.value("lines")).value_or(10));
    else if (options.has("follow")) limit = 10;
    else if (options.has("pager-end")) limit = 1000;
    std::vector<const machine::JournalLine*> found;
    for (auto line = journal.lines().rbegin(); line != journal.lines().rend() && found.size() < limit; ++line)
        if (filter.matches(*line)) found.push_back(&*line);
    if (!options.has("reverse")) std::reverse(found.begin(), found.end());
    std::string out;
    for (const auto* line : found) out += journalText(m, *line, format) + "\n";
    if (found.empty() && !options.has("follow")) out = "-- No entries --\n";
    std::uint64_t seen = journal.lines().empty() ? 0 : journal.lines().back().sequence;
    co_await process.writeOut(std::move(out));
    while (options.has("follow")) {
        co_await journal.changed().wait();
        std::string fresh;
        std::vector<const machine::JournalLine*> news;
        for (auto line = journal.lines().rbegin(); line != journal.lines().rend() && line->sequence > seen; ++line)
            if (filter.matches(*line)) news.push_back(&*line);
        if (!journal.lines().empty()) seen = journal.lines().back().sequence;
        for (auto line = news.rbegin(); line != news.rend(); ++line) fresh += journalText(m, **line, format) + "\n";
        if (!fresh.empty()) co_await process.writeOut(std::move(fresh));
    }
    co_return 0;
}

} // namespace tools::system
