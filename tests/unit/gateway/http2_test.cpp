// HTTP/2 against a client of the same library, over memory.
#include "support.h"

#include <catch2/catch.hpp>

#include <nghttp2/nghttp2.h>

#include <map>

using namespace gateway_test;

namespace {
struct Client {
    struct Reply {
        std::map<std::string, std::string> headers;
        std::string body;
        bool closed = false;
        std::uint32_t code = 0;
    };
    std::map<std::int32_t, Reply> replies;
    std::uint32_t goaway = UINT32_MAX;
    nghttp2_session* session = nullptr;

    Client() {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_header_callback(
            callbacks, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t n, const std::uint8_t* value, std::size_t v, std::uint8_t, void* user) {
                static_cast<Client*>(user)->replies[frame->hd.stream_id].headers[std::string(reinterpret_cast<const char*>(name), n)] = std::string(reinterpret_cast<const char*>(value), v);
                return 0;
            });
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t n, void* user) {
            static_cast<Client*>(user)->replies[id].body.append(reinterpret_cast<const char*>(data), n);
            return 0;
        });
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, [](nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
            auto& reply = static_cast<Client*>(user)->replies[id];
            reply.closed = true;
            reply.code = code;
            return 0;
        });
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
            if (frame->hd.type == NGHTTP2_GOAWAY) static_cast<Client*>(user)->goaway = frame->goaway.error_code;
            return 0;
        });
        nghttp2_session_client_new(&session, callbacks, this);
        nghttp2_session_callbacks_del(callbacks);
        nghttp2_submit_settings(session, 0, nullptr, 0);
    }
    ~Client() { nghttp2_session_del(session); }

    std::int32_t ask(std::string path, std::string authority = "127.0.0.1:6443", std::string method = "GET", const nghttp2_data_provider* body = nullptr) {
        std::vector<std::pair<std::string, std::string>> fields{{":method", method}, {":scheme", "https"}, {":path", path}, {":authority", authority}};
        std::vector<nghttp2_nv> list;
        for (auto& [name, value] : fields)
            list.push_back({reinterpret_cast<std::uint8_t*>(name.data()), reinterpret_cast<std::uint8_t*>(value.data()), name.size(), value.size(), 0});
        return nghttp2_submit_request(session, nullptr, list.data(), list.size(), body, nullptr);
    }
    // Both sides talk until neither has anything to say.
    void talk(World& world, gateway::Protocol& server) {
        for (int quiet = 0; quiet < 3;) {
            ++quiet;
            const std::uint8_t* data = nullptr;
            for (ssize_t n; (n = nghttp2_session_mem_send(session, &data)) > 0; quiet = 0) server.receive({reinterpret_cast<const char*>(data), static_cast<std::size_t>(n)});
            world.kernel.runUntil(world.kernel.now() + 5 * sim::kMillisecond);
            for (std::string piece; !(piece = server.take(16 * 1024)).empty(); quiet = 0)
                REQUIRE(nghttp2_session_mem_recv(session, reinterpret_cast<const std::uint8_t*>(piece.data()), piece.size()) >= 0);
        }
    }
};

ports::Response text(std::string body) {
    ports::Response response;
    response.headers.set("Content-Type", "text/plain");
    response.body = std::move(body);
    return response;
}
ports::Response watch(std::shared_ptr<sim::Channel<ports::WatchEvent>> channel) {
    ports::Response response;
    response.watch = std::move(channel);
    return response;
}
} // namespace

TEST_CASE("a request over HTTP/2 reaches the backend and its answer comes back whole") {
    World world;
    world.answers = {text(std::string(1'000'000, 'x'))};
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    const auto id = client.ask("/api/v1/pods?limit=5");
    client.talk(world, *server);
    REQUIRE(world.asked.size() == 1);
    CHECK(world.asked[0].path == "/api/v1/pods");
    CHECK(world.asked[0].query.get("limit") == "5");
    CHECK(client.replies[id].headers[":status"] == "200");
    CHECK(client.replies[id].body.size() == 1'000'000);
    CHECK(client.replies[id].closed);
    CHECK(server->phase() == gateway::Phase::Idle);
}

