// Matches that count and remember. Source: libxt_statistic, libxt_recent, libxt_limit,
// libxt_hashlimit, libxt_time.
#include "network/netfilter/match_factories.h"

#include "base/strings.h"
#include "network/netfilter/rule_set.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace network::netfilter {
namespace {

std::string fixed(double number, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", digits, number);
    return text;
}

class StatisticMatch final : public Match {
public:
    StatisticMatch() : Match("statistic") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--mode") {
            BASE_TRY(mode_, arguments.value(option));
            if (mode_ != "random" && mode_ != "nth") return usageError("Bad mode \"" + mode_ + "\"");
            return true;
        }
        if (option == "--probability") {
            BASE_TRY(const std::string text, arguments.value(option));
            char* end = nullptr;
            const double value = std::strtod(text.c_str(), &end);
            if (text.empty() || *end != '\0' || value < 0 || value > 1)
                return usageError("statistic: bad value for option \"--probability\", or out of range (0-1).\n");
            // Kept as the kernel keeps it: a 31-bit fraction.
            threshold_ = static_cast<std::uint32_t>(std::lround(2147483648.0 * value));
            inverted_ = inverted;
            probabilityGiven_ = true;
            return true;
        }
        if (option == "--every" || option == "--packet") {
            BASE_TRY(const std::string text, arguments.value(option));
            const auto number = parseNumber(text);
            if (!number || (option == "--every" && *number == 0))
                return usageError("cannot parse " + std::string(option) + " `" + text + "'");
            if (option == "--every") {
                every_ = static_cast<std::uint32_t>(*number);
                inverted_ = inverted;
            } else packet_ = static_cast<std::uint32_t>(*number);
            return true;
        }
        return false;
    }
    base::Status check(const RuleHead&) override {
        if (mode_.empty()) return usageError("statistic: option \"--mode\" must be specified\n");
        if (mode_ == "random" && !probabilityGiven_)
            return usageError("--probability must be specified when using random mode");
        if (mode_ == "nth" && every_ == 0)
            return usageError("--every must be specified when using nth mode");
        if (mode_ == "nth" && packet_ >= every_)
            return usageError("the --packet p must be 0 <= p <= n-1");
        return base::okStatus();
    }
    std::string save() const override {
        if (mode_ == "random")
            return "--mode random" + std::string(inverted_ ? " !" : "") + " --probability " +
                   fixed(threshold_ / 2147483648.0, 11);
        return "--mode nth" + std::string(inverted_ ? " !" : "") + " --every " +
               std::to_string(every_) + " --packet " + std::to_string(packet_);
    }
    std::string list(bool) const override {
        if (mode_ == "random")
            return "statistic mode random" + std::string(inverted_ ? " !" : "") + " probability " +
                   fixed(threshold_ / 2147483648.0, 11);
        return "statistic mode nth" + std::string(inverted_ ? " !" : "") + " every " +
               std::to_string(every_) + (packet_ ? " packet " + std::to_string(packet_) : "");
    }
    bool matches(const Packet&, Situation& situation) override {
        situation.volatileRule = true;
        if (mode_ == "random") {
            sim::Random& random =
                situation.kernel.random(situation.pretend ? "network/walk" : "network/statistic");
            return ((random.next() & 0x7fffffff) < threshold_) != inverted_;
        }
        const bool hit = count_ % every_ == packet_;
        if (!situation.pretend) count_ = (count_ + 1) % every_;
        return hit != inverted_;
    }

private:
    std::string mode_;
    std::uint32_t threshold_ = 0, every_ = 0, packet_ = 0, count_ = 0;
    bool inverted_ = false, probabilityGiven_ = false;
};

