// What goes over the wire beside the object itself: encodings, refusals of the router, the audit log.
#include "api/protobuf.h"
#include "unit/apiserver/harness.h"

using document::Value;
using testing::Server;

namespace {

// Through the whole pipeline, as a client without credentials.
ports::Response ask(Server& s, ports::Request request) {
    std::optional<ports::Response> answer;
    struct Run {
        static sim::Task<void> run(apiserver::ApiServer* server, ports::Request request,
                                   std::optional<ports::Response>* out) {
            ports::Response got = co_await server->handle(std::move(request));
            *out = std::move(got);
        }
    };
    sim::Scope scope(s.kernel);
    scope.spawn(Run::run(s.server.get(), std::move(request), &answer), "test");
    s.kernel.runUntil(s.kernel.now() + sim::kSecond);
    REQUIRE(answer);
    return std::move(*answer);
}

ports::Request get(const std::string& path, const std::string& accept) {
    ports::Request request;
    request.method = "GET";
    request.path = path;
    request.headers.set("Accept", accept);
    return request;
}

} // namespace

TEST_CASE("refusals and discovery come in the encoding that is asked for") {
    Server s;
    constexpr const char* kProtobuf = "application/vnd.kubernetes.protobuf";
    auto refused = ask(s, get("/api/v1/namespaces/default/secrets/a", kProtobuf));
    CHECK(refused.status == 403);
    CHECK(refused.contentType() == kProtobuf);
    auto status = api::decodeProtobuf(refused.body);
    REQUIRE(status.ok());
    CHECK((*status)["reason"].asString() == "Forbidden");
    auto version = ask(s, get("/version", "application/json"));
    CHECK(version.status == 200);
    CHECK(version.body.find("\"gitVersion\": \"v1.35.4\"") != std::string::npos);
}

TEST_CASE("the router refuses what no route takes") {
    Server s;
    s.makeNamespace("web");
    s.call("POST", "/api/v1/namespaces/web/pods", testing::podNamed("p"));
    const std::string pod = "/api/v1/namespaces/web/pods/p";
    const auto message = [](const ports::Response& response) { return response.object["message"].text(); };
    auto patched = s.call("PATCH", pod, Server::json("{}"), "application/json");
    CHECK(patched.status == 415);
    CHECK(message(patched) == "415: Unsupported Media Type");
    CHECK(s.call("GET", pod + "/status/deeper").status == 404);
    CHECK(s.call("GET", pod + "/nosuch").status == 404);
    auto watch = s.call("GET", "/api/v1/namespaces/web/pods?watch=1&resourceVersion=abc");
    CHECK(message(watch) == "resourceVersion: Invalid value: \"abc\": strconv.ParseUint: parsing \"abc\": invalid syntax");
}

TEST_CASE("the audit policy decides what of a request is written") {
    std::vector<Value> lines;
    apiserver::Config config;
    config.auditPolicy = Server::json(R"({"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],
      "rules":[{"level":"None","nonResourceURLs":["/version"]},
               {"level":"Metadata","resources":[{"group":"","resources":["secrets"]}]},
               {"level":"Request"}]})");
    config.auditLog = [&lines](const std::string& line) { lines.push_back(Server::json(line)); };
    Server s(std::move(config));
    ask(s, get("/version", "application/json"));
    CHECK(lines.empty());
    ask(s, get("/api/v1/namespaces/default/secrets/a", "application/json"));
    REQUIRE(lines.size() == 1);
    INFO(document::writeJson(lines[0]));
    CHECK(lines[0]["level"].asString() == "Metadata");
    CHECK(lines[0]["stage"].asString() == "ResponseComplete");
    CHECK(lines[0]["verb"].asString() == "get");
    CHECK(lines[0].at("user", "username").asString() == "system:anonymous");
    CHECK(lines[0].at("objectRef", "name").asString() == "a");
    CHECK(lines[0].at("responseStatus", "code").asInt() == 403);
    CHECK(lines[0].at("annotations", "authorization.k8s.io/decision").asString() == "forbid");
    ask(s, get("/api/v1/nodes", "application/json"));
    REQUIRE(lines.size() == 2);
    CHECK(lines[1]["level"].asString() == "Request");
}
