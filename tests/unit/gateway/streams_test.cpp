// exec, attach and port-forward over both carriers, against a backend that is not there.
#include "support.h"

#include "gateway/spdy.h"
#include "gateway/websocket.h"

#include <catch2/catch.hpp>

using namespace gateway_test;
using Catch::Contains;
using Catch::StartsWith;

namespace {
const std::string kHost = "Host: 127.0.0.1:6443\r\n";

std::string masked(std::string_view data) {
    std::string frame = gateway::webSocketFrame(gateway::WebSocketMessage::Binary, data);
    frame[1] = static_cast<char>(frame[1] | 0x80);
    frame.insert(data.size() < 126 ? 2 : 4, std::string(4, '\0'));
    return frame;
}
std::string handshake(const std::string& target, const std::string& protocol) {
    return "GET " + target + " HTTP/1.1\r\n" + kHost + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " + protocol + "\r\n\r\n";
}
// Answers an exec by echoing its input, then ends with the given code.
struct Echo : World {
    int code = 0;
    std::string seen;
    std::shared_ptr<ports::StreamOffer> offer;
    sim::Scope programs{kernel};
    Echo() {
        backend.issue = [this](ports::Request request) { return run(*this, std::move(request)); };
    }
    static sim::Task<void> program(Echo& self, std::shared_ptr<ports::StreamOffer> offer) {
        while (offer->input) {
            std::string bytes = co_await offer->input->read();
            if (bytes.empty()) break;
            self.seen += bytes;
            co_await offer->output->write(std::move(bytes));
        }
        offer->output->closeWrite();
        if (offer->error) {
            co_await offer->error->write("warning");
            offer->error->closeWrite();
        }
        offer->exitCode = self.code;
        offer->finished.notify();
    }
    static sim::Task<ports::Response> run(Echo& self, ports::Request request) {
        ports::Response response;
        self.asked.push_back(request);
        response.status = 101;
        response.upgraded = true;
        if (!request.upgrade->input && !request.upgrade->output) co_return response; // whether it may
        self.offer = request.upgrade;
        self.programs.spawn(program(self, request.upgrade), "program");
        co_return response;
    }
};
// The messages of the server's frames after the head.
std::vector<std::string> messages(std::string_view bytes) {
    std::vector<std::string> list;
    for (std::size_t at = 0; at + 2 <= bytes.size();) {
        std::size_t length = static_cast<unsigned char>(bytes[at + 1]), head = 2;
        if (length == 126) {
            length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[at + 2])) << 8 | static_cast<unsigned char>(bytes[at + 3]);
            head = 4;
        }
        list.emplace_back(bytes.substr(at + head, length));
        at += head + length;
    }
    return list;
}
std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }
} // namespace