class RecentMatch final : public Match {
public:
    RecentMatch() : Match("recent") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        for (const char* mode : {"--set", "--rcheck", "--update", "--remove"})
            if (option == mode) {
                mode_ = mode;
                inverted_ = inverted;
                return true;
            }
        if (option == "--rsource" || option == "--rdest") {
            destination_ = option == "--rdest";
            return true;
        }
        if (option == "--reap") {
            reap_ = true;
            return true;
        }
        if (option == "--name") {
            BASE_TRY(list_, arguments.value(option));
            return true;
        }
        if (option == "--mask") {
            BASE_TRY(mask_, arguments.value(option));
            return true;
        }
        if (option == "--seconds" || option == "--hitcount") {
            BASE_TRY(const std::string text, arguments.value(option));
            const auto number = parseNumber(text);
            if (!number || *number == 0)
                return usageError("recent: bad value for option \"" + std::string(option) +
                                  "\", or out of range.\n");
            (option == "--seconds" ? seconds_ : hits_) = static_cast<std::uint32_t>(*number);
            return true;
        }
        return false;
    }
    base::Status check(const RuleHead&) override {
        if (mode_.empty())
            return usageError("recent: you must specify one of `--set', `--rcheck' `--update' or `--remove'");
        if (reap_ && seconds_ == 0)
            return usageError("recent: you must specify `--seconds' with `--reap'");
        return base::okStatus();
    }
    std::string save() const override {
        std::string text = optionText(inverted_, mode_);
        if (seconds_) text += " --seconds " + std::to_string(seconds_);
        if (reap_) text += " --reap";
        if (hits_) text += " --hitcount " + std::to_string(hits_);
        text += " --name " + list_ + " --mask " + mask_;
        return text + (destination_ ? " --rdest" : " --rsource");
    }
    std::string list(bool) const override {
        std::string text = "recent: " + std::string(inverted_ ? "! " : "");
        text += mode_ == "--set" ? "SET" : mode_ == "--rcheck" ? "CHECK" : mode_ == "--update" ? "UPDATE" : "REMOVE";
        if (seconds_) text += " seconds: " + std::to_string(seconds_);
        if (reap_) text += " reap ";
        if (hits_) text += " hit_count: " + std::to_string(hits_);
        text += " name: " + list_ + " side: " + (destination_ ? "dest" : "source");
        return text + " mask: " + mask_;
    }
    bool matches(const Packet& packet, Situation& situation) override {
        situation.volatileRule = true;
        auto& table = situation.rules.recentList(list_);
        const std::uint32_t address = destination_ ? packet.flow.destination : packet.flow.source;
        const sim::Time now = situation.kernel.now();
        const auto found = table.find(address);
        const bool change = !situation.pretend;
        if (mode_ == "--set") {
            if (change) stamp(table[address], now);
            return !inverted_;
        }
        if (found == table.end()) return inverted_;
        if (mode_ == "--remove") {
            if (change) table.erase(found);
            return !inverted_;
        }
        const sim::Duration window = seconds_ * sim::kSecond;
        std::size_t count = 0;
        for (sim::Time at : found->second)
            if (seconds_ == 0 || now - at <= window) ++count;
        const bool hit = count > 0 && (hits_ == 0 || count >= hits_);
        if (hit && mode_ == "--update" && change) stamp(found->second, now);
        else if (!hit && reap_ && change && count == 0) table.erase(found);
        return hit != inverted_;
    }

private:
    static void stamp(std::vector<sim::Time>& times, sim::Time now) {
        times.push_back(now);
        if (times.size() > 20) times.erase(times.begin()); // ip_pkt_list_tot
    }
    std::string mode_, list_ = "DEFAULT", mask_ = "255.255.255.255";
    std::uint32_t seconds_ = 0, hits_ = 0;
    bool inverted_ = false, destination_ = false, reap_ = false;
};

struct Rate {
    std::uint64_t perPeriod = 3;
    int unit = 2; // second minute hour day
};
constexpr sim::Duration kUnitLength[] = {sim::kSecond, sim::kMinute, sim::kHour, 24 * sim::kHour};

std::optional<Rate> readRate(const std::string& text) {
    Rate rate{0, 0};
    const auto slash = text.find('/');
    const auto number = parseNumber(text.substr(0, slash));
    if (!number || *number == 0) return std::nullopt;
    rate.perPeriod = *number;
    if (slash != std::string::npos) {
        const std::string unit = base::toLower(text.substr(slash + 1));
        constexpr const char* kLong[] = {"second", "minute", "hour", "day"};
        rate.unit = -1;
        for (int i = 0; i < 4; ++i)
            if (!unit.empty() && std::string_view(kLong[i]).substr(0, unit.size()) == unit) rate.unit = i;
        if (rate.unit < 0) return std::nullopt;
    }
    if (kUnitLength[rate.unit] / static_cast<sim::Duration>(rate.perPeriod) < 100 * sim::kMicrosecond)
        return std::nullopt;
    return rate;
}

