// Matches on ports, flags and ICMP types. Source: libxt_tcp, libxt_udp, libxt_sctp, libxt_multiport,
// libipt_icmp.
#include "network/netfilter/match_factories.h"

#include "base/strings.h"

namespace network::netfilter {
namespace {

struct PortRange {
    std::uint16_t low = 0, high = 65535;
    bool inverted = false, given = false;
    bool holds(std::uint16_t port) const {
        return !given || ((port >= low && port <= high) != inverted);
    }
};

base::Result<std::uint16_t> readPort(std::string_view text) {
    if (const auto port = servicePort(text)) return *port;
    return usageError("invalid port/service `" + std::string(text) + "' specified");
}

base::Result<PortRange> readRange(const std::string& text, bool inverted) {
    PortRange range;
    range.inverted = inverted;
    range.given = true;
    const auto colon = text.find(':');
    if (colon == std::string::npos) {
        BASE_TRY(range.low, readPort(text));
        range.high = range.low;
        return range;
    }
    const std::string low = text.substr(0, colon), high = text.substr(colon + 1);
    if (!low.empty()) {
        BASE_TRY(range.low, readPort(low));
    }
    if (!high.empty()) {
        BASE_TRY(range.high, readPort(high));
    }
    if (range.low > range.high) return usageError("invalid portrange (min > max)");
    return range;
}

std::string saveRange(const char* option, const PortRange& range) {
    if (!range.given) return {};
    std::string text = std::string(range.inverted ? "! " : "") + option + " ";
    text += std::to_string(range.low);
    if (range.low != range.high) text += ":" + std::to_string(range.high);
    return text;
}

std::string listRange(const char* name, const PortRange& range, bool numeric) {
    if (!range.given) return {};
    std::string text = name;
    if (range.low != range.high) text += "s";
    text += std::string(":") + (range.inverted ? "!" : "") + serviceName(range.low, numeric);
    if (range.low != range.high) text += ":" + serviceName(range.high, numeric);
    return text;
}

void append(std::string& text, const std::string& part) {
    if (part.empty()) return;
    if (!text.empty()) text += ' ';
    text += part;
}

struct Flag {
    const char* name;
    std::uint8_t bit;
};
constexpr Flag kFlags[] = {{"FIN", 1}, {"SYN", 2}, {"RST", 4}, {"PSH", 8}, {"ACK", 16}, {"URG", 32}};

base::Result<std::uint8_t> readFlags(std::string_view text) {
    std::uint8_t bits = 0;
    for (const std::string& word : base::split(text, ',')) {
        const std::string name = base::toUpper(word);
        if (name == "ALL") bits = 63;
        else if (name != "NONE") {
            bool known = false;
            for (const Flag& flag : kFlags)
                if (name == flag.name) {
                    bits |= flag.bit;
                    known = true;
                }
            if (!known) return usageError("Unknown TCP flag `" + word + "'");
        }
    }
    return bits;
}

std::string flagsText(std::uint8_t bits) {
    if (bits == 0) return "NONE";
    std::string text;
    for (const Flag& flag : kFlags)
        if (bits & flag.bit) text += (text.empty() ? "" : ",") + std::string(flag.name);
    return text;
}

class PortMatch final : public Match {
public:
    explicit PortMatch(std::string name, std::uint8_t protocol)
        : Match(std::move(name)), protocol_(protocol) {}

    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--sport" || option == "--source-port") {
            BASE_TRY(const std::string text, arguments.value(option));
            BASE_TRY(source_, readRange(text, inverted));
            return true;
        }
        if (option == "--dport" || option == "--destination-port") {
            BASE_TRY(const std::string text, arguments.value(option));
            BASE_TRY(destination_, readRange(text, inverted));
            return true;
        }
        if (protocol_ != kTcp) return false;
        if (option == "--syn") {
            mask_ = kFin | kSyn | kRst | kAck;
            compare_ = kSyn;
            flagsInverted_ = inverted;
            return true;
        }
        if (option == "--tcp-flags") {
            BASE_TRY(const std::string mask, arguments.value(option));
            if (arguments.done() || arguments.words[arguments.next].substr(0, 1) == "-")
                return usageError("--tcp-flags requires two args.");
            BASE_TRY(mask_, readFlags(mask));
            BASE_TRY(const std::string compare, arguments.value(option));
            BASE_TRY(compare_, readFlags(compare));
            flagsInverted_ = inverted;
            return true;
        }
        return false;
    }
    std::string save() const override {
        std::string text;
        append(text, saveRange("--sport", source_));
        append(text, saveRange("--dport", destination_));
        if (mask_)
            append(text, std::string(flagsInverted_ ? "! " : "") + "--tcp-flags " +
                             flagsText(mask_) + " " + flagsText(compare_));
        return text;
    }
    std::string list(bool numeric) const override {
        std::string text = name();
        append(text, listRange("spt", source_, numeric));
        append(text, listRange("dpt", destination_, numeric));
        if (mask_) {
            const auto flags = [&](std::uint8_t bits) {
                if (!numeric) return flagsText(bits);
                const std::string hex = hexText(bits).substr(2);
                return "0x" + std::string(hex.size() < 2 ? "0" : "") + hex;
            };
            append(text, std::string("flags:") + (flagsInverted_ ? "!" : "") + flags(mask_) + "/" +
                             flags(compare_));
        }
        // "tcp" alone says nothing.
        return text;
    }
    bool matches(const Packet& packet, Situation&) override {
        if (packet.flow.protocol != protocol_) return false;
        if (!source_.holds(packet.flow.sourcePort) ||
            !destination_.holds(packet.flow.destinationPort))
            return false;
        return mask_ == 0 || ((packet.tcpFlags & mask_) == compare_) != flagsInverted_;
    }

private:
    std::uint8_t protocol_;
    PortRange source_, destination_;
    std::uint8_t mask_ = 0, compare_ = 0;
    bool flagsInverted_ = false;
};

