#pragma once
// An in-memory byte stream between two tasks, with back pressure and an end.

#include "sim/channel.h"

#include <string>
#include <string_view>

namespace sim {

class Pipe {
public:
    explicit Pipe(std::size_t capacity = 64 * 1024) : capacity_(capacity) {}

    // Waits while the pipe is full. False when the reader has gone.
    Task<bool> write(std::string bytes);
    // Without waiting; beyond the capacity the rest is refused and the count that fitted returned.
    std::size_t tryWrite(std::string_view bytes);
    // Waits for at least one byte; empty means the end. At most `limit` bytes.
    Task<std::string> read(std::size_t limit = SIZE_MAX);
    std::string tryRead(std::size_t limit = SIZE_MAX);
    // One read that finds nothing buffered returns empty, then the pipe goes on (Ctrl-D on a tty).
    void sendEnd();
    bool endPending() const { return endPending_; }
    void takeEnd() { endPending_ = false; }
    void closeWrite();  // the reader sees the end after what is buffered
    void closeRead();   // writers fail from now on
    bool writeClosed() const { return writeClosed_; }
    bool readClosed() const { return readClosed_; }
    bool atEnd() const { return writeClosed_ && buffer_.empty(); }
    std::size_t buffered() const { return buffer_.size(); }
    Signal& readable() { return readable_; }
    // Notified when somebody writes although the reader has gone (where SIGPIPE would be sent).
    Signal& broken() { return broken_; }

private:
    std::size_t capacity_;
    std::string buffer_;
    bool writeClosed_ = false;
    bool readClosed_ = false;
    bool endPending_ = false;
    Signal readable_;
    Signal writable_;
    Signal broken_;
};

} // namespace sim
