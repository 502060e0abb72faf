// ss, netstat.
#include "tools/net/support.h"

#include "base/strings.h"
#include "network/fabric/sockets.h"

#include <algorithm>

namespace tools::net {
namespace {

using network::SocketRow;

std::string portText(std::uint16_t port, bool numeric, bool any) {
    if (any) return "*";
    const std::string name = numeric ? std::string() : serviceName(port);
    return name.empty() ? std::to_string(port) : name;
}

struct Wanted {
    bool tcp = false, udp = false, listening = false, all = false, processes = false, numeric = false, header = true;
    std::string state, problem;
    std::vector<std::string> filter;
};

bool passes(const Wanted& wanted, const SocketRow& row) {
    const bool isTcp = row.protocol == "tcp";
    if ((wanted.tcp || wanted.udp) && !(isTcp ? wanted.tcp : wanted.udp)) return false;
    const bool listens = row.state == "LISTEN" || row.state == "UNCONN";
    if (!wanted.state.empty()) {
        if (wanted.state == "established" || wanted.state == "connected") return row.state == "ESTAB";
        if (wanted.state == "listening") return listens;
        return wanted.state == "all";
    }
    if (wanted.listening && !listens) return false;
    if (!wanted.listening && !wanted.all && listens) return false;
    // "sport = :80", "dport = :443", "sport eq 80", joined by and.
    for (std::size_t i = 0; i + 2 < wanted.filter.size() + 0; ++i) {
        const std::string& key = wanted.filter[i];
        if (key != "sport" && key != "dport") continue;
        std::string value = wanted.filter[i + 2];
        if (!value.empty() && value[0] == ':') value = value.substr(1);
        const auto port = servicePort(value);
        const std::uint16_t own = key == "sport" ? row.local.port : row.remote.port;
        if (port && *port != own) return false;
    }
    return true;
}

std::vector<SocketRow> rowsOf(network::Namespace& space, const Wanted& wanted) {
    std::vector<SocketRow> rows;
    for (SocketRow& row : space.sockets().rows())
        if (passes(wanted, row)) rows.push_back(std::move(row));
    std::stable_sort(rows.begin(), rows.end(), [](const SocketRow& a, const SocketRow& b) {
        if (a.protocol != b.protocol) return a.protocol == "udp";
        return a.state != "ESTAB" && b.state == "ESTAB";
    });
    return rows;
}

Wanted readSs(const std::vector<std::string>& argv) {
    Wanted w;
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word == "state" && i + 1 < argv.size()) {
            w.state = base::toLower(argv[++i]);
            for (const char* known : {"established", "listening", "connected", "all", "syn-sent", "syn-recv", "fin-wait-1", "fin-wait-2", "time-wait", "closed", "close-wait", "last-ack", "closing"})
                if (w.state == known) goto fine;
            w.problem = "ss: wrong state name: " + argv[i] + "\n";
            return w;
        fine:
            continue;
        }
        if (word.rfind("--", 0) == 0) {
            if (word == "--listening") w.listening = true;
            else if (word == "--tcp") w.tcp = true;
            else if (word == "--udp") w.udp = true;
            else if (word == "--all") w.all = true;
            else if (word == "--numeric") w.numeric = true;
            else if (word == "--processes") w.processes = true;
            else if (word == "--no-header") w.header = false;
            continue;
        }
        if (word[0] != '-') {
            for (const std::string& piece : base::splitFields(word)) w.filter.push_back(piece);
            continue;
        }
        for (char c : word.substr(1)) {
            switch (c) {
            case 't': w.tcp = true; break;
            case 'u': w.udp = true; break;
            case 'l': w.listening = true; break;
            case 'a': w.all = true; break;
            case 'n': w.numeric = true; break;
            case 'p': w.processes = true; break;
            case 'H': w.header = false; break;
            case '4': case 'e': case 'i': case 'm': case 'o': case 'r': case 'x': case 's': break;
            default:
                w.problem = std::string("ss: invalid option -- '") + c + "'\nUsage: ss [ OPTIONS ]\n       ss [ OPTIONS ] [ FILTER ]\n";
                return w;
            }
        }
    }
    return w;
}

} // namespace

