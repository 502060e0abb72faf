// iptables-save and iptables-restore. Source: iptables 1.8.9 xtables-save, xtables-restore.
#include "network/netfilter/rule_set.h"

#include "base/strings.h"

#include <cstdio>

namespace network::netfilter {
namespace {

std::string clockText(std::int64_t unixNow) {
    constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const sim::CivilTime t = sim::civilTime(unixNow);
    char text[64];
    std::snprintf(text, sizeof text, "%s %s %2d %02d:%02d:%02d %d", kDays[t.weekday],
                  kMonths[t.month - 1], t.day, t.hour, t.minute, t.second, t.year);
    return text;
}

std::string counterText(const Counter& counter) {
    return "[" + std::to_string(counter.packets) + ":" + std::to_string(counter.bytes) + "]";
}

// Words of a restore line: blanks separate, double quotes group, a backslash quotes one character.
std::vector<std::string> splitLine(std::string_view line) {
    std::vector<std::string> words;
    std::string word;
    bool quoted = false, any = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quoted) {
            if (c == '\\' && i + 1 < line.size()) word += line[++i];
            else if (c == '"') quoted = false;
            else word += c;
        } else if (c == '"') {
            quoted = any = true;
        } else if (c == ' ' || c == '\t') {
            if (any || !word.empty()) words.push_back(std::move(word));
            word.clear();
            any = false;
        } else word += c;
    }
    if (any || !word.empty()) words.push_back(std::move(word));
    return words;
}

std::optional<Counter> readCounter(std::string_view text) {
    if (text.size() < 5 || text.front() != '[' || text.back() != ']') return std::nullopt;
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto packets = parseNumber(text.substr(1, colon - 1));
    const auto bytes = parseNumber(text.substr(colon + 1, text.size() - colon - 2));
    if (!packets || !bytes) return std::nullopt;
    return Counter{*packets, *bytes};
}

class Restorer {
public:
    Restorer(RuleSet& rules, const RestoreOptions& options) : rules_(rules), options_(options) {}

    base::Status run(std::string_view text) {
        for (const std::string& raw : base::splitLines(text)) {
            ++line_;
            const std::string line(base::trim(raw));
            if (line.empty() || line[0] == '#') continue;
            base::Status done = handle(line);
            if (!done.ok()) {
                undo();
                return done;
            }
        }
        if (table_) {
            undo();
            return base::makeError("COMMIT expected at line " + std::to_string(line_ + 1), 1, "restore");
        }
        return base::okStatus();
    }

private:
    base::Status handle(const std::string& line) {
        if (line[0] == '*' && !table_) return begin(line.substr(1));
        if (!table_) return base::makeError("line " + std::to_string(line_) + " failed", 1, "restore");
        if (skip_) {
            if (line == "COMMIT") table_.reset(), skip_ = false;
            return base::okStatus();
        }
        if (line == "COMMIT") {
            if (options_.test) rules_.putBack(*table_, saved_);
            table_.reset();
            saved_.reset();
            return base::okStatus();
        }
        if (line[0] == ':') return chainLine(line.substr(1));
        return ruleLine(line);
    }

    base::Status begin(const std::string& name) {
        const auto table = RuleSet::tableNamed(base::trim(name));
        if (!table)
            return atLine(usageError("iptables-restore: line " + std::to_string(line_) + " table name '" +
                                     name + "' invalid"));
        table_ = table;
        skip_ = options_.only && *options_.only != *table;
        if (skip_) return base::okStatus();
        saved_ = rules_.save(*table);
        if (!options_.noFlush) rules_.clearTable(*table);
        rules_.touch(*table);
        return base::okStatus();
    }

    base::Status chainLine(const std::string& line) {
        const std::vector<std::string> words = splitLine(line);
        if (words.empty()) return fail(base::makeError("", 1, "kernel"));
        const std::string& name = words[0];
        if (name.size() >= 29)
            return atLine(usageError("Invalid chain name `" + name + "' (28 chars max)"));
        const Chain* have = rules_.chain(*table_, name);
        const std::string policy = words.size() > 1 ? words[1] : "-";
        if (have != nullptr && have->hook) {
            if (policy != "-") {
                const base::Status set = rules_.setPolicy(*table_, name, policy);
                if (!set.ok()) return fail(set.error());
            }
            const auto counter = words.size() > 2 ? readCounter(words[2]) : std::nullopt;
            if (counter && options_.counters) rules_.setCounter(*table_, name, *counter);
            return base::okStatus();
        }
        // Naming a user chain empties it, also with --noflush.
        const base::Status made =
            have != nullptr ? rules_.flush(*table_, name) : rules_.newChain(*table_, name);
        return made.ok() ? made : fail(made.error());
    }

