#include "tools/system/ssh.h"

#include "base/strings.h"
#include "machine/machine.h"
#include "network/dns/resolver.h"
#include "ports/tty.h"

#include <cerrno>

namespace tools::system {
namespace {

// Frames: client sends h (hello), i (input), q (end of input), w (window size); server o, e, x (exit).
std::string frame(char kind, std::string_view bytes) {
    std::string out(1, kind);
    const auto size = static_cast<std::uint32_t>(bytes.size());
    for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xff);
    out += bytes;
    return out;
}

class FrameReader {
public:
    explicit FrameReader(std::shared_ptr<sim::Pipe> pipe) : pipe_(std::move(pipe)) {}
    // False at the end of the stream.
    static sim::Task<bool> next(FrameReader& self, char& kind, std::string& bytes) {
        while (true) {
            if (self.buffer_.size() >= 5) {
                std::uint32_t size = 0;
                for (int i = 1; i <= 4; ++i) size = size << 8 | static_cast<unsigned char>(self.buffer_[static_cast<std::size_t>(i)]);
                if (self.buffer_.size() >= 5 + size) {
                    kind = self.buffer_[0];
                    bytes = self.buffer_.substr(5, size);
                    self.buffer_.erase(0, 5 + size);
                    co_return true;
                }
            }
            const std::string more = co_await self.pipe_->read();
            if (more.empty()) co_return false;
            self.buffer_ += more;
        }
    }

private:
    std::shared_ptr<sim::Pipe> pipe_;
    std::string buffer_;
};

sim::Task<void> forward(std::shared_ptr<sim::Pipe> from, std::shared_ptr<sim::Pipe> to, char kind) {
    while (true) {
        const std::string bytes = co_await from->read();
        if (bytes.empty()) break;
        const bool ok = co_await to->write(frame(kind, bytes));
        if (!ok) break;
    }
    if (kind == 'i') (void)co_await to->write(frame('q', ""));
}

struct Served {
    std::string user, command;
    ports::TerminalSize size;
    bool terminal = false;
};

Served readHello(const std::string& text) {
    const auto lines = base::splitLimited(text, '\n', 5);
    Served hello;
    if (lines.size() < 5) return hello;
    hello.user = lines[0];
    hello.terminal = lines[1] == "tty";
    hello.size = {static_cast<int>(base::parseInt(lines[2]).value_or(80)), static_cast<int>(base::parseInt(lines[3]).value_or(24))};
    hello.command = lines[4];
    return hello;
}

sim::Task<void> feed(FrameReader* reader, std::shared_ptr<sim::Pipe> input, ports::Tty* tty) {
    char kind = 0;
    std::string bytes;
    while (true) {
        const bool more = co_await FrameReader::next(*reader, kind, bytes);
        if (!more) break;
        if (kind == 'i') (void)co_await input->write(bytes);
        if (kind == 'q') input->closeWrite();
        if (kind == 'w' && tty != nullptr) {
            const auto parts = base::split(bytes, 'x');
            if (parts.size() == 2) tty->resize({static_cast<int>(base::parseInt(parts[0]).value_or(80)), static_cast<int>(base::parseInt(parts[1]).value_or(24))});
        }
    }
    input->closeWrite();
}

// One connection on the server's side.
sim::Task<void> serveOne(machine::Machine* machine, ports::ConnectionPtr connection) {
    const ports::Duplex wire = connection->bytes();
    FrameReader reader(wire.input);
    char kind = 0;
    std::string text;
    const bool greeted = co_await FrameReader::next(reader, kind, text);
    if (!greeted || kind != 'h') co_return;
    const Served hello = readHello(text);
    machine::LoginSpec spec;
    spec.user = hello.user;
    std::unique_ptr<ports::Tty> tty;
    std::shared_ptr<sim::Pipe> input, output, error;
    if (hello.terminal) {
        tty = std::make_unique<ports::Tty>(machine->kernel(), hello.size);
        spec.input = tty->input();
        spec.output = spec.error = tty->output();
        spec.terminal = tty->terminal();
        input = tty->keyboard();
        output = tty->screen();
    } else {
        spec.input = input = std::make_shared<sim::Pipe>();
        spec.output = output = std::make_shared<sim::Pipe>();
        spec.error = error = std::make_shared<sim::Pipe>();
    }
    if (!hello.command.empty()) spec.argv = {"bash", "-c", hello.command};
    struct End {
        int code = 0;
        bool done = false;
        sim::Signal signal;
    };
    auto end = std::make_shared<End>();
    ports::Tty* terminal = tty.get();
    const auto started = machine->login(std::move(spec), [end, terminal, output, error](machine::ProcessEnd result) {
        end->code = result.code;
        end->done = true;
        if (terminal != nullptr) terminal->close();
        else output->closeWrite();
        if (error) error->closeWrite();
        end->signal.notify();
    });
    if (!started.ok()) {
        (void)co_await wire.output->write(frame('e', hello.user + "@" + machine->hostname() + ": Permission denied (publickey).\r\n") + frame('x', "255"));
        connection->close();
        co_return;
    }
    if (tty) tty->setFallbackSignal([machine, pid = *started](int number) { machine->processes().signal(pid, number); });
    {
        sim::Scope feeding(machine->kernel());
        feeding.spawn(feed(&reader, input, terminal), "ssh input");
        sim::Scope copying(machine->kernel());
        copying.spawn(forward(output, wire.output, 'o'), "ssh output");
        if (error) copying.spawn(forward(error, wire.output, 'e'), "ssh error");
        while (!end->done && connection->open()) (void)co_await end->signal.waitUntil(machine->kernel().now() + 5 * sim::kSecond);
        if (!end->done) machine->processes().signal(*started, ports::kSigHup);
        while (!copying.empty() && connection->open()) co_await sim::sleepFor(machine->kernel(), sim::kMillisecond);
    }
    (void)co_await wire.output->write(frame('x', std::to_string(end->code)));
    connection->close();
}

sim::Task<void> watchSize(std::shared_ptr<ports::Terminal> terminal, std::shared_ptr<sim::Pipe> wire) {
    while (true) {
        co_await terminal->resized.wait();
        (void)co_await wire->write(frame('w', std::to_string(terminal->size.columns) + "x" + std::to_string(terminal->size.rows)));
    }
}

} // namespace