// Columns are as wide as their content; source: iproute2 misc/ss.c render().
sim::Task<int> ssMain(ports::Process& process) {
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    const Wanted wanted = readSs(process.argv());
    if (!wanted.problem.empty()) {
        co_await process.writeError(wanted.problem);
        co_return 255;
    }
    const bool bothKinds = wanted.tcp == wanted.udp;
    const bool stateColumn = wanted.state.empty() || wanted.state == "all";
    struct Line {
        std::string netid, state, recv, send, local, localPort, peer, peerPort, process;
    };
    std::vector<Line> lines;
    for (const SocketRow& row : rowsOf(*space, wanted)) {
        Line line;
        const bool listens = row.state != "ESTAB";
        line.netid = row.protocol;
        line.state = row.state;
        line.recv = "0";
        line.send = row.state == "LISTEN" ? "4096" : "0";
        line.local = row.local.ip.text() + ":";
        line.localPort = portText(row.local.port, wanted.numeric, false);
        line.peer = (listens ? "0.0.0.0" : row.remote.ip.text()) + ":";
        line.peerPort = portText(row.remote.port, wanted.numeric, listens);
        if (wanted.processes && !row.process.empty()) line.process = "users:((\"" + row.process + "\",pid=" + std::to_string(row.pid) + ",fd=3))";
        lines.push_back(std::move(line));
    }
    const auto width = [&](std::string Line::*field, std::size_t least) {
        std::size_t most = least;
        for (const Line& line : lines) most = std::max(most, (line.*field).size());
        return most;
    };
    const std::size_t h = wanted.header ? 1 : 0;
    const std::size_t netid = width(&Line::netid, 5 * h), state = width(&Line::state, 6 * h), recv = width(&Line::recv, 6 * h), send = width(&Line::send, 6 * h),
                      local = width(&Line::local, 14 * h), localPort = width(&Line::localPort, 4 * h), peer = width(&Line::peer, 13 * h), peerPort = width(&Line::peerPort, 4 * h);
    std::string out;
    if (wanted.header) {
        if (bothKinds) out += padRight("Netid", netid) + " ";
        if (stateColumn) out += padRight("State", state) + " ";
        out += padRight("Recv-Q", recv) + " " + padRight("Send-Q", send) + " " + padLeft("Local Address:", local) + padRight("Port", localPort) + " " +
               padLeft("Peer Address:", peer) + padRight("Port", peerPort) + (wanted.listening && !wanted.all ? "" : " ") + "Process" + "\n";
    }
    for (const Line& line : lines) {
        if (bothKinds) out += padRight(line.netid, netid) + " ";
        if (stateColumn) out += padRight(line.state, state) + " ";
        out += padRight(line.recv, recv) + " " + padRight(line.send, send) + " " + padLeft(line.local, local) + padRight(line.localPort, localPort) + " " +
               padLeft(line.peer, peer) + padRight(line.peerPort, peerPort) + " " + line.process + "\n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

sim::Task<int> netstatMain(ports::Process& process) {
    network::Namespace* space = spaceOf(process);
    if (space == nullptr) co_return 1;
    Wanted wanted;
    bool routes = false;
    for (std::size_t i = 1; i < process.argv().size(); ++i)
        for (char c : process.argv()[i]) {
            wanted.tcp |= c == 't';
            wanted.udp |= c == 'u';
            wanted.listening |= c == 'l';
            wanted.all |= c == 'a';
            wanted.numeric |= c == 'n';
            wanted.processes |= c == 'p';
            routes |= c == 'r';
        }
    if (routes) co_return co_await routeMain(process);
    std::string out = wanted.listening ? "Active Internet connections (only servers)\n"
                      : wanted.all     ? "Active Internet connections (servers and established)\n"
                                       : "Active Internet connections (w/o servers)\n";
    out += "Proto Recv-Q Send-Q Local Address           Foreign Address         State       " + std::string(wanted.processes ? "PID/Program name    " : "") + "\n";
    std::vector<SocketRow> rows = rowsOf(*space, wanted);
    std::stable_sort(rows.begin(), rows.end(), [](const SocketRow& a, const SocketRow& b) { return a.protocol < b.protocol; });
    for (const SocketRow& row : rows) {
        const bool listens = row.state != "ESTAB";
        const std::string state = row.protocol == "udp" ? "" : listens ? "LISTEN" : "ESTABLISHED";
        out += padRight(row.protocol, 5) + "      0      0 " + padRight(row.local.ip.text() + ":" + portText(row.local.port, wanted.numeric, false), 23) + " " +
               padRight((listens ? "0.0.0.0" : row.remote.ip.text()) + ":" + portText(row.remote.port, wanted.numeric, listens), 23) + " " + padRight(state, 11);
        if (wanted.processes) out += " " + (row.process.empty() ? std::string("-") : std::to_string(row.pid) + "/" + row.process);
        out += " \n";
    }
    co_await process.writeOut(std::move(out));
    co_return 0;
}

} // namespace tools::net
