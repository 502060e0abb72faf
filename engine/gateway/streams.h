#pragma once
// The two ways in which clients carry the streams of exec, attach and port-forward: channels in
// WebSocket messages (v5.channel.k8s.io, v4) and SPDY streams, raw or inside WebSocket messages.
// Both translate between messages and the pipes of a ports::StreamOffer; neither touches a socket.
// Source: KEP-4006; client-go tools/remotecommand and tools/portforward.

#include "gateway/spdy.h"
#include "ports/http.h"
#include "sim/task.h"

#include <map>
#include <memory>
#include <string>

namespace gateway {

// What a stream session sends to the client; `close` ends the connection after what was sent.
struct StreamOutput {
    virtual ~StreamOutput() = default;
    virtual void send(std::string message) = 0;
    virtual void close() = 0;
};

// Issues the request with the offer inside the simulated world; the answer is not 101 when refused.
using Issue = base::Function<sim::Task<ports::Response>(ports::Request)>;

class StreamSession {
public:
    virtual ~StreamSession() = default;
    virtual void receive(std::string_view message) = 0;
};

// exec and attach over WebSocket channels. `version5`: close signals per channel (255).
std::unique_ptr<StreamSession> makeChannelSession(sim::Kernel& kernel, ports::Request request, bool version5,
                                                  std::shared_ptr<StreamOutput> output, std::shared_ptr<Issue> issue);
// exec, attach and port-forward over SPDY.
std::unique_ptr<StreamSession> makeSpdySession(sim::Kernel& kernel, ports::Request request, bool portForward,
                                               std::shared_ptr<StreamOutput> output, std::shared_ptr<Issue> issue);

} // namespace gateway
