// Matches on marks and connection state. Source: libxt_conntrack, libxt_state, libxt_mark,
// libxt_connmark, libxt_comment, libxt_connlimit, libxt_nfacct, libxt_owner.
#include "network/netfilter/match_factories.h"

#include "base/strings.h"
#include "network/fabric/namespace.h"
#include "network/netfilter/conntrack.h"

namespace network::netfilter {

std::optional<MarkValue> readMark(std::string_view text) {
    const auto slash = text.find('/');
    const auto value = parseNumber(text.substr(0, slash));
    if (!value || *value > 0xffffffff) return std::nullopt;
    MarkValue mark{static_cast<std::uint32_t>(*value), 0xffffffff};
    if (slash != std::string_view::npos) {
        const auto mask = parseNumber(text.substr(slash + 1));
        if (!mask || *mask > 0xffffffff) return std::nullopt;
        mark.mask = static_cast<std::uint32_t>(*mask);
    }
    return mark;
}

namespace {

class CommentMatch final : public Match {
public:
    CommentMatch() : Match("comment") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--comment") return false;
        BASE_TRY(text_, arguments.value(option));
        if (text_.size() > 256) return usageError("COMMENT must be shorter than 256 characters");
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_) return usageError("comment: option \"--comment\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override { return "--comment " + quoteArgument(text_, false); }
    std::string list(bool) const override { return "/* " + text_ + " */"; }
    bool matches(const Packet&, Situation&) override { return true; }

private:
    std::string text_;
    bool given_ = false;
};

class MarkMatch final : public Match {
public:
    explicit MarkMatch(bool connection)
        : Match(connection ? "connmark" : "mark"), connection_(connection) {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--mark") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto mark = readMark(text);
        if (!mark)
            return usageError(name() + ": bad integer value for option \"--mark\", or out of range.\n");
        mark_ = *mark;
        inverted_ = inverted;
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_) return usageError(name() + ": option \"--mark\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override { return optionText(inverted_, "--mark ") + mark_.text(); }
    std::string list(bool) const override {
        return name() + " match " + (inverted_ ? "!" : "") + mark_.text();
    }
    bool matches(const Packet& packet, Situation&) override {
        if (connection_ && !packet.tracked) return false;
        const std::uint32_t value = connection_ ? packet.tracked->mark : packet.mark;
        return ((value & mark_.mask) == mark_.value) != inverted_;
    }

private:
    MarkValue mark_;
    bool connection_, inverted_ = false, given_ = false;
};

enum StateBit : unsigned {
    kInvalidBit = 1, kNewBit = 2, kRelatedBit = 4, kEstablishedBit = 8, kUntrackedBit = 16,
    kSnatBit = 32, kDnatBit = 64
};
struct StateName {
    const char* name;
    unsigned bit;
};
// In the order of printing.
constexpr StateName kStates[] = {{"INVALID", kInvalidBit}, {"NEW", kNewBit},
                                 {"RELATED", kRelatedBit}, {"ESTABLISHED", kEstablishedBit},
                                 {"UNTRACKED", kUntrackedBit}, {"SNAT", kSnatBit},
                                 {"DNAT", kDnatBit}};

std::string stateText(unsigned bits) {
    std::string text;
    for (const StateName& state : kStates)
        if (bits & state.bit) text += (text.empty() ? "" : ",") + std::string(state.name);
    return text;
}

base::Result<unsigned> readStates(const std::string& text, const char* what, bool nat) {
    unsigned bits = 0;
    for (const std::string& word : base::split(text, ',')) {
        const std::string upper = base::toUpper(word);
        unsigned bit = 0;
        for (const StateName& state : kStates)
            if (upper == state.name && (nat || state.bit < kSnatBit)) bit = state.bit;
        if (bit == 0) return usageError(std::string("Bad ") + what + " \"" + text + "\"");
        bits |= bit;
    }
    return bits;
}

unsigned stateBits(const Packet& packet) {
    unsigned bits = 0;
    switch (packet.state) {
    case TrackState::New: bits = kNewBit; break;
    case TrackState::Established: bits = kEstablishedBit; break;
    case TrackState::Related: bits = kRelatedBit; break;
    case TrackState::Untracked: bits = kUntrackedBit; break;
    default: bits = kInvalidBit; break;
    }
    if (packet.tracked && packet.tracked->sourceNat) bits |= kSnatBit;
    if (packet.tracked && packet.tracked->destinationNat) bits |= kDnatBit;
    return bits;
}

class StateMatch final : public Match {
public:
    StateMatch() : Match("state") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--state") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        BASE_TRY(bits_, readStates(text, "state", false));
        inverted_ = inverted;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (bits_ == 0) return usageError("state: option \"--state\" must be specified\n");
        return base::okStatus();
    }
    std::string save() const override { return optionText(inverted_, "--state ") + stateText(bits_); }
    std::string list(bool) const override {
        return std::string(inverted_ ? "! " : "") + "state " + stateText(bits_);
    }
    bool matches(const Packet& packet, Situation&) override {
        return ((stateBits(packet) & bits_) != 0) != inverted_;
    }

private:
    unsigned bits_ = 0;
    bool inverted_ = false;
};

// One address or port of a connection's tuples: --ctorigdst 10.0.0.1/8, --ctreplsrcport 80.
struct TupleTest {
    const char* option;
    const char* label; // of -L
    bool reply, source, port;
    bool given = false, inverted = false;
    std::uint32_t address = 0, mask = 0xffffffff;
    std::uint16_t low = 0, high = 0;
};

class ConntrackMatch final : public Match {
public:
    ConntrackMatch() : Match("conntrack") {
        tests_ = {{"--ctorigsrc", "ctorigsrc", false, true, false},
                  {"--ctorigdst", "ctorigdst", false, false, false},
                  {"--ctreplsrc", "ctreplsrc", true, true, false},
                  {"--ctrepldst", "ctrepldst", true, false, false},
                  {"--ctorigsrcport", "ctorigsrcport", false, true, true},
                  {"--ctorigdstport", "ctorigdstport", false, false, true},
                  {"--ctreplsrcport", "ctreplsrcport", true, true, true},
                  {"--ctrepldstport", "ctrepldstport", true, false, true}};
    }
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--ctstate") {
            BASE_TRY(const std::string text, arguments.value(option));
            BASE_TRY(bits_, readStates(text, "ctstate", true));
            inverted_ = inverted;
            return true;
        }
        if (option == "--ctproto") {
            BASE_TRY(const std::string text, arguments.value(option));
            const auto number = protocolNumber(text);
            if (!number) return usageError("unknown protocol \"" + text + "\" specified");
            protocol_ = *number;
            return true;
        }
        if (option == "--ctdir") {
            BASE_TRY(const std::string text, arguments.value(option));
            if (text == "ORIGINAL") direction_ = 1;
            else if (text == "REPLY") direction_ = 2;
            else return usageError("conntrack: bad value for option \"--ctdir\"");
            return true;
        }
        for (TupleTest& test : tests_)
            if (option == test.option) {
                BASE_TRY(const std::string text, arguments.value(option));
                BASE_CHECK(readTest(test, text));
                test.inverted = inverted;
                return true;
            }
        return false;
    }
    base::Status check(const RuleHead&) override {
        bool any = bits_ != 0 || protocol_ != 0 || direction_ != 0;
        for (const TupleTest& test : tests_) any |= test.given;
        if (!any) return usageError("conntrack: At least one option is required");
        return base::okStatus();
    }
    std::string save() const override {
        std::vector<std::string> parts;
        if (bits_) parts.push_back(optionText(inverted_, "--ctstate ") + stateText(bits_));
        if (protocol_) parts.push_back("--ctproto " + std::to_string(protocol_));
        for (const TupleTest& test : tests_)
            if (test.given)
                parts.push_back(optionText(test.inverted, test.option) + " " + testText(test));
        if (direction_) parts.push_back(direction_ == 1 ? "--ctdir ORIGINAL" : "--ctdir REPLY");
        return base::join(parts, " ");
    }
    std::string list(bool) const override {
        std::vector<std::string> parts;
        if (bits_) parts.push_back(std::string(inverted_ ? "! " : "") + "ctstate " + stateText(bits_));
        if (protocol_) parts.push_back("ctproto " + std::to_string(protocol_));
        for (const TupleTest& test : tests_)
            if (test.given)
                parts.push_back(std::string(test.inverted ? "! " : "") + test.label + " " +
                                testText(test));
        if (direction_) parts.push_back(direction_ == 1 ? "ctdir ORIGINAL" : "ctdir REPLY");
        return base::join(parts, " ");
    }
    bool matches(const Packet& packet, Situation&) override {
        if (bits_ && ((stateBits(packet) & bits_) != 0) == inverted_) return false;
        if (bits_ && protocol_ == 0 && direction_ == 0 && !anyTest_) return true;
        if (!packet.tracked) return !anyTest_ && !protocol_ && !direction_;
        if (direction_ && (direction_ == 2) != packet.reply) return false;
        if (protocol_ && packet.tracked->original.protocol != protocol_) return false;
        for (const TupleTest& test : tests_)
            if (test.given && !holds(test, *packet.tracked)) return false;
        return true;
    }

private:
    base::Status readTest(TupleTest& test, const std::string& text) {
        if (test.port) {
            const auto low = servicePort(text.substr(0, text.find(':')));
            const auto high = text.find(':') == std::string::npos
                                  ? low
                                  : servicePort(text.substr(text.find(':') + 1));
            if (!low || !high) return usageError("invalid port/service `" + text + "' specified");
            test.low = *low;
            test.high = *high;
        } else {
            const auto prefix = base::IpPrefix::parse(
                text.find('/') == std::string::npos ? text + "/32" : text);
            if (!prefix) return usageError("host/network `" + text + "' not found");
            test.mask = prefix->length == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix->length);
            test.address = prefix->address.v4Bits() & test.mask;
        }
        test.given = true;
        anyTest_ = true;
        return base::okStatus();
    }
    static std::string testText(const TupleTest& test) {
        if (test.port)
            return std::to_string(test.low) +
                   (test.low == test.high ? "" : ":" + std::to_string(test.high));
        std::string text = ipText(test.address);
        if (test.mask != 0xffffffff) {
            int length = 0;
            for (std::uint32_t mask = test.mask; mask & 0x80000000; mask <<= 1) ++length;
            text += "/" + std::to_string(length);
        }
        return text;
    }
    static bool holds(const TupleTest& test, const Tracked& entry) {
        const Tuple& tuple = test.reply ? entry.reply : entry.original;
        bool same = false;
        if (test.port) {
            const std::uint16_t port = test.source ? tuple.sourcePort : tuple.destinationPort;
            same = port >= test.low && port <= test.high;
        } else {
            const std::uint32_t address = test.source ? tuple.source : tuple.destination;
            same = (address & test.mask) == test.address;
        }
        return same != test.inverted;
    }

    unsigned bits_ = 0;
    bool inverted_ = false, anyTest_ = false;
    std::uint8_t protocol_ = 0;
    int direction_ = 0;
    std::vector<TupleTest> tests_;
};