class MultiportMatch final : public Match {
public:
    MultiportMatch() : Match("multiport") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead& head) override {
        if (option == "--dports" || option == "--destination-ports") option_ = "--dports";
        else if (option == "--sports" || option == "--source-ports") option_ = "--sports";
        else if (option == "--ports") option_ = "--ports";
        else return false;
        const std::uint8_t p = head.notProtocol ? 0 : head.protocol;
        if (p != kTcp && p != kUdp && p != kSctp && p != 136)
            return usageError("multiport needs `-p tcp', `-p udp', `-p udplite', `-p sctp' or `-p dccp'");
        BASE_TRY(const std::string text, arguments.value(option));
        inverted_ = inverted;
        std::size_t used = 0;
        for (const std::string& word : base::split(text, ',')) {
            PortRange range;
            const auto colon = word.find(':');
            BASE_TRY(range.low, readPort(word.substr(0, colon)));
            range.high = range.low;
            if (colon != std::string::npos) {
                BASE_TRY(range.high, readPort(word.substr(colon + 1)));
                if (range.low >= range.high) return usageError("invalid portrange specified");
            }
            used += colon == std::string::npos ? 1 : 2;
            if (used > 15) return usageError("too many ports specified");
            ranges_.push_back(range);
        }
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (ranges_.empty()) return usageError("multiport expection an option");
        return base::okStatus();
    }
    std::string ports(bool numeric) const {
        std::string text;
        for (const PortRange& range : ranges_) {
            if (!text.empty()) text += ',';
            text += serviceName(range.low, numeric);
            if (range.low != range.high) text += ":" + serviceName(range.high, numeric);
        }
        return text;
    }
    std::string save() const override {
        return std::string(inverted_ ? "! " : "") + option_ + " " + ports(true);
    }
    std::string list(bool numeric) const override {
        return "multiport " + option_.substr(2) + " " + (inverted_ ? "!" : "") + ports(numeric);
    }
    bool matches(const Packet& packet, Situation&) override {
        const std::uint16_t from = packet.flow.sourcePort, to = packet.flow.destinationPort;
        bool found = false;
        for (const PortRange& range : ranges_) {
            const bool source = from >= range.low && from <= range.high;
            const bool destination = to >= range.low && to <= range.high;
            found |= option_ == "--dports"   ? destination
                     : option_ == "--sports" ? source
                                             : source || destination;
        }
        return found != inverted_;
    }

