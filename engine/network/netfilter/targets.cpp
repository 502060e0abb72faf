// Targets other than the standard ones. Source: libxt_DNAT, libxt_SNAT, libxt_MASQUERADE,
// libxt_REDIRECT, libxt_NETMAP, libxt_MARK, libxt_CONNMARK, libipt_REJECT, libxt_LOG, libxt_CT,
// libxt_TCPMSS.
#include "network/netfilter/match_factories.h"

#include "base/strings.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/conntrack.h"
#include "network/netfilter/rule_set.h"

#include <algorithm>

namespace network::netfilter {
namespace {

bool carriesPorts(const RuleHead& head) {
    return !head.notProtocol && (head.protocol == kTcp || head.protocol == kUdp ||
                                 head.protocol == kSctp || head.protocol == 33);
}

bool onlyIn(const std::vector<Hook>& hooks, std::initializer_list<Hook> allowed) {
    return std::all_of(hooks.begin(), hooks.end(), [&](Hook hook) {
        return std::find(allowed.begin(), allowed.end(), hook) != allowed.end();
    });
}

// "10.0.0.1-10.0.0.3:80-90"; what was written is kept for printing.
struct NatText {
    ConnectionTable::NatRange range;
    std::string text;
};

base::Result<ConnectionTable::NatRange> readPorts(const std::string& text, ConnectionTable::NatRange range) {
    const auto dash = text.find('-');
    const auto low = servicePort(text.substr(0, dash));
    const auto high = dash == std::string::npos ? low : servicePort(text.substr(dash + 1));
    if (!low || !high || *low == 0 || *high == 0)
        return usageError("Port `" + text + "' not valid");
    if (*low > *high) return usageError("Port range `" + text + "' funky");
    range.portLow = *low;
    range.portHigh = *high;
    return range;
}

base::Result<NatText> readNat(const std::string& text, const RuleHead& head) {
    NatText nat;
    nat.text = text;
    std::string addresses = text;
    const auto colon = text.find(':');
    if (colon != std::string::npos) {
        if (!carriesPorts(head))
            return usageError("Need TCP, UDP, SCTP or DCCP with port specification");
        addresses = text.substr(0, colon);
        BASE_TRY(nat.range, readPorts(text.substr(colon + 1), nat.range));
    }
    if (addresses.empty()) return nat;
    const auto dash = addresses.find('-');
    const auto low = base::IpAddress::parse(addresses.substr(0, dash));
    const auto high = dash == std::string::npos ? low : base::IpAddress::parse(addresses.substr(dash + 1));
    if (!low || !high || !low->isV4() || !high->isV4())
        return usageError("Bad IP address \"" + addresses + "\"");
    nat.range.low = low->v4Bits();
    nat.range.high = std::max(high->v4Bits(), nat.range.low);
    return nat;
}

class NatTarget final : public Target {
public:
    explicit NatTarget(std::string name) : Target(std::move(name)) {
        option_ = this->name() == "DNAT"     ? "--to-destination"
                  : this->name() == "SNAT"   ? "--to-source"
                  : this->name() == "NETMAP" ? "--to"
                                             : "--to-ports";
    }
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead& head) override {
        if (option == "--random" && name() != "NETMAP") return random_ = true;
        if (option == "--random-fully" && (name() == "SNAT" || name() == "MASQUERADE"))
            return fully_ = true;
        if (option == "--persistent" && (name() == "SNAT" || name() == "DNAT")) return persistent_ = true;
        if (option != option_) return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (name() == "NETMAP") {
            const auto prefix = base::IpPrefix::parse(text.find('/') == std::string::npos ? text + "/32" : text);
            if (!prefix) return usageError("Bad value for option \"--to\": \"" + text + "\"");
            nat_.text = text;
            nat_.range.networkMask = prefix->length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix->length);
            nat_.range.low = prefix->address.v4Bits() & nat_.range.networkMask;
            nat_.range.high = nat_.range.low;
        } else if (option_ == "--to-ports") {
            if (!carriesPorts(head))
                return usageError("Need TCP, UDP, SCTP or DCCP with port specification");
            nat_.text = text;
            BASE_TRY(nat_.range, readPorts(text, nat_.range));
        } else {
            BASE_TRY(nat_, readNat(text, head));
        }
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (nat_.text.empty() && (name() == "DNAT" || name() == "SNAT" || name() == "NETMAP"))
            return usageError(name() + ": option \"" + std::string(option_) + "\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (!nat_.text.empty()) parts.push_back(std::string(option_) + " " + nat_.text);
        if (random_) parts.push_back("--random");
        if (fully_) parts.push_back("--random-fully");
        if (persistent_) parts.push_back("--persistent");
        return base::join(parts, " ");
    }
    std::string list(bool) const override {
        std::vector<std::string> parts;
        if (!nat_.text.empty())
            parts.push_back((name() == "MASQUERADE"  ? "masq ports: "
                             : name() == "REDIRECT" ? "redir ports "
                                                    : "to:") +
                            nat_.text);
        if (random_) parts.push_back("random");
        if (fully_) parts.push_back("random-fully");
        if (persistent_) parts.push_back("persistent");
        return base::join(parts, " ");
    }
    bool allowedIn(Table table, const std::vector<Hook>& hooks) const override {
        if (table != Table::Nat) return false;
        if (name() == "DNAT" || name() == "REDIRECT")
            return onlyIn(hooks, {Hook::Prerouting, Hook::Output});
        if (name() == "SNAT") return onlyIn(hooks, {Hook::Postrouting, Hook::Input});
        if (name() == "MASQUERADE") return onlyIn(hooks, {Hook::Postrouting});
        return true;
    }
    Verdict apply(Packet& packet, Situation& situation) override {
        if (!packet.tracked) return Verdict::Accept;
        ConnectionTable& table = situation.space.conntrack();
        ConnectionTable::NatRange range = nat_.range;
        range.random = random_ || fully_;
        range.persistent = persistent_;
        const bool source = name() == "SNAT" || name() == "MASQUERADE" ||
                            (name() == "NETMAP" && (situation.hook == Hook::Postrouting ||
                                                    situation.hook == Hook::Input));
        if (name() == "MASQUERADE") {
            const std::uint32_t address = addressOn(packet.out, packet.nextHop, &situation.space);
            if (address == 0) return Verdict::Drop;
            range.low = range.high = address;
        }
        if (name() == "REDIRECT") {
            range.low = situation.hook == Hook::Output ? 0x7f000001 : addressOn(packet.in, 0, nullptr);
            if (range.low == 0) return Verdict::Drop;
            range.high = range.low;
        }
        const bool bound = source ? table.bindSource(*packet.tracked, range)
                                  : table.bindDestination(*packet.tracked, range);
        (source ? packet.tracked->sourceDone : packet.tracked->destinationDone) = true;
        return bound ? Verdict::Accept : Verdict::Drop;
    }

private:
    // The device's address on the next hop's subnet, or its first one; addresses that are valid on
    // this host only do not count (inet_select_addr), another device's stands in.
    static std::uint32_t addressOn(const Device* device, std::uint32_t nextHop, const Namespace* space) {
        if (device == nullptr) return 0;
        const auto usable = [](const DeviceAddress& own) {
            return own.prefix.address.isV4() && own.scope != "host";
        };
        for (const DeviceAddress& own : device->addresses)
            if (nextHop && usable(own) && own.prefix.contains(ipAddress(nextHop)))
                return own.prefix.address.v4Bits();
        for (const DeviceAddress& own : device->addresses)
            if (usable(own)) return own.prefix.address.v4Bits();
        if (space != nullptr)
            for (const auto& other : space->devices())
                for (const DeviceAddress& own : other->addresses)
                    if (other->up && usable(own)) return own.prefix.address.v4Bits();
        return 0;
    }
    std::string_view option_;
    NatText nat_;
    bool random_ = false, fully_ = false, persistent_ = false;
};

struct RejectKind {
    const char* name;
    const char* alias;
    Verdict verdict;
};
constexpr RejectKind kRejects[] = {
    {"icmp-net-unreachable", "net-unreach", Verdict::RejectNet},
    {"icmp-host-unreachable", "host-unreach", Verdict::RejectHost},
    {"icmp-proto-unreachable", "proto-unreach", Verdict::RejectProtocol},
    {"icmp-port-unreachable", "port-unreach", Verdict::RejectPort},
    {"icmp-net-prohibited", "net-prohib", Verdict::RejectNetProhibited},
    {"icmp-host-prohibited", "host-prohib", Verdict::RejectHostProhibited},
    {"tcp-reset", "tcp-rst", Verdict::RejectReset},
    {"icmp-admin-prohibited", "admin-prohib", Verdict::RejectAdmin}};

class RejectTarget final : public Target {
public:
    RejectTarget() : Target("REJECT") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--reject-with") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        for (const RejectKind& kind : kRejects)
            if (text == kind.alias ||
                (!text.empty() && std::string_view(kind.name).substr(0, text.size()) == text)) {
                kind_ = &kind;
                return true;
            }
        return usageError("unknown reject type \"" + text + "\"");
    }
    base::Status check(const RuleHead& head) override {
        tcp_ = head.protocol == kTcp && !head.notProtocol;
        return base::okStatus();
    }
    std::string save() const override { return std::string("--reject-with ") + kind_->name; }
    std::string list(bool) const override { return std::string("reject-with ") + kind_->name; }
    bool allowedIn(Table table, const std::vector<Hook>& hooks) const override {
        if (kind_->verdict == Verdict::RejectReset && !tcp_) return false;
        return table == Table::Filter && onlyIn(hooks, {Hook::Input, Hook::Forward, Hook::Output});
    }
    Verdict apply(Packet&, Situation&) override { return kind_->verdict; }

private:
    const RejectKind* kind_ = &kRejects[3];
    bool tcp_ = false;
};

