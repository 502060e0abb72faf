#include "sim/pipe.h"

namespace sim {

Task<bool> Pipe::write(std::string bytes) {
    std::string_view rest = bytes;
    while (!rest.empty()) {
        if (readClosed_) broken_.notify();
        if (readClosed_ || writeClosed_) co_return false;
        rest.remove_prefix(tryWrite(rest));
        if (!rest.empty()) co_await writable_.wait();
    }
    co_return !readClosed_;
}

std::size_t Pipe::tryWrite(std::string_view bytes) {
    if (readClosed_ || writeClosed_) return 0;
    const std::size_t room = capacity_ > buffer_.size() ? capacity_ - buffer_.size() : 0;
    const std::string_view fitting = bytes.substr(0, room);
    buffer_ += fitting;
    if (!fitting.empty()) readable_.notify();
    return fitting.size();
}

Task<std::string> Pipe::read(std::size_t limit) {
    while (buffer_.empty() && !writeClosed_ && !readClosed_ && !endPending_)
        co_await readable_.wait();
    if (buffer_.empty()) endPending_ = false;
    co_return tryRead(limit);
}

std::string Pipe::tryRead(std::size_t limit) {
    std::string bytes;
    if (limit >= buffer_.size()) {
        bytes.swap(buffer_);
    } else {
        bytes = buffer_.substr(0, limit);
        buffer_.erase(0, limit);
    }
    if (!bytes.empty()) writable_.notify();
    return bytes;
}

void Pipe::sendEnd() {
    endPending_ = true;
    readable_.notify();
}

void Pipe::closeWrite() {
    writeClosed_ = true;
    readable_.notify();
    writable_.notify();
}

void Pipe::closeRead() {
    readClosed_ = true;
    buffer_.clear();
    readable_.notify();
    writable_.notify();
}

} // namespace sim