private:
    std::string option_;
    std::vector<PortRange> ranges_;
    bool inverted_ = false;
};

struct IcmpName {
    const char* name;
    int type, code; // code -1: any
};
constexpr IcmpName kIcmpNames[] = {
    {"any", 255, -1}, {"echo-reply", 0, -1}, {"pong", 0, -1}, {"destination-unreachable", 3, -1},
    {"network-unreachable", 3, 0}, {"host-unreachable", 3, 1}, {"protocol-unreachable", 3, 2},
    {"port-unreachable", 3, 3}, {"fragmentation-needed", 3, 4}, {"source-route-failed", 3, 5},
    {"network-prohibited", 3, 9}, {"host-prohibited", 3, 10}, {"communication-prohibited", 3, 13},
    {"source-quench", 4, -1}, {"redirect", 5, -1}, {"echo-request", 8, -1}, {"ping", 8, -1},
    {"router-advertisement", 9, -1}, {"router-solicitation", 10, -1}, {"time-exceeded", 11, -1},
    {"ttl-exceeded", 11, -1}, {"ttl-zero-during-transit", 11, 0}, {"parameter-problem", 12, -1},
    {"timestamp-request", 13, -1}, {"timestamp-reply", 14, -1}};

class IcmpMatch final : public Match {
public:
    IcmpMatch() : Match("icmp") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--icmp-type") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        inverted_ = inverted;
        for (const IcmpName& entry : kIcmpNames)
            if (base::toLower(text) == entry.name) {
                type_ = entry.type;
                code_ = entry.code;
                return true;
            }
        const auto slash = text.find('/');
        const auto type = parseNumber(text.substr(0, slash));
        if (!type || *type > 255) return usageError("Unknown ICMP type `" + text + "'");
        type_ = static_cast<int>(*type);
        if (slash != std::string::npos) {
            const auto code = parseNumber(text.substr(slash + 1));
            if (!code || *code > 255) return usageError("Unknown ICMP type `" + text + "'");
            code_ = static_cast<int>(*code);
        }
        return true;
    }
    std::string save() const override {
        std::string text = std::string(inverted_ ? "! " : "") + "--icmp-type ";
        if (type_ == 255) return text + "any";
        text += std::to_string(type_);
        return code_ < 0 ? text : text + "/" + std::to_string(code_);
    }
    std::string list(bool numeric) const override {
        if (!numeric)
            for (const IcmpName& entry : kIcmpNames)
                if (entry.type == type_ && entry.code == code_)
                    return std::string("icmp ") + (inverted_ ? "!" : "") + entry.name;
        if (type_ == 255) return std::string("icmptype ") + (inverted_ ? "!" : "") + "255";
        std::string text = std::string("icmp") + "type " + (inverted_ ? "!" : "") + std::to_string(type_);
        return code_ < 0 ? text : text + " code " + std::to_string(code_);
    }
    bool matches(const Packet& packet, Situation&) override {
        if (packet.flow.protocol != kIcmp) return false;
        const bool same = (type_ == 255 || packet.icmpType == type_) &&
                          (code_ < 0 || packet.icmpCode == code_);
        return same != inverted_;
    }

private:
    int type_ = 255, code_ = -1;
    bool inverted_ = false;
};

} // namespace

std::unique_ptr<Match> makePortMatch(std::string_view name) {
    if (name == "tcp") return std::make_unique<PortMatch>("tcp", kTcp);
    if (name == "udp") return std::make_unique<PortMatch>("udp", kUdp);
    if (name == "sctp") return std::make_unique<PortMatch>("sctp", kSctp);
    if (name == "multiport") return std::make_unique<MultiportMatch>();
    if (name == "icmp") return std::make_unique<IcmpMatch>();
    return nullptr;
}

} // namespace network::netfilter
