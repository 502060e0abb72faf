// What lies in etcd, what watchers see of deletions, and what strict decoding says.
#include "unit/apiserver/harness.h"

using document::Value;
using testing::Server;

#define SHOW(response) INFO(document::writeJson((response).object))

namespace {

apiserver::EncryptionProvider keyed(const std::string& kind, const std::string& name, char fill) {
    return {kind, {{name, std::string(32, fill)}}};
}

apiserver::Config encrypting(std::vector<apiserver::EncryptionProvider> providers) {
    apiserver::Config config;
    config.encryption = {{{"secrets"}, std::move(providers)}};
    return config;
}

std::string inEtcd(Server& s, const std::string& key) {
    const store::ChangePtr change = s.store.get(key);
    if (!change) return "absent";
    return change->value.isString() ? change->value.text() : "plain";
}

std::string eventsOf(ports::Response& watch) {
    std::string seen;
    while (auto event = watch.watch->tryPop()) {
        seen += event->type;
        const Value& grace = event->object.at("metadata", "deletionGracePeriodSeconds");
        if (grace.isInt()) seen += "(" + std::to_string(grace.asInt()) + ")";
        seen += " ";
    }
    return seen;
}

ports::Response postText(Server& s, const std::string& path, const std::string& body, const std::string& query) {
    ports::Request request;
    request.method = "POST";
    request.path = path;
    request.query = ports::Query::parse(query);
    request.headers.set("Content-Type", "application/json");
    request.body = body;
    return s.server->serveAs(s.admin, std::move(request));
}

} // namespace

TEST_CASE("secrets are encrypted by the first provider and read by all") {
    for (const char* kind : {"aescbc", "aesgcm", "secretbox"}) {
        Server s(encrypting({keyed(kind, "key1", 'a'), {"identity", {}}}));
        const std::string base = "/api/v1/namespaces/default/secrets", key = "/registry/secrets/default/a";
        REQUIRE(s.call("POST", base, Server::json(R"({"metadata":{"name":"a"},"data":{"k":"dg=="}})")).status == 201);
        CHECK(inEtcd(s, key).starts_with("k8s:enc:" + std::string(kind) + ":v1:key1:"));
        CHECK(inEtcd(s, key).find("dg==") == std::string::npos);
        const auto read = s.call("GET", base + "/a");
        SHOW(read);
        CHECK(read.object.at("data", "k").asString() == "dg==");
        s.call("POST", "/api/v1/namespaces/default/configmaps", Server::json(R"({"metadata":{"name":"c"}})"));
        CHECK(inEtcd(s, "/registry/configmaps/default/c") == "plain");

        // A new key writes, the old one still reads; an unchanged object is written again.
        s.server = std::make_unique<apiserver::ApiServer>(
            s.kernel, s.etcd, encrypting({keyed(kind, "key2", 'b'), keyed(kind, "key1", 'a')}));
        const auto again = s.call("GET", base + "/a");
        CHECK(again.object.at("data", "k").asString() == "dg==");
        CHECK(s.call("PUT", base + "/a", again.object).status == 200);
        CHECK(inEtcd(s, key).starts_with("k8s:enc:" + std::string(kind) + ":v1:key2:"));

        s.server = std::make_unique<apiserver::ApiServer>(s.kernel, s.etcd, apiserver::Config());
        const auto refused = s.call("GET", base + "/a");
        CHECK(refused.status == 500);
        CHECK(refused.object["message"].asString() ==
              "Internal error occurred: identity transformer tried to read encrypted data");
    }
}

TEST_CASE("watchers see the shortest grace period before a pod goes") {
    Server s;
    s.makeNamespace("web");
    const std::string base = "/api/v1/namespaces/web/pods";
    REQUIRE(s.call("POST", base, testing::podNamed("p")).status == 201);
    s.call("POST", base + "/p/binding",
           Server::json(R"({"metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}})"));
    const auto listed = s.call("GET", base);
    auto watch = s.call("GET", base + "?watch=true&resourceVersion=" +
                                   listed.object["metadata"]["resourceVersion"].text());
    s.call("DELETE", base + "/p");
    CHECK(s.call("DELETE", base + "/p", Server::json(R"({"gracePeriodSeconds":60})")).status == 200);
    s.call("DELETE", base + "/p", Server::json(R"({"gracePeriodSeconds":0})"));
    CHECK(eventsOf(watch) == "MODIFIED(30) MODIFIED(0) DELETED(0) ");
    CHECK(s.call("GET", base + "/p").status == 404);
}

