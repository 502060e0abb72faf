// ping (iputils and busybox), traceroute, arping. Texts as recorded.
#include "tools/net/support.h"

#include "base/strings.h"
#include "network/fabric/fabric.h"

#include <algorithm>
#include <cerrno>
#include <cmath>

namespace tools::net {
namespace {

using Heard = network::Namespace::Heard;

struct Options {
    std::string target, interface, problem;
    std::int64_t count = -1;
    double interval = 1, wait = -1, deadline = -1;
    int ttl = 64, size = 56;
    bool quiet = false, numeric = false, broadcast = false;
    int code = 2;
};

Options read(const std::vector<std::string>& argv, bool busybox) {
    Options o;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        std::string word = argv[i];
        if (word.size() < 2 || word[0] != '-') {
            o.target = word;
            continue;
        }
        std::string value;
        const std::string valued = "ciWwtsIM";
        std::string brief = word.substr(1, 1);
        if (valued.find(brief) != std::string::npos) {
            value = word.substr(2);
            if (value.empty() && i + 1 < argv.size()) value = argv[++i];
        }
        const auto number = base::parseInt(value);
        if (brief == "c") {
            if (!number || *number < 1) {
                o.problem = busybox ? "invalid number '" + value + "'" : "invalid argument: '" + value + "'" + (number ? ": out of range: 1 <= value <= 9223372036854775807" : "");
                o.code = 1;
            }
            o.count = number.value_or(1);
        } else if (brief == "i") o.interval = std::atof(value.c_str());
        else if (brief == "W") o.wait = std::atof(value.c_str());
        else if (brief == "w") o.deadline = std::atof(value.c_str());
        else if (brief == "t") o.ttl = static_cast<int>(number.value_or(64));
        else if (brief == "s") o.size = static_cast<int>(number.value_or(56));
        else if (brief == "I") o.interface = value;
        else if (brief == "q") o.quiet = true;
        else if (brief == "n" || brief == "4" || brief == "O" || brief == "D") o.numeric = true;
        else if (brief == "b") o.broadcast = true;
        else if (brief == "6") o.problem = "IPv6 is not modelled in this lab";
    }
    return o;
}

std::string errorName(std::uint8_t type, std::uint8_t code) {
    if (type == 11) return "Time to live exceeded";
    switch (code) {
    case 0: return "Destination Net Unreachable";
    case 1: return "Destination Host Unreachable";
    case 2: return "Destination Protocol Unreachable";
    case 3: return "Destination Port Unreachable";
    case 9: return "Destination Net Prohibited";
    case 10: return "Destination Host Prohibited";
    case 13: return "Packet filtered";
    default: return "Dest Unreachable, Bad Code: " + std::to_string(code);
    }
}

struct Statistics {
    std::int64_t sent = 0, received = 0, errors = 0;
    std::vector<double> times;
};

std::string timeText(double ms) { return ms < 1 ? decimal(ms, 3) : ms < 10 ? decimal(ms, 2) : ms < 100 ? decimal(ms, 1) : decimal(ms, 0); }

// Sends one probe; while it waits, Ctrl-C ends the program.
sim::Task<Heard> probeOnce(network::Namespace* space, base::IpAddress to, Options o, sim::Duration wait) {
    const auto source = base::IpAddress::parse(o.interface).value_or(base::IpAddress());
    Heard heard = co_await space->probe(to, 0, o.ttl, wait, static_cast<std::uint32_t>(o.size + 28), source);
    co_return heard;
}

struct Target {
    base::IpAddress address;
    std::string problem;
    int code = 2;
};

sim::Task<Target> resolveTarget(ports::Process& process, Options o) {
    Target target;
    auto found = co_await lookup(process, o.target);
    if (!found.ok()) {
        target.problem = o.target + ": " + found.error().message;
        co_return target;
    }
    target.address = found->addresses.front();
    co_return target;
}

std::string refusal(network::Namespace& space, const Options& o, const base::IpAddress& to) {
    if (!o.interface.empty()) {
        const auto source = base::IpAddress::parse(o.interface);
        if (!source && space.device(o.interface) == nullptr) return "SO_BINDTODEVICE " + o.interface + ": No such device";
        if (source && !space.isLocal(*source)) return "bind: Cannot assign requested address";
    }
    if (space.isBroadcast(to) && !o.broadcast) return "Do you want to ping broadcast? Then -b. If not, check your local firewall rules";
    const network::RouteDecision route = space.route(to, {}, 0);
    using Kind = network::RouteDecision::Kind;
    if (route.kind == Kind::Unreachable) return route.route ? "connect: No route to host" : "connect: Network is unreachable";
    if (route.kind == Kind::Blackhole) return "connect: Invalid argument";
    if (route.kind == Kind::Prohibit) return "Do you want to ping broadcast? Then -b. If not, check your local firewall rules";
    return {};
}

std::string summary(const Options& o, const Statistics& s, sim::Duration took) {
    std::string out = "\n--- " + o.target + " ping statistics ---\n" + std::to_string(s.sent) + " packets transmitted, " + std::to_string(s.received) + " received, ";
    if (s.errors) out += "+" + std::to_string(s.errors) + " errors, ";
    const double loss = s.sent ? 100.0 * static_cast<double>(s.sent - s.received) / static_cast<double>(s.sent) : 0;
    out += (loss == std::floor(loss) ? decimal(loss, 0) : decimal(loss, 4)) + "% packet loss, time " + std::to_string(took / sim::kMillisecond) + "ms\n";
    if (s.times.empty()) return out + "\n";
    double low = s.times[0], high = s.times[0], sum = 0, squares = 0;
    for (double t : s.times) {
        low = std::min(low, t);
        high = std::max(high, t);
        sum += t;
        squares += t * t;
    }
    const double mean = sum / static_cast<double>(s.times.size());
    const double deviation = std::sqrt(std::max(0.0, squares / static_cast<double>(s.times.size()) - mean * mean));
    return out + "rtt min/avg/max/mdev = " + decimal(low, 3) + "/" + decimal(mean, 3) + "/" + decimal(high, 3) + "/" + decimal(deviation, 3) + " ms\n";
}

} // namespace

