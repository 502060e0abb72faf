#pragma once
// What matches and targets of iptables have in common: they parse their options, check themselves,
// print themselves for -S and -L, and act on packets. Each follows its iptables-extensions(8) page
// and libxt_*.c for texts.

#include "base/result.h"
#include "network/fabric/packet.h"
#include "network/netfilter/types.h"
#include "sim/kernel.h"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace network::netfilter {

class RuleSet;

// The words of a command, with a place.
struct Arguments {
    std::vector<std::string> words;
    std::size_t next = 0;
    bool done() const { return next >= words.size(); }
    // The value of `option`: `option "--x" requires an argument`.
    base::Result<std::string> value(std::string_view option);
};

// A wrong command line: exit code 2 with the hint to try -h.
base::Error usageError(std::string message);

struct Situation { // where a packet is looked at
    Table table;
    Hook hook;
    Namespace& space;
    RuleSet& rules;
    sim::Kernel& kernel;
    bool pretend = false; // a walk for the window: nothing may change
    bool volatileRule = false; // set by matches whose answer differs from packet to packet
};

struct RuleHead { // the part of a rule that extensions may ask for
    std::uint8_t protocol = 0; // 0: all
    bool notProtocol = false;
    std::string chain;
    Table table = Table::Filter;
};

class Extension {
public:
    explicit Extension(std::string name) : name_(std::move(name)) {}
    virtual ~Extension() = default;
    const std::string& name() const { return name_; }
    // True when the option is ours; its values are taken from `arguments`.
    virtual base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                                     const RuleHead& head) = 0;
    virtual base::Status check(const RuleHead&) { return base::okStatus(); }
    virtual std::string save() const { return {}; } // "--dport 80"; without the name
    virtual std::string list(bool numeric) const = 0;

private:
    std::string name_;
};

class Match : public Extension {
public:
    using Extension::Extension;
    virtual bool matches(const Packet& packet, Situation& situation) = 0;
};

class Target : public Extension {
public:
    using Extension::Extension;
    virtual Verdict apply(Packet& packet, Situation& situation) = 0;
    // Tables and hooks where the kernel takes it.
    virtual bool allowedIn(Table, const std::vector<Hook>&) const { return true; }
};

std::unique_ptr<Match> makeMatch(std::string_view name);
std::unique_ptr<Target> makeTarget(std::string_view name);

// /etc/services and /etc/protocols, as far as iptables needs them.
std::optional<std::uint16_t> servicePort(std::string_view text);
std::string serviceName(std::uint16_t port, bool numeric);
std::optional<std::uint8_t> protocolNumber(std::string_view text);

std::optional<std::uint64_t> parseNumber(std::string_view text); // decimal, 0x, 0 octal
std::string hexText(std::uint64_t number);
std::string quoteArgument(std::string_view text, bool always);

} // namespace network::netfilter