class ConnlimitMatch final : public Match {
public:
    ConnlimitMatch() : Match("connlimit") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option == "--connlimit-saddr") return true;
        if (option == "--connlimit-daddr") {
            destination_ = true;
            return true;
        }
        if (option != "--connlimit-above" && option != "--connlimit-upto" &&
            option != "--connlimit-mask")
            return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto number = parseNumber(text);
        if (!number) return usageError("connlimit: bad value for option \"" + std::string(option) + "\", or out of range.\n");
        if (option == "--connlimit-mask") {
            mask_ = static_cast<int>(*number);
            return true;
        }
        limit_ = static_cast<std::size_t>(*number);
        upTo_ = (option == "--connlimit-upto") != inverted;
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_) return usageError("You must specify \"--connlimit-above\" or \"--connlimit-upto\".");
        return base::okStatus();
    }
    std::string save() const override {
        return std::string(upTo_ ? "--connlimit-upto " : "--connlimit-above ") +
               std::to_string(limit_) + " --connlimit-mask " + std::to_string(mask_) +
               (destination_ ? " --connlimit-daddr" : " --connlimit-saddr");
    }
    std::string list(bool) const override {
        return std::string("#conn ") + (destination_ ? "dst/" : "src/") + std::to_string(mask_) +
               (upTo_ ? " <= " : " > ") + std::to_string(limit_);
    }
    bool matches(const Packet& packet, Situation& situation) override {
        situation.volatileRule = true;
        const std::uint32_t mask = mask_ == 0 ? 0 : ~std::uint32_t{0} << (32 - mask_);
        const std::size_t own = packet.tracked && !packet.tracked->confirmed ? 1 : 0;
        const std::size_t open = situation.space.conntrack().count(packet.flow.source, mask) + own;
        return (open > limit_) != upTo_;
    }

