#pragma once
// One rule: parsed from the words of `iptables -A CHAIN ...`, printed back as iptables-save prints it.

#include "network/netfilter/extension.h"

#include <memory>
#include <string>
#include <vector>

namespace network::netfilter {

struct Chain;

struct AddressTest {
    std::uint32_t address = 0, mask = 0;
    bool inverted = false;
    bool holds(std::uint32_t other) const { return ((other & mask) == address) != inverted; }
    std::string text() const; // "10.0.0.0/8"; empty when it says nothing
    std::string listText(bool numeric) const;
};

struct DeviceTest {
    std::string name; // "eth+" keeps its plus; empty: any
    bool inverted = false, wildcard = false;
    bool holds(const Device* device) const;
};

struct Rule {
    RuleHead head;
    AddressTest source, destination;
    DeviceTest in, out;
    std::vector<std::unique_ptr<Match>> matches;
    std::string jump;                 // target or chain name; empty: none
    bool isGoto = false;
    Verdict standard = Verdict::Continue; // of ACCEPT, DROP, RETURN
    std::unique_ptr<Target> target;
    Chain* chain = nullptr;           // of a jump; set by RuleSet
    Counter counter;

    // "-s 10.0.0.1/32 -p tcp -m tcp --dport 80 -j ACCEPT", with "-c P B" before the target on demand.
    std::string text(bool counters = false) const;
    bool matchesPacket(const Packet& packet, Situation& situation) const;
};
using RulePtr = std::shared_ptr<Rule>;

// Parses the words after the chain's name. One rule per address when -s or -d lists several.
// `known` tells whether a user chain exists.
struct ChainNames {
    virtual ~ChainNames() = default;
    virtual bool hasChain(Table table, std::string_view name) const = 0;
};
base::Result<std::vector<RulePtr>> parseRule(Table table, std::string_view chain, Arguments& arguments,
                                             const ChainNames& known);
bool isStandardTarget(std::string_view name);

} // namespace network::netfilter
