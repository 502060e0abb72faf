// Matches on addresses, devices and packet fields. Source: libxt_addrtype, libxt_iprange, libxt_mac,
// libxt_physdev, libipt_ttl, libxt_length, libxt_string, libxt_pkttype.
#include "network/netfilter/match_factories.h"

#include "base/strings.h"
#include "network/fabric/namespace.h"

namespace network::netfilter {
namespace {

constexpr const char* kAddressTypes[] = {"UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST",
                                         "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT",
                                         "THROW", "NAT", "XRESOLVE"};

class AddrtypeMatch final : public Match {
public:
    AddrtypeMatch() : Match("addrtype") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--limit-iface-in" || option == "--limit-iface-out") {
            limit_ = option;
            return true;
        }
        if (option != "--src-type" && option != "--dst-type") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        Side& side = option == "--src-type" ? source_ : destination_;
        side.inverted = inverted;
        for (const std::string& word : base::split(text, ',')) {
            bool known = false;
            for (unsigned i = 0; i < 12; ++i)
                if (base::toUpper(word) == kAddressTypes[i]) {
                    side.types |= 1U << i;
                    known = true;
                }
            if (!known) return usageError("addrtype: bad type \"" + word + "\"");
        }
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!source_.types && !destination_.types)
            return usageError("addrtype: you must specify --src-type or --dst-type");
        return base::okStatus();
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (source_.types) parts.push_back(optionText(source_.inverted, "--src-type ") + text(source_));
        if (destination_.types)
            parts.push_back(optionText(destination_.inverted, "--dst-type ") + text(destination_));
        if (!limit_.empty()) parts.push_back(limit_);
        return base::join(parts, " ");
    }
    std::string list(bool) const override {
        std::string out = "ADDRTYPE match";
        if (source_.types) out += std::string(" src-type ") + (source_.inverted ? "!" : "") + text(source_);
        if (destination_.types)
            out += std::string(" dst-type ") + (destination_.inverted ? "!" : "") + text(destination_);
        if (!limit_.empty()) out += " limit-" + limit_.substr(limit_.rfind('-') + 1);
        return out;
    }
    bool matches(const Packet& packet, Situation& situation) override {
        const Device* only = limit_ == "--limit-iface-in" ? packet.in : limit_ == "--limit-iface-out" ? packet.out : nullptr;
        if (source_.types && !holds(source_, packet.flow.source, situation, only)) return false;
        return !destination_.types || holds(destination_, packet.flow.destination, situation, only);
    }

private:
    struct Side {
        unsigned types = 0;
        bool inverted = false;
    };
    static std::string text(const Side& side) {
        std::string out;
        for (unsigned i = 0; i < 12; ++i)
            if (side.types & (1U << i)) out += (out.empty() ? "" : ",") + std::string(kAddressTypes[i]);
        return out;
    }
    static unsigned typeOf(std::uint32_t address, Situation& situation, const Device* only) {
        const base::IpAddress ip = ipAddress(address);
        if ((address >> 28) == 14) return 5;
        if (address == 0xffffffff || situation.space.isBroadcast(ip)) return 3;
        if (only != nullptr) {
            for (const DeviceAddress& own : only->addresses)
                if (own.prefix.address == ip) return 2;
        } else if (situation.space.isLocal(ip)) {
            return 2;
        }
        if (address == 0) return 0;
        const RouteDecision route = situation.space.route(ip, {}, 0);
        if (route.kind == RouteDecision::Kind::Blackhole) return 6;
        if (route.kind == RouteDecision::Kind::Unreachable) return 7;
        if (route.kind == RouteDecision::Kind::Prohibit) return 8;
        return 1;
    }
    static bool holds(const Side& side, std::uint32_t address, Situation& situation, const Device* only) {
        return ((side.types & (1U << typeOf(address, situation, only))) != 0) != side.inverted;
    }
    Side source_, destination_;
    std::string limit_;
};

class IprangeMatch final : public Match {
public:
    IprangeMatch() : Match("iprange") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--src-range" && option != "--dst-range") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        Side& side = option == "--src-range" ? source_ : destination_;
        const auto dash = text.find('-');
        const auto low = base::IpAddress::parse(text.substr(0, dash));
        const auto high = dash == std::string::npos ? low : base::IpAddress::parse(text.substr(dash + 1));
        if (!low || !high || !low->isV4() || !high->isV4())
            return usageError("iprange: Bad value for \"" + std::string(option).substr(2) + "\" option: \"" + text + "\"");
        side = {low->v4Bits(), high->v4Bits(), true, inverted};
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!source_.given && !destination_.given)
            return usageError("iprange match: You must specify `--src-range' or `--dst-range'");
        return base::okStatus();
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (source_.given) parts.push_back(optionText(source_.inverted, "--src-range ") + source_.text());
        if (destination_.given)
            parts.push_back(optionText(destination_.inverted, "--dst-range ") + destination_.text());
        return base::join(parts, " ");
    }
    std::string list(bool) const override {
        std::vector<std::string> parts;
        if (source_.given)
            parts.push_back(std::string("source IP range ") + (source_.inverted ? "! " : "") + source_.text());
        if (destination_.given)
            parts.push_back(std::string("destination IP range ") + (destination_.inverted ? "! " : "") +
                            destination_.text());
        return base::join(parts, " ");
    }
    bool matches(const Packet& packet, Situation&) override {
        return source_.holds(packet.flow.source) && destination_.holds(packet.flow.destination);
    }

