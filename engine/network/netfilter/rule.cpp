#include "network/netfilter/rule.h"

#include "base/strings.h"
#include "network/fabric/device.h"

namespace network::netfilter {
namespace {

// Source: xtables_parse_addresses: "a.b.c.d", "a.b.c.d/len", "a.b.c.d/mask", comma separated.
base::Result<std::vector<AddressTest>> parseAddresses(const std::string& text, bool inverted) {
    std::vector<AddressTest> out;
    for (const std::string& word : base::split(text, ',')) {
        AddressTest test;
        test.inverted = inverted;
        test.mask = 0xffffffff;
        const auto slash = word.find('/');
        std::string host = word.substr(0, slash);
        if (slash != std::string::npos) {
            const std::string mask = word.substr(slash + 1);
            const auto length = base::parseInt(mask);
            const auto dotted = base::IpAddress::parse(mask);
            if (length && *length >= 0 && *length <= 32)
                test.mask = *length == 0 ? 0 : ~std::uint32_t{0} << (32 - *length);
            else if (!length && dotted && dotted->isV4()) test.mask = dotted->v4Bits();
            else return usageError("invalid mask `" + mask + "' specified");
        }
        if (host == "localhost") host = "127.0.0.1";
        // Short networks as "10/8".
        if (!host.empty() && host.find_first_not_of("0123456789.") == std::string::npos) {
            std::size_t dots = 0;
            for (char c : host) dots += c == '.';
            for (; dots < 3; ++dots) host += ".0";
        }
        const auto address = base::IpAddress::parse(host);
        if (!address || !address->isV4())
            return usageError("host/network `" + word.substr(0, slash) + "' not found");
        test.address = address->v4Bits() & test.mask;
        out.push_back(test);
    }
    if (inverted && out.size() > 1) return usageError("! not allowed with multiple source or destination IP addresses");
    return out;
}

base::Result<DeviceTest> parseDevice(const std::string& text, bool inverted) {
    if (text.size() > 15)
        return usageError("interface name `" + text + "' must be shorter than IFNAMSIZ (15)");
    DeviceTest test;
    test.inverted = inverted;
    test.wildcard = !text.empty() && text.back() == '+';
    test.name = text == "+" ? std::string() : text;
    return test;
}

class Parser {
public:
    Parser(Table table, std::string_view chain, Arguments& arguments, const ChainNames& known)
        : arguments_(arguments), known_(known) {
        rule_->head.table = table;
        rule_->head.chain = std::string(chain);
    }

    base::Result<std::vector<RulePtr>> run() {
        bool inverted = false;
        while (!arguments_.done()) {
            const std::string word = arguments_.words[arguments_.next++];
            if (word == "!") {
                if (inverted) return usageError("multiple consecutive ! not allowed");
                if (!arguments_.done() && arguments_.words[arguments_.next].substr(0, 1) != "-")
                    return base::makeError("Bad argument `" + arguments_.words[arguments_.next] + "'", 2, "bare");
                inverted = true;
                continue;
            }
            if (word.empty() || word[0] != '-' || word == "-")
                return base::makeError("Bad argument `" + word + "'", 2, "bare");
            BASE_CHECK(option(word, inverted));
            inverted = false;
        }
        return finish();
    }

private:
    base::Status once(std::string_view flag, bool& seen) {
        if (seen) return usageError("multiple " + std::string(flag) + " flags not allowed");
        seen = true;
        return base::okStatus();
    }

    base::Status option(const std::string& word, bool inverted) {
        if (word == "-p" || word == "--protocol" || word == "--proto") return protocol(inverted);
        if (word == "-s" || word == "--source" || word == "--src") {
            BASE_CHECK(once("-s", seenSource_));
            BASE_TRY(const std::string text, address("-s"));
            BASE_TRY(sources_, parseAddresses(text, inverted));
            return base::okStatus();
        }
        if (word == "-d" || word == "--destination" || word == "--dst") {
            BASE_CHECK(once("-d", seenDestination_));
            BASE_TRY(const std::string text, address("-d"));
            BASE_TRY(destinations_, parseAddresses(text, inverted));
            return base::okStatus();
        }
        if (word == "-i" || word == "--in-interface") {
            BASE_CHECK(once("-i", seenIn_));
            BASE_TRY(const std::string text, arguments_.value("-i"));
            BASE_TRY(rule_->in, parseDevice(text, inverted));
            return base::okStatus();
        }
        if (word == "-o" || word == "--out-interface") {
            BASE_CHECK(once("-o", seenOut_));
            BASE_TRY(const std::string text, arguments_.value("-o"));
            BASE_TRY(rule_->out, parseDevice(text, inverted));
            return base::okStatus();
        }
        if (word == "-j" || word == "--jump" || word == "-g" || word == "--goto") {
            const bool isGoto = word == "-g" || word == "--goto";
            if (inverted) return usageError(std::string("cannot have ! before ") + (isGoto ? "-g" : "-j"));
            BASE_CHECK(once(isGoto ? "-g" : "-j", seenJump_));
            return target(isGoto);
        }
        if (word == "-m" || word == "--match") {
            if (inverted) return usageError("unexpected ! flag before --match");
            BASE_TRY(const std::string name, arguments_.value("-m"));
            return addMatch(name);
        }
        if (word == "-c" || word == "--set-counters") {
            BASE_TRY(const std::string packets, arguments_.value("-c"));
            BASE_TRY(const std::string bytes, arguments_.value("-c"));
            rule_->counter = {parseNumber(packets).value_or(0), parseNumber(bytes).value_or(0)};
            return base::okStatus();
        }
        if (word == "-w" || word == "--wait" || word == "-4" || word == "--ipv4") return base::okStatus();
        return extensionOption(word, inverted);
    }