TEST_CASE("an exec over WebSocket carries input, output, errors and the exit code") {
    for (const int code : {0, 7, 255}) {
        Echo world;
        world.code = code;
        auto http = gateway::makeHttp1(world.backend, {}, [] {});
        const std::string head = say(world, *http, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat&stdin=true&stdout=true&stderr=true", "v5.channel.k8s.io"));
        CHECK_THAT(head, StartsWith("HTTP/1.1 101") && Contains("Sec-WebSocket-Protocol: v5.channel.k8s.io"));
        CHECK(world.asked[0].method == "POST");
        CHECK(messages(bodyOf(head)) == std::vector<std::string>{"\1"});
        CHECK(messages(say(world, *http, masked(std::string("\0hello", 6)))) == std::vector<std::string>{"\1hello"});
        const auto rest = messages(say(world, *http, masked(std::string("\xff\0", 2))));
        REQUIRE(rest.size() == 3);
        CHECK(rest[0] == "\2warning");
        if (code == 0) CHECK(rest[1] == "\3{\"metadata\":{},\"status\":\"Success\"}");
        else CHECK_THAT(rest[1], Contains("\"message\":\"" + std::to_string(code) + "\"") && Contains("NonZeroExitCode"));
        CHECK(rest[2] == std::string("\x03\xe8", 2)); // close 1000
        CHECK(http->finished());
        CHECK(http->lingers());
    }
}

TEST_CASE("a terminal's size reaches the program") {
    Echo world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    (void)say(world, *http, handshake("/api/v1/namespaces/d/pods/p/exec?command=sh&stdin=true&stdout=true&tty=true", "v5.channel.k8s.io") );
    (void)say(world, *http, masked("\4{\"Width\":100,\"Height\":30}\n"));
    REQUIRE(world.offer->terminal);
    CHECK(world.offer->terminal->size.columns == 100);
    CHECK(world.offer->terminal->size.rows == 30);
}

TEST_CASE("a refused exec is an ordinary answer, not a handshake") {
    World world; // answers 404
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *http, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat&stdout=true", "v5.channel.k8s.io")), StartsWith("HTTP/1.1 404"));
    auto other = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *other, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat&stdout=true", "v9.channel.k8s.io")), StartsWith("HTTP/1.1 400"));
    auto none = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *none, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat", "v5.channel.k8s.io")), StartsWith("HTTP/1.1 400"));
}

TEST_CASE("a client that goes away closes the program's pipes") {
    Echo world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    (void)say(world, *http, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat&stdin=true&stdout=true", "v5.channel.k8s.io"));
    http->receiveEnd();
    CHECK(world.offer->output->readClosed());
    CHECK(world.offer->input->writeClosed());
}

TEST_CASE("input that nobody reads stops the reading and loses nothing") {
    Echo world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    (void)say(world, *http, handshake("/api/v1/namespaces/d/pods/p/exec?command=cat&stdin=true&stdout=true", "v5.channel.k8s.io"));
    std::string sent, got;
    while (!http->congested() && sent.size() < 64 * 1024 * 1024) { // the answers are not taken
        http->receive(masked(std::string(1, '\0') + std::string(30'000, 'z')));
        sent += std::string(30'000, 'z');
        world.kernel.runUntil(world.kernel.now() + sim::kMillisecond);
    }
    CHECK(http->congested());
    CHECK(sent.size() < 4 * 1024 * 1024);
    for (int i = 0; i < 100; ++i) (void)settle(world, *http);
    CHECK_FALSE(http->congested());
    CHECK(world.seen == sent);
}

TEST_CASE("an exec over SPDY waits for its streams and ends with a Status") {
    Echo world;
    world.code = 3;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    const std::string head = say(world, *http, "POST /api/v1/namespaces/d/pods/p/exec?command=cat&stdin=true&stdout=true HTTP/1.1\r\n" + kHost +
                                                   "Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Stream-Protocol-Version: v5.channel.k8s.io\r\nX-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n");
    CHECK_THAT(head, StartsWith("HTTP/1.1 101") && Contains("X-Stream-Protocol-Version: v4.channel.k8s.io"));
    gateway::SpdyCodec codec;
    std::string out;
    std::uint32_t id = 1;
    for (const char* type : {"error", "stdin", "stdout"}) {
        out += say(world, *http, codec.synStream(id, {{"streamtype", type}}, false));
        id += 2;
    }
    out += say(world, *http, gateway::SpdyCodec::data(3, "hi", false) + gateway::SpdyCodec::data(3, "", true));
    auto frames = codec.feed(out);
    REQUIRE(frames.ok());
    std::string output, status;
    for (const auto& frame : *frames) {
        if (frame.kind == gateway::SpdyFrame::Data && frame.stream == 5) output += frame.data;
        if (frame.kind == gateway::SpdyFrame::Data && frame.stream == 1) status += frame.data;
    }
    CHECK(output == "hi");
    CHECK_THAT(status, Contains("\"message\":\"3\""));
    CHECK(http->finished());
}

TEST_CASE("port-forward over SPDY in WebSocket messages keeps many connections apart") {
    Echo world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    const std::string head = say(world, *http, handshake("/api/v1/namespaces/d/pods/p/portforward", "SPDY/3.1+portforward.k8s.io"));
    CHECK_THAT(head, Contains("SPDY/3.1+portforward.k8s.io"));
    gateway::SpdyCodec codec;
    std::string out;
    for (std::uint32_t i = 0; i < 50; ++i) {
        const std::string request = std::to_string(i);
        std::string bytes = codec.synStream(4 * i + 1, {{"streamtype", "error"}, {"port", "80"}, {"requestid", request}}, true);
        bytes += codec.synStream(4 * i + 3, {{"streamtype", "data"}, {"port", "80"}, {"requestid", request}}, false);
        bytes += gateway::SpdyCodec::data(4 * i + 3, "message " + request, false) + gateway::SpdyCodec::data(4 * i + 3, "", true);
        for (std::size_t at = 0; at < bytes.size(); at += 37) // frames need not fit messages
            for (const std::string& message : messages(say(world, *http, masked(bytes.substr(at, 37))))) out += message;
    }
    auto frames = codec.feed(out);
    REQUIRE(frames.ok());
    std::map<std::uint32_t, std::string> got;
    int ended = 0;
    for (const auto& frame : *frames) {
        if (frame.kind != gateway::SpdyFrame::Data) continue;
        got[frame.stream] += frame.data;
        ended += frame.finish ? 1 : 0;
    }
    for (std::uint32_t i = 0; i < 50; ++i) CHECK(got[4 * i + 3] == "message " + std::to_string(i));
    CHECK(ended == 100);
    CHECK_FALSE(http->finished());
}

TEST_CASE("port-forward over channels begins with the port's number on both") {
    Echo world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    const std::string head = say(world, *http, handshake("/api/v1/namespaces/d/pods/p/portforward?ports=8080", "v4.channel.k8s.io"));
    const auto first = messages(bodyOf(head));
    REQUIRE(first.size() == 2);
    CHECK(first[0] == std::string("\0\x90\x1f", 3));
    CHECK(first[1] == std::string("\1\x90\x1f", 3));
    CHECK(messages(say(world, *http, masked(std::string("\0abc", 4)))) == std::vector<std::string>{std::string("\0abc", 4)});
}
