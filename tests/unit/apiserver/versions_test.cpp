// Kinds of several versions: who owns what, in which version.

#include "harness.h"

using testing::Server;
using testing::Value;

namespace {

Value recordOf(const Value& object, std::string_view manager) {
    for (const Value& record : object.at("metadata", "managedFields").items())
        if (record["manager"].asString() == manager) return record;
    return {};
}

} // namespace

TEST_CASE("fields of an autoscaler belong to managers in the version that they wrote") {
    Server server;
    server.makeNamespace("default");
    const std::string v1 = "/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers";
    const std::string v2 = "/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers";
    REQUIRE(server.call("POST", v1 + "?fieldManager=old", Server::json(R"({"apiVersion":"autoscaling/v1","kind":"HorizontalPodAutoscaler","metadata":
        {"name":"web"},"spec":{"maxReplicas":5,"minReplicas":2,"targetCPUUtilizationPercentage":50,"scaleTargetRef":{"apiVersion":"apps/v1",
        "kind":"Deployment","name":"web"}}})")).status == 201);
    REQUIRE(server.call("PATCH", v2 + "/web?fieldManager=new", Server::json(R"({"spec":{"maxReplicas":9}})"),
                        "application/merge-patch+json").status == 200);
    const Value live = server.call("GET", v2 + "/web").object;
    const Value old = recordOf(live, "old"), fresh = recordOf(live, "new");
    CHECK(old["apiVersion"].asString() == "autoscaling/v1");
    CHECK(old.at("fieldsV1", "f:spec").has("f:targetCPUUtilizationPercentage"));
    CHECK(old.at("fieldsV1", "f:spec").has("f:minReplicas"));
    CHECK(!old.at("fieldsV1", "f:spec").has("f:maxReplicas"));
    CHECK(fresh["apiVersion"].asString() == "autoscaling/v2");
    CHECK(fresh.at("fieldsV1", "f:spec").has("f:maxReplicas"));
    // What v2 says of metrics takes the old version's field away.
    REQUIRE(server.call("PATCH", v2 + "/web?fieldManager=new",
                        Server::json(R"({"spec":{"metrics":[{"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization",
        "averageUtilization":80}}}]}})"), "application/merge-patch+json").status == 200);
    const Value changed = server.call("GET", v2 + "/web").object;
    CHECK(!recordOf(changed, "old").at("fieldsV1", "f:spec").has("f:targetCPUUtilizationPercentage"));
}

TEST_CASE("the last disruption that is taken closes the budget at once") {
    Server server;
    server.makeNamespace("default");
    REQUIRE(server.call("POST", "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
                        Server::json(R"({"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,
        "selector":{"matchLabels":{"a":"b"}}}})")).status == 201);
    Value budget = server.call("GET", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b").object;
    budget = budget.with("status", Server::json(R"({"observedGeneration":1,"disruptionsAllowed":0,"currentHealthy":1,"desiredHealthy":1,
        "expectedPods":1,"conditions":[{"type":"DisruptionAllowed","status":"False","reason":"SyncFailed","message":"no scale here",
        "lastTransitionTime":"2026-03-02T09:00:00Z"}]})"));
    REQUIRE(server.call("PUT", "/apis/policy/v1/namespaces/default/poddisruptionbudgets/b/status", budget).status == 200);
    Value pod = testing::podNamed("p").withPath({"metadata", "labels"}, Server::json(R"({"a":"b"})"));
    REQUIRE(server.call("POST", "/api/v1/namespaces/default/pods", pod).status == 201);
    pod = server.call("GET", "/api/v1/namespaces/default/pods/p").object;
    pod = pod.with("status", Server::json(R"({"phase":"Running","conditions":[{"type":"Ready","status":"True"}]})"));
    REQUIRE(server.call("PUT", "/api/v1/namespaces/default/pods/p/status", pod).status == 200);
    const auto refused = server.call("POST", "/api/v1/namespaces/default/pods/p/eviction",
                                     Server::json(R"({"apiVersion":"policy/v1","kind":"Eviction","metadata":{"name":"p"}})"));
    CHECK(refused.status == 429);
    CHECK(refused.object.at("details", "causes")[0]["message"].asString() ==
          "The disruption budget b does not allow evicting pods currently because it failed sync: no scale here");
}