sim::Task<int> sshd(ports::Process& process, std::vector<std::string>) {
    machine::Machine* machine = &machine::machineOf(process);
    auto scope = std::make_shared<sim::Scope>(process.kernel());
    ports::ListenOptions options;
    options.process = "sshd";
    options.pid = process.pid();
    options.accept = [machine, scope](ports::ConnectionPtr connection) { scope->spawn(serveOne(machine, std::move(connection)), "ssh session"); };
    auto listener = process.network().listen({base::IpAddress::v4(0), 22}, std::move(options));
    if (!listener.ok()) {
        co_await process.writeError("error: Bind to port 22 on 0.0.0.0 failed: Address already in use.\n");
        co_return 255;
    }
    co_await process.writeError("Server listening on 0.0.0.0 port 22.\n");
    process.handleSignal(ports::kSigTerm);
    (void)co_await process.signals().pop();
    co_return 0;
}

sim::Task<int> ssh(ports::Process& process, std::vector<std::string> arguments) {
    std::string user, target, command;
    bool forceTerminal = false;
    std::uint16_t port = 22;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        const std::string& word = arguments[at];
        if (target.empty() && (word == "-o" || word == "-i" || word == "-p" || word == "-l" || word == "-F")) {
            if (at + 1 >= arguments.size()) break;
            const std::string& value = arguments[++at];
            if (word == "-l") user = value;
            if (word == "-p") port = static_cast<std::uint16_t>(base::parseInt(value).value_or(22));
        } else if (target.empty() && word.starts_with('-')) {
            if (word.find('t') != std::string::npos && word.find_first_not_of("-t") == std::string::npos) forceTerminal = true;
        } else if (target.empty()) {
            target = word;
        } else {
            command += (command.empty() ? "" : " ") + word;
        }
    }
    if (target.empty()) {
        co_await process.writeError("usage: ssh [-46AaCfGgKkMNnqsTtVvXxYy] [-l login_name] [-o option] [-p port] destination [command [argument ...]]\n");
        co_return 255;
    }
    if (const std::size_t sign = target.find('@'); sign != std::string::npos) {
        user = target.substr(0, sign);
        target.erase(0, sign + 1);
    }
    if (user.empty()) {
        const auto own = machine::findUser(process.files(), process.uid());
        user = own ? own->name : "root";
    }
    auto address = base::IpAddress::parse(target);
    if (!address) {
        const auto found = co_await network::dns::resolve(process.kernel(), process.files(), process.network(), target);
        if (!found.ok() || found->empty()) {
            const std::string text1 = "ssh: Could not resolve hostname " + target + ": " + (found.ok() ? "Name or service not known" : found.error().message) + "\n";
            co_await process.writeError(text1);
            co_return 255;
        }
        address = found->front();
    }
    ports::ConnectOptions connecting;
    const base::Endpoint server{*address, port};
    const auto connection = co_await process.network().connect(server, connecting);
    if (!connection.ok()) {
        const char* why = connection.error().code == ECONNREFUSED ? "Connection refused" : connection.error().code == EHOSTUNREACH ? "No route to host" : "Connection timed out";
        co_await process.writeError("ssh: connect to host " + target + " port " + std::to_string(port) + ": " + why + "\n");
        co_return 255;
    }
    const auto terminal = process.terminal();
    const bool tty = terminal && (command.empty() || forceTerminal);
    const ports::TerminalSize size = terminal ? terminal->size : ports::TerminalSize{};
    const ports::Duplex wire = (*connection)->bytes();
    const std::string hello = user + "\n" + (tty ? "tty" : "none") + "\n" + std::to_string(size.columns) + "\n" + std::to_string(size.rows) + "\n" + command;
    (void)co_await wire.output->write(frame('h', hello));
    const bool wasRaw = terminal && terminal->raw;
    if (tty) terminal->raw = true;
    int code = 255;
    {
        sim::Scope sending(process.kernel());
        if (process.input()) sending.spawn(forward(process.input(), wire.output, 'i'), "ssh keyboard");
        if (tty) sending.spawn(watchSize(terminal, wire.output), "ssh size");
        FrameReader reader(wire.input);
        char kind = 0;
        std::string bytes;
        while (true) {
            const bool more = co_await FrameReader::next(reader, kind, bytes);
            if (!more) break;
            if (kind == 'o') co_await process.writeOut(bytes);
            if (kind == 'e') co_await process.writeError(bytes);
            if (kind != 'x') continue;
            code = static_cast<int>(base::parseInt(bytes).value_or(255));
            break;
        }
    }
    if (tty) terminal->raw = wasRaw;
    if (tty) co_await process.writeError("Connection to " + target + " closed.\r\n");
    (*connection)->close();
    co_return code;
}

} // namespace tools::system
