#include "gateway/websocket.h"

#include "base/strings.h"

#include <openssl/sha.h>

namespace gateway {
namespace {
base::Error broken(WebSocketCode code, std::string text) { return base::makeError("websocket: " + std::move(text), static_cast<int>(code)); }
} // namespace

struct WebSocketReader::Head {
    std::uint8_t opcode = 0;
    bool final = false;
    std::size_t length = 0, size = 0; // of the payload; of the head itself
    char mask[4] = {};
};

// False while the head is incomplete. Source: RFC 6455 section 5.2.
base::Result<bool> WebSocketReader::readHead(std::string_view bytes, Head& head) const {
    if (bytes.size() < 2) return false;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    if ((byte(0) & 0x70) != 0) return broken(WebSocketCode::ProtocolError, "reserved bits are set");
    head.opcode = byte(0) & 0x0f;
    head.final = (byte(0) & 0x80) != 0;
    const bool control = (head.opcode & 8) != 0;
    if (head.opcode > 10 || (head.opcode > 2 && head.opcode < 8)) return broken(WebSocketCode::ProtocolError, "unknown opcode");
    if ((byte(1) & 0x80) == 0) return broken(WebSocketCode::ProtocolError, "a client's frame is not masked");
    const std::uint8_t small = byte(1) & 0x7f;
    if (control && (small > 125 || !head.final)) return broken(WebSocketCode::ProtocolError, "a control frame is long or in parts");
    const std::size_t extra = small == 126 ? 2 : small == 127 ? 8 : 0;
    if (bytes.size() < 2 + extra) return false;
    std::uint64_t length = extra == 0 ? small : 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | byte(2 + i);
    if ((extra == 2 && length < 126) || (extra == 8 && (length < 65536 || length >> 63 != 0))) return broken(WebSocketCode::ProtocolError, "a length is not written the short way");
    if (length > maxMessage_) return broken(WebSocketCode::TooBig, "the message is too large");
    head.length = static_cast<std::size_t>(length);
    head.size = 2 + extra + 4;
    if (bytes.size() < head.size) return false;
    for (std::size_t i = 0; i < 4; ++i) head.mask[i] = bytes[2 + extra + i];
    return true;
}

base::Status WebSocketReader::accept(const Head& head, std::string payload, std::vector<WebSocketMessage>& out) {
    const auto kind = static_cast<WebSocketMessage::Kind>(head.opcode);
    if ((head.opcode & 8) != 0) {
        if (kind == WebSocketMessage::Close && payload.size() == 1) return broken(WebSocketCode::ProtocolError, "half a close code");
        closed_ = closed_ || kind == WebSocketMessage::Close;
        out.push_back({kind, std::move(payload)});
        return base::okStatus();
    }
    if ((head.opcode == 0) != fragmented_) return broken(WebSocketCode::ProtocolError, "a continuation out of place");
    if (!fragmented_) kind_ = kind;
    if (message_.size() + payload.size() > maxMessage_) return broken(WebSocketCode::TooBig, "the message is too large");
    message_ += payload;
    fragmented_ = !head.final;
    if (head.final) out.push_back({kind_, std::exchange(message_, {})});
    return base::okStatus();
}

base::Result<std::vector<WebSocketMessage>> WebSocketReader::feed(std::string_view bytes) {
    std::vector<WebSocketMessage> out;
    if (closed_) return out;
    buffer_.append(bytes);
    std::size_t at = 0;
    while (!closed_) {
        const std::string_view rest = std::string_view(buffer_).substr(at);
        Head head;
        BASE_TRY(const bool whole, readHead(rest, head));
        if (!whole || rest.size() - head.size < head.length) break;
        std::string payload(rest.substr(head.size, head.length));
        for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ head.mask[i % 4]);
        at += head.size + head.length;
        BASE_CHECK(accept(head, std::move(payload), out));
    }
    buffer_.erase(0, at);
    return out;
}

std::string webSocketFrame(WebSocketMessage::Kind kind, std::string_view data) {
    std::string out;
    out.reserve(data.size() + 10);
    out += static_cast<char>(0x80 | kind);
    const std::size_t bytes = data.size() < 126 ? 0 : data.size() < 65536 ? 2 : 8;
    out += static_cast<char>(bytes == 0 ? data.size() : bytes == 2 ? 126 : 127);
    for (std::size_t i = bytes; i > 0; --i) out += static_cast<char>(static_cast<std::uint64_t>(data.size()) >> (8 * (i - 1)));
    return out.append(data);
}

std::string webSocketClose(WebSocketCode code, std::string_view reason) {
    const auto number = static_cast<std::uint16_t>(code);
    std::string body{static_cast<char>(number >> 8), static_cast<char>(number)};
    body += reason.substr(0, 100);
    return webSocketFrame(WebSocketMessage::Close, body);
}

std::string webSocketAccept(std::string_view key) {
    const auto raw = base::decodeBase64(key);
    if (!raw || raw->size() != 16) return {};
    const std::string text = std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 section 1.3
    unsigned char digest[SHA_DIGEST_LENGTH];
    SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);
    return base::encodeBase64(std::string_view(reinterpret_cast<const char*>(digest), sizeof digest));
}

} // namespace gateway
