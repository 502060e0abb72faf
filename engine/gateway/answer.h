#pragma once
// One request's answer as it comes: the head once the API server has spoken, then the body, whole or
// piece by piece. Ending the object ends the request, its watch or its stream.

#include "gateway/byte_queue.h"
#include "gateway/protocol.h"

#include <optional>

namespace gateway {

class Answer {
public:
    // Issues the request.
    Answer(Backend& backend, ports::Request request, Wake wake);
    // An answer that is already known.
    Answer(Backend& backend, ports::Response response, std::string_view acceptEncoding, Wake wake);
    ~Answer();
    Answer(const Answer&) = delete;
    Answer& operator=(const Answer&) = delete;

    bool ready() const { return head_.has_value(); }
    int status() const { return head_->status; }
    // Nobody answers: the connection ends without a word.
    bool silent() const { return head_ && head_->status == 0; }
    // Headers of the answer without those that frame the message.
    const ports::Headers& headers() const { return head_->headers; }
    // Known length, or nothing when the body goes on.
    std::optional<std::size_t> length() const { return length_; }
    // Set when the request was an upgrade and its streams are connected.
    bool upgraded() const { return head_ && head_->upgraded; }

    std::string take(std::size_t limit);
    std::size_t available() const { return body_.size(); }
    bool ended() const { return ended_ && body_.empty(); }
    // The reader was too slow: the body is cut off.
    bool overflown() const { return overflown_; }

private:
    static sim::Task<void> run(Answer& self, ports::Request request);
    static sim::Task<void> pumpWatch(Answer& self, std::shared_ptr<sim::Channel<ports::WatchEvent>> watch);
    static sim::Task<void> pumpBytes(Answer& self, std::shared_ptr<sim::Pipe> pipe);
    void accept(ports::Response response);
    void acceptWhole(ports::Response& response);
    void end();

    Backend& backend_;
    Wake wake_;
    std::string acceptEncoding_;
    bool headOnly_ = false, protobuf_ = false;
    std::optional<ports::Response> head_;
    std::optional<std::size_t> length_;
    ByteQueue body_;
    bool ended_ = false, overflown_ = false;
    std::shared_ptr<sim::Channel<ports::WatchEvent>> watch_;
    std::shared_ptr<sim::Pipe> stream_;
    sim::Signal drained_;
    sim::Scope scope_; // last: its tasks use the members above
};

} // namespace gateway