class MarkTarget final : public Target {
public:
    MarkTarget() : Target("MARK") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        const std::string_view kind = option;
        if (kind != "--set-mark" && kind != "--set-xmark" && kind != "--or-mark" &&
            kind != "--and-mark" && kind != "--xor-mark")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto mark = readMark(text);
        if (!mark)
            return usageError("MARK: bad integer value for option \"" + std::string(option) +
                              "\", or out of range.\n");
        if (kind == "--set-xmark") mark_ = {mark->value, mark->mask};
        else if (kind == "--set-mark") mark_ = {mark->value, mark->value | mark->mask};
        else if (kind == "--or-mark") mark_ = {mark->value, mark->value};
        else if (kind == "--and-mark") mark_ = {0, ~mark->value};
        else mark_ = {mark->value, 0};
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_)
            return usageError("MARK: One of the --set-xmark, --{and,or,xor,set}-mark options is required");
        return base::okStatus();
    }
    std::string save() const override {
        return "--set-xmark " + hexText(mark_.value) + "/" + hexText(mark_.mask);
    }
    std::string list(bool) const override {
        if (mark_.value == 0) return "MARK and " + hexText(~mark_.mask);
        if (mark_.value == mark_.mask) return "MARK or " + hexText(mark_.value);
        if (mark_.mask == 0) return "MARK xor " + hexText(mark_.value);
        if (mark_.mask == 0xffffffff) return "MARK set " + hexText(mark_.value);
        return "MARK xset " + hexText(mark_.value) + "/" + hexText(mark_.mask);
    }
    Verdict apply(Packet& packet, Situation&) override {
        packet.mark = (packet.mark & ~mark_.mask) ^ mark_.value;
        return Verdict::Continue;
    }

