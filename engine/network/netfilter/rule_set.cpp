#include "network/netfilter/rule_set.h"

#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"

#include <algorithm>

namespace network::netfilter {
namespace {

base::Error noChain() { return base::makeError("No chain/target/match by that name.", 1, "kernel"); }

base::Error transaction(const char* verb, const char* reason, std::string_view chain) {
    return base::makeError(std::string(" ") + verb + " failed (" + reason + "): " + std::string(chain),
                           4, "transaction");
}

} // namespace

std::optional<Table> RuleSet::tableNamed(std::string_view name) {
    for (int i = 0; i < kTableCount; ++i)
        if (name == tableName(static_cast<Table>(i))) return static_cast<Table>(i);
    return std::nullopt;
}

std::vector<Hook> RuleSet::hooksOf(Table table) {
    switch (table) {
    case Table::Mangle:
        return {Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting};
    case Table::Raw: return {Hook::Prerouting, Hook::Output};
    case Table::Nat: return {Hook::Prerouting, Hook::Input, Hook::Output, Hook::Postrouting};
    default: return {Hook::Input, Hook::Forward, Hook::Output};
    }
}

bool RuleSet::empty() const {
    return std::none_of(tables_.begin(), tables_.end(), [](const TableData& t) { return t.present; });
}

void RuleSet::touch(Table table) {
    TableData& data = tables_[index(table)];
    if (data.present) return;
    data.present = true;
    for (Hook hook : hooksOf(table)) {
        auto chain = std::make_shared<Chain>();
        chain->name = hookName(hook);
        chain->hook = hook;
        data.hooks[static_cast<std::size_t>(hook)] = chain.get();
        data.chains[chain->name] = std::move(chain);
    }
    changed();
}

void RuleSet::changed() {
    ++version_;
    space_.fabric().changed();
}

Chain* RuleSet::find(Table table, std::string_view name) {
    auto& chains = tables_[index(table)].chains;
    const auto found = chains.find(name);
    return found == chains.end() ? nullptr : found->second.get();
}

const Chain* RuleSet::chain(Table table, std::string_view name) const {
    const auto& chains = tables_[index(table)].chains;
    const auto found = chains.find(name);
    return found == chains.end() ? nullptr : found->second.get();
}

bool RuleSet::hasChain(Table table, std::string_view name) const {
    const Chain* found = chain(table, name);
    return found != nullptr && !found->hook;
}

base::Result<Chain*> RuleSet::need(Table table, std::string_view name) {
    touch(table);
    if (Chain* found = find(table, name)) return found;
    return noChain();
}

std::vector<const Chain*> RuleSet::chains(Table table) const {
    std::vector<const Chain*> out;
    const TableData& data = tables_[index(table)];
    for (const Chain* chain : data.hooks)
        if (chain != nullptr) out.push_back(chain);
    for (const auto& [name, chain] : data.chains)
        if (!chain->hook) out.push_back(chain.get());
    return out;
}

int RuleSet::references(Table table, std::string_view name) const {
    int count = 0;
    for (const auto& [key, chain] : tables_[index(table)].chains)
        for (const RulePtr& rule : chain->rules) count += rule->chain && rule->jump == name;
    return count;
}

void RuleSet::link(Table table) {
    TableData& data = tables_[index(table)];
    data.hooks = {};
    for (auto& [name, chain] : data.chains) {
        if (chain->hook) data.hooks[static_cast<std::size_t>(*chain->hook)] = chain.get();
        for (const RulePtr& rule : chain->rules) {
            rule->chain = nullptr;
            if (!rule->target && !rule->jump.empty() && !isStandardTarget(rule->jump))
                rule->chain = find(table, rule->jump);
        }
    }
}

// What the kernel refuses when the rule is committed.
base::Status RuleSet::admit(Table table, const Chain& chain, const Rule& rule, const char* verb) const {
    const std::string place = "rule in chain " + chain.name;
    std::vector<Hook> hooks;
    if (chain.hook) hooks.push_back(*chain.hook);
    if (rule.target && !rule.target->allowedIn(table, hooks))
        return transaction(verb, "Invalid argument", place);
    if (rule.target || rule.jump.empty() || isStandardTarget(rule.jump)) return base::okStatus();
    const Chain* goal = this->chain(table, rule.jump);
    if (goal == nullptr) return usageError("Chain '" + rule.jump + "' does not exist");
    if (goal->hook) return transaction(verb, "Operation not supported", place);
    // Loops are looked for from the chains that packets can reach.
    if (!chain.hook) return base::okStatus();
    std::vector<std::string> path;
    struct Walk {
        const RuleSet& set;
        Table table;
        bool loops(const Chain& at, std::vector<std::string>& path) const {
            if (std::find(path.begin(), path.end(), at.name) != path.end() || path.size() > 16)
                return true;
            path.push_back(at.name);
            for (const RulePtr& next : at.rules)
                if (next->chain != nullptr && loops(*next->chain, path)) return true;
            path.pop_back();
            return false;
        }
    };
    if (Walk{*this, table}.loops(*goal, path)) return transaction(verb, "Too many links", place);
    return base::okStatus();
}

base::Status RuleSet::append(Table table, std::string_view name, RulePtr rule) {
    BASE_TRY(Chain* const chain, need(table, name));
    BASE_CHECK(admit(table, *chain, *rule, "RULE_APPEND"));
    rule->chain = rule->target || rule->jump.empty() || isStandardTarget(rule->jump)
                      ? nullptr
                      : find(table, rule->jump);
    chain->rules.push_back(std::move(rule));
    changed();
    return base::okStatus();
}

base::Status RuleSet::insert(Table table, std::string_view name, std::size_t position, RulePtr rule) {
    BASE_TRY(Chain* const chain, need(table, name));
    if (position > chain->rules.size() + 1)
        return base::makeError("Index of insertion too big.", 1, "kernel");
    BASE_CHECK(admit(table, *chain, *rule, position == 1 ? "RULE_INSERT" : "RULE_INSERT"));
    rule->chain = rule->target || rule->jump.empty() || isStandardTarget(rule->jump)
                      ? nullptr
                      : find(table, rule->jump);
    chain->rules.insert(chain->rules.begin() + static_cast<std::ptrdiff_t>(position - 1), std::move(rule));
    changed();
    return base::okStatus();
}

base::Status RuleSet::replace(Table table, std::string_view name, std::size_t position, RulePtr rule) {
    BASE_TRY(Chain* const chain, need(table, name));
    if (position > chain->rules.size())
        return base::makeError("Index of replacement too big.", 1, "kernel");
    BASE_CHECK(admit(table, *chain, *rule, "RULE_REPLACE"));
    rule->chain = rule->target || rule->jump.empty() || isStandardTarget(rule->jump)
                      ? nullptr
                      : find(table, rule->jump);
    chain->rules[position - 1] = std::move(rule);
    changed();
    return base::okStatus();
}

base::Status RuleSet::removeAt(Table table, std::string_view name, std::size_t position) {
    BASE_TRY(Chain* const chain, need(table, name));
    if (position > chain->rules.size())
        return base::makeError("Index of deletion too big.", 1, "kernel");
    chain->rules.erase(chain->rules.begin() + static_cast<std::ptrdiff_t>(position - 1));
    changed();
    return base::okStatus();
}

base::Status RuleSet::removeLike(Table table, std::string_view name, const Rule& rule) {
    BASE_TRY(Chain* const chain, need(table, name));
    const std::string text = rule.text();
    for (auto it = chain->rules.begin(); it != chain->rules.end(); ++it)
        if ((*it)->text() == text) {
            chain->rules.erase(it);
            changed();
            return base::okStatus();
        }
    return base::makeError("Bad rule (does a matching rule exist in that chain?).", 1, "kernel");
}

base::Status RuleSet::check(Table table, std::string_view name, const Rule& rule) const {
    const Chain* found = chain(table, name);
    if (found == nullptr && !tables_[index(table)].present)
        for (Hook hook : hooksOf(table))
            if (name == hookName(hook))
                return base::makeError("Bad rule (does a matching rule exist in that chain?).", 1, "kernel");
    if (found == nullptr) return noChain();
    const std::string text = rule.text();
    for (const RulePtr& have : found->rules)
        if (have->text() == text) return base::okStatus();
    return base::makeError("Bad rule (does a matching rule exist in that chain?).", 1, "kernel");
}

base::Status RuleSet::newChain(Table table, std::string_view name) {
    touch(table);
    if (find(table, name)) return base::makeError("Chain already exists.", 1, "kernel");
    auto chain = std::make_shared<Chain>();
    chain->name = std::string(name);
    tables_[index(table)].chains[chain->name] = std::move(chain);
    changed();
    return base::okStatus();
}

base::Status RuleSet::removeChain(Table table, std::string_view name) {
    BASE_TRY(Chain* const chain, need(table, name));
    if (chain->hook || references(table, name) > 0 || !chain->rules.empty())
        return transaction("CHAIN_DEL", "Device or resource busy", "chain " + std::string(name));
    tables_[index(table)].chains.erase(std::string(name));
    changed();
    return base::okStatus();
}

base::Status RuleSet::removeChains(Table table) {
    touch(table);
    std::vector<std::string> names;
    for (const auto& [name, chain] : tables_[index(table)].chains)
        if (!chain->hook) names.push_back(name);
    for (const std::string& name : names) BASE_CHECK(removeChain(table, name));
    return base::okStatus();
}

base::Status RuleSet::renameChain(Table table, std::string_view from, std::string to) {
    BASE_TRY(Chain* const chain, need(table, from));
    if (chain->hook) return noChain();
    if (find(table, to)) return base::makeError("File exists.", 1, "kernel");
    auto& chains = tables_[index(table)].chains;
    auto node = chains.extract(std::string(from));
    node.key() = to;
    node.mapped()->name = to;
    chains.insert(std::move(node));
    for (auto& [name, other] : chains)
        for (const RulePtr& rule : other->rules)
            if (rule->chain && rule->jump == from) rule->jump = to;
    changed();
    return base::okStatus();
}

base::Status RuleSet::flush(Table table, std::string_view name) {
    touch(table);
    if (!name.empty()) {
        BASE_TRY(Chain* const chain, need(table, name));
        chain->rules.clear();
    } else {
        for (auto& [key, chain] : tables_[index(table)].chains) chain->rules.clear();
    }
    changed();
    return base::okStatus();
}

base::Status RuleSet::zero(Table table, std::string_view name, std::size_t position) {
    touch(table);
    for (auto& [key, chain] : tables_[index(table)].chains) {
        if (!name.empty() && key != name) continue;
        if (position == 0) chain->counter = {};
        for (std::size_t i = 0; i < chain->rules.size(); ++i)
            if (position == 0 || i + 1 == position) chain->rules[i]->counter = {};
    }
    if (!name.empty() && !find(table, name)) return noChain();
    return base::okStatus();
}

base::Status RuleSet::setPolicy(Table table, std::string_view name, std::string_view policy) {
    touch(table);
    Chain* chain = find(table, name);
    if (policy != "ACCEPT" && policy != "DROP")
        return base::makeError("Bad policy name. Run `dmesg' for more information.", 1, "kernel");
    if (chain == nullptr || !chain->hook)
        return base::makeError("Bad built-in chain name.", 1, "kernel");
    chain->policy = policy == "DROP" ? Verdict::Drop : Verdict::Accept;
    changed();
    return base::okStatus();
}

void RuleSet::setCounter(Table table, std::string_view name, Counter counter) {
    if (Chain* chain = find(table, name)) chain->counter = counter;
}

void RuleSet::clearTable(Table table) {
    TableData& data = tables_[index(table)];
    data = {};
    touch(table);
}

void RuleSet::dropEverything() {
    tables_ = {};
    recent_.clear();
    changed();
}

std::shared_ptr<RuleSet::Saved> RuleSet::save(Table table) const {
    auto saved = std::make_shared<Saved>();
    const TableData& data = tables_[index(table)];
    saved->present = data.present;
    for (const auto& [name, chain] : data.chains) saved->chains[name] = std::make_shared<Chain>(*chain);
    return saved;
}

void RuleSet::putBack(Table table, const std::shared_ptr<Saved>& saved) {
    TableData& data = tables_[index(table)];
    data.present = saved->present;
    data.chains = saved->chains;
    link(table);
    changed();
}

Verdict RuleSet::runChain(Chain& chain, Packet& packet, Situation& situation, Recorder* recorder,
                          std::vector<Counter*>* touched, int depth) {
    // Rules may be replaced while a packet is under way only between events, so plain indexes do.
    for (const RulePtr& rule : chain.rules) {
        if (!rule->matchesPacket(packet, situation)) continue;
        if (!situation.pretend) {
            rule->counter.add(packet.length);
            if (touched) touched->push_back(&rule->counter);
        }
        if (recorder) recorder->rule(situation.table, chain, rule.get(), rule->jump);
        if (rule->chain != nullptr) {
            if (depth >= 16) return Verdict::Drop;
            const Verdict inner =
                runChain(*rule->chain, packet, situation, recorder, touched, depth + 1);
            if (inner == Verdict::Continue || inner == Verdict::Return) {
                if (rule->isGoto) return Verdict::Continue;
                continue;
            }
            return inner;
        }
        const Verdict verdict = rule->target ? rule->target->apply(packet, situation) : rule->standard;
        if (verdict != Verdict::Continue) return verdict;
    }
    return Verdict::Continue;
}

Verdict RuleSet::run(Table table, Packet& packet, Situation& situation, Recorder* recorder,
                     std::vector<Counter*>* touched) {
    TableData& data = tables_[index(table)];
    if (!data.present) return Verdict::Accept;
    Chain* chain = data.hooks[static_cast<std::size_t>(situation.hook)];
    if (chain == nullptr) return Verdict::Accept;
    situation.table = table;
    const Verdict verdict = runChain(*chain, packet, situation, recorder, touched, 0);
    if (verdict != Verdict::Continue && verdict != Verdict::Return) return verdict;
    if (!situation.pretend) {
        chain->counter.add(packet.length);
        if (touched) touched->push_back(&chain->counter);
    }
    if (recorder && (chain->policy != Verdict::Accept))
        recorder->rule(table, *chain, nullptr, "DROP");
    return chain->policy;
}

void RuleSet::log(const std::string& prefix, const Packet& packet, const Situation& situation) {
    std::string line = prefix + "IN=" + (packet.in ? packet.in->name : "") + " OUT=" +
                       (packet.out ? packet.out->name : "") + " SRC=" + ipText(packet.flow.source) +
                       " DST=" + ipText(packet.flow.destination) + " LEN=" +
                       std::to_string(packet.length) + " TTL=" + std::to_string(packet.ttl) + " PROTO=";
    switch (packet.flow.protocol) {
    case kTcp: line += "TCP"; break;
    case kUdp: line += "UDP"; break;
    case kIcmp: line += "ICMP"; break;
    default: line += std::to_string(packet.flow.protocol);
    }
    if (packet.flow.protocol == kTcp || packet.flow.protocol == kUdp)
        line += " SPT=" + std::to_string(packet.flow.sourcePort) +
                " DPT=" + std::to_string(packet.flow.destinationPort);
    log_.emplace_back(situation.kernel.now(), std::move(line));
    if (log_.size() > 200) log_.erase(log_.begin());
}

} // namespace network::netfilter
