#include "support.h"

#include "gateway/guard.h"

#include <catch2/catch.hpp>

using namespace gateway_test;
using Catch::Contains;
using Catch::StartsWith;

namespace {
const std::string kHost = "Host: 127.0.0.1:6443\r\n";
ports::Response text(std::string body) {
    ports::Response response;
    response.headers.set("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}
} // namespace

TEST_CASE("requests that come together are answered in order on one connection") {
    World world;
    world.answers = {text("one"), text("two")};
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    const std::string out = say(world, *http, "GET /a?x=1&x=2 HTTP/1.1\r\n" + kHost + "\r\nGET /b%20c HTTP/1.1\r\n" + kHost + "\r\n");
    CHECK(out.find("one") < out.find("two"));
    REQUIRE(world.asked.size() == 2);
    CHECK(world.asked[0].query.all("x") == std::vector<std::string>{"1", "2"});
    CHECK(world.asked[1].path == "/b c");
    CHECK_FALSE(http->finished());
}

TEST_CASE("a connection ends after the answer when the client says so, or speaks HTTP/1.0") {
    for (const std::string& head : {"GET / HTTP/1.1\r\n" + kHost + "Connection: close\r\n\r\n", "GET / HTTP/1.0\r\n" + kHost + "\r\n"}) {
        World world;
        world.answers = {text("x")};
        auto http = gateway::makeHttp1(world.backend, {}, [] {});
        CHECK_THAT(say(world, *http, head), Contains("Connection: close"));
        CHECK(http->finished());
    }
}

TEST_CASE("what two parties could read differently is refused before anybody acts on it") {
    const std::string bad[] = {
        "POST /x HTTP/1.1\r\n" + kHost + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\n" + kHost + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
        "POST /x HTTP/1.1\r\n" + kHost + "Content-Length: +4\r\n\r\nabcd",
        "POST /x HTTP/1.1\r\n" + kHost + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\n" + kHost + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.0\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "POST /x HTTP/1.1\r\n" + kHost + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "GET /x HTTP/1.1\r\n" + kHost + kHost + "\r\n",
        "GET /x HTTP/1.1\r\n\r\n",
        "GET /x HTTP/2.0\r\n" + kHost + "\r\n",
        "GET http://127.0.0.1:6443/x HTTP/1.1\r\n" + kHost + "\r\n",
        "GET /%zz HTTP/1.1\r\n" + kHost + "\r\n",
        "GET x HTTP/1.1\r\n" + kHost + "\r\n",
        "G\x01T / HTTP/1.1\r\n" + kHost + "\r\n",
        "GET / HTTP/1.1\r\n" + kHost + "A: \x01\r\n\r\n",
        std::string("\x16\x03\x01\x02\x00garbage\r\n\r\n", 16),
    };
    for (const std::string& head : bad) {
        World world;
        auto http = gateway::makeHttp1(world.backend, {}, [] {});
        const std::string out = say(world, *http, head);
        INFO(head << "\n" << out);
        CHECK(world.asked.empty());
        CHECK((out.rfind("HTTP/1.1 400", 0) == 0 || out.rfind("HTTP/1.1 501", 0) == 0 || out.rfind("HTTP/1.1 505", 0) == 0 || out.rfind("HTTP/1.0 501", 0) == 0));
        CHECK(http->finished());
    }
}

TEST_CASE("heads beyond 64 KiB and bodies beyond 3 MiB are refused with the right status") {
    World world;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *http, "GET / HTTP/1.1\r\n" + kHost + "X: " + std::string(70'000, 'a')), StartsWith("HTTP/1.1 431"));
    auto other = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *other, "POST / HTTP/1.1\r\n" + kHost + "Content-Length: 3145729\r\n\r\n"), StartsWith("HTTP/1.1 413"));
    CHECK(other->lingers());
    auto chunked = gateway::makeHttp1(world.backend, {}, [] {});
    std::string body = "POST / HTTP/1.1\r\n" + kHost + "Transfer-Encoding: chunked\r\n\r\n";
    for (int i = 0; i < 50; ++i) body += "10000\r\n" + std::string(65536, 'x') + "\r\n";
    CHECK_THAT(say(world, *chunked, body), StartsWith("HTTP/1.1 413"));
    CHECK(world.asked.empty());
}

TEST_CASE("web pages are refused whatever they try, own clients are not") {
    const auto ask = [](std::string_view method, std::string_view host, std::initializer_list<std::pair<std::string, std::string>> headers) {
        ports::Request request;
        request.method = method;
        for (const auto& [name, value] : headers) request.headers.add(name, value);
        const auto refused = gateway::guard(request, host, 6443);
        return refused ? refused->status : 200;
    };
    for (const char* host : {"127.0.0.1:6443", "localhost:6443", "LOCALHOST:6443", "[::1]:6443"}) CHECK(ask("GET", host, {}) == 200);
    for (const char* host : {"evil.example", "evil.example:6443", "127.0.0.1", "127.0.0.1:80", "localhost:6443.evil.example", "127.0.0.1.evil.example:6443",
                             "127.0.0.2:6443", "0.0.0.0:6443", "[::]:6443", "", ":6443", "user@127.0.0.1:6443", "127.0.0.1:6443:6443", "127.0.0.1:06443x"})
        CHECK(ask("GET", host, {}) == 421);
    for (const char* origin : {"http://evil.example", "https://127.0.0.1:6443", "null", "", "http://localhost:6443", "file://"}) {
        CHECK(ask("GET", "127.0.0.1:6443", {{"Origin", origin}}) == 403);
        CHECK(ask("OPTIONS", "127.0.0.1:6443", {{"Origin", origin}, {"Access-Control-Request-Method", "PUT"}}) == 403);
    }
    CHECK(ask("GET", "127.0.0.1:6443", {{"Origin", "https://evil.example"}, {"Upgrade", "websocket"}}) == 403);
    CHECK(ask("GET", "127.0.0.1:6443", {{"Origin", "https://127.0.0.1:6443"}, {"Upgrade", "websocket"}, {"Sec-Fetch-Site", "same-origin"}}) == 403);
    CHECK(ask("GET", "127.0.0.1:6443", {{"Sec-Fetch-Site", "cross-site"}}) == 403);
    // A library that names the endpoint itself in a WebSocket handshake.
    CHECK(ask("GET", "127.0.0.1:6443", {{"Origin", "https://127.0.0.1:6443"}, {"Upgrade", "websocket"}}) == 200);
}

TEST_CASE("a watch is a chunked stream that ends when the client goes") {
    World world;
    ports::Response watching;
    watching.watch = std::make_shared<sim::Channel<ports::WatchEvent>>();
    const auto channel = watching.watch;
    world.answers.push_back(std::move(watching));
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK_THAT(say(world, *http, "GET /api/v1/pods?watch=true HTTP/1.1\r\n" + kHost + "\r\n"), Contains("Transfer-Encoding: chunked"));
    channel->push({"ADDED", document::Value::object({{"kind", "Pod"}}), 0});
    const std::string line = "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\"}}\n";
    CHECK(settle(world, *http) == "29\r\n" + line + "\r\n");
    http->receiveEnd();
    CHECK(channel->closed());
    CHECK(http->finished());
}

TEST_CASE("a reader that does not read is cut off at 8 MiB, without a proper end") {
    World world;
    ports::Response watching;
    watching.watch = std::make_shared<sim::Channel<ports::WatchEvent>>();
    const auto channel = watching.watch;
    world.answers.push_back(std::move(watching));
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    (void)say(world, *http, "GET /api/v1/pods?watch=true HTTP/1.1\r\n" + kHost + "\r\n");
    for (int i = 0; i < 100; ++i) channel->push({"ADDED", document::Value(std::string(100'000, 'x')), 0});
    world.kernel.runUntil(world.kernel.now() + sim::kSecond);
    CHECK(channel->closed());
    const std::string rest = settle(world, *http);
    CHECK(rest.find("0\r\n\r\n") == std::string::npos);
    CHECK(http->finished());
}

TEST_CASE("large answers are compressed for those who take it") {
    World world;
    world.answers = {text(std::string(200'000, 'a')), text(std::string(200'000, 'a')), text(std::string(1000, 'a')), text(std::string(200'000, 'a'))};
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    const std::string small = say(world, *http, "GET /x HTTP/1.1\r\n" + kHost + "Accept-Encoding: gzip\r\n\r\n");
    CHECK_THAT(small, Contains("Content-Encoding: gzip"));
    CHECK(small.size() < 10'000);
    CHECK(say(world, *http, "GET /x HTTP/1.1\r\n" + kHost + "\r\n").size() > 200'000);
    CHECK_THAT(say(world, *http, "GET /x HTTP/1.1\r\n" + kHost + "Accept-Encoding: gzip\r\n\r\n"), !Contains("Content-Encoding"));
    CHECK_THAT(say(world, *http, "GET /x HTTP/1.1\r\n" + kHost + "Accept-Encoding: gzip;q=0\r\n\r\n"), !Contains("Content-Encoding"));
}

TEST_CASE("a request that is never answered ends with a time-out after a minute") {
    World world;
    world.silent = true;
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK(say(world, *http, "GET /api HTTP/1.1\r\n" + kHost + "\r\n").empty());
    world.kernel.runUntil(61 * sim::kSecond);
    CHECK_THAT(settle(world, *http), StartsWith("HTTP/1.1 504"));
}

TEST_CASE("a client that waits for leave to send its body gets it") {
    World world;
    world.answers = {text("ok")};
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK(say(world, *http, "PUT /x HTTP/1.1\r\n" + kHost + "Expect: 100-continue\r\nContent-Length: 3\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
    CHECK_THAT(say(world, *http, "abc"), StartsWith("HTTP/1.1 200"));
    CHECK(world.asked[0].body == "abc");
}

TEST_CASE("when nobody listens at the simulated endpoint the connection ends without a word") {
    World world;
    ports::Response nobody;
    nobody.status = 0;
    world.answers.push_back(std::move(nobody));
    int told = 0;
    world.backend.unreachable = [&] { ++told; };
    auto http = gateway::makeHttp1(world.backend, {}, [] {});
    CHECK(say(world, *http, "GET /version HTTP/1.1\r\n" + kHost + "\r\n").empty());
    CHECK(http->finished());
    CHECK(told == 1);
}