private:
    struct Side {
        std::uint32_t low = 0, high = 0;
        bool given = false, inverted = false;
        bool holds(std::uint32_t address) const {
            return !given || ((address >= low && address <= high) != inverted);
        }
        std::string text() const { return ipText(low) + "-" + ipText(high); }
    };
    Side source_, destination_;
};

class MacMatch final : public Match {
public:
    MacMatch() : Match("mac") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--mac-source") return false;
        BASE_TRY(mac_, arguments.value(option));
        inverted_ = inverted;
        if (mac_.size() != 17) return usageError("mac: bad value for option \"--mac-source\"");
        mac_ = base::toLower(mac_);
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (mac_.empty()) return usageError("mac: option \"--mac-source\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override { return optionText(inverted_, "--mac-source ") + mac_; }
    std::string list(bool) const override { return std::string("MAC ") + (inverted_ ? "! " : "") + mac_; }
    bool matches(const Packet& packet, Situation&) override {
        return !packet.sourceMac.empty() && (packet.sourceMac == mac_) != inverted_;
    }

private:
    std::string mac_;
    bool inverted_ = false;
};

bool deviceMatches(std::string_view pattern, const Device* device) {
    const std::string_view name = device ? std::string_view(device->name) : std::string_view();
    if (!pattern.empty() && pattern.back() == '+')
        return name.substr(0, pattern.size() - 1) == pattern.substr(0, pattern.size() - 1);
    return name == pattern;
}

class PhysdevMatch final : public Match {
public:
    PhysdevMatch() : Match("physdev") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        for (Test& test : tests_)
            if (option == test.option) {
                test.given = true;
                test.inverted = inverted;
                if (test.named) {
                    BASE_TRY(test.device, arguments.value(option));
                }
                return true;
            }
        return false;
    }
    base::Status check(const RuleHead&) override {
        for (const Test& test : tests_)
            if (test.given) return base::okStatus();
        return usageError("PHYSDEV: no physdev option specified");
    }
    std::string save() const override {
        std::vector<std::string> parts;
        for (const Test& test : tests_)
            if (test.given)
                parts.push_back(optionText(test.inverted, test.option) +
                                (test.named ? " " + test.device : ""));
        return base::join(parts, " ");
    }
    std::string list(bool) const override { return "PHYSDEV match " + save(); }
    bool matches(const Packet& packet, Situation&) override {
        for (const Test& test : tests_) {
            if (!test.given) continue;
            bool hit = false;
            const std::string_view option = test.option;
            if (option == "--physdev-is-in") hit = packet.physicalIn != nullptr;
            else if (option == "--physdev-is-out") hit = packet.physicalOut != nullptr;
            else if (option == "--physdev-is-bridged")
                hit = packet.physicalIn != nullptr && packet.physicalOut != nullptr;
            else if (option == "--physdev-in") hit = packet.physicalIn && deviceMatches(test.device, packet.physicalIn);
            else hit = packet.physicalOut && deviceMatches(test.device, packet.physicalOut);
            if (hit == test.inverted) return false;
        }
        return true;
    }

private:
    struct Test {
        const char* option;
        bool named = false, given = false, inverted = false;
        std::string device = {};
    };
    std::vector<Test> tests_ = {{"--physdev-is-in"}, {"--physdev-in", true}, {"--physdev-is-out"},
                                {"--physdev-out", true}, {"--physdev-is-bridged"}};
};

class TtlMatch final : public Match {
public:
    TtlMatch() : Match("ttl") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--ttl-eq" && option != "--ttl-lt" && option != "--ttl-gt" && option != "--ttl")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto number = parseNumber(text);
        if (!number || *number > 255) return usageError("ttl: bad value for option \"" + std::string(option) + "\", or out of range (0-255).\n");
        value_ = static_cast<int>(*number);
        mode_ = option == "--ttl-lt" ? '<' : option == "--ttl-gt" ? '>' : '=';
        inverted_ = inverted;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!mode_) return usageError("TTL match: You must specify one of `--ttl-eq', `--ttl-lt', `--ttl-gt");
        return base::okStatus();
    }
    std::string save() const override {
        const char* option = mode_ == '<' ? "--ttl-lt " : mode_ == '>' ? "--ttl-gt " : "--ttl-eq ";
        return optionText(inverted_, option) + std::to_string(value_);
    }
    std::string list(bool) const override {
        return std::string("TTL match TTL ") +
               (mode_ == '<' ? "<" : mode_ == '>' ? ">" : inverted_ ? "!=" : "==") + " " + std::to_string(value_);
    }
    bool matches(const Packet& packet, Situation&) override {
        const bool hit = mode_ == '<' ? packet.ttl < value_ : mode_ == '>' ? packet.ttl > value_ : packet.ttl == value_;
        return hit != inverted_;
    }

