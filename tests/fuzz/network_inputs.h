#pragma once
// What the fuzz targets of the network do with one input; test_network runs the same over the corpus.

#include "network/fabric/fabric.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/listing.h"
#include "network/netfilter/rule_set.h"

#include <cstdlib>
#include <string>
#include <string_view>

namespace fuzz {

// What iptables-restore takes is saved, restored and saved again to the same text; packets find their
// way through it.
inline void iptables(std::string_view input) {
    using namespace network;
    const std::string_view text = input.substr(0, 8192);
    sim::Kernel kernel(1);
    Fabric fabric(kernel);
    const NamespacePtr host = fabric.createHost("host", *base::IpPrefix::parse("172.30.0.2/24"));
    netfilter::RuleSet& rules = host->rules();
    netfilter::RestoreOptions counted;
    counted.counters = true;
    if (!netfilter::restoreTables(rules, text, counted).ok()) return;
    const std::string saved = netfilter::saveTables(rules, std::nullopt, true);
    const NamespacePtr other = fabric.createHost("other", *base::IpPrefix::parse("172.30.0.3/24"));
    if (!netfilter::restoreTables(other->rules(), saved, counted).ok()) std::abort();
    if (netfilter::saveTables(other->rules(), std::nullopt, true) != saved) std::abort();
    for (const netfilter::Table table : {netfilter::Table::Filter, netfilter::Table::Nat, netfilter::Table::Mangle}) {
        (void)netfilter::listRules(rules, table, "", true, 0);
        netfilter::ListOptions shown;
        shown.verbose = shown.lineNumbers = true;
        for (const bool numeric : {false, true}) {
            shown.numeric = numeric;
            (void)netfilter::listTable(rules, table, "", shown);
        }
    }
    for (const char* protocol : {"tcp", "udp", "icmp"}) {
        (void)fabric.walk(*host, {base::IpAddress::v4(0xac1e0003), 80}, protocol);
        (void)fabric.walk(*other, {base::IpAddress::v4(0xac1e0002), 443}, protocol);
    }
}

} // namespace fuzz