private:
    std::size_t limit_ = 0;
    int mask_ = 32;
    bool upTo_ = false, given_ = false, destination_ = false;
};

class NfacctMatch final : public Match { // counts into a named object
public:
    NfacctMatch() : Match("nfacct") {}
    base::Result<bool> parse(std::string_view option, bool, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--nfacct-name") return false;
        BASE_TRY(object_, arguments.value(option));
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (object_.empty()) return usageError("nfacct: option \"--nfacct-name\" must be specified\n");
        return base::okStatus();
    }
    // The extension prints two spaces after the option.
    std::string save() const override { return "--nfacct-name  " + object_; }
    std::string list(bool) const override { return "nfacct-name  " + object_; }
    bool matches(const Packet&, Situation&) override { return true; }

private:
    std::string object_;
};

class OwnerMatch final : public Match {
public:
    OwnerMatch() : Match("owner") {}
    base::Result<bool> parse(std::string_view option, bool inverted, Arguments& arguments,
                             const RuleHead&) override {
        if (option != "--uid-owner" && option != "--gid-owner") return false;
        BASE_TRY(const std::string text, arguments.value(option));
        const auto number = text == "root" ? std::optional<std::uint64_t>(0) : parseNumber(text);
        if (!number)
            return usageError("owner: bad value for option \"" + std::string(option) +
                              "\", or out of range.\n");
        group_ = option == "--gid-owner";
        id_ = static_cast<std::uint32_t>(*number);
        inverted_ = inverted;
        given_ = true;
        return true;
    }
    base::Status check(const RuleHead&) override {
        if (!given_)
            return usageError("owner: At least one of --uid-owner, --gid-owner or --socket-exists is required");
        return base::okStatus();
    }
    std::string save() const override {
        return optionText(inverted_, group_ ? "--gid-owner " : "--uid-owner ") + std::to_string(id_);
    }
    std::string list(bool) const override {
        return std::string(inverted_ ? "! " : "") + (group_ ? "owner GID match " : "owner UID match ") +
               std::to_string(id_);
    }
    bool matches(const Packet& packet, Situation& situation) override {
        if (situation.hook != Hook::Output && situation.hook != Hook::Postrouting) return false;
        if (packet.in != nullptr || packet.isIcmpError()) return inverted_;
        return (packet.owner == id_) != inverted_;
    }

private:
    std::uint32_t id_ = 0;
    bool group_ = false, inverted_ = false, given_ = false;
};

} // namespace

std::unique_ptr<Match> makeStateMatch(std::string_view name) {
    if (name == "comment") return std::make_unique<CommentMatch>();
    if (name == "mark") return std::make_unique<MarkMatch>(false);
    if (name == "connmark") return std::make_unique<MarkMatch>(true);
    if (name == "state") return std::make_unique<StateMatch>();
    if (name == "conntrack") return std::make_unique<ConntrackMatch>();
    if (name == "connlimit") return std::make_unique<ConnlimitMatch>();
    if (name == "nfacct") return std::make_unique<NfacctMatch>();
    if (name == "owner") return std::make_unique<OwnerMatch>();
    return nullptr;
}

} // namespace network::netfilter