std::string rateText(const Rate& rate) {
    // The kernel keeps an interval in 1/10000 s and prints the smallest unit that shows it well.
    const std::uint64_t period = static_cast<std::uint64_t>(kUnitLength[rate.unit] / 100'000) / rate.perPeriod;
    constexpr std::uint64_t kTicks[] = {864'000'000, 36'000'000, 600'000, 10'000};
    constexpr const char* kNames[] = {"day", "hour", "min", "sec"};
    int i = 1;
    for (; i < 4; ++i)
        if (period > kTicks[i] || kTicks[i] / period < kTicks[i] % period) break;
    return std::to_string(kTicks[i - 1] / period) + "/" + kNames[i - 1];
}

struct Bucket {
    sim::Time filled = 0;
    double tokens = 0;
    bool started = false;
    bool take(const Rate& rate, std::uint32_t burst, sim::Time now, bool change) {
        const double perToken = static_cast<double>(kUnitLength[rate.unit]) / static_cast<double>(rate.perPeriod);
        double available = started ? std::min<double>(burst, tokens + static_cast<double>(now - filled) / perToken)
                                   : burst;
        const bool ok = available >= 1;
        if (ok) available -= 1;
        if (change) {
            tokens = available;
            filled = now;
            started = true;
        }
        return ok;
    }
};

class LimitMatch final : public Match {
public:
    LimitMatch() : Match("limit") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--limit" && option != "--limit-burst") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (option == "--limit") {
            const auto rate = readRate(text);
            if (!rate) return usageError("bad rate \"" + text + "\"'");
            rate_ = *rate;
            return true;
        }
        const auto number = parseNumber(text);
        if (!number || *number > 10000)
            return usageError("limit: bad value for option \"--limit-burst\", or out of range (0-10000).\n");
        burst_ = static_cast<std::uint32_t>(*number);
        return true;
    }
    std::string save() const override {
        return "--limit " + rateText(rate_) +
               (burst_ != 5 ? " --limit-burst " + std::to_string(burst_) : "");
    }
    std::string list(bool) const override {
        return "limit: avg " + rateText(rate_) + " burst " + std::to_string(burst_);
    }
    bool matches(const Packet&, Situation& situation) override {
        situation.volatileRule = true;
        return bucket_.take(rate_, burst_, situation.kernel.now(), !situation.pretend);
    }

private:
    Rate rate_;
    std::uint32_t burst_ = 5;
    Bucket bucket_;
};

class HashlimitMatch final : public Match {
public:
    HashlimitMatch() : Match("hashlimit") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        const bool above = option == "--hashlimit-above", upTo = option == "--hashlimit-upto" || option == "--hashlimit";
        if (!above && !upTo && option != "--hashlimit-burst" && option != "--hashlimit-mode" &&
            option != "--hashlimit-name" && option != "--hashlimit-htable-expire" &&
            option != "--hashlimit-htable-size" && option != "--hashlimit-htable-max")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (above || upTo) {
            const auto rate = readRate(text);
            if (!rate) return usageError("bad rate \"" + text + "\"'");
            rate_ = *rate;
            above_ = above != inverted;
            given_ = true;
        } else if (option == "--hashlimit-name") table_ = text;
        else if (option == "--hashlimit-mode") modes_ = base::split(text, ',');
        else if (option == "--hashlimit-burst") burst_ = static_cast<std::uint32_t>(parseNumber(text).value_or(5));
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_ || table_.empty())
            return usageError("hashlimit: option \"--hashlimit-name\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override {
        std::string text = above_ ? "--hashlimit-above " : "--hashlimit-upto ";
        text += rateText(rate_) + " --hashlimit-burst " + std::to_string(burst_);
        if (!modes_.empty()) text += " --hashlimit-mode " + base::join(modes_, ",");
        return text + " --hashlimit-name " + table_;
    }
    std::string list(bool) const override {
        std::string text = above_ ? "limit: above " : "limit: up to ";
        text += rateText(rate_) + " burst " + std::to_string(burst_);
        if (!modes_.empty()) text += " mode " + base::join(modes_, "-");
        return text;
    }
    bool matches(const Packet& packet, Situation& situation) override {
        situation.volatileRule = true;
        Tuple key;
        for (const std::string& mode : modes_) {
            if (mode == "srcip") key.source = packet.flow.source;
            if (mode == "dstip") key.destination = packet.flow.destination;
            if (mode == "srcport") key.sourcePort = packet.flow.sourcePort;
            if (mode == "dstport") key.destinationPort = packet.flow.destinationPort;
        }
        return buckets_[key].take(rate_, burst_, situation.kernel.now(), !situation.pretend) != above_;
    }

private:
    Rate rate_;
    std::string table_;
    std::vector<std::string> modes_;
    std::uint32_t burst_ = 5;
    bool above_ = false, given_ = false;
    std::map<Tuple, Bucket> buckets_;
};

constexpr std::array<const char*, 7> kDays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};

std::string clockText(int seconds) {
    char text[16];
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", (seconds / 3600) % 100, seconds / 60 % 60,
                  seconds % 60);
    return text;
}

