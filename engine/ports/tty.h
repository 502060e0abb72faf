#pragma once
// A pseudo terminal: what lies between a keyboard and screen (the window, an ssh client, a
// `kubectl exec -it` stream) and the processes that have it as their terminal. Does what the
// kernel's line discipline does: echo, erase, line buffering, Ctrl-C, Ctrl-D, newline translation.

#include "ports/byte_stream.h"
#include "sim/task.h"

#include <memory>
#include <string>

namespace ports {

class Tty {
public:
    Tty(sim::Kernel& kernel, TerminalSize size);
    Tty(const Tty&) = delete;
    Tty& operator=(const Tty&) = delete;
    ~Tty();

    // The outside: write typed bytes, read what appears. Closing the keyboard hangs up.
    std::shared_ptr<sim::Pipe> keyboard() const { return keyboard_; }
    std::shared_ptr<sim::Pipe> screen() const { return screen_; }
    // The inside: give these to the first process as input, output, error and terminal.
    std::shared_ptr<sim::Pipe> input() const { return input_; }
    std::shared_ptr<sim::Pipe> output() const { return output_; }
    std::shared_ptr<Terminal> terminal() const { return terminal_; }

    // Gets keyboard signals while no shell has claimed them (a container's first process).
    void setFallbackSignal(base::Function<void(int)> handler) { fallback_ = std::move(handler); }
    void resize(TerminalSize size);
    // No more output comes: the screen ends after what is buffered.
    void close();

private:
    sim::Task<void> pumpInput();
    sim::Task<void> pumpOutput();
    void cookedByte(char byte, std::string& echo);
    void eraseLast(std::string& echo);
    void signal(int number, const char* shown, std::string& echo);

    std::shared_ptr<sim::Pipe> keyboard_, screen_, input_, output_;
    std::shared_ptr<Terminal> terminal_;
    base::Function<void(int)> fallback_;
    std::string line_; // typed, not yet ended
    sim::Scope scope_;
};

} // namespace ports