sim::Task<int> pingMain(ports::Process& process) {
    Options o = read(process.argv(), false);
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    if (o.target.empty() && o.problem.empty()) {
        o.problem = "usage error: Destination address required";
        o.code = 1;
    }
    if (!o.problem.empty()) {
        {
            std::string outgoing = "ping: " + o.problem + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return o.code;
    }
    const Target target = co_await resolveTarget(process, o);
    std::string problem = target.problem;
    if (problem.empty()) problem = refusal(*space, o, target.address);
    if (!problem.empty()) {
        {
            std::string outgoing = "ping: " + problem + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 2;
    }
    sim::Kernel& kernel = process.kernel();
    process.handleSignal(ports::kSigInt);
    const std::string ip = target.address.text();
    {
            std::string outgoing = "PING " + o.target + " (" + ip + ") " + std::to_string(o.size) + "(" + std::to_string(o.size + 28) + ") bytes of data.\n";
            co_await process.writeOut(std::move(outgoing));
        }
    Statistics s;
    const sim::Time begun = kernel.now();
    const sim::Time limit = o.deadline > 0 ? begun + sim::fromSeconds(o.deadline) : sim::kForever;
    sim::Time lastSent = begun;
    for (std::int64_t sequence = 1; o.count < 0 || sequence <= o.count; ++sequence) {
        if (kernel.now() >= limit) break;
        lastSent = kernel.now();
        ++s.sent;
        const bool last = o.count > 0 && sequence == o.count;
        // Between packets the interval is all the time there is; for the last one -W, or 10 s.
        sim::Duration wait = last ? (o.wait > 0 ? sim::fromSeconds(o.wait) : 10 * sim::kSecond) : sim::fromSeconds(o.interval);
        wait = std::min<sim::Duration>(wait, limit == sim::kForever ? wait : limit - kernel.now());
        if (o.size > 1472) {
            ++s.errors;
            co_await process.writeError("ping: local error: message too long, mtu=1500\n");
            co_await sim::sleepFor(kernel, wait);
            continue;
        }
        Heard heard = co_await probeOnce(space, target.address, o, wait);
        std::string line;
        if (heard.error) {
            {
            std::string outgoing = "ping: sendmsg: " + errnoText(heard.error) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        } else if (heard.echo) {
            ++s.received;
            const double ms = sim::toSeconds(heard.time) * 1000;
            s.times.push_back(ms);
            line = std::to_string(o.size + 8) + " bytes from " + ip + ": icmp_seq=" + std::to_string(sequence) + " ttl=" + std::to_string(heard.ttl) + " time=" + timeText(ms) + " ms\n";
        } else if (heard.answered) {
            ++s.errors;
            line = "From " + heard.from.text() + " icmp_seq=" + std::to_string(sequence) + " " + errorName(heard.type, heard.code) + "\n";
        }
        if (!o.quiet && !line.empty()) co_await process.writeOut(std::move(line));
        if (last) break;
        const sim::Time next = lastSent + sim::fromSeconds(o.interval);
        std::optional<int> signal = co_await process.signals().popUntil(next);
        if (signal) break;
    }
    {
            std::string outgoing = summary(o, s, s.sent > 1 ? lastSent - begun : 0);
            co_await process.writeOut(std::move(outgoing));
        }
    co_return s.received > 0 ? 0 : 1;
}

sim::Task<int> busyboxPingMain(ports::Process& process) {
    Options o = read(process.argv(), true);
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    if (o.target.empty() || !o.problem.empty()) {
        {
            std::string outgoing = o.problem.empty() ? "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\nUsage: ping [OPTIONS] HOST\n\nSend ICMP ECHO_REQUESTs to HOST\n\n\t-4,-6\t\tForce IP or IPv6 name resolution\n\t-c CNT\t\tSend only CNT pings\n\t-s SIZE\t\tSend SIZE data bytes in packets (default 56)\n\t-i SECS\t\tInterval\n\t-A\t\tPing as soon as reply is received\n\t-t TTL\t\tSet TTL\n\t-I IFACE/IP\tSource interface or IP address\n\t-W SEC\t\tSeconds to wait for the first response (default 10)\n\t\t\t(after all -c CNT packets are sent)\n\t-w SEC\t\tSeconds until ping exits (default:infinite)\n\t\t\t(can exit earlier with -c CNT)\n\t-q\t\tQuiet, only display output at start/finish\n\t-p HEXBYTE\tPayload pattern\n"
                                                      : "ping: " + o.problem + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const Target target = co_await resolveTarget(process, o);
    if (!target.problem.empty()) {
        {
            std::string outgoing = "ping: bad address '" + o.target + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    sim::Kernel& kernel = process.kernel();
    process.handleSignal(ports::kSigInt);
    const std::string ip = target.address.text();
    {
            std::string outgoing = "PING " + o.target + " (" + ip + "): " + std::to_string(o.size) + " data bytes\n";
            co_await process.writeOut(std::move(outgoing));
        }
    Statistics s;
    const sim::Time begun = kernel.now();
    const sim::Time limit = o.deadline > 0 ? begun + sim::fromSeconds(o.deadline) : sim::kForever;
    for (std::int64_t sequence = 0; o.count < 0 || sequence < o.count; ++sequence) {
        if (kernel.now() >= limit) break;
        const sim::Time sentAt = kernel.now();
        const bool last = o.count > 0 && sequence + 1 == o.count;
        sim::Duration wait = last ? (o.wait > 0 ? sim::fromSeconds(o.wait) : 10 * sim::kSecond) : sim::fromSeconds(o.interval);
        if (limit != sim::kForever) wait = std::min<sim::Duration>(wait, limit - kernel.now());
        Heard heard = co_await probeOnce(space, target.address, o, wait);
        if (heard.error) {
            {
            std::string outgoing = "ping: sendto: " + errnoText(heard.error) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        ++s.sent;
        if (heard.echo) {
            ++s.received;
            const double ms = sim::toSeconds(heard.time) * 1000;
            s.times.push_back(ms);
            if (!o.quiet) {
            std::string outgoing = std::to_string(o.size + 8) + " bytes from " + ip + ": seq=" + std::to_string(sequence) + " ttl=" + std::to_string(heard.ttl) + " time=" + decimal(ms, 3) + " ms\n";
            co_await process.writeOut(std::move(outgoing));
        }
        } else if (heard.answered && last) {
            // Errors are not shown, but the wait goes on.
            const sim::Duration rest = wait - heard.time;
            if (rest > 0) co_await sim::sleepFor(kernel, rest);
        }
        if (last) break;
        std::optional<int> signal = co_await process.signals().popUntil(sentAt + sim::fromSeconds(o.interval));
        if (signal) break;
    }
    std::string out = "\n--- " + o.target + " ping statistics ---\n" + std::to_string(s.sent) + " packets transmitted, " + std::to_string(s.received) + " packets received, " +
                      std::to_string(s.sent ? (s.sent - s.received) * 100 / s.sent : 0) + "% packet loss\n";
    if (!s.times.empty()) {
        const auto [low, high] = std::minmax_element(s.times.begin(), s.times.end());
        double sum = 0;
        for (double t : s.times) sum += t;
        out += "round-trip min/avg/max = " + decimal(*low, 3) + "/" + decimal(sum / static_cast<double>(s.times.size()), 3) + "/" + decimal(*high, 3) + " ms\n";
    }
    co_await process.writeOut(std::move(out));
    co_return s.received > 0 ? 0 : 1;
}

sim::Task<int> tracerouteMain(ports::Process& process) {
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    std::string target;
    int maxHops = 30, queries = 3;
    double wait = 5;
    bool icmp = false;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if (argv[i] == "-m" && i + 1 < argv.size()) maxHops = static_cast<int>(base::parseInt(argv[++i]).value_or(30));
        else if (argv[i] == "-q" && i + 1 < argv.size()) queries = static_cast<int>(base::parseInt(argv[++i]).value_or(3));
        else if (argv[i] == "-w" && i + 1 < argv.size()) wait = std::atof(argv[++i].c_str());
        else if (argv[i] == "-I") icmp = true;
        else if (argv[i][0] != '-' && target.empty()) target = argv[i];
    }
    if (target.empty()) {
        co_await process.writeError("Usage: traceroute [-46FIlnrv] [-f 1ST_TTL] [-m MAXTTL] [-q PROBES] [-p PORT]\n\t[-t TOS] [-w WAIT_SEC] [-s SRC_IP] [-i IFACE]\n\t[-z PAUSE_MSEC] HOST [BYTES]\n");
        co_return 1;
    }
    auto found = co_await lookup(process, target);
    if (!found.ok()) {
        {
            std::string outgoing = "traceroute: bad address '" + target + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const base::IpAddress to = found->addresses.front();
    {
            std::string outgoing = "traceroute to " + target + " (" + to.text() + "), " + std::to_string(maxHops) + " hops max, 46 byte packets\n";
            co_await process.writeOut(std::move(outgoing));
        }
    for (int ttl = 1; ttl <= maxHops; ++ttl) {
        std::string line = padLeft(std::to_string(ttl), 2);
        base::IpAddress last;
        bool arrived = false;
        for (int i = 0; i < queries; ++i) {
            const std::uint16_t port = icmp ? std::uint16_t{0} : static_cast<std::uint16_t>(33434 + ttl * queries + i);
            Heard heard = co_await space->probe(to, port, ttl, sim::fromSeconds(wait), 46);
            if (heard.error) {
                {
            std::string outgoing = line + "traceroute: sendto: " + errnoText(heard.error) + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
                co_return 1;
            }
            if (!heard.answered) {
                line += "  *";
                continue;
            }
            if (!(heard.from == last)) line += "  " + heard.from.text();
            last = heard.from;
            line += "  " + decimal(sim::toSeconds(heard.time) * 1000, 3) + " ms";
            if (heard.type == 3 && heard.code != 3) line += heard.code == 1 ? " !H" : heard.code == 0 ? " !N" : " !" + std::to_string(heard.code);
            arrived |= heard.echo || heard.type == 3;
        }
        {
            std::string outgoing = line + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
        if (arrived) break;
    }
    co_return 0;
}

sim::Task<int> arpingMain(ports::Process& process) {
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    std::string target, interface = "eth0";
    std::int64_t count = -1;
    const auto& argv = process.argv();
    for (std::size_t i = 1; i < argv.size(); ++i) {
        if ((argv[i] == "-c" || argv[i] == "-w") && i + 1 < argv.size()) count = base::parseInt(argv[++i]).value_or(1);
        else if (argv[i] == "-I" && i + 1 < argv.size()) interface = argv[++i];
        else if (argv[i][0] != '-') target = argv[i];
    }
    const auto to = base::IpAddress::parse(target);
    network::Device* device = space->device(interface);
    if (!to || device == nullptr) {
        {
            std::string outgoing = device == nullptr ? "arping: Device " + interface + " not available.\n" : "arping: bad address '" + target + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const std::string own = device->addresses.empty() ? "0.0.0.0" : device->addresses.front().prefix.address.text();
    {
            std::string outgoing = "ARPING " + target + " from " + own + " " + interface + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
    process.handleSignal(ports::kSigInt);
    std::int64_t sent = 0, heard = 0;
    while (count < 0 || sent < count) {
        ++sent;
        if (network::Device* answer = space->fabric().neighbour(*device, *to)) {
            ++heard;
            {
            std::string outgoing = "Unicast reply from " + target + " [" + answer->mac + "]  0.050ms\n";
            co_await process.writeOut(std::move(outgoing));
        }
        }
        std::optional<int> signal = co_await process.signals().popUntil(process.kernel().now() + sim::kSecond);
        if (signal) break;
    }
    {
            std::string outgoing = "Sent " + std::to_string(sent) + " probes (1 broadcast(s))\nReceived " + std::to_string(heard) + " response(s)\n";
            co_await process.writeOut(std::move(outgoing));
        }
    co_return heard > 0 ? 0 : 1;
}

} // namespace tools::net