private:
    MarkValue mark_;
    bool given_ = false;
};

class ConnmarkTarget final : public Target {
public:
    ConnmarkTarget() : Target("CONNMARK") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--save-mark" || option == "--restore-mark") {
            mode_ = option == "--save-mark" ? 's' : 'r';
            return true;
        }
        if (option != "--set-mark" && option != "--set-xmark" && option != "--mask" &&
            option != "--nfmask" && option != "--ctmask")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto mark = readMark(text);
        if (!mark)
            return usageError("CONNMARK: bad integer value for option \"" + std::string(option) +
                              "\", or out of range.\n");
        if (option == "--mask") nfMask_ = ctMask_ = mark->value;
        else if (option == "--nfmask") nfMask_ = mark->value;
        else if (option == "--ctmask") ctMask_ = mark->value;
        else {
            mode_ = 'x';
            mark_ = option == "--set-mark" ? MarkValue{mark->value, mark->value | mark->mask} : *mark;
        }
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!mode_) return usageError("CONNMARK target: No operation specified");
        return base::okStatus();
    }
    std::string save() const override {
        if (mode_ == 'x') return "--set-xmark " + hexText(mark_.value) + "/" + hexText(mark_.mask);
        return std::string(mode_ == 's' ? "--save-mark" : "--restore-mark") + " --nfmask " +
               hexText(nfMask_) + " --ctmask " + hexText(ctMask_);
    }
    std::string list(bool) const override {
        if (mode_ == 'x')
            return mark_.mask == 0xffffffff
                       ? "CONNMARK set " + hexText(mark_.value)
                       : "CONNMARK xset " + hexText(mark_.value) + "/" + hexText(mark_.mask);
        std::string text = mode_ == 's' ? "CONNMARK save" : "CONNMARK restore";
        if (nfMask_ == 0xffffffff && ctMask_ == 0xffffffff) return text;
        return nfMask_ == ctMask_ ? text + " mask " + hexText(nfMask_)
                                  : text + " nfmask " + hexText(nfMask_) + " ctmask ~" + hexText(ctMask_);
    }
    Verdict apply(Packet& packet, Situation& situation) override {
        if (!packet.tracked) return Verdict::Continue;
        std::uint32_t& connection = packet.tracked->mark;
        if (mode_ == 'r') packet.mark = (packet.mark & ~nfMask_) ^ (connection & ctMask_);
        else if (!situation.pretend && mode_ == 's')
            connection = (connection & ~ctMask_) ^ (packet.mark & nfMask_);
        else if (!situation.pretend) connection = (connection & ~mark_.mask) ^ mark_.value;
        return Verdict::Continue;
    }

private:
    char mode_ = 0;
    std::uint32_t nfMask_ = 0xffffffff, ctMask_ = 0xffffffff;
    MarkValue mark_;
};