    base::Status ruleLine(const std::string& line) {
        Arguments arguments;
        arguments.words = splitLine(line);
        std::optional<Counter> counter;
        if (!arguments.words.empty() && arguments.words[0][0] == '[') {
            counter = readCounter(arguments.words[0]);
            arguments.next = 1;
        }
        if (arguments.done()) return fail(base::makeError("", 1, "kernel"));
        const std::string verb = arguments.words[arguments.next++];
        BASE_TRY(const std::string chain, arguments.value(verb));
        if (verb == "-X" || verb == "-F" || verb == "-N" || verb == "-P" || verb == "-Z") {
            base::Status done = verb == "-X"   ? rules_.removeChain(*table_, chain)
                                : verb == "-F" ? rules_.flush(*table_, chain)
                                : verb == "-N" ? rules_.newChain(*table_, chain)
                                : verb == "-Z" ? rules_.zero(*table_, chain, 0)
                                               : rules_.setPolicy(*table_, chain,
                                                                  arguments.done() ? "" : arguments.words[arguments.next]);
            return done.ok() ? done : fail(done.error());
        }
        if (verb != "-A" && verb != "-I" && verb != "-D" && verb != "-R" && verb != "-C")
            return atLine(usageError("unknown option \"" + verb + "\""));
        std::size_t position = 1;
        bool numbered = false;
        if (verb != "-A" && verb != "-C" && !arguments.done()) {
            if (const auto number = base::parseInt(arguments.words[arguments.next]); number && *number > 0) {
                position = static_cast<std::size_t>(*number);
                numbered = true;
                ++arguments.next;
            }
        }
        if (verb == "-D" && numbered) {
            const base::Status done = rules_.removeAt(*table_, chain, position);
            return done.ok() ? done : fail(done.error());
        }
        auto parsed = parseRule(*table_, chain, arguments, rules_);
        if (!parsed.ok())
            return parsed.error().reason == "usage" ? atLine(parsed.error()) : fail(parsed.error());
        for (const RulePtr& rule : *parsed) {
            if (counter && options_.counters) rule->counter = *counter;
            base::Status done = verb == "-A"   ? rules_.append(*table_, chain, rule)
                                : verb == "-I" ? rules_.insert(*table_, chain, position++, rule)
                                : verb == "-R" ? rules_.replace(*table_, chain, position, rule)
                                : verb == "-C" ? rules_.check(*table_, chain, *rule)
                                               : rules_.removeLike(*table_, chain, *rule);
            if (!done.ok())
                return done.error().reason == "usage" ? atLine(done.error()) : fail(done.error());
        }
        return base::okStatus();
    }

    void undo() {
        if (table_ && saved_) rules_.putBack(*table_, saved_);
    }
    base::Error fail(const base::Error& cause) const {
        std::string message = "line " + std::to_string(line_) + " failed";
        if (!cause.message.empty()) message += ": " + std::string(base::trim(cause.message));
        if (!message.empty() && cause.message.empty()) message += ".";
        return base::makeError(message, 1, "restore");
    }
    base::Error atLine(base::Error cause) const {
        cause.message += "\nError occurred at line: " + std::to_string(line_);
        return cause;
    }

    RuleSet& rules_;
    const RestoreOptions& options_;
    std::optional<Table> table_;
    bool skip_ = false;
    std::shared_ptr<RuleSet::Saved> saved_;
    int line_ = 0;
};

} // namespace

std::string saveTables(const RuleSet& rules, std::optional<Table> only, bool counters) {
    std::string out;
    const std::string clock = clockText(rules.kernel().unixNow());
    for (int i = 0; i < kTableCount; ++i) {
        const Table table = static_cast<Table>(i);
        if (!rules.exists(table) || (only && *only != table)) continue;
        out += "# Generated by iptables-save v1.8.9 (nf_tables) on " + clock + "\n";
        out += std::string("*") + tableName(table) + "\n";
        const auto chains = rules.chains(table);
        for (const Chain* chain : chains)
            out += ":" + chain->name + " " +
                   (!chain->hook ? "-" : chain->policy == Verdict::Drop ? "DROP" : "ACCEPT") + " " +
                   counterText(chain->hook ? chain->counter : Counter{}) + "\n";
        for (const Chain* chain : chains)
            for (const RulePtr& rule : chain->rules) {
                if (counters) out += counterText(rule->counter) + " ";
                const std::string text = rule->text();
                out += "-A " + chain->name + (text.empty() ? "" : " ") + text + "\n";
            }
        out += "COMMIT\n# Completed on " + clock + "\n";
    }
    return out;
}

base::Status restoreTables(RuleSet& rules, std::string_view text, const RestoreOptions& options) {
    return Restorer(rules, options).run(text);
}

} // namespace network::netfilter
