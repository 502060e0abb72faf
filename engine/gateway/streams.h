#pragma once
// The ways in which clients carry the streams of exec, attach and port-forward: channels in WebSocket
// messages, and SPDY streams, raw or inside WebSocket messages. They translate between messages and the
// pipes of a ports::StreamOffer; none touches a socket.
// Source: KEP-4006; client-go tools/remotecommand and tools/portforward; apimachinery
// util/httpstream/wsstream.

#include "gateway/protocol.h"

#include <memory>
#include <string>
#include <vector>

namespace gateway {

// What a session says to the client; `close` ends the connection after what was sent.
class StreamOutput {
public:
    virtual ~StreamOutput() = default;
    virtual void send(std::string message) = 0;
    virtual void sendText(std::string message) = 0; // a text message where there is a difference
    virtual void close() = 0;
    // Producers wait while the client does not read.
    virtual bool full() const = 0;
    virtual sim::Signal& drained() = 0;
    // Input was consumed: `congested` may have ended.
    virtual void inputTaken() = 0;
};

class StreamSession {
public:
    virtual ~StreamSession() = default;
    virtual void receive(std::string_view message) = 0;
    virtual bool congested() const = 0;
};

// What a client asked for and how it will speak.
struct StreamPlan {
    enum Carrier { Channels, ForwardChannels, Spdy } carrier = Channels;
    std::string protocol; // as negotiated, for the answer
    int version = 5;      // of the remote command protocol
    bool base64 = false;  // channels as text: a digit and base64
    bool forward = false;
    std::shared_ptr<ports::StreamOffer> offer; // exec and attach
};

bool isForward(const ports::Request& request);
bool isRemoteCommand(const ports::Request& request); // exec or attach

// Chooses among the protocols that the client offers; nothing when there is none.
std::optional<StreamPlan> planWebSocket(const ports::Request& request);
std::optional<StreamPlan> planSpdy(const ports::Request& request);
// The pipes that exec and attach ask for in their query.
std::shared_ptr<ports::StreamOffer> makeOffer(const ports::Request& request);

// `request` is issued for each forwarded connection; exec and attach are under way in the plan's offer.
std::unique_ptr<StreamSession> makeSession(Backend& backend, StreamPlan plan, ports::Request request, StreamOutput& output);

} // namespace gateway