private:
    int value_ = 0;
    char mode_ = 0;
    bool inverted_ = false;
};

class LengthMatch final : public Match {
public:
    LengthMatch() : Match("length") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--length") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto colon = text.find(':');
        const std::string low = text.substr(0, colon);
        const std::string high = colon == std::string::npos ? low : text.substr(colon + 1);
        low_ = static_cast<std::uint32_t>(parseNumber(low).value_or(0));
        high_ = static_cast<std::uint32_t>(parseNumber(high).value_or(65535));
        inverted_ = inverted;
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_) return usageError("length: option \"--length\" must be specified\n");
        return base::okStatus();
    }
    std::string range() const {
        return std::to_string(low_) + (low_ == high_ ? "" : ":" + std::to_string(high_));
    }
    std::string save() const override { return optionText(inverted_, "--length ") + range(); }
    std::string list(bool) const override { return std::string("length ") + (inverted_ ? "!" : "") + range(); }
    bool matches(const Packet& packet, Situation&) override {
        return (packet.length >= low_ && packet.length <= high_) != inverted_;
    }

private:
    std::uint32_t low_ = 0, high_ = 65535;
    bool inverted_ = false, given_ = false;
};

class StringMatch final : public Match {
public:
    StringMatch() : Match("string") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--icase") {
            ignoreCase_ = true;
            return true;
        }
        if (option != "--string" && option != "--algo" && option != "--from" && option != "--to") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        if (option == "--algo") algorithm_ = text;
        else if (option == "--string") {
            pattern_ = text;
            inverted_ = inverted;
        }
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (pattern_.empty()) return usageError("STRING match: You must specify `--string' or `--hex-string'");
        if (algorithm_.empty()) return usageError("STRING match: You must specify `--algo'");
        return base::okStatus();
    }
    std::string save() const override {
        return optionText(inverted_, "--string ") + quoteArgument(pattern_, true) + " --algo " + algorithm_ +
               (ignoreCase_ ? " --icase" : "");
    }
    std::string list(bool) const override {
        return std::string("STRING match ") + (inverted_ ? "!" : "") + " " + quoteArgument(pattern_, true) +
               " ALGO name " + algorithm_ + (ignoreCase_ ? " ICASE" : "");
    }
    bool matches(const Packet& packet, Situation&) override {
        const bool found = ignoreCase_ ? base::toLower(packet.payload).find(base::toLower(pattern_)) != std::string::npos
                                       : packet.payload.find(pattern_) != std::string::npos;
        return found != inverted_;
    }

private:
    std::string pattern_, algorithm_;
    bool inverted_ = false, ignoreCase_ = false;
};

class PkttypeMatch final : public Match {
public:
    PkttypeMatch() : Match("pkttype") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--pkt-type") return false;
        BASE_TRY(type_, arguments.value(option));
        inverted_ = inverted;
        return true;
    }
    std::string save() const override { return optionText(inverted_, "--pkt-type ") + type_; }
    std::string list(bool) const override { return std::string("PKTTYPE ") + (inverted_ ? "!= " : "= ") + type_; }
    bool matches(const Packet&, Situation&) override { return (type_ == "unicast") != inverted_; }

private:
    std::string type_ = "unicast";
    bool inverted_ = false;
};

} // namespace

std::unique_ptr<Match> makePlaceMatch(std::string_view name) {
    if (name == "addrtype") return std::make_unique<AddrtypeMatch>();
    if (name == "iprange") return std::make_unique<IprangeMatch>();
    if (name == "mac") return std::make_unique<MacMatch>();
    if (name == "physdev") return std::make_unique<PhysdevMatch>();
    if (name == "ttl") return std::make_unique<TtlMatch>();
    if (name == "length") return std::make_unique<LengthMatch>();
    if (name == "string") return std::make_unique<StringMatch>();
    if (name == "pkttype") return std::make_unique<PkttypeMatch>();
    return nullptr;
}

std::unique_ptr<Match> makeMatch(std::string_view name) {
    if (auto match = makePortMatch(name)) return match;
    if (auto match = makeStateMatch(name)) return match;
    if (auto match = makeRateMatch(name)) return match;
    return makePlaceMatch(name);
}

} // namespace network::netfilter
