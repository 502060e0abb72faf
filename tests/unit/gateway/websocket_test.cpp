#include "gateway/websocket.h"

#include <catch2/catch.hpp>

using namespace gateway;

namespace {
std::string masked(int opcode, std::string_view data, bool final = true) {
    std::string frame = webSocketFrame(static_cast<WebSocketMessage::Kind>(opcode), data);
    const std::size_t head = data.size() < 126 ? 2 : data.size() < 65536 ? 4 : 10;
    if (!final) frame[0] = static_cast<char>(frame[0] & 0x7f);
    frame[1] = static_cast<char>(frame[1] | 0x80);
    frame.insert(head, "wxyz");
    for (std::size_t i = 0; i < data.size(); ++i) frame[head + 4 + i] = static_cast<char>(frame[head + 4 + i] ^ "wxyz"[i % 4]);
    return frame;
}
} // namespace

TEST_CASE("the accept key is the RFC's example") { CHECK(webSocketAccept("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); }

TEST_CASE("messages of every length survive, whole or byte by byte") {
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 100'000u}) {
        std::string data(size, 'q');
        WebSocketReader reader(1 << 20);
        const std::string frame = masked(2, data);
        auto messages = reader.feed(frame);
        REQUIRE(messages.ok());
        REQUIRE(messages->size() == 1);
        CHECK((*messages)[0].data == data);
    }
}

TEST_CASE("control messages come between the parts of a message") {
    WebSocketReader reader(100);
    auto messages = reader.feed(masked(2, "ab", false) + masked(9, "hi") + masked(0, "cd"));
    REQUIRE(messages.ok());
    REQUIRE(messages->size() == 2);
    CHECK((*messages)[0].kind == WebSocketMessage::Ping);
    CHECK((*messages)[1].data == "abcd");
}

TEST_CASE("frames that break the protocol or the bound end the connection with the right code") {
    const auto code = [](std::string bytes) {
        WebSocketReader reader(1000);
        auto messages = reader.feed(bytes);
        return messages.ok() ? 0 : messages.error().code;
    };
    CHECK(code(webSocketFrame(WebSocketMessage::Binary, "x")) == 1002); // not masked
    CHECK(code(masked(0, "x")) == 1002);                                // nothing to continue
    CHECK(code(masked(2, "a", false) + masked(2, "b")) == 1002);        // a new one within another
    CHECK(code(masked(3, "x")) == 1002);
    CHECK(code(masked(9, std::string(126, 'x'))) == 1002);
    CHECK(code(masked(9, "x", false)) == 1002);
    CHECK(code("\xc2\x80" "abcd") == 1002);
    CHECK(code(masked(2, std::string(1001, 'x'))) == 1009);
    CHECK(code(masked(2, std::string(600, 'x'), false) + masked(0, std::string(600, 'x'))) == 1009);
}
