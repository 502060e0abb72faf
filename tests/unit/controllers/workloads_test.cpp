#include "unit/controllers/world.h"

using namespace testing;

namespace {

const std::string kApps = "/apis/apps/v1/namespaces/default";

std::string deployment(const std::string& name, int replicas, const std::string& image,
                       const std::string& more = "") {
    return R"({"metadata":{"name":")" + name + R"("},"spec":{"replicas":)" +
           std::to_string(replicas) + more + R"(,"selector":{"matchLabels":{"app":")" + name +
           R"("}},"template":{"metadata":{"labels":{"app":")" + name +
           R"("}},"spec":{"containers":[{"name":"c","image":")" + image + R"("}]}}}})";
}

} // namespace

TEST_CASE(
    "a fresh control plane serves namespaces, accounts and a deployment under its own roles") {
    World world;
    world.addNode("n1");
    world.addNode("n2");
    world.run(5 * sim::kSecond);
    for (const std::string& line : world.log) UNSCOPED_INFO(line);
    CHECK(world.get("/api/v1/namespaces/default/serviceaccounts/default")["kind"].asString() ==
          "ServiceAccount");
    CHECK(world.get("/api/v1/namespaces/default/configmaps/kube-root-ca.crt")
              .at("data")
              .has("ca.crt"));
    CHECK(world.get("/api/v1/nodes/n1").at("spec", "podCIDR").asString() == "10.244.0.0/24");
    world.create(kApps + "/deployments", deployment("web", 3, "nginx:1"));
    world.run(10 * sim::kSecond);
    const Value web = world.get(kApps + "/deployments/web");
    INFO(document::writeJson(web["status"]));
    CHECK(web.at("status", "availableReplicas").asInt() == 3);
    CHECK(api::conditionOf(web, "Progressing")["reason"].asString() == "NewReplicaSetAvailable");
    CHECK(web.at("status", "terminatingReplicas").isInt());
    const auto pods = world.list("/api/v1/namespaces/default/pods");
    REQUIRE(pods.size() == 3);
    std::set<std::string> nodes;
    for (const Value& pod : pods) nodes.insert(std::string(api::podNode(pod)));
    CHECK(nodes.size() == 2);
    CHECK(world.events("default", "web").size() == 1);
}

TEST_CASE("a rolling update keeps to surge and availability and leaves its history") {
    World world;
    world.addNode("n1");
    world.create(kApps + "/deployments", deployment("web", 4, "nginx:1"));
    world.run(10 * sim::kSecond);
    world.merge(
        kApps + "/deployments/web",
        R"({"spec":{"template":{"spec":{"containers":[{"name":"c","image":"nginx:2"}]}}}})");
    std::int64_t least = 4, most = 4;
    for (int i = 0; i < 300; ++i) {
        world.run(100 * sim::kMillisecond);
        std::int64_t ready = 0, total = 0;
        for (const Value& pod : world.list("/api/v1/namespaces/default/pods")) {
            if (api::isDeleting(pod)) continue;
            ++total;
            ready += api::podReady(pod) ? 1 : 0;
        }
        least = std::min(least, ready);
        most = std::max(most, total);
    }
    CHECK(least == 3);
    CHECK(most == 5);
    const Value web = world.get(kApps + "/deployments/web");
    CHECK(web.at("status", "updatedReplicas").asInt() == 4);
    CHECK(api::annotationOf(web, "deployment.kubernetes.io/revision") == "2");
    CHECK(world.list(kApps + "/replicasets").size() == 2);
}

TEST_CASE("deleting a deployment takes everything below it away, orphaning does not") {
    World world;
    world.addNode("n1");
    world.create(kApps + "/deployments", deployment("web", 2, "nginx:1"));
    world.create(kApps + "/deployments", deployment("keep", 1, "nginx:1"));
    world.run(10 * sim::kSecond);
    world.call("DELETE", kApps + "/deployments/web");
    world.call("DELETE", kApps + "/deployments/keep", json(R"({"propagationPolicy":"Orphan"})"));
    world.run(40 * sim::kSecond);
    const auto sets = world.list(kApps + "/replicasets");
    REQUIRE(sets.size() == 1);
    CHECK(api::nameOf(sets[0]).starts_with("keep-"));
    CHECK(api::controllerOf(sets[0]).isNull());
    CHECK(world.list("/api/v1/namespaces/default/pods").size() == 1);
    CHECK(world.list(kApps + "/deployments").empty());
}