TEST_CASE("a definition goes after its objects, and takes no new ones meanwhile") {
    Server s;
    const std::string definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
    REQUIRE(s.call("POST", definitions, Server::json(R"({"apiVersion":"apiextensions.k8s.io/v1",
      "kind":"CustomResourceDefinition","metadata":{"name":"ws.lab.test"},"spec":{"group":"lab.test","scope":"Cluster",
      "names":{"plural":"ws","singular":"w","kind":"W","listKind":"WList"},"versions":[{"name":"v1","served":true,
      "storage":true,"schema":{"openAPIV3Schema":{"type":"object"}}}]}})")).status == 201);
    s.kernel.runUntil(s.kernel.now() + sim::kSecond);
    const std::string base = "/apis/lab.test/v1/ws";
    const auto object = [](const std::string& name) {
        return Server::json(R"({"apiVersion":"lab.test/v1","kind":"W","metadata":{"name":")" + name +
                            R"(","finalizers":["lab.test/hold"]}})");
    };
    REQUIRE(s.call("POST", base, object("one")).status == 201);
    const auto deleted = s.call("DELETE", definitions + "/ws.lab.test");
    SHOW(deleted);
    CHECK(deleted.object.at("metadata", "finalizers")[0].asString() ==
          "customresourcecleanup.apiextensions.k8s.io");
    CHECK(s.call("POST", base, object("two")).status == 405);
    s.kernel.runUntil(s.kernel.now() + 10 * sim::kSecond);
    REQUIRE(s.call("GET", base + "/one").status == 200);
    CHECK(s.call("GET", definitions + "/ws.lab.test").status == 200);
    s.call("PATCH", base + "/one", Server::json(R"({"metadata":{"finalizers":null}})"), "application/merge-patch+json");
    s.kernel.runUntil(s.kernel.now() + 10 * sim::kSecond);
    CHECK(s.call("GET", definitions + "/ws.lab.test").status == 404);
    CHECK(s.call("GET", base + "/one").status == 404);
}

TEST_CASE("strict decoding names repeated and unknown fields in the order of the text") {
    Server s;
    const std::string path = "/api/v1/namespaces/default/configmaps";
    const std::string body = R"({"metadata":{"name":"a","lable":1},"data":{"k":"1","k":"2"},"dta":{}})";
    const auto refused = postText(s, path, body, "fieldValidation=Strict");
    SHOW(refused);
    CHECK(refused.object["message"].asString() ==
          "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: unknown field "
          "\"metadata.lable\", duplicate field \"data.k\", unknown field \"dta\"");
    CHECK(postText(s, path, body, "fieldValidation=Ignore").status == 201);
    const auto broken = postText(s, path, "no", "");
    CHECK(broken.object["message"].asString() ==
          "the object provided is unrecognized (must be of type ConfigMap): couldn't get version/kind; json parse "
          "error: invalid character 'o' in literal null (expecting 'u') (6e6f)");
}

TEST_CASE("a flow schema says whether its priority level exists") {
    Server s;
    const std::string base = "/apis/flowcontrol.apiserver.k8s.io/v1/";
    const auto made = s.call("POST", base + "flowschemas", Server::json(R"({"apiVersion":
      "flowcontrol.apiserver.k8s.io/v1","kind":"FlowSchema","metadata":{"name":"f"},"spec":{"matchingPrecedence":500,
      "priorityLevelConfiguration":{"name":"slow"},"rules":[{"subjects":[{"kind":"Group","group":{"name":"g"}}],
      "nonResourceRules":[{"verbs":["*"],"nonResourceURLs":["*"]}]}]}})"));
    SHOW(made);
    REQUIRE(made.status == 201);
    const auto dangling = [&] {
        s.kernel.runUntil(s.kernel.now() + sim::kSecond);
        return s.call("GET", base + "flowschemas/f").object.at("status", "conditions")[0]["status"].text();
    };
    CHECK(dangling() == "True");
    REQUIRE(s.call("POST", base + "prioritylevelconfigurations", Server::json(R"({"apiVersion":
      "flowcontrol.apiserver.k8s.io/v1","kind":"PriorityLevelConfiguration","metadata":{"name":"slow"},
      "spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}}})")).status == 201);
    CHECK(dangling() == "False");
}

TEST_CASE("lists of a past that is more than two compactions old end with 410; the picture of the past stays") {
    apiserver::Config config;
    config.compactionInterval = 5 * sim::kMinute;
    Server s(std::move(config));
    const std::string base = "/api/v1/namespaces/default/configmaps";
    s.makeNamespace("default");
    REQUIRE(s.call("POST", base, Server::json(R"({"metadata":{"name":"a"}})")).status == 201);
    const std::int64_t old = s.store.revision();
    REQUIRE(s.call("POST", base, Server::json(R"({"metadata":{"name":"b"}})")).status == 201);
    const std::string exact = base + "?resourceVersionMatch=Exact&resourceVersion=" + std::to_string(old);
    const auto pass = [&](sim::Duration time) { s.kernel.runUntil(s.kernel.now() + time); };
    pass(6 * sim::kMinute);
    CHECK(s.call("GET", exact).status == 200);
    pass(5 * sim::kMinute);
    const auto expired = s.call("GET", exact);
    CHECK(expired.status == 410);
    CHECK(expired.object["reason"].asString() == "Expired");
    CHECK(s.call("GET", base).object["items"].size() == 2);
    CHECK(s.store.get("compact_rev_key")->value.text() == std::to_string(s.store.compactedRevision()));
    const std::string prefix = "/registry/configmaps/default/";
    CHECK(s.store.historyAt(old, prefix, store::Store::prefixEnd(prefix)).size() == 1);
}
