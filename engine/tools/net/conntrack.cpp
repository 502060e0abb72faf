// conntrack 1.4.7: -L, -C, -D, -F, -G, -S.
#include "tools/net/support.h"

#include "base/strings.h"
#include "network/netfilter/conntrack.h"
#include "network/netfilter/extension.h"

#include <algorithm>

namespace tools::net {
namespace {

using network::netfilter::Tracked;

struct Filter {
    std::optional<std::uint8_t> protocol;
    std::optional<base::IpAddress> source, destination, replySource, replyDestination;
    std::optional<std::uint16_t> sourcePort, destinationPort;
    bool impossible = false;
    bool holds(const Tracked& entry) const {
        const auto same = [](const std::optional<base::IpAddress>& wanted, std::uint32_t have) { return !wanted || wanted->v4Bits() == have; };
        return !impossible && (!protocol || *protocol == entry.original.protocol) && same(source, entry.original.source) &&
               same(destination, entry.original.destination) && same(replySource, entry.reply.source) &&
               same(replyDestination, entry.reply.destination) && (!sourcePort || *sourcePort == entry.original.sourcePort) &&
               (!destinationPort || *destinationPort == entry.original.destinationPort);
    }
};

std::string tupleText(const network::Tuple& tuple, bool reply) {
    std::string out = "src=" + network::ipText(tuple.source) + " dst=" + network::ipText(tuple.destination);
    if (tuple.protocol == network::kIcmp)
        return out + " type=" + (reply ? "0" : "8") + " code=0 id=" + std::to_string(tuple.sourcePort);
    return out + " sport=" + std::to_string(tuple.sourcePort) + " dport=" + std::to_string(tuple.destinationPort);
}

std::string entryText(const Tracked& entry, sim::Time now, bool extended) {
    const std::uint8_t protocol = entry.original.protocol;
    std::string out = extended ? "ipv4     2 " : "";
    out += padRight(network::protocolName(protocol), 8) + " " + std::to_string(protocol) + " " + std::to_string((entry.expires - now) / sim::kSecond) + " ";
    if (protocol == network::kTcp) out += std::string(network::netfilter::tcpStateName(entry.tcp)) + " ";
    out += tupleText(entry.original, false) + " ";
    if (!entry.seenReply) out += "[UNREPLIED] ";
    out += tupleText(entry.reply, true) + " ";
    if (entry.assured) out += "[ASSURED] ";
    return out + "mark=" + std::to_string(entry.mark) + " use=1\n";
}

} // namespace

sim::Task<int> conntrackMain(ports::Process& process) {
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    const std::string name = "conntrack v1.4.7 (conntrack-tools): ";
    char verb = 0;
    bool extended = false;
    Filter filter;
    std::string problem;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size() && problem.empty(); ++i) {
        const std::string& word = argv[i];
        const auto value = [&] { return i + 1 < argv.size() ? argv[++i] : std::string(); };
        if (word == "-L" || word == "--dump") verb = 'L';
        else if (word == "-C" || word == "--count") verb = 'C';
        else if (word == "-D" || word == "--delete") verb = 'D';
        else if (word == "-F" || word == "--flush") verb = 'F';
        else if (word == "-S" || word == "--stats") verb = 'S';
        else if (word == "-E" || word == "--event") verb = 'E';
        else if (word == "-V" || word == "--version") verb = 'V';
        else if (word == "-p" || word == "--proto") filter.protocol = network::netfilter::protocolNumber(value());
        else if (word == "-s" || word == "--src" || word == "--orig-src") filter.source = base::IpAddress::parse(value());
        else if (word == "-d" || word == "--dst" || word == "--orig-dst") filter.destination = base::IpAddress::parse(value());
        else if (word == "-r" || word == "--reply-src") filter.replySource = base::IpAddress::parse(value());
        else if (word == "-q" || word == "--reply-dst") filter.replyDestination = base::IpAddress::parse(value());
        else if (word == "--sport" || word == "--orig-port-src" || word == "--dport" || word == "--orig-port-dst") {
            const auto number = base::parseInt(value());
            filter.impossible |= !number;
            (word == "--sport" || word == "--orig-port-src" ? filter.sourcePort : filter.destinationPort) = static_cast<std::uint16_t>(number.value_or(0));
        } else if (word == "-o" || word == "--output") extended |= value() == "extended";
        else if (word == "-f" || word == "--family" || word == "-z") (void)value();
        else if (word[0] == '-') problem = "unknown option `" + word + "'";
    }
    if (verb == 'V') {
        co_await process.writeOut("conntrack v1.4.7 (conntrack-tools)\n");
        co_return 0;
    }
    if (problem.empty() && verb == 0) problem = "You need to supply the command";
    if (!problem.empty()) {
        {
            std::string outgoing = name + problem + "\nTry `conntrack -h' or 'conntrack --help' for more information.\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 2;
    }
    if (!mayAdminister(process)) {
        {
            std::string outgoing = name + "Operation failed: sorry, you must be root or get CAP_NET_ADMIN capability to do this\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    auto& table = space->conntrack();
    const sim::Time now = process.kernel().now();
    if (verb == 'F') {
        table.flush();
        {
            std::string outgoing = name + "connection tracking table has been emptied.\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 0;
    }
    if (verb == 'E') {
        {
            std::string outgoing = name + "Operation failed: events are not modelled in this lab\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    std::string out;
    std::size_t count = 0;
    for (const auto& entry : table.entries()) {
        if (!filter.holds(*entry)) continue;
        ++count;
        out += entryText(*entry, now, extended);
        if (verb == 'D') table.remove(entry);
    }
    if (verb == 'C') {
        {
            std::string outgoing = std::to_string(table.entries().size()) + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
        co_return 0;
    }
    if (verb == 'S') {
        co_await process.writeOut("cpu=0   \tfound=0 invalid=0 insert=0 insert_failed=0 drop=0 early_drop=0 error=0 search_restart=0 clash_resolve=0 chaintoolong=0 \n");
        co_return 0;
    }
    co_await process.writeOut(std::move(out));
    {
            std::string outgoing = name + std::to_string(count) + " flow entries have been " + (verb == 'D' ? "deleted" : "shown") + ".\n";
            co_await process.writeError(std::move(outgoing));
        }
    co_return verb == 'D' && count == 0 ? 1 : 0;
}

} // namespace tools::net