TEST_CASE("a deleted namespace is emptied, pods first, and goes") {
    World world;
    world.addNode("n1");
    world.create("/api/v1/namespaces", R"({"metadata":{"name":"team"}})");
    world.run(2 * sim::kSecond);
    world.create("/apis/apps/v1/namespaces/team/deployments", deployment("web", 2, "nginx:1"));
    world.run(5 * sim::kSecond);
    world.call("DELETE", "/api/v1/namespaces/team");
    world.run(3 * sim::kSecond);
    CHECK(world.get("/api/v1/namespaces/team").at("status", "phase").asString() == "Terminating");
    world.run(60 * sim::kSecond);
    CHECK(world.call("GET", "/api/v1/namespaces/team").status == 404);
    for (const std::string& line : world.log) UNSCOPED_INFO(line);
    CHECK(world.list("/api/v1/namespaces/team/pods").empty());
    CHECK(world.list("/apis/apps/v1/namespaces/team/deployments").empty());
    CHECK(world.list("/api/v1/namespaces/team/configmaps").empty());
}

TEST_CASE("endpoints follow readiness") {
    World world;
    world.addNode("n1");
    world.create(
        "/api/v1/namespaces/default/services",
        R"({"metadata":{"name":"web"},"spec":{"selector":{"app":"web"},"ports":[{"port":80,"targetPort":8080}]}})");
    world.create(kApps + "/deployments", deployment("web", 2, "nginx:1"));
    world.run(10 * sim::kSecond);
    const auto slices = world.list("/apis/discovery.k8s.io/v1/namespaces/default/"
                                   "endpointslices?labelSelector=kubernetes.io/service-name=web");
    REQUIRE(slices.size() == 1);
    CHECK(slices[0]["endpoints"].size() == 2);
    CHECK(slices[0]["ports"][0]["port"].asInt() == 8080);
    CHECK(slices[0]["endpoints"][0].at("conditions", "ready").asBool());
    CHECK(world.get("/api/v1/namespaces/default/endpoints/web")["subsets"][0]["addresses"].size() ==
          2);
    world.merge(kApps + "/deployments/web", R"({"spec":{"replicas":0}})");
    world.run(10 * sim::kSecond);
    const auto emptied = world.list("/apis/discovery.k8s.io/v1/namespaces/default/"
                                    "endpointslices?labelSelector=kubernetes.io/service-name=web");
    REQUIRE(emptied.size() == 1);
    CHECK(emptied[0]["endpoints"].size() == 0);
}

TEST_CASE("a silent node turns Unknown, is tainted, and loses its pods") {
    World world;
    world.addNode("n1");
    world.addNode("n2");
    world.addNode("n3");
    world.create(kApps + "/deployments", deployment("web", 2, "nginx:1"));
    world.run(30 * sim::kSecond);
    const auto pods = world.list("/api/v1/namespaces/default/pods");
    REQUIRE(pods.size() == 2);
    const std::string lost(api::podNode(pods[0]));
    world.frozen.insert(lost);
    world.run(45 * sim::kSecond);
    CHECK(api::conditionStatus(world.get("/api/v1/nodes/" + lost), "Ready") == "True");
    world.run(20 * sim::kSecond);
    const Value node = world.get("/api/v1/nodes/" + lost);
    INFO(document::writeJson(node));
    CHECK(api::conditionOf(node, "Ready")["reason"].asString() == "NodeStatusUnknown");
    CHECK(node.at("spec", "taints").size() == 2);
    CHECK(api::conditionStatus(world.get("/api/v1/namespaces/default/pods/" + api::nameOf(pods[0])),
                               "Ready") == "False");
    world.run(320 * sim::kSecond);
    std::size_t ready = 0;
    for (const Value& pod : world.list("/api/v1/namespaces/default/pods"))
        ready += api::podReady(pod) ? 1 : 0;
    CHECK(ready == 2);
    CHECK(api::isDeleting(world.get("/api/v1/namespaces/default/pods/" + api::nameOf(pods[0]))));
}