std::optional<int> readClock(const std::string& text) {
    int seconds = 0, scale = 3600;
    for (const std::string& part : base::split(text, ':')) {
        const auto number = base::parseInt(part);
        if (!number || scale == 0) return std::nullopt;
        seconds += static_cast<int>(*number) * scale;
        scale /= 60;
    }
    return seconds < 24 * 3600 ? std::optional<int>(seconds) : std::nullopt;
}

class TimeMatch final : public Match {
public:
    TimeMatch() : Match("time") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--kerneltz" || option == "--utc" || option == "--contiguous") return true;
        if (option != "--timestart" && option != "--timestop" && option != "--weekdays" &&
            option != "--datestart" && option != "--datestop")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (option == "--weekdays") {
            inverted_ = inverted;
            for (const std::string& word : base::split(text, ',')) {
                int day = -1;
                for (int i = 0; i < 7; ++i)
                    if (base::toLower(word).substr(0, 2) == base::toLower(kDays[static_cast<std::size_t>(i)]).substr(0, 2) ||
                        word == std::to_string(i + 1))
                        day = i;
                if (day < 0) return usageError("time: invalid weekday \"" + word + "\"");
                days_ |= 1U << day;
            }
            return true;
        }
        if (option == "--timestart" || option == "--timestop") {
            const auto clock = readClock(text);
            if (!clock) return usageError("time: invalid time \"" + text + "\" specified, should be hh:mm[:ss] format and within the boundaries");
            (option == "--timestart" ? start_ : stop_) = *clock;
            return true;
        }
        const auto at = sim::parseRfc3339(text + (text.size() == 10 ? "T00:00:00Z" : "Z"));
        if (!at) return usageError("time: Invalid date \"" + text + "\" specified. Should be YYYY[-MM[-DD[Thh[:mm[:ss]]]]]");
        (option == "--datestart" ? dateStart_ : dateStop_) = *at / sim::kSecond;
        return true;
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (start_ != 0 || stop_ != kDayEnd) {
            parts.push_back("--timestart " + clockText(start_));
            parts.push_back("--timestop " + clockText(stop_));
        }
        if (days_) parts.push_back(optionText(inverted_, "--weekdays ") + daysText());
        if (dateStart_ != 0) parts.push_back("--datestart " + dateText(dateStart_));
        parts.push_back("--datestop " + dateText(dateStop_));
        return base::join(parts, " ");
    }
    std::string list(bool) const override {
        std::string text = "TIME";
        if (start_ != 0 || stop_ != kDayEnd)
            text += " from " + clockText(start_) + " to " + clockText(stop_);
        if (days_) text += std::string(" ") + (inverted_ ? "all days except " : "on ") + daysText();
        if (dateStart_ != 0) text += " starting from " + dateText(dateStart_);
        if (dateStop_ != kDateMax) text += " until date " + dateText(dateStop_);
        return text + " UTC";
    }
    bool matches(const Packet&, Situation& situation) override {
        situation.volatileRule = true;
        const std::int64_t now = situation.kernel.unixNow() / sim::kSecond;
        if (now < dateStart_ || now > dateStop_) return false;
        const sim::CivilTime civil = sim::civilTime(now * sim::kSecond);
        const int clock = civil.hour * 3600 + civil.minute * 60 + civil.second;
        if (start_ <= stop_ ? clock < start_ || clock > stop_ : clock < start_ && clock > stop_)
            return false;
        const unsigned today = 1U << ((civil.weekday + 6) % 7);
        return days_ == 0 || ((days_ & today) != 0) != inverted_;
    }

private:
    static constexpr int kDayEnd = 24 * 3600 - 1;
    static constexpr std::int64_t kDateMax = 0x7fffffff;
    std::string daysText() const {
        std::string text;
        for (std::size_t i = 0; i < 7; ++i)
            if (days_ & (1U << i)) text += (text.empty() ? "" : ",") + std::string(kDays[i]);
        return text;
    }
    static std::string dateText(std::int64_t seconds) {
        std::string text = sim::formatRfc3339(seconds * sim::kSecond);
        text.pop_back();
        return text;
    }
    int start_ = 0, stop_ = kDayEnd;
    unsigned days_ = 0;
    bool inverted_ = false;
    std::int64_t dateStart_ = 0, dateStop_ = kDateMax;
};

} // namespace

std::unique_ptr<Match> makeRateMatch(std::string_view name) {
    if (name == "statistic") return std::make_unique<StatisticMatch>();
    if (name == "recent") return std::make_unique<RecentMatch>();
    if (name == "limit") return std::make_unique<LimitMatch>();
    if (name == "hashlimit") return std::make_unique<HashlimitMatch>();
    if (name == "time") return std::make_unique<TimeMatch>();
    return nullptr;
}

} // namespace network::netfilter
