#pragma once
// What the carriers of streams share.

#include "gateway/streams.h"

namespace gateway {

// Bytes for a pipe whose reader may be slow, kept in order.
class InputFeed {
public:
    InputFeed(sim::Kernel& kernel, std::shared_ptr<sim::Pipe> pipe, StreamOutput& output) : pipe_(std::move(pipe)), output_(output), scope_(kernel) {}
    void push(std::string_view bytes);
    void end();
    bool congested() const { return backlog_ > kMaxInput; }

private:
    void start();
    static sim::Task<void> pump(InputFeed& self);
    sim::Channel<std::string> queue_;
    std::shared_ptr<sim::Pipe> pipe_;
    StreamOutput& output_;
    std::size_t backlog_ = 0;
    bool started_ = false;
    sim::Scope scope_; // last: its tasks use the members above
};

// The Status that ends an exec; `version` < 4 has no Status, only text for errors.
std::string exitStatus(const ports::StreamOffer& offer, int version);
// {"Width":100,"Height":30}
void resizeTerminal(ports::StreamOffer& offer, std::string_view json);
// The message of an answer that is not the upgrade.
std::string refusalText(const ports::Response& response);
// The client has gone: its ends of the pipes close.
void abandon(ports::StreamOffer& offer);
// Waits until the program has ended and said how.
sim::Task<void> waitForEnd(std::shared_ptr<ports::StreamOffer> offer);

std::unique_ptr<StreamSession> makeChannelSession(Backend& backend, StreamPlan plan, StreamOutput& output);
std::unique_ptr<StreamSession> makeForwardChannels(Backend& backend, ports::Request request, bool base64, StreamOutput& output);
std::unique_ptr<StreamSession> makeSpdyCommand(Backend& backend, StreamPlan plan, StreamOutput& output);
std::unique_ptr<StreamSession> makeSpdyForward(Backend& backend, ports::Request request, StreamOutput& output);

} // namespace gateway
