#include "unit/apiserver/harness.h"

using document::Value;
using testing::Server;

#define SHOW(response) INFO(document::writeJson((response).object))

TEST_CASE("a fresh server has the bootstrap objects of a new cluster") {
    Server s;
    CHECK(s.call("GET", "/api/v1/namespaces/kube-system").status == 200);
    CHECK(s.call("GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin").status == 200);
    const auto service = s.call("GET", "/api/v1/namespaces/default/services/kubernetes");
    SHOW(service);
    CHECK(service.object.at("spec", "clusterIP").asString() == "10.96.0.1");
    CHECK(s.call("GET", "/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical").status == 200);
}

TEST_CASE("objects are created, read, replaced, patched and deleted") {
    Server s;
    const std::string base = "/api/v1/namespaces/default/configmaps";
    auto made = s.call("POST", base, Server::json(R"({"metadata":{"name":"a"},"data":{"k":"1"}})"));
    SHOW(made);
    REQUIRE(made.status == 201);
    CHECK(made.object["metadata"]["uid"].asString().size() == 36);
    CHECK(s.call("POST", base, Server::json(R"({"metadata":{"name":"a"}})")).status == 409);
    auto patched = s.call("PATCH", base + "/a", Server::json(R"({"data":{"k":null,"j":"2"}})"),
                          "application/merge-patch+json");
    SHOW(patched);
    CHECK(patched.object["data"] == Server::json(R"({"j":"2"})"));
    auto stale = s.call("PUT", base + "/a", made.object);
    CHECK(stale.status == 409);
    CHECK(stale.object["message"].asString() ==
          "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply "
          "your changes to the latest version and try again");
    auto same = s.call("PATCH", base + "/a", Server::json(R"({"data":{"j":"2"}})"), "application/merge-patch+json");
    CHECK(same.object["metadata"]["resourceVersion"] == patched.object["metadata"]["resourceVersion"]);
    auto gone = s.call("DELETE", base + "/a");
    CHECK(gone.object["status"].asString() == "Success");
    CHECK(s.call("GET", base + "/a").status == 404);
}

TEST_CASE("a pod gets defaults, an account and a graceful end") {
    Server s;
    s.makeNamespace("web");
    const std::string base = "/api/v1/namespaces/web/pods";
    auto made = s.call("POST", base, testing::podNamed("p"));
    SHOW(made);
    REQUIRE(made.status == 201);
    CHECK(made.object.at("spec", "serviceAccountName").asString() == "default");
    CHECK(made.object.at("status", "qosClass").asString() == "BestEffort");
    CHECK(made.object.at("spec", "tolerations").size() == 2);
    auto bound = s.call("POST", base + "/p/binding",
                        Server::json(R"({"metadata":{"name":"p"},"target":{"kind":"Node","name":"n1"}})"));
    SHOW(bound);
    CHECK(bound.status == 201);
    auto deleted = s.call("DELETE", base + "/p");
    SHOW(deleted);
    CHECK(deleted.object["metadata"]["deletionGracePeriodSeconds"].asInt() == 30);
    CHECK(s.call("GET", base + "/p").status == 200);
    CHECK(s.call("DELETE", base + "/p", Server::json(R"({"gracePeriodSeconds":0})")).status == 200);
    CHECK(s.call("GET", base + "/p").status == 404);
}

TEST_CASE("a watch sees every change once and in order") {
    Server s;
    s.makeNamespace("web");
    const std::string base = "/api/v1/namespaces/web/configmaps";
    auto listed = s.call("GET", base);
    auto opened = s.call("GET", base + "?watch=true&resourceVersion=" +
                                    listed.object["metadata"]["resourceVersion"].text());
    REQUIRE(opened.watch);
    s.call("POST", base, Server::json(R"({"metadata":{"name":"a","labels":{"x":"1"}}})"));
    s.call("PATCH", base + "/a", Server::json(R"({"data":{"k":"v"}})"), "application/merge-patch+json");
    s.call("DELETE", base + "/a");
    std::string seen;
    while (auto event = opened.watch->tryPop()) seen += event->type + " ";
    CHECK(seen == "ADDED MODIFIED DELETED ");
    auto replay = s.call("GET", base + "?watch=true&resourceVersion=" +
                                    listed.object["metadata"]["resourceVersion"].text());
    seen.clear();
    while (auto event = replay.watch->tryPop()) seen += event->type + " ";
    CHECK(seen == "ADDED MODIFIED DELETED ");
}

TEST_CASE("services get addresses and node ports from their ranges") {
    Server s;
    auto made = s.call("POST", "/api/v1/namespaces/default/services",
                       Server::json(R"({"metadata":{"name":"web"},"spec":{"type":"NodePort","ports":[{"port":80}]}})"));
    SHOW(made);
    REQUIRE(made.status == 201);
    const auto ip = base::IpAddress::parse(made.object.at("spec", "clusterIP").asString());
    REQUIRE(ip);
    CHECK(base::IpPrefix::parse("10.96.0.0/12")->contains(*ip));
    const auto port = made.object.at("spec", "ports")[0]["nodePort"].asInt();
    CHECK(port >= 30000);
    CHECK(port <= 32767);
}

