#pragma once
// The tables of one namespace: what iptables edits and what packets run through.

#include "network/netfilter/rule.h"
#include "sim/time.h"

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network::netfilter {

struct Chain {
    std::string name;
    std::optional<Hook> hook; // built in
    Verdict policy = Verdict::Accept;
    Counter counter; // of the policy
    std::vector<RulePtr> rules;
};

// Sees every rule that decided something about a packet.
class Recorder {
public:
    virtual ~Recorder() = default;
    virtual void rule(Table table, const Chain& chain, const Rule* rule, const std::string& verdict) = 0;
};

class RuleSet final : public ChainNames {
public:
    RuleSet(Namespace& space, sim::Kernel& kernel) : space_(space), kernel_(kernel) {}

    static std::optional<Table> tableNamed(std::string_view name);
    static std::vector<Hook> hooksOf(Table table);

    bool exists(Table table) const { return tables_[index(table)].present; }
    bool empty() const; // no table was ever touched
    bool hasChain(Table table, std::string_view name) const override;
    const Chain* chain(Table table, std::string_view name) const;
    // Built-in chains first, in the order of hooks, then the others by name.
    std::vector<const Chain*> chains(Table table) const;
    int references(Table table, std::string_view chain) const;

    // Edits. Errors are worded as iptables prints them; `reason` says how (see command.h). `position`
    // counts from 1.
    base::Status append(Table table, std::string_view chain, RulePtr rule);
    base::Status insert(Table table, std::string_view chain, std::size_t position, RulePtr rule);
    base::Status replace(Table table, std::string_view chain, std::size_t position, RulePtr rule);
    base::Status removeAt(Table table, std::string_view chain, std::size_t position);
    base::Status removeLike(Table table, std::string_view chain, const Rule& rule);
    base::Status check(Table table, std::string_view chain, const Rule& rule) const;
    base::Status newChain(Table table, std::string_view name);
    base::Status removeChain(Table table, std::string_view name);
    base::Status removeChains(Table table); // every user chain
    base::Status renameChain(Table table, std::string_view from, std::string to);
    base::Status flush(Table table, std::string_view chain); // empty: all chains
    base::Status zero(Table table, std::string_view chain, std::size_t position);
    base::Status setPolicy(Table table, std::string_view chain, std::string_view policy);
    void setCounter(Table table, std::string_view chain, Counter counter);
    void clearTable(Table table); // what a restore without --noflush begins with
    void touch(Table table);      // creates it
    void dropEverything();

    // A copy to go back to when a restore fails half way.
    struct Saved;
    std::shared_ptr<Saved> save(Table table) const;
    void putBack(Table table, const std::shared_ptr<Saved>& saved);

    // One hook of one table. Counters that moved are appended to `touched`.
    Verdict run(Table table, Packet& packet, Situation& situation, Recorder* recorder,
                std::vector<Counter*>* touched);

    using RecentList = std::map<std::uint32_t, std::vector<sim::Time>>;
    RecentList& recentList(const std::string& name) { return recent_[name]; }
    std::map<std::string, RecentList>& recentLists() { return recent_; }

    // Kernel log lines of LOG, newest last, at most 200.
    void log(const std::string& prefix, const Packet& packet, const Situation& situation);
    const std::vector<std::pair<sim::Time, std::string>>& logLines() const { return log_; }

    std::uint64_t version() const { return version_; }
    Namespace& space() { return space_; }
    sim::Kernel& kernel() { return kernel_; }
    const sim::Kernel& kernel() const { return kernel_; }

private:
    struct TableData {
        bool present = false;
        std::map<std::string, std::shared_ptr<Chain>, std::less<>> chains;
        std::array<Chain*, kHookCount> hooks{};
    };
    static std::size_t index(Table table) { return static_cast<std::size_t>(table); }
    Chain* find(Table table, std::string_view name);
    base::Result<Chain*> need(Table table, std::string_view name);
    base::Status admit(Table table, const Chain& chain, const Rule& rule, const char* verb) const;
    void link(Table table);
    void changed();
    Verdict runChain(Chain& chain, Packet& packet, Situation& situation, Recorder* recorder,
                     std::vector<Counter*>* touched, int depth);

    Namespace& space_;
    sim::Kernel& kernel_;
    std::array<TableData, kTableCount> tables_;
    std::map<std::string, RecentList> recent_;
    std::vector<std::pair<sim::Time, std::string>> log_;
    std::uint64_t version_ = 0;
};

struct RuleSet::Saved {
    bool present = false;
    std::map<std::string, std::shared_ptr<Chain>, std::less<>> chains; // deep copies of the lists
};

// iptables-save.
std::string saveTables(const RuleSet& rules, std::optional<Table> only, bool counters);
struct RestoreOptions {
    bool noFlush = false, counters = false, test = false;
    std::optional<Table> only;
};
// iptables-restore; the error is what it prints (see command.h).
base::Status restoreTables(RuleSet& rules, std::string_view text, const RestoreOptions& options);

} // namespace network::netfilter
