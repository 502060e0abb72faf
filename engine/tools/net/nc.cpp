// nc (OpenBSD and busybox), telnet. Texts as recorded.
#include "tools/net/support.h"

#include "base/strings.h"

#include <cerrno>

namespace tools::net {
namespace {

struct Options {
    bool listen = false, keep = false, zero = false, verbose = false, udp = false, numeric = false, half = false;
    double wait = -1;
    int quit = -1;
    std::uint16_t sourcePort = 0;
    std::string source, execute;
    std::vector<std::string> words;
    std::string problem;
};

Options read(const std::vector<std::string>& argv, bool busybox) {
    Options o;
    const std::string flags = busybox ? "lnvN" : "46CDdFhklNnrStUuvZz";
    const std::string valued = busybox ? "wpief" : "IiMmOPpqsTVWwXx";
    for (std::size_t i = 1; i < argv.size(); ++i) {
        const std::string& word = argv[i];
        if (word.size() < 2 || word[0] != '-') {
            o.words.push_back(word);
            continue;
        }
        for (std::size_t at = 1; at < word.size(); ++at) {
            const char c = word[at];
            if (valued.find(c) != std::string::npos) {
                std::string value = word.substr(at + 1);
                if (value.empty() && i + 1 < argv.size()) value = argv[++i];
                if (c == 'w') o.wait = std::atof(value.c_str());
                else if (c == 'p') o.sourcePort = static_cast<std::uint16_t>(base::parseInt(value).value_or(0));
                else if (c == 's') o.source = value;
                else if (c == 'q') o.quit = static_cast<int>(base::parseInt(value).value_or(0));
                else if (c == 'e') {
                    // The program and its arguments end the command line.
                    std::vector<std::string> rest(argv.begin() + static_cast<std::ptrdiff_t>(i) + 1, argv.end());
                    o.execute = value + (rest.empty() ? "" : " " + base::join(rest, " "));
                    i = argv.size();
                }
                break;
            }
            if (flags.find(c) == std::string::npos) {
                o.problem = std::string("invalid option -- '") + c + "'";
                return o;
            }
            if (c == 'l') {
                o.keep |= o.listen && busybox;
                o.listen = true;
            }
            o.keep |= c == 'k';
            o.zero |= c == 'z';
            o.verbose |= c == 'v';
            o.udp |= c == 'u';
            o.numeric |= c == 'n';
            o.half |= c == 'N';
        }
    }
    return o;
}

sim::Task<void> copyIn(ports::Process& process, std::shared_ptr<sim::Pipe> to, std::shared_ptr<sim::Signal> ended) {
    if (auto input = process.input())
        for (;;) {
            std::string part = co_await input->read();
            if (part.empty()) break;
            const bool sent = co_await to->write(std::move(part));
            if (!sent) break;
        }
    ended->notify();
}

// Both directions until the far end closes, or the own input has ended and nothing came for a while.
sim::Task<void> talk(ports::Process& process, ports::ConnectionPtr connection, Options o) {
    const ports::Duplex pipes = connection->bytes();
    auto ended = std::make_shared<sim::Signal>();
    sim::Scope scope(process.kernel());
    scope.spawn(copyIn(process, pipes.output, ended), "nc-input");
    for (;;) {
        if (pipes.input->buffered() == 0 && !pipes.input->atEnd()) {
            const sim::Time limit = o.wait > 0 ? process.kernel().now() + sim::fromSeconds(o.wait) : sim::kForever;
            const bool woken = co_await pipes.input->readable().waitUntil(limit);
            if (!woken) break;
        }
        std::string part = co_await pipes.input->read();
        if (part.empty()) break;
        co_await process.writeOut(std::move(part));
    }
    connection->close();
}

struct Accepted {
    sim::Channel<ports::ConnectionPtr> connections;
};

// The words of `-e` as a process whose input and output are the connection.
sim::Task<void> execute(ports::Process& process, ports::ConnectionPtr connection, std::string command) {
    const ports::Duplex pipes = connection->bytes();
    ports::SpawnOptions spawn;
    spawn.argv = base::splitFields(command);
    spawn.input = pipes.input;
    spawn.output = pipes.output;
    (void)co_await process.runChild(std::move(spawn));
    pipes.output->closeWrite();
    connection->close();
}

sim::Task<int> serve(ports::Process& process, Options o, base::Endpoint at) {
    auto accepted = std::make_shared<Accepted>();
    ports::ListenOptions options;
    options.process = "nc";
    options.pid = process.pid();
    options.accept = [accepted](ports::ConnectionPtr connection) { accepted->connections.push(std::move(connection)); };
    auto made = process.network().listen(at, std::move(options));
    if (!made.ok()) {
        {
            std::string outgoing = "nc: " + errnoText(made.error().code) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    if (o.verbose) {
            std::string outgoing = "Listening on " + at.ip.text() + " " + std::to_string(at.port) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
    do {
        std::optional<ports::ConnectionPtr> next = co_await accepted->connections.pop();
        if (!next) break;
        if (o.verbose) {
            std::string outgoing = "Connection received on " + (*next)->remote().ip.text() + " " + std::to_string((*next)->remote().port) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        if (!o.execute.empty()) co_await execute(process, *next, o.execute);
        else co_await talk(process, *next, o);
    } while (o.keep);
    co_return 0;
}

struct UdpPrinter final : ports::DatagramHandler {
    std::shared_ptr<sim::Channel<std::string>> received = std::make_shared<sim::Channel<std::string>>();
    sim::Task<std::optional<std::string>> receive(ports::Datagram datagram) override {
        received->push(std::move(datagram.bytes));
        co_return std::nullopt;
    }
};

sim::Task<int> serveUdp(ports::Process& process, base::Endpoint at) {
    auto printer = std::make_shared<UdpPrinter>();
    const auto received = printer->received;
    auto made = process.network().listenUdp(at, printer, "nc");
    if (!made.ok()) {
        {
            std::string outgoing = "nc: " + errnoText(made.error().code) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    for (;;) {
        std::optional<std::string> bytes = co_await received->pop();
        if (!bytes) co_return 0;
        {
            std::string outgoing = std::move(*bytes);
            co_await process.writeOut(std::move(outgoing));
        }
    }
}

std::string portLabel(std::uint16_t port, bool udp) {
    const std::string name = serviceName(port);
    return std::string("[") + (udp ? "udp/" : "tcp/") + (name.empty() ? "*" : name) + "]";
}

constexpr const char* kUsage = "usage: nc [-46CDdFhklNnrStUuvZz] [-I length] [-i interval] [-M ttl]\n"
                               "\t  [-m minttl] [-O length] [-P proxy_username] [-p source_port]\n"
                               "\t  [-q seconds] [-s sourceaddr] [-T keyword] [-V rtable] [-W recvlimit]\n"
                               "\t  [-w timeout] [-X proxy_protocol] [-x proxy_address[:port]]\n"
                               "\t  [destination] [port]\n";
constexpr const char* kBusyboxUsage = "BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\n"
                                      "Usage: nc [-iN] [-wN] [-l] [-p PORT] [-f FILE|IPADDR PORT] [-e PROG]\n\n"
                                      "Open a pipe to IP:PORT or FILE\n\n"
                                      "\t-l\tListen mode, for inbound connects\n"
                                      "\t\t(use -ll with -e for persistent server)\n"
                                      "\t-p PORT\tLocal port\n"
                                      "\t-w SEC\tConnect timeout\n"
                                      "\t-i SEC\tDelay interval for lines sent\n"
                                      "\t-f FILE\tUse file (ala /dev/ttyS0) instead of network\n"
                                      "\t-e PROG\tRun PROG after connect\n";

sim::Task<int> tryUdp(ports::Process& process, Options o, base::Endpoint to, std::string host) {
    std::string bytes = "X";
    if (!o.zero)
        if (auto input = process.input()) bytes = co_await input->read();
    const sim::Duration wait = o.wait > 0 ? sim::fromSeconds(o.wait) : (o.zero ? 2 : 60) * sim::kSecond;
    auto answer = co_await process.network().exchangeUdp(to, bytes, wait);
    if (!answer.ok() && answer.error().code == ECONNREFUSED) co_return 1;
    if (o.zero) {
        if (o.verbose) {
            std::string outgoing = "Connection to " + host + " " + std::to_string(to.port) + " port " + portLabel(to.port, true) + " succeeded!\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 0;
    }
    if (answer.ok()) co_await process.writeOut(answer->bytes);
    co_return 0;
}

} // namespace

sim::Task<int> ncMain(ports::Process& process) {
    const Options o = read(process.argv(), false);
    if (!o.problem.empty() || o.words.empty()) {
        {
            std::string outgoing = (o.problem.empty() ? "" : "nc: " + o.problem + "\n") + std::string(kUsage);
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    std::string host = o.words[0], portText = o.words.size() > 1 ? o.words[1] : "";
    if (o.listen) {
        if (portText.empty()) {
            portText = o.sourcePort ? std::to_string(o.sourcePort) : host;
            host = o.sourcePort ? host : "0.0.0.0";
        }
        const auto port = servicePort(portText);
        const auto ip = base::IpAddress::parse(host);
        if (!port) {
            {
            std::string outgoing = "nc: port number invalid: " + portText + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        const base::Endpoint at{ip.value_or(base::IpAddress::v4(0)), *port};
        if (o.udp) co_return co_await serveUdp(process, at);
        co_return co_await serve(process, o, at);
    }
    if (portText.empty()) {
        {
            std::string outgoing = std::string(kUsage);
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    std::vector<std::uint16_t> ports;
    const auto dash = portText.find('-');
    const std::string lowText = portText.substr(0, dash), highText = dash == std::string::npos ? lowText : portText.substr(dash + 1);
    for (const std::string& text : {lowText, highText}) {
        const auto number = base::parseInt(text);
        if (number && *number > 65535) {
            {
            std::string outgoing = "nc: port number too large: " + text + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
        if (!servicePort(text)) {
            {
            std::string outgoing = "nc: port number invalid: " + text + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            co_return 1;
        }
    }
    for (int port = *servicePort(lowText); port <= *servicePort(highText); ++port) ports.push_back(static_cast<std::uint16_t>(port));
    auto found = co_await lookup(process, host);
    if (!found.ok()) {
        {
            std::string outgoing = "nc: getaddrinfo for host \"" + host + "\" port " + portText + ": " + found.error().message + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    int code = 1;
    const bool literal = base::IpAddress::parse(host).has_value();
    for (std::uint16_t port : ports) {
        const base::Endpoint to{found->addresses.front(), port};
        if (o.udp) {
            code = co_await tryUdp(process, o, to, host);
            continue;
        }
        ports::ConnectOptions connect;
        connect.timeout = o.wait > 0 ? sim::fromSeconds(o.wait) : 128 * sim::kSecond;
        connect.sourcePort = o.sourcePort;
        if (const auto source = base::IpAddress::parse(o.source)) connect.source = source;
        auto made = co_await process.network().connect(to, connect);
        if (!made.ok()) {
            const int error = made.error().code;
            const std::string where = "nc: connect to " + host + (literal ? "" : " (" + to.ip.text() + ")") + " port " + std::to_string(port) + " (tcp) ";
            if (o.verbose || (!o.zero && false))
                {
            std::string outgoing = where + (error == ETIMEDOUT && o.wait > 0 ? "timed out: Operation now in progress" : "failed: " + errnoText(error)) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
            continue;
        }
        code = 0;
        if (o.verbose)
            {
            std::string outgoing = "Connection to " + host + (literal ? "" : " (" + to.ip.text() + ")") + " " + std::to_string(port) + " port " + portLabel(port, false) + " succeeded!\n";
            co_await process.writeError(std::move(outgoing));
        }
        if (o.zero) (*made)->close();
        else co_await talk(process, *made, o);
    }
    co_return code;
}

sim::Task<int> busyboxNcMain(ports::Process& process) {
    Options o = read(process.argv(), true);
    if (!o.problem.empty() || (o.words.empty() && !o.listen)) {
        {
            std::string outgoing = (o.problem.empty() ? "" : "nc: " + o.problem + "\n") + std::string(kBusyboxUsage);
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    if (o.listen) {
        const base::Endpoint at{base::IpAddress::v4(0), o.sourcePort};
        co_return co_await serve(process, o, at);
    }
    const std::string host = o.words[0], portText = o.words.size() > 1 ? o.words[1] : "";
    const auto port = servicePort(portText);
    auto found = co_await lookup(process, host);
    if (!port) {
        {
            std::string outgoing = "nc: bad port '" + portText + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    if (!found.ok()) {
        {
            std::string outgoing = "nc: bad address '" + host + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    ports::ConnectOptions connect;
    connect.timeout = o.wait > 0 ? sim::fromSeconds(o.wait) : 128 * sim::kSecond;
    const base::Endpoint to{found->addresses.front(), *port};
    auto made = co_await process.network().connect(to, connect);
    if (!made.ok()) {
        const int error = made.error().code;
        {
            std::string outgoing = error == ETIMEDOUT && o.wait > 0 ? std::string("nc: timed out\n") : "nc: can't connect to remote host (" + to.ip.text() + "): " + errnoText(error) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    if (!o.execute.empty()) co_await execute(process, *made, o.execute);
    else co_await talk(process, *made, o);
    co_return 0;
}

sim::Task<int> telnetMain(ports::Process& process) {
    const auto& argv = process.argv();
    if (argv.size() < 2) {
        co_await process.writeError("BusyBox v1.35.0 (Debian 1:1.35.0-4+deb12u1+b1) multi-call binary.\n\nUsage: telnet [-a] [-l USER] HOST [PORT]\n\nConnect to telnet server\n\n\t-a\tAutomatic login with $USER variable\n\t-l USER\tAutomatic login as USER\n");
        co_return 1;
    }
    const auto port = servicePort(argv.size() > 2 ? argv[2] : "23");
    auto found = co_await lookup(process, argv[1]);
    if (!found.ok() || !port) {
        {
            std::string outgoing = !port ? "telnet: bad port '" + argv[2] + "'\n" : "telnet: bad address '" + argv[1] + "'\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    const base::Endpoint to{found->addresses.front(), *port};
    ports::ConnectOptions connect;
    connect.timeout = 128 * sim::kSecond;
    auto made = co_await process.network().connect(to, connect);
    if (!made.ok()) {
        {
            std::string outgoing = "telnet: can't connect to remote host (" + to.ip.text() + "): " + errnoText(made.error().code) + "\n";
            co_await process.writeError(std::move(outgoing));
        }
        co_return 1;
    }
    {
            std::string outgoing = "Connected to " + argv[1] + "\n";
            co_await process.writeOut(std::move(outgoing));
        }
    Options o;
    co_await talk(process, *made, o);
    co_await process.writeOut("Connection closed by foreign host\n");
    co_return 1;
}

} // namespace tools::net