TEST_CASE("many watches share a connection, and a reset ends its own only") {
    World world;
    std::vector<std::shared_ptr<sim::Channel<ports::WatchEvent>>> channels;
    for (int i = 0; i < 100; ++i) {
        channels.push_back(std::make_shared<sim::Channel<ports::WatchEvent>>());
        world.answers.push_back(watch(channels.back()));
    }
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    std::vector<std::int32_t> ids;
    for (int i = 0; i < 100; ++i) ids.push_back(client.ask("/api/v1/pods?watch=1"));
    client.talk(world, *server);
    for (const auto& channel : channels) channel->push({"ADDED", document::Value("x"), 0});
    client.talk(world, *server);
    for (const auto id : ids) CHECK(client.replies[id].body == "{\"type\":\"ADDED\",\"object\":\"x\"}\n");
    nghttp2_submit_rst_stream(client.session, 0, ids[7], NGHTTP2_CANCEL);
    client.talk(world, *server);
    CHECK(channels[7]->closed());
    CHECK_FALSE(channels[8]->closed());
    channels[8]->close();
    client.talk(world, *server);
    CHECK(client.replies[ids[8]].closed);
    CHECK(client.replies[ids[8]].code == NGHTTP2_NO_ERROR);
}

TEST_CASE("a foreign authority is refused on its stream and the connection lives on") {
    World world;
    world.answers = {text("ok")};
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    const auto bad = client.ask("/api", "evil.example"), good = client.ask("/api");
    client.talk(world, *server);
    CHECK(client.replies[bad].headers[":status"] == "421");
    CHECK(client.replies[good].body == "ok");
    CHECK(world.asked.size() == 1);
}

TEST_CASE("a body beyond 3 MiB is refused over HTTP/2 while it is still coming") {
    World world;
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    nghttp2_data_provider endless{};
    endless.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* out, std::size_t n, std::uint32_t*, nghttp2_data_source*, void*) {
        std::fill(out, out + n, 'x');
        return static_cast<ssize_t>(n);
    };
    const auto id = client.ask("/api/v1/namespaces", "127.0.0.1:6443", "POST", &endless);
    client.talk(world, *server);
    CHECK(client.replies[id].headers[":status"] == "413");
    CHECK(client.replies[id].closed);
    CHECK(world.asked.empty());
}

TEST_CASE("a slow reader of one stream loses that stream, not the connection") {
    World world;
    const auto channel = std::make_shared<sim::Channel<ports::WatchEvent>>();
    world.answers = {watch(channel)};
    world.answers.push_back(text("ok"));
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    const auto id = client.ask("/api/v1/pods?watch=1");
    client.talk(world, *server);
    for (int i = 0; i < 100; ++i) channel->push({"ADDED", document::Value(std::string(100'000, 'x')), 0});
    world.kernel.runUntil(world.kernel.now() + sim::kSecond); // nobody takes meanwhile
    client.talk(world, *server);
    CHECK(channel->closed());
    CHECK(client.replies[id].closed);
    CHECK(client.replies[id].code != NGHTTP2_NO_ERROR);
    const auto other = client.ask("/version");
    client.talk(world, *server);
    CHECK(client.replies[other].body == "ok");
}

TEST_CASE("closing the endpoint says GOAWAY, and garbage ends the connection") {
    World world;
    auto server = gateway::makeHttp2(world.backend, {}, [] {});
    Client client;
    (void)client.ask("/version");
    client.talk(world, *server);
    server->shutdown();
    client.talk(world, *server);
    CHECK(client.goaway == NGHTTP2_NO_ERROR);
    CHECK(server->finished());
    auto other = gateway::makeHttp2(world.backend, {}, [] {});
    (void)say(world, *other, "GET / HTTP/1.1\r\n\r\n");
    CHECK(other->finished());
}
