#include "network/proxy/chains.h"

#include "network/netfilter/rule_set.h"
#include "network/proxy/rules.h"

namespace network::proxy {
namespace {

using netfilter::RuleSet;
using netfilter::Table;

Table tableOf(std::string_view name) { return RuleSet::tableNamed(name).value_or(Table::Filter); }

std::vector<std::string> jumpWords(const Jump& jump) {
    std::vector<std::string> words;
    if (jump.onlyNew) words = {"-m", "conntrack", "--ctstate", "NEW"};
    if (jump.comment[0] != '\0') words.insert(words.end(), {"-m", "comment", "--comment", jump.comment});
    words.insert(words.end(), {"-j", jump.chain});
    return words;
}

} // namespace

base::Status ensureChain(Namespace& host, std::string_view table, std::string_view chain) {
    host.rules().touch(tableOf(table));
    if (host.rules().chain(tableOf(table), chain) != nullptr) return base::okStatus();
    return host.rules().newChain(tableOf(table), chain);
}

bool chainExists(const Namespace& host, std::string_view table, std::string_view chain) {
    return host.rules().chain(tableOf(table), chain) != nullptr;
}

base::Status ensureFirst(Namespace& host, std::string_view table, std::string_view chain,
                         std::vector<std::string> words) {
    netfilter::Arguments arguments;
    arguments.words = std::move(words);
    BASE_TRY(auto parsed, netfilter::parseRule(tableOf(table), chain, arguments, host.rules()));
    if (host.rules().check(tableOf(table), chain, *parsed.front()).ok()) return base::okStatus();
    return host.rules().insert(tableOf(table), chain, 1, parsed.front());
}

base::Status ensureJumps(Namespace& host) {
    for (const Jump& jump : jumps()) {
        BASE_CHECK(ensureChain(host, jump.table, jump.chain));
        BASE_CHECK(ensureFirst(host, jump.table, jump.source, jumpWords(jump)));
    }
    return base::okStatus();
}

void ensureKubeletChains(Namespace& host) {
    for (const char* table : {"mangle", "nat", "filter"}) (void)ensureChain(host, table, "KUBE-KUBELET-CANARY");
    // The hint tells other programs which iptables back end the node uses.
    (void)ensureChain(host, "mangle", "KUBE-IPTABLES-HINT");
    (void)ensureChain(host, "filter", "KUBE-FIREWALL");
    netfilter::Arguments arguments;
    arguments.words = {"-m", "comment", "--comment", "block incoming localnet connections", "--dst", "127.0.0.0/8",
                       "!", "--src", "127.0.0.0/8", "-m", "conntrack", "!", "--ctstate",
                       "RELATED,ESTABLISHED,DNAT", "-j", "DROP"};
    auto rule = netfilter::parseRule(Table::Filter, "KUBE-FIREWALL", arguments, host.rules());
    if (rule.ok() && !host.rules().check(Table::Filter, "KUBE-FIREWALL", *rule->front()).ok())
        (void)host.rules().append(Table::Filter, "KUBE-FIREWALL", rule->front());
    (void)ensureFirst(host, "filter", "OUTPUT", {"-j", "KUBE-FIREWALL"});
    (void)ensureFirst(host, "filter", "INPUT", {"-j", "KUBE-FIREWALL"});
}

sim::Task<void> keepKubeletChains(sim::Kernel& kernel, Namespace& host) {
    for (;;) {
        ensureKubeletChains(host);
        do co_await sim::sleepFor(kernel, sim::kMinute);
        while (chainExists(host, "mangle", "KUBE-KUBELET-CANARY"));
    }
}

void removeProxyRules(Namespace& host) {
    RuleSet& rules = host.rules();
    for (const Jump& jump : jumps()) {
        if (jump.comment[0] == '\0') continue; // the kubelet's
        netfilter::Arguments arguments;
        arguments.words = jumpWords(jump);
        auto parsed = netfilter::parseRule(tableOf(jump.table), jump.source, arguments, rules);
        if (parsed.ok()) (void)rules.removeLike(tableOf(jump.table), jump.source, *parsed->front());
    }
    for (Table table : {Table::Nat, Table::Filter, Table::Mangle}) {
        std::vector<std::string> ours;
        for (const netfilter::Chain* chain : rules.chains(table)) {
            const std::string& name = chain->name;
            if (chain->hook || name.rfind("KUBE-", 0) != 0 || name == "KUBE-FIREWALL" ||
                name == "KUBE-KUBELET-CANARY" || name == "KUBE-IPTABLES-HINT")
                continue;
            ours.push_back(name);
        }
        for (const std::string& name : ours) (void)rules.flush(table, name);
        for (const std::string& name : ours) (void)rules.removeChain(table, name);
    }
}

} // namespace network::proxy