    // `-s ! 10.0.0.1` is an old order that is refused.
    base::Result<std::string> address(std::string_view flag) {
        BASE_TRY(std::string text, arguments_.value(flag));
        if (text == "!") {
            const std::string culprit = arguments_.done() ? text : arguments_.words[arguments_.next];
            return base::makeError("Bad argument `" + culprit + "'", 2, "bare");
        }
        return text;
    }

    base::Status protocol(bool inverted) {
        BASE_CHECK(once("-p", seenProtocol_));
        BASE_TRY(const std::string text, arguments_.value("-p"));
        const auto number = protocolNumber(text);
        if (!number) return usageError("unknown protocol \"" + base::toLower(text) + "\" specified");
        if (*number == 0 && inverted) return usageError("rule would never match protocol");
        rule_->head.protocol = *number;
        rule_->head.notProtocol = inverted;
        return base::okStatus();
    }

    base::Status addMatch(const std::string& name) {
        auto match = makeMatch(name);
        if (!match)
            return usageError("Couldn't load match `" + name + "':No such file or directory\n");
        for (const auto& have : rule_->matches)
            if (have->name() == name && (name == "tcp" || name == "udp")) return base::okStatus();
        rule_->matches.push_back(std::move(match));
        return base::okStatus();
    }

    base::Status target(bool isGoto) {
        BASE_TRY(const std::string name, arguments_.value(isGoto ? "-g" : "-j"));
        rule_->jump = name;
        rule_->isGoto = isGoto;
        if (isStandardTarget(name)) {
            rule_->standard = name == "ACCEPT" ? Verdict::Accept
                              : name == "DROP" ? Verdict::Drop
                                               : Verdict::Return;
            if (name == "DROP" && rule_->head.table == Table::Nat)
                return usageError("\nThe \"nat\" table is not intended for filtering, the use of DROP is "
                                  "therefore inhibited.\n\n");
            return base::okStatus();
        }
        if (isGoto || known_.hasChain(rule_->head.table, name)) return base::okStatus();
        rule_->target = makeTarget(name);
        if (!rule_->target) return usageError("Chain '" + name + "' does not exist");
        return base::okStatus();
    }

    base::Status extensionOption(const std::string& word, bool inverted) {
        const std::string option = word;
        if (rule_->target) {
            BASE_TRY(const bool mine, rule_->target->parse(option, inverted, arguments_, rule_->head));
            if (mine) return base::okStatus();
        }
        for (auto it = rule_->matches.rbegin(); it != rule_->matches.rend(); ++it) {
            BASE_TRY(const bool mine, (*it)->parse(option, inverted, arguments_, rule_->head));
            if (mine) return base::okStatus();
        }
        // A protocol brings its match along with the first of its options.
        const std::string name = protocolName(rule_->head.protocol);
        bool loaded = false;
        for (const auto& have : rule_->matches) loaded |= have->name() == name;
        if (rule_->head.protocol != 0 && !loaded) {
            if (auto match = makeMatch(name)) {
                BASE_TRY(const bool mine, match->parse(option, inverted, arguments_, rule_->head));
                if (mine) {
                    rule_->matches.push_back(std::move(match));
                    return base::okStatus();
                }
            }
        }
        return usageError("unknown option \"" + word + "\"");
    }

    base::Result<std::vector<RulePtr>> finish() {
        const std::string& chain = rule_->head.chain;
        for (auto& match : rule_->matches) BASE_CHECK(match->check(rule_->head));
        if (rule_->target) BASE_CHECK(rule_->target->check(rule_->head));
        if (seenOut_ && (chain == "PREROUTING" || chain == "INPUT"))
            return usageError("Can't use -o with " + chain + "\n");
        if (seenIn_ && (chain == "POSTROUTING" || chain == "OUTPUT"))
            return usageError("Can't use -i with " + chain + "\n");
        for (const auto& match : rule_->matches)
            if ((match->name() == "tcp" || match->name() == "udp" || match->name() == "icmp" ||
                 match->name() == "sctp") &&
                (rule_->head.notProtocol || protocolName(rule_->head.protocol) != match->name()))
                return base::makeError("", 4, "invalid"); // the kernel refuses it
        if (sources_.empty()) sources_.push_back({});
        if (destinations_.empty()) destinations_.push_back({});
        std::vector<RulePtr> out;
        if (sources_.size() * destinations_.size() == 1) {
            rule_->source = sources_[0];
            rule_->destination = destinations_[0];
            out.push_back(rule_);
            return out;
        }
        return spread();
    }

