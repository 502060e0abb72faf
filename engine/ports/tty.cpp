#include "ports/tty.h"

#include "ports/program.h"

namespace ports {
namespace {
constexpr std::size_t kLineLimit = 4096; // N_TTY_BUF_SIZE
}

Tty::Tty(sim::Kernel& kernel, TerminalSize size)
    : keyboard_(std::make_shared<sim::Pipe>(1 << 20)),
      screen_(std::make_shared<sim::Pipe>(1 << 20)), input_(std::make_shared<sim::Pipe>(1 << 20)),
      output_(std::make_shared<sim::Pipe>(1 << 16)), terminal_(std::make_shared<Terminal>()),
      scope_(kernel) {
    terminal_->size = size;
    terminal_->input = input_;
    terminal_->output = output_;
    scope_.spawn(pumpInput(), "tty input");
    scope_.spawn(pumpOutput(), "tty output");
}

Tty::~Tty() { scope_.cancel(); }

void Tty::resize(TerminalSize size) {
    terminal_->size = size;
    terminal_->resized.notify();
}

void Tty::close() { output_->closeWrite(); }

void Tty::signal(int number, const char* shown, std::string& echo) {
    line_.clear();
    if (terminal_->echo) echo += shown;
    if (terminal_->keySignal) {
        terminal_->keySignal(number);
    } else if (fallback_) {
        fallback_(number);
    }
}

void Tty::eraseLast(std::string& echo) {
    if (line_.empty()) return;
    while (line_.size() > 1 && (line_.back() & 0xC0) == 0x80) line_.pop_back();
    const bool control = static_cast<unsigned char>(line_.back()) < 0x20;
    line_.pop_back();
    if (terminal_->echo) echo += control ? "\b\b  \b\b" : "\b \b";
}

// Source: termios(3), canonical mode with ISIG, ICRNL, ECHO, ECHOE, ECHOK, ECHOCTL.
void Tty::cookedByte(char byte, std::string& echo) {
    switch (byte) {
    case 0x03: signal(kSigInt, "^C", echo); return;
    case 0x1c: signal(kSigQuit, "^\\", echo); return;
    case 0x1a: signal(kSigTstp, "^Z", echo); return;
    case 0x7f:
    case 0x08: eraseLast(echo); return;
    case 0x15:
        while (!line_.empty()) eraseLast(echo);
        return;
    case 0x17:
        while (!line_.empty() && line_.back() == ' ') eraseLast(echo);
        while (!line_.empty() && line_.back() != ' ') eraseLast(echo);
        return;
    case 0x04:
        if (line_.empty()) {
            input_->sendEnd();
        } else {
            input_->tryWrite(std::exchange(line_, {}));
        }
        return;
    case '\r':
    case '\n':
        line_ += '\n';
        if (terminal_->echo) echo += "\r\n";
        input_->tryWrite(std::exchange(line_, {}));
        return;
    default: break;
    }
    if (line_.size() >= kLineLimit) return;
    line_ += byte;
    if (!terminal_->echo) return;
    if (static_cast<unsigned char>(byte) < 0x20 && byte != '\t') {
        echo += '^';
        echo += static_cast<char>(byte + 0x40);
    } else {
        echo += byte;
    }
}

sim::Task<void> Tty::pumpInput() {
    while (true) {
        std::string bytes = co_await keyboard_->read();
        if (bytes.empty()) break;
        std::string echo;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            if (terminal_->raw) {
                // The rest in one piece, so that a program sees an escape sequence whole.
                if (!line_.empty()) input_->tryWrite(std::exchange(line_, {}));
                input_->tryWrite(std::string_view(bytes).substr(i));
                break;
            }
            cookedByte(bytes[i], echo);
        }
        if (!echo.empty()) co_await screen_->write(std::move(echo));
    }
    input_->closeWrite();
    if (terminal_->keySignal) {
        terminal_->keySignal(kSigHup);
    } else if (fallback_) {
        fallback_(kSigHup);
    }
}

sim::Task<void> Tty::pumpOutput() {
    char last = 0;
    while (true) {
        std::string bytes = co_await output_->read();
        if (bytes.empty()) break;
        // Also while raw: programs in raw mode write "\r\n" themselves, which stays as it is.
        std::string translated;
        translated.reserve(bytes.size() + 16);
        for (const char byte : bytes) {
            if (byte == '\n' && last != '\r') translated += '\r';
            translated += byte;
            last = byte;
        }
        bytes = std::move(translated);
        if (!co_await screen_->write(std::move(bytes))) break;
    }
    screen_->closeWrite();
}

} // namespace ports
