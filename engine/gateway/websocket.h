#pragma once
// WebSocket framing on the server's side (RFC 6455): messages from a client's masked frames, frames for
// its messages. No extensions are offered, so every reserved bit is an error.

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

enum class WebSocketCode : std::uint16_t { Normal = 1000, ProtocolError = 1002, BadText = 1007, TooBig = 1009 };

struct WebSocketMessage {
    enum Kind : std::uint8_t { Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 } kind = Binary;
    std::string data;
};

class WebSocketReader {
public:
    explicit WebSocketReader(std::size_t maxMessage) : maxMessage_(maxMessage) {}
    // Complete messages of the bytes so far; control frames may come between the parts of a message.
    // An error ends the connection; its `code` is the close code.
    base::Result<std::vector<WebSocketMessage>> feed(std::string_view bytes);

private:
    struct Head;
    base::Result<bool> readHead(std::string_view bytes, Head& head) const;
    base::Status accept(const Head& head, std::string payload, std::vector<WebSocketMessage>& out);

    std::size_t maxMessage_;
    std::string buffer_;
    std::string message_; // fragments so far
    WebSocketMessage::Kind kind_ = WebSocketMessage::Binary;
    bool fragmented_ = false, closed_ = false;
};

std::string webSocketFrame(WebSocketMessage::Kind kind, std::string_view data);
std::string webSocketClose(WebSocketCode code, std::string_view reason = {});
// Sec-WebSocket-Accept for a client's Sec-WebSocket-Key; empty when the key is not 16 bytes.
std::string webSocketAccept(std::string_view key);

} // namespace gateway
