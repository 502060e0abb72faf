#pragma once
// Bytes on their way out: appended in pieces, taken in pieces of the reader's choice.

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>

namespace gateway {

class ByteQueue {
public:
    void append(std::string bytes) {
        if (bytes.empty()) return;
        size_ += bytes.size();
        pieces_.push_back(std::move(bytes));
    }
    // At most `limit` bytes; whole pieces move without a copy.
    std::string take(std::size_t limit) {
        std::string out;
        while (!pieces_.empty() && out.size() < limit) {
            std::string& front = pieces_.front();
            const std::size_t rest = front.size() - at_;
            if (out.empty() && at_ == 0 && rest <= limit) out = std::move(front);
            else if (const std::size_t n = std::min(rest, limit - out.size()); n < rest) {
                out.append(front, at_, n);
                at_ += n;
                break;
            } else out.append(front, at_, n);
            pieces_.pop_front();
            at_ = 0;
        }
        size_ -= out.size();
        return out;
    }
    void clear() {
        pieces_.clear();
        at_ = size_ = 0;
    }
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

private:
    std::deque<std::string> pieces_;
    std::size_t at_ = 0; // taken of the front piece
    std::size_t size_ = 0;
};

} // namespace gateway
