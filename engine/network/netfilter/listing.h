#pragma once
// `iptables -L` and `-S`. Source: iptables 1.8.9 nft-shared.c, xshared.c print_rule_details.

#include "network/netfilter/rule_set.h"

#include <string>

namespace network::netfilter {

struct ListOptions {
    bool numeric = false, verbose = false, exact = false, lineNumbers = false;
    std::size_t onlyRule = 0; // from 1; 0: all
};

std::string listTable(const RuleSet& rules, Table table, std::string_view chain, const ListOptions& options);
std::string listRules(const RuleSet& rules, Table table, std::string_view chain, bool verbose, std::size_t onlyRule);

} // namespace network::netfilter
