#pragma once
// Byte streams between programs, terminals, containers and sockets.

#include "base/function.h"
#include "sim/pipe.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace ports {

// One direction each; null where the direction does not exist.
struct Duplex {
    std::shared_ptr<sim::Pipe> input;  // what the owner reads
    std::shared_ptr<sim::Pipe> output; // what the owner writes
};

struct TerminalSize {
    int columns = 80;
    int rows = 24;
    bool operator==(const TerminalSize&) const = default;
};

// A pseudo terminal as its slave side sees it. Output written to the pipe reaches the screen with
// "\n" already turned into "\r\n" (ONLCR) unless raw; input is bytes from the keyboard.
struct Terminal {
    TerminalSize size;
    sim::Signal resized;
    bool raw = false;  // set by editors and the line editor: no echo, no line discipline
    bool echo = true;  // off while a password is read
    // The slave's own pipes: a program whose output is another pipe does not write to the terminal.
    std::weak_ptr<sim::Pipe> input, output;
    // Called for Ctrl-C, Ctrl-\ and Ctrl-Z while not raw. An interactive shell puts itself here and
    // passes the signal to its foreground job; unset: see Tty.
    base::Function<void(int)> keySignal;
};

} // namespace ports