constexpr const char* kLevels[] = {"emerg", "alert", "crit", "error", "warn", "notice", "info", "debug"};

class LogTarget final : public Target {
public:
    LogTarget() : Target("LOG") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        constexpr const char* kFlagOptions[] = {"--log-tcp-sequence", "--log-tcp-options",
                                                "--log-ip-options", "--log-uid"};
        for (unsigned i = 0; i < 4; ++i)
            if (option == kFlagOptions[i]) {
                flags_ |= 1U << i;
                return true;
            }
        if (option != "--log-prefix" && option != "--log-level") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (option == "--log-prefix") {
            prefix_ = text.substr(0, 29);
            return true;
        }
        if (const auto number = parseNumber(text); number && *number < 8) level_ = static_cast<int>(*number);
        else {
            const std::string lower = base::toLower(text);
            level_ = -1;
            for (int i = 0; i < 8; ++i)
                if (lower == kLevels[i] || (lower == "warning" && i == 4)) level_ = i;
            if (level_ < 0) return usageError("log-level \"" + text + "\" unknown");
        }
        return true;
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (!prefix_.empty()) parts.push_back("--log-prefix " + quoteArgument(prefix_, true));
        if (level_ != 4) parts.push_back("--log-level " + std::to_string(level_));
        if (flags_ & 1) parts.push_back("--log-tcp-sequence");
        if (flags_ & 2) parts.push_back("--log-tcp-options");
        if (flags_ & 4) parts.push_back("--log-ip-options");
        if (flags_ & 8) parts.push_back("--log-uid");
        return base::join(parts, " ");
    }
    std::string list(bool numeric) const override {
        std::string text = "LOG";
        if (numeric) text += " flags " + std::to_string(flags_) + " level " + std::to_string(level_);
        else text += std::string(" level ") + kLevels[level_];
        if (!prefix_.empty()) text += " prefix \"" + prefix_ + "\"";
        return text;
    }
    Verdict apply(Packet& packet, Situation& situation) override {
        if (!situation.pretend) situation.rules.log(prefix_, packet, situation);
        return Verdict::Continue;
    }

private:
    std::string prefix_;
    int level_ = 4;
    unsigned flags_ = 0;
};

class NotrackTarget final : public Target {
public:
    explicit NotrackTarget(std::string name) : Target(std::move(name)) { off_ = this->name() == "NOTRACK"; }
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (name() != "CT") return false;
        if (option == "--notrack") return off_ = true;
        if (option != "--zone" && option != "--helper") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        return usageError("CT " + std::string(option) + " is not modelled in this lab");
    }
    std::string save() const override { return name() == "CT" && off_ ? "--notrack" : ""; }
    std::string list(bool) const override { return name() == "CT" ? "CT notrack" : "NOTRACK"; }
    bool allowedIn(Table table, const std::vector<Hook>&) const override { return table == Table::Raw; }
    Verdict apply(Packet& packet, Situation&) override {
        if (off_) packet.state = TrackState::Untracked;
        return name() == "CT" ? Verdict::Continue : Verdict::Accept;
    }

private:
    bool off_;
};

class TcpmssTarget final : public Target {
public:
    TcpmssTarget() : Target("TCPMSS") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--clamp-mss-to-pmtu") return clamp_ = true;
        if (option != "--set-mss") return false;
        BASE_TRY(size_, arguments.value(option));
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!clamp_ && size_.empty()) return usageError("TCPMSS target: At least one parameter is required");
        return base::okStatus();
    }
    std::string save() const override { return clamp_ ? "--clamp-mss-to-pmtu" : "--set-mss " + size_; }
    std::string list(bool) const override { return clamp_ ? "TCPMSS clamp to PMTU" : "TCPMSS set " + size_; }
    Verdict apply(Packet&, Situation&) override { return Verdict::Continue; } // sizes are not modelled

private:
    bool clamp_ = false;
    std::string size_;
};

} // namespace

std::unique_ptr<Target> makeTarget(std::string_view name) {
    for (const char* nat : {"DNAT", "SNAT", "MASQUERADE", "REDIRECT", "NETMAP"})
        if (name == nat) return std::make_unique<NatTarget>(nat);
    if (name == "REJECT") return std::make_unique<RejectTarget>();
    if (name == "MARK") return std::make_unique<MarkTarget>();
    if (name == "CONNMARK") return std::make_unique<ConnmarkTarget>();
    if (name == "LOG") return std::make_unique<LogTarget>();
    if (name == "NOTRACK") return std::make_unique<NotrackTarget>("NOTRACK");
    if (name == "CT") return std::make_unique<NotrackTarget>("CT");
    if (name == "TCPMSS") return std::make_unique<TcpmssTarget>();
    return nullptr;
}

} // namespace network::netfilter