TEST_CASE("server-side apply reports conflicts and lets a manager give fields up") {
    Server s;
    const std::string path = "/api/v1/namespaces/default/configmaps/c";
    const std::string type = "application/apply-patch+yaml";
    const auto config = [](const char* data) {
        return Server::json(std::string(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":)") + data + "}");
    };
    auto first = s.call("PATCH", path + "?fieldManager=one", config(R"({"a":"1","b":"2"})"), type);
    SHOW(first);
    REQUIRE(first.status == 201);
    auto refused = s.call("PATCH", path + "?fieldManager=two", config(R"({"b":"3","c":"4"})"), type);
    CHECK(refused.status == 409);
    CHECK(refused.object["message"].asString() == "Apply failed with 1 conflict: conflict with \"one\": .data.b");
    auto forced = s.call("PATCH", path + "?fieldManager=two&force=true", config(R"({"b":"3","c":"4"})"), type);
    CHECK(forced.status == 200);
    auto dropped = s.call("PATCH", path + "?fieldManager=one", config("{}"), type);
    SHOW(dropped);
    CHECK(dropped.object["data"] == Server::json(R"({"b":"3","c":"4"})"));
}

TEST_CASE("a scale has a table of its own") {
    Server s;
    const std::string base = "/apis/apps/v1/namespaces/default/deployments";
    s.call("POST", base,
           Server::json(R"({"metadata":{"name":"web"},"spec":{"replicas":3,"selector":{"matchLabels":{"a":"b"}},)"
                        R"("template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}}})"));
    ports::Request request;
    request.path = base + "/web/scale";
    request.headers.set("Accept", "application/json;as=Table;v=v1;g=meta.k8s.io");
    const auto answer = s.server->serveAs(s.admin, std::move(request));
    CHECK(answer.object["kind"].asString() == "Table");
    const Value& cells = answer.object["rows"][0]["cells"];
    REQUIRE(cells.size() == 4);
    CHECK(cells[0].asString() == "web");
    CHECK(cells[1].asInt() == 3);
    CHECK(cells[2].asInt() == 0);
    CHECK(answer.object["columnDefinitions"][1]["name"].asString() == "Desired");
}

TEST_CASE("a service's address and ports are refused before its name is found taken") {
    Server s;
    const std::string base = "/api/v1/namespaces/default/services";
    REQUIRE(s.call("POST", base, Server::json(R"({"metadata":{"name":"web"},"spec":{"ports":[{"port":80}]}})")).status == 201);
    const auto refused = s.call("POST", base, Server::json(R"({"metadata":{"name":"web"},"spec":{"type":"NodePort","ports":[{"port":80,"nodePort":80}]}})"));
    CHECK(refused.status == 422);
    const auto taken = s.call("POST", base, Server::json(R"({"metadata":{"name":"web"},"spec":{"clusterIP":"10.96.0.77","ports":[{"port":80}]}})"));
    CHECK(taken.status == 409);
    // The address that the refused one was given is free again.
    CHECK(s.call("POST", base, Server::json(R"({"metadata":{"name":"other"},"spec":{"clusterIP":"10.96.0.77","ports":[{"port":80}]}})")).status == 201);
}

TEST_CASE("a strategic patch cannot change what kind an object is") {
    Server s;
    const std::string base = "/api/v1/namespaces/default/configmaps";
    s.call("POST", base, Server::json(R"({"metadata":{"name":"a"},"data":{"k":"v"}})"));
    const auto patched = s.call("PATCH", base + "/a", Server::json(R"({"kind":"Pod"})"), "application/strategic-merge-patch+json");
    CHECK(patched.status == 200);
    CHECK(patched.object["kind"].asString() == "ConfigMap");
}

TEST_CASE("a cluster with one family of addresses refuses services that require two") {
    Server server;
    server.makeNamespace("default");
    const auto said = [&](const char* spec) {
        const auto answer = server.call("POST", "/api/v1/namespaces/default/services",
                                        Server::json(std::string(R"({"apiVersion":"v1","kind":"Service","metadata":{"generateName":"s"},"spec":)") + spec + "}"));
        return answer.status == 201 ? std::string("fine") : answer.object["details"]["causes"][0]["message"].text();
    };
    const std::string dual = "Invalid value: \"RequireDualStack\": this cluster is not configured for dual-stack services";
    CHECK(said(R"({"ipFamilyPolicy":"RequireDualStack","selector":{"a":"b"},"ports":[{"port":80}]})") == dual);
    CHECK(said(R"({"ipFamilyPolicy":"RequireDualStack","clusterIP":"None","selector":{"a":"b"},"ports":[{"port":80}]})") == dual);
    CHECK(said(R"({"ipFamilies":["IPv6"],"selector":{"a":"b"},"ports":[{"port":80}]})") == "Invalid value: \"IPv6\": not configured on this cluster");
    CHECK(said(R"({"ipFamilyPolicy":"PreferDualStack","selector":{"a":"b"},"ports":[{"port":80}]})") == "fine");
    CHECK(said(R"({"ipFamilyPolicy":"RequireDualStack","clusterIP":"None","ports":[{"port":80}]})") == "fine");
}

TEST_CASE("what a node may do is not told in full") {
    Server server;
    apiserver::UserInfo node;
    node.name = "system:node:n";
    node.groups = {"system:nodes", "system:authenticated"};
    const Value asked = Server::json(R"({"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectRulesReview","spec":{"namespace":"default"}})");
    const auto review = [&](const apiserver::UserInfo& user) {
        return server.callAs(user, "POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", asked).object["status"];
    };
    CHECK(review(node)["incomplete"].asBool());
    CHECK(review(node)["evaluationError"].asString() == "node authorizer does not support user rule resolution");
    node.name = "jane";
    node.groups = {"system:authenticated"};
    CHECK_FALSE(review(node)["incomplete"].asBool());
}