    // Several addresses: the same words again, once for each pair.
    base::Result<std::vector<RulePtr>> spread() {
        std::vector<RulePtr> out;
        for (const AddressTest& source : sources_)
            for (const AddressTest& destination : destinations_) {
                rule_->source = source;
                rule_->destination = destination;
                Arguments again;
                const std::string text = rule_->text();
                again.words = splitWords(text);
                Parser parser(rule_->head.table, rule_->head.chain, again, known_);
                BASE_TRY(auto one, parser.run());
                out.push_back(one.front());
            }
        return out;
    }

    static std::vector<std::string> splitWords(const std::string& text) {
        std::vector<std::string> words;
        std::string word;
        bool quoted = false, any = false;
        for (std::size_t i = 0; i < text.size(); ++i) {
            const char c = text[i];
            if (c == '\\' && i + 1 < text.size()) word += text[++i];
            else if (c == '"') {
                quoted = !quoted;
                any = true;
            } else if (c == ' ' && !quoted) {
                if (any || !word.empty()) words.push_back(std::move(word));
                word.clear();
                any = false;
            } else word += c;
        }
        if (any || !word.empty()) words.push_back(word);
        return words;
    }

    Arguments& arguments_;
    const ChainNames& known_;
    RulePtr rule_ = std::make_shared<Rule>();
    std::vector<AddressTest> sources_, destinations_;
    bool seenSource_ = false, seenDestination_ = false, seenIn_ = false, seenOut_ = false,
         seenJump_ = false, seenProtocol_ = false;
};

} // namespace

bool isStandardTarget(std::string_view name) {
    return name == "ACCEPT" || name == "DROP" || name == "RETURN";
}

std::string AddressTest::text() const {
    if (mask == 0 && !inverted) return {};
    return ipText(address) + "/" + [this] {
        int length = 0;
        std::uint32_t rest = mask;
        for (; rest & 0x80000000; rest <<= 1) ++length;
        return rest == 0 ? std::to_string(length) : ipText(mask);
    }();
}

std::string AddressTest::listText(bool numeric) const {
    if (mask == 0) return numeric ? "0.0.0.0/0" : "anywhere";
    std::string full = text();
    if (full.size() > 3 && full.substr(full.size() - 3) == "/32") full.resize(full.size() - 3);
    return full;
}

bool DeviceTest::holds(const Device* device) const {
    if (name.empty()) return true;
    const std::string_view other = device ? std::string_view(device->name) : std::string_view();
    const bool same = wildcard ? other.substr(0, name.size() - 1) ==
                                     std::string_view(name).substr(0, name.size() - 1)
                               : other == name;
    return same != inverted;
}

std::string Rule::text(bool counters) const {
    std::vector<std::string> parts;
    const auto add = [&](bool inverted, const char* flag, const std::string& value) {
        if (!value.empty()) parts.push_back((inverted ? "! " : "") + std::string(flag) + " " + value);
    };
    add(source.inverted, "-s", source.text());
    add(destination.inverted, "-d", destination.text());
    add(in.inverted, "-i", in.name);
    add(out.inverted, "-o", out.name);
    if (head.protocol) add(head.notProtocol, "-p", protocolName(head.protocol));
    for (const auto& match : matches) {
        const std::string options = match->save();
        parts.push_back("-m " + match->name() + (options.empty() ? "" : " " + options));
    }
    if (counters)
        parts.push_back("-c " + std::to_string(counter.packets) + " " + std::to_string(counter.bytes));
    if (!jump.empty()) {
        parts.push_back((isGoto ? "-g " : "-j ") + jump);
        if (target) {
            const std::string options = target->save();
            if (!options.empty()) parts.push_back(options);
        }
    }
    return base::join(parts, " ");
}

bool Rule::matchesPacket(const Packet& packet, Situation& situation) const {
    if (head.protocol && (packet.flow.protocol == head.protocol) == head.notProtocol) return false;
    if (!source.holds(packet.flow.source) || !destination.holds(packet.flow.destination)) return false;
    if (!in.holds(packet.in) || !out.holds(packet.out)) return false;
    for (const auto& match : matches)
        if (!match->matches(packet, situation)) return false;
    return true;
}

base::Result<std::vector<RulePtr>> parseRule(Table table, std::string_view chain, Arguments& arguments,
                                             const ChainNames& known) {
    return Parser(table, chain, arguments, known).run();
}

} // namespace network::netfilter
