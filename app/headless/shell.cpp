// timonel shell: the terminal it runs in becomes a login on the control plane. Virtual time follows
// the wall clock while nothing is typed.

#include "cluster/facade.h"
#include "commands.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace app {
namespace {

class RawTerminal {
public:
    RawTerminal() {
        if (isatty(STDIN_FILENO) == 0 || tcgetattr(STDIN_FILENO, &before_) != 0) return;
        termios raw = before_;
        cfmakeraw(&raw);
        active_ = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    }
    ~RawTerminal() {
        if (active_) tcsetattr(STDIN_FILENO, TCSANOW, &before_);
    }
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;

private:
    termios before_{};
    bool active_ = false;
};

ports::TerminalSize windowSize() {
    winsize size{};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return {size.ws_col, size.ws_row};
    return {};
}

bool show(cluster::Session& session) {
    const std::string bytes = session.screen->tryRead();
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t written = write(STDOUT_FILENO, bytes.data() + done, bytes.size() - done);
        if (written <= 0) return false;
        done += static_cast<std::size_t>(written);
    }
    return true;
}

} // namespace

int runShell(const CommonOptions& options) {
    const auto blueprint = loadBlueprint(options.blueprint);
    auto cluster = blueprint.ok() ? cluster::Cluster::create(*blueprint, options.seed)
                                  : base::Result<std::unique_ptr<cluster::Cluster>>(blueprint.error());
    if (!cluster.ok()) {
        std::fprintf(stderr, "timonel: %s\n", cluster.error().message.c_str());
        return 2;
    }
    cluster::Cluster& world = **cluster;
    if (const auto booted = world.boot(); !booted.ok())
        std::fprintf(stderr, "timonel: %s\n", booted.error().message.c_str());
    const RawTerminal raw;
    auto size = windowSize();
    const auto session = world.openSession(world.hosts().front(), size);
    const auto start = std::chrono::steady_clock::now();
    const sim::Time epoch = world.kernel().now();
    bool open = true;
    while (session->alive) {
        pollfd input{STDIN_FILENO, POLLIN, 0};
        if (poll(&input, open ? 1 : 0, 20) > 0 && (input.revents & (POLLIN | POLLHUP)) != 0) {
            char buffer[4096];
            const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
            if (count > 0) world.type(*session, std::string(buffer, static_cast<std::size_t>(count)));
            else open = false;
        }
        if (const auto now = windowSize(); !(now == size)) world.resize(*session, size = now);
        const auto elapsed = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - start);
        world.kernel().runUntil(epoch + elapsed.count());
        if (!show(*session)) break;
        if (!open && session->keyboard->buffered() == 0) session->keyboard->closeWrite();
    }
    show(*session);
    return 0;
}

} // namespace app
